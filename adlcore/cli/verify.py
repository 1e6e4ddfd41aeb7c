"""``adlcore verify``: every pass of a run made again, and compared with what the run keeps."""

from __future__ import annotations

from .. import io
from .._support.wording import counted
from ..io.runs.versions import made_by
from . import _options
from ._screen import write

__all__ = ["verify"]


def verify(run: _options.RunArgument) -> None:
    """Make every pass of a run again and compare each event, balance and hash with what is kept."""
    from ._crash_runs import hash_line, made_again, watched  # late: pydantic, for scenarios, is slow to import

    with made_again(io.open_run(run), "verifying") as (crash, bar):
        found = io.verify(run, crash.house, watched(crash, bar))
    passes = found.passes()
    state = "sealed" if found.sealed else "open"
    made = counted(len(passes["pass"]), "pass", "passes", plain=True)
    events = counted(int(passes["events"].sum()), "event", plain=True)
    write(f"{run}: {state}, {made}, {events}: all as they were made")
    write(f"made by {made_by(found.manifest)}")
    # Of a run without a pass yet, the hash that it began with.
    write(hash_line(passes["digest"][-1] if len(passes["digest"]) else found.manifest["opening"]["digest"]))
