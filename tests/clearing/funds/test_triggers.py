"""Triggers of insurance funds: exact ratios, windows, hysteresis, and the least equity that is accepted."""

import copy
import json
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adlcore.clearing import Depleted, Drawdown, NetNotionalCap, Trigger
from adlcore.clearing.funds.windows import Window
from support.refusals import refused_for as refused

pytestmark = pytest.mark.plain

EIGHT_HOURS = 8 * 60 * 60 * 1000
NOTHING = 2**63 - 1
BYBIT = Drawdown(EIGHT_HOURS, "-0.3", "-0.25", of="contract", relative_to="pool")
OKX = Drawdown(EIGHT_HOURS, "-0.3", "-0.25", minimum=50_000)


# What a house asks


@pytest.mark.parametrize("trigger", [Depleted(), NetNotionalCap(), NetNotionalCap("2/3")])
def test_triggers_without_a_memory(trigger):
    window = trigger.start_window(100, 5)
    assert window == Window(100)
    for value in (-1, 0, 10**18):
        assert trigger.observe(window, value, 9, 10**8) == (window, None)
    assert trigger.least(window, 10**8) == 0
    assert (trigger.per_contract, trigger.length) == (False, 0)
    assert isinstance(trigger, Trigger)


def test_only_a_cap_has_a_cap():
    assert Depleted().cap is None
    assert OKX.cap is None
    assert NetNotionalCap().cap == 1
    assert NetNotionalCap(2 / 3).cap == Fraction(2, 3)
    assert (OKX.length, OKX.per_contract, BYBIT.per_contract) == (EIGHT_HOURS, False, True)


@pytest.mark.parametrize("ratio", [0, "-1", "x", None])
def test_caps_that_are_none(ratio):
    refused(lambda: NetNotionalCap(ratio), "ratio")


@pytest.mark.parametrize(
    ("changed", "argument", "word"),
    [
        ({"window": 0}, "window", "above 0"),
        ({"window": 1.5}, "window", "whole number"),
        ({"window": None}, "window", "whole number"),
        ({"start": "0"}, "start", "below 0"),
        ({"start": "0.3"}, "start", "below 0"),
        ({"start": "x"}, "start", "number"),
        ({"stop": "-0.3"}, "stop", "above -0.3"),
        ({"stop": "-0.31"}, "stop", "milder"),
        ({"stop": 0}, "stop", "below 0"),
        ({"of": "fund"}, "of", "balance, contract"),
        ({"relative_to": "peak"}, "relative_to", "own, pool, opening"),
        ({"of": "contract"}, "relative_to", "'pool' or 'opening'"),
        ({"minimum": -1}, "minimum", "0 or above"),
        ({"minimum": "x"}, "minimum", "number"),
    ],
)
def test_drawdowns_that_are_none(changed, argument, word):
    refused(lambda: Drawdown(**{"window": 10, "start": "-0.3", "stop": "-0.25", **changed}), argument, word)


def test_drawdowns_are_read_exactly():
    drawdown = Drawdown(np.int64(10), -1 / 3, Decimal("-0.30"), minimum=0.5)
    assert (drawdown.window, type(drawdown.window)) == (10, int)
    assert (drawdown.start, drawdown.stop, drawdown.minimum) == (Fraction(-1, 3), Fraction(-3, 10), Fraction(1, 2))
    assert drawdown == Drawdown(10, "-1/3", "-0.3", minimum="0.5")
    assert hash(drawdown) == hash(Drawdown(10, "-1/3", "-0.3", minimum="0.5"))


# Windows


def observe(trigger, values, opening=100, quanta=1, start=None, **base):
    """What happened to the flag at each of these values, one unit of time apart."""
    window, changes = trigger.start_window(opening, start), []
    for time, value in enumerate(values):
        window, changed = trigger.observe(window, value, time, quanta, **base)
        changes.append(changed)
    return window, changes


ON, OFF = "trigger-on", "trigger-off"
PLAIN = Drawdown(1000, "-0.3", "-0.25")
OPENING = Drawdown(1000, "-0.3", "-0.25", relative_to="opening")
SPARED = Drawdown(1000, "-0.3", "-0.25", relative_to="opening", minimum=5)
FAR = Drawdown(10, "-5", "-4", minimum=10**6)


@pytest.mark.parametrize(
    ("trigger", "given", "values", "changes"),
    [
        (PLAIN, {}, [100, 71, 70, 75, 76, 70, 140, 98, 99], [None, None, ON, None, OFF, ON, OFF, ON, None]),
        (FAR, {}, [100, 1, 0, 0, -3, 1], [None, None, ON, None, None, OFF]),
        (OKX, {"quanta": 100}, [100_000_00, 50_000_01, 50_000_00], [None, None, ON]),
        (OKX, {}, [1_000_000, 700_001, 700_000], [None, None, ON]),
        (OPENING, {}, [1000, 971, 970, 975, 976], [None, None, ON, None, OFF]),
        (OPENING, {"opening": 0}, [10, 20], [ON, None]),
        (SPARED, {"opening": 0}, [10, 6, 5], [None, None, ON]),
        (BYBIT, {"base": 0}, [5], [ON]),
    ],
    ids=[
        *("on at the start and off below the stop", "nothing left keeps it on", "the minimum is in units"),
        *("both are passed", "of the opening", "an opening of nothing is too far below", "and a minimum spares it"),
        "an empty pool",
    ],
)
def test_the_flag_turns_on_and_off(trigger, given, values, changes):
    assert observe(trigger, values, **given)[1] == changes


def test_the_window_includes_its_edge():
    drawdown = Drawdown(10, "-0.3", "-0.25")
    window, _ = drawdown.observe(drawdown.start_window(100, 0), 60, 10, 1)
    assert window.on
    window, _ = drawdown.observe(drawdown.start_window(100, 0), 60, 11, 1)
    assert (window.on, window.samples) == (False, ((11, 60),))


def test_it_turns_off_by_waiting_too():
    drawdown = Drawdown(10, "-0.3", "-0.25")
    window, _ = drawdown.observe(drawdown.start_window(100, 0), 60, 5, 1)
    assert drawdown.observe(window, 60, 10, 1)[1] is None
    assert drawdown.observe(window, 60, 11, 1)[1] == "trigger-off"


def test_the_pool_of_a_balance_is_its_own():
    values = [100, 71, 70, 75, 76]
    own, pool = (Drawdown(1000, "-0.3", "-0.25", relative_to=name) for name in ("own", "pool"))
    assert observe(own, values) == observe(pool, values)


def test_a_contract_is_measured_against_the_pool():
    window, changes = observe(BYBIT, [0, -299, -300, -250, -249], opening=1000, base=1000)
    assert changes == [None, None, "trigger-on", None, "trigger-off"]
    assert BYBIT.least(window, 1) == 0
    assert BYBIT.start_window(1000, 7).samples == ((7, 0),)
    refused(lambda: BYBIT.observe(window, 0, 9, 1), "base", "pool's maximum")
    refused(lambda: BYBIT.observe(window, 0, 9, 1, base="x"), "base", "whole number")


def test_an_opening_without_a_time_is_no_sample():
    window = OKX.start_window(100)
    assert (window.samples, window.peak, OKX.least(window, 1)) == ((), None, 0)
    assert OKX.start_window(100, 3).peak == 100
    refused(lambda: OKX.start_window(1.5, 0), "opening", "whole number")


steps = st.lists(st.tuples(st.integers(0, 6), st.integers(-20, 100)), min_size=1, max_size=30)
ratios = st.tuples(st.integers(2, 12), st.integers(1, 11)).filter(lambda pair: pair[0] > pair[1])


@given(
    steps,
    ratios,
    st.sampled_from(["own", "pool", "opening"]),
    st.none() | st.fractions(0, 50, max_denominator=7),
    st.sampled_from([1, 10]),
    st.integers(0, 60),
)
def test_the_flag_is_what_the_definition_says(taken, shares, relative_to, minimum, quanta, opening):
    start, stop = Fraction(-shares[0], 12), Fraction(-shares[1], 12)
    drawdown = Drawdown(8, start, stop, relative_to=relative_to, minimum=minimum)
    window, kept, time, on = drawdown.start_window(opening), [], 0, False
    for after, x in taken:
        time += after
        kept.append((time, x))
        peak = max(v for t, v in kept if time - t <= 8)
        base = opening if relative_to == "opening" else abs(peak)
        fallen = x - peak <= start * base and (minimum is None or peak - x >= minimum * quanta)
        before, on = on, (x <= 0 or x - peak <= stop * base) if on else (x <= 0 or fallen)
        window, changed = drawdown.observe(window, x, time, quanta)
        assert window.on == on
        assert changed == (None if on == before else "trigger-on" if on else "trigger-off")


@given(
    st.integers(1, 10**18),
    st.integers(0, 10**18),
    st.fractions(-2, Fraction(-1, 10**6)).filter(bool),
    st.sampled_from(["own", "opening"]),
    st.none() | st.fractions(0, 10**9),
    st.sampled_from([1, 10**8]),
)
@example(NOTHING, 0, Fraction(-1, 2), "opening", None, 1)
@example(100, 100, Fraction(-1, 3), "own", None, 1)
def test_least_is_exactly_the_border(peak, opening, start, relative_to, minimum, quanta):
    drawdown = Drawdown(10, start, start / 2, relative_to=relative_to, minimum=minimum)
    window = drawdown.start_window(opening).with_sample(peak, 0, 10)
    base = peak if relative_to == "own" else opening

    def accepts(equity):
        fallen = equity - peak <= start * base and (minimum is None or peak - equity >= minimum * quanta)
        return equity >= 0 and not fallen

    least = drawdown.least(window, quanta)
    assert not accepts(least - 1)
    assert accepts(least) or least == NOTHING
    # And what is accepted does not turn it on, beyond being worth nothing.
    if least <= peak and least < NOTHING:
        assert not drawdown.observe(window, max(least, 1), 0, quanta)[0].on


@given(
    st.integers(-(10**9), 10**9),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.fractions(-2, Fraction(-1, 10**6)).filter(bool),
    st.sampled_from([("balance", "own"), ("balance", "opening"), ("contract", "pool"), ("contract", "opening")]),
)
@example(0, 0, 0, Fraction(-1, 2), ("balance", "own"))
@example(0, 0, 0, Fraction(-1, 2), ("balance", "opening"))
@example(5, 0, 0, Fraction(-1, 2), ("contract", "pool"))
@example(-3, 7, 7, Fraction(-1, 2), ("contract", "opening"))
def test_recovery_is_exactly_where_it_turns_off(peak, opening, pool, stop, of):
    drawdown = Drawdown(10, 2 * stop, stop, of=of[0], relative_to=of[1])
    window = Window(opening, True, ((0, peak), (1, peak - 1)))
    recovery = drawdown.recovery(window, base=pool)

    def stays_on(value):
        return drawdown.observe(window, value, 1, 1, base=pool)[0].on

    assert stays_on(recovery - 1)
    assert stays_on(recovery) == (recovery == NOTHING)


def test_while_on_nothing_is_accepted():
    for trigger in (OKX, BYBIT):
        assert trigger.least(Window(100, True, ((0, 100),)), 1) == NOTHING


LONG = "123456789012345678901234567890/7"
TRIGGERS = [Depleted(), NetNotionalCap("2/3"), OKX, BYBIT]
TRIGGERS += [Drawdown(10, "-1/3", "-0.3", of="contract", relative_to="opening", minimum=LONG)]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_triggers_are_copied_printed_and_compared(trigger):
    assert pickle.loads(pickle.dumps(trigger)) == trigger
    assert copy.deepcopy(trigger) == trigger
    names = {kind.__name__: kind for kind in (Depleted, NetNotionalCap, Drawdown)}
    assert eval(repr(trigger), names) == trigger
    assert all(len(line) <= 80 for line in repr(trigger).splitlines())
    fields = json.loads(json.dumps(trigger.fields()))
    assert names[fields.pop("kind")](**fields) == trigger
    with pytest.raises(AttributeError):
        trigger.ratio = 1
