"""What becomes of emptied wallets in the slow clearing house; ``docs/waterfall.md``, "Settlement", "Several assets"."""

from support.clearing_oracle_books import RoundMemory, SlowFund
from support.margin_oracle import CROSS, ISOLATED, MULTI_ASSET


def settle_round(house, this_round: RoundMemory) -> None:
    """Those of the round that hold nothing any more, then counterparties that owe.

    The round's wallets come first, for the fund of their contract settles them: as counterparties that hold nothing
    they would be settled by the fund of their asset ("Settlement").
    """
    for wallet in this_round.wallets:
        if house.open_rows(wallet) or wallet in house.this_pass.settled:
            continue
        house.this_pass.settled.add(wallet)
        if house.mode[wallet] >= MULTI_ASSET:
            settle_valued(house, wallet)
        else:
            # The first row in the round's order is the one with the largest margin ("Settlement").
            fund = house.fund_of_contract(house.rows[this_round.rows[wallet][0]].code)
            settle_balance(house, wallet, house.asset[wallet], house.stored_balance[wallet], fund)
    settle_debts(house, house.this_pass.counterparties)


def settle_debts(house, wallets) -> None:
    """Of these, who holds nothing, is worth less than nothing and has no open entry.

    In wallet order ("Settlement"), those with one asset before those with several: they may want of one fund.
    """
    for wallet in sorted(wallets, key=lambda wallet: (house.mode[wallet] >= MULTI_ASSET, wallet)):
        if house.open_rows(wallet) or house.equity_of(wallet) >= 0 or house.owes(wallet):
            continue
        if wallet in house.this_pass.liquidated:
            continue
        if house.mode[wallet] >= MULTI_ASSET:
            settle_valued(house, wallet)
        else:
            asset = house.asset[wallet]
            settle_balance(house, wallet, asset, house.stored_balance[wallet], house.fund_of_asset(asset))


def pay_entries(house, wallets) -> None:
    """What debtors of several assets hold is exchanged for what they owe."""
    for wallet in wallets:
        if house.mode[wallet] < MULTI_ASSET or not house.owes(wallet):
            continue
        exchange(house, wallet)
        for owner, asset in sorted(house.open_entries):
            if owner == wallet:
                house.reduce_entry(wallet, asset, house.open_entries[wallet, asset] + house.amount[wallet, asset])


def settle_valued(house, wallet: int) -> None:
    """Loans become debts before collateral is exchanged for debts; only what is left is settled ("Several assets")."""
    repay_loans(house, wallet)
    exchange(house, wallet)
    for asset in range(len(house.books.assets)):
        settle_balance(house, wallet, asset, house.amount[wallet, asset], house.fund_of_asset(asset))


def settle_balance(house, wallet: int, asset: int, balance: int, fund: SlowFund) -> None:
    """A balance above 0 goes to whoever took the lots, one below 0 is covered as far as the chain can."""
    stages = house.this_pass.stages_of[wallet]
    if balance > 0 and stages & {"take-over", "deleverage"}:
        house.pay(balance, asset, debit=(wallet, "rest"), credit=(fund, "fund-received"))
    elif balance > 0 and "backstop" in stages:
        vault = house.this_pass.last_vault[wallet]
        house.pay(balance, asset, debit=(wallet, "rest"), credit=(vault, "vault-received"))
    elif balance < 0:
        uncovered = -balance - house.cover(fund, wallet, -balance)
        if uncovered:
            house.open_entries[wallet, asset] = uncovered
            house.note("uncovered-money", wallet, amount=uncovered)


def repay_loans(house, wallet: int) -> None:
    """Every loan becomes a debt."""
    for asset in range(len(house.books.assets)):
        legs = {"debit": (wallet, "loan-repaid"), "credit": (house.treasury, "loan-repaid")}
        house.pay(house.loan[wallet, asset], asset, **legs)
        house.loan[wallet, asset] = 0


def exchange(house, wallet: int) -> None:
    """Collateral for debts, against the treasury, at index·(1 − haircut)."""
    assets, holder, treasury = range(len(house.books.assets)), (wallet, "exchange"), (house.treasury, "exchange")
    for debt in assets:
        for collateral in assets:
            owed, available = -house.amount[wallet, debt], house.amount[wallet, collateral]
            if owed <= 0 or available <= 0:
                continue
            price = (house.asset_price[collateral] or 0) * house.kept_share[collateral] / house.asset_price[debt]
            if not price:
                continue
            paid = min(available, -(-owed // price))
            received = owed if paid * price >= owed else int(paid * price // 1)
            if not received:
                continue
            house.pay(paid, collateral, debit=holder, credit=treasury)
            house.pay(received, debt, debit=treasury, credit=holder)


def move_isolated_winnings(house) -> None:
    """What isolated counterparties that were closed in full have, to the account's cross wallet of the asset."""
    for wallet in sorted(house.this_pass.counterparties):
        balance = house.stored_balance[wallet]
        if house.mode[wallet] != ISOLATED or wallet in house.this_pass.liquidated:
            continue
        if house.open_rows(wallet) or balance <= 0:
            continue
        asset, account = house.asset[wallet], house.account[wallet]
        key = (account, asset, CROSS)
        cross = [w for w, owner in enumerate(house.account) if (owner, house.asset[w], house.mode[w]) == key]
        if cross:
            house.pay(balance, asset, debit=(wallet, "moved"), credit=(cross[0], "moved"))
            house.reduce_entry(cross[0], asset, balance)
