"""Calls of the slow clearing house between marks: money, funding and open orders."""

from fractions import Fraction

from support.clearing_oracle_books import RefusalError, exact, sign
from support.clearing_oracle_settlement import pay_entries
from support.margin_oracle import INT64_MAX, MULTI_ASSET, OpenOrder


def asset_for(house, wallet: int, asset: str | None) -> int:
    if house.mode[wallet] < MULTI_ASSET:
        if asset is not None and house.asset_code.get(asset) != house.asset[wallet]:
            raise RefusalError("another asset than the wallet's")
        return house.asset[wallet]
    code = house.asset_code.get(asset)
    if code is None or house.asset_price[code] is None:
        raise RefusalError("an asset is needed, and its index price")
    return code


def above_zero(number: int) -> int:
    if number <= 0:
        raise RefusalError("must be above 0")
    return number


def deposit(house, wallet, amount, asset=None, time=None) -> list[tuple]:
    code = asset_for(house, wallet, asset)
    quanta = above_zero(house.quanta(code, amount))
    refuse_beyond_range(house, wallet, code, quanta)
    first = house.begin_call(time)
    move_from_outside(house, "deposit", wallet, code, quanta)
    house.reduce_entry(wallet, code, quanta)
    pay_entries(house, [wallet])
    return house.end_call(first)


def refuse_beyond_range(house, holder, asset: int, quanta: int) -> None:
    """Money must leave balances, cash and equities that fit."""
    house.add_money(holder, asset, quanta)
    fits = house.fits
    house.add_money(holder, asset, -quanta)
    if not fits:
        raise RefusalError("beyond int64")


def withdraw(house, wallet, amount, asset=None, time=None) -> list[tuple]:
    """Refused beyond the free margin, and of a valued wallet beyond what is there of the asset."""
    code = asset_for(house, wallet, asset)
    quanta = above_zero(house.quanta(code, amount))
    if house.mode[wallet] >= MULTI_ASSET and quanta > house.amount[wallet, code]:
        raise RefusalError("beyond what is there")
    house.add_money(wallet, code, -quanta)
    left = house.spare(wallet)
    house.add_money(wallet, code, quanta)
    if left < 0:
        raise RefusalError("beyond the free margin")
    first = house.begin_call(time)
    move_from_outside(house, "withdrawal", wallet, code, -quanta)
    return house.end_call(first)


def move_from_outside(house, kind: str, holder, asset: int, quanta: int) -> None:
    house.add_money(holder, asset, quanta)
    house.outside[asset] += quanta
    house.note(kind, holder, amount=quanta)


def fund_deposit(house, fund, amount, time=None) -> list[tuple]:
    fund = house.funds[fund]
    quanta = house.quanta(fund.asset, amount)
    most = max(0, min(fund.cash[fund.asset], house.fund_equity(fund)))
    if not quanta or quanta < -most:
        raise RefusalError("at most cash and equity")
    refuse_beyond_range(house, fund, fund.asset, quanta)
    first = house.begin_call(time)
    move_from_outside(house, "fund-deposit", fund, fund.asset, quanta)
    return house.end_call(first)


def funding(house, rates, time=None) -> list[tuple]:
    """Each row of users, street and vaults pays round(sign(q)·|MV|·rate); the head fund receives the sum."""
    rates = {house.codes[symbol]: exact(rate) for symbol, rate in rates.items()}
    first = house.begin_call(time)
    for code, rate in sorted(rates.items()):
        places = [(number, row.wallet, row) for number, row in enumerate(house.rows) if row.code == code]
        others = (party for party in (house.street, *house.vaults.values()) if code in party.rows)
        places += [(None, party, party.rows[code]) for party in others]
        total = 0
        for number, holder, row in places:
            owed = round(sign(row.quantity) * abs(row.value) * rate)
            if owed:
                total += owed
                house.add_money(holder, house.settle_asset(code), -owed)
                house.note("funding", holder, row=number, code=code, amount=-owed)
        if total:
            fund = house.fund_of_contract(code)
            house.add_money(fund, fund.asset, total)
            house.note("funding", fund, code=code, amount=total)
    return house.end_call(first)


def read_lots(house, code: int, quantity) -> int:
    return count_steps(quantity, house.contracts[code].lot)


def read_ticks(house, code: int, price) -> int:
    return above_zero(count_steps(price, house.contracts[code].tick))


def count_steps(number, step) -> int:
    steps = exact(number) / Fraction(step)
    if steps.denominator != 1 or abs(steps) > INT64_MAX:
        raise RefusalError("off the grid")
    return int(steps)


def refuse_stranger(house, wallet: int, code: int) -> None:
    settle = house.settle_asset(code)
    if house.mode[wallet] < MULTI_ASSET and house.asset[wallet] != settle:
        raise RefusalError("another asset than the contract's")
    if house.mode[wallet] >= MULTI_ASSET and house.asset_price[settle] is None:
        raise RefusalError("no index price")
    if house.owes(wallet):
        raise RefusalError("an open entry")


def place_order(house, wallet, contract, quantity, price, leverage=None, locked=None, time=None) -> list[tuple]:
    """Locks margin, given or notional/leverage rounded up; refused beyond the free margin."""
    code = house.codes[contract]
    lots, ticks = read_lots(house, code, quantity), read_ticks(house, code, price)
    if not lots or (leverage is None) == (locked is None):
        raise RefusalError("lots, and one of leverage and locked")
    refuse_stranger(house, wallet, code)
    if locked is None:
        notional = round(abs(lots * house.value_per_lot(code, ticks)))
        quanta = -(-notional // above_zero(exact(leverage)))
    else:
        quanta = house.quanta(house.settle_asset(code), locked)
    placed = OpenOrder(code, wallet, lots, ticks, int(quanta))
    house.orders.append(placed)
    left = house.lockable(wallet)
    house.orders.pop()
    if (left < 0 and quanta > 0) or quanta < 0:  # to lock nothing is never beyond what is free
        raise RefusalError("beyond the free margin")
    first = house.begin_call(time)
    house.orders.append(placed)
    house.note("order-placed", wallet, code=code, lots=lots, ticks=ticks)
    return house.end_call(first)


def cancel_order(house, order, time=None) -> list[tuple]:
    if not 0 <= order < len(house.orders):
        raise RefusalError("no such order")
    first = house.begin_call(time)
    house.note_cancelled(house.orders.pop(order))
    return house.end_call(first)
