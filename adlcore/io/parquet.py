"""What every reader of Parquet files does: it refuses what pyarrow cannot read, and takes dictionaries apart."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._support.text import one_line
from ..errors import AdlError

__all__ = ["decoded", "refuse_damaged_parquet"]


@contextlib.contextmanager
def refuse_damaged_parquet(path: str | Path, or_else: str = "") -> Iterator[None]:
    """What pyarrow raises while a file is read, as the error that names it; `or_else` is what else may be wrong.

    Examples
    --------
    >>> with refuse_damaged_parquet("p.parquet", ", or was altered"):
    ...     raise OSError("no footer")
    Traceback (most recent call last):
    adlcore.errors.AdlError: p.parquet cannot be read as Parquet, or was altered: no footer
    """
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeError, KeyError, MemoryError) as error:
        message = f"{path} cannot be read as Parquet{or_else}: {one_line(error)}"
        raise AdlError(message, argument="path", value=str(path)) from None


def decoded(column: Any) -> Any:
    """A dictionary-encoded column as what it encodes; any other as it is.

    Examples
    --------
    >>> import pyarrow as pa
    >>> decoded(pa.array(["a", "b", "a"]).dictionary_encode()).to_pylist()
    ['a', 'b', 'a']
    """
    import pyarrow as pa

    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
