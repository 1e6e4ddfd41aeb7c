"""A venue's rulebook: the stages of its waterfall in their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..._support.options import read_flag, read_list
from ...contracts.decimals import is_whole
from ...errors import AdlError
from ..funds.triggers import Trigger
from .stage import Stage
from .uncovered import Uncovered

__all__ = ["Venue", "as_venue"]


@dataclass(frozen=True, init=False)
class Venue:
    """A rulebook as data: stages in their order, and what starts auto-deleveraging.

    Parameters
    ----------
    name : str
    stages : iterable of Stage
        At least one; ``Uncovered()``, by which nobody takes anything, is put at the end where it is not there.
    trigger : trigger, optional
        Of funds that have none of their own; else :class:`~adlcore.clearing.funds.triggers.Depleted`.
    inclusive : bool, default True
        Whether a wallet whose equity equals its maintenance margin is liquidatable.
    max_rounds : int, optional
        Rounds of a pass at most; who is left is named by an event.

    Raises
    ------
    AdlError
        For a name that is no text, what is no stage, none at all, and for ``Uncovered`` before another stage.

    Examples
    --------
    >>> from adlcore.clearing import CancelOrders, Deleverage, TakeOver
    >>> venue = Venue("mine", [CancelOrders(), TakeOver(), Deleverage("roi")])
    >>> venue.stages
    (CancelOrders(), TakeOver(), Deleverage('roi'), Uncovered())
    """

    name: str
    stages: tuple[Stage, ...]
    trigger: Trigger | None
    inclusive: bool
    max_rounds: int | None

    def __init__(
        self,
        name: str,
        stages: Iterable[Stage],
        *,
        trigger: Trigger | None = None,
        inclusive: bool = True,
        max_rounds: int | None = None,
    ) -> None:
        if not isinstance(name, str):
            raise AdlError.at("name", None, name, "must be text, such as 'mine'")
        must = "must be a list of stages, such as [TakeOver()]"
        listed = (stages,) if isinstance(stages, Stage) else tuple(read_list("stages", stages, must))
        if not listed:
            must = "must have at least one: [adlcore.clearing.Uncovered()] says that nobody takes anything"
            raise AdlError.at("stages", None, [], must)
        for place, stage in enumerate(listed):
            if not isinstance(stage, Stage):
                raise AdlError.at("stages", place, stage, "must be a stage, such as TakeOver()")
            if isinstance(stage, Uncovered) and place < len(listed) - 1:
                raise AdlError.at("stages", place, stage, "must be the last: it names what nobody took")
        if not isinstance(listed[-1], Uncovered):
            listed = (*listed, Uncovered())
        if max_rounds is not None and (not is_whole(max_rounds) or max_rounds < 1):
            raise AdlError.at("max_rounds", None, max_rounds, "must be a whole number, 1 or above, or None")
        if trigger is not None and not isinstance(trigger, Trigger):
            raise AdlError.at("trigger", None, trigger, "must be a trigger, such as Depleted()")
        for field, value in zip(
            ("name", "stages", "trigger", "inclusive", "max_rounds"),
            (name, listed, trigger, read_flag("inclusive", inclusive), max_rounds),
            strict=True,
        ):
            object.__setattr__(self, field, value)

    @property
    def vaults(self) -> tuple[str, ...]:
        """The vaults that its stages name."""
        return tuple(dict.fromkeys(vault for stage in self.stages for vault in stage.vaults))


def as_venue(venue: Venue | Iterable[Stage]) -> Venue:
    """A venue, or the one of these stages; errors call them by the name of the argument."""
    if isinstance(venue, Venue):
        return venue
    try:
        return Venue("custom", venue)
    except AdlError as error:
        raise error.placed("venue", error.row, error.value) from None
