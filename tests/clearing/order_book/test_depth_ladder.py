"""Books that orders meet: levels, their consumption, their refill, and putting them back."""

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore import Contract
from adlcore.clearing import DepthLadder
from support.refusals import refused_for as refused

pytestmark = pytest.mark.plain

X, Y = Contract("X", tick="0.1"), Contract("Y", tick="0.01")
TOP = 2**63 - 1


def ladder(bids=((), ()), asks=((), ()), **others) -> DepthLadder:
    return DepthLadder({"X": {"bids": bids, "asks": asks}}, **others)


def columns(book: DepthLadder, time=None, symbol="X") -> dict:
    """The depth of a book as lists."""
    depth = book.depth(symbol, time)
    return {side: tuple(column.tolist() for column in depth[side]) for side in depth}


# Orders


def test_a_sale_meets_bids_and_a_purchase_asks():
    book = ladder(([100, 99, 97], [5, 6, 7]), ([101, 105], [3, 4]))
    assert book.ioc(X, -12, 1, 0) == [(5, 100), (6, 99), (1, 97)]
    assert book.ioc(X, -12, 1, 0) == [(6, 97)]
    assert book.ioc(X, -12, 1, 0) == []
    assert book.ioc(X, 3, 104, 0) == [(3, 101)]
    assert book.ioc(X, 3, 104, 0) == []
    assert book.ioc(X, 3, 105, 0) == [(3, 105)]
    assert columns(book) == {"bids": ([], []), "asks": ([105], [1])}


@pytest.mark.parametrize(("quantity", "limit"), [(-5, 101), (5, 100), (0, 100), (-5, TOP)])
def test_nothing_within_the_limit(quantity, limit):
    book = ladder(([100], [5]), ([101], [5]))
    assert book.ioc(X, quantity, limit, 0) == []
    assert columns(book) == {"bids": ([100], [5]), "asks": ([101], [5])}


def test_the_limit_itself_is_within():
    book = ladder(([100], [5]), ([101], [5]))
    assert book.ioc(X, -1, 100, 0) == [(1, 100)]
    assert book.ioc(X, 1, 101, 0) == [(1, 101)]


def test_fills_are_plain_integers():
    fills = ladder(([100], [5])).ioc(X, np.int64(-3), np.int64(1), np.int64(7))
    assert [[type(number) for number in fill] for fill in fills] == [[int, int]]


def test_extremes_of_int64():
    book = ladder(([TOP - 1], [TOP]), ([TOP], [TOP]))
    assert book.ioc(X, -(2**63), 1, 0) == [(TOP, TOP - 1)]
    assert book.ioc(X, 2**70, TOP, 0) == [(TOP, TOP)]


def test_contracts_without_levels():
    book = ladder(([100], [5]))
    assert book.ioc(Y, -5, 1, 0) == []
    assert book.best("Y", "sell", 0) is None
    assert book.best("X", "buy", 0) is None
    assert book.ioc(X, 5, TOP, 0) == []
    refused(lambda: book.depth("Y"), "symbol", "'Y'", "X")
    refused(lambda: DepthLadder({}).move("Y", 5), "symbol", "empty")


@pytest.mark.parametrize(
    ("call", "argument", "word"),
    [
        (lambda book: book.ioc(X, 1.5, 1, 0), "quantity", "whole number"),
        (lambda book: book.ioc(X, -1, 0, 0), "limit", "one tick"),
        (lambda book: book.ioc(X, -1, None, 0), "limit", "whole number"),
        (lambda book: book.ioc(X, -1, 1, "now"), "time", "whole number"),
        (lambda book: book.ioc(X, -1, 1, 4), "time", "the last fill, 5"),
        (lambda book: book.best("X", "sell", 4), "time", "the last fill, 5"),
        (lambda book: book.depth("X", 4), "time", "the last fill, 5"),
        (lambda book: book.depth("X", 1.5), "time", "whole number"),
        (lambda book: book.best("X", "bids", 5), "side", "sell, buy"),
        (lambda book: book.restore(None), "token", "NoneType"),
        (lambda book: book.restore({}), "token", "checkpoint of this ladder"),
        (lambda book: book.restore({"X": 5}), "token", "checkpoint of this ladder"),
        (lambda book: book | book, "symbol", "'X'"),
        (lambda book: book.move("X", 0), "ticks", "at least 1"),
        (lambda book: book.move("X", TOP), "ticks", "int64"),
    ],
)
def test_calls_that_are_refused_change_nothing(call, argument, word):
    book = ladder(([100, 90], [5, 5]), ([200], [5]))
    book.ioc(X, -2, 1, 5)
    before = columns(book)
    refused(lambda: call(book), argument, word)
    assert columns(book) == before


@pytest.mark.parametrize(("refill", "word"), [(-1, "0 or above"), ("x", "number"), (2**63, "int64")])
def test_refills_that_are_none(refill, word):
    refused(lambda: ladder(refill=refill), "refill", word)


# Time


def test_a_level_fills_up_to_its_size():
    book = ladder(([100, 99], [10, 4]), refill=3)
    assert book.ioc(X, -14, 1, 10) == [(10, 100), (4, 99)]
    assert columns(book, 10)["bids"] == ([], [])
    assert columns(book, 11)["bids"] == ([100, 99], [3, 3])
    assert columns(book, 12)["bids"] == ([100, 99], [6, 4])
    assert columns(book, 10**15)["bids"] == ([100, 99], [10, 4])
    assert book.ioc(X, -7, 1, 12) == [(6, 100), (1, 99)]


def test_a_refill_of_parts_of_a_lot_does_not_drift():
    book = ladder(([100], [10]), refill="1/3")
    book.ioc(X, -10, 1, 0)
    for time in range(1, 30):
        # An order that fills nothing, and one that looks.
        assert book.ioc(X, -1, 101, time) == []
        assert book.best("X", "sell", time) == (100 if time >= 3 else None)
        assert sum(columns(book, time)["bids"][1]) == time // 3
    assert book.ioc(X, -99, 1, 29) == [(9, 100)]
    # Two thirds of a lot were there already.
    assert book.ioc(X, -99, 1, 30) == [(1, 100)]


def test_without_a_refill_time_does_nothing():
    book = ladder(([100], [10]))
    book.ioc(X, -4, 1, 0)
    assert columns(book, TOP)["bids"] == ([100], [6])


def test_the_sides_keep_their_own_times():
    book = ladder(([100], [10]), ([101], [10]), refill=1)
    book.ioc(X, -10, 1, 50)
    assert book.ioc(X, 10, TOP, 20) == [(10, 101)]
    assert columns(book) == {"bids": ([], []), "asks": ([], [])}


def test_a_huge_refill_over_a_huge_time():
    book = ladder(([100], [TOP]), refill=TOP)
    book.ioc(X, -TOP, 1, -TOP)
    assert book.ioc(X, -TOP, 1, TOP) == [(TOP, 100)]


# Moving


def test_the_middle_moves_to_a_price():
    book = ladder(([100, 99], [5, 6]), ([103], [7]))
    book.ioc(X, -5, 1, 0)
    book.move("X", 201)
    assert columns(book) == {"bids": ([199], [6]), "asks": ([203], [7])}
    assert book.ioc(X, 2, 203, 0) == [(2, 203)]
    book.move("X", 101)
    assert columns(book) == {"bids": ([99], [6]), "asks": ([103], [5])}


def test_the_best_level_of_one_side_is_its_middle():
    book = ladder(asks=([103, 105], [7, 8]))
    book.move("X", 10)
    assert columns(book)["asks"] == ([10, 12], [7, 8])
    empty = ladder()
    empty.move("X", 10)
    assert columns(empty) == {"bids": ([], []), "asks": ([], [])}


def test_levels_below_one_tick_are_out_of_reach():
    book = ladder(([100, 90], [5, 6]), ([102], [7]))
    book.move("X", 3)
    assert columns(book) == {"bids": ([2], [5]), "asks": ([4], [7])}
    assert book.ioc(X, -20, 1, 0) == [(5, 2)]
    book.move("X", 101)
    assert columns(book)["bids"] == ([90], [6])
    wide = ladder(([100], [5]), ([120, 121], [6, 7]))
    wide.move("X", 1)
    assert columns(wide) == {"bids": ([], []), "asks": ([11, 12], [6, 7])}


# Around a price


def test_around_a_price():
    book = DepthLadder.around(
        X, "10.04", spread_ticks=3, step_ticks=5, levels=3, lots_per_level=10, growth="1.5", refill=1
    )
    assert columns(book) == {"bids": ([99, 94, 89], [10, 15, 22]), "asks": ([102, 107, 112], [10, 15, 22])}
    book.ioc(X, 10, 102, 0)
    assert columns(book, 4)["asks"] == ([102, 107, 112], [4, 15, 22])
    # The middle of an odd spread is rounded down, so that the book stays where it is.
    book.move("X", 100)
    assert book.best("X", "buy", 0) == 107


def test_around_a_low_price():
    book = DepthLadder.around(X, "0.3", levels=9, lots_per_level=10, growth="1/3")
    assert columns(book) == {"bids": ([3, 2, 1], [10, 3, 1]), "asks": ([4, 5, 6], [10, 3, 1])}
    assert columns(DepthLadder.around(X, "0.2", levels=4))["bids"][0] == [2, 1]


@pytest.mark.parametrize(
    ("changed", "argument"),
    [
        ({"contract": Contract("X")}, "contract"),
        ({"contract": "X"}, "contract"),
        ({"price": 0}, "price"),
        ({"price": 2**63}, "price"),
        ({"spread_ticks": 0}, "spread_ticks"),
        ({"step_ticks": 1.5}, "step_ticks"),
        ({"levels": 0}, "levels"),
        ({"levels": 10**9}, "levels"),
        ({"lots_per_level": -1}, "lots_per_level"),
        ({"growth": 0}, "growth"),
        ({"growth": 10**6}, "growth"),
        ({"lots_per_level": 2**62}, "X.bids.lots"),
        ({"refill": -1}, "refill"),
    ],
)
def test_ladders_around_nothing(changed, argument):
    given_ = {"contract": X, "price": 10, **changed}
    refused(lambda: DepthLadder.around(given_.pop("contract"), given_.pop("price"), **given_), argument)


# Joining, copying


def test_joined_ladders_go_their_own_ways():
    first, second = DepthLadder.around(X, 10, refill=1), DepthLadder.around(Y, 10)
    both = first | second
    assert both.ioc(X, -5, 1, 0) == [(5, 100)]
    assert both.ioc(Y, -5, 1, 0) == [(5, 1000)]
    assert columns(first, 0)["bids"][1][0] == 1000
    assert columns(both, 3)["bids"][1][0] == 998
    assert columns(both, 3, "Y")["bids"][1][0] == 995
    with pytest.raises(TypeError):
        first | {}


def test_copies_go_their_own_ways():
    book = ladder(([100], [10]), refill="1/2")
    book.ioc(X, -5, 1, 7)
    for other in (pickle.loads(pickle.dumps(book)), copy.copy(book), copy.deepcopy(book)):
        assert columns(other, 9) == columns(book, 9)
        assert other.ioc(X, -9, 1, 8) == [(5, 100)]
        assert columns(book, 7)["bids"] == ([100], [5])
        refused(lambda o=other: o.ioc(X, -1, 1, 6), "time")
    token = pickle.loads(pickle.dumps(book.checkpoint()))
    book.ioc(X, -5, 1, 7)
    book.restore(token)
    assert columns(book, 7)["bids"] == ([100], [5])


def test_reprs():
    assert repr(DepthLadder({})) == "<DepthLadder of 0 contracts, 0 bids and 0 asks>"
    assert repr(ladder(([100], [1]))) == "<DepthLadder of 1 contract, 1 bid and 0 asks>"


# Laws

sizes = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), max_size=8)
refills = st.fractions(0, 3, max_denominator=4)


@st.composite
def ladders(draw):
    """A ladder, and the same as Python numbers."""
    sides = {}
    for name, sign in (("bids", -1), ("asks", 1)):
        price, ticks, lots = 60, [], []
        for step, size in draw(sizes):
            price += sign * step
            ticks.append(price)
            lots.append(size)
        sides[name] = (ticks, lots)
    return sides, draw(refills)


orders = st.lists(st.tuples(st.integers(0, 3), st.integers(-30, 30), st.integers(1, 120)), max_size=12)


def total(fills) -> dict[int, int]:
    """Lots by price."""
    lots: dict[int, int] = {}
    for size, price in fills:
        lots[price] = lots.get(price, 0) + size
    return lots


@given(ladders(), orders)
def test_orders_do_what_a_loop_over_levels_does(made, sent):
    sides, refill = made
    book = DepthLadder({"X": sides}, refill=refill)
    missing = {name: [Fraction(0)] * len(sides[name][0]) for name in sides}
    last = dict.fromkeys(sides, 0)
    time = 0
    for after, quantity, limit in sent:
        time += after
        name = "asks" if quantity > 0 else "bids"
        ticks, lots = sides[name]
        if quantity:
            missing[name] = [max(Fraction(0), m - refill * (time - last[name])) for m in missing[name]]
            last[name] = time
        left, wanted = abs(quantity), []
        for level, (price, size) in enumerate(zip(ticks, lots, strict=True)):
            within = price <= limit if quantity > 0 else price >= limit
            free = int(size - missing[name][level])
            if left and free and within:
                wanted.append((min(left, free), price))
                missing[name][level] += min(left, free)
                left -= min(left, free)
        assert book.ioc(X, quantity, limit, time) == wanted
        assert book.depth("X", time).keys() == sides.keys()


def replayed(made, sent) -> tuple[DepthLadder, int]:
    """A ladder after these orders, and the time of the last."""
    book, time = DepthLadder({"X": made[0]}, refill=made[1]), 0
    for after, quantity, limit in sent:
        time += after
        book.ioc(X, quantity, limit, time)
    return book, time


@given(ladders(), orders, st.integers(1, 60), st.data())
def test_an_order_cut_in_two_fills_the_same(made, sent, quantity, data):
    book, time = replayed(made, sent)
    cut, sign = data.draw(st.integers(0, quantity)), data.draw(st.sampled_from([-1, 1]))
    limit = data.draw(st.integers(1, 120))
    token = book.checkpoint()
    whole = book.ioc(X, sign * quantity, limit, time)
    after = columns(book, time)
    book.restore(token)
    parts = [*book.ioc(X, sign * cut, limit, time), *book.ioc(X, sign * (quantity - cut), limit, time)]
    assert total(parts) == total(whole)
    assert columns(book, time) == after
    # Best first, within the limit, at most what was ordered.
    prices = [price for _, price in whole]
    assert prices == sorted(set(prices), reverse=sign < 0)
    assert all(sign * price <= sign * limit for price in prices)
    assert sum(lots for lots, _ in whole) <= quantity


@given(ladders(), orders, orders)
def test_a_restored_ladder_has_forgotten(made, before, between):
    book = DepthLadder({"X": made[0]}, refill=made[1])
    for _, quantity, limit in before:
        book.ioc(X, quantity, limit, 0)
    token = book.checkpoint()
    twin = pickle.loads(pickle.dumps(book))
    for _ in range(2):
        for time, (after, quantity, limit) in enumerate(between):
            book.ioc(X, quantity, limit, time + after + time * 3)
            if limit > 60:
                book.move("X", limit)
        book.restore(token)
        for time in (0, 1, 5):
            assert columns(book, time) == columns(twin, time)


@given(ladders(), orders)
def test_what_is_shown_is_a_ladder_and_what_is_best(made, sent):
    book, time = replayed(made, sent)
    depth = columns(book, time)
    assert columns(DepthLadder({"X": book.depth("X", time)})) == depth
    for taker, side in (("sell", "bids"), ("buy", "asks")):
        ticks = depth[side][0]
        assert book.best("X", taker, time) == (ticks[0] if ticks else None)
        sign = 1 if taker == "buy" else -1
        assert book.ioc(X, sign, 1 if sign < 0 else TOP, time) == ([(1, ticks[0])] if ticks else [])
