"""What happened, as one table: a row for each side of each movement, and a row for each fact that moves nothing.

Every movement has two *legs* that name each other in ``link``: what one wallet or party gives, another
receives. A leg names a wallet and, where lots move, a position row; or it names a *party*: a fund, a
vault, the street (the far side of the order book) or the treasury (which exchanges collateral).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .._support.arrays import INT64, Int64Array1D
from .._support.options import require_option
from .._support.pickles import Immutable

__all__ = ["COLUMNS", "KINDS", "LEVERAGE_UNIT", "MONEY", "Column", "Events", "Leg", "Log", "Words", "name_column"]

#: Legs of fills: lots and money move.
FILLS = ("balanced", "net-legs", "book-fill", "backstop", "take-over", "adl-fill", "trade")

#: Legs of money alone, between wallets and parties.
MONEY = (
    *("fee", "surplus", "cover", "rest", "fund-received", "fund-paid", "vault-received"),
    *("exchange", "loan-repaid", "moved", "funding"),
)

#: Money from outside the venue, or to it: one leg only.
EXTERNAL = ("deposit", "withdrawal", "fund-deposit")

#: Facts that move nothing.
FACTS = (
    *("liquidation-started", "order-placed", "order-cancelled", "zero-fill", "adl-notice", "trigger-on", "trigger-off"),
    *("uncovered-lots", "uncovered-money", "uncovered-paid", "healthy", "max-rounds"),
    *("leverage-set", "uncovered-reduced"),  # at the end, so that the codes of stored events stay
    *("take-over-refused", "take-over-bound"),
)

#: The amount of a ``leverage-set`` is the leverage in these units.
LEVERAGE_UNIT = 10**8

#: Every kind of event, by its code.
KINDS = (*FILLS, *MONEY, *EXTERNAL, *FACTS)
CODES = {kind: code for code, kind in enumerate(KINDS)}

#: Why: by its code.
CAUSES = (
    *("", "bankruptcy", "fund", "backstop", "deleveraging", "fee", "surplus", "settlement", "shortfall", "loan"),
    *("collateral", "netting", "closed", "funding", "opening", "cool-down", "liquidation", "request", "parent"),
    "opened",
    *("depleted", "net-notional", "drawdown", "drawdown-on"),  # at the end, for the same reason
)
CAUSE_CODES = {cause: code for code, cause in enumerate(CAUSES)}

#: The types of columns: whole numbers; words of a few, that are numbered; labels, which are text or whole numbers.
NUMBER, WORD, LABEL = "int64", "a dictionary of text", "int64 or text"


class Column(NamedTuple):
    """A column of events.

    Attributes
    ----------
    name, type : str
        As tables and files have it.
    field : str
        The number of an event that it is made of; of the sequence, the time and the account there is none.
    absent : int
        That number where there is none: -1 of what is a wallet, a row, a contract, an asset, a party or another leg.
    words : str
        The attribute of :class:`Names` that says what the numbers of a column of words stand for.
    """

    name: str
    type: str
    field: str = ""
    absent: int = 0
    words: str = ""


#: The columns of events, in their order: those of the log, of tables and of files are made of this list.
COLUMNS = (
    Column("sequence", NUMBER),
    Column("time", NUMBER),
    Column("kind", WORD, "kind", words="kinds"),
    Column("wallet", NUMBER, "wallet", -1),
    Column("account", LABEL),
    Column("row", NUMBER, "row", -1),
    Column("contract", WORD, "contract", -1, "contracts"),
    Column("lots", NUMBER, "lots"),
    Column("price", NUMBER, "price"),
    Column("amount", NUMBER, "amount"),
    Column("asset", WORD, "asset", -1, "assets"),
    Column("fund", WORD, "party", -1, "parties"),
    Column("cause", WORD, "cause", words="causes"),
    Column("link", NUMBER, "link", -1),
)

#: The numbers of an event.
FIELDS = tuple(column.field for column in COLUMNS if column.field)
FIELD_PLACE = {name: place for place, name in enumerate(FIELDS)}
ABSENT_FIELDS = tuple(column.absent for column in COLUMNS if column.field)


#: A leg: its kind, its cause, and numbers by field, each one or a column.
Leg = tuple[str, str, Mapping[str, Any]]


class Names(Immutable):
    """What the numbers of events stand for. Immutable."""

    __slots__ = PICKLED = ("account", "contracts", "assets", "parties")

    kinds = KINDS
    causes = CAUSES
    account: npt.NDArray[Any]
    contracts: tuple[str, ...]
    assets: tuple[str, ...]
    parties: tuple[str, ...]

    def __init__(
        self, account: npt.NDArray[Any], contracts: tuple[str, ...], assets: tuple[str, ...], parties: tuple[str, ...]
    ) -> None:
        self._restore({"account": account, "contracts": contracts, "assets": assets, "parties": parties})


class Words(NamedTuple):
    """A column of words as numbers.

    Attributes
    ----------
    words : tuple of str
    codes : int64[n]
        Which of `words` each row has; -1 for none.
    """

    words: tuple[str, ...]
    codes: Int64Array1D

    def texts(self) -> npt.NDArray[np.str_]:
        """str[n]: the words; an empty text for none."""
        return name_column(self.words, self.codes)


class _FieldColumn:
    """A property of events: the numbers of the field whose name it has."""

    def __set_name__(self, owner: type[Events], name: str) -> None:
        self._place = FIELD_PLACE[name]

    def __get__(self, events: Events, owner: type[Events]) -> Int64Array1D:
        column: Int64Array1D = events.table[:, self._place]
        return column


class Events(Immutable):
    """A table of events, in the order in which they happened. Immutable; may be shared by threads.

    Attributes
    ----------
    table : int64[n, 11]
        The numbers of each event, in the order of ``FIELDS``.
    first : int
        Sequence number of the first; they rise by one, through all calls of a house.
    time : int
        The time of the call that made them.
    kind, cause : int64[n]
        Codes, of :data:`KINDS` and of the causes.
    wallet, row : int64[n]
        Rows of the wallets, and of the positions or open orders; -1 where a party is meant.
    contract, asset, party : int64[n]
        Rows of the contracts, the assets and the names of funds, vaults, street and treasury; -1 for none.
    lots, price, amount : int64[n]
        In lots, in ticks, and in quanta of the asset.
    link : int64[n]
        The place of the other leg in this table; -1 for none.

    Notes
    -----
    ``lots`` is the signed change of the row's quantity; ``price`` is in ticks, 0 where there is none;
    ``amount`` is in quanta of ``asset``: by how much balance less entry value of that wallet or party
    changed, so that the legs of a movement sum to 0. Of an ``adl-notice`` it is the realized PnL, of
    ``uncovered-money`` what is open, of ``uncovered-reduced``, an inflow that paid part of an open entry,
    what is still open, of orders the margin locked, of other facts 0. A ``leverage-set`` names the row
    that a trade opened and, as ``amount``, its leverage times 10^8: a row that a trade opens and that none
    names has no leverage, whatever it had before it was closed. An ``order-placed`` and an
    ``order-cancelled`` name the order's lots and price, and as ``row`` its row among the open orders:
    after the call that placed it, before the call that cancelled it. What is sent to a user who was
    auto-deleveraged is the ``adl-notice``: contract, quantity, price, realized PnL; no fee is charged,
    and a new position may be opened at once.

    Why a fund did not take over: a ``take-over-refused`` names the first row that it refused of a contract
    in a round, with the row's lots, its bankruptcy price and its wallet beside the fund, and as ``amount``
    the value that the fund's trigger looked at. The ``take-over-bound`` that it is linked with has the
    bound as ``amount``. The cause of both says what the value is:

    * ``depleted``: the fund's equity as it would have been, F', below the least that it may be, 0;
    * ``drawdown``: F', below the least at which the trigger does not turn on;
    * ``drawdown-on``: the trigger is on. What it observed last, equity or its profit in the contract,
      below the least at which it turns off;
    * ``net-notional``: net notional as it would have been, above ``floor(ratio·F')``.

    Both are exact, but for the ends of int64: a bound of 2^63 - 1, and of -2^63 for a net notional, is no
    amount of money. It says that no value would have done, such as where a drawdown against a base of 0 is
    on; a bound or a profit that int64 does not hold is given as the end of int64 that it is beyond.

    Examples
    --------
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     contracts=[adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], [0.05]))],
    ...     wallets=[{"account": "ann", "balance": "12"}, {"account": "bob", "balance": "100"}],
    ...     positions=[
    ...         {"account": "ann", "contract": "X", "quantity": "10", "entry_price": "10"},
    ...         {"account": "bob", "contract": "X", "quantity": "-10", "entry_price": "10"},
    ...     ],
    ...     marks={"X": "10"},
    ... )
    >>> house = adl.ClearingHouse(snapshot, venue=[adl.clearing.Deleverage("binance")])
    >>> events = house.mark({"X": "9.25"})
    >>> events
    <4 events: 1 liquidation-started, 2 adl-fill, 1 adl-notice>
    """

    __slots__ = PICKLED = ("table", "first", "time", "names")

    #: The cause of a trade's leg that put in a new position row.
    OPENED = CAUSE_CODES["opened"]

    table: npt.NDArray[np.int64]
    first: int
    time: int
    names: Names

    def __init__(self, table: npt.NDArray[np.int64], first: int, time: int, names: Names) -> None:
        self._restore({"table": table, "first": first, "time": time, "names": names})

    def __len__(self) -> int:
        return len(self.table)

    kind = _FieldColumn()
    wallet = _FieldColumn()
    row = _FieldColumn()
    contract = _FieldColumn()
    lots = _FieldColumn()
    price = _FieldColumn()
    amount = _FieldColumn()
    asset = _FieldColumn()
    party = _FieldColumn()
    cause = _FieldColumn()
    link = _FieldColumn()

    def of(self, *kinds: str) -> npt.NDArray[np.bool_]:
        """bool[n]: which events are of these kinds."""
        for kind in kinds:
            require_option("kind", kind, CODES)
        return np.isin(self.kind, [CODES[kind] for kind in kinds])

    def only(self, *kinds: str) -> Events:
        """The events of these kinds; sequence numbers are then of this table alone."""
        return Events(self.table[self.of(*kinds)], self.first, self.time, self.names)

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Every column by its name, numbers of things as their names.

        Returns
        -------
        dict
            ``sequence, time, kind, wallet, account, row, contract, lots, price, amount, asset, fund,
            cause, link``. ``wallet`` and ``row`` are -1 where a party is meant, which ``fund`` names (a
            ``take-over-refused`` has both); ``link`` is the sequence number of the other leg, or -1.
            ``account`` is of dtype object always: labels as Python has them, str or int, and None where a
            party is meant, for every number and every text is a label that a user may have. No contract,
            asset or fund is called by an empty text: that stands in ``contract``, ``asset``, ``fund`` and
            ``cause`` for none.
        """
        columns: dict[str, npt.NDArray[Any]] = {
            name: column.texts() if isinstance(column, Words) else column for name, column in self.codes().items()
        }
        columns["account"] = _account_column(self.names.account, self.wallet)
        return {column.name: columns[column.name] for column in COLUMNS}

    def codes(self) -> dict[str, Int64Array1D | Words]:
        """Every column but ``account``, as numbers: those of words are :class:`Words`.

        Returns
        -------
        dict
            As :meth:`columns`; int64[n], or codes and what they stand for.

        Examples
        --------
        >>> import adlcore as adl
        >>> contract = adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))
        >>> snapshot = adl.Snapshot.build([contract], {"account": ["ann"], "balance": ["9"]}, [], {"X": 2})
        >>> house = adl.ClearingHouse(snapshot, venue=[adl.clearing.Uncovered()])
        >>> house.deposit(0, "2.5").codes()["asset"]
        Words(words=('USDT',), codes=array([0]))
        """
        made = {
            "sequence": np.arange(self.first, self.first + len(self)),
            "time": np.full(len(self), self.time, INT64),
            "link": np.where(self.link < 0, -1, self.link + self.first),
        }
        columns: dict[str, Int64Array1D | Words] = {}
        for name, _, field, _, words in COLUMNS:
            if field or name in made:
                numbers = made[name] if name in made else self.table[:, FIELD_PLACE[field]]
                columns[name] = Words(getattr(self.names, words), numbers) if words else numbers
        return columns

    def rows(self, *kinds: str) -> list[dict[str, Any]]:
        """Events as mappings, of these kinds or all of them, with their own sequence numbers."""
        columns = self.columns()
        wanted = np.flatnonzero(self.of(*kinds)) if kinds else np.arange(len(self))
        lists = [column[wanted].tolist() for column in columns.values()]
        return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]

    def counts(self) -> dict[str, int]:
        """How many there are of each kind that there is, in the order of their first."""
        kinds, first, count = np.unique(self.kind, return_index=True, return_counts=True)
        order = np.argsort(first)
        return {KINDS[kinds[k]]: int(count[k]) for k in order.tolist()}

    def digest(self, before: bytes) -> bytes:
        """The rolling hash of all events so far: SHA-256 of the last one and of these."""
        found = hashlib.sha256(before)
        found.update(f"{self.first} {self.time} {len(self)};".encode())
        found.update(np.ascontiguousarray(self.table, "<i8").data)
        return found.digest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Events):
            return NotImplemented
        return (self.first, self.time) == (other.first, other.time) and np.array_equal(self.table, other.table)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        counts = [f"{count:,} {kind}" for kind, count in self.counts().items()]
        lines = [f"<{len(self):,} events" + (": " if counts else "")]
        for number, part in enumerate(counts):
            shown = part + (", " if number < len(counts) - 1 else "")
            if len(lines[-1]) + len(shown) > 79:
                lines[-1] = lines[-1].rstrip()
                lines.append(" ")
            lines[-1] += shown
        return "\n".join(lines) + ">"


def name_column(names: Sequence[str], codes: Int64Array1D) -> npt.NDArray[Any]:
    """The names of codes; an empty text for -1."""
    return np.array([*names, ""])[codes]


def _account_column(account: npt.NDArray[Any], wallet: Int64Array1D) -> npt.NDArray[Any]:
    """The accounts of wallets, as objects: None where there is none."""
    accounts = np.full(len(wallet), None, object)
    places = np.flatnonzero(wallet >= 0)
    accounts[places] = account[wallet[places]].tolist()
    return accounts


class Log:
    """Events as they come: single ones, or many of a shape at once."""

    def __init__(self) -> None:
        self._blocks: list[npt.NDArray[np.int64]] = []
        self._single_lines: list[tuple[int, ...]] = []
        self._count = 0

    def add(self, *legs: Leg) -> None:
        """One event, or the legs of one movement: the first two name each other, further ones the first."""
        for place, (kind, cause, values) in enumerate(legs):
            line = list(ABSENT_FIELDS)
            for name, value in values.items():
                line[FIELD_PLACE[name]] = int(value)
            line[FIELD_PLACE["kind"]], line[FIELD_PLACE["cause"]] = CODES[kind], CAUSE_CODES[cause]
            if len(legs) > 1:
                line[FIELD_PLACE["link"]] = self._count + (1 if place == 0 else 0)
            self._single_lines.append(tuple(line))
        self._count += len(legs)

    def extend(self, *legs: Leg) -> None:
        """Many events, or many movements of the same legs, in the order of the columns."""
        count = max(len(value) for _, _, values in legs for value in values.values() if isinstance(value, np.ndarray))
        if not count:
            return
        # What is the same for all is laid down once for each leg; only columns are written event by event.
        pattern = np.array([ABSENT_FIELDS] * len(legs), INT64)
        columns: list[tuple[int, int, Int64Array1D]] = []
        for place, (kind, cause, values) in enumerate(legs):
            for name, value in values.items():
                if isinstance(value, np.ndarray):
                    columns.append((place, FIELD_PLACE[name], value))
                else:
                    pattern[place, FIELD_PLACE[name]] = value
            pattern[place, FIELD_PLACE["kind"]], pattern[place, FIELD_PLACE["cause"]] = CODES[kind], CAUSE_CODES[cause]
        block = np.empty((count, *pattern.shape), INT64)
        block[:] = pattern
        for place, field, column in columns:
            block[:, place, field] = column
        if len(legs) > 1:
            first = np.arange(self._count, self._count + len(legs) * count, len(legs))
            for place in range(len(legs)):
                block[:, place, FIELD_PLACE["link"]] = first if place else first + 1
        self._flush()
        self._blocks.append(block.reshape(-1, len(FIELDS)))
        self._count += count * len(legs)

    def _flush(self) -> None:
        """Make a block of the single lines so far, which come before the next one."""
        if self._single_lines:
            self._blocks.append(np.array(self._single_lines, INT64))
            self._single_lines = []

    def __len__(self) -> int:
        return self._count

    def wallets(self) -> Int64Array1D:
        """The wallets that it names, ascending."""
        self._flush()
        named = np.concatenate([np.zeros(0, INT64), *(block[:, FIELD_PLACE["wallet"]] for block in self._blocks)])
        return np.unique(named[named >= 0])

    def events(self, first: int, time: int, names: Names) -> Events:
        """The table, and an end of the log."""
        self._flush()
        empty = np.zeros((0, len(FIELDS)), INT64)
        return Events(np.concatenate([empty, *self._blocks]), first, time, names)
