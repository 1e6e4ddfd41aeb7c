"""The arrays behind a margin state: one pass over all positions, and exact moves of some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ... import _kernels
from ..._support.arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D
from ...errors import AdlError
from ..snapshot.snapshot import Snapshot
from .collateral import NumeraireRates, Slots

__all__ = ["MarginPass", "Tiers", "margin_ratios"]

TWO_62, INT64_END = 2**62, 2**63

#: The arrays of a pass as kernels take them.
Holders = tuple[
    _kernels.margin.contracts.Contracts, _kernels.margin.positions.Positions, _kernels.margin.positions.Slots
]


class Valuation(NamedTuple):
    """What everything is valued at: replaced as a whole, so that a move is over in one assignment.

    `moving` says that a move to others has begun and is not over.
    """

    marks: tuple[Decimal | None, ...]
    mark_value_per_lot: Float64Array1D
    rates: NumeraireRates
    moving: bool = False


class Tiers(NamedTuple):
    """The tiers of a contract: rates, and amounts in quanta."""

    rate: Float64Array1D
    amount: Float64Array1D


class MarginPass:
    """Unrealized PnL and maintenance margin of every position, and their sums by slot and wallet.

    Attributes
    ----------
    books : Snapshot
    prices : Valuation
        ``marks``, tuple of Decimal or None, of each contract; ``mark_value_per_lot``, float64[contracts], the value
        of a lot at the mark in quanta, 0.0 where there is none; ``rates`` between assets.
    pnl, margin : int64[n]
        Of each position.
    sums : int64[s, 2]
        Balance plus unrealized PnL, and maintenance margin, of each slot.
    wallets : int64[w, 2]
        Equity and maintenance margin of each wallet; the same array where every wallet is one slot.
    verdict : uint8[w]
        1 where a wallet is liquidatable.
    has_all_tiers : bool
        Whether the maintenance margin of every position is known.
    """

    def __init__(self, books: Snapshot, inclusive: bool, threads: int) -> None:
        self.books = books
        self.inclusive = inclusive
        mark_value_per_lot = np.array(
            [self.mark_value_per_lot_of(code, mark) for code, mark in enumerate(books.marks)], FLOAT64
        )
        self.prices = Valuation(tuple(books.marks), mark_value_per_lot, NumeraireRates(books))
        self.tier_start, self.rate, self.amount = _tier_columns(books)
        held = np.flatnonzero(np.diff(books.start)).tolist()
        self.has_all_tiers = all(books.contracts[code].tiers is not None for code in held)
        self.slots = Slots(books)
        n, w, s = len(books.positions), len(books.wallets), len(self.slots.balance)
        self.pnl, self.margin = np.empty(n, INT64), np.empty(n, INT64)
        self.sums = np.empty((s, 2), INT64)
        self.wallets = np.empty((w, 2), INT64) if self.slots.has_valued else self.sums
        self.verdict = np.empty(w, np.uint8)
        self._holds: npt.NDArray[np.bool_] | None = None
        self._run_all(threads)

    @property
    def marks(self) -> tuple[Decimal | None, ...]:
        """The mark price of each contract."""
        return self.prices.marks

    @property
    def mark_value_per_lot(self) -> Float64Array1D:
        """float64[contracts]: value of a lot at the mark, in quanta; not to be written to."""
        return self.prices.mark_value_per_lot

    @property
    def rates(self) -> NumeraireRates:
        """Conversions between assets at the index prices."""
        return self.prices.rates

    def copied(self) -> MarginPass:
        """A pass over the same books that moves by itself."""
        fresh = copy(self)
        fresh.pnl, fresh.margin, fresh.sums = self.pnl.copy(), self.margin.copy(), self.sums.copy()
        fresh.wallets = self.wallets.copy() if self.slots.has_valued else fresh.sums
        fresh.verdict = self.verdict.copy()
        return fresh

    def mark_value_per_lot_of(self, code: int, mark: Decimal | None) -> float:
        """What a lot of a contract is worth at a mark, in quanta; rounded once."""
        return 0.0 if mark is None else self.books.contracts[code].quanta_per_lot(mark)

    @property
    def equity(self) -> Int64Array1D:
        """int64[w]: equity of each wallet."""
        return self.wallets[:, 0]

    @property
    def wallet_margin(self) -> Int64Array1D:
        """int64[w]: maintenance margin of each wallet."""
        return self.wallets[:, 1]

    def tiers(self, code: int) -> Tiers:
        """The tiers of a contract."""
        part = slice(int(self.tier_start[code]), int(self.tier_start[code + 1]))
        return Tiers(self.rate[part], self.amount[part])

    def holders(self) -> Holders:
        """The contracts, rows and slots for kernels, made for one pass or move: what stands here may be replaced."""
        positions, slots = self.books.positions, self.slots
        return (
            _kernels.margin.contracts.Contracts(self.books.start, self.tier_start, self.rate, self.amount),
            _kernels.margin.positions.Positions(
                positions.quantity, positions.entry_value, slots.position_slot, self.pnl, self.margin
            ),
            _kernels.margin.positions.Slots(slots.balance, self.sums),
        )

    def _run(self, threads: int) -> None:
        """Value every row and sum the slots, cut into ranges of slots that threads share."""
        contracts, rows, slots = self.holders()
        count = len(self.slots.balance)
        cuts = np.linspace(0, count, max(min(threads, count), 1) + 1).astype(INT64).tolist()

        def part(first: int, last: int) -> int:
            return _kernels.margin.passes.run_full_pass(contracts, self.mark_value_per_lot, rows, slots, first, last)

        if len(cuts) == 2:
            met = part(0, count)
        else:
            with ThreadPoolExecutor(len(cuts) - 1) as pool:
                met = int(np.bitwise_or.reduce(list(pool.map(part, cuts[:-1], cuts[1:]))))
        if met & _kernels.margin.passes.STRAY_ROW:
            raise AdlError("positions are not sorted by contract and wallet: must be", argument="positions")
        if met & _kernels.margin.passes.ROW_OVERFLOW:
            for code in range(len(self.books.contracts)):
                self._refuse_rows(code, float(self.mark_value_per_lot[code]))
        if met & _kernels.margin.passes.SUM_OVERFLOW:
            self.refuse_sums()

    def move(self, marks: Mapping[int, Decimal], rates: NumeraireRates, all_valued: bool) -> Int64Array1D:
        """Move contracts to new marks; the wallets touched that are liquidatable now.

        On an error every array is as before. An interruption, too, leaves the old prices or the new ones: one
        that falls into the way back leaves a move for :meth:`recover` to undo.
        """
        # What may be refused without a change comes first. `moving` is set before the first array changes and goes with
        # the one assignment that ends the move (``docs/waterfall.md``, "One call at a time"): an interruption between
        # the two is seen by whoever looks next.
        prices = self._moved(marks, rates)
        touched = self._touched(marks, all_valued)
        self.prices = self.prices._replace(moving=True)
        try:
            self._revalue_all(marks, prices, touched)
            self.prices = prices
        except BaseException:
            self.recover()
            raise
        found: Int64Array1D = touched[self.verdict[touched] == 1]
        return found

    def recover(self) -> None:
        """Undo a move that has not ended, by a full pass at the old prices: it may be begun again at any point."""
        if self.prices.moving:
            self._run_all(1)
            self.prices = self.prices._replace(moving=False)

    def move_or_recompute(
        self, marks: Mapping[int, Decimal], rates: NumeraireRates, all_valued: bool, threads: int = 1
    ) -> None:
        """Move contracts to new marks by whichever way is less work; on an error the state is not to be used again."""
        rows = sum(int(self.books.start[code + 1] - self.books.start[code]) for code in marks)
        if 2 * rows < len(self.pnl):
            self.move(marks, rates, all_valued)
            return
        self.prices = self._moved(marks, rates)
        self._run_all(threads)

    def _run_all(self, threads: int) -> None:
        """Rows, sums, wallets and verdicts from the books and prices alone.

        In this order: each is made of the one before it, and a sum that does not fit is refused before anything is
        made of it (``docs/waterfall.md``, "Numbers of a pass").
        """
        self._run(threads)
        if self.slots.has_valued:
            self.slots.write_wallets(self.sums, self.rates, self.wallets)
        wallets = _kernels.margin.verdicts.Wallets(self.wallets, self.inclusive)
        self._drop_idle_verdicts(_kernels.margin.verdicts.find_liquidatable(wallets, self.verdict))

    def _moved(self, marks: Mapping[int, Decimal], rates: NumeraireRates) -> Valuation:
        """The prices with new marks of some contracts."""
        mark_value_per_lot = self.mark_value_per_lot.copy()
        for code, mark in marks.items():
            mark_value_per_lot[code] = self.mark_value_per_lot_of(code, mark)
        moved = tuple(marks.get(code, mark) for code, mark in enumerate(self.marks))
        return Valuation(moved, mark_value_per_lot, rates)

    def _revalue_all(self, marks: Iterable[int], prices: Valuation, touched: Int64Array1D) -> None:
        """Bring rows, wallets and verdicts to prices; whoever calls it undoes it on an error."""
        met, holders = 0, self.holders()
        for code in marks:
            met |= self._revalue(holders, code, float(prices.mark_value_per_lot[code]))
        if met & _kernels.margin.passes.SUM_OVERFLOW:
            self.refuse_sums()
        self._value(prices.rates, touched)
        self._verdicts(touched)

    def _verdicts(self, touched: Int64Array1D) -> None:
        """Decide anew who of these wallets is liquidatable."""
        wallets = _kernels.margin.verdicts.Wallets(self.wallets, self.inclusive)
        self._drop_idle_verdicts(
            _kernels.margin.verdicts.find_liquidatable_among(wallets, touched, self.verdict), touched
        )

    def rebase(self, books: Snapshot, touched: Int64Array1D) -> None:
        """Go on with books that hold what the arrays say already; verdicts on the wallets `touched` are new."""
        self.books = books
        self._holds = None
        self._verdicts(touched)

    def _touched(self, codes: Iterable[int], all_valued: bool) -> Int64Array1D:
        """Wallets with a position in these contracts, ascending."""
        held = [self.books.positions.wallet[self.books.rows(code)] for code in codes]
        if all_valued and self.slots.has_valued:
            held.append(self.slots.wallet[self.slots.valued_slots])
        if len(held) == 1:  # sorted, and twice only where there are two legs
            fresh = np.ones(len(held[0]), bool)
            np.not_equal(held[0][1:], held[0][:-1], out=fresh[1:])
            return held[0][fresh]
        return np.flatnonzero(_mask(np.concatenate([np.zeros(0, INT64), *held]), len(self.wallets)))

    def _value(self, rates: NumeraireRates, touched: Int64Array1D) -> None:
        """Bring the wallets touched up to their slots, where those differ."""
        if self.slots.has_valued:
            self.slots.write_wallets(self.sums, rates, self.wallets, touched)

    def _revalue(self, holders: Holders, code: int, mark_value_per_lot: float) -> int:
        """Value a contract's rows anew; what was met. Rows that do not fit are refused, and some are moved by then."""
        contracts, rows, slots = holders
        _, met = _kernels.margin.passes.move_mark(contracts, code, mark_value_per_lot, rows, slots)
        if met & _kernels.margin.passes.ROW_OVERFLOW:
            self._refuse_rows(code, mark_value_per_lot)
        return met

    def _drop_idle_verdicts(self, undecided: bool, wallets: Int64Array1D | slice = slice(None)) -> None:
        """Take the verdict from wallets without a position: a loan alone has a margin too.

        Only afterwards, for most verdicts are known without looking at positions.
        """
        if undecided or self.slots.has_valued:
            self.verdict[wallets] = (self.verdict[wallets] != 0) & self.has_position[wallets]

    @property
    def has_position(self) -> npt.NDArray[np.bool_]:
        """bool[w]: which wallets hold a position; kept for the books that it was asked of."""
        if self._holds is None:
            positions = self.books.positions
            self._holds = _mask(positions.wallet[positions.quantity != 0], len(self.wallets))
        return self._holds

    def _refuse_rows(self, code: int, mark_value_per_lot: float) -> None:
        """Name the first row whose value, or value less cost, does not fit."""
        rows = self.books.rows(code)
        quantity, cost = self.books.positions.quantity[rows], self.books.positions.entry_value[rows]
        with np.errstate(over="ignore"):
            mark = np.rint(quantity.astype(FLOAT64) * mark_value_per_lot)
        for row in np.flatnonzero(np.abs(mark) + np.abs(cost.astype(FLOAT64)) >= 0.99 * TWO_62).tolist():
            if abs(mark[row]) >= TWO_62 or not -INT64_END <= int(mark[row]) - int(cost[row]) < INT64_END:
                symbol = self.books.contracts[code].symbol
                must = (
                    f"its value in {symbol} must be below 2^62 quanta and, less its cost, an int64; use fewer decimals"
                )
                raise AdlError.at("positions.quantity", rows.start + row, quantity[row], must)

    def refuse_sums(self) -> None:
        """Name the first slot whose sum does not fit; sums that only passed through the end of int64 are right."""
        count = len(self.slots.balance)
        group = np.concatenate([self.slots.position_slot, np.arange(count)])
        out = np.empty(count, INT64)
        for values, start, what in (
            (self.pnl, self.slots.balance, "equity"),
            (self.margin, np.zeros(count, INT64), "maintenance margin"),
        ):
            slot = _kernels.numbers.money.group_sums(np.concatenate([values, start]), group, out)
            if slot >= 0:
                wallet = int(self.slots.wallet[slot]) if self.slots.has_valued else slot
                must = f"the {what} of this wallet must fit int64 quanta; use fewer decimals"
                raise AdlError.at("wallets.account", wallet, self.books.wallets.account[wallet], must)


def margin_ratios(equity: Int64Array1D, margin: Int64Array1D) -> Float64Array1D:
    """Maintenance margin over equity of each wallet; +inf where E <= 0."""
    out = np.full(len(equity), np.inf)
    np.divide(margin.astype(FLOAT64), equity.astype(FLOAT64), out=out, where=equity > 0)
    return out


def _mask(rows: Int64Array1D, length: int) -> npt.NDArray[np.bool_]:
    """True at these rows."""
    mask = np.zeros(length, bool)
    mask[rows] = True
    return mask


def _tier_columns(books: Snapshot) -> tuple[Int64Array1D, Float64Array1D, Float64Array1D]:
    """The tiers of all contracts, one after the other; none of a contract that has none."""
    each = [
        (np.zeros(0), np.zeros(0)) if c.tiers is None else c.tiers.arrays(c.settle.quanta_per_unit)
        for c in books.contracts
    ]
    for contract, (_, amount) in zip(books.contracts, each, strict=True):
        if not (np.abs(amount) < 2.0**61).all():
            must = "its tier amounts must stay below 2^61 quanta; use fewer decimals"
            raise AdlError.at("contracts", None, contract.symbol, must)
    start = np.cumsum([0, *(len(rate) for rate, _ in each)]).astype(INT64)
    rates = np.concatenate([np.zeros(0), *(rate for rate, _ in each)])
    amounts = np.concatenate([np.zeros(0), *(amount for _, amount in each)])
    return start, rates, amounts
