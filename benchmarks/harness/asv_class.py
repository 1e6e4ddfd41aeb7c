"""What a class of the asv suite is made of: a case at some sizes, and methods that asv finds by their names."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from types import MappingProxyType
from typing import Any

from . import books, columns
from .memory import extra_bytes


class TimedCase:
    """A case whose calls are timed; what a class is given beside its bases says which, and at which sizes.

    Parameters
    ----------
    case : function
        Of ``cases``.
    times, peaks : str
        Names of the calls that are timed, and of those whose peak of the process is measured.
    extras : mapping
        Of ``track_`` methods, the calls of which they tell what they add to the resident memory.
    used_up : bool
        Whether a call uses up what it was prepared on: the case then gives what makes it anew.
    **sizes : sequence
        Parameters, and the values of each: those of ``load``, which gives the data, and those of the case.
    """

    timeout = 300.0

    def __init_subclass__(
        cls,
        *,
        case: Callable[..., dict[str, Callable]] | None = None,
        times: str = "",
        peaks: str = "",
        extras: Mapping[str, str] = MappingProxyType({}),
        used_up: bool = False,
        **sizes: Sequence,
    ) -> None:
        if case is None:
            return
        cls.case, cls.used_up = staticmethod(case), used_up
        cls.params, cls.param_names = tuple(sizes.values()), tuple(sizes)
        if used_up:
            cls.number = 1
        methods = {f"time_{call}": _timed(call) for call in times.split()}
        methods |= {f"peakmem_{call}": _timed(call) for call in peaks.split()}
        methods |= {f"track_{name}": _tracked(call) for name, call in extras.items()}
        # asv compares results for as long as neither of these has changed.
        source = inspect.getsource(cls) + inspect.getsource(case)
        for name, method in methods.items():
            method.pretty_source = f"{name}:\n{source}"
            setattr(cls, name, method)

    def setup(self, *values: Any) -> None:
        """Make the calls, on what ``load`` gives; what is no parameter of that is one of the case."""
        size = dict(zip(self.param_names, values, strict=True))
        data = {name: size.pop(name) for name in inspect.signature(self.load).parameters if name in size}
        self.made = self.case(self.load(**data), **size)
        self.calls = {name: make() for name, make in self.made.items()} if self.used_up else self.made

    def keep(self, keys: Iterable[tuple]) -> None:
        """Write data into the directory that asv runs the benchmarks in; ``kept`` reads it.

        In a process of its own: that saves time, and keeps what generating them takes out of peak memory.
        """
        for key in keys:
            with open(_path(key), "wb") as file:
                pickle.dump(self.make(*key), file, protocol=5)

    def kept(self, *key: Any) -> Any:
        """What was kept, or is made now where it is small."""
        path = _path(key)
        if not path.exists():
            return self.make(*key)
        with open(path, "rb") as file:
            return pickle.load(file)


def _path(key: tuple) -> Path:
    return Path("-".join(map(str, key)).replace(" ", "") + ".pickle")


def _timed(name: str) -> Callable:
    def method(self, *size):
        self.calls[name]()

    return method


def _tracked(name: str) -> Callable:
    def method(self, *size):
        again = iter([self.calls[name], self.made[name]()]) if self.used_up else repeat(self.calls[name])

        def call() -> None:
            next(again)()

        return extra_bytes(call)

    method.unit = "bytes"
    return method


class OnColumns(TimedCase):
    """Cases on one market."""

    make = staticmethod(columns.make)

    def load(self, rows: int, shape: str = "random", kind: str = "float64") -> columns.Columns:
        if rows > columns.MOST:
            raise NotImplementedError(f"ADLCORE_BENCH_ROWS is {columns.MOST}")
        if rows > 10**6 and shape != "random":
            raise NotImplementedError("10^7 rows of random shape only")
        return self.kept(rows, shape, kind)

    def setup_cache(self) -> None:
        shapes = [(10**6, shape, "float64") for shape in columns.SHAPES]
        large = [(10**7, "random", "float64"), (10**7, "random", "lots")]
        self.keep(key for key in [*shapes, (10**6, "random", "lots"), *large] if key[0] <= columns.MOST)

    setup_cache.timeout = 600  # type: ignore[attr-defined] asv looks for it there


class OnBooks(TimedCase):
    """Cases on books of many contracts."""

    timeout = 600.0
    make = staticmethod(books.make)

    def load(self, size: books.Size, kind: str = "linear") -> books.Books:
        if size == books.LARGE and kind != "linear":
            raise NotImplementedError("the largest books are linear only")
        return self.kept(size, kind)

    def setup_cache(self) -> None:
        keys = ((size, kind) for size in books.SIZES for kind in books.KINDS)
        self.keep(key for key in keys if key != (books.LARGE, "inverse"))

    setup_cache.timeout = 600  # type: ignore[attr-defined] asv looks for it there
