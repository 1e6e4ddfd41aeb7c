"""The books of a venue at one moment: who holds what, read and checked, exact to the last quantum."""
