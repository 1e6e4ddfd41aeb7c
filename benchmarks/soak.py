"""A house under load for minutes, and its memory and latency by the minute.

Marks that liquidate, trades, funding, orders, money in and out, drawn from a seed:

    python benchmarks/soak.py --minutes 10 --wallets 1000 --contracts 6

What a house keeps is bounded, so the resident memory of the last line must be that of the second, and the
median of each kind of call must not rise. Exits with 1 where memory grew by more than `--growth` MiB from the
second line on, or an audit finds something.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import sys
from collections import defaultdict
from contextlib import suppress
from decimal import Decimal
from functools import reduce
from operator import or_
from time import perf_counter

from harness.memory import resident
from harness.timing import nanoseconds_of

import adlcore as adl
from adlcore.lab import crowd

#: How many calls of each kind there are in a turn.
MIX = {"mark": 4, "trade": 8, "deposit": 8, "withdraw": 4, "fund_deposit": 2, "place_order": 2, "cancel_order": 2}
FUNDING_EVERY = 50


class Load:
    """A house, and calls of it that are drawn from a seed."""

    def __init__(self, wallets: int, contracts: int, seed: int) -> None:
        books = crowd.snapshot(wallets, contracts, seed=seed, modes=("cross", "isolated"))
        self.chance, self.wallets = random.Random(seed), wallets
        self.contracts = {contract.symbol: contract for contract in books.contracts}
        self.base = {symbol: Decimal(mark) for symbol, mark in zip(self.contracts, books.marks, strict=True)}
        ladders = [
            adl.clearing.DepthLadder.around(contract, self.base[symbol], levels=20, lots_per_level=50, refill="0.01")
            for symbol, contract in self.contracts.items()
        ]
        book = reduce(or_, ladders)
        funds = [adl.InsuranceFund(asset.name, "1000000") for asset in books.assets]
        self.house = adl.ClearingHouse(books, funds, adl.venues.BINANCE_USDM, book)
        self.time = 0

    def call(self, kind: str) -> int:
        """Make a call of a kind; nanoseconds. What the house refuses is a call, too."""
        method, arguments = getattr(self.house, kind), getattr(self, f"_{kind}")()

        def made() -> None:
            with suppress(adl.AdlError):
                method(*arguments, **({"leverage": 10} if kind == "place_order" else {}))

        return nanoseconds_of(made)

    def _symbol(self) -> str:
        return self.chance.choice(list(self.contracts))

    def _mark(self):
        self.time += 1_000
        symbol, factor = self._symbol(), Decimal(round(self.chance.uniform(0.93, 1.07), 4))
        return {symbol: self.base[symbol] * factor}, self.time

    def _price(self, symbol: str) -> str:
        contract = self.contracts[symbol]
        return contract.price(max(1, round(self.house.marks[symbol] / contract.tick)))

    def _trade(self):
        symbol = self._symbol()
        buyer, seller = self.chance.sample(range(self.wallets), 2)
        lots = self.chance.randint(1, 5)
        return symbol, self.contracts[symbol].decimal(lots), self._price(symbol), buyer, seller

    def _deposit(self):
        return self.chance.randrange(self.wallets), self.chance.randint(1, 1_000)

    _withdraw = _deposit

    def _fund_deposit(self):
        return self.chance.choice(sorted(self.house.state().funds.names)), 10

    def _place_order(self):
        symbol = self._symbol()
        return self.chance.randrange(self.wallets), symbol, self.contracts[symbol].decimal(1), self._price(symbol)

    def _cancel_order(self):
        return (0,)

    def _funding(self):
        return (dict.fromkeys(self.contracts, "0.0001"),)


def soak(minutes: float, load: Load, growth: float) -> bool:
    """Print a line a minute; whether memory stayed."""
    kinds = [kind for kind, count in MIX.items() for _ in range(count)]
    print(f"{'minute':>6} {'calls':>9} {'MiB':>7}  median microseconds of {', '.join([*MIX, 'funding'])}")
    began, calls, turns, sizes = perf_counter(), 0, 0, []
    taken: dict[str, list[int]] = defaultdict(list)
    report = 1
    while report <= minutes:
        for kind in kinds:
            taken[kind].append(load.call(kind))
        calls, turns = calls + len(kinds), turns + 1
        if turns % FUNDING_EVERY == 0:
            taken["funding"].append(load.call("funding"))
        if perf_counter() - began >= 60 * report:
            gc.collect()
            sizes.append(resident() / 2**20)
            medians = " ".join(f"{statistics.median(taken[kind]) / 1e3:8.0f}" for kind in [*MIX, "funding"])
            print(f"{report:>6} {calls:>9,} {sizes[-1]:>7.1f}  {medians}", flush=True)
            taken.clear()
            report += 1
    differences = load.house.audit()
    print(f"audit: {differences or 'nothing found'}; {load.house.state().sequence:,} events")
    return not differences and sizes[-1] - sizes[min(1, len(sizes) - 1)] <= growth


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--wallets", type=int, default=1_000)
    parser.add_argument("--contracts", type=int, default=6)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--growth", type=float, default=2.0, help="MiB that memory may grow by")
    given = parser.parse_args()
    load = Load(given.wallets, given.contracts, given.seed)
    sys.exit(0 if soak(given.minutes, load, given.growth) else 1)


if __name__ == "__main__":
    main()
