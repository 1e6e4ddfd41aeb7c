"""A clearing house once more, slowly: integers, fractions, and floats only where the rules say float64.

The text is waterfall.md. Numbers of wallets are those of :mod:`margin_oracle`, read anew whenever they are
asked for; stages and triggers stand in :mod:`clearing_oracle_stages`, trades in
:mod:`clearing_oracle_trades`. Of adlcore only snapshots, contracts and the attributes of stages and funds are
read, nothing that it computes. Everything is told by class *name*.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from support import clearing_oracle_stages as stages_of
from support.clearing_oracle_trades import Trades
from support.margin_oracle import BOTTOM, CROSS, ISOLATED, MULTI_ASSET, TOP, Row, Venue, quanta_per_lot


class Refused(Exception):
    """What the house does not do; nothing has changed."""


def exact(value) -> Fraction:
    """A number as it is meant: a float by its shortest decimal, save that 2/3 is the fraction."""
    if isinstance(value, float):
        return Fraction(2, 3) if value == 2 / 3 else Fraction(repr(value))
    return Fraction(value.replace("_", "")) if isinstance(value, str) else Fraction(value)


def sign(number) -> int:
    return (number > 0) - (number < 0)


@dataclass
class Held(Row):
    """Lots of a wallet (`wallet`: its row) or of a party (None), and how much of their cost was released."""

    cost_then: int = 0
    lots_then: int = 0
    closed: int = 0
    released: int = 0

    def renew(self) -> None:
        """EV0 and Q0 are set anew, D to 0."""
        self.cost_then, self.lots_then, self.closed, self.released = self.cost, abs(self.quantity), 0, 0

    def release(self, lots: int) -> int:
        """Close lots; the cost that goes with them is truncated in the sum, not one by one."""
        self.closed += lots
        due = abs(self.cost_then) * self.closed // self.lots_then * sign(self.cost_then)
        part, self.released = due - self.released, due
        self.quantity -= sign(self.quantity) * lots
        self.cost -= part
        return part

    def price_at(self, mark: Fraction | None) -> None:
        """MV, U and MM at a mark."""
        self.value = self.margin = 0
        if mark is not None:
            self.value = round(float(self.quantity) * float(quanta_per_lot(self.contract, mark)))
            scale = 10**self.contract.settle.decimals
            terms = zip(self.contract.tiers.rate, self.contract.tiers.amount, strict=True)
            lines = (float(abs(self.value)) * float(rate) - float(Fraction(a) * scale) for rate, a in terms)
            self.margin = max(0, round(max(lines)))
        self.pnl = self.value - self.cost


class Tally:
    """W: what the fills of one row in one stage come to, exactly; and C: how many lots they are."""

    def __init__(self) -> None:
        self.total, self.lots = Fraction(0), 0


class Party:
    """The street, the treasury, a vault or a fund: one netted row for each contract, cash for each asset."""

    def __init__(self, name: str) -> None:
        self.name, self.rows, self.cash = name, {}, defaultdict(int)

    def copied(self) -> Party:
        """The same once more."""
        other = copy.copy(self)
        other.rows = {code: copy.copy(row) for code, row in self.rows.items()}
        other.cash = self.cash.copy()
        return other


class Fund(Party):
    """An insurance fund in one asset."""

    def __init__(self, terms, asset: int, trigger) -> None:
        scope = (terms.scope,) if isinstance(terms.scope, str) else terms.scope
        name = terms.name or (terms.asset if scope is None else "+".join(scope))
        super().__init__(name)
        self.asset, self.scope, self.parent = asset, scope, terms.parent
        self.cap, self.lent, self.opening = terms.parent_cap, 0, 0
        self.trigger = terms.trigger if terms.trigger is not None else trigger
        self.samples, self.on = defaultdict(list), set()


@dataclass
class Round:
    """The order of a round, fixed at its start, the funds that it tries, and what those refused: contracts by fund."""

    wallets: list[int]
    rows: dict[int, list[int]]
    funds: list[Fund]
    refused: set[tuple[str, int]] = field(default_factory=set)


@dataclass
class Pass:
    """What is remembered from the first round of a pass to its end."""

    rounded: dict[int, int]
    before: dict[int, int]
    oracle: dict[int, int]
    liquidated: list[int] = field(default_factory=list)
    tried: list[Fund] = field(default_factory=list)
    healthy: set[int] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)
    took: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    vault: dict[int, Party] = field(default_factory=dict)
    countered: set[int] = field(default_factory=set)


class PlainFund:
    """The fund that every asset has where none was given."""

    def __init__(self, asset: str) -> None:
        self.asset, self.balance, self.scope, self.name = asset, "0", None, asset
        self.parent = self.parent_cap = self.trigger = None


class Sweep:
    """The last stage of a list without one."""


Sweep.__name__ = "Uncovered"


class SlowHouse(Trades, Venue):
    """Books that move; the arguments are the house's."""

    def __init__(
        self, snapshot, funds=(), stages=(), liquidity=None, inclusive=True, max_rounds=None, *, trigger=None
    ) -> None:
        if any(contract.tiers is None for contract in snapshot.contracts):
            raise Refused("a contract without tiers")
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
        self.rows: list[Held] = []
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
        self.street, self.treasury = Party("street"), Party("treasury")
        vaults = dict.fromkeys(stage.vault for stage in stages if type(stage).__name__ == "Backstop")
        self.vaults = {name: Party(name) for name in vaults}
        self.funds = self._funds(funds, trigger)
        self.uncovered, self.cooling, self.events, self.time = {}, {}, [], 0
        self.passing = Pass({}, {}, {})
        stages_of.first_watch(self)
        self._balance_against_the_street()
        self._settle_debts(range(len(self.mode)))
        self.outside = defaultdict(int)
        self.constant = {asset: self._total(asset) for asset in range(len(snapshot.assets))}

    # Opening ----------------------------------------------------------------------------------------------------------

    def _held(self, code: int, wallet: int | None, lots: int, cost: int, leverage: float = 0.0) -> Held:
        row = Held(code, self.contracts[code], wallet, lots, cost, leverage, 0, 0, 0)
        row.price_at(self.marks[code])
        row.renew()
        return row

    def _rows_of_wallets(self) -> dict[int, list[int]]:
        found = defaultdict(list)
        for number, row in enumerate(self.rows):
            found[row.wallet].append(number)
        return found

    def _funds(self, given, trigger) -> dict[str, Fund]:
        funds = {}
        for terms in given:
            fund = Fund(terms, self.asset_code[terms.asset], trigger)
            fund.opening = fund.cash[fund.asset] = self.quanta(fund.asset, terms.balance)
            if fund.cap is not None:
                fund.cap = self.quanta(fund.asset, fund.cap)
            funds[fund.name] = fund
        for name, code in self.asset_code.items():
            if not any(fund.scope is None and fund.asset == code for fund in funds.values()):
                funds[name] = Fund(PlainFund(name), code, trigger)
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
        if found.denominator != 1 or not BOTTOM <= found <= TOP:
            raise Refused("off the grid")
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

    def f(self, fund: Fund) -> int:
        """F = cash + Σ(MV − EV)."""
        return fund.cash[fund.asset] + sum(row.pnl for row in fund.rows.values())

    def inventory(self, party: Party) -> dict[int, Held]:
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

    def fund_of_asset(self, asset: int) -> Fund:
        return next(fund for fund in self.funds.values() if fund.scope is None and fund.asset == asset)

    def head(self, code: int) -> Fund:
        """The fund of a contract: the one that names it, else the asset's."""
        symbol = self.contracts[code].symbol
        named = [fund for fund in self.funds.values() if fund.scope and symbol in fund.scope]
        return named[0] if named else self.fund_of_asset(self.settle_of(code))

    def chain(self, head: Fund) -> list[Fund]:
        found = [head]
        while found[-1].parent is not None:
            found.append(self.funds[found[-1].parent])
        return found

    # Moving -----------------------------------------------------------------------------------------------------------

    def note(self, kind, who, row=None, code=None, lots=0, price=None, amount=0) -> None:
        self.events.append((kind, who, row, code, lots, price, amount))

    def money(self, who, asset: int, amount: int) -> None:
        if isinstance(who, Party):
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
                self.note(kind, who.name if isinstance(who, Party) else who, None, None, 0, None, change)

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

    def cover(self, head: Fund, wallet: int, need: int) -> int:
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
            raise Refused("time runs backwards")
        self.time = self.time if time is None else time
        self.passing = Pass({}, {}, {})
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

    def parties(self) -> list[Party]:
        return [self.street, self.treasury, *self.vaults.values(), *self.funds.values()]

    def _read_prices(self, prices) -> dict[int, Fraction]:
        found = {self.codes[symbol]: exact(price) for symbol, price in (prices or {}).items()}
        if any(price <= 0 for price in found.values()):
            raise Refused("a price of zero or less")
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
        self.passing = Pass(now, {**now, **old}, {**now, **asked})
        stages_of.watch(self)
        self._forget_cool_downs()
        self._rounds()
        self._settle_debts(range(len(self.mode)))
        self._pay_entries(range(len(self.mode)))
        self._move_what_isolated_winners_have()
        stages_of.watch(self)
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

    def _round(self, wallets: list[int], funds: list[Fund]) -> None:
        wallets = sorted(wallets, key=lambda w: (-self.ratio_of(w), self.e(w), w))
        rows = {}
        for wallet in wallets:
            weight = {n: round(self.rows[n].margin * self.rate(self.rows[n])) for n in self.open_rows(wallet)}
            rows[wallet] = sorted(weight, key=lambda n: (-weight[n], n))
            self.passing.liquidated.append(wallet)
            self.note("liquidation-started", wallet)
        self.passing.tried += funds
        turn = Round(wallets, rows, [*funds])
        for stage in self.stages:
            stages_of.STAGES[type(stage).__name__](self, stage, turn, self._still_liquidatable(turn))
            self._settle(turn)

    def _still_liquidatable(self, turn: Round) -> list[int]:
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

    # Settlement -------------------------------------------------------------------------------------------------------

    def _settle(self, turn: Round) -> None:
        """Those of the round that hold nothing any more, then counterparties that owe."""
        for wallet in turn.wallets:
            if self.open_rows(wallet) or wallet in self.passing.settled:
                continue
            self.passing.settled.add(wallet)
            if self.mode[wallet] >= MULTI_ASSET:
                self._settle_valued(wallet)
            else:
                head = self.head(self.rows[turn.rows[wallet][0]].code)
                self._settle_rest(wallet, self.asset[wallet], self.stored[wallet], head)
        self._settle_debts(self.passing.countered)

    def _settle_debts(self, wallets) -> None:
        """Of these, who holds nothing, is worth less than nothing and has no open entry; one asset before several."""
        for wallet in sorted(wallets, key=lambda wallet: (self.mode[wallet] >= MULTI_ASSET, wallet)):
            if self.open_rows(wallet) or self.e(wallet) >= 0 or self.owes(wallet):
                continue
            if wallet in self.passing.liquidated:
                continue
            if self.mode[wallet] >= MULTI_ASSET:
                self._settle_valued(wallet)
            else:
                asset = self.asset[wallet]
                self._settle_rest(wallet, asset, self.stored[wallet], self.fund_of_asset(asset))

    def _pay_entries(self, wallets) -> None:
        """What debtors of several assets hold is exchanged for what they owe."""
        for wallet in wallets:
            if self.mode[wallet] < MULTI_ASSET or not self.owes(wallet):
                continue
            self._exchange(wallet)
            for owner, asset in sorted(self.uncovered):
                if owner == wallet:
                    self.inflow(wallet, asset, self.uncovered[wallet, asset] + self.amount[wallet, asset])

    def _settle_valued(self, wallet: int) -> None:
        self._repay_loans(wallet)
        self._exchange(wallet)
        for asset in range(len(self.books.assets)):
            self._settle_rest(wallet, asset, self.amount[wallet, asset], self.fund_of_asset(asset))

    def _settle_rest(self, wallet: int, asset: int, balance: int, fund: Fund) -> None:
        took = self.passing.took[wallet]
        if balance > 0 and took & {"take-over", "deleverage"}:
            self.pay(asset, balance, wallet, "rest", fund, "fund-received")
        elif balance > 0 and "backstop" in took:
            self.pay(asset, balance, wallet, "rest", self.passing.vault[wallet], "vault-received")
        elif balance < 0:
            left = -balance - self.cover(fund, wallet, -balance)
            if left:
                self.uncovered[wallet, asset] = left
                self.note("uncovered-money", wallet, None, None, 0, None, left)

    def _repay_loans(self, wallet: int) -> None:
        """Every loan becomes a debt."""
        for asset in range(len(self.books.assets)):
            self.pay(asset, self.loan[wallet, asset], wallet, "loan-repaid", self.treasury, "loan-repaid")
            self.loan[wallet, asset] = 0

    def _exchange(self, wallet: int) -> None:
        """Collateral for debts, against the treasury, at index·(1 − haircut)."""
        assets = range(len(self.books.assets))
        for debt in assets:
            for good in assets:
                owed, have = -self.amount[wallet, debt], self.amount[wallet, good]
                if owed <= 0 or have <= 0:
                    continue
                rate = (self.price[good] or 0) * self.kept[good] / self.price[debt]
                if not rate:
                    continue
                gives = min(have, -(-owed // rate))
                gets = owed if gives * rate >= owed else int(gives * rate // 1)
                if not gets:
                    continue
                self.pay(good, gives, wallet, "exchange", self.treasury, "exchange")
                self.pay(debt, gets, self.treasury, "exchange", wallet, "exchange")

    def _move_what_isolated_winners_have(self) -> None:
        for wallet in sorted(self.passing.countered):
            left = self.stored[wallet]
            if (
                self.mode[wallet] != ISOLATED
                or wallet in self.passing.liquidated
                or self.open_rows(wallet)
                or left <= 0
            ):
                continue
            asset, account = self.asset[wallet], self.account[wallet]
            key = (account, asset, CROSS)
            found = [w for w, owner in enumerate(self.account) if (owner, self.asset[w], self.mode[w]) == key]
            if found:
                self.pay(asset, left, wallet, "moved", found[0], "moved")
                self.inflow(found[0], asset, left)

    # Other calls ------------------------------------------------------------------------------------------------------

    def _asset_for(self, wallet: int, asset: str | None) -> int:
        if self.mode[wallet] < MULTI_ASSET:
            if asset is not None and self.asset_code.get(asset) != self.asset[wallet]:
                raise Refused("another asset than the wallet's")
            return self.asset[wallet]
        code = self.asset_code.get(asset)
        if code is None or self.price[code] is None:
            raise Refused("an asset is needed, and its index price")
        return code

    def _above_zero(self, number: int) -> int:
        if number <= 0:
            raise Refused("must be above 0")
        return number

    def deposit(self, wallet, amount, asset=None, time=None) -> list[tuple]:
        code = self._asset_for(wallet, asset)
        quanta = self._above_zero(self.quanta(code, amount))
        self._refuse_beyond_range(wallet, code, quanta)
        first = self._begin(time)
        self._from_outside("deposit", wallet, code, quanta)
        self.inflow(wallet, code, quanta)
        self._pay_entries([wallet])
        return self._end(first)

    def _refuse_beyond_range(self, who, asset: int, quanta: int) -> None:
        """Money must leave balances, cash and equities that fit."""
        self.money(who, asset, quanta)
        fits = self.fits
        self.money(who, asset, -quanta)
        if not fits:
            raise Refused("beyond int64")

    def withdraw(self, wallet, amount, asset=None, time=None) -> list[tuple]:
        """Refused beyond the free margin, and of a valued wallet beyond what is there of the asset."""
        code = self._asset_for(wallet, asset)
        quanta = self._above_zero(self.quanta(code, amount))
        if self.mode[wallet] >= MULTI_ASSET and quanta > self.amount[wallet, code]:
            raise Refused("beyond what is there")
        self.money(wallet, code, -quanta)
        left = self.spare(wallet)
        self.money(wallet, code, quanta)
        if left < 0:
            raise Refused("beyond the free margin")
        first = self._begin(time)
        self._from_outside("withdrawal", wallet, code, -quanta)
        return self._end(first)

    def _from_outside(self, kind: str, who, asset: int, quanta: int) -> None:
        self.money(who, asset, quanta)
        self.outside[asset] += quanta
        self.note(kind, who.name if isinstance(who, Party) else who, None, None, 0, None, quanta)

    def fund_deposit(self, fund, amount, time=None) -> list[tuple]:
        fund = self.funds[fund]
        quanta = self.quanta(fund.asset, amount)
        most = max(0, min(fund.cash[fund.asset], self.f(fund)))
        if not quanta or quanta < -most:
            raise Refused("at most cash and equity")
        self._refuse_beyond_range(fund, fund.asset, quanta)
        first = self._begin(time)
        self._from_outside("fund-deposit", fund, fund.asset, quanta)
        return self._end(first)

    def funding(self, rates, time=None) -> list[tuple]:
        """Each row of users, street and vaults pays round(sign(q)·|MV|·rate); the head fund receives the sum."""
        rates = {self.codes[symbol]: exact(rate) for symbol, rate in rates.items()}
        first = self._begin(time)
        for code, rate in sorted(rates.items()):
            places = [(number, row.wallet, row) for number, row in enumerate(self.rows) if row.code == code]
            others = (party for party in (self.street, *self.vaults.values()) if code in party.rows)
            places += [(None, party, party.rows[code]) for party in others]
            total = 0
            for number, who, row in places:
                owed = round(sign(row.quantity) * abs(row.value) * rate)
                if owed:
                    total += owed
                    self.money(who, self.settle_of(code), -owed)
                    self.note("funding", who.name if isinstance(who, Party) else who, number, code, 0, None, -owed)
            if total:
                fund = self.head(code)
                self.money(fund, fund.asset, total)
                self.note("funding", fund.name, None, code, 0, None, total)
        return self._end(first)

    def _lots(self, code: int, quantity) -> int:
        lots = exact(quantity) / Fraction(self.contracts[code].lot)
        if lots.denominator != 1 or abs(lots) > TOP:
            raise Refused("off the grid")
        return int(lots)

    def _ticks(self, code: int, price) -> int:
        ticks = exact(price) / Fraction(self.contracts[code].tick)
        if ticks.denominator != 1 or abs(ticks) > TOP:
            raise Refused("off the grid")
        return self._above_zero(int(ticks))

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

    @property
    def fits(self) -> bool:
        """Whether nothing leaves its range; of wallets with several assets, what is asked of them is not that large."""
        parties = [row for party in self.parties() for row in party.rows.values()]
        for row in [*self.rows, *parties]:
            if max(abs(row.quantity), abs(row.cost)) > TOP or abs(row.value) >= 2**62 or not BOTTOM <= row.pnl <= TOP:
                return False
        money = [*self.stored, *self.amount.values(), *(self.f(fund) for fund in self.funds.values())]
        money += [cash for party in self.parties() for cash in party.cash.values()]
        costs = [(fund, sum(row.cost for row in fund.rows.values())) for fund in self.funds.values()]
        money += [fund.cash[fund.asset] - cost - fund.opening for fund, cost in costs]  # what its ledger sums to
        sums = [number for w in range(len(self.mode)) for number in (self._equity(w, 1), self._margin(w))]
        return max(map(abs, money), default=0) <= TOP and all(BOTTOM <= number <= TOP for number in sums)

    def _refuse_stranger(self, wallet: int, code: int) -> None:
        settle = self.settle_of(code)
        if self.mode[wallet] < MULTI_ASSET and self.asset[wallet] != settle:
            raise Refused("another asset than the contract's")
        if self.mode[wallet] >= MULTI_ASSET and self.price[settle] is None:
            raise Refused("no index price")
        if self.owes(wallet):
            raise Refused("an open entry")

    def place_order(self, wallet, contract, quantity, price, leverage=None, locked=None, time=None) -> list[tuple]:
        """Locks margin, given or notional/leverage rounded up; refused beyond the free margin."""
        code = self.codes[contract]
        lots, ticks = self._lots(code, quantity), self._ticks(code, price)
        if not lots or (leverage is None) == (locked is None):
            raise Refused("lots, and one of leverage and locked")
        self._refuse_stranger(wallet, code)
        if locked is None:
            notional = round(abs(lots * self.worth_of_a_lot(code, ticks)))
            quanta = -(-notional // self._above_zero(exact(leverage)))
        else:
            quanta = self.quanta(self.settle_of(code), locked)
        line = (code, wallet, lots, ticks, int(quanta))
        self.orders.append(line)
        left = self.lockable(wallet)
        self.orders.pop()
        if (left < 0 and quanta > 0) or quanta < 0:  # to lock nothing is never beyond what is free
            raise Refused("beyond the free margin")
        first = self._begin(time)
        self.orders.append(line)
        self.note("order-placed", wallet, None, code, lots, ticks)
        return self._end(first)

    def cancel_order(self, order, time=None) -> list[tuple]:
        if not 0 <= order < len(self.orders):
            raise Refused("no such order")
        first = self._begin(time)
        code, wallet, lots, price, _ = self.orders.pop(order)
        self.note("order-cancelled", wallet, None, code, lots, price)
        return self._end(first)

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
