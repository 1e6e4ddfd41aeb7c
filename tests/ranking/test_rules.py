"""Every rule is its documented expression; custom rules are called as promised.

Sources of the formulas are in the rules' own `source`.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

import adlcore as adl
from support import zoo
from support.refusals import cases, refused, said

INF = math.inf


def div(a: float, b: float) -> float:
    """IEEE division."""
    with np.errstate(all="ignore"):
        return float(np.float64(a) / np.float64(b))


def score_of(rule, r, short="mirrored", inverse=False):
    """The published expressions in plain Python floats, on one row."""
    u, n, e, ae = r["u"], r["n"], r["equity"], r["account_equity"]
    if rule == "binance":
        return -INF if e <= 0 else div(u, e) if u >= 0 else div(u, n) * div(e, n)
    if rule == "binance-portfolio":
        return -INF if ae <= 0 else div(u, ae) if u >= 0 else div(u, n) * div(ae, n)
    if rule == "binance-2019":
        return (max(0.0, u) / max(1.0, r["balance"])) * (0.0 if e <= 0 else div(r["maintenance_margin"], e))
    if rule == "bitmex":
        d = e if r.get("bankruptcy_value") is None else r["mv"] - r["bankruptcy_value"]
        p = 0.0 if u == 0 else div(u, abs(r["ev"]))
        return -INF if d <= 0 else p * div(n, d) if u >= 0 else div(p, div(n, d))
    if rule == "hyperliquid":
        if e <= 0 or u <= 0:
            return -INF
        if r["mv"] == 0:  # 0/0 otherwise
            return 0.0
        mark_over_entry = (short == "literal" or r["quantity"] > 0) != inverse
        return (div(r["mv"], r["ev"]) if mark_over_entry else div(r["ev"], r["mv"])) * div(n, e)
    assert rule == "roi"
    return 0.0 if u == 0 else div(u, abs(r["ev"]))


def rows_of(market):
    """Each row's terms as Python floats."""
    for row, q in enumerate(market.quantity.tolist()):
        mv = q * market.value_per_lot
        ev = float(market.entry_value[row])
        given_columns = {
            name: None if getattr(market, name) is None else float(getattr(market, name)[row])
            for name in ("equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value")
        }
        yield {"quantity": q, "mv": mv, "ev": ev, "u": mv - ev, "n": abs(mv), **given_columns}


RULES = [(name, "mirrored") for name in adl.RankingRule.names()] + [("hyperliquid", "literal")]


@pytest.mark.parametrize(("name", "short"), RULES)
@given(columns=zoo.markets(money="float64"))
def test_every_rule_is_its_expression_to_the_last_bit(name, short, columns):
    rule = adl.RankingRule(name, short=short)
    for bankruptcy in (None, columns["bankruptcy_value"]):
        market = adl.Market(**{**columns, "bankruptcy_value": bankruptcy})
        score = market.score(rule).tolist()
        for found, row in zip(score, rows_of(market), strict=True):
            if row["quantity"] == 0:
                assert math.isnan(found)
            else:
                assert found == score_of(name, row, short, market.contract.inverse)


@pytest.mark.parametrize(("name", "short"), RULES)
@given(columns=zoo.markets(money="int64"))
def test_in_quanta_every_rule_is_near_the_same_expression_in_units(name, short, columns):
    rule = adl.RankingRule(name, short=short)
    market = adl.Market(**columns)
    quanta = market.contract.settle.quanta_per_unit
    score = market.score(rule).tolist()
    for row, found in enumerate(score):
        if market.quantity[row] == 0:
            continue
        terms = {
            "quantity": market.quantity[row],
            "mv": round(market.mark_value[row] * quanta),
            "ev": int(market.entry_value[row]),
            "u": round(market.unrealized_pnl[row] * quanta),
            "n": round(market.notional[row] * quanta),
        }
        for column in ("equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value"):
            terms[column] = int(getattr(market, column)[row])
        if name == "binance-2019":  # its constant 1 is one unit of the settle asset
            terms = {column: value / quanta if column != "quantity" else value for column, value in terms.items()}
        expected = score_of(name, terms, short, market.contract.inverse)
        assert (math.isnan(expected) and math.isnan(found)) or found == pytest.approx(expected, rel=1e-12, abs=0)


def market(**columns):
    """One row by default; mark 110, entry 100: a long of 1 with U 10, N 110."""
    return adl.Market("X", **{"mark_price": 110, "quantity": [1.0], "entry_price": [100.0], **columns})


def test_binance_winners_score_return_on_equity_and_losers_divide_by_leverage():
    columns = {"quantity": [1.0, -1.0], "entry_price": [100.0, 100.0], "equity": [20.0, 20.0]}
    winner, loser = market(**columns).score("binance").tolist()
    assert winner == 10.0 / 20.0
    assert loser == (-10.0 / 110.0) * (20.0 / 110.0)
    assert float(Fraction(-10 * 20, 110 * 110)) == pytest.approx(loser, rel=1e-15)


def test_binance_a_profitable_50x_position_goes_before_a_10x_one_with_less_profit():
    # The example of coinengineer.net, 29 Aug 2025.
    m = market(quantity=[1.0, 1.0], entry_price=[100.0, 105.0], equity=[110.0 / 50, 110.0 / 10])
    assert m.rank("binance").tolist() == [1, 2]


@pytest.mark.parametrize("equity", [0.0, -0.0, -5.0, -1e300])
def test_equity_of_0_or_below_scores_minus_infinity_but_0_under_binance_2019(equity):
    m = market(equity=[equity], account_equity=[equity], balance=[5.0], maintenance_margin=[1.0])
    for rule in ("binance", "binance-portfolio", "bitmex", "hyperliquid"):
        assert m.score(rule).tolist() == [-INF]
    assert m.score("binance-2019").tolist() == [0.0]


@pytest.mark.parametrize("balance", [4.0, 0.5, 0.0, -7.0])
def test_binance_2019_divides_by_at_least_one_unit_of_the_settle_asset(balance):
    worth = 20.0
    m = market(equity=[worth], balance=[balance], maintenance_margin=[2.0])
    assert m.score("binance-2019").tolist() == [(10.0 / max(1.0, balance)) * (2.0 / 20.0)]
    contract = adl.Contract("X", settle=adl.Asset("COIN", decimals=4))
    columns = {"equity": [worth], "balance": [balance], "maintenance_margin": [2.0], "entry_value": [100.0]}
    quanta = {name: np.array([round(value * 10**4) for value in column]) for name, column in columns.items()}
    in_quanta = adl.Market(contract, mark_price=110, quantity=[1], **quanta)
    assert in_quanta.score("binance-2019").tolist() == m.score("binance-2019").tolist()


def test_binance_2019_gives_losers_0():
    m = market(quantity=[-1.0], equity=[20.0], balance=[30.0], maintenance_margin=[2.0])
    assert m.score("binance-2019").tolist() == [0.0]


def test_bitmex_takes_the_bankruptcy_value_where_there_is_one():
    columns = {"quantity": [1.0, -1.0], "entry_price": [100.0, 100.0], "equity": [20.0, 20.0]}
    by_equity = market(**columns).score("bitmex").tolist()
    assert by_equity == [(10 / 100) * (110 / 20), (-10 / 100) / (110 / 20)]
    by_value = market(**columns, bankruptcy_value=[90.0, -130.0]).score("bitmex").tolist()
    assert by_value == by_equity
    further = market(**columns, bankruptcy_value=[60.0, -160.0]).score("bitmex").tolist()
    assert further == [(10 / 100) * (110 / 50), (-10 / 100) / (110 / 50)]


@pytest.mark.parametrize("kind", ["linear", "inverse", "quanto"])
def test_hyperliquid_compares_prices_whatever_the_contract(kind):
    contract = adl.Contract("X", kind=kind, settle="COIN", multiplier="100")
    m = adl.Market(contract, mark_price=110, quantity=[1, -1], entry_price=[100.0, 121.0], equity=[1.0, 1.0])
    leverage = m.notional
    mirrored, literal = m.score("hyperliquid"), m.score(adl.RankingRule("hyperliquid", short="literal"))
    np.testing.assert_allclose(mirrored, [1.1 * leverage[0], 1.1 * leverage[1]], rtol=1e-14)
    np.testing.assert_allclose(literal, [1.1 * leverage[0], leverage[1] / 1.1], rtol=1e-14)


def test_hyperliquid_has_no_place_for_losers():
    m = market(quantity=[-1.0, 1.0, 1.0], entry_price=[100.0, 110.0, 100.0], equity=[9.0, 9.0, 9.0])
    score = m.score("hyperliquid")
    assert score[:2].tolist() == [-INF, -INF]
    assert score[2] > 0
    assert len(m.deleverage(5.0, "hyperliquid")) == 0


@pytest.mark.parametrize(("name", "short"), RULES)
def test_a_row_whose_value_rounds_to_0_quanta_has_a_score(name, short):
    # Dust: a short of one lot worth 0.4 quanta, entered at 1.4 and at 0.4, and its opposite.
    contract = adl.Contract("X", settle=adl.Asset("COIN", decimals=0))
    columns = dict.fromkeys(("equity", "account_equity", "balance", "maintenance_margin"), np.array([1, 1, 1, 1]))
    m = adl.Market(contract, mark_price="0.4", quantity=[-1, 1, -1, 1], entry_value=np.array([-1, -1, 0, 0]), **columns)
    rule = adl.RankingRule(name, short=short)
    assert not np.isnan(m.score(rule)).any()
    m.deleverage(2, rule)
    m.deleverage(-2, rule)


def test_roi_is_the_gain_on_the_cost():
    m = market(quantity=[1.0, -1.0, 1.0], entry_price=[100.0, 100.0, 110.0])
    assert m.score("roi").tolist() == [0.1, -0.1, 0.0]


def test_every_rule_says_what_it_needs_and_where_it_was_published():
    for name in adl.RankingRule.names():
        rule = adl.RankingRule(name)
        assert rule.name == name
        assert rule.expression
        assert rule.source
        assert isinstance(rule.needs, tuple)
        needs = {column: np.array([20.0]) for column in rule.needs}
        assert np.isfinite(market(**needs).score(rule)).all()


def test_names_are_sorted_and_all_of_them_rules():
    names = adl.RankingRule.names()
    assert list(names) == sorted(names)
    assert set(names) >= {"binance", "binance-2019", "binance-portfolio", "bitmex", "hyperliquid", "roi"}
    assert [adl.RankingRule(name).name for name in names] == list(names)


def test_rules_of_one_formula_are_equal_and_others_are_not():
    rule = adl.RankingRule
    assert rule("binance") == rule("binance")
    assert hash(rule("binance")) == hash(rule("binance"))
    assert rule("binance") != rule("bitmex")
    assert rule("hyperliquid") == rule("hyperliquid", short="mirrored") != rule("hyperliquid", short="literal")
    assert rule("binance") != "binance"
    assert rule.custom("a", math.sqrt) == rule.custom("a", math.sqrt) != rule.custom("a", math.exp)
    assert rule.custom("a", math.sqrt) != rule.custom("a", math.sqrt, needs=["notional"])
    assert len({rule("binance"), rule("binance"), rule("roi")}) == 2


def test_a_rule_and_its_name_are_one():
    m = zoo.small_market()
    np.testing.assert_array_equal(m.score("bitmex"), m.score(adl.RankingRule("bitmex")))


def test_unknown_columns_are_refused_with_the_nearest():
    must = "needs is 'equty': must be a known column; nearest: equity, quantity, account_equity"
    assert refused(lambda: adl.RankingRule.custom("x", lambda: 0, needs=["equty"]), must).value == "equty"
    refused(lambda: adl.RankingRule.custom("x", 3), "function is 3: must be callable")


NEAREST = "must be a known rule; nearest: binance, binance-2019, binance-portfolio"


UNKNOWN = [
    *((rule, NEAREST) for rule in ("binanze", "binanse", ["binance"])),
    ("bitmax", "must be a known rule; nearest: bitmex, binance"),
    ("hyper-liquid", "must be a known rule; nearest: hyperliquid"),
    *((rule, f"{NEAREST}, bitmex, hyperliquid, roi") for rule in ("", "BINANCE", "ROI", None, 3)),
]


#: Everything of a market that takes a rule.
RULED = {
    **{name: lambda m, rule, name=name: getattr(m, name)(rule) for name in ("score", "rank", "quantile", "indicator")},
    "deleverage": lambda m, rule: m.deleverage(1, rule),
    "queue": lambda m, rule: m.queue("long", rule),
    "explain": lambda m, rule: m.explain(0, rule),
}


@cases("rule must", UNKNOWN)
def test_an_unknown_rule(rule, must):
    for call in (lambda *_: adl.RankingRule(rule), *RULED.values()):
        refused(lambda call=call: call(zoo.small_market(), rule), said("rule", rule, must))


@pytest.mark.parametrize("call", RULED)
@pytest.mark.parametrize("rule", adl.RankingRule.names())
def test_a_rule_whose_columns_are_absent(rule, call):
    for column in adl.RankingRule(rule).needs:
        market = zoo.small_market(**{column: None})
        error = refused(
            lambda market=market: RULED[call](market, rule),
            f"rule {rule!r} needs {column}: this market has no such column at mark price 10",
        )
        assert error.argument == column
