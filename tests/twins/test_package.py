"""The whole package gives the same bytes on the compiled kernels and on their twins."""

import importlib
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore import _kernels
from support import zoo

SUBJECTS = ("clearing", "margin", "numbers", "ranking")
COMPILED = {
    name: pytest.importorskip(f"adlcore._kernels.compiled.{name}", reason="the compiled kernels are not built")
    for name in SUBJECTS
}
PLAIN = {name: importlib.import_module(f"adlcore._kernels.reference.{name}") for name in SUBJECTS}


@contextmanager
def running_on(kernels):
    """The package on these kernels."""
    before = {name: getattr(_kernels, name) for name in kernels}
    try:
        for name, module in kernels.items():
            setattr(_kernels, name, module)
        yield
    finally:
        for name, module in before.items():
            setattr(_kernels, name, module)


def both(work):
    """The value, or the error's facts, that `work` gives on each implementation."""
    answers = []
    for kernels in (COMPILED, PLAIN):
        with running_on(kernels):
            try:
                answers.append(work())
            except adl.AdlError as error:
                answers.append((str(error), error.argument, error.row, str(error.value)))
    return answers


def plain_values(thing):
    """Something that compares: NaN equals NaN, dtypes count."""
    if isinstance(thing, adl.Selection):
        return plain_values(
            {**thing.columns(), "filled": thing.filled, "shortfall": thing.shortfall, "p": thing.partial}
        )
    if isinstance(thing, dict):
        return {name: plain_values(value) for name, value in thing.items()}
    if isinstance(thing, np.ndarray):
        return thing.dtype.name, [str(value + 0 if thing.dtype.kind == "f" else value) for value in thing.tolist()]
    return str(thing + 0.0 if isinstance(thing, float) else thing)


@given(zoo.markets(), st.data())
def test_everything_a_market_says(columns, data):
    rule = data.draw(st.sampled_from(adl.RankingRule.names()))
    target = data.draw(st.integers(-300, 300))
    row = data.draw(st.integers(0, max(len(columns["quantity"]) - 1, 0)))

    def work():
        market = adl.Market(**columns)
        said = {name: getattr(market, name)(rule) for name in ("score", "rank", "quantile", "indicator")}
        said["by quantity"] = market.indicator(rule, by="quantity")
        for name in ("entry_value", "unrealized_pnl", "notional", "entry_price"):
            said[name] = getattr(market, name)
        if len(market):
            said["why"] = repr(market.explain(row, rule))
        said["all"] = market.deleverage(target, rule)
        said["some"] = market.deleverage(target, rule, eligible="winners", ordered=False, max_counterparties=3)
        return plain_values(said)

    compiled, plain = both(work)
    assert compiled == plain


@given(zoo.queues(), st.data())
def test_everything_a_queue_gives(queue, data):
    score, size, tie = queue
    takes = data.draw(st.lists(zoo.targets_of(size), max_size=5))

    def work():
        line = adl.Queue(score, size, tie=tie)
        said = {str(n): plain_values(line.take(target)) for n, target in enumerate(takes)}
        said["all"] = plain_values(adl.Queue(score, size, tie=tie).assign(np.array(takes, size.dtype)))
        return {**said, "remaining": plain_values(line.remaining)}

    compiled, plain = both(work)
    assert compiled == plain


@given(st.lists(st.tuples(st.floats(), st.floats(), st.integers(-3, 99)), max_size=12), st.floats(), st.booleans())
def test_every_refusal_is_worded_alike(rows, target, whole):
    score = np.array([row[0] for row in rows], np.float64)
    size = np.array([row[2] for row in rows], np.int64) if whole else np.array([row[1] for row in rows], np.float64)
    compiled, plain = both(lambda: plain_values(adl.select(score, size, target)))
    assert compiled == plain
    compiled, plain = both(lambda: plain_values(adl.indicator(score, weights=size)))
    assert compiled == plain


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_name_of_a_twin_is_compiled(subject):
    assert PLAIN[subject].__all__ == COMPILED[subject].__all__
    for file in PLAIN[subject].__all__:
        plain, fast = getattr(PLAIN[subject], file), getattr(COMPILED[subject], file)
        assert [name for name in plain.__all__ if not hasattr(fast, name)] == []
