"""Auto-deleveraging: what nobody else took is closed against the winners of the other side.

Each (contract, side) is ranked once a round. Its remainders are served in ascending loss per lot to the
counterparties, by one cursor over the ranking: a row gives at most its lots, and no more than leaves its
wallet with equity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from ..._support.arrays import INT64, Int64Array1D
from ..._support.options import read_flag, require_option
from ...contracts.ratios import exact_ratio
from ...errors import AdlError
from ...ranking.rules import RankingRule, as_rule
from ..liquidation.liquidation_round import Round
from ..liquidation.pass_books import BY_FUND_OR_ADL, PassBooks
from ..margin.shared_bankruptcy import share_party_rows
from .counterparty_fills import CounterpartyMatcher, Fills, Remainders
from .counterparty_queue import CounterpartyQueue
from .stage import OrderBatches, Stage, is_waiting

__all__ = ["Deleverage"]

PRICES = ("bankruptcy", "mark", "previous-mark", "oracle")
ELIGIBLE, SAME_ACCOUNT = ("all", "winners"), ("allow", "exclude")


@dataclass(frozen=True, init=False)
class Deleverage(Stage):
    """Close what is left against the other side of the market, best ranked first.

    Parameters
    ----------
    rule : str or RankingRule, default "binance"
    price : {"bankruptcy", "mark", "previous-mark", "oracle"}, default "bankruptcy"
        At which price. ``"oracle"`` takes what ``house.mark(oracle=...)`` is given, and the mark of a contract
        that is given none. Marks and oracle prices are rounded half-even to a whole tick, at least one.
    eligible : {"all", "winners"}, default "all"
        "all": losers come after all winners; "winners": only rows with U > 0.
    same_account : {"allow", "exclude"}, default "allow"
        Whether another, healthy wallet of the same account may be a counterparty.
    net_fund_first : bool, default True
        Whether a remainder closes the funds' inventory of the other side before users.
    below : decimal string, number or fraction, optional
        Only wallets with E < below·MM are deleveraged; "0": only those with negative equity.

    Notes
    -----
    A counterparty gives at most its lots, and where a lot loses it something at most
    ``floor(max(0, E - ε)/loss)``, ``ε = 2 + ceil(|MV|·2^-51)`` quanta; E is re-margined after every fill. It
    pays no fee, its orders are cancelled by its own margin mode, and it is told by an ``adl-notice``.
    Rows of wallets in liquidation, or liquidatable when the side is ranked, are nobody's counterparty. Source:
    coinengineer.net, 29 Aug 2025; venues' prices: Hyperliquid (previous mark), OKX (mark), GMX (oracle).

    O(rows of the side + counterparties) for each contract and side.

    Examples
    --------
    >>> Deleverage()
    Deleverage('binance')
    >>> Deleverage("roi", price="mark", eligible="winners")
    Deleverage('roi', price='mark', eligible='winners')
    """

    rule: RankingRule
    price: str
    eligible: str
    same_account: str
    net_fund_first: bool
    below: Any

    def __init__(
        self,
        rule: str | RankingRule = "binance",
        *,
        price: str = "bankruptcy",
        eligible: str = "all",
        same_account: str = "allow",
        net_fund_first: bool = True,
        below: Any = None,
    ) -> None:
        for name, value, known in (
            ("price", price, PRICES),
            ("eligible", eligible, ELIGIBLE),
            ("same_account", same_account, SAME_ACCOUNT),
        ):
            require_option(name, value, known)
        if below is not None and exact_ratio(below, "below") < 0:
            raise AdlError.at("below", None, below, "must be 0 or above, or None")
        values = as_rule(rule), price, eligible, same_account, read_flag("net_fund_first", net_fund_first), below
        for field, given in zip(self.__dataclass_fields__, values, strict=True):
            object.__setattr__(self, field, given)

    def __repr__(self) -> str:
        terms = [repr(self.rule.name if self.rule.function is None and self.rule.short == "mirrored" else self.rule)]
        usual = Deleverage(self.rule)
        given = {name: getattr(self, name) for name in self.__dataclass_fields__}
        terms += [f"{name}={value!r}" for name, value in given.items() if value != getattr(usual, name)]
        return f"Deleverage({', '.join(terms)})"

    def run(self, pass_books: PassBooks, liquidation_round: Round) -> OrderBatches | None:
        """Contract by contract in snapshot order, remainders of longs, then of shorts."""
        left = _concatenate(self._wallets(pass_books, liquidation_round), self._funds(pass_books, liquidation_round))
        # Loss per lot rises with the price for the counterparties of a long, and falls for those of a short.
        order = np.lexsort((np.arange(len(left)), left.side * left.price, -left.side, left.code))
        left = left.only(order)
        borders = np.flatnonzero((np.diff(left.code) != 0) | (np.diff(left.side) != 0)) + 1
        for first, last in pairwise([0, *borders.tolist(), len(left)]) if len(left) else []:
            self._side(pass_books, left.only(slice(first, last)))
        return None

    # What is left -----------------------------------------------------------------------------------------------------

    def _wallets(self, pass_books: PassBooks, liquidation_round: Round) -> Remainders:
        """Open rows of the round's wallets that are liquidatable still."""
        chosen = liquidation_round.chosen(pass_books, liquidation_round.begin(pass_books))
        wanted = ~is_waiting(pass_books, chosen)
        if self.below is not None:
            share = exact_ratio(self.below, "below")
            wallets, of = np.unique(chosen.wallet, return_inverse=True)
            both = zip(pass_books.equity[wallets].tolist(), pass_books.margin[wallets].tolist(), strict=True)
            low = [e * share.denominator < share.numerator * m for e, m in both]
            wanted &= np.array(low, bool)[of]
        chosen = chosen.only(wanted)
        nobody = np.full(len(chosen), -1, INT64)
        return Remainders(
            row=chosen.row,
            wallet=chosen.wallet,
            fund=nobody,
            code=chosen.code,
            side=chosen.side,
            price=self._prices(pass_books, chosen.code, chosen.price),
        )

    def _funds(self, pass_books: PassBooks, liquidation_round: Round) -> Remainders:
        """The inventory of funds below zero, each once a pass."""
        found = []
        for fund in range(len(pass_books.fund_table)):
            party = pass_books.first_fund + fund
            # All such stages of the round that tries a fund try it, no later round (docs/waterfall.md, "Deleverage").
            tried = fund in pass_books.tried_funds and fund not in liquidation_round.funds
            if tried or not pass_books.parties.lots[party].any() or (equity := pass_books.parties.fund_equity(fund)) >= 0:
                continue
            if fund not in liquidation_round.funds:
                liquidation_round.funds.append(fund)
            pass_books.tried_funds.add(fund)
            shared = share_party_rows(
                pass_books.margin_pass, equity, pass_books.parties.lots[party], pass_books.parties.cost[party], party
            )
            nobody = np.full(len(shared.row), -1, INT64)
            found.append(
                Remainders(
                    row=nobody,
                    wallet=nobody,
                    fund=np.full(len(shared.row), fund, INT64),
                    code=shared.row,
                    side=np.sign(pass_books.parties.lots[party, shared.row]),
                    price=self._prices(pass_books, shared.row, shared.price),
                )
            )
        return _concatenate(*found)

    def _prices(self, pass_books: PassBooks, code: Int64Array1D, shared: Int64Array1D) -> Int64Array1D:
        """The price of each remainder in ticks."""
        if self.price == "bankruptcy" or not len(code):
            return shared
        ticks = np.zeros(len(pass_books.snapshot.contracts), INT64)
        for k in np.unique(code).tolist():
            ticks[k] = pass_books.execution_ticks(k, self._source(pass_books, k))
        return ticks[code]

    def _source(self, pass_books: PassBooks, code: int) -> Fraction:
        """The price that a venue uses in place of the bankruptcy price."""
        if self.price == "oracle" and code in pass_books.oracle:
            return Fraction(pass_books.oracle[code])
        if self.price == "previous-mark":
            before = pass_books.state.snapshot.marks[code]
            if before is not None:
                return Fraction(before)
        return pass_books.mark_price(code)

    # One side of a contract -------------------------------------------------------------------------------------------

    def _side(self, pass_books: PassBooks, left: Remainders) -> None:
        """Serve the remainders of one (contract, side): what is left of them now that its turn has come."""
        need = left.lots(pass_books)
        left, need = left.only(need > 0), need[need > 0]
        done = np.zeros(len(left), INT64)
        # Funds close what they can before any user does (docs/waterfall.md, "Deleverage").
        if self.net_fund_first and len(left):
            _net_funds(pass_books, left, need, done)
        if not need.any():  # other remainders closed it, or funds did
            return
        side, code = int(left.side[0]), int(left.code[0])
        queue = CounterpartyQueue(pass_books, self.rule, code, -side, self.eligible == "winners")
        counterparties = CounterpartyMatcher(pass_books, queue, code, self.same_account == "exclude")
        before = done.copy()
        fills = counterparties.serve(left, need, done)
        served = np.flatnonzero(done > before)
        if not len(served):
            return
        worth = np.zeros(len(left), INT64)
        np.add.at(worth, fills.remainder, fills.value)
        _close_remainders(pass_books, left, served, done - before, worth)
        self._told(pass_books, left, fills, code, side)
        counterparties.finish(fills)

    def _told(self, pass_books: PassBooks, left: Remainders, fills: Fills, code: int, side: int) -> None:
        """Log both legs of each fill, and what the counterparty is told."""
        of, asset = fills.remainder, pass_books.settle[code]
        party = np.where(left.fund[of] >= 0, pass_books.first_fund + left.fund[of], -1)
        shared = {"contract": code, "price": left.price[of], "asset": asset}
        wallet = pass_books.snapshot.positions.wallet[fills.row]
        given = {**shared, "wallet": left.wallet[of], "row": left.row[of], "party": party}
        told = {**shared, "wallet": wallet, "row": fills.row, "lots": side * fills.lots}
        pass_books.log.extend(
            ("adl-fill", "bankruptcy", {**given, "lots": -side * fills.lots, "amount": side * fills.value}),
            ("adl-fill", "deleveraging", {**told, "amount": -side * fills.value}),
            ("adl-notice", "deleveraging", {**told, "amount": fills.realized}),
        )


def _concatenate(*parts: Remainders) -> Remainders:
    """Remainders one after the other."""
    none = np.zeros(0, INT64)
    names = Remainders.__dataclass_fields__
    return Remainders(**{name: np.concatenate([none, *(getattr(part, name) for part in parts)]) for name in names})


def _close_remainders(
    pass_books: PassBooks, left: Remainders, served: Int64Array1D, lots: Int64Array1D, worth: Int64Array1D
) -> None:
    """Close what was served of remainders; fills of a row sum up to the same as one after the other."""
    wallets = served[left.row[served] >= 0]
    pass_books.close(left.row[wallets], lots[wallets], worth[wallets], left.code[wallets])
    pass_books.closed_by[left.wallet[wallets]] |= BY_FUND_OR_ADL
    for place in served[left.row[served] < 0].tolist():
        code, side, value = int(left.code[place]), int(left.side[place]), int(left.side[place] * worth[place])
        pass_books.parties.take(pass_books.first_fund + int(left.fund[place]), code, -side * int(lots[place]), -value, -value)


def _net_funds(pass_books: PassBooks, left: Remainders, need: Int64Array1D, done: Int64Array1D) -> None:
    """Close remainders against the inventory that funds of the contract hold on the other side."""
    code, side = int(left.code[0]), int(left.side[0])
    chain = [fund for fund, _ in pass_books.parties.chain(int(pass_books.fund_table.head[code]))]
    against = [fund for fund in chain if pass_books.parties.lots[pass_books.first_fund + fund, code] * side < 0]
    # What a fund has apart from this row does not change while remainders are served.
    apart = {fund: pass_books.parties.fund_equity(fund) - _row_share_of_equity(pass_books, fund, code) for fund in against}
    fills: list[tuple[int, int, int, int]] = []
    wanted, before = need.tolist(), done.tolist()
    for place, price in enumerate(left.price.tolist()):
        against = [fund for fund in against if pass_books.parties.lots[pass_books.first_fund + fund, code]]
        given = 0
        for fund in against:
            lots = _lots_from_fund(pass_books, fund, code, side, price, wanted[place], apart[fund])
            if lots:
                unit = pass_books.value_per_lot(code, price)
                value = round(unit * (before[place] + lots)) - round(unit * before[place])
                pass_books.parties.take(pass_books.first_fund + fund, code, side * lots, side * value, side * value)
                fills.append((place, fund, lots, value))
                wanted[place] -= lots
                before[place] += lots
                given += lots
        if not given:
            break  # nothing is there any more, or those that follow cost the funds more
    if fills:
        need[:], done[:] = wanted, before
        _book_fund_fills(pass_books, left, *np.array(fills, INT64).T)


def _row_share_of_equity(pass_books: PassBooks, fund: int, code: int) -> int:
    """What of a fund's equity moves with its row in a contract: cash, and what the row gained."""
    party = pass_books.first_fund + fund
    cash = int(pass_books.parties.cash[party, pass_books.fund_table.asset[fund]])
    return cash + pass_books.parties.mark_value(party, code) - int(pass_books.parties.cost[party, code])


def _lots_from_fund(pass_books: PassBooks, fund: int, code: int, side: int, price: int, need: int, apart: int) -> int:
    """How many lots a fund gives at a price; `apart` is its equity without cash and this row."""
    party = pass_books.first_fund + fund
    held = abs(int(pass_books.parties.lots[party, code]))
    loss = side * (pass_books.value_per_lot(code, price) - pass_books.mark_value_per_lot(code))
    if loss <= 0:
        return min(held, need)
    room = (
        apart + _row_share_of_equity(pass_books, fund, code) - 2 - -(-abs(pass_books.parties.mark_value(party, code)) // 2**51)
    )
    return min(held, need, math.floor(max(0, room) / loss))


def _book_fund_fills(
    pass_books: PassBooks,
    left: Remainders,
    place: Int64Array1D,
    fund: Int64Array1D,
    lots: Int64Array1D,
    value: Int64Array1D,
) -> None:
    """Close remainders that funds closed, and log both legs."""
    code, side = int(left.code[0]), int(left.side[0])
    counts, worth = np.zeros((2, len(left)), INT64)
    np.add.at(counts, place, lots)
    np.add.at(worth, place, value)
    _close_remainders(pass_books, left, np.unique(place), counts, worth)
    whose = np.where(left.fund[place] >= 0, pass_books.first_fund + left.fund[place], -1)
    shared = {"contract": code, "price": left.price[place], "asset": pass_books.settle[code]}
    given = {**shared, "wallet": left.wallet[place], "row": left.row[place], "party": whose}
    pass_books.log.extend(
        ("adl-fill", "bankruptcy", {**given, "lots": -side * lots, "amount": side * value}),
        (
            "adl-fill",
            "fund",
            {**shared, "party": pass_books.first_fund + fund, "lots": side * lots, "amount": -side * value},
        ),
    )
