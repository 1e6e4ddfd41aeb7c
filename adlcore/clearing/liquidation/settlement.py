"""What becomes of the balance of a wallet that holds no position any more: the rest to a fund, or a debt paid."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from ... import _kernels
from ..._support.arrays import INT64, Int64Array1D
from ...errors import AdlError
from ..funds.parties import TREASURY
from ..snapshot.tables import CROSS
from .liquidation_round import Round
from .pass_books import BY_FUND_OR_ADL, BY_VAULT, PassBooks
from .party_rows import require_int64

__all__ = ["move_to_cross", "reduce_open_entry", "settle_round", "settle_debts", "settle_outside_round"]


def settle_round(pass_books: PassBooks, liquidation_round: Round) -> None:
    """Settle the round's wallets that are emptied, in its order, then others that stand below zero, by row.

    A balance above 0 goes to the fund if any lots went to TakeOver or Deleverage, to the vault if it took
    lots and neither of those did, and stays if only the book or the wallet's own legs closed it. Below 0
    the fund pays what it can; what is left is an open entry (``docs/waterfall.md``, "Settlement").
    """
    empty = np.flatnonzero(~liquidation_round.open(pass_books))
    fresh = empty[~np.isin(empty, np.array(liquidation_round.settled, INT64))]
    valued = pass_books.snapshot.wallets.is_valued(liquidation_round.wallets[fresh])
    # Wallets with several assets are few, and each is settled by itself, in its turn.
    turns = [*np.flatnonzero(valued).tolist(), len(fresh)]
    start = 0
    for turn in turns:
        part = fresh[start:turn]
        _settle_plain(pass_books, liquidation_round.wallets[part], liquidation_round.fund[part])
        if turn < len(fresh):
            _settle_valued(pass_books, int(liquidation_round.wallets[fresh[turn]]))
        start = turn + 1
    liquidation_round.settled.extend(fresh.tolist())
    settle_outside_round(pass_books, np.concatenate([np.zeros(0, INT64), *pass_books.counterparties]))


def settle_outside_round(pass_books: PassBooks, wallets: Int64Array1D) -> None:
    """Settle those of these wallets that are in no round, hold no position and owe; plain ones first, each by row."""
    debtors = _debtors(pass_books, wallets)
    is_valued = pass_books.snapshot.wallets.is_valued(debtors)
    plain = debtors[~is_valued]
    _settle_plain(pass_books, plain, pass_books.fund_table.of_asset[pass_books.snapshot.wallets.asset[plain]])
    for wallet in debtors[is_valued].tolist():
        _settle_valued(pass_books, wallet)


def settle_debts(pass_books: PassBooks, wallets: Int64Array1D) -> None:
    """Settle who owes among these wallets at the end of a call (``docs/waterfall.md``, "Debts").

    Those of :func:`settle_outside_round`, and wallets of several assets that hold something again: it pays their open
    entries. Columns to write to are made only where somebody is to be settled.
    """
    owing = _owing_with_collateral(pass_books, wallets)
    if owing or len(_debtors(pass_books, wallets)):
        pass_books.make_writable()
        settle_outside_round(pass_books, wallets)
        for wallet in owing:
            _pay_open_entries(pass_books, wallet)


def _owing_with_collateral(pass_books: PassBooks, wallets: Int64Array1D) -> list[int]:
    """Those of these wallets that hold several assets and owe, and have something to pay with."""
    slots = pass_books.margin_pass.slots
    if not pass_books.uncovered or not slots.has_valued:
        return []
    owing = {wallet for wallet, _ in pass_books.uncovered} & set(wallets.tolist())
    return [
        w
        for w in sorted(owing)
        if pass_books.is_valued(w) and (slots.amount[slots.of_wallets(np.array([w]))] > 0).any()
    ]


def _debtors(pass_books: PassBooks, wallets: Int64Array1D) -> Int64Array1D:
    """Those of these wallets, ascending, whose equity is below zero, that hold no position and owe no open entry.

    Without a position equity is the balance, or what the assets of a valued wallet come to.
    """
    looked = np.unique(wallets)
    looked = looked[(pass_books.equity[looked] < 0) & (pass_books.in_liquidation[looked] == 0)]
    looked = looked[~pass_books.has_position(looked)] if len(looked) else looked
    owing = {wallet for wallet, _ in pass_books.uncovered}
    return np.array([wallet for wallet in looked.tolist() if wallet not in owing], INT64)


def _settle_plain(pass_books: PassBooks, wallets: Int64Array1D, fund: Int64Array1D) -> None:
    """Settle wallets with one asset, in this order."""
    slots = pass_books.slots_of(wallets)
    balance, took = pass_books.cash[slots].copy(), pass_books.closed_by[wallets]
    to_vault = (balance > 0) & ((took & BY_FUND_OR_ADL) == 0) & ((took & BY_VAULT) != 0)
    pass_books.margin_pass.sums[slots[to_vault], 0] -= balance[to_vault]
    _pay_vaults(
        pass_books,
        wallets[to_vault],
        pass_books.snapshot.wallets.asset[wallets[to_vault]],
        slots[to_vault],
        balance[to_vault],
    )
    owed = np.array(
        [(int(w), int(pass_books.snapshot.wallets.asset[w])) in pass_books.uncovered for w in wallets.tolist()], bool
    )
    ours = np.flatnonzero(((balance > 0) & ((took & BY_FUND_OR_ADL) != 0)) | ((balance < 0) & ~owed))
    if not len(ours):
        return
    amount, head = balance[ours], fund[ours]
    rows, funds, paid = _pay_by_funds(pass_books, amount, head)
    who, party = wallets[ours][rows], pass_books.first_fund + funds
    np.add.at(pass_books.cash, slots[ours][rows], -paid)
    np.add.at(pass_books.margin_pass.sums[:, 0], slots[ours][rows], -paid)
    pass_books.revalue(who)
    _log_payments(
        pass_books, who, party, paid, pass_books.snapshot.wallets.asset[who], np.where(funds == head[rows], 0, 1)
    )
    left = pass_books.cash[slots[ours]]
    for place in np.flatnonzero(left < 0).tolist():
        wallet = int(wallets[ours[place]])
        _record_open_entry(pass_books, wallet, int(pass_books.snapshot.wallets.asset[wallet]), int(-left[place]))


def _pay_by_funds(
    pass_books: PassBooks, amount: Int64Array1D, fund: Int64Array1D
) -> tuple[Int64Array1D, Int64Array1D, Int64Array1D]:
    """Pay amounts into funds or out of them, in order; row, fund and what it received of each payment."""
    table = pass_books.fund_table
    funds = np.arange(len(table))
    at = pass_books.first_fund + funds, table.asset
    cash, equity = pass_books.parties.cash[at], pass_books.parties.fund_equities()
    left = np.where(table.parent_cap < 0, -1, table.parent_cap - pass_books.parties.lent)
    longest = max(len(table.chain(f)) for f in funds.tolist())
    rows, payers, paid = np.empty((3, len(amount) * longest), INT64)
    kernel = _kernels.clearing.payments
    purses, payments = kernel.Purses(equity, cash, table.parent, left), kernel.Payments(rows, payers, paid)
    lines, bad = kernel.settle(purses, amount, fund, payments)
    if bad >= 0:
        raise AdlError.at("funds.balance", int(fund[bad]), int(amount[bad]), "must fit int64 quanta once settled")
    pass_books.parties.cash[at] = cash
    rows, payers, paid = rows[:lines], payers[:lines], paid[:lines]
    for place in np.flatnonzero(payers != fund[rows]).tolist():
        chain = table.chain(int(fund[rows[place]]))
        pass_books.parties.lent[chain[chain.index(int(payers[place])) - 1]] -= paid[place]
    return rows, payers, paid


def _log_payments(
    pass_books: PassBooks,
    wallet: Int64Array1D,
    party: Int64Array1D,
    paid: Int64Array1D,
    asset: Int64Array1D,
    parent: Int64Array1D,
) -> None:
    """Both legs of each payment, in their order: stretches of what comes in, and of what goes out."""
    kinds = np.where(paid > 0, 0, 1 + parent)
    borders = np.flatnonzero(np.diff(kinds)) + 1
    told = (
        ("rest", "fund-received", "settlement"),
        ("cover", "fund-paid", "shortfall"),
        ("cover", "fund-paid", "parent"),
    )
    for part in np.split(np.arange(len(kinds)), borders) if len(kinds) else []:
        one, other, cause = told[int(kinds[part[0]])]
        pass_books.log.extend(
            (one, cause, {"wallet": wallet[part], "amount": -paid[part], "asset": asset[part]}),
            (other, cause, {"party": party[part], "amount": paid[part], "asset": asset[part]}),
        )


def _pay_vaults(
    pass_books: PassBooks, wallets: Int64Array1D, asset: Int64Array1D, slots: Int64Array1D, amount: Int64Array1D
) -> None:
    """Pay to vaults what is left of wallets that only a vault took lots of, in an asset that each holds at a slot."""
    if not len(wallets):
        return
    vault = np.array([pass_books.last_vault[wallet] for wallet in wallets.tolist()], INT64)
    pass_books.cash[slots] -= amount
    pass_books.revalue(wallets)
    for party, code, x in zip(vault.tolist(), asset.tolist(), amount.tolist(), strict=True):
        pass_books.parties.cash[party, code] = require_int64(
            int(pass_books.parties.cash[party, code]) + x, "vault cash"
        )
    pass_books.log.extend(
        ("rest", "settlement", {"wallet": wallets, "amount": -amount, "asset": asset}),
        ("vault-received", "settlement", {"party": vault, "amount": amount, "asset": asset}),
    )


def _record_open_entry(pass_books: PassBooks, wallet: int, asset: int, amount: int) -> None:
    """Note a debt that nobody paid as an open entry."""
    pass_books.uncovered[wallet, asset] = amount
    pass_books.log.add(("uncovered-money", "shortfall", {"wallet": wallet, "asset": asset, "amount": amount}))


# Several assets -------------------------------------------------------------------------------------------------------


def _settle_valued(pass_books: PassBooks, wallet: int) -> None:
    """Settle a wallet with several assets (``docs/waterfall.md``, "Settlement").

    Loans become debts, collateral is exchanged until debts are paid, and then each asset is settled by its fund.
    """
    slots, slot = pass_books.margin_pass.slots, _slots_by_asset(pass_books, wallet)
    for asset in slot:
        if loan := int(slots.loan[slot[asset]]):
            slots.loan[slot[asset]] = 0
            _book_with_treasury(pass_books, wallet, slot[asset], asset, -loan, "loan-repaid", "loan")
    _exchange_collateral(pass_books, wallet, slot)
    took = int(pass_books.closed_by[wallet])
    for asset in slot:
        amount, fund = int(pass_books.cash[slot[asset]]), int(pass_books.fund_table.of_asset[asset])
        if amount > 0 and took & BY_FUND_OR_ADL:
            pass_books.cash[slot[asset]] = 0
            pass_books.parties.credit_fund(fund, amount)
            pass_books.log_fund_payment(wallet, fund, amount, asset, "rest", "settlement")
        elif amount > 0 and took & BY_VAULT:
            _pay_vaults(pass_books, *np.array([[wallet], [asset], [slot[asset]], [amount]], INT64))
        elif amount < 0:
            for payer, paid in list(pass_books.parties.collect_from_chain(fund, -amount)):
                pass_books.cash[slot[asset]] += paid
                pass_books.log_fund_payment(
                    wallet, payer, -paid, asset, "cover", "shortfall" if payer == fund else "parent"
                )
            if (left := -int(pass_books.cash[slot[asset]])) > 0:
                _record_open_entry(pass_books, wallet, asset, left)
    pass_books.revalue(np.array([wallet]))


def _pay_open_entries(pass_books: PassBooks, wallet: int) -> None:
    """What a debtor of several assets holds is exchanged until its open entries are paid."""
    slot = _slots_by_asset(pass_books, wallet)
    _exchange_collateral(pass_books, wallet, slot)
    for asset in slot:
        _update_open_entry(pass_books, wallet, asset, "collateral")
    pass_books.revalue(np.array([wallet]))


def _slots_by_asset(pass_books: PassBooks, wallet: int) -> dict[int, int]:
    """Where each asset of a wallet of several stands."""
    mine = pass_books.margin_pass.slots.of_wallets(np.array([wallet]))
    return dict(zip(pass_books.margin_pass.slots.asset[mine].tolist(), mine.tolist(), strict=True))


def _exchange_collateral(pass_books: PassBooks, wallet: int, slot: dict[int, int]) -> None:
    """Exchange what a wallet has for what it owes, asset by asset; `slot` is where each of its assets stands."""
    for debt, to in slot.items():
        for asset, origin in slot.items():
            owed, have = -int(pass_books.cash[to]), int(pass_books.cash[origin])
            if owed > 0 and have > 0:
                rate = _collateral_rate(pass_books, asset, debt)
                spent = min(have, math.ceil(owed / rate)) if rate else 0
                got = owed if spent * rate >= owed else math.floor(spent * rate)
                # What brings less than a quantum, as all does at a haircut of 1, pays no debt: it is not given away.
                if got:
                    _book_with_treasury(pass_books, wallet, origin, asset, -spent, "exchange", "collateral")
                    _book_with_treasury(pass_books, wallet, to, debt, got, "exchange", "collateral")


def _collateral_rate(pass_books: PassBooks, asset: int, debt: int) -> Fraction:
    """Quanta of the debt's asset for a quantum of collateral, after its haircut: 0 where that is 1."""
    rates = pass_books.margin_pass.rates
    return rates.price_of(asset) * rates.collateral_share[asset] / rates.price_of(debt)


def _book_with_treasury(
    pass_books: PassBooks, wallet: int, slot: int, asset: int, amount: int, kind: str, cause: str
) -> None:
    """A wallet receives from the treasury; below 0 it gives."""
    pass_books.cash[slot] = require_int64(int(pass_books.cash[slot]) + amount, "balance")
    place = TREASURY, asset
    pass_books.parties.cash[place] = require_int64(int(pass_books.parties.cash[place]) - amount, "treasury cash")
    pass_books.log.add(
        (kind, cause, {"wallet": wallet, "amount": amount, "asset": asset}),
        (kind, cause, {"party": TREASURY, "amount": -amount, "asset": asset}),
    )


# At the end of a pass -------------------------------------------------------------------------------------------------


def move_to_cross(pass_books: PassBooks) -> None:
    """What is left of isolated winners that ADL closed in full moves to their account's cross wallet in the asset."""
    wallets, owner = pass_books.snapshot.wallets, pass_books.snapshot.positions.wallet
    rows = np.array(
        [row for row in sorted(set(pass_books.closed_isolated_rows)) if not pass_books.in_liquidation[owner[row]]],
        INT64,
    )
    sources = np.unique(owner[rows])
    sources = sources[pass_books.cash[pass_books.slots_of(sources)] > 0]
    if not len(sources):
        return
    cross = np.flatnonzero(wallets.mode == CROSS)
    at = {
        (wallets.account[w], int(wallets.asset[w])): w
        for w in cross[np.isin(wallets.account[cross], wallets.account[sources])].tolist()
    }
    for source in sources.tolist():
        asset = int(wallets.asset[source])
        target = at.get((wallets.account[source], asset))
        if target is None:
            continue
        amount = int(pass_books.cash[pass_books.slot(source, asset)])
        pass_books.credit_wallet(source, asset, -amount)
        pass_books.credit_wallet(target, asset, amount)
        pass_books.log.add(
            ("moved", "closed", {"wallet": source, "amount": -amount, "asset": asset}),
            ("moved", "closed", {"wallet": target, "amount": amount, "asset": asset}),
        )
        _update_open_entry(pass_books, target, asset, "closed")


def _update_open_entry(pass_books: PassBooks, wallet: int, asset: int, cause: str) -> None:
    """Reduce the open entry of a wallet, if it has one, by what came into the asset."""
    owed = pass_books.uncovered.get((wallet, asset))
    left = -int(pass_books.cash[pass_books.slot(wallet, asset)])
    if owed is not None and left != owed:
        reduce_open_entry(pass_books, wallet, asset, left, cause)


def reduce_open_entry(pass_books: PassBooks, wallet: int, asset: int, left: int, cause: str) -> None:
    """Note what is left of an open entry once something was paid of it, and log it; at zero the entry is gone."""
    if left > 0:
        pass_books.uncovered[wallet, asset] = left
        pass_books.log.add(("uncovered-reduced", cause, {"wallet": wallet, "asset": asset, "amount": left}))
    else:
        del pass_books.uncovered[wallet, asset]
        pass_books.log.add(("uncovered-paid", cause, {"wallet": wallet, "asset": asset}))
