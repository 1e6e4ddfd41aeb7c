"""What liquidation orders meet: nothing, or levels of resting lots."""
