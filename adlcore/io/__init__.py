"""Files in, files out."""

from __future__ import annotations

from .events import read_events, write_events
from .positions import read_positions
from .runs import Inputs, Run, open_run, record, resume, verify
from .snapshots import load, save

__all__ = [
    "Inputs",
    "Run",
    "load",
    "open_run",
    "read_events",
    "read_positions",
    "record",
    "resume",
    "save",
    "verify",
    "write_events",
]
