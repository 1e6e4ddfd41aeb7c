from typing import Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Float64Array1D = npt.NDArray[np.float64]

@disjoint_base
class Exposures:
    """Positions whose liquidation or bankruptcy price is asked for, and what their wallets have beside them.

    Money is in one unit throughout, the asset's or its quanta. The arrays are referred to, not copied, and must not be
    written to while a price is solved. O(1).

    Parameters
    ----------
    quantity : float64[n]
        Signed lots.
    entry_value : float64[n]
        Signed; of both legs together where there is an opposite one.
    budget : float64[n]
        What the wallet has beside the position, less what its other positions must keep.
    opposite : float64[n], optional
        Signed lots of the wallet's other leg in the contract.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """

    def __new__(
        cls,
        quantity: _Float64Array1D,
        entry_value: _Float64Array1D,
        budget: _Float64Array1D,
        opposite: _Float64Array1D | None = None,
    ) -> Self: ...

@disjoint_base
class PriceTerms:
    """What a lot of a contract is worth to its wallet and costs it, tier by tier. Copied: O(tiers).

    Parameters
    ----------
    rate, amount : float64[t]
        Maintenance margin rate of a tier, and what is taken off.
    kept_share : float
        The share of the position's profit and loss that counts as equity: 1, or a collateral rate.
    fee : float
        Of the notional, paid when the position is closed.
    value_at_one : float
        What a lot is worth at a price of 1, in the unit of the money.
    inverse : bool
        Whether a lot is worth that over the price, negative, instead of times it.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """

    def __new__(
        cls,
        rate: _Float64Array1D,
        amount: _Float64Array1D,
        *,
        kept_share: float,
        fee: float,
        value_at_one: float,
        inverse: bool,
    ) -> Self: ...

def root_prices(positions: Exposures, terms: PriceTerms, out: _Float64Array1D) -> None:
    """Write the price at which ``budget + kept_share·U = N·(rate + fee) - amount`` under the right tier.

    Parameters
    ----------
    positions : Exposures
        Without an opposite leg, which is not looked at.
    terms : PriceTerms
        At least one tier; a bankruptcy price is the case of one that asks for nothing.
    out : float64[n]
        Written: NaN where no price is needed, +inf of a long and 0 of a short where none helps. Shares no memory with
        a column.

    Raises
    ------
    ValueError
        (argument, row, value, must) for an `out` of another length, or no tiers.

    Notes
    -----
    O(n·tiers). Formula: ``docs/rules.md``, section 2.
    """

def root_price_pairs(positions: Exposures, terms: PriceTerms, lower: _Float64Array1D, upper: _Float64Array1D) -> None:
    """Write the prices below and above which a long and a short leg of one contract in one wallet fail.

    Parameters
    ----------
    positions : Exposures
        With the opposite leg.
    terms : PriceTerms
    lower, upper : float64[n]
        Written: NaN where there is no such price; +inf below and 0 above where equity is short of the margin at every
        price. They share no memory with a column.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of another length, or without an opposite leg.

    Notes
    -----
    O(n·tiers²).
    """
