"""Fills that no plan and no order book may report: the error names what is wrong, and the house is as it was."""

import pytest

import adlcore as adl
from adlcore.clearing import BookIOC, ClearingHouse
from support import ten_wallets
from support.house_books import RestingOrders, build_house, linear, snapshot
from support.house_calls import CALLS, STATE
from support.refusals import INF, NAN, cases, refuses, said, unchanged
from support.ten_wallets import ANN, DOWN

pytestmark = pytest.mark.plain

PAIR = "must be (lots, ticks), two whole numbers; where a plan is settled also (lots, ticks, id), the fill's name"
LIST = "must be a list of (lots, ticks) or (lots, ticks, id), or None"
POSITIVE = "must be of lots above 0"
MOST, LEAST = "must sum to at most the 15 lots ordered", "must be at least at the limit of its order, 83 ticks"
REPORTS = "must be a list with the fills of each order, or a mapping by order number"
NUMBERS = "must be the number of an order of this plan: 2, 3, 4, 5, 6"

#: What is said of the first order, which sells 15 lots at 83 or above: the fill at fault, and what it must be.
FILLS = [
    ([(16, 83)], (16, 83), MOST),
    ([(1, 83), (15, 83)], (15, 83), MOST),
    ([(1, 82)], (1, 82), LEAST),
    ([(1, 0)], (1, 0), LEAST),
    ([(0, 83)], (0, 83), POSITIVE),
    ([(-1, 83)], (-1, 83), POSITIVE),
    *(([bad], bad, PAIR) for bad in (5, (1,), (1, 83, 0, 0), (0.5, 83), (1, 83.5), (INF, 83), (1, INF), (NAN, 83))),
    *(([bad], bad, PAIR) for bad in ((None, 83), ("one", 83), (0.5, 90), None, "ab", ("a", "b"), (1, 90, 3.5), [])),
    *((bad, bad, LIST) for bad in ("ab", 7)),
    ([7], 7, PAIR),
    ([[], []], [], PAIR),
]

#: What is no report of all five.
NO_FILLS = [
    ({99: [(1, 83)]}, said("fills", 99, NUMBERS)),
    ({"X": []}, said("fills", "X", NUMBERS)),
    ("fills", said("fills", "fills", REPORTS)),
    (7, said("fills", 7, REPORTS)),
    (None, said("fills", None, REPORTS)),
    ([], "fills are of 0 orders: must be of 5, the plan's, None where nothing was filled"),
    ([[]] * 6, "fills are of 6 orders: must be of 5, the plan's, None where nothing was filled"),
]


@cases("fills message", [*(([fills, *[[]] * 4], said("fills", bad, must, 0)) for fills, bad, must in FILLS), *NO_FILLS])
def test_fills_that_are_not_what_was_ordered(planned, fills, message):
    """Each leaves the plan open, and what is right is settled after."""
    house, plan = planned
    assert (plan.orders[0].lots, plan.orders[0].limit, len(plan.orders)) == (-15, 83, 5)
    refuses(house, lambda: house.settle(plan, fills), message)
    refuses(house, lambda: house.deposit(ANN, 1), f"plan {plan.number} is open: settle it, or drop_plan()")
    plan = house.settle(plan, [[(1, 83)], *[[]] * 4])
    while not plan.done:
        plan = house.settle(plan, [None] * len(plan.orders))
    assert plan.events.counts()["book-fill"] == 2
    assert house.audit() == []


def test_fills_that_cross_the_limit_of_an_order_that_buys():
    """Short 5 sold at 100, E -50 at 120: it may buy at 110 and below."""
    positions = [("X", 0, -5, -500), ("X", 1, 5, 500)]
    house = build_house(snapshot([linear("X")], [50, 500], positions, {"X": "100"}), [BookIOC()])
    plan = house.plan({"X": "120"})
    assert [(order.lots, order.limit) for order in plan.orders] == [(5, 110)]
    limit = "must be at most at the limit of its order, 110 ticks"
    refuses(house, lambda: house.settle(plan, [[(1, 111)]]), said("fills", (1, 111), limit, 0))
    assert house.settle(plan, [[(5, 110)]]).done


class Nonsense:
    """A book that answers every order with the same."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def ioc(self, contract, quantity, limit, time):
        """The answer, whatever was ordered."""
        return self.answer


#: What a book answers to an order that sells 15 lots at 83 or above.
ANSWERS = [
    ([(16, 83)], (16, 83), MOST),
    ([(-15, 83)], (-15, 83), POSITIVE),
    ([(1, 82)], (1, 82), LEAST),
    ([(1, 0)], (1, 0), LEAST),
    ([(1, -5)], (1, -5), LEAST),
    *(([bad], bad, PAIR) for bad in ((1.5, 83), (NAN, 83), 1, (1, 2, "3"), None)),
    ("fill", "fill", LIST),
]


@cases("answer bad must", ANSWERS)
def test_an_order_book_that_returns_nonsense(answer, bad, must):
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), Nonsense(answer))
    refuses(house, lambda: house.mark(**DOWN), said("fills", bad, must, 0))


def test_an_order_book_that_fails_is_put_back():
    """It fills an order, then its line is cut: what it had filled rests again."""

    class Cut(adl.clearing.DepthLadder):
        left = 2

        def ioc(self, contract, quantity, limit, time):
            if self.left == 0:
                raise ConnectionError("cut")
            self.left -= 1
            return super().ioc(contract, quantity, limit, time)

    book = Cut({"X": {"bids": ([86, 81, 79, 40], [2, 3, 4, 2])}})
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), book)
    with unchanged(house), pytest.raises(ConnectionError, match="cut"):
        house.mark(**DOWN)
    assert book.depth("X")["bids"][1].tolist() == [2, 3, 4, 2]
    book.left = 100
    assert house.mark(**DOWN).counts()["book-fill"] > 2


def test_a_book_without_checkpoints_is_left_as_it_is():
    """A plain book cannot be put back: the house is as it was all the same."""
    positions = [("X", 0, 10, 1000), ("Y", 0, 1, 100)]
    book = RestingOrders(bids=[(4, 100)])
    house = build_house(
        snapshot([linear("X"), linear("Y")], [0], positions, {"X": "100", "Y": "100"}), [BookIOC()], 0, book
    )
    right, answers = book.ioc, iter([None, [(99, 100)]])

    def ioc(*order):
        return right(*order) if (answer := next(answers)) is None else answer

    book.ioc = ioc
    refuses(house, house.mark, said("fills", (99, 100), "must sum to at most the 1 lots ordered", 0))
    assert book.bids == [[0, 100]]


def test_nothing_changes_while_a_plan_is_open(planned):
    house, plan = planned
    for call in CALLS.values():
        error = refuses(house, lambda call=call: call(house), f"plan {plan.number} is open: settle it, or drop_plan()")
        assert (error.argument, error.value) == ("plan", plan.number)
    assert house.hash == STATE.hash
    house.drop_plan()
    house.deposit(ANN, "1")


def test_a_plan_that_is_not_open(house):
    def none(plan):
        return said("plan", plan, "must be open: there is none")

    refuses(house, lambda: house.settle(None), none(None))
    first = house.plan(**DOWN)
    house.drop_plan()
    refuses(house, lambda: house.settle(first, []), none(first.number))
    second = house.plan(**DOWN)
    refuses(house, lambda: house.settle(first, []), said("plan", first.number, f"must be the open plan, {second!r}"))
    refuses(house, lambda: house.settle("second", []), said("plan", "second", f"must be the open plan, {second!r}"))
    third = house.settle(second, [[] for _ in second.orders])
    refuses(house, lambda: house.settle(second, []), said("plan", second.number, f"must be the open plan, {third!r}"))
    while not third.done:
        third = house.settle(third, [[] for _ in third.orders])
    refuses(house, lambda: house.settle(third, []), none(third.number))
    assert house.audit() == []
