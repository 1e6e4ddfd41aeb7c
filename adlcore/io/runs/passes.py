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

END_OF_PASSES = object()

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


class PassInputs(NamedTuple):
    """What a pass is given, as it is recorded: prices as decimal text, in the order of their names."""

    time: int | None
    prices: Texts


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
        self._inputs: PassInputs | None = None

    def next_inputs(self) -> PassInputs | None:
        """Time and prices of the next pass; None at the end."""
        inputs: Any = next(self._passes, END_OF_PASSES)
        self._inputs = None if inputs is END_OF_PASSES else self._read(inputs)
        return self._inputs

    def make(self) -> NewPass:
        """The pass of the inputs that were asked for last."""
        assert self._inputs is not None
        (time, prices), number = self._inputs, self.number
        if self.house.state() is not self._state:
            message = f"the house was changed before pass {number}: must be moved by the run alone"
            raise AdlError(message, argument="house", row=number)
        try:
            events = self.house.mark(
                prices["marks"], time, index_prices=prices["index_prices"], oracle=prices["oracle"]
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
        return NewPass(number, prices, events, self._state.digest)

    def make_again(self, logged: LoggedPass) -> NewPass:
        """A pass that was recorded; it must be given what it was given then."""
        if (error := input_difference(logged, self.next_inputs(), self.number)) is not None:
            raise error
        return self.make()

    def _read(self, inputs: Any) -> PassInputs:
        """The inputs of the next pass, whose prices become one text each."""
        if not isinstance(inputs, Inputs):
            raise AdlError.at("passes", self.number, inputs, "must be Inputs")
        texts = {}
        for field in INPUTS:
            prices, place = getattr(inputs, field), f"passes[{self.number}].{field}"
            if prices is not None and not isinstance(prices, Mapping):
                raise AdlError.at(place, None, prices, "must be a mapping of names to decimal text")
            texts_by_name = {}
            for name, price in (prices or {}).items():
                texts_by_name[name] = canonical(read_entry(place, name, price, positive_decimal))
            # One order, whatever order they come in.
            texts[field] = dict(sorted(texts_by_name.items(), key=lambda pair: _text(pair[0])))
        return PassInputs(inputs.time, texts)


def _text(name: object) -> str:
    """A name of a price; what is none is refused by the house."""
    return name if isinstance(name, str) else value_text(name)


def refuse_non_house(house: ClearingHouse) -> None:
    """Refuse what makes no passes."""
    if not isinstance(house, ClearingHouse):
        raise AdlError.at("house", None, type(house).__name__, "must be a ClearingHouse")


def refuse_other_house(folder: Path, manifest: Mapping[str, Any], house: ClearingHouse) -> None:
    """Refuse a house that is not as the recorded one was before the first pass."""
    if house.hash != (expected := manifest["hashes"]["before"]):
        message = f"the house has the hash {house.hash}: must be {expected}, as the one that {folder} was recorded with"
        raise AdlError(message, argument="house", value=house.hash)


def vocabulary_of(house: ClearingHouse) -> Vocabulary:
    """What the numbers of a house's events stand for."""
    state = house.state()
    return Vocabulary(state.snapshot, state.parties.names)


# Comparing ------------------------------------------------------------------------------------------------------------


def input_difference(logged: LoggedPass, inputs: PassInputs | None, number: int) -> AdlError | None:
    """What to raise for inputs that are not the recorded ones; `number` is that of the pass they are asked for."""
    if inputs is None:
        message = f"passes end after {number}: must go on, for the run has a pass {number}"
        return AdlError(message, argument="passes", row=number)
    place, time = f"passes[{logged.number}]", inputs.time
    if time is not None and time != logged.time:
        return AdlError.at(f"{place}.time", None, time, f"must be {logged.time}, as it was recorded")
    for field in INPUTS:
        recorded, prices = logged.inputs[field], inputs.prices[field]
        for name in sorted({*recorded, *prices}, key=_text):
            if recorded.get(name) != prices.get(name):
                must = f"must be {recorded.get(name)!r}, as it was recorded"
                return AdlError.at(f"{place}.{field}[{name!r}]", None, prices.get(name), must)
    return None


def event_difference(path: Path, logged: LoggedPass, new_pass: NewPass) -> AdlError | None:
    """What to raise for recorded events that are not those which were made again; the first is named."""
    events = new_pass.events
    if np.array_equal(logged.table, events.table) and (logged.time, logged.digest) == (events.time, new_pass.digest):
        return None
    difference = _first_difference(logged.table, events) or f"time {logged.time} and digest {logged.digest.hex()}"
    message = f"{path}: pass {logged.number} is not what house and passes make: {difference}"
    return AdlError(message, argument="path", row=logged.number, value=str(path))


def damage_error(path: Path, damage: Damage, new_pass: NewPass) -> AdlError:
    """A damage of a pass that was made again: which event is the first that differs."""
    message = damage.message
    if message is None:
        return damage.error(path)
    columns, expected = message_columns(message), message_columns(b"".join(pass_message(new_pass)))
    if columns.shape != expected.shape:
        return damage.error(path)
    difference = _first_difference(columns.T, new_pass.events) or "not in its events, but in what stands before them"
    return damage.error(path, f": {difference}")


def _first_difference(table: npt.NDArray[np.int64], events: Events) -> str | None:
    """The first event that differs, its first column that does, what stands there and what must."""
    count = min(len(table), len(events))
    differs = table[:count] != events.table[:count]
    if differs.any():
        row = int(differs.any(axis=1).argmax())
        place = int(differs[row].argmax())
        column = FIELD_COLUMNS[place]
        stands, must = (_field_text(column, int(numbers[row, place]), events) for numbers in (table, events.table))
        return f"event {events.first + row} has {column.name} {stands}, must be {must}"
    if len(table) != len(events):
        return f"it has {len(table)} events, must have {len(events)}"
    return None


def _field_text(column: Column, number: int, events: Events) -> str:
    """A number, or what it stands for."""
    if column.name == "link" and number >= 0:
        return str(number + events.first)
    words = getattr(events.names, column.words) if column.words else ()
    return repr(words[number]) if 0 <= number < len(words) else str(number)
