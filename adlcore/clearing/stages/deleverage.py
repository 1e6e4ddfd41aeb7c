"""Auto-deleveraging: what nobody else took is closed against the other side of the market, best ranked first.

A remainder is a row in liquidation, or the inventory of a fund below zero, that nobody took before. How it meets its
counterparties (``docs/waterfall.md``, "Deleverage"):

1. :meth:`Deleverage.run` lists the remainders and puts them in order: contract by contract as the snapshot has them,
   longs before shorts (whoever comes first finds more equity, but no contract has a better claim to that than another),
   and of one side those first by which a counterparty loses least a lot: longs from the lowest price up, shorts from
   the highest down; of equal ones in the round's order, wallets before funds. What a lot costs then only rises from one
   remainder to the next. So a counterparty that gave all it might is not asked again; and a remainder with an extreme
   price, of which each can bear little, does not use up those that harmless ones need.
2. The rest is done for each (contract, side) by itself, at the prices of the stage's start, with the lots, equities and
   scores of the moment at which its turn comes: what is closed for one side changes the equity that the next one finds.
3. The contract's fund and its parents close what they can, where they hold inventory of the other side.
4. Users of the other side are ranked (:mod:`~adlcore.clearing.stages.counterparty_queue`).
   In that order they give lots, each as many as it can bear (:mod:`~adlcore.clearing.stages.counterparty_fills`, over
   the kernel ``_kernels/compiled/clearing/deleverage.pyx``).
5. The remainders are closed by what was given, both legs of each fill are logged, and the counterparties are told and
   lose their orders.

What is open then stays so: it is for the stages behind, for a later round, or named as uncovered.
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
from ..liquidation.liquidation_round import Round, is_waiting
from ..liquidation.pass_books import BY_FUND_OR_ADL, PassBooks
from ..margin.shared_bankruptcy import share_party_rows
from .counterparty_fills import CounterpartyFills, CounterpartyMatcher, Remainders
from .counterparty_queue import CounterpartyQueue
from .stage import OrderBatches, Stage, is_below_margin_share

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
        "all": whoever the rule ranks, in its order; "winners": only rows with U, the unrealized PnL, above 0.
    same_account : {"allow", "exclude"}, default "allow"
        Whether another, healthy wallet of the same account may be a counterparty.
    net_fund_first : bool, default True
        Whether a remainder is closed against the funds' inventory of the other side before it is against users.
    below : decimal string, number or fraction, optional
        Of wallets only those with E < below·MM have remainders, of funds all below zero; "0": only wallets with
        negative equity.

    Notes
    -----
    A counterparty gives at most its lots, and where a lot loses it something at most ``floor(max(0, E - ε)/loss)``, E
    the equity of its wallet after all fills before, MV what the row is worth at the mark, ``ε = 2 + ceil(|MV|·2^-51)``
    quanta. It pays no fee, its orders are cancelled by its own margin mode, and it is told by an ``adl-notice``. Rows
    of wallets in liquidation, or liquidatable when the side is ranked, are nobody's counterparty. Source:
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
        for field, value in zip(self.__dataclass_fields__, values, strict=True):
            object.__setattr__(self, field, value)

    def __repr__(self) -> str:
        terms = [repr(self.rule.name if self.rule.function is None and self.rule.short == "mirrored" else self.rule)]
        usual = Deleverage(self.rule)
        given = {name: getattr(self, name) for name in self.__dataclass_fields__}
        terms += [f"{name}={value!r}" for name, value in given.items() if value != getattr(usual, name)]
        return f"Deleverage({', '.join(terms)})"

    def run(self, pass_books: PassBooks, liquidation_round: Round) -> OrderBatches | None:
        """Contract by contract in snapshot order, remainders of longs, then of shorts."""
        # Of remainders that are equal in all else the place in this list decides: the round's order, wallets before
        # funds. At a venue's price, which is one for all of a contract, nothing else does.
        remainders = _concatenate(
            self._wallet_remainders(pass_books, liquidation_round), self._fund_remainders(pass_books, liquidation_round)
        )
        # Contract, longs first, then loss per lot of the counterparties, ascending: it rises with the price for those
        # of a long, and falls for those of a short (docs/waterfall.md, "Deleverage"). `lexsort` sorts by the key that
        # stands last in its list before all others.
        side, code = remainders.side, remainders.code
        remainders = remainders.rows_at(np.lexsort((np.arange(len(code)), side * remainders.price, -side, code)))
        changes = (np.diff(remainders.code) != 0) | (np.diff(remainders.side) != 0)
        borders = (np.flatnonzero(changes) + 1).tolist()
        for first, last in pairwise([0, *borders, len(code)]) if len(code) else []:
            self._serve_side(pass_books, remainders.rows_at(slice(first, last)))
        return None

    # What is left -----------------------------------------------------------------------------------------------------

    def _wallet_remainders(self, pass_books: PassBooks, liquidation_round: Round) -> Remainders:
        """Open rows of the round's wallets that are liquidatable still."""
        rows = liquidation_round.begin_stage(pass_books)
        # Asked once, as the stage begins: whoever becomes healthy while it is served is served to the end
        # (docs/waterfall.md, "Deleverage"). A rest that cools down is left alone while E >= 0 ("Cool-downs").
        is_taken = ~is_waiting(pass_books, rows)
        if self.below is not None:
            wallets, place = np.unique(rows.wallet, return_inverse=True)
            is_taken &= is_below_margin_share(pass_books, wallets, self.below)[place]
        rows = rows.rows_at(is_taken)
        return Remainders(
            row=rows.row,
            wallet=rows.wallet,
            fund=np.full(len(rows), -1, INT64),
            code=rows.code,
            side=rows.side,
            price=self._execution_prices(pass_books, rows.code, rows.price),
        )

    def _fund_remainders(self, pass_books: PassBooks, liquidation_round: Round) -> Remainders:
        """The inventory of funds below zero, each in one round of a pass."""
        remainders = []
        for fund in range(len(pass_books.fund_table)):
            party = pass_books.first_fund + fund
            # Every Deleverage of the round that tries a fund takes what is left of it, later rounds do not
            # (docs/waterfall.md, "Deleverage").
            tried = fund in pass_books.tried_funds and fund not in liquidation_round.funds
            if (
                tried
                or not pass_books.parties.lots[party].any()
                or (equity := pass_books.parties.fund_equity(fund)) >= 0
            ):
                continue
            if fund not in liquidation_round.funds:
                liquidation_round.funds.append(fund)
            pass_books.tried_funds.add(fund)
            shared = share_party_rows(
                pass_books.margin_pass, equity, pass_books.parties.lots[party], pass_books.parties.cost[party], fund
            )
            nobody = np.full(len(shared.row), -1, INT64)
            remainders.append(
                Remainders(
                    row=nobody,
                    wallet=nobody,
                    fund=np.full(len(shared.row), fund, INT64),
                    code=shared.row,  # a party has a row for each contract
                    side=np.sign(pass_books.parties.lots[party, shared.row]),
                    price=self._execution_prices(pass_books, shared.row, shared.price),
                )
            )
        return _concatenate(*remainders)

    def _execution_prices(
        self, pass_books: PassBooks, code: Int64Array1D, bankruptcy_price: Int64Array1D
    ) -> Int64Array1D:
        """The price of each remainder in ticks: its own, or one for all of a contract."""
        if self.price == "bankruptcy" or not len(code):
            return bankruptcy_price
        ticks = np.zeros(len(pass_books.snapshot.contracts), INT64)
        for k in np.unique(code).tolist():
            # Half-even, at least one tick (docs/waterfall.md, "Numbers of a pass").
            ticks[k] = pass_books.execution_ticks(k, self._venue_price(pass_books, k))
        return ticks[code]

    def _venue_price(self, pass_books: PassBooks, code: int) -> Fraction:
        """The price that a venue uses in place of the bankruptcy price."""
        if self.price == "oracle" and code in pass_books.oracle:
            return Fraction(pass_books.oracle[code])
        if self.price == "previous-mark":
            before = pass_books.state.snapshot.marks[code]
            if before is not None:
                return Fraction(before)
        return pass_books.mark_price(code)

    # One side of a contract -------------------------------------------------------------------------------------------

    def _serve_side(self, pass_books: PassBooks, remainders: Remainders) -> None:
        """Serve the remainders of one (contract, side): what is left of them now that its turn has come."""
        # Lots of now: what was closed of a fund before is not asked of anybody again (docs/waterfall.md, "Deleverage").
        open_lots = remainders.lots_left(pass_books)
        remainders, open_lots = remainders.rows_at(open_lots > 0), open_lots[open_lots > 0]
        # What funds and users close of a row is valued together (docs/waterfall.md, "Values of fills").
        filled_lots = np.zeros(len(remainders), INT64)
        # Funds close what they can before any user does (docs/waterfall.md, "Deleverage").
        if self.net_fund_first and len(remainders):
            _net_funds(pass_books, remainders, open_lots, filled_lots)
        if not open_lots.any():  # other remainders closed it, or funds did
            return
        side, code = int(remainders.side[0]), int(remainders.code[0])
        # Ranked anew, with E of now: whoever fails by now is left out, for an earlier side may have broken him
        # (docs/waterfall.md, "Who is liquidated, who may be a counterparty").
        queue = CounterpartyQueue(pass_books, self.rule, code, -side, winners_only=self.eligible == "winners")
        matcher = CounterpartyMatcher(pass_books, queue, code, exclude_account=self.same_account == "exclude")
        # This closes the rows of the counterparties, fill by fill, for each cap is of the equity that the last one
        # left. Those of the remainders follow once for all their fills: nothing of theirs bounds a fill, and values of
        # fills sum up to the same (docs/waterfall.md, "Values of fills").
        fills = matcher.serve(remainders, open_lots, filled_lots)
        if not len(fills.row):
            return
        _close_remainders(pass_books, remainders, fills.remainder, fills.lots, fills.value)
        self._log_fills(pass_books, remainders, fills, code, side)
        # After the fills, as the log has it: a counterparty loses its orders by them.
        matcher.record_counterparties(fills)

    def _log_fills(
        self, pass_books: PassBooks, remainders: Remainders, fills: CounterpartyFills, code: int, side: int
    ) -> None:
        """Log both legs of each fill, and what the counterparty is told."""
        terms, leg = _remainder_leg(pass_books, remainders, fills.remainder, fills.lots, fills.value)
        wallet = pass_books.snapshot.positions.wallet[fills.row]
        counterparty = {**terms, "wallet": wallet, "row": fills.row, "lots": side * fills.lots}
        pass_books.log.extend(
            ("adl-fill", "bankruptcy", leg),
            ("adl-fill", "deleveraging", {**counterparty, "amount": -side * fills.value}),
            ("adl-notice", "deleveraging", {**counterparty, "amount": fills.realized}),
        )


def _concatenate(*parts: Remainders) -> Remainders:
    """Remainders one after the other."""
    none = np.zeros(0, INT64)
    names = Remainders.__dataclass_fields__
    return Remainders(**{name: np.concatenate([none, *(getattr(part, name) for part in parts)]) for name in names})


def _close_remainders(
    pass_books: PassBooks, remainders: Remainders, remainder: Int64Array1D, lots: Int64Array1D, value: Int64Array1D
) -> None:
    """Close what fills took of these remainders; all fills of a row sum up to the same as one by one."""
    filled_lots, filled_value = np.zeros((2, len(remainders)), INT64)
    np.add.at(filled_lots, remainder, lots)
    np.add.at(filled_value, remainder, value)
    filled = np.unique(remainder)
    of_wallets = filled[remainders.row[filled] >= 0]
    pass_books.close(
        remainders.row[of_wallets], filled_lots[of_wallets], filled_value[of_wallets], remainders.code[of_wallets]
    )
    # What such a wallet has left when it is empty is the fund's (docs/waterfall.md, "Settlement").
    pass_books.closed_by[remainders.wallet[of_wallets]] |= BY_FUND_OR_ADL
    for k in filled[remainders.row[filled] < 0].tolist():
        party, code, side = pass_books.first_fund + int(remainders.fund[k]), int(remainders.code[k]), remainders.side[k]
        signed_value = int(side * filled_value[k])
        pass_books.parties.take(party, code, -int(side * filled_lots[k]), -signed_value, -signed_value)


def _remainder_leg(
    pass_books: PassBooks, remainders: Remainders, remainder: Int64Array1D, lots: Int64Array1D, value: Int64Array1D
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What both legs of an ``adl-fill`` of one (contract, side) say, and the whole leg of the remainders."""
    code, side, fund = int(remainders.code[0]), int(remainders.side[0]), remainders.fund[remainder]
    terms = {"contract": code, "price": remainders.price[remainder], "asset": pass_books.settle[code]}
    party = np.where(fund >= 0, pass_books.first_fund + fund, -1)
    owner = {"wallet": remainders.wallet[remainder], "row": remainders.row[remainder], "party": party}
    return terms, {**terms, **owner, "lots": -side * lots, "amount": side * value}


# Funds of the other side ----------------------------------------------------------------------------------------------


def _net_funds(
    pass_books: PassBooks, remainders: Remainders, open_lots: Int64Array1D, filled_lots: Int64Array1D
) -> None:
    """Close remainders against the inventory that funds of the contract hold on the other side.

    The fund of the contract first, then along its parents (``docs/waterfall.md``, "Deleverage").
    """
    code, side = int(remainders.code[0]), int(remainders.side[0])
    chain = pass_books.fund_table.chain(int(pass_books.fund_table.head[code]))
    against = [fund for fund in chain if pass_books.parties.lots[pass_books.first_fund + fund, code] * side < 0]
    # What a fund's other rows have gained does not change while remainders are served, and costs a look at each.
    other_rows_pnl = {
        fund: pass_books.parties.fund_equity(fund) - _cash_and_row_pnl(pass_books, fund, code) for fund in against
    }
    fills: list[tuple[int, int, int, int]] = []
    still_open, filled = open_lots.tolist(), filled_lots.tolist()
    for remainder, price in enumerate(remainders.price.tolist()):
        against = [fund for fund in against if pass_books.parties.lots[pass_books.first_fund + fund, code]]
        lots_given = 0
        for fund in against:
            most = _most_lots_from_fund(pass_books, fund, code, side, price, other_rows_pnl[fund])
            if lots := min(most, still_open[remainder]):
                value_per_lot = pass_books.value_per_lot(code, price)
                value = round(value_per_lot * (filled[remainder] + lots)) - round(value_per_lot * filled[remainder])
                pass_books.parties.take(pass_books.first_fund + fund, code, side * lots, side * value, side * value)
                fills.append((remainder, fund, lots, value))
                still_open[remainder] -= lots
                filled[remainder] += lots
                lots_given += lots
        if not lots_given:
            break  # nothing is there any more, or those that follow cost the funds more: losses only rise
    if fills:
        open_lots[:], filled_lots[:] = still_open, filled
        _book_fund_fills(pass_books, remainders, *np.array(fills, INT64).T)


def _cash_and_row_pnl(pass_books: PassBooks, fund: int, code: int) -> int:
    """What of a fund's equity F moves while its row in a contract is closed: its cash, and what the row gained."""
    party = pass_books.first_fund + fund
    cash = int(pass_books.parties.cash[party, pass_books.fund_table.asset[fund]])
    return cash + pass_books.parties.mark_value(party, code) - int(pass_books.parties.cost[party, code])


def _most_lots_from_fund(
    pass_books: PassBooks, fund: int, code: int, side: int, price: int, other_rows_pnl: int
) -> int:
    """How many lots a fund gives at most to a remainder of this side at a price.

    A fund that loses by it gives at most what F, its equity, bears: ``floor(max(0, F - ε)/loss)``, the cap that users
    have (``docs/waterfall.md``, "Deleverage").
    """
    party = pass_books.first_fund + fund
    held = abs(int(pass_books.parties.lots[party, code]))
    loss = side * (pass_books.value_per_lot(code, price) - pass_books.mark_value_per_lot(code))
    if loss <= 0:
        return held
    allowance = 2 + -(-abs(pass_books.parties.mark_value(party, code)) // 2**51)  # rounded up
    room = other_rows_pnl + _cash_and_row_pnl(pass_books, fund, code) - allowance
    return min(held, math.floor(max(0, room) / loss))


def _book_fund_fills(
    pass_books: PassBooks,
    remainders: Remainders,
    remainder: Int64Array1D,
    fund: Int64Array1D,
    lots: Int64Array1D,
    value: Int64Array1D,
) -> None:
    """Close remainders that funds closed, and log both legs: before the first fill of a user of the side."""
    _close_remainders(pass_books, remainders, remainder, lots, value)
    terms, leg = _remainder_leg(pass_books, remainders, remainder, lots, value)
    lots, amount = -leg["lots"], -leg["amount"]
    by_fund = {**terms, "party": pass_books.first_fund + fund, "lots": lots, "amount": amount}
    pass_books.log.extend(("adl-fill", "bankruptcy", leg), ("adl-fill", "fund", by_fund))
