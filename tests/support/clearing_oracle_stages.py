"""The stages of a pass, one function each; ``docs/waterfall.md``, "The stages".

Every stage gets the house, its terms, the round, and the wallets that are liquidatable as it begins.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from support import clearing_oracle_books as oracle
from support.clearing_oracle_triggers import objection
from support.margin_oracle import ISOLATED, quanta_per_lot


def prices_of(house, wallets) -> dict[int, int]:
    """Bankruptcy prices in ticks, of all rows of some wallets, from this moment."""
    return {number: ticks for number, _, _, ticks, _, _ in house.bankruptcy(wallets)}


# Orders, legs, the book -----------------------------------------------------------------------------------------------


def cancel_orders(house, stage, turn, chosen) -> None:
    """Cross: all orders of the wallet; isolated: those of the symbol."""
    for wallet in chosen:
        isolated = house.mode[wallet] == ISOLATED
        house.cancel(wallet, {house.rows[n].code for n in house.open_rows(wallet)} if isolated else None)


def net_legs(house, stage, turn, chosen) -> None:
    """LONG and SHORT of one contract are closed against each other at the mark, where E >= 0.

    Contracts come in the order of the wallet's rows in the round.
    """
    for wallet in chosen:
        for code in dict.fromkeys(house.rows[n].code for n in turn.rows[wallet] if house.rows[n].quantity):
            legs = [n for n in house.open_rows(wallet) if house.rows[n].code == code]
            if len(legs) == 2 and house.e(wallet) >= 0:
                lots, ticks = min(abs(house.rows[n].quantity) for n in legs), house.passing.rounded[code]
                house.fill("net-legs", legs[0], legs[1], lots, ticks, oracle.Tally())
                house.passing.took[wallet].add("legs")


def book_ioc(house, stage, turn, chosen) -> None:
    """One immediate-or-cancel order a row, while its wallet is liquidatable."""
    prices = prices_of(house, chosen)
    for wallet in chosen:
        for number in turn.rows[wallet]:
            tally, again = oracle.Tally(), True
            while again and house.rows[number].quantity and house.is_liquidatable(wallet):
                again = order_row(house, stage, number, prices[number], tally) and stage.portion == "tiers"


def order_row(house, stage, number: int, price: int, tally) -> bool:
    """Send the order of a row and settle what it filled; whether it went out and was filled whole."""
    row = house.rows[number]
    wallet, code, side, asset = row.wallet, row.code, oracle.sign(row.quantity), house.settle_of(row.code)
    key, head = (wallet, code, side), house.head(code)
    if waits(house, stage, key):
        return False
    lots = lots_to_order(house, stage, row, key)
    if lots < abs(row.quantity) and stage.cool_down:
        house.cooling[key] = house.time, house.time + stage.cool_down
    limit = price
    if stage.limit == "fund" and house.f(head) > 0:
        limit = limit_with_fund(house, row, price, Fraction(house.f(head), lots))
    before, had, filled = tally.total, tally.lots, 0
    for part, ticks in house.liquidity.ioc(row.contract, -side * lots, limit, house.time) if house.liquidity else ():
        house.fill("book-fill", number, (house.street, code), part, ticks, tally)
        filled += part
    if not filled:
        house.note("zero-fill", wallet, number, code, -side * lots, limit)
        return False
    house.passing.took[wallet].add("book")
    value = round(tally.total) - round(before)
    # C counts the lots of all orders of the row: what it owes does not depend on how it was cut into them.
    unit = house.worth_of_a_lot(code, price)
    better = side * (value - round(unit * tally.lots) + round(unit * had))
    if better > 0 and stage.surplus == "fund":
        house.pay(asset, better, wallet, "surplus", head, "fund-received")
    elif better > 0:
        fee = min(round(oracle.exact(stage.fee) * abs(value)), better)
        house.pay(asset, fee, wallet, "fee", head, "fund-received")
    elif better < 0:
        house.cover(head, wallet, -better)
    return filled == lots


def waits(house, stage, key) -> bool:
    """Whether a row that was ordered in part is left alone for a while."""
    return key in house.cooling and house.time < house.cooling[key][1]


def lots_to_order(house, stage, row, key) -> int:
    """All of the row, a portion of it, or what brings it down to the floor of its tier."""
    whole, settle = abs(row.quantity), row.contract.settle
    small = stage.above is not None and abs(row.value) <= oracle.exact(stage.above) * 10**settle.decimals
    if small or key in house.cooling:
        return whole
    if stage.portion != "tiers":
        return math.ceil(oracle.exact(stage.portion) * whole)
    floors = [Fraction(floor) * 10**settle.decimals for floor in row.contract.tiers.floor]
    floor = max((floor for floor in floors if floor < abs(row.value)), default=Fraction(0))
    if floor == 0:
        return whole
    one = float(quanta_per_lot(row.contract, house.marks[row.code]))
    return next(lots for lots in range(1, whole + 1) if abs(round(float(whole - lots) * one)) <= floor)


def limit_with_fund(house, row, price: int, help_a_lot: Fraction) -> int:
    """The limit whose value a lot is the bankruptcy price's and what the fund adds, rounded toward that price."""
    side, one = oracle.sign(row.quantity), house.worth_of_a_lot(row.code, 1)
    value = house.worth_of_a_lot(row.code, price) - side * help_a_lot
    highest = house.highest(row)
    if row.contract.kind != "inverse":
        ticks = value / one
    elif value < 0:
        ticks = one / value
    else:
        return highest
    return min(max((math.ceil if side > 0 else math.floor)(ticks), 1), highest)


# Who takes rows whole -------------------------------------------------------------------------------------------------


def backstop(house, stage, turn, chosen) -> None:
    """A vault takes a wallet with 0 <= E < below·MM at the beginning; by row, the rows before which it is so."""
    prices, vault, below = prices_of(house, chosen), house.vaults[stage.vault], oracle.exact(stage.below)
    low = {wallet: 0 <= house.e(wallet) < below * house.mm(wallet) for wallet in chosen}
    for wallet in chosen:
        for number in turn.rows[wallet]:
            row = house.rows[number]
            if stage.by == "row":
                low[wallet] = 0 <= house.e(wallet) < below * house.mm(wallet)
            if row.quantity and low[wallet]:
                house.fill("backstop", number, (vault, row.code), abs(row.quantity), prices[number], oracle.Tally())
                house.passing.took[wallet].add("backstop")
                house.passing.vault[wallet] = vault


def take_over(house, stage, turn, chosen) -> None:
    """The first fund of the chain that accepts a row holds it."""
    prices, waiting = prices_of(house, chosen), waiting_rows(house, chosen)
    for wallet in chosen:
        for number in turn.rows[wallet]:
            row = house.rows[number]
            if not row.quantity or number in waiting:
                continue
            value = round(row.quantity * house.worth_of_a_lot(row.code, prices[number]))
            for fund in house.chain(house.head(row.code)):
                refusal = objection(house, fund, row, value)
                if refusal is None:
                    place, lots = (fund, row.code), abs(row.quantity)
                    house.fill("take-over", number, place, lots, prices[number], oracle.Tally())
                    house.passing.took[wallet].add("take-over")
                    break
                if (fund.name, row.code) not in turn.refused:
                    turn.refused.add((fund.name, row.code))
                    cause, seen, bound = refusal
                    terms = row.code, row.quantity, prices[number], seen
                    house.note(f"take-over-refused: {cause}", wallet, number, *terms)
                    house.note(f"take-over-bound: {cause}", fund.name, None, row.code, 0, None, bound)


def waiting_rows(house, chosen) -> set[int]:
    """Rows that cool down, of wallets with E >= 0."""
    found = set()
    for wallet in chosen:
        if house.e(wallet) >= 0:
            keys = {
                n: (wallet, house.rows[n].code, oracle.sign(house.rows[n].quantity)) for n in house.open_rows(wallet)
            }
            found |= {n for n, key in keys.items() if waits(house, None, key)}
    return found


# Deleveraging ---------------------------------------------------------------------------------------------------------


@dataclass
class Remainder:
    """What nobody has taken: a wallet's row or a fund's inventory, at its price. `seat` is where it stands."""

    seat: Any
    code: int
    side: int
    ticks: int
    tally: oracle.Tally
    wallet: int | None


def deleverage(house, stage, turn, chosen) -> None:
    """Contract by contract, remainders of longs, then of shorts."""
    remainders = remainders_of(house, stage, turn, chosen)
    for code in range(len(house.contracts)):
        for side in (1, -1):
            mine = [remainder for remainder in remainders if (remainder.code, remainder.side) == (code, side)]
            mine.sort(key=lambda remainder: loss_a_lot(house, remainder))
            if stage.net_fund_first:
                for remainder in mine:
                    net_with_funds(house, remainder)
            if mine:
                deleverage_users(house, stage, mine, ranking(house, stage, code, -side))


def remainders_of(house, stage, turn, chosen) -> list[Remainder]:
    """In liquidation order, then of funds; prices once for all."""
    found, waiting = [], waiting_rows(house, chosen)
    if stage.below is not None:
        below = oracle.exact(stage.below)
        chosen = [wallet for wallet in chosen if house.e(wallet) < below * house.mm(wallet)]
    prices = prices_of(house, chosen)
    for wallet in chosen:
        for number in turn.rows[wallet]:
            row = house.rows[number]
            if row.quantity and number not in waiting:
                ticks = price_of(house, stage, row.code, prices[number])
                found.append(Remainder(number, row.code, oracle.sign(row.quantity), ticks, oracle.Tally(), wallet))
    for fund in house.funds.values():
        seen = fund in house.passing.tried
        if house.f(fund) >= 0 or not house.inventory(fund) or (seen and fund not in turn.funds):
            continue
        if not seen:
            house.passing.tried.append(fund)
            turn.funds.append(fund)
        for code, _, _, bankrupt, _, _ in house.split(house.inventory(fund), house.f(fund)):
            side, ticks = oracle.sign(fund.rows[code].quantity), price_of(house, stage, code, bankrupt)
            found.append(Remainder((fund, code), code, side, ticks, oracle.Tally(), None))
    return found


def price_of(house, stage, code: int, bankrupt: int) -> int:
    """At the bankruptcy price unless the venue says otherwise."""
    passing = house.passing
    at = {"mark": passing.rounded, "previous-mark": passing.before, "oracle": passing.oracle}
    return bankrupt if stage.price == "bankruptcy" else at[stage.price][code]


def loss_a_lot(house, remainder) -> Fraction:
    """What a counterparty loses for each lot, against the mark."""
    mark = quanta_per_lot(house.contracts[remainder.code], house.marks[remainder.code])
    return remainder.side * (house.worth_of_a_lot(remainder.code, remainder.ticks) - mark)


def left_of(house, remainder) -> int:
    seat = remainder.seat
    row = seat[0].rows[seat[1]] if isinstance(seat, tuple) else house.rows[seat]
    return max(0, row.quantity * remainder.side)


def most(row, equity: int, loss: Fraction) -> int:
    """Lots that a holder may give: its equity, less what roundings may take, bears the loss."""
    if loss <= 0:
        return abs(row.quantity)
    spared = 2 + math.ceil(Fraction(abs(row.value), 2**51))
    return min(abs(row.quantity), max(0, equity - spared) // loss)


def net_with_funds(house, remainder) -> None:
    """The inventory of the other side, of the funds of the contract's chain, goes first."""
    code, loss = remainder.code, loss_a_lot(house, remainder)
    for fund in house.chain(house.head(code)):
        row = fund.rows.get(code)
        if row is None or row.quantity * remainder.side >= 0 or remainder.seat == (fund, code):
            continue
        lots = min(left_of(house, remainder), most(row, house.f(fund), loss))
        if lots:
            house.fill("adl-fill", remainder.seat, (fund, code), lots, remainder.ticks, remainder.tally)
            remember(house, remainder)


def remember(house, remainder) -> None:
    if remainder.wallet is not None:
        house.passing.took[remainder.wallet].add("deleverage")


def ranking(house, stage, code: int, side: int) -> list[int]:
    """Rows of a side that may be counterparties: score descending, wallet row, position row."""
    scores = {}
    for number, row in enumerate(house.rows):
        wallet = row.wallet
        if row.code != code or row.quantity * side <= 0:
            continue
        if wallet in house.passing.liquidated or house.is_liquidatable(wallet):
            continue
        score = score_of(house, stage.rule, row, house.in_settle(wallet, row, house.e(wallet)))
        if score > -math.inf and (stage.eligible == "all" or row.pnl > 0):
            scores[number] = score
    return sorted(scores, key=lambda n: (-scores[n], house.rows[n].wallet, n))


def deleverage_users(house, stage, remainders, ranked) -> None:
    """One cursor over the ranking: who is used up never comes again, who is excluded is kept for the next."""
    used, touched = set(), []
    for remainder in remainders:
        loss = loss_a_lot(house, remainder)
        for number in ranked:
            need, wallet = left_of(house, remainder), house.rows[number].wallet
            if not need:
                break
            if number in used or (stage.same_account == "exclude" and same_account(house, remainder, wallet)):
                continue
            row = house.rows[number]
            might = most(row, house.in_settle(wallet, row, house.e(wallet)), loss)
            lots = min(might, need)
            if lots == might:
                used.add(number)
            if not lots:
                continue
            gain = house.fill("adl-fill", remainder.seat, number, lots, remainder.ticks, remainder.tally)
            house.note("adl-notice", wallet, number, row.code, remainder.side * lots, remainder.ticks, gain)
            remember(house, remainder)
            house.passing.countered.add(wallet)
            if wallet not in touched:
                touched.append(wallet)
                house.cancel(wallet, {row.code} if house.mode[wallet] == ISOLATED else None)


def same_account(house, remainder, wallet: int) -> bool:
    return remainder.wallet is not None and house.account[remainder.wallet] == house.account[wallet]


def score_of(house, rule, row, equity: int) -> float:
    """What a rule makes of a row, in float64; −inf where E <= 0."""
    name = rule if isinstance(rule, str) else rule.name
    if equity <= 0:
        return -math.inf
    u, e, n = float(row.pnl), float(equity), float(abs(row.value))
    mv, ev = float(row.value), float(row.cost)
    if name == "binance":
        return u / e if u >= 0 else float_quotient(u, n) * float_quotient(e, n)
    if name == "roi":
        return 0.0 if u == 0 else float_quotient(u, abs(ev))
    if name == "bitmex":
        p, leverage = 0.0 if u == 0 else float_quotient(u, abs(ev)), n / e
        return p * leverage if u >= 0 else float_quotient(p, leverage)
    if name == "hyperliquid":
        if u <= 0:
            return -math.inf
        up = row.quantity > 0 or getattr(rule, "short", "mirrored") == "literal"
        ratio = float_quotient(mv, ev) if up != (row.contract.kind == "inverse") else float_quotient(ev, mv)
        return 0.0 if n == 0 else ratio * (n / e)
    raise NotImplementedError(name)


def float_quotient(top: float, bottom: float) -> float:
    """A quotient as float64 has it."""
    if bottom:
        return top / bottom
    return math.copysign(math.inf, top) if top else math.nan


# What nobody took -----------------------------------------------------------------------------------------------------


def uncovered(house, stage, turn, chosen) -> None:
    """It stays, and is retried at the next mark."""
    for wallet in chosen:
        for number in turn.rows[wallet]:
            row = house.rows[number]
            if row.quantity:
                house.note("uncovered-lots", wallet, number, row.code, row.quantity)
    for fund in turn.funds:
        if house.f(fund) < 0:
            for code, row in house.inventory(fund).items():
                house.note("uncovered-lots", fund.name, None, code, row.quantity)


STAGES = {
    "CancelOrders": cancel_orders,
    "NetLegs": net_legs,
    "BookIOC": book_ioc,
    "Backstop": backstop,
    "TakeOver": take_over,
    "Deleverage": deleverage,
    "Uncovered": uncovered,
}
