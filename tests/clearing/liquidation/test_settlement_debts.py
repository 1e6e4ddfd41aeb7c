"""Debts of wallets without positions are settled in the call that leaves them; what opens risk waits for payment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import Deleverage, TakeOver, Uncovered
from adlcore.clearing.house.replay import replay_events
from support.house_books import BTC, TEN_PERCENT, USDT, PassResult, build_house, inverse, linear, snapshot
from support.replays import assert_replay

X = linear("X", tiers=TEN_PERCENT)
VENUE = [TakeOver(), Deleverage(), Uncovered()]

#: alice 150 long 10, cyd 60 long 5, bob 1000 short 15, all at 100, and a fund of 20.
ALICE, CYD, BOB = range(3)
BOOKS = ([150, 60, 1000], [("X", ALICE, 10, 1000), ("X", CYD, 5, 500), ("X", BOB, -15, -1500)], {"X": "100"})


def test_a_debt_that_a_trade_leaves_is_settled_by_that_trade():
    """alice sells 10 at 80 with 150: the fund pays 20 of the 50 that lack, and 30 stay open."""
    house = build_house(snapshot([X], *BOOKS), VENUE, 20)
    before = house.state()
    sold = PassResult(house, house.trade("X", "10", "80", buyer=BOB, seller=ALICE))
    assert sold.amounts("cover", "uncovered-money") == [(ALICE, 20), (ALICE, 30)]
    assert dict(house.state().uncovered) == {(ALICE, 0): 30}
    assert (sold.balance[ALICE], sold.cash(), house.audit()) == (-30, 0, [])
    assert_replay(before, sold.events, house)
    for call in (
        lambda: house.trade("X", 1, 99, buyer=ALICE, seller=BOB),
        lambda: house.trade("X", 1, 99, buyer=BOB, seller=ALICE),
        lambda: house.place_order(ALICE, "X", 1, 99, locked=0),
    ):
        with pytest.raises(adl.AdlError, match="must pay its open entry of 30 USDT first"):
            call()
    marked = PassResult(house, house.mark({"X": "85"}))  # cyd is liquidated; nobody pays for alice
    assert marked.amounts("cover", "uncovered-money") == []
    assert "uncovered-paid" in house.deposit(ALICE, 31).counts()
    assert (house.snapshot().wallets.balance[ALICE], house.audit()) == (1, [])


def test_a_fund_below_zero_pays_no_debt_of_a_trade():
    """Equity counts, not cash: 20 of cash less 10 that its inventory has lost, then nothing."""
    house = build_house(snapshot([X], [300, 60, 1000], *BOOKS[1:]), VENUE, 1000)
    house.mark({"X": "87"})  # cyd falls to the fund, long 5 at 88
    assert house.funds["USDT"].inventory == {"X": (5, 440)}
    house.fund_deposit("USDT", -980)
    for mark, equity in (("86", 10), ("84", 0)):
        marked = adl.ClearingHouse.from_state(house.state(), VENUE)
        marked.mark({"X": mark})
        one = marked.funds["USDT"]
        assert (one.cash, one.equity) == (20, equity)
        sold = PassResult(marked, marked.trade("X", "10", "65", buyer=BOB, seller=ALICE))
        assert sold.amounts("cover") == [(ALICE, equity)] * (equity > 0)
        assert sold.amounts("uncovered-money") == [(ALICE, 50 - equity)]
        assert marked.audit() == []


def test_debts_of_buyer_and_seller_are_settled_by_row():
    """A long that sells to a short that buys, both to nothing and with less than it takes."""
    positions = [("X", 0, 10, 1000), ("X", 1, -10, -500), ("X", 2, 1, 100), ("X", 3, -1, -100)]
    house = build_house(snapshot([X], [10, 5, 500, 500], positions, {"X": "100"}), VENUE, 500)
    done = PassResult(house, house.trade("X", "10", "75", buyer=1, seller=0))
    assert done.amounts("cover", "uncovered-money") == [(0, 240), (1, 245)]
    assert (done.balance[:2], done.cash(), house.audit()) == ([0, 0], 15, [])


def test_a_wallet_that_keeps_a_position_owes_nothing_yet():
    """It is liquidated by the next mark, as any other."""
    house = build_house(snapshot([X], *BOOKS), VENUE, 20)
    assert house.trade("X", "9", "80", buyer=BOB, seller=ALICE).counts() == {"trade": 2}
    assert house.audit() == []


def valued(usdt: int, coins: int, mode: str = "multi-asset", lots: int = 0, **more) -> adl.Snapshot:
    """A wallet of USDT and coins at 100 each, long so many lots at 100, and bob on the other side."""
    held = [("X", 0, lots, 100 * lots), ("X", 1, -lots, -100 * lots)] if lots else []
    return snapshot(
        [X],
        [("ann", mode, 0), ("bob", "cross", 10_000)],
        held,
        {"X": "100"},
        balances={"wallet": [0, 0], "asset": ["USDT", "BTC"], "amount": [usdt, coins], "loan": [0, 0]},
        assets=[USDT, BTC],
        index_prices={"BTC": "100"},
        haircuts={"BTC": "0.1"},
        **more,
    )


def holdings(house) -> list[int]:
    """What the first wallet has, asset by asset."""
    return house.snapshot().balances.amount.tolist()


@pytest.mark.parametrize("mode", ["multi-asset", "portfolio"])
def test_a_valued_wallet_that_a_trade_empties_below_zero_is_settled_at_once(mode):
    """100 and 2 coins at 90 are 280; 10 lots sold at 65 lose 350: coins pay 180, the fund 20, 50 stay open."""
    house = build_house(valued(100, 2, mode, 10), VENUE, 20)
    before = house.state()
    sold = PassResult(house, house.trade("X", "10", "65", buyer=1, seller=0))
    assert sold.amounts("exchange") == [(0, -2), (0, 180)]
    assert sold.amounts("cover", "uncovered-money") == [(0, 20), (0, 50)]
    assert (holdings(house), dict(house.state().uncovered), house.audit()) == ([-50, 0], {(0, 0): 50}, [])
    assert replay_events(before, sold.events)[0] == house.snapshot()


def test_a_valued_wallet_with_equity_keeps_its_debt_and_its_coins():
    """-100 of USDT against 180 of coins is no debt that anybody else has to pay."""
    house = build_house(valued(100, 2, "multi-asset", 10), VENUE, 20)
    assert house.trade("X", "10", "80", buyer=1, seller=0).counts() == {"trade": 2}
    assert (holdings(house), house.audit()) == ([-100, 2], [])


def test_coins_that_fall_leave_a_debt_that_is_settled_by_that_mark():
    """At 50 the two coins are worth 90 of the 100 that are owed: they pay 90, the fund 10."""
    house = build_house(valued(100, 2, "multi-asset", 10), VENUE, 20)
    house.trade("X", "10", "80", buyer=1, seller=0)
    assert len(house.mark({}, index_prices={"BTC": "60"})) == 0
    fallen = PassResult(house, house.mark({}, index_prices={"BTC": "50"}))
    assert fallen.amounts("exchange", "cover") == [(0, -2), (0, 90), (0, 10)]
    assert (holdings(house), fallen.cash(), house.audit()) == ([0, 0], 10, [])
    assert len(house.mark({}, index_prices={"BTC": "40"})) == 0


def test_a_valued_debt_at_the_opening():
    house = build_house(valued(-300, 2), VENUE, 20)
    assert house.opening.counts() == {"exchange": 4, "cover": 1, "fund-paid": 1, "uncovered-money": 1}
    assert (holdings(house), dict(house.state().uncovered), house.audit()) == ([-100, 0], {(0, 0): 100}, [])
    assert len(house.mark({}, index_prices={"BTC": "40"})) == 0  # it is told once


def test_what_a_debtor_of_several_assets_gets_pays_its_entry():
    """An entry of 50 USDT: a coin, worth 90 of them, pays it, and what is left is its owner's."""
    house = build_house(valued(100, 2, "multi-asset", 10), VENUE, 20)
    house.trade("X", 10, 65, buyer=1, seller=0)
    assert dict(house.state().uncovered) == {(0, 0): 50}
    before = house.state()
    events = house.deposit(0, 1, "BTC")
    assert [(row["kind"], row["amount"]) for row in events.rows() if row["wallet"] == 0] == [
        ("deposit", 1),
        ("exchange", -1),
        ("exchange", 50),
        ("uncovered-paid", 0),
    ]
    assert (holdings(house), dict(house.state().uncovered), house.audit()) == ([0, 0], {}, [])
    assert replay_events(before, events)[0] == house.snapshot()


def test_what_could_not_be_exchanged_pays_when_prices_let_it():
    """20 USDT are no coin at 100, and two at 10: the entry of 5 coins falls to 3."""
    books = snapshot(
        [X],
        [("ann", "portfolio", 0), ("bob", "cross", 10_000)],
        [],
        {"X": "100"},
        balances={"wallet": [0, 0], "asset": ["USDT", "BTC"], "amount": [20, 0], "loan": [0, 5]},
        assets=[USDT, BTC],
        index_prices={"BTC": "100"},
    )
    house = build_house(books, VENUE, 0)
    assert (holdings(house), dict(house.state().uncovered)) == ([20, -5], {(0, 1): 5})
    assert house.mark({}, index_prices={"BTC": "10"}).rows("uncovered-reduced")[0]["amount"] == 3
    assert (holdings(house), dict(house.state().uncovered), house.audit()) == ([0, -3], {(0, 1): 3}, [])


def test_books_are_the_same_from_events_where_a_trade_leaves_nothing_of_an_asset():
    """A loss in an asset that the wallet never held, all of it paid by the fund: no row of 0 is left."""
    contract = inverse("I", tiers=TEN_PERCENT)
    books = snapshot(
        [contract],
        [("m", "multi-asset", 0, "USDT"), ("n", "cross", 1000)],
        [("I", 0, 1, -100), ("I", 1, -1, 100)],
        {"I": "100"},
        assets=[BTC, USDT],
        index_prices={"BTC": "1"},
    )
    house = build_house(books, VENUE, [adl.InsuranceFund("BTC", "200")])
    before = house.state()
    events = house.trade("I", 1, 50, buyer=1, seller=0)
    assert events.counts()["cover"] == 1
    assert replay_events(before, events)[0] == house.snapshot()
    assert len(house.snapshot().balances) == 0
    assert house.audit() == []


def test_debts_in_coins_are_paid_by_the_fund_of_coins():
    """An inverse long of 2 bought at 100 and sold at 50 loses 200 coins of 150: 50 lack."""
    coins = inverse("I", tiers=TEN_PERCENT)
    books = snapshot([coins], [150, 10_000], [("I", 0, 2, -200), ("I", 1, -2, 200)], {"I": "100"})
    house = build_house(books, VENUE, [adl.InsuranceFund("BTC", "45")])
    sold = PassResult(house, house.trade("I", "2", "50", buyer=1, seller=0))
    assert sold.amounts("cover", "uncovered-money") == [(0, 45), (0, 5)]
    assert (sold.cash("BTC"), house.audit()) == (0, [])


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 9), st.integers(60, 140)), max_size=12),
    st.integers(0, 60),
)
def test_after_every_call_a_wallet_without_positions_has_something_or_owes_its_entry(trades, cash):
    """And no debt is paid before it is told: balances of others move by their own trades alone."""
    house = build_house(snapshot([X], [50, 50, 50, 50], [], {"X": "100"}), VENUE, cash)
    for buyer, seller, lots, price in trades:
        if buyer == seller:
            continue
        before = house.snapshot().wallets.balance.copy()
        try:
            events = house.trade("X", lots, price, buyer, seller)
        except adl.AdlError:
            assert {buyer, seller} & {wallet for wallet, _ in house.state().uncovered}
            continue
        now = house.snapshot()
        others = [wallet for wallet in range(4) if wallet not in (buyer, seller)]
        assert (now.wallets.balance[others] == before[others]).all()
        open_entries = {wallet: owed for (wallet, _), owed in house.state().uncovered.items()}
        for wallet in range(4):
            if not now.positions.quantity[now.positions.wallet == wallet].any():
                assert now.wallets.balance[wallet] == -open_entries.get(wallet, 0) or now.wallets.balance[wallet] > 0
        assert house.audit() == []
        assert events.counts().get("uncovered-money", 0) <= 2
