"""When an insurance fund takes no more positions, so that auto-deleveraging has to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from ..._support.arrays import INT64_MAX
from ..._support.options import require_option
from ..._support.pickles import Versioned
from ..._support.text import call_text
from ...contracts.decimals import whole_number
from ...contracts.ratios import Ratio, exact_ratio, ratio_text
from ...errors import AdlError
from .windows import Window

__all__ = ["Change", "Depleted", "Drawdown", "NetNotionalCap", "Trigger"]

#: What an observation did to the flag of a window.
Change = Literal["trigger-on", "trigger-off"]

#: What a drawdown is of, and what it is measured against.
OF = ("balance", "contract")
RELATIVE_TO = ("own", "pool", "opening")


class Trigger(Versioned):
    """When a fund takes no more positions. The base of all triggers; immutable.

    Notes
    -----
    A house asks these and never for the class: `cap`, `per_contract`, `length`, :meth:`start_window`,
    :meth:`observe`, :meth:`least` and :meth:`recovery`. What is written here is a trigger without a memory.

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
        return Window(whole_number(opening, "opening"))

    def observe(
        self, window: Window, value: int, time: int, quanta_per_unit: int, *, base: int | None = None
    ) -> tuple[Window, Change | None]:
        """The window after an observation, and what that did to the flag.

        Parameters
        ----------
        window : Window
            Of this trigger, all its life.
        value : int
            In quanta: the fund's equity; its profit in the contract where the trigger is
            `per_contract`.
        time : int
            Not before the last one.
        quanta_per_unit : int
            Of the fund's asset.
        base : int, optional
            The largest equity of the pool over the window, in quanta; a trigger that needs it asks.

        Returns
        -------
        Window
        {None, "trigger-on", "trigger-off"}
        """
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

    def recovery(self, window: Window, *, base: int | None = None) -> int:
        """The least value at which a trigger that is on turns off, in quanta, as last observed.

        Parameters
        ----------
        window : Window
            As last observed.
        base : int, optional
            As in :meth:`observe`.

        Returns
        -------
        int
            0 for a trigger that is never on; 2**63 - 1 where no value turns it off.
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
        """The argument `ratio`."""
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
    >>> window, changed = okx.observe(window, 50_000, 1000, 1)
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
        window = whole_number(self.window, "window")
        if window <= 0:
            raise AdlError.at("window", None, self.window, "must be above 0")
        start, stop = exact_ratio(self.start, "start"), exact_ratio(self.stop, "stop")
        if start >= 0:
            raise AdlError.at("start", None, self.start, "must be below 0, such as '-0.3'")
        if not start < stop < 0:
            must = f"must be milder than start: above {ratio_text(start)} and below 0"
            raise AdlError.at("stop", None, self.stop, must)
        require_option("of", self.of, OF)
        require_option("relative_to", self.relative_to, RELATIVE_TO)
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
        window = Window(whole_number(opening, "opening"))
        return window if time is None else window.with_sample(0 if self.per_contract else opening, time, self.window)

    def observe(
        self, window: Window, value: int, time: int, quanta_per_unit: int, *, base: int | None = None
    ) -> tuple[Window, Change | None]:
        """As :meth:`Trigger.observe`.

        Raises
        ------
        AdlError
            For a time before the last one, and without a `base` where profits are measured against
            the pool.
        """
        # First, so that a value may be its own peak (``docs/waterfall.md``, "Drawdowns").
        observed = window.with_sample(value, time, self.window)
        empty = not self.per_contract and value <= 0
        peak = observed.samples[0][1]
        if window.on:
            on = empty or value - peak <= Fraction(self.stop) * self._base(observed, peak, base)
        else:
            on = empty or value <= self._border(observed, peak, quanta_per_unit, base)
        changed: Change | None = None if on == window.on else "trigger-on" if on else "trigger-off"
        return Window(observed.opening, on, observed.samples), changed

    def least(self, window: Window, quanta_per_unit: int) -> int:
        """As :meth:`Trigger.least`: one quantum above the largest equity that would turn the trigger on.

        Profits are not looked at within a pass: 0 while the trigger is off.
        """
        if window.on:
            return INT64_MAX
        if self.per_contract or window.peak is None:
            return 0
        return min(max(0, self._border(window, window.peak, quanta_per_unit) + 1), INT64_MAX)

    def recovery(self, window: Window, *, base: int | None = None) -> int:
        """As :meth:`Trigger.recovery`: one quantum above the largest value that would keep the trigger on.

        Examples
        --------
        >>> drawdown = Drawdown(window=1000, start="-0.3", stop="-0.25")
        >>> window, _ = drawdown.observe(drawdown.start_window(100, time=0), 70, 10, 1)
        >>> drawdown.recovery(window)
        76
        """
        peak = window.peak or 0
        scale = self._base(window, peak, base)
        if not scale and (self.per_contract or self.relative_to == "opening"):
            return INT64_MAX  # any value is at most its own maximum, and that is a fall of 0 at least
        border = peak + math.floor(Fraction(self.stop) * scale)
        return (border if self.per_contract else max(0, border)) + 1

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
        return abs(whole_number(base, "base"))

    def __repr__(self) -> str:
        terms = [str(self.window), *(repr(ratio_text(Fraction(ratio))) for ratio in (self.start, self.stop))]
        if self.of != "balance":
            terms.append(f"of={self.of!r}")
        if self.relative_to != "own":
            terms.append(f"relative_to={self.relative_to!r}")
        if self.minimum is not None:
            terms.append(f"minimum={ratio_text(Fraction(self.minimum))!r}")
        return call_text("Drawdown", terms)
