"""Files in, files out."""

from __future__ import annotations

from .positions import read_positions
from .snapshots import load, save

__all__ = ["load", "read_positions", "save"]
