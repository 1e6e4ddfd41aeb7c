"""The triggers of funds in the slow clearing house: what they see, and why a fund takes no row.

The text is ``docs/waterfall.md``, "Drawdowns" and "TakeOver".
"""

import math
from typing import NamedTuple

from support.clearing_oracle_books import Observation, exact
from support.margin_oracle import INT64_MAX, quanta_per_lot


class Refusal(NamedTuple):
    """Why a fund does not take a row: the value that was looked at, and its bound."""

    cause: str
    value: int
    bound: int


def refusal(house, fund, row, value: int) -> Refusal | None:
    """None where a fund takes a row, whose value at its price is given.

    The cause is the first of: a drawdown that is on, F', net notional ("TakeOver"). So they are asked in that order.
    """
    value_per_lot = float(quanta_per_lot(row.contract, house.marks[row.code]))
    lots_before = fund.rows[row.code].quantity if row.code in fund.rows else 0
    lots_after = lots_before + row.quantity
    notional = {code: abs(held.value) for code, held in house.inventory(fund).items()}
    gain = round(float(lots_after) * value_per_lot) - round(float(lots_before) * value_per_lot)
    equity_after = house.fund_equity(fund) + gain - value
    notional[row.code] = abs(round(float(lots_after) * value_per_lot))
    trigger, kind, least = fund.trigger, type(fund.trigger).__name__, 0
    if kind == "Drawdown":
        key = row.code if trigger.of == "contract" else None
        if key in fund.switched_on:
            return Refusal("drawdown-on", fund.observations[key][-1].value, least_that_turns_off(fund, key))
        if key is None:
            least = max(0, least_that_has_not_fallen(house, fund))
    if equity_after < least:
        return Refusal("drawdown" if least else "depleted", equity_after, least)
    if kind == "NetNotionalCap" and abs(lots_after) >= abs(lots_before):
        most = math.floor(exact(trigger.ratio) * equity_after)
        if sum(notional.values()) > most:
            return Refusal("net-notional", sum(notional.values()), most)
    return None


def least_that_turns_off(fund, key) -> int:
    """Strictly above the milder border; of a balance above 0 as well. Of nothing, no fall is ever mild."""
    if base_of(fund, key) == 0 and (key is not None or fund.trigger.relative_to == "opening"):
        return INT64_MAX
    border = math.floor(peak_of(fund, key) + exact(fund.trigger.stop) * base_of(fund, key))
    return 1 + (border if key is not None else max(0, border))


def least_that_has_not_fallen(house, fund) -> int:
    """The first equity, from below, that :func:`has_fallen` does not find."""
    trigger, peak = fund.trigger, peak_of(fund, None)
    smallest = 0 if trigger.minimum is None else exact(trigger.minimum)
    smallest *= 10 ** house.books.assets[fund.asset].decimals
    least = math.floor(peak - max(-exact(trigger.start) * base_of(fund, None), smallest)) + 1
    assert has_fallen(house, fund, None, least - 1)
    assert not has_fallen(house, fund, None, least)
    return least


def observe(house) -> None:
    """F, or what a contract has brought, is looked at at the start of a pass and at its end."""
    for fund in house.funds.values():
        if type(fund.trigger).__name__ == "Drawdown":
            observe_fund(house, fund)


def observe_opening(house) -> None:
    """What a house opens with is the first observation."""
    for fund in house.funds.values():
        if type(fund.trigger).__name__ == "Drawdown":
            for key in keys_of(house, fund):
                fund.observations[key] = [Observation(0, fund.opening if key is None else 0)]


def keys_of(house, fund) -> list:
    """None for the fund itself, and the contracts whose inventory it may hold where each is watched."""
    codes = range(len(house.contracts)) if fund.trigger.of == "contract" else ()
    return [None, *(code for code in codes if fund in house.chain(code))]


def observe_fund(house, fund) -> None:
    keys = keys_of(house, fund)
    for key in keys:
        value = house.fund_equity(fund) if key is None else profit_in_contract(house, fund, key)
        recent = [seen for seen in fund.observations[key] if house.time - seen.time <= fund.trigger.window]
        fund.observations[key] = [*recent, Observation(house.time, value)]
    for key in keys[1:] if fund.trigger.of == "contract" else keys:
        value = fund.observations[key][-1].value
        empty = key is None and value <= 0
        if key in fund.switched_on:
            if not empty and value - peak_of(fund, key) > exact(fund.trigger.stop) * base_of(fund, key):
                fund.switched_on.discard(key)
                house.note("trigger-off", fund, code=key)
        elif has_fallen(house, fund, key, value) or empty:
            fund.switched_on.add(key)
            house.note("trigger-on", fund, code=key)


def profit_in_contract(house, fund, code: int) -> int:
    """Realized and unrealized PnL of the fund in a contract, since the house opened."""
    legs = [event for event in house.events if event.holder == fund.name and event.code == code]
    return sum(event.amount for event in legs if event.lots) + (fund.rows[code].value if code in fund.rows else 0)


def peak_of(fund, key) -> int:
    return max(seen.value for seen in fund.observations[key])


def base_of(fund, key) -> int:
    """What the drop is measured against: the own peak, the fund's, or what it opened with."""
    base = fund.trigger.relative_to
    return abs(fund.opening if base == "opening" else peak_of(fund, key if base == "own" else None))


def has_fallen(house, fund, key, value: int) -> bool:
    """Whether it lies far enough below its peak."""
    drop, minimum = value - peak_of(fund, key), fund.trigger.minimum
    least = 0 if minimum is None else exact(minimum) * 10 ** house.books.assets[fund.asset].decimals
    return drop <= exact(fund.trigger.start) * base_of(fund, key) and -drop >= least
