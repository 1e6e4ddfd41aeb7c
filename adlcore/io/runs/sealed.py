"""A sealed run beside its passes as they are made again: what stands in its files, pass by pass."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..._support.arrays import INT64
from ..._support.members import stat_member
from ...clearing.events import FIELDS
from ...errors import AdlError
from ..events import ACCOUNT
from ..manifests import hash_error
from ..parquet import decoded
from .log import INPUTS, LoggedPass, NewPass
from .parquet_files import MARK_KINDS, MARKS, PASSES, RunTable, Vocabulary

__all__ = ["SealedEvents", "sealed_passes"]

#: Rows that are read at once where one after the other is looked at.
BATCH_ROWS = 2**12


def sealed_passes(folder: Path, files: dict[str, str]) -> Iterator[LoggedPass]:
    """Each pass and its inputs, without its events, from files that have the SHA-256 they should have.

    Raises
    ------
    AdlError
        Where one has not.
    """
    for table in (PASSES, MARKS):
        if (error := hash_error(folder / table, files.get(table, ""))) is not None:
            raise error
    fields = {kind: field for field, kind in MARK_KINDS.items()}
    nothing = np.zeros((0, len(FIELDS)), INT64)
    by_pass = itertools.groupby(_rows(folder / MARKS), key=lambda row: row[0])
    group = next(by_pass, None)
    for row, (number, time, first, _, digest) in enumerate(_rows(folder / PASSES)):
        inputs: dict[str, dict[str, str]] = {name: {} for name in INPUTS}
        if group is not None and group[0] == number:
            for _, _, kind, name, price in group[1]:
                if kind not in fields:
                    raise _strange(folder / MARKS, "kind", None, kind, f"must be one of {', '.join(fields)}")
                inputs[fields[kind]][name] = price
            group = next(by_pass, None)
        try:
            hashed = bytes.fromhex(digest)
        except ValueError:
            raise _strange(folder / PASSES, "digest", row, digest, "must be hexadecimal") from None
        yield LoggedPass(number, time, first, hashed, inputs, nothing)


def _strange(path: Path, name: str, row: int | None, value: str, must: str) -> AdlError:
    """The error for a text that no pass has."""
    return AdlError(f"{path}: {AdlError.at(name, row, value, must)}", argument=name, row=row, value=value, must=must)


def _rows(path: Path) -> Iterator[tuple[Any, ...]]:
    with contextlib.closing(RunTable(path)) as file:
        while len(table := file.take(BATCH_ROWS)):
            yield from zip(*(column.to_pylist() for column in table.columns), strict=True)


class SealedEvents:
    """``events.parquet``, read from its start beside the events that are made again.

    Parameters
    ----------
    path : Path
    known : str
        The SHA-256 that it should have. A file with another one is read nevertheless, to say where it differs.
    words : Vocabulary
    """

    def __init__(self, path: Path, known: str, words: Vocabulary) -> None:
        self.path, self._words, self._fault = path, words, hash_error(path, known)
        if stat_member(path) is None and self._fault is not None:
            raise self._fault
        self._file = RunTable(path)

    def refuse_difference(self, made: NewPass) -> None:
        """Refuse a pass that is not the one that was made again; its first bad event is named."""
        events = made.events
        known = self._words.batch(made.number, events.time, events.first, events.table)
        told = _first_difference(self._file.take(len(known)), known)
        if told is not None:
            self._refuse(f"pass {made.number} is not what house and passes make: {told}", made.number)

    def refuse_rest(self) -> None:
        """Refuse what stands behind the last pass, and whatever else is not as it was written."""
        if rest := len(self._file.take(1)):
            self._refuse(f"has {rest} event or more behind the last pass", None)
        if self._fault is not None:
            raise self._fault

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _refuse(self, told: str, number: int | None) -> None:
        verb = "was altered" if self._fault is not None else "is of another run"
        raise AdlError(f"{self.path} {verb}: {told}", argument="path", row=number, value=str(self.path))


def _without_parties(found: Any, known: Any) -> Any:
    """A column of accounts with null where parties are meant: older files have an empty text or -1 there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    labels = decoded(found)
    is_older = pc.and_(pc.is_null(known), pc.is_in(labels.cast(pa.string()), pa.array(["", "-1"])))
    # Not by if_else, which in pyarrow 15 to 21 makes other text of a slice of a column.
    return pc.replace_with_mask(labels, is_older.combine_chunks(), pa.scalar(None, labels.type))


def _first_difference(found: Any, known: Any) -> str | None:
    """The first event that differs, its first column that does, what stands there and what must."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(found)
    place: tuple[int, str] | None = None
    for name in known.schema.names:
        columns = [table.column(name).slice(0, count) for table in (found, known)]
        if name == ACCOUNT:
            columns[0] = _without_parties(*columns)
        texts = [pa.types.is_dictionary(column.type) for column in columns]
        plain = [column.cast(pa.string()) if text else column for column, text in zip(columns, texts, strict=True)]
        # Where one of the two is null they differ; where both are, as the account of a party is, they do not.
        one_null = pc.xor(*(pc.is_null(column) for column in plain))
        row = pc.index(pc.coalesce(pc.not_equal(*plain), one_null), True).as_py()
        if row >= 0 and (place is None or row < place[0]):
            place = row, name
    if place is not None:
        row, name = place
        stands, must = (table.column(name)[row].as_py() for table in (found, known))
        sequence = known.column("sequence")[row].as_py()
        return f"event {sequence} has {name} {stands!r}, must be {must!r}"
    if count < len(known):
        return f"it ends before event {known.column('sequence')[count].as_py()}"
    return None
