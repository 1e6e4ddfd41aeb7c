"""Markets to play with, and comparisons of rules."""
