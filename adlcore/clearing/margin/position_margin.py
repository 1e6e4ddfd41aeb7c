"""The margin of each position, and the prices at which its wallet fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ... import _kernels
from ..._support import arrays
from ..._support.arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D
from ...contracts import Contract
from ...contracts.decimals import Number
from ...errors import AdlError
from ...market import liquidation_prices
from ...market.market import Market
from ..snapshot.tables import PORTFOLIO
from . import free_margin
from .collateral import convert_quanta
from .margin_pass import MarginPass, Tiers

__all__ = ["PositionMargin"]


class PositionMargin:
    """What each position of a margin state adds to its wallet, at the latest marks.

    Rows are those of the snapshot's positions. Money is in int64 quanta of the contract's settle
    asset; arrays are read-only.

    Examples
    --------
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], ["0.05"]))],
    ...     wallets={"account": ["ann", "bob"], "balance": ["12", "100"]},
    ...     positions={
    ...         "account": ["ann", "bob"], "contract": ["X", "X"], "quantity": [10, -10], "entry_price": [10, 10]
    ...     },
    ...     marks={"X": "9.25"},
    ... )
    >>> rows = adl.margin_state(snapshot).positions
    >>> rows.unrealized_pnl, rows.maintenance_margin
    (array([-750000000,  750000000]), array([462500000, 462500000]))
    >>> rows.liquidation_price().round(4), rows.bankruptcy_price().round(4)
    (array([ 9.2632, 19.0476]), array([ 8.8, 20. ]))
    """

    def __init__(self, margin_pass: MarginPass) -> None:
        self._margin_pass = margin_pass

    @property
    def unrealized_pnl(self) -> Int64Array1D:
        """int64[n]: ``MV - EV``."""
        return arrays.frozen(self._margin_pass.pnl)

    @property
    def maintenance_margin(self) -> Int64Array1D:
        """int64[n]: ``max(0, rint(max_t(|MV|·r_t - a_t)))``."""
        return arrays.frozen(self._margin_pass.margin)

    @property
    def mark_value(self) -> Int64Array1D:
        """int64[n]: MV, signed; the notional is its magnitude."""
        return arrays.frozen(self._margin_pass.pnl + self._margin_pass.books.positions.entry_value)

    @property
    def initial_margin(self) -> Int64Array1D:
        """int64[n]: ``|MV|/leverage`` rounded up where a leverage was chosen, else the maintenance margin."""
        return arrays.frozen(free_margin.initial_margins(self._margin_pass))

    def liquidation_price(
        self, rows: npt.ArrayLike | None = None, *, taker_fee: Number = 0.0, root: str = "nearest"
    ) -> Float64Array1D:
        """The mark price of its contract at which the wallet of a position becomes liquidatable.

        Parameters
        ----------
        rows : array_like of int, shape (k,), optional
            Position rows; else all.
        taker_fee : number, default 0
            Fee of the closing trade as a share of its notional.
        root : {"nearest", "lower", "upper"}
            For a wallet with a long and a short leg of the contract: which of its two prices.

        Returns
        -------
        float64[k]
            As :func:`adlcore.liquidation_price`: NaN where there is none, +inf or 0.0 where every
            price is too late.

        Notes
        -----
        All other marks and all index prices are held. Under portfolio margin, profit in an asset is
        collateral after its haircut and loss counts in full, so equity bends where the holding
        passes zero: both lines are solved and the one that fails first holds. O(k·tiers).
        """
        chosen = liquidation_prices.ROOTS
        if root not in chosen:
            raise AdlError.at("root", None, root, f"must be one of {', '.join(chosen)}")
        return self._solve_by_contract(
            rows, lambda code, part: self._liquidation(code, part, liquidation_prices.read_fee(taker_fee), root)
        )

    def bankruptcy_price(self, rows: npt.ArrayLike | None = None, *, taker_fee: Number = 0.0) -> Float64Array1D:
        """The price at which closing a position would leave its wallet with nothing: its own, for display.

        Parameters
        ----------
        rows, taker_fee
            As :meth:`liquidation_price`.

        Returns
        -------
        float64[k]

        Notes
        -----
        Bankrupt wallets are closed at shared prices: :func:`adlcore.clearing.shared_bankruptcy`.
        """

        fee = liquidation_prices.read_fee(taker_fee)
        tiers = Tiers(liquidation_prices.NO_MARGIN, liquidation_prices.NO_MARGIN)

        def solve(code: int, part: Int64Array1D) -> Float64Array1D:
            return self._solve(code, part, np.full(len(part), -1), fee, tiers, "nearest", needs_margin=False)

        return self._solve_by_contract(rows, solve)

    def market(self, contract: str | Contract) -> Market:
        """The rows of one contract with what their wallets have; :meth:`MarginState.market` says more."""
        margin_pass = self._margin_pass
        code = margin_pass.books.code(contract)
        rows, positions, wallets = margin_pass.books.rows(code), margin_pass.books.positions, margin_pass.books.wallets
        wallet = positions.wallet[rows]
        columns = {
            "equity": margin_pass.equity[wallet],
            "balance": free_margin.balances(margin_pass)[wallet],
            "maintenance_margin": margin_pass.wallet_margin[wallet],
        }
        valued = np.flatnonzero(wallets.is_valued(wallet))
        if len(valued):
            asset = int(margin_pass.books.settle[code])
            per_numeraire = [1 / margin_pass.rates.price_of(asset)]
            one = np.zeros(len(valued), INT64)
            for name, column in columns.items():
                column[valued] = convert_quanta(column[valued], per_numeraire, one, "half-even", name)
        mark = margin_pass.marks[code]
        if mark is None:
            raise AdlError.at(
                "marks", None, margin_pass.books.contracts[code].symbol, "has no mark price: must have one"
            )
        if not margin_pass.has_all_tiers:
            del columns["maintenance_margin"]
        leverage = positions.leverage[rows]
        return Market(
            margin_pass.books.contracts[code],
            mark_price=mark,
            quantity=positions.quantity[rows],
            entry_value=positions.entry_value[rows],
            account_equity=columns["equity"],
            leverage=leverage if leverage.any() else None,
            tie=wallet,
            account=wallets.account[wallet],
            **columns,
        )

    # Solving ----------------------------------------------------------------------------------------------------------

    def _solve_by_contract(self, rows: npt.ArrayLike | None, solve: Any) -> Float64Array1D:
        """Solve contract by contract, in the order of `rows`."""
        books = self._margin_pass.books
        n = len(books.positions)
        if rows is None:
            parts = [np.arange(books.start[k], books.start[k + 1]) for k in range(len(books.contracts))]
            found = [solve(code, part) for code, part in enumerate(parts) if len(part)]
            return np.concatenate([np.zeros(0), *found])
        chosen = arrays.number_column("rows", rows)
        if len(chosen) and (chosen.dtype != INT64 or not ((chosen >= 0) & (chosen < n)).all()):
            bad = int(np.flatnonzero(~((chosen >= 0) & (chosen < n)))[0]) if chosen.dtype == INT64 else 0
            raise AdlError.at("rows", bad, chosen[bad], f"must be a row of the positions, 0 to {n - 1}")
        out, picked = np.empty(len(chosen)), chosen.astype(INT64)
        code_of = books.contract_of(picked)
        for code in np.unique(code_of).tolist():
            places = np.flatnonzero(code_of == code)
            out[places] = solve(code, picked[places])
        return out

    def _liquidation(self, code: int, rows: Int64Array1D, fee: float, root: str) -> Float64Array1D:
        """Liquidation prices of rows of one contract, which must have tiers."""
        margin_pass = self._margin_pass
        if margin_pass.books.contracts[code].tiers is None:
            symbol = margin_pass.books.contracts[code].symbol
            raise AdlError.at("contracts", code, symbol, "must have margin tiers: Contract(..., tiers=...)")
        tiers = Tiers(*liquidation_prices.lines(*margin_pass.tiers(code)))
        return self._solve(code, rows, self._partner(code, rows), fee, tiers, root, needs_margin=True)

    def _partner(self, code: int, rows: Int64Array1D) -> Int64Array1D:
        """Row of the other leg in the same wallet, or -1; it stands next to its leg."""
        positions, whole = self._margin_pass.books.positions, self._margin_pass.books.rows(code)
        wallet = positions.wallet
        after, before = np.minimum(rows + 1, whole.stop - 1), np.maximum(rows - 1, whole.start)
        found = np.where((after > rows) & (wallet[after] == wallet[rows]), after, -1)
        found = np.where((before < rows) & (wallet[before] == wallet[rows]), before, found)
        legs = np.flatnonzero(found >= 0)
        legs = legs[(positions.quantity[rows[legs]] == 0) | (positions.quantity[found[legs]] == 0)]
        found[legs] = -1  # a row of no lots is no leg
        return found

    def _solve(
        self,
        code: int,
        rows: Int64Array1D,
        partner: Int64Array1D,
        fee: float,
        tiers: Tiers,
        root: str,
        needs_margin: bool,
    ) -> Float64Array1D:
        """The prices at which the wallets of rows of one contract fail."""
        margin_pass = self._margin_pass
        joint = partner >= 0
        if margin_pass.slots.has_valued:  # portfolio equity bends with the price: two lines, as of two legs
            joint |= margin_pass.books.wallets.mode[margin_pass.books.positions.wallet[rows]] == PORTFOLIO
        alone, together = np.flatnonzero(~joint), np.flatnonzero(joint)
        out = np.empty(len(rows))
        out[alone] = self._one_root(code, rows[alone], fee, tiers, needs_margin)
        if len(together):
            legs = partner[together]
            lower, upper = self._two_roots(code, rows[together], legs, fee, tiers, needs_margin)
            long = margin_pass.books.positions.quantity[rows[together]] > 0
            own, other = np.where(long, lower, upper), np.where(long, upper, lower)
            mark = margin_pass.marks[code]
            assert mark is not None  # a contract that somebody holds has a mark
            chosen = {"lower": lower, "upper": upper}.get(root)
            chosen = liquidation_prices.nearest_root(lower, upper, long, float(mark)) if chosen is None else chosen
            out[together] = np.where(legs >= 0, chosen, np.where(np.isnan(own), other, own))
        return out

    def _one_root(self, code: int, rows: Int64Array1D, fee: float, tiers: Tiers, needs_margin: bool) -> Float64Array1D:
        """Prices of rows whose wallets' equity is a line."""
        positions, out = self._margin_pass.books.positions, np.empty(len(rows))
        ((_, budget),) = self._budgets(code, rows, None, needs_margin)
        size, cost = positions.quantity[rows].astype(FLOAT64), positions.entry_value[rows].astype(FLOAT64)
        exposures = _kernels.margin.prices.Exposures(size, cost, budget)
        _kernels.margin.prices.root_prices(exposures, self._price_terms(code, tiers, 1.0, fee), out)
        return out

    def _two_roots(
        self, code: int, rows: Int64Array1D, partner: Int64Array1D, fee: float, tiers: Tiers, needs_margin: bool
    ) -> tuple[Float64Array1D, Float64Array1D]:
        """Prices below and above which wallets fail that have two legs or a bend."""
        positions = self._margin_pass.books.positions
        size, cost = positions.quantity[rows].astype(FLOAT64), positions.entry_value[rows].astype(FLOAT64)
        opposite = _partner_values(positions.quantity, partner)
        cost += _partner_values(positions.entry_value, partner)
        lower, upper = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        for share, budget in self._budgets(code, rows, partner, needs_margin):
            low, high = np.empty(len(rows)), np.empty(len(rows))
            legs = _kernels.margin.prices.Exposures(size, cost, budget, opposite)
            _kernels.margin.prices.root_price_pairs(legs, self._price_terms(code, tiers, share, fee), low, high)
            # What fails first; NaN gives way.
            lower, upper = np.fmax(lower, low), np.fmin(upper, high)
        hopeless = lower > upper
        return np.where(hopeless, np.inf, lower), np.where(hopeless, 0.0, upper)

    def _price_terms(self, code: int, tiers: Tiers, kept_share: float, fee: float) -> _kernels.margin.prices.PriceTerms:
        """What a lot of a contract costs a wallet by these tiers, in quanta, where that share of a profit counts."""
        contract = self._margin_pass.books.contracts[code]
        value_at_one = float(contract.units_per_lot * contract.settle.quanta_per_unit)
        return _kernels.margin.prices.PriceTerms(
            tiers.rate,
            tiers.amount,
            kept_share=kept_share,
            fee=fee,
            value_at_one=value_at_one,
            inverse=contract.inverse,
        )

    def _budgets(
        self, code: int, rows: Int64Array1D, partner: Int64Array1D | None, needs_margin: bool
    ) -> list[tuple[float, Float64Array1D]]:
        """What wallets have beside these rows and their other legs, less what their other positions must keep.

        In quanta of the settle asset, with the share of the rows' profit that counts: in full and, where
        there are portfolio wallets, after the haircut. A line that a wallet has not is never met: +inf.
        """
        margin_pass = self._margin_pass
        wallet = margin_pass.books.positions.wallet[rows]
        own, kept = margin_pass.pnl[rows].astype(FLOAT64), margin_pass.margin[rows].astype(FLOAT64)
        if partner is not None:
            own, kept = (
                own + _partner_values(margin_pass.pnl, partner),
                kept + _partner_values(margin_pass.margin, partner),
            )
        equity, margin = (column[wallet].astype(FLOAT64) for column in (margin_pass.equity, margin_pass.wallet_margin))
        mode = margin_pass.books.wallets.mode[wallet] if margin_pass.slots.has_valued else np.zeros(0)
        valued = margin_pass.books.wallets.is_valued(wallet) if margin_pass.slots.has_valued else np.zeros(0, bool)
        if valued.any():
            price = float(margin_pass.rates.price_of(int(margin_pass.books.settle[code])))
            equity = np.where(valued, equity / price, equity)
            margin = np.where(valued, margin / price, margin)
        others = margin - kept if needs_margin else np.zeros(len(rows))
        budget = equity - own - others
        bent = np.flatnonzero(mode == PORTFOLIO)
        if not len(bent):
            return [(1.0, budget)]
        # The holding of the settle asset counts as the lesser of two lines through zero.
        share = float(margin_pass.rates.collateral_share[int(margin_pass.books.settle[code])])
        slot = margin_pass.slots.position_slot[rows[bent]]
        holding = margin_pass.sums[slot, 0] + (margin_pass.slots.amount[slot] - margin_pass.slots.loan[slot]).astype(
            FLOAT64
        )
        rest = equity[bent] - np.minimum(holding * share, holding) - others[bent]
        cut = np.full(len(rows), np.inf)
        budget[bent], cut[bent] = rest + (holding - own[bent]), rest + share * (holding - own[bent])
        return [(1.0, budget), (share, cut)]


def _partner_values(column: Int64Array1D, partner: Int64Array1D) -> Float64Array1D:
    """The values of other legs; 0 where there is none."""
    return np.where(partner >= 0, column[np.maximum(partner, 0)], 0).astype(FLOAT64)
