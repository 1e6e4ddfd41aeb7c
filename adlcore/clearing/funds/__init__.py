"""Insurance funds, when they take no more, and the books of everybody who is not a user."""
