"""Prices of positions in wallets: at its liquidation price a wallet's equity is its margin, at bankruptcy nothing."""

import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.margin.margin_state import kept_margin_state
from support import margin_oracle as oracle
from support.house_books import TEN_PERCENT, linear, snapshot
from support.refusals import refused_for as refused

#: Multiples of the mark at which nothing may change where no price is given.
PROBES = [Fraction(10) ** power for power in (-8, -4, -2, 0, 2, 4, 8)]
fees = st.sampled_from(["0", "0.0005", "0.02"])


def tolerance(slow, wallet):
    """A few quanta for each rounding, and 1e-9 of all that is added up."""
    parts = [(Fraction(1), slow.stored_balance[wallet])]
    for n in slow.rows_of[wallet]:
        row = slow.rows[n]
        parts += [(slow.rate(row), row.value), (slow.rate(row), row.cost)]
    for asset, price in enumerate(slow.asset_price):
        if price is not None:
            parts += [(price, slow.amount[wallet, asset]), (price, slow.loan[wallet, asset])]
    return float(sum(3 * max(rate, 1) + abs(amount) * rate / 10**9 for rate, amount in parts))


def surplus(books, slow, row, price, fee):
    """Equity less margin and the fee of closing the contract's rows, were its mark `price`; and a tolerance."""
    there = oracle.SlowMargin(books, {slow.rows[row].contract.symbol: price})
    wallet = there.rows[row].wallet
    legs = [there.rows[n] for n in there.rows_of[wallet] if there.rows[n].code == there.rows[row].code]
    paid = sum(abs(leg.value) * there.rate(leg) * Fraction(fee) for leg in legs)
    return float(there.equity[wallet] - there.margin[wallet] - paid), tolerance(there, wallet)


def closed(slow, row, price, fee):
    """Equity less the fee, were one row worth what it is at `price`, all others at their marks; and a tolerance."""
    there, kept = slow.rows[row], (slow.rows[row].value, slow.rows[row].pnl)
    there.value = round(there.quantity * oracle.quanta_per_lot(there.contract, price))
    there.pnl = there.value - there.cost
    equity, allowed = slow.equity_of(there.wallet), tolerance(slow, there.wallet)
    left = float(equity - abs(there.value) * slow.rate(there) * Fraction(fee))
    there.value, there.pnl = kept
    return left, allowed


def turned(slow, row):
    """Whether a profit is worth nothing, so that what grows with it, margin or fee, may fail a wallet."""
    return slow.mode[row.wallet] == oracle.MODES.index("portfolio") and not slow.kept_share[slow.settle(row)]


def assert_root(price, long, mark, at, either=False):
    """Zero at the price, failing behind it and sound before it; without one the same everywhere.

    With `either` it is behind the price on one of its sides.
    """
    if 0 < price < math.inf:
        if either:
            below, above = (at(Fraction(price) * factor)[0] for factor in (Fraction(9, 10), Fraction(10, 9)))
            long = below < above
        left, allowed = at(Fraction(price))
        assert abs(left) <= allowed
        for factor, sound in ((Fraction(9, 10), not long), (Fraction(10, 9), long)):
            left, allowed = at(Fraction(price) * factor)
            assert (left >= -allowed) if sound else (left <= allowed)
    else:
        assert math.isnan(price) or price == (math.inf if long else 0.0)
        for factor in PROBES:
            left, allowed = at(mark * factor)
            assert (left >= -allowed) if math.isnan(price) else (left <= allowed)


def assert_roots(slow, found, left_at):
    """The price of each row is a root of what `left_at` says is left there; a row of no lots has none."""
    for row, price in found.items():
        position = slow.rows[row]
        if position.quantity:
            mark, either = slow.marks[position.code], turned(slow, position)
            assert_root(price, position.quantity > 0, mark, partial(left_at, row), either)
        else:
            assert math.isnan(price)


# Laws -----------------------------------------------------------------------------------------------------------------


def pairs_of(slow):
    """Rows that share wallet and contract with a leg of the other side."""
    seen = {}
    for number, row in enumerate(slow.rows):
        seen.setdefault((row.wallet, row.code), []).append(number)
    return {number for numbers in seen.values() if len(numbers) == 2 for number in numbers}


@pytest.mark.parametrize("modes", [("cross", "isolated"), ("multi-asset",), ("portfolio",), oracle.MODES], ids=str)
@given(data=st.data(), fee=fees)
def test_at_its_liquidation_price_equity_is_the_maintenance_margin(modes, data, fee):
    books = oracle.snapshot(**data.draw(oracle.crowd_columns(modes)))
    slow, found = oracle.SlowMargin(books), adl.margin_state(books).positions.liquidation_price(taker_fee=fee)
    paired = pairs_of(slow)
    alone = {row: price for row, price in enumerate(found.tolist()) if row not in paired}
    assert_roots(slow, alone, lambda row, price: surplus(books, slow, row, price, fee))


@pytest.mark.parametrize("modes", [("cross",), ("multi-asset",), ("portfolio",)], ids=str)
@given(data=st.data(), fee=fees)
def test_two_legs_have_a_price_below_and_a_price_above(modes, data, fee):
    books = oracle.snapshot(**data.draw(oracle.crowd_columns(modes)))
    slow, rows = oracle.SlowMargin(books), adl.margin_state(books).positions
    lower, upper, nearest = (
        rows.liquidation_price(taker_fee=fee, root=root).tolist() for root in ("lower", "upper", "nearest")
    )
    for row in pairs_of(slow):
        low, high, mark = lower[row], upper[row], slow.marks[slow.rows[row].code]

        def at(price, row=row):
            return surplus(books, slow, row, price, fee)

        if low == math.inf or high == 0.0:
            assert (low, high) == (math.inf, 0.0)
            assert nearest[row] == (math.inf if slow.rows[row].quantity > 0 else 0.0)
            assert all(left <= allowed for left, allowed in (at(mark * factor) for factor in PROBES))
            continue
        assert not low > high
        for price, outside in ((low, Fraction(9, 10)), (high, Fraction(10, 9))):
            if not math.isnan(price):
                left, allowed = at(Fraction(price))
                assert abs(left) <= allowed
                left, allowed = at(Fraction(price) * outside)
                assert left <= allowed
        inside = [p for p in (mark * factor for factor in PROBES) if not p < low and not p > high]
        assert all(left >= -allowed for left, allowed in map(at, inside))
        if math.isnan(low) or math.isnan(high):
            assert nearest[row] == (high if math.isnan(low) else low) or math.isnan(nearest[row])
        else:
            assert nearest[row] == (low if abs(float(mark) - low) <= abs(high - float(mark)) else high)


@pytest.mark.parametrize("modes", [("cross", "isolated"), ("multi-asset",), ("portfolio",), oracle.MODES], ids=str)
@given(data=st.data(), fee=fees)
def test_closed_at_its_bankruptcy_price_a_position_leaves_its_wallet_nothing(modes, data, fee):
    books = oracle.snapshot(**data.draw(oracle.crowd_columns(modes)))
    slow, found = oracle.SlowMargin(books), adl.margin_state(books).positions.bankruptcy_price(taker_fee=fee)
    assert_roots(slow, dict(enumerate(found.tolist())), lambda row, price: closed(slow, row, price, fee))


@given(oracle.crowd_columns(("cross", "isolated")), fees)
def test_prices_of_single_asset_wallets_are_those_of_the_price_functions(given, fee):
    books = oracle.snapshot(**given)
    slow, positions = oracle.SlowMargin(books), adl.margin_state(books).positions
    found = {root: positions.liquidation_price(taker_fee=fee, root=root) for root in ("lower", "upper", "nearest")}
    bankrupt = positions.bankruptcy_price(taker_fee=fee)
    for number, row in enumerate(slow.rows):
        if not row.quantity or not row.cost:
            continue
        unit = 10**row.contract.settle.decimals
        others = [n for n in slow.rows_of[row.wallet] if n != number]
        legs = [slow.rows[n] for n in others if slow.rows[n].code == row.code]
        rest = [slow.rows[n] for n in others if slow.rows[n].code != row.code]
        if any(not leg.cost for leg in legs):
            continue
        own = {
            "quantity": row.quantity,
            "entry_price": entry_price(row),
            "balance": slow.stored_balance[row.wallet] / unit,
        }
        pnl = sum(other.pnl for other in rest) / unit
        hedge = {"mark_price": float(slow.marks[row.code])}
        for leg in legs:
            hedge |= {"opposite_quantity": leg.quantity, "opposite_entry_price": entry_price(leg)}
        kept = sum(other.margin for other in rest) / unit
        # What is added up, as a value of a lot at price 1; two legs may all but cancel.
        size = abs(slow.stored_balance[row.wallet]) + sum(abs(x.cost) + abs(x.value) for x in (row, *legs, *rest))
        scale = float(size / unit / abs(row.quantity * row.contract.units_per_lot)) * (1000 if legs else 1)
        for root, prices in found.items():
            wanted = adl.liquidation_price(
                row.contract, **own, other_maintenance=kept, other_pnl=pnl, taker_fee=fee, **hedge, root=root
            )
            if not legs or 0 < prices[number] < math.inf:
                assert near(prices[number], wanted, row, scale)
        pnl += sum(leg.pnl for leg in legs) / unit
        wanted = adl.bankruptcy_price(row.contract, **own, other_pnl=pnl, taker_fee=fee)
        assert near(bankrupt[number], wanted, row, scale)


def entry_price(row):
    return float(oracle.ticks_of(row, row.cost) * Fraction(row.contract.tick))


def near(one, other, row, scale):
    """Whether two prices are the same, of inverse contracts in terms of 1/price; NaN is no value above nothing."""
    one, other = (0.0 if math.isnan(price) else price for price in (one, other))
    if row.contract.kind == "inverse":
        one, other = (1 / price if price else 0.0 for price in (one, other))
    return one == other or abs(one - other) <= 1e-12 * scale


# On paper -------------------------------------------------------------------------------------------------------------

USDT = adl.Asset("USDT", 6)
#: Binance USD-M, as in docs/rules.md §2.
BINANCE = adl.MarginTiers(
    [0, 50_000, 250_000, 1_000_000, 5_000_000, 20_000_000], ["0.004", "0.005", "0.01", "0.025", "0.05", "0.1"]
)


def positions(rows, contracts=("X",), tiers=TEN_PERCENT, balance="0", marks=None, **more):
    """The positions of ann, in linear contracts; a row is contract, quantity, entry price and perhaps more."""
    listed = [adl.Contract(name, settle=USDT, tiers=tiers) for name in contracts if isinstance(name, str)]
    listed += [contract for contract in contracts if not isinstance(contract, str)]
    names = ("account", "contract", "quantity", "entry_price")
    held = [{**dict(zip(names, ("ann", *row[:3]), strict=True)), **dict(*row[3:])} for row in rows]
    wallets = more.pop("wallets", [{"account": "ann", "balance": balance}])
    marks = {contract.symbol: "100" for contract in listed} | (marks or {})
    return adl.margin_state(
        oracle.build(contracts=listed, wallets=wallets, positions=held, marks=marks, **more)
    ).positions


def portfolio(rows, usdt, btc, haircut):
    """The same where ann holds USDT, of whose positive amounts a share is cut off, and BTC, in a portfolio wallet."""
    held = [{"account": "ann", "asset": asset, "amount": amount} for asset, amount in (("USDT", usdt), ("BTC", btc))]
    terms = {"index_prices": {"BTC": "50000"}, "haircuts": {"USDT": haircut}}
    return positions(rows, wallets=[{"account": "ann", "mode": "portfolio"}], balances=held, **terms)


def test_hedge_legs_fail_below_and_above():
    legs = [("X", "20", "50000"), ("X", "-19", "50000")]
    rows = positions(legs, tiers=BINANCE, balance="30000", marks={"X": "50000"})
    assert rows.liquidation_price(root="lower") == pytest.approx([28_524] * 2, abs=1)
    assert rows.liquidation_price(root="upper") == pytest.approx([276_421] * 2, abs=1)
    assert rows.liquidation_price() == pytest.approx([28_524] * 2, abs=1)
    far = positions(legs, tiers=BINANCE, balance="30000", marks={"X": "200000"})
    assert far.liquidation_price() == pytest.approx([276_421] * 2, abs=1)
    even = positions([legs[0], ("X", "-20", "50000")], tiers=BINANCE, balance="30000", marks={"X": "50000"})
    assert np.isnan(even.liquidation_price(root="lower")).all()
    assert even.liquidation_price(root="upper") == pytest.approx([62_600] * 2, abs=1)


def test_a_leg_of_no_lots_is_no_leg():
    with_zero = positions([("X", "0", "100"), ("X", "-10", "100"), ("Y", "3", "90")], ("X", "Y"), balance="500")
    without = positions([("X", "-10", "100"), ("Y", "3", "90")], ("X", "Y"), balance="500")
    for root in ("nearest", "lower", "upper"):
        found = with_zero.liquidation_price(root=root)
        assert math.isnan(found[0])
        assert found[1:].tobytes() == without.liquidation_price(root=root).tobytes()
    assert with_zero.bankruptcy_price()[1:].tobytes() == without.bankruptcy_price().tobytes()


@pytest.mark.parametrize(
    ("quantity", "debt", "wanted"),
    [
        # Long 10 from 100, 500 of USDT cut by a fifth, MM = p. Above zero: 0.8·(10p - 500) + R = p; below 9p = 500 - R.
        ("10", "-300", 100.0),
        ("10", "300", 200 / 9),
        ("10", "50", 50.0),  # at zero itself
        # Short: 0.8·(1,500 - 10p) + R = p; below zero 1,500 - 10p + R = p.
        ("-10", "-300", 100.0),
        ("-10", "300", 1800 / 11),
        ("-10", "150", 150.0),
    ],
)
def test_portfolio_margin_bends_where_the_holding_passes_zero(quantity, debt, wanted):
    rows = portfolio([("X", quantity, "100")], "500", str(int(debt) / 50_000), "0.2")
    assert rows.liquidation_price() == pytest.approx([wanted], rel=1e-12)


@pytest.mark.parametrize(("quantity", "wanted"), [("10", 400 / 9), ("-10", 350 / 3)])
def test_a_haircut_beyond_the_margin_rate_leaves_the_price_on_the_losing_side(quantity, wanted):
    # A twentieth of x counts where it is positive. Long: x = 10p - 500, so 100 + x/20 - p falls as p rises, and the
    # wallet fails above 150 too; below, 100 + x = p. Short: x = 1,500 - 10p, 100 + x/20 = p while x is positive.
    rows = portfolio([("X", quantity, "100")], "500", "0.002", "0.95")
    assert rows.liquidation_price() == pytest.approx([wanted], rel=1e-12)


def test_two_legs_may_fail_at_every_price_by_two_lines_together():
    # Long 12, short 9 from 100; x = 60 + 3·(p - 100), MM = 2.1·p. In full 150 + x = MM at 100, and is more above; with
    # half of x 150 + x/2 = MM at 50, and is more below. The lesser of the two counts: it is short of MM everywhere.
    rows = portfolio([("X", "12", "100"), ("X", "-9", "100")], "60", "0.003", "0.5")
    assert rows.liquidation_price(root="lower").tolist() == [math.inf, math.inf]
    assert rows.liquidation_price(root="upper").tolist() == [0.0, 0.0]
    assert rows.liquidation_price().tolist() == [math.inf, 0.0]


def test_in_multi_assets_mode_the_index_price_moves_the_liquidation_price():
    coin = adl.Contract("C", settle="COIN", tiers=TEN_PERCENT)

    def price(index):
        rows = positions(
            [("C", "10", "100")],
            [coin],
            wallets=[{"account": "ann", "mode": "multi-asset"}],
            balances=[{"account": "ann", "asset": "USDT", "amount": "800"}],
            index_prices={"COIN": index},
        )
        return rows.liquidation_price()

    assert price("2") == pytest.approx([200 / 3])  # 800 + 20·(p - 100) = 2p
    assert price("1") == pytest.approx([200 / 9])  # 800 + 10·(p - 100) = p


# Of the venue's sentence: "depends on leverage, maintenance margin rate, mark price, balance" (docs/rules.md §1) ------


def test_it_depends_on_the_leverage_of_an_isolated_position():
    # (60,000 - 60,000/L) / (1 - 0.1): the margin is what the leverage makes it.
    for leverage, margin in (("2", "30000"), ("5", "12000"), ("8", "7500")):
        found = positions([("X", "1", "60000", {"margin": margin, "leverage": leverage})]).liquidation_price()
        assert found == pytest.approx([(60_000 - 60_000 / int(leverage)) / 0.9], rel=1e-14)


def test_the_leverage_chosen_in_a_cross_wallet_does_not_move_it():
    for leverage in ("1", "5", "50"):
        found = positions([("X", "1", "100", {"leverage": leverage})], balance="50").liquidation_price()
        assert found == pytest.approx([50 / 0.9], rel=1e-14)


def test_it_depends_on_the_maintenance_margin_rate():
    for rate, wanted in (("0.004", 50 / 0.996), ("0.05", 50 / 0.95), ("0.25", 50 / 0.75)):
        found = positions([("X", "1", "100")], tiers=adl.MarginTiers([0], [rate]), balance="50").liquidation_price()
        assert found == pytest.approx([wanted], rel=1e-14)


def test_it_depends_on_the_marks_of_the_other_positions_and_not_on_its_own():
    def price(x, y):
        rows = positions([("X", "1", "100"), ("Y", "2", "10")], ("X", "Y"), balance="50", marks={"X": x, "Y": y})
        return rows.liquidation_price()[0]

    # Y adds 2·(y - 10) to the balance and needs 0.2·y.
    for y, beside in (("10", 50 - 2), ("15", 50 + 10 - 3), ("5", 50 - 10 - 1)):
        assert price("100", y) == price("70", y) == pytest.approx((100 - beside) / 0.9, rel=1e-14)


def test_it_depends_on_the_balance():
    for balance, wanted in (("1", 110.0), ("10", 100.0), ("55", 50.0), ("100", math.nan)):
        found = positions([("X", "1", "100")], balance=balance).liquidation_price()
        assert found == pytest.approx([wanted], rel=1e-14, nan_ok=True)


# Rows -----------------------------------------------------------------------------------------------------------------

FOUR = [("X", "1", "100"), ("X", "-2", "90"), ("Y", "3", "80"), ("Z", "-4", "110")]


@pytest.mark.parametrize("name", ["liquidation_price", "bankruptcy_price"])
@pytest.mark.parametrize("chosen", [[], [2], [3, 0], [0, 1, 2, 3], [3, 2, 1, 0, 0, 3], np.array([1, 0], np.int32)])
def test_rows_are_given_in_any_order(name, chosen):
    solve = getattr(positions(FOUR, ("X", "Y", "Z"), balance="200"), name)
    found, every = solve(rows=chosen), solve()
    assert found.dtype == np.float64
    assert np.array_equal(found, every[np.array(chosen, int)], equal_nan=True)
    assert len({*every.tolist()}) >= 3


@pytest.mark.parametrize("name", ["liquidation_price", "bankruptcy_price"])
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([0, 4], "rows[1] is 4: must be a row of the positions, 0 to 3"),
        ([-1], "rows[0] is -1: must be a row"),
        ([0.0, 1.0], "rows[0] is 0.0: must be a row"),
        ([[0, 1]], "rows has 2 dimensions"),
        ([True, False, True, False], "rows has dtype bool"),
        (["X"], "rows has dtype"),
    ],
)
def test_rows_that_are_none_are_refused(name, rows, message):
    solve = getattr(positions(FOUR, ("X", "Y", "Z"), balance="200"), name)
    refused(lambda: solve(rows=rows), "rows", message)


def test_a_root_or_a_fee_that_is_none_is_refused():
    rows = positions(FOUR, ("X", "Y", "Z"), balance="200")
    refused(lambda: rows.liquidation_price(root="both"), "root", "'both': must be one of nearest, lower, upper")
    for fee in (-0.1, 1, "nan"):
        refused(lambda fee=fee: rows.bankruptcy_price(taker_fee=fee), "taker_fee")


def test_prices_of_nothing_are_none():
    assert positions([]).liquidation_price().tolist() == positions([]).bankruptcy_price().tolist() == []


def test_a_liquidation_price_needs_tiers_and_a_bankruptcy_price_does_not():
    rows = kept_margin_state(snapshot([linear(tiers=None)], [30], [("X", 0, 1, 100)], ["100"])).positions
    assert rows.bankruptcy_price().tolist() == [70.0]
    refused(rows.liquidation_price, "contracts", "'X': must have margin tiers")
