"""Clearing houses that can be marked again and again: of books where nobody fails yet, and of one crowded market.

A mark that liquidates uses a house up: it is repeated on another one that goes on from the same state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

import adlcore as adl
from adlcore.clearing import Deleverage, Stage

from .books import FLOORS, RATES, Books
from .columns import MARK

#: Moves every mark without a failure, and so that one wallet of a hundred fails.
QUIET, CRASH = "1.0001", "1.003"

#: The stages of the crowded market: bankrupts meet their counterparties at once.
CROWDED = (Deleverage("binance"),)

#: Where the crowded market opens; at ``columns.MARK`` the bankrupts fail.
BEFORE = "110"


def with_margin(books: Books) -> Books:
    """The books, nobody liquidatable: whoever is within 5 % of it has as much more."""
    state = adl.margin_state(books.snapshot())
    enough = np.rint(1.05 * state.maintenance_margin).astype(np.int64) + 1000
    return replace(books, balance=books.balance + np.maximum(enough - state.equity, 0))


def open_state(books: Books, stages: Iterable[Stage] = adl.venues.BINANCE_USDM) -> adl.clearing.HouseState:
    """The state of a house with these books; its fund holds a tenth of a unit a wallet, for less than what fails."""
    fund = adl.InsuranceFund(books.contracts[0].settle.name, str(len(books.balance) // 10))
    return adl.ClearingHouse(books.snapshot(), [fund], stages).state()


def resume_house(
    state: adl.clearing.HouseState, stages: Iterable[Stage] = adl.venues.BINANCE_USDM, audit: str = "on"
) -> adl.ClearingHouse:
    """A house that goes on from a state, its margin computed."""
    house = adl.ClearingHouse.from_state(state, stages, audit=audit)
    house.mark()
    return house


def crowded_market(bankrupts: int, shorts: int, seed: int = 0) -> Books:
    """One market of as many longs as shorts: at ``columns.MARK`` some longs are bankrupt, and everybody else can pay.

    A wallet has one position, in arbitrary order; every size is held long once and short once. Half of those that can
    pay have gained.
    """
    count = 2 * shorts
    rng = np.random.default_rng([seed, bankrupts, shorts])
    contract = adl.Contract("CROWD", lot="0.001", tick="0.01", tiers=adl.MarginTiers(FLOORS, RATES))
    before, mark = (contract.value_per_lot(price) * contract.settle.quanta_per_unit for price in (BEFORE, MARK))
    lots = np.rint(40_000 * np.exp(rng.standard_normal(shorts))) + 1
    quantity, short, fails = np.concatenate([lots, -lots]), np.arange(count) >= shorts, np.arange(count) < bankrupts
    # The bankrupts bought at the first mark, and have between half and 95 % of what they lose at the second.
    price = np.where(fails, before, mark * (1 + 0.1 * rng.standard_normal(count)).clip(0.5, 1.5))
    entry_value = np.rint(quantity * price)
    lost = np.maximum(entry_value - quantity * np.where(short, before, mark), 0)
    left = np.abs(quantity) * mark * (0.1 + 0.3 * np.exp(rng.standard_normal(count)))
    balance = np.rint(np.where(fails, lost * rng.uniform(0.5, 0.95, count), lost + left))
    order = rng.permutation(count)
    whole = {"quantity": quantity, "entry_value": entry_value, "balance": balance}
    whole = {name: column[order].astype(np.int64) for name, column in whole.items()}
    books = Books((contract,), {"CROWD": BEFORE}, contract=np.zeros(count, np.int64), wallet=np.arange(count), **whole)
    books.snapshot(check=True)
    return books
