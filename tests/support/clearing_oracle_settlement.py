"""What becomes of emptied wallets in the slow clearing house."""

from support.clearing_oracle_books import RoundMemory, SlowFund
from support.margin_oracle import CROSS, ISOLATED, MULTI_ASSET


class Settlement:
    """A part of the slow house."""

    def _settle(self, turn: RoundMemory) -> None:
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

    def _settle_rest(self, wallet: int, asset: int, balance: int, fund: SlowFund) -> None:
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
