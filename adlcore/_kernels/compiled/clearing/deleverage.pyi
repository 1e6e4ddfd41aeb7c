import numpy as np
import numpy.typing as npt

from .rows import Rows

_Int64Array1D = npt.NDArray[np.int64]
_UInt8Array1D = npt.NDArray[np.uint8]

def fits(loss: tuple[int, int, int], ticks_max: int, above: int, below: int, inverse: bool) -> bool: ...
def scan(
    rows: Rows,
    code: int,
    side: int,
    need: _Int64Array1D,
    ticks: _Int64Array1D,
    done: _Int64Array1D,
    account: _Int64Array1D,
    candidate: _Int64Array1D,
    label: _Int64Array1D,
    kind: _UInt8Array1D,
    rest: _Int64Array1D,
    loan: _Int64Array1D,
    rates: _Int64Array1D,
    above: int,
    below: int,
    inverse: bool,
    loss: tuple[int, int, int],
    used: _UInt8Array1D,
    progress: _Int64Array1D,
    out_remainder: _Int64Array1D,
    out_row: _Int64Array1D,
    out_lots: _Int64Array1D,
    out_value: _Int64Array1D,
    out_realized: _Int64Array1D,
) -> int: ...
