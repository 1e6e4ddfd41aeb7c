"""One side of a contract, ranked once, and remainders served from it under caps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import _kernels
from .._arrays import INT64, Float64Array1D, Int64Array1D
from ..errors import AdlError
from ..market import Market
from ..queue import Queue
from ..ranking import RankingRule
from ..scoring import source
from .collateral import converted, whole_parts
from .tables import ISOLATED, PORTFOLIO, VALUED
from .working import Working

if TYPE_CHECKING:
    from .deleverage import Remainders

__all__ = ["Fills", "Ranked"]

PLAIN, MULTI, WHOLE = range(3)

Mask = npt.NDArray[np.uint8]


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
        self.part = work.books.rows(code)
        self.wallet = work.books.positions.wallet[self.part]
        score = self._scores(rule, winners)
        both = work.core.wallets[self.wallet]
        margin, equity = both[:, 1], both[:, 0]
        low = equity <= margin if work.core.inclusive else equity < margin
        barred = (equity < 0) | ((margin > 0) & low) | (work.in_liquidation[self.wallet] != 0)
        score[barred] = -np.inf
        self.queue = Queue._over(score, work.quantity[self.part], side, self.wallet, None)

    # The ranking ------------------------------------------------------------------------------------------------------

    def _scores(self, rule: RankingRule, winners: bool) -> Float64Array1D:
        """The rule over E, MM and WB of now, in the settle asset; -inf for rows that do not stand in the queue."""
        work, contract = self.work, self.work.books.contracts[self.code]
        quantity, cost = work.quantity[self.part], work.entry_value[self.part]
        score = np.empty(len(quantity))
        if rule.function is None:
            needed: dict[str, Any] = {name: self._column(name) for name in rule.needs}
            columns = _kernels.score.Source(
                rule.kernel,
                quantity=quantity,
                entry_value=cost,
                unit_value=float(work.core.unit[self.code]),
                inverse=contract.inverse,
                one=float(contract.settle.quanta_per_unit),
                **needed,
            )
        else:
            leverage = work.books.positions.leverage[self.part]
            names = ("equity", "account_equity", "balance", "maintenance_margin")
            columns = source(
                Market(
                    contract,
                    mark_price=work.core.marks[self.code] or 0,
                    quantity=quantity,
                    entry_value=cost,
                    leverage=leverage,
                    tie=self.wallet,
                    **{name: self._column(name) for name in names},
                ),
                rule,
            )
        columns.scores(score, self.side, winners, -np.inf)
        bad = np.flatnonzero(np.isnan(score))
        if len(bad):
            must = "must be a number"
            raise AdlError.at(f"score of rule {rule.name!r}", self.part.start + int(bad[0]), float("nan"), must)
        return score

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
        else:
            column = core.wallets[self.wallet, 1 if name == "maintenance_margin" else 0].copy()
        if core.slots.many and len(self.valued):
            back = [1 / core.rates.price_of(int(work.settle[self.code]))]
            which = np.zeros(len(self.valued), INT64)
            column[self.valued] = converted(column[self.valued], back, which, "half-even", name)
        return column

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
            rows = self.queue._first(wanted)
            candidate = rows + self.part.start
            used = np.concatenate([used, np.zeros(len(rows) - len(used), np.uint8)])
            kind, rest, loan, rates = self._kinds(candidate)
            label = work.account_codes[self.wallet[rows]] if self.exclude else np.zeros(len(rows), INT64)
            out = [np.empty(len(rows) + len(need), INT64) for _ in range(5)]
            count = kernel.deleverage.scan(
                *(work.rows_for(kernel), self.code, int(left.side[0]), need, left.price, done, account, candidate),
                *(label, kind, rest, loan, rates, above, below, contract.inverse, loss, used, progress, *out),
            )
            found.append(Fills(*(column[:count] for column in out)))
            self._revalue(found[-1].row)
            if progress[0] == len(need):
                break
            if not self.queue.exhausted:
                wanted = self.queue.drawn + sum(need.tolist())
            elif progress[2] == len(rows):
                break  # nobody is left
            else:  # what is left of the ranking is barred to this remainder alone
                progress[0] += 1
                progress[1] = 0
        names = Fills.__dataclass_fields__
        return Fills(**{name: np.concatenate([getattr(part, name) for part in found]) for name in names})

    def _loss(self, above: int, below: int) -> tuple[int, int, int]:
        """Whole numbers A, B, C: a lot at P loses ``(A·P - B)/C`` more than at the mark, inverse ``(A·P - B)/(C·P)``."""
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
        _, first = np.unique(owner, return_index=True)
        wallets = owner[np.sort(first)]
        work.counterparties.append(wallets)
        closed = fills.row[work.quantity[fills.row] == 0]
        isolated = closed[work.books.wallets.mode[work.books.positions.wallet[closed]] == ISOLATED]
        work.emptied.extend(np.unique(isolated).tolist())
        work.cancel_orders(wallets, self.code, "deleveraging")
