from typing import Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]
_Int64Array2D = npt.NDArray[np.int64]
_UInt8Array1D = npt.NDArray[np.uint8]

@disjoint_base
class Rows:
    def __new__(
        cls,
        quantity: _Int64Array1D,
        entry_value: _Int64Array1D,
        quantity0: _Int64Array1D,
        entry_value0: _Int64Array1D,
        slot: _Int64Array1D,
        pnl: _Int64Array1D,
        margin: _Int64Array1D,
        sums: _Int64Array2D,
        cash: _Int64Array1D,
        plain: _UInt8Array1D | None,
        unit: _Float64Array1D,
        tier_start: _Int64Array1D,
        rate: _Float64Array1D,
        amount: _Float64Array1D,
    ) -> Self: ...
    def close(
        self,
        row: _Int64Array1D,
        lots: _Int64Array1D,
        value: _Int64Array1D,
        code: _Int64Array1D,
        realized: _Int64Array1D,
    ) -> int: ...
