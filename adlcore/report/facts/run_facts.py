"""Everything that a report says of a run, worked out once, without any plotting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import Float64Array1D, Int64Array1D
from ...clearing import InsuranceFund, MarginState, margin_state
from ...clearing.closings import closing_fills
from ...errors import AdlError
from ...ranking.rules import RankingRule, as_rule
from .bearers import Bearers, bearers
from .closings import Closings, UncoveredLots, uncovered_lots
from .conservation import Conservation, conservation
from .debts import Debt, debts
from .fund_cash import FundCash, fund_cash, listed_funds
from .prices import PriceHistory, View, read_price_history, views
from .record import Record, RunLike, exact_sums_by_code, read_record, sum_by_code
from .refusals import Refusals, refusals
from .timeline import pass_axis
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
        given = run.configuration.get("rule") if isinstance(run.configuration, Mapping) else None
        self.rule = as_rule(rule if rule is not None else given if isinstance(given, str) else "binance")
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
        record = self.record
        return Closings(*closing_fills(record.kind, record.cause, record.wallet, record.lots, record.link))

    @cached_property
    def uncovered(self) -> UncoveredLots:
        """What nobody took, whenever a pass named it."""
        return uncovered_lots(self.record, self.run, self.prices)

    @cached_property
    def left(self) -> UncoveredLots:
        """What stands open at the end."""
        return self.uncovered.last(self.record)

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
        return clock_of(self.record.time, configured_time_unit(self.run.configuration), "configuration.time_unit")

    @cached_property
    def in_time(self) -> tuple[npt.NDArray[Any], dict[str, Any] | None]:
        """Where the start and each pass stand on an axis, and that axis where it is one of times."""
        return pass_axis(self.record, self.clock)

    @cached_property
    def settle(self) -> Int64Array1D:
        """int64[contracts]: the settle asset of each contract."""
        return self.run.before.settle

    def margin_state(self) -> MarginState:
        """The margin of all wallets before the first pass; a fresh one, which may be moved."""
        return margin_state(self.run.before)

    # Who and how many -------------------------------------------------------------------------------------------------

    @cached_property
    def liquidated(self) -> Int64Array1D:
        """Wallets whose liquidation was started."""
        return np.unique(self.record.wallet[self.record.of("liquidation-started")])

    @cached_property
    def everyone(self) -> int:
        """How many accounts there are."""
        return len(np.unique(self.run.before.wallets.account))

    def accounts_of(self, wallets: Int64Array1D) -> int:
        """How many accounts some wallets belong to."""
        return len(np.unique(self.run.before.wallets.account[wallets]))

    # Sums -------------------------------------------------------------------------------------------------------------

    def stage_worth(self, view: View) -> Float64Array1D:
        """float64[stages]: notional taken by each stage."""
        return self.closings.worth(self.record, view)

    def closed_worth(self, view: View) -> float:
        """Notional taken by all stages."""
        return float(self.stage_worth(view).sum())

    def stage_share(self, view: View, stage: int) -> float:
        """The share of a stage in what was closed; 0 where nothing was."""
        closed = self.closed_worth(view)
        return float(self.stage_worth(view)[stage]) / closed if closed else 0.0

    def left_worth(self, view: View) -> float:
        """Notional that nobody took at the end."""
        return float(self.left.worth(self.record, view, self.settle).sum())

    def taken(self, view: View) -> npt.NDArray[np.float64]:
        """float64[contracts, 2, stages + 1]: notional by contract, side and stage, and what nobody took last."""
        record, contracts = self.record, len(self.run.contracts)
        made = self.closings.by_side(record, view, contracts)
        code = record.contract[self.left.event] * 2 + (record.lots[self.left.event] < 0)
        left = sum_by_code(code, self.left.worth(record, view, self.settle), 2 * contracts)
        return np.concatenate([made, left.reshape(contracts, 2, 1)], axis=2)

    def left_by_pass(self, view: View) -> Float64Array1D:
        """float64[p]: notional that nobody took in each pass."""
        worth = self.uncovered.worth(self.record, view, self.settle)
        return sum_by_code(self.record.place[self.uncovered.event], worth, len(self.record.number))

    def money(self, kind: str, *causes: str) -> list[int]:
        """The exact sum of amounts of a kind and, where they are given, some causes, in quanta of each asset."""
        chosen = self.record.of(kind)
        if causes:
            chosen &= np.any([self.record.because(cause) for cause in causes], axis=0)
        event = np.flatnonzero(chosen)
        return exact_sums_by_code(self.record.amount[event], self.record.asset[event], len(self.run.assets))

    def owed(self) -> list[int]:
        """What is open at the end, in quanta of each asset."""
        found = [0] * len(self.run.assets)
        for debt in self.debts:
            found[debt.asset] += debt.left
        return found

    def settle_assets(self) -> list[int]:
        """Rows of the assets that contracts settle in, each once."""
        return list(dict.fromkeys(self.settle.tolist()))
