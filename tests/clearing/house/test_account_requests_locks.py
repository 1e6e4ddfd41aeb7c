"""Money into and out of wallets and funds, and open orders: what they move and lock."""

import pytest

from adlcore.clearing import Uncovered
from support.house_books import X, build_house, fund, snapshot
from support.house_calls import STATE
from support.refusals import refused_for
from support.ten_wallets import ANN, DAN, DOWN


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


def test_money_of_a_fund():
    house = build_house(snapshot([X], [1], [], {}), [Uncovered()], [fund(10)])
    house.fund_deposit("USDT", "5")
    events = house.fund_deposit("USDT", -15)
    assert [(row["kind"], row["fund"], row["amount"]) for row in events.rows()] == [("fund-deposit", "USDT", -15)]
    assert (house.funds["USDT"].cash, house.audit(), house.state().constant) == (0, [], (1,))


@pytest.mark.parametrize(
    ("leverage", "entry", "free"), [(7.0, 300, 57), (0.0, 300, 84), (7.0, 250, 57), (7.0, 340, 17), (2.0, 300, 0)]
)
def test_free_margin_is_what_equity_and_balance_leave_above_initial_margin(leverage, entry, free):
    """3 lots at 100, WB 100: IM 300/7 up to 43, or 15 where none was chosen, or 150; U 0, 50 or -40.

    MM is 15: who gives 85 away is liquidated at the same mark.
    """
    house = build_house(snapshot([X], [100], [("X", 0, 3, entry, leverage)], {"X": "100"}), [Uncovered()])
    refused_for(lambda: house.withdraw(0, str(free + 1)), "amount")
    if free:
        house.withdraw(0, str(free))
    assert house.snapshot().wallets.balance.tolist() == [100 - free]


def test_orders_lock_margin():
    """10 given; 2 lots at 101 with leverage 3: 67.3 up to 68. Of 100, 22 are free, and then 10 more."""
    house = build_house(snapshot([X], [100], [], {"X": "100"}), [Uncovered()])
    house.place_order(0, "X", "1", "90", locked="10")
    house.place_order(0, "X", "2", "101", leverage="3")
    assert house.snapshot().orders.locked.tolist() == [10, 68]
    refused_for(lambda: house.withdraw(0, "23"), "amount")
    house.cancel_order(0)
    house.withdraw(0, "32")
    assert house.snapshot().wallets.balance.tolist() == [68]


def test_an_order_beyond_free_margin_is_refused():
    """100 free: 101 are not."""
    house = build_house(snapshot([X], [100], [], {"X": "100"}), [Uncovered()])
    refused_for(lambda: house.place_order(0, "X", "1", "90", locked="101"), "locked")
    house.place_order(0, "X", "1", "90", locked="100")
