"""The tables of a scenario file: their keys, what each may be, and the value of one that is left out.

A key keeps its name on its way: ``[wallets]`` to :class:`~adlcore.lab.habits.Habits`, ``[depth]`` to
:class:`~adlcore.lab.moving_depth.Shape`, ``[shock]`` to :func:`~adlcore.lab.shocks.fall_marks`. Those of ``[venue]``
are arguments of stages: see :class:`VenueTable`. What the stages do is in the events.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from .._support.arrays import INT64_MAX
from .._support.extras import optional_import
from ..errors import AdlError

with optional_import("pydantic", "reading scenarios"):
    from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from ..clearing import BookIOC, Deleverage, Drawdown, Stage, TakeOver, Venue
from ..clearing.snapshot.exact import read_share
from ..contracts import Contract, MarginTiers
from ..contracts.decimals import exact_decimal, positive_decimal
from ..ranking.rules import RankingRule
from ..venues.binance import BINANCE_USDM, LIQUIDATION_FEE
from .habits import MODES, SCENARIO_HABITS, Habits
from .moving_depth import Shape

__all__ = [
    "Collateral",
    "Depth",
    "FundEntry",
    "Listing",
    "ScenarioTable",
    "VenueTable",
    "Shock",
    "Vanish",
    "WalletsTable",
    "listings",
]

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
#: How common one thing is beside others: the least is not lost beside the largest.
Weight = Annotated[float, Field(ge=1e-9, le=1e9)]
#: Exact numbers are text, so that no digit is lost.
Exact = Annotated[str, Field(coerce_numbers_to_str=True)]


def _check_share(text: str, info: ValidationInfo) -> str:
    """The text itself, where it is a number from 0 to 1."""
    read_share(text, str(info.field_name))
    return text


ExactShare = Annotated[Exact, AfterValidator(_check_share)]

#: The power of ten by which the levels of a book may differ.
MOST_GROWTH = 100


class ScenarioTable(BaseModel):
    """Keys that are known, checked as they are read; a table does not change.

    Examples
    --------
    >>> class Fee(ScenarioTable):
    ...     share: ExactShare = "0"
    >>> Fee(share=0.25)
    Fee(share='0.25')
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class Listing(ScenarioTable):
    """A contract and how it moves.

    Examples
    --------
    >>> Listing(symbol="BTCUSD", kind="inverse", settle="BTC", price="50000", tick="0.1").contract().tiers.floor[1]
    Decimal('1')
    """

    symbol: str
    kind: Literal["linear", "inverse"] = "linear"
    settle: str = "USDT"
    price: Exact
    tick: Exact
    lot: Exact = "1"
    multiplier: Exact = "1"
    tier_floors: tuple[Exact, ...] = ("0", "50000", "250000", "1000000", "5000000", "20000000")
    tier_rates: tuple[Exact, ...] = ("0.004", "0.005", "0.01", "0.025", "0.05", "0.1")
    popularity: Weight = 1.0
    beta: Annotated[float, Field(ge=-5, le=5)] = 1.0
    noise: Annotated[float, Field(ge=0, le=1)] = 0.01
    follows: str | None = None

    @model_validator(mode="after")
    def _check_contract(self) -> Self:
        self.contract()
        return self

    def contract(self) -> Contract:
        """The contract; of an inverse one the tiers' floors are divided by the price, for they are in USD."""
        price = positive_decimal(self.price, "price")
        floors: list[Any] = list(self.tier_floors)
        if self.kind == "inverse":
            dollars = [float(exact_decimal(floor, "tier_floors", row)) for row, floor in enumerate(floors)]
            floors = [f"{floor / float(price):.6g}" for floor in dollars]
        return Contract(
            self.symbol,
            kind=self.kind,
            settle=self.settle,
            multiplier=self.multiplier,
            lot=self.lot,
            tick=self.tick,
            tiers=MarginTiers(floors, list(self.tier_rates)),
        )


class Collateral(ScenarioTable):
    """An asset other than USDT: which contract's mark is its index price, and its haircut.

    Examples
    --------
    >>> Collateral(name="BTC", index="BTCUSDT").haircut
    '0.05'
    """

    name: str
    index: str
    haircut: ExactShare = "0.05"


class WalletsTable(ScenarioTable):
    """How many wallets, and how they are drawn: the attributes of :class:`adlcore.lab.habits.Habits` are keys.

    Examples
    --------
    >>> WalletsTable(count=10, near_share=0.5).habits().near_share
    0.5
    """

    count: Annotated[int, Field(ge=2, le=10**7)] = 100_000
    positions: Annotated[int, Field(ge=0, le=10**8)] = 200_000
    modes: dict[str, Share] = Field(default_factory=lambda: dict(SCENARIO_HABITS.modes))
    coin_share: Share = SCENARIO_HABITS.coin_share
    worth_median: Positive = SCENARIO_HABITS.worth_median
    worth_sigma: Annotated[float, Field(ge=0, le=5)] = SCENARIO_HABITS.worth_sigma
    size_sigma: Annotated[float, Field(ge=0, le=3)] = SCENARIO_HABITS.size_sigma
    largest: Positive = SCENARIO_HABITS.largest
    entry_sigma: Annotated[float, Field(ge=0, le=0.5)] = SCENARIO_HABITS.entry_sigma
    leverages: Annotated[tuple[Positive, ...], Field(min_length=1)] = SCENARIO_HABITS.leverages
    unchosen_share: Share = SCENARIO_HABITS.unchosen_share
    slack: NotNegative = SCENARIO_HABITS.slack
    near_share: Share = SCENARIO_HABITS.near_share
    broke_share: Share = SCENARIO_HABITS.broke_share
    loan_share: Share = SCENARIO_HABITS.loan_share
    loan_rate: ExactShare = SCENARIO_HABITS.loan_rate
    order_share: Share = SCENARIO_HABITS.order_share
    order_leverage: Annotated[int, Field(ge=1, le=1000)] = SCENARIO_HABITS.order_leverage

    @field_validator("modes")
    @classmethod
    def _check_modes(cls, modes: dict[str, float]) -> dict[str, float]:
        for mode in modes:
            if mode not in MODES:
                raise ValueError(f"must have keys of {', '.join(MODES)}, not {mode}")
        if not sum(modes.values()) > 0:
            raise ValueError("must have a share above 0")
        return modes

    def habits(self) -> Habits:
        """The same as the lab takes it."""
        return Habits(**self.model_dump(exclude={"count", "positions"}))


class FundEntry(ScenarioTable):
    """An insurance fund: its money, or how much that is of the open interest that it answers for.

    Examples
    --------
    >>> FundEntry(balance="1000000").asset
    'USDT'
    """

    asset: str = "USDT"
    balance: Exact | None = None
    ratio: NotNegative | None = None
    scope: tuple[str, ...] | None = None

    @field_validator("balance")
    @classmethod
    def _check_balance(cls, balance: str | None) -> str | None:
        if balance is not None:
            exact_decimal(balance, "balance")
        return balance

    @model_validator(mode="after")
    def _check_one_is_given(self) -> Self:
        if (self.balance is None) == (self.ratio is None):
            raise ValueError("must have one of balance and ratio")
        return self


class VenueTable(ScenarioTable):
    """The venue's waterfall.

    ``rule`` and ``price`` are those of :class:`~adlcore.clearing.Deleverage`; ``book_limit``, ``book_portion`` and
    ``liquidation_fee`` are of :class:`~adlcore.clearing.BookIOC`, there without their first word.

    Examples
    --------
    >>> VenueTable(book=False, take_over=False).venue("mine").stages
    (CancelOrders(), Deleverage('binance'), Uncovered())
    """

    rule: str = "binance"
    price: Literal["bankruptcy", "mark", "previous-mark"] = "bankruptcy"
    book: bool = True
    book_limit: Literal["bankruptcy", "fund"] = "bankruptcy"
    book_portion: Exact = "1"
    liquidation_fee: Exact = LIQUIDATION_FEE
    take_over: bool = True
    fund_trigger: Literal["net-notional", "drawdown", "depleted"] = "net-notional"

    @field_validator("rule")
    @classmethod
    def _check_rule(cls, rule: str) -> str:
        if rule not in RankingRule.names():
            raise ValueError(f"must be one of {', '.join(RankingRule.names())}")
        return rule

    @model_validator(mode="after")
    def _check_venue(self) -> Self:
        self.venue("venue")
        return self

    def venue(self, name: str) -> Venue:
        """Binance's stages and trigger, but for what these keys say otherwise."""
        book = BookIOC(limit=self.book_limit, fee=self.liquidation_fee, portion=self.book_portion)
        configured: dict[type[Stage], Stage] = {BookIOC: book, Deleverage: Deleverage(self.rule, price=self.price)}
        absent = [stage for stage, there in ((BookIOC, self.book), (TakeOver, self.take_over)) if not there]
        triggers = {
            "net-notional": BINANCE_USDM.trigger,
            "drawdown": Drawdown(8 * 60 * 60 * 1000, "-0.3", "-0.25"),
            "depleted": None,
        }
        stages = [configured.get(type(stage), stage) for stage in BINANCE_USDM.stages if type(stage) not in absent]
        return replace(BINANCE_USDM, name=name, stages=tuple(stages), trigger=triggers[self.fund_trigger])


class Vanish(ScenarioTable):
    """From a share of the passes on, so much of the depth is there.

    Examples
    --------
    >>> Vanish(at=0.5, share=0.1)
    Vanish(at=0.5, share=0.1)
    """

    at: Share
    share: Share


class Depth(ScenarioTable):
    """Books: what rests on each side, as a share of a contract's open interest, and how it is spread.

    Examples
    --------
    >>> Depth(of_open_interest=0.25, levels=5).shape(Contract("BTCUSDT", tick="0.1"), 1_000).lots
    250
    """

    of_open_interest: Annotated[float, Field(ge=0, le=1000)] = 0.1
    levels: Annotated[int, Field(ge=1, le=1000)] = 20
    step: Annotated[float, Field(gt=0, lt=1)] = 0.0005
    growth: Annotated[float, Field(gt=0, le=10)] = 1.15
    refill: Annotated[Share, Field(description="of a level, a millisecond")] = 1e-5
    vanish: tuple[Vanish, ...] = (Vanish(at=0.4, share=0.25), Vanish(at=0.8, share=1.0))

    @model_validator(mode="after")
    def _check_levels(self) -> Self:
        if self.levels * abs(math.log10(self.growth)) > MOST_GROWTH:
            must = f"must lie within 1e±{MOST_GROWTH} to the power of the levels, {self.levels}"
            raise AdlError.at("growth", None, self.growth, must)
        return self

    def shape(self, contract: Contract, open_interest: int) -> Shape:
        """How the book of a contract looks of which longs hold so many lots."""
        lots = round(open_interest * self.of_open_interest)
        return Shape(contract=contract, lots=lots, **self.model_dump(exclude={"of_open_interest", "vanish"}))


class Shock(ScenarioTable):
    """What marks do: a made-up fall, or a file.

    Examples
    --------
    >>> Shock(fall=0.5).passes
    60
    """

    passes: Annotated[int, Field(ge=1, le=10**6)] = 60
    step: Annotated[int, Field(ge=1)] = 60_000
    fall: Annotated[float, Field(gt=0, lt=1)] = 0.3
    jumps: Annotated[int, Field(ge=0)] = 6
    jump_share: Share = 0.6
    rebound: Share = 0.0
    marks: str | None = None

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if self.passes * self.step > INT64_MAX:
            raise AdlError.at("step", None, self.step, f"must fit int64 times the passes, {self.passes}")
        return self


USD_LISTINGS: tuple[dict[str, Any], ...] = (
    {"symbol": "BTCUSDT", "price": "60000", "tick": "0.1", "lot": "0.001", "popularity": 1.0, "beta": 1.0},
    {"symbol": "ETHUSDT", "price": "2500", "tick": "0.01", "lot": "0.001", "popularity": 0.6, "beta": 1.1},
    {"symbol": "SOLUSDT", "price": "140", "tick": "0.01", "lot": "0.01", "popularity": 0.4, "beta": 1.3},
    {"symbol": "AVAXUSDT", "price": "25", "tick": "0.001", "lot": "0.1", "popularity": 0.3, "beta": 1.4},
)
COIN_LISTINGS: tuple[dict[str, Any], ...] = (
    {"symbol": "BTCUSD", "settle": "BTC", "price": "60000", "tick": "0.1", "multiplier": "100", "follows": "BTCUSDT"},
    {"symbol": "ETHUSD", "settle": "ETH", "price": "2500", "tick": "0.01", "multiplier": "10", "follows": "ETHUSDT"},
)


def listings() -> tuple[Listing, ...]:
    """Four linear contracts, and two inverse ones that follow the first two.

    Examples
    --------
    >>> [listing.symbol for listing in listings()]
    ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'AVAXUSDT', 'BTCUSD', 'ETHUSD']
    """
    coins = ({**each, "kind": "inverse", "popularity": 0.3} for each in COIN_LISTINGS)
    return tuple(Listing(**each) for each in (*USD_LISTINGS, *coins))
