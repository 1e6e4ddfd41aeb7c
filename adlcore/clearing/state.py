"""Everything that a clearing house is at one moment, as one immutable value."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from .._support.arrays import INT64, Int64Array1D
from .._support.pickles import Immutable
from .events import Names
from .funds.fund_table import FundTable
from .funds.parties import Parties
from .funds.windows import Window
from .snapshot.snapshot import Snapshot

__all__ = ["HouseState", "names_of"]


class HouseState(Immutable):
    """What a house holds between two calls. Immutable; pickles; may be shared by threads.

    Attributes
    ----------
    snapshot : Snapshot
        Users: wallets, positions, orders, and the last marks.
    parties : Parties
        Street, treasury, vaults and funds.
    funds : FundTable
        What each fund is for.
    opening : int64[funds]
        Cash of each fund when the house opened; ``ledger`` is what has moved it since.
    lent : int64[funds]
        What the parent of each fund has paid for it.
    windows : tuple of mapping
        What the trigger of each fund remembers: one window of its equity, and of the contracts that it watches.
    uncovered : mapping of (wallet, asset) to int
        Open entries: what a wallet without positions owes, in quanta.
    cooling : mapping of (wallet, contract, side) to int
        Until when the rest of a row that was ordered in part waits; kept while that row is open and its wallet
        liquidatable.
    constant : tuple of int
        Of each asset: balances, cash, less entry values; money from outside moves it.
    time, sequence : int
        Of the last call; of the next event.
    next_plan, next_order : int
        Numbers that no plan and no liquidation order has had. They name what was sent and are no part of the hash:
        a house that planned and dropped it has the same books as before.
    digest : bytes
        The rolling hash of all events.

    Examples
    --------
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build([], {"account": ["ann"], "balance": ["12"]}, [], {})
    >>> state = adl.ClearingHouse(snapshot, [adl.InsuranceFund("USDT", "5")], [adl.clearing.TakeOver()]).state()
    >>> state.parties.names, state.opening, state.snapshot == snapshot
    (('street', 'treasury', 'USDT'), array([500000000]), True)
    """

    PICKLED = (
        *("snapshot", "parties", "funds", "opening", "ledger", "lent", "windows", "uncovered", "cooling", "constant"),
        *("time", "sequence", "digest", "next_plan", "next_order"),
    )
    VERSION = 2
    __slots__ = PICKLED

    snapshot: Snapshot
    parties: Parties
    funds: FundTable
    opening: Int64Array1D
    ledger: Int64Array1D
    lent: Int64Array1D
    windows: tuple[Mapping[int, Window], ...]
    uncovered: Mapping[tuple[int, int], int]
    cooling: Mapping[tuple[int, int, int], int]
    constant: tuple[int, ...]
    time: int
    sequence: int
    digest: bytes
    next_plan: int
    next_order: int

    def __init__(self, **values: Any) -> None:
        self._restore(values)

    def _restore(self, values: dict[str, Any]) -> None:
        windows = tuple(MappingProxyType(dict(window)) for window in values["windows"])
        super()._restore({**values, "windows": windows})

    def _pickled(self) -> dict[str, Any]:
        return {**super()._pickled(), "windows": tuple(dict(window) for window in self.windows)}

    def replace(self, **values: Any) -> HouseState:
        """The same with some attributes replaced."""
        return HouseState(**{**{name: getattr(self, name) for name in self.PICKLED}, **values})

    @property
    def hash(self) -> str:
        """SHA-256 of all of it but the next numbers, as hexadecimal text; the same on every machine."""
        digest = hashlib.sha256(self.snapshot.hash.encode())
        parties = self.parties
        digest.update(repr((parties.names, parties.first_fund, self.funds.fields())).encode())
        for array in (parties.lots, parties.cost, parties.cash, self.opening, self.ledger, self.lent):
            digest.update(np.ascontiguousarray(array, INT64).astype("<i8").tobytes())
        windows = [sorted((code, window.fields()) for code, window in each.items()) for each in self.windows]
        entries = sorted(self.uncovered.items()), sorted(self.cooling.items())
        # Debts that waited stood in the empty place: hashes of states from before, which had none, are the same.
        digest.update(repr((windows, entries, self.constant, (), self.time, self.sequence)).encode())
        digest.update(self.digest)
        return digest.hexdigest()


def names_of(state: HouseState) -> Names:
    """What the numbers of a house's events stand for."""
    snapshot = state.snapshot
    return Names(
        snapshot.wallets.account,
        tuple(contract.symbol for contract in snapshot.contracts),
        tuple(asset.name for asset in snapshot.assets),
        state.parties.names,
    )
