"""Money between wallets and insurance funds: what a fund receives, and what it and its parents pay."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ... import _kernels
from ..._support.arrays import INT64, Int64Array1D
from ...errors import AdlError
from ..events import Leg
from .pass_books import PassBooks

__all__ = ["cover_from_funds", "pay_fund", "settle_by_funds"]

#: Kind and cause of what a fund receives from a wallet that is settled, of what it pays, and of what a parent pays.
PAYMENT_KINDS = (("rest", "settlement"), ("cover", "shortfall"), ("cover", "parent"))


def pay_fund(pass_books: PassBooks, kind: str, cause: str, *, wallet: int, fund: int, asset: int, amount: int) -> None:
    """A fund receives an amount above 0 from a wallet, which is not revalued."""
    pass_books.move_balance(wallet, asset, -amount)
    pass_books.parties.credit_fund(fund, amount)
    party = pass_books.first_fund + fund
    pass_books.log.add(*_payment_legs(kind, cause, wallet=wallet, party=party, asset=asset, amount=amount))


def cover_from_funds(pass_books: PassBooks, cause: str, *, wallet: int, fund: int, asset: int, need: int) -> None:
    """A wallet receives up to `need` from a fund, for this cause, then from its parents; it is not revalued."""
    for payer, paid in pass_books.parties.collect_from_chain(fund, need):
        pass_books.move_balance(wallet, asset, paid)
        party, why = pass_books.first_fund + payer, cause if payer == fund else "parent"
        pass_books.log.add(*_payment_legs("cover", why, wallet=wallet, party=party, asset=asset, amount=-paid))


def settle_by_funds(
    pass_books: PassBooks,
    wallets: Int64Array1D,
    slots: Int64Array1D,
    balance: Int64Array1D,
    head_fund: Int64Array1D,
) -> None:
    """Pay balances above 0 to funds, and those below 0 from funds and their parents, one after the other.

    `slots` is where each wallet, of one asset, has its balance; `head_fund` is the fund that settles it.
    """
    place, fund, amount = _pay_in_order(pass_books, balance, head_fund)
    wallet, slot = wallets[place], slots[place]
    np.add.at(pass_books.cash, slot, -amount)
    np.add.at(pass_books.margin_pass.sums[:, 0], slot, -amount)
    pass_books.revalue(wallet)
    party, asset = pass_books.first_fund + fund, pass_books.snapshot.wallets.asset[wallet]
    # Payments stay in their order: each stretch of one kind is logged by itself.
    kinds = np.where(amount > 0, 0, np.where(fund == head_fund[place], 1, 2))
    for part in np.split(np.arange(len(kinds)), np.flatnonzero(np.diff(kinds)) + 1) if len(kinds) else []:
        kind, cause = PAYMENT_KINDS[int(kinds[part[0]])]
        legs = _payment_legs(
            kind, cause, wallet=wallet[part], party=party[part], asset=asset[part], amount=amount[part]
        )
        pass_books.log.extend(*legs)


def _pay_in_order(
    pass_books: PassBooks, amount: Int64Array1D, head_fund: Int64Array1D
) -> tuple[Int64Array1D, Int64Array1D, Int64Array1D]:
    """Book amounts in funds, those above 0 as received; place, fund and what it received of each payment."""
    table = pass_books.fund_table
    funds = np.arange(len(table))
    at = pass_books.first_fund + funds, table.asset
    cash, equity = pass_books.parties.cash[at], pass_books.parties.fund_equities()
    left_to_lend = np.where(table.parent_cap < 0, -1, table.parent_cap - pass_books.parties.lent)
    longest = max(len(table.chain(fund)) for fund in funds.tolist())
    place, payer, paid = np.empty((3, len(amount) * longest), INT64)
    kernel = _kernels.clearing.payments
    purses = kernel.Purses(equity, cash, table.parent, left_to_lend)
    lines, bad = kernel.settle(purses, amount, head_fund, kernel.Payments(place, payer, paid))
    if bad >= 0:
        raise AdlError.at("funds.balance", int(head_fund[bad]), int(amount[bad]), "must fit int64 quanta once settled")
    pass_books.parties.cash[at] = cash
    place, payer, paid = place[:lines], payer[:lines], paid[:lines]
    for line in np.flatnonzero(payer != head_fund[place]).tolist():
        chain = table.chain(int(head_fund[place[line]]))
        # What a parent pays is lent to the fund before it in the chain.
        pass_books.parties.lent[chain[chain.index(int(payer[line])) - 1]] -= paid[line]
    return place, payer, paid


def _payment_legs(
    kind: str,
    cause: str,
    *,
    wallet: int | npt.NDArray[np.int64],
    party: int | npt.NDArray[np.int64],
    asset: int | npt.NDArray[np.int64],
    amount: int | npt.NDArray[np.int64],
) -> tuple[Leg, Leg]:
    """Both legs of what a fund receives from a wallet, or of the kind ``cover`` pays to it; of one payment or many."""
    return (
        (kind, cause, {"wallet": wallet, "amount": -amount, "asset": asset}),
        (
            "fund-paid" if kind == "cover" else "fund-received",
            cause,
            {"party": party, "amount": amount, "asset": asset},
        ),
    )
