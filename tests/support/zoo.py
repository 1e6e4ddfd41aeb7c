"""An array zoo, markets to draw from, and the documented selection once more, naively."""

import functools
import math
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

import adlcore as adl

INF = math.inf
TINY = float(np.nextafter(0.0, 1.0))
INT64_MAX = 2**63 - 1

#: Lengths at the borders of the blocks that kernels work in.
BORDERS = (0, 1, 2, 31, 32, 33, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097)


@functools.lru_cache(8)
def score_zoo(n: int = 257) -> dict[str, np.ndarray]:
    """Columns of scores without NaN; read-only, for they are made once."""
    rng = np.random.default_rng(11)
    step = np.arange(n)
    zoo = {
        "empty": np.empty(0),
        "one": np.array([1.5]),
        "one -inf": np.array([-INF]),
        "all equal": np.full(n, 2.5),
        "all -inf": np.full(n, -INF),
        "ascending": np.linspace(-3.0, 7.0, n),
        "descending": np.linspace(7.0, -3.0, n),
        "eight values": rng.integers(-4, 4, n) / 4,
        "pairs": (step // 2) / 8,
        "zeros of both signs": np.where(step % 2 == 0, 0.0, -0.0),
        "zeros among": rng.choice([-0.0, 0.0, 1.0, -1.0], n),
        "denormals": rng.integers(-9, 9, n) * TINY,
        "infinities": rng.choice([-INF, INF, 0.0, 1.0], n),
        "huge and tiny": rng.choice([-1.0, 1.0], n) * 10.0 ** rng.integers(-307, 308, n),
        "neighbours": 1.0 + rng.integers(-3, 4, n) * 2.0**-52,
        "clusters in clusters": np.select(
            [step % 61 == 0, step % 7 == 0, step % 3 == 0],
            [rng.choice([-1e300, 1e300], n), 1.0 + rng.integers(0, 99, n) * 2.0**-30, 1.0 + step * 2.0**-51],
            1.0 + rng.integers(0, 9, n) * 2.0**-52,
        ),
        "one high": np.where(step == n // 3, 1e9, -1.0),
        "saw": (step % 37) - 18.0,
        "random": rng.standard_normal(n),
    }
    for column in zoo.values():
        column.flags.writeable = False
    return zoo


def _sizes(n: int, rng: np.random.Generator) -> dict:
    """What makes a column of sizes, by its kind."""
    return {
        "ones": lambda: np.ones(n, np.int64),
        "small lots": lambda: rng.integers(1, 100, n),
        "zeros among": lambda: rng.integers(0, 3, n),
        "one whale": lambda: np.where(np.arange(n) == n // 2, 10**15, 1),
        "near int64": lambda: np.full(n, INT64_MAX // max(n, 1)),
        "all zero": lambda: np.zeros(n, np.int64),
        "tenths": lambda: np.full(n, 0.1),
        "1e16 and ones": lambda: np.where(np.arange(n) % 7 == 3, 1e16, 1.0),
        "wide exponents": lambda: 10.0 ** rng.uniform(-300, 300, n),
        "denormals": lambda: rng.integers(0, 9, n) * TINY,
        "float zeros among": lambda: rng.integers(0, 3, n) * 0.7,
        "float whale": lambda: np.where(np.arange(n) == n // 2, 1e15, 0.3),
        "lognormal": lambda: rng.lognormal(0.0, 3.0, n),
    }


SIZE_KINDS = tuple(_sizes(0, np.random.default_rng()))


def sizes(kind: str, n: int, seed: int = 5) -> np.ndarray:
    """A column of sizes, int64 or float64, of one of `SIZE_KINDS`."""
    return _sizes(n, np.random.default_rng(seed))[kind]()


def with_nan(score: np.ndarray) -> np.ndarray:
    """The scores with a third of the rows not counted."""
    return np.where(np.random.default_rng(3).integers(0, 3, len(score)) == 0, np.nan, score)


def total(column: np.ndarray):
    """The sum of a column of sizes: exact in lots, the exact sum rounded once in floats."""
    return sum(column.tolist()) if column.dtype == np.int64 else math.fsum(column.tolist())


def targets(column: np.ndarray) -> list:
    """Targets that fall at rows, between rows, at the ends and beyond."""
    whole, some = total(column), total(column[: len(column) // 3])
    if column.dtype == np.int64:
        return sorted({0, 1, some, some + 1, whole // 2, max(whole - 1, 0), whole, min(whole + 1, INT64_MAX)})
    near = {some, math.nextafter(some, INF), math.nextafter(whole, 0.0), whole}
    return sorted({0.0, TINY, whole / 2, whole * 2 + 1, *near})


def layouts(array: np.ndarray) -> dict[str, object]:
    """One column of numbers as everything that NumPy users pass."""
    frozen = array.copy()
    frozen.flags.writeable = False
    forms: dict[str, object] = {
        "read-only": frozen,
        "strided": np.repeat(array, 2)[::2],
        "backwards": array[::-1].copy()[::-1],
        "big-endian": array.astype(array.dtype.newbyteorder(">")),
        "unaligned": np.frombuffer(b"\0" + array.tobytes(), array.dtype, offset=1),
        "column of a matrix": np.stack([array, array], axis=1)[:, 0],
        "memmap": array.view(np.memmap),
    }
    if len(array):
        forms |= {"list": array.tolist(), "tuple": tuple(array.tolist())}
    with np.errstate(over="ignore"):
        small = array.astype(np.float32 if array.dtype == np.float64 else np.int32)
    if np.array_equal(small.astype(array.dtype), array):
        forms["half as wide"] = small
    return forms


def naive(score, size, target, *, tie=None, exclude=(), limit=None):
    """The documented selection by lists and fractions: ``[(row, closed)]`` in queue order, and what is filled."""
    score, size = np.asarray(score).tolist(), np.asarray(size).tolist()
    waiting = [row for row, q in enumerate(size) if q > 0 and score[row] > -INF and row not in exclude]
    waiting.sort(key=lambda row: (-score[row], 0 if tie is None else int(tie[row]), row))
    chosen, before, exact = [], 0, Fraction(0)
    for row in waiting:
        if before >= target or len(chosen) == limit:
            break
        exact += Fraction(size[row])
        now = int(exact) if isinstance(size[row], int) else float(exact)
        chosen.append((row, size[row] if now < target else min(size[row], target - before)))
        before = now
    return chosen, min(before, target)


def pairs(selection) -> list:
    """A selection as ``[(row, closed)]``."""
    return list(zip(selection.index.tolist(), selection.quantity.tolist(), strict=True))


def same_selection(one, other) -> None:
    """Two selections agree to the last bit."""
    assert one.index.dtype == other.index.dtype == np.int64
    assert one.quantity.dtype == other.quantity.dtype
    for name in ("index", "quantity", "score", "left", "place"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name
    assert (one.partial, one.filled, one.shortfall) == (other.partial, other.filled, other.shortfall)


score_values = st.one_of(
    st.sampled_from([-INF, -2.0, -0.0, 0.0, TINY, -TINY, 1.0, 1.0 + 2.0**-52, 3.0, 1e308, INF]),
    st.floats(allow_nan=False),
)
lot_values = st.one_of(st.integers(0, 9), st.integers(0, 2**40))
nasty_sizes = st.one_of(
    st.sampled_from([0.0, 0.1, 0.3, 1.0, 1e16, 1e16 + 2, 1e-300, 1e300, TINY, 3 * TINY, 2.0**53, 2.0**-1022]),
    st.floats(0.0, 1e300, allow_subnormal=True),
)


@st.composite
def queues(draw, max_size=40, dtype=None):
    """``score, size, tie`` of one length; ties of scores are common."""
    integral = draw(st.booleans()) if dtype is None else dtype == "int64"
    row = st.tuples(score_values, lot_values if integral else nasty_sizes, st.integers(-2, 2))
    rows = draw(st.lists(row, max_size=max_size))
    score, size, tie = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    return (
        np.array(score, np.float64),
        np.array(size, np.int64 if integral else np.float64),
        np.array(tie, np.int64) if draw(st.booleans()) else None,
    )


@st.composite
def targets_of(draw, size: np.ndarray):
    """A target that means something for a column of sizes."""
    whole = total(size)
    if size.dtype == np.int64:
        return draw(st.one_of(st.integers(0, whole + 1), st.sampled_from(targets(size))))
    part = st.integers(0, len(size)).map(lambda k: math.fsum(size[:k].tolist()))
    return draw(st.one_of(part, st.sampled_from(targets(size)), st.floats(0.0, max(whole, TINY))))


MARKS = ("0.5", "2", "22.025", "58000", "0.000123", "99999.9")


@st.composite
def markets(draw, min_size=0, max_size=24, kind=None, quantity=None, money=None, cost=None):
    """Arguments of a Market with every column; money is float64 units or int64 quanta of four decimals."""
    kind = draw(st.sampled_from(adl.contracts.contract.KINDS)) if kind is None else kind
    lots = draw(st.booleans()) if quantity is None else quantity == "int64"
    quanta = draw(st.booleans()) if money is None else money == "int64"
    given = draw(st.sampled_from(["entry_price", "entry_value"])) if cost is None else cost
    contract = adl.Contract(
        "TEST",
        kind=kind,
        settle=adl.Asset("COIN", decimals=4),
        multiplier=draw(st.sampled_from(["1", "100", "0.01"])),
        lot=draw(st.sampled_from(["1", "0.001"])),
    )
    mark = draw(st.sampled_from(MARKS))
    eighths = st.integers(-200, 200)
    worth = st.integers(-10_000_000, 10_000_000)
    row = st.tuples(eighths, st.floats(0.2, 5.0), worth, worth, worth, st.integers(1, 10**6), worth, st.integers(-1, 1))
    rows = draw(st.lists(row, min_size=min_size, max_size=max_size))
    held, ratio, *amounts, tie = (list(c) for c in zip(*rows, strict=True)) if rows else [[] for _ in range(8)]
    size = np.array(held, np.int64) if lots else np.array(held, np.float64) / 8
    price = np.array(ratio, np.float64) * float(mark)
    columns = {
        name: np.array(values, np.int64) if quanta else np.array(values, np.float64) / 10**4
        for name, values in zip(
            ("equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value"), amounts, strict=True
        )
    }
    if given == "entry_price":
        columns["entry_price"] = price
    else:
        value = np.array([float(contract.exact_value_per_lot(p)) for p in price.tolist()]) * size
        columns["entry_value"] = np.rint(value * 10**4).astype(np.int64) if quanta else value
    return {
        "contract": contract,
        "mark_price": mark,
        "quantity": size,
        **columns,
        "leverage": np.array([1.0 + abs(q) % 50 for q in held], np.float64),
        "tie": np.array(tie, np.int64),
        "account": np.array([f"user{n % 5}" for n in range(len(held))], "U8"),
    }


def small_market(**changes) -> adl.Market:
    """Four longs and four shorts in lots, one row of 0; columns may be replaced or removed (None)."""
    columns = {
        "mark_price": "10",
        "quantity": np.array([5, 3, 8, 2, 0, -4, -6, -1, -7]),
        "entry_price": np.array([8.0, 12.0, 9.5, 10.0, 1.0, 11.0, 9.0, 14.0, 10.5]),
        "equity": np.array([20.0, 10.0, 40.0, 5.0, 1.0, 9.0, 30.0, -2.0, 70.0]),
        "account_equity": np.array([25.0, 12.0, 45.0, 6.0, 1.0, 10.0, 33.0, 8.0, 80.0]),
        "balance": np.array([10.0, 16.0, 36.0, 5.0, 1.0, 5.0, 36.0, -6.0, 66.5]),
        "maintenance_margin": np.array([2.0, 1.5, 4.0, 1.0, 0.0, 2.0, 3.0, 0.5, 3.5]),
    }
    given = {name: values for name, values in {**columns, **changes}.items() if values is not None}
    return adl.Market(given.pop("contract", "TEST"), **given)
