"""A pass of the slow clearing house; ``docs/waterfall.md``, "The order of a pass"."""

from __future__ import annotations

from fractions import Fraction

from support import clearing_oracle_stages as stages_of
from support import clearing_oracle_triggers as triggers
from support.clearing_oracle_books import PassMemory, RefusalError, RoundMemory, SlowFund, exact
from support.clearing_oracle_settlement import move_isolated_winnings, pay_entries, settle_debts, settle_round


def mark(house, prices, time=None, index_prices=None, oracle=None) -> list[tuple]:
    """New marks, then rounds while somebody liquidatable has not been tried.

    The numbers are those of ``docs/waterfall.md``, "The order of a pass".
    """
    new_marks, oracle_prices = read_prices(house, prices), read_prices(house, oracle)
    first = house.begin_call(time)
    # Rounded before they are replaced: `previous-mark` executes at the marks of the last pass ("Numbers of a pass").
    previous_ticks = ticks_of_marks(house)
    # 1. Margin moves to the new marks; what has none keeps its last.
    for code, price in new_marks.items():
        house.marks[code] = price
    house.index.update(index_prices or {})
    house.asset_price = house._prices(house.index)
    for row in house.every_row():
        row.price_at(house.marks[row.code])
    ticks = ticks_of_marks(house)
    oracle_ticks = {code: round_to_tick(house, code, price) for code, price in oracle_prices.items()}
    house.this_pass = PassMemory(ticks, {**ticks, **previous_ticks}, {**ticks, **oracle_ticks})
    # 2. Drawdowns observe before anybody is liquidated; who is healthy at these marks cools down no more.
    triggers.observe(house)
    house.forget_cool_downs()
    # 3. Rounds.
    run_rounds(house)
    # 4. Whom new index prices brought below zero; and what they let a debtor exchange now ("Debts").
    settle_debts(house, range(len(house.mode)))
    pay_entries(house, range(len(house.mode)))
    # 5. After every debt, for a winner of one round may be broken by a later one.
    move_isolated_winnings(house)
    # 6. Drawdowns observe what the pass has made of the funds.
    triggers.observe(house)
    # 7. Cool-downs that lost what they belong to.
    return house.end_call(first)


def read_prices(house, prices) -> dict[int, Fraction]:
    by_code = {house.codes[symbol]: exact(price) for symbol, price in (prices or {}).items()}
    if any(price <= 0 for price in by_code.values()):
        raise RefusalError("a price of zero or less")
    return by_code


def round_to_tick(house, code: int, price: Fraction) -> int:
    return max(1, round(price / Fraction(house.contracts[code].tick)))


def ticks_of_marks(house) -> dict[int, int]:
    return {code: round_to_tick(house, code, price) for code, price in enumerate(house.marks) if price is not None}


def run_rounds(house) -> None:
    """Rounds until everybody who fails, and every fund that sinks, was tried once."""
    rounds = 0
    while True:
        liquidated, tried = house.this_pass.liquidated, house.this_pass.tried
        wallets = [w for w in range(len(house.mode)) if w not in liquidated and house.is_liquidatable(w)]
        funds = [f for f in house.funds.values() if f not in tried and house.fund_equity(f) < 0 and house.inventory(f)]
        if not wallets and not funds:
            return
        if rounds == house.max_rounds:
            for holder in (*wallets, *(fund.name for fund in funds)):
                house.note("max-rounds", holder)
            return
        run_round(house, wallets, funds)
        rounds += 1


def run_round(house, wallets: list[int], funds: list[SlowFund]) -> None:
    """One round over wallets and funds.

    Its order is fixed before any stage: margin that stages move must not move a wallet in the queue ("The order of a
    pass").
    """
    wallets = sorted(wallets, key=lambda w: (-house.ratio_of(w), house.equity_of(w), w))
    rows = {}
    for wallet in wallets:
        weight = {n: round(house.rows[n].margin * house.rate(house.rows[n])) for n in house.open_rows(wallet)}
        rows[wallet] = sorted(weight, key=lambda n: (-weight[n], n))
        house.this_pass.liquidated.append(wallet)
        house.note("liquidation-started", wallet)
    # A fund below zero now is tried by this round though no stage may reach it ("Deleverage").
    house.this_pass.tried += funds
    this_round = RoundMemory(wallets, rows, [*funds])
    for stage in house.stages:
        run_stage = stages_of.STAGES[type(stage).__name__]
        run_stage(house, stage, this_round, still_liquidatable(house, this_round))
        # After each stage: what a fund pays or receives here is what the next stage may spend ("The order of a pass").
        settle_round(house, this_round)


def still_liquidatable(house, this_round: RoundMemory) -> list[int]:
    """Whom a stage looks at; the others are left alone by it."""
    wallets = []
    for wallet in this_round.wallets:
        if house.is_liquidatable(wallet):
            wallets.append(wallet)
        elif house.open_rows(wallet):
            house.cooling = {key: cool_down for key, cool_down in house.cooling.items() if key[0] != wallet}
            if wallet not in house.this_pass.healthy:
                house.this_pass.healthy.add(wallet)
                house.note("healthy", wallet)
    return wallets
