"""What is computed of the books: equity, margin and prices of every wallet, and the money that may move."""
