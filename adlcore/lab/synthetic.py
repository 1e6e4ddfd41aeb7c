"""Markets to play with: heavy-tailed positions of one contract just after a crash, the same for the same seed.

Made by hand with NumPy alone. Packages that draw tables fit them to rows that are given, and no venue publishes its
positions; those that draw prices or order books know no accounts. Neither makes longs and shorts hold the same open
interest to the lot. What is published of a crash, its concentration, is met by two constants below, and ten million
rows are drawn in seconds by whoever has nothing but the package itself.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import numpy.typing as npt

from .._support.arrays import Float64Array1D, Int64Array1D
from .._support.options import is_count
from ..contracts import Contract
from ..contracts.decimals import positive_decimal, whole_number
from ..errors import AdlError
from ..market.market import Market
from .portable import balance_sides

__all__ = ["market", "whale"]

#: Spread of log sizes. A lognormal of it has Gini erf(3.4/2) = 0.984; among 19,337 drawn users the Gini is 0.98, and
#: the top user holds 11 %, the top ten 41 %, the top 1 % 82 % (medians of 15 seeds). Hyperliquid, 10 October 2025,
#: closed notional of 19,337 users: 0.98, 15.7 %, 45.8 %, 84.2 %.
SIZE_SIGMA = 3.4
SIZE_MEDIAN = 75.0

LEVERAGE_MEDIAN, LEVERAGE_SIGMA, LEVERAGE_MAX = 6.0, 0.9, 40.0

#: Half the initial margin at the highest leverage.
MAINTENANCE_RATE = 1 / (2 * LEVERAGE_MAX)

#: The price path: its hours, how long a swing lasts, the spread of its swings, the fall of the last hour.
HOURS, SWING_HOURS, SWING, CRASH = 2_000, 168, 0.06, 0.12
PRICE = 58_000.0

#: Mean age of a position in hours, and how far its average entry is from the path.
MEAN_AGE, ENTRY_SIGMA = 400.0, 0.04

BANKRUPT_SHARE, BROKE_SHARE = 0.004, 0.1

#: Parts of a lot where quantities are float64; a power of two, so that open interest balances exactly there too.
PARTS = 1024


def market(
    positions: int = 1_000_000, *, seed: int = 7, contract: Contract | None = None, integral: bool = True
) -> Market:
    """A market of random positions in the hour after a crash: shorts win, longs were just margined up.

    Parameters
    ----------
    positions : int, default 1_000_000
        Rows, at least 2: about half of them long, at least one on each side.
    seed : int, default 7
        Of NumPy's PCG64; the same seed gives the same columns (to the last bit with the same NumPy on the same CPU).
    contract : Contract, optional
        Of any kind; by default a linear one of lot 0.00001 and tick 0.1.
    integral : bool, default True
        Quantities are int64 lots, or float64 lots (multiples of 1/1024).

    Returns
    -------
    Market
        With the columns equity, balance, maintenance_margin (float64 units of the settle asset), leverage and account
        (int64, from 1).

    Raises
    ------
    AdlError
        For fewer than 2 positions or a negative seed.

    Notes
    -----
    * Size: lognormal, median 75 lots, sigma 3.4, at least one lot. The smaller side is scaled up and its largest row
      takes the remainder, so longs and shorts hold the same open interest, to the lot.
    * Entry: for 2,000 hours the price swung about its level by 6 %, in swings of a week; in the last hour it fell by
      12 %. Ages are exponential with a mean of 400 hours; an entry averages over trades, 4 % around the path.
    * Leverage at entry: lognormal, median 6, sigma 0.9, clipped to 1..40, independent of size; the balance is the
      entry value over it.
    * Maintenance margin: 1.25 % of the notional. Owners topped up wallets that would be below it, to it plus an
      exponential share of it; those of 0.4 % of the losing rows did not, and hold no equity or, nine of ten of them,
      a negative one.

    O(n).

    Examples
    --------
    >>> from adlcore.lab import synthetic
    >>> market = synthetic.market(1_000, seed=1)
    >>> int(market.quantity.sum())
    0
    >>> selection = market.deleverage(synthetic.whale(market, 0.05), "binance")
    >>> selection.shortfall
    0
    """
    if not is_count(positions, 2):
        raise AdlError.at("positions", None, positions, "must be a whole number, 2 or above")
    if not is_count(seed, 0):
        raise AdlError.at("seed", None, seed, "must be a whole number, 0 or above")
    if contract is None:
        contract = Contract("SYNTH", lot="0.00001", tick="0.1")
    n = whole_number(positions, "positions")
    rng = np.random.default_rng(seed)
    mark_price = _on_tick(PRICE, contract.tick)
    mark = float(mark_price)
    lots, quantity = _quantities(rng, n, integral)
    entry_price = _entry_prices(rng, n, mark)
    units_per_lot = float(contract.units_per_lot)
    if contract.inverse:
        entry_value, value_per_lot = lots * -units_per_lot / entry_price, -units_per_lot / mark
    else:
        entry_value, value_per_lot = lots * units_per_lot * entry_price, units_per_lot * mark
    mark_value = lots * value_per_lot
    leverage = np.exp(rng.standard_normal(n) * LEVERAGE_SIGMA + np.log(LEVERAGE_MEDIAN)).clip(1.0, LEVERAGE_MAX)
    maintenance = np.abs(mark_value) * MAINTENANCE_RATE
    pnl = mark_value - entry_value
    equity = _equity(rng, np.abs(entry_value) / leverage + pnl, pnl, maintenance)
    return Market(
        contract,
        mark_price=mark_price,
        quantity=quantity,
        entry_value=entry_value,
        equity=equity,
        balance=equity - pnl,
        maintenance_margin=maintenance,
        leverage=leverage,
        account=np.arange(1, n + 1),
    )


def whale(market: Market, share: float = 0.01) -> int | float:
    """The bankrupt quantity of a long that is a share of the shorts' open interest.

    Parameters
    ----------
    market : Market
        Its shorts are who would be closed.
    share : float, default 0.01
        Above 0 and finite; beyond 1 the shorts cannot cover it.

    Returns
    -------
    int or float
        Positive, as ``market.deleverage`` takes it: whole lots, at least one, where the quantities are int64.

    Raises
    ------
    AdlError
        For a share that is not above 0.

    Examples
    --------
    >>> import adlcore as adl
    >>> from adlcore.lab import synthetic
    >>> market = adl.Market("X", mark_price=2, quantity=[100, -60, -40], entry_price=[1.0, 3.0, 3.0])
    >>> synthetic.whale(market, 0.25)
    25
    """
    if not isinstance(market, Market):
        raise AdlError.at("market", None, market, "must be a Market")
    share = float(positive_decimal(share, "share"))
    shorts = market.quantity[market.quantity < 0]
    interest = -shorts.sum().item()
    return max(1, round(interest * share)) if isinstance(interest, int) else float(interest * share)


def _on_tick(price: float, tick: Decimal | None) -> str:
    """The nearest price on the grid, at least one tick, as a decimal string."""
    if tick is None:
        return format(Decimal(repr(price)).normalize(), "f")
    steps = (Decimal(repr(price)) / tick).to_integral_value(ROUND_HALF_EVEN)
    return format(max(steps, Decimal(1)) * tick, "f")


def _quantities(
    rng: np.random.Generator, n: int, integral: bool
) -> tuple[Float64Array1D, Int64Array1D | Float64Array1D]:
    """Signed sizes, as float64 lots and as the market's column, of which longs and shorts hold equally much."""
    parts = 1 if integral else PARTS
    size = np.exp(rng.standard_normal(n) * SIZE_SIGMA) * (SIZE_MEDIAN * parts)
    # Whole parts of a lot, so that the balance below is exact in integers.
    whole = np.maximum(np.rint(size), parts).astype(np.int64)
    long = rng.random(n) < 0.5
    long[:2] = True, False
    signed = balance_sides(whole, long, lambda scaled: np.maximum(np.rint(scaled), parts))
    lots = signed.astype(np.float64) / parts
    return lots, (signed if integral else lots)


def _entry_prices(rng: np.random.Generator, n: int, mark: float) -> Float64Array1D:
    """Average entry prices: the path at the time a position was opened, give or take the trades that made it."""
    noise = rng.standard_normal(HOURS + SWING_HOURS - 1)
    swings = np.convolve(noise, np.full(SWING_HOURS, SWING / np.sqrt(SWING_HOURS)), mode="valid")
    path = mark / (1.0 - CRASH) * np.exp(swings)
    age = np.minimum(rng.exponential(MEAN_AGE, n), HOURS - 1).astype(np.int64)
    prices: Float64Array1D = path[age] * np.exp(rng.standard_normal(n) * ENTRY_SIGMA)
    return prices


def _equity(
    rng: np.random.Generator, equity: Float64Array1D, pnl: Float64Array1D, maintenance: Float64Array1D
) -> npt.NDArray[np.float64]:
    """Equity after owners margined up; a few losers did not."""
    safe = maintenance * (1.0 + rng.exponential(1.0, len(equity)))
    topped_up = np.where(equity < maintenance, safe, equity)
    losers = np.flatnonzero(pnl < 0)
    bankrupt = losers[rng.random(len(losers)) < BANKRUPT_SHARE]
    depth = rng.random(len(bankrupt)) * 0.5
    depth[rng.random(len(bankrupt)) < BROKE_SHARE] = 0.0
    topped_up[bankrupt] = pnl[bankrupt] * depth
    return topped_up
