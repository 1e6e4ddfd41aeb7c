"""A crowd to play with: books of wallets of every margin mode, in linear and inverse contracts, the same for a seed.

What its wallets are like by default is :data:`adlcore.lab.habits.SNAPSHOT_HABITS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from .._support.options import is_count, read_list, require_option
from ..clearing import Snapshot
from ..contracts import Contract, MarginTiers
from ..contracts.decimals import whole_number
from ..errors import AdlError
from .habits import MODES, SNAPSHOT_HABITS, Coin, CrowdContract, draw_crowd
from .portable import exponential, logarithm

__all__ = ["MODES", "snapshot"]

#: Coins by how much they are traded: name, price, tick, lot, face value of the inverse contract in USD.
COINS = (
    *(("BTC", 58_000, "0.1", "0.001", 100), ("ETH", 2_450, "0.01", "0.001", 10), ("SOL", 138, "0.01", "0.01", 10)),
    *(("BNB", 560, "0.01", "0.01", 10), ("XRP", 0.56, "0.0001", "0.1", 10), ("DOGE", 0.112, "0.00001", "1", 10)),
    *(("AVAX", 25.6, "0.001", "0.1", 10), ("LINK", 11.2, "0.001", "0.1", 10)),
)
#: So many contracts in three are linear; the third is inverse for as long as it finds one of this many coins.
INVERSE_COINS = 4

#: Tiers in USD: of the two largest coins (Binance prints such for BTCUSDT), and of all others.
MAJOR = (
    ("0", "50000", "250000", "1000000", "5000000", "20000000", "50000000", "100000000"),
    ("0.004", "0.005", "0.01", "0.025", "0.05", "0.1", "0.125", "0.15"),
)
MINOR = (
    ("0", "5000", "25000", "100000", "500000", "2000000", "10000000"),
    ("0.01", "0.015", "0.025", "0.05", "0.1", "0.125", "0.15"),
)

#: The k-th contract has a share of the positions in proportion to this power of k.
POPULARITY = -0.8

HAIRCUTS = {"BTC": "0.05", "ETH": "0.1", "SOL": "0.2", "BNB": "0.15"}


def snapshot(
    wallets: int = 1_000,
    contracts: int = 6,
    *,
    positions: int | None = None,
    seed: int = 7,
    modes: Sequence[str] = MODES,
) -> Snapshot:
    """The books of a crowd of random wallets, with balanced open interest and some wallets near liquidation.

    Parameters
    ----------
    wallets : int, default 1_000
        At least 2.
    contracts : int, default 6
        At least 1. Of every three one is inverse (BTCUSD, ETHUSD, SOLUSD, BNBUSD), all others are
        linear in USDT.
    positions : int, optional
        About how many; by default two a wallet. A wallet has a contract once, or in hedge mode twice.
    seed : int, default 7
        Of NumPy's PCG64; the same seed gives the same snapshot (to the last bit with the same NumPy on
        the same CPU).
    modes : sequence of {"cross", "isolated", "hedge", "multi-asset", "portfolio"}, optional
        Which wallets there are; by default all, most of them cross.

    Returns
    -------
    Snapshot
        With open orders on some positions; accounts are int64, from 1.

    Raises
    ------
    AdlError
        For fewer wallets or contracts, a negative seed, or an unknown mode.

    Notes
    -----
    * Size in USD: lognormal over wallets (median 600, sigma 2.4) and over a wallet's positions (sigma 0.8). The
      smaller side of a contract is scaled up and its largest row takes the remainder: open interest balances to the
      lot. The k-th contract has a share of the positions in proportion to ``k**-0.8``.
    * Entry: 8 % about the mark.
    * Equity: notional over a leverage of 2 to 50, and more than maintenance margin; of 2 % of the wallets 0.8 to
      1.25 times it, of 0.2 % below zero, where their positions lose enough. Balances are never below zero.
    * Collateral of multi-asset and portfolio wallets: half in USDT, half in coins with haircuts of 5 % to 20 %; half
      of the portfolio wallets have a loan.

    O(positions + wallets·contracts).

    Examples
    --------
    >>> import adlcore as adl
    >>> from adlcore.lab import crowd
    >>> snapshot = crowd.snapshot(wallets=1_000, contracts=3)
    >>> snapshot.validate(strict=True)
    >>> [contract.symbol for contract in snapshot.contracts]
    ['BTCUSDT', 'ETHUSDT', 'BTCUSD']
    >>> bool(adl.margin_state(snapshot).liquidatable.any())
    True
    """
    wallets, contracts = _count("wallets", wallets, 2), _count("contracts", contracts, 1)
    positions = 2 * wallets if positions is None else _count("positions", positions, 0)
    habits = replace(SNAPSHOT_HABITS, modes={mode: SNAPSHOT_HABITS.modes[mode] for mode in _modes(modes)})
    rng = np.random.default_rng(_count("seed", seed, 0))
    crowd_contracts = [_contract(code, rng) for code in range(contracts)]
    needed = {"BTC", "ETH", *(entry.contract.settle.name for entry in crowd_contracts)}
    coins = [Coin(coin, f"{price:g}", HAIRCUTS[coin]) for coin, price, *_ in COINS if coin in needed]
    return draw_crowd(crowd_contracts, coins, habits, wallets=wallets, positions=positions, rng=rng)


def _count(name: str, value: Any, least: int) -> int:
    """A whole number that is so large at least, and fits int64 unless it is the seed."""
    if not is_count(value, least):
        raise AdlError.at(name, None, value, f"must be a whole number, {least} or above")
    return whole_number(value, name, wide=name == "seed")


def _modes(modes: Sequence[str]) -> list[str]:
    """The modes that are wanted, in the order of MODES."""
    must = f"must be of {', '.join(MODES)}"
    wanted = [modes] if isinstance(modes, str) else read_list("modes", modes, must)
    for mode in wanted or ["none"]:
        require_option("modes", mode, MODES, must)
    return [mode for mode in MODES if mode in wanted]


def _contract(code: int, rng: np.random.Generator) -> CrowdContract:
    """The contract of a number: linear, linear, inverse, and so on."""
    popularity = float(exponential(POPULARITY * logarithm(code + 1)))
    inverse = code % 3 == 2 and code // 3 < INVERSE_COINS
    coin = code // 3 if inverse else code - min((code + 1) // 3, INVERSE_COINS)
    move = float(exponential(0.01 * rng.standard_normal()))
    if coin < len(COINS):
        name, price, tick, lot, face = COINS[coin]
    else:
        name, price, face = f"COIN{coin + 1}", float(exponential(2.0 * rng.standard_normal())), 10
        tick = format(Decimal(1).scaleb(int(np.floor(np.log10(price))) - 4), "f")
        lot = "1" if price < 100 else "0.01"
    mark = format((Decimal(repr(price * move)) / Decimal(tick)).quantize(Decimal(1)) * Decimal(tick), "f")
    floors, rates = MAJOR if coin < 2 else MINOR
    if not inverse:
        return CrowdContract(
            Contract(f"{name}USDT", lot=lot, tick=tick, tiers=MarginTiers(floors, rates)), mark, 1.0, popularity
        )
    coins = [f"{float(floor) / price:.1g}" for floor in floors]
    tiers = MarginTiers(coins, rates)
    contract = Contract(f"{name}USD", kind="inverse", settle=name, multiplier=face, tick=tick, tiers=tiers)
    return CrowdContract(contract, mark, float(price), popularity)
