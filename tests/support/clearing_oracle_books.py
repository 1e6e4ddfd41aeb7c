"""What the slow clearing house keeps: parties, events, and what a pass and a round remember."""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from support.margin_oracle_rows import Row


class RefusalError(Exception):
    """What the house does not do; nothing has changed."""


def exact(value) -> Fraction:
    """A number as it is meant: a float by its shortest decimal, save that 2/3 is the fraction."""
    if isinstance(value, float):
        return Fraction(2, 3) if value == 2 / 3 else Fraction(repr(value))
    return Fraction(value.replace("_", "")) if isinstance(value, str) else Fraction(value)


def sign(number) -> int:
    return (number > 0) - (number < 0)


class OracleEvent(NamedTuple):
    """One leg: the holder is a wallet's row or a party's name, the row that of a position."""

    kind: str
    holder: int | str
    row: int | None
    code: int | None
    lots: int
    ticks: int | None
    amount: int


class Tally:
    """W: what the fills of one row in one stage come to, exactly; and C: how many lots they are."""

    def __init__(self) -> None:
        self.total, self.lots = Fraction(0), 0


class SlowParty:
    """The street, the treasury, a vault or a fund: one netted row for each contract, cash for each asset."""

    def __init__(self, name: str) -> None:
        self.name, self.cash = name, defaultdict(int)
        self.rows: dict[int, Row] = {}

    def copied(self) -> SlowParty:
        """A party of its own that holds what this one does."""
        other = copy.copy(self)
        other.rows = {code: copy.copy(row) for code, row in self.rows.items()}
        other.cash = self.cash.copy()
        return other


class PartyRow(NamedTuple):
    """Where a party holds lots of a contract; where a wallet does is the number of its row."""

    party: SlowParty
    code: int


class SlowFund(SlowParty):
    """An insurance fund in one asset."""

    def __init__(self, terms, asset: int, trigger) -> None:
        scope = (terms.scope,) if isinstance(terms.scope, str) else terms.scope
        name = terms.name or (terms.asset if scope is None else "+".join(scope))
        super().__init__(name)
        self.asset, self.scope, self.parent = asset, scope, terms.parent
        self.parent_cap, self.lent, self.opening = terms.parent_cap, 0, 0
        self.trigger = terms.trigger if terms.trigger is not None else trigger
        self.observations: dict[int | None, list[Observation]] = {}
        self.switched_on: set[int | None] = set()


class Observation(NamedTuple):
    """What a drawdown saw, and when."""

    time: int
    value: int


class CoolDown(NamedTuple):
    """From when, and until when, a row that was ordered in part is left alone."""

    start: int
    end: int


@dataclass
class RoundMemory:
    """The order of a round, fixed at its start, the funds that it tries, and what those refused: contracts by fund."""

    wallets: list[int]
    rows: dict[int, list[int]]
    funds: list[SlowFund]
    refused: set[tuple[str, int]] = field(default_factory=set)


@dataclass
class PassMemory:
    """What is remembered from the first round of a pass to its end; prices in ticks by contract."""

    mark_ticks: dict[int, int] = field(default_factory=dict)
    previous_ticks: dict[int, int] = field(default_factory=dict)
    oracle_ticks: dict[int, int] = field(default_factory=dict)
    liquidated: list[int] = field(default_factory=list)
    tried: list[SlowFund] = field(default_factory=list)
    healthy: set[int] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)
    stages_of: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    last_vault: dict[int, SlowParty] = field(default_factory=dict)
    counterparties: set[int] = field(default_factory=set)


@dataclass
class PlainFund:
    """The fund that every asset has where none was given."""

    asset: str
    balance: str = "0"
    scope: Any = None
    name: str | None = None
    parent: Any = None
    parent_cap: Any = None
    trigger: Any = None


class Sweep:
    """The last stage of a list without one."""


Sweep.__name__ = "Uncovered"
