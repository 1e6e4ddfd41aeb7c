"""Runs: what a clearing house did, pass by pass, in a folder that can be left at any moment and gone on with."""

from __future__ import annotations

from .passes import Inputs
from .reader import Run, open_run
from .repair import Repair, repair
from .verify import verify
from .writer import record, resume

__all__ = ["Inputs", "Repair", "Run", "open_run", "record", "repair", "resume", "verify"]
