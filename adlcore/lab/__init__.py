"""Markets and venues to play with."""

from . import synthetic, venue

__all__ = ["synthetic", "venue"]
