"""What a crash came to, summed up as its events come in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from .._arrays import Float64Array1D
from ..clearing import Events, Snapshot

__all__ = ["Outcome"]

#: Where lots of bankrupt positions go, by the kind of the event.
STAGES = ("book-fill", "take-over", "adl-fill")


@dataclass
class Outcome:
    """Notional in USD at the prices before the crash, so that a fall of the mark is no fall of what was closed.

    Attributes
    ----------
    unit : float64[contracts]
        What a lot is worth.
    counts : Counter
        Events by kind.
    notional : dict
        What the book filled, funds took and counterparties gave, by the kind of event.
    liquidated : set of int
        Wallets.
    borne : float64[w]
        What was closed of each wallet by ADL.
    refused : Counter
        How often a fund refused a contract in a round, by fund and cause.
    """

    unit: Float64Array1D
    borne: Float64Array1D
    counts: Counter[str] = field(default_factory=Counter)
    notional: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    liquidated: set[int] = field(default_factory=set)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def before(cls, snapshot: Snapshot) -> Outcome:
        """Nothing yet; lots are worth what they are at the marks of a snapshot.

        Parameters
        ----------
        snapshot : Snapshot
            Linear contracts are taken to settle in USD, inverse ones to have their face in USD.

        Examples
        --------
        >>> from adlcore.lab import venue
        >>> Outcome.before(venue.snapshot(wallets=10, contracts=3)).share("adl-fill")
        0.0
        """
        unit = [
            float(contract.units_per_lot) * (1.0 if contract.inverse else float(mark or 0))
            for contract, mark in zip(snapshot.contracts, snapshot.marks, strict=True)
        ]
        return cls(np.array(unit), np.zeros(len(snapshot.wallets)))

    def add(self, events: Events) -> None:
        """Count the events of a pass."""
        self.counts.update(events.counts())
        self.liquidated.update(events.wallet[events.of("liquidation-started")].tolist())
        worth = np.abs(events.lots) * self.unit[events.contract]
        for kind in STAGES:
            # Both legs of a fill are there; a fund that is deleveraged itself has two, too.
            self.notional[kind] += float(worth[events.of(kind)].sum()) / 2
        self.refused.update((row["fund"], row["cause"]) for row in events.only("take-over-refused").rows())
        told = events.of("adl-notice")
        np.add.at(self.borne, events.wallet[told], worth[told])

    @property
    def closed(self) -> float:
        """Notional of bankrupt positions that somebody took."""
        return sum(self.notional.values())

    def share(self, kind: str) -> float:
        """How much of it went one way."""
        return self.notional[kind] / self.closed if self.closed else 0.0
