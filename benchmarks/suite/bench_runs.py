"""Runs on the disk: passes appended as they are made, sealed, and read again."""

import tempfile
import time
from pathlib import Path

import numpy as np

from adlcore._support import files
from adlcore.clearing import Events
from adlcore.io.runs import log as run_log
from adlcore.io.runs import parquet_files

from .columns import MARK, MOST
from .house import CROWDED, crowd, opened, running

#: Passes, and events of each.
RUNS = tuple(size for size in ((1, 10**6), (100, 10**4), (1000, 100)) if size[0] * size[1] <= MOST)


class Log:
    """The log of a run that goes on, each pass synchronized; what the events are is one crash again and again."""

    params = (RUNS,)
    param_names = ("size",)
    number = 1
    timeout = 600.0

    def setup(self, size):
        passes, count = size
        house = running(opened(crowd(100, 1000), CROWDED), CROWDED)
        before, crash = house.snapshot(), house.mark({"CROWD": MARK})
        table = np.resize(crash.table, (count, crash.table.shape[1]))
        table[:, -1] = -1  # legs of a crash that was cut would name each other no more
        inputs = {"marks": {"CROWD": MARK}, "index_prices": {}, "oracle": {}}
        self.made, digest = [], b""
        for number in range(passes):
            events = Events(table, number * count, number, crash.names)
            digest = events.digest(digest) if count else digest
            self.made.append(run_log.Made(number, inputs, events, digest))
        self.words = parquet_files.Vocabulary(before, crash.names.parties)
        self.parent = tempfile.TemporaryDirectory()
        self.folder = Path(self.parent.name)
        self.path = self.folder / "events.arrow"
        self.time_append(size)

    def teardown(self, size):
        self.parent.cleanup()

    def time_append(self, size):
        self.path.unlink(missing_ok=True)
        with files.Sink.append(self.path, 0) as file:
            run_log.begin(file)
            for made in self.made:
                run_log.append(file, made)

    def track_events_a_second(self, size):
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            self.time_append(size)
            seconds.append(time.perf_counter() - start)
        return size[0] * size[1] / min(seconds)

    track_events_a_second.unit = "events/s"

    def time_read(self, size):
        log = run_log.PassLog(self.path, 0, b"")
        if sum(1 for _ in log) != size[0]:
            raise AssertionError(log.damage)

    def time_seal(self, size):
        parquet_files.write_tables(self.folder, run_log.PassLog(self.path, 0, b""), self.words)
