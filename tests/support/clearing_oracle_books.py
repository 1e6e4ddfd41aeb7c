"""What the slow clearing house keeps: rows, parties, and what a pass and a round remember."""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from support.margin_oracle import Row, quanta_per_lot


class RefusalError(Exception):
    """What the house does not do; nothing has changed."""


def exact(value) -> Fraction:
    """A number as it is meant: a float by its shortest decimal, save that 2/3 is the fraction."""
    if isinstance(value, float):
        return Fraction(2, 3) if value == 2 / 3 else Fraction(repr(value))
    return Fraction(value.replace("_", "")) if isinstance(value, str) else Fraction(value)


def sign(number) -> int:
    return (number > 0) - (number < 0)


@dataclass
class SlowRow(Row):
    """Lots of a wallet (`wallet`: its row) or of a party (None), and how much of their cost was released."""

    cost_then: int = 0
    lots_then: int = 0
    closed: int = 0
    released: int = 0

    def renew(self) -> None:
        """EV0 and Q0 are set anew, D to 0."""
        self.cost_then, self.lots_then, self.closed, self.released = self.cost, abs(self.quantity), 0, 0

    def release(self, lots: int) -> int:
        """Close lots; the cost that goes with them is truncated in the sum, not one by one."""
        self.closed += lots
        due = abs(self.cost_then) * self.closed // self.lots_then * sign(self.cost_then)
        part, self.released = due - self.released, due
        self.quantity -= sign(self.quantity) * lots
        self.cost -= part
        return part

    def price_at(self, mark: Fraction | None) -> None:
        """MV, U and MM at a mark."""
        self.value = self.margin = 0
        if mark is not None:
            self.value = round(float(self.quantity) * float(quanta_per_lot(self.contract, mark)))
            scale = 10**self.contract.settle.decimals
            terms = zip(self.contract.tiers.rate, self.contract.tiers.amount, strict=True)
            lines = (float(abs(self.value)) * float(rate) - float(Fraction(a) * scale) for rate, a in terms)
            self.margin = max(0, round(max(lines)))
        self.pnl = self.value - self.cost


class Tally:
    """W: what the fills of one row in one stage come to, exactly; and C: how many lots they are."""

    def __init__(self) -> None:
        self.total, self.lots = Fraction(0), 0


class SlowParty:
    """The street, the treasury, a vault or a fund: one netted row for each contract, cash for each asset."""

    def __init__(self, name: str) -> None:
        self.name, self.rows, self.cash = name, {}, defaultdict(int)

    def copied(self) -> SlowParty:
        """The same once more."""
        other = copy.copy(self)
        other.rows = {code: copy.copy(row) for code, row in self.rows.items()}
        other.cash = self.cash.copy()
        return other


class SlowFund(SlowParty):
    """An insurance fund in one asset."""

    def __init__(self, terms, asset: int, trigger) -> None:
        scope = (terms.scope,) if isinstance(terms.scope, str) else terms.scope
        name = terms.name or (terms.asset if scope is None else "+".join(scope))
        super().__init__(name)
        self.asset, self.scope, self.parent = asset, scope, terms.parent
        self.cap, self.lent, self.opening = terms.parent_cap, 0, 0
        self.trigger = terms.trigger if terms.trigger is not None else trigger
        self.samples, self.on = defaultdict(list), set()


@dataclass
class RoundMemory:
    """The order of a round, fixed at its start, the funds that it tries, and what those refused: contracts by fund."""

    wallets: list[int]
    rows: dict[int, list[int]]
    funds: list[SlowFund]
    refused: set[tuple[str, int]] = field(default_factory=set)


@dataclass
class PassMemory:
    """What is remembered from the first round of a pass to its end."""

    rounded: dict[int, int]
    before: dict[int, int]
    oracle: dict[int, int]
    liquidated: list[int] = field(default_factory=list)
    tried: list[SlowFund] = field(default_factory=list)
    healthy: set[int] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)
    took: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    vault: dict[int, SlowParty] = field(default_factory=dict)
    countered: set[int] = field(default_factory=set)


class PlainFund:
    """The fund that every asset has where none was given."""

    def __init__(self, asset: str) -> None:
        self.asset, self.balance, self.scope, self.name = asset, "0", None, asset
        self.parent = self.parent_cap = self.trigger = None


class Sweep:
    """The last stage of a list without one."""


Sweep.__name__ = "Uncovered"
