"""The stages of a pass, one function each; ``docs/waterfall.md``, "The stages".

Every stage gets the house, its terms, the round, and the wallets that are liquidatable as it begins: whom it takes, and
at which prices, is settled then, whatever the stage itself moves ("The order of a pass").
"""

import math
from dataclasses import dataclass, field
from fractions import Fraction

from support.clearing_oracle_books import CoolDown, PartyRow, Tally, exact, sign
from support.clearing_oracle_triggers import refusal
from support.margin_oracle import ISOLATED, quanta_per_lot


def prices_of(house, wallets) -> dict[int, int]:
    """Bankruptcy prices in ticks, of all rows of some wallets, from this moment."""
    return {line.row: line.ticks for line in house.bankruptcy(wallets)}


# Orders, legs, the book -----------------------------------------------------------------------------------------------


def cancel_orders(house, stage, this_round, wallets) -> None:
    """Cross: all orders of the wallet; isolated: those of the symbol."""
    for wallet in wallets:
        isolated = house.mode[wallet] == ISOLATED
        house.cancel(wallet, {house.rows[n].code for n in house.open_rows(wallet)} if isolated else None)


def net_legs(house, stage, this_round, wallets) -> None:
    """LONG and SHORT of one contract are closed against each other at the mark, where E >= 0.

    Contracts come in the order of the wallet's rows in the round.
    """
    for wallet in wallets:
        for code in dict.fromkeys(house.rows[n].code for n in this_round.rows[wallet] if house.rows[n].quantity):
            legs = [n for n in house.open_rows(wallet) if house.rows[n].code == code]
            if len(legs) == 2 and house.equity_of(wallet) >= 0:
                lots, ticks = min(abs(house.rows[n].quantity) for n in legs), house.this_pass.mark_ticks[code]
                house.fill("net-legs", *legs, lots, ticks, tally=Tally())
                house.this_pass.stages_of[wallet].add("legs")


def book_ioc(house, stage, this_round, wallets) -> None:
    """One immediate-or-cancel order a row, while its wallet is liquidatable."""
    prices = prices_of(house, wallets)
    for wallet in wallets:
        for number in this_round.rows[wallet]:
            tally, again = Tally(), True
            while again and house.rows[number].quantity and house.is_liquidatable(wallet):
                again = order_row(house, stage, number, prices[number], tally) and stage.portion == "tiers"


def order_row(house, stage, number: int, price: int, tally) -> bool:
    """Send the order of a row and settle what it filled; whether it went out and was filled whole."""
    row = house.rows[number]
    wallet, code, side, asset = row.wallet, row.code, sign(row.quantity), house.settle_asset(row.code)
    key, fund = (wallet, code, side), house.fund_of_contract(code)
    if is_cooling(house, key):
        return False
    lots = lots_to_order(house, stage, row, key)
    if lots < abs(row.quantity) and stage.cool_down:
        house.cooling[key] = CoolDown(house.time, house.time + stage.cool_down)
    limit = price
    if stage.limit == "fund" and house.fund_equity(fund) > 0:
        limit = limit_with_fund(house, row, price, Fraction(house.fund_equity(fund), lots))
    total_before, lots_before, filled = tally.total, tally.lots, 0
    for part, ticks in house.liquidity.ioc(row.contract, -side * lots, limit, house.time) if house.liquidity else ():
        house.fill("book-fill", number, PartyRow(house.street, code), part, ticks, tally=tally)
        filled += part
    if not filled:
        house.note("zero-fill", wallet, row=number, code=code, lots=-side * lots, ticks=limit)
        return False
    house.this_pass.stages_of[wallet].add("book")
    value = round(tally.total) - round(total_before)
    # C counts the lots of all orders of the row: what it owes does not depend on how it was cut into them.
    value_per_lot = house.value_per_lot(code, price)
    better = side * (value - round(value_per_lot * tally.lots) + round(value_per_lot * lots_before))
    if better > 0 and stage.surplus == "fund":
        house.pay(better, asset, debit=(wallet, "surplus"), credit=(fund, "fund-received"))
    elif better > 0:
        fee = min(round(exact(stage.fee) * abs(value)), better)
        house.pay(fee, asset, debit=(wallet, "fee"), credit=(fund, "fund-received"))
    elif better < 0:
        house.cover(fund, wallet, -better)
    return filled == lots


def is_cooling(house, key) -> bool:
    """Whether a row that was ordered in part is left alone for a while."""
    return key in house.cooling and house.time < house.cooling[key].end


def lots_to_order(house, stage, row, key) -> int:
    """All of the row, a portion of it, or what brings it down to the floor of its tier."""
    whole, settle = abs(row.quantity), row.contract.settle
    small = stage.above is not None and abs(row.value) <= exact(stage.above) * 10**settle.decimals
    if small or key in house.cooling:
        return whole
    if stage.portion != "tiers":
        return math.ceil(exact(stage.portion) * whole)
    floors = [Fraction(floor) * 10**settle.decimals for floor in row.contract.tiers.floor]
    floor = max((floor for floor in floors if floor < abs(row.value)), default=Fraction(0))
    if floor == 0:
        return whole
    value_per_lot = float(quanta_per_lot(row.contract, house.marks[row.code]))
    return next(lots for lots in range(1, whole + 1) if abs(round(float(whole - lots) * value_per_lot)) <= floor)


def limit_with_fund(house, row, price: int, help_per_lot: Fraction) -> int:
    """The limit whose value a lot is the bankruptcy price's and what the fund adds, rounded toward that price."""
    side, at_one_tick = sign(row.quantity), house.value_per_lot(row.code, 1)
    value = house.value_per_lot(row.code, price) - side * help_per_lot
    highest = house.highest(row)
    if row.contract.kind != "inverse":
        ticks = value / at_one_tick
    elif value < 0:
        ticks = at_one_tick / value
    else:
        return highest
    return min(max((math.ceil if side > 0 else math.floor)(ticks), 1), highest)


# Who takes rows whole -------------------------------------------------------------------------------------------------


def backstop(house, stage, this_round, wallets) -> None:
    """A vault takes a wallet with 0 <= E < below·MM at the beginning; by row, the rows before which it is so."""
    prices, vault, below = prices_of(house, wallets), house.vaults[stage.vault], exact(stage.below)
    is_low = {wallet: 0 <= house.equity_of(wallet) < below * house.margin_of(wallet) for wallet in wallets}
    for wallet in wallets:
        for number in this_round.rows[wallet]:
            row = house.rows[number]
            if stage.by == "row":
                is_low[wallet] = 0 <= house.equity_of(wallet) < below * house.margin_of(wallet)
            if row.quantity and is_low[wallet]:
                lots = abs(row.quantity)
                house.fill("backstop", number, PartyRow(vault, row.code), lots, prices[number], tally=Tally())
                house.this_pass.stages_of[wallet].add("backstop")
                house.this_pass.last_vault[wallet] = vault


def take_over(house, stage, this_round, wallets) -> None:
    """The first fund of the chain that accepts a row holds it."""
    prices, waiting = prices_of(house, wallets), waiting_rows(house, wallets)
    for wallet in wallets:
        for number in this_round.rows[wallet]:
            row = house.rows[number]
            if not row.quantity or number in waiting:
                continue
            value = round(row.quantity * house.value_per_lot(row.code, prices[number]))
            for fund in house.chain(row.code):
                refused = refusal(house, fund, row, value)
                if refused is None:
                    place, lots = PartyRow(fund, row.code), abs(row.quantity)
                    house.fill("take-over", number, place, lots, prices[number], tally=Tally())
                    house.this_pass.stages_of[wallet].add("take-over")
                    break
                if (fund.name, row.code) not in this_round.refused:
                    this_round.refused.add((fund.name, row.code))
                    leg = {"lots": row.quantity, "ticks": prices[number], "amount": refused.value}
                    house.note(f"take-over-refused: {refused.cause}", wallet, row=number, code=row.code, **leg)
                    house.note(f"take-over-bound: {refused.cause}", fund, code=row.code, amount=refused.bound)


def waiting_rows(house, wallets) -> set[int]:
    """Rows that cool down, of wallets with E >= 0."""
    cooling = set()
    for wallet in wallets:
        if house.equity_of(wallet) >= 0:
            keys = {n: (wallet, house.rows[n].code, sign(house.rows[n].quantity)) for n in house.open_rows(wallet)}
            cooling |= {n for n, key in keys.items() if is_cooling(house, key)}
    return cooling


# Deleveraging ---------------------------------------------------------------------------------------------------------


@dataclass
class Remainder:
    """What nobody has taken: a wallet's row or a fund's inventory, at its price. `place` is where it stands."""

    place: int | PartyRow
    code: int
    side: int
    ticks: int
    wallet: int | None = None
    tally: Tally = field(default_factory=Tally)


def deleverage(house, stage, this_round, wallets) -> None:
    """Contract by contract, remainders of longs, then of shorts, in ascending loss for their counterparties.

    Losses only rise along the cursor, so a row that gave all it might need not be asked again. A side is ranked when
    its turn comes, for the side before may have broken a winner ("Deleverage").
    """
    remainders = remainders_of(house, stage, this_round, wallets)
    for code in range(len(house.contracts)):
        for side in (1, -1):
            mine = [remainder for remainder in remainders if (remainder.code, remainder.side) == (code, side)]
            mine.sort(key=lambda remainder: loss_per_lot(house, remainder))
            if stage.net_fund_first:  # of all remainders, and so before the first user of the side ("Deleverage")
                for remainder in mine:
                    net_with_funds(house, remainder)
            if mine:
                deleverage_users(house, stage, mine, ranking(house, stage, code, -side))


def remainders_of(house, stage, this_round, wallets) -> list[Remainder]:
    """In liquidation order, then of funds; prices once for all."""
    remainders, cooling = [], waiting_rows(house, wallets)
    if stage.below is not None:
        below = exact(stage.below)
        wallets = [wallet for wallet in wallets if house.equity_of(wallet) < below * house.margin_of(wallet)]
    prices = prices_of(house, wallets)
    for wallet in wallets:
        for number in this_round.rows[wallet]:
            row = house.rows[number]
            if row.quantity and number not in cooling:
                ticks = price_of(house, stage, row.code, prices[number])
                remainders.append(Remainder(number, row.code, sign(row.quantity), ticks, wallet))
    for fund in house.funds.values():
        tried = fund in house.this_pass.tried
        if house.fund_equity(fund) >= 0 or not house.inventory(fund) or (tried and fund not in this_round.funds):
            continue
        if not tried:
            house.this_pass.tried.append(fund)
            this_round.funds.append(fund)
        for line in house.share_out(house.inventory(fund), house.fund_equity(fund)):
            code = line.row
            side, ticks = sign(fund.rows[code].quantity), price_of(house, stage, code, line.ticks)
            remainders.append(Remainder(PartyRow(fund, code), code, side, ticks))
    return remainders


def price_of(house, stage, code: int, bankrupt: int) -> int:
    """At the bankruptcy price unless the venue says otherwise."""
    prices = house.this_pass
    ticks = {"mark": prices.mark_ticks, "previous-mark": prices.previous_ticks, "oracle": prices.oracle_ticks}
    return bankrupt if stage.price == "bankruptcy" else ticks[stage.price][code]


def loss_per_lot(house, remainder) -> Fraction:
    """What a counterparty loses for each lot, against the mark."""
    mark = quanta_per_lot(house.contracts[remainder.code], house.marks[remainder.code])
    return remainder.side * (house.value_per_lot(remainder.code, remainder.ticks) - mark)


def open_lots(house, remainder) -> int:
    """What is left of a remainder now; funds may have closed their own inventory meanwhile."""
    return max(0, house.row_at(remainder.place).quantity * remainder.side)


def most_lots(row, equity: int, loss: Fraction) -> int:
    """Lots that a holder may give: its equity, less what roundings may take, bears the loss."""
    if loss <= 0:
        return abs(row.quantity)
    spared = 2 + math.ceil(Fraction(abs(row.value), 2**51))
    return min(abs(row.quantity), max(0, equity - spared) // loss)


def net_with_funds(house, remainder) -> None:
    """The inventory of the other side, of the funds of the contract's chain, goes first."""
    code, loss = remainder.code, loss_per_lot(house, remainder)
    for fund in house.chain(code):
        row = fund.rows.get(code)
        if row is None or row.quantity * remainder.side >= 0 or remainder.place == (fund, code):
            continue
        lots = min(open_lots(house, remainder), most_lots(row, house.fund_equity(fund), loss))
        if lots:
            house.fill("adl-fill", remainder.place, PartyRow(fund, code), lots, remainder.ticks, tally=remainder.tally)
            remember_deleveraged(house, remainder)


def remember_deleveraged(house, remainder) -> None:
    if remainder.wallet is not None:
        house.this_pass.stages_of[remainder.wallet].add("deleverage")


def ranking(house, stage, code: int, side: int) -> list[int]:
    """Rows of a side that may be counterparties: score descending, wallet row, position row."""
    scores = {}
    for number, row in enumerate(house.rows):
        wallet = row.wallet
        if row.code != code or row.quantity * side <= 0:
            continue
        if wallet in house.this_pass.liquidated or house.is_liquidatable(wallet):
            continue
        score = score_of(house, stage.rule, row, house.in_settle_asset(row, house.equity_of(wallet)))
        if score > -math.inf and (stage.eligible == "all" or row.pnl > 0):
            scores[number] = score
    return sorted(scores, key=lambda n: (-scores[n], house.rows[n].wallet, n))


def deleverage_users(house, stage, remainders, ranked) -> None:
    """One cursor over the ranking: who is used up never comes again, who is excluded is kept for the next."""
    used, deleveraged = set(), set()
    for remainder in remainders:
        loss = loss_per_lot(house, remainder)
        for number in ranked:
            need, wallet = open_lots(house, remainder), house.rows[number].wallet
            if not need:
                break
            if number in used or (stage.same_account == "exclude" and same_account(house, remainder, wallet)):
                continue
            row = house.rows[number]
            most = most_lots(row, house.in_settle_asset(row, house.equity_of(wallet)), loss)
            lots = min(most, need)
            if lots == most:
                used.add(number)
            if not lots:
                continue
            realized = house.fill("adl-fill", remainder.place, number, lots, remainder.ticks, tally=remainder.tally)
            leg = {"lots": remainder.side * lots, "ticks": remainder.ticks, "amount": realized}
            house.note("adl-notice", wallet, row=number, code=row.code, **leg)
            remember_deleveraged(house, remainder)
            house.this_pass.counterparties.add(wallet)
            if wallet not in deleveraged:  # told first: a notice, then what it costs the wallet ("Deleverage")
                deleveraged.add(wallet)
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


def float_quotient(numerator: float, denominator: float) -> float:
    """A quotient as float64 has it."""
    if denominator:
        return numerator / denominator
    return math.copysign(math.inf, numerator) if numerator else math.nan


# What nobody took -----------------------------------------------------------------------------------------------------


def uncovered(house, stage, this_round, wallets) -> None:
    """It stays, and is retried at the next mark."""
    for wallet in wallets:
        for number in this_round.rows[wallet]:
            row = house.rows[number]
            if row.quantity:
                house.note("uncovered-lots", wallet, row=number, code=row.code, lots=row.quantity)
    for fund in this_round.funds:
        if house.fund_equity(fund) < 0:
            for code, row in house.inventory(fund).items():
                house.note("uncovered-lots", fund, code=code, lots=row.quantity)


STAGES = {
    "CancelOrders": cancel_orders,
    "NetLegs": net_legs,
    "BookIOC": book_ioc,
    "Backstop": backstop,
    "TakeOver": take_over,
    "Deleverage": deleverage,
    "Uncovered": uncovered,
}
