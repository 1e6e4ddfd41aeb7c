"""``adlcore verify``: every pass of a run made again, and compared with what the run keeps."""

from __future__ import annotations

from .. import io
from .._support.wording import counted
from ..io.runs.versions import made_by
from . import _options
from ._screen import print_lines

__all__ = ["verify"]


def verify(run: _options.RunArgument) -> None:
    """Make every pass of a run again and compare each event, balance and hash with what is kept."""
    # Late: pydantic, for scenarios, is slow to import.
    from ._crash_runs import hash_line, passes_with_bar, remake_crash

    with remake_crash(io.open_run(run), "verifying") as (crash, bar):
        verified = io.verify(run, crash.house, passes_with_bar(crash, bar))
    passes = verified.passes()
    state = "sealed" if verified.sealed else "open"
    made = counted(len(passes["pass"]), "pass", "passes", plain=True)
    events = counted(int(passes["events"].sum()), "event", plain=True)
    print_lines(f"{run}: {state}, {made}, {events}: all as they were made")
    print_lines(f"made by {made_by(verified.manifest)}")
    # Of a run without a pass yet, the hash that it began with.
    print_lines(hash_line(passes["digest"][-1] if len(passes["digest"]) else verified.manifest["opening"]["digest"]))
