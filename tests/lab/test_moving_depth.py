"""A book that follows the mark."""

import pytest

import adlcore as adl
from adlcore.lab.moving_depth import MovingDepth, Shape

pytestmark = pytest.mark.files

BTC = adl.Contract("BTCUSDT", tick="0.1")


def test_depth_that_was_taken_stays_taken_when_the_book_moves_and_comes_back_with_time():
    book = MovingDepth([Shape(BTC, 1000, 2, 0.001, 1.0, 0.01)], {"BTCUSDT": "60000"})
    assert book.ioc(BTC, -600, 1, 0) == [(500, 599700), (100, 599100)]
    book.move({"BTCUSDT": "59000"}, 1.0)
    assert book.ioc(BTC, -500, 1, 0) == [(400, 589100)]
    # 5 lots a level and millisecond
    assert book.ioc(BTC, -500, 1, 20) == [(100, 589700), (100, 589100)]


def test_a_book_goes_back_to_a_checkpoint_with_its_share():
    book = MovingDepth([Shape(BTC, 1000, 2, 0.001, 1.0, 0.0)], {"BTCUSDT": "60000"})
    token = book.checkpoint()
    fills = book.ioc(BTC, 700, 10**7, 0)
    book.move({"BTCUSDT": "50000"}, 0.1)
    assert sum(lots for lots, _ in book.ioc(BTC, 700, 10**7, 0)) == 100
    book.restore(token)
    assert book.ioc(BTC, 700, 10**7, 0) == fills
