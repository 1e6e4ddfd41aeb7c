"""A venue to play with: wallets of every margin mode in linear and inverse contracts, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from .._arrays import Float64Array1D, Int64Array1D
from ..clearing import Snapshot
from ..clearing.accounts.tables import MODES as WALLET_MODES
from ..contracts import Asset, Contract
from ..errors import AdlError
from ..tiers import MarginTiers

__all__ = ["MODES", "snapshot"]

#: How wallets hold positions, and how common each is. A hedge wallet is a cross wallet with two legs in a contract.
SHARES = {"cross": 0.62, "isolated": 0.2, "hedge": 0.07, "multi-asset": 0.06, "portfolio": 0.05}
MODES = tuple(SHARES)

#: Coins by how much they are traded: name, price, tick, lot, face value of the inverse contract in USD.
COINS = (
    *(("BTC", 58_000, "0.1", "0.001", 100), ("ETH", 2_450, "0.01", "0.001", 10), ("SOL", 138, "0.01", "0.01", 10)),
    *(("BNB", 560, "0.01", "0.01", 10), ("XRP", 0.56, "0.0001", "0.1", 10), ("DOGE", 0.112, "0.00001", "1", 10)),
    *(("AVAX", 25.6, "0.001", "0.1", 10), ("LINK", 11.2, "0.001", "0.1", 10)),
)
#: So many contracts in three are linear; the third is inverse for as long as it finds one of this many coins.
INVERSE_COINS = 4
QUANTA = 10**8

#: Tiers in USD: of the two largest coins (Binance prints such for BTCUSDT), and of all others.
MAJOR = (
    ("0", "50000", "250000", "1000000", "5000000", "20000000", "50000000", "100000000"),
    ("0.004", "0.005", "0.01", "0.025", "0.05", "0.1", "0.125", "0.15"),
)
MINOR = (
    ("0", "5000", "25000", "100000", "500000", "2000000", "10000000"),
    ("0.01", "0.015", "0.025", "0.05", "0.1", "0.125", "0.15"),
)

#: Of cross wallets, how many are in a coin where contracts settle in coins.
COIN_SHARE = 0.15

#: What a wallet's positions are worth in USD: lognormal over wallets, and over the positions of one.
WORTH_MEDIAN, WORTH_SIGMA, SIZE_SIGMA, LARGEST = 600.0, 2.4, 0.8, 2e8

#: Spread of entry prices about the mark.
ENTRY_SIGMA = 0.08

#: Leverages that traders choose; wallets that chose none have 0.
LEVERAGES = (2.0, 3.0, 5.0, 10.0, 20.0, 50.0)
UNCHOSEN_SHARE = 0.3

#: Wallets about to be liquidated, and those past it.
NEAR_SHARE, BROKE_SHARE = 0.02, 0.002

#: Collateral of wallets that hold several assets: half is in coins, less these haircuts; portfolio wallets borrow.
HAIRCUTS = {"BTC": "0.05", "ETH": "0.1", "SOL": "0.2", "BNB": "0.15"}
LOAN_SHARE, LOAN_RATE = 0.2, "0.02"

ORDER_SHARE, ORDER_LEVERAGE = 0.04, 20


def snapshot(
    wallets: int = 1_000,
    contracts: int = 6,
    *,
    positions: int | None = None,
    seed: int = 7,
    modes: Sequence[str] = MODES,
) -> Snapshot:
    """A venue of random wallets, with balanced open interest and some wallets near liquidation.

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
    >>> from adlcore.lab import venue
    >>> snapshot = venue.snapshot(wallets=1_000, contracts=3)
    >>> snapshot.validate(strict=True)
    >>> [contract.symbol for contract in snapshot.contracts]
    ['BTCUSDT', 'ETHUSDT', 'BTCUSD']
    >>> bool(adl.margin_state(snapshot).liquidatable.any())
    True
    """
    w, number = _count("wallets", wallets, 2), _count("contracts", contracts, 1)
    wanted = 2 * w if positions is None else _count("positions", positions, 0)
    chosen = _modes(modes)
    rng = np.random.default_rng(_count("seed", seed, 0))
    listed = [_listed(code, rng) for code in range(number)]
    crowd = _crowd(rng, w, chosen, listed)
    rows = _positions(rng, listed, crowd, wanted)
    named = {coin: Asset(coin) for coin in ("USDT", "BTC", "ETH", *(entry.contract.settle.name for entry in listed))}
    assets = list(named)
    balance, balances = _money(rng, listed, crowd, rows, assets)
    prices = {coin: f"{price:g}" for coin, price, *_ in COINS if coin in named}
    return Snapshot(
        [entry.contract for entry in listed],
        {
            "account": crowd.account,
            "asset": np.array([assets.index(name) for name in crowd.names])[crowd.asset],
            "mode": crowd.mode,
            "balance": balance,
        },
        {name: getattr(rows, name) for name in ("contract", "wallet", "quantity", "entry_value", "leverage")},
        {entry.contract.symbol: entry.mark for entry in listed},
        orders=_orders(rng, listed, rows),
        balances=balances,
        # The order of the assets is the settle assets', then what is named here: rows above count this order.
        assets=named.values(),
        index_prices=prices,
        haircuts={coin: HAIRCUTS[coin] for coin in prices},
        loan_rates={"USDT": LOAN_RATE},
        check=False,  # sound by construction, and tested to be
    )


def _count(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise AdlError.at(name, None, value, f"must be a whole number, {least} or above")
    return int(value)


def _modes(modes: Sequence[str]) -> list[str]:
    given = [modes] if isinstance(modes, str) else list(modes)
    for mode in given or ["none"]:
        if mode not in MODES:
            raise AdlError.at("modes", None, mode, f"must be of {', '.join(MODES)}")
    return [mode for mode in MODES if mode in given]


# Contracts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """A contract, its mark price, and what a unit of its settle asset is worth in USD."""

    contract: Contract
    mark: str
    settle_price: float


def _listed(code: int, rng: np.random.Generator) -> Listed:
    """The contract of a number: linear, linear, inverse, and so on."""
    inverse = code % 3 == 2 and code // 3 < INVERSE_COINS
    coin = code // 3 if inverse else code - min((code + 1) // 3, INVERSE_COINS)
    move = float(np.exp(0.01 * rng.standard_normal()))
    if coin < len(COINS):
        name, price, tick, lot, face = COINS[coin]
    else:
        name, price, face = f"COIN{coin + 1}", float(np.exp(2.0 * rng.standard_normal())), 10
        tick = format(Decimal(1).scaleb(int(np.floor(np.log10(price))) - 4), "f")
        lot = "1" if price < 100 else "0.01"
    mark = format((Decimal(repr(price * move)) / Decimal(tick)).quantize(Decimal(1)) * Decimal(tick), "f")
    floors, rates = MAJOR if coin < 2 else MINOR
    if not inverse:
        return Listed(Contract(f"{name}USDT", lot=lot, tick=tick, tiers=MarginTiers(floors, rates)), mark, 1.0)
    coins = [f"{float(floor) / price:.1g}" for floor in floors]
    tiers = MarginTiers(coins, rates)
    contract = Contract(f"{name}USD", kind="inverse", settle=name, multiplier=face, tick=tick, tiers=tiers)
    return Listed(contract, mark, float(price))


# Wallets --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Crowd:
    """Wallets before they hold anything."""

    names: list[str]
    account: Int64Array1D
    asset: Int64Array1D
    mode: Int64Array1D
    hedged: npt.NDArray[np.bool_]
    contract: Int64Array1D
    worth: Float64Array1D
    leverage: Float64Array1D

    @property
    def valued(self) -> npt.NDArray[np.bool_]:
        """Which hold several assets."""
        return self.mode >= WALLET_MODES.index("multi-asset")


def _popularity(count: int) -> Float64Array1D:
    share = np.arange(1.0, count + 1) ** -0.8
    return np.asarray(share / share.sum())


def _crowd(rng: np.random.Generator, w: int, modes: list[str], listed: list[Listed]) -> Crowd:
    """Wallets: their mode, asset and wealth; an isolated one belongs to an account that has another."""
    names = list(dict.fromkeys(["USDT", *(entry.contract.settle.name for entry in listed)]))
    settle = np.array([names.index(entry.contract.settle.name) for entry in listed])
    share = np.array([SHARES[mode] for mode in modes])
    kind = np.array([MODES.index(mode) for mode in modes])[rng.choice(len(modes), w, p=share / share.sum())]
    mode, isolated = np.array([0, 1, 0, 2, 3])[kind], kind == MODES.index("isolated")
    asset = np.zeros(w, np.int64)
    in_coin = (mode == 0) & (rng.random(w) < COIN_SHARE)
    if len(names) > 1:
        asset[in_coin] = rng.integers(1, len(names), np.count_nonzero(in_coin))
    contract = np.full(w, -1)
    contract[isolated] = rng.choice(len(listed), np.count_nonzero(isolated), p=_popularity(len(listed)))
    asset[isolated] = settle[contract[isolated]]
    account = np.arange(1, w + 1)
    shared = np.flatnonzero(~isolated)
    if len(shared):
        account[isolated] = account[rng.choice(shared, np.count_nonzero(isolated))]
    worth = WORTH_MEDIAN * np.exp(WORTH_SIGMA * rng.standard_normal(w))
    leverage = rng.choice(LEVERAGES, w)
    return Crowd(names, account, asset, mode, kind == MODES.index("hedge"), contract, worth, leverage)


# Positions ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """Position rows, sorted as a snapshot sorts them; money in units of the settle asset."""

    contract: Int64Array1D
    wallet: Int64Array1D
    leverage: Float64Array1D
    quantity: Int64Array1D
    entry_value: Int64Array1D
    notional: Float64Array1D
    pnl: Float64Array1D
    margin: Float64Array1D


def _positions(rng: np.random.Generator, listed: list[Listed], crowd: Crowd, wanted: int) -> Rows:
    """The rows of every contract, one after the other."""
    names = [entry.contract.settle.name for entry in listed]
    shared = crowd.mode != WALLET_MODES.index("isolated")
    able = {name: np.flatnonzero(shared & ((crowd.asset == k) | crowd.valued)) for k, name in enumerate(crowd.names)}
    most = np.array([len(able[name]) for name in names])
    counts = _portions(max(wanted - int(np.count_nonzero(~shared)), 0), _popularity(len(listed)), most)
    order = np.argsort(crowd.contract, kind="stable")
    cuts = np.searchsorted(crowd.contract[order], np.arange(len(listed) + 1))
    parts: list[tuple[Any, ...]] = []
    for code, entry in enumerate(listed):
        others = able[names[code]]
        picked = others[rng.choice(len(others), counts[code], replace=False, shuffle=False)] if len(others) else others
        holders = np.sort(np.concatenate([picked, order[cuts[code] : cuts[code + 1]]]))
        parts.append((code, *_held(rng, entry, crowd, holders)))
    codes, *columns = zip(*parts, strict=True)
    contract = np.repeat(np.array(codes, np.int64), [len(wallet) for wallet in columns[0]])
    wallet, *rest = (np.concatenate(column) for column in columns)
    chose = rng.random(len(crowd.account)) >= UNCHOSEN_SHARE
    return Rows(contract, wallet, np.where(chose, crowd.leverage, 0.0)[wallet], *rest)


def _portions(total: int, share: Float64Array1D, most: Int64Array1D) -> Int64Array1D:
    """Whole numbers in proportion to shares that sum to about a total, none above its bound."""
    low, high = 0.0, float(total) / share.min() + 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if np.minimum(middle * share, most).sum() > total else (middle, high)
    return np.rint(np.minimum(low * share, most)).astype(np.int64)


def _held(rng: np.random.Generator, entry: Listed, crowd: Crowd, holders: Int64Array1D) -> tuple[Any, ...]:
    """Wallet, quantity, entry value, and notional, PnL and maintenance margin of one contract's rows."""
    contract, mark = entry.contract, float(entry.mark)
    legs = 1 + crowd.hedged[holders]
    if legs.sum() < 2:  # nobody to trade with
        holders, legs = holders[:0], legs[:0]
    wallet = np.repeat(holders, legs)
    n = len(wallet)
    long = rng.random(n) < 0.5
    first = (np.cumsum(legs) - legs)[legs == 2]
    long[first], long[first + 1] = True, False
    if n and (long.all() or not long.any()):
        long[0] = not long[0]
    units = float(contract.units_per_lot)
    lot_value = units / mark if contract.inverse else units * mark
    worth = np.minimum(crowd.worth[wallet] * np.exp(SIZE_SIGMA * rng.standard_normal(n)), LARGEST)
    quantity = _balanced(np.maximum(np.rint(worth / (lot_value * entry.settle_price)), 1).astype(np.int64), long)
    price = mark * np.exp(ENTRY_SIGMA * rng.standard_normal(n))
    size = quantity.astype(np.float64)
    cost = -size * units / price if contract.inverse else size * units * price
    value = -size * lot_value if contract.inverse else size * lot_value
    notional = np.abs(value)
    assert contract.tiers is not None
    lines = [notional * r - a for r, a in zip(*contract.tiers.arrays(1), strict=True)]
    return wallet, quantity, np.rint(cost * QUANTA).astype(np.int64), notional, value - cost, np.max(lines, axis=0)


def _balanced(lots: Int64Array1D, long: npt.NDArray[np.bool_]) -> Int64Array1D:
    """Signed lots of which longs and shorts hold equally many."""
    longs, shorts = int(lots[long].sum()), int(lots[~long].sum())
    if longs != shorts:
        rows = np.flatnonzero(long if longs < shorts else ~long)
        low, high = min(longs, shorts), max(longs, shorts)
        scaled = np.floor(lots[rows] * (high / low)).astype(np.int64)
        scaled[scaled.argmax()] += high - int(scaled.sum())
        lots[rows] = scaled
    return np.where(long, lots, -lots)


# Money ----------------------------------------------------------------------------------------------------------------


def _money(
    rng: np.random.Generator, listed: list[Listed], crowd: Crowd, rows: Rows, assets: list[str]
) -> tuple[Int64Array1D, dict[str, Any]]:
    """Balances that give every wallet the equity it should have; of valued wallets what they hold of each asset."""
    w = len(crowd.account)
    per_unit = np.array([entry.settle_price for entry in listed])[rows.contract]
    rate = np.where(crowd.valued[rows.wallet], per_unit, 1.0)
    notional, pnl, margin = (
        np.bincount(rows.wallet, column * rate, w) for column in (rows.notional, rows.pnl, rows.margin)
    )
    equity = np.maximum(notional / crowd.leverage, margin * (1.3 + 2 * rng.exponential(1.0, w)))
    luck = rng.random(w)
    broke, near = luck < BROKE_SHARE, (luck >= BROKE_SHARE) & (luck < BROKE_SHARE + NEAR_SHARE)
    equity[near] = margin[near] * rng.uniform(0.8, 1.25, np.count_nonzero(near))
    equity[broke] = -margin[broke] * rng.random(np.count_nonzero(broke))
    prices = {entry.contract.settle.name: entry.settle_price for entry in listed}
    idle = crowd.worth / np.array([prices.get(name, 1.0) for name in crowd.names])[crowd.asset]
    least = np.where(near | broke, 0.0, margin)
    balance = np.where(notional > 0, np.maximum(equity - pnl, least), idle)
    single = np.where(crowd.valued, 0, np.rint(balance * QUANTA).astype(np.int64))
    return single, _holdings(rng, crowd, balance, assets)


def _holdings(rng: np.random.Generator, crowd: Crowd, balance: Float64Array1D, assets: list[str]) -> dict[str, Any]:
    """Half of what valued wallets have in USDT, half in a coin that counts for it after its haircut."""
    wallet = np.flatnonzero(crowd.valued)
    coins = [(name, price) for name, price, *_ in COINS if name in assets and name in HAIRCUTS]
    which = rng.integers(0, len(coins), len(wallet))
    price = np.array([price * (1 - float(HAIRCUTS[name])) for name, price in coins])[which]
    half = balance[wallet] / 2
    portfolio = crowd.mode[wallet] == WALLET_MODES.index("portfolio")
    loan = np.where(portfolio & (rng.random(len(wallet)) < 0.5), LOAN_SHARE * half, 0.0)
    code = np.array([assets.index(name) for name, _ in coins])[which]
    amounts = np.concatenate([half + loan, half / price])
    return {
        "wallet": np.concatenate([wallet, wallet]),
        "asset": np.concatenate([np.full(len(wallet), assets.index("USDT")), code]),
        "amount": np.rint(amounts * QUANTA).astype(np.int64),
        "loan": np.rint(np.concatenate([loan, 0 * loan]) * QUANTA).astype(np.int64),
    }


def _orders(rng: np.random.Generator, listed: list[Listed], rows: Rows) -> dict[str, Any]:
    """Orders that would close some positions at a better price."""
    chosen = np.flatnonzero(rng.random(len(rows.wallet)) < ORDER_SHARE)
    tick = np.array([float(entry.mark) / float(entry.contract.tick or 1) for entry in listed])[rows.contract[chosen]]
    away = rng.uniform(0.01, 0.1, len(chosen)) * np.sign(rows.quantity[chosen])
    return {
        "contract": rows.contract[chosen],
        "wallet": rows.wallet[chosen],
        "quantity": -rows.quantity[chosen],
        "price": np.maximum(np.rint(tick * (1 + away)), 1).astype(np.int64),
        "locked": np.rint(rows.notional[chosen] * (QUANTA / ORDER_LEVERAGE)).astype(np.int64),
    }
