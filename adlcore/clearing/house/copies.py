"""What a copy or a pickle of a clearing house holds, and how a house is made of it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ...errors import AdlError
from .committed_state import CommittedState

if TYPE_CHECKING:
    from .clearing_house import ClearingHouse

__all__ = ["copied", "fields_of", "restore"]

#: Rises when the layout of a pickle does.
VERSION = 2

#: What a pickle of a house has of its own; a subclass may have more.
OWN_FIELDS = ("version", "_terms", "_contents", "opening")


def fields_of(house: ClearingHouse, memo: dict[int, Any]) -> dict[str, Any]:
    """What copies and pickles hold: of one moment, with a copy of the order book of that moment.

    Two houses that sent orders to one book would take from each other; `memo` is that of the copy.
    """
    committed = house._committed
    # The lock, refusals, the book put back, then copied: so state and book are of one moment, between two calls
    # (``docs/waterfall.md``, "One call at a time").
    with committed.guard.lock:
        committed.guard.refuse_within(house, "a copy or a pickle", 1)
        committed.refuse_open_plan("settle it, or drop_plan(), before the house is copied or pickled")
        committed.restore_book()
        own = {"_terms": committed.terms.with_own_book(memo), "_contents": committed.contents.at_rest()}
        more = {name: value for name, value in vars(house).items() if name != "_committed"}
        return {"version": VERSION, **more, **own}


def copied(house: ClearingHouse, memo: dict[int, Any], deep: bool) -> Any:
    """A house of its own: the same state and terms, a copy of the order book, no subscribers, nothing deferred.

    Where `deep`, with copies of what a subclass holds; of what the house has, nothing but the order book can change.
    """
    fresh = type(house).__new__(type(house))
    memo[id(house)] = fresh
    fields = fields_of(house, memo)
    if deep:
        fields |= {name: deepcopy(value, memo) for name, value in fields.items() if name not in OWN_FIELDS}
    restore(fresh, fields)
    return fresh


def restore(house: ClearingHouse, fields: dict[str, Any]) -> None:
    """Make a house that has nothing yet one of these fields, whose turn nobody has and who tells nobody."""
    values = dict(fields)
    if (version := values.pop("version", None)) != VERSION:
        must = f"this adlcore reads version {VERSION}"
        raise AdlError(f"{type(house).__name__} was pickled as version {version}: {must}", value=version)
    house._committed = CommittedState(values.pop("_terms"), values.pop("_contents"))
    vars(house).update(values)
