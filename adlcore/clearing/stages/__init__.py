"""What a liquidation goes through: a file for each stage, and the venue that puts them in order."""
