"""What a crash came to, summed up as its events come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .._support.arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D
from ..clearing import Events, Snapshot
from ..clearing.closings import STAGES, USERS, closing_fills
from ..contracts.decimals import Number
from ..errors import AdlError

__all__ = ["Outcome", "open_interest"]


def open_interest(snapshot: Snapshot) -> Int64Array1D:
    """Lots that longs hold, contract by contract.

    Examples
    --------
    >>> from adlcore.lab import crowd
    >>> open_interest(crowd.snapshot(wallets=10, contracts=3)).tolist()
    [364, 2455, 0]
    """
    longs = np.maximum(snapshot.positions.quantity, 0)
    return np.array([longs[snapshot.rows(code)].sum() for code in range(len(snapshot.contracts))], INT64)


@dataclass
class Outcome:
    """Notional as :mod:`adlcore.clearing.closings` has it: what each fill was worth at its own price, in one unit.

    Attributes
    ----------
    unit : str
        The asset that index prices are in.
    asset_names : tuple of str
    index_prices : float64[assets]
        Now; 1 for the unit, NaN of an asset that no contract settles in where none is known.
    quanta_per_unit : float64[assets]
    open_interest : int64[contracts]
        Lots that longs held before the crash.
    closed : float64[stages]
        What each of :data:`adlcore.clearing.closings.STAGES` took.
    deleveraged_lots : int64[contracts]
        Of the last stage, other users.
    liquidated : set of int
        Wallets.

    Examples
    --------
    >>> from adlcore.lab import crowd
    >>> snapshot = crowd.snapshot(wallets=10, contracts=3)
    >>> outcome = Outcome.before(snapshot)
    >>> outcome.unit, outcome.closed.sum().item(), outcome.liquidated
    ('USDT', 0.0, set())
    """

    unit: str
    asset_names: tuple[str, ...]
    index_prices: Float64Array1D
    quanta_per_unit: Float64Array1D
    open_interest: Int64Array1D
    deleveraged_lots: Int64Array1D
    closed: Float64Array1D = field(default_factory=lambda: np.zeros(len(STAGES)))
    liquidated: set[int] = field(default_factory=set)

    @classmethod
    def before(cls, snapshot: Snapshot, unit: str = "USDT") -> Outcome:
        """What it is before the first pass: nothing is closed.

        Parameters
        ----------
        snapshot : Snapshot
        unit : str, default "USDT"
            The asset that index prices are in.

        Raises
        ------
        AdlError
            For an asset that the snapshot does not have, and for a settle asset without an index price.

        Examples
        --------
        >>> from adlcore.lab import crowd
        >>> Outcome.before(crowd.snapshot(wallets=10, contracts=3)).share(USERS)
        0.0
        """
        if not isinstance(snapshot, Snapshot):
            raise AdlError.at("snapshot", None, snapshot, "must be a Snapshot")
        names = tuple(asset.name for asset in snapshot.assets)
        if unit not in names:
            raise AdlError.at("unit", None, unit, f"must be an asset of the snapshot: {', '.join(names[:12])}")
        prices = np.array([np.nan if price is None else float(price) for price in snapshot.index_prices], FLOAT64)
        prices[names.index(unit)] = 1.0
        for code in np.unique(snapshot.settle).tolist():
            if np.isnan(prices[code]):
                must = f"must be given: {snapshot.assets[code].name} cannot be valued in {unit}"
                raise AdlError.at(f"index_prices.{snapshot.assets[code].name}", None, None, must)
        quanta = np.array([asset.quanta_per_unit for asset in snapshot.assets], FLOAT64)
        longs = open_interest(snapshot)
        return cls(
            unit=unit,
            asset_names=names,
            index_prices=prices,
            quanta_per_unit=quanta,
            open_interest=longs,
            deleveraged_lots=np.zeros(len(longs), INT64),
        )

    def add(self, events: Events, index_prices: Mapping[str, Number] | None = None) -> None:
        """Add the events of a pass, and the index prices that it was given."""
        # First, for fills are valued at the index prices of their pass.
        for name, price in (index_prices or {}).items():
            if name != self.unit:
                self.index_prices[self.asset_names.index(name)] = float(price)
        self.liquidated.update(events.wallet[events.of("liquidation-started")].tolist())
        event, stage, _ = closing_fills(events.kind, events.cause, events.wallet, events.lots, events.link)
        asset = events.asset[event]
        notional = np.abs(events.amount[event]) * (self.index_prices[asset] / self.quanta_per_unit[asset])
        self.closed += np.bincount(stage, notional, len(STAGES))
        deleveraged = event[stage == USERS]
        np.add.at(self.deleveraged_lots, events.contract[deleveraged], np.abs(events.lots[deleveraged]))

    def share(self, stage: int) -> float:
        """How much of what was closed a stage took."""
        total = float(self.closed.sum())
        return float(self.closed[stage]) / total if total else 0.0

    def change_from(self, other: Outcome) -> float:
        """How much larger the share that was deleveraged is than another's; NaN where that one is 0.

        Examples
        --------
        >>> usdt = "USDT", ("USDT",), np.ones(1), np.ones(1)
        >>> one, other = (Outcome(*usdt, np.array([10]), np.array([lots])) for lots in (4, 2))
        >>> one.change_from(other)
        1.0
        """
        base = other.deleveraged_share
        return self.deleveraged_share / base - 1 if base else float("nan")

    @property
    def deleveraged_share(self) -> float:
        """Of the contract that lost most of its open interest to others, how much: in lots, without a price."""
        return float(np.max(self.deleveraged_lots / np.maximum(self.open_interest, 1), initial=0.0))
