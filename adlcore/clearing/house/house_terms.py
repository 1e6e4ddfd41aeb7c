"""The terms of a clearing house: what it is told once, and what no call changes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from ..._support import arrays
from ..._support.options import require_option
from ...contracts.ratios import exact_ratio
from ...errors import AdlError
from ..margin.margin_pass import MarginPass
from ..order_book.liquidity import Liquidity, NoLiquidity
from ..snapshot.snapshot import Snapshot
from ..stages.venue import Venue, as_venue

__all__ = ["HouseTerms"]


@dataclass(frozen=True, eq=False)
class HouseTerms:
    """What :class:`~adlcore.ClearingHouse` documents as its parameters, checked; a copy has a `liquidity` of its own.

    Attributes
    ----------
    venue : Venue
    liquidity : Liquidity
    is_audited : bool
    max_move : Fraction or None
    threads, ledger_lines : int
    """

    venue: Venue
    liquidity: Liquidity
    is_audited: bool
    max_move: Fraction | None
    threads: int
    ledger_lines: int

    @classmethod
    def read(
        cls, venue: Any, liquidity: Any, *, audit: str, max_move: Any, threads: int, ledger_lines: int
    ) -> HouseTerms:
        """The terms that somebody gave, checked."""
        require_option("audit", audit, ("on", "off"), "must be 'on' or 'off'")
        if liquidity is not None and (isinstance(liquidity, type) or not callable(getattr(liquidity, "ioc", None))):
            raise AdlError.at("liquidity", None, liquidity, "must have a method ioc(contract, quantity, limit, time)")
        if isinstance(ledger_lines, bool) or not isinstance(ledger_lines, int) or ledger_lines < 0:
            raise AdlError.at("ledger_lines", None, ledger_lines, "must be a whole number, 0 or above")
        stages = as_venue(venue)
        share = None if max_move is None else exact_ratio(max_move, "max_move")
        if share is not None and share <= 0:
            raise AdlError.at("max_move", None, max_move, "must be above 0, or None")
        return cls(
            venue=stages,
            liquidity=NoLiquidity() if liquidity is None else liquidity,
            is_audited=audit == "on",
            max_move=share,
            threads=arrays.thread_count(threads),
            ledger_lines=ledger_lines,
        )

    def with_own_book(self, memo: dict[int, Any]) -> HouseTerms:
        """These terms with a copy of the order book."""
        try:
            return replace(self, liquidity=deepcopy(self.liquidity, memo))
        except Exception as error:
            must = "must be one that can be copied; from_state(house.state(), venue, liquidity) takes another"
            raise AdlError.at("liquidity", None, self.liquidity, must) from error

    def make_margin_pass(self, snapshot: Snapshot) -> MarginPass:
        """The margin of a snapshot as the venue asks for it; refused for contracts that a house cannot liquidate."""
        for code, contract in enumerate(snapshot.contracts):
            if contract.tiers is None:
                must = "must have margin tiers: Contract(..., tiers=MarginTiers(...))"
                raise AdlError.at("contracts", code, contract.symbol, must)
            if contract.tick is None:
                raise AdlError.at("contracts", code, contract.symbol, "must have a tick: Contract(..., tick=...)")
        return MarginPass(snapshot, self.venue.inclusive, self.threads)
