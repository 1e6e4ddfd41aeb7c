"""A clearing house once more, slowly: integers, fractions, and floats only where the rules say float64.

The text is ``docs/waterfall.md``. Numbers of wallets are those of :mod:`margin_oracle`, read anew whenever they are
asked for; what the house keeps, its stages, triggers, settlement, trades and other calls stand in files of their own,
`clearing_oracle_*`. Of adlcore only snapshots, contracts and the attributes of stages and funds are
read, nothing that it computes. Everything is told by class *name*.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from fractions import Fraction

from support import clearing_oracle_stages as stages_of
from support import clearing_oracle_triggers as triggers
from support.clearing_oracle_books import (
    PassMemory,
    PlainFund,
    RefusalError,
    RoundMemory,
    SlowFund,
    SlowParty,
    SlowRow,
    Sweep,
    Tally,
    exact,
    sign,
)
from support.clearing_oracle_requests import Requests
from support.clearing_oracle_settlement import Settlement
from support.clearing_oracle_trades import Trades
from support.margin_oracle import INT64_MAX, INT64_MIN, MULTI_ASSET, Row, SlowMargin, quanta_per_lot


class SlowHouse(Trades, Requests, Settlement, SlowMargin):
    """Books that move; the arguments are the house's."""

    def __init__(
        self, snapshot, funds=(), stages=(), liquidity=None, inclusive=True, max_rounds=None, *, trigger=None
    ) -> None:
        if any(contract.tiers is None for contract in snapshot.contracts):
            raise RefusalError("a contract without tiers")
        self.books, self.contracts, self.orders = snapshot, snapshot.contracts, []
        self.marks = [None if mark is None else Fraction(mark) for mark in snapshot.marks]
        self.codes = {contract.symbol: code for code, contract in enumerate(snapshot.contracts)}
        self.asset_code = {asset.name: code for code, asset in enumerate(snapshot.assets)}
        self.account = snapshot.wallets.account.tolist()
        self.mode, self.asset = snapshot.wallets.mode.tolist(), snapshot.wallets.asset.tolist()
        self.stored = snapshot.wallets.balance.tolist()
        self.index = dict(zip(self.asset_code, snapshot.index_prices, strict=True))
        self.price, self.kept = self._prices({}), [1 - Fraction(cut) for cut in snapshot.haircuts]
        self.amount, self.loan = defaultdict(int), defaultdict(int)
        for wallet, asset, amount, loan in zip(*snapshot.balances.columns().values(), strict=True):
            self.amount[int(wallet), int(asset)], self.loan[int(wallet), int(asset)] = int(amount), int(loan)
        self.orders = [tuple(map(int, line)) for line in zip(*snapshot.orders.columns().values(), strict=True)]
        self.rows: list[SlowRow] = []
        for code in range(len(self.contracts)):
            for number in range(int(snapshot.start[code]), int(snapshot.start[code + 1])):
                table = snapshot.positions
                columns = (table.wallet, table.quantity, table.entry_value, table.leverage)
                self.rows.append(self._held(code, *(column[number].item() for column in columns)))
        self.of = self._rows_of_wallets()
        self.stages = [*stages]
        if not any(type(stage).__name__ == "Uncovered" for stage in stages):
            self.stages.append(Sweep())
        self.liquidity, self.inclusive, self.max_rounds = liquidity, inclusive, max_rounds
        self.street, self.treasury = SlowParty("street"), SlowParty("treasury")
        vaults = dict.fromkeys(stage.vault for stage in stages if type(stage).__name__ == "Backstop")
        self.vaults = {name: SlowParty(name) for name in vaults}
        self.funds = self._funds(funds, trigger)
        self.uncovered, self.cooling, self.events, self.time = {}, {}, [], 0
        self.passing = PassMemory({}, {}, {})
        triggers.first_watch(self)
        self._balance_against_the_street()
        self._settle_debts(range(len(self.mode)))
        self.outside = defaultdict(int)
        self.constant = {asset: self._total(asset) for asset in range(len(snapshot.assets))}

    # Opening ----------------------------------------------------------------------------------------------------------

    def _held(self, code: int, wallet: int | None, lots: int, cost: int, leverage: float = 0.0) -> SlowRow:
        row = SlowRow(code, self.contracts[code], wallet, lots, cost, leverage, 0, 0, 0)
        row.price_at(self.marks[code])
        row.renew()
        return row

    def _rows_of_wallets(self) -> dict[int, list[int]]:
        found = defaultdict(list)
        for number, row in enumerate(self.rows):
            found[row.wallet].append(number)
        return found

    def _funds(self, given, trigger) -> dict[str, SlowFund]:
        funds = {}
        for terms in given:
            fund = SlowFund(terms, self.asset_code[terms.asset], trigger)
            fund.opening = fund.cash[fund.asset] = self.quanta(fund.asset, terms.balance)
            if fund.cap is not None:
                fund.cap = self.quanta(fund.asset, fund.cap)
            funds[fund.name] = fund
        for name, code in self.asset_code.items():
            if not any(fund.scope is None and fund.asset == code for fund in funds.values()):
                funds[name] = SlowFund(PlainFund(name), code, trigger)
        return funds

    def _balance_against_the_street(self) -> None:
        for code in range(len(self.contracts)):
            net = sum(row.quantity for row in self.rows if row.code == code)
            if net:
                row = self.street.rows[code] = self._held(code, None, -net, 0)
                row.cost = row.value
                row.pnl = 0
                row.renew()
                self.note("balanced", "street", None, code, -net, None, -row.cost)

    def seed(self, name: str, code: int, lots: int, cost: int) -> None:
        """Let a fund hold lots that it has from the street."""
        for party, sense in ((self.funds[name], 1), (self.street, -1)):
            row = party.rows.setdefault(code, self._held(code, None, 0, 0))
            row.quantity, row.cost = row.quantity + sense * lots, row.cost + sense * cost
            row.price_at(self.marks[code])
            self.note("balanced", party.name, None, code, sense * lots, None, -sense * cost)

    # Reading ----------------------------------------------------------------------------------------------------------

    def quanta(self, asset: int, amount) -> int:
        """Units as quanta."""
        found = exact(amount) * 10 ** self.books.assets[asset].decimals
        if found.denominator != 1 or not INT64_MIN <= found <= INT64_MAX:
            raise RefusalError("off the grid")
        return int(found)

    def rate(self, row: Row) -> Fraction:
        return Fraction(1) if row.wallet is None else super().rate(row)

    def worth_of_a_lot(self, code: int, ticks: int) -> Fraction:
        """v at a price in ticks."""
        contract = self.contracts[code]
        return quanta_per_lot(contract, ticks * Fraction(contract.tick))

    def e(self, wallet: int) -> int:
        return self._equity(wallet, 1)

    def mm(self, wallet: int) -> int:
        return self._margin(wallet)

    def in_settle(self, wallet: int, row: Row, number: int) -> int:
        """A number of a wallet, in the asset that a contract settles in."""
        rate = super().rate(row)
        return number if rate == 1 else round(number / rate)

    def f(self, fund: SlowFund) -> int:
        """F = cash + Σ(MV − EV)."""
        return fund.cash[fund.asset] + sum(row.pnl for row in fund.rows.values())

    def inventory(self, party: SlowParty) -> dict[int, SlowRow]:
        return {code: party.rows[code] for code in sorted(party.rows) if party.rows[code].quantity}

    def open_rows(self, wallet: int) -> list[int]:
        return [number for number in self.of[wallet] if self.rows[number].quantity]

    def is_liquidatable(self, wallet: int) -> bool:
        """Holds a position, and E < 0 or 0 < MM and E <= MM."""
        if not self.open_rows(wallet):
            return False
        equity, margin = self.e(wallet), self.mm(wallet)
        return equity < 0 or (margin > 0 and (equity < margin or (self.inclusive and equity == margin)))

    def ratio_of(self, wallet: int) -> float:
        equity = self.e(wallet)
        return float("inf") if equity <= 0 else float(self.mm(wallet)) / float(equity)

    def settle_of(self, code: int) -> int:
        return self.asset_code[self.contracts[code].settle.name]

    def fund_of_asset(self, asset: int) -> SlowFund:
        return next(fund for fund in self.funds.values() if fund.scope is None and fund.asset == asset)

    def head(self, code: int) -> SlowFund:
        """The fund of a contract: the one that names it, else the asset's."""
        symbol = self.contracts[code].symbol
        named = [fund for fund in self.funds.values() if fund.scope and symbol in fund.scope]
        return named[0] if named else self.fund_of_asset(self.settle_of(code))

    def chain(self, head: SlowFund) -> list[SlowFund]:
        found = [head]
        while found[-1].parent is not None:
            found.append(self.funds[found[-1].parent])
        return found

    # Moving -----------------------------------------------------------------------------------------------------------

    def note(self, kind, who, row=None, code=None, lots=0, price=None, amount=0) -> None:
        self.events.append((kind, who, row, code, lots, price, amount))

    def money(self, who, asset: int, amount: int) -> None:
        if isinstance(who, SlowParty):
            who.cash[asset] += amount
        elif self.mode[who] >= MULTI_ASSET:
            self.amount[who, asset] += amount
        else:
            self.stored[who] += amount

    def pay(self, asset: int, amount: int, giver, gives: str, taker, takes: str) -> None:
        """Money from one to another: two legs."""
        if amount:
            for who, kind, change in ((giver, gives, -amount), (taker, takes, amount)):
                self.money(who, asset, change)
                self.note(kind, who.name if isinstance(who, SlowParty) else who, None, None, 0, None, change)

    def take(self, kind: str, place, lots: int, ticks: int, before=Fraction(0)) -> int:
        """A holder gets signed lots at a price, W being `before`: it closes first, then opens. What closing realized.

        A place is a position row, or a party and a contract.
        """
        if isinstance(place, tuple):
            owner, code = place
            number, name = None, owner.name
            row = owner.rows.setdefault(code, self._held(code, None, 0, 0))
        else:
            number, row = place, self.rows[place]
            owner = name = row.wallet
            code = row.code
        side, v = sign(lots), self.worth_of_a_lot(code, ticks)
        closes = min(abs(lots), abs(row.quantity)) if row.quantity * side < 0 else 0
        part = round(before + v * closes) - round(before)
        rest = round(before + v * abs(lots)) - round(before) - part
        gain = 0
        if closes:
            gain = -side * part - row.release(closes)
            self.money(owner, self.settle_of(code), gain)
            self.note(kind, name, number, code, side * closes, ticks, -side * part)
        if abs(lots) > closes:
            row.quantity += lots - side * closes
            row.cost += side * rest
            row.renew()
            self.note(kind, name, number, code, lots - side * closes, ticks, -side * rest)
        row.price_at(self.marks[code])
        return gain

    def fill(self, kind: str, seat, other, lots: int, ticks: int, tally: Tally) -> int:
        """So many lots of a row are closed against another holder: both book one integer. What the other realized."""
        row = seat[0].rows[seat[1]] if isinstance(seat, tuple) else self.rows[seat]
        side, before = sign(row.quantity), tally.total
        tally.total += self.worth_of_a_lot(row.code, ticks) * lots
        tally.lots += lots
        self.take(kind, seat, -side * lots, ticks, before)
        return self.take(kind, other, side * lots, ticks, before)

    def cover(self, head: SlowFund, wallet: int, need: int) -> int:
        """The chain pays what it can of a loss; what it paid."""
        paid, room = 0, None
        for fund in self.chain(head):
            part = min(need - paid, max(0, self.f(fund)))
            if room is not None:  # what the parent may still lend this child
                child, left = room
                part = part if left is None else min(part, left)
                child.lent += part
            self.pay(fund.asset, part, fund, "fund-paid", wallet, "cover")
            paid += part
            room = fund, None if fund.cap is None else fund.cap - fund.lent
        return paid

    def inflow(self, wallet: int, asset: int, amount: int) -> None:
        """What comes in reduces an uncovered entry."""
        owed = self.uncovered.get((wallet, asset))
        if owed is not None and amount:
            self.uncovered[wallet, asset] = owed - amount
            if owed <= amount:
                del self.uncovered[wallet, asset]
                self.note("uncovered-paid", wallet)
            else:
                self.note("uncovered-reduced", wallet, None, None, 0, None, owed - amount)

    def owes(self, wallet: int) -> bool:
        return any(owner == wallet for owner, _ in self.uncovered)

    def cancel(self, wallet: int, codes=None) -> None:
        """Cancel the orders of a wallet, of some contracts only."""
        gone = [line for line in self.orders if line[1] == wallet and (codes is None or line[0] in codes)]
        for code, _, lots, price, _ in gone:
            self.note("order-cancelled", wallet, None, code, lots, price)
        self.orders = [line for line in self.orders if line not in gone]

    # A pass -----------------------------------------------------------------------------------------------------------

    def _begin(self, time) -> int:
        """Every call begins so: rows release their cost anew."""
        if time is not None and time < self.time:
            raise RefusalError("time runs backwards")
        self.time = self.time if time is None else time
        self.passing = PassMemory({}, {}, {})
        for row in [*self.rows, *(row for party in self.parties() for row in party.rows.values())]:
            row.renew()
        return len(self.events)

    def _end(self, first: int) -> list[tuple]:
        self._forget_cool_downs()
        return self.events[first:]

    def _forget_cool_downs(self) -> None:
        """A cool-down is that of an open row on its side, of a wallet that is liquidatable."""
        for wallet, code, side in [*self.cooling]:
            rows = [self.rows[number] for number in self.open_rows(wallet)]
            stands = any(row.code == code and sign(row.quantity) == side for row in rows)
            if not stands or not self.is_liquidatable(wallet):
                del self.cooling[wallet, code, side]

    def parties(self) -> list[SlowParty]:
        return [self.street, self.treasury, *self.vaults.values(), *self.funds.values()]

    def _read_prices(self, prices) -> dict[int, Fraction]:
        found = {self.codes[symbol]: exact(price) for symbol, price in (prices or {}).items()}
        if any(price <= 0 for price in found.values()):
            raise RefusalError("a price of zero or less")
        return found

    def mark(self, prices, time=None, index_prices=None, oracle=None) -> list[tuple]:
        """New marks, then rounds while somebody liquidatable has not been tried."""
        fresh, other = self._read_prices(prices), self._read_prices(oracle)
        first = self._begin(time)

        def rounded(price: Fraction, code: int) -> int:
            return max(1, round(price / Fraction(self.contracts[code].tick)))

        old = {code: rounded(mark, code) for code, mark in enumerate(self.marks) if mark is not None}
        for code, price in fresh.items():
            self.marks[code] = price
        now = {code: rounded(mark, code) for code, mark in enumerate(self.marks) if mark is not None}
        self.index.update(index_prices or {})
        self.price = self._prices(self.index)
        for row in [*self.rows, *(row for party in self.parties() for row in party.rows.values())]:
            row.price_at(self.marks[row.code])
        asked = {code: rounded(price, code) for code, price in other.items()}
        self.passing = PassMemory(now, {**now, **old}, {**now, **asked})
        triggers.watch(self)
        self._forget_cool_downs()
        self._rounds()
        self._settle_debts(range(len(self.mode)))
        self._pay_entries(range(len(self.mode)))
        self._move_what_isolated_winners_have()
        triggers.watch(self)
        return self._end(first)

    def _rounds(self) -> None:
        done = 0
        while True:
            liquidated, tried = self.passing.liquidated, self.passing.tried
            wallets = [w for w in range(len(self.mode)) if w not in liquidated and self.is_liquidatable(w)]
            funds = [f for f in self.funds.values() if f not in tried and self.f(f) < 0 and self.inventory(f)]
            if not wallets and not funds:
                return
            if done == self.max_rounds:
                for who in (*wallets, *(fund.name for fund in funds)):
                    self.note("max-rounds", who)
                return
            self._round(wallets, funds)
            done += 1

    def _round(self, wallets: list[int], funds: list[SlowFund]) -> None:
        wallets = sorted(wallets, key=lambda w: (-self.ratio_of(w), self.e(w), w))
        rows = {}
        for wallet in wallets:
            weight = {n: round(self.rows[n].margin * self.rate(self.rows[n])) for n in self.open_rows(wallet)}
            rows[wallet] = sorted(weight, key=lambda n: (-weight[n], n))
            self.passing.liquidated.append(wallet)
            self.note("liquidation-started", wallet)
        self.passing.tried += funds
        turn = RoundMemory(wallets, rows, [*funds])
        for stage in self.stages:
            stages_of.STAGES[type(stage).__name__](self, stage, turn, self._still_liquidatable(turn))
            self._settle(turn)

    def _still_liquidatable(self, turn: RoundMemory) -> list[int]:
        """Whom a stage looks at; the others are left alone by it."""
        found = []
        for wallet in turn.wallets:
            if self.is_liquidatable(wallet):
                found.append(wallet)
            elif self.open_rows(wallet):
                self.cooling = {key: then for key, then in self.cooling.items() if key[0] != wallet}
                if wallet not in self.passing.healthy:
                    self.passing.healthy.add(wallet)
                    self.note("healthy", wallet)
        return found

    # Once more --------------------------------------------------------------------------------------------------------

    def copied(self) -> SlowHouse:
        """The same house once more, whose books may go another way."""
        other = copy.copy(self)
        other.rows, other.stored, other.orders = [copy.copy(row) for row in self.rows], [*self.stored], [*self.orders]
        other.amount, other.loan = self.amount.copy(), self.loan.copy()
        other.uncovered, other.cooling, other.events = {**self.uncovered}, {**self.cooling}, [*self.events]
        other.outside = self.outside.copy()
        other.street, other.treasury = self.street.copied(), self.treasury.copied()
        other.vaults = {name: vault.copied() for name, vault in self.vaults.items()}
        other.funds = {name: fund.copied() for name, fund in self.funds.items()}
        other.of = other._rows_of_wallets()
        return other

    # What is there ----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> dict:
        """The books, as plain numbers; holders of nothing are left out."""
        held = {n: (row.wallet, row.code, n) for n, row in enumerate(self.rows)}
        keys = sorted({*self.amount, *self.loan})
        return {
            "positions": {held[n]: (row.quantity, row.cost, row.leverage) for n, row in enumerate(self.rows)},
            "balances": list(self.stored),
            "holdings": {k: (self.amount[k], self.loan[k]) for k in keys if self.amount[k] or self.loan[k]},
            "orders": list(self.orders),
            "parties": {
                party.name: {
                    "lots": {code: (row.quantity, row.cost) for code, row in self.inventory(party).items()},
                    "cash": {asset: cash for asset, cash in sorted(party.cash.items()) if cash},
                }
                for party in self.parties()
            },
            "uncovered": dict(self.uncovered),
            "cooling": {key: until for key, (_, until) in self.cooling.items()},
        }

    def _total(self, asset: int) -> int:
        """Everything that there is of an asset."""
        total = sum(amount for (_, code), amount in self.amount.items() if code == asset)
        plain = zip(self.mode, self.asset, self.stored, strict=True)
        total += sum(balance for mode, code, balance in plain if mode < MULTI_ASSET and code == asset)
        total += sum(party.cash[asset] for party in self.parties())
        rows = [*self.rows, *(row for party in self.parties() for row in party.rows.values())]
        return total - sum(row.cost for row in rows if self.settle(row) == asset)

    def check(self) -> None:
        """The invariants; and that what is kept about a row is what its lots say."""
        everybody = [*self.rows, *(row for party in self.parties() for row in party.rows.values())]
        for code in range(len(self.contracts)):
            assert sum(row.quantity for row in everybody if row.code == code) == 0
        for asset, opening in self.constant.items():
            assert self._total(asset) == opening + self.outside[asset]
        for (wallet, asset), owed in self.uncovered.items():
            held = self.amount[wallet, asset] if self.mode[wallet] >= MULTI_ASSET else self.stored[wallet]
            assert owed > 0
            assert held == -owed
            assert not self.open_rows(wallet)
        for wallet, balance in enumerate(self.stored):
            if self.mode[wallet] < MULTI_ASSET and not self.open_rows(wallet):
                assert balance >= 0 or self.uncovered[wallet, self.asset[wallet]] == -balance
        assert all(row.quantity or not row.cost for row in everybody)
