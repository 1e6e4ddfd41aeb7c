"""Many bankrupt longs of one market closed against its shorts: ``house.mark``.

A peer gives ``(rows, closed)``: who was closed, and how much of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

import adlcore as adl

from ..books import Books
from ..cases import crowded
from ..columns import MARK, Columns
from ..houses import crowded_market
from ..timing import Call
from . import Answer, Comparison, Peer
from .deleverage import cut, exact, lrvx_mark, lrvx_market, numpy_scores


@dataclass(frozen=True)
class Crowd:
    """A crowded market after the mark: its columns, who is bankrupt, and at what price each is closed."""

    books: Books
    #: Lots in int64, money in units.
    columns: Columns
    #: Rows of the bankrupts, the best price for the shorts first: the order in which they are served.
    bankrupt: np.ndarray

    @property
    def needs(self) -> np.ndarray:
        return self.columns.quantity[self.bankrupt]


def table(rows: int) -> Comparison:
    """A line has milliseconds, microseconds a bankrupt, and the rows that are closed."""
    each = rows // 10
    return Comparison(
        title=f"{each:,} bankrupt longs against {rows:,} shorts, among {rows - each:,} longs that can pay",
        header=f"{'ms':>10}{'us each':>10}{'closed':>9}",
        peers=all_peers,
        make=lambda rows, seed: crowd_of(rows // 10, rows, seed),
        verdict=verdict,
        count=lambda market, answer: len(np.unique(answer[0])),
        cells=lambda taken, ratio, count: f"{taken / 1e6:10.2f}{taken / 1e3 / each:10.2f}{count:9,}",
        over_r=False,
    )


def crowd_of(bankrupts: int, shorts: int, seed: int) -> Crowd:
    books = crowded_market(bankrupts, shorts, seed)
    contract, quanta = books.contracts[0], books.contracts[0].settle.quanta_per_unit
    entry_value, balance = books.entry_value / quanta, books.balance / quanta
    equity = balance + books.quantity * contract.value_per_lot(MARK) - entry_value
    fails = np.flatnonzero(equity < 0)
    price = (entry_value - balance)[fails] / books.quantity[fails]
    columns = Columns(contract, books.quantity, entry_value, equity)
    return Crowd(books, columns, fails[np.argsort(price, kind="stable")])


def verdict(market: Crowd, answer: Answer) -> str:
    """How an answer differs from the exact one: the best ranked shorts, as far as the bankrupts reach."""
    rows, closed = answer
    own = np.count_nonzero(market.columns.quantity[rows] > 0)
    if own:
        return f"{own:,} of {len(np.unique(rows)):,} are of the bankrupts' own side"
    columns = market.columns
    right = by_row(columns, *exact(columns, market.needs.sum().item()))
    wrong = np.count_nonzero(by_row(columns, rows, closed) != right)
    return "exact" if wrong == 0 else f"{wrong:,} rows are closed by another quantity"


def by_row(columns: Columns, rows: np.ndarray, closed: np.ndarray) -> np.ndarray:
    return np.bincount(rows, closed, len(columns.quantity))


# adlcore --------------------------------------------------------------------------------------------------------------


def house(market: Crowd, audit: str = "on") -> Call:
    return crowded(market.books, audit)["mark"]()


def notices(events: adl.clearing.Events) -> Answer:
    """Who was told of a deleveraging, once a row."""
    told = events.only("adl-notice")
    rows, of = np.unique(told.row, return_inverse=True)
    return rows, np.bincount(of, np.abs(told.lots))


def queue(market):
    """The assignment alone: whom each bankrupt is closed against."""
    ranked, needs = market.columns.market(), market.needs
    return lambda: ranked.queue("long", "binance").assign(needs)


def assigned(found: dict[str, np.ndarray]) -> Answer:
    return found["row"], found["quantity"]


# NumPy ----------------------------------------------------------------------------------------------------------------


def numpy_merge(market):
    """The assignment alone: one sort, and the ends of what both sides hold merged."""
    columns, needs = market.columns, market.needs

    def call():
        rows, score, size = numpy_scores(columns)
        order = np.argsort(-score, kind="stable")
        rows, closed = cut(rows[order], size[order], needs.sum())
        ends = np.union1d(np.cumsum(needs), held := np.cumsum(closed))
        return rows[np.searchsorted(held, ends)], np.diff(ends, prepend=0)

    return call


# lrvx -----------------------------------------------------------------------------------------------------------------


def lrvx(market):
    """An account a wallet."""
    return lrvx_mark(market.columns, lrvx_market(market.columns)[0], market.bankrupt.tolist())


HOUSE = """\
adlcore house.mark: margin of every wallet, bankruptcy prices, ranking, both legs of every fill booked, what
counterparties can pay, settlement, events and their hash; with the audit, that the sums of the books hold."""
ALONE = "queue.assign, NumPy: who is closed against whom, and nothing else: no margin, no money, no books."
LRVX = """\
lrvx: ranks winners of both sides together, by U*N/balance, and closes them whole until their gains pay the
bankrupts' deficits. Not timed: one open_position() a row."""


def all_peers() -> list[Peer]:
    """In the order of the table."""
    return [
        Peer("adlcore house.mark", house, HOUSE, notices, anew=3),
        Peer("adlcore house.mark, no audit", partial(house, audit="off"), HOUSE, notices, anew=3),
        Peer("adlcore queue.assign", queue, ALONE, assigned, anew=3),
        Peer("NumPy argsort, merged sums", numpy_merge, ALONE, anew=3),
        Peer("lrvx on_mark", lrvx, LRVX, anew=3),
    ]
