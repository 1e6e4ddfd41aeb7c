"""The times of a run as people read them: a date, a clock since the start, or a number whose unit nobody said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import INT64
from ...errors import AdlError

__all__ = ["TIME_UNITS", "Clock", "clock_of", "configured_time_unit"]

#: Units that the times of a run may have, in nanoseconds, and their names.
TIME_UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
NAMES = {"ns": "nanoseconds", "us": "microseconds", "ms": "milliseconds", "s": "seconds"}
SECOND, DAY = 10**9, 86_400 * 10**9
MILLISECOND = 10**6

#: Times between these, in seconds since 1970, are dates: from 2001 to 2100.
FIRST, LAST = 10**9, 4_102_444_800

#: Units that are taken from the times alone where nobody says: what else is so large? Seconds since 1970 are not.
RECOGNIZED_UNITS = ("ms", "us", "ns")

#: The last time is told too, where its text stands out of the plot by half.
ENDS = {"ticklabeloverflow": "allow"}

#: Ticks and hovers of a clock and of a date.
CLOCK, DATE = "%H:%M:%S", "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Clock:
    """How the times of a run are told.

    Attributes
    ----------
    unit : str or None
        One of `TIME_UNITS`; None where it is not known.
    has_dates : bool
        Whether times are since 1970; else they are since a start of the run's own.
    is_configured : bool
        Whether the run says its unit; else it is what the times can only be.
    """

    unit: str | None
    has_dates: bool = False
    is_configured: bool = False

    def when(self, time: int) -> str:
        """A time in a sentence.

        Examples
        --------
        >>> Clock("ms").when(3_600_000), Clock("ms").when(90_061_500), Clock("s", has_dates=True).when(1_760_130_000)
        ('01:00:00', '1 day 01:01:01.500', '2025-10-10 21:00:00 UTC')
        >>> Clock(None).when(60_000)
        'time 60,000 (unit unknown)'
        """
        if self.unit is None:
            return f"time {time:,} (unit unknown)".replace("-", "−")
        seconds, rest = divmod(abs(time) * TIME_UNITS[self.unit], SECOND)
        digits = f"{rest:09d}"
        while digits.endswith("000"):
            digits = digits[:-3]
        part = f".{digits}" if digits else ""
        if self.has_dates:
            return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}{part} UTC"
        days, seconds = divmod(seconds, 86_400)
        whole_days = f"{days:,} day{'' if days == 1 else 's'} " if days else ""
        sign = "−" if time < 0 else ""
        return f"{sign}{whole_days}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{part}"

    def between(self, first: int, last: int) -> str:
        """From one time to another, in a sentence; the one time where they are the same.

        Examples
        --------
        >>> Clock("s").between(60, 120), Clock("s").between(60, 60), Clock(None).between(5, 5)
        ('00:01:00 to 00:02:00', '00:01:00', 'time 5 (unit unknown)')
        """
        if first == last:
            return self.when(first)
        if self.unit is None:
            return f"time {first:,} to {last:,} (unit unknown)".replace("-", "−")
        return f"{self.when(first)} to {self.when(last)}"

    def places(self, at: npt.ArrayLike) -> npt.NDArray[Any]:
        """Where times stand on :meth:`axis`: in milliseconds where plotly makes dates or clocks of them."""
        column = np.asarray(at, INT64)
        scale = self._scale(column)
        if self.unit is None or scale == TIME_UNITS[self.unit]:
            return column
        return column * (TIME_UNITS[self.unit] / scale)

    def axis(self, at: npt.ArrayLike) -> dict[str, Any]:
        """The x axis on which times, as they are in the run, stand at their :meth:`places`."""
        column = np.asarray(at, INT64)
        if self.unit is None:
            return {"title": {"text": "time (unit unknown)"}, "tickformat": ",d"}
        if self.has_dates:
            guess = "" if self.is_configured else f" (taken for {self.unit} since 1970)"
            return {"title": {"text": f"time, UTC{guess}"}, "type": "date", "hoverformat": self._parted(column, DATE)}
        if self._is_clock(column):
            form = self._parted(column, CLOCK)
            return {
                "title": {"text": "time, hh:mm:ss"},
                "type": "date",
                "tickformat": form,
                "hoverformat": form,
                **ENDS,
            }
        name = "days" if self._scale(column) == DAY else NAMES[self.unit]
        return {"title": {"text": f"time, {name}"}}

    def _is_clock(self, column: npt.NDArray[np.int64]) -> bool:
        """Whether times are those of one day, and far enough apart for a clock to tell."""
        if self.unit is None or self.has_dates or not len(column):
            return False
        first, last = (int(each) * TIME_UNITS[self.unit] for each in (column.min(), column.max()))
        return first >= 0 and last < DAY and last - first >= 10 * MILLISECOND

    def _scale(self, column: npt.NDArray[np.int64]) -> int:
        """Nanoseconds of a step of the axis."""
        if self.unit is None:
            return 1
        if self.has_dates or self._is_clock(column):
            return MILLISECOND
        far = len(column) > 0 and (int(column.max()) - int(column.min())) * TIME_UNITS[self.unit] >= DAY
        return DAY if far else TIME_UNITS[self.unit]

    def _parted(self, column: npt.NDArray[np.int64], form: str) -> str:
        """A format, with parts of a second where some time has one."""
        assert self.unit is not None  # what calls it has seen to that
        whole = SECOND // TIME_UNITS[self.unit]
        return f"{form}.%3f" if whole > 1 and bool((column % whole).any()) else form


def clock_of(times: npt.ArrayLike, unit: str | None = None, argument: str = "time_unit") -> Clock:
    """How some times are told: by their unit, or where nobody says it, by what they can only be.

    Parameters
    ----------
    times : int64[p]
    unit : {"ns", "us", "ms", "s"}, optional
    argument : str, default "time_unit"
        What an error calls it.

    Raises
    ------
    AdlError
        For another unit.

    Notes
    -----
    Times all of which fall between 2001 and 2100 are dates, the others are since a start of the run's own. Where the
    unit is not said, dates are recognized in milliseconds, microseconds and nanoseconds. O(p).

    Examples
    --------
    >>> clock_of([60_000, 120_000], "ms").when(60_000), clock_of([1_760_130_000_000]).when(1_760_130_000_000)
    ('00:01:00', '2025-10-10 21:00:00 UTC')
    """
    column = np.asarray(times, INT64)
    if unit is not None and (not isinstance(unit, str) or unit not in TIME_UNITS):
        raise AdlError.at(argument, None, unit, f"must be one of {', '.join(TIME_UNITS)}")
    for each in RECOGNIZED_UNITS if unit is None else (unit,):
        per_second = SECOND // TIME_UNITS[each]
        if len(column) and int(column.min()) >= FIRST * per_second and int(column.max()) < LAST * per_second:
            return Clock(each, has_dates=True, is_configured=unit is not None)
    return Clock(unit, is_configured=unit is not None)


def configured_time_unit(configuration: Any) -> Any:
    """The unit of time that the configuration of a run says, if it does."""
    return configuration.get("time_unit") if isinstance(configuration, Mapping) else None
