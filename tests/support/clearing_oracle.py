"""A clearing house once more, slowly: integers, fractions, and floats only where the rules say float64.

The text is ``docs/waterfall.md``. Numbers of wallets are those of :mod:`margin_oracle`, read anew whenever they are
asked for. The house itself knows how to move lots and money; its pass, stages, triggers, settlement, trades and other
calls are functions of a house, in files of their own, `clearing_oracle_*`. Of adlcore only snapshots, contracts and the
attributes of stages and funds are read, nothing that it computes. A stage, a trigger is known by the name of its class.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from fractions import Fraction

from support import clearing_oracle_pass, clearing_oracle_requests, clearing_oracle_trades
from support import clearing_oracle_triggers as triggers
from support.clearing_oracle_books import (
    CoolDown,
    OracleEvent,
    PartyRow,
    PassMemory,
    PlainFund,
    RefusalError,
    SlowFund,
    SlowParty,
    Sweep,
    Tally,
    exact,
    sign,
)
from support.clearing_oracle_settlement import settle_debts
from support.margin_oracle import INT64_MAX, INT64_MIN, MULTI_ASSET, OpenOrder, Row, SlowMargin, quanta_per_lot


class SlowHouse(SlowMargin):
    """Books that move; the arguments are the house's."""

    mark = clearing_oracle_pass.mark
    trade = clearing_oracle_trades.trade
    deposit, withdraw = clearing_oracle_requests.deposit, clearing_oracle_requests.withdraw
    fund_deposit, funding = clearing_oracle_requests.fund_deposit, clearing_oracle_requests.funding
    place_order, cancel_order = clearing_oracle_requests.place_order, clearing_oracle_requests.cancel_order

    def __init__(
        self, snapshot, funds=(), stages=(), liquidity=None, inclusive=True, max_rounds=None, *, trigger=None
    ) -> None:
        if any(contract.tiers is None for contract in snapshot.contracts):
            raise RefusalError("a contract without tiers")
        super().__init__(snapshot, inclusive=inclusive)
        self.codes = {contract.symbol: code for code, contract in enumerate(snapshot.contracts)}
        self.account = snapshot.wallets.account.tolist()
        self.index = dict(zip(self.asset_code, snapshot.index_prices, strict=True))
        self.stages = [*stages]
        if not any(type(stage).__name__ == "Uncovered" for stage in stages):
            self.stages.append(Sweep())
        self.liquidity, self.max_rounds = liquidity, max_rounds
        self.street, self.treasury = SlowParty("street"), SlowParty("treasury")
        vaults = dict.fromkeys(stage.vault for stage in stages if type(stage).__name__ == "Backstop")
        self.vaults = {name: SlowParty(name) for name in vaults}
        self.funds = self._open_funds(funds, trigger)
        self.open_entries: dict[tuple[int, int], int] = {}
        self.cooling: dict[tuple[int, int, int], CoolDown] = {}
        self.events: list[OracleEvent] = []
        self.time, self.this_pass = 0, PassMemory()
        # Before debts are paid: what a house opens with is the first observation ("Drawdowns").
        triggers.observe_opening(self)
        self._balance_against_the_street()
        settle_debts(self, range(len(self.mode)))
        # Last, for only now do the books hold what calls may move but not make ("What always holds").
        self.outside = defaultdict(int)
        self.constant = {asset: self._total(asset) for asset in range(len(snapshot.assets))}

    # Opening ----------------------------------------------------------------------------------------------------------

    def new_row(self, code: int, wallet: int | None, lots: int = 0) -> Row:
        """A row that cost nothing."""
        row = Row(code, self.contracts[code], wallet, lots, 0)
        row.price_at(self.marks[code])
        row.renew()
        return row

    def number_rows(self) -> None:
        """The numbers of the rows of each wallet."""
        self.rows_of = defaultdict(list)
        for number, row in enumerate(self.rows):
            self.rows_of[row.wallet].append(number)

    def _open_funds(self, terms_of_funds, trigger) -> dict[str, SlowFund]:
        funds = {}
        for terms in terms_of_funds:
            fund = SlowFund(terms, self.asset_code[terms.asset], trigger)
            fund.opening = fund.cash[fund.asset] = self.quanta(fund.asset, terms.balance)
            if fund.parent_cap is not None:
                fund.parent_cap = self.quanta(fund.asset, fund.parent_cap)
            funds[fund.name] = fund
        for name, code in self.asset_code.items():
            if not any(fund.scope is None and fund.asset == code for fund in funds.values()):
                funds[name] = SlowFund(PlainFund(name), code, trigger)
        return funds

    def _balance_against_the_street(self) -> None:
        for code in range(len(self.contracts)):
            net = sum(row.quantity for row in self.rows if row.code == code)
            if net:
                row = self.street.rows[code] = self.new_row(code, None, -net)
                row.cost, row.pnl = row.value, 0
                row.renew()
                self.note("balanced", "street", code=code, lots=-net, amount=-row.cost)

    def seed(self, name: str, code: int, lots: int, cost: int) -> None:
        """Let a fund hold lots that it has from the street."""
        for party, sense in ((self.funds[name], 1), (self.street, -1)):
            row = party.rows.setdefault(code, self.new_row(code, None))
            row.quantity, row.cost = row.quantity + sense * lots, row.cost + sense * cost
            row.price_at(self.marks[code])
            self.note("balanced", party.name, code=code, lots=sense * lots, amount=-sense * cost)

    # Reading ----------------------------------------------------------------------------------------------------------

    def quanta(self, asset: int, amount) -> int:
        """Units as quanta."""
        quanta = exact(amount) * 10 ** self.books.assets[asset].decimals
        if quanta.denominator != 1 or not INT64_MIN <= quanta <= INT64_MAX:
            raise RefusalError("off the grid")
        return int(quanta)

    def rate(self, row: Row) -> Fraction:
        """As of a snapshot; a party's row stands in its settle asset."""
        return Fraction(1) if row.wallet is None else super().rate(row)

    def value_per_lot(self, code: int, ticks: int) -> Fraction:
        """v at a price in ticks."""
        contract = self.contracts[code]
        return quanta_per_lot(contract, ticks * Fraction(contract.tick))

    def in_settle_asset(self, row: Row, quanta: int) -> int:
        """A number of the row's wallet, in the asset that the row's contract settles in."""
        rate = self.rate(row)
        return quanta if rate == 1 else round(quanta / rate)

    def fund_equity(self, fund: SlowFund) -> int:
        """F = cash + Σ(MV − EV)."""
        return fund.cash[fund.asset] + sum(row.pnl for row in fund.rows.values())

    def inventory(self, party: SlowParty) -> dict[int, Row]:
        return {code: party.rows[code] for code in sorted(party.rows) if party.rows[code].quantity}

    def open_rows(self, wallet: int) -> list[int]:
        return [number for number in self.rows_of[wallet] if self.rows[number].quantity]

    def is_liquidatable(self, wallet: int) -> bool:
        """Holds a position, and E < 0 or 0 < MM and E <= MM."""
        if not self.open_rows(wallet):
            return False
        equity, margin = self.equity_of(wallet), self.margin_of(wallet)
        return equity < 0 or (margin > 0 and (equity < margin or (self.inclusive and equity == margin)))

    def ratio_of(self, wallet: int) -> float:
        equity = self.equity_of(wallet)
        return float("inf") if equity <= 0 else float(self.margin_of(wallet)) / float(equity)

    def settle_asset(self, code: int) -> int:
        return self.asset_code[self.contracts[code].settle.name]

    def fund_of_asset(self, asset: int) -> SlowFund:
        return next(fund for fund in self.funds.values() if fund.scope is None and fund.asset == asset)

    def fund_of_contract(self, code: int) -> SlowFund:
        """The one that names it, else the asset's."""
        symbol = self.contracts[code].symbol
        named = [fund for fund in self.funds.values() if fund.scope and symbol in fund.scope]
        return named[0] if named else self.fund_of_asset(self.settle_asset(code))

    def chain(self, code: int) -> list[SlowFund]:
        """The fund of a contract, its parent, and so on."""
        funds = [self.fund_of_contract(code)]
        while funds[-1].parent is not None:
            funds.append(self.funds[funds[-1].parent])
        return funds

    def row_at(self, place: int | PartyRow) -> Row:
        return place.party.rows[place.code] if isinstance(place, PartyRow) else self.rows[place]

    # Moving -----------------------------------------------------------------------------------------------------------

    def note(self, kind, holder, *, row=None, code=None, lots=0, ticks=None, amount=0) -> None:
        """Log one leg of an event."""
        name = holder.name if isinstance(holder, SlowParty) else holder
        self.events.append(OracleEvent(kind, name, row, code, lots, ticks, amount))

    def add_money(self, holder, asset: int, amount: int) -> None:
        if isinstance(holder, SlowParty):
            holder.cash[asset] += amount
        elif self.mode[holder] >= MULTI_ASSET:
            self.amount[holder, asset] += amount
        else:
            self.stored_balance[holder] += amount

    def pay(self, amount: int, asset: int, *, debit, credit) -> None:
        """Money from one to another, each a holder and the kind of its leg."""
        if amount:
            for (holder, kind), change in ((debit, -amount), (credit, amount)):
                self.add_money(holder, asset, change)
                self.note(kind, holder, amount=change)

    def book_lots(self, kind: str, place: int | PartyRow, lots: int, ticks: int, *, before=Fraction(0)) -> int:
        """A holder gets signed lots at a price, W being `before`: it closes first, then opens. What closing realized.

        What is closed is worth what ``round(W)`` rises by, and what is opened what it rises by after that ("Values of
        fills"): of the whole, both together, so a cut moves no money.
        """
        if isinstance(place, PartyRow):
            number, code = None, place.code
            row, owner = place.party.rows.setdefault(code, self.new_row(code, None)), place.party
        else:
            number, row = place, self.rows[place]
            owner, code = row.wallet, row.code
        side, value = sign(lots), self.value_per_lot(code, ticks)
        closed_lots = min(abs(lots), abs(row.quantity)) if row.quantity * side < 0 else 0
        closed_value = round(before + value * closed_lots) - round(before)
        opened_value = round(before + value * abs(lots)) - round(before) - closed_value
        opened_lots, realized = lots - side * closed_lots, 0
        if closed_lots:
            realized = -side * closed_value - row.release(closed_lots)
            self.add_money(owner, self.settle_asset(code), realized)
            leg = {"lots": side * closed_lots, "amount": -side * closed_value}
            self.note(kind, owner, row=number, code=code, ticks=ticks, **leg)
        if opened_lots:
            row.quantity += opened_lots
            row.cost += side * opened_value
            row.renew()
            leg = {"lots": opened_lots, "amount": -side * opened_value}
            self.note(kind, owner, row=number, code=code, ticks=ticks, **leg)
        row.price_at(self.marks[code])
        return realized

    def fill(self, kind: str, place, other, lots: int, ticks: int, *, tally: Tally) -> int:
        """So many lots at a place are closed against another holder: both book one integer. What the other realized.

        The row that is closed goes first: its cost is released before the other side's, in books and in events.
        """
        row = self.row_at(place)
        side, before = sign(row.quantity), tally.total
        tally.total += self.value_per_lot(row.code, ticks) * lots
        tally.lots += lots
        self.book_lots(kind, place, -side * lots, ticks, before=before)
        return self.book_lots(kind, other, side * lots, ticks, before=before)

    def cover(self, fund: SlowFund, wallet: int, loss: int) -> int:
        """The fund, then its parents, pay what they can of a loss; what they paid."""
        paid, child = 0, None
        while True:
            part = min(loss - paid, max(0, self.fund_equity(fund)))
            if child is not None:  # a parent lends to its child, which may have a cap
                part = part if child.parent_cap is None else min(part, child.parent_cap - child.lent)
                child.lent += part
            self.pay(part, fund.asset, debit=(fund, "fund-paid"), credit=(wallet, "cover"))
            paid += part
            if fund.parent is None:
                return paid
            fund, child = self.funds[fund.parent], fund

    def reduce_entry(self, wallet: int, asset: int, amount: int) -> None:
        """What comes in reduces an uncovered entry."""
        owed = self.open_entries.get((wallet, asset))
        if owed is not None and amount:
            self.open_entries[wallet, asset] = owed - amount
            if owed <= amount:
                del self.open_entries[wallet, asset]
                self.note("uncovered-paid", wallet)
            else:
                self.note("uncovered-reduced", wallet, amount=owed - amount)

    def owes(self, wallet: int) -> bool:
        return any(owner == wallet for owner, _ in self.open_entries)

    def cancel(self, wallet: int, codes=None) -> None:
        """Cancel the orders of a wallet, of some contracts only."""
        gone = [order for order in self.orders if order.wallet == wallet and (codes is None or order.code in codes)]
        for order in gone:
            self.note_cancelled(order)
        self.orders = [order for order in self.orders if order not in gone]

    def note_cancelled(self, order: OpenOrder) -> None:
        self.note("order-cancelled", order.wallet, code=order.code, lots=order.lots, ticks=order.ticks)

    # A call -----------------------------------------------------------------------------------------------------------

    def begin_call(self, time) -> int:
        """Every call begins so: rows release their cost anew. How many events were before it."""
        if time is not None and time < self.time:
            raise RefusalError("time runs backwards")
        self.time = self.time if time is None else time
        self.this_pass = PassMemory()
        for row in self.every_row():
            row.renew()
        return len(self.events)

    def end_call(self, first: int) -> list[OracleEvent]:
        self.forget_cool_downs()
        return self.events[first:]

    def forget_cool_downs(self) -> None:
        """A cool-down is that of an open row on its side, of a wallet that is liquidatable."""
        for wallet, code, side in [*self.cooling]:
            rows = [self.rows[number] for number in self.open_rows(wallet)]
            is_open = any(row.code == code and sign(row.quantity) == side for row in rows)
            if not is_open or not self.is_liquidatable(wallet):
                del self.cooling[wallet, code, side]

    def parties(self) -> list[SlowParty]:
        return [self.street, self.treasury, *self.vaults.values(), *self.funds.values()]

    def every_row(self) -> list[Row]:
        return [*self.rows, *(row for party in self.parties() for row in party.rows.values())]

    # Once more --------------------------------------------------------------------------------------------------------

    def copied(self) -> SlowHouse:
        """A house of its own in the same state, whose books may go another way."""
        other = copy.copy(self)
        other.rows, other.stored_balance = [copy.copy(row) for row in self.rows], [*self.stored_balance]
        other.amount, other.loan, other.orders = self.amount.copy(), self.loan.copy(), [*self.orders]
        other.open_entries, other.cooling, other.events = {**self.open_entries}, {**self.cooling}, [*self.events]
        other.outside = self.outside.copy()
        other.street, other.treasury = self.street.copied(), self.treasury.copied()
        other.vaults = {name: vault.copied() for name, vault in self.vaults.items()}
        other.funds = {name: fund.copied() for name, fund in self.funds.items()}
        other.number_rows()
        return other

    # What is there ----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> dict:
        """The books, as plain numbers; holders of nothing are left out."""
        rows = {(row.wallet, row.code, n): (row.quantity, row.cost, row.leverage) for n, row in enumerate(self.rows)}
        keys = sorted({*self.amount, *self.loan})
        return {
            "positions": rows,
            "balances": list(self.stored_balance),
            "holdings": {k: (self.amount[k], self.loan[k]) for k in keys if self.amount[k] or self.loan[k]},
            "orders": list(self.orders),
            "parties": {
                party.name: {
                    "lots": {code: (row.quantity, row.cost) for code, row in self.inventory(party).items()},
                    "cash": {asset: cash for asset, cash in sorted(party.cash.items()) if cash},
                }
                for party in self.parties()
            },
            "uncovered": dict(self.open_entries),
            "cooling": {key: cool_down.end for key, cool_down in self.cooling.items()},
        }

    @property
    def fits(self) -> bool:
        """Whether nothing leaves its range; of wallets with several assets, what is asked of them is not that large."""
        for row in self.every_row():
            if max(abs(row.quantity), abs(row.cost)) > INT64_MAX or abs(row.value) >= 2**62:
                return False
            if not INT64_MIN <= row.pnl <= INT64_MAX:
                return False
        money = [*self.stored_balance, *self.amount.values(), *(self.fund_equity(fund) for fund in self.funds.values())]
        money += [cash for party in self.parties() for cash in party.cash.values()]
        costs = [(fund, sum(row.cost for row in fund.rows.values())) for fund in self.funds.values()]
        money += [fund.cash[fund.asset] - cost - fund.opening for fund, cost in costs]  # what its ledger sums to
        sums = [number for w in range(len(self.mode)) for number in (self.equity_of(w), self.margin_of(w))]
        return max(map(abs, money), default=0) <= INT64_MAX and all(INT64_MIN <= number <= INT64_MAX for number in sums)

    def _total(self, asset: int) -> int:
        """Everything that there is of an asset."""
        total = sum(amount for (_, code), amount in self.amount.items() if code == asset)
        plain = zip(self.mode, self.asset, self.stored_balance, strict=True)
        total += sum(balance for mode, code, balance in plain if mode < MULTI_ASSET and code == asset)
        total += sum(party.cash[asset] for party in self.parties())
        return total - sum(row.cost for row in self.every_row() if self.settle(row) == asset)

    def check(self) -> None:
        """The invariants; and that what is kept about a row is what its lots say."""
        for code in range(len(self.contracts)):
            assert sum(row.quantity for row in self.every_row() if row.code == code) == 0
        for asset, opening in self.constant.items():
            assert self._total(asset) == opening + self.outside[asset]
        for (wallet, asset), owed in self.open_entries.items():
            several = self.mode[wallet] >= MULTI_ASSET
            assert owed > 0
            assert (self.amount[wallet, asset] if several else self.stored_balance[wallet]) == -owed
            assert not self.open_rows(wallet)
        for wallet, balance in enumerate(self.stored_balance):
            if self.mode[wallet] < MULTI_ASSET and not self.open_rows(wallet):
                assert balance >= 0 or self.open_entries[wallet, self.asset[wallet]] == -balance
        assert all(row.quantity or not row.cost for row in self.every_row())
