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
from .parquet_files import MARK_KINDS, MARKS, PASSES, MarkRow, PassRow, RunTable, Vocabulary

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
    by_pass = itertools.groupby(map(MarkRow._make, _rows(folder / MARKS)), key=lambda mark: mark.number)
    group = next(by_pass, None)
    for row, of_pass in enumerate(map(PassRow._make, _rows(folder / PASSES))):
        inputs: dict[str, dict[str, str]] = {name: {} for name in INPUTS}
        if group is not None and group[0] == of_pass.number:
            for mark in group[1]:
                if mark.kind not in fields:
                    raise _text_error(folder / MARKS, "kind", None, mark.kind, f"must be one of {', '.join(fields)}")
                inputs[fields[mark.kind]][mark.name] = mark.price
            group = next(by_pass, None)
        try:
            digest = bytes.fromhex(of_pass.digest)
        except ValueError:
            raise _text_error(folder / PASSES, "digest", row, of_pass.digest, "must be hexadecimal") from None
        number, time, first = of_pass.number, of_pass.time, of_pass.first
        yield LoggedPass(number=number, time=time, first=first, digest=digest, inputs=inputs, table=nothing)


def _text_error(path: Path, name: str, row: int | None, value: str, must: str) -> AdlError:
    """The error for a text that no pass has."""
    return AdlError(f"{path}: {AdlError.at(name, row, value, must)}", argument=name, row=row, value=value, must=must)


def _rows(path: Path) -> Iterator[tuple[Any, ...]]:
    """The rows of a table, of which few are held at once."""
    with contextlib.closing(RunTable(path)) as file:
        while len(table := file.read(BATCH_ROWS)):
            yield from zip(*(column.to_pylist() for column in table.columns), strict=True)


class SealedEvents:
    """``events.parquet``, read from its start beside the events that are made again.

    Parameters
    ----------
    path : Path
    sha256 : str
        That it should have. A file with another one is read nevertheless, to say where it differs.
    vocabulary : Vocabulary
    """

    def __init__(self, path: Path, sha256: str, vocabulary: Vocabulary) -> None:
        self.path, self._vocabulary, self._hash_error = path, vocabulary, hash_error(path, sha256)
        if stat_member(path) is None and self._hash_error is not None:
            raise self._hash_error
        self._file = RunTable(path)

    def refuse_difference(self, new_pass: NewPass) -> None:
        """Refuse a pass that is not the one that was made again; its first bad event is named."""
        expected = self._vocabulary.batch(new_pass.number, new_pass.events)
        difference = _first_difference(self._file.read(len(expected)), expected)
        if difference is not None:
            self._refuse(f"pass {new_pass.number} is not what house and passes make: {difference}", new_pass.number)

    def refuse_tail(self) -> None:
        """Refuse what stands behind the last pass, and whatever else is not as it was written."""
        if count := len(self._file.read(1)):
            self._refuse(f"has {count} event or more behind the last pass", None)
        if self._hash_error is not None:
            raise self._hash_error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _refuse(self, reason: str, number: int | None) -> None:
        """Raise: a file that has its hash was written so, by another run."""
        verb = "was altered" if self._hash_error is not None else "is of another run"
        raise AdlError(f"{self.path} {verb}: {reason}", argument="path", row=number, value=str(self.path))


def _without_parties(column: Any, expected: Any) -> Any:
    """A column of accounts with null where parties are meant: older files have an empty text or -1 there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    labels = decoded(column)
    is_older = pc.and_(pc.is_null(expected), pc.is_in(labels.cast(pa.string()), pa.array(["", "-1"])))
    # Not by if_else, which in pyarrow 15 to 21 makes other text of a slice of a column.
    return pc.replace_with_mask(labels, is_older.combine_chunks(), pa.scalar(None, labels.type))


def _first_difference(table: Any, expected: Any) -> str | None:
    """The first event that differs, its first column that does, what stands there and what must."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(table)
    place: tuple[int, str] | None = None
    for name in expected.schema.names:
        columns = [rows.column(name).slice(0, count) for rows in (table, expected)]
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
        stands, must = (rows.column(name)[row].as_py() for rows in (table, expected))
        sequence = expected.column("sequence")[row].as_py()
        return f"event {sequence} has {name} {stands!r}, must be {must!r}"
    if count < len(expected):
        return f"it ends before event {expected.column('sequence')[count].as_py()}"
    return None
