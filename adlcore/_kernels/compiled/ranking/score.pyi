from typing import Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Float64Array1D = npt.NDArray[np.float64]
_NumberArray1D = npt.NDArray[np.float64 | np.int64]

RULES: dict[str, int]
READ: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]

@disjoint_base
class Source:
    """The columns of a market at one mark price, and the rule that scores them.

    The arrays are referred to, not copied: whoever writes to them changes the scores.

    Parameters
    ----------
    rule : str
        A key of `RULES`.
    quantity : int64[n] or float64[n]
        Lots or sizes, signed: above 0 a long, below 0 a short.
    columns : dict of str to array, shape (n,)
        The columns that ``READ[rule]`` says: all of its first part, what there is of its second, and no other.
        `score` is float64; money is int64 quanta or float64 units, all of one kind.
    value_per_lot : float, default 0.0
        Signed value of one lot at the mark price, in quanta or units as money is.
    inverse : bool, default False
        Whether the contract is inverse: entry value over mark value is then the price ratio mark/entry.
    quanta_per_unit : float, default 1.0
        One unit of the settle asset as the columns of money have it; 1.0 where they are in units.

    Raises
    ------
    ValueError
        (argument, row, value, must) for a rule that is not computed, for a column that is missing, that the rule does
        not read, or of another length; without these facts for another dtype.

    Notes
    -----
    O(1) a column, about a quarter of a microsecond.
    """

    def __new__(
        cls,
        rule: str,
        quantity: _NumberArray1D,
        columns: dict[str, _NumberArray1D],
        *,
        value_per_lot: float = 0.0,
        inverse: bool = False,
        quanta_per_unit: float = 1.0,
    ) -> Self: ...
    def __len__(self) -> int: ...
    def scores(self, out: _Float64Array1D, side: int, winners_only: bool, absent: float) -> None:
        """Write the score of each row of a side.

        Parameters
        ----------
        out : float64[n]
            Every row is written. Shares no memory with the columns.
        side : int
            +1 long, -1 short, 0 both.
        winners_only : bool
            Whether rows with U <= 0 score -inf.
        absent : float
            What all other rows get.

        Raises
        ------
        ValueError
            (argument, row, value, must) for `out` of another length, and for `winners_only` without `entry_value`.

        Notes
        -----
        O(n), without the GIL.
        """
