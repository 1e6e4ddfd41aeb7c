"""Which rows a trade books to, and what the events say of it."""

from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support import house_books
from support.refusals import refused_at
from support.trades import NOBODY, house_of, legs, position_rows, traded

ANN, BOB, CAT = range(3)


def test_a_trade_through_zero_beside_a_row_of_no_lots_names_the_rows_that_it_books_to():
    house = house_of([(ANN, -3, -270), (BOB, 5, 550), (BOB, 0, 0)])
    events = traded(house, "X", 10, 100, buyer=ANN, seller=BOB)
    # Ann's short is closed and turned round in its row; Bob's short stands behind the row of his long.
    assert position_rows(house) == [(ANN, 7, 700, 0.0), (BOB, 0, 0, 0.0), (BOB, -5, -500, 0.0)]
    assert legs(events) == [(ANN, 0, 3), (BOB, 1, -3), (ANN, 0, 2), (BOB, 1, -2), (ANN, 0, 5), (BOB, 2, -5)]
    assert house.snapshot().wallets.balance.tolist() == [10_000 - 30, 10_000 - 50, 10_000]


def test_rows_are_named_as_they_are_after_both_sides_put_one_in():
    house = house_of([(ANN, -1, -100), (BOB, 1, 100), (CAT, 2, 200)])
    events = traded(house, "X", 1, 100, buyer=ANN, seller=BOB, buyer_leg="long", seller_leg="short")
    assert position_rows(house)[:4] == [
        (ANN, 1, 100, 0.0),
        (ANN, -1, -100, 0.0),
        (BOB, 1, 100, 0.0),
        (BOB, -1, -100, 0.0),
    ]
    assert legs(events) == [(ANN, 0, 1), (BOB, 3, -1)]


def test_a_wallet_that_opens_both_legs_at_once_has_a_row_for_each():
    house = house_of([(BOB, 0, 0)])
    events = traded(house, "X", 4, 100, buyer=BOB, seller=BOB, buyer_leg="long", seller_leg="short")
    assert position_rows(house) == [(BOB, 4, 400, 0.0), (BOB, -4, -400, 0.0)]
    assert legs(events) == [(BOB, 0, 4), (BOB, 1, -4)]


def test_a_wallet_that_closes_both_legs_realizes_their_sum():
    """What the long loses the short gains: no balance comes of it, of a wallet that holds nothing in the asset."""
    books = house_books.snapshot(
        [house_books.linear()], [("mia", "multi-asset", 0)], [("X", 0, 3, 300), ("X", 0, -3, -300)], {"X": 100}
    )
    house = house_books.build_house(books, NOBODY)
    traded(house, "X", 2, 90, buyer=0, seller=0, buyer_leg="short", seller_leg="long")
    assert position_rows(house) == [(0, 1, 100, 0.0), (0, -1, -100, 0.0)]
    assert len(house.snapshot().balances) == 0


def test_an_isolated_wallet_never_opens_both_legs():
    books = house_books.snapshot([house_books.linear()], [("ann", "isolated", 100)], [], {"X": 100})
    house = house_books.build_house(books, NOBODY)
    for terms in ({}, {"buyer_leg": "long", "seller_leg": "short"}):
        refused_at(lambda terms=terms: house.trade("X", 1, 100, 0, 0, **terms), "seller", None, "has one position")


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
