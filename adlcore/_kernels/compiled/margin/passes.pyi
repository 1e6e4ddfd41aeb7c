import numpy as np
import numpy.typing as npt

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]
_Int64Array2D = npt.NDArray[np.int64]

ROW_OVERFLOW: int
SUM_OVERFLOW: int
OUT_OF_ORDER: int

def full_pass(
    start: _Int64Array1D,
    unit: _Float64Array1D,
    tier_start: _Int64Array1D,
    rate: _Float64Array1D,
    amount: _Float64Array1D,
    quantity: _Int64Array1D,
    entry_value: _Int64Array1D,
    slot: _Int64Array1D,
    balance: _Int64Array1D,
    first: int,
    last: int,
    pnl: _Int64Array1D,
    margin: _Int64Array1D,
    sums: _Int64Array2D,
) -> int: ...
def new_mark(
    unit: float,
    rate: _Float64Array1D,
    amount: _Float64Array1D,
    quantity: _Int64Array1D,
    entry_value: _Int64Array1D,
    slot: _Int64Array1D,
    pnl: _Int64Array1D,
    margin: _Int64Array1D,
    sums: _Int64Array2D,
) -> tuple[int, int]: ...
