"""Many bankrupt longs of one market closed against its shorts by other means, beside ``house.mark``.

Every peer is prepared on the columns outside the clock, anew for each call where a call uses that up, and then gives
``(rows, closed)``: who was closed, and how much of each.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import adlcore as adl
from harness.books import Venue
from harness.columns import MARK, Columns
from harness.houses import CROWDED, crowd, opened, running
from harness.peers.deleverage import Answer, cut, exact, numpy_scores, unit_value
from harness.timing import Effort, anew


@dataclass(frozen=True)
class Crowd:
    """A crowded market after the mark: its columns, who is bankrupt, and at what price each is closed."""

    venue: Venue
    #: Lots in int64, money in units.
    columns: Columns
    #: Rows of the bankrupts, the best price for the shorts first: the order in which they are served.
    bankrupt: np.ndarray

    @property
    def needs(self) -> np.ndarray:
        return self.columns.quantity[self.bankrupt]


@dataclass
class Peer:
    """One way to do it."""

    name: str
    prepare: Callable[[Crowd], Callable[[], object]]
    #: Who was closed, of what a call gave.
    answer: Callable[[object], Answer] = lambda found: found
    note: str = ""


def table(rows: int, seeds: int, effort: Effort, wanted: str | None) -> None:
    """One line a peer."""
    print(f"\n{rows // 10:,} bankrupt longs against {rows:,} shorts, among {rows - rows // 10:,} longs that can pay")
    print(f"{'':32}{'ms':>10}{'us each':>10}{'closed':>9}  answer")
    peers = [p for p in all_peers() if wanted is None or any(w.lower() in p.name.lower() for w in wanted.split(","))]
    markets = [made(rows // 10, rows, seed) for seed in range(seeds)]
    for peer in peers:
        try:
            found = [measure(peer, market, effort) for market in markets]
        except ImportError as error:
            print(f"{peer.name:32}{'':29}  {error}"[:100])
            continue
        taken = statistics.median(one[0] for one in found)
        shown = f"{taken / 1e6:10.2f}{taken / 1e3 / (rows // 10):10.2f}{found[0][1]:9,}"
        print(f"{peer.name:32}{shown}  {found[0][2]}", flush=True)
    print(*dict.fromkeys(peer.note for peer in peers if peer.note), sep="\n")


def made(bankrupts: int, shorts: int, seed: int) -> Crowd:
    venue = crowd(bankrupts, shorts, seed)
    contract, quanta = venue.contracts[0], venue.contracts[0].settle.quanta_per_unit
    entry_value, balance = venue.entry_value / quanta, venue.balance / quanta
    equity = balance + venue.quantity * contract.value_per_lot(MARK) - entry_value
    fails = np.flatnonzero(equity < 0)
    price = (entry_value - balance)[fails] / venue.quantity[fails]
    columns = Columns(contract, venue.quantity, entry_value, equity)
    return Crowd(venue, columns, fails[np.argsort(price, kind="stable")])


def measure(peer: Peer, market: Crowd, effort: Effort) -> tuple[float, int, str]:
    """Nanoseconds, rows that were closed, and what the answer is worth."""
    answer = peer.answer(peer.prepare(market)())
    found = anew([lambda: peer.prepare(market)], effort)
    return min(mine for (mine,) in found), len(np.unique(answer[0])), verdict(market, answer)


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


def house(audit: str):
    def prepare(market):
        kept = running(opened(market.venue, CROWDED), CROWDED, audit)
        return lambda: kept.mark({"CROWD": MARK})

    return prepare


def notices(events: adl.Events) -> Answer:
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
    """An account a wallet; a lot is one unit there, and prices are values of a lot."""
    import lrvx as package

    columns, value = market.columns, unit_value(market.columns)
    pnl = columns.quantity * value - columns.entry_value
    engine = package.LiquidationEngine()
    engine.add_tier(0.0, 0.0)
    engine.set_insurance_fund_capital(0.0)
    engine.set_liquidation_slippage_bps(0.0)
    engine.set_adl_enabled(True)
    engine.set_adl_ranking("binance")
    rows = columns.quantity.astype(np.float64), columns.entry_value / columns.quantity, columns.equity - pnl
    for row, (size, price, balance) in enumerate(zip(*(column.tolist() for column in rows), strict=True)):
        engine.open_position(row, 1, size, price, balance)

    def call():
        outcome = engine.on_mark(1, value)
        if sorted(outcome["liquidated"]) != sorted(market.bankrupt.tolist()):
            raise RuntimeError("lrvx liquidated others than the bankrupts")
        found = np.array(outcome["adl_closed_out"], np.int64)
        return found, np.abs(columns.quantity[found])

    return call


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
        Peer("adlcore house.mark", house("on"), notices, HOUSE),
        Peer("adlcore house.mark, no audit", house("off"), notices, HOUSE),
        Peer("adlcore queue.assign", queue, assigned, ALONE),
        Peer("NumPy argsort, merged sums", numpy_merge, note=ALONE),
        Peer("lrvx on_mark", lrvx, note=LRVX),
    ]
