"""What tests share: books and worlds to draw, slow oracles, readers of what was made, and refusals as tables."""
