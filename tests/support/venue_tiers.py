"""Payloads of margin tiers, in the structures of Binance and of ccxt."""

from support.published import USDM


def bracket(n, floor, rate, cum, key="notionalFloor"):
    """One tier as developers.binance.com shows it."""
    return {"bracket": n, "initialLeverage": 20, key: floor, "maintMarginRatio": rate, "cum": cum}


def usdm(as_text=False, **others):
    """One symbol's brackets of USD-M, the last one first."""
    write = str if as_text else float
    rows = zip(*USDM, ["0", "50", "1300", "16300", "141300", "1141300"], strict=True)
    brackets = [bracket(n, write(floor), write(rate), write(cum)) for n, (floor, rate, cum) in enumerate(rows, 1)]
    return {"symbol": "BTCUSDT", "brackets": brackets[::-1], **others}


def unified(floor, rate, **info):
    """One tier in the structure of github.com/ccxt/ccxt, pull request 12873."""
    return {
        "tier": 1,
        "symbol": "BTC/USDT:USDT",
        "currency": "USDT",
        "minNotional": floor,
        "maxNotional": None,
        "maintenanceMarginRate": rate,
        "maxLeverage": 25,
        "info": info,
    }
