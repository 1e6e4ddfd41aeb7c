import numpy as np
import numpy.typing as npt

Float64Array1D = npt.NDArray[np.float64]
Int64Array1D = npt.NDArray[np.int64]
NumberArray1D = npt.NDArray[np.float64 | np.int64]

RULES: dict[str, int]

class Source:
    held: list[memoryview]
    def __init__(
        self,
        rule: str,
        *,
        quantity: NumberArray1D,
        score: Float64Array1D | None = None,
        entry_value: NumberArray1D | None = None,
        unit_value: float = 0.0,
        inverse: bool = False,
        one: float = 1.0,
        equity: NumberArray1D | None = None,
        account_equity: NumberArray1D | None = None,
        balance: NumberArray1D | None = None,
        maintenance_margin: NumberArray1D | None = None,
        bankruptcy_value: NumberArray1D | None = None,
    ) -> None: ...
    def __len__(self) -> int: ...
    def scores(self, out: Float64Array1D, side: int, winners: bool, absent: float) -> None: ...
