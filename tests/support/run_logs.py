"""The log of a run, byte by byte: where its passes end, and what may be put there instead."""

import numpy as np

from adlcore._support import files
from adlcore.clearing import Events
from adlcore.io.runs import log as run_log
from support.run_worlds import TEN

LOG = "events.arrow"


def assert_same_columns(one, other) -> None:
    """Columns of the same names, in their order, with the same values."""
    assert list(one) == list(other)
    for name, column in one.items():
        assert column.dtype.kind == other[name].dtype.kind, name
        assert np.array_equal(column, other[name]), name


def columns(events: list[Events]):
    """What a run must show of the events of its passes."""
    parts = [{**each.columns(), "pass": np.full(len(each), number)} for number, each in enumerate(events)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def ends(log: bytes) -> list[int]:
    """Where what stands before the first pass ends, and where each pass does."""
    found = [0]
    while found[-1] < len(log):
        place = log.index("§".encode(), found[-1]) + 2
        found.append(found[-1] + int(log[place + 8 : place + 24], 16))
    return found[1:]


def with_byte(data: bytes, place: int, value: int) -> bytes:
    """With another byte in one place."""
    return data[:place] + bytes([value]) + data[place + 1 :]


def written(path, data: bytes):
    """A file anew: some systems wait for the disk when one is cut and filled again."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    return path


def cuts(log: bytes, step: int) -> list[int]:
    """Where a log is cut: at every so many bytes, and around the ends of its passes."""
    near = {place + more for place in ends(log) for more in range(-2, 3)}
    return sorted({*range(0, len(log), step), len(log), *(cut for cut in near if cut <= len(log))})


def forge_log(folder, change, *, chained: bool = True) -> None:
    """Write the log anew, sound in itself, with other tables in it."""
    state = TEN.house().state()
    log = run_log.PassLog(folder / LOG, state.sequence, state.digest)
    passes, digest = list(log), state.digest
    (folder / LOG).unlink()
    with files.Sink.append(folder / LOG, 0) as file:
        run_log.write_head(file)
        for each in passes:
            table = each.table.copy()
            change(each.number, table)
            events = Events(table, each.first, each.time, run_log.NO_NAMES)
            digest = events.digest(digest) if len(events) else digest
            run_log.append_pass(
                file, run_log.NewPass(each.number, each.inputs, events, digest if chained else each.digest)
            )
