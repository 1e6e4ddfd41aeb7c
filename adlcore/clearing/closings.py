"""What positions in liquidation lost, and to whom: one definition for whoever adds it up.

*Closed* is what fills took of positions in liquidation, at the price of each fill: of its two legs the one of the
position that was closed counts, and the magnitude of its ``amount``, in quanta of the settle asset, is its notional.
Each such fill is of one stage: *filled by the book*, netted with an own leg, taken by a vault, *taken over* by a fund,
netted with what a fund held, or *deleveraged*, against another user. What a user *bore* is the notional of the fills
that its ``adl-notice`` events name: of all users it is what was deleveraged. A fill that goes through zero is two
events; each counts for itself. Sums of one settle asset are exact; several are added in one unit at the index prices
of the pass of each fill, in float64.
"""

from __future__ import annotations

import numpy as np

from .._support.arrays import INT64, Int64Array1D
from .events import CAUSE_CODES, CODES

__all__ = [
    "VALUATION_TEXT",
    "BOOK",
    "FUND",
    "INVENTORY",
    "LEGS",
    "STAGES",
    "USERS",
    "VAULT",
    "closing_fills",
    "notice_fills",
]

#: Where lots of positions in liquidation went, in the order of a waterfall.
STAGES = ("order book", "own opposite leg", "backstop vault", "insurance fund", "inventory of a fund", "other users")
BOOK, LEGS, VAULT, FUND, INVENTORY, USERS = range(len(STAGES))

#: What a sum of fills is worth, as people are told.
VALUATION_TEXT = "each fill at its own price"


def closing_fills(
    kind: Int64Array1D, cause: Int64Array1D, wallet: Int64Array1D, lots: Int64Array1D, link: Int64Array1D
) -> tuple[Int64Array1D, Int64Array1D, Int64Array1D]:
    """Find every fill that closed a position in liquidation.

    Parameters
    ----------
    kind, cause, wallet, lots, link : int64[n]
        Columns of events, as :class:`~adlcore.clearing.Events` has them; `link` is the place of the other leg in these
        columns, or below 0.

    Returns
    -------
    event : int64[k]
        Its place: the leg of the side that was closed, in the order of the events. Of ``net-legs`` both legs count: two
        positions were closed. A fund that stood below zero and was deleveraged is a position in liquidation.
    stage : int64[k]
        Which of `STAGES`.
    side : int64[k]
        1 where a long was closed, -1 where a short was.

    Notes
    -----
    O(n).

    Examples
    --------
    >>> import adlcore as adl
    >>> before = adl.Snapshot.build(
    ...     contracts=[adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], [0.05]))],
    ...     wallets=[{"account": "ann", "balance": "12"}, {"account": "bob", "balance": "100"}],
    ...     positions=[
    ...         {"account": "ann", "contract": "X", "quantity": "10", "entry_price": "10"},
    ...         {"account": "bob", "contract": "X", "quantity": "-10", "entry_price": "10"},
    ...     ],
    ...     marks={"X": "10"},
    ... )
    >>> events = adl.ClearingHouse(before, venue=[adl.clearing.Deleverage("binance")]).mark({"X": "9.25"})
    >>> event, stage, side = closing_fills(events.kind, events.cause, events.wallet, events.lots, events.link)
    >>> [STAGES[code] for code in stage], events.wallet[event], side
    (['other users'], array([0]), array([1]))
    """
    user = wallet >= 0
    adl_fills = (kind == CODES["adl-fill"]) & (cause == CAUSE_CODES["bankruptcy"])
    netted = cause[np.maximum(link[adl_fills], 0)] == CAUSE_CODES["fund"]
    stage = np.full(len(kind), -1, INT64)
    stage[(kind == CODES["book-fill"]) & user] = BOOK
    stage[kind == CODES["net-legs"]] = LEGS
    stage[kind == CODES["backstop"]] = VAULT
    stage[kind == CODES["take-over"]] = FUND
    # Of these the other leg is a vault's or a fund's own.
    stage[((stage == VAULT) | (stage == FUND)) & ~user] = -1
    stage[adl_fills] = np.where(netted, INVENTORY, USERS)
    event = np.flatnonzero(stage >= 0)
    return event, stage[event], -np.sign(lots[event])


def notice_fills(kind: Int64Array1D, link: Int64Array1D) -> tuple[Int64Array1D, Int64Array1D]:
    """Find every notice that a user was sent, and the fill that it is about, whose amount says what the user bore.

    Parameters
    ----------
    kind, link : int64[n]
        As of :func:`closing_fills`.

    Returns
    -------
    notice, fill : int64[k]
        Places. A notice whose fill is not among the events is none of them.

    Examples
    --------
    >>> import numpy as np
    >>> fill, told = CODES["adl-fill"], CODES["adl-notice"]
    >>> notice_fills(np.array([fill, fill, told]), np.array([1, 0, 1]))
    (array([2]), array([1]))
    """
    notice = np.flatnonzero((kind == CODES["adl-notice"]) & (link >= 0))
    return notice, link[notice]
