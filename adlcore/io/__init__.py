"""Files in, files out."""

from __future__ import annotations

from .events import read_events, write_events
from .positions import read_positions
from .snapshots import load, save

__all__ = ["load", "read_events", "read_positions", "save", "write_events"]
