"""``adlcore verify``, ``resume``, ``query`` and ``report``: what one does with a run that is there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .. import io
from .._extras import optional
from ..errors import AdlError
from . import _common, _tables

__all__ = ["query", "report", "resume", "verify"]


def verify(run: _common.RunArgument) -> None:
    """Make every pass of a run again and compare each event, balance and hash with what is kept."""
    from ._crashes import crash_of, watched
    from ._pass_bar import PassBar

    crash = crash_of(io.open_run(run))
    with PassBar(crash, "verifying") as bar:
        found = io.verify(run, crash.house, watched(crash, bar))
    passes = found.passes()
    counted = _tables.counted(len(passes["pass"]), "pass").replace("passs", "passes")
    state = "sealed" if found.sealed else "open"
    typer.echo(f"{run}: {state}, {counted}, {int(passes['events'].sum()):,} events: all as they were made")
    typer.echo(f"hash of the events {found.manifest['hashes']['digest'] if found.sealed else passes['digest'][-1]}")


def resume(run: _common.RunArgument) -> None:
    """Go on with a run that was stopped, from the last pass that was complete."""
    from ._crashes import crash_of
    from ._pass_bar import PassBar

    there = io.open_run(run)
    if there.sealed:
        typer.echo(f"{run}: sealed already, nothing to do")
        return
    before = len(there.passes()["pass"])
    crash = crash_of(there)
    with PassBar(crash, "resuming") as bar:
        found = io.resume(run, crash.house, crash.passes(), on_pass=bar)
    after = len(found.passes()["pass"])
    typer.echo(f"{run}: {before} of {after} passes were complete; {after - before} made now, sealed")
    typer.echo(f"hash of the events {found.manifest['hashes']['digest']}")


def query(
    run: _common.RunArgument,
    sql: Annotated[str, typer.Argument(metavar="SQL", help='Such as "select kind, count(*) from events group by 1".')],
    as_json: _common.JsonOption = False,
) -> None:
    """Ask a run in SQL: tables events, passes, marks, contracts, and wallets, positions, orders before and after."""
    with optional("duckdb", "asking runs in SQL"):
        import duckdb
    there = io.open_run(run)
    with duckdb.connect() as database:
        for name, columns in _queried(there).items():
            database.register(name, columns)
        try:
            found = database.execute(sql)
            names = [column[0] for column in found.description or []]
            rows = found.fetchall()
        except duckdb.Error as error:
            raise AdlError(f"SQL: {str(error).splitlines()[0]}", argument="SQL", value=sql) from None
    if as_json:
        _common.print_json({"columns": names, "rows": [list(row) for row in rows]})
        return
    cells = list(zip(*rows, strict=True)) or [()] * len(names)
    columns = [
        _tables.Column(
            name,
            [_cell(value) for value in column],
            right=all(isinstance(value, int | float) for value in column),
            least=6,
        )
        for name, column in zip(names, cells, strict=True)
    ]
    _tables.print_table(_tables.console(), columns)


def report(
    run: _common.RunArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The HTML file; else report.html in the run.")
    ] = None,
) -> None:
    """Write what happened in a run as one HTML file that needs no network."""
    from .. import report as pages
    from ._crashes import REPORT

    target = run / REPORT if out is None else out
    pages.write(io.open_run(run), target)
    typer.echo(f"{target}: {target.stat().st_size / 2**20:.1f} MiB")


def _queried(run: io.Run) -> dict[str, Any]:
    """The tables of a run, as Arrow."""
    import pyarrow as pa

    tables: dict[str, dict[str, Any]] = {"events": run.events(), "passes": run.passes(), "marks": run.marks()}
    for name, snapshot in (("before", run.before), ("after", run.after)):
        if snapshot is None:
            continue
        for part in ("wallets", "positions", "orders", "balances"):
            tables[f"{part}_{name}"] = getattr(snapshot, part).columns()
    fields = [contract.fields() for contract in run.contracts]
    shown = ("symbol", "kind", "multiplier", "lot", "tick")
    tables["contracts"] = {name: [str(each[name]) for each in fields] for name in shown}
    return {
        name: pa.table({key: pa.array(column) for key, column in columns.items()}) for name, columns in tables.items()
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
