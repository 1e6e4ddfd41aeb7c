"""The clearing house: its calls, its audit, and the replay of its events."""
