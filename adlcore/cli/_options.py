"""Arguments and options that several commands have, as typer reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..ranking.rules import RankingRule

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
    Path | None, typer.Option("--out", metavar="FOLDER", help="Where the run goes; else below the current folder.")
]
ReportOption = Annotated[bool, typer.Option("--report/--no-report", help="Whether to write the HTML report.")]
RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder of a run, as simulate makes it.", show_default=False)
]
