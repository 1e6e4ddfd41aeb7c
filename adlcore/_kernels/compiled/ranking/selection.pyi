from typing import Any

import numpy as np
import numpy.typing as npt

from .score import Source

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]

def select(
    source: Source,
    side: int,
    winners: bool,
    exclude: npt.NDArray[np.uint8] | None,
    target: float,
    limit: int,
    tie: _Int64Array1D | None,
    ordered: bool,
    threads: int = 1,
) -> tuple[_Int64Array1D, npt.NDArray[np.float64 | np.int64], _Float64Array1D, Any, int, Any]: ...
