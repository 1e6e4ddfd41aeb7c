"""Pickles carry a version; one that this adlcore does not know is refused by name."""

from __future__ import annotations

from typing import Any, ClassVar

from .errors import AdlError


class Versioned:
    """A class whose instances pickle as the attributes of `PICKLED` and a version, which rises when those change."""

    __slots__ = ()
    PICKLED: ClassVar[tuple[str, ...]] = ()
    VERSION: ClassVar[int] = 1

    def __getstate__(self) -> dict[str, Any]:
        return {"version": self.VERSION, **self._pickled()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        values = dict(state)
        if (found := values.pop("version", None)) != self.VERSION:
            must = f"this adlcore reads version {self.VERSION}"
            raise AdlError(f"{type(self).__name__} was pickled as version {found}: {must}", value=found)
        self._restore(values)

    def _pickled(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.PICKLED}

    def _restore(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)
