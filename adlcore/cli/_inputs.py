"""The files that commands read, and the values of options: each checked, and refused by its name."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..clearing import Snapshot
from ..contracts.decimals import exact_decimal, positive_decimal
from ..errors import AdlError, OpenInterestWarning
from ..io import snapshots
from ..io.positions import Positions, read_positions
from ..market.market import Market
from ..ranking.rules import RankingRule
from ._reading import name_unreadable_file
from ._reading_bar import ReadingBar
from ._screen import complain

__all__ = ["SIDES", "account_of", "as_option", "check_decimal", "check_side", "load_market", "load_snapshot"]

#: Signs of quantities, by their name.
SIDES = {"long": 1, "short": -1}

#: Numbers of fewer digits fit an int64.
INT64_DIGITS = 19


def load_market(
    file: Path, rule: RankingRule, mark: str, columns: str | None, lot: str | None, **terms: str
) -> tuple[Positions, Market]:
    """Read a file and make it a market that the rule can rank; `terms` are the contract's."""
    check_decimal("mark", mark)
    check_decimal("multiplier", terms["multiplier"])
    with name_unreadable_file(file):
        with ReadingBar(file.name) as bar:
            positions = read_positions(file, columns, lot=lot, progress=bar)
        for name in rule.needs:
            if name not in positions.columns and name not in positions.names:
                raise positions.absent(name, f", which the rule {rule.name!r} needs")
        contract = positions.contract(file.stem or "MARKET", **terms)
        return positions, positions.market(contract, mark)


def load_snapshot(path: Path) -> Snapshot:
    """Read a snapshot; what is odd about it is told on stderr, a line each."""
    with name_unreadable_file(path), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OpenInterestWarning)
        snapshot = snapshots.load(path)
    for warning in caught:
        complain("warning", str(warning.message))
    return snapshot


def account_of(snapshot: Snapshot, text: str) -> Any:
    """The account that a person means: a number where the accounts are numbers."""
    known = snapshot.wallets.account
    numbered = known.dtype.kind == "i"
    account = int(text) if numbered and text.removeprefix("-").isdecimal() and len(text) < INT64_DIGITS else text
    strange = numbered and isinstance(account, str)
    if strange or not (known == account).any():
        must = "must be an account of this snapshot" + (", where they are numbers" if strange else "")
        raise AdlError.at("account", None, text, must)
    return account


@contextmanager
def as_option(name: str, value: str) -> Iterator[None]:
    """Errors about this value name the option that it came by."""
    try:
        yield
    except AdlError as error:
        raise error.placed(name, None, value) from None


def check_decimal(name: str, text: str, *, positive: bool = True) -> None:
    """Refuse an option that is no number."""
    (positive_decimal if positive else exact_decimal)(text, name)


def check_side(side: str | None) -> None:
    """Refuse a side that is none."""
    if side is not None and side not in SIDES:
        raise AdlError.at("side", None, side, "must be long or short")
