"""What becomes of wallets of several assets. Every number by hand."""

from __future__ import annotations

import pytest

import adlcore as adl
from adlcore.clearing import BookIOC, Deleverage, TakeOver
from support.house_books import BTC, CAPPED, Book, X, fund, linear, marked


def valued(
    amounts, positions, prices, venue, *, mode="multi-asset", loans=(0, 0), book=None, wallets=(), cut="0.1", **more
):
    """Wallet 0 holds USDT and BTC at 50, of which `cut` is not counted."""
    terms = {
        "assets": [BTC],
        "balances": {"wallet": [0, 0], "asset": ["USDT", "BTC"], "amount": list(amounts), "loan": list(loans)},
        "index_prices": {"BTC": "50"},
        "haircuts": {"BTC": cut},
    }
    contracts = more.pop("contracts", [X])
    return marked(
        contracts, [("mia", mode, 0), *wallets], positions, prices, venue, more.pop("funds", 0), book, **terms, **more
    )


def held(done):
    """What wallets of several assets hold, as (asset, amount)."""
    books = done.house.snapshot()
    names = [asset.name for asset in books.assets]
    rows = zip(books.balances.asset.tolist(), books.balances.amount.tolist(), strict=True)
    return [(names[code], amount) for code, amount in rows]


def test_collateral_is_exchanged_until_debts_are_paid():
    """485 of debt at 45 a coin: all 11 coins, which would be 495, and no more than the debt for them."""
    # E = 11·45 - 45 - 440 = 10, MM 50: 990/10. Sold at the mark: -45 - 440.
    book = Book(bids=[(10, 100)])
    done = valued([-45, 11], [("X", 0, 10, 1440)], {"X": "100"}, [BookIOC()], book=book)
    assert book.sent == [("X", -10, 99)]
    assert held(done) == [("USDT", 0), ("BTC", 0)]
    assert done.party("treasury") == (0, 11 - 485)


def test_only_so_many_coins_as_needed_are_exchanged():
    """380 of debt take ceil(380/45) = 9 coins of 12; the book closed all, so the others stay."""
    # E = 12·45 - 530 = 10: P 99. Sold at 115: 1150 - 1530.
    done = valued([0, 12], [("X", 0, 10, 1530)], {"X": "100"}, [BookIOC()], book=Book(bids=[(10, 115)]))
    assert held(done) == [("USDT", 0), ("BTC", 3)]


def deep(coins, cut):
    """Mia's ten lots, at 110 and nothing above, leave -45 + 1100 - 1440 = -385 beside her coins."""
    positions = [("X", 0, 10, 1440), ("X", 1, -10, -1440)]
    wallets = [("bob", "cross", 9000)]
    return valued(
        [-45, coins], positions, {"X": "100"}, [Deleverage()], contracts=[CAPPED], wallets=wallets, funds=1000, cut=cut
    )


def test_collateral_that_is_worth_nothing_is_not_given_away():
    """At a haircut of 1 eleven coins pay none of 385: they are the rest of a wallet that was deleveraged."""
    done = deep(11, "1")
    assert done.of("exchange") == []
    assert done.party("treasury") == (0, 0)
    assert done.amounts("rest") == [(0, -11)]
    assert (held(done), done.cash(), done.cash("BTC")) == ([("USDT", 0), ("BTC", 0)], 1000 - 385, 11)


@pytest.mark.parametrize(("coins", "got"), [(1, 0), (2, 1), (3, 1)])
def test_a_coin_that_brings_less_than_a_quantum_is_not_given_away(coins, got):
    """At a haircut of 99 % a coin brings half a quantum."""
    done = deep(coins, "0.99")
    assert done.party("treasury") == (0, (coins if got else 0) - got)
    assert (done.cash(), done.cash("BTC")) == (1000 - 385 + got, 0 if got else coins)


def test_an_exchange_has_both_legs_in_the_ledger():
    """9 coins to the treasury, 380 from it."""
    done = valued([0, 12], [("X", 0, 10, 1530)], {"X": "100"}, [BookIOC()], book=Book(bids=[(10, 115)]))
    legs = [(row["wallet"], row["fund"], row["asset"], row["amount"]) for row in done.events.rows("exchange")]
    assert sorted(legs) == [
        *((-1, "treasury", "BTC", 9), (-1, "treasury", "USDT", -380), (0, "", "BTC", -9), (0, "", "USDT", 380))
    ]


def test_a_positive_rest_of_each_asset_goes_to_the_fund_of_that_asset():
    """A coin is left of a wallet whose lot is worth no less than a tick."""
    # One lot at 100, EV 200, MM 95, 4 coins: E 180 - 100 + 15 = 95 with 15 USDT: BV 5 for ticks of 50: P 50.
    # USDT: 15 + 50 - 200 = -135: 3 coins of 45, exactly. The fourth is BTC's fund's.
    contract = linear(tick="50", tiers=adl.MarginTiers([0], ["0.95"]))
    done = valued([15, 4], [("X", 0, 1, 200)], {"X": "100"}, [TakeOver()], contracts=[contract])
    assert done.fills("take-over") == [(0, -1, 1, 50)]
    assert (held(done), done.cash("USDT"), done.cash("BTC")) == ([("USDT", 0), ("BTC", 0)], 0, 1)


def test_a_loan_is_repaid_before_debts_are():
    """A portfolio wallet with 10 coins of which 1 is lent: 9 pay 440 at 50."""
    # E = 9·50 - 440 = 10, MM 50. ceil(440/50) = 9, worth 450; 440 are credited.
    book = Book(bids=[(10, 100)])
    terms = {"mode": "portfolio", "loans": (0, 1), "cut": "0"}
    done = valued([0, 10], [("X", 0, 10, 1440)], {"X": "100"}, [BookIOC()], book=book, **terms)
    assert held(done) == [("USDT", 0), ("BTC", 0)]
    assert [(row["wallet"], row["amount"]) for row in done.of("loan-repaid")] == [(0, -1)]
    assert done.house.snapshot().balances.loan.tolist() == [0, 0]


def test_a_debt_that_no_collateral_pays_is_the_funds():
    """Nothing above 110: 10 lots at 100 with 1 coin and EV 1500 lack 400 - 45."""
    done = valued(
        *([0, 1], [("X", 0, 10, 1500), ("X", 1, -10, -1000)], {"X": "100"}, [Deleverage()]),
        contracts=[CAPPED],
        wallets=[("bob", "cross", 9000, "USDT")],
        funds=[fund(1000)],
    )
    assert [(row["wallet"], row["asset"], row["amount"]) for row in done.of("cover")] == [(0, "USDT", 355)]
    assert (held(done), done.cash()) == ([("USDT", 0), ("BTC", 0)], 645)


def test_profit_and_loss_is_booked_in_the_settle_asset():
    """Mia has 5,000 USDT and is short a contract in coins: deleveraged at 20 she owes 10 coins."""
    contract = linear("C", settle=BTC)
    terms = {
        "assets": [adl.Asset("USDT", 0)],
        "balances": {"wallet": [1], "asset": ["USDT"], "amount": [5000]},
        "index_prices": {"BTC": "50"},
    }
    wallets = [("bob", "cross", 0, "BTC"), ("mia", "multi-asset", 0, "USDT")]
    positions = [("C", 0, 1, 20), ("C", 1, -1, -10)]
    done = marked([contract], wallets, positions, {"C": "10"}, [Deleverage()], **terms)
    assert [fill[:3] for fill in done.fills("adl-fill")] == [(0, -1, 20), (1, 1, 20)]
    assert held(done) == [("USDT", 5000), ("BTC", -10)]


def test_equity_of_several_assets_bears_losses_at_the_index_price():
    """A loss of 10 coins a lot, a coin at 50: E 649 is floor(12.98), half-even 13, and bears 1 lot; 600, 12, none."""
    contract = linear("C", settle=BTC)
    for amount, given in ((649, 1), (600, 0)):
        terms = {
            "assets": [adl.Asset("USDT", 0)],
            "balances": {"wallet": [1], "asset": ["USDT"], "amount": [amount]},
            "index_prices": {"BTC": "50"},
        }
        wallets = [("bob", "cross", 0, "BTC"), ("mia", "multi-asset", 0, "USDT")]
        positions = [("C", 0, 1, 20), ("C", 1, -1, -10)]
        done = marked([contract], wallets, positions, {"C": "10"}, [Deleverage()], **terms)
        assert len(done.of("adl-notice")) == given
