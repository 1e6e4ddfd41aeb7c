"""Markets, and the books of whole venues, to play with."""

from . import crowd, synthetic

__all__ = ["crowd", "synthetic"]
