"""The stages that a liquidation passes through before others must pay: a venue is a list of them.

Each stage takes the wallets of a round in order, leaves alone those that are healthy again, and what it
leaves open the next one finds. ``BookIOC``, ``TakeOver`` and ``Deleverage`` have files of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import INT64, refuse_unfit
from ..._support.options import one_of
from ...contracts.ratios import exact_ratio
from ...errors import AdlError
from ..liquidation.pass_books import LEGS, VAULT, Working
from ..liquidation.round import Chosen, Round
from .stage import Requests, Stage, waits

__all__ = ["Backstop", "CancelOrders", "NetLegs", "Uncovered", "book_rows"]

TAKEN_BY = ("wallet", "row")


class CancelOrders(Stage):
    """Cancel the open orders of wallets in liquidation.

    Of a cross wallet (multi-asset and portfolio alike) all of them, of an isolated one those of its
    symbol. It unlocks margin only: nobody becomes healthy by it. Source: coinengineer.net, "What Is
    Auto-Deleveraging", 29 Aug 2025; Binance help, "liquidation protocols".

    Examples
    --------
    >>> CancelOrders()
    CancelOrders()
    """

    def run(self, work: Working, taken: Round) -> Requests | None:
        """Cancel, in the round's order."""
        chosen = taken.chosen(work, taken.begin(work), priced=False)
        wallets, first = np.unique(chosen.wallet, return_index=True)
        order = np.argsort(first)
        work.cancel_orders(wallets[order], chosen.code[first[order]], "liquidation")
        return None


class NetLegs(Stage):
    """Close LONG and SHORT of one contract in a wallet against each other, at the mark, where E >= 0.

    The mark is rounded half-even to a whole tick. Below zero equity the legs are left as they are:
    netting would leave a debt and nobody to share it.

    Examples
    --------
    >>> NetLegs()
    NetLegs()
    """

    def run(self, work: Working, taken: Round) -> Requests | None:
        """Wallet by wallet, each contract where the first of its legs stands among the wallet's rows."""
        chosen = taken.chosen(work, taken.begin(work), priced=False)
        places: dict[tuple[int, int], dict[int, int]] = {}
        for row, wallet, code, side in zip(
            *(column.tolist() for column in (chosen.row, chosen.wallet, chosen.code, chosen.side)), strict=True
        ):
            places.setdefault((wallet, code), {})[side] = row
        for (wallet, code), legs in places.items():
            if len(legs) == 2 and work.equity[wallet] >= 0:
                self._net(work, wallet, code, legs[1], legs[-1])
        return None

    def _net(self, work: Working, wallet: int, code: int, long: int, short: int) -> None:
        lots = min(int(work.quantity[long]), -int(work.quantity[short]))
        price = work.ticks_of(code, work.mark_of(code))
        value = round(work.unit_at(code, price) * lots)
        work.close(np.array([long, short]), np.array([lots, lots]), np.array([value, value]), np.array([code, code]))
        shared = {"wallet": wallet, "contract": code, "price": price, "asset": work.settle[code]}
        work.took[wallet] |= LEGS
        work.log.add(
            ("net-legs", "netting", {**shared, "row": long, "lots": -lots, "amount": value}),
            ("net-legs", "netting", {**shared, "row": short, "lots": lots, "amount": -value}),
        )


@dataclass(frozen=True)
class Backstop(Stage):
    """A vault takes over, at their bankruptcy prices, the rows of a wallet with 0 <= E < below·MM.

    Parameters
    ----------
    below : decimal string, number or fraction, default "2/3"
        Share of the wallet's maintenance margin.
    vault : str, default "vault"
        The name of the vault. Its inventory and cash are those of the row
        ``house.state().parties.code(vault)`` of ``house.state().parties``.
    by : {"wallet", "row"}, default "wallet"
        "wallet": where it holds when the stage begins, all rows of the wallet are taken, each at its price.
        "row": the wallet is re-margined before each row, which is taken where it holds then.

    Notes
    -----
    It does not wait: a row that a cool-down of ``BookIOC`` holds back is taken like any other. Source of
    the defaults: Hyperliquid docs, "Liquidations": below 2/3 of the maintenance margin the liquidator vault
    takes over the account's positions, at any time.

    O(rows of the round's wallets).

    Examples
    --------
    >>> Backstop(below="2/3")
    Backstop(below='2/3', vault='vault', by='wallet')
    """

    below: Any = "2/3"
    vault: str = "vault"
    by: str = "wallet"

    def __post_init__(self) -> None:
        if exact_ratio(self.below, "below") < 0:
            raise AdlError.at("below", None, self.below, "must be 0 or above")
        if not isinstance(self.vault, str) or self.vault in ("", "street", "treasury"):
            raise AdlError.at("vault", None, self.vault, "must be a name of its own, such as 'vault'")
        refuse_unfit("vault", self.vault)
        one_of("by", self.by, TAKEN_BY)

    @property
    def vaults(self) -> tuple[str, ...]:
        """The vaults that a house with this stage has."""
        return (self.vault,)

    def run(self, work: Working, taken: Round) -> Requests | None:
        """Whole wallets, or row by row."""
        chosen = taken.chosen(work, taken.begin(work))
        if self.by == "wallet":
            wallets, of = np.unique(chosen.wallet, return_inverse=True)
            low = np.array([self._is_low(work, wallet) for wallet in wallets.tolist()], bool)
            self._take(work, chosen.only(low[of]))
            return None
        for place, wallet in enumerate(chosen.wallet.tolist()):
            if self._is_low(work, wallet):
                self._take(work, chosen.only(slice(place, place + 1)))
        return None

    def _is_low(self, work: Working, wallet: int) -> bool:
        """Whether 0 <= E < below·MM, as they are now."""
        below, equity = exact_ratio(self.below, "below"), int(work.equity[wallet])
        return equity >= 0 and equity * below.denominator < below.numerator * int(work.margin[wallet])

    def _take(self, work: Working, rows: Chosen) -> None:
        """Give rows to the vault, one after the other."""
        party = np.full(len(rows), work.state.parties.code(self.vault), INT64)
        hand_over(work, rows, party, "backstop", "backstop")
        work.took[rows.wallet] |= VAULT
        work.vaults.update(zip(rows.wallet.tolist(), party.tolist(), strict=True))


def hand_over(work: Working, chosen: Chosen, party: npt.NDArray[np.int64], kind: str, cause: str) -> None:
    """Give whole rows to parties at their bankruptcy price."""
    closing, closed = np.zeros((2, len(chosen)), INT64)
    for place, to in enumerate(party.tolist()):
        code, lots = int(chosen.code[place]), int(chosen.side[place] * chosen.lots[place])
        value, held = int(chosen.value[place]), int(work.lots[to, code])
        part = min(abs(held), abs(lots)) if held * lots < 0 else 0
        worth = round(work.unit_at(code, int(chosen.price[place])) * part) * int(chosen.side[place])
        work.take(to, code, lots, value, worth)
        closing[place], closed[place] = part, worth
    book_rows(work, chosen, party, closing, closed, kind, cause)


def book_rows(
    work: Working,
    chosen: Chosen,
    party: npt.NDArray[np.int64],
    closing: npt.NDArray[np.int64],
    closed: npt.NDArray[np.int64],
    kind: str,
    cause: str,
) -> None:
    """Close the wallets' rows that parties took, and log both legs; through zero it is two fills."""
    through = (closing > 0) & (closing < chosen.lots)
    parts = np.repeat(np.arange(len(chosen)), 1 + through)
    second = np.zeros(len(parts), bool)
    second[1:] = parts[1:] == parts[:-1]
    first = through[parts] & ~second
    rows, side = chosen.only(parts), chosen.side[parts]
    lots = np.where(first, closing[parts], np.where(second, rows.lots - closing[parts], rows.lots))
    value = np.where(first, closed[parts], np.where(second, rows.value - closed[parts], rows.value))
    work.close(rows.row, lots, side * value, rows.code)
    shared = {"contract": rows.code, "price": rows.price, "asset": work.settle[rows.code]}
    work.log.extend(
        (kind, cause, {**shared, "wallet": rows.wallet, "row": rows.row, "lots": -side * lots, "amount": value}),
        (kind, cause, {**shared, "party": party[parts], "lots": side * lots, "amount": -value}),
    )


class Uncovered(Stage):
    """Name what nobody took: it stays, and is tried again at the next mark.

    Examples
    --------
    >>> Uncovered()
    Uncovered()
    """

    def run(self, work: Working, taken: Round) -> Requests | None:
        """Rows of the round's wallets that are liquidatable still, and of its funds below zero."""
        chosen = taken.chosen(work, taken.begin(work), priced=False)
        idle = waits(work, chosen)
        for waiting, cause in ((False, "bankruptcy"), (True, "cool-down")):
            rows = chosen.only(idle == waiting)
            if len(rows):
                values = {"wallet": rows.wallet, "row": rows.row, "contract": rows.code}
                work.log.extend(("uncovered-lots", cause, {**values, "lots": rows.side * rows.lots}))
        for fund in taken.funds:
            if work.fund_equity(fund) < 0:
                party = work.first_fund + fund
                for code in np.flatnonzero(work.lots[party]).tolist():
                    left = {"party": party, "contract": code, "lots": work.lots[party, code]}
                    work.log.add(("uncovered-lots", "bankruptcy", left))
        return None
