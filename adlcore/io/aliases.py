"""Which column of a file is which column of a market.

A mapping is given by the caller or found by name. Only names that mean one thing wherever they are used are found: an
account *value* or *balance* may be cash, without unrealized PnL, and is never taken for equity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from .._support.names import nearest_names
from .._support.options import read_list
from ..errors import AdlError

__all__ = ["ALIASES", "ColumnMapping", "find_columns", "parse_columns"]

#: What a caller may give: ``"equity=cash+pnl,account=user"``, or the same as a mapping; a tuple of names is their sum.
ColumnMapping = str | Mapping[str, str | Sequence[str] | None]

#: Names under which each column is found, the preferred first; case, spaces and punctuation do not count. ``side`` is
#: no column of a market: it signs the quantity of files that keep sizes.
ALIASES: dict[str, tuple[str, ...]] = {
    "quantity": (
        *("quantity", "position_size", "position_amt", "position_amount", "position_qty", "position_quantity", "szi"),
        *("current_qty", "net_quantity", "net_size", "signed_size", "contracts", "position", "pos", "size", "qty"),
    ),
    "entry_price": (
        *("entry_price", "entry_px", "avg_entry_price", "average_entry_price", "avg_open_price", "open_avg_price"),
        *("entry", "avg_price", "avg_px", "average_price"),
    ),
    "entry_value": ("entry_value",),
    "equity": ("equity", "total_equity", "wallet_equity", "position_equity"),
    "account_equity": ("account_equity", "portfolio_equity"),
    "balance": ("balance", "wallet_balance", "cash_balance"),
    "maintenance_margin": ("maintenance_margin", "maint_margin", "maintenance"),
    "bankruptcy_value": ("bankruptcy_value",),
    "leverage": ("leverage",),
    "tie": ("tie", "tie_break", "tie_breaker"),
    "account": (
        *("account", "account_id", "account_name", "user", "user_id", "uid", "address", "trader", "client"),
        *("client_id", "owner", "wallet"),
    ),
    "side": ("side", "position_side", "pos_side"),
}

#: Columns that a caller may build as a sum.
SUMMABLE = ("quantity", "entry_value", "equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value")


def parse_columns(columns: ColumnMapping | None) -> dict[str, tuple[str, ...]]:
    """Read a mapping of canonical names to names in a file; an empty value leaves the column out.

    Raises
    ------
    AdlError
        For a piece without ``=``, a name that no market has (with the nearest), or one that is given twice.

    Examples
    --------
    >>> parse_columns("quantity=position_size, equity=cash+unrealized_pnl")
    {'quantity': ('position_size',), 'equity': ('cash+unrealized_pnl',)}
    """
    pairs: Iterable[tuple[str, str | Sequence[str] | None]]
    if columns is None:
        return {}
    if isinstance(columns, str):
        pieces = [piece for piece in columns.split(",") if piece.strip()]
        for piece in pieces:
            if "=" not in piece:
                must = "must be NAME=COLUMN, such as quantity=position_size"
                raise AdlError.at("columns", None, piece.strip(), must)
        pairs = [(piece.partition("=")[0], piece.partition("=")[2]) for piece in pieces]
    elif isinstance(columns, Mapping):
        pairs = columns.items()
    else:
        raise AdlError.at("columns", None, columns, "must be text as in quantity=position_size, or a mapping")
    sources: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        name = str(key).strip()
        if name not in ALIASES:
            near = nearest_names(name, ALIASES) or list(ALIASES)
            raise AdlError.at("columns", None, name, f"must be a column of a market; nearest: {', '.join(near)}")
        if name in sources:
            raise AdlError.at("columns", None, name, "must be given once")
        if value is None or isinstance(value, str):
            sources[name] = (value.strip(),) if value and value.strip() else ()
        else:
            sources[name] = tuple(
                map(str, read_list("columns", value, f"must be names of columns of the file, for {name}"))
            )
    return sources


def find_columns(path: str, header: Sequence[str], columns: ColumnMapping | None) -> dict[str, tuple[str, ...]]:
    """For each column of a market that a file has, the file's columns whose sum it is.

    Parameters
    ----------
    path : str
        For messages.
    header : sequence of str
        The file's column names.
    columns : str or mapping, optional
        As given to :func:`adlcore.read_positions`.

    Raises
    ------
    AdlError
        For a name that the file has not or has twice, with the nearest names; no quantity; no entry.

    Examples
    --------
    >>> find_columns("p.csv", ["User", "szi", "entryPx", "cash", "pnl"], "equity=cash+pnl")
    {'equity': ('cash', 'pnl'), 'quantity': ('szi',), 'entry_price': ('entryPx',), 'account': ('User',)}
    """
    mapping = parse_columns(columns)
    sources = {name: _named_columns(path, header, name, parts) for name, parts in mapping.items() if parts}
    for name, aliases in ALIASES.items():
        if name not in mapping and (match := _by_alias(path, header, name, aliases)):
            sources[name] = (match,)
    if "entry_price" in sources and "entry_value" in sources:
        # Where a file has both, the price has no sign to get wrong; a caller who names one means it.
        sources.pop("entry_price" if "entry_value" in mapping and "entry_price" not in mapping else "entry_value")
    for names in (("quantity",), ("entry_price", "entry_value")):
        if not any(name in sources for name in names):
            raise absent_column(path, header, names[0])
    return sources


def absent_column(path: str, header: Sequence[str], name: str, why: str = "") -> AdlError:
    """The error for a column that was neither given nor found."""
    columns = ", ".join(header[:12]) + (", ..." if len(header) > 12 else "")
    message = f"{path} has no column that is known as {name}{why}: give columns '{name}=...' of {columns}"
    return AdlError(message, argument=name)


def _named_columns(path: str, header: Sequence[str], name: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The file's columns of one mapping: a name as it stands, or a sum of names."""
    stripped = {column.strip(): column for column in header}
    if len(parts) == 1 and parts[0] not in stripped:
        parts = tuple(part.strip() for part in parts[0].split("+"))
    if len(parts) > 1 and name not in SUMMABLE:
        raise AdlError.at("columns", None, f"{name}={'+'.join(parts)}", f"must be one column: {name} is not a sum")
    for part in parts:
        if part not in stripped:
            near = nearest_names(part, stripped, cutoff=0.5) or list(stripped)[:12]
            message = f"{path} has no column {part!r} (for {name}); nearest: {', '.join(near)}"
            raise AdlError(message, argument=name, value=part)
        _refuse_twins(path, header, stripped[part])
    return tuple(stripped[part] for part in parts)


def _by_alias(path: str, header: Sequence[str], name: str, aliases: tuple[str, ...]) -> str | None:
    """The one column of the file that a common name stands for."""
    by_bare_name: dict[str, list[str]] = {}
    for column in header:
        by_bare_name.setdefault(_bare_name(column), []).append(column)
    for alias in aliases:
        matches = by_bare_name.get(_bare_name(alias), [])
        if len(set(matches)) > 1:
            message = f"{path} has columns {' and '.join(map(repr, matches))}: give columns '{name}=...' to say which"
            raise AdlError(message, argument=name, value=matches)
        if matches:
            _refuse_twins(path, header, matches[0])
            return matches[0]
    return None


def _refuse_twins(path: str, header: Sequence[str], column: str) -> None:
    """Refuse a column whose name the file has twice."""
    if list(header).count(column) > 1:
        raise AdlError(f"{path} has two columns {column!r}: must have one", argument=column, value=column)


def _bare_name(name: str) -> str:
    """``position_amt``, ``positionAmt`` and ``Position Amt`` are one name."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
