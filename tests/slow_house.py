"""A clearing house once more, slowly: one wallet, one row, one lot's worth of arithmetic after the other.

Plain integers and fractions, floats only where the rules say float64; everything is computed anew from what is held
at that moment. It knows cross, isolated, multi-asset and portfolio wallets and every stage but for cool-downs and steps
down the tiers. Of the package it uses the contracts, the fund table and the public fields of stages, and no number.
"""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction

from margin_oracle import CROSS, ISOLATED, MULTI_ASSET, PORTFOLIO, quanta_per_lot

import adlcore as adl
from adlcore.clearing.fund import resolve_funds

FAR = 1000
BOOK, LEGS, VAULT, ADL = "book", "legs", "vault", "adl"


def exact(value) -> Fraction:
    """A number as its decimal text says it; a fraction as it is."""
    return Fraction(value) if isinstance(value, Fraction | str) else Fraction(repr(value))


class Party:
    """The street, the treasury, a vault or a fund: a netted row a contract, and cash."""

    def __init__(self) -> None:
        self.lots, self.cost, self.cash = defaultdict(int), defaultdict(int), defaultdict(int)
        self.start()

    def start(self) -> None:
        """What its rows held when a pass began, or when they were last opened or enlarged."""
        self.first = {code: (self.lots[code], self.cost[code]) for code in list(self.lots)}

    def take(self, code: int, asset: int, lots: int, unit: Fraction) -> None:
        """Take signed lots at a value each; those that close something come first."""
        held = self.lots[code]
        closing = min(abs(lots), abs(held)) if held * lots < 0 else 0
        sign = 1 if lots > 0 else -1
        if closing:
            self.close(code, asset, sign * closing, sign * round(unit * closing))
        if rest := abs(lots) - closing:
            value = sign * (round(unit * abs(lots)) - round(unit * closing))
            self.open(code, sign * rest, value)

    def open(self, code: int, lots: int, value: int) -> None:
        self.lots[code] += lots
        self.cost[code] += value
        self.first[code] = self.lots[code], self.cost[code]

    def close(self, code: int, asset: int, lots: int, value: int) -> None:
        quantity, cost = self.first[code]
        closed = abs(quantity) - abs(self.lots[code]) + abs(lots)
        left = cost - math.trunc(Fraction(cost * closed, abs(quantity)))
        self.cash[asset] += -value - (self.cost[code] - left)
        self.lots[code] += lots
        self.cost[code] = left


class SlowHouse:
    """As `adl.ClearingHouse`, of the same arguments."""

    def __init__(self, snapshot: adl.Snapshot, funds, venue, liquidity=None) -> None:
        books = self.books = snapshot
        self.venue, self.liquidity = venue, liquidity
        self.contracts, self.assets = books.contracts, books.assets
        self.settle = [books.asset_names[contract.settle.name] for contract in books.contracts]
        self.account = books.wallets.account.tolist()
        self.mode, self.asset = books.wallets.mode.tolist(), books.wallets.asset.tolist()
        self.balance = books.wallets.balance.tolist()
        self.wallet = books.positions.wallet.tolist()
        self.code = books.position_contract.tolist()
        self.lots, self.cost = books.positions.quantity.tolist(), books.positions.entry_value.tolist()
        held = books.balances
        self.held = {
            (w, a): [x, loan]
            for w, a, x, loan in zip(*(column.tolist() for column in held.columns().values()), strict=True)
        }
        self.orders = [list(o) for o in zip(*(c.tolist() for c in books.orders.columns().values()), strict=True)]
        self.marks = [None if mark is None else Fraction(mark) for mark in books.marks]
        self.index = [None if price is None else Fraction(price) for price in books.index_prices]
        self.kept = [1 - Fraction(cut) for cut in books.haircuts]
        self.loan_rate = [Fraction(rate) for rate in books.loan_rates]
        self.rows_of = defaultdict(list)
        for row, wallet in enumerate(self.wallet):
            self.rows_of[wallet].append(row)
        self.table = resolve_funds(funds, self.contracts, self.assets, venue.trigger)
        self.parties = {name: Party() for name in ("street", "treasury", *venue.vaults, *self.table.names)}
        for fund, name in enumerate(self.table.names):
            self.parties[name].cash[int(self.table.asset[fund])] = int(self.table.balance[fund])
        self.lent = [0] * len(self.table)
        self.owed: dict[tuple[int, int], int] = {}
        for code in range(len(self.contracts)):
            net = sum(q for q, k in zip(self.lots, self.code, strict=True) if k == code)
            if net:
                self.parties["street"].open(code, -net, self.mark_value(code, -net))
        self.begin()
        self.unsettled = set(range(len(self.balance)))

    # Numbers ----------------------------------------------------------------------------------------------------------

    def unit(self, code: int, ticks: int) -> Fraction:
        """What a lot is worth at a price."""
        return quanta_per_lot(self.contracts[code], ticks * Fraction(self.contracts[code].tick))

    def mark_value(self, code: int, lots: int) -> int:
        return round(float(lots) * float(quanta_per_lot(self.contracts[code], self.marks[code])))

    def mark_ticks(self, code: int) -> int:
        return max(1, round(self.marks[code] / Fraction(self.contracts[code].tick)))

    def needs(self, code: int, lots: int) -> int:
        """Maintenance margin."""
        tiers, scale = self.contracts[code].tiers, 10 ** self.contracts[code].settle.decimals
        size = float(abs(self.mark_value(code, lots)))
        terms = zip(tiers.rate, tiers.amount, strict=True)
        return max(0, round(max(size * float(rate) - float(Fraction(amount) * scale) for rate, amount in terms)))

    def pnl(self, row: int) -> int:
        return self.mark_value(self.code[row], self.lots[row]) - self.cost[row]

    def price(self, asset: int) -> Fraction:
        """Quanta of the numeraire for a quantum of an asset."""
        (numeraire,) = {a for a, mode in zip(self.asset, self.mode, strict=True) if mode >= MULTI_ASSET}
        index = Fraction(1) if asset == numeraire else self.index[asset] or Fraction(0)
        return index * Fraction(10) ** (self.assets[numeraire].decimals - self.assets[asset].decimals)

    def to_wallet(self, wallet: int, asset: int, amount: int) -> int:
        """An amount of an asset in the unit in which a wallet's equity is."""
        return round(amount * self.price(asset)) if self.mode[wallet] >= MULTI_ASSET else amount

    def from_wallet(self, wallet: int, asset: int, amount: int) -> int:
        return round(amount / self.price(asset)) if self.mode[wallet] >= MULTI_ASSET else amount

    def open_rows(self, wallet: int) -> list[int]:
        return [row for row in self.rows_of[wallet] if self.lots[row]]

    def collateral(self, wallet: int, with_profit: bool) -> int:
        """Equity; or wallet balance, without profit and loss."""
        gains = defaultdict(int)
        for row in self.rows_of[wallet]:
            gains[self.settle[self.code[row]]] += self.pnl(row) if with_profit else 0
        if self.mode[wallet] < MULTI_ASSET:
            return self.balance[wallet] + sum(gains.values())
        total = 0
        for asset in {a for w, a in self.held if w == wallet} | set(gains):
            amount, loan = self.held.get((wallet, asset), (0, 0))
            price, net = self.price(asset), amount - loan
            if self.mode[wallet] == PORTFOLIO:
                net += gains[asset]
                total += round(net * price * (self.kept[asset] if net > 0 else 1))
            else:
                total += round(net * price * (self.kept[asset] if net > 0 else 1)) + round(gains[asset] * price)
        return total

    def equity(self, wallet: int) -> int:
        return self.collateral(wallet, with_profit=True)

    def margin(self, wallet: int) -> int:
        sums = defaultdict(int)
        for row in self.rows_of[wallet]:
            sums[self.settle[self.code[row]]] += self.needs(self.code[row], self.lots[row])
        if self.mode[wallet] < MULTI_ASSET:
            return sum(sums.values())
        total = sum(round(need * self.price(asset)) for asset, need in sums.items())
        for (w, asset), (_, loan) in self.held.items():
            total += round(loan * self.loan_rate[asset] * self.price(asset)) if w == wallet and loan else 0
        return total

    def is_short(self, wallet: int) -> bool:
        equity, margin = self.equity(wallet), self.margin(wallet)
        low = equity <= margin if self.venue.inclusive else equity < margin
        return equity < 0 or (margin > 0 and low)

    def fails(self, wallet: int) -> bool:
        return bool(self.open_rows(wallet)) and self.is_short(wallet)

    # Money and rows ---------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A call begins: what rows hold now is what they held at its start."""
        self.first = list(zip(self.lots, self.cost, strict=True))
        for party in self.parties.values():
            party.start()

    def pay_wallet(self, wallet: int, asset: int, amount: int) -> None:
        if self.mode[wallet] < MULTI_ASSET:
            self.balance[wallet] += amount
        else:
            self.held.setdefault((wallet, asset), [0, 0])[0] += amount

    def close(self, row: int, lots: int, worth: int) -> int:
        """Close lots of a row for what they are worth as a long's; what it realizes."""
        (quantity, cost), side = self.first[row], 1 if self.lots[row] > 0 else -1
        self.lots[row] -= side * lots
        closed = abs(quantity) - abs(self.lots[row])
        left = cost - math.trunc(Fraction(cost * closed, abs(quantity)))
        realized = side * worth - (self.cost[row] - left)
        self.cost[row] = left
        self.pay_wallet(self.wallet[row], self.settle[self.code[row]], realized)
        return realized

    def fund(self, fund: int) -> Party:
        return self.parties[self.table.names[fund]]

    def size(self, fund: int) -> int:
        """F."""
        party, asset = self.fund(fund), int(self.table.asset[fund])
        return party.cash[asset] + sum(self.mark_value(k, q) - party.cost[k] for k, q in party.lots.items() if q)

    def chain(self, fund: int) -> list[int]:
        found = []
        while fund >= 0:
            found.append(fund)
            fund = int(self.table.parent[fund])
        return found

    def funds_pay(self, fund: int, need: int) -> int:
        """What a fund and its parents pay."""
        paid, child = 0, None
        for payer in self.chain(fund):
            amount = min(need - paid, max(0, self.size(payer)))
            if child is not None:
                cap = int(self.table.parent_cap[child])
                amount = amount if cap < 0 else min(amount, cap - self.lent[child])
                self.lent[child] += amount
            self.fund(payer).cash[int(self.table.asset[payer])] -= amount
            paid, child = paid + amount, payer
        return paid

    def cancel(self, wallet: int, code: int) -> None:
        """Cross: all orders of the wallet; isolated: those of the symbol."""
        isolated = self.mode[wallet] == ISOLATED
        self.orders = [o for o in self.orders if o[1] != wallet or (isolated and o[0] != code)]

    # Bankruptcy prices ------------------------------------------------------------------------------------------------

    def shared(self, equity: int, rows: list[tuple], wallet: int | None = None) -> dict:
        """Price and value of each row of (key, code, lots, cost), highest key last, that share an equity."""
        convert = (lambda asset, x: self.to_wallet(wallet, asset, x)) if wallet is not None else (lambda _, x: x)
        back = (lambda asset, x: self.from_wallet(wallet, asset, x)) if wallet is not None else (lambda _, x: x)
        share, value, bound = {}, {}, {}
        mark = {key: self.mark_value(code, lots) for key, code, lots, _ in rows}
        while True:
            free = [row for row in rows if row[0] not in bound]
            left = equity - sum(share[key] for key in bound)
            weight = {key: convert(self.settle[code], self.needs(code, lots)) for key, code, lots, _ in free}
            if not sum(weight.values()):
                weight = {key: convert(self.settle[code], abs(mark[key])) for key, code, _, _ in free}
            if not sum(weight.values()):
                weight = dict.fromkeys(weight, 1)
            for key in weight:
                share[key] = left * weight[key] // sum(weight.values())
            if free:
                share[max(weight)] += left - sum(share[key] for key in weight)
            for key, code, _, _ in free:
                value[key] = mark[key] - back(self.settle[code], share[key])
            fresh = {row: edge for row in free if (edge := self.outside(row, value[row[0]])) is not None}
            if not fresh:
                break
            for (key, code, lots, _), edge in fresh.items():
                bound[key] = edge
                share[key] = convert(self.settle[code], mark[key] - round(lots * self.unit(code, edge)))
        found = {}
        for key, code, lots, _ in rows:
            ticks = self.ticks_at(code, lots, value[key])
            price = bound[key] if key in bound else math.ceil(ticks) if lots > 0 else math.floor(ticks)
            found[key] = price, round(lots * self.unit(code, price))
        return found

    def ticks_at(self, code: int, lots: int, value: int):
        one = quanta_per_lot(self.contracts[code], self.contracts[code].tick)
        if self.contracts[code].kind != "inverse":
            return Fraction(value) / (lots * one)
        return lots * one / value if value * lots < 0 else math.inf

    def highest(self, row: tuple) -> int:
        _, code, lots, cost = row
        contract = self.contracts[code]
        if contract.max_price is not None:
            return math.floor(Fraction(contract.max_price) / Fraction(contract.tick))
        entry = self.ticks_at(code, lots, cost) if cost else 0
        return max(math.ceil(FAR * self.marks[code] / Fraction(contract.tick)), math.ceil(entry))

    def outside(self, row: tuple, value: int) -> int | None:
        ticks = self.ticks_at(row[1], row[2], value)
        return 1 if ticks < 1 else self.highest(row) if ticks > self.highest(row) else None

    def prices(self, wallet: int) -> dict:
        rows = [(row, self.code[row], self.lots[row], self.cost[row]) for row in self.open_rows(wallet)]
        return self.shared(self.equity(wallet), rows, wallet)

    # A pass -----------------------------------------------------------------------------------------------------------

    def mark(self, prices, time=0, index_prices=None) -> None:
        """One pass."""
        named = {contract.symbol: code for code, contract in enumerate(self.contracts)}
        self.before = list(self.marks)
        for symbol, price in prices.items():
            self.marks[named[symbol]] = exact(str(price))
        for name, price in (index_prices or {}).items():
            self.index[self.books.asset_names[name]] = exact(str(price))
        self.time = time
        self.begin()
        self.taken, self.tried, self.hit, self.closed = set(), set(), set(), set()
        self.took, self.vault = defaultdict(set), {}
        while True:
            wallets = [w for w in range(len(self.balance)) if w not in self.taken and self.fails(w)]
            funds = [f for f in range(len(self.table)) if f not in self.tried and self.stands_below(f)]
            if not wallets and not funds:
                break
            self.round(wallets, funds)
        for source in sorted(self.closed):
            asset = self.asset[source]
            cross = [
                w
                for w in range(len(self.balance))
                if self.account[w] == self.account[source] and self.mode[w] == CROSS and self.asset[w] == asset
            ]
            if self.balance[source] > 0 and cross:
                self.balance[cross[0]] += self.balance[source]
                self.balance[source] = 0

    def stands_below(self, fund: int) -> bool:
        return any(self.fund(fund).lots.values()) and self.size(fund) < 0

    def ratio(self, wallet: int) -> float:
        equity = self.equity(wallet)
        return float(self.margin(wallet)) / float(equity) if equity > 0 else math.inf

    def round(self, wallets: list[int], funds: list[int]) -> None:
        """One round, stage by stage."""
        self.wallets = sorted(wallets, key=lambda w: (-self.ratio(w), self.equity(w), w))
        self.order = {w: sorted(self.open_rows(w), key=lambda r: (-self.weight(r), r)) for w in self.wallets}
        self.head = {w: int(self.table.head[self.code[rows[0]]]) for w, rows in self.order.items()}
        self.round_funds, self.settled = list(funds), set()
        self.tried |= set(funds)
        self.taken |= set(self.wallets)
        for stage in self.venue.stages:
            active = [w for w in self.wallets if self.fails(w)]
            getattr(self, type(stage).__name__)(stage, active)
            self.settle_round()

    def weight(self, row: int) -> int:
        need = self.needs(self.code[row], self.lots[row])
        return self.to_wallet(self.wallet[row], self.settle[self.code[row]], need)

    def still(self, wallets: list[int]) -> list[int]:
        return [row for w in wallets for row in self.order[w] if self.lots[row]]

    def CancelOrders(self, stage, active) -> None:
        for wallet in active:
            self.cancel(wallet, self.code[self.open_rows(wallet)[0]])

    def NetLegs(self, stage, active) -> None:
        for wallet in active:
            for code in range(len(self.contracts)):
                legs = [r for r in self.open_rows(wallet) if self.code[r] == code]
                if len(legs) == 2 and self.equity(wallet) >= 0:
                    lots = min(abs(self.lots[r]) for r in legs)
                    for row in legs:
                        self.close(row, lots, round(self.unit(code, self.mark_ticks(code)) * lots))
                    self.took[wallet].add(LEGS)

    def BookIOC(self, stage, active) -> None:
        prices = {key: found for w in active for key, found in self.prices(w).items()}
        edges = {r: self.highest((r, self.code[r], self.lots[r], self.cost[r])) for r in self.still(active)}
        for row in self.still(active):
            wallet, code = self.wallet[row], self.code[row]
            if not self.fails(wallet):
                continue
            side, held = (1 if self.lots[row] > 0 else -1), abs(self.lots[row])
            lots = math.ceil(exact(stage.portion) * held)
            price, head = prices[row][0], int(self.table.head[code])
            limit = self.limit(stage, row, price, lots, edges[row])
            total, w = 0, Fraction(0)
            fills = self.liquidity.ioc(self.contracts[code], -side * lots, limit, self.time) if self.liquidity else ()
            filled = sum(count for count, _ in fills)
            for count, ticks in fills:
                street = self.parties["street"]
                against = street.lots[code] * side < 0
                closing = min(count, abs(street.lots[code])) if against else 0
                for part in (closing, count - closing):
                    worth = round(w + self.unit(code, ticks) * part) - round(w)
                    w += self.unit(code, ticks) * part
                    if part:
                        self.close(row, part, worth)
                        if closing and part == closing and against:
                            street.close(code, self.settle[code], side * part, side * worth)
                            against = False
                        else:
                            street.open(code, side * part, side * worth)
                    total += worth
            if not filled:
                continue
            self.took[wallet].add(BOOK)
            better = side * (total - round(self.unit(code, price) * filled))
            asset = self.settle[code]
            if better > 0:
                fee = min(round(exact(stage.fee) * abs(total)), better)
                amount = better if stage.surplus == "fund" else fee
                self.pay_wallet(wallet, asset, -amount)
                self.fund(head).cash[asset] += amount
            elif better < 0:
                self.pay_wallet(wallet, asset, self.funds_pay(head, -better))

    def limit(self, stage, row: int, price: int, lots: int, edge: int) -> int:
        code, side = self.code[row], 1 if self.lots[row] > 0 else -1
        spare = max(0, self.size(int(self.table.head[code]))) if stage.limit == "fund" else 0
        if not spare:
            return price
        unit = self.unit(code, price) - Fraction(side * spare, lots)
        one = quanta_per_lot(self.contracts[code], self.contracts[code].tick)
        inverse = self.contracts[code].kind == "inverse"
        ticks = unit / one if not inverse else one / unit if unit < 0 else math.inf
        if side > 0:
            return max(1, math.ceil(ticks))
        return min(max(1, math.floor(ticks) if ticks != math.inf else edge), max(edge, price))

    def Backstop(self, stage, active) -> None:
        prices = {key: found for w in active for key, found in self.prices(w).items()}
        for row in self.still(active):
            wallet, below = self.wallet[row], exact(stage.below)
            if 0 <= self.equity(wallet) < below * self.margin(wallet):
                self.give(row, self.parties[stage.vault], *prices[row])
                self.took[wallet].add(VAULT)
                self.vault[wallet] = stage.vault

    def give(self, row: int, party: Party, price: int, value: int) -> None:
        """A party takes a whole row."""
        code, lots = self.code[row], self.lots[row]
        party.take(code, self.settle[code], lots, self.unit(code, price))
        self.close(row, abs(lots), value if lots > 0 else -value)

    def TakeOver(self, stage, active) -> None:
        prices = {key: found for w in active for key, found in self.prices(w).items()}
        for row in self.still(active):
            code, lots = self.code[row], self.lots[row]
            for fund in self.chain(int(self.table.head[code])):
                if self.accepts(fund, code, lots, prices[row][1]):
                    self.give(row, self.fund(fund), *prices[row])
                    self.took[self.wallet[row]].add(ADL)
                    break

    def accepts(self, fund: int, code: int, lots: int, value: int) -> bool:
        held = self.fund(fund).lots
        before, after = self.mark_value(code, held[code]), self.mark_value(code, held[code] + lots)
        size = self.size(fund) + after - before - value
        cap = self.table.trigger[fund].cap
        if size < 0 or cap is None or abs(held[code] + lots) < abs(held[code]):
            return size >= 0
        net = sum(abs(self.mark_value(k, q)) for k, q in held.items()) - abs(before) + abs(after)
        return net <= cap * size

    def Deleverage(self, stage, active) -> None:
        left = []
        for place, row in enumerate(self.still(active)):
            wallet = self.wallet[row]
            if stage.below is None or self.equity(wallet) < exact(stage.below) * self.margin(wallet):
                left.append((0, place, row))
        prices = {("row", key): found[0] for w in active for key, found in self.prices(w).items()}
        for fund in range(len(self.table)):
            if self.stands_below(fund) and (fund in self.round_funds or fund not in self.tried):
                self.tried.add(fund)
                self.round_funds = [*dict.fromkeys([*self.round_funds, fund])]
                party = self.fund(fund)
                rows = [(k, k, q, party.cost[k]) for k, q in sorted(party.lots.items()) if q]
                for code, found in self.shared(self.size(fund), rows).items():
                    prices["fund", fund, code] = found[0]
                    left.append((1, len(left), (fund, code)))
        served = []
        for kind, place, what in left:
            fund, code = what if kind else (None, self.code[what])
            lots = self.fund(fund).lots[code] if kind else self.lots[what]
            price = prices["fund", fund, code] if kind else prices["row", what]
            if stage.price != "bankruptcy":
                price = self.mark_ticks(code)
                if stage.price == "previous-mark" and self.before[code] is not None:
                    price = max(1, round(self.before[code] / Fraction(self.contracts[code].tick)))
            side = 1 if lots > 0 else -1
            served.append(((code, -side, side * price, kind, place), what if not kind else fund, bool(kind), price))
        served.sort(key=lambda one: one[0])
        for code in range(len(self.contracts)):
            for side in (1, -1):
                part = [one for one in served if one[0][0] == code and one[0][1] == -side]
                if part:
                    self.deleverage_side(stage, code, side, part)

    def deleverage_side(self, stage, code: int, side: int, part: list) -> None:
        """Remainders of one (contract, side), ascending in what a lot costs the others."""
        chain = self.chain(int(self.table.head[code]))
        rest, done = [], []
        for _, who, is_fund, price in part:
            need = abs(self.fund(who).lots[code] if is_fund else self.lots[who])
            unit, given = self.unit(code, price), 0
            for fund in chain if stage.net_fund_first else ():
                party = self.fund(fund)
                if party.lots[code] * side < 0:
                    most = self.may_give(abs(party.lots[code]), self.size(fund), code, party.lots[code], side, unit)
                    lots = min(most, need - given)
                    worth = round(unit * (given + lots)) - round(unit * given)
                    if lots:
                        self.serve(who, is_fund, code, side, lots, worth)
                        party.close(code, self.settle[code], side * lots, side * worth)
                    given += lots
            rest.append(need - given)
            done.append(given)
        if not any(rest):
            return
        queue = self.ranking(stage, code, -side)
        used, hit = set(), []
        for place, (_, who, is_fund, price) in enumerate(part):
            unit = self.unit(code, price)
            for row in queue:
                wallet = self.wallet[row]
                same = not is_fund and self.account[self.wallet[who]] == self.account[wallet]
                if not rest[place] or row in used or (same and stage.same_account == "exclude"):
                    continue
                equity = self.from_wallet(wallet, self.settle[code], self.equity(wallet))
                most = self.may_give(abs(self.lots[row]), equity, code, self.lots[row], side, unit)
                lots = min(most, rest[place])
                if lots == most:
                    used.add(row)
                if lots:
                    worth = round(unit * (done[place] + lots)) - round(unit * done[place])
                    self.serve(who, is_fund, code, side, lots, worth)
                    self.close(row, lots, worth)
                    rest[place] -= lots
                    done[place] += lots
                    hit.append(row)
        for row in hit:
            self.hit.add(self.wallet[row])
            self.cancel(self.wallet[row], code)
            if not self.lots[row] and self.mode[self.wallet[row]] == ISOLATED:
                self.closed.add(self.wallet[row])

    def may_give(self, held: int, equity: int, code: int, lots: int, side: int, unit: Fraction) -> int:
        """Lots that leave a counterparty with equity."""
        loss = side * (unit - quanta_per_lot(self.contracts[code], self.marks[code]))
        if loss <= 0:
            return held
        room = equity - 2 - math.ceil(Fraction(abs(self.mark_value(code, lots)), 2**51))
        return min(held, math.floor(max(0, room) / loss))

    def serve(self, who, is_fund: bool, code: int, side: int, lots: int, worth: int) -> None:
        """Close lots of a remainder."""
        if is_fund:
            self.fund(who).close(code, self.settle[code], -side * lots, -side * worth)
        else:
            self.close(who, lots, worth)
            self.took[self.wallet[who]].add(ADL)

    def ranking(self, stage, code: int, side: int) -> list[int]:
        """Rows that may be counterparties: score descending, wallet, row."""
        found = []
        for row, (wallet, lots) in enumerate(zip(self.wallet, self.lots, strict=True)):
            if self.code[row] != code or lots * side <= 0 or wallet in self.taken or self.is_short(wallet):
                continue
            score = self.score(stage.rule.name, row)
            if score > -math.inf and (stage.eligible == "all" or self.pnl(row) > 0):
                found.append((-score, wallet, row))
        return [row for *_, row in sorted(found)]

    def score(self, rule: str, row: int) -> float:
        code, wallet = self.code[row], self.wallet[row]
        u, mv, ev = float(self.pnl(row)), float(self.mark_value(code, self.lots[row])), float(self.cost[row])
        n = abs(mv)
        if rule == "roi":
            return 0.0 if u == 0 else u / abs(ev) if ev else math.copysign(math.inf, u)
        e = float(self.from_wallet(wallet, self.settle[code], self.equity(wallet)))
        if e <= 0:
            return -math.inf
        assert rule == "binance"
        return u / e if u >= 0 else (u / n) * (e / n) if n else -math.inf

    def Uncovered(self, stage, active) -> None:
        """Nothing moves."""

    # Settlement -------------------------------------------------------------------------------------------------------

    def settle_round(self) -> None:
        for wallet in self.wallets:
            if wallet not in self.settled and not self.open_rows(wallet):
                self.settled.add(wallet)
                if self.mode[wallet] < MULTI_ASSET:
                    self.settle_amount(wallet, self.asset[wallet], self.head[wallet])
                else:
                    self.settle_valued(wallet)
        self.settle_others(sorted(self.hit | self.unsettled))
        self.unsettled = set()

    def settle_others(self, wallets) -> None:
        for wallet in wallets:
            if self.mode[wallet] < MULTI_ASSET and self.balance[wallet] < 0 and not self.open_rows(wallet):
                self.settle_amount(wallet, self.asset[wallet], int(self.table.of_asset[self.asset[wallet]]))

    def amount(self, wallet: int, asset: int) -> int:
        plain = self.mode[wallet] < MULTI_ASSET
        return self.balance[wallet] if plain else self.held.get((wallet, asset), (0, 0))[0]

    def settle_amount(self, wallet: int, asset: int, fund: int) -> None:
        """The rest of one asset, or what is missing of it."""
        amount = self.amount(wallet, asset)
        took = getattr(self, "took", defaultdict(set))[wallet]
        if amount > 0 and ADL in took:
            self.fund(fund).cash[asset] += amount
            self.pay_wallet(wallet, asset, -amount)
        elif amount > 0 and VAULT in took:
            self.parties[self.vault[wallet]].cash[asset] += amount
            self.pay_wallet(wallet, asset, -amount)
        elif amount < 0 and (wallet, asset) not in self.owed:
            self.pay_wallet(wallet, asset, self.funds_pay(fund, -amount))
            if (left := -self.amount(wallet, asset)) > 0:
                self.owed[wallet, asset] = left

    def settle_valued(self, wallet: int) -> None:
        treasury = self.parties["treasury"]
        assets = sorted({a for w, a in self.held if w == wallet})
        for asset in assets:
            loan = self.held[wallet, asset][1]
            self.held[wallet, asset] = [self.held[wallet, asset][0] - loan, 0]
            treasury.cash[asset] += loan
        for debt in assets:
            for asset in assets:
                owed, have = -self.amount(wallet, debt), self.amount(wallet, asset)
                if owed > 0 and have > 0:
                    rate = self.price(asset) * self.kept[asset] / self.price(debt)
                    spent = min(have, math.ceil(owed / rate))
                    got = owed if spent * rate >= owed else math.floor(spent * rate)
                    for which, change in ((asset, -spent), (debt, got)):
                        self.pay_wallet(wallet, which, change)
                        treasury.cash[which] -= change
        for asset in assets:
            self.settle_amount(wallet, asset, int(self.table.of_asset[asset]))

    # Looking at both --------------------------------------------------------------------------------------------------

    def numbers(self) -> dict:
        """All that it holds, to be compared."""
        parties = {}
        for name, party in self.parties.items():
            for what in ("lots", "cost", "cash"):
                parties[name, what] = {k: v for k, v in getattr(party, what).items() if v}
        return {
            "lots": self.lots,
            "cost": self.cost,
            "balance": self.balance,
            "held": {key: tuple(pair) for key, pair in self.held.items() if any(pair)},
            "orders": self.orders,
            "owed": self.owed,
            "lent": self.lent,
            **parties,
        }


def numbers_of(house: adl.ClearingHouse) -> dict:
    """The same of the real one."""
    state, snapshot = house.state(), house.snapshot()
    parties = {}
    for row, name in enumerate(state.parties.names):
        for what in ("lots", "cost", "cash"):
            column = getattr(state.parties, what)[row].tolist()
            parties[name, what] = {k: v for k, v in enumerate(column) if v}
    held = snapshot.balances
    rows = zip(*(column.tolist() for column in held.columns().values()), strict=True)
    return {
        "lots": snapshot.positions.quantity.tolist(),
        "cost": snapshot.positions.entry_value.tolist(),
        "balance": snapshot.wallets.balance.tolist(),
        "held": {(w, a): (x, loan) for w, a, x, loan in rows if x or loan},
        "orders": [list(o) for o in zip(*(c.tolist() for c in snapshot.orders.columns().values()), strict=True)],
        "owed": dict(state.uncovered),
        "lent": state.lent.tolist(),
        **parties,
    }
