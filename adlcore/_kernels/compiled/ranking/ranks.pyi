import numpy as np
import numpy.typing as npt

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]

def rank(score: _Float64Array1D, out: _Int64Array1D, tie: _Int64Array1D | None = None) -> None: ...
def quantile(score: _Float64Array1D, out: _Float64Array1D) -> None: ...
