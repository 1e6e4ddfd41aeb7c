"""What a crash came to."""

import pytest

from adlcore.clearing.closings import BOOK, FUND, STAGES, USERS
from adlcore.lab import crowd
from adlcore.lab.comparisons import crash_outcome
from adlcore.lab.outcome import open_interest
from adlcore.lab.scenarios import read
from support.crashes import SMALL

pytestmark = pytest.mark.files


def test_a_crash_liquidates_and_deleverages():
    found = crash_outcome(read(SMALL))
    assert len(found.liquidated) > 0
    assert all(found.closed[stage] > 0 for stage in (BOOK, FUND, USERS))
    assert abs(sum(found.share(stage) for stage in range(len(STAGES))) - 1) < 1e-12


def test_open_interest_is_what_longs_hold_and_shorts_hold_as_much():
    snapshot = crowd.snapshot(100, 4)
    quantity = [snapshot.positions.quantity[snapshot.rows(code)] for code in range(4)]
    assert open_interest(snapshot).tolist() == [int(abs(lots).sum()) // 2 for lots in quantity]
