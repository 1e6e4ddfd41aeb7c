"""Random wallets in given contracts: their sizes, leverages, collateral and orders, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .._support.arrays import Float64Array1D, Int64Array1D
from ..clearing import Snapshot
from ..clearing.snapshot.tables import MODES as WALLET_MODES
from ..contracts import Asset, Contract
from ..errors import AdlError
from .portable import exponential, total

__all__ = ["MODES", "SCENARIO_HABITS", "SNAPSHOT_HABITS", "Coin", "Habits", "CrowdContract", "draw_crowd"]

#: How wallets hold positions. A hedge wallet is a cross wallet with two legs in a contract.
MODES = ("cross", "isolated", "hedge", "multi-asset", "portfolio")
QUANTA = 10**8
#: No row of a snapshot has more lots, of which many are summed here, or more ticks or quanta.
MOST_LOTS, MOST = 1e17, 1e18


@dataclass(frozen=True)
class CrowdContract:
    """A contract, its mark price, what a unit of its settle asset is worth in USD, and its share of the positions.

    Examples
    --------
    >>> CrowdContract(Contract("BTCUSDT", tick="0.1"), "60000", 1.0, 0.5).popularity
    0.5
    """

    contract: Contract
    mark: str
    settle_price: float
    popularity: float


@dataclass(frozen=True)
class Coin:
    """An asset that may be collateral: its index price in USD as text, and its haircut.

    Examples
    --------
    >>> Coin("BTC", "60000", "0.05").haircut
    '0.05'
    """

    name: str
    price: str
    haircut: str


@dataclass(frozen=True)
class Habits:
    """How wallets are drawn; lognormal distributions have a median and the sigma of the logarithm.

    The defaults of all crowds stand here: those of the fields are :data:`SNAPSHOT_HABITS`, and :data:`SCENARIO_HABITS`
    says in what a scenario's differ.

    Attributes
    ----------
    modes : mapping of str to float
        How common each of ``MODES`` is.
    coin_share : float
        Of cross wallets, how many are in a coin where contracts settle in coins.
    worth_median, worth_sigma : float
        What a position of a wallet is worth in USD, lognormal over wallets.
    size_sigma : float
        The same over the positions of one wallet.
    largest : float
        No position is worth more, in USD, before open interest is balanced.
    entry_sigma : float
        Spread of entry prices about the mark.
    leverages : tuple of float
        What traders choose, each as often; ``unchosen_share`` of the wallets chose none.
    slack : float
        A wallet's equity is at least its maintenance margin times ``1.3 + slack·X``, X exponential.
    near_share, broke_share : float
        Wallets about to be liquidated (0.8 to 1.25 times their maintenance margin), and those past it.
    loan_share, loan_rate : float, str
        What half of the portfolio wallets borrow of their USDT, and the margin that loans cost.
    order_share, order_leverage : float, int
        Positions with an open order, and its leverage.

    Examples
    --------
    >>> Habits(modes={"cross": 1.0}, broke_share=0.1).near_share
    0.02
    >>> SCENARIO_HABITS.near_share
    0.005
    """

    modes: Mapping[str, float] = field(
        default_factory=lambda: {"cross": 0.62, "isolated": 0.2, "hedge": 0.07, "multi-asset": 0.06, "portfolio": 0.05}
    )
    coin_share: float = 0.15
    worth_median: float = 600.0
    worth_sigma: float = 2.4
    size_sigma: float = 0.8
    largest: float = 2e8
    entry_sigma: float = 0.08
    leverages: tuple[float, ...] = (2.0, 3.0, 5.0, 10.0, 20.0, 50.0)
    unchosen_share: float = 0.3
    slack: float = 2.0
    near_share: float = 0.02
    broke_share: float = 0.002
    loan_share: float = 0.2
    loan_rate: str = "0.02"
    order_share: float = 0.04
    order_leverage: int = 20


#: Of the crowd that :func:`adlcore.lab.crowd.snapshot` gives: among a few hundred wallets some fail already at
#: the marks of the snapshot, and sizes are near enough to each other that no single one of so few decides.
SNAPSHOT_HABITS = Habits()

#: Of a scenario, where it says nothing else (:class:`adlcore.lab.scenario_tables.WalletsTable`): a hundred thousand
#: wallets, as unequal as on 10 October 2025; and hardly one fails before the marks fall, for that is what is to be
#: shown.
SCENARIO_HABITS = Habits(
    coin_share=0.25, worth_median=60.0, worth_sigma=3.9, largest=2e9, near_share=0.005, broke_share=0.0
)


def draw_crowd(
    listed: Sequence[CrowdContract],
    coins: Sequence[Coin],
    habits: Habits,
    wallets: int,
    positions: int,
    rng: np.random.Generator,
) -> Snapshot:
    """A snapshot of so many wallets and about so many positions; open interest balances to the lot.

    Parameters
    ----------
    listed : sequence of Listed
    coins : sequence of Coin
        All assets but USDT that contracts settle in or wallets hold; those with a haircut between 0 and 1
        are collateral of multi-asset and portfolio wallets.
    habits : Habits
    wallets, positions : int
    rng : numpy.random.Generator

    Returns
    -------
    Snapshot
        Accounts are int64, from 1.

    Notes
    -----
    O(positions + wallets·contracts).

    Examples
    --------
    >>> from adlcore import MarginTiers
    >>> listed = [CrowdContract(Contract("X", tick="0.1", tiers=MarginTiers([0], ["0.01"])), "100", 1.0, 1.0)]
    >>> snapshot = draw_crowd(listed, [], SNAPSHOT_HABITS, 20, 30, np.random.default_rng(7))
    >>> len(snapshot.wallets), int(snapshot.positions.quantity.sum())
    (20, 0)
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what is not finite is refused as such
        owners = _owners(rng, wallets, habits, listed)
        rows = _positions(rng, listed, owners, habits, positions)
        known = [Asset("USDT"), *(Asset(coin.name) for coin in coins)]
        settled = [entry.contract.settle for entry in listed]
        named = {asset.name: asset for asset in [*settled, *known]}
        # Rows of the assets stand in the order of the snapshot: those that contracts settle in, then the others.
        assets = list(named)
        balance, balances = _money(rng, listed, coins, owners, habits, rows, assets)
        return Snapshot(
            [entry.contract for entry in listed],
            {
                "account": owners.account,
                "asset": np.array([assets.index(name) for name in owners.names])[owners.asset],
                "mode": owners.mode,
                "balance": balance,
            },
            {name: getattr(rows, name) for name in ("contract", "wallet", "quantity", "entry_value", "leverage")},
            {entry.contract.symbol: entry.mark for entry in listed},
            orders=_orders(rng, listed, habits, rows),
            balances=balances,
            assets=named.values(),
            index_prices={coin.name: coin.price for coin in coins},
            haircuts={coin.name: coin.haircut for coin in coins},
            loan_rates={"USDT": habits.loan_rate},
        )


# Wallets --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WalletDraw:
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


def _owners(rng: np.random.Generator, w: int, habits: Habits, listed: Sequence[CrowdContract]) -> WalletDraw:
    """Wallets: their mode, asset and wealth; an isolated one belongs to an account that has another."""
    names = list(dict.fromkeys(["USDT", *(entry.contract.settle.name for entry in listed)]))
    settle = np.array([names.index(entry.contract.settle.name) for entry in listed])
    modes = [mode for mode in MODES if habits.modes.get(mode, 0)]
    share = np.array([habits.modes[mode] for mode in modes])
    kind = np.array([MODES.index(mode) for mode in modes])[rng.choice(len(modes), w, p=share / total(share))]
    mode, isolated = np.array([0, 1, 0, 2, 3])[kind], kind == MODES.index("isolated")
    asset = np.zeros(w, np.int64)
    in_coin = (mode == 0) & (rng.random(w) < habits.coin_share)
    if len(names) > 1:
        asset[in_coin] = rng.integers(1, len(names), np.count_nonzero(in_coin))
    contract = np.full(w, -1)
    contract[isolated] = rng.choice(len(listed), np.count_nonzero(isolated), p=_popularity(listed))
    asset[isolated] = settle[contract[isolated]]
    account = np.arange(1, w + 1)
    shared = np.flatnonzero(~isolated)
    if len(shared):
        account[isolated] = account[rng.choice(shared, np.count_nonzero(isolated))]
    worth = habits.worth_median * exponential(habits.worth_sigma * rng.standard_normal(w))
    leverage = rng.choice(habits.leverages, w)
    return WalletDraw(names, account, asset, mode, kind == MODES.index("hedge"), contract, worth, leverage)


# Positions ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PositionDraw:
    """Position rows, sorted as a snapshot sorts them; money in units of the settle asset."""

    contract: Int64Array1D
    wallet: Int64Array1D
    leverage: Float64Array1D
    quantity: Int64Array1D
    entry_value: Int64Array1D
    notional: Float64Array1D
    pnl: Float64Array1D
    margin: Float64Array1D


def _popularity(listed: Sequence[CrowdContract]) -> Float64Array1D:
    share = np.array([entry.popularity for entry in listed])
    return np.asarray(share / total(share))


def _positions(
    rng: np.random.Generator, listed: Sequence[CrowdContract], owners: WalletDraw, habits: Habits, wanted: int
) -> PositionDraw:
    """The rows of every contract, one after the other."""
    names = [entry.contract.settle.name for entry in listed]
    shared = owners.mode != WALLET_MODES.index("isolated")
    able = {name: np.flatnonzero(shared & ((owners.asset == k) | owners.valued)) for k, name in enumerate(owners.names)}
    most = np.array([len(able[name]) for name in names])
    counts = _portions(max(wanted - int(np.count_nonzero(~shared)), 0), _popularity(listed), most)
    order = np.argsort(owners.contract, kind="stable")
    cuts = np.searchsorted(owners.contract[order], np.arange(len(listed) + 1))
    parts: list[tuple[Any, ...]] = []
    for code, entry in enumerate(listed):
        others = able[names[code]]
        picked = others[rng.choice(len(others), counts[code], replace=False, shuffle=False)] if len(others) else others
        holders = np.sort(np.concatenate([picked, order[cuts[code] : cuts[code + 1]]]))
        parts.append((code, *_held(rng, entry, owners, habits, holders)))
    codes, *columns = zip(*parts, strict=True)
    contract = np.repeat(np.array(codes, np.int64), [len(wallet) for wallet in columns[0]])
    wallet, *rest = (np.concatenate(column) for column in columns)
    chose = rng.random(len(owners.account)) >= habits.unchosen_share
    return PositionDraw(contract, wallet, np.where(chose, owners.leverage, 0.0)[wallet], *rest)


def _portions(wanted: int, share: Float64Array1D, most: Int64Array1D) -> Int64Array1D:
    """Whole numbers in proportion to shares that sum to about a total, none above its bound."""
    low, high = 0.0, float(wanted) / share.min() + 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if total(np.minimum(middle * share, most)) > wanted else (middle, high)
    return np.rint(np.minimum(low * share, most)).astype(np.int64)


def _held(
    rng: np.random.Generator, entry: CrowdContract, owners: WalletDraw, habits: Habits, holders: Int64Array1D
) -> tuple[Any, ...]:
    """Wallet, quantity, entry value, and notional, PnL and maintenance margin of one contract's rows."""
    contract, mark = entry.contract, float(entry.mark)
    legs = 1 + owners.hedged[holders]
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
    worth = np.minimum(owners.worth[wallet] * exponential(habits.size_sigma * rng.standard_normal(n)), habits.largest)
    wanted = _whole("positions.quantity", np.maximum(np.rint(worth / (lot_value * entry.settle_price)), 1), MOST_LOTS)
    quantity = _balanced(wanted, long)
    price = mark * exponential(habits.entry_sigma * rng.standard_normal(n))
    size = quantity.astype(np.float64)
    cost = -size * units / price if contract.inverse else size * units * price
    value = -size * lot_value if contract.inverse else size * lot_value
    notional = np.abs(value)
    assert contract.tiers is not None
    lines = [notional * r - a for r, a in zip(*contract.tiers.arrays(1), strict=True)]
    return wallet, quantity, _quanta("positions.entry_value", cost), notional, value - cost, np.max(lines, axis=0)


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
    rng: np.random.Generator,
    listed: Sequence[CrowdContract],
    coins: Sequence[Coin],
    owners: WalletDraw,
    habits: Habits,
    rows: PositionDraw,
    assets: list[str],
) -> tuple[Int64Array1D, dict[str, Any]]:
    """Balances that give every wallet the equity it should have; of valued wallets what they hold of each asset."""
    w = len(owners.account)
    per_unit = np.array([entry.settle_price for entry in listed])[rows.contract]
    rate = np.where(owners.valued[rows.wallet], per_unit, 1.0)
    notional, pnl, margin = (
        np.bincount(rows.wallet, column * rate, w) for column in (rows.notional, rows.pnl, rows.margin)
    )
    equity = np.maximum(notional / owners.leverage, margin * (1.3 + habits.slack * rng.exponential(1.0, w)))
    luck = rng.random(w)
    broke = luck < habits.broke_share
    near = ~broke & (luck < habits.broke_share + habits.near_share)
    equity[near] = margin[near] * rng.uniform(0.8, 1.25, np.count_nonzero(near))
    equity[broke] = -margin[broke] * rng.random(np.count_nonzero(broke))
    prices = {entry.contract.settle.name: entry.settle_price for entry in listed}
    idle = owners.worth / np.array([prices.get(name, 1.0) for name in owners.names])[owners.asset]
    least = np.where(near | broke, 0.0, margin)
    balance = np.where(notional > 0, np.maximum(equity - pnl, least), idle)
    single = np.where(owners.valued, 0, _quanta("wallets.balance", balance))
    return single, _holdings(rng, coins, owners, habits, balance, assets)


def _holdings(
    rng: np.random.Generator,
    coins: Sequence[Coin],
    owners: WalletDraw,
    habits: Habits,
    balance: Float64Array1D,
    assets: list[str],
) -> dict[str, Any]:
    """Half of what valued wallets have in USDT, half in a coin that counts for it after its haircut; or all in USDT."""
    wallet = np.flatnonzero(owners.valued)
    held = [coin for coin in coins if 0 < float(coin.haircut) < 1]
    which = rng.integers(0, max(len(held), 1), len(wallet))
    half = balance[wallet] / 2
    portfolio = owners.mode[wallet] == WALLET_MODES.index("portfolio")
    loan = np.where(portfolio & (rng.random(len(wallet)) < 0.5), habits.loan_share * half, 0.0)
    usdt = np.full(len(wallet), assets.index("USDT"))
    if not held:
        amount, owed = _quanta("balances.amount", half + loan + half), _quanta("balances.loan", loan)
        return {"wallet": wallet, "asset": usdt, "amount": amount, "loan": owed}
    price = np.array([float(coin.price) * (1 - float(coin.haircut)) for coin in held])[which]
    code = np.array([assets.index(coin.name) for coin in held])[which]
    return {
        "wallet": np.concatenate([wallet, wallet]),
        "asset": np.concatenate([usdt, code]),
        "amount": _quanta("balances.amount", np.concatenate([half + loan, half / price])),
        "loan": _quanta("balances.loan", np.concatenate([loan, 0 * loan])),
    }


def _orders(
    rng: np.random.Generator, listed: Sequence[CrowdContract], habits: Habits, rows: PositionDraw
) -> dict[str, Any]:
    """Orders that would close some positions at a better price."""
    chosen = np.flatnonzero(rng.random(len(rows.wallet)) < habits.order_share)
    tick = np.array([float(entry.mark) / float(entry.contract.tick or 1) for entry in listed])[rows.contract[chosen]]
    away = rng.uniform(0.01, 0.1, len(chosen)) * np.sign(rows.quantity[chosen])
    return {
        "contract": rows.contract[chosen],
        "wallet": rows.wallet[chosen],
        "quantity": -rows.quantity[chosen],
        "price": _whole("orders.price", np.maximum(np.rint(tick * (1 + away)), 1)),
        "locked": _whole("orders.locked", np.rint(rows.notional[chosen] * (QUANTA / habits.order_leverage))),
    }


def _quanta(name: str, amounts: Float64Array1D) -> Int64Array1D:
    """Amounts in quanta."""
    return _whole(name, np.rint(amounts * QUANTA))


def _whole(name: str, numbers: Float64Array1D, most: float = MOST) -> Int64Array1D:
    """Whole numbers that int64 can hold and add up: no habit, price or lot may be so large, or so small."""
    beyond = np.flatnonzero(~(np.abs(numbers) <= most))
    if len(beyond):
        row = int(beyond[0])
        must = f"must lie within {most:.0e} lots, ticks or quanta: smaller positions or larger lots would do"
        raise AdlError.at(name, row, float(numbers[row]), must)
    return numbers.astype(np.int64)
