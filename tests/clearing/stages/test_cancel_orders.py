"""Whose open orders a liquidation cancels. Every number by hand."""

import pytest

import adlcore as adl
from adlcore.clearing import CancelOrders
from support.house_books import AT_100, X, Y, build_house, mark_once, orders, snapshot


def test_all_orders_of_a_cross_wallet_are_cancelled():
    """Of every symbol; others keep theirs."""
    placed = orders(("X", 0, -1, 120, 0), ("Y", 0, 1, 90, 0), ("Y", 1, 1, 90, 0))
    done = mark_once([X, Y], [0, 50], [("X", 0, 1, 100)], AT_100, [CancelOrders()], orders=placed)
    assert [(row["wallet"], row["contract"]) for row in done.of("order-cancelled")] == [(0, "X"), (0, "Y")]
    assert done.orders == [1]


def test_of_an_isolated_wallet_only_those_of_its_symbol_are_cancelled():
    """Ann's cross wallet keeps its order in the same symbol, and the isolated one its order in another."""
    wallets = [("ann", "cross", 50), ("ann", "isolated", 0)]
    placed = orders(("X", 0, 1, 90, 0), ("X", 1, -1, 120, 0), ("Y", 1, 1, 90, 0))
    done = mark_once([X, Y], wallets, [("X", 1, 1, 100)], AT_100, [CancelOrders()], orders=placed)
    assert [(row["wallet"], row["contract"]) for row in done.of("order-cancelled")] == [(1, "X")]
    assert sorted(done.orders) == [0, 1]


def test_cancelling_unlocks_margin_and_makes_nobody_healthy():
    """E 50 = MM 50; with leverage 100 IM is 10, and the order had locked the other 40. Nothing may leave the wallet."""
    terms = {"orders": orders(("X", 0, 1, 90, 40))}
    wallets, positions = [50], [("X", 0, 10, 1000, 100.0)]
    before = build_house(snapshot([X], wallets, positions, {"X": "100"}, **terms), [CancelOrders()])
    with pytest.raises(adl.AdlError, match="may lock of its margin, 0 USDT"):
        before.place_order(0, "X", 1, "90", locked=1)
    done = mark_once([X], wallets, positions, {"X": "100"}, [CancelOrders()], **terms)
    after = done.house.margin_state()
    assert (after.equity.tolist(), after.maintenance_margin.tolist(), after.free_margin.tolist()) == ([50], [50], [0])
    assert done.of("healthy") == []
    assert done.left_open == [(0, 10)]
    with pytest.raises(adl.AdlError, match="may lock of its margin, 40 USDT"):
        done.house.place_order(0, "X", 1, "90", locked=41)
    done.house.place_order(0, "X", 1, "90", locked=40)
