"""What a market derives from its columns, checked by exact fractions, and what it does with the arrays it is given."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support import zoo

MONEY = ("equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value")
AT_MARK = ("equity", "account_equity", "maintenance_margin")
KINDS = ("linear", "inverse", "quanto")


def exact_value(contract, price) -> Fraction:
    """v(price) from its definition."""
    units = Fraction(contract.multiplier) * Fraction(contract.lot)
    return -units / Fraction(Decimal(price)) if contract.kind == "inverse" else units * Fraction(Decimal(price))


def near(found: float, exact: Fraction, ulps: int = 4) -> bool:
    return abs(Fraction(found) - exact) <= abs(exact) * ulps * Fraction(1, 2**53)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_values_in_units_are_the_documented_floats_and_near_the_exact_fractions(kind, data):
    columns = data.draw(zoo.markets(kind=kind, money="float64"))
    market = adl.Market(**columns)
    per_lot = exact_value(market.contract, columns["mark_price"])
    for row, q in enumerate(market.quantity.tolist()):
        assert market.mark_value[row] == q * float(per_lot)
        assert near(market.mark_value[row], Fraction(q) * per_lot)
        assert market.notional[row] == abs(market.mark_value[row])
        assert market.unrealized_pnl[row] == q * float(per_lot) - market.entry_value[row]


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_values_in_quanta_are_whole_and_differences_exact(kind, data):
    columns = data.draw(zoo.markets(kind=kind, money="int64"))
    market = adl.Market(**columns)
    quanta = market.contract.settle.quanta_per_unit
    per_lot = exact_value(market.contract, columns["mark_price"]) * quanta
    assert market.entry_value.dtype == np.int64
    for row, q in enumerate(market.quantity.tolist()):
        mark = Fraction(float(market.mark_value[row])) * quanta
        whole = round(mark)
        assert abs(mark - whole) < Fraction(1, 1000)
        assert whole == round(Fraction(q * float(per_lot)))  # round() is half-even
        assert market.unrealized_pnl[row] == (whole - int(market.entry_value[row])) / quanta
        assert market.notional[row] == abs(whole) / quanta


def test_mark_values_in_quanta_round_half_to_even():
    contract = adl.Contract("X", settle=adl.Asset("COIN", decimals=0))
    quantity = np.array([1, 3, 5, -1, -3, -5])
    market = adl.Market(contract, mark_price="0.5", quantity=quantity, entry_value=np.zeros(6, np.int64))
    assert market.mark_value.tolist() == [0.0, 2.0, 2.0, 0.0, -2.0, -2.0]
    assert market.unrealized_pnl.tolist() == [0.0, 2.0, 2.0, 0.0, -2.0, -2.0]


def test_entry_values_in_quanta_round_half_to_even():
    contract = adl.Contract("X", settle=adl.Asset("COIN", decimals=0))
    market = adl.Market(
        contract, mark_price=1, quantity=[1, 3, 5, -1, -3], entry_price=np.full(5, 0.5), equity=[1, 1, 1, 1, 1]
    )
    assert market.entry_value.tolist() == [0, 2, 2, 0, -2]


def test_pnl_in_quanta_is_exact_where_floats_are_not():
    contract = adl.Contract("X", settle=adl.Asset("COIN", decimals=0), multiplier=2**30)
    market = adl.Market(contract, mark_price=1, quantity=[2**30], entry_value=np.array([2**60 - 1]))
    assert market.unrealized_pnl.tolist() == [1.0]


@pytest.mark.parametrize(
    ("kind", "mark", "longs_pnl"), [("linear", "110", 10.0), ("inverse", "125", 0.2), ("quanto", "110", 10.0)]
)
def test_a_long_gains_and_a_short_loses_when_the_price_rises(kind, mark, longs_pnl):
    contract = adl.Contract("X", kind=kind, settle="BTC", multiplier="100" if kind == "inverse" else "1")
    market = adl.Market(contract, mark_price=mark, quantity=[1, -1], entry_price=[100.0, 100.0])
    np.testing.assert_allclose(market.unrealized_pnl, [longs_pnl, -longs_pnl], rtol=1e-12)


@pytest.mark.parametrize("money", ["int64", "float64"])
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_entry_prices_and_the_entry_values_they_make_are_one_market(kind, money, data):
    columns = data.draw(zoo.markets(kind=kind, money=money, cost="entry_price"))
    by_price = adl.Market(**columns)
    price = columns.pop("entry_price")
    by_value = adl.Market(**columns, entry_value=by_price.entry_value)
    scale = by_price.contract.settle.quanta_per_unit if money == "int64" else 1
    for row, q in enumerate(by_price.quantity.tolist()):
        exact = Fraction(q) * exact_value(by_price.contract, price[row]) * scale
        found = Fraction(by_price.entry_value[row].item())
        assert abs(found - exact) <= (Fraction(1, 2) if money == "int64" else 0) + abs(exact) / 2**50
        if q and money == "float64":
            assert by_price.entry_price[row] == pytest.approx(price[row], rel=1e-12)
        assert np.isnan(by_price.entry_price[row]) == (q == 0)
    for rule in adl.RankingRule.names():
        np.testing.assert_array_equal(by_price.score(rule), by_value.score(rule))


@given(zoo.markets(), st.sampled_from(zoo.MARKS))
def test_at_is_the_same_positions_at_a_new_mark(columns, mark):
    market = adl.Market(**columns)
    new = {name: columns[name][::-1].copy() for name in AT_MARK}
    moved = market.at(mark, **new)
    columns.pop("entry_price", None)
    kept = {**columns, "entry_value": market.entry_value, "mark_price": mark, **new}
    fresh = adl.Market(**kept)
    for rule in adl.RankingRule.names():
        np.testing.assert_array_equal(moved.score(rule), fresh.score(rule))
    np.testing.assert_array_equal(moved.unrealized_pnl, fresh.unrealized_pnl)
    assert moved.mark_price == Decimal(mark)
    assert market.mark_price == Decimal(columns["mark_price"])


def test_at_drops_what_held_at_the_old_mark_only():
    market = zoo.small_market(
        leverage=np.full(9, 5.0), bankruptcy_value=np.zeros(9), tie=np.arange(9), account=list("abcdefghi")
    )
    moved = market.at("11")
    assert all(getattr(moved, name) is None for name in AT_MARK)
    for name in ("quantity", "entry_value", "balance", "bankruptcy_value", "leverage", "tie", "account"):
        assert np.shares_memory(getattr(moved, name), getattr(market, name)), name
    with pytest.raises(adl.AdlError, match="equity"):
        moved.score("binance")
    assert moved.at("10", equity=market.equity).score("binance").tolist()[:4] == market.score("binance").tolist()[:4]
    assert all(getattr(market, name) is not None for name in AT_MARK)


def test_at_gives_a_market_its_own_scores():
    market = zoo.small_market()
    before = market.score("roi")
    moved = market.at("20")
    assert moved.score("roi").tolist() != before.tolist()
    np.testing.assert_array_equal(market.score("roi"), before)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("money", ["int64", "float64"])
def test_contiguous_columns_are_not_copied(money, lots_or_floats, frozen):
    columns = {name: np.ones(5, money) for name in (*MONEY, "entry_value")}
    columns |= {"quantity": np.ones(5, lots_or_floats), "leverage": np.ones(5), "tie": np.arange(5)}
    columns["account"] = np.arange(5)
    for column in columns.values():
        column.flags.writeable = not frozen
    market = adl.Market("X", mark_price=1, **columns)
    for name, column in columns.items():
        kept = getattr(market, name)
        assert np.shares_memory(kept, column), name
        assert kept.dtype == column.dtype
        assert not kept.flags.writeable
        assert column.flags.writeable != frozen


def test_the_columns_of_a_market_cannot_be_written():
    market = zoo.small_market(tie=np.arange(9))
    for name in ("quantity", "entry_value", "equity", "tie"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(market, name)[0] = 1


@given(zoo.markets(min_size=1), st.data())
def test_nothing_that_a_market_does_changes_its_inputs(columns, data):
    arrays = {name: column for name, column in columns.items() if isinstance(column, np.ndarray)}
    before = {name: column.tobytes() for name, column in arrays.items()}
    market = adl.Market(**columns)
    for rule in adl.RankingRule.names():
        for name in ("score", "rank", "quantile", "indicator"):
            getattr(market, name)(rule)
        market.deleverage(data.draw(st.integers(-50, 50)), rule, threads=2)
        market.queue("long", rule, exclude=[0]).take(5)
        market.explain(0, rule)
    market.at("3", equity=market.equity).score("binance")
    assert {name: column.tobytes() for name, column in arrays.items()} == before
    assert all(column.flags.writeable for column in arrays.values())


def test_every_layout_of_a_column_gives_the_same_market():
    plain = zoo.small_market()
    columns = {"quantity": plain.quantity, "entry_value": plain.entry_value, "equity": plain.equity}
    for name, column in columns.items():
        for layout, form in zoo.layouts(column.copy()).items():
            market = adl.Market("X", mark_price="10", **{**columns, name: form})
            np.testing.assert_array_equal(market.score("binance"), plain.score("binance"), err_msg=f"{name} {layout}")
            zoo.same_selection(market.deleverage(9, "binance"), plain.deleverage(9, "binance"))


@given(zoo.markets(quantity="int64"))
def test_lots_as_int64_and_as_float64_agree(columns):
    lots = adl.Market(**columns)
    floats = adl.Market(**{**columns, "quantity": columns["quantity"].astype(np.float64)})
    for rule in adl.RankingRule.names():
        np.testing.assert_array_equal(lots.score(rule), floats.score(rule))
        for target in (1, 7, -40):
            one, other = lots.deleverage(target, rule), floats.deleverage(target, rule)
            assert zoo.pairs(one) == zoo.pairs(other)
            assert (one.quantity.dtype, other.quantity.dtype) == (np.int64, np.float64)


@given(st.lists(st.tuples(*[st.integers(-500, 500)] * 6), max_size=20))
def test_money_as_int64_and_as_float64_agree(rows):
    contract = adl.Contract("X", settle=adl.Asset("COIN", decimals=0))
    table = np.array(rows, np.int64).reshape(len(rows), 6)
    names = ("entry_value", "equity", "account_equity", "balance", "maintenance_margin")
    quanta = dict(zip(names, table.T[1:].copy(), strict=True))
    units = {name: column.astype(np.float64) for name, column in quanta.items()}
    one = adl.Market(contract, mark_price=3, quantity=table.T[0].copy(), **quanta)
    other = adl.Market(contract, mark_price=3, quantity=table.T[0].copy(), **units)
    for rule in adl.RankingRule.names():
        np.testing.assert_array_equal(one.score(rule), other.score(rule))


def test_a_symbol_is_a_linear_contract_in_usdt():
    market = adl.Market("ABC", mark_price=2, quantity=[1], entry_price=[1.0])
    assert market.contract == adl.Contract("ABC")
    assert (market.contract.kind, market.contract.settle.name) == ("linear", "USDT")


@pytest.mark.parametrize("mark", ["22.025", 22.025, Decimal("22.025"), np.float64(22.025)])
def test_a_mark_price_is_read_by_its_shortest_decimal(mark):
    market = adl.Market("X", mark_price=mark, quantity=[1], entry_price=[1.0])
    assert market.mark_price == Decimal("22.025")
    assert market.mark_value.tolist() == [22.025]


def test_an_empty_market_answers_every_question(lots_or_floats):
    none = np.empty(0)
    market = adl.Market(
        "X", mark_price=1, quantity=np.empty(0, lots_or_floats), entry_price=none, **dict.fromkeys(MONEY, none)
    )
    assert len(market) == 0
    for rule in adl.RankingRule.names():
        for name in ("score", "rank", "quantile", "indicator"):
            assert len(getattr(market, name)(rule)) == 0
        s = market.deleverage(5, rule)
        assert (len(s), s.filled, s.shortfall) == (0, 0, 5)
        assert market.queue("long", rule).remaining == 0


def test_rows_of_an_account():
    market = zoo.small_market(account=["a", "b", "a", "c", "a", "b", "c", "c", "a"])
    assert market.rows("a").tolist() == [0, 2, 4, 8]
    assert market.rows("b").dtype == np.int64
    numbers = zoo.small_market(account=[7, 8, 7, 9, 7, 8, 9, 9, 7])
    assert numbers.rows(8).tolist() == [1, 5]


def test_scores_are_written_into_the_buffer_that_is_given():
    market = zoo.small_market()
    out = np.full(9, 7.0)
    assert market.score("binance", out=out) is out
    np.testing.assert_array_equal(out, market.score("binance"))
