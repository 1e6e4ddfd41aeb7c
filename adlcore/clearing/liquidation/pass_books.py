"""The books while a pass changes them: columns that may be written to, and a log of all that was done.

Nothing here is seen from outside before the house commits: the columns are copies of the snapshot's,
and the margin of rows and wallets moves with every lot and every quantum. A row releases
``trunc(EV0·D/Q0)`` of its cost for the D of its Q0 lots that were closed so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import _kernels
from ..._support.arrays import INT64, Int64Array1D
from ...errors import AdlError
from ..events import EXTERNAL, FACTS, Events, Log
from ..margin.margin_pass import MarginPass
from ..order_book.liquidity import Liquidity
from ..snapshot.snapshot import Snapshot
from ..snapshot.tables import ISOLATED
from ..state import HouseState
from .cool_downs import CoolDowns
from .party_rows import PartyRows, require_int64

__all__ = ["BY_FUND_OR_ADL", "BY_VAULT", "PassBooks"]

#: What took lots of a wallet in liquidation, beside the book and its legs; decides where the rest of its balance goes.
BY_VAULT, BY_FUND_OR_ADL = 1, 2


class PassBooks:
    """Everything that a pass may change, and what it remembers until its end.

    Attributes
    ----------
    state : HouseState
        Before the call.
    snapshot : Snapshot
        The users' books at the marks of the pass, as they were when it began.
    margin_pass : MarginPass
        Margin of rows and wallets, moved in place.
    parties : PartyRows
        What street, vaults and funds hold.
    quantity, entry_value : int64[n]
        Of the position rows; ``quantity0`` and ``entry_value0`` are those at the start.
    cash : int64[slots]
        The balance of each slot of a wallet.
    in_liquidation : uint8[w]
        1 for the wallets that a round has taken; ``rows_in_liquidation``, uint8[n], for their rows.
    closed_by : uint8[w]
        What took lots of a wallet, as flags.
    """

    def __init__(
        self,
        state: HouseState,
        books: Snapshot,
        margin_pass: MarginPass,
        *,
        time: int,
        liquidity: Liquidity,
        batch_orders: bool,
        oracle: Mapping[int, Decimal],
    ) -> None:
        self.time = time
        self.liquidity, self.batch_orders, self.oracle = liquidity, batch_orders, oracle
        self.state, self.snapshot, self.margin_pass = state, books, margin_pass
        self.fund_table, self.settle, self.first_fund = state.funds, books.settle, state.parties.first_fund
        self.parties = PartyRows(state, books.settle, margin_pass.mark_value_per_lot)
        self._mark_value_per_lot: dict[int, Fraction] = {}
        self.log = Log()
        self.is_writable = False
        count = len(books.wallets)
        self.adopt_books(books, margin_pass)
        self.uncovered = dict(state.uncovered)
        self.cooling: CoolDowns = dict(state.cooling)
        self.cancelled = np.zeros(len(books.orders), bool)
        self.in_liquidation = np.zeros(count, np.uint8)
        self.closed_by = np.zeros(count, np.uint8)
        self.healthy_logged = np.zeros(count, bool)
        self.counterparties: list[Int64Array1D] = []  # wallets that lost lots to ADL, stretch by stretch
        self.closed_isolated_rows: list[int] = []  # rows of isolated wallets that ADL closed in full
        self.tried_funds: set[int] = set()
        self.last_vault: dict[int, int] = {}  # the last vault that took lots of a wallet
        self.windows = list(state.windows)
        self.refused_contracts = np.zeros((len(self.fund_table), len(books.contracts)), np.uint8)
        self.next_order = state.next_order
        self._orders: tuple[Int64Array1D, Int64Array1D] | None = None

    def adopt_books(self, books: Snapshot, margin_pass: MarginPass) -> None:
        """Begin, or go on, with books whose rows a call has changed by itself; before :meth:`make_writable`."""
        self.snapshot, self.margin_pass, positions = books, margin_pass, books.positions
        self.quantity0 = self.quantity = positions.quantity
        self.entry_value0 = self.entry_value = positions.entry_value
        self.cash = margin_pass.slots.balance
        self.rows_in_liquidation = np.zeros(len(positions), np.uint8)

    def make_writable(self) -> None:
        """Make the columns that a pass writes to; until then they are the snapshot's own."""
        if self.is_writable:
            return
        self.is_writable = True
        books, margin_pass = self.snapshot, self.margin_pass
        self.quantity, self.entry_value = self.quantity0.copy(), self.entry_value0.copy()
        margin_pass.slots = slots = copy(margin_pass.slots)
        self._realized_in_sum = None
        if slots.has_valued:
            self.cash = slots.balance + slots.amount  # one of the two is 0
            slots.amount, slots.loan = self.cash, slots.loan.copy()
            self._realized_in_sum = (~books.wallets.is_valued(slots.wallet)).astype(np.uint8)
        else:
            self.cash = slots.balance.copy()
        self.position_books = self._make_books(_kernels)
        self.queue_rows = _kernels.margin.verdicts.QueueRows(
            self.quantity, self.entry_value, margin_pass.pnl, books.positions.wallet, self.rows_in_liquidation
        )
        self.wallets = _kernels.margin.verdicts.Wallets(margin_pass.wallets, margin_pass.inclusive)
        self._largest_denominator = max((contract.tick_fraction.denominator for contract in books.contracts), default=1)

    # Wallets ----------------------------------------------------------------------------------------------------------

    @property
    def equity(self) -> Int64Array1D:
        """int64[w]: now, in quanta of the wallet's asset or numeraire."""
        return self.margin_pass.wallets[:, 0]

    @property
    def margin(self) -> Int64Array1D:
        """int64[w]: maintenance margin now."""
        return self.margin_pass.wallets[:, 1]

    def is_liquidatable(self, wallets: Int64Array1D) -> npt.NDArray[np.bool_]:
        """Which of these wallets, if they hold a position, are liquidatable now."""
        both = self.margin_pass.wallets.take(wallets, axis=0)
        equity, margin = both[:, 0], both[:, 1]
        low = equity <= margin if self.margin_pass.inclusive else equity < margin
        found: npt.NDArray[np.bool_] = (equity < 0) | ((margin > 0) & low)
        return found

    def is_wallet_liquidatable(self, wallet: int) -> bool:
        """Whether a wallet that holds a position is liquidatable now."""
        return bool(self.is_liquidatable(np.array([wallet]))[0])

    def slot(self, wallet: int, asset: int) -> int:
        """The slot of a wallet's money in an asset."""
        slots = self.margin_pass.slots
        if not slots.has_valued:
            return wallet
        first = int(np.searchsorted(slots.wallet, wallet))
        last = int(np.searchsorted(slots.wallet, wallet, side="right"))
        return first + int(np.searchsorted(slots.asset[first:last], asset))

    def slots_of(self, wallets: Int64Array1D) -> Int64Array1D:
        """The slot of each of these wallets with one asset."""
        slots = self.margin_pass.slots
        if not slots.has_valued:
            return wallets
        return slots.single_slot[np.searchsorted(slots.plain_wallets, wallets)]

    def is_valued(self, wallet: int) -> bool:
        """Whether a wallet holds several assets."""
        return bool(self.snapshot.wallets.is_valued(wallet))

    def has_position(self, wallets: Int64Array1D) -> npt.NDArray[np.bool_]:
        """Which of these wallets have an open position; O(positions)."""
        mask = np.zeros(len(self.snapshot.wallets), bool)
        mask[wallets] = True
        owner = self.snapshot.positions.wallet
        held = owner[mask[owner] & (self.quantity != 0)]
        mask[:] = False
        mask[held] = True
        return mask[wallets]

    def revalue(self, wallets: Int64Array1D) -> None:
        """Value wallets with several assets anew, after their slots moved."""
        if self.margin_pass.slots.has_valued and len(wallets):
            self.margin_pass.slots.write_wallets(
                self.margin_pass.sums, self.margin_pass.rates, self.margin_pass.wallets, np.unique(wallets)
            )

    def credit_wallet(self, wallet: int, asset: int, amount: int) -> None:
        """Add to a wallet's balance; less than 0 takes from it."""
        self.move_balance(wallet, asset, amount)
        self.revalue(np.array([wallet]))

    def move_balance(self, wallet: int, asset: int, amount: int) -> None:
        """Add to a wallet's balance; whoever calls it revalues a wallet of several assets, once, when all is moved."""
        slot = self.slot(wallet, asset)
        self.cash[slot] = require_int64(int(self.cash[slot]) + amount, "balance")
        if not self.is_valued(wallet):
            self.margin_pass.sums[slot, 0] = require_int64(int(self.margin_pass.sums[slot, 0]) + amount, "equity")

    def has_open_rows(self, wallet: int, rows: Int64Array1D) -> bool:
        """Whether any of a wallet's rows is open."""
        return bool(self.quantity[rows].any())

    @cached_property
    def account_codes(self) -> Int64Array1D:
        """int64[w]: the account of each wallet as a number; wallets of one account share it."""
        return np.unique(self.snapshot.wallets.account, return_inverse=True)[1].astype(INT64)

    def issue_order_number(self) -> int:
        """A number that no order has had."""
        self.next_order += 1
        return self.next_order - 1

    # What a lot is worth ----------------------------------------------------------------------------------------------

    def mark_price(self, code: int) -> Fraction:
        """The mark price of a contract, exact; 0 where it has none."""
        return Fraction(self.margin_pass.marks[code] or 0)

    def mark_value_per_lot(self, code: int) -> Fraction:
        """``v(mark)`` in quanta, exact; marks stay as they are while a pass runs."""
        if code not in self._mark_value_per_lot:
            contract = self.snapshot.contracts[code]
            value = contract.exact_value_per_lot(self.margin_pass.marks[code] or 0)
            self._mark_value_per_lot[code] = value * contract.settle.quanta_per_unit
        return self._mark_value_per_lot[code]

    def value_per_lot(self, code: int, ticks: int) -> Fraction:
        """``v(price)`` in quanta, exact."""
        contract = self.snapshot.contracts[code]
        numerator, denominator = contract.tick_fraction
        return (
            Fraction(-numerator, denominator * ticks) if contract.inverse else Fraction(numerator * ticks, denominator)
        )

    def execution_ticks(self, code: int, price: Fraction) -> int:
        """A price as an execution price: rounded half-even to whole ticks, at least one."""
        return max(1, round(price / Fraction(self.snapshot.contracts[code].tick or 1)))

    # Rows -------------------------------------------------------------------------------------------------------------

    def close(self, rows: Int64Array1D, lots: Int64Array1D, values: Int64Array1D, codes: Int64Array1D) -> Int64Array1D:
        """Close lots of rows for what they are worth, ``round(v·lots)``; the realized PnL of each."""
        realized = np.empty(len(rows), INT64)
        bad = self.position_books.close(rows, lots, values, codes, realized)
        if bad >= 0:
            row = int(rows[bad])
            must = "once closed, the money of its wallet must fit int64 quanta; use fewer decimals"
            raise AdlError.at("positions.quantity", row, int(self.quantity0[row]), must)
        if self.margin_pass.slots.has_valued:
            self.revalue(self.snapshot.positions.wallet[rows])
        return realized

    def tick_fractions(self) -> tuple[Int64Array1D, Int64Array1D, npt.NDArray[np.uint8]]:
        """n and d of each contract's ``Contract.tick_fraction``, and whether it is inverse."""
        pairs = np.array([contract.tick_fraction for contract in self.snapshot.contracts], INT64).reshape(-1, 2)
        inverse = np.array([contract.inverse for contract in self.snapshot.contracts], np.uint8)
        return np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1]), inverse

    def kernel_for(self, highest_price: int, fits: bool = True) -> Any:
        """The compiled kernels where they can hold prices of so many ticks; else their twins, in Python integers."""
        return _kernels if fits and self._largest_denominator * highest_price < 2**62 else _kernels.wide

    def books_for(self, kernel: Any) -> Any:
        """The positions, slots and contracts as those kernels take them; both write to the same columns."""
        return self.position_books if kernel is _kernels else self._make_books(kernel)

    def _make_books(self, kernel: Any) -> Any:
        margin_pass, slots, holders = self.margin_pass, self.margin_pass.slots, kernel.clearing.rows
        return holders.PositionBooks(
            holders.Rows(
                quantity=self.quantity,
                entry_value=self.entry_value,
                quantity0=self.quantity0,
                entry_value0=self.entry_value0,
                slot=slots.position_slot,
                pnl=margin_pass.pnl,
                margin=margin_pass.margin,
            ),
            holders.SlotSums(margin_pass.sums, self.cash, self._realized_in_sum),
            kernel.margin.contracts.Contracts(
                self.snapshot.start, margin_pass.tier_start, margin_pass.rate, margin_pass.amount
            ),
            margin_pass.mark_value_per_lot,
        )

    # Orders -----------------------------------------------------------------------------------------------------------

    def cancel_orders(self, wallets: Int64Array1D, code: Int64Array1D | int, cause: str) -> None:
        """Cancel what these wallets have in the book; isolated ones only in their contract, `code`."""
        orders = self.snapshot.orders
        if not len(orders):
            return
        if self._orders is None:
            by_wallet = np.argsort(orders.wallet, kind="stable")
            self._orders = by_wallet, orders.wallet[by_wallet]
        order, owner = self._orders
        first, last = np.searchsorted(owner, wallets), np.searchsorted(owner, wallets, side="right")
        count = last - first
        if not count.any():
            return
        codes = np.repeat(np.broadcast_to(code, wallets.shape), count)
        places = np.repeat(last - np.cumsum(count), count) + np.arange(count.sum())
        found = order[places]
        isolated = self.snapshot.wallets.mode[orders.wallet[found]] == ISOLATED
        found = found[~self.cancelled[found] & (~isolated | (orders.contract[found] == codes))]
        self.cancel_order_rows(found, cause)

    def cancel_order_rows(self, rows: Int64Array1D, cause: str) -> None:
        """Cancel open orders, by their rows."""
        orders = self.snapshot.orders
        self.cancelled[rows] = True
        values = {
            "wallet": orders.wallet[rows],
            "row": rows,
            "contract": orders.contract[rows],
            "lots": orders.quantity[rows],
            "price": orders.price[rows],
            "amount": orders.locked[rows],
            "asset": self.settle[orders.contract[rows]],
        }
        self.log.extend(("order-cancelled", cause, values))

    # What it comes to -------------------------------------------------------------------------------------------------

    def snapshot_after(self) -> Snapshot:
        """The snapshot as it is now; the margin moves over to it."""
        books, slots = self.snapshot, self.margin_pass.slots
        fresh: dict[str, Any] = {
            "positions": books.positions.replace(quantity=self.quantity, entry_value=self.entry_value)
        }
        if slots.has_valued:
            fresh["balances"] = slots.holdings(self.state.snapshot.balances)
            balance = books.wallets.balance.copy()
            balance[slots.plain_wallets] = self.cash[slots.single_slot]
            slots.balance = np.zeros_like(self.cash)
            slots.balance[slots.single_slot] = balance[slots.plain_wallets]
            slots.amount = self.cash - slots.balance
        else:
            balance = slots.balance = self.cash
        fresh["wallets"] = books.wallets.replace(balance=balance)
        if self.cancelled.any():
            fresh["orders"] = books.orders.taken(np.flatnonzero(~self.cancelled))
        return books._with(fresh)

    def state_after(self, books: Snapshot, events: Events, next_plan: int) -> HouseState:
        """The state that this call leads to."""
        state = self.state
        constant = list(state.constant)
        outside = events.of(*EXTERNAL)
        for asset, quanta in zip(events.asset[outside].tolist(), events.amount[outside].tolist(), strict=True):
            constant[asset] += quanta
        return state.replace(
            snapshot=books,
            parties=self.parties.as_parties(),
            ledger=self._ledger_after(events),
            lent=self.parties.lent,
            windows=tuple(self.windows),
            uncovered=self.uncovered,
            cooling=self.cooling,
            constant=tuple(constant),
            time=self.time,
            sequence=state.sequence + len(events),
            digest=events.digest(state.digest) if len(events) else state.digest,
            next_plan=next_plan,
            next_order=self.next_order,
        )

    def _ledger_after(self, events: Events) -> Int64Array1D:
        """What has moved each fund since the opening: its legs among these events added, exactly."""
        party, amount = events.party - self.first_fund, events.amount
        moving = (party >= 0) & ~events.of(*FACTS)
        if not moving.any():
            return self.state.ledger
        out = np.empty(len(self.fund_table), INT64)
        values = np.concatenate([self.state.ledger, amount[moving]])
        fund = _kernels.numbers.money.group_sums(values, np.concatenate([np.arange(len(out)), party[moving]]), out)
        if fund >= 0:
            must = "all that moved it since the opening must sum to an int64; use fewer decimals"
            raise AdlError.at("funds", fund, self.fund_table.names[fund], must)
        return out
