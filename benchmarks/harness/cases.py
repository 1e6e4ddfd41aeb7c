"""What is measured: of each case the set-up, outside the clock, and the calls by their names.

A case takes data, and what it is varied by. The calls of one case may be made again and again and in turn; of a case
that says so, each uses up what it was prepared on, and what is given makes it anew.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

import adlcore as adl
from adlcore._support import files
from adlcore.clearing import Events
from adlcore.io.runs import log as run_log
from adlcore.io.runs import parquet_files

from .books import Books
from .columns import MARK, Columns, scored
from .houses import CRASH, CROWDED, QUIET, crowded_market, open_state, resume_house
from .timing import Call

Calls = dict[str, Call]

# One market -----------------------------------------------------------------------------------------------------------


def deleverage(columns: Columns, share: float = 0.01, order="ordered", rule="binance", threads: int = 1) -> Calls:
    """Scoring and selection in one."""
    market, target = columns.market(), columns.target(share)

    def call(ordered: bool) -> Call:
        return lambda: market.deleverage(target, rule, ordered=ordered, threads=threads)

    return {"deleverage": call(order == "ordered"), "deleverage_unordered": call(False)}


def select(columns: Columns, share: float, order="ordered", threads: int = 1) -> Calls:
    """On a given column of scores."""
    score, size = scored(columns)
    target, ordered = columns.target(share), order == "ordered"
    return {"select": lambda: adl.select(score, size, target, ordered=ordered, threads=threads)}


def score(columns: Columns, rule: str = "binance") -> Calls:
    """Into a buffer that is there already: one pass over the columns that a rule needs."""
    market, out = columns.market(), np.zeros(len(columns.quantity))
    return {"score": lambda: market.score(rule, out=out)}


def score_column(columns: Columns) -> Calls:
    """Into a new column of float64."""
    market = columns.market()
    return {"score": lambda: market.score("binance")}


def construction(columns: Columns) -> Calls:
    """Making a market, and moving it to a new mark; beside both, R: NumPy reading the columns once."""
    c, prices, market = columns, columns.entry_price(), columns.market()
    return {
        "read_columns": c.read,
        "entry_value": c.market,
        "entry_price": lambda: adl.Market(
            c.contract, mark_price=MARK, quantity=c.quantity, entry_price=prices, equity=c.equity
        ),
        "at_mark": lambda: market.at("101"),
        "at": lambda: market.at("101", equity=c.equity),
    }


def quanta(columns: Columns) -> Calls:
    """Money in int64 quanta."""
    return {"entry_value": columns.market, **deleverage(columns)}


def ranks(columns: Columns) -> Calls:
    """Of a column, and of a market."""
    market = columns.market()
    values, weights = market.score("binance"), abs(columns.quantity)
    return {
        "rank": lambda: adl.rank(values),
        "quantile": lambda: adl.quantile(values),
        "indicator_by_count": lambda: adl.indicator(values),
        "indicator_by_weight": lambda: adl.indicator(values, weights=weights),
        "market_rank": lambda: market.rank("binance"),
        "market_quantile": lambda: market.quantile("binance"),
        "market_indicator": lambda: market.indicator("binance"),
    }


def explain(columns: Columns) -> Calls:
    """One row's terms and place."""
    market, row = columns.market(), len(columns.quantity) // 2
    return {"explain": lambda: market.explain(row, "binance")}


#: Takes of one queue, and bankrupts that are assigned.
BANKRUPTS = 1000


def queue(columns: Columns) -> Calls:
    """The queue is made anew every time: a second take of the same queue finds it sorted."""
    market, little, whole = columns.market(), columns.target(0.001), columns.target(1.0)
    share = np.full(BANKRUPTS, columns.target(0.3) / BANKRUPTS)
    needs = share if columns.quantity.dtype == np.float64 else np.maximum(share.astype(np.int64), 1)
    return {
        "make": lambda: market.queue("long", "binance"),
        "take_little": lambda: market.queue("long", "binance").take(little),
        "take_all": lambda: market.queue("long", "binance").take(whole),
        "assign": lambda: market.queue("long", "binance").assign(needs),
    }


def queue_takes(columns: Columns) -> Calls:
    """Many small takes of one queue."""
    market, each = columns.market(), columns.target(0.01) / BANKRUPTS

    def takes() -> None:
        queue = market.queue("long", "binance")
        for _ in range(BANKRUPTS):
            queue.take(each)

    return {"takes": takes}


# Books of many contracts ----------------------------------------------------------------------------------------------


def margin(books: Books, threads: int = 1) -> Calls:
    """One pass over every position."""
    snapshot = books.snapshot()
    return {"read_columns": books.read, "margin_state": lambda: adl.margin_state(snapshot, threads=threads)}


def _cycles(books: Books, mark: Callable, one: str, other: str) -> Calls:
    """Marks that go to and fro: one contract over and over, each contract in its turn, all of them."""
    contracts = range(len(books.contracts))
    again = itertools.cycle([books.nudged(0, factor) for factor in (one, other)])
    turn = itertools.cycle([books.nudged(k, factor) for factor in (one, other) for k in contracts])
    every = itertools.cycle([books.moved(factor) for factor in (one, other)])
    return {
        "mark_one_contract": lambda: mark(next(again)),
        "mark_in_turn": lambda: mark(next(turn)),
        "mark_all_contracts": lambda: mark(next(every)),
    }


def marks(books: Books, state: adl.MarginState | None = None) -> Calls:
    """A margin state between two marks."""
    return _cycles(books, (state or adl.margin_state(books.snapshot())).mark, "1.01", "0.99")


def margin_memory(books: Books) -> Calls:
    """A state, and a mark of one that is made at its first call, so that the peak of the other has none."""
    made = cache(lambda: marks(books)["mark_one_contract"])

    def mark() -> None:
        made()()

    return {**margin(books), "mark": mark}


def liquidation_prices(books: Books) -> Calls:
    """By columns, and of every position of the books."""
    positions = adl.margin_state(books.snapshot()).positions
    contract, columns = books.price_columns(min(len(books.quantity), 10**6))
    return {
        "liquidation_price": lambda: adl.liquidation_price(contract, *columns),
        "positions_liquidation_price": positions.liquidation_price,
        "positions_bankruptcy_price": positions.bankruptcy_price,
    }


def snapshots(books: Books, path: str | Path = "snapshot.npz") -> Calls:
    """Made by columns, hashed, written and read."""
    snapshot, shuffled = books.snapshot(), books.shuffled()
    snapshot.to_npz(path)
    return {
        "unchecked": books.snapshot,
        "checked": lambda: books.snapshot(check=True),
        "checked_out_of_order": lambda: shuffled.snapshot(check=True),
        "hash": lambda: books.snapshot().hash,  # of a new snapshot: it is kept by one that was asked
        "to_npz": lambda: snapshot.to_npz(path),
        "from_npz": lambda: adl.Snapshot.from_npz(path),
    }


# Clearing houses ------------------------------------------------------------------------------------------------------


def quiet_marks(books: Books) -> Calls:
    """Nobody fails: see ``houses.lifted``."""
    house = resume_house(open_state(books))

    def mark(prices: dict[str, str]) -> None:
        if len(house.mark(prices)):
            raise AssertionError("a quiet mark has events")

    return _cycles(books, mark, QUIET, "1")


def crash(books: Books) -> dict[str, Callable[[], Call]]:
    """One wallet of a hundred fails, with deleveraging in every market; used up by a mark."""
    state, prices = open_state(books), books.moved(CRASH)
    return {"mark": lambda: _marking(resume_house(state), prices)}


def crowded(books: Books, audit: str = "on") -> dict[str, Callable[[], Call]]:
    """Many bankrupt longs against the shorts of one market, as ``houses.crowd`` makes them; used up by a mark."""
    state = open_state(books, CROWDED)
    return {"mark": lambda: _marking(resume_house(state, CROWDED, audit), {"CROWD": MARK})}


def _marking(house: adl.ClearingHouse, prices: dict[str, str]) -> Call:
    return lambda: house.mark(prices)


def run_log_of(size: tuple[int, int], folder: Path) -> Calls:
    """The log of a run of so many passes and events of each; what the events are is one crash again and again.

    Each pass is synchronized as it is appended; ``append`` comes first, for the others read what it wrote.
    """
    passes, count = size
    house = resume_house(open_state(crowded_market(100, 1000), CROWDED), CROWDED)
    before, events = house.snapshot(), house.mark({"CROWD": MARK})
    table = np.resize(events.table, (count, events.table.shape[1]))
    table[:, -1] = -1  # legs of a crash that was cut would name each other no more
    inputs = {"marks": {"CROWD": MARK}, "index_prices": {}, "oracle": {}}
    made, digest = [], b""
    for number in range(passes):
        part = Events(table, number * count, number, events.names)
        digest = part.digest(digest) if count else digest
        made.append(run_log.NewPass(number, inputs, part, digest))
    words, path = parquet_files.Vocabulary(before, events.names.parties), folder / "events.arrow"

    def append() -> None:
        path.unlink(missing_ok=True)
        with files.Sink.append(path, 0) as file:
            run_log.write_head(file)
            for each in made:
                run_log.append_pass(file, each)

    def read() -> None:
        log = run_log.PassLog(path, 0, b"")
        if sum(1 for _ in log) != passes:
            raise AssertionError(log.damage)

    return {
        "append": append,
        "read": read,
        "seal": lambda: parquet_files.write_tables(folder, run_log.PassLog(path, 0, b""), words),
    }
