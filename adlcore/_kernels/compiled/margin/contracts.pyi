from typing import Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]

@disjoint_base
class Contracts:
    """Where the rows and the margin tiers of each contract stand.

    The arrays are referred to, not copied, and must not be written to while the holder lives.

    Parameters
    ----------
    start : int64[k + 1]
        Contract i has the position rows ``start[i] .. start[i + 1]``; rises from 0 at least.
    tier_start : int64[k + 1]
        Its tiers are ``tier_start[i] .. tier_start[i + 1]`` of `rate` and `amount`; rises, at most to their length.
    rate, amount : float64[t]
        Maintenance margin rate of a tier, and what is taken off, in quanta.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length and borders that do not rise.
    """

    def __new__(
        cls, start: _Int64Array1D, tier_start: _Int64Array1D, rate: _Float64Array1D, amount: _Float64Array1D
    ) -> Self: ...
