"""A scenario made to happen: the house before it, and the marks that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from .._support.arrays import INT64_MAX
from ..clearing import ClearingHouse, Events, InsuranceFund, Snapshot
from ..contracts import Contract
from ..contracts.decimals import canonical
from ..errors import AdlError
from ..io import Inputs
from ..io.marks import Marks, read_marks
from .habits import Coin, CrowdContract, draw_crowd
from .moving_depth import MovingDepth
from .outcome import open_interest
from .scenario_tables import FundEntry, Listing
from .scenarios import Scenario
from .shocks import PricePath, fall_marks

__all__ = ["TIME_UNIT", "Crash"]

#: Of the times of a scenario: steps, marks of a file, and what a house of one goes by.
TIME_UNIT = "ms"


@dataclass(frozen=True, eq=False)
class Crash:
    """A house as a scenario opens it, and its passes; both are made anew by each call of :meth:`of`.

    Attributes
    ----------
    scenario : Scenario
    house : ClearingHouse
    book : MovingDepth
        The books of the house.
    marks : list of TimedMarks
        Times, and the marks that are new at each.

    Examples
    --------
    >>> from adlcore.lab.scenarios import read
    >>> crash = Crash.of(read({"wallets": {"count": 500, "positions": 1000}, "shock": {"passes": 4}}))
    >>> len(list(crash.mark_all())), crash.house.audit()
    (4, [])
    """

    scenario: Scenario
    house: ClearingHouse
    book: MovingDepth
    marks: Marks

    @classmethod
    def of(cls, scenario: Scenario, *, marks: Marks | None = None, threads: int = 1) -> Crash:
        """Make the crowd, its venue, the funds and the order books.

        Parameters
        ----------
        scenario : Scenario
        marks : list of (int, dict), optional
            Instead of those that the scenario makes up or reads from a file.
        threads : int, default 1
            Of the house.

        Notes
        -----
        Everything is drawn from the scenario's seed, in this order: wallets, then marks.
        """
        if not isinstance(scenario, Scenario):
            raise AdlError.at("scenario", None, scenario, "must be a Scenario, as adlcore.lab.scenarios.read gives it")
        rng = np.random.default_rng(scenario.seed)
        contracts = {listing.symbol: listing.contract() for listing in scenario.contracts}
        snapshot = _snapshot(scenario, contracts, rng)
        # Funds and depth are shares of it, so the crowd is there before they are.
        lots = dict(zip(contracts, open_interest(snapshot).tolist(), strict=True))
        book = MovingDepth(
            [scenario.depth.shape(contract, lots[symbol]) for symbol, contract in contracts.items()],
            {listing.symbol: listing.price for listing in scenario.contracts},
        )
        funds = [_fund(fund, snapshot, scenario, lots) for fund in scenario.funds]
        house = ClearingHouse(
            snapshot, funds, venue=scenario.venue.venue(scenario.name), liquidity=book, threads=threads
        )
        return cls(scenario, house, book, _marks(scenario, contracts, rng) if marks is None else marks)

    def passes(self) -> Iterator[Inputs]:
        """What the house is given, pass after pass; before each the books follow the marks, or thin out."""
        scenario = self.scenario
        for number, (time, marks) in enumerate(self.marks):
            share = 1.0
            # Of those that have begun the last one holds, in the order of the file.
            for vanish in scenario.depth.vanish:
                if number >= vanish.at * len(self.marks):
                    share = vanish.share
            # Before the pass: its orders are immediate-or-cancel (docs/waterfall.md, "BookIOC").
            self.book.move(marks, share)
            index_prices = {asset.name: marks[asset.index] for asset in scenario.assets if asset.index in marks}
            yield Inputs(time, marks, index_prices or None)

    def mark_all(self) -> Iterator[tuple[Inputs, Events]]:
        """Mark the house pass after pass: what each is given, and its events."""
        for inputs in self.passes():
            yield inputs, self.house.mark(inputs.marks, inputs.time, index_prices=inputs.index_prices)

    def lowest(self) -> float:
        """How far the first contract's lowest mark lies from its price, as a share of it; 0 where it has no marks.

        Examples
        --------
        >>> from adlcore.lab.scenarios import read
        >>> Crash.of(read({"wallets": {"count": 50, "positions": 60}, "shock": {"fall": 0.25}})).lowest()
        -0.25
        """
        first = self.scenario.contracts[0]
        low = min((float(marks[first.symbol]) for _, marks in self.marks if first.symbol in marks), default=None)
        return 0.0 if low is None else low / float(first.price) - 1


def _snapshot(scenario: Scenario, contracts: dict[str, Contract], rng: np.random.Generator) -> Snapshot:
    """The crowd of a scenario."""
    prices = {listing.symbol: listing.price for listing in scenario.contracts}
    index_prices = {asset.name: float(prices[asset.index]) for asset in scenario.assets}
    crowd_contracts = [
        CrowdContract(
            contracts[listing.symbol], listing.price, index_prices.get(listing.settle, 1.0), listing.popularity
        )
        for listing in scenario.contracts
    ]
    coins = [Coin(asset.name, prices[asset.index], asset.haircut) for asset in scenario.assets]
    habits, count, positions = scenario.wallets.habits(), scenario.wallets.count, scenario.wallets.positions
    return draw_crowd(crowd_contracts, coins, habits, wallets=count, positions=positions, rng=rng)


def _fund(fund: FundEntry, snapshot: Snapshot, scenario: Scenario, lots: dict[str, int]) -> InsuranceFund:
    """A fund with the balance that is given, or with a share of the open interest that it answers for."""
    scope = None if fund.scope is None else list(fund.scope)
    balance = fund.balance
    if balance is None:
        scoped = {symbol for other in scenario.funds for symbol in other.scope or ()}
        notional = Decimal(0)
        for listing, contract in zip(scenario.contracts, snapshot.contracts, strict=True):
            in_scope = listing.symbol in scope if scope else listing.symbol not in scoped
            if in_scope and listing.settle == fund.asset:
                exact = contract.exact_value_per_lot(listing.price)
                value_per_lot = abs(Decimal(exact.numerator) / Decimal(exact.denominator))
                notional += Decimal(lots[listing.symbol]) * value_per_lot
        amount = notional * Decimal(repr(fund.ratio))
        quantum = Decimal(1).scaleb(-snapshot.assets[snapshot.asset_names[fund.asset]].decimals)
        if amount >= INT64_MAX * quantum:
            must = f"must make a balance that fits int64: {fund.asset} has an open interest of {notional:.6g}"
            raise AdlError.at("funds.ratio", None, fund.ratio, must)
        balance = canonical(amount.quantize(quantum, ROUND_HALF_EVEN))
    return InsuranceFund(fund.asset, balance, scope=scope)


def _marks(scenario: Scenario, contracts: dict[str, Contract], rng: np.random.Generator) -> Marks:
    """The marks of the file that a scenario names, or of a fall that is drawn."""
    shock = scenario.shock
    if shock.marks is not None:
        return read_marks(shock.marks, contracts)
    by_symbol = {listing.symbol: listing for listing in scenario.contracts}
    paths = [_path(listing, by_symbol, contracts[listing.symbol]) for listing in scenario.contracts]
    return fall_marks(paths, rng, **shock.model_dump(exclude={"marks"}))


def _path(listing: Listing, by_symbol: dict[str, Listing], contract: Contract) -> PricePath:
    """How a contract moves: as the one that it follows, from its own price on."""
    leader = by_symbol[listing.follows] if listing.follows else listing
    return PricePath(
        contract=contract, price=listing.price, follows=leader.symbol, beta=leader.beta, noise=leader.noise
    )
