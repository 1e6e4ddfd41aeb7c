"""A pass at work: the books as it changes them, the round of wallets that it takes, and who pays in the end."""
