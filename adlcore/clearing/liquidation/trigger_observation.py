"""What the triggers of insurance funds observe: equity and profit over time, and what they accept because of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..._support.arrays import clip_int64
from ..funds.fund_table import FundTable
from ..funds.parties import Parties
from ..funds.windows import Window
from .pass_books import PassBooks

__all__ = ["Observation", "last_observation", "least_equities", "observe_funds", "opening_windows"]

#: The key of a fund's own window, among those of contracts.
EQUITY_WINDOW = -1


def opening_windows(fund_table: FundTable, parties: Parties, time: int) -> tuple[Mapping[int, Window], ...]:
    """The windows of the funds of a house that opens: what it opens with is the first that triggers observe."""
    opening = []
    for fund, trigger in enumerate(fund_table.trigger):
        cash = int(parties.cash[parties.first_fund + fund, fund_table.asset[fund]])
        windows = {EQUITY_WINDOW: Window(cash).with_sample(cash, time, trigger.length)}
        if trigger.per_contract:
            windows |= {code: trigger.start_window(cash, time) for code in _watched_contracts(fund_table, fund)}
        opening.append(windows)
    return tuple(opening)


def _watched_contracts(fund_table: FundTable, fund: int) -> list[int]:
    """The contracts whose inventory a fund may hold: its own, and those of the funds that it stands behind."""
    codes: list[int] = np.flatnonzero(fund_table.scope[fund]).tolist()
    return codes


def observe_funds(pass_books: PassBooks) -> None:
    """Show every trigger with a memory its fund as it is now (``docs/waterfall.md``, "Drawdowns").

    That a trigger turns on or off is logged.
    """
    for fund, trigger in enumerate(pass_books.fund_table.trigger):
        if not trigger.length:
            continue
        windows = dict(pass_books.windows[fund])
        equity, party = pass_books.parties.fund_equity(fund), pass_books.first_fund + fund
        unit = pass_books.snapshot.assets[pass_books.fund_table.asset[fund]].quanta_per_unit
        if not trigger.per_contract:
            windows[EQUITY_WINDOW], change = trigger.observe(windows[EQUITY_WINDOW], equity, pass_books.time, unit)
            _log_change(pass_books, change, {"party": party})
        else:
            # The fund's own window comes first: profits are measured by its peak (docs/waterfall.md, "Drawdowns").
            windows[EQUITY_WINDOW] = windows[EQUITY_WINDOW].with_sample(equity, pass_books.time, trigger.length)
            for code in _watched_contracts(pass_books.fund_table, fund):
                profit = (
                    int(pass_books.parties.realized[party, code])
                    + pass_books.parties.mark_value(party, code)
                    - int(pass_books.parties.cost[party, code])
                )
                base = windows[EQUITY_WINDOW].peak
                windows[code], change = trigger.observe(windows[code], profit, pass_books.time, unit, base=base)
                _log_change(pass_books, change, {"party": party, "contract": code})
        pass_books.windows[fund] = windows
        for code, window in windows.items():
            if code != EQUITY_WINDOW:
                pass_books.refused_contracts[fund, code] = window.on


def _log_change(pass_books: PassBooks, change: str | None, values: Mapping[str, int]) -> None:
    """Log that a trigger turned on or off, if it did."""
    if change is not None:
        pass_books.log.add((change, "fund", values))


def least_equities(pass_books: PassBooks) -> list[int]:
    """The least F' at which each fund accepts a position."""
    least = []
    for fund, trigger in enumerate(pass_books.fund_table.trigger):
        unit = pass_books.snapshot.assets[pass_books.fund_table.asset[fund]].quanta_per_unit
        least.append(0 if trigger.per_contract else trigger.least(pass_books.windows[fund][EQUITY_WINDOW], unit))
    return least


class Observation(NamedTuple):
    """What a trigger that is on saw last, and the least at which it turns off; each clipped to int64."""

    value: int
    recovery: int


def last_observation(pass_books: PassBooks, fund: int, code: int) -> Observation | None:
    """What a fund's trigger saw last of a contract; None where it is not on for it."""
    trigger, windows = pass_books.fund_table.trigger[fund], pass_books.windows[fund]
    window = windows[code if trigger.per_contract else EQUITY_WINDOW]
    if not window.on:
        return None
    recovery = trigger.recovery(window, base=windows[EQUITY_WINDOW].peak)
    return Observation(clip_int64(window.latest or 0), clip_int64(recovery))
