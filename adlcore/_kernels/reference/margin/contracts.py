"""Where the rows and the margin tiers of each contract stand: the twin of ``contracts.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from ..numbers.money import same_length

Array = npt.NDArray[Any]

__all__ = ["Contracts"]


class Contracts:
    """The rows of contract i are ``start[i] .. start[i + 1]``, its tiers ``tier_start[i] .. tier_start[i + 1]``."""

    def __init__(self, start: Array, tier_start: Array, rate: Array, amount: Array) -> None:
        if not len(start):
            raise ValueError("start", None, 0, "must have a row more than there are contracts")
        same_length("tier_start", len(tier_start), len(start))
        same_length("amount", len(amount), len(rate))
        _check_rising("start", start, 2**63 - 1)
        _check_rising("tier_start", tier_start, len(rate))
        self.start, self.tier_start, self.rate, self.amount = start, tier_start, rate, amount

    def __len__(self) -> int:
        return len(self.start) - 1

    def tiers(self, k: int) -> slice:
        """Where the tiers of a contract stand."""
        return slice(int(self.tier_start[k]), int(self.tier_start[k + 1]))


def _check_rising(name: str, column: Array, last: int) -> None:
    """Refuse borders that do not rise from 0 at least to `last` at most."""
    before = 0
    for k, border in enumerate(column.tolist()):
        if not before <= border <= last:
            raise ValueError(name, k, border, f"must rise within 0 to {last}")
        before = border
