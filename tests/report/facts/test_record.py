"""The events of a run as columns of codes, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.report.facts.record import exact_sums_by_code, read_record
from support import report_worlds


@given(st.lists(st.tuples(st.integers(-(2**63) + 1, 2**63 - 1), st.integers(-1, 3)), max_size=30))
def test_sums_are_exact_beyond_int64(pairs):
    values = np.array([value for value, _ in pairs], np.int64)
    codes = np.array([code for _, code in pairs], np.int64)
    assert exact_sums_by_code(values, codes, 4) == [sum(v for v, c in pairs if c == code) for code in range(4)]


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("kind", 3, "book-fil", r"events.kind\[3\] is 'book-fil': must be known to the run and to this adlcore"),
        ("contract", 4, "ETH", r"events.contract\[4\] is 'ETH': must be known to the run and to this adlcore"),
        ("sequence", 5, 4, r"events.sequence\[5\] is 4: must be above the one before"),
        ("pass", 6, 9, r"events.pass\[6\] is 9: must be a pass of the run"),
        ("wallet", 3, 10, r"events.wallet\[3\] is 10: must be a wallet of the run, or -1"),
        ("wallet", 3, -2, r"events.wallet\[3\] is -2: must be a wallet of the run, or -1"),
    ],
)
def test_events_that_belong_to_no_run_are_refused_by_row(ten_run, column, row, value, message):
    with pytest.raises(adl.AdlError, match=message):
        read_record(report_worlds.with_event_value(ten_run, column, row, value))
