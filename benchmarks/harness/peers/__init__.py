"""Other implementations of the same thing."""
