"""A crash as a file: contracts, wallets, funds, depth and a shock, checked, with a value for every key.

``load`` reads TOML; every key that is missing has the value of :func:`template`, so that an empty file is the
crash of ``adlcore demo``. :mod:`adlcore.lab.crash` makes it happen.
"""

from __future__ import annotations

import math
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from .._support.arrays import INT64_MAX
from .._support.extras import optional
from .._support.options import a_path
from ..errors import AdlError

with optional("pydantic", "reading scenarios"):
    from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..clearing import BookIOC, CancelOrders, Deleverage, Drawdown, NetNotionalCap, TakeOver, Uncovered, Venue
from ..clearing.snapshot.exact import share
from ..contracts.contract import Contract
from ..contracts.decimals import exact_decimal, positive_decimal
from ..contracts.margin_tiers import MarginTiers
from ..ranking.rules import RankingRule
from ..venues.binance import LIQUIDATION_FEE
from .habits import MODES, Habits

__all__ = ["Scenario", "load", "read", "template"]

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
#: How common one thing is beside others: the least is not lost beside the largest.
Weight = Annotated[float, Field(ge=1e-9, le=1e9)]
#: Exact numbers are text, so that no digit is lost.
Exact = Annotated[str, Field(coerce_numbers_to_str=True)]


#: The power of ten by which the levels of a book may differ.
MOST_GROWTH = 100


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listing(_Part):
    """A contract and how it moves."""

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
    def _makes_a_contract(self) -> Self:
        self.contract()
        return self

    def contract(self) -> Contract:
        """The contract; of an inverse one the tiers' floors are divided by the price, for they are in USD."""
        price = positive_decimal(self.price, "price")
        floors: list[Any] = list(self.tier_floors)
        if self.kind == "inverse":
            read = [float(exact_decimal(floor, "tier_floors", row)) for row, floor in enumerate(floors)]
            floors = [f"{floor / float(price):.6g}" for floor in read]
        return Contract(
            self.symbol,
            kind=self.kind,
            settle=self.settle,
            multiplier=self.multiplier,
            lot=self.lot,
            tick=self.tick,
            tiers=MarginTiers(floors, list(self.tier_rates)),
        )


class Collateral(_Part):
    """An asset other than USDT: which contract's mark is its index price, and its haircut."""

    name: str
    index: str
    haircut: Exact = "0.05"

    @field_validator("haircut")
    @classmethod
    def _a_share(cls, haircut: str) -> str:
        share(haircut, "haircut")
        return haircut


class Wallets(_Part):
    """How many wallets, and how they are drawn: see :class:`adlcore.lab.habits.Habits`."""

    count: Annotated[int, Field(ge=2, le=10**7)] = 100_000
    positions: Annotated[int, Field(ge=0, le=10**8)] = 200_000
    modes: dict[str, Share] = Field(default_factory=lambda: dict(Habits().modes))
    coin_share: Share = 0.25
    worth_median: Positive = 60.0
    worth_sigma: Annotated[float, Field(ge=0, le=5)] = 3.9
    size_sigma: Annotated[float, Field(ge=0, le=3)] = 0.8
    largest: Positive = 2e9
    entry_sigma: Annotated[float, Field(ge=0, le=0.5)] = 0.08
    leverages: Annotated[tuple[Positive, ...], Field(min_length=1)] = (2.0, 3.0, 5.0, 10.0, 20.0, 50.0)
    unchosen_share: Share = 0.3
    slack: NotNegative = 2.0
    near_share: Share = 0.005
    broke_share: Share = 0.0
    loan_share: Share = 0.2
    loan_rate: Exact = "0.02"
    order_share: Share = 0.04
    order_leverage: Annotated[int, Field(ge=1, le=1000)] = 20

    @field_validator("modes")
    @classmethod
    def _known_modes(cls, modes: dict[str, float]) -> dict[str, float]:
        for mode in modes:
            if mode not in MODES:
                raise ValueError(f"must have keys of {', '.join(MODES)}, not {mode}")
        if not sum(modes.values()) > 0:
            raise ValueError("must have a share above 0")
        return modes

    @field_validator("loan_rate")
    @classmethod
    def _a_share(cls, loan_rate: str) -> str:
        share(loan_rate, "loan_rate")
        return loan_rate

    def habits(self) -> Habits:
        """The same as the lab takes it."""
        given = self.model_dump()
        del given["count"], given["positions"]
        return Habits(**given)


class Fund(_Part):
    """An insurance fund: its money, or how much that is of the open interest that it answers for."""

    asset: str = "USDT"
    balance: Exact | None = None
    ratio: NotNegative | None = None
    scope: tuple[str, ...] | None = None

    @field_validator("balance")
    @classmethod
    def _a_number(cls, balance: str | None) -> str | None:
        if balance is not None:
            exact_decimal(balance, "balance")
        return balance

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.balance is None) == (self.ratio is None):
            raise ValueError("must have one of balance and ratio")
        return self


class Rules(_Part):
    """The venue's waterfall."""

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
    def _known_rule(cls, rule: str) -> str:
        if rule not in RankingRule.names():
            raise ValueError(f"must be one of {', '.join(RankingRule.names())}")
        return rule

    @model_validator(mode="after")
    def _makes_a_venue(self) -> Self:
        self.venue("venue")
        return self

    def venue(self, name: str) -> Venue:
        """The stages."""
        book = BookIOC(limit=self.book_limit, fee=self.liquidation_fee, portion=self.book_portion)
        triggers = {
            "net-notional": NetNotionalCap("1"),
            "drawdown": Drawdown(8 * 60 * 60 * 1000, "-0.3", "-0.25"),
            "depleted": None,
        }
        stages = [
            CancelOrders(),
            *([book] if self.book else []),
            *([TakeOver()] if self.take_over else []),
            Deleverage(self.rule, price=self.price),
            Uncovered(),
        ]
        return Venue(name, stages, trigger=triggers[self.fund_trigger])


class Vanish(_Part):
    """From a share of the passes on, so much of the depth is there."""

    at: Share
    share: Share


class Depth(_Part):
    """Books: what rests on each side, as a share of a contract's open interest, and how it is spread."""

    of_open_interest: Annotated[float, Field(ge=0, le=1000)] = 0.1
    levels: Annotated[int, Field(ge=1, le=1000)] = 20
    step: Annotated[float, Field(gt=0, lt=1)] = 0.0005
    growth: Annotated[float, Field(gt=0, le=10)] = 1.15
    refill: Annotated[Share, Field(description="of a level, a millisecond")] = 1e-5
    vanish: tuple[Vanish, ...] = (Vanish(at=0.4, share=0.25), Vanish(at=0.8, share=1.0))

    @model_validator(mode="after")
    def _levels_that_can_be(self) -> Self:
        if self.levels * abs(math.log10(self.growth)) > MOST_GROWTH:
            must = f"must lie within 1e±{MOST_GROWTH} to the power of the levels, {self.levels}"
            raise AdlError.at("growth", None, self.growth, must)
        return self


class Shock(_Part):
    """What marks do: a made-up fall, or a file."""

    passes: Annotated[int, Field(ge=1, le=10**6)] = 60
    step: Annotated[int, Field(ge=1)] = 60_000
    fall: Annotated[float, Field(gt=0, lt=1)] = 0.3
    jumps: Annotated[int, Field(ge=0)] = 6
    jump_share: Share = 0.6
    rebound: Share = 0.0
    marks: str | None = None

    @model_validator(mode="after")
    def _times_that_fit(self) -> Self:
        if self.passes * self.step > INT64_MAX:
            raise AdlError.at("step", None, self.step, f"must fit int64 times the passes, {self.passes}")
        return self


USD_LISTED: tuple[dict[str, Any], ...] = (
    {"symbol": "BTCUSDT", "price": "60000", "tick": "0.1", "lot": "0.001", "popularity": 1.0, "beta": 1.0},
    {"symbol": "ETHUSDT", "price": "2500", "tick": "0.01", "lot": "0.001", "popularity": 0.6, "beta": 1.1},
    {"symbol": "SOLUSDT", "price": "140", "tick": "0.01", "lot": "0.01", "popularity": 0.4, "beta": 1.3},
    {"symbol": "AVAXUSDT", "price": "25", "tick": "0.001", "lot": "0.1", "popularity": 0.3, "beta": 1.4},
)
COIN_LISTED: tuple[dict[str, Any], ...] = (
    {"symbol": "BTCUSD", "settle": "BTC", "price": "60000", "tick": "0.1", "multiplier": "100", "follows": "BTCUSDT"},
    {"symbol": "ETHUSD", "settle": "ETH", "price": "2500", "tick": "0.01", "multiplier": "10", "follows": "ETHUSDT"},
)


def _listings() -> tuple[Listing, ...]:
    coins = ({**each, "kind": "inverse", "popularity": 0.3} for each in COIN_LISTED)
    return tuple(Listing(**each) for each in (*USD_LISTED, *coins))


class Scenario(_Part):
    """A whole crash. Immutable; the same scenario gives the same run, to the byte.

    Examples
    --------
    >>> scenario = Scenario(seed=3)
    >>> [listing.symbol for listing in scenario.contracts]
    ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'AVAXUSDT', 'BTCUSD', 'ETHUSD']
    """

    name: str = "crash"
    seed: Annotated[int, Field(ge=0)] = 7
    contracts: tuple[Listing, ...] = Field(default_factory=_listings, min_length=1)
    assets: tuple[Collateral, ...] = (
        Collateral(name="BTC", index="BTCUSDT", haircut="0.05"),
        Collateral(name="ETH", index="ETHUSDT", haircut="0.1"),
    )
    wallets: Wallets = Wallets()
    funds: tuple[Fund, ...] = tuple(Fund(asset=asset, ratio=0.003) for asset in ("USDT", "BTC", "ETH"))
    venue: Rules = Rules()
    depth: Depth = Depth()
    shock: Shock = Shock()

    @model_validator(mode="after")
    def _names_that_fit(self) -> Self:
        symbols = [listing.symbol for listing in self.contracts]
        assets = ["USDT", *(asset.name for asset in self.assets)]
        for name, listed in (("contracts", symbols), ("assets", assets)):
            twice = next((each for each in listed if listed.count(each) > 1), None)
            if twice is not None:
                raise ValueError(f"{name}: {twice} must be there once")
        for listing in self.contracts:
            _known(f"contracts.{listing.symbol}.settle", listing.settle, assets)
            if listing.kind == "inverse" and listing.settle == "USDT":
                raise ValueError(f"contracts.{listing.symbol}.settle must be a coin: the contract is inverse")
            if listing.follows is not None:
                _known(f"contracts.{listing.symbol}.follows", listing.follows, symbols)
        for asset in self.assets:
            _known(f"assets.{asset.name}.index", asset.index, symbols)
        for fund in self.funds:
            _known("funds.asset", fund.asset, assets)
            for symbol in fund.scope or ():
                _known("funds.scope", symbol, symbols)
        return self

    def fields(self) -> dict[str, Any]:
        """The scenario as JSON holds it; :func:`read` gives it back."""
        return dict(self.model_dump(mode="json"))


def _known(key: str, name: str, known: list[str]) -> None:
    if name not in known:
        raise ValueError(f"{key} must be one of {', '.join(known)}, not {name}")


def read(fields: dict[str, Any]) -> Scenario:
    """The scenario of a mapping.

    Parameters
    ----------
    fields : dict
        As :meth:`Scenario.fields`, or as a TOML file has it.

    Raises
    ------
    AdlError
        Names the key, its value, and what is allowed.

    Examples
    --------
    >>> read({"shock": {"fall": 1.5}})
    Traceback (most recent call last):
    adlcore.errors.AdlError: shock.fall is 1.5: must be less than 1
    >>> read({"wallets": {"cuont": 5}})
    Traceback (most recent call last):
    adlcore.errors.AdlError: wallets.cuont is 5: must be a key that is known: count, positions, modes, coin_share, ...
    """
    try:
        return Scenario.model_validate(fields)
    except ValidationError as error:
        raise _named(error) from None


def _named(error: ValidationError) -> AdlError:
    """The first problem, as this project's errors say it."""
    first = error.errors()[0]
    key = ""
    for part in first["loc"]:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    value, kind, context = first["input"], first["type"], first.get("ctx", {})
    if kind == "extra_forbidden":
        known = _keys_beside(first["loc"])
        return AdlError.at(key, None, value, f"must be a key that is known: {', '.join(known[:4])}, ...")
    if kind == "missing":
        return AdlError(f"{key} is missing: must be given", argument=key)
    if kind == "value_error":
        told = str(context["error"])
        if isinstance(context["error"], AdlError) and context["error"].value == value:
            return context["error"].placed(key, None, value)
        if isinstance(context["error"], AdlError) or not key:
            return AdlError(f"{key}: {told}" if key else told, argument=key or "scenario")
        return AdlError.at(key, None, value, told)
    return AdlError.at(key, None, value, first["msg"].replace("Input should be", "must be"))


def _keys_beside(place: tuple[int | str, ...]) -> list[str]:
    """The keys of the table in which a key stands."""
    model: Any = Scenario
    for part in place[:-1]:
        if isinstance(part, str):
            held = model.model_fields[part].annotation
            model = next(
                (each for each in (held, *getattr(held, "__args__", ())) if hasattr(each, "model_fields")), model
            )
    return list(model.model_fields)


def load(path: str | os.PathLike[str]) -> Scenario:
    """Read a scenario from a TOML file; a file of marks that it names is looked for beside it.

    Parameters
    ----------
    path : path

    Raises
    ------
    AdlError
        As :func:`read`; for text that is no TOML, with the line.
    OSError
        Where the file cannot be read.
    """
    source = a_path("path", path)
    try:
        fields = tomllib.loads(source.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # of TOML or UTF-8, of numbers without end, or brackets
        raise AdlError.at("scenario", None, str(path), f"must be TOML: {error}") from None
    scenario = read(fields)
    if scenario.shock.marks is None:
        return scenario
    marks = source.parent / scenario.shock.marks
    return scenario.model_copy(update={"shock": scenario.shock.model_copy(update={"marks": str(marks)})})


def template() -> str:
    """A scenario as commented TOML, with the value of every key.

    Examples
    --------
    >>> read(tomllib.loads(template())) == Scenario()
    True
    """
    return Path(__file__).with_name("scenario.toml").read_text(encoding="utf-8")
