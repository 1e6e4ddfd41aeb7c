"""A vault takes over wallets that are short of margin and still above zero.

It takes whole rows at their bankruptcy prices, in the round's order (``docs/waterfall.md``, "Backstop"); how they are
booked, parties and users, stands in :mod:`~adlcore.clearing.stages.party_fills`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import INT64, Int64Array1D, refuse_unfit
from ..._support.options import require_option
from ...contracts.ratios import exact_ratio
from ...errors import AdlError
from ..liquidation.liquidation_round import Round, StageRows
from ..liquidation.pass_books import BY_VAULT, PassBooks
from .party_fills import hand_over
from .stage import OrderBatches, Stage, is_below_margin_share

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
        """Whole wallets, or row by row; cool-downs do not hold it back."""
        rows = liquidation_round.begin_stage(pass_books)
        if self.by == "wallet":
            wallets, wallet_of_row = np.unique(rows.wallet, return_inverse=True)
            # Asked once for all rows: rounding on the way does not save the last (docs/waterfall.md, "Backstop").
            self._take(pass_books, rows.rows_at(self._are_low(pass_books, wallets)[wallet_of_row]))
            return None
        # Asked before each row: what the ones before took counts (docs/waterfall.md, "Backstop").
        for place in range(len(rows)):
            row = rows.rows_at(slice(place, place + 1))
            if self._are_low(pass_books, row.wallet)[0]:
                self._take(pass_books, row)
        return None

    def _are_low(self, pass_books: PassBooks, wallets: Int64Array1D) -> npt.NDArray[np.bool_]:
        """Which wallets have 0 <= E < below·MM, as they are now."""
        return (pass_books.equity[wallets] >= 0) & is_below_margin_share(pass_books, wallets, self.below)

    def _take(self, pass_books: PassBooks, rows: StageRows) -> None:
        """Give rows to the vault, one after the other."""
        party = np.full(len(rows), pass_books.state.parties.code(self.vault), INT64)
        hand_over(pass_books, rows, party, "backstop", "backstop")
        # Who took lots last has what the wallet keeps (docs/waterfall.md, "Settlement").
        pass_books.closed_by[rows.wallet] |= BY_VAULT
        pass_books.last_vault.update(zip(rows.wallet.tolist(), party.tolist(), strict=True))
