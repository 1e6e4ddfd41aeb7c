"""Files in, files out."""

from __future__ import annotations

from . import tiers
from .events import read_events, write_events
from .positions import read_positions
from .runs import Inputs, Repair, Run, open_run, record, repair, resume, verify
from .snapshots import load, save

__all__ = [
    "Inputs",
    "Repair",
    "Run",
    "load",
    "open_run",
    "read_events",
    "read_positions",
    "record",
    "repair",
    "resume",
    "save",
    "tiers",
    "verify",
    "write_events",
]
