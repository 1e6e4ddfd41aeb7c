"""What the report says of a run is what a slow loop over its events finds, and what the house itself holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore._support import wording
from adlcore.clearing import BookIOC, Deleverage, TakeOver
from adlcore.clearing.closings import STAGES
from adlcore.clearing.events import FACTS
from adlcore.report.facts import concentration, timeline
from adlcore.report.facts.prices import value_per_lot
from adlcore.report.facts.queues import places_of_most, positions_of, queue_at
from adlcore.report.facts.record import coded, exact_sums
from adlcore.report.facts.run_facts import Facts
from adlcore.report.sections import bearing
from support import house_worlds, report_worlds

pytestmark = pytest.mark.files


def rows_of(run):
    """The events as a list of mappings, in a plain loop."""
    columns = {name: column.tolist() for name, column in run.events().items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def worth(run, event, quanta):
    """What quanta of an event's asset are worth in the numeraire at the last index price, by going through all."""
    assets = {asset.name: asset for asset in run.assets}
    price = {a.name: p for a, p in zip(run.assets, run.before.index_prices, strict=True)}
    marks = run.marks()
    for number, kind, name, text in zip(marks["pass"], marks["kind"], marks["name"], marks["price"], strict=True):
        if kind == "index" and number <= event["pass"]:
            price[str(name)] = Fraction(str(text))
    units = Fraction(quanta, assets[event["asset"]].quanta_per_unit)
    return float(units * Fraction(price[event["asset"]] or 1))


def stages_by_hand(run):
    """Notional of each stage in quanta by asset, and of each stage, contract and side in the numeraire."""
    rows = rows_of(run)
    by_sequence = {row["sequence"]: row for row in rows}
    quanta, valued = defaultdict(Counter), Counter()
    for row in rows:
        other = by_sequence.get(row["link"], {})
        stage = {"book-fill": 0, "net-legs": 1, "backstop": 2, "take-over": 3, "adl-fill": 5}.get(row["kind"])
        if stage is None:
            continue
        if row["kind"] == "adl-fill":
            if row["cause"] != "bankruptcy":
                continue
            stage = 4 if other["cause"] == "fund" else 5
        elif row["wallet"] < 0:
            continue
        side = "longs" if row["lots"] < 0 else "shorts"
        quanta[stage][row["asset"]] += abs(row["amount"])
        valued[stage, row["contract"], side] += worth(run, row, abs(row["amount"]))
    return quanta, valued


@pytest.fixture(scope="module")
def fallen():
    """A house and its run, in which nearly everything happened."""
    stages = [adl.clearing.CancelOrders(), BookIOC(fee="0.01"), TakeOver(), Deleverage(below="0")]
    return report_worlds.crash(wallets=600, contracts=3, passes=5, fall=0.25, seed=8, cash="200", stages=stages)


@pytest.fixture(scope="module")
def facts(fallen):
    return Facts(fallen[1])


# Aggregates -----------------------------------------------------------------------------------------------------------


@given(house_worlds.worlds())
def test_sums_equal_a_loop_over_the_events_of_any_house(world):
    _, run = report_worlds.of_world(world)
    facts, rows = Facts(run, funds=world.funds), rows_of(run)
    quanta, _ = stages_by_hand(run)
    found = facts.closings.quanta(facts.record, len(run.assets))
    for stage in range(len(STAGES)):
        assert found[stage] == [quanta[stage][asset.name] for asset in run.assets]
    started = {row["wallet"] for row in rows if row["kind"] == "liquidation-started"}
    assert facts.liquidated.tolist() == sorted(started)
    for kind in ("fee", "surplus", "fund-paid", "adl-notice", "vault-received"):
        sums = Counter()
        for row in rows:
            if row["kind"] == kind:
                sums[row["asset"]] += row["amount"]
        assert facts.money(kind) == [sums[asset.name] for asset in run.assets]
    lots = Counter()
    for view, held in zip(facts.views, facts.bearers, strict=True):
        assert view.total or len(facts.views) > 1
        for event in held.event.tolist():
            lots[str(held.accounts[held.user[held.event.tolist().index(event)]])] += abs(rows[event]["lots"])
    by_hand = Counter()
    for row in rows:
        if row["kind"] == "adl-notice":
            by_hand[str(row["account"])] += abs(row["lots"])
    assert lots == by_hand


@given(house_worlds.worlds())
def test_the_legs_of_any_run_are_conserved_and_a_run_that_was_tampered_with_is_found_out(world):
    _, run = report_worlds.of_world(world)
    audit = Facts(run).conservation
    assert audit.problems == ()
    assert [r + g for r, g in zip(audit.received, audit.given, strict=True)] == [0] * len(run.assets)
    assert audit.lots == (0,) * len(run.contracts)
    columns = run.events()
    legs = np.flatnonzero((columns["link"] >= 0) & ~np.isin(columns["kind"], FACTS))
    assert audit.movements == len(legs) // 2
    if len(legs):
        amount = columns["amount"].copy()
        amount[legs[-1]] += 1
        told = Facts(report_worlds.Altered(run, amount=amount)).conservation.problems
        name = columns["asset"][legs[-1]]
        assert told == (
            "2 legs and their other legs have amounts that are not opposite",
            f"the legs in {name} sum to 1 quanta",
        )


@given(house_worlds.worlds(), st.integers(0, 5))
def test_the_cash_and_the_equity_of_any_fund_are_those_of_the_house(world, skipped):
    house, run = report_worlds.of_world(world, skipped)
    facts = Facts(run, funds=world.funds)
    told = {fund.name: fund for fund in facts.funds}
    for name, fund in house.funds.items():
        if name not in told:  # nobody gave it, it is empty, and nothing moved it in the run
            assert (fund.cash, fund.inventory, name in run.events()["fund"]) == (0, {}, False)
            assert skipped or not len(fund.ledger["amount"])
            continue
        mine = told[name]
        assert mine.cash[-1] == fund.cash
        held = {c.symbol: n for c, n in zip(run.contracts, mine.lots.tolist(), strict=True) if n}
        assert held == {symbol: lots for symbol, (lots, _) in fund.inventory.items()}
        assert mine.equity[-1] == pytest.approx(fund.equity, rel=1e-12, abs=2 * len(held))
        triggers = [row["kind"] for row in rows_of(run) if row["fund"] == name and row["kind"].startswith("trigger")]
        assert [f"trigger-{'on' if trigger.on else 'off'}" for trigger in mine.triggers] == triggers


@given(house_worlds.worlds(), st.integers(0, 5))
def test_what_is_owed_at_the_end_is_what_the_house_says(world, skipped):
    house, run = report_worlds.of_world(world, skipped)
    facts = Facts(run)
    left = {(debt.wallet, debt.asset): debt.left for debt in facts.debts if debt.left}
    assert left == dict(house.state().uncovered)
    assert facts.owed() == [
        sum(owed for (_, asset), owed in house.state().uncovered.items() if asset == code)
        for code in range(len(run.assets))
    ]


def test_stages_contracts_and_sides_in_one_unit_equal_a_loop(fallen, facts):
    _, run = fallen
    (view,) = facts.views
    assert (view.unit, view.total) == ("USDT", True)
    _, valued = stages_by_hand(run)
    taken = facts.taken(view)
    for code, contract in enumerate(run.contracts):
        for side, name in enumerate(("longs", "shorts")):
            by_hand = [valued[stage, contract.symbol, name] for stage in range(len(STAGES))]
            assert taken[code, side, : len(STAGES)] == pytest.approx(by_hand, rel=1e-9)
    assert facts.stage_worth(view) == pytest.approx(taken[:, :, : len(STAGES)].sum(axis=(0, 1)))
    by_pass = facts.closings.by_pass(facts.record, view)
    assert by_pass.sum(axis=0) == pytest.approx(facts.stage_worth(view))
    assert np.flatnonzero(facts.stage_worth(view)).tolist() == [0, 3, 4, 5]


def test_what_nobody_took_is_valued_at_the_marks_of_its_pass_and_counted_once(fallen, facts):
    _, run = fallen
    rows = [row for row in rows_of(run) if row["kind"] == "uncovered-lots"]
    assert rows
    contracts = {contract.symbol: contract for contract in run.contracts}
    marks = {}
    columns = run.marks()
    for number, kind, name, text in zip(*(columns[key] for key in ("pass", "kind", "name", "price")), strict=True):
        marks[int(number), str(kind), str(name)] = float(text)
    by_pass, last = Counter(), 0.0
    for row in rows:
        contract = contracts[row["contract"]]
        value = abs(row["lots"]) * value_per_lot(contract, marks[row["pass"], "mark", row["contract"]])
        value *= marks.get((row["pass"], "index", contract.settle.name), 1.0)
        by_pass[row["pass"]] += value
        last += value if row["pass"] == 4 else 0.0
    (view,) = facts.views
    assert facts.left_by_pass(view) == pytest.approx([by_pass[number] for number in range(5)], rel=1e-6)
    assert facts.left_worth(view) == pytest.approx(last, rel=1e-6)
    assert last > 0


def test_assets_that_cannot_be_compared_are_summed_apart():
    _, run = report_worlds.crash(modes=("cross", "isolated"))
    facts = Facts(run)
    assert [view.unit for view in facts.views] == ["USDT", "BTC"]
    assert not any(view.total for view in facts.views)
    quanta, _ = stages_by_hand(run)
    for view in facts.views:
        by_hand = [quanta[stage][view.unit] / 1e8 for stage in range(len(STAGES))]
        assert facts.stage_worth(view) == pytest.approx(by_hand, rel=1e-12)


# Who bore it ----------------------------------------------------------------------------------------------------------


def test_shares_of_users_equal_a_loop(fallen, facts):
    _, run = fallen
    rows = rows_of(run)
    by_sequence = {row["sequence"]: row for row in rows}
    users = Counter()
    for row in rows:
        if row["kind"] == "adl-notice":
            users[row["account"]] += worth(run, row, abs(by_sequence[row["link"]]["amount"]))
    (held,) = facts.bearers
    assert dict(zip(held.accounts.tolist(), held.per_user.tolist(), strict=True)) == pytest.approx(dict(users))
    largest = sorted(users.values())[::-1]
    assert concentration.top_share(held.per_user, 10) == pytest.approx(sum(largest[:10]) / sum(largest))


def test_the_terms_of_a_score_are_those_of_the_snapshot_at_the_marks_of_the_pass(fallen, facts):
    _, run = fallen
    from adlcore.report.facts.bearers import score_terms

    (held,) = facts.bearers
    events = held.event[held.largest(20)]
    rule = adl.RankingRule("binance")
    found = score_terms(facts.record, run, facts.prices, adl.margin_state(run.before), rule, events)
    rows = rows_of(run)
    columns = run.marks()
    for place, event in enumerate(events.tolist()):
        row = rows[event]
        state = adl.margin_state(run.before)
        now = {"mark": {}, "index": {}}
        for number, kind, name, text in zip(*(columns[key] for key in ("pass", "kind", "name", "price")), strict=True):
            if number == row["pass"]:
                now[str(kind)][str(name)] = str(text)
        state.mark(now["mark"], index_prices=now["index"])
        code = run.before.symbols[row["contract"]]
        why = state.market(row["contract"]).explain(row["row"] - int(run.before.start[code]), rule)
        terms = (found.pnl_ratio[place], found.leverage[place], found.score[place])
        assert terms == pytest.approx((why.terms["pnl_ratio"], why.terms["effective_leverage"], why.score))


def test_rows_that_the_start_does_not_hold_have_no_terms(fallen, facts):
    _, run = fallen
    from adlcore.report.facts.bearers import score_terms

    (held,) = facts.bearers
    events = held.event[:2]
    row = run.events()["row"].copy()
    row[events[0]] = len(run.before.positions) + 5
    altered = Facts(report_worlds.Altered(run, row=row))
    rule = adl.RankingRule("binance")
    found = score_terms(altered.record, run, facts.prices, facts.margin_state(), rule, events)
    assert np.isnan(found.score).tolist() == [True, False]


def test_a_notice_says_what_the_user_must_know():
    _, run = report_worlds.ten_wallets()
    facts = Facts(run)
    told = [bearing.notice(facts, event) for event in np.flatnonzero(facts.record.of("adl-notice")).tolist()]
    end = "no fee was charged; a new position may be opened at once"
    assert told == [
        f"closed {lots} SOLUSDT at 88.0; realized +{realized} USDT; {end}"
        for lots, realized in ((10, "130.00"), (40, "400.00"), (35, "595.00"))
    ]


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=40).filter(any))
def test_gini_is_half_the_mean_difference_over_the_mean(amounts):
    n, total = len(amounts), sum(amounts)
    difference = sum(abs(a - b) for a in amounts for b in amounts) / (n * n)
    assert concentration.gini(amounts) == pytest.approx(difference / (2 * total / n), abs=1e-9)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any))
def test_a_lorenz_curve_rises_below_the_diagonal_and_its_area_is_the_gini_coefficient(amounts):
    x, y = concentration.lorenz(amounts)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert all(b >= a for a, b in pairwise(y.tolist()))
    assert (y <= x + 1e-12).all()
    area = sum((b + a) / 2 / len(amounts) for a, b in pairwise(y.tolist()))
    assert 1 - 2 * area == pytest.approx(concentration.gini(amounts), abs=1e-9)


def test_a_lorenz_curve_of_many_is_thinned_but_keeps_its_ends():
    amounts = np.arange(1000)
    x, y = concentration.lorenz(amounts, 50)
    assert len(x) == 50
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    full = dict(zip(*(column.tolist() for column in concentration.lorenz(amounts)), strict=True))
    assert all(full[a] == b for a, b in zip(x.tolist(), y.tolist(), strict=True))


@pytest.mark.parametrize("amounts", [[1.0, -2.0], [float("nan")]])
def test_amounts_below_zero_are_refused(amounts):
    with pytest.raises(adl.AdlError, match=r"amounts\[\d\] is .*: must be 0 or above"):
        concentration.gini(amounts)


def test_nobody_has_no_gini_coefficient():
    assert np.isnan(concentration.gini([]))
    assert np.isnan(concentration.top_share([0, 0], 1))
    assert [part.tolist() for part in concentration.lorenz([0, 0])] == [[0, 1], [0, 1]]


# The queue ------------------------------------------------------------------------------------------------------------


def test_the_pass_of_a_queue_is_the_one_with_most_lots_deleveraged(fallen, facts):
    _, run = fallen
    lots = Counter()
    for row in rows_of(run):
        if row["kind"] == "adl-notice":
            lots[row["contract"], row["pass"], "long" if row["lots"] < 0 else "short"] += abs(row["lots"])
    places = places_of_most(facts.record, len(run.contracts))
    assert places
    for place in places:
        symbol = run.contracts[place.contract].symbol
        mine = {key: count for key, count in lots.items() if key[0] == symbol}
        most = max(mine.values())
        assert place.lots == most
        number, side = int(facts.record.number[place.place]), "long" if place.side > 0 else "short"
        assert mine[symbol, number, side] == most


def test_a_queue_holds_those_who_could_be_counterparties_and_marks_those_who_were(fallen, facts):
    _, run = fallen
    rule = adl.RankingRule("binance")
    place = places_of_most(facts.record, len(run.contracts))[0]
    found = queue_at(facts.record, run, facts.prices, adl.margin_state(run.before), rule, place)
    state = adl.margin_state(run.before)
    marks, index = facts.prices.exact(place.place)
    state.mark(marks, index_prices=index)
    market = state.market(run.contracts[place.contract])
    able = (market.quantity * place.side > 0) & ~state.liquidatable[market.tie] & (market.equity > 0)
    rows = np.flatnonzero(able)
    assert found.positions.row.tolist() == rows.tolist()
    score = market.score(rule)
    assert found.positions.light.tolist() == adl.indicator(score[rows]).tolist()
    leverage = market.notional[rows] / (market.equity[rows] / 1e8)
    assert found.positions.leverage == pytest.approx(leverage)
    assert found.positions.pnl_ratio == pytest.approx(market.unrealized_pnl[rows] / market.notional[rows])
    closed = {}
    for row in rows_of(run):
        if row["kind"] == "adl-notice" and row["contract"] == market.contract.symbol:
            when = np.sign(row["pass"] - int(facts.record.number[place.place]))
            closed.setdefault(row["row"] - int(run.before.start[place.contract]), set()).add(int(when))
    for position, now, earlier, later in zip(rows.tolist(), found.now, found.earlier, found.later, strict=True):
        ever = closed.get(position, set())
        assert now == (0 in ever)
        assert earlier == (-1 in ever and not now)
        assert later == (1 in ever and not now and not earlier)
    assert found.now.any()
    shown = found.shown(3)
    assert len(shown) == 3
    assert found.now[shown].all() == (found.now.sum() >= 3)


def test_positions_without_lots_equity_or_place_stand_in_no_queue():
    market = adl.Market(
        "X",
        mark_price=2,
        quantity=[4, 0, -5, -5, 3],
        entry_price=[1.0, 1.0, 3.0, 2.5, 1.5],
        equity=[5.0, 9.0, 10.0, -1.0, 2.0],
    )
    held = positions_of(market, adl.RankingRule("binance"))
    assert held.row.tolist() == [0, 2, 4]
    assert held.light.tolist() == [5, 5, 3]
    barred = np.array([True, False, False, False, False])
    longs = positions_of(market, adl.RankingRule("binance"), 1, barred)
    assert (longs.row.tolist(), longs.light.tolist()) == ([4], [5])


# Texts as numbers, time, words ----------------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=4), max_size=60))
def test_texts_become_the_codes_of_their_sorted_names(texts):
    # NumPy drops trailing NULs from text, so they are no part of a name.
    texts = [text.rstrip("\0") for text in texts]
    names, codes = coded(texts)
    assert names == sorted(set(texts))
    assert [names[code] for code in codes.tolist()] == texts


def test_texts_that_share_a_hash_are_told_apart(monkeypatch):
    real, calls = np.unique, []

    def colliding(values, **options):
        calls.append(values.dtype.kind)
        return real(np.zeros_like(values) if values.dtype.kind == "u" else values, **options)

    monkeypatch.setattr(np, "unique", colliding)
    names, codes = coded(["b", "a", "b"])
    assert (names, codes.tolist()) == (["a", "b"], [1, 0, 1])
    assert calls == ["u", "U"]


@given(st.lists(st.tuples(st.integers(-(2**63) + 1, 2**63 - 1), st.integers(-1, 3)), max_size=30))
def test_sums_are_exact_beyond_int64(pairs):
    values = np.array([value for value, _ in pairs], np.int64)
    codes = np.array([code for _, code in pairs], np.int64)
    assert exact_sums(values, codes, 4) == [sum(v for v, c in pairs if c == code) for code in range(4)]


@given(st.integers(1, 60), st.integers(1, 12), st.randoms(use_true_random=False))
def test_bars_hold_every_pass_once(passes, most, random):
    values = np.array([[random.randrange(100)] for _ in range(passes)], float)
    at = np.cumsum([random.randrange(1, 9) for _ in range(passes + 1)])
    made = timeline.bars(at, values, most)
    assert len(made.sums) <= most
    assert made.sums.sum() == values.sum()
    if passes > 1:
        edges = [*(made.middle - made.width / 2).tolist(), float(made.middle[-1] + made.width[-1] / 2)]
        assert edges == pytest.approx([*at[made.first].tolist(), at[-1]])


@given(st.integers(1, 500), st.integers(2, 100))
def test_points_that_are_kept_begin_and_end_where_all_do(count, most):
    kept = timeline.kept_points(count, most)
    assert len(kept) == min(count, most)
    assert (kept[0], kept[-1]) == (0, count - 1)
    assert (np.diff(kept) > 0).all()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (wording.amount(adl.Asset("USDT"), -123_456_789), "−1.2346"),
        (wording.amount(adl.Asset("USDT"), 1), "0.00000001"),
        (wording.signed(adl.Asset("USDT"), 123_456_000_000), "+1,234.56"),
        (wording.money(-4_321.9), "−4,322"),
        (wording.short(999_999_999_999), "1000 billion"),
        (wording.percent(float("nan")), "–"),
        (wording.percent(0.9996), ">99.9 %"),
        (wording.price(adl.Contract("X", tick="0.00001"), 123_456_789), "1,234.56789"),
        (wording.quantity(adl.Contract("X", lot="10"), -1234), "−12,340"),
        (wording.ratio(float("-inf")), "–"),
        (wording.listed([]), ""),
    ],
)
def test_numbers_are_written_for_people(said, expected):
    assert said == expected


# What cannot be read --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("kind", 3, "book-fil", r"events.kind\[3\] is 'book-fil': must be known to the run and to this adlcore"),
        ("contract", 4, "ETH", r"events.contract\[4\] is 'ETH': must be known to the run and to this adlcore"),
        ("sequence", 5, 4, r"events.sequence\[5\] is 4: must be above the one before"),
        ("pass", 6, 9, r"events.pass\[6\] is 9: must be a pass of the run"),
    ],
)
def test_events_that_belong_to_no_run_are_refused_by_row(column, row, value, message):
    _, run = report_worlds.ten_wallets()
    given_column = run.events()[column].copy()
    given_column = given_column.astype("U20") if given_column.dtype.kind == "U" else given_column
    given_column[row] = value
    with pytest.raises(adl.AdlError, match=message):
        Facts(report_worlds.Altered(run, **{column: given_column})).record


def test_times_that_fall_are_refused_and_those_at_the_ends_of_int64_have_places():
    """A difference of two of them may not fit int64."""
    _, run = report_worlds.crash()
    passes = run.passes()
    time = np.asarray(passes["time"], np.int64)

    def facts(times):
        run.passes = lambda: {**passes, "time": times}
        return Facts(run)

    with pytest.raises(adl.AdlError, match=r"passes.time\[1\] is -9223372036854775808: must not be before that of"):
        facts(np.concatenate([time[:1], [-(2**63)], time[2:]])).record
    ends = np.concatenate([[-(2**63)], time[1:-1], [2**63 - 1]])
    at, _ = facts(ends).in_time
    assert at.tolist() == sorted(at.tolist())


def test_legs_without_their_other_leg_are_a_problem_and_no_error():
    _, run = report_worlds.ten_wallets()
    link = run.events()["link"].copy()
    fill = int(np.flatnonzero(run.events()["kind"] == "book-fill")[0])
    link[fill] = 999
    problems = Facts(report_worlds.Altered(run, link=link)).conservation.problems
    assert problems[0] == "1 legs have no other leg"


def test_a_pass_with_fewer_events_than_the_run_says_is_a_problem():
    _, run = report_worlds.ten_wallets()
    cut = {name: column[:-1] for name, column in run.events().items()}
    problems = Facts(report_worlds.Altered(run, **cut)).conservation.problems
    assert "pass 0 has 24 events, the run says 25" in problems


def test_openings_that_the_run_does_not_say_come_from_the_funds_or_the_configuration_or_are_not_known():
    _, run = report_worlds.ten_wallets()
    run.opening_funds = None
    assert [fund.opening for fund in Facts(run).funds] == [100 * 10**8]
    given_funds = [adl.InsuranceFund("USDT", "7", scope="SOLUSDT"), adl.InsuranceFund("USDT", "3")]
    assert [(f.name, f.opening) for f in Facts(run, funds=given_funds).funds] == [
        ("SOLUSDT", 7 * 10**8),
        ("USDT", 3 * 10**8),
    ]
    for configuration in ({}, {"funds": "none"}, {"funds": [{"name": "x"}]}, ["funds"]):
        run.configuration = configuration
        (fund,) = Facts(run).funds
        assert fund.opening is None
        assert fund.cash.tolist() == [0, 3_246_875_000]
