import numpy as np
import numpy.typing as npt

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]
_Int64Array2D = npt.NDArray[np.int64]
_UInt8Array1D = npt.NDArray[np.uint8]
_UInt8Array2D = npt.NDArray[np.uint8]

def take_over(
    fund: _Int64Array1D,
    code: _Int64Array1D,
    quantity: _Int64Array1D,
    price: _Int64Array1D,
    value: _Int64Array1D,
    lots: _Int64Array2D,
    cost: _Int64Array2D,
    lots0: _Int64Array2D,
    cost0: _Int64Array2D,
    cash: _Int64Array1D,
    equity: _Int64Array1D,
    notional: _Int64Array1D,
    least: _Int64Array1D,
    cap_top: _Int64Array1D,
    cap_bottom: _Int64Array1D,
    refuses: _UInt8Array2D,
    parent: _Int64Array1D,
    unit: _Float64Array1D,
    above: _Int64Array1D,
    below: _Int64Array1D,
    inverse: _UInt8Array1D,
    taken: _Int64Array1D,
    realized: _Int64Array1D,
    closing: _Int64Array1D,
    closed: _Int64Array1D,
    noted: _UInt8Array2D,
    refusals: _Int64Array2D,
) -> tuple[int, int]: ...
