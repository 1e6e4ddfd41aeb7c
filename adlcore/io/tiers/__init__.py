"""Margin tiers as venues and ccxt print them, one file a venue: which keys hold what, and how exact it is."""

from __future__ import annotations

from typing import Any

from ..._support.options import require_option
from ...contracts import MarginTiers
from .binance import bracket_table
from .ccxt import tier_table

__all__ = ["read"]

#: By the name of the venue, or of the library that asks it: what reads a payload of theirs.
READERS = {"binance": bracket_table, "ccxt": tier_table}


def read(payload: Any, venue: str, symbol: str | None = None) -> MarginTiers:
    """The margin tiers of one symbol, from what a venue answered.

    Parameters
    ----------
    payload : list or dict
        The parsed JSON; its numbers may be ints, floats or strings.

        * Of ``"binance"`` the answer of ``GET /fapi/v1/leverageBracket`` (USD-M), ``GET /dapi/v2/leverageBracket``
          (COIN-M: floors in the coin) or their portfolio-margin forms: every symbol's, or one's.
        * Of ``"ccxt"`` what ``fetch_leverage_tiers`` (a list per symbol) or ``fetch_market_leverage_tiers`` (the
          list of one) returned.
    venue : {"binance", "ccxt"}
        Whose structure it has.
    symbol : str, optional
        Which one to take, as the payload names it: ``"BTCUSDT"``, or ``"BTC/USDT:USDT"`` of ccxt; needed where there
        are several.

    Returns
    -------
    MarginTiers
        Floors and amounts are in units of the settle asset.

    Raises
    ------
    AdlError
        For an unknown venue or symbol, a key that is missing (the message says what was there), an amount too far
        from the derived one, and all that :class:`MarginTiers` refuses.

    Notes
    -----
    Binance's brackets hold ``notionalFloor`` (USD-M), ``qtylFloor`` or ``qtyFloor`` (COIN-M), ``maintMarginRatio``
    and the amount ``cum``. ``notionalCoef``, where present, multiplies the account's brackets: floors and amounts are
    scaled by it. An amount may be off by one unit of the last digit printed. Sources: developers.binance.com,
    "Notional and Leverage Brackets" (USD-M), "Notional Bracket for Symbol" (COIN-M), "CM Notional and Leverage
    Brackets" (portfolio margin).

    Of ccxt's structures ``minNotional`` and ``maintenanceMarginRate`` are read; amounts from ``cum`` of the venue's
    own ``info`` where every tier has one, within one unit of the last digit printed, else they are derived. An
    account's ``notionalCoef`` has no place in them. Some venues count ``minNotional`` in contracts or in the base
    asset (``currency`` says which): tiers of a contract are in its settle asset. Source: github.com/ccxt/ccxt, pull
    requests 12873 (the names) and 16585 (``info``).

    Examples
    --------
    >>> payload = [{"symbol": "ETHUSDT", "notionalCoef": 1.5, "brackets": [
    ...     {"bracket": 2, "notionalFloor": 10000, "maintMarginRatio": 0.01, "cum": 35.0},
    ...     {"bracket": 1, "notionalFloor": 0, "maintMarginRatio": 0.0065, "cum": 0.0},
    ... ]}]
    >>> read(payload, "binance", "ETHUSDT")
    <MarginTiers of 2: 0.65 % to 1 %, floors 0 to 15000>
    >>> tiers = [
    ...     {"tier": 1, "minNotional": 0.0, "maintenanceMarginRate": 0.004, "info": {"cum": "0"}},
    ...     {"tier": 2, "minNotional": 50000.0, "maintenanceMarginRate": 0.005, "info": {"cum": "50"}},
    ... ]
    >>> read(tiers, "ccxt")
    <MarginTiers of 2: 0.4 % to 0.5 %, floors 0 to 50000>
    """
    require_option("venue", venue, tuple(READERS))
    table = READERS[venue](payload, symbol)
    return MarginTiers(table.floor, table.rate, table.amount, amount_tolerance=table.digit)
