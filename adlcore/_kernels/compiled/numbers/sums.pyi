import numpy as np
import numpy.typing as npt

_Float64Array1D = npt.NDArray[np.float64]

def exact_sum(values: _Float64Array1D) -> float: ...
def prefix_sums(values: _Float64Array1D, out: _Float64Array1D) -> None: ...
