"""Binance Futures as data: what it publishes of liquidation and auto-deleveraging.

Published, with the source of each fact:

* All open orders of a wallet in liquidation are cancelled, then one immediate-or-cancel order is sent; where
  the wallet has enough margin after the realised loss and the liquidation fee, it ends there; else the position
  is closed at the bankruptcy price and the fund takes it over; leftover collateral goes to the fund, and a
  negative balance is set to zero by it (Binance help, "Liquidation Protocols").
* Liquidation orders are limit orders at the bankruptcy price (coinengineer.net, "What Is Auto-Deleveraging (ADL)
  and How Does It Work?", 29 August 2025).
* The fee is taken of the amount liquidated only (the same help page); 1.25 % on BTCUSDT (``liquidationFee`` of
  ``GET /fapi/v1/exchangeInfo``, 2026). Every symbol has its own.
* The fund takes no position with which its net notional would exceed 100 % of its size by default (Binance
  FAQ 360033525371, "Insurance Fund", in the versions that name a limit).
* Auto-deleveraging begins only where the fund cannot take a bankrupt position. Counterparties are ranked by
  profit and effective leverage (rule ``"binance"``) and closed at the bankruptcy price without a fee; their
  open orders are cancelled, in cross mode of all symbols (coinengineer.net, as above).
* USD-margined contracts have larger funds; coin-margined contracts that share a coin share a fund (the same).

Not published, and how it is read here:

* Whether "cannot take" compares the fund with one loss or with all: here a fund takes a position if its equity
  stays at 0 or above with it (an assumption).
* How much of the leftover collateral goes to the fund, beyond "a portion": all of it.
* How large the one order is: the whole position.
* Which contracts share which USD-margined fund, and how often that changes: by default all that settle in an
  asset share one; ``scope=`` of :class:`~adlcore.clearing.funds.fund.InsuranceFund` says otherwise.
* How the fund sells what it took over: it holds it.
* How a price is chosen between several positions of one cross wallet: shared bankruptcy prices
  (:func:`~adlcore.clearing.shared_bankruptcy`).

For another fee, or a stage more, write ``Venue("mine", [...], trigger=BINANCE_USDM.trigger)``.
"""

from __future__ import annotations

from ..clearing import BookIOC, CancelOrders, Deleverage, NetNotionalCap, TakeOver, Uncovered, Venue

__all__ = ["BINANCE_COINM", "BINANCE_USDM"]

#: Of BTCUSDT; see the docstring of the module.
LIQUIDATION_FEE = "0.0125"


def _stages() -> list[CancelOrders | BookIOC | TakeOver | Deleverage | Uncovered]:
    return [
        CancelOrders(),
        BookIOC(limit="bankruptcy", fee=LIQUIDATION_FEE, surplus="wallet"),
        TakeOver(),
        Deleverage(rule="binance"),
        Uncovered(),
    ]


#: USD-margined contracts: linear, settled in USDT or USDC. Facts and sources: the docstring of the module.
BINANCE_USDM = Venue("binance-usdm", _stages(), trigger=NetNotionalCap("1"))

#: Coin-margined contracts: inverse, settled in the coin; stages and trigger are those of BINANCE_USDM. All contracts
#: of a coin, perpetual and quarterly, share one fund, so that it is small against what it answers for, and
#: auto-deleveraging likelier. That is what a fund without scope does: ``InsuranceFund("BTC", balance="100")`` answers
#: for every contract that settles in BTC. The size of the fee is that of BTCUSDT (an assumption).
BINANCE_COINM = Venue("binance-coinm", _stages(), trigger=NetNotionalCap("1"))
