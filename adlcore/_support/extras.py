"""Optional packages: the extra that brings each, the oldest version that works, and one guard over their import."""

from __future__ import annotations

import contextlib
import functools
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

from ..errors import AdlError, MissingExtraError

__all__ = ["PACKAGES", "Package", "fault_of", "require", "optional_import"]


class Package(NamedTuple):
    """An optional package: the extra by whose name it is installed, and the oldest version that works."""

    extra: str
    oldest: str


#: By their names, which are those of the modules, too. The bounds are those of pyproject.toml.
PACKAGES = {
    "duckdb": Package("query", "1.1"),
    "jinja2": Package("report", "3.1"),
    "plotly": Package("report", "7"),
    "pyarrow": Package("files", "15"),
    "pydantic": Package("lab", "2.7"),
    "rich": Package("cli", "14.3"),
    "typer": Package("cli", "0.15.4"),
}


@contextlib.contextmanager
def optional_import(package: str, purpose: str) -> Iterator[None]:
    """A guard over the imports of an optional package.

    Parameters
    ----------
    package : str
        One of :data:`PACKAGES`.
    purpose : str
        What it is needed for, such as ``"reading Parquet"``.

    Raises
    ------
    MissingExtraError
        Where it is not installed.
    AdlError
        Where it is installed and too old, or cannot be imported for another reason, which is its cause.

    Examples
    --------
    >>> with optional_import("pyarrow", "reading Parquet"):
    ...     import pyarrow.parquet
    """
    try:
        yield
    except Exception as error:  # an old package may raise anything under a new Python or a new NumPy
        fault = fault_of(package, purpose, error)
        raise fault from None if isinstance(fault, MissingExtraError) else error
    if (of_age := _fault_of_age(package, purpose)) is not None:
        raise of_age


def require(module: str, purpose: str) -> None:
    """Import a module of an optional package early, before anything is done; raises as :func:`optional_import`."""
    package = module.partition(".")[0]
    with optional_import(package, purpose):
        import_module(package)  # a part of it may be there already, and it no longer
        import_module(module)


def fault_of(package: str, purpose: str, error: Exception) -> AdlError:
    """What is wrong with an optional package whose import has failed: it is not there, too old, or broken."""
    if _is_absent(package, error):
        extra = PACKAGES[package].extra
        return MissingExtraError(f"{purpose} needs the {extra!r} extra: {_command(package)}", argument=extra)
    if (fault := _fault_of_age(package, purpose)) is not None:
        return fault
    version, told = _version(package), " ".join(f"{type(error).__name__}: {error}".split())
    message = f"{purpose} needs {package}; {version or 'it'} is installed and cannot be imported: {told}"
    return AdlError(message, argument=package, value=version)


def _command(package: str) -> str:
    """What installs the extra of a package."""
    return f"pip install 'adlcore[{PACKAGES[package].extra}]'"


def _is_absent(package: str, error: Exception) -> bool:
    """Whether it is the package itself that is not there, and not a part of it or what it needs."""
    if sys.modules.get(package) is not None:
        return False
    missed = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == package
    return missed or _version(package) is None


def _fault_of_age(package: str, purpose: str) -> AdlError | None:
    """The error for a version older than the oldest that works; one that nobody knows is let pass."""
    oldest, version = PACKAGES[package].oldest, _version(package)
    if version is None or _release(version) >= _release(oldest):
        return None
    message = f"{purpose} needs {package} {oldest} or newer, {version} is installed: {_command(package)}"
    return AdlError(message, argument=package, value=version)


def _version(package: str) -> str | None:
    """The version that is installed, as the module or else its metadata has it."""
    version = getattr(sys.modules.get(package), "__version__", None)
    return version if isinstance(version, str) else _listed_version(package)


@functools.cache
def _listed_version(package: str) -> str | None:
    """The version that the metadata has of a package; None where it is not installed."""
    from importlib import metadata  # takes longer than all else here

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version, without zeros at the end; what follows them, as in ``2.0rc1``, does not count."""
    found = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(number) for number in found.group().split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
