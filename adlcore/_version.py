"""The version, once: the package, its files and its build read it here."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
