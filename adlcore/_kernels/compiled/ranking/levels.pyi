import numpy as np
import numpy.typing as npt

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]
_Int8Array1D = npt.NDArray[np.int8]

def levels_by_count(score: _Float64Array1D, levels: int, out: _Int8Array1D) -> None: ...
def levels_by_weight(
    score: _Float64Array1D,
    weights: npt.NDArray[np.float64 | np.int64],
    levels: int,
    out: _Int8Array1D,
    tie: _Int64Array1D | None = None,
) -> None: ...
