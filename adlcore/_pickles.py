"""Pickles carry a version; one that this adlcore does not know is refused by name."""

from __future__ import annotations

from typing import Any, ClassVar

from .errors import AdlError

#: Of every public class, until one of them changes what it holds.
VERSION = 1


class Versioned:
    """A class whose instances pickle as the attributes of `PICKLED` and a version."""

    __slots__ = ()
    PICKLED: ClassVar[tuple[str, ...]] = ()

    def __getstate__(self) -> dict[str, Any]:
        return {"version": VERSION, **self._pickled()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        values = dict(state)
        if (found := values.pop("version", None)) != VERSION:
            kind = type(self).__name__
            raise AdlError(f"{kind} was pickled as version {found}: this adlcore reads version {VERSION}", value=found)
        self._restore(values)

    def _pickled(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.PICKLED}

    def _restore(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)
