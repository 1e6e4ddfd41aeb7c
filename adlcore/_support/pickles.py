"""Values that pickle with a version, where one that this adlcore does not know is refused; and that never change."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from ..errors import AdlError


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


class Immutable(Versioned):
    """A versioned class whose attributes are put in once, by `_restore`, and neither set nor deleted afterwards.

    An array is made read-only where it is, a mapping is copied behind a read-only one.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be deleted")

    def _pickled(self) -> dict[str, Any]:
        # A read-only mapping does not pickle.
        values = super()._pickled()
        return {name: dict(value) if isinstance(value, MappingProxyType) else value for name, value in values.items()}

    def _restore(self, values: dict[str, Any]) -> None:
        put = object.__setattr__
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
                put(self, name, value)
            else:
                put(self, name, MappingProxyType(dict(value)) if isinstance(value, dict | MappingProxyType) else value)
