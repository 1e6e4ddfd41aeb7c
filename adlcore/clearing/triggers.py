"""When an insurance fund takes no more positions, so that auto-deleveraging has to."""

from __future__ import annotations

import math
import operator
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from .._arrays import INT64_MAX
from .._fields import exact_keys
from .._pickles import Versioned
from ..contracts import COLUMNS
from ..decimals import EXACT, MOST_DIGITS, Number, canonical, exact_decimal
from ..errors import AdlError

__all__ = [
    "Change",
    "Depleted",
    "Drawdown",
    "NetNotionalCap",
    "Ratio",
    "Trigger",
    "Window",
    "exact_ratio",
    "ratio_text",
]

#: What may be given where an exact ratio is meant.
Ratio = Number | Fraction

#: What an observation did to the flag of a window.
Change = Literal["trigger-on", "trigger-off"]

#: What a drawdown is of, and what it is measured against.
OF = ("balance", "contract")
RELATIVE_TO = ("own", "pool", "opening")

#: A float with at least so many digits is the fraction that it was rounded from, if there is one
#: with a denominator of at most this.
FRACTION_DIGITS = 15
FRACTION_DENOMINATOR = 1000

#: Below, no two such fractions are the same float.
ONE_FRACTION = 2.0**32


def exact_ratio(value: Ratio, argument: str) -> Fraction:
    """Read a ratio exactly: a fraction as text or number, a decimal, a float.

    Parameters
    ----------
    value : str, int, float, Decimal or Fraction
        ``"2/3"`` and ``Fraction(2, 3)`` are two thirds. A float is read by its shortest decimal;
        one of 15 and more digits that is p/q rounded, q at most 1000, is p/q: ``2/3`` is two thirds.
    argument : str
        What it is called where it is refused.

    Raises
    ------
    AdlError
        If it is not a finite number, or one that is larger or finer than any that people use.

    Examples
    --------
    >>> exact_ratio("2/3", "below"), exact_ratio(2 / 3, "below"), exact_ratio(0.3, "below")
    (Fraction(2, 3), Fraction(2, 3), Fraction(3, 10))
    >>> exact_ratio(0.1 + 0.2, "below")
    Fraction(7500000000000001, 25000000000000000)
    """
    if isinstance(value, str) and "/" in value:
        try:
            value = Fraction(value.replace("_", ""))
        except (ValueError, ZeroDivisionError):
            raise AdlError.at(argument, None, value, "must be a fraction such as '2/3'") from None
    if isinstance(value, Fraction):
        if max(abs(value.numerator), value.denominator) > 10 ** (2 * MOST_DIGITS):
            must = f"must have at most {2 * MOST_DIGITS} digits above and below the line"
            raise AdlError.at(argument, None, value, must)
        return value
    number = exact_decimal(value, argument)
    if isinstance(value, float) and abs(value) < ONE_FRACTION:
        digits = number.normalize(EXACT).as_tuple().digits
        near = Fraction(value).limit_denominator(FRACTION_DENOMINATOR)
        if len(digits) >= FRACTION_DIGITS and float(near) == value:
            return near
    return Fraction(number)


def ratio_text(ratio: Fraction) -> str:
    """The one text of an exact ratio: a decimal where it ends, else a fraction.

    Examples
    --------
    >>> ratio_text(Fraction(-3, 10)), ratio_text(Fraction(2, 3))
    ('-0.3', '2/3')
    """
    rest, places = ratio.denominator, [0, 0]
    for which, prime in enumerate((2, 5)):
        while rest % prime == 0:
            rest, places[which] = rest // prime, places[which] + 1
    if rest != 1:
        return str(ratio)
    decimals = max(places)
    return canonical(EXACT.scaleb(Decimal(int(ratio * 10**decimals)), -decimals))


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
    >>> drawdown = Drawdown(window=1000, start="-0.3", stop="-0.25")
    >>> window = drawdown.start_window(100, time=0)
    >>> window.observed(70, 10, drawdown, 1)
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

    def noted(self, value: int, time: int, length: int) -> Window:
        """The window with one more sample, without those that are older than `length`; the flag stays.

        Raises
        ------
        AdlError
            For a time before the last one.

        Examples
        --------
        >>> Window().noted(5, 0, 10).noted(3, 1, 10).noted(4, 2, 10).samples
        ((0, 5), (2, 4))
        """
        value, time = _whole(value, "value"), _whole(time, "time")
        samples = self.samples
        if samples and time < samples[-1][0]:
            raise AdlError.at("time", None, time, f"must not be before the last one, {samples[-1][0]}")
        # Values fall and times rise along the samples: both cuts are found by bisection.
        first = bisect_left(samples, time - length, key=operator.itemgetter(0))
        last = bisect_left(samples, -value, key=lambda sample: -sample[1])
        return Window(self.opening, self.on, (*samples[first : max(first, last)], (time, value)))

    def observed(
        self, value: int, time: int, trigger: Trigger, quanta_per_unit: int, *, base: int | None = None
    ) -> tuple[Window, Change | None]:
        """The window after an observation, and what that did to the flag.

        Parameters
        ----------
        value : int
            In quanta: the fund's equity; its profit in the contract where the trigger is
            `per_contract`.
        time : int
            Not before the last one.
        trigger : Trigger
            The same for the whole life of a window.
        quanta_per_unit : int
            Of the fund's asset.
        base : int, optional
            The largest equity of the pool over the window, in quanta; a trigger that needs it asks.

        Returns
        -------
        Window
        {None, "trigger-on", "trigger-off"}
        """
        return trigger.observe(self, value, time, quanta_per_unit, base=base)

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
            time, value = _whole(sample[0], "samples"), _whole(sample[1], "samples")
            if samples and not (samples[-1][0] <= time and value < samples[-1][1]):
                raise AdlError.at("samples", row, sample, f"must be later and smaller than {list(samples[-1])}")
            samples.append((time, value))
        return cls(_whole(given["opening"], "opening"), given["on"], tuple(samples))


class Trigger(Versioned):
    """When a fund takes no more positions. The base of all triggers; immutable.

    Notes
    -----
    A house asks these and never for the class: `cap`, `per_contract`, `length`, :meth:`start_window`,
    :meth:`Window.observed` and :meth:`least`. What is written here is a trigger without a memory.

    Examples
    --------
    >>> for trigger in (Depleted(), NetNotionalCap("1"), Drawdown(1000, "-0.3", "-0.25")):
    ...     window = trigger.start_window(100, time=0)
    ...     print(trigger.cap, trigger.per_contract, trigger.length, trigger.least(window, 1))
    None False 0 0
    1 False 0 0
    None False 1000 71
    """

    @property
    def per_contract(self) -> bool:
        """Whether profits are observed, each in a window of its contract, and not the fund's equity."""
        return False

    @property
    def cap(self) -> Fraction | None:
        """Most net notional for each unit of the fund's equity; None where there is no limit."""
        return None

    @property
    def length(self) -> int:
        """How long samples are kept; 0 for a trigger without a memory."""
        return 0

    def start_window(self, opening: int, time: int | None = None) -> Window:
        """The window of a house that opens.

        Parameters
        ----------
        opening : int
            The fund's equity, in quanta.
        time : int, optional
            Where given, the opening is the first sample (of a `per_contract` trigger: a profit of 0).
        """
        return Window(_whole(opening, "opening"))

    def observe(
        self, window: Window, value: int, time: int, quanta_per_unit: int, *, base: int | None = None
    ) -> tuple[Window, Change | None]:
        """What :meth:`Window.observed` returns."""
        return window, None

    def least(self, window: Window, quanta_per_unit: int) -> int:
        """The least equity, in quanta, that the fund may have after it took a position.

        Parameters
        ----------
        window : Window
            As last observed.
        quanta_per_unit : int
            Of the fund's asset.

        Returns
        -------
        int
            At least 0; 2**63 - 1 where it accepts nothing.
        """
        return 0

    def fields(self) -> dict[str, Any]:
        """The trigger as exact text and numbers that JSON holds; the same for equal triggers.

        Examples
        --------
        >>> NetNotionalCap("1.0").fields()
        {'kind': 'NetNotionalCap', 'ratio': '1'}
        """
        values = {name: getattr(self, name) for name in self.PICKLED}
        exact = {name: ratio_text(value) if isinstance(value, Fraction) else value for name, value in values.items()}
        return {"kind": type(self).__name__, **exact}


@dataclass(frozen=True)
class Depleted(Trigger):
    """A fund takes positions as long as its equity stays at 0 or above.

    Notes
    -----
    What BitMEX, KuCoin, Gate and MEXC publish of their funds: ADL begins where the contract's fund is
    insufficient.

    Examples
    --------
    >>> trigger = Depleted()
    >>> trigger.least(trigger.start_window(100), 1)
    0
    """


@dataclass(frozen=True, repr=False)
class NetNotionalCap(Trigger):
    """A fund takes positions as long as their net notional is at most `ratio` times its equity.

    Parameters
    ----------
    ratio : str, int, float, Decimal or Fraction, default "1"
        Above 0; as :func:`exact_ratio` reads it.

    Notes
    -----
    The equity must stay at 0 or above too, and a position that makes the fund's own in the contract
    smaller is taken at any notional. Binance: ADL begins where the fund cannot take a position, or
    its net notional would exceed 100 % of its size.

    Examples
    --------
    >>> NetNotionalCap("1.5").cap
    Fraction(3, 2)
    """

    PICKLED = ("ratio",)

    ratio: Ratio = "1"

    def __post_init__(self) -> None:
        ratio = exact_ratio(self.ratio, "ratio")
        if ratio <= 0:
            raise AdlError.at("ratio", None, self.ratio, "must be above 0")
        object.__setattr__(self, "ratio", ratio)

    @property
    def cap(self) -> Fraction:
        return Fraction(self.ratio)

    def __repr__(self) -> str:
        return f"NetNotionalCap({ratio_text(self.cap)!r})"


@dataclass(frozen=True, repr=False)
class Drawdown(Trigger):
    """A fund takes positions until it has fallen too far below its maximum over a window of time.

    Parameters
    ----------
    window : int
        How far back the maximum goes: samples that are at most so old count. Above 0.
    start : str, int, float, Decimal or Fraction
        Below 0: at a change from the maximum of `start` times the base, or beyond, the trigger turns
        on.
    stop : str, int, float, Decimal or Fraction
        Milder: between `start` and 0. At a smaller fall than that it turns off again.
    of : {"balance", "contract"}, default "balance"
        What is observed: the fund's equity, or its profit in each contract since the house opened.
    relative_to : {"own", "pool", "opening"}, default "own"
        The base: the maximum of what is observed; the fund's largest equity over the window (the same
        where `of` is ``"balance"``); its equity when the house opened. A contract's profit is measured
        against ``"pool"`` or ``"opening"``: its own maximum may be 0.
    minimum : str, int, float, Decimal or Fraction, optional
        A smaller fall never turns the trigger on, in units of the fund's asset.

    Notes
    -----
    With x observed, `peak` the largest x in the window and `base` a magnitude, the trigger turns on
    where ``x - peak <= start*base`` and ``peak - x >= minimum``, and off where
    ``x - peak > stop*base``, all exact. A fund's equity at 0 or below turns it on whatever the rest
    says, and keeps it on; a profit may be negative. While it is on, the fund accepts nothing; while
    it is off, a fund with ``of="balance"`` accepts what would not turn it on. Where the window is not
    full yet, what is there counts.

    Bybit (rule 1) measures a symbol's profit against the pool's maximum over 8 hours, -0.30 and
    -0.25; OKX the fund's value over 8 hours, 30 % and 50,000 USD; Bitget 30 % below the peak (that it
    ends at 27 % is an assumption). Pages: their help on auto-deleveraging.

    Examples
    --------
    >>> eight_hours = 8 * 60 * 60 * 1000
    >>> okx = Drawdown(eight_hours, "-0.3", "-0.25", minimum=50_000)
    >>> okx
    Drawdown(28800000, '-0.3', '-0.25', minimum='50000')
    >>> window = okx.start_window(100_000, time=0)
    >>> okx.least(window, 1)
    50001
    >>> window, changed = window.observed(50_000, 1000, okx, 1)
    >>> changed
    'trigger-on'
    >>> okx.least(window, 1) == 2**63 - 1
    True
    """

    PICKLED = ("window", "start", "stop", "of", "relative_to", "minimum")

    window: int
    start: Ratio
    stop: Ratio
    of: str = "balance"
    relative_to: str = "own"
    minimum: Ratio | None = None

    def __post_init__(self) -> None:
        window = _whole(self.window, "window")
        if window <= 0:
            raise AdlError.at("window", None, self.window, "must be above 0")
        start, stop = exact_ratio(self.start, "start"), exact_ratio(self.stop, "stop")
        if start >= 0:
            raise AdlError.at("start", None, self.start, "must be below 0, such as '-0.3'")
        if not start < stop < 0:
            must = f"must be milder than start: above {ratio_text(start)} and below 0"
            raise AdlError.at("stop", None, self.stop, must)
        if self.of not in OF:
            raise AdlError.at("of", None, self.of, f"must be one of {', '.join(OF)}")
        if self.relative_to not in RELATIVE_TO:
            raise AdlError.at("relative_to", None, self.relative_to, f"must be one of {', '.join(RELATIVE_TO)}")
        if self.per_contract and self.relative_to == "own":
            must = "must be 'pool' or 'opening' for a contract: the maximum of its profit may be 0"
            raise AdlError.at("relative_to", None, self.relative_to, must)
        minimum = None if self.minimum is None else exact_ratio(self.minimum, "minimum")
        if minimum is not None and minimum < 0:
            raise AdlError.at("minimum", None, self.minimum, "must be 0 or above")
        for name, value in (("window", window), ("start", start), ("stop", stop), ("minimum", minimum)):
            object.__setattr__(self, name, value)

    @property
    def per_contract(self) -> bool:
        """Whether `of` is ``"contract"``."""
        return self.of == "contract"

    @property
    def length(self) -> int:
        """The argument `window`."""
        return self.window

    def start_window(self, opening: int, time: int | None = None) -> Window:
        """As :meth:`Trigger.start_window`."""
        window = Window(_whole(opening, "opening"))
        return window if time is None else window.noted(0 if self.per_contract else opening, time, self.window)

    def observe(
        self, window: Window, value: int, time: int, quanta_per_unit: int, *, base: int | None = None
    ) -> tuple[Window, Change | None]:
        """What :meth:`Window.observed` returns.

        Raises
        ------
        AdlError
            For a time before the last one, and without a `base` where profits are measured against
            the pool.
        """
        noted = window.noted(value, time, self.window)
        empty = not self.per_contract and value <= 0
        peak = noted.samples[0][1]
        if window.on:
            on = empty or value - peak <= Fraction(self.stop) * self._base(noted, peak, base)
        else:
            on = empty or value <= self._border(noted, peak, quanta_per_unit, base)
        changed: Change | None = None if on == window.on else "trigger-on" if on else "trigger-off"
        return Window(noted.opening, on, noted.samples), changed

    def least(self, window: Window, quanta_per_unit: int) -> int:
        """As :meth:`Trigger.least`: one quantum above the largest equity that would turn the trigger on.

        Profits are not looked at within a pass: 0 while the trigger is off.
        """
        if window.on:
            return INT64_MAX
        if self.per_contract or window.peak is None:
            return 0
        return min(max(0, self._border(window, window.peak, quanta_per_unit) + 1), INT64_MAX)

    def _border(self, window: Window, peak: int, quanta_per_unit: int, base: int | None = None) -> int:
        """The largest value that has fallen far enough, by the ratio and by the minimum."""
        fall = Fraction(self.start) * self._base(window, peak, base)
        if self.minimum is not None:
            fall = min(fall, -Fraction(self.minimum) * quanta_per_unit)
        return peak + math.floor(fall)

    def _base(self, window: Window, peak: int, base: int | None) -> int:
        if self.relative_to == "opening":
            return abs(window.opening)
        if not self.per_contract:
            return abs(peak)
        if base is None:
            raise AdlError.at("base", None, None, "must be given: the pool's maximum over the window, in quanta")
        return abs(_whole(base, "base"))

    def __repr__(self) -> str:
        terms = [str(self.window), *(repr(ratio_text(Fraction(ratio))) for ratio in (self.start, self.stop))]
        if self.of != "balance":
            terms.append(f"of={self.of!r}")
        if self.relative_to != "own":
            terms.append(f"relative_to={self.relative_to!r}")
        if self.minimum is not None:
            terms.append(f"minimum={ratio_text(Fraction(self.minimum))!r}")
        lines = [f"Drawdown({terms[0]}"]
        for term in terms[1:]:
            # One column for the comma or the bracket that follows.
            if len(lines[-1]) + 2 + len(term) + 1 <= COLUMNS:
                lines[-1] += f", {term}"
            else:
                lines.append(f"         {term}")
        return ",\n".join(lines) + ")"


def _whole(value: Any, argument: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise AdlError.at(argument, None, value, "must be a whole number") from None
