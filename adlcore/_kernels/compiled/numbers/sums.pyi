import numpy as np
import numpy.typing as npt

_Float64Array1D = npt.NDArray[np.float64]

def exact_sum(values: _Float64Array1D) -> float:
    """The exact sum, rounded once, half-even; infinity beyond float64.

    Parameters
    ----------
    values : float64[n]
        Finite, at least 0; the sign is not looked at.

    Notes
    -----
    O(n). The sum does not depend on the order of the values.
    """

def prefix_sums(values: _Float64Array1D, out: _Float64Array1D) -> None:
    """Write the exact sum of the first 1, 2, ... values, each rounded once, half-even.

    Parameters
    ----------
    values : float64[n]
        Finite, at least 0; the sign is not looked at.
    out : float64[n]
        It may be `values`.

    Raises
    ------
    ValueError
        (argument, row, value, must) for `out` of another length.

    Notes
    -----
    O(n).
    """
