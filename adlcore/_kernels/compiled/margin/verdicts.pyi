import numpy as np
import numpy.typing as npt

_Int64Array1D = npt.NDArray[np.int64]
_Int64Array2D = npt.NDArray[np.int64]
_UInt8Array1D = npt.NDArray[np.uint8]

def of_all(sums: _Int64Array2D, inclusive: bool, out: _UInt8Array1D) -> bool: ...
def of_some(sums: _Int64Array2D, wallet: _Int64Array1D, inclusive: bool, out: _UInt8Array1D) -> bool: ...
def of_side(
    quantity: _Int64Array1D,
    entry_value: _Int64Array1D,
    pnl: _Int64Array1D,
    side: int,
    winners: bool,
    losers: bool,
    wallet: _Int64Array1D,
    sums: _Int64Array2D,
    out_of_it: _UInt8Array1D,
    inclusive: bool,
    found: _Int64Array2D,
    barred: _UInt8Array1D,
) -> int: ...
def rows_of(wallet: _Int64Array1D, wanted: _UInt8Array1D, rows: _Int64Array1D, marked: _UInt8Array1D) -> int: ...
