import numpy as np
import numpy.typing as npt

Float64Array1D = npt.NDArray[np.float64]
Int64Array1D = npt.NDArray[np.int64]
Int8Array1D = npt.NDArray[np.int8]

def levels_by_count(score: Float64Array1D, levels: int, out: Int8Array1D) -> None: ...
def levels_by_weight(
    score: Float64Array1D, weights: npt.NDArray[np.float64 | np.int64], levels: int, out: Int8Array1D
) -> None: ...
