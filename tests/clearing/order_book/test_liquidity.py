"""The book in which nothing rests, and what a house asks of any book."""

import pickle

import pytest

from adlcore import Contract
from adlcore.clearing import DepthLadder
from adlcore.clearing.order_book.liquidity import Liquidity, NoLiquidity, Restorable

pytestmark = pytest.mark.plain


def test_nothing_rests_in_no_liquidity():
    book = NoLiquidity()
    assert list(book.ioc(Contract("X", tick="0.1"), 5, 2**63 - 1, 0)) == []
    book.restore(book.checkpoint())
    assert book == pickle.loads(pickle.dumps(book))
    assert (repr(book), hash(book)) == ("NoLiquidity()", hash(NoLiquidity()))
    assert book != DepthLadder({})
    assert isinstance(book, Restorable)
    assert isinstance(DepthLadder({}), Restorable)
    wanted: Liquidity = book
    assert wanted is book
