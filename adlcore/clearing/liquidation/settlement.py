"""What becomes of the balance of a wallet that holds no position any more: the rest to a fund, or a debt paid.

After each stage :func:`settle_round` goes through the wallets that the round took and that hold nothing any more, in
the round's order, and then through counterparties that are left below zero, by row. A wallet of one asset is settled
by one fund; one of several repays its loans, exchanges what it has for what it owes, and then each asset is settled
by the fund of that asset. What no fund can pay is an open entry, which the next money that comes in reduces.
Who is left with a debt by something else than a round (a trade, the opening, new index prices) is settled at the end
of that call, by :func:`settle_debts`. :func:`move_to_cross` comes last in a pass (``docs/waterfall.md``,
"Settlement", "Debts" and "Several assets").
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial

import numpy as np

from ..._support.arrays import INT64, Int64Array1D
from ..funds.parties import TREASURY
from ..snapshot.tables import CROSS
from .fund_payments import cover_from_funds, pay_fund, settle_by_funds
from .liquidation_round import Round
from .party_rows import require_int64
from .pass_books import BY_FUND_OR_ADL, BY_VAULT, PassBooks

__all__ = ["move_to_cross", "pay_open_entry", "settle_round", "settle_debts", "settle_outside_round"]


def settle_round(pass_books: PassBooks, liquidation_round: Round) -> None:
    """Settle the round's wallets that are emptied, in its order, then others that stand below zero, by row.

    A balance above 0 goes to the fund if any lots went to TakeOver or Deleverage, to the vault if it took
    lots and neither of those did, and stays if only the book or the wallet's own legs closed it. Below 0
    the fund pays what it can; what is left is an open entry (``docs/waterfall.md``, "Settlement").
    """
    emptied = np.flatnonzero(~liquidation_round.open(pass_books))
    places = emptied[~np.isin(emptied, np.array(liquidation_round.settled, INT64))]
    is_valued = pass_books.snapshot.wallets.is_valued(liquidation_round.wallets[places])
    # The order is the round's, of all kinds of wallets alike: who comes first has the fund's money
    # (docs/waterfall.md, "Settlement"). Those of several assets are few, and each is settled by itself, in its turn.
    start = 0
    for turn in [*np.flatnonzero(is_valued).tolist(), len(places)]:
        plain = places[start:turn]
        _settle_plain(pass_books, liquidation_round.wallets[plain], liquidation_round.fund[plain])
        if turn < len(places):
            _settle_valued(pass_books, int(liquidation_round.wallets[places[turn]]))
        start = turn + 1
    liquidation_round.settled.extend(places.tolist())
    # Counterparties come after the round's wallets, by row (docs/waterfall.md, "Settlement").
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
        # A debtor gives what it has got for what it owes at once (docs/waterfall.md, "Debts").
        for wallet in owing:
            _pay_open_entries(pass_books, wallet)


def _owing_with_collateral(pass_books: PassBooks, wallets: Int64Array1D) -> list[int]:
    """Those of these wallets, ascending, that hold several assets, owe an open entry and have something to pay with."""
    slots = pass_books.margin_pass.slots
    if not pass_books.uncovered or not slots.has_valued:
        return []
    owing = {wallet for wallet, _ in pass_books.uncovered} & set(wallets.tolist())
    return [
        wallet
        for wallet in sorted(owing)
        if pass_books.is_valued(wallet) and (slots.amount[slots.of_wallets(np.array([wallet]))] > 0).any()
    ]


def _debtors(pass_books: PassBooks, wallets: Int64Array1D) -> Int64Array1D:
    """Those of these wallets, ascending, whose equity is below zero, that hold no position and owe no open entry.

    Without a position equity is the balance, or what the assets of a valued wallet come to.
    """
    debtors = np.unique(wallets)
    debtors = debtors[(pass_books.equity[debtors] < 0) & (pass_books.in_liquidation[debtors] == 0)]
    debtors = debtors[~pass_books.has_position(debtors)] if len(debtors) else debtors
    owing = {wallet for wallet, _ in pass_books.uncovered}
    return np.array([wallet for wallet in debtors.tolist() if wallet not in owing], INT64)


def _settle_plain(pass_books: PassBooks, wallets: Int64Array1D, head_fund: Int64Array1D) -> None:
    """Settle wallets with one asset, in this order; each by its fund.

    What goes to vaults touches no fund, so it comes first for all. Rests and debts stay mixed as they come: a rest
    that a fund receives pays the debt of a wallet behind it (``docs/waterfall.md``, "Settlement").
    """
    slots, asset = pass_books.slots_of(wallets), pass_books.snapshot.wallets.asset[wallets]
    balance, closed_by = pass_books.cash[slots].copy(), pass_books.closed_by[wallets]
    to_fund = (balance > 0) & ((closed_by & BY_FUND_OR_ADL) != 0)
    to_vault = (balance > 0) & ~to_fund & ((closed_by & BY_VAULT) != 0)
    pass_books.margin_pass.sums[slots[to_vault], 0] -= balance[to_vault]
    _pay_vaults(pass_books, wallets[to_vault], asset[to_vault], slots[to_vault], balance[to_vault])
    # Who owes an open entry stands below zero by just that: it was settled before (docs/waterfall.md, "Debts").
    keys = zip(wallets.tolist(), asset.tolist(), strict=True)
    has_entry = np.array([key in pass_books.uncovered for key in keys], bool)
    places = np.flatnonzero(to_fund | ((balance < 0) & ~has_entry))
    if not len(places):
        return
    settle_by_funds(pass_books, wallets[places], slots[places], balance[places], head_fund[places])
    for place in places[pass_books.cash[slots[places]] < 0].tolist():
        debt = -int(pass_books.cash[slots[place]])
        _record_open_entry(pass_books, int(wallets[place]), int(asset[place]), debt)


def _pay_vaults(
    pass_books: PassBooks, wallets: Int64Array1D, asset: Int64Array1D, slots: Int64Array1D, amount: Int64Array1D
) -> None:
    """Pay to vaults what is left of wallets that only a vault took lots of, in an asset that each holds at a slot."""
    if not len(wallets):
        return
    vault = np.array([pass_books.last_vault[wallet] for wallet in wallets.tolist()], INT64)
    pass_books.cash[slots] -= amount
    pass_books.revalue(wallets)
    for *place, received in zip(vault.tolist(), asset.tolist(), amount.tolist(), strict=True):
        at = tuple(place)
        pass_books.parties.cash[at] = require_int64(int(pass_books.parties.cash[at]) + received, "vault cash")
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
    """Settle a wallet with several assets (``docs/waterfall.md``, "Several assets").

    Loans become debts, collateral is exchanged until debts are paid, and then each asset is settled by its fund: in
    this order, for what is exchanged pays loans, too, and a fund pays only what the wallet itself cannot.
    """
    slots, slot = pass_books.margin_pass.slots, _slots_by_asset(pass_books, wallet)
    for asset in slot:
        if loan := int(slots.loan[slot[asset]]):
            slots.loan[slot[asset]] = 0
            _book_with_treasury(
                pass_books, "loan-repaid", "loan", wallet=wallet, slot=slot[asset], asset=asset, amount=-loan
            )
    _exchange_collateral(pass_books, wallet, slot)
    closed_by = int(pass_books.closed_by[wallet])
    for asset in slot:
        amount, fund = int(pass_books.cash[slot[asset]]), int(pass_books.fund_table.of_asset[asset])
        if amount > 0 and closed_by & BY_FUND_OR_ADL:
            pay_fund(pass_books, "rest", "settlement", wallet=wallet, fund=fund, asset=asset, amount=amount)
        elif amount > 0 and closed_by & BY_VAULT:
            _pay_vaults(pass_books, *np.array([[wallet], [asset], [slot[asset]], [amount]], INT64))
        elif amount < 0:
            cover_from_funds(pass_books, "shortfall", wallet=wallet, fund=fund, asset=asset, need=-amount)
            if (debt := -int(pass_books.cash[slot[asset]])) > 0:
                _record_open_entry(pass_books, wallet, asset, debt)
    pass_books.revalue(np.array([wallet]))


def _pay_open_entries(pass_books: PassBooks, wallet: int) -> None:
    """Exchange what a debtor of several assets holds for what it owes, and reduce its open entries by that."""
    slot = _slots_by_asset(pass_books, wallet)
    before = {asset: int(pass_books.cash[place]) for asset, place in slot.items()}
    _exchange_collateral(pass_books, wallet, slot)
    for asset, place in slot.items():
        pay_open_entry(pass_books, wallet, asset, int(pass_books.cash[place]) - before[asset], "collateral")
    pass_books.revalue(np.array([wallet]))


def _slots_by_asset(pass_books: PassBooks, wallet: int) -> dict[int, int]:
    """Where each asset of a wallet of several stands."""
    mine = pass_books.margin_pass.slots.of_wallets(np.array([wallet]))
    return dict(zip(pass_books.margin_pass.slots.asset[mine].tolist(), mine.tolist(), strict=True))


def _exchange_collateral(pass_books: PassBooks, wallet: int, slot: dict[int, int]) -> None:
    """Exchange what a wallet has for what it owes, asset by asset; `slot` is where each of its assets stands.

    Debts come in the order of the snapshot's assets, and for each the collateral in that order: it decides which asset
    is left (``docs/waterfall.md``, "Several assets").
    """
    for debt_asset, debt_slot in slot.items():
        for asset, asset_slot in slot.items():
            owed, held = -int(pass_books.cash[debt_slot]), int(pass_books.cash[asset_slot])
            if owed > 0 and held > 0:
                rate = _collateral_rate(pass_books, asset, debt_asset)
                spent = min(held, math.ceil(owed / rate)) if rate else 0
                received = owed if spent * rate >= owed else math.floor(spent * rate)
                # What brings less than a quantum, as all does at a haircut of 1, pays no debt: it is not given away.
                if received:
                    exchange = partial(_book_with_treasury, pass_books, "exchange", "collateral", wallet=wallet)
                    exchange(slot=asset_slot, asset=asset, amount=-spent)
                    exchange(slot=debt_slot, asset=debt_asset, amount=received)


def _collateral_rate(pass_books: PassBooks, asset: int, debt: int) -> Fraction:
    """Quanta of the debt's asset for a quantum of collateral, after its haircut: 0 where that is 1."""
    rates = pass_books.margin_pass.rates
    return rates.price_of(asset) * rates.collateral_share[asset] / rates.price_of(debt)


def _book_with_treasury(
    pass_books: PassBooks, kind: str, cause: str, *, wallet: int, slot: int, asset: int, amount: int
) -> None:
    """A wallet receives an amount at its slot of an asset from the treasury; below 0 it gives."""
    pass_books.cash[slot] = require_int64(int(pass_books.cash[slot]) + amount, "balance")
    place = TREASURY, asset
    pass_books.parties.cash[place] = require_int64(int(pass_books.parties.cash[place]) - amount, "treasury cash")
    pass_books.log.add(
        (kind, cause, {"wallet": wallet, "amount": amount, "asset": asset}),
        (kind, cause, {"party": TREASURY, "amount": -amount, "asset": asset}),
    )


# At the end of a pass -------------------------------------------------------------------------------------------------


def move_to_cross(pass_books: PassBooks) -> None:
    """What is left of isolated winners that ADL closed in full moves to their account's cross wallet in the asset.

    After all debts are settled: only a balance above zero moves (``docs/waterfall.md``, "The order of a pass").
    """
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
    cross_wallets = {
        (wallets.account[wallet], int(wallets.asset[wallet])): wallet
        for wallet in cross[np.isin(wallets.account[cross], wallets.account[sources])].tolist()
    }
    for source in sources.tolist():
        asset = int(wallets.asset[source])
        target = cross_wallets.get((wallets.account[source], asset))
        if target is None:
            continue
        amount = int(pass_books.cash[pass_books.slot(source, asset)])
        pass_books.credit_wallet(source, asset, -amount)
        pass_books.credit_wallet(target, asset, amount)
        pass_books.log.add(
            ("moved", "closed", {"wallet": source, "amount": -amount, "asset": asset}),
            ("moved", "closed", {"wallet": target, "amount": amount, "asset": asset}),
        )
        # Any inflow pays an open entry first (docs/waterfall.md, "Debts").
        pay_open_entry(pass_books, target, asset, amount, "closed")


def pay_open_entry(pass_books: PassBooks, wallet: int, asset: int, inflow: int, cause: str) -> None:
    """Reduce the open entry of a wallet, if it has one, by what came into the asset, and log it; at zero it is gone."""
    owed = pass_books.uncovered.get((wallet, asset))
    if owed is None or not inflow:
        return
    if (debt := owed - inflow) > 0:
        pass_books.uncovered[wallet, asset] = debt
        pass_books.log.add(("uncovered-reduced", cause, {"wallet": wallet, "asset": asset, "amount": debt}))
    else:
        del pass_books.uncovered[wallet, asset]
        pass_books.log.add(("uncovered-paid", cause, {"wallet": wallet, "asset": asset}))
