"""Trades of the slow clearing house: which rows they change, what they open, and what is refused."""

from itertools import pairwise

from support import clearing_oracle_books as oracle
from support.margin_oracle import INT64_MAX, ISOLATED


class Trades:
    """A part of the slow house."""

    def trade(
        self, contract, quantity, price, buyer, seller, time=None, buyer_leg=None, seller_leg=None, leverage=None
    ) -> list[tuple]:
        """A trade that has happened elsewhere: no margin check."""
        code = self.codes[contract]
        lots, ticks = self._above_zero(self._lots(code, quantity)), self._ticks(code, price)
        if (buyer is None and seller is None) or self.marks[code] is None:
            raise oracle.RefusalError("two holders, and a mark")
        asked = leverage if isinstance(leverage, tuple) else (leverage, leverage)
        sides = []
        for wallet, leg, change, chosen in zip(
            (buyer, seller), (buyer_leg, seller_leg), (lots, -lots), asked, strict=True
        ):
            if wallet is not None:
                self._refuse_trade(wallet, code, leg, change)
            elif leg is not None:
                raise oracle.RefusalError("the street has one netted row")
            side = None if wallet is None else self._side_of(wallet, code, leg, change)
            sides.append((wallet, side, change, None if chosen is None else self._above_zero(oracle.exact(chosen))))
        if buyer == seller and (sides[0][1] == sides[1][1] or self.mode[buyer] == ISOLATED):
            raise oracle.RefusalError("another wallet, or another leg of one that may have two")
        closing = [self._closes(code, *side[:3]) for side in sides]
        self._refuse_values(code, lots, ticks, closing)
        self._refuse_leverage(code, sides, isinstance(leverage, tuple))
        kept = vars(self.copied())
        first = self._begin(time)
        for wallet, side, change, chosen in sides:
            if wallet is None:
                self.take("trade", (self.street, code), change, ticks)
                continue
            place = self._row_for(wallet, code, side)
            row = self.rows[place]
            held, before = row.quantity, row.leverage
            self.take("trade", place, change, ticks)
            if held * change <= 0 < row.quantity * change:
                row.leverage = float(chosen or 0)
                self._keep_order(wallet, place, before)
        opens = any(w is not None and closes < lots for (w, *_), closes in zip(sides, closing, strict=True))
        fits = self.fits and (not opens or self._sides_fit(code))
        if fits:
            self._settle_debts({wallet for wallet, *_ in sides if wallet is not None})
        if not fits or not self.fits:
            vars(self).update(kept)
            raise oracle.RefusalError("beyond int64, or 2^62")
        return self._end(first)

    def _side_of(self, wallet: int, code: int, leg: str | None, change: int) -> int:
        """The side of the row that is closed or enlarged: the leg that is named, else the one that is held."""
        held = [oracle.sign(self.rows[n].quantity) for n in self.open_rows(wallet) if self.rows[n].code == code]
        return {"long": 1, "short": -1}[leg] if leg is not None else (*held, oracle.sign(change))[0]

    def _held_by(self, code: int, wallet: int | None, side: int | None) -> oracle.SlowRow | None:
        """The row of a side, or the street's."""
        if wallet is None:
            return self.street.rows.get(code)
        mine = (self.rows[n] for n in self.open_rows(wallet) if self.rows[n].code == code)
        return next((row for row in mine if oracle.sign(row.quantity) == side), None)

    def _closes(self, code: int, wallet: int | None, side: int | None, change: int) -> int:
        """How many lots of a change close something."""
        row = self._held_by(code, wallet, side)
        return min(abs(change), abs(row.quantity)) if row is not None and row.quantity * change < 0 else 0

    def _refuse_values(self, code: int, lots: int, ticks: int, closes: list[int]) -> None:
        """What changes hands at once must have a value that fits: from one end of a closing to the next."""
        cuts = sorted({0, lots, *closes})
        worth = [round(self.worth_of_a_lot(code, ticks) * upto) for upto in cuts]
        if any(abs(after - before) > INT64_MAX for before, after in pairwise(worth)):
            raise oracle.RefusalError("beyond int64")

    def _sides_fit(self, code: int) -> bool:
        """Whether the lots of all longs, and of all shorts, are an int64."""
        lots = [row.quantity for row in self.rows if row.code == code]
        return max(sum(n for n in lots if n > 0), -sum(n for n in lots if n < 0)) <= INT64_MAX

    def _refuse_leverage(self, code: int, sides: list[tuple], alone: bool) -> None:
        """A row that is enlarged keeps its own; where nothing opens, nothing may be given that is this side's alone."""
        for wallet, side, change, chosen in sides:
            if chosen is None:
                continue
            row = self._held_by(code, wallet, side)
            opens = self._closes(code, wallet, side, change) < abs(change)
            if alone and (wallet is None or not opens):
                raise oracle.RefusalError("nothing is opened")
            if (
                wallet is not None
                and row is not None
                and row.quantity * change > 0
                and oracle.exact(row.leverage) != chosen
            ):
                raise oracle.RefusalError("another leverage than the row's")

    def _keep_order(self, wallet: int, place: int, leverage: float) -> None:
        """Shorts stand behind the wallet's other rows: one that was turned round moves to the free row behind.

        The row that it leaves has the leverage again that it had.
        """
        row = self.rows[place]
        behind = [self.rows[n] for n in self.of[wallet] if n > place and self.rows[n].code == row.code]
        free = [other for other in behind if not other.quantity]
        if row.quantity < 0 and free:
            free[-1].quantity, free[-1].cost, row.quantity, row.cost = row.quantity, row.cost, 0, 0
            free[-1].leverage, row.leverage = row.leverage, leverage
            for moved in (row, free[-1]):
                moved.renew()
                moved.price_at(self.marks[row.code])

    def _refuse_trade(self, wallet: int, code: int, leg: str | None, change: int) -> None:
        self._refuse_stranger(wallet, code)
        legs = {oracle.sign(self.rows[n].quantity): n for n in self.open_rows(wallet) if self.rows[n].code == code}
        if leg is None and len(legs) == 2:
            raise oracle.RefusalError("name the leg")
        wanted = {None: 0, "long": 1, "short": -1}[leg]
        if wanted and wanted * change < 0:
            held = abs(self.rows[legs[wanted]].quantity) if wanted in legs else 0
            if abs(change) > held:
                raise oracle.RefusalError("never through zero")
        if self.mode[wallet] == ISOLATED:
            others = [n for n in self.open_rows(wallet) if self.rows[n].code != code or n == legs.get(-wanted)]
            if others:
                raise oracle.RefusalError("an isolated wallet holds one position")

    def _row_for(self, wallet: int, code: int, side: int) -> int:
        """The row that a trade changes: the open one, else a free one that keeps shorts last, else a new one there."""
        mine = [n for n in self.of[wallet] if self.rows[n].code == code]
        held = {oracle.sign(self.rows[n].quantity): n for n in mine if self.rows[n].quantity}
        if side in held:
            return held[side]
        free = [n for n in (mine if side > 0 else mine[-1:]) if not self.rows[n].quantity]
        if free:
            return free[0]
        after = [
            n
            for n, row in enumerate(self.rows)
            if (row.code, row.wallet, -oracle.sign(row.quantity)) > (code, wallet, -side)
        ]
        number = min(after, default=len(self.rows))
        self.rows.insert(number, self._held(code, wallet, 0, 0))
        self.of = self._rows_of_wallets()
        return number
