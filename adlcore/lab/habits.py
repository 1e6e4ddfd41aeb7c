"""Random wallets in given contracts: their sizes, leverages, collateral and orders, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .._support.arrays import Float64Array1D, Int64Array1D
from ..clearing import Snapshot
from ..clearing.snapshot.tables import MODES as WALLET_MODES
from ..contracts import Asset, Contract
from ..errors import AdlError
from .portable import balance_sides, exponential, total

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
    contracts: Sequence[CrowdContract],
    coins: Sequence[Coin],
    habits: Habits,
    *,
    wallets: int,
    positions: int,
    rng: np.random.Generator,
) -> Snapshot:
    """A snapshot of so many wallets and about so many positions; open interest balances to the lot.

    Parameters
    ----------
    contracts : sequence of CrowdContract
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
    >>> contracts = [CrowdContract(Contract("X", tick="0.1", tiers=MarginTiers([0], ["0.01"])), "100", 1.0, 1.0)]
    >>> rng = np.random.default_rng(7)
    >>> snapshot = draw_crowd(contracts, [], SNAPSHOT_HABITS, wallets=20, positions=30, rng=rng)
    >>> len(snapshot.wallets), int(snapshot.positions.quantity.sum())
    (20, 0)
    """
    terms = CrowdTerms(contracts, coins, habits, rng)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what is not finite is refused as such
        # Every draw takes the next numbers of rng: one that comes earlier or later makes another crowd of each seed.
        drawn = _draw_wallets(terms, wallets)
        rows = _draw_positions(terms, drawn, positions)
        settle_assets = [entry.contract.settle for entry in contracts]
        others = [Asset("USDT"), *(Asset(coin.name) for coin in coins)]
        by_name = {asset.name: asset for asset in [*settle_assets, *others]}
        # Rows of the assets stand in the order of the snapshot: those that contracts settle in, then the others.
        assets = list(by_name)
        balance, balances = _draw_balances(terms, drawn, rows, assets)
        return Snapshot(
            [entry.contract for entry in contracts],
            {
                "account": drawn.account,
                "asset": np.array([assets.index(name) for name in drawn.names])[drawn.asset],
                "mode": drawn.mode,
                "balance": balance,
            },
            {name: getattr(rows, name) for name in ("contract", "wallet", "quantity", "entry_value", "leverage")},
            {entry.contract.symbol: entry.mark for entry in contracts},
            orders=_draw_orders(terms, rows),
            balances=balances,
            assets=by_name.values(),
            index_prices={coin.name: coin.price for coin in coins},
            haircuts={coin.name: coin.haircut for coin in coins},
            loan_rates={"USDT": habits.loan_rate},
        )


@dataclass(frozen=True)
class CrowdTerms:
    """What a crowd is drawn of, and the generator that every draw moves on."""

    contracts: Sequence[CrowdContract]
    coins: Sequence[Coin]
    habits: Habits
    rng: np.random.Generator

    @property
    def popularity(self) -> Float64Array1D:
        """The share of the positions that each contract has."""
        weights = np.array([entry.popularity for entry in self.contracts])
        return np.asarray(weights / total(weights))


# Wallets --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class WalletDraw:
    """Wallets before they hold anything; `asset` is a row of `names`, `contract` that of an isolated wallet, or -1."""

    names: list[str]
    account: Int64Array1D
    asset: Int64Array1D
    mode: Int64Array1D
    is_hedge: npt.NDArray[np.bool_]
    contract: Int64Array1D
    worth: Float64Array1D
    leverage: Float64Array1D

    @property
    def is_valued(self) -> npt.NDArray[np.bool_]:
        """Which hold several assets."""
        return self.mode >= WALLET_MODES.index("multi-asset")


def _draw_wallets(terms: CrowdTerms, count: int) -> WalletDraw:
    """Wallets: their mode, asset and wealth; an isolated one belongs to an account that has another."""
    rng, habits = terms.rng, terms.habits
    names = list(dict.fromkeys(["USDT", *(entry.contract.settle.name for entry in terms.contracts)]))
    settle = np.array([names.index(entry.contract.settle.name) for entry in terms.contracts])
    modes = [mode for mode in MODES if habits.modes.get(mode, 0)]
    share = np.array([habits.modes[mode] for mode in modes])
    kind = np.array([MODES.index(mode) for mode in modes])[rng.choice(len(modes), count, p=share / total(share))]
    mode, isolated = np.array([0, 1, 0, 2, 3])[kind], kind == MODES.index("isolated")
    asset = np.zeros(count, np.int64)
    in_coin = (mode == 0) & (rng.random(count) < habits.coin_share)
    if len(names) > 1:
        asset[in_coin] = rng.integers(1, len(names), np.count_nonzero(in_coin))
    contract = np.full(count, -1)
    contract[isolated] = rng.choice(len(terms.contracts), np.count_nonzero(isolated), p=terms.popularity)
    asset[isolated] = settle[contract[isolated]]
    account = np.arange(1, count + 1)
    shared = np.flatnonzero(~isolated)
    if len(shared):
        account[isolated] = account[rng.choice(shared, np.count_nonzero(isolated))]
    return WalletDraw(
        names=names,
        account=account,
        asset=asset,
        mode=mode,
        is_hedge=kind == MODES.index("hedge"),
        contract=contract,
        worth=habits.worth_median * exponential(habits.worth_sigma * rng.standard_normal(count)),
        leverage=rng.choice(habits.leverages, count),
    )


# Positions ------------------------------------------------------------------------------------------------------------


class PositionDraw(NamedTuple):
    """Position rows, sorted as a snapshot sorts them; entry values are quanta, money behind them units of the asset."""

    contract: Int64Array1D
    wallet: Int64Array1D
    quantity: Int64Array1D
    entry_value: Int64Array1D
    leverage: Float64Array1D
    notional: Float64Array1D
    pnl: Float64Array1D
    margin: Float64Array1D


def _draw_positions(terms: CrowdTerms, wallets: WalletDraw, wanted: int) -> PositionDraw:
    """The rows of every contract, one after the other."""
    rng = terms.rng
    shared = wallets.mode != WALLET_MODES.index("isolated")
    able = {
        name: np.flatnonzero(shared & ((wallets.asset == code) | wallets.is_valued))
        for code, name in enumerate(wallets.names)
    }
    most = np.array([len(able[entry.contract.settle.name]) for entry in terms.contracts])
    counts = _portions(max(wanted - int(np.count_nonzero(~shared)), 0), terms.popularity, most)
    order = np.argsort(wallets.contract, kind="stable")
    cuts = np.searchsorted(wallets.contract[order], np.arange(len(terms.contracts) + 1))
    drawn: list[PositionDraw] = []
    for code, entry in enumerate(terms.contracts):
        others = able[entry.contract.settle.name]
        picked = others[rng.choice(len(others), counts[code], replace=False, shuffle=False)] if len(others) else others
        holders = np.sort(np.concatenate([picked, order[cuts[code] : cuts[code + 1]]]))
        drawn.append(_draw_contract_rows(terms, code, wallets, holders))
    rows = PositionDraw(*map(np.concatenate, zip(*drawn, strict=True)))
    chose = rng.random(len(wallets.account)) >= terms.habits.unchosen_share
    return rows._replace(leverage=np.where(chose, wallets.leverage, 0.0)[rows.wallet])


def _portions(wanted: int, share: Float64Array1D, most: Int64Array1D) -> Int64Array1D:
    """Whole numbers in proportion to shares that sum to about a total, none above its bound."""
    low, high = 0.0, float(wanted) / share.min() + 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if total(np.minimum(middle * share, most)) > wanted else (middle, high)
    return np.rint(np.minimum(low * share, most)).astype(np.int64)


def _draw_contract_rows(terms: CrowdTerms, code: int, wallets: WalletDraw, holders: Int64Array1D) -> PositionDraw:
    """The rows of one contract that these wallets hold: one each, of a hedge wallet a long and a short."""
    rng, habits, entry = terms.rng, terms.habits, terms.contracts[code]
    contract, mark = entry.contract, float(entry.mark)
    legs = 1 + wallets.is_hedge[holders]
    if legs.sum() < 2:  # nobody to trade with
        holders, legs = holders[:0], legs[:0]
    wallet = np.repeat(holders, legs)
    count = len(wallet)
    long = rng.random(count) < 0.5
    first = (np.cumsum(legs) - legs)[legs == 2]
    long[first], long[first + 1] = True, False
    if count and (long.all() or not long.any()):
        long[0] = not long[0]
    units_per_lot = float(contract.units_per_lot)
    value_per_lot = -units_per_lot / mark if contract.inverse else units_per_lot * mark
    scatter = exponential(habits.size_sigma * rng.standard_normal(count))
    worth = np.minimum(wallets.worth[wallet] * scatter, habits.largest)
    wanted = np.maximum(np.rint(worth / (abs(value_per_lot) * entry.settle_price)), 1)
    quantity = balance_sides(_whole("positions.quantity", wanted, MOST_LOTS), long, np.floor)
    price = mark * exponential(habits.entry_sigma * rng.standard_normal(count))
    lots = quantity.astype(np.float64)
    cost = -lots * units_per_lot / price if contract.inverse else lots * units_per_lot * price
    value = lots * value_per_lot
    notional = np.abs(value)
    assert contract.tiers is not None
    # Tiers are convex: of the lines of all tiers, the one that holds is the highest.
    lines = [notional * rate - amount for rate, amount in zip(*contract.tiers.arrays(1), strict=True)]
    return PositionDraw(
        contract=np.full(count, code),
        wallet=wallet,
        quantity=quantity,
        entry_value=_quanta("positions.entry_value", cost),
        leverage=wallets.leverage[wallet],
        notional=notional,
        pnl=value - cost,
        margin=np.max(lines, axis=0),
    )


# Money ----------------------------------------------------------------------------------------------------------------


def _draw_balances(
    terms: CrowdTerms, wallets: WalletDraw, rows: PositionDraw, assets: list[str]
) -> tuple[Int64Array1D, dict[str, Any]]:
    """Balances that give every wallet the equity it should have; of valued wallets what they hold of each asset."""
    rng, habits, count = terms.rng, terms.habits, len(wallets.account)
    settle_price = np.array([entry.settle_price for entry in terms.contracts])[rows.contract]
    rate = np.where(wallets.is_valued[rows.wallet], settle_price, 1.0)
    notional, pnl, margin = (
        np.bincount(rows.wallet, column * rate, count) for column in (rows.notional, rows.pnl, rows.margin)
    )
    equity = np.maximum(notional / wallets.leverage, margin * (1.3 + habits.slack * rng.exponential(1.0, count)))
    luck = rng.random(count)
    broke = luck < habits.broke_share
    near = ~broke & (luck < habits.broke_share + habits.near_share)
    equity[near] = margin[near] * rng.uniform(0.8, 1.25, np.count_nonzero(near))
    equity[broke] = -margin[broke] * rng.random(np.count_nonzero(broke))
    prices = {entry.contract.settle.name: entry.settle_price for entry in terms.contracts}
    idle = wallets.worth / np.array([prices.get(name, 1.0) for name in wallets.names])[wallets.asset]
    least = np.where(near | broke, 0.0, margin)
    balance = np.where(notional > 0, np.maximum(equity - pnl, least), idle)
    single = np.where(wallets.is_valued, 0, _quanta("wallets.balance", balance))
    return single, _draw_holdings(terms, wallets, balance, assets)


def _draw_holdings(
    terms: CrowdTerms, wallets: WalletDraw, balance: Float64Array1D, assets: list[str]
) -> dict[str, Any]:
    """Half of what valued wallets have in USDT, half in a coin that counts for it after its haircut; or all in USDT."""
    rng = terms.rng
    wallet = np.flatnonzero(wallets.is_valued)
    collateral = [coin for coin in terms.coins if 0 < float(coin.haircut) < 1]
    which = rng.integers(0, max(len(collateral), 1), len(wallet))
    half = balance[wallet] / 2
    portfolio = wallets.mode[wallet] == WALLET_MODES.index("portfolio")
    loan = np.where(portfolio & (rng.random(len(wallet)) < 0.5), terms.habits.loan_share * half, 0.0)
    usdt = np.full(len(wallet), assets.index("USDT"))
    if not collateral:
        amount, owed = _quanta("balances.amount", half + loan + half), _quanta("balances.loan", loan)
        return {"wallet": wallet, "asset": usdt, "amount": amount, "loan": owed}
    price = np.array([float(coin.price) * (1 - float(coin.haircut)) for coin in collateral])[which]
    code = np.array([assets.index(coin.name) for coin in collateral])[which]
    return {
        "wallet": np.concatenate([wallet, wallet]),
        "asset": np.concatenate([usdt, code]),
        "amount": _quanta("balances.amount", np.concatenate([half + loan, half / price])),
        "loan": _quanta("balances.loan", np.concatenate([loan, 0 * loan])),
    }


def _draw_orders(terms: CrowdTerms, rows: PositionDraw) -> dict[str, Any]:
    """Orders that would close some positions at a better price."""
    rng, habits = terms.rng, terms.habits
    chosen = np.flatnonzero(rng.random(len(rows.wallet)) < habits.order_share)
    mark_ticks = np.array([float(entry.mark) / float(entry.contract.tick or 1) for entry in terms.contracts])
    away = rng.uniform(0.01, 0.1, len(chosen)) * np.sign(rows.quantity[chosen])
    price = np.maximum(np.rint(mark_ticks[rows.contract[chosen]] * (1 + away)), 1)
    return {
        "contract": rows.contract[chosen],
        "wallet": rows.wallet[chosen],
        "quantity": -rows.quantity[chosen],
        "price": _whole("orders.price", price),
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
