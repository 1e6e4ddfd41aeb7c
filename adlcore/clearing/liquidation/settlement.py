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
from .pass_books import DELEVERAGED, VAULT, PassBooks

__all__ = ["move_to_cross", "reduce_entry", "settle", "settle_debts", "settle_others"]


def settle(work: PassBooks, taken: Round) -> None:
    """Settle the round's wallets that are emptied, in its order, then others that stand below zero, by row.

    A balance above 0 goes to the fund if any lots went to TakeOver or Deleverage, to the vault if it took
    lots and neither of those did, and stays if only the book or the wallet's own legs closed it. Below 0
    the fund pays what it can; what is left is an open entry (``docs/waterfall.md``, "Settlement").
    """
    empty = np.flatnonzero(~taken.open(work))
    fresh = empty[~np.isin(empty, np.array(taken.settled, INT64))]
    valued = work.books.wallets.is_valued(taken.wallets[fresh])
    # Wallets with several assets are few, and each is settled by itself, in its turn.
    turns = [*np.flatnonzero(valued).tolist(), len(fresh)]
    start = 0
    for turn in turns:
        part = fresh[start:turn]
        _settle_plain(work, taken.wallets[part], taken.fund[part])
        if turn < len(fresh):
            _settle_valued(work, int(taken.wallets[fresh[turn]]))
        start = turn + 1
    taken.settled.extend(fresh.tolist())
    settle_others(work, np.concatenate([np.zeros(0, INT64), *work.counterparties]))


def settle_others(work: PassBooks, wallets: Int64Array1D) -> None:
    """Settle those of these wallets that are in no round, hold no position and owe; plain ones first, each by row."""
    debtors = _debtors(work, wallets)
    is_valued = work.books.wallets.is_valued(debtors)
    plain = debtors[~is_valued]
    _settle_plain(work, plain, work.table.of_asset[work.books.wallets.asset[plain]])
    for wallet in debtors[is_valued].tolist():
        _settle_valued(work, wallet)


def settle_debts(work: PassBooks, wallets: Int64Array1D) -> None:
    """Settle who owes among these wallets at the end of a call (``docs/waterfall.md``, "Debts").

    Those of :func:`settle_others`, and wallets of several assets that hold something again: it pays their open entries.
    Columns to write to are made only where somebody is to be settled.
    """
    owing = _owing_with_collateral(work, wallets)
    if owing or len(_debtors(work, wallets)):
        work.open()
        settle_others(work, wallets)
        for wallet in owing:
            _pay_entries(work, wallet)


def _owing_with_collateral(work: PassBooks, wallets: Int64Array1D) -> list[int]:
    """Those of these wallets that hold several assets and owe, and have something to pay with."""
    slots = work.core.slots
    if not work.uncovered or not slots.many:
        return []
    owing = {wallet for wallet, _ in work.uncovered} & set(wallets.tolist())
    return [w for w in sorted(owing) if work.is_valued(w) and (slots.amount[slots.of_wallets(np.array([w]))] > 0).any()]


def _debtors(work: PassBooks, wallets: Int64Array1D) -> Int64Array1D:
    """Those of these wallets, ascending, whose equity is below zero, that hold no position and owe no open entry.

    Without a position equity is the balance, or what the assets of a valued wallet come to.
    """
    looked = np.unique(wallets)
    looked = looked[(work.equity[looked] < 0) & (work.in_liquidation[looked] == 0)]
    looked = looked[~work.holds(looked)] if len(looked) else looked
    owing = {wallet for wallet, _ in work.uncovered}
    return np.array([wallet for wallet in looked.tolist() if wallet not in owing], INT64)


def _settle_plain(work: PassBooks, wallets: Int64Array1D, fund: Int64Array1D) -> None:
    """Settle wallets with one asset, in this order."""
    slots = work.slots_of(wallets)
    balance, took = work.cash[slots].copy(), work.took[wallets]
    to_vault = (balance > 0) & ((took & DELEVERAGED) == 0) & ((took & VAULT) != 0)
    work.core.sums[slots[to_vault], 0] -= balance[to_vault]
    _to_vault(work, wallets[to_vault], work.books.wallets.asset[wallets[to_vault]], slots[to_vault], balance[to_vault])
    owed = np.array([(int(w), int(work.books.wallets.asset[w])) in work.uncovered for w in wallets.tolist()], bool)
    ours = np.flatnonzero(((balance > 0) & ((took & DELEVERAGED) != 0)) | ((balance < 0) & ~owed))
    if not len(ours):
        return
    amount, head = balance[ours], fund[ours]
    rows, funds, paid = _by_funds(work, amount, head)
    who, party = wallets[ours][rows], work.first_fund + funds
    np.add.at(work.cash, slots[ours][rows], -paid)
    np.add.at(work.core.sums[:, 0], slots[ours][rows], -paid)
    work.revalue(who)
    _log_payments(work, who, party, paid, work.books.wallets.asset[who], np.where(funds == head[rows], 0, 1))
    left = work.cash[slots[ours]]
    for place in np.flatnonzero(left < 0).tolist():
        wallet = int(wallets[ours[place]])
        _leave(work, wallet, int(work.books.wallets.asset[wallet]), int(-left[place]))


def _by_funds(
    work: PassBooks, amount: Int64Array1D, fund: Int64Array1D
) -> tuple[Int64Array1D, Int64Array1D, Int64Array1D]:
    """Pay amounts into funds or out of them, in order; row, fund and what it received of each payment."""
    table = work.table
    funds = np.arange(len(table))
    at = work.first_fund + funds, table.asset
    cash, equity = work.party_cash[at], work.fund_equities()
    left = np.where(table.parent_cap < 0, -1, table.parent_cap - work.lent)
    longest = max(len(table.chain(f)) for f in funds.tolist())
    rows, payers, paid = np.empty((3, len(amount) * longest), INT64)
    kernel = _kernels.clearing.payments
    purses, payments = kernel.Purses(equity, cash, table.parent, left), kernel.Payments(rows, payers, paid)
    lines, bad = kernel.settle(purses, amount, fund, payments)
    if bad >= 0:
        raise AdlError.at("funds.balance", int(fund[bad]), int(amount[bad]), "must fit int64 quanta once settled")
    work.party_cash[at] = cash
    rows, payers, paid = rows[:lines], payers[:lines], paid[:lines]
    for place in np.flatnonzero(payers != fund[rows]).tolist():
        chain = table.chain(int(fund[rows[place]]))
        work.lent[chain[chain.index(int(payers[place])) - 1]] -= paid[place]
    return rows, payers, paid


def _log_payments(
    work: PassBooks,
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
        work.log.extend(
            (one, cause, {"wallet": wallet[part], "amount": -paid[part], "asset": asset[part]}),
            (other, cause, {"party": party[part], "amount": paid[part], "asset": asset[part]}),
        )


def _to_vault(
    work: PassBooks, wallets: Int64Array1D, asset: Int64Array1D, slots: Int64Array1D, amount: Int64Array1D
) -> None:
    """Pay to vaults what is left of wallets that only a vault took lots of, in an asset that each holds at a slot."""
    if not len(wallets):
        return
    vault = np.array([work.vaults[wallet] for wallet in wallets.tolist()], INT64)
    work.cash[slots] -= amount
    work.revalue(wallets)
    for party, code, x in zip(vault.tolist(), asset.tolist(), amount.tolist(), strict=True):
        work.party_cash[party, code] = work.fitting(int(work.party_cash[party, code]) + x, "vault cash")
    work.log.extend(
        ("rest", "settlement", {"wallet": wallets, "amount": -amount, "asset": asset}),
        ("vault-received", "settlement", {"party": vault, "amount": amount, "asset": asset}),
    )


def _leave(work: PassBooks, wallet: int, asset: int, amount: int) -> None:
    """Note a debt that nobody paid as an open entry."""
    work.uncovered[wallet, asset] = amount
    work.log.add(("uncovered-money", "shortfall", {"wallet": wallet, "asset": asset, "amount": amount}))


# Several assets -------------------------------------------------------------------------------------------------------


def _settle_valued(work: PassBooks, wallet: int) -> None:
    """Settle a wallet with several assets (``docs/waterfall.md``, "Settlement").

    Loans become debts, collateral is exchanged until debts are paid, and then each asset is settled by its fund.
    """
    slots, slot = work.core.slots, _slots_by_asset(work, wallet)
    for asset in slot:
        if loan := int(slots.loan[slot[asset]]):
            slots.loan[slot[asset]] = 0
            _exchange(work, wallet, slot[asset], asset, -loan, "loan-repaid", "loan")
    _exchange_collateral(work, wallet, slot)
    took = int(work.took[wallet])
    for asset in slot:
        amount, fund = int(work.cash[slot[asset]]), int(work.table.of_asset[asset])
        if amount > 0 and took & DELEVERAGED:
            work.cash[slot[asset]] = 0
            work.fund_receives(fund, amount)
            work.between(wallet, fund, amount, asset, "rest", "settlement")
        elif amount > 0 and took & VAULT:
            _to_vault(work, *np.array([[wallet], [asset], [slot[asset]], [amount]], INT64))
        elif amount < 0:
            for payer, paid in list(work.pay(fund, -amount)):
                work.cash[slot[asset]] += paid
                work.between(wallet, payer, -paid, asset, "cover", "shortfall" if payer == fund else "parent")
            if (left := -int(work.cash[slot[asset]])) > 0:
                _leave(work, wallet, asset, left)
    work.revalue(np.array([wallet]))


def _pay_entries(work: PassBooks, wallet: int) -> None:
    """What a debtor of several assets holds is exchanged until its open entries are paid."""
    slot = _slots_by_asset(work, wallet)
    _exchange_collateral(work, wallet, slot)
    for asset in slot:
        _paid_back(work, wallet, asset, "collateral")
    work.revalue(np.array([wallet]))


def _slots_by_asset(work: PassBooks, wallet: int) -> dict[int, int]:
    """Where each asset of a wallet of several stands."""
    mine = work.core.slots.of_wallets(np.array([wallet]))
    return dict(zip(work.core.slots.asset[mine].tolist(), mine.tolist(), strict=True))


def _exchange_collateral(work: PassBooks, wallet: int, slot: dict[int, int]) -> None:
    """Exchange what a wallet has for what it owes, asset by asset; `slot` is where each of its assets stands."""
    for debt, to in slot.items():
        for asset, origin in slot.items():
            owed, have = -int(work.cash[to]), int(work.cash[origin])
            if owed > 0 and have > 0:
                rate = _rate(work, asset, debt)
                spent = min(have, math.ceil(owed / rate)) if rate else 0
                got = owed if spent * rate >= owed else math.floor(spent * rate)
                # What brings less than a quantum, as all does at a haircut of 1, pays no debt: it is not given away.
                if got:
                    _exchange(work, wallet, origin, asset, -spent, "exchange", "collateral")
                    _exchange(work, wallet, to, debt, got, "exchange", "collateral")


def _rate(work: PassBooks, asset: int, debt: int) -> Fraction:
    """Quanta of the debt's asset for a quantum of collateral, after its haircut: 0 where that is 1."""
    rates = work.core.rates
    return rates.price_of(asset) * rates.kept[asset] / rates.price_of(debt)


def _exchange(work: PassBooks, wallet: int, slot: int, asset: int, amount: int, kind: str, cause: str) -> None:
    """A wallet receives from the treasury; below 0 it gives."""
    work.cash[slot] = work.fitting(int(work.cash[slot]) + amount, "balance")
    place = TREASURY, asset
    work.party_cash[place] = work.fitting(int(work.party_cash[place]) - amount, "treasury cash")
    work.log.add(
        (kind, cause, {"wallet": wallet, "amount": amount, "asset": asset}),
        (kind, cause, {"party": TREASURY, "amount": -amount, "asset": asset}),
    )


# At the end of a pass -------------------------------------------------------------------------------------------------


def move_to_cross(work: PassBooks) -> None:
    """What is left of isolated winners that ADL closed in full moves to their account's cross wallet in the asset."""
    wallets, owner = work.books.wallets, work.books.positions.wallet
    rows = np.array([row for row in sorted(set(work.emptied)) if not work.in_liquidation[owner[row]]], INT64)
    sources = np.unique(owner[rows])
    sources = sources[work.cash[work.slots_of(sources)] > 0]
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
        amount = int(work.cash[work.slot(source, asset)])
        work.credit(source, asset, -amount)
        work.credit(target, asset, amount)
        work.log.add(
            ("moved", "closed", {"wallet": source, "amount": -amount, "asset": asset}),
            ("moved", "closed", {"wallet": target, "amount": amount, "asset": asset}),
        )
        _paid_back(work, target, asset, "closed")


def _paid_back(work: PassBooks, wallet: int, asset: int, cause: str) -> None:
    """Reduce the open entry of a wallet, if it has one, by what came into the asset."""
    owed = work.uncovered.get((wallet, asset))
    left = -int(work.cash[work.slot(wallet, asset)])
    if owed is not None and left != owed:
        reduce_entry(work, wallet, asset, left, cause)


def reduce_entry(work: PassBooks, wallet: int, asset: int, left: int, cause: str) -> None:
    """Note what is left of an open entry once something was paid of it, and log it; at zero the entry is gone."""
    if left > 0:
        work.uncovered[wallet, asset] = left
        work.log.add(("uncovered-reduced", cause, {"wallet": wallet, "asset": asset, "amount": left}))
    else:
        del work.uncovered[wallet, asset]
        work.log.add(("uncovered-paid", cause, {"wallet": wallet, "asset": asset}))
