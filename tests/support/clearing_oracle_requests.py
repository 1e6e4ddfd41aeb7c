"""Calls of the slow clearing house between marks: money, funding and open orders."""

from fractions import Fraction

from support.clearing_oracle_books import RefusalError, SlowParty, exact, sign
from support.margin_oracle import INT64_MAX, INT64_MIN, MULTI_ASSET


class Requests:
    """A part of the slow house."""

    def _asset_for(self, wallet: int, asset: str | None) -> int:
        if self.mode[wallet] < MULTI_ASSET:
            if asset is not None and self.asset_code.get(asset) != self.asset[wallet]:
                raise RefusalError("another asset than the wallet's")
            return self.asset[wallet]
        code = self.asset_code.get(asset)
        if code is None or self.price[code] is None:
            raise RefusalError("an asset is needed, and its index price")
        return code

    def _above_zero(self, number: int) -> int:
        if number <= 0:
            raise RefusalError("must be above 0")
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
            raise RefusalError("beyond int64")

    def withdraw(self, wallet, amount, asset=None, time=None) -> list[tuple]:
        """Refused beyond the free margin, and of a valued wallet beyond what is there of the asset."""
        code = self._asset_for(wallet, asset)
        quanta = self._above_zero(self.quanta(code, amount))
        if self.mode[wallet] >= MULTI_ASSET and quanta > self.amount[wallet, code]:
            raise RefusalError("beyond what is there")
        self.money(wallet, code, -quanta)
        left = self.spare(wallet)
        self.money(wallet, code, quanta)
        if left < 0:
            raise RefusalError("beyond the free margin")
        first = self._begin(time)
        self._from_outside("withdrawal", wallet, code, -quanta)
        return self._end(first)

    def _from_outside(self, kind: str, who, asset: int, quanta: int) -> None:
        self.money(who, asset, quanta)
        self.outside[asset] += quanta
        self.note(kind, who.name if isinstance(who, SlowParty) else who, None, None, 0, None, quanta)

    def fund_deposit(self, fund, amount, time=None) -> list[tuple]:
        fund = self.funds[fund]
        quanta = self.quanta(fund.asset, amount)
        most = max(0, min(fund.cash[fund.asset], self.f(fund)))
        if not quanta or quanta < -most:
            raise RefusalError("at most cash and equity")
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
                    self.note("funding", who.name if isinstance(who, SlowParty) else who, number, code, 0, None, -owed)
            if total:
                fund = self.head(code)
                self.money(fund, fund.asset, total)
                self.note("funding", fund.name, None, code, 0, None, total)
        return self._end(first)

    def _lots(self, code: int, quantity) -> int:
        return self._steps(quantity, self.contracts[code].lot)

    def _ticks(self, code: int, price) -> int:
        return self._above_zero(self._steps(price, self.contracts[code].tick))

    def _steps(self, number, step) -> int:
        steps = exact(number) / Fraction(step)
        if steps.denominator != 1 or abs(steps) > INT64_MAX:
            raise RefusalError("off the grid")
        return int(steps)

    def _refuse_stranger(self, wallet: int, code: int) -> None:
        settle = self.settle_of(code)
        if self.mode[wallet] < MULTI_ASSET and self.asset[wallet] != settle:
            raise RefusalError("another asset than the contract's")
        if self.mode[wallet] >= MULTI_ASSET and self.price[settle] is None:
            raise RefusalError("no index price")
        if self.owes(wallet):
            raise RefusalError("an open entry")

    def place_order(self, wallet, contract, quantity, price, leverage=None, locked=None, time=None) -> list[tuple]:
        """Locks margin, given or notional/leverage rounded up; refused beyond the free margin."""
        code = self.codes[contract]
        lots, ticks = self._lots(code, quantity), self._ticks(code, price)
        if not lots or (leverage is None) == (locked is None):
            raise RefusalError("lots, and one of leverage and locked")
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
            raise RefusalError("beyond the free margin")
        first = self._begin(time)
        self.orders.append(line)
        self.note("order-placed", wallet, None, code, lots, ticks)
        return self._end(first)

    def cancel_order(self, order, time=None) -> list[tuple]:
        if not 0 <= order < len(self.orders):
            raise RefusalError("no such order")
        first = self._begin(time)
        code, wallet, lots, price, _ = self.orders.pop(order)
        self.note("order-cancelled", wallet, None, code, lots, price)
        return self._end(first)

    @property
    def fits(self) -> bool:
        """Whether nothing leaves its range; of wallets with several assets, what is asked of them is not that large."""
        parties = [row for party in self.parties() for row in party.rows.values()]
        for row in [*self.rows, *parties]:
            if (
                max(abs(row.quantity), abs(row.cost)) > INT64_MAX
                or abs(row.value) >= 2**62
                or not INT64_MIN <= row.pnl <= INT64_MAX
            ):
                return False
        money = [*self.stored, *self.amount.values(), *(self.f(fund) for fund in self.funds.values())]
        money += [cash for party in self.parties() for cash in party.cash.values()]
        costs = [(fund, sum(row.cost for row in fund.rows.values())) for fund in self.funds.values()]
        money += [fund.cash[fund.asset] - cost - fund.opening for fund, cost in costs]  # what its ledger sums to
        sums = [number for w in range(len(self.mode)) for number in (self._equity(w, 1), self._margin(w))]
        return max(map(abs, money), default=0) <= INT64_MAX and all(INT64_MIN <= number <= INT64_MAX for number in sums)
