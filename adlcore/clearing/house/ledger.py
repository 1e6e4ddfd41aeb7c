"""The newest movements of each insurance fund, so many and no more; what is older is a balance brought forward."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import INT64
from ..events import CAUSES, FACTS, FIELDS, KINDS, Events, name_column

__all__ = ["LEDGER_LINES", "Ledger", "total_amount", "ledger_columns"]

#: Movements of funds that a house keeps, unless it is told otherwise.
LEDGER_LINES = 1_000

#: What a line holds: the call's time and the event's sequence number, then the numbers of the event.
LINE_FIELDS = ("sequence", "time", *FIELDS)
LINE_PLACE = {name: place for place, name in enumerate(LINE_FIELDS)}

#: The columns of a fund's ledger.
LEDGER_COLUMNS = ("sequence", "time", "kind", "contract", "lots", "price", "amount", "asset", "cause", "link")


class Ledger:
    """The newest legs of each fund among all events of a house, oldest first. Immutable.

    Parameters
    ----------
    max_lines : int
        Lines that are kept of a fund at most.
    lines : int64[n, 13], optional
        In the order of ``LINE_FIELDS``; ``link`` is a sequence number.
    """

    __slots__ = ("lines", "max_lines")

    def __init__(self, max_lines: int, lines: npt.NDArray[np.int64] | None = None) -> None:
        self.max_lines = max_lines
        self.lines = np.zeros((0, len(LINE_FIELDS)), INT64) if lines is None else lines
        self.lines.setflags(write=False)

    def with_events(self, events: Events, first_fund: int) -> Ledger:
        """The ledger once these events have happened; `first_fund` is the party of the first fund.

        Funding of a contract is one line for a fund and call, under the number of its first leg: its legs
        are as many as positions.
        """
        legs = np.flatnonzero((events.party >= first_fund) & ~events.of(*FACTS))
        if not len(legs):
            return self
        lines = np.concatenate([self.lines, _sum_funding(_event_lines(events, legs))])
        return Ledger(self.max_lines, _newest_lines(lines, self.max_lines))

    def lines_of(self, party: int) -> npt.NDArray[np.int64]:
        """The lines of one fund."""
        mine: npt.NDArray[np.int64] = self.lines[self.lines[:, LINE_PLACE["party"]] == party]
        return mine


def total_amount(lines: npt.NDArray[np.int64]) -> int:
    """By how much lines of one fund have changed its cash less entry values."""
    return sum(lines[:, LINE_PLACE["amount"]].tolist())


def ledger_columns(
    lines: npt.NDArray[np.int64], contracts: tuple[str, ...], assets: tuple[str, ...]
) -> dict[str, npt.NDArray[Any]]:
    """Lines as columns by name, with the names of contracts and assets."""
    names = {"kind": KINDS, "cause": CAUSES, "contract": contracts, "asset": assets}
    columns = {name: lines[:, LINE_PLACE[name]].copy() for name in LEDGER_COLUMNS}
    return {name: name_column(names[name], column) if name in names else column for name, column in columns.items()}


def _newest_lines(lines: npt.NDArray[np.int64], max_lines: int) -> npt.NDArray[np.int64]:
    """The last so many lines of each fund, in their order."""
    if len(lines) <= max_lines:
        return lines
    owner = lines[:, LINE_PLACE["party"]]
    by_owner = np.argsort(owner, kind="stable")
    last = np.searchsorted(owner[by_owner], owner[by_owner], side="right")
    return lines[np.sort(by_owner[last - np.arange(len(lines)) <= max_lines])]


def _event_lines(events: Events, legs: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """Legs as lines."""
    lines = np.empty((len(legs), len(LINE_FIELDS)), INT64)
    lines[:, LINE_PLACE["sequence"]] = events.first + legs
    lines[:, LINE_PLACE["time"]] = events.time
    lines[:, 2:] = events.table[legs]
    link = lines[:, LINE_PLACE["link"]]
    link[link >= 0] += events.first
    return lines


def _sum_funding(lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The lines with those of funding summed by contract and fund, each sum where its first line stood."""
    funding = lines[:, LINE_PLACE["kind"]] == KINDS.index("funding")
    if not funding.any():
        return lines
    mine = lines[funding]
    party = mine[:, LINE_PLACE["party"]]
    key = mine[:, LINE_PLACE["contract"]] * (int(party.max()) + 1) + party
    _, first, sum_of_line = np.unique(key, return_index=True, return_inverse=True)
    sums = np.zeros(len(first), INT64)
    np.add.at(
        sums, sum_of_line, mine[:, LINE_PLACE["amount"]]
    )  # what a fund has in all fits: a sum on the way may wrap
    summed = mine[first]
    summed[:, LINE_PLACE["amount"]] = sums
    both = np.concatenate([lines[~funding], summed])
    return both[np.argsort(both[:, LINE_PLACE["sequence"]], kind="stable")]
