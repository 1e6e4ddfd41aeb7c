"""Runs to report: what a real house did, call by call, with the attributes of a run that is read."""

import copy
from typing import Any, NamedTuple

import numpy as np

import adlcore as adl
from adlcore.clearing import (
    CancelOrders,
    Deleverage,
    DepthLadder,
    Drawdown,
    Events,
    NetNotionalCap,
    TakeOver,
    Uncovered,
    Venue,
)
from adlcore.clearing.events import CAUSES, FIELD_PLACE, Words
from adlcore.io.runs import opening as run_opening
from adlcore.lab import crowd, scenarios
from adlcore.lab.crash import Crash

#: Columns of numbers; all others are text.
NUMBERS = ("sequence", "time", "wallet", "account", "row", "lots", "price", "amount", "link", "pass")


class PassMade(NamedTuple):
    """A pass: its time and events, and the prices that it was given."""

    time: int
    events: Events
    marks: dict[str, Any] | None = None
    index_prices: dict[str, Any] | None = None


class MemoryRun:
    """A run as it is read, in memory.

    `opening` is what :func:`opening_books` found before the first pass, None for a run that does not say.
    """

    def __init__(self, before, passes_made, configuration=None, after=None, opening=None):
        self.before, self.after, self.sealed = before, after, True
        self.contracts, self.assets = before.contracts, before.assets
        self.configuration = {} if configuration is None else configuration
        self.opening_funds, self.opening_debts = (None, None) if opening is None else opening
        self.passes_made, self.altered_columns, digest = passes_made, {}, b""
        self._events, self._passes, self._marks = [], [], []
        for number, made in enumerate(passes_made):
            time, events = made.time, made.events
            digest = events.digest(digest)
            self._events.append({**events.columns(), "pass": np.full(len(events), number)})
            self._passes.append((number, time, events.first, len(events), digest.hex()))
            for kind, prices in (("mark", made.marks), ("index", made.index_prices)):
                self._marks += [(number, time, kind, name, str(price)) for name, price in (prices or {}).items()]
        self.manifest = {"schema": 1, "adlcore": adl.__version__, "status": "sealed", "before": before.hash}
        self.manifest |= {"configuration": self.configuration, "digest": digest.hex()}

    def events(self):
        """All columns, words as text."""
        if not self._events:
            names = (*adl.io.events.EVENT_COLUMNS, "pass")
            return {name: np.zeros(0, np.int64 if name in NUMBERS else np.str_) for name in names}
        columns = {name: np.concatenate([part[name] for part in self._events]) for name in self._events[0]}
        return {**columns, **self.altered_columns}

    def event_codes(self):
        """All columns of events, words as codes."""
        return _coded(self.events())

    def passes(self):
        """A row a pass."""
        return _columns(("pass", "time", "first", "events", "digest"), self._passes)

    def marks(self):
        """A row a price that a pass was given."""
        return _columns(("pass", "time", "kind", "name", "price"), self._marks)

    def mark_codes(self):
        """A row a price, words as codes."""
        return _coded(self.marks())

    def altered(self, **columns):
        """Another run, these columns of whose events are replaced."""
        other = copy.copy(self)
        other.altered_columns = columns
        return other


class AlteredRun(MemoryRun):
    """Another run with some columns of its events replaced."""

    def __init__(self, run, **changed):
        opened = run.opening_funds, run.opening_debts
        super().__init__(run.before, run.told, run.configuration, run.after, opened)
        self.changed = changed

    def events(self):
        """Those of the other run, but for what was replaced."""
        return {**super().events(), **self.changed}


def with_event_value(run, column, row, value):
    """Another run, one event of which has another value."""
    changed = run.events()[column]
    changed = changed.astype("U20") if changed.dtype.kind == "U" else changed.copy()
    changed[row] = value
    return run.altered(**{column: changed})


def _coded(columns):
    """Columns of words as codes, in an order that is nobody's."""
    coded = dict(columns)
    for name in {"kind", "contract", "asset", "fund", "cause", "name"} & coded.keys():
        words, codes = np.unique(np.asarray(coded[name], np.str_)[::-1], return_inverse=True)
        coded[name] = Words(tuple(words.tolist()), codes[::-1])
    return coded


def _columns(names, rows):
    return dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True)) if rows else {n: [] for n in names}


def opening_books(house):
    """What a run that begins now says of the funds and the open entries."""
    books, before = run_opening.books_at_opening(house), house.snapshot()
    funds = run_opening.funds_at_opening(books["funds"], before, "funds")
    return funds, run_opening.debts_at_opening(books["uncovered"], before, "uncovered")


def record_passes(house, passes, configuration=None):
    """Let a house make passes: time, marks, and index prices or None of each."""
    before, books = house.snapshot(), opening_books(house)
    made = [
        PassMade(time, house.mark(marks, time=time, index_prices=index), marks, index) for time, marks, index in passes
    ]
    return MemoryRun(before, made, configuration, house.snapshot(), books)


NAMES = ("ann", "ben", "cat", "dan", "eve", "fay", "gus", "hal", "ivy")


def ten_wallets(names=NAMES, symbol="SOLUSDT"):
    """The crash of ten wallets in the tour: a house in which one mark makes 25 events, and that run."""
    contract = adl.Contract(symbol, tick="0.1", tiers=adl.MarginTiers([0], ["0.05"]))
    held = [(100, 100, None), (50, 100, None), (40, 100, 900), (60, 90, None), (-100, 100, None)]
    held += [(-80, 105, None), (-40, 98, 400), (-20, 95, None), (-10, 101, None)]
    columns = ("contract", "account", "quantity", "entry_price", "margin")
    before = adl.Snapshot.build(
        contracts=[contract],
        wallets={"account": [*names[:2], *names[3:]], "balance": [1200, 1500, 3000, 5000, 2000, 10, 4000, 100]},
        positions=[
            dict(zip(columns, (symbol, name, *rest), strict=True)) for name, rest in zip(names, held, strict=True)
        ],
        orders=[{"account": names[8], "contract": symbol, "quantity": -2, "price": 110, "locked": 22}],
        marks={symbol: 100},
    )
    house = adl.ClearingHouse(
        before,
        funds=[adl.InsuranceFund("USDT", balance="100")],
        venue=adl.venues.BINANCE_USDM,
        liquidity=DepthLadder({symbol: {"bids": ([885, 799], [15, 25]), "asks": ([900], [500])}}),
    )
    return house, record_passes(house, [(1, {symbol: "80"}, None)], {"funds": [{"asset": "USDT", "balance": "100"}]})


def crash(wallets=400, contracts=3, passes=8, *, fall=0.3, seed=7, cash="20000", stages=None, **terms):
    """A crowd whose marks all fall, with thin books and a fund of modest balance: the house and its run."""
    before = crowd.snapshot(wallets=wallets, contracts=contracts, seed=seed, **terms)
    rates = {asset.name: float(price or 1) for asset, price in zip(before.assets, before.index_prices, strict=True)}
    funds = [{"asset": name, "balance": f"{float(cash) / rate:.4f}"} for name, rate in rates.items()]
    ladder = DepthLadder({})
    for contract, mark in zip(before.contracts, before.marks, strict=True):
        step = max(1, round(float(mark) / float(contract.tick) * 0.001))
        lots = max(1, round(wallets / abs(contract.value_per_lot(mark)) / rates[contract.settle.name]))
        ladder |= DepthLadder.around(contract, mark, step_ticks=step, levels=400, lots_per_level=lots)
    rules = adl.venues.BINANCE_USDM if stages is None else stages
    house = adl.ClearingHouse(before, [adl.InsuranceFund(**fund) for fund in funds], rules, ladder, audit="off")
    noise, inputs = np.random.default_rng(seed), []
    for number in range(1, passes + 1):
        share = 1 - fall * number / passes
        marks = {
            contract.symbol: f"{float(mark) * (share + 0.004 * noise.standard_normal()):.8g}"
            for contract, mark in zip(before.contracts, before.marks, strict=True)
        }
        index = {name: f"{rate * share:.8g}" for name, rate in rates.items() if rate != 1}
        inputs.append((60_000 * number, marks, index))
    return house, record_passes(house, inputs, {"funds": funds, "seed": seed})


def of_world(world, skipped=0):
    """Calls of a world, each that its house allows as a pass of a run: the house and its run.

    The run begins once so many calls as are `skipped` were made.
    """
    inclusive = Venue(
        "drawn", world.stages, trigger=world.trigger, inclusive=world.inclusive, max_rounds=world.max_rounds
    )
    house = adl.ClearingHouse(world.snapshot, world.funds, inclusive, world.book())
    _make_calls(house, world.operations[:skipped])
    before, books = house.snapshot(), opening_books(house)
    made = _make_calls(house, world.operations[skipped:])
    return house, MemoryRun(before, made, None, house.snapshot(), books)


def _make_calls(house, operations):
    """Each call that a house allows, as a pass."""
    made = []
    for kind, terms in operations:
        try:
            events = getattr(house, kind)(**terms)
        except adl.AdlError:
            continue
        prices = (terms.get("prices"), terms.get("index_prices")) if kind == "mark" else ()
        made.append(PassMade(house.time, events, *prices))
    return made


def with_refusals(refusals):
    """The run of ten wallets, in passes that refuse: of each the cause, the value and the bound, in quanta."""
    _, run = ten_wallets()
    events = run.passes_made[0].events
    names, refused = events.names, events.of("take-over-refused", "take-over-bound")
    passes = []
    for number, (cause, value, bound) in enumerate(refusals):
        pair = events.table[refused].copy()
        pair[:, FIELD_PLACE["cause"]] = CAUSES.index(cause)
        pair[:, FIELD_PLACE["amount"]] = value, bound
        pair[:, FIELD_PLACE["link"]] = 1, 0
        passes.append(PassMade(number + 1, Events(pair, 2 * number, number + 1, names)))
    return MemoryRun(run.before, passes, opening=(run.opening_funds, run.opening_debts))


def named_widely(name, wallets=18):
    """A run in which an asset, contracts, funds and accounts have names of wide characters, and funds refuse."""
    order = ("account", "contract", "quantity", "price", "locked")
    asset, tiers = adl.Asset(name, 6), adl.MarginTiers([0], [0.05])
    symbols, accounts = ([f"{name}{number}" for number in range(count)] for count in (3, wallets))
    before = adl.Snapshot.build(
        contracts=[adl.Contract(symbol, tick="0.01", settle=asset, tiers=tiers) for symbol in symbols],
        wallets={"account": accounts, "balance": ["14", "120", "120"] * (wallets // 3), "asset": [name] * wallets},
        positions={
            "account": accounts * 3,
            "contract": [symbol for symbol in symbols for _ in accounts],
            "quantity": [10 if place % 2 else -10 for place in range(wallets)] * 3,
            "entry_price": ["10"] * 3 * wallets,
        },
        orders=[dict(zip(order, (accounts[0], symbol, 1, "9", "1"), strict=True)) for symbol in symbols],
        marks=dict.fromkeys(symbols, "10"),
    )
    funds = [
        adl.InsuranceFund(name, "30", name=f"{name} of one", scope=symbols[:1], trigger=NetNotionalCap("1")),
        adl.InsuranceFund(name, "10", name=f"{name} of all", trigger=Drawdown(10**9, "-0.3", "-0.25")),
    ]
    stages = [CancelOrders(), TakeOver(), Deleverage("binance"), Uncovered()]
    house = adl.ClearingHouse(before, funds, Venue("wide", stages))
    marks = [{symbols[0]: f"{10 - 0.15 * t:.2f}", symbols[1]: f"{10 + 0.4 * t:.2f}"} for t in range(1, 12)]
    passes = [(60_000 * number, given, None) for number, given in enumerate(marks, 1)]
    return record_passes(house, passes, {"time_unit": "ms", "rule": "binance"})


def in_large_amounts():
    """A run of a fund, and of positions, with as many digits as they come, at times that are dates."""
    wallets = {"count": 400, "positions": 900, "worth_median": 1e7, "worth_sigma": 2.0}
    crash = Crash.of(scenarios.read({"wallets": wallets, "shock": {"passes": 8}}))
    passes = ((1_760_130_000_000 + given.time, given.marks, given.index_prices) for given in crash.passes())
    return record_passes(crash.house, passes)


#: Makes runs whose names, amounts and units are hard to fit.
HARD_TO_FIT = {
    "a crash": lambda: crash()[1],
    "names that leave no room for anything else": lambda: ten_wallets(
        [f"{name}-{'0xabcdef0123456789' * 3}" for name in NAMES], "1000000-SOMETHING-LEVERAGED-TO-THE-HILT-USDT-261225"
    )[1],
    "characters each as wide as two": lambda: named_widely("测试合约" * 10),
    "the widest letter of Latin": lambda: named_widely("W" * 100),
    "amounts of many digits, and dates": in_large_amounts,
    "units that cannot be compared": lambda: crash(modes=("cross", "isolated"))[1],
}
