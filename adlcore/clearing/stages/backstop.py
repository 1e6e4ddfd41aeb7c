"""A vault takes over wallets that are short of margin and still above zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._support.arrays import INT64, refuse_unfit
from ..._support.options import require_option
from ...contracts.ratios import exact_ratio
from ...errors import AdlError
from ..liquidation.liquidation_round import Round, StageRows
from ..liquidation.pass_books import BY_VAULT, PassBooks
from .party_fills import hand_over
from .stage import OrderBatches, Stage

__all__ = ["Backstop"]

TAKEN_BY = ("wallet", "row")


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
        require_option("by", self.by, TAKEN_BY)

    @property
    def vaults(self) -> tuple[str, ...]:
        """The vaults that a house with this stage has."""
        return (self.vault,)

    def run(self, pass_books: PassBooks, liquidation_round: Round) -> OrderBatches | None:
        """Whole wallets, or row by row."""
        chosen = liquidation_round.begin_stage(pass_books)
        if self.by == "wallet":
            wallets, of = np.unique(chosen.wallet, return_inverse=True)
            # Asked once for all rows: rounding on the way does not save the last (docs/waterfall.md, "Backstop").
            low = np.array([self._is_low(pass_books, wallet) for wallet in wallets.tolist()], bool)
            self._take(pass_books, chosen.rows_at(low[of]))
            return None
        # Asked before each row: what the ones before took counts (docs/waterfall.md, "Backstop").
        for place, wallet in enumerate(chosen.wallet.tolist()):
            if self._is_low(pass_books, wallet):
                self._take(pass_books, chosen.rows_at(slice(place, place + 1)))
        return None

    def _is_low(self, pass_books: PassBooks, wallet: int) -> bool:
        """Whether 0 <= E < below·MM, as they are now."""
        below, equity = exact_ratio(self.below, "below"), int(pass_books.equity[wallet])
        return equity >= 0 and equity * below.denominator < below.numerator * int(pass_books.margin[wallet])

    def _take(self, pass_books: PassBooks, rows: StageRows) -> None:
        """Give rows to the vault, one after the other."""
        party = np.full(len(rows), pass_books.state.parties.code(self.vault), INT64)
        hand_over(pass_books, rows, party, "backstop", "backstop")
        pass_books.closed_by[rows.wallet] |= BY_VAULT
        pass_books.last_vault.update(zip(rows.wallet.tolist(), party.tolist(), strict=True))
