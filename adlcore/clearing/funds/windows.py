"""What a trigger remembers: the maximum over a window of time, and whether it is on."""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._support.options import exact_keys
from ..._support.pickles import Versioned
from ...contracts.decimals import whole_number
from ...errors import AdlError

__all__ = ["Window"]


@dataclass(frozen=True)
class Window(Versioned):
    """What a trigger remembers of a fund, or of a fund's profit in one contract. Immutable.

    Parameters
    ----------
    opening : int, default 0
        The fund's equity when the house opened, in quanta.
    on : bool, default False
        Whether the trigger is on: then the fund accepts nothing.
    samples : tuple of (int, int), default ()
        Time and value, in quanta, of the observations that may yet be the maximum: later ones are
        smaller. The last is the last observation.

    Examples
    --------
    >>> from adlcore.clearing import Drawdown
    >>> drawdown = Drawdown(window=1000, start="-0.3", stop="-0.25")
    >>> window = drawdown.start_window(100, time=0)
    >>> drawdown.observe(window, 70, 10, 1)
    (Window(opening=100, on=True, samples=((0, 100), (10, 70))), 'trigger-on')
    """

    PICKLED = ("opening", "on", "samples")

    opening: int = 0
    on: bool = False
    samples: tuple[tuple[int, int], ...] = ()

    @property
    def peak(self) -> int | None:
        """The largest value in the window; None where nothing was observed."""
        return self.samples[0][1] if self.samples else None

    @property
    def latest(self) -> int | None:
        """The last value that was observed; None where nothing was."""
        return self.samples[-1][1] if self.samples else None

    def with_sample(self, value: int, time: int, length: int) -> Window:
        """The window with one more sample, without those that are older than `length`; the flag stays.

        Raises
        ------
        AdlError
            For a time before the last one.

        Examples
        --------
        >>> Window().with_sample(5, 0, 10).with_sample(3, 1, 10).with_sample(4, 2, 10).samples
        ((0, 5), (2, 4))
        """
        value, time = whole_number(value, "value"), whole_number(time, "time")
        samples = self.samples
        if samples and time < samples[-1][0]:
            raise AdlError.at("time", None, time, f"must not be before the last one, {samples[-1][0]}")
        # Values fall and times rise along the samples: both cuts are found by bisection.
        first = bisect_left(samples, time - length, key=operator.itemgetter(0))
        last = bisect_left(samples, -value, key=lambda sample: -sample[1])
        return Window(self.opening, self.on, (*samples[first : max(first, last)], (time, value)))

    def fields(self) -> dict[str, Any]:
        """The window as numbers that JSON holds; the same for equal windows.

        Examples
        --------
        >>> Window(100, samples=((0, 100), (10, 90))).fields()
        {'opening': 100, 'on': False, 'samples': [[0, 100], [10, 90]]}
        """
        return {"opening": self.opening, "on": self.on, "samples": [list(sample) for sample in self.samples]}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Window:
        """The window of :meth:`fields`.

        Raises
        ------
        AdlError
            Names a key that is unknown or missing, and samples whose times do not rise or whose values
            do not fall.

        Examples
        --------
        >>> window = Window(100, samples=((0, 100), (10, 90)))
        >>> Window.from_fields(window.fields()) == window
        True
        """
        given = exact_keys("window", fields, cls.PICKLED)
        if not isinstance(given["on"], bool):
            raise AdlError.at("on", None, given["on"], "must be true or false")
        samples: list[tuple[int, int]] = []
        for row, sample in enumerate(given["samples"]):
            if not isinstance(sample, list | tuple) or len(sample) != 2:
                raise AdlError.at("samples", row, sample, "must be [time, value]")
            time, value = whole_number(sample[0], "samples"), whole_number(sample[1], "samples")
            if samples and not (samples[-1][0] <= time and value < samples[-1][1]):
                raise AdlError.at("samples", row, sample, f"must be later and smaller than {list(samples[-1])}")
            samples.append((time, value))
        return cls(whole_number(given["opening"], "opening"), given["on"], tuple(samples))
