import numpy as np
import numpy.typing as npt

_Float64Array1D = npt.NDArray[np.float64]

def root_prices(
    quantity: _Float64Array1D,
    entry_value: _Float64Array1D,
    budget: _Float64Array1D,
    keep: float,
    fee: float,
    rate: _Float64Array1D,
    amount: _Float64Array1D,
    units: float,
    inverse: bool,
    out: _Float64Array1D,
) -> None: ...
def root_price_pairs(
    quantity: _Float64Array1D,
    opposite: _Float64Array1D,
    entry_value: _Float64Array1D,
    budget: _Float64Array1D,
    keep: float,
    fee: float,
    rate: _Float64Array1D,
    amount: _Float64Array1D,
    units: float,
    inverse: bool,
    lower: _Float64Array1D,
    upper: _Float64Array1D,
) -> None: ...
