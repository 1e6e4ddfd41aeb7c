"""A crash as a file: contracts, wallets, funds, depth and a shock, checked, with a value for every key.

``load`` reads TOML; every key that is missing has the value of :func:`template`, so that an empty file is the
crash of ``adlcore demo``. :mod:`adlcore.lab.crash` makes it happen.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Self

from .._support.extras import optional_import
from .._support.options import read_path
from ..errors import AdlError

with optional_import("pydantic", "reading scenarios"):
    from pydantic import Field, ValidationError, model_validator

from .scenario_tables import (
    Collateral,
    Depth,
    FundEntry,
    Listing,
    ScenarioTable,
    Shock,
    VenueTable,
    WalletsTable,
    listings,
)

__all__ = ["Scenario", "load", "read", "template"]


class Scenario(ScenarioTable):
    """A whole crash. Immutable; the same scenario gives the same run, to the byte.

    Examples
    --------
    >>> scenario = Scenario(seed=3)
    >>> [listing.symbol for listing in scenario.contracts]
    ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'AVAXUSDT', 'BTCUSD', 'ETHUSD']
    """

    name: str = "crash"
    seed: Annotated[int, Field(ge=0)] = 7
    contracts: tuple[Listing, ...] = Field(default_factory=listings, min_length=1)
    assets: tuple[Collateral, ...] = (
        Collateral(name="BTC", index="BTCUSDT", haircut="0.05"),
        Collateral(name="ETH", index="ETHUSDT", haircut="0.1"),
    )
    wallets: WalletsTable = WalletsTable()
    funds: tuple[FundEntry, ...] = tuple(FundEntry(asset=asset, ratio=0.003) for asset in ("USDT", "BTC", "ETH"))
    venue: VenueTable = VenueTable()
    depth: Depth = Depth()
    shock: Shock = Shock()

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        symbols = [listing.symbol for listing in self.contracts]
        assets = ["USDT", *(asset.name for asset in self.assets)]
        for name, names in (("contracts", symbols), ("assets", assets)):
            twice = next((each for each in names if names.count(each) > 1), None)
            if twice is not None:
                raise ValueError(f"{name}: {twice} must be there once")
        for listing in self.contracts:
            _refuse_unknown(f"contracts.{listing.symbol}.settle", listing.settle, assets)
            if listing.kind == "inverse" and listing.settle == "USDT":
                raise ValueError(f"contracts.{listing.symbol}.settle must be a coin: the contract is inverse")
            if listing.follows is not None:
                _refuse_unknown(f"contracts.{listing.symbol}.follows", listing.follows, symbols)
        for asset in self.assets:
            _refuse_unknown(f"assets.{asset.name}.index", asset.index, symbols)
        for fund in self.funds:
            _refuse_unknown("funds.asset", fund.asset, assets)
            for symbol in fund.scope or ():
                _refuse_unknown("funds.scope", symbol, symbols)
        return self

    def fields(self) -> dict[str, Any]:
        """The scenario as JSON holds it; :func:`read` gives it back."""
        return dict(self.model_dump(mode="json"))


def _refuse_unknown(key: str, name: str, known: list[str]) -> None:
    """Refuse a name that a key refers to and no other table has."""
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
        raise _first_error(error) from None


def _first_error(error: ValidationError) -> AdlError:
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
        cause = context["error"]
        if isinstance(cause, AdlError) and cause.value == value:
            return cause.placed(key, None, value)
        if isinstance(cause, AdlError) or not key:
            return AdlError(f"{key}: {cause}" if key else str(cause), argument=key or "scenario")
        return AdlError.at(key, None, value, str(cause))
    return AdlError.at(key, None, value, first["msg"].replace("Input should be", "must be"))


def _keys_beside(place: tuple[int | str, ...]) -> list[str]:
    """The keys of the table in which a key stands."""
    model: Any = Scenario
    for part in place[:-1]:
        if isinstance(part, str):
            kind = model.model_fields[part].annotation
            model = next(
                (each for each in (kind, *getattr(kind, "__args__", ())) if hasattr(each, "model_fields")), model
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

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "small.toml")
    ...     _ = path.write_text("seed = 5", encoding="utf-8")
    ...     load(path).seed
    5
    """
    source = read_path("path", path)
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
