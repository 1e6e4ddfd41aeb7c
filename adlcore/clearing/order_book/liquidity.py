"""What an immediate-or-cancel order meets: the protocol of a book, and the book in which nothing rests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from ..._support.pickles import Versioned
from ...contracts import Contract

__all__ = ["Fills", "Liquidity", "NoLiquidity", "Restorable"]

Fills = Sequence[tuple[int, int]]


class Liquidity(Protocol):
    """A book that a house may send immediate-or-cancel orders to.

    Examples
    --------
    >>> class Wall:
    ...     def ioc(self, contract, quantity, limit, time):
    ...         return [(min(abs(quantity), 10), limit)]
    >>> book: Liquidity = Wall()
    """

    def ioc(self, contract: Contract, quantity: int, limit: int, time: int) -> Fills:
        """Fill an order at once, as far as the book allows.

        Parameters
        ----------
        contract : Contract
        quantity : int
            Signed lots: below 0 sells.
        limit : int
            Worst price in ticks.
        time : int

        Returns
        -------
        sequence of (int, int)
            Lots (above 0) and price in ticks of each fill, best first: none beyond the limit, together
            at most ``|quantity|`` lots.
        """


@runtime_checkable
class Restorable(Liquidity, Protocol):
    """A book that a house which fails in the middle of a pass can put back.

    Examples
    --------
    >>> isinstance(NoLiquidity(), Restorable)
    True
    """

    def checkpoint(self) -> Any:
        """The state of the book now, for :meth:`restore`."""

    def restore(self, token: Any) -> None:
        """Put the book back to a :meth:`checkpoint`; a token may be used again."""


class NoLiquidity(Versioned):
    """A book in which nothing rests: no order is filled.

    Examples
    --------
    >>> NoLiquidity().ioc(Contract("BTCUSDT", tick="0.1"), -5, 1, 0)
    ()
    """

    def ioc(self, contract: Contract, quantity: int, limit: int, time: int) -> Fills:
        """As :meth:`Liquidity.ioc`."""
        return ()

    def best(self, symbol: str, side: str, time: int | None = None) -> None:
        """No price: nobody is there."""

    def checkpoint(self) -> None:
        """There is nothing to remember."""

    def restore(self, token: None) -> None:
        """There is nothing to put back."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NoLiquidity)

    def __hash__(self) -> int:
        return hash(NoLiquidity)

    def __repr__(self) -> str:
        return "NoLiquidity()"
