"""Everything that a report says of a run, worked out once, without any plotting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..._support.arrays import Int64Array1D
from ...clearing import InsuranceFund, MarginState, margin_state
from ...errors import AdlError
from ...ranking.rules import RankingRule, as_rule
from .bearers import Bearers, bearers
from .closings import Closings, UncoveredLots, closings, uncovered_lots
from .conservation import Conservation, conservation
from .debts import Debt, debts
from .fund_cash import FundCash, fund_cash, listed_funds
from .prices import PriceHistory, View, read_price_history, views
from .record import Record, RunLike, exact_sums_by_code, read_record
from .refusals import Refusals, refusals
from .timeline import PassAxis, pass_axis
from .times import Clock, clock_of, configured_time_unit

__all__ = ["Facts"]

#: What every run has that a report can be made of.
READ = ("before", "contracts", "assets", "configuration", "manifest", "event_codes", "passes", "mark_codes")


class Facts:
    """The facts of a run; each is computed when it is first asked for.

    Parameters
    ----------
    run : Run
    rule : str or RankingRule, optional
        By which the queues are shown; without it what the run's configuration has under ``rule``, else ``binance``.
    funds : iterable of InsuranceFund, optional
        Those of the house, for their opening balances where the run does not say what its funds held; without it
        what the configuration has under ``funds``.
    """

    def __init__(
        self, run: RunLike, rule: str | RankingRule | None = None, funds: Iterable[InsuranceFund] | None = None
    ) -> None:
        # Asked of the type: a property reads files.
        if not all(hasattr(type(run), name) or name in getattr(run, "__dict__", ()) for name in READ):
            raise AdlError.at("run", None, run, "must be a Run, as adlcore.io.open_run gives it")
        self.run = run
        configured = run.configuration.get("rule") if isinstance(run.configuration, Mapping) else None
        self.rule = as_rule(rule if rule is not None else configured if isinstance(configured, str) else "binance")
        self._listed = listed_funds(run, funds)

    @cached_property
    def record(self) -> Record:
        """The events."""
        return read_record(self.run)

    @cached_property
    def prices(self) -> PriceHistory:
        """Marks and index prices."""
        return read_price_history(self.run, self.record)

    @cached_property
    def views(self) -> list[View]:
        """Units that amounts are summed in."""
        return views(self.run, self.prices)

    @cached_property
    def closings(self) -> Closings:
        """Fills that closed positions in liquidation."""
        return closings(self.record)

    @cached_property
    def uncovered(self) -> UncoveredLots:
        """What nobody took, whenever a pass named it."""
        return uncovered_lots(self.record, self.run, self.prices)

    @cached_property
    def uncovered_at_end(self) -> UncoveredLots:
        """What the last pass left without a taker."""
        return self.uncovered.at_end()

    @cached_property
    def debts(self) -> list[Debt]:
        """Open entries of money."""
        return debts(self.record, self.run)

    @cached_property
    def funds(self) -> list[FundCash]:
        """The cash of the funds."""
        return fund_cash(self.record, self.run, self.prices, self._listed)

    @cached_property
    def refusals(self) -> Refusals:
        """Why funds did not take positions over."""
        return refusals(self.record)

    @cached_property
    def conservation(self) -> Conservation:
        """The audit of the events."""
        return conservation(self.record, self.run)

    @cached_property
    def bearers(self) -> list[Bearers]:
        """Who was deleveraged, for each view."""
        return [bearers(self.record, self.run, view) for view in self.views]

    @cached_property
    def clock(self) -> Clock:
        """How times are told."""
        return clock_of(self.record.pass_time, configured_time_unit(self.run.configuration), "configuration.time_unit")

    @cached_property
    def pass_axis(self) -> PassAxis:
        """Where the start and each pass stand on the axis of figures."""
        return pass_axis(self.record, self.clock)

    def margin_state(self) -> MarginState:
        """The margin of all wallets before the first pass; a fresh one, which may be moved."""
        return margin_state(self.run.before)

    # Who and how many -------------------------------------------------------------------------------------------------

    @cached_property
    def liquidated(self) -> Int64Array1D:
        """Wallets whose liquidation was started."""
        return np.unique(self.record.wallet[self.record.of("liquidation-started")])

    @cached_property
    def account_count(self) -> int:
        """How many accounts there are."""
        return len(np.unique(self.run.before.wallets.account))

    def accounts_of(self, wallets: Int64Array1D) -> int:
        """How many accounts some wallets belong to."""
        return len(np.unique(self.run.before.wallets.account[wallets]))

    # Sums -------------------------------------------------------------------------------------------------------------

    def notional_by_side(self, view: View) -> npt.NDArray[np.float64]:
        """float64[contracts, 2, stages + 1]: by contract and side what each stage took, and at the end nobody."""
        contracts = len(self.run.contracts)
        taken = self.closings.by_side(view, contracts)
        uncovered = self.uncovered_at_end.by_side(view, contracts)
        return np.concatenate([taken, uncovered[:, :, None]], axis=2)

    def money(self, kind: str, *causes: str) -> list[int]:
        """The exact sum of amounts of a kind and, where they are given, some causes, in quanta of each asset."""
        chosen = self.record.of(kind)
        if causes:
            chosen &= np.any([self.record.because(cause) for cause in causes], axis=0)
        event = np.flatnonzero(chosen)
        return exact_sums_by_code(self.record.amount[event], self.record.asset[event], len(self.run.assets))

    def owed(self) -> list[int]:
        """What is open at the end, in quanta of each asset."""
        quanta = [0] * len(self.run.assets)
        for debt in self.debts:
            quanta[debt.asset] += debt.left
        return quanta

    def settle_assets(self) -> list[int]:
        """Rows of the assets that contracts settle in, each once."""
        return list(dict.fromkeys(self.run.before.settle.tolist()))
