"""Money into and out of wallets and funds: at most what is free, and never so much that somebody fails by it."""

from __future__ import annotations

import house_books
import pytest
from books import refused
from house_books import marked

from adlcore.clearing import TakeOver

# Funds ----------------------------------------------------------------------------------------------------------------


def fund_with_a_long(mark: str):
    """Wallet 0 is bankrupt at 85: a fund with 100 has its 10 lots at 85, and the mark moves on."""
    positions = [("X", 0, 10, 1000), ("X", 1, -10, -1000)]
    done = marked([house_books.linear()], [150, 9000], positions, {"X": "85"}, [TakeOver()], 100, old={"X": "100"})
    house = done.mark({"X": mark}).house
    fund = house.funds["USDT"]
    assert (fund.cash, fund.equity) == (100, 100 + 10 * (int(mark) - 85))
    return house


@pytest.mark.parametrize(("mark", "most"), [("90", 100), ("85", 100), ("84", 90), ("76", 10), ("75", 0), ("60", 0)])
def test_money_out_of_a_fund_is_at_most_its_cash_and_its_equity(mark, most):
    house = fund_with_a_long(mark)
    digest = house.hash
    refused(lambda: house.fund_deposit("USDT", -most - 1), "amount", None, f"at most cash and equity: {most} USDT")
    assert house.hash == digest
    if most:
        house.fund_deposit("USDT", -most)
    assert (house.funds["USDT"].cash, house.funds["USDT"].equity) == (100 - most, 100 + 10 * (int(mark) - 85) - most)
    assert house.audit() == []
    house.fund_deposit("USDT", 1)
