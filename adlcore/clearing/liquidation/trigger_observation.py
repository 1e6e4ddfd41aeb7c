"""What the triggers of insurance funds observe: equity and profit over time, and what they accept because of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..._support.arrays import INT64_MAX
from ..funds.fund_table import FundTable
from ..funds.parties import Parties
from ..funds.windows import Window
from .pass_books import PassBooks

__all__ = ["last_observed", "least_equities", "observe", "opened"]

#: The key of a fund's own window, among those of contracts.
EQUITY = -1


def opened(table: FundTable, parties: Parties, time: int) -> tuple[Mapping[int, Window], ...]:
    """The windows of the funds of a house that opens."""
    found = []
    for fund, trigger in enumerate(table.trigger):
        cash = int(parties.cash[parties.funds + fund, table.asset[fund]])
        windows = {EQUITY: Window(cash).noted(cash, time, trigger.length)}
        if trigger.per_contract:
            windows |= {code: trigger.start_window(cash, time) for code in _contracts(table, fund)}
        found.append(windows)
    return tuple(found)


def _contracts(table: FundTable, fund: int) -> list[int]:
    """The contracts whose inventory a fund may hold: its own, and those of the funds that it stands behind."""
    codes: list[int] = np.flatnonzero(table.scope[fund]).tolist()
    return codes


def observe(work: PassBooks) -> None:
    """Show every trigger with a memory its fund as it is now (``docs/waterfall.md``, "Drawdowns").

    That a trigger turns on or off is logged.
    """
    for fund, trigger in enumerate(work.table.trigger):
        if not trigger.length:
            continue
        windows = dict(work.windows[fund])
        equity, party = work.fund_equity(fund), work.first_fund + fund
        unit = work.books.assets[work.table.asset[fund]].quanta_per_unit
        if not trigger.per_contract:
            windows[EQUITY], change = trigger.observe(windows[EQUITY], equity, work.time, unit)
            _tell(work, change, {"party": party})
        else:
            windows[EQUITY] = windows[EQUITY].noted(equity, work.time, trigger.length)
            for code in _contracts(work.table, fund):
                gained = int(work.realized[party, code]) + work.notional(party, code) - int(work.cost[party, code])
                base = windows[EQUITY].peak
                windows[code], change = trigger.observe(windows[code], gained, work.time, unit, base=base)
                _tell(work, change, {"party": party, "contract": code})
        work.windows[fund] = windows
        for code, window in windows.items():
            if code != EQUITY:
                work.refuses[fund, code] = window.on


def _tell(work: PassBooks, change: str | None, values: Mapping[str, int]) -> None:
    if change is not None:
        work.log.add((change, "fund", values))


def least_equities(work: PassBooks) -> list[int]:
    """The least F' at which each fund accepts a position."""
    found = []
    for fund, trigger in enumerate(work.table.trigger):
        unit = work.books.assets[work.table.asset[fund]].quanta_per_unit
        found.append(0 if trigger.per_contract else trigger.least(work.windows[fund][EQUITY], unit))
    return found


def last_observed(work: PassBooks, fund: int, code: int) -> tuple[int, int] | None:
    """What a fund's trigger saw last, and the least at which it turns off; None where it is not on for a contract.

    What int64 does not hold is given as the end of int64 that it is beyond.
    """
    trigger, windows = work.table.trigger[fund], work.windows[fund]
    window = windows[code if trigger.per_contract else EQUITY]
    if not window.on:
        return None
    return _nearest(window.latest or 0), _nearest(trigger.recovery(window, base=windows[EQUITY].peak))


def _nearest(number: int) -> int:
    """The int64 that is nearest to a number."""
    return max(-INT64_MAX - 1, min(number, INT64_MAX))
