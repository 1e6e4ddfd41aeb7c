"""Wallets, positions and collateral as columns, and the margin of every wallet."""
