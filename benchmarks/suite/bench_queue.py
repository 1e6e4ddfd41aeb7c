"""``market.queue``: a side ranked once, consumed little by little or whole."""

from harness import cases
from harness.asv_class import OnColumns
from harness.columns import KINDS, ROWS


class Queue(
    OnColumns,
    case=cases.queue,
    times="make take_little take_all assign",
    peaks="take_little",
    rows=ROWS,
    kind=KINDS[:2],
):
    """The queue is made anew every time: a second take of the same queue finds it sorted."""

    def load(self, rows, kind):
        if rows > 10**6 and kind == "lots":
            raise NotImplementedError("10^7 rows in float64 only")
        return super().load(rows, kind=kind)


class QueueTakes(OnColumns, case=cases.queue_takes, times="takes", rows=(10**5, 10**6)):
    """A thousand small takes of one queue."""
