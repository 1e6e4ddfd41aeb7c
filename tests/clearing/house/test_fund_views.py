"""What a house shows of its funds."""

from decimal import Decimal

from adlcore.clearing import ClearingHouse
from support import ten_wallets
from support.house_calls import STATE
from support.ten_wallets import DOWN


def test_the_funds_of_a_house(house):
    """A fund took 3 short lots at 102 in the books' first mark: its equity is that at 101."""
    funds = house.funds
    assert list(funds) == ["X", "USDT", "BTC"]
    assert len(funds) == 3
    first = funds["X"]
    assert (first.name, first.asset, first.balance) == ("X", "USDT", Decimal(first.cash).scaleb(-2))
    assert first.inventory["X"][0] == -3
    assert first.equity == first.cash - 3 * 10_100 - first.inventory["X"][1]
    assert repr(first) == f"<Fund X: {first.balance} USDT, 1 positions>"
    assert repr(funds).startswith("{'X': <Fund X: ")
    shown = repr(funds), first.equity, len(first.ledger["amount"])
    house.mark(**DOWN)
    assert (repr(funds), funds["X"].equity, len(funds["X"].ledger["amount"])) == shown  # values of that moment
    assert house.funds["X"].equity != first.equity


def test_what_funds_show_does_not_change_afterwards():
    """Cash, equity, inventory, ledger and text are those of the moment at which they were asked for."""
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())

    def shown(funds):
        return [
            (repr(one), one.cash, one.equity, one.balance, one.inventory, one.ledger["sequence"].tolist())
            for one in funds.values()
        ]

    funds = house.funds
    before = shown(funds)
    house.fund_deposit("USDT", "1")
    house.mark(**ten_wallets.DOWN)
    assert shown(funds) == before
    assert shown(house.funds) != before
    assert shown(house.funds)[0][2] == house.funds["X"].equity
