"""A call of a house moves its books by one assignment, and then tells its subscribers."""

import logging
from decimal import Decimal

import pytest

from adlcore.clearing import ClearingHouse
from support import ten_wallets
from support.house_calls import STATE
from support.refusals import refused_for
from support.ten_wallets import ANN, BOB, DOWN


@pytest.fixture
def house():
    """The ten wallets, with an order book that is eaten."""
    return ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder(), audit="off", max_move="0.9")


def test_subscribers_are_told_in_order_after_the_books_moved(house):
    """Of one kind, or of every kind: subscriber after subscriber, each in the order of the events."""
    told, everything = [], []
    house.on("adl-notice", lambda event: told.append((event["account"], event["lots"], house.time)))
    house.on(None, everything.append)
    events = house.mark(**DOWN)
    assert everything == events.rows()
    assert told == [(row["account"], row["lots"], 1000) for row in events.rows("adl-notice")]
    assert len(told) > 2
    house.deposit(BOB, "1")
    assert everything[-1]["kind"] == "deposit"
    assert len(everything) == len(events) + 1


def test_what_a_subscriber_raises_is_logged_and_undoes_nothing(house, caplog):
    right = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())
    right.mark(**DOWN)
    told = []

    def broken(event):
        told.append(event["sequence"])
        raise KeyError(event["kind"])

    house.on("adl-notice", broken)
    house.on("adl-notice", lambda event: told.append("after"))
    with caplog.at_level(logging.ERROR, "adlcore"):
        events = house.mark(**DOWN)
    count = events.counts()["adl-notice"]
    assert told == [*(row["sequence"] for row in events.rows("adl-notice")), *["after"] * count]
    assert [record.message for record in caplog.records] == [
        f"a subscriber to adl-notice failed on event {number}" for number in told[:count]
    ]
    assert all(record.exc_info[0] is KeyError for record in caplog.records)
    assert (house.hash, house.audit()) == (right.hash, [])


def test_a_subscriber_may_ask_the_house(house):
    """Its books are those after the call, and what it defers changes them once everybody was told."""
    seen = []

    def pay(event):
        seen.append(house.funds["BTC"].cash)
        house.defer(lambda: house.deposit(event["wallet"], Decimal(event["amount"]).scaleb(-4)))

    house.on("uncovered-money", pay)
    house.mark(**DOWN)
    assert seen == [0]
    assert dict(house.state().uncovered) == {}
    assert house.audit() == []


def test_nobody_is_told_of_a_mark_that_was_refused(house):
    house.on(None, lambda event: pytest.fail("told"))
    refused_for(lambda: house.mark({"X": "80", "Y": "0"}), "prices['Y']")
    refused_for(lambda: house.deposit(ANN, 0), "amount")
