"""Who is no user: the street, the treasury, vaults and funds, and what each holds."""

import pickle

import numpy as np
import pytest

from adlcore import Asset, Contract
from adlcore.clearing import InsuranceFund
from adlcore.clearing.funds.fund_table import resolve_funds
from adlcore.clearing.funds.parties import FIRST_VAULT, STREET, TREASURY, Parties

USDT, BTC = Asset("USDT", 2), Asset("BTC", 0)


def opened() -> Parties:
    """A vault, and three funds in two assets."""
    contracts = [Contract("X", settle=USDT), Contract("Y", settle=BTC)]
    funds = [InsuranceFund("BTC", 5), InsuranceFund("USDT", "7.25", scope="X", parent="USDT")]
    return Parties.opened(("vault",), resolve_funds(funds, contracts, [USDT, BTC]), 2, 2)


def test_parties_open_with_the_cash_of_the_funds_and_nothing_else():
    parties = opened()
    assert parties.names == ("street", "treasury", "vault", "BTC", "X", "USDT")
    assert [parties.code(name) for name in ("street", "treasury", "vault")] == [STREET, TREASURY, FIRST_VAULT]
    assert parties.first_fund == parties.code("BTC") == 3
    assert parties.cash.tolist() == [[0, 0]] * 3 + [[0, 5], [725, 0], [0, 0]]
    for column in (parties.lots, parties.cost, parties.realized):
        assert column.tolist() == [[0, 0]] * 6


def test_parties_never_change_and_are_pickled():
    parties = opened()
    twin = pickle.loads(pickle.dumps(parties))
    assert all(np.array_equal(getattr(twin, name), getattr(parties, name)) for name in Parties.PICKLED)
    for each in (parties, twin):
        assert not any(getattr(each, name).flags.writeable for name in ("lots", "cost", "realized", "cash"))
        with pytest.raises(AttributeError, match="immutable"):
            each.names = ()
