"""The triggers of funds in the slow clearing house: what they see, and why a fund takes no row."""

import math

from support import clearing_oracle_books as oracle
from support.margin_oracle import INT64_MAX, quanta_per_lot


def objection(house, fund, row, value: int) -> tuple[str, int, int] | None:
    """Why a fund does not take a row: what was looked at, its value, and the bound; None where it takes it."""
    one = float(quanta_per_lot(row.contract, house.marks[row.code]))
    before = fund.rows[row.code].quantity if row.code in fund.rows else 0
    after = before + row.quantity
    values = {code: abs(held.value) for code, held in house.inventory(fund).items()}
    fresh = house.f(fund) + round(float(after) * one) - round(float(before) * one) - value
    values[row.code] = abs(round(float(after) * one))
    trigger, kind, least = fund.trigger, type(fund.trigger).__name__, 0
    if kind == "Drawdown":
        key = row.code if trigger.of == "contract" else None
        if key in fund.on:
            return "drawdown-on", fund.samples[key][-1][1], least_that_turns_off(fund, key)
        if key is None:
            least = max(0, least_that_has_not_fallen(house, fund))
    if fresh < least:
        return "drawdown" if least else "depleted", fresh, least
    if kind == "NetNotionalCap" and abs(after) >= abs(before):
        most = math.floor(oracle.exact(trigger.ratio) * fresh)
        if sum(values.values()) > most:
            return "net-notional", sum(values.values()), most
    return None


def least_that_turns_off(fund, key) -> int:
    """Strictly above the milder border; of a balance above 0 as well. Of nothing, no fall is ever mild."""
    if base_of(fund, key) == 0 and (key is not None or fund.trigger.relative_to == "opening"):
        return INT64_MAX
    border = math.floor(peak_of(fund, key) + oracle.exact(fund.trigger.stop) * base_of(fund, key))
    return 1 + (border if key is not None else max(0, border))


def least_that_has_not_fallen(house, fund) -> int:
    """The first equity, from below, that :func:`fallen` does not find."""
    trigger, peak = fund.trigger, peak_of(fund, None)
    smallest = 0 if trigger.minimum is None else oracle.exact(trigger.minimum)
    smallest *= 10 ** house.books.assets[fund.asset].decimals
    found = math.floor(peak - max(-oracle.exact(trigger.start) * base_of(fund, None), smallest)) + 1
    assert fallen(house, fund, None, found - 1)
    assert not fallen(house, fund, None, found)
    return found


def watch(house) -> None:
    """F, or what a contract has brought, is looked at at the start of a pass and at its end."""
    for fund in house.funds.values():
        if type(fund.trigger).__name__ == "Drawdown":
            watch_fund(house, fund)


def first_watch(house) -> None:
    """What a house opens with is the first sample."""
    for fund in house.funds.values():
        if type(fund.trigger).__name__ == "Drawdown":
            for key in keys_of(house, fund):
                fund.samples[key] = [(0, fund.opening if key is None else 0)]


def keys_of(house, fund) -> list:
    """None for the fund itself, and the contracts whose inventory it may hold where each is watched."""
    codes = range(len(house.contracts)) if fund.trigger.of == "contract" else ()
    return [None, *(code for code in codes if fund in house.chain(house.head(code)))]


def watch_fund(house, fund) -> None:
    keys = keys_of(house, fund)
    for key in keys:
        now = house.f(fund) if key is None else result_of(house, fund, key)
        kept = [sample for sample in fund.samples[key] if house.time - sample[0] <= fund.trigger.window]
        fund.samples[key] = [*kept, (house.time, now)]
    for key in keys[1:] if fund.trigger.of == "contract" else keys:
        now = fund.samples[key][-1][1]
        empty = key is None and now <= 0
        if key in fund.on:
            if not empty and now - peak_of(fund, key) > oracle.exact(fund.trigger.stop) * base_of(fund, key):
                fund.on.discard(key)
                house.note("trigger-off", fund.name, None, key)
        elif fallen(house, fund, key, now) or empty:
            fund.on.add(key)
            house.note("trigger-on", fund.name, None, key)


def result_of(house, fund, code: int) -> int:
    """Realized and unrealized PnL of the fund in a contract, since the house opened."""
    legs = [event for event in house.events if event[1] == fund.name and event[3] == code]
    return sum(event[6] for event in legs if event[4]) + (fund.rows[code].value if code in fund.rows else 0)


def peak_of(fund, key) -> int:
    return max(value for _, value in fund.samples[key])


def base_of(fund, key) -> int:
    """What the drop is measured against: the own peak, the fund's, or what it opened with."""
    of = fund.trigger.relative_to
    return abs(fund.opening if of == "opening" else peak_of(fund, key if of == "own" else None))


def fallen(house, fund, key, now: int) -> bool:
    """Whether it lies far enough below its peak."""
    drop, minimum = now - peak_of(fund, key), fund.trigger.minimum
    least = 0 if minimum is None else oracle.exact(minimum) * 10 ** house.books.assets[fund.asset].decimals
    return drop <= oracle.exact(fund.trigger.start) * base_of(fund, key) and -drop >= least
