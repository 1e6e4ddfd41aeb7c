"""One side of a contract, ranked once, and remainders served from it under caps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _kernels
from .._arrays import INT64, INT64_MAX, Int64Array1D
from ..market import Market
from ..ranking import RankingRule
from ..scoring import source
from ..selection import run
from .collateral import converted, whole_parts
from .tables import ISOLATED, PORTFOLIO, VALUED
from .working import Working

__all__ = ["Fills", "Ranked", "Remainders"]

PLAIN, MULTI, WHOLE = range(3)

Mask = npt.NDArray[np.uint8]
Lines = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Remainders:
    """What is left of rows in liquidation, and of the inventory of funds below zero, in the order of service.

    Attributes
    ----------
    row, wallet : int64[r]
        -1 where it is a fund's.
    fund : int64[r]
        -1 where it is a wallet's.
    code, side, lots, price : int64[r]
        Contract, 1 for a long, lots > 0, the price in ticks.
    """

    row: Int64Array1D
    wallet: Int64Array1D
    fund: Int64Array1D
    code: Int64Array1D
    side: Int64Array1D
    lots: Int64Array1D
    price: Int64Array1D

    def only(self, places: Any) -> Remainders:
        """Some of them."""
        return Remainders(**{name: getattr(self, name)[places] for name in self.__dataclass_fields__})

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, eq=False)
class Fills:
    """What counterparties gave: a row for each fill, in the order in which they were made.

    Attributes
    ----------
    remainder, row : int64[k]
        Which remainder, and the position row of the counterparty.
    lots, value, realized : int64[k]
        Lots > 0, what they are worth (``v·lots``), the PnL that the counterparty realizes.
    """

    remainder: Int64Array1D
    row: Int64Array1D
    lots: Int64Array1D
    value: Int64Array1D
    realized: Int64Array1D


class Ranked:
    """The eligible rows of one side, drawn from the front as far as remainders need them."""

    def __init__(
        self, work: Working, rule: RankingRule, code: int, side: int, winners: bool, exclude_account: bool
    ) -> None:
        self.work, self.code, self.side, self.exclude = work, code, side, exclude_account
        self.winners = winners
        part = work.books.rows(code)
        found, barred = np.empty((5, part.stop - part.start), INT64), np.empty(part.stop - part.start, np.uint8)
        count = _kernels.verdicts.of_side(
            work.quantity[part],
            work.entry_value[part],
            side,
            work.books.positions.wallet[part],
            work.core.wallets,
            work.rows_in_liquidation[part],
            work.core.inclusive,
            found,
            barred,
        )
        if rule.function is None:
            found, self.barred = found[:, :count], barred[:count]
        else:  # a user's function sees the whole market
            found, self.barred = _spread(found[:, :count], barred[:count], work, part)
        # The kernel copied them: what is served changes the books, and the ranking stays as it was.
        place, self.quantity, self.cost, self.equity, self.margin = found
        #: The position rows that are ranked.
        self.rows = place + part.start
        if work.core.slots.many and len(self.valued):
            # What a wallet of several assets has may be nothing in quanta of the settle asset.
            self.equity, self.margin = self._in_settle(self.equity, "equity"), self._in_settle(self.margin, "margin")
            self.barred = self.barred | (self.equity <= 0)
        self.source = self._source(rule)

    @cached_property
    def wallet(self) -> Int64Array1D:
        """Whose each row is; few rules ask."""
        owner: Int64Array1D = self.work.books.positions.wallet.take(self.rows)
        return owner

    # The ranking ------------------------------------------------------------------------------------------------------

    def _source(self, rule: RankingRule) -> _kernels.score.Source:
        """The rule over E, MM and WB of now, in the settle asset."""
        work, contract = self.work, self.work.books.contracts[self.code]
        if rule.function is None:
            needed: dict[str, Any] = {name: self._column(name) for name in rule.needs}
            return _kernels.score.Source(
                rule.kernel,
                quantity=self.quantity,
                entry_value=self.cost,
                unit_value=float(work.core.unit[self.code]),
                inverse=contract.inverse,
                one=float(contract.settle.quanta_per_unit),
                **needed,
            )
        names = ("equity", "account_equity", "balance", "maintenance_margin")
        market = Market(
            contract,
            mark_price=work.core.marks[self.code] or 0,
            quantity=self.quantity,
            entry_value=self.cost,
            leverage=work.books.positions.leverage[self.rows],
            **{name: self._column(name) for name in names},
        )
        return source(market, rule)

    def _front(self, lots: int) -> tuple[Int64Array1D, int]:
        """Places of the first rows of the queue that hold so many lots, or all, in order; and their lots."""
        # Among equal scores the lower wallet goes first: the lower row, for the rows of a contract ascend by wallet.
        found = run(self.source, lots, self.side, self.winners, self.barred, -1, None, True, 1, None)
        return found.index, found.filled + (0 if found.partial < 0 else int(found.left[found.partial]))

    def _column(self, name: str) -> Int64Array1D:
        """A column of the wallets, in quanta of the settle asset."""
        work, core = self.work, self.work.core
        if name == "balance":
            slots = work.slots_of(self.wallet[self.plain]) if core.slots.many else self.wallet
            column = np.zeros(len(self.wallet), INT64)
            column[self.plain] = work.cash[slots]
            if core.slots.many:
                collateral = np.zeros(len(core.wallets), INT64)
                core.slots.collateral(core.rates, collateral)
                column[self.valued] = collateral[self.wallet[self.valued]]
                return self._in_settle(column, name)
            return column
        known: Int64Array1D = self.margin if name == "maintenance_margin" else self.equity
        return known

    def _in_settle(self, column: Int64Array1D, name: str) -> Int64Array1D:
        """A column of the wallets with those of several assets in quanta of the settle asset."""
        back = [1 / self.work.core.rates.price_of(int(self.work.settle[self.code]))]
        which, found = np.zeros(len(self.valued), INT64), column.copy()
        found[self.valued] = converted(column[self.valued], back, which, "half-even", name)
        return found

    @property
    def plain(self) -> Int64Array1D:
        """Places of rows of wallets with one asset."""
        return np.flatnonzero(self.work.books.wallets.mode[self.wallet] < VALUED)

    @property
    def valued(self) -> Int64Array1D:
        """Places of rows of wallets with several."""
        return np.flatnonzero(self.work.books.wallets.mode[self.wallet] >= VALUED)

    # Serving ----------------------------------------------------------------------------------------------------------

    def serve(self, left: Remainders, need: Int64Array1D, done: Int64Array1D) -> Fills:
        """Serve remainders in their order; `need` falls and `done` rises by what was given."""
        work, contract = self.work, self.work.books.contracts[self.code]
        above, below = contract.tick_fraction
        loss = self._loss(above, below)
        fits = _kernels.deleverage.fits(loss, int(left.price.max()), above, below, contract.inverse)
        kernel = work.kernel_for(int(left.price.max()), fits)
        account = np.full(len(left), -1, INT64)
        if self.exclude:
            account = np.where(left.wallet >= 0, work.account_codes[left.wallet], -1)
        progress, used = np.zeros(3, INT64), np.zeros(0, np.uint8)
        found: list[Fills] = []
        wanted = sum(need.tolist())
        while True:
            rows, held = self._front(min(wanted, INT64_MAX))
            candidate = self.rows[rows]
            used = np.concatenate([used, np.zeros(len(rows) - len(used), np.uint8)])
            kind, rest, loan, rates = self._kinds(candidate)
            owner = work.books.positions.wallet[candidate]
            label = work.account_codes[owner] if self.exclude else np.zeros(len(rows), INT64)
            out = [np.empty(len(rows) + len(need), INT64) for _ in range(5)]
            count = kernel.deleverage.scan(
                *(work.rows_for(kernel), self.code, int(left.side[0]), need, left.price, done, account, candidate),
                *(label, kind, rest, loan, rates, above, below, contract.inverse, loss, used, progress, *out),
            )
            found.append(Fills(*(column[:count] for column in out)))
            self._revalue(found[-1].row)
            if progress[0] == len(need):
                break
            if held >= wanted:
                wanted = 2 * held + sum(need.tolist())
            elif progress[2] == len(rows):
                break  # nobody is left
            else:  # what is left of the ranking is barred to this remainder alone
                progress[0] += 1
                progress[1] = 0
        names = Fills.__dataclass_fields__
        return Fills(**{name: np.concatenate([getattr(part, name) for part in found]) for name in names})

    def _loss(self, above: int, below: int) -> tuple[int, int, int]:
        """Whole numbers A, B, C: against the mark a lot at P loses ``(A·P - B)/C``, inverse ``(A·P - B)/(C·P)``."""
        mark = abs(self.work.unit_at_mark(self.code))
        top, bottom = mark.numerator, mark.denominator
        inverse = self.work.books.contracts[self.code].inverse
        a, b = (top * below, above * bottom) if inverse else (above * bottom, top * below)
        shared = math.gcd(a, b, below * bottom)
        return a // shared, b // shared, below * bottom // shared

    def _kinds(self, candidate: Int64Array1D) -> tuple[Mask, Int64Array1D, Int64Array1D, Int64Array1D]:
        """What the equity of candidates with several assets is made of; empty where there are none."""
        work, core = self.work, self.work.core
        nothing = np.zeros(0, INT64)
        mode = work.books.wallets.mode[work.books.positions.wallet[candidate]]
        if not core.slots.many or not (mode >= VALUED).any():
            return np.zeros(0, np.uint8), nothing, nothing, nothing
        slots, asset = core.slots, int(work.settle[self.code])
        kind = np.where(mode < VALUED, PLAIN, np.where(mode == PORTFOLIO, WHOLE, MULTI)).astype(np.uint8)
        price = core.rates.price_of(asset)
        parts = [whole_parts(rate, "index_prices") for rate in (price, price * core.rates.kept[asset], 1 / price)]
        rest, loan = np.zeros(len(candidate), INT64), np.zeros(len(candidate), INT64)
        places = np.flatnonzero(kind)
        slot = slots.of_position[candidate[places]]
        wallet = work.books.positions.wallet[candidate[places]]
        rest[places] = core.wallets[wallet, 0] - slots.terms(core.sums, core.rates, slot)[0]
        loan[places] = slots.loan[slot]
        return kind, rest, loan, np.array(parts, INT64).ravel()

    def _revalue(self, rows: Int64Array1D) -> None:
        if self.work.core.slots.many and len(rows):
            self.work.revalue(np.unique(self.work.books.positions.wallet[rows]))

    def finish(self, fills: Fills) -> None:
        """Cancel the counterparties' orders, and remember who they are."""
        work = self.work
        owner = work.books.positions.wallet[fills.row]
        work.counterparties.append(owner)
        closed = fills.row[work.quantity[fills.row] == 0]
        isolated = closed[work.books.wallets.mode[work.books.positions.wallet[closed]] == ISOLATED]
        work.emptied.extend(isolated.tolist())
        if len(work.books.orders):
            _, first = np.unique(owner, return_index=True)
            work.cancel_orders(owner[np.sort(first)], self.code, "deleveraging")


def _spread(found: Lines, barred: Mask, work: Working, part: slice) -> tuple[Lines, Mask]:
    """A line for each row of a contract: those that are not ranked are barred."""
    place, rows = found[0], part.stop - part.start
    whole, out = np.zeros((5, rows), INT64), np.ones(rows, np.uint8)
    whole[:3] = np.arange(rows), work.quantity[part], work.entry_value[part]
    whole[3:, place], out[place] = found[3:], barred
    return whole, out
