"""Who is no user and holds something all the same: the street, the treasury, vaults and insurance funds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..._support.arrays import INT64
from ..._support.pickles import Immutable
from .fund import RESERVED_NAMES
from .fund_table import FundTable

__all__ = ["FIRST_VAULT", "STREET", "TREASURY", "Parties"]

#: Rows of the far side of the order book, which keeps open interest balanced, and of who exchanges collateral, as in
#: the reserved names; then come vaults.
STREET, TREASURY, FIRST_VAULT = range(3)


class Parties(Immutable):
    """One netted row a contract, and cash of every asset, of each party. Immutable; may be shared by threads.

    Attributes
    ----------
    names : tuple of str
        ``"street"``, ``"treasury"``, then vaults, then funds.
    first_fund : int
        Row of the first fund.
    lots, cost : int64[parties, contracts]
        Signed lots, and what they cost in quanta of the contract's settle asset, signed.
    realized : int64[parties, contracts]
        What each row realized since the house opened, in quanta of the contract's settle asset.
    cash : int64[parties, assets]
        Quanta.
    """

    __slots__ = PICKLED = ("names", "first_fund", "lots", "cost", "realized", "cash")

    names: tuple[str, ...]
    first_fund: int
    lots: npt.NDArray[np.int64]
    cost: npt.NDArray[np.int64]
    realized: npt.NDArray[np.int64]
    cash: npt.NDArray[np.int64]

    def __init__(
        self,
        names: tuple[str, ...],
        first_fund: int,
        *,
        lots: npt.NDArray[np.int64],
        cost: npt.NDArray[np.int64],
        realized: npt.NDArray[np.int64],
        cash: npt.NDArray[np.int64],
    ) -> None:
        values = names, first_fund, lots, cost, realized, cash
        self._restore(dict(zip(self.PICKLED, values, strict=True)))

    @classmethod
    def opened(cls, vaults: tuple[str, ...], table: FundTable, contracts: int, assets: int) -> Parties:
        """Parties that hold nothing but the opening balances of the funds."""
        names = (*RESERVED_NAMES, *vaults, *table.names)
        funds = FIRST_VAULT + len(vaults)
        nothing = np.zeros((len(names), contracts), INT64)
        cash = np.zeros((len(names), assets), INT64)
        cash[funds + np.arange(len(table.names)), table.asset] = table.balance
        return cls(names, funds, lots=nothing, cost=nothing.copy(), realized=nothing.copy(), cash=cash)

    def code(self, name: str) -> int:
        """Row of a party."""
        return self.names.index(name)
