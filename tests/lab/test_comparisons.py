"""Crashes that differ in one thing: what the difference does."""

import pytest

from adlcore.clearing.closings import USERS
from adlcore.lab import comparisons

pytestmark = pytest.mark.files


def test_coin_margined_contracts_are_deleveraged_more_and_the_book_spares_some():
    """Each step by itself, over three crowds."""
    for seed in (1, 2, 3):
        given = [comparisons.crash_outcome(variant.scenario) for variant in comparisons.variants(6000, seed=seed)]
        one, apart, coins, blind = (found.closed[USERS] for found in given)
        assert one < apart < coins
        assert one < blind
        assert given[0].deleveraged_share < given[1].deleveraged_share < given[2].deleveraged_share
        assert [len(found.liquidated) for found in given[:2]] == [len(given[0].liquidated)] * 2
