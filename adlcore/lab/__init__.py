"""Markets to play with."""

from . import synthetic

__all__ = ["synthetic"]
