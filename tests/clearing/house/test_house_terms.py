"""The terms of a house are checked once, and its copies have them."""

import copy
import pickle

import pytest

from adlcore.clearing import ClearingHouse
from support import ten_wallets
from support.house_calls import STATE
from support.refusals import refused_for


def pickled(value):
    """Through a pickle and back."""
    return pickle.loads(pickle.dumps(value))


HOWS = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": pickled}
every_way = pytest.mark.parametrize("how", HOWS.values(), ids=HOWS)


@every_way
def test_a_copy_keeps_its_terms(how):
    """The largest move, the audit that is off, the lines of the ledger."""
    copied = how(ClearingHouse.from_state(STATE, ten_wallets.venue(), audit="off", max_move="0.01", ledger_lines=1))
    refused_for(lambda: copied.mark({"X": "50"}), "prices['X']", "must be within 0.01 of the last mark")
    copied.fund_deposit("USDT", "1")
    copied.fund_deposit("USDT", "2")
    assert len(copied.funds["USDT"].ledger["amount"]) == 1


def test_an_order_book_that_cannot_be_copied_is_named():
    class Socket:
        def ioc(self, contract, quantity, limit, time):
            return []

        def __deepcopy__(self, memo):
            raise TypeError("a connection")

    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), Socket())
    refused_for(lambda: copy.copy(house), "liquidity", "liquidity is ", ": must be one that can be copied; from_state")
