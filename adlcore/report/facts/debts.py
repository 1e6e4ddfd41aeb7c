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

    Those that were open before the first pass come first, where the run says which.

    Notes
    -----
    O(events), and a loop over those of open entries.
    """
    codes = {asset.name: code for code, asset in enumerate(run.assets)}
    standing = getattr(run, "opening_debts", None) or ()  # what is only like a run need not say
    found = [Debt(-1, each.wallet, codes[each.asset], each.quanta, each.quanta) for each in standing]
    open_at = {(debt.wallet, debt.asset): place for place, debt in enumerate(found)}
    new, paid = CODES["uncovered-money"], CODES["uncovered-paid"]
    told = np.flatnonzero(record.of("uncovered-money", "uncovered-reduced", "uncovered-paid"))
    columns = (record.kind, record.wallet, record.asset, record.amount)
    for event, kind, wallet, asset, amount in zip(
        told.tolist(), *(column[told].tolist() for column in columns), strict=True
    ):
        key = wallet, asset
        if kind == new:
            open_at[key] = len(found)
            found.append(Debt(event, wallet, asset, amount, amount))
        elif key in open_at:
            found[open_at[key]] = replace(found[open_at[key]], left=0 if kind == paid else amount)
            if kind == paid:
                del open_at[key]
    return found
