"""What a plan asks for and is told: each fill counts once, and every order is named before anybody is deleveraged."""

import pickle
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore.clearing import BookIOC, CancelOrders, ClearingHouse, Deleverage, Events, TakeOver
from support import ten_wallets
from support.house_books import AT_100, ONE_ROW_EACH, RestingOrders, X, Y, build_house, snapshot
from support.house_calls import STATE
from support.refusals import refused_for
from support.replays import assert_replay
from support.ten_wallets import DOWN


def loop(house, book, **mark) -> tuple[Events, int]:
    """Plan, and settle with what the book fills until it is done; the events, and how many plans there were."""
    plan, count = house.plan(**mark), 1
    while not plan.done:
        snapshot = house.snapshot()
        contracts = {contract.symbol: contract for contract in snapshot.contracts}
        fills = [book.ioc(contracts[order.contract], order.lots, order.limit, 1000) for order in plan.orders]
        plan, count = house.settle(plan, fills), count + 1
    return plan.events, count


#: Wallet 0 and 1: long 10, E 20 and 0 at 90; P 88 and 90. Wallet 2: short 20 of 100, and rich.


@pytest.mark.parametrize("bids", [(), [(4, 95)], [(4, 95), (9, 91)], [(100, 89)], [(11, 90)]])
@pytest.mark.parametrize("limit", ["bankruptcy", "fund"])
def test_plan_and_settle_are_a_mark_where_each_wallet_has_one_row(bids, limit):
    """In the same order, with the same events and the same hash; with `limit="fund"` the fund must be empty."""
    venue = [CancelOrders(), BookIOC(limit=limit, fee="0.01"), TakeOver(), Deleverage()]
    one, other = (build_house(snapshot([X], *ONE_ROW_EACH), venue, 0, RestingOrders(bids)) for _ in range(2))
    events = one.mark({"X": "90"}, 7)
    told, plans = loop(other, RestingOrders(bids), prices={"X": "90"}, time=7)
    assert told == events
    assert plans == 2
    assert (other.hash, other.audit()) == (one.hash, [])


def test_a_plan_of_several_rows_asks_for_the_next_order_of_every_wallet():
    """X then Y of wallet 0, X of wallet 1; the orders of a plan are the next of each, in the round's order."""
    positions = [("X", 0, 4, 400), ("Y", 0, 3, 300), ("X", 1, 2, 200)]
    house = build_house(snapshot([X, Y], [0, 0], positions, AT_100), [BookIOC()])
    first = house.plan()
    assert [(order.number, order.wallet, order.row, order.account) for order in first.orders] == [
        (0, 0, 0, "account-0"),
        (1, 1, 1, "account-1"),
    ]
    assert [(order.contract, order.lots, order.limit) for order in first.orders] == [("X", -4, 100), ("X", -2, 100)]
    assert (first.done, first.events, house.time) == (False, None, 0)
    second = house.settle(first, {0: None, 1: [(2, 101)]})
    assert [(order.number, order.contract, order.lots) for order in second.orders] == [(2, "Y", -3)]
    last = house.settle(second, [[(1, 100), (2, 100)]])
    assert (last.done, last.orders, last.cancels) == (True, (), ())
    assert last.events.counts() == {"liquidation-started": 2, "zero-fill": 1, "book-fill": 6, "uncovered-lots": 1}


def test_a_plan_names_the_orders_to_cancel():
    plan = ten_wallets.house().plan(**DOWN)
    assert [(cancel["account"], cancel["contract"], cancel["lots"], cancel["price"]) for cancel in plan.cancels] == [
        ("ann", "X", -2, 120),
        ("dan", "I", 2, 70),
    ]
    assert repr(plan) == f"<Plan 1: {len(plan.orders)} orders, 2 cancels>"


def test_a_plan_without_orders_is_settled_with_nothing():
    """Nobody fails: there is nothing to place, and the house moves when the plan is settled."""
    house = build_house(snapshot([X], *ONE_ROW_EACH), [BookIOC()])
    plan = house.plan({"X": "101"}, 5)
    assert (plan.orders, plan.cancels, plan.done) == ((), (), False)
    assert house.marks == {"X": Decimal(100)}
    done = house.settle(plan)
    assert (done.done, len(done.events), repr(done)) == (True, 0, "<Plan 1: done>")
    assert (house.marks, house.time) == ({"X": Decimal(101)}, 5)


def test_the_ten_wallets_settle_to_the_end(house):
    """The books add up, and the events lead to them; nobody is asked for lots that are not there."""
    before, book = house.state(), ten_wallets.ladder()
    events, plans = loop(house, book, **DOWN)
    assert plans == 3
    assert house.audit() == []
    assert events.counts()["book-fill"] > 4
    assert_replay(before, events, house)


def test_a_dropped_plan_leaves_the_house_as_it_was(house):
    """Dropped at once, or after orders that nothing filled; a mark afterwards is as if no plan had been."""
    right = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())
    events = right.mark(**DOWN)
    house.drop_plan()
    house.plan(**DOWN)
    house.drop_plan()
    plan = house.plan(**DOWN)
    plan = house.settle(plan, [None for _ in plan.orders])
    assert not plan.done
    house.drop_plan()
    assert (house.snapshot(), house.hash, house.audit()) == (STATE.snapshot, STATE.hash, [])
    assert house.mark(**DOWN) == events
    assert house.hash == right.hash


def test_what_may_be_asked_while_a_plan_is_open(house):
    """Everything that changes nothing shows the house before the plan."""
    shown = repr(house), repr(house.funds), house.marks, house.margin_state().equity.tolist()
    plan = house.plan(**DOWN)
    assert (repr(house), repr(house.funds), house.marks, house.margin_state().equity.tolist()) == shown
    assert (house.audit(), house.hash, house.time) == ([], STATE.hash, 500)
    while not plan.done:
        plan = house.settle(plan, dict.fromkeys(order.number for order in plan.orders))
    assert house.audit() == []


VENUE = [BookIOC(), TakeOver(), Deleverage()]

#: Wallet 0: X then Y, wallet 1: X; E = 0 at these marks, so that all are bankrupt at them.
HELD = [("X", 0, 4, 400), ("Y", 0, 3, 300), ("X", 1, 2, 200), ("X", 2, -6, -600), ("Y", 2, -3, -300)]


def house() -> ClearingHouse:
    """Two bankrupt wallets and a rich one."""
    return build_house(snapshot([X, Y], [0, 0, 10_000], HELD, AT_100), VENUE)


def lots_filled(plan) -> list[tuple[int, int]]:
    """Wallet, and lots and price of its fills in the book."""
    return [(row["wallet"], row["lots"], row["price"]) for row in plan.events.rows("book-fill") if row["wallet"] >= 0]


@pytest.mark.parametrize(
    "fills",
    [
        {0: [(1, 100, "a"), (1, 100, "a")], 1: None},
        {0: [(1, 100, "a"), (1, 100, "a"), (1, 100, "a")], 1: []},
        [[(1, 100, 7), (1, 100, 7)], None],
        [[(1, 100, 7), (1, 100, "7"), (1, 100, np.int64(7))], None],
        {1: (), 0: [(1, 100)]},
    ],
)
def test_a_fill_that_is_told_twice_counts_once(fills):
    """Whatever its name is, and however the orders are named."""
    one = house()
    plan = one.settle(one.plan(), fills)
    plan = one.settle(plan, {order.number: None for order in plan.orders})
    assert lots_filled(plan) == [(0, -1, 100)]
    assert one.audit() == []


def test_fills_of_other_names_are_other_fills():
    one = house()
    plan = one.settle(one.plan(), {0: [(1, 100, "a"), (1, 100, "b"), (1, 101)], 1: [(1, 100, 1), (1, 100, "2")]})
    plan = one.settle(plan, [None] * len(plan.orders))
    assert lots_filled(plan) == [(0, -1, 100), (0, -1, 100), (0, -1, 101), (1, -1, 100), (1, -1, 100)]


class Loud(str):
    """A text that compares as somebody else likes."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        return False


def test_a_name_is_compared_as_text():
    one = house()
    plan = one.settle(one.plan(), {0: [(1, 100, Loud("a")), (1, 100, Loud("a"))], 1: None})
    plan = one.settle(plan, [None])
    assert lots_filled(plan) == [(0, -1, 100)]


def test_a_fill_that_comes_again_with_a_later_answer_counts_once():
    """Of an order of the plan before: the same is passed over, anything else is refused by name."""
    one = house()
    second = one.settle(one.plan(), {0: [(1, 100, "a")], 1: [(2, 100, "b")]})
    assert [order.number for order in second.orders] == [2]
    for late, words in (
        ({0: [(2, 100, "a")], 2: None}, "must be of an order of plan 2: order 0 was settled before"),
        ({0: [(1, 100, "c")], 2: None}, "fills[0] is (1, 100, 'c'): must be of an order of plan 2"),
        ({0: [(1, 100)], 2: None}, "must be of an order of plan 2"),
        ({2: [(1, 100, "a")]}, "must be a name of its own: fill 'a' is (1, 100) of order 0"),
    ):
        refused_for(lambda late=late: one.settle(second, late), "fills", words)
    done = one.settle(second, {0: [(1, 100, "a")], 1: None, 2: [(1, 100, "d")]})
    assert lots_filled(done) == [(0, -1, 100), (1, -2, 100), (0, -1, 100)]
    assert one.audit() == []


@pytest.mark.parametrize(
    ("fills", "words"),
    [
        (
            {0: [(1, 100, "a"), (2, 100, "a")], 1: None},
            "fills[0] is (2, 100, 'a'): must be a name of its own: fill 'a'",
        ),
        ({0: [(1, 100, "a")], 1: [(1, 100, "a")]}, "fill 'a' is (1, 100) of order 0"),
        ({0: [(1, 100), (1, 100)], 1: None}, "fills[0] is (1, 100): must have a name, (lots, ticks, id): another fill"),
        ({0: [(1, 100), (1, 100, "a")], 1: None}, "must have a name, (lots, ticks, id)"),
        ({0: [(1, 100)]}, "fills lack order 1: must name every order of plan 1: None for one that nothing filled"),
        ({}, "fills lack order 0"),
        ([None], "fills are of 1 orders: must be of 2, the plan's, None where nothing was filled"),
        ((), "fills are of 0 orders"),
        ({0: [(1, 100, 1.5)], 1: None}, "fills[0] is (1, 100, 1.5): must be (lots, ticks), two whole numbers"),
        ({0: [(1, 100, True)], 1: None}, "must be (lots, ticks), two whole numbers"),
        ({0: [(True, 100)], 1: None}, "must be (lots, ticks), two whole numbers"),
        ({0: {1: 100}, 1: None}, "must be a list of (lots, ticks) or (lots, ticks, id), or None"),
        ({0: [(1, 100, "a", "b")], 1: None}, "must be (lots, ticks), two whole numbers"),
        ({0: [(1, 100, "")], 1: None}, "must have a name of 1 to 256 characters, or none"),
        ({0: [(1, 100, "a" * 257)], 1: None}, "must have a name of 1 to 256 characters, or none"),
        ({0: [(1, 100, 2**70)], 1: None}, "must be (lots, ticks), two whole numbers"),
        ({0: [(2**70, 100)], 1: None}, "must sum to at most the 4 lots ordered"),
        ({0: [(1, 2**70, "a")], 1: None, 7: None}, "fills is 7: must be the number of an order of this plan: 0, 1"),
    ],
)
def test_reports_that_could_be_meant_in_two_ways_are_refused(fills, words):
    """The plan stays open, and what is right is settled afterwards."""
    one = house()
    plan = one.plan()
    refused_for(lambda: one.settle(plan, fills), "fills", words)
    assert one.settle(one.settle(plan, {0: [(4, 100)], 1: [(2, 100)]}), [[(3, 100)]]).done
    assert one.audit() == []


def test_a_fill_that_comes_again_with_a_later_plan_counts_once():
    """Under the number of its order; anything else of an order from before is refused, by its name too."""
    one = house()
    plan = one.settle(one.plan(), {0: [(1, 100, "a")], 1: None})
    assert one.settle(plan, [None]).done
    one = pickle.loads(pickle.dumps(one))
    one.deposit(2, 10**6)
    assert house().plan().number == 1  # a house without that past
    later = one.plan({"X": "99"})
    assert later.orders == ()
    for fills, words in (
        ({0: [(1, 101, "a")]}, "must be of an order of plan 3: order 0 was settled before"),
        ({1: [(1, 100, "b")]}, "order 1 was settled before"),
        ({5: None}, "must be the number of an order of this plan: it has none"),
    ):
        refused_for(lambda fills=fills: one.settle(later, fills), "fills", words)
    assert one.settle(later, {0: [(1, 100, "a")]}).done
    assert one.audit() == []


def test_names_of_fills_are_remembered_up_to_a_number(monkeypatch):
    """The newest ones: memory does not grow with the plans of a house."""
    from adlcore.clearing.house import plan as plans

    monkeypatch.setattr(plans, "REMEMBERED_REPORTS", 3)
    one = house()
    names = [[(1, 100, f"{order}-{lot}") for lot in range(2)] for order in range(2)]
    plan = one.settle(one.plan(), names)
    assert one.settle(plan, [[(1, 100, "last")]]).done
    assert list(one._committed.contents.reported) == ["1-0", "1-1", "last"]


def test_a_price_beyond_int64_is_refused_and_the_plan_is_open_still():
    """A sale at 2^61 ticks, or 2^70, is within its limit; the books could not hold it."""
    one = house()
    plan, before = one.plan(), one.hash
    for lots, ticks in ((4, 2**61), (1, 2**63), (1, 2**70), (1, 10**5000)):
        refused_for(lambda fills={0: [(lots, ticks)], 1: None}: one.settle(plan, fills), "fills")
        assert one.hash == before
    assert one.settle(one.settle(plan, {0: [(4, 100)], 1: [(2, 100)]}), [None]).done
    assert one.audit() == []


def test_a_plan_with_fills_is_not_dropped():
    one = house()
    second = one.settle(one.plan(), {0: [(1, 100)], 1: None})
    refused_for(one.drop_plan, "plan", f"plan {second.number} has fills: settle it to its end")
    assert one.settle(second, [None]).done
    one.drop_plan()  # there is none


def test_plans_and_orders_have_numbers_of_their_own_for_ever():
    """Dropped ones, those of marks, and those of a house that goes on from a state; the hash knows none of it."""
    one, alone = house(), house()
    first = one.plan()
    one.drop_plan()
    second = one.plan()
    assert (first.number, second.number) == (1, 2)
    assert [order.number for order in (*first.orders, *second.orders)] == [0, 1, 2, 3]
    assert one.hash == alone.hash
    other = ClearingHouse.from_state(pickle.loads(pickle.dumps(one.state())), VENUE)
    third = other.plan()
    assert (third.number, [order.number for order in third.orders]) == (3, [4, 5])
    other.drop_plan()
    other.mark({})
    assert other.state().next_order >= 6
    alone.mark({})
    assert other.hash == alone.hash


@st.composite
def reports(draw):
    """Fills of two orders of 4 and 2 lots, each told at least once, in any order, each with its name."""
    told = []
    for order, most in ((0, 4), (1, 2)):
        count = draw(st.integers(0, most))
        mine = [(1, draw(st.integers(100, 102)), f"{order}-{place}") for place in range(count)]
        again = draw(st.lists(st.sampled_from(mine), max_size=4)) if mine else []
        told.append((mine, draw(st.permutations([*mine, *again]))))
    return told


@given(reports())
def test_how_often_fills_are_told_does_not_matter(told):
    """The books are those of each fill told once, in the order of its first report."""
    one, other = house(), house()
    for which, fills in ((one, [each for _, each in told]), (other, [list(dict.fromkeys(each)) for _, each in told])):
        plan = which.settle(which.plan(), fills)
        while not plan.done:
            plan = which.settle(plan, [None] * len(plan.orders))
    assert one.hash == other.hash
    assert one.audit() == []
