"""Losses that nobody paid: open entries of money, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...clearing.events import CODES
from .record import Record, RunLike

__all__ = ["Debt", "debts"]


@dataclass(frozen=True)
class Debt:
    """An open entry of a wallet without positions.

    Attributes
    ----------
    event : int
        Place of the ``uncovered-money`` event in the record; -1 for an entry that was open before the first pass.
    wallet, asset : int
    amount : int
        What it was, in quanta: at first, or before the first pass.
    left : int
        What is open at the end; 0 once it is paid.
    """

    event: int
    wallet: int
    asset: int
    amount: int
    left: int


def debts(record: Record, run: RunLike) -> list[Debt]:
    """Every open entry, in the order in which they were made, with what the last event about it says is open.

    Those that were open before the first pass come first, where the run says which. An entry that is paid is closed: a
    wallet that owes the same asset again gets another one (``docs/waterfall.md``, "Debts").

    Notes
    -----
    O(events), and a loop over those of open entries.
    """
    codes = {asset.name: code for code, asset in enumerate(run.assets)}
    standing = getattr(run, "opening_debts", None) or ()  # what is only like a run need not say
    entries = [Debt(-1, each.wallet, codes[each.asset], each.quanta, each.quanta) for each in standing]
    open_at = {(debt.wallet, debt.asset): place for place, debt in enumerate(entries)}
    new, paid = CODES["uncovered-money"], CODES["uncovered-paid"]
    events = np.flatnonzero(record.of("uncovered-money", "uncovered-reduced", "uncovered-paid"))
    columns = (record.kind, record.wallet, record.asset, record.amount)
    for event, kind, wallet, asset, amount in zip(
        events.tolist(), *(column[events].tolist() for column in columns), strict=True
    ):
        key = wallet, asset
        if kind == new:
            open_at[key] = len(entries)
            entries.append(Debt(event, wallet, asset, amount, amount))
        elif key in open_at:
            entries[open_at[key]] = replace(entries[open_at[key]], left=0 if kind == paid else amount)
            if kind == paid:
                del open_at[key]
    return entries
