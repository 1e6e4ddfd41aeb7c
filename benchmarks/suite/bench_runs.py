"""Runs on the disk: passes appended as they are made, sealed, and read again."""

import tempfile
from pathlib import Path

from harness import cases
from harness.asv_class import TimedCase
from harness.columns import MOST
from harness.timing import nanoseconds_of


class Log(
    TimedCase,
    case=cases.run_log_of,
    times="append read seal",
    size=tuple(size for size in ((1, 10**6), (100, 10**4), (1000, 100)) if size[0] * size[1] <= MOST),
):
    """The log of a run that goes on, each pass synchronized; what the events are is one crash again and again."""

    number = 1
    timeout = 600.0

    def setup(self, size):
        self.folder = tempfile.TemporaryDirectory()
        self.calls = cases.run_log_of(size, Path(self.folder.name))
        self.calls["append"]()

    def teardown(self, size):
        self.folder.cleanup()

    def track_events_a_second(self, size):
        return 1e9 * size[0] * size[1] / min(nanoseconds_of(self.calls["append"]) for _ in range(5))

    track_events_a_second.unit = "events/s"
