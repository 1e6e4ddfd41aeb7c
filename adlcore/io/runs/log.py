"""``events.arrow``: the passes of a run that goes on, one record batch each, appended as they are made.

The file is an Arrow IPC stream of int64 columns: the numbers of the events as :class:`~adlcore.clearing.Events`
has them. What else there is to say of a pass stands in the custom metadata of its batch under "pass"; under "check"
stands how long the message is and what its SHA-256 is. So every message is known to be whole and
unaltered before Arrow reads it, and a pass is there whole or not at all.

Arrow's own reader does for the columns, and any other tool reads the file with it. It does not do for what a crash
leaves: a stream has no checksums, a body that was cut or altered is read as numbers, and metadata that is no flatbuffer
may end the process. Parquet is no log, for it is nothing before its footer is written; and a database would be a file
that no reader of columns opens. So the frame is found and checked here, by the lengths that Arrow gives its messages.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import operator
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..._support.arrays import INT64
from ..._support.files import Sink
from ..._support.members import open_descriptor
from ..._support.text import one_line
from ...clearing.events import FIELDS, Events, Names
from ...errors import AdlError

__all__ = [
    "INPUTS",
    "Damage",
    "LoggedPass",
    "NewPass",
    "PassLog",
    "LogTail",
    "Texts",
    "append_pass",
    "write_head",
    "pass_message",
    "message_columns",
]

#: Of this file. One that is not known is refused.
SCHEMA = b"1"

#: What a pass was given, each a mapping of name to decimal text.
INPUTS = ("marks", "index_prices", "oracle")
Texts = Mapping[str, Mapping[str, str]]

#: A check begins with a letter that JSON as it is written here never holds, so nobody's name looks like one. Then come
#: the length of the metadata, the length of the message, the CRC-32 of both, and the SHA-256 of the message with an
#: empty check.
CHECK_SIGN = "§".encode()
EMPTY = b"0" * (8 + 16 + 8 + 64)
CHECK_PATTERN = re.compile(CHECK_SIGN + b"([0-9a-f]{8})([0-9a-f]{16})([0-9a-f]{8})([0-9a-f]{64})")

#: An Arrow message: four bytes that are all ones, the length of its metadata, the metadata, its body.
HEAD, ONES = 8, b"\xff\xff\xff\xff"

#: The digest of a table needs no names.
NO_NAMES = Names(np.zeros(0, INT64), (), (), ())

#: What reading a message that is no pass may raise.
DECODING_ERRORS = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, OSError, MemoryError)


class Damage(NamedTuple):
    """Bytes that are no pass, nor the beginning of one.

    Attributes
    ----------
    number : int
        Of the pass that should stand there; -1 for what stands before the first.
    reason : str
    message : bytes-like, optional
        The whole message, where its end is known.
    """

    number: int
    reason: str
    message: bytearray | None

    def error(self, path: Path, more: str = "") -> AdlError:
        """What to raise."""
        place = "what stands before the first pass" if self.number < 0 else f"pass {self.number}"
        message = f"{path} was altered: {place} {self.reason}{more}"
        return AdlError(message, argument="path", row=self.number if self.number >= 0 else None, value=str(path))


class LogTail(NamedTuple):
    """What is left of a file behind a place: passes and their events as far as their lengths are known, and bytes."""

    passes: int
    events: int
    size: int


class NewPass(NamedTuple):
    """A pass that was made: its number, what it was given, what came of it, and the rolling hash after it."""

    number: int
    inputs: Texts
    events: Events
    digest: bytes


@dataclass(frozen=True)
class LoggedPass:
    """One pass as the file tells it.

    Attributes
    ----------
    number, time, first : int
        Of the pass; the sequence number of its first event.
    digest : bytes
        The rolling hash of all events after it.
    inputs : dict
        ``marks``, ``index_prices`` and ``oracle``: mappings of name to decimal text.
    table : int64[events, 11]
        As :attr:`Events.table`.
    """

    number: int
    time: int
    first: int
    digest: bytes
    inputs: dict[str, dict[str, str]]
    table: npt.NDArray[np.int64]


# Writing --------------------------------------------------------------------------------------------------------------


def write_head(sink: Sink) -> None:
    """Write what stands before the first pass."""
    sink.write(b"".join(_checked([_schema({b"check": CHECK_SIGN + EMPTY}).serialize()])))
    sink.sync()


def append_pass(sink: Sink, made: NewPass) -> None:
    """Write one pass, and wait until it is on the disk. O(events)."""
    for part in pass_message(made):
        sink.write(part)
    sink.sync()


def pass_message(made: NewPass) -> list[Any]:
    """The message of one pass, in parts that follow each other."""
    import pyarrow as pa

    number, inputs, events, digest = made
    told = {"pass": number, "time": events.time, "first": events.first, "events": len(events), "digest": digest.hex()}
    text = json.dumps({**told, **inputs}, separators=(",", ":"))
    schema = _schema()
    # Copied here, from rows to columns, and nowhere else.
    columns = np.ascontiguousarray(events.table.T)
    batch = pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=schema)
    taken = _Parts()
    with pa.ipc.new_stream(pa.PythonFile(taken, "w"), schema) as writer:
        writer.write_batch(batch, custom_metadata={"pass": text, "check": (CHECK_SIGN + EMPTY).decode()})
        parts = [*taken.parts]
    before = schema.serialize().size
    while before:
        before -= len(parts.pop(0))
    return _checked(parts)


class _Parts:
    """What pyarrow takes for a file, and gives its columns to as they are."""

    closed = False

    def __init__(self) -> None:
        self.parts: list[Any] = []

    def write(self, part: Any) -> int:
        """Keep it."""
        self.parts.append(part)
        return len(part)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""


def _schema(metadata: Mapping[bytes, bytes] | None = None) -> Any:
    """The columns of the file."""
    import pyarrow as pa

    fields = [pa.field(name, pa.int64(), nullable=False) for name in FIELDS]
    return pa.schema(fields, metadata={b"adlcore.run": SCHEMA, **(metadata or {})})


def _checked(parts: list[Any]) -> list[Any]:
    """A message with its empty check filled in: head and metadata as one part, then its body as it is."""
    head, rest, metadata = bytearray(), [*parts], 0
    while len(head) < HEAD + metadata:
        head += rest.pop(0)
        metadata = int.from_bytes(head[4:HEAD], "little")
    place = head.index(CHECK_SIGN + EMPTY) + len(CHECK_SIGN)
    lengths = b"%08x%016x" % (metadata, sum(map(len, [head, *rest])))
    found = hashlib.sha256(head)
    for part in rest:
        found.update(part)
    head[place : place + len(EMPTY)] = lengths + b"%08x%s" % (zlib.crc32(lengths), found.hexdigest().encode())
    return [head, *rest]


# Reading --------------------------------------------------------------------------------------------------------------


class PassLog:
    """The complete passes of a file, one at a time; it may end anywhere, and somebody may be writing it.

    Parameters
    ----------
    path : Path
        It need not be there.
    first : int
        Sequence number of the first event.
    digest : bytes
        The rolling hash before it.

    Attributes
    ----------
    start, end : int
        Bytes of the file up to where the last pass that was given begins, and ends.
    passes : int
        How many were given.
    damage : Damage, optional
        Why it did not go on there, unless the file ends, or a writer was stopped in the middle of a pass.
    """

    def __init__(self, path: Path, first: int, digest: bytes) -> None:
        self.path, self.start, self.end, self.passes = path, 0, 0, 0
        self.damage: Damage | None = None
        self._opening = first, digest

    def __iter__(self) -> Iterator[LoggedPass]:
        """Each complete pass: its bytes, its place and the rolling hash are checked. O(events)."""
        self.start, self.end, self.passes, self.damage = 0, 0, 0, None
        with contextlib.suppress(FileNotFoundError), FileIO(open_descriptor(self.path)) as file:
            head, self.damage = _message(file, 0, -1)
            if self.damage is None and head is not None and not _is_known(head):
                # Sound, and of another version: what it holds is no damage, and nothing that a repair may drop.
                raise Damage(-1, f"is not of schema {SCHEMA.decode()}, which this adlcore reads", head).error(self.path)
            if self.damage is not None or head is None:
                return
            self.end = len(head)
            yield from self._passes(file, bytes(head))

    def _passes(self, file: FileIO, head: bytes) -> Iterator[LoggedPass]:
        first, digest = self._opening
        while True:
            number = self.passes
            message, self.damage = _message(file, self.end, number)
            if self.damage is not None or message is None:
                return
            found = _decoded(head, message, number, first, digest)
            if isinstance(found, str):
                self.damage = Damage(number, found, message)
                return
            first, digest = first + len(found.table), found.digest
            self.start, self.end, self.passes = self.end, self.end + len(message), number + 1
            yield found

    def refuse_damage(self) -> None:
        """Raise where the last iteration met any."""
        if self.damage is not None:
            raise self.damage.error(self.path)

    def rest(self, place: int) -> LogTail:
        """What stands from a place on, whether it is sound or not. O(bytes)."""
        passes = events = 0
        with FileIO(open_descriptor(self.path)) as file:
            end = os.fstat(file.fileno()).st_size
            start = place
            while start < end:
                message, damage = _message(file, start, passes)
                if (whole := damage.message if damage is not None else message) is None:
                    break
                # What stands before the first pass is none, and has no body.
                if (count := message_columns(whole).shape[1]) or b'"pass"' in whole:
                    passes, events = passes + 1, events + count
                start += len(whole)
        return LogTail(passes, events, end - place)


def _message(file: FileIO, start: int, number: int) -> tuple[bytearray | None, Damage | None]:
    """The message that starts there and is sound; neither it nor a damage where the file ends before it does."""
    left = max(0, os.fstat(file.fileno()).st_size - start)
    head = _read(file, start, min(HEAD, left))
    if head[:4] != ONES[: len(head)]:
        return None, Damage(number, "does not begin as a pass does", None)
    if len(head) < HEAD:
        return None, None
    metadata = int.from_bytes(head[4:], "little")
    told = _read(file, start + HEAD, min(metadata, left - HEAD))
    found = CHECK_PATTERN.search(told)
    if found is None:
        return None, Damage(number, "has no check", None) if len(told) == metadata else None
    of_metadata, length, crc = (int(text, 16) for text in found.groups()[:3])
    if of_metadata != metadata or length < HEAD + metadata or crc != zlib.crc32(found[1] + found[2]):
        return None, Damage(number, "has lengths that cannot be", None)
    if length > left:
        return None, None
    message = _read(file, start, length)
    if len(message) < length:  # somebody cuts the file at this moment
        return None, None
    place, view = HEAD + found.start(1), memoryview(message)
    digest = hashlib.sha256(view[:place])
    digest.update(EMPTY)
    digest.update(view[place + len(EMPTY) :])
    if digest.hexdigest().encode() != found[4]:
        return None, Damage(number, "holds other bytes than were written", message)
    return message, None


def _read(file: FileIO, start: int, count: int) -> bytearray:
    """So many bytes, or as many as there are."""
    found = bytearray(count)
    view, done = memoryview(found), 0
    file.seek(start)
    while done < count and (got := file.readinto(view[done:])):
        done += got
    return found if done == count else found[:done]


def _is_known(head: bytearray) -> bool:
    """Whether the columns are those that this adlcore writes."""
    import pyarrow as pa

    try:
        schema = pa.ipc.read_schema(pa.py_buffer(head))
    except (pa.ArrowException, *DECODING_ERRORS):
        return False
    return bool(schema.equals(_schema())) and (schema.metadata or {}).get(b"adlcore.run") == SCHEMA


def _decoded(head: bytes, message: bytearray, number: int, first: int, digest: bytes) -> LoggedPass | str:
    """The pass of a sound message, or what is wrong with it."""
    import pyarrow as pa

    try:
        stream = pa.ipc.open_stream(pa.py_buffer(head + message))
        batch, metadata = stream.read_next_batch_with_custom_metadata()
        batch.validate(full=True)
        told = json.loads(metadata[b"pass"])
        inputs = {name: _texts(told[name]) for name in INPUTS}
        after = bytes.fromhex(told["digest"])
        place = [operator.index(told[name]) for name in ("pass", "first", "events")]
        time = int(np.int64(told["time"]))
        columns = [column.to_numpy() for column in batch.columns]
    except (pa.ArrowException, StopIteration, *DECODING_ERRORS) as error:
        return f"cannot be read: {one_line(error)}"
    if place != [number, first, batch.num_rows]:
        named = "pass {} from event {} on, of {} events"
        return f"says that it is {named.format(*place)}: must be {named.format(number, first, batch.num_rows)}"
    table = np.stack(columns, axis=1) if len(batch) else np.zeros((0, len(FIELDS)), INT64)
    events = Events(table, first, time, NO_NAMES)
    expected = events.digest(digest) if len(events) else digest
    if after != expected:
        return f"has events whose rolling hash is {expected.hex()}: must be {after.hex()}"
    return LoggedPass(number, time, first, after, inputs, events.table)


def _texts(given: Any) -> dict[str, str]:
    """A mapping of names to texts."""
    found = dict(given)
    if not all(isinstance(text, str) for pair in found.items() for text in pair):
        raise TypeError("an input is no text")
    return found


def message_columns(message: bytes | bytearray) -> npt.NDArray[np.int64]:
    """int64[11, events]: the body of a message as :func:`append_pass` writes it, sound or not, read without Arrow."""
    body = memoryview(message)[HEAD + int.from_bytes(message[4:HEAD], "little") :]
    return np.frombuffer(body[: len(body) // (8 * len(FIELDS)) * 8 * len(FIELDS)], "<i8").reshape(len(FIELDS), -1)
