"""The events of a run as whole numbers, so that everything after is NumPy; text is made where a person reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ... import _kernels
from ..._support.arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D
from ...clearing import KINDS, Snapshot
from ...clearing.events import CAUSE_CODES, CAUSES, CODES, Words
from ...contracts import Asset, Contract
from ...errors import AdlError
from ...io.runs.opening import OpeningDebt, OpeningFund

if TYPE_CHECKING:
    from .prices import View

__all__ = ["Record", "RunLike", "exact_sums_by_code", "pass_indices", "read_record", "sum_by_code"]

Mask = npt.NDArray[np.bool_]

#: The numbers of an event that are kept as they are.
NUMBERS = ("wallet", "row", "lots", "price", "amount")

#: The code of a word that neither the run nor this adlcore knows; -1 is that of no word.
UNKNOWN = -2


class RunLike(Protocol):
    """What a report reads of a run.

    `opening_funds` and `opening_debts` are None where the run does not say what its house held when it began.
    """

    @property
    def before(self) -> Snapshot: ...
    @property
    def contracts(self) -> tuple[Contract, ...]: ...
    @property
    def assets(self) -> tuple[Asset, ...]: ...
    @property
    def configuration(self) -> Any: ...
    @property
    def manifest(self) -> Mapping[str, Any]: ...
    @property
    def opening_funds(self) -> Sequence[OpeningFund] | None: ...
    @property
    def opening_debts(self) -> Sequence[OpeningDebt] | None: ...
    def event_codes(self) -> Mapping[str, Any]: ...
    def passes(self) -> Mapping[str, Any]: ...
    def mark_codes(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, eq=False)
class Record:
    """The events of a run, n of them, and its p passes.

    Attributes
    ----------
    kind, cause, contract, asset, party : int64[n]
        Codes: of :data:`adlcore.clearing.KINDS`, of the causes, of the run's contracts and assets, of `parties`;
        -1 for none. The party is the saved column ``fund``: who was on the other side, if it was no wallet.
    wallet, row, lots, price, amount : int64[n]
        As in :class:`adlcore.clearing.Events`.
    link : int64[n]
        The place of the other leg in these columns; -1 where there is none, or it is not among them.
    pass_index : int64[n]
        Which pass, counted from 0.
    parties : tuple of str
        Street, treasury, vaults and funds that events name, in the order of the alphabet.
    pass_number, pass_time : int64[p]
        Of each pass.
    """

    kind: Int64Array1D
    cause: Int64Array1D
    contract: Int64Array1D
    asset: Int64Array1D
    party: Int64Array1D
    wallet: Int64Array1D
    row: Int64Array1D
    lots: Int64Array1D
    price: Int64Array1D
    amount: Int64Array1D
    link: Int64Array1D
    pass_index: Int64Array1D
    parties: tuple[str, ...]
    pass_number: Int64Array1D
    pass_time: Int64Array1D

    def __len__(self) -> int:
        return len(self.kind)

    def of(self, *kinds: str) -> Mask:
        """bool[n]: which events are of these kinds."""
        wanted = np.zeros(len(KINDS), bool)
        wanted[[CODES[kind] for kind in kinds]] = True
        return np.asarray(wanted[self.kind])

    def because(self, cause: str) -> Mask:
        """bool[n]: which events have this cause."""
        return np.asarray(self.cause == CAUSE_CODES[cause])

    def counts(self) -> dict[str, int]:
        """How many events there are of each kind that there is, in the order of the kinds."""
        counts = np.bincount(self.kind, minlength=len(KINDS)).tolist()
        return {kind: count for kind, count in zip(KINDS, counts, strict=True) if count}

    def tally(self, *kinds: str) -> int:
        """How many events are of these kinds."""
        return int(np.count_nonzero(self.of(*kinds)))

    def notional(self, view: View, event: Int64Array1D) -> Float64Array1D:
        """float64[k]: what some fills moved, in the unit of a view, at the index prices of their pass."""
        quantum_value = view.factor[self.pass_index[event] + 1, self.asset[event]]
        return np.asarray(np.abs(self.amount[event]) * quantum_value)


def read_record(run: RunLike) -> Record:
    """Read all events of a run.

    Parameters
    ----------
    run : Run
        Of ``adlcore.io.open_run``, or anything with the same columns.

    Returns
    -------
    Record

    Raises
    ------
    AdlError
        For a kind, cause, contract or asset that this adlcore or the run does not know, for sequence numbers that
        do not rise, times that fall, and for an event of no pass; the row is named.

    Notes
    -----
    O(n log n) time for n events; six int64 columns beside those that are referred to.
    """
    columns, passes = run.event_codes(), run.passes()
    number = np.asarray(passes["pass"], INT64)
    sequence = np.asarray(columns["sequence"], INT64)
    falls = np.flatnonzero(sequence[1:] <= sequence[:-1])
    if len(falls):
        row = int(falls[0]) + 1
        raise AdlError.at("events.sequence", row, int(sequence[row]), "must be above the one before")
    time = np.asarray(passes["time"], INT64)
    falls = np.flatnonzero(time[1:] < time[:-1])
    if len(falls):
        row = int(falls[0]) + 1
        raise AdlError.at("passes.time", row, int(time[row]), "must not be before that of the pass before")
    wallet = np.asarray(columns["wallet"], INT64)
    strange = np.flatnonzero((wallet < -1) | (wallet >= len(run.before.wallets)))
    if len(strange):
        row = int(strange[0])
        raise AdlError.at("events.wallet", row, int(wallet[row]), "must be a wallet of the run, or -1")
    fund = columns["fund"]
    parties = sorted({fund.words[code] for code in np.unique(fund.codes).tolist() if code >= 0} - {""})
    return Record(
        kind=_codes("kind", columns["kind"], KINDS, None),
        cause=_codes("cause", columns["cause"], CAUSES),
        contract=_codes("contract", columns["contract"], [contract.symbol for contract in run.contracts]),
        asset=_codes("asset", columns["asset"], [asset.name for asset in run.assets]),
        party=_codes("fund", fund, parties),
        link=_links(sequence, np.asarray(columns["link"], INT64)),
        pass_index=pass_indices(number, columns["pass"], "events.pass"),
        parties=tuple(parties),
        pass_number=number,
        pass_time=time,
        **{name: np.asarray(columns[name], INT64) for name in NUMBERS},
    )


def _codes(name: str, column: Words, known: Sequence[str], none: int | None = -1) -> Int64Array1D:
    """A column of words as codes, their places among those that are known; no text is `none`, if it may be."""
    code_of = {word: code for code, word in enumerate(known)}
    if none is not None:
        code_of.setdefault("", none)
    # The last is that of -1.
    codes = np.array([code_of.get(word, UNKNOWN) for word in (*column.words, "")], INT64)[column.codes]
    strange = np.flatnonzero(codes == UNKNOWN)
    if len(strange):
        row = int(strange[0])
        word = str(column.texts()[row])
        raise AdlError.at(f"events.{name}", row, word, "must be known to the run and to this adlcore")
    return codes


def _links(sequence: Int64Array1D, link: Int64Array1D) -> Int64Array1D:
    """The place of each other leg; -1 where there is none, or it is missing."""
    linked = np.flatnonzero(link >= 0)
    place = np.minimum(np.searchsorted(sequence, link[linked]), max(len(sequence) - 1, 0))
    is_there = sequence[place] == link[linked]
    out = np.full(len(link), -1, INT64)
    out[linked[is_there]] = place[is_there]
    return out


def pass_indices(pass_number: Int64Array1D, column: Any, name: str) -> Int64Array1D:
    """Which pass of the run each row of a column of pass numbers is of; where one is of none, `name` is told."""
    number = np.asarray(column, INT64)
    index = np.minimum(np.searchsorted(pass_number, number), max(len(pass_number) - 1, 0)).astype(INT64)
    wrong = np.flatnonzero(pass_number[index] != number) if len(pass_number) else np.arange(len(number))
    if len(wrong):
        row = int(wrong[0])
        raise AdlError.at(name, row, int(number[row]), "must be a pass of the run")
    return index


def sum_by_code(codes: Int64Array1D, weights: Float64Array1D, count: int) -> Float64Array1D:
    """float64[count]: the sum of the weights of each code from 0 to `count` - 1."""
    return np.asarray(np.bincount(codes, weights, count), FLOAT64)


def exact_sums_by_code(values: Int64Array1D, codes: Int64Array1D, count: int) -> list[int]:
    """The exact sum of the values of each code from 0 to `count` - 1; codes below 0 are passed over.

    Examples
    --------
    >>> exact_sums_by_code(np.array([2**62, 2**62, 5]), np.array([1, 1, -1]), 2)
    [0, 9223372036854775808]
    """
    order = np.argsort(codes, kind="stable")
    cuts = np.searchsorted(codes[order], np.arange(count + 1))
    ordered = values[order]
    return [int(_kernels.numbers.money.exact_sum(ordered[cuts[code] : cuts[code + 1]])) for code in range(count)]
