import numpy as np
import numpy.typing as npt

_Int64Array1D = npt.NDArray[np.int64]

ROUNDINGS: dict[str, int]

def exact_sum(values: _Int64Array1D) -> int: ...
def group_sums(values: _Int64Array1D, group: _Int64Array1D, out: _Int64Array1D) -> int: ...
def multiply_divide(a: _Int64Array1D, b: _Int64Array1D, c: _Int64Array1D, rounding: int, out: _Int64Array1D) -> int: ...
def fill_values(
    lots: _Int64Array1D,
    ticks: _Int64Array1D,
    group: _Int64Array1D,
    numerator: int,
    denominator: int,
    inverse: bool,
    out: _Int64Array1D,
) -> int: ...
def value_ticks(
    value: _Int64Array1D,
    lots: _Int64Array1D,
    numerator: int,
    denominator: int,
    inverse: bool,
    rounding: int,
    out: _Int64Array1D,
) -> None: ...
