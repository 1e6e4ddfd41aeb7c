import numpy as np
import numpy.typing as npt

_Int64Array1D = npt.NDArray[np.int64]

def settle(
    amount: _Int64Array1D,
    fund: _Int64Array1D,
    equity: _Int64Array1D,
    cash: _Int64Array1D,
    parent: _Int64Array1D,
    left: _Int64Array1D,
    out_row: _Int64Array1D,
    out_fund: _Int64Array1D,
    out_amount: _Int64Array1D,
) -> tuple[int, int]: ...
