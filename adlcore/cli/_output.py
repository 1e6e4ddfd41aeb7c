"""Where ``--out`` leads: to a file, to what is no plain file, or, as ``-``, to standard output."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import BinaryIO, cast

from .._support import files
from ..errors import AdlError

__all__ = ["STDOUT", "destination", "is_stdout", "output_name", "refuse_input"]

#: This path is standard output.
STDOUT = Path("-")


def destination(out: Path) -> Path | BinaryIO:
    """What a writer of files is given for it."""
    if out != STDOUT:
        return out
    if sys.__stdout__ is None:  # whoever called has closed it
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard output")
    sys.stdout.flush()  # what was printed before comes before
    return cast(BinaryIO, sys.stdout.buffer)


def is_stdout(out: Path | None) -> bool:
    """Whether the file goes to standard output: what else is said then goes to stderr."""
    return out is not None and (out == STDOUT or files.descriptor_of(out) == 1)


def output_name(out: Path) -> str:
    """What a file is called in a sentence."""
    return "standard output" if out == STDOUT else str(out)


def refuse_input(out: Path, *inputs: Path) -> None:
    """Refuse a file, under whatever name, that the command reads."""
    if out == STDOUT or not out.exists():
        return
    if any(each.exists() and out.samefile(each) for each in inputs):
        raise AdlError.at("out", None, str(out), "must not be the file that is read")
