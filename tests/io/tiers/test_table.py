"""What readers of payloads share: the symbol that is meant, and rows that are none."""

import numpy as np

from adlcore.io import tiers
from support.refusals import cases
from support.refusals import refused_for as refused
from support.venue_tiers import unified, usdm

TWO = [usdm(), usdm(symbol="BTCUSDC")]
TIERS = [unified(0.0, 0.004), unified(50000.0, 0.005)]


@cases(
    "payload venue symbol argument words",
    [
        (TWO, "binance", None, "symbol", ("BTCUSDT, BTCUSDC",)),
        (TWO, "binance", "BTCUSD", "symbol", ("'BTCUSD'", "BTCUSDT")),
        (TWO, "binance", 5, "symbol", ("must be a name",)),
        (usdm(), "binance", "ETHUSDT", "symbol", ("'ETHUSDT'", "BTCUSDT")),
        ([], "binance", None, "payload", ("empty",)),
        (np.arange(3), "binance", None, "payload", ("ndarray",)),
        ("BTCUSDT", "binance", None, "payload", ("a str", "list")),
        ({"A": TIERS, "B": TIERS}, "ccxt", None, "symbol", ("A, B",)),
        ({"A": TIERS}, "ccxt", "B", "symbol", ("'B'", "A")),
        ([], "ccxt", None, "tiers", ("empty",)),
        ({}, "ccxt", None, "symbol", ("none",)),
        (None, "ccxt", None, "tiers", ("NoneType",)),
    ],
)
def test_what_is_no_payload(payload, venue, symbol, argument, words):
    refused(lambda: tiers.read(payload, venue, symbol), argument, *words)
