"""The passes of a run, made with its house one at a time, and compared with those that were recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...clearing import ClearingHouse
from ...clearing.events import COLUMNS, Column, Events
from ...clearing.snapshot.exact import read_entry
from ...contracts.decimals import Number, canonical, positive_decimal
from ...errors import AdlError, value_text
from .log import INPUTS, Damage, LoggedPass, NewPass, Texts, message_columns, pass_message
from .parquet_files import Vocabulary

__all__ = [
    "Inputs",
    "PassMaker",
    "event_difference",
    "damage_error",
    "input_difference",
    "refuse_non_house",
    "refuse_other_house",
    "vocabulary_of",
]

NOTHING = object()

#: Of each number of an event, what it is in tables.
FIELD_COLUMNS = tuple(column for column in COLUMNS if column.field)


class Inputs(NamedTuple):
    """What one pass is given; as :meth:`ClearingHouse.mark` takes it.

    Attributes
    ----------
    time : int
    marks : mapping of symbol to decimal text
        Contracts without a new mark are left out and keep their last.
    index_prices : mapping of asset to decimal text, optional
    oracle : mapping of symbol to decimal text, optional

    Examples
    --------
    >>> Inputs(1000, {"BTCUSDT": "57300.5"}).marks["BTCUSDT"]
    '57300.5'
    """

    time: int
    marks: Mapping[str, Number]
    index_prices: Mapping[str, Number] | None = None
    oracle: Mapping[str, Number] | None = None


class PassMaker:
    """Makes passes, strictly one after the other: the next inputs are asked for when the pass before was made.

    Parameters
    ----------
    house : ClearingHouse
        Nobody else may change it meanwhile: what happened would be missing from the run.
    passes : iterable of Inputs

    Attributes
    ----------
    number : int
        Of the next pass.
    """

    def __init__(self, house: ClearingHouse, passes: Iterable[Inputs]) -> None:
        try:
            self._passes = iter(passes)
        except TypeError:
            raise AdlError.at("passes", None, passes, "must be an iterable of Inputs") from None
        self.house, self.number, self._state = house, 0, house.state()
        self._asked: tuple[int | None, dict[str, dict[str, str]]] | None = None

    def ask(self) -> tuple[int | None, dict[str, dict[str, str]]] | None:
        """Time and prices of the next pass; None at the end."""
        given: Any = next(self._passes, NOTHING)
        self._asked = None if given is NOTHING else self._read(given)
        return self._asked

    def make(self) -> NewPass:
        """The pass that was asked for."""
        assert self._asked is not None
        (time, inputs), number = self._asked, self.number
        if self.house.state() is not self._state:
            message = f"the house was changed before pass {number}: must be moved by the run alone"
            raise AdlError(message, argument="house", row=number)
        try:
            events = self.house.mark(
                inputs["marks"], time, index_prices=inputs["index_prices"], oracle=inputs["oracle"]
            )
        except AdlError as error:
            if type(error) is not AdlError:
                raise
            message = f"pass {number}: {error}"
            raise AdlError(message, argument=error.argument, row=number, value=error.value, must=error.must) from None
        state = self.house.state()
        if self.house.last_events is not events:  # else the state is the one that these events lead to
            must = "a run holds marks alone, so that nothing else may move the house while it is made"
            message = f"the house was changed during pass {number}, by a deferred call or another thread: {must}"
            raise AdlError(message, argument="house", row=number)
        self._state, self.number = state, number + 1
        return NewPass(number, inputs, events, self._state.digest)

    def make_again(self, each: LoggedPass) -> NewPass:
        """A pass that was recorded; it must be given what it was given then."""
        if (error := input_difference(each, self.ask(), self.number)) is not None:
            raise error
        return self.make()

    def _read(self, given: Any) -> tuple[int | None, dict[str, dict[str, str]]]:
        if not isinstance(given, Inputs):
            raise AdlError.at("passes", self.number, given, "must be Inputs")
        inputs = {}
        for name in INPUTS:
            prices, place = getattr(given, name), f"passes[{self.number}].{name}"
            if prices is not None and not isinstance(prices, Mapping):
                raise AdlError.at(place, None, prices, "must be a mapping of names to decimal text")
            texts = {}
            for of, price in (prices or {}).items():
                texts[of] = canonical(read_entry(place, of, price, positive_decimal))
            # One order, whatever order they come in.
            inputs[name] = dict(sorted(texts.items(), key=lambda pair: _text(pair[0])))
        return given.time, inputs


def _text(name: object) -> str:
    """A name of a price; what is none is refused by the house."""
    return name if isinstance(name, str) else value_text(name)


def refuse_non_house(house: ClearingHouse) -> None:
    """Refuse what makes no passes."""
    if not isinstance(house, ClearingHouse):
        raise AdlError.at("house", None, type(house).__name__, "must be a ClearingHouse")


def refuse_other_house(folder: Path, manifest: Mapping[str, Any], house: ClearingHouse) -> None:
    """Refuse a house that is not as the recorded one was before the first pass."""
    if house.hash != (known := manifest["hashes"]["before"]):
        message = f"the house has the hash {house.hash}: must be {known}, as the one that {folder} was recorded with"
        raise AdlError(message, argument="house", value=house.hash)


def vocabulary_of(house: ClearingHouse) -> Vocabulary:
    """What the numbers of a house's events stand for."""
    state = house.state()
    return Vocabulary(state.snapshot, state.parties.names)


# Comparing ------------------------------------------------------------------------------------------------------------


def input_difference(each: LoggedPass, asked: tuple[int | None, Texts] | None, number: int) -> AdlError | None:
    """What to raise for inputs that are not the recorded ones; `number` is that of the pass they are asked for."""
    if asked is None:
        message = f"passes end after {number}: must go on, for the run has a pass {number}"
        return AdlError(message, argument="passes", row=number)
    place, (time, inputs) = f"passes[{each.number}]", asked
    if time is not None and time != each.time:
        return AdlError.at(f"{place}.time", None, time, f"must be {each.time}, as it was recorded")
    for field in INPUTS:
        known, given = each.inputs[field], inputs[field]
        for name in sorted({*known, *given}, key=_text):
            if known.get(name) != given.get(name):
                must = f"must be {known.get(name)!r}, as it was recorded"
                return AdlError.at(f"{place}.{field}[{name!r}]", None, given.get(name), must)
    return None


def event_difference(path: Path, each: LoggedPass, made: NewPass) -> AdlError | None:
    """What to raise for recorded events that are not those which were made again; the first is named."""
    events = made.events
    if np.array_equal(each.table, events.table) and (each.time, each.digest) == (events.time, made.digest):
        return None
    told = _first_difference(each.table, events) or f"time {each.time} and digest {each.digest.hex()}"
    message = f"{path}: pass {each.number} is not what house and passes make: {told}"
    return AdlError(message, argument="path", row=each.number, value=str(path))


def damage_error(path: Path, damage: Damage, made: NewPass) -> AdlError:
    """A damage of a pass that was made again: which event is the first that differs."""
    message = damage.message
    if message is None:
        return damage.error(path)
    body, known = message_columns(message), message_columns(b"".join(pass_message(made)))
    if body.shape != known.shape:
        return damage.error(path)
    told = _first_difference(body.T, made.events) or "not in its events, but in what stands before them"
    return damage.error(path, f": {told}")


def _first_difference(found: npt.NDArray[np.int64], events: Events) -> str | None:
    """The first event that differs, its first column that does, what stands there and what must."""
    count = min(len(found), len(events))
    differs = found[:count] != events.table[:count]
    if differs.any():
        row = int(differs.any(axis=1).argmax())
        place = int(differs[row].argmax())
        column = FIELD_COLUMNS[place]
        stands, must = (_shown(column, int(table[row, place]), events) for table in (found, events.table))
        return f"event {events.first + row} has {column.name} {stands}, must be {must}"
    if len(found) != len(events):
        return f"it has {len(found)} events, must have {len(events)}"
    return None


def _shown(column: Column, number: int, events: Events) -> str:
    """A number, or what it stands for."""
    if column.name == "link" and number >= 0:
        return str(number + events.first)
    words = getattr(events.names, column.words) if column.words else ()
    return repr(words[number]) if 0 <= number < len(words) else str(number)
