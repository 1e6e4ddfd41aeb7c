"""Mark and index prices through a run, and what money of each asset is worth in one unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D
from ..._support.options import require_option
from ..._support.wording import listed
from ...clearing.events import Words
from ...contracts import Contract
from ...contracts.decimals import positive_decimal
from ...errors import AdlError
from .record import Record, RunLike, pass_indices

__all__ = ["PriceHistory", "View", "read_price_history", "absolute_value_per_lot", "views"]


@dataclass(frozen=True, eq=False)
class PriceHistory:
    """Prices before the first pass (row 0) and at each of the p passes.

    Attributes
    ----------
    mark : float64[p + 1, contracts]
        NaN where a contract was never marked.
    index : float64[p + 1, assets]
        In the numeraire; NaN where none is known.
    """

    mark: npt.NDArray[np.float64]
    index: npt.NDArray[np.float64]
    _before: tuple[dict[str, str], dict[str, str]]
    _updates: dict[str, tuple[list[str], Int64Array1D, Int64Array1D, npt.NDArray[Any]]]

    def exact(self, pass_index: int) -> tuple[dict[str, str], dict[str, str]]:
        """Mark prices by symbol and index prices by asset at a pass, counted from 0, as decimal text."""
        exact = []
        for kind, start in zip(("mark", "index"), self._before, strict=True):
            names, passes, codes, price = self._updates[kind]
            prices = dict(start)
            end = int(np.searchsorted(passes, pass_index, side="right"))
            for code, name in enumerate(names):
                rows = np.flatnonzero(codes[:end] == code)
                if len(rows):
                    prices[name] = str(price[rows[-1]])
            exact.append(prices)
        return exact[0], exact[1]


def read_price_history(run: RunLike, record: Record) -> PriceHistory:
    """The prices of a run, those of contracts without a new mark carried on.

    Parameters
    ----------
    run : Run
    record : Record
        Of the same run.

    Returns
    -------
    PriceHistory

    Notes
    -----
    O(passes·(contracts + assets) + prices).
    """
    columns, before = run.mark_codes(), run.before
    kind, name = columns["kind"], columns["name"]
    price = np.asarray(columns["price"], np.str_)
    pass_index = pass_indices(record.pass_number, columns["pass"], "marks.pass")
    texts, codes = np.unique(price, return_inverse=True)
    _refuse(
        Words(tuple(texts.tolist()), codes), "price", partial(positive_decimal, argument="price"), np.arange(len(price))
    )
    starts, updates, tables = [], {}, []
    for wanted, names, before_prices in (
        ("mark", [contract.symbol for contract in run.contracts], before.marks),
        ("index", [asset.name for asset in run.assets], before.index_prices),
    ):
        rows = np.flatnonzero(np.array([word == wanted for word in (*kind.words, "")])[kind.codes])
        rows = rows[np.argsort(pass_index[rows], kind="stable")]
        _refuse(name, "name", partial(require_option, "name", known=names), rows)
        codes = np.array([names.index(word) if word in names else -1 for word in (*name.words, "")], INT64)
        column = codes[name.codes[rows]]
        updates[wanted] = names, pass_index[rows].astype(INT64), column, price[rows]
        starts.append({name: str(p) for name, p in zip(names, before_prices, strict=True) if p is not None})
        start = [np.nan if p is None else float(p) for p in before_prices]
        tables.append(_carried(start, pass_index[rows], column, price[rows].astype(FLOAT64), len(record.pass_number)))
    return PriceHistory(tables[0], tables[1], (starts[0], starts[1]), updates)


def _refuse(column: Words, name: str, check: Callable[[str], object], rows: Int64Array1D) -> None:
    """Refuse the first word of some rows that cannot be; each is looked at once."""
    words, codes = (*column.words, ""), column.codes[rows]
    for code in sorted(np.unique(codes).tolist(), key=words.__getitem__):
        try:
            check(words[code])
        except AdlError as error:
            row = int(rows[np.argmax(codes == code)])
            raise error.placed(f"marks.{name}", row, words[code]) from None


def _carried(
    start: list[float], pass_index: Any, column: Int64Array1D, price: Float64Array1D, passes: int
) -> npt.NDArray[np.float64]:
    """A table of prices in which what is not given is what it was."""
    table = np.full((passes + 1, len(start)), np.nan)
    table[0] = start
    table[pass_index + 1, column] = price
    last = np.where(np.isnan(table), 0, np.arange(passes + 1)[:, None])
    np.maximum.accumulate(last, axis=0, out=last)
    return np.asarray(np.take_along_axis(table, last, axis=0))


def absolute_value_per_lot(contract: Contract, mark: Any) -> Any:
    """What lots are worth at marks, as magnitudes in units of the settle asset."""
    units = float(contract.units_per_lot)
    return units / mark if contract.inverse else units * mark


@dataclass(frozen=True, eq=False)
class View:
    """A unit that amounts are summed in.

    Attributes
    ----------
    unit : str
        The name of an asset.
    is_total : bool
        Whether amounts of all settle assets are in it, at index prices; else those of the one asset.
    note : str
        How it came to be, for people; empty where there is nothing to say.
    factor : float64[p + 1, assets]
        What a quantum of each asset is worth; 0 for assets that are not in this view.
    """

    unit: str
    is_total: bool
    note: str
    factor: npt.NDArray[np.float64]


def views(run: RunLike, prices: PriceHistory) -> list[View]:
    """One view of everything where that can be, else one for each settle asset.

    Parameters
    ----------
    run : Run
    prices : PriceHistory

    Returns
    -------
    list of View
        Of all settle assets together where there is one only, or where every one has an index price, or is the
        numeraire of the wallets that hold several assets.
    """
    quanta = np.array([asset.quanta_per_unit for asset in run.assets], FLOAT64)
    settle = list(dict.fromkeys(contract.settle.name for contract in run.contracts))
    names = [asset.name for asset in run.assets]
    if len(settle) > 1:
        numeraire = _numeraire(run, names)
        index = prices.index.copy()
        if numeraire >= 0:
            index[:, numeraire] = 1.0
        if numeraire >= 0 and not np.isnan(index[:, [names.index(name) for name in settle]]).any():
            others = [name for name in settle if name != names[numeraire]]
            note = f"{listed(others)} valued in {names[numeraire]} at the index price of each pass"
            return [View(names[numeraire], True, note, np.nan_to_num(index) / quanta)]
    found = []
    for name in settle:
        factor = np.zeros_like(prices.index)
        factor[:, names.index(name)] = 1 / quanta[names.index(name)]
        found.append(View(name, len(settle) == 1, "", factor))
    return found


def _numeraire(run: RunLike, names: list[str]) -> int:
    """The asset that index prices are in: that of wallets with several assets, or one whose price is 1."""
    wallets = run.before.wallets
    valued = wallets.asset[wallets.is_valued()]
    if len(valued):
        return int(valued[0])
    ones = [code for code, price in enumerate(run.before.index_prices) if price == 1]
    return ones[0] if ones else -1
