import numpy as np
import numpy.typing as npt

_Int64Array1D = npt.NDArray[np.int64]
_Int64Array2D = npt.NDArray[np.int64]
_UInt8Array1D = npt.NDArray[np.uint8]

def of_all(sums: _Int64Array2D, inclusive: bool, out: _UInt8Array1D) -> bool: ...
def of_some(sums: _Int64Array2D, wallet: _Int64Array1D, inclusive: bool, out: _UInt8Array1D) -> bool: ...
def of_side(
    quantity: _Int64Array1D,
    side: int,
    wallet: _Int64Array1D,
    sums: _Int64Array2D,
    out_of_it: _UInt8Array1D,
    inclusive: bool,
    place: _Int64Array1D,
    equity: _Int64Array1D,
    margin: _Int64Array1D,
    barred: _UInt8Array1D,
) -> int: ...
