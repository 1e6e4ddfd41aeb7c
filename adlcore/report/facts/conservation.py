"""Whether a run's own events conserve money and positions: what one side gives, the other receives, to the quantum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..._support.arrays import Int64Array1D
from ...clearing.events import EXTERNAL, FILLS, MONEY
from .record import Record, RunLike, exact_sums_by_code

__all__ = ["Conservation", "conservation"]


@dataclass(frozen=True)
class Conservation:
    """Sums of the legs of all movements, exact.

    Attributes
    ----------
    movements : int
        Pairs of legs that name each other.
    legs, received, given : tuple of int
        Of each asset: how many legs, and the sums of amounts above and below 0 in quanta; `given` is negative.
    lots : tuple of int
        Of each contract: the sum of all lots of all legs; 0.
    outside : tuple of int
        Of each asset: deposits, withdrawals and fund deposits, which have one leg only.
    problems : tuple of str
        What does not hold; empty where everything does.
    """

    movements: int
    legs: tuple[int, ...]
    received: tuple[int, ...]
    given: tuple[int, ...]
    lots: tuple[int, ...]
    outside: tuple[int, ...]
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything is conserved."""
        return not self.problems


def conservation(record: Record, run: RunLike) -> Conservation:
    """Add all legs up, and compare each leg with its other one.

    Parameters
    ----------
    record : Record
    run : Run

    Returns
    -------
    Conservation

    Notes
    -----
    A movement is two legs of a fill, or of money between wallets and parties, that name each other. Their amounts,
    and the lots of fills, must be opposite, in one asset and one contract. O(n log n).
    """
    moves = record.of(*FILLS, *MONEY) & ~record.of("balanced")
    legs = np.flatnonzero(moves & (record.link >= 0))
    other = record.link[legs]
    problems = _unpaired(record, np.flatnonzero(moves), legs, other)
    for difference, wrong in (
        ("amounts that are not opposite", record.amount[legs] != -record.amount[other]),
        ("lots that are not opposite", record.lots[legs] != -record.lots[other]),
        ("different assets", record.asset[legs] != record.asset[other]),
        ("different contracts", record.contract[legs] != record.contract[other]),
    ):
        if wrong.any():
            problems.append(f"{np.count_nonzero(wrong):,} legs and their other legs have {difference}")
    assets, contracts = len(run.assets), len(run.contracts)
    amount, asset = record.amount[legs], record.asset[legs]
    received = exact_sums_by_code(np.maximum(amount, 0), asset, assets)
    given = exact_sums_by_code(np.minimum(amount, 0), asset, assets)
    lots = exact_sums_by_code(record.lots[legs], record.contract[legs], contracts)
    for code, listed in enumerate(run.assets):
        if total := received[code] + given[code]:
            problems.append(f"the legs in {listed.name} sum to {total:,} quanta")
    problems += [f"the lots of {run.contracts[code].symbol} sum to {n:,}" for code, n in enumerate(lots) if n]
    problems += _count_errors(record, run)
    outside = np.flatnonzero(record.of(*EXTERNAL))
    return Conservation(
        movements=len(legs) // 2,
        legs=tuple(np.bincount(asset, minlength=assets)[:assets].tolist()),
        received=tuple(received),
        given=tuple(given),
        lots=tuple(lots),
        outside=tuple(exact_sums_by_code(record.amount[outside], record.asset[outside], assets)),
        problems=tuple(problems),
    )


def _unpaired(record: Record, moving: Int64Array1D, legs: Int64Array1D, other: Int64Array1D) -> list[str]:
    """Legs that stand alone, or name one that does not name them."""
    alone = len(moving) - len(legs)
    found = [f"{alone:,} legs have no other leg"] if alone else []
    strangers = int(np.count_nonzero(record.link[other] != legs))
    return [*found, f"{strangers:,} legs name a leg that names another"] if strangers else found


def _count_errors(record: Record, run: RunLike) -> list[str]:
    """Passes that hold more or fewer events than the run says."""
    expected = np.asarray(run.passes()["events"])
    counts = np.bincount(record.pass_index, minlength=len(record.pass_number)) if len(record) else expected * 0
    wrong = np.flatnonzero(counts != expected)
    if not len(wrong):
        return []
    number, count, must = (int(column[wrong[0]]) for column in (record.pass_number, counts, expected))
    return [f"pass {number} has {count:,} events, the run says {must:,}"]
