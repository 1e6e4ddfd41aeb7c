"""``adlcore resume``: a run gone on with from the last complete pass."""

import numpy as np

import adlcore as adl


def test_resume_goes_on_from_the_last_complete_pass(good, small_run, stopped):
    folder = stopped(3)
    out = good("resume", folder)
    assert "3 of 5 passes were complete; 2 made now, sealed" in out
    assert adl.io.open_run(small_run).manifest["hashes"]["digest"] in out
    again = good("resume", folder)
    assert "nothing to do" in again
    for told in (out, again):
        assert f"made by adlcore {adl.__version__}, numpy {np.__version__}" in told
