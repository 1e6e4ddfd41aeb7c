"""The clearing kernels in Python integers, for numbers that leave the 128 bits of the compiled ones: their twins."""

from .reference import _deleverage as deleverage
from .reference import _funds as funds
from .reference import _rows as rows

__all__ = ["deleverage", "funds", "rows"]
