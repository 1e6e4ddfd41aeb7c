"""``adlcore query``: a run asked in SQL, by a DuckDB that reaches its tables and nothing else."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import typer

from .. import io
from .._support.arrays import Int64Array1D
from .._support.extras import optional_import
from .._support.wording import counted
from ..clearing import Snapshot
from ..clearing.snapshot.tables import MODES
from ..errors import AdlError, value_text
from . import _options, _screen, _tables
from ._json import print_json

__all__ = ["query"]

#: Nothing is read or written beside the tables: no files, no extensions, no secrets, no variables of Python, and what
#: does not fit the memory is refused instead of written to a folder.
DISABLED_SETTINGS = (
    *("enable_external_access", "autoinstall_known_extensions", "autoload_known_extensions"),
    *("allow_community_extensions", "allow_unsigned_extensions", "allow_persistent_secrets"),
    "python_enable_replacements",
)
DATABASE_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    **dict.fromkeys(DISABLED_SETTINGS, "false"),
    "temp_directory": "",
}
#: What can be set of a database that is open only; the last one locks the rest and itself.
SETTINGS = ("SET disabled_filesystems = 'LocalFileSystem'", "SET lock_configuration = true")

#: Functions that may stand where a table stands. DuckDB has others that read files, write logs, or take addresses.
TABLE_FUNCTIONS = ("duckdb_functions", "generate_series", "json_each", "json_tree", "range", "repeat", "unnest")

#: One statement that reads, as errors ask for it.
READING = "must be one SELECT, FROM, VALUES, WITH, DESCRIBE, SHOW or SUMMARIZE, or EXPLAIN before one"
EXPLAIN = re.compile(r"\s*(explain\s+analyze|explain)\b(?!\s*\()", re.IGNORECASE)

#: DuckDB's types that are Python's own and JSON's; any other is cast to text, which has a form for every value.
WHOLE = ("tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint")
NUMBERS = (*WHOLE, "uhugeint", "float", "double")
PLAIN = (*NUMBERS, "boolean", "varchar")
#: Types of nothing but parts, which JSON has too.
NESTED = ("list", "array", "struct")

#: A column of text is not cut to fewer cells; where columns do not fit, the last ones go.
LEAST_TEXT = 16


def query(
    run: _options.RunArgument,
    sql: Annotated[str, typer.Argument(metavar="SQL", help='Such as "select kind, count(*) from events group by 1".')],
    top: Annotated[int, typer.Option("--top", min=0, help="Rows of the table; 0 shows all.")] = 100,
    as_json: _options.JsonOption = False,
) -> None:
    """Ask a run in SQL.

    Tables: events, passes, marks, contracts, and wallets, positions, orders and balances, each as it was before the run
    (wallets_before) and after it (wallets_after). A wallet is a number, the same everywhere. Quantities are in lots,
    prices in ticks, money in quanta, times in the run's own unit.

    One statement that reads. Nothing but the tables of the run can be read, and nothing can be written.
    """
    with optional_import("duckdb", "asking runs in SQL"):
        import duckdb
    there = io.open_run(run)
    with duckdb.connect(":memory:", config=DATABASE_CONFIG) as database:
        for name, columns in _queried(there).items():
            database.register(name, columns)
        with _complaints(sql, duckdb.Error):
            for setting in SETTINGS:
                database.execute(setting)
            statement, explain = _read_statement(database, sql)
            if explain:
                plan = database.execute(f"{explain} {statement}").fetchall()
                _screen.print_lines("\n".join(line for _, text in plan for line in text.splitlines()))
                return
            names, kinds, rows = _answer(database, statement, top + 1 if top and not as_json else None, as_json)
    if as_json:
        print_json({"columns": names, "rows": [list(row) for row in rows]})
        return
    _print(names, kinds, rows[:top] if top else rows, len(rows) > top > 0)


@contextlib.contextmanager
def _complaints(sql: str, fault: type[Exception]) -> Iterator[None]:
    """Whatever DuckDB, or its way to Python's values, has against a statement, as one line."""
    try:
        yield
    except AdlError:
        raise
    except (fault, ValueError, OverflowError, RuntimeError, MemoryError, NotImplementedError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise _refusal(sql, lines[0]) from None


def _refusal(sql: str, message: str) -> AdlError:
    return AdlError(f"SQL: {message}", argument="SQL", value=sql)


def _read_statement(database: Any, sql: str) -> tuple[str, str]:
    """The one statement without what ends it, and the EXPLAIN before it; refused is what does more than read."""
    statement, explain = sql, ""
    if (match := EXPLAIN.match(sql)) is not None:
        explain, statement = " ".join(match[1].split()), sql[match.end() :]
    statement = statement.rstrip("; \t\r\n")
    tree = _parsed(database, statement)
    if tree.get("error_type") == "parser":
        raise _refusal(sql, tree["error_message"].splitlines()[0])
    if tree["error"] or len(tree["statements"]) != 1:
        raise AdlError.at("SQL", None, sql, READING)
    for name in _table_functions(tree["statements"]):
        if name not in TABLE_FUNCTIONS:
            known = ", ".join(TABLE_FUNCTIONS)
            raise _refusal(sql, f"{value_text(name)} is no table of a run: must be a table, or one of {known}")
    # A comment may stand behind the sign that ends a statement, and the sign in a text: what is cut off is nothing.
    ends = (match.start() for match in re.finditer(";", statement))
    end = next((end for end in ends if _parsed(database, statement[:end]) == tree), len(statement))
    return statement[:end], explain


def _parsed(database: Any, sql: str) -> dict[str, Any]:
    """What DuckDB's parser reads there; with an error where that is nothing, or does more than read."""
    quoted = sql.replace("'", "''")
    ((text,),) = database.execute(f"SELECT json_serialize_sql('{quoted}')").fetchall()
    tree: dict[str, Any] = json.loads(text)
    return tree


def _table_functions(tree: Any) -> Iterator[str]:
    """The names of all functions that stand where a table stands, in small letters."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get("type") == "TABLE_FUNCTION":
                yield str(node["function"].get("function_name")).lower()
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _answer(
    database: Any, statement: str, most: int | None, nested: bool
) -> tuple[list[str], list[str], list[tuple[Any, ...]]]:
    """Names and types of the columns and at most so many rows, of Python's own values."""
    relation = database.sql(statement)
    names, types = list(relation.columns), list(relation.types)
    # By their numbers: names of columns may be there twice.
    cells = [
        f"#{number}" if _is_plain(kind, nested) else f"CAST(#{number} AS VARCHAR)"
        for number, kind in enumerate(types, 1)
    ]
    limit = "" if most is None else f" LIMIT {most}"
    rows = database.execute(f"SELECT {', '.join(cells)} FROM (\n{statement}\n) AS asked{limit}").fetchall()
    return names, [kind.id for kind in types], rows


def _is_plain(kind: Any, nested: bool) -> bool:
    """Whether values of a type are taken as they are; with `nested`, lists and structs of such, too."""
    if nested and kind.id in NESTED:
        return all(_is_plain(part, nested) for name, part in kind.children if name != "size" or kind.id != "array")
    return kind.id in PLAIN


def _print(names: list[str], kinds: list[str], rows: list[tuple[Any, ...]], more: bool) -> None:
    """A table of the columns that fit, and a line that says what is left out."""
    console = _tables.console()
    # Of a column at least one cell is shown, and a gap: further ones need not be looked at.
    looked_at = list(zip(range(console.width // 2 + 1), names, kinds, strict=False))
    columns = [
        _tables.Column(
            name,
            [_cell(row[number]) for row in rows],
            right=kind in (*NUMBERS, "decimal"),
            least=0 if kind in NUMBERS else LEAST_TEXT,
            drop=number,
        )
        for number, name, kind in looked_at
    ]
    shown_columns = _tables.print_table(console, columns)
    hints = []
    if shown_columns < len(names):
        hints.append(f"{shown_columns} of {len(names):,} columns fit: name those you need, or --json")
    if more:
        hints.append(f"the first {counted(len(rows), 'row')}: --top 0 shows all")
    for line in hints:
        _tables.hint(console, line)


def _queried(run: io.Run) -> dict[str, Any]:
    """The tables of a run, as Arrow."""
    import pyarrow as pa  # late: an optional package, and slow to import

    tables: dict[str, dict[str, Any]] = {"events": run.events(), "passes": run.passes(), "marks": run.marks()}
    for name, snapshot in (("before", run.before), ("after", run.after)):
        if snapshot is None:
            continue
        for part in ("wallets", "positions", "orders", "balances"):
            tables[f"{part}_{name}"] = _named(snapshot, part)
    fields = [contract.fields() for contract in run.contracts]
    shown_fields = ("symbol", "kind", "multiplier", "lot", "tick")
    tables["contracts"] = {name: [str(each[name]) for each in fields] for name in shown_fields}
    return {
        name: pa.table(
            {key: pa.array(each, pa.string() if isinstance(each, list) else None) for key, each in columns.items()}
        )
        for name, columns in tables.items()
    }


def _named(snapshot: Snapshot, part: str) -> dict[str, Any]:
    """A table of a snapshot, with its rows' numbers where others name them, and names in place of codes."""
    columns: dict[str, Any] = getattr(snapshot, part).columns()
    names = {"mode": MODES, "asset": [asset.name for asset in snapshot.assets]}
    symbols = [contract.symbol for contract in snapshot.contracts]
    named: dict[str, Any] = {}
    if part == "wallets":
        named["wallet"] = np.arange(len(snapshot.wallets))
    elif part == "positions":
        named |= {"row": np.arange(len(snapshot.positions)), "contract": _words(symbols, snapshot.position_contract)}
    for name, column in columns.items():
        words = symbols if name == "contract" else names.get(name)
        named[name] = column if words is None else _words(words, column)
    return named


def _words(words: Sequence[str], codes: Int64Array1D) -> list[str]:
    return [words[code] for code in codes.tolist()]


def _cell(value: Any) -> str:
    """A value as a cell shows it; none is empty."""
    if value is None:
        return ""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
