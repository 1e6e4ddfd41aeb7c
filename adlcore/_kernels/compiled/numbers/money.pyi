import numpy as np
import numpy.typing as npt

_Int64Array1D = npt.NDArray[np.int64]

ROUNDINGS: dict[str, int]

def exact_sum(values: _Int64Array1D) -> int:
    """The exact sum, which may leave int64.

    Parameters
    ----------
    values : int64[n]
        Read once: O(n), without the GIL.
    """

def group_sums(values: _Int64Array1D, group: _Int64Array1D, out: _Int64Array1D) -> int:
    """Write the sum of each group's values; only the total of a group must fit int64.

    Parameters
    ----------
    values : int64[n]
        What is added.
    group : int64[n]
        The group of each row, 0 to g - 1, in any order.
    out : int64[g]
        Every row is written. Shares no memory with the columns.

    Returns
    -------
    int
        The lowest group whose total leaves int64, or -1; otherwise what stands in `out` means nothing.

    Raises
    ------
    ValueError
        (argument, row, value, must) for `group` of another length, and for a group that is not there.

    Notes
    -----
    O(n + g), without the GIL.
    """

def multiply_divide(
    value: _Int64Array1D, numerator: _Int64Array1D, denominator: _Int64Array1D, rounding: int, out: _Int64Array1D
) -> int:
    """Write ``value·numerator/denominator``; the product may leave int64.

    Parameters
    ----------
    value, numerator, denominator : int64[n] or int64[1]
        A row for every row of `out`, or one for all.
    rounding : int
        One of `ROUNDINGS`.
    out : int64[n]
        The quotients. It may be one of the columns of n rows.

    Returns
    -------
    int
        The first row where the denominator is 0 or the rounded quotient leaves int64, or -1. What stands in `out`
        from that row on means nothing.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of another length, and for a rounding that is none.

    Notes
    -----
    O(n), without the GIL.
    """

def fill_values(
    lots: _Int64Array1D,
    ticks: _Int64Array1D,
    group: _Int64Array1D,
    numerator: int,
    denominator: int,
    inverse: bool,
    out: _Int64Array1D,
) -> int:
    """Write what fills are worth, in quanta: ``round(W_j) - round(W_{j-1})``, half-even.

    W_j is the exact sum of ``v(P_i)·lots_i`` from the first row of a run of equal `group`, with v(P) = P·n/d, inverse
    -n/(d·P), for n the numerator and d the denominator.

    Parameters
    ----------
    lots : int64[n]
        Signed lots of each fill.
    ticks : int64[n]
        Its price P, at least 1 tick.
    group : int64[n]
        Fills of one row of the books stand together and have one number.
    numerator, denominator : int
        The value of one lot at 1 tick, in quanta; each from 1 to 2^63 - 1.
    inverse : bool
        Whether the contract is inverse.
    out : int64[n]
        Quanta, with the sign of the lots; of an inverse contract with the other. Shares no memory with the columns.

    Returns
    -------
    int
        The first row whose value or round(W) leaves int64, or -1; otherwise what stands in `out` means nothing.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of another length, ticks below 1, and for a numerator or denominator
        out of its range.

    Notes
    -----
    O(n), without the GIL; a group of an inverse contract whose rounding 64 fractional bits do not decide is done again
    in Python integers.
    """

def value_ticks(
    value: _Int64Array1D,
    lots: _Int64Array1D,
    numerator: int,
    denominator: int,
    inverse: bool,
    rounding: int,
    out: _Int64Array1D,
) -> None:
    """Write the price in ticks at which lots are worth a value: ``value·d/(lots·n)``, inverse ``-lots·n/(d·value)``.

    Parameters
    ----------
    value : int64[n]
        Quanta.
    lots : int64[n]
        Signed lots.
    numerator, denominator : int
        n and d: the value of one lot at 1 tick, in quanta; each from 1 to 2^63 - 1.
    inverse : bool
        Whether the contract is inverse.
    rounding : int
        One of `ROUNDINGS`.
    out : int64[n]
        Ticks, held within int64: 0 where there are no lots; the largest where an inverse value has the sign of its
        lots, or is 0, for no price is high enough. It may be `value` or `lots`.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of another length, a numerator or denominator out of its range, and
        for a rounding that is none.

    Notes
    -----
    O(n), without the GIL.
    """
