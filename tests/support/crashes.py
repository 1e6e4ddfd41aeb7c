"""Crashes of scenarios, pass after pass."""

from collections.abc import Iterator

from adlcore.clearing import Events
from adlcore.io import Inputs
from adlcore.lab.crash import Crash

SMALL = {"wallets": {"count": 400, "positions": 800}, "shock": {"passes": 6}}


def mark_all(crash: Crash) -> Iterator[tuple[Inputs, Events]]:
    """What the house is given, and the events of it."""
    for inputs in crash.passes():
        yield inputs, crash.house.mark(inputs.marks, inputs.time, index_prices=inputs.index_prices)
