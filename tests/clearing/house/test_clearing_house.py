"""What a clearing house shows of itself, and what its calls do to its books."""

from __future__ import annotations

import logging
import pickle
import warnings
from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import (
    KINDS,
    BookIOC,
    BrokenBooksError,
    CancelOrders,
    ClearingHouse,
    Deleverage,
    DepthLadder,
    Events,
    TakeOver,
    Uncovered,
    Venue,
)
from adlcore.clearing.events import FACTS
from adlcore.clearing.house.replay import replayed
from support import ten_wallets
from support.house_books import Book, Pass, fund, inverse, linear, opened, snapshot
from support.ten_wallets import ANN, BOB, CAT, DAN, DOWN, MIA, TOM, VIC

X, Y = linear("X"), linear("Y")

STATE = ten_wallets.house().state()


@pytest.fixture
def house():
    """The ten wallets before the mark."""
    return ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())


def loop(house, book, **mark) -> tuple[Events, int]:
    """Plan, and settle with what the book fills until it is done; the events, and how many plans there were."""
    plan, count = house.plan(**mark), 1
    while not plan.done:
        snapshot = house.snapshot()
        contracts = {contract.symbol: contract for contract in snapshot.contracts}
        fills = [book.ioc(contracts[order.contract], order.lots, order.limit, 1000) for order in plan.orders]
        plan, count = house.settle(plan, fills), count + 1
    return plan.events, count


# Plans ----------------------------------------------------------------------------------------------------------------

#: Wallet 0 and 1: long 10, E 20 and 0 at 90; P 88 and 90. Wallet 2: short 20 of 100, and rich.
ONE_ROW_EACH = ([120, 100, 1000], [("X", 0, 10, 1000), ("X", 1, 10, 1000), ("X", 2, -20, -2000)], {"X": "100"})


@pytest.mark.parametrize("bids", [(), [(4, 95)], [(4, 95), (9, 91)], [(100, 89)], [(11, 90)]])
@pytest.mark.parametrize("limit", ["bankruptcy", "fund"])
def test_plan_and_settle_are_a_mark_where_each_wallet_has_one_row(bids, limit):
    """In the same order, with the same events and the same hash; with `limit="fund"` the fund must be empty."""
    venue = [CancelOrders(), BookIOC(limit=limit, fee="0.01"), TakeOver(), Deleverage()]
    one, other = (opened(snapshot([X], *ONE_ROW_EACH), venue, 0, Book(bids)) for _ in range(2))
    events = one.mark({"X": "90"}, 7)
    told, plans = loop(other, Book(bids), prices={"X": "90"}, time=7)
    assert told == events
    assert plans == 2
    assert (other.hash, other.audit()) == (one.hash, [])


def test_a_plan_of_several_rows_asks_for_the_next_order_of_every_wallet():
    """X then Y of wallet 0, X of wallet 1; the orders of a plan are the next of each, in the round's order."""
    positions = [("X", 0, 4, 400), ("Y", 0, 3, 300), ("X", 1, 2, 200)]
    house = opened(snapshot([X, Y], [0, 0], positions, {"X": "100", "Y": "100"}), [BookIOC()])
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
    house = opened(snapshot([X], *ONE_ROW_EACH), [BookIOC()])
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
    led_to(before, events, house)


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


# State ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", [0, 2, 5, 10])
def test_a_house_goes_on_from_its_state(when):
    """From a pickle of state and order book, after any call: the same events and the same hash."""
    one = ClearingHouse.from_state(STATE, ten_wallets.venue(), book := ten_wallets.ladder())
    for call in CALLS[:when]:
        call(one)
    state, kept = pickle.loads(pickle.dumps((one.state(), book)))
    assert state.hash == one.hash
    other = ClearingHouse.from_state(state, ten_wallets.venue(), kept)
    assert (other.hash, other.time, other.marks, len(other.opening)) == (one.hash, one.time, one.marks, 0)
    for call in CALLS[when:]:
        assert call(other) == call(one)
        assert other.hash == one.hash
    assert (one.audit(), other.audit()) == ([], [])


CALLS = [
    lambda house: house.trade("X", 2, 101, buyer=CAT, seller=VIC, buyer_leg="short"),
    lambda house: house.mark(**DOWN),
    lambda house: house.deposit(DAN, "0.1"),
    lambda house: house.trade("X", 12, 81, buyer=VIC, seller=BOB, time=1001),
    lambda house: house.place_order(BOB, "X", -3, 90, leverage=5),
    lambda house: house.cancel_order(0),
    lambda house: house.fund_deposit("X", "12.5", time=1002),
    lambda house: house.funding({"X": "0.001", "I": "-0.0005"}),
    lambda house: house.withdraw(BOB, "1.23"),
    lambda house: house.deposit(MIA, "0.5", "BTC"),
    lambda house: house.trade("Y", 4, "50.5", buyer=ANN, seller=None),
    lambda house: house.mark({"X": "84", "Y": "51.5"}, 1003),
    lambda house: house.mark({"X": "70"}, 1400, index_prices={"BTC": "75"}),
]


def test_a_state_is_immutable_and_shared(house):
    state = house.state()
    assert house.state() is state
    with pytest.raises(AttributeError, match="immutable: time cannot be set"):
        state.time = 7
    with pytest.raises(ValueError, match="read-only"):
        state.parties.cash[0, 0] = 7
    with pytest.raises(TypeError):
        state.uncovered[0, 0] = 7
    house.mark(**DOWN)
    assert (state.hash, state.time) == (STATE.hash, 500)


def test_the_hash_is_of_everything():
    """Whatever differs, time and pending windows included."""
    house = ten_wallets.house()
    house.mark(**DOWN)
    state = house.state()
    assert state.uncovered
    assert state.cooling
    changed = [
        state.replace(time=state.time + 1),
        state.replace(sequence=state.sequence + 1),
        state.replace(digest=b"x" * 32),
        state.replace(uncovered={}),
        state.replace(cooling={}),
        state.replace(lent=state.lent + 1),
        state.replace(ledger=state.ledger + 1),
        state.replace(opening=state.opening + 1),
        state.replace(windows=tuple({} for _ in state.windows)),
        state.replace(constant=(0, 0)),
        state.replace(snapshot=STATE.snapshot),
        state.replace(parties=STATE.parties),
        state,
    ]
    assert len({each.hash for each in changed}) == len(changed)


def test_a_house_is_the_same_with_threads():
    one, two = (ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder(), threads=n) for n in (1, 2))
    for call in CALLS:
        assert call(one) == call(two)
    assert one.hash == two.hash


def test_what_a_house_shows(house):
    assert repr(house) == "<ClearingHouse all stages: 10 wallets, 3 contracts, 3 funds, time 500>"
    assert house.marks == {"X": Decimal(101), "Y": Decimal(60), "I": Decimal(100)}
    assert repr(opened(snapshot([X], [1], [], {}), [Uncovered()])) == (
        "<ClearingHouse custom: 1 wallet, 1 contract, 1 fund, time 0>"
    )
    assert opened(snapshot([X], [1], [], {}), [Uncovered()]).marks == {"X": None}


def test_the_margin_of_a_house_is_that_of_its_snapshot(house):
    for call in CALLS:
        call(house)
        kept, fresh = house.margin_state(), adl.margin_state(house.snapshot())
        for name in ("equity", "maintenance_margin", "balance", "free_margin", "liquidatable"):
            assert np.array_equal(getattr(kept, name), getattr(fresh, name)), name
        assert house.audit() == []


# Replay ---------------------------------------------------------------------------------------------------------------


def led_to(before, events, house) -> None:
    """The events of a call, applied to the books before it, give the books after it."""
    users, parties = replayed(before, events)
    now = house.snapshot()
    for name in ("positions", "wallets", "balances", "orders"):
        assert getattr(users, name) == getattr(now, name), name
    for name in ("names", "funds"):
        assert getattr(parties, name) == getattr(house.state().parties, name), name
    for name in ("lots", "cost", "realized", "cash"):
        assert np.array_equal(getattr(parties, name), getattr(house.state().parties, name)), name


def test_the_events_of_every_call_lead_to_its_books(house):
    for place, call in enumerate(CALLS):
        before = house.state()
        events = call(house)
        assert events.first == before.sequence
        assert house.state().sequence == before.sequence + len(events)
        led_to(before, events, house)
        assert house.audit() == [], place


def test_events_lead_from_the_state_before_them_only(house):
    before = house.state()
    house.mark(**DOWN)
    events = house.deposit(DAN, "0.1")
    with pytest.raises(adl.AdlError, match=r"events is [0-9]+: must begin with sequence"):
        replayed(before, events)


# Events ---------------------------------------------------------------------------------------------------------------

COLUMNS = ["sequence", "time", "kind", "wallet", "account", "row", "contract", "lots", "price", "amount", "asset"]
COLUMNS += ["fund", "cause", "link"]


def test_columns_of_events(house):
    events = house.mark(**DOWN)
    columns = events.columns()
    assert list(columns) == COLUMNS
    assert {len(column) for column in columns.values()} == {len(events)}
    assert columns["sequence"].tolist() == list(range(STATE.sequence, STATE.sequence + len(events)))
    assert set(columns["time"].tolist()) == {1000}
    accounts = house.snapshot().wallets.account
    names = "kind", "wallet", "account", "fund"
    for kind, wallet, account, party in zip(*(columns[name].tolist() for name in names), strict=True):
        assert account == (accounts[wallet] if wallet >= 0 else None)
        assert (wallet < 0) == (party != "") if kind != "take-over-refused" else wallet >= 0 and party != ""


def test_legs_name_each_other(house):
    """Both legs of a movement: opposite lots, opposite amounts, the same contract and price."""
    events = house.mark(**DOWN)
    rows = {row["sequence"]: row for row in events.rows()}
    linked = [row for row in rows.values() if row["link"] >= 0 and row["kind"] not in FACTS]
    assert len(linked) > 40
    exchanged = ("exchange", "loan-repaid")
    for row in linked:
        other = rows[row["link"]]
        assert other["link"] == row["sequence"]
        assert (row["lots"], row["amount"]) == (-other["lots"], -other["amount"])
        assert (row["contract"], row["price"], row["asset"]) == (other["contract"], other["price"], other["asset"])
        assert row["kind"] in (*exchanged, *KINDS)
    for notice in events.rows("adl-notice"):
        fill = rows[notice["link"]]
        assert fill["kind"] == "adl-fill"
    assert len(events.only("take-over-refused")) == len(events.only("take-over-bound")) > 0
    for refused in events.rows("take-over-refused"):
        bound = rows[refused["link"]]
        assert (bound["kind"], bound["link"], bound["sequence"]) == (
            "take-over-bound",
            refused["sequence"],
            refused["sequence"] + 1,
        )
        assert all(refused[name] == bound[name] for name in ("contract", "asset", "fund", "cause"))
        assert (bound["wallet"], bound["row"], bound["lots"], bound["price"]) == (-1, -1, 0, 0)


def test_rows_and_counts_of_events(house):
    events = house.mark(**DOWN)
    counts = events.counts()
    assert sum(counts.values()) == len(events) == len(events.rows())
    assert list(counts) == list(dict.fromkeys(row["kind"] for row in events.rows()))
    for kind, count in counts.items():
        rows = events.rows(kind)
        assert len(rows) == count == events.of(kind).sum() == len(events.only(kind))
        assert [list(row) for row in rows[:1]] == [COLUMNS]
    both = events.rows("fee", "rest")
    assert [row["sequence"] for row in both] == sorted(row["sequence"] for row in both)
    assert events.rows("trade") == []
    with pytest.raises(adl.AdlError, match="kind is 'fill': must be one of"):
        events.rows("fill")
    with pytest.raises(AttributeError, match="no attribute 'fund'"):
        events.fund
    assert repr(events).startswith(f"<{len(events)} events: 5 liquidation-started, 2 order-cancelled,")
    assert all(len(line) <= 80 for line in repr(events).splitlines())
    assert repr(events.only("trade")) == "<0 events>"


def test_events_are_immutable_and_equal_their_pickle(house):
    events = house.mark(**DOWN)
    again = pickle.loads(pickle.dumps(events))
    assert again == events
    assert again.rows() == events.rows()
    assert events != house.mark()
    assert events != "events"
    with pytest.raises(ValueError, match="read-only"):
        events.table[0, 0] = 1


def test_the_digest_rolls_over_all_calls(house):
    """That of the last call and the events since; a call without events leaves it."""
    digest = STATE.digest
    for call in CALLS:
        events = call(house)
        digest = events.digest(digest) if len(events) else digest
        assert house.state().digest == digest
    house.mark({"Y": "51.5"})
    assert house.state().digest == digest
    assert len(digest) == 32


def test_sequence_numbers_go_on_through_all_calls(house):
    numbers = [number for call in CALLS for number in call(house).columns()["sequence"].tolist()]
    assert numbers == list(range(STATE.sequence, STATE.sequence + len(numbers)))


# Subscribers ----------------------------------------------------------------------------------------------------------


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
    with pytest.raises(adl.AdlError):
        house.mark({"X": "80", "Y": "0"})
    with pytest.raises(adl.AdlError):
        house.deposit(ANN, 0)


# Money ----------------------------------------------------------------------------------------------------------------


def test_a_deposit_pays_an_open_entry_first(house):
    """Dan owes 2173: 1000 leave 1173, 2000 pay it, and 827 are his."""
    house.mark(**DOWN)
    assert dict(house.state().uncovered) == {(DAN, 1): 2173}
    events = house.deposit(DAN, "0.1")
    assert [(row["kind"], row["account"], row["amount"]) for row in events.rows()] == [
        ("deposit", "dan", 1000),
        ("uncovered-reduced", "dan", 1173),
    ]
    assert dict(house.state().uncovered) == {(DAN, 1): 1173}
    assert house.audit() == []
    events = house.deposit(DAN, "0.2")
    assert [(row["kind"], row["account"], row["amount"]) for row in events.rows()] == [
        ("deposit", "dan", 2000),
        ("uncovered-paid", "dan", 0),
    ]
    assert dict(house.state().uncovered) == {}
    assert house.snapshot().wallets.balance[DAN] == 827
    assert house.audit() == []


def test_an_entry_is_paid_to_the_quantum(house):
    house.mark(**DOWN)
    assert house.deposit(DAN, "0.2173").counts() == {"deposit": 1, "uncovered-paid": 1}
    assert (house.snapshot().wallets.balance[DAN], house.audit()) == (0, [])


def test_funding_conserves_money():
    """Longs of 3 and 4 pay 3 and 4 of 310, shorts of 5 get 5; the street is short 2 and gets 2."""
    # |MV| 300, 400, 500, 200 at a rate of 0.01; with 0.005: 1.5 is 2, 2 is 2, 2.5 is 2, 1 is 1: the fund has 2+2-2-1.
    positions = [("X", 0, 3, 300), ("X", 1, 4, 400), ("X", 2, -5, -500)]
    house = opened(snapshot([X], [100, 100, 100], positions, {"X": "100"}), [Uncovered()], 50)
    events = house.funding({"X": "0.01"}, 3)
    assert house.snapshot().wallets.balance.tolist() == [97, 96, 105]
    assert (house.funds["USDT"].cash, house.state().parties.cash[0].tolist()) == (50, [2])
    assert sum(row["amount"] for row in events.rows("funding")) == 0
    house.funding({"X": "0.005"})
    assert house.snapshot().wallets.balance.tolist() == [95, 94, 107]
    assert (house.funds["USDT"].cash, house.state().parties.cash[0].tolist()) == (51, [3])
    house.funding({"X": "-0.005"})
    assert house.snapshot().wallets.balance.tolist() == [97, 96, 105]
    assert (house.funds["USDT"].cash, house.audit()) == (50, [])


def test_funding_of_a_vault_a_fund_and_an_inverse_contract():
    """A long of 2 at 100 is worth -200 coins and pays 0.01 of 200 from its coins, to the short."""
    house = opened(
        snapshot([inverse("I")], [100, 100], [("I", 0, 2, -200), ("I", 1, -2, 200)], {"I": "100"}), [Uncovered()]
    )
    events = house.funding({"I": "0.01"})
    assert house.snapshot().wallets.balance.tolist() == [98, 102]
    assert events.counts() == {"funding": 4}
    assert [row["fund"] for row in events.rows("funding")] == ["", "BTC", "", "BTC"]


def test_funding_of_nothing(house):
    assert len(house.funding({}, 600)) == 0
    assert house.time == 600
    assert len(house.funding({"X": 0})) == 0


def test_a_withdrawal_after_a_deposit_leaves_the_books_as_they_were(house):
    before = house.snapshot()
    house.deposit(ANN, "12.34")
    events = house.withdraw(ANN, "12.34")
    assert [(row["kind"], row["amount"], row["link"]) for row in events.rows()] == [("withdrawal", -1234, -1)]
    assert house.snapshot() == before
    assert house.state().constant == STATE.constant


def test_orders_lock_margin_until_they_are_cancelled(house):
    """100 lots at 100 over 30 are 333.34 units, rounded up."""
    free = int(house.margin_state().free_margin[ANN])
    events = house.place_order(ANN, "X", -10, 100, leverage=30)
    assert [(row["kind"], row["lots"], row["price"], row["amount"]) for row in events.rows()] == [
        ("order-placed", -10, 100, 3334)
    ]
    assert house.margin_state().free_margin[ANN] == free - 3334
    orders = house.snapshot().orders
    assert orders.wallet.tolist() == [*STATE.snapshot.orders.wallet.tolist(), ANN]
    events = house.cancel_order(len(orders) - 1)
    assert [(row["kind"], row["lots"], row["price"]) for row in events.rows()] == [("order-cancelled", -10, 100)]
    assert house.margin_state().free_margin[ANN] == free
    assert house.snapshot() == STATE.snapshot


# Trades ---------------------------------------------------------------------------------------------------------------

FLAT = ([1000, 1000, 1000], [("X", 0, 10, 1000), ("X", 1, -10, -1000)], {"X": "100"})


def test_a_trade_closes_before_it_opens():
    """Wallet 0 sells 15 at 110 of its 10: 10 close with 100 gained, 5 are short; wallet 2 buys them."""
    house = opened(snapshot([X], *FLAT), [Uncovered()])
    before = house.state()
    events = house.trade("X", 15, 110, buyer=2, seller=0)
    assert [(row["wallet"], row["lots"], row["amount"]) for row in events.rows("trade")] == [
        (2, 10, -1100),
        (0, -10, 1100),
        (2, 5, -550),
        (0, -5, 550),
    ]
    now = house.snapshot()
    held = {
        (wallet, quantity > 0): (quantity, cost)
        for wallet, quantity, cost in zip(
            *(column.tolist() for column in (now.positions.wallet, now.positions.quantity, now.positions.entry_value)),
            strict=True,
        )
        if quantity
    }
    assert held == {(0, False): (-5, -550), (1, False): (-10, -1000), (2, True): (15, 1650)}
    assert now.wallets.balance.tolist() == [1100, 1000, 1000]
    led_to(before, events, house)
    assert house.audit() == []


def test_a_trade_with_the_street():
    """It sells 4 that it has not, then buys 6: 4 close and 2 open."""
    house = opened(snapshot([X], *FLAT), [Uncovered()])
    for quantity, buyer, seller in ((4, 2, None), (6, None, 2), (2, 2, None)):
        before = house.state()
        events = house.trade("X", quantity, 100 + quantity, buyer, seller)
        led_to(before, events, house)
        assert house.audit() == []
    parties = house.state().parties
    # Sold 4 at 104, bought 6 at 106, sold 2 at 102: 416 - 636 + 204 = -16.
    assert (parties.lots[0].tolist(), parties.cost[0].tolist(), parties.cash[0].tolist()) == ([0], [0], [-16])
    assert house.snapshot().wallets.balance.tolist() == [1000, 1000, 1016]


def test_trades_of_a_wallet_in_hedge_mode():
    """Each leg by its name; a leg that is opened is a row of its own."""
    house = opened(snapshot([X], *FLAT), [Uncovered()])
    for quantity, price, buyer, seller, legs in (
        (5, 100, 0, 1, {"buyer_leg": "long"}),
        (3, 101, 2, 0, {"seller_leg": "short"}),
        (15, 102, 1, 0, {"seller_leg": "long"}),
        (3, 103, 0, 2, {"buyer_leg": "short"}),
    ):
        before = house.state()
        led_to(before, house.trade("X", quantity, price, buyer, seller, **legs), house)
        assert house.audit() == []
    now = house.snapshot().positions
    assert now.quantity[now.wallet == 0].tolist() == [0, 0]


# Funds ----------------------------------------------------------------------------------------------------------------


def test_the_funds_of_a_house(house):
    """A fund took 3 short lots at 102 in the books' first mark: its equity is that at 101."""
    funds = house.funds
    assert list(funds) == ["X", "USDT", "BTC"]
    assert len(funds) == 3
    first = funds["X"]
    assert (first.name, first.asset, first.balance) == ("X", "USDT", Decimal(first.cash).scaleb(-2))
    assert first.inventory["X"][0] == -3
    cost = first.inventory["X"][1]
    assert first.equity == first.cash - 3 * 10_100 - cost
    assert repr(first) == f"<Fund X: {first.balance} USDT, 1 positions>"
    assert repr(funds).startswith("{<Fund X: ")
    shown = repr(funds), first.equity, len(first.ledger["amount"])
    house.mark(**DOWN)
    assert (repr(funds), funds["X"].equity, len(funds["X"].ledger["amount"])) == shown  # values of that moment
    assert house.funds["X"].equity != first.equity


def test_the_ledger_of_a_fund_is_every_movement_since_the_house_was_made(house):
    """By columns: amounts sum to what cash less cost changed by; those of the state count from the opening."""
    before = {name: held(one) for name, one in house.funds.items()}
    for call in CALLS:
        call(house)
    for place, (name, one) in enumerate(house.funds.items()):
        ledger = one.ledger
        assert set(ledger) >= {"sequence", "time", "kind", "contract", "lots", "price", "amount", "asset", "cause"}
        assert (np.diff(ledger["sequence"]) > 0).all()
        assert ledger["amount"].sum() == held(one) - before[name]
        state = house.state()
        assert held(one) == state.opening[place] + state.ledger[place]
    assert "fund-deposit" in house.funds["X"].ledger["kind"]
    assert set(house.funds["BTC"].ledger["asset"]) == {"BTC"}


def held(one) -> int:
    """Cash less what the inventory cost."""
    return one.cash - sum(cost for _, cost in one.inventory.values())


def test_the_ledger_of_a_fund_that_nothing_moved():
    house = opened(snapshot([X], [1], [], {}), [Uncovered()])
    ledger = house.funds["USDT"].ledger
    assert {len(column) for column in ledger.values()} == {0}
    house.fund_deposit("USDT", 5, 9)
    ledger = house.funds["USDT"].ledger
    assert (ledger["kind"].tolist(), ledger["amount"].tolist(), ledger["time"].tolist()) == (["fund-deposit"], [5], [9])


def test_money_of_a_fund():
    house = opened(snapshot([X], [1], [], {}), [Uncovered()], [fund(10)])
    house.fund_deposit("USDT", "5")
    events = house.fund_deposit("USDT", -15)
    assert [(row["kind"], row["fund"], row["amount"]) for row in events.rows()] == [("fund-deposit", "USDT", -15)]
    assert (house.funds["USDT"].cash, house.audit(), house.state().constant) == (0, [], (1,))


# Audit ----------------------------------------------------------------------------------------------------------------


def damaged(state, **changes):
    """A state whose users' books have other columns: ``{"wallets.balance": (row, more)}``."""
    books = state.snapshot
    for name, (row, more) in changes.items():
        table, column = name.split("__")
        values = getattr(getattr(books, table), column).copy()
        values[row] += more
        books = books._with({table: getattr(books, table).replace(**{column: values})})
    return state.replace(snapshot=books)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"positions__quantity": (0, 2)}, ["open interest of X: 2 lots more are long"]),
        ({"positions__quantity": (0, -2)}, ["open interest of X: 2 lots more are short"]),
        ({"wallets__balance": (BOB, 7)}, ["balances and cash less entry values of USDT are", "+7 too many"]),
        ({"wallets__balance": (DAN, -7)}, ["of BTC are", "-7 too many"]),
        ({"positions__entry_value": (1, -5)}, ["of USDT are", "+5 too many"]),
        ({"balances__amount": (1, 9)}, ["of BTC are", "+9 too many"]),
        ({"wallets__balance": (TOM, -4)}, ["wallets[9] holds no position, has -4 quanta and no open entry"]),
    ],
)
def test_an_audit_names_what_does_not_add_up(changes, words):
    state = damaged(STATE, **changes)
    house = ClearingHouse.from_state(state, ten_wallets.venue())
    found = "; ".join(house.audit())
    for word in words:
        assert word in found, found
    with pytest.raises(BrokenBooksError) as caught:
        house.deposit(BOB, 1)
    for word in words:
        assert word in str(caught.value) or "too many" in word
    assert house.state() is state


def test_an_audit_of_parties_and_entries():
    """Cash that no ledger tells of, and an entry that is not what is owed."""
    cash = STATE.parties.cash.copy()
    cash[STATE.parties.funds, 0] += 3
    parties = type(STATE.parties)(
        STATE.parties.names,
        STATE.parties.funds,
        STATE.parties.lots,
        STATE.parties.cost,
        STATE.parties.realized,
        cash,
    )
    found = ClearingHouse.from_state(STATE.replace(parties=parties), ten_wallets.venue()).audit()
    assert len(found) == 2
    assert "fund X: cash less cost is" in found[1]
    found = ClearingHouse.from_state(STATE.replace(uncovered={(TOM, 0): 5}), ten_wallets.venue()).audit()
    assert found == ["wallets[9] owes 5 quanta of USDT, and has 0"]


def test_a_house_that_does_not_audit_itself():
    """The same events and hash; broken books are found when it is asked."""
    one = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())
    other = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder(), audit="off")
    for call in CALLS:
        assert call(one) == call(other)
    assert one.hash == other.hash
    broken = ClearingHouse.from_state(damaged(STATE, wallets__balance=(BOB, 7)), ten_wallets.venue(), audit="off")
    broken.deposit(BOB, 1)
    assert len(broken.audit()) == 1


# The opening ----------------------------------------------------------------------------------------------------------


def test_the_street_stands_against_unbalanced_open_interest():
    """X: 3 more are long, worth 300 at the mark; Y is balanced."""
    positions = [("X", 0, 5, 450), ("X", 1, -2, -210), ("Y", 0, -1, -90), ("Y", 1, 1, 120)]
    house = opened(snapshot([X, Y], [1000, 1000], positions, {"X": "100", "Y": "100"}), [Uncovered()])
    assert [
        (row["kind"], row["fund"], row["contract"], row["lots"], row["amount"]) for row in house.opening.rows()
    ] == [("balanced", "street", "X", -3, 300)]
    assert (house.opening.first, house.state().sequence, house.audit()) == (0, 1, [])
    parties = house.state().parties
    assert (parties.lots[0].tolist(), parties.cost[0].tolist()) == ([-3, 0], [-300, 0])
    assert house.snapshot().positions.quantity.tolist() == [5, -2, -1, 1]


def test_balanced_books_open_strictly():
    house = ClearingHouse(snapshot([X], *FLAT), venue=[Uncovered()], strict=True)
    assert (len(house.opening), house.audit()) == (0, [])


def test_unbalanced_books_are_warned_of_by_the_snapshot_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        books = snapshot([X], [1000], [("X", 0, 5, 450)], {"X": "100"})
        ClearingHouse(books, venue=[Uncovered()])


def test_a_debt_that_stands_at_the_opening():
    """Wallet 0 holds nothing and owes 30: the fund pays 20 as the house opens, and 10 stay open."""
    positions = [("X", 1, 10, 1000), ("X", 2, -10, -1000)]
    house = opened(snapshot([X], [-30, 100, 1000], positions, {"X": "100"}), [Deleverage()], 20)
    assert (house.snapshot().wallets.balance.tolist(), house.audit()) == ([-10, 100, 1000], [])
    assert house.opening.counts() == {"cover": 1, "fund-paid": 1, "uncovered-money": 1}
    assert house.last_events == house.opening
    done = Pass(house, house.mark({"X": "90"}))
    assert done.story("adl-notice", "cover", "uncovered-money") == [("adl-notice", 2)]
    assert done.balance == [-10, 0, 1100]
    assert dict(house.state().uncovered) == {(0, 0): 10}
    assert (done.cash(), house.audit()) == (0, [])


def test_vaults_and_funds_of_a_house():
    assert STATE.parties.names == ("street", "treasury", "vault", "X", "USDT", "BTC")
    assert STATE.parties.code("vault") == 2


# Quiet marks ----------------------------------------------------------------------------------------------------------


def test_a_quiet_mark_moves_marks_and_time_alone():
    house = opened(snapshot([X], *FLAT), Venue("v", [Deleverage()]), 10)
    before = house.state()
    events = house.mark({"X": "101"}, 4)
    assert (len(events), house.time, house.marks) == (0, 4, {"X": Decimal(101)})
    now = house.state()
    assert now.snapshot.positions is before.snapshot.positions
    assert now.snapshot.wallets is before.snapshot.wallets
    assert now.hash != before.hash
    assert len(house.mark({"X": "100"})) == 0
    assert house.margin_state().equity.tolist() == [1000, 1000, 1000]


def test_a_mark_with_nothing_at_all():
    """Nobody fails, and nobody is there: the time moves."""
    house = opened(snapshot([X], [], [], {}), [Deleverage()])
    assert len(house.mark(time=7)) == 0
    assert len(house.mark({"X": "3"})) == 0
    assert (house.time, house.audit()) == (7, [])


def test_a_depth_ladder_is_eaten_and_fills_up_again():
    """Wallet 0 sells 4 of 10 at 95; a lot is back each 10 units of time."""
    book = DepthLadder({"X": {"bids": ([95], [4])}}, refill="0.1")
    house = opened(snapshot([X], *ONE_ROW_EACH), [BookIOC(), Uncovered()], 0, book)
    done = Pass(house, house.mark({"X": "90"}, 0))
    assert done.fills("book-fill")[0] == (1, -4, 95, 380)
    assert book.best("X", "sell", 9) is None
    assert book.best("X", "sell", 10) == 95
    again = Pass(house, house.mark({"X": "90"}, 20))
    assert [fill[1] for fill in again.fills("book-fill")] == [-2]
