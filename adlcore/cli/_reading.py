"""The one place where whatever comes out of a reader becomes one line and exit code 2."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

from ..errors import AdlError

__all__ = ["name_unreadable_file", "guard_command"]

#: Not of a reader: the parser of options, and a command that ends itself.
OF_TYPER = (typer.Exit, typer.Abort, typer.BadParameter)


@contextmanager
def name_unreadable_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Within it a file is read.

    Readers refuse what they know to be wrong as an AdlError that names the place. A file may be wrong in ways that
    nobody has met yet: then the error is whatever the libraries below made of it, and the file is named here. What
    fails elsewhere is a fault of this program and keeps its traceback.
    """
    try:
        yield
    except (AdlError, *OF_TYPER):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the system; pyarrow's own have no number
            raise
        told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        message = f"{os.fspath(path)} cannot be read: {' '.join(told.split())}"
        raise AdlError(message, argument="path", value=os.fspath(path)) from error


def guard_command(command: Callable[..., None]) -> Callable[..., None]:
    """A command that reads what its first argument names until it ends."""
    first = next(iter(inspect.signature(command).parameters))

    @functools.wraps(command)
    def guarded(**options: Any) -> None:
        with name_unreadable_file(options[first]):
            command(**options)

    return guarded
