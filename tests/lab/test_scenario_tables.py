"""The tables of a scenario: the defaults of a crowd, and the rulebook that its keys make."""

import pytest

import adlcore as adl
from adlcore.clearing import BookIOC, CancelOrders, Deleverage, Drawdown, TakeOver, Uncovered
from adlcore.lab.habits import SCENARIO_HABITS
from adlcore.lab.scenario_tables import VenueTable, WalletsTable
from adlcore.venues import BINANCE_USDM

pytestmark = pytest.mark.files


def test_wallets_have_the_habits_of_scenarios():
    assert WalletsTable().habits() == SCENARIO_HABITS


def test_a_venue_is_that_of_binance_but_for_what_the_keys_say():
    assert (VenueTable().venue("mine").stages, VenueTable().venue("mine").trigger) == (
        BINANCE_USDM.stages,
        BINANCE_USDM.trigger,
    )
    rules = VenueTable(rule="roi", price="mark", book_limit="fund", book_portion="tiers", fund_trigger="drawdown")
    book = BookIOC(limit="fund", fee="0.0125", portion="tiers")
    stages = (CancelOrders(), book, TakeOver(), Deleverage("roi", price="mark"), Uncovered())
    trigger = Drawdown(28_800_000, "-0.3", "-0.25")
    assert rules.venue("mine") == adl.clearing.Venue("mine", stages, trigger=trigger)
    assert VenueTable(fund_trigger="depleted").venue("mine").trigger is None


@pytest.mark.parametrize(("key", "stage"), [("book", BookIOC), ("take_over", TakeOver)])
def test_a_stage_that_is_switched_off_is_left_out(key, stage):
    kept = tuple(each for each in BINANCE_USDM.stages if not isinstance(each, stage))
    assert VenueTable(**{key: False}).venue("mine").stages == kept
