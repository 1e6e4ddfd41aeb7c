"""The venues whose tiers are read, and that nothing else is taken for a payload of theirs."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.io.tiers import READERS, read
from support.refusals import refused, said

KEYS = ["symbol", "brackets", "notionalFloor", "maintMarginRatio", "cum", "minNotional", "info"]


@pytest.mark.parametrize("venue", ["Binance", "bybit", "", None, 5, ["ccxt"]])
def test_a_venue_that_is_not_known_is_refused_by_its_name(venue):
    refused(lambda: read([], venue), said("venue", venue, "must be one of binance, ccxt"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
    )
)
def test_whatever_is_no_payload_is_refused(payload):
    for venue in READERS:
        with contextlib.suppress(adl.AdlError):
            assert isinstance(read(payload, venue), adl.MarginTiers)
