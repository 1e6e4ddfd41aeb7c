"""What funds receive and pay: as far as a fund goes, then its parents. Every number by hand."""

import pytest

from adlcore.clearing import Deleverage, TakeOver
from support.house_books import BTC, CAPPED, LACKING, X, fund, linear, mark_once


@pytest.mark.parametrize(("cash", "paid"), [(500, 400), (400, 400), (399, 399), (0, 0)])
def test_the_fund_pays_a_deficit_as_far_as_it_goes(cash, paid):
    """What is left stays as a negative balance with an event that says how much."""
    done = mark_once([CAPPED], *LACKING, [Deleverage()], cash)
    assert done.amounts("cover") == ([(0, paid)] if paid else [])
    assert (done.balance, done.cash()) == ([paid - 400, 9000 + 1000 - 1100], cash - paid)
    assert done.amounts("uncovered-money") == ([(0, 400 - paid)] if paid < 400 else [])


def holding_ten(price):
    """A fund without cash that took 10 lots of X over at this price; wallet 0 is long 10 of Y, which stands at 150."""
    capped = linear("Y", max_price="110")
    positions = [("X", 2, 10, 10 * price), ("Y", 0, 10, 1500), ("Y", 1, -10, -1000)]
    return mark_once([X, capped], [300, 9000, 0], positions, {"X": str(price), "Y": "150"}, [TakeOver(), Deleverage()])


def test_a_fund_pays_of_its_equity_and_its_cash_may_become_negative():
    """No cash, but 10 lots at 100 that stand at 130."""
    # Wallet 2: long 10, E 0: taken over at 100. At 130 F is 300. Y falls meanwhile: 400 lack there.
    # At 70: E = 300 - 800 = -500, BV 1200, held at 1100: 300 + 1100 - 1500 = -100.
    up = holding_ten(100).mark({"X": "130", "Y": "70"})
    assert up.amounts("cover") == [(0, 100)]
    assert (up.cash(), up.equity()) == (-100, 200)


def test_a_fund_below_zero_pays_nothing():
    """10 lots that cost 1020, at 98; Y lacks 100."""
    down = holding_ten(102).mark({"X": "98", "Y": "70"})
    assert down.of("cover") == []
    assert down.amounts("uncovered-money") == [(0, 100)]
    assert (down.balance[0], down.cash()) == (-100, 0)


def test_parents_pay_what_a_fund_cannot():
    """Of 400 the fund of X has 300, and its parent pays the rest for it."""
    done = mark_once([CAPPED], *LACKING, [Deleverage()], [fund(300, scope="X", parent="USDT"), fund(1000)])
    covers = [(row["cause"], row["amount"]) for row in done.of("cover")]
    assert covers == [("shortfall", 300), ("parent", 100)]
    assert (done.cash("X"), done.cash(), done.house.state().lent.tolist()) == (0, 900, [100, 0])


def test_parents_pay_for_a_wallet_of_several_assets():
    """Of 400 her coin pays 45, the fund of the asset 300, and its parent the rest."""
    done = mark_once(
        [CAPPED],
        [("mia", "multi-asset", 0), ("bob", "cross", 9000, "USDT")],
        [("X", 0, 10, 1500), ("X", 1, -10, -1000)],
        {"X": "100"},
        [Deleverage()],
        [fund(300, parent="X"), fund(1000, scope="X")],
        assets=[BTC],
        balances={"wallet": [0, 0], "asset": ["USDT", "BTC"], "amount": [0, 1], "loan": [0, 0]},
        index_prices={"BTC": "50"},
        haircuts={"BTC": "0.1"},
    )
    covers = [(row["wallet"], row["cause"], row["amount"]) for row in done.of("cover")]
    assert covers == [(0, "shortfall", 300), (0, "parent", 55)]
    assert (done.amounts("fund-paid", party="USDT"), done.amounts("fund-paid", party="X")) == (
        [(-1, -300)],
        [(-1, -55)],
    )
    assert (done.cash(), done.cash("X"), done.house.state().lent[:2].tolist()) == (0, 945, [55, 0])
    assert done.house.audit() == []
