"""Funding: what rows pay, and what the fund is left with."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import Backstop, TakeOver, Uncovered
from support.house_books import PassResult, X, build_house, inverse, mark_once, snapshot


def test_funding_conserves_money():
    """Longs of 3 and 4 pay 3 and 4 of 310, shorts of 5 get 5; the street is short 2 and gets 2."""
    # |MV| 300, 400, 500, 200 at a rate of 0.01; with 0.005: 1.5 is 2, 2 is 2, 2.5 is 2, 1 is 1: the fund has 2+2-2-1.
    positions = [("X", 0, 3, 300), ("X", 1, 4, 400), ("X", 2, -5, -500)]
    house = build_house(snapshot([X], [100, 100, 100], positions, {"X": "100"}), [Uncovered()], 50)
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
    house = build_house(
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


@pytest.mark.parametrize(("rate", "paid"), [("0.0015", 2), ("0.0025", 2), ("-0.0015", -2), ("0.01", 10), (0.0035, 4)])
def test_longs_pay_shorts_their_value_times_the_rate(rate, paid):
    """1000 times 0.15 % is 1.5, half-even 2; of 0.25 % it is 2, of 0.35 % 4."""
    done = mark_once([X], [100, 100], [("X", 0, 10, 1000), ("X", 1, -10, -1000)], {"X": "100"}, [Uncovered()])
    done.house.funding({"X": rate}, 5)
    assert (done.balance, done.cash(), done.house.time) == ([100 - paid, 100 + paid], 0, 5)


def test_the_rounding_difference_is_the_funds():
    """Three pay 1.25 each, 1; one receives 3.75, 4."""
    positions = [*(("X", row, 1, 100) for row in range(3)), ("X", 3, -3, -300)]
    done = mark_once([X], [100] * 4, positions, {"X": "100"}, [Uncovered()], 50)
    done.house.funding({"X": "0.0125"})
    assert (done.balance, done.cash()) == ([99, 99, 99, 104], 49)


def test_the_funds_own_payment_is_in_its_sum():
    """It is long 10, a user is short 10 and receives 10."""
    done = mark_once([X], [0, 100], [("X", 0, 10, 1000), ("X", 1, -10, -1000)], {"X": "100"}, [TakeOver()], 50)
    done.house.funding({"X": "0.01"})
    assert (done.balance, done.cash()) == ([0, 110], 40)


def test_street_and_vaults_pay_like_users():
    """A vault long 15 pays 15 to the street that is short."""
    done = mark_once([X], [49], [("X", 0, 15, 1500)], {"X": "100"}, [Backstop()], 50)
    paid = PassResult(done.house, done.house.funding({"X": "0.01"}))
    assert (paid.party("vault"), paid.party("street")) == ((0, -15), (0, 15))
    assert (paid.party("USDT"), paid.cash()) == ((0, 0), 50)


@given(st.floats(1e-12, 1e-3) | st.floats(-1e-3, -1e-12))
def test_a_rate_may_have_more_digits_than_a_kernels_fraction(rate):
    """A third of a basis point has 20 decimals as a float: it pays what the exact decimal of it pays."""
    positions = [("X", 0, 3, 300), ("X", 1, -3, -300)]
    house = build_house(snapshot([X], [10**15, 10**15], positions, {"X": "1000000000000"}), [Uncovered()], 50)
    for each in (rate, 1e-4 / 3, -1e-19, "0.0000123456789012345678"):
        paid = round(3 * 10**12 * Fraction(Decimal(str(each))))
        before = house.snapshot().wallets.balance
        house.funding({"X": each})
        assert (house.snapshot().wallets.balance - before).tolist() == [-paid, paid]
    with pytest.raises(adl.AdlError, match=r"rates\['X'\] is '1.*': must give payments that fit int64 quanta"):
        house.funding({"X": "10000000.0000000000000000001"})
