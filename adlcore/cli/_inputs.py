"""What the commands share: options, reading a market or a snapshot out of files, JSON."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from .._support.text import visible
from ..clearing import Snapshot
from ..contracts.decimals import exact_decimal, positive_decimal
from ..errors import AdlError, OpenInterestWarning
from ..io import snapshots
from ..io.positions import Positions, read_positions
from ..market.market import Market
from ..ranking.rules import RankingRule
from . import _screen
from ._reading import reading

__all__ = [
    "ReadingBar",
    "account_of",
    "as_option",
    "check_decimal",
    "load",
    "load_snapshot",
    "price_or_none",
    "print_json",
]

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="Open positions: .csv, .tsv or .parquet.", show_default=False)
]
SnapshotArgument = Annotated[
    Path,
    typer.Argument(metavar="SNAPSHOT", help="A folder that adlcore.io.save wrote, or a .npz file.", show_default=False),
]
RuleOption = Annotated[str, typer.Option("--rule", help=f"How the queue is ordered: {', '.join(RankingRule.names())}.")]
ShortOption = Annotated[
    str,
    typer.Option("--short", help="hyperliquid: a short's price ratio, mirrored (entry/mark) or literal (mark/entry)."),
]
MarkOption = Annotated[str, typer.Option("--mark", metavar="PRICE", help="The mark price.", show_default=False)]
ColumnsOption = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="NAME=COLUMN,...",
        help="Which column of the file is which, as in equity=cash+upnl; sums are allowed. "
        "Common names are found without it.",
    ),
]
LotOption = Annotated[
    str | None, typer.Option("--lot", metavar="SIZE", help="The step of the quantity; else the finest in the file.")
]
KindOption = Annotated[str, typer.Option("--kind", help="linear, inverse or quanto.")]
MultiplierOption = Annotated[
    str, typer.Option("--multiplier", metavar="NUMBER", help="Underlying per contract; inverse: its face value.")
]
SettleOption = Annotated[str, typer.Option("--settle", metavar="ASSET", help="The asset of money columns.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]

OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FOLDER", help="Where the run goes; else below the current folder."),
]
ReportOption = Annotated[bool, typer.Option("--report/--no-report", help="Whether to write the HTML report.")]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder of a run, as simulate makes it.", show_default=False)
]

#: Numbers of fewer digits fit an int64.
INT64_DIGITS = 19

#: A read that takes longer shows a bar.
PATIENCE_SECONDS = 1.0


def load(
    file: Path,
    rule: RankingRule,
    mark: str,
    *,
    columns: str | None,
    lot: str | None,
    kind: str,
    multiplier: str,
    settle: str,
) -> tuple[Positions, Market]:
    """Read a file and make it a market that the rule can rank."""
    check_decimal("mark", mark)
    check_decimal("multiplier", multiplier)
    with reading(file):
        with ReadingBar(file.name) as bar:
            positions = read_positions(file, columns, lot=lot, progress=bar)
        return positions, _market(file, positions, rule, mark, kind=kind, multiplier=multiplier, settle=settle)


def _market(file: Path, positions: Positions, rule: RankingRule, mark: str, **terms: str) -> Market:
    """The market that a file is of."""
    held = positions.columns
    for name in rule.needs:
        if name not in held and name not in positions.names:
            raise positions.absent(name, f", which the rule {rule.name!r} needs")
    contract = positions.contract(file.stem or "MARKET", **terms)
    try:
        return Market(contract, mark_price=mark, **held)
    except AdlError as error:
        if error.row is None:
            raise
        # The market counts rows; a person looks for a line.
        message = f"{positions.path}, {positions.place(error.row)}: {error}"
        raise AdlError(message, argument=error.argument, row=error.row, value=error.value) from None


def load_snapshot(path: Path) -> Snapshot:
    """Read a snapshot; what is odd about it is told on stderr, a line each."""
    with reading(path), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", OpenInterestWarning)
        snapshot = snapshots.load(path)
    for warning in caught:
        _screen.complain("warning", str(warning.message))
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


def price_or_none(price: float) -> float | None:
    """A liquidation price for machines: none where no price, or every price, is too late."""
    return price if 0 < price < float("inf") else None


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


class ReadingBar:
    """A progress bar on stderr that appears only when a read takes its time."""

    def __init__(
        self, name: str, console: _screen.Screen | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._console = console or _screen.Screen(stderr=True)
        self._clock = clock
        self._bar: Progress | None = None

    def __enter__(self) -> ReadingBar:
        self._start = self._clock()
        return self

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None:
            if self._clock() - self._start < PATIENCE_SECONDS or not self._console.is_terminal:
                return
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TaskProgressColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task(visible(f"reading {self._name}"), total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document on stdout; what is not finite is null."""
    text = json.dumps(_plain(document), allow_nan=False, indent=2)
    _screen.write(text.replace("\x7f", "\\u007f"))  # the one control character that JSON leaves as it is


def _plain(value: Any) -> Any:
    """Python's own types, without NaN and infinities."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, float):
        return item if abs(item) < float("inf") else None
    return item if item is None or isinstance(item, str | int | bool) else str(item)
