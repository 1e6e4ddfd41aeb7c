import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]
_NumberArray1D = npt.NDArray[np.float64 | np.int64]

RULES: dict[str, int]

@disjoint_base
class Source:
    held: list[memoryview]
    def __init__(
        self,
        rule: str,
        *,
        quantity: _NumberArray1D,
        score: _Float64Array1D | None = None,
        entry_value: _NumberArray1D | None = None,
        unit_value: float = 0.0,
        inverse: bool = False,
        one: float = 1.0,
        equity: _NumberArray1D | None = None,
        account_equity: _NumberArray1D | None = None,
        balance: _NumberArray1D | None = None,
        maintenance_margin: _NumberArray1D | None = None,
        bankruptcy_value: _NumberArray1D | None = None,
    ) -> None: ...
    def __len__(self) -> int: ...
    def scores(self, out: _Float64Array1D, side: int, winners: bool, absent: float) -> None: ...
