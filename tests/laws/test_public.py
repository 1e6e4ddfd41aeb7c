"""What holds for everything public: names, docstrings, reprs, immutability, pickles, imports, threads, memory."""

import doctest
import importlib
import inspect
import os
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import numpy as np
import pytest

import adlcore as adl
from support import features, zoo
from support.processes import python
from support.public_values import examples, square

OPTIONAL = (*features.EXTRAS, "pandas", "polars", "numba", "dask", "matplotlib", "lrvx")


@pytest.mark.parametrize("name", sorted(set(examples()) - {"AdlError", "MissingExtraError"}))
def test_reprs_fit_80_columns(name):
    text = repr(examples()[name])
    assert max(map(len, text.splitlines())) <= 80, text
    assert "object at 0x" not in text


def test_reprs_say_what_matters():
    shown = {name: repr(thing) for name, thing in examples().items()}
    assert "4 longs" in shown["Market"]
    assert "4 shorts" in shown["Market"]
    assert "filled 12" in shown["Selection"]
    assert "remaining" in shown["Queue"]
    assert "literal" in shown["RankingRule"]
    eight = adl.Contract("BTCUSD", kind="inverse", settle=adl.Asset("BTC", 8), multiplier=100)
    assert shown["inverse Contract"] != repr(eight)
    assert "tiers=<2: 0.4 % to 1 %>" in shown["full Contract"]
    assert "max_price='809484'" in shown["full Contract"]
    assert shown["MarginTiers"] == "<MarginTiers of 3: 0.4 % to 12.5 %, floors 0 to 20000000>"
    assert shown["MarginTiers of one"] == "<MarginTiers of 1: 1.23457 %>"


def test_all_names_are_there_and_all_public_names_are_named():
    for name in adl.__all__:
        assert getattr(adl, name) is not None
    assert sorted(adl.__all__) == sorted(set(adl.__all__))
    modules = {name for name, thing in vars(adl).items() if inspect.ismodule(thing)}
    loose = {name for name in vars(adl) if not name.startswith("_")} - modules - set(adl.__all__)
    assert loose <= {"TYPE_CHECKING", "Any", "annotations"}
    assert set(adl.__all__) <= set(dir(adl))
    promised = (
        "rank quantile indicator select Queue Contract Market RankingRule read_positions AdlError Selection Asset "
        "MarginTiers"
    )
    assert set(promised.split()) <= set(adl.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        adl.nothing


#: The packages that users import from.
PACKAGES = (
    *(
        "clearing",
        "clearing.margin",
        "contracts",
        "io",
        "io.runs",
        "io.tiers",
        "lab",
        "market",
        "ranking",
        "report",
        "venues",
    ),
    *("clearing.closings", "clearing.margin.nearest_wallets", "clearing.margin.standing", "clearing.house.replay"),
    *("io.marks", "io.selections", "market.score_terms", "market.selection_values"),
    *(f"lab.{name}" for name in ("comparisons", "crash", "crowd", "moving_depth", "outcome", "scenarios", "shocks")),
)


def public_names(module: ModuleType) -> dict[str, object]:
    """Classes and functions in the `__all__` of a module, and of the modules that stand there; by their own names."""
    found: dict[str, object] = {}
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.ismodule(thing):
            found |= public_names(thing)
        elif inspect.isclass(thing) or inspect.isfunction(thing):
            found[f"{thing.__module__}.{thing.__qualname__}"] = thing
    return found


PUBLIC = public_names(adl)
for package in PACKAGES:
    PUBLIC |= public_names(importlib.import_module(f"adlcore.{package}"))


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_object_has_a_docstring_with_an_example(name):
    text = inspect.getdoc(PUBLIC[name])
    assert text
    assert doctest.DocTestParser().get_examples(text), f"{name} shows no example"


@pytest.mark.parametrize("name", sorted(name for name, thing in PUBLIC.items() if inspect.isclass(thing)))
def test_every_public_method_has_a_docstring(name):
    for attribute, thing in vars(PUBLIC[name]).items():
        if not attribute.startswith("_") and (callable(thing) or isinstance(thing, property | classmethod)):
            assert inspect.getdoc(thing), f"{name}.{attribute}"


SELECTING = (
    "m = adl.Market('X', mark_price=1, quantity=[1, -1], entry_price=[1.0, 1.0])\n"
    "m.deleverage(1, 'roi'); m.rank('roi'); m.explain(0, 'roi'); m.queue('long', 'roi').take(1)"
)


@pytest.mark.parametrize("work", ["", SELECTING], ids=["importing", "selecting"])
def test_no_optional_dependency_is_imported_by(work):
    shown = f"print([m for m in {OPTIONAL} if m in sys.modules])"
    done = python("-c", f"import sys, adlcore as adl\n{work}\n{shown}")
    assert done.stdout.strip() == "[]", done.stderr


def test_an_unknown_implementation_is_refused_by_name():
    done = python("-c", "import adlcore", ADLCORE_IMPL="nonsense")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError")
    assert "nonsense" in last
    assert "compiled" in last
    assert "reference" in last


def test_the_reference_implementation_runs_the_package():
    done = python(
        "-c",
        "import adlcore as adl; from adlcore import _kernels; s = adl.select([1.0, 2.0], [3, 4], 5);"
        "print(_kernels.IMPLEMENTATION, s.index.tolist(), s.quantity.tolist())",
        ADLCORE_IMPL="reference",
    )
    assert done.stdout.strip() == "reference [1, 0] [4, 1]", done.stderr


def test_threads_share_a_market_and_a_rule():
    n = 3_000
    rng = np.random.default_rng(1)
    market = adl.Market(
        "X",
        mark_price=10,
        quantity=rng.integers(-50, 50, n),
        entry_price=rng.uniform(5, 15, n),
        equity=rng.uniform(1, 99, n),
    )
    rules = [adl.RankingRule("binance"), adl.RankingRule("bitmex"), adl.RankingRule.custom("s", square, ["notional"])]
    jobs = [(rule, target) for rule in rules for target in range(-3_000, 3_000, 400)]
    expected = [market.deleverage(target, rule) for rule, target in jobs]
    # A market that no thread has asked yet.
    fresh = pickle.loads(pickle.dumps(market))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda job: fresh.deleverage(job[1], job[0]), jobs))
        ranks = list(pool.map(fresh.rank, [rules[0]] * 8))
    for one, other in zip(found, expected, strict=True):
        zoo.same_selection(one, other)
    for rank in ranks:
        np.testing.assert_array_equal(rank, market.rank(rules[0]))


def resident() -> int:
    """Bytes of memory that this process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def calls():
    """A round of calls that allocate, refusals among them."""
    n = 2_000
    score, size = np.arange(n) % 7 / 2, np.full(n, 3)
    bad = np.where(np.arange(n) == n - 1, np.nan, score)
    market = adl.Market("X", mark_price=2, quantity=size, entry_value=size * 1.5, equity=size * 1.0)

    def once():
        adl.select(score, size, 5_000, ordered=False)
        adl.select(score, size, 5_000)
        adl.rank(score)
        adl.indicator(score, weights=size)
        market.deleverage(-4_000, "binance")
        market.at("3").score("roi")
        adl.Queue(score, size).take(100)
        for refusal in (lambda: adl.select(bad, size, 9_000), lambda: market.deleverage(1, "nothing")):
            with pytest.raises(adl.AdlError):
                refusal()

    return once


def test_a_thousand_calls_leave_no_python_memory_behind():
    once = calls()
    for _ in range(20):
        once()
    tracemalloc.start()
    try:
        once()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            once()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # One array of a round has 16 kB: leaking a single one a round would be 3 MB.
    assert grown < 400_000


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc to read the memory of the process")
@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer keeps freed memory")
def test_a_thousand_calls_leave_no_memory_behind():
    once = calls()
    for _ in range(100):
        once()
    before = resident()
    for _ in range(1_000):
        once()
    # One buffer of 2,000 rows left behind a round would be 16 MB.
    assert resident() - before < 10_000_000
