"""Making a market, and moving it to a new mark; beside both, R: NumPy reading the columns once."""

from harness import cases
from harness.asv_class import OnColumns
from harness.columns import KINDS, ROWS


class Construction(
    OnColumns,
    case=cases.construction,
    times="read_columns entry_value entry_price at",
    peaks="entry_value",
    rows=ROWS,
    kind=KINDS[:2],
):
    """From entry values and from entry prices."""


class Quanta(OnColumns, case=cases.quanta, times="entry_value deleverage", rows=(10**4, 10**6)):
    """Money in int64 quanta."""

    def load(self, rows):
        return super().load(rows, kind="quanta")
