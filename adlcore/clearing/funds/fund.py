"""Insurance funds: what each holds, for which contracts it answers, and which fund stands behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..._support.arrays import refuse_unfit
from ..._support.options import read_list
from ..._support.pickles import Versioned
from ..._support.text import call_text
from ...contracts.decimals import Number, canonical, exact_decimal
from ...errors import AdlError
from .triggers import Trigger

__all__ = ["RESERVED_NAMES", "InsuranceFund"]

#: Parties of every house; no fund may be called so.
RESERVED_NAMES = ("street", "treasury")


@dataclass(frozen=True, init=False, repr=False)
class InsuranceFund(Versioned):
    """The definition of an insurance fund: its asset, its money and the contracts it answers for.

    Parameters
    ----------
    asset : str
        The name of the asset that it holds.
    balance : decimal string or number, default "0"
        What it holds when the house opens, in units of the asset: 0 or above.
    scope : str or iterable of str, optional
        The contracts that it answers for, by symbol: all must settle in its asset. Without a scope
        it answers for every contract that settles in the asset and that no other fund names.
    name : str, optional
        The asset's where it has no scope, else the symbols with ``+`` between them.
    parent : str, optional
        The name of the fund of the same asset that pays what this one cannot.
    parent_cap : decimal string or number, optional
        Most that the parent pays for this fund, in all, in units of the asset; no limit without it.
    trigger : Trigger, optional
        When it takes no more positions; the venue's, without it.

    Attributes
    ----------
    scope : tuple of str or None
    balance, parent_cap : Decimal

    Raises
    ------
    AdlError
        For an amount below 0, a scope that is empty or names a contract twice, a cap without a
        parent, a fund that is its own parent, and the names ``street`` and ``treasury``.

    Notes
    -----
    Whether assets and contracts are known is seen when a house opens:
    :func:`~adlcore.clearing.funds.fund_table.resolve_funds`.

    Examples
    --------
    >>> InsuranceFund("USDT", balance="5_000_000")
    InsuranceFund('USDT', '5000000')
    >>> fund = InsuranceFund("USDT", "1000", scope=["BTCUSDT", "ETHUSDT"], parent="USDT", parent_cap="500")
    >>> fund.name, fund.parent
    ('BTCUSDT+ETHUSDT', 'USDT')
    """

    PICKLED = ("asset", "balance", "scope", "name", "parent", "parent_cap", "trigger")

    asset: str
    balance: Decimal
    scope: tuple[str, ...] | None
    name: str
    parent: str | None
    parent_cap: Decimal | None
    trigger: Trigger | None

    def __init__(
        self,
        asset: str,
        balance: Number = "0",
        *,
        scope: str | Iterable[str] | None = None,
        name: str | None = None,
        parent: str | None = None,
        parent_cap: Number | None = None,
        trigger: Trigger | None = None,
    ) -> None:
        _require_text(asset, "asset", "'USDT'")
        symbols = None if scope is None else _read_scope(scope)
        called = name if name is not None else asset if symbols is None else "+".join(symbols)
        _require_text(called, "name", "'USDT'")
        if called in RESERVED_NAMES:
            raise AdlError.at("name", None, called, "must be another: every house has a party of that name")
        if parent is not None:
            _require_text(parent, "parent", "'USDT'")
            if parent == called:
                raise AdlError.at("parent", None, parent, "must be another fund")
        elif parent_cap is not None:
            raise AdlError.at("parent_cap", None, parent_cap, "must be absent: the fund has no parent")
        if trigger is not None and not isinstance(trigger, Trigger):
            raise AdlError.at("trigger", None, trigger, "must be a trigger such as Depleted()")
        own, cap = (
            _read_amount(balance, "balance"),
            None if parent_cap is None else _read_amount(parent_cap, "parent_cap"),
        )
        for field, value in zip(self.PICKLED, (asset, own, symbols, called, parent, cap, trigger), strict=True):
            object.__setattr__(self, field, value)

    def __repr__(self) -> str:
        scope = self.scope
        shown = {
            "scope": None if scope is None else scope[0] if len(scope) == 1 else list(scope),
            "name": self.name if self.name != (self.asset if scope is None else "+".join(scope)) else None,
            "parent": self.parent,
            "parent_cap": None if self.parent_cap is None else canonical(self.parent_cap),
            "trigger": self.trigger,
        }
        terms = [repr(self.asset), repr(canonical(self.balance))]
        terms += [f"{name}={value!r}" for name, value in shown.items() if value is not None]
        return call_text("InsuranceFund", terms)


def _read_scope(scope: Any) -> tuple[str, ...]:
    """One symbol or a list of them, as a tuple without repetitions."""
    must = "must be a symbol or a list of symbols"
    symbols = (scope,) if isinstance(scope, str) else tuple(read_list("scope", scope, must))
    if not symbols:
        raise AdlError.at("scope", None, scope, "must name a contract; None means all of the asset")
    for row, symbol in enumerate(symbols):
        if not isinstance(symbol, str) or not symbol:
            raise AdlError.at("scope", row, symbol, "must be a non-empty string such as 'BTCUSDT'")
        refuse_unfit("scope", symbol, row)
        if symbol in symbols[:row]:
            raise AdlError.at("scope", row, symbol, "must not be named twice")
    return symbols


def _require_text(value: Any, argument: str, example: str) -> None:
    if not isinstance(value, str) or not value:
        raise AdlError.at(argument, None, value, f"must be a non-empty string such as {example}")
    refuse_unfit(argument, value)


def _read_amount(value: Number, argument: str) -> Decimal:
    amount = exact_decimal(value, argument)
    if amount < 0:
        raise AdlError.at(argument, None, value, "must be 0 or above")
    return amount
