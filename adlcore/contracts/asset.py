"""Settlement assets, and the smallest unit in which money of each is kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .._support.arrays import refuse_unfit
from .._support.pickles import Versioned
from ..errors import AdlError
from .decimals import Number, steps_text, whole_steps

__all__ = ["Asset"]

#: Of an asset that is given by its bare name.
DECIMALS = 8


@dataclass(frozen=True)
class Asset(Versioned):
    """A settlement asset and the smallest unit in which adlcore keeps money of it.

    Parameters
    ----------
    name : str
        For example ``"USDT"``.
    decimals : int, default 8
        One *quantum* is ``10**-decimals`` of the asset. int64 quanta hold 9.2·10^10 units at 8
        decimals; choose fewer for assets of small worth (2 for IDR or KRW).

    Examples
    --------
    >>> usdt = Asset("USDT", decimals=6)
    >>> usdt.quanta("1.25"), usdt.decimal(1250000)
    (1250000, '1.250000')
    """

    PICKLED = ("name", "decimals")

    name: str
    decimals: int = DECIMALS

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise AdlError.at("name", None, self.name, "must be a non-empty string such as 'USDT'")
        refuse_unfit("name", self.name)
        if not isinstance(self.decimals, int) or isinstance(self.decimals, bool) or not 0 <= self.decimals <= 18:
            raise AdlError.at("decimals", None, self.decimals, "must be a whole number from 0 to 18")

    @property
    def quanta_per_unit(self) -> int:
        """How many quanta make one unit of the asset."""
        return int(10**self.decimals)

    def quanta(self, amount: Number) -> int:
        """Convert an amount in units of the asset to whole quanta, exactly.

        Parameters
        ----------
        amount : decimal string or number
            Of either sign. A float is read by its shortest decimal.

        Raises
        ------
        AdlError
            If the amount lies between two quanta (the message names both), or beyond int64.

        Examples
        --------
        >>> Asset("IDR", decimals=2).quanta("-1000.5")
        -100050
        """
        return whole_steps(amount, "amount", self._quantum, "quanta")

    def decimal(self, quanta: int) -> str:
        """Print a number of quanta in units of the asset, exactly, with all decimals of the asset.

        Examples
        --------
        >>> Asset("KRW", decimals=0).decimal(5000), Asset("BTC").decimal(-1)
        ('5000', '-0.00000001')
        """
        return steps_text(quanta, "quanta", self._quantum)

    @property
    def _quantum(self) -> Decimal:
        """One quantum in units of the asset."""
        return Decimal(1).scaleb(-self.decimals)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Asset({self.name!r})" if self.decimals == DECIMALS else f"Asset({self.name!r}, {self.decimals})"
