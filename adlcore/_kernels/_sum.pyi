import numpy as np
import numpy.typing as npt

Float64Array1D = npt.NDArray[np.float64]

def exact_sum(values: Float64Array1D) -> float: ...
def prefix_sums(values: Float64Array1D, out: Float64Array1D) -> None: ...
