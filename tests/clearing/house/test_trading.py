"""Trades between wallets: which rows they book to, what the events say of it, and whose leverage a position has."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support import house_books
from support.books import refused
from support.trades import NOBODY, house_of, legs, rows_of, traded

ANN, BOB, CAT = range(3)


# Rows -----------------------------------------------------------------------------------------------------------------


def test_a_trade_through_zero_beside_a_row_of_no_lots_names_the_rows_that_it_books_to():
    house = house_of([(ANN, -3, -270), (BOB, 5, 550), (BOB, 0, 0)])
    events = traded(house, "X", 10, 100, buyer=ANN, seller=BOB)
    # Ann's short is closed and turned round in its row; Bob's short stands behind the row of his long.
    assert rows_of(house) == [(ANN, 7, 700, 0.0), (BOB, 0, 0, 0.0), (BOB, -5, -500, 0.0)]
    assert legs(events) == [(ANN, 0, 3), (BOB, 1, -3), (ANN, 0, 2), (BOB, 1, -2), (ANN, 0, 5), (BOB, 2, -5)]
    assert house.snapshot().wallets.balance.tolist() == [10_000 - 30, 10_000 - 50, 10_000]


def test_rows_are_named_as_they_are_after_both_sides_put_one_in():
    house = house_of([(ANN, -1, -100), (BOB, 1, 100), (CAT, 2, 200)])
    events = traded(house, "X", 1, 100, buyer=ANN, seller=BOB, buyer_leg="long", seller_leg="short")
    assert rows_of(house)[:4] == [(ANN, 1, 100, 0.0), (ANN, -1, -100, 0.0), (BOB, 1, 100, 0.0), (BOB, -1, -100, 0.0)]
    assert legs(events) == [(ANN, 0, 1), (BOB, 3, -1)]


def test_a_wallet_that_opens_both_legs_at_once_has_a_row_for_each():
    house = house_of([(BOB, 0, 0)])
    events = traded(house, "X", 4, 100, buyer=BOB, seller=BOB, buyer_leg="long", seller_leg="short")
    assert rows_of(house) == [(BOB, 4, 400, 0.0), (BOB, -4, -400, 0.0)]
    assert legs(events) == [(BOB, 0, 4), (BOB, 1, -4)]


def test_a_wallet_that_closes_both_legs_realizes_their_sum():
    """What the long loses the short gains: no balance comes of it, of a wallet that holds nothing in the asset."""
    books = house_books.snapshot(
        [house_books.linear()], [("mia", "multi-asset", 0)], [("X", 0, 3, 300), ("X", 0, -3, -300)], {"X": 100}
    )
    house = house_books.opened(books, NOBODY)
    traded(house, "X", 2, 90, buyer=0, seller=0, buyer_leg="short", seller_leg="long")
    assert rows_of(house) == [(0, 1, 100, 0.0), (0, -1, -100, 0.0)]
    assert len(house.snapshot().balances) == 0


def test_an_isolated_wallet_never_opens_both_legs():
    books = house_books.snapshot([house_books.linear()], [("ann", "isolated", 100)], [], {"X": 100})
    house = house_books.opened(books, NOBODY)
    for terms in ({}, {"buyer_leg": "long", "seller_leg": "short"}):
        refused(lambda terms=terms: house.trade("X", 1, 100, 0, 0, **terms), "seller", None, "has one position")


@given(st.data())
def test_the_events_of_any_trades_lead_from_books_to_books(data):
    house = house_of([(ANN, 3, 311), (ANN, -2, -190), (BOB, 0, 0), (BOB, -1, -77)], [10**6] * 3)
    for _ in range(data.draw(st.integers(1, 12))):
        terms = {}
        for side in ("buyer", "seller"):
            terms[side] = data.draw(st.sampled_from([ANN, ANN, BOB, BOB, CAT, None]))
            if terms[side] is not None:
                terms[f"{side}_leg"] = data.draw(st.sampled_from([None, None, "long", "short"]))
        choice = st.sampled_from([None, None, "2", "0.1", 12.5])
        terms["leverage"] = data.draw(choice | st.tuples(choice, choice))
        try:
            traded(house, "X", data.draw(st.integers(1, 6)), data.draw(st.integers(97, 103)), **terms)
        except adl.AdlError:
            continue
        table = house.snapshot().positions
        again = sorted(zip(table.wallet, table.quantity < 0, strict=True))
        assert again == list(zip(table.wallet, table.quantity < 0, strict=True))  # as a snapshot sorts them


# Leverage -------------------------------------------------------------------------------------------------------------


def test_a_position_does_not_inherit_the_leverage_of_the_row_that_it_reuses():
    snapshot = house_books.snapshot(
        [house_books.linear()], [1000, 1000], [("X", ANN, 10, 1000, 20.0), ("X", BOB, -10, -1000, 5.0)], {"X": 100}
    )
    house = house_books.opened(snapshot, NOBODY)
    traded(house, "X", 10, 100, buyer=BOB, seller=ANN)
    assert rows_of(house) == [(ANN, 0, 0, 20.0), (BOB, 0, 0, 5.0)]
    traded(house, "X", 2, 100, buyer=ANN, seller=BOB)
    assert rows_of(house) == [(ANN, 2, 200, 0.0), (BOB, -2, -200, 0.0)]
    traded(house, "X", 5, 100, buyer=BOB, seller=ANN, leverage=4)  # through zero
    assert rows_of(house) == [(ANN, -3, -300, 4.0), (BOB, 3, 300, 4.0)]
    traded(house, "X", 3, 100, buyer=ANN, seller=BOB)
    assert house.margin_state().free_margin.tolist() == house.snapshot().wallets.balance.tolist()


@pytest.mark.parametrize(
    ("leverage", "found"),
    [
        (None, [0.0, 0.0]),
        (3, [3.0, 3.0]),
        ("0.00000001", [1e-8, 1e-8]),
        (("12.5", None), [12.5, 0.0]),
        ([None, 0.1], [0.0, 0.1]),
        ((Decimal("1.0"), "2_0"), [1.0, 20.0]),
    ],
)
def test_a_trade_sets_the_leverage_of_what_it_opens(leverage, found):
    house = house_of([])
    events = traded(house, "X", 1, 100, buyer=ANN, seller=BOB, leverage=leverage)
    assert house.snapshot().positions.leverage.tolist() == found
    told = [(row["wallet"], row["row"], row["contract"], row["amount"]) for row in events.rows("leverage-set")]
    assert told == [(who, who, "X", round(each * 10**8)) for who, each in enumerate(found) if each]


def test_initial_margin_follows_the_leverage_of_a_trade():
    house = house_of([])
    house.trade("X", 10, 100, buyer=ANN, seller=BOB, leverage=(8, "0.1"))
    assert house.margin_state().positions.initial_margin.tolist() == [125, 10_000]


def test_a_position_that_is_enlarged_keeps_its_leverage():
    house = house_of([])
    house.trade("X", 1, 100, buyer=ANN, seller=BOB, leverage=("2.5", None))
    assert len(traded(house, "X", 1, 100, buyer=ANN, seller=BOB, leverage=("2.5", None)).rows("leverage-set")) == 0
    traded(house, "X", 1, 100, buyer=ANN, seller=BOB)
    assert rows_of(house) == [(ANN, 3, 300, 2.5), (BOB, -3, -300, 0.0)]
    digest = house.hash
    for given_leverage, argument, words in (
        (("2.6", None), "leverage[0]", "'2.6': must be 2.5, or None: wallet 0 enlarges"),
        ((None, 7), "leverage[1]", "'7': must be None: wallet 1 enlarges"),
        (2.5, "leverage", "'2.5': must be None: wallet 1 enlarges"),
    ):
        refused(
            lambda terms=given_leverage: house.trade("X", 1, 100, buyer=ANN, seller=BOB, leverage=terms),
            argument,
            None,
            words,
        )
    assert house.hash == digest


def test_a_side_that_only_closes_is_not_concerned_unless_it_was_given_its_own():
    house = house_of([(ANN, 5, 500)])
    refused(lambda: house.trade("X", 2, 100, BOB, ANN, leverage=(3, 3)), "leverage[1]", None, "this side only closes")
    refused(lambda: house.trade("X", 2, 100, BOB, None, leverage=(3, 3)), "leverage[1]", None, "the street has no")
    traded(house, "X", 2, 100, buyer=BOB, seller=ANN, leverage=3)
    traded(house, "X", 1, 100, buyer=None, seller=BOB, leverage=8)
    assert rows_of(house) == [(ANN, 3, 300, 0.0), (BOB, 1, 100, 3.0)]


@pytest.mark.parametrize(
    "leverage",
    [0, -1, "0.000000001", "nan", float("inf"), True, "x", "123456789012345678", "1.23456789012345678", 10**12],
)
@pytest.mark.parametrize("pair", [False, True])
def test_a_leverage_that_no_row_or_event_can_hold_is_refused(leverage, pair):
    house = house_of([])
    named = "leverage[0]" if pair else "leverage"
    terms = (leverage, None) if pair else leverage
    refused(lambda: house.trade("X", 1, 100, ANN, BOB, leverage=terms), named, None, "must")


@pytest.mark.parametrize("leverage", [(), (1,), [1, 2, 3]])
def test_a_leverage_is_one_number_or_two(leverage):
    refused(
        lambda: house_of([]).trade("X", 1, 100, ANN, BOB, leverage=leverage), "leverage", None, "one number, or two"
    )
