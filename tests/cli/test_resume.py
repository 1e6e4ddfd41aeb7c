"""``adlcore resume``: a run gone on with from the last complete pass."""

from __future__ import annotations

import numpy as np
import pytest

import adlcore as adl
from adlcore.cli._crash_runs import crash_of

pytestmark = pytest.mark.files


def test_resume_goes_on_from_the_last_complete_pass(good, small_run, stopped):
    folder = stopped(3)
    out = good("resume", folder)
    assert "3 of 5 passes were complete; 2 made now, sealed" in out
    assert adl.io.open_run(small_run).manifest["hashes"]["digest"] in out
    again = good("resume", folder)
    assert "nothing to do" in again
    for told in (out, again):
        assert f"made by adlcore {adl.__version__}, numpy {np.__version__}" in told


def test_repair_keeps_the_passes_before_what_was_altered(good, bad, small_run, stopped):
    assert good("resume", "--repair", stopped(3)).startswith("cut: nothing to repair\n")
    whole = adl.io.open_run(small_run)
    crash = crash_of(whole)

    def later():
        for number, given in enumerate(crash.passes()):
            yield given if number < 2 else given._replace(time=given.time + 1)
            if number == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adl.io.record("altered", crash.house, later(), configuration=whole.configuration)
    told = bad("resume", "altered")
    assert told.endswith("adlcore resume --repair altered keeps the passes before it and puts aside the rest")
    out = good("resume", "--repair", "altered").splitlines()
    assert out[0].startswith("altered: 2 passes (")
    assert out[0].endswith("put aside as events.arrow.dropped")
    assert "2 of 5 passes were complete; 3 made now, sealed" in out[-3]
