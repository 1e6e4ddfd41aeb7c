"""What the report says of funds that refused: numbers of a slow loop, sentences, a figure, and a table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

import adlcore as adl
from adlcore.clearing import Deleverage, Drawdown, NetNotionalCap, TakeOver, Venue
from adlcore.clearing.events import CAUSES, PLACE
from adlcore.report.facts.run_facts import Facts
from adlcore.report.sections import refused
from support import house_worlds, report_worlds
from support.report_pages import Page

pytestmark = pytest.mark.files


#: Bounds that no value keeps.
ENDS = (2**63 - 1, -(2**63))


def rows_of(run):
    """The events by their sequence number."""
    columns = {name: column.tolist() for name, column in run.events().items()}
    listed = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return {row["sequence"]: row for row in listed}


def slowly(run):
    """Pass, fund, contract, cause, value and bound of each refusal."""
    rows = rows_of(run)
    return [
        (row["pass"], row["fund"], row["contract"], row["cause"], row["amount"], rows[row["link"]]["amount"])
        for row in rows.values()
        if row["kind"] == "take-over-refused"
    ]


def written(run, folder):
    adl.report.write(run, folder / "report.html")
    return Page((folder / "report.html").read_text(encoding="utf-8"))


@given(house_worlds.worlds())
def test_refusals_are_those_of_a_slow_loop(world):
    _, run = report_worlds.of_world(world)
    facts = Facts(run)
    record, found = facts.record, facts.refusals
    listed = [
        (
            *(int(record.number[record.place[event]]), record.parties[record.party[event]]),
            *(run.contracts[record.contract[event]].symbol, adl.clearing.events.CAUSES[record.cause[event]]),
            *(int(found.value[place]), int(found.bound[place])),
        )
        for place, event in enumerate(found.event.tolist())
    ]
    assert listed == slowly(run)
    for place, (*_, cause, value, bound) in enumerate(listed):
        assert value > bound if cause == "net-notional" else value < bound
        assert np.isnan(found.beyond[place]) == np.isnan(found.limit[place]) == (bound in ENDS)
    series = found.series(record)
    assert sum(each.times for each in series) == len(listed)
    for each in series:
        mine = [told for told in listed if told[1] == record.parties[each.party] and told[3] == each.cause]
        worst = {}
        for number, *_, value, bound in mine:
            worst[number] = max(worst.get(number, -1), -1 if bound in ENDS else abs(value - bound))
        drawn = [listed[place] for place in each.furthest.tolist()]
        assert [told[0] for told in drawn] == sorted(worst)
        beyond = [-1 if told[-1] in ENDS else abs(told[-2] - told[-1]) for told in drawn]
        assert beyond == pytest.approx([worst[n] for n in sorted(worst)])
    refused.reasons(facts)


def test_the_crash_of_ten_wallets_says_why(tmp_path):
    page = written(report_worlds.ten_wallets()[1], tmp_path)
    assert (
        "The USDT fund refused positions in SOLUSDT in 1 pass because of its equity: at the furthest, in pass 0, it "
        "would have been left with −547.53 USDT, which is below 0."
    ) in page.texts["story"]
    assert page.tables["Why funds refused"][1] == [
        *("0", "USDT", "SOLUSDT", "equity ≥", "−547.53", "0", "USDT", "ann", "85", "88.0")
    ]
    (figure,) = page.figures["refused-0"]
    bound, value = figure["data"]
    assert (bound["name"], bound["x"], bound["y"]) == ("USDT fund: least", [1], [0.0])
    assert (value["name"], value["x"], value["y"]) == ("USDT fund: equity", [1], [-547.53125])


CAP = "its net notional would have been 8,000.00 USDT, above the {} USDT that its equity would allow then"


@pytest.mark.parametrize(
    ("trigger", "told"),
    [
        (NetNotionalCap("1"), "because of its net notional: at the furthest, in pass 0, " + CAP.format("200.00")),
        (NetNotionalCap("0.5"), "because of its net notional: at the furthest, in pass 0, " + CAP.format("100.00")),
        (
            Drawdown(10, "-0.3", "-0.1"),
            "because of its drawdown: at the furthest, in pass 0, it would have been left with 200.00 USDT, and less "
            "than 700.00 USDT turns its trigger on.",
        ),
    ],
)
def test_each_cause_has_its_words(tmp_path, trigger, told):
    """A long of 100 that is bankrupt at 88 costs a fund of 1,000 at a mark of 80 its 800."""
    house, _ = report_worlds.ten_wallets()
    held = [("ann", 100, 100), ("bob", -100, 100)]
    before = adl.Snapshot.build(
        contracts=house.snapshot().contracts,
        wallets={"account": ["ann", "bob"], "balance": ["1200", "9000"]},
        positions=[
            {"account": account, "contract": "SOLUSDT", "quantity": lots, "entry_price": price}
            for account, lots, price in held
        ],
        marks={"SOLUSDT": "100"},
    )
    fund = adl.InsuranceFund("USDT", "1000", trigger=trigger)
    opened = adl.ClearingHouse(before, [fund], Venue("v", [TakeOver(), Deleverage()]))
    page = written(report_worlds.made(opened, [(1, {"SOLUSDT": "80"}, None)]), tmp_path)
    assert told in page.texts["story"]
    assert len(page.tables["Why funds refused"]) == 2


def test_a_trigger_that_is_on_has_its_words(tmp_path):
    house, _ = report_worlds.ten_wallets()
    fund = adl.InsuranceFund("USDT", "1000", trigger=Drawdown(10, "-0.3", "-0.1"))
    opened = adl.ClearingHouse(house.snapshot(), [fund], Venue("v", [TakeOver()]))
    opened.fund_deposit("USDT", "-400")
    page = written(report_worlds.made(opened, [(1, {"SOLUSDT": "70"}, None)]), tmp_path)
    words = "its trigger was on: it had last seen 600.00 USDT, and turns off from 900.00 USDT on."
    assert words in page.texts["story"]
    assert page.tables["Why funds refused"][1][3] == "equity or profit, last seen ≥"


@pytest.mark.parametrize(("of", "relative_to"), [("balance", "opening"), ("contract", "opening"), ("contract", "pool")])
def test_what_no_value_turns_off_is_no_amount(tmp_path, of, relative_to):
    """A drawdown of a fund of nothing: its bound is the end of int64."""
    house, _ = report_worlds.ten_wallets()
    trigger = Drawdown(10**9, "-0.3", "-0.25", of=of, relative_to=relative_to)
    fund = adl.InsuranceFund("USDT", "0", trigger=trigger)
    opened = adl.ClearingHouse(house.snapshot(), [fund], Venue("v", [TakeOver(), Deleverage()]))
    run = report_worlds.made(opened, [(1, {"SOLUSDT": "70"}, None)])
    assert [told[3:] for told in slowly(run)] == [("drawdown-on", 0, 2**63 - 1)]
    page = written(run, tmp_path)
    assert (
        "because of its drawdown: at first, in pass 0, its trigger was on: it had last seen 0.00 USDT, and no value "
        "would have turned it off."
    ) in page.texts["story"]
    (row,) = page.tables["Why funds refused"][1:]
    assert row[3:6] == ["equity or profit, last seen ≥", "0", "none"]
    assert "Where the bound is none, no value would have done." in page.texts["funds"]
    (figure,) = page.figures["refused-0"]
    (value,) = figure["data"]
    assert (value["name"], value["y"]) == ("USDT fund: equity or profit, last seen", [0.0])
    assert "A point without a bound: no value would have done." in page.texts["funds"]
    assert "92,233,720" not in str(page.texts)


def with_refusals(told):
    """The run of ten wallets, in passes that refuse: of each the cause, the value and the bound, in quanta."""
    _, run = report_worlds.ten_wallets()
    ((_, events, *_),) = run.told
    names, refused = events.names, events.of("take-over-refused", "take-over-bound")
    passes = []
    for number, (cause, value, bound) in enumerate(told):
        pair = events.table[refused].copy()
        pair[:, PLACE["cause"]] = CAUSES.index(cause)
        pair[:, PLACE["amount"]] = value, bound
        pair[:, PLACE["link"]] = 1, 0
        passes.append((number + 1, adl.clearing.Events(pair, 2 * number, number + 1, names), None, None))
    return report_worlds.Run(run.before, passes, opened=(run.opening_funds, run.opening_debts))


LEFT = "it would have been left with {} USDT, and less than {} USDT turns its trigger on."


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            [("drawdown-on", 1, 3)] * 5 + [("drawdown", 10**8, 10**9)],
            "in 6 passes because of its drawdown: at the furthest, in pass 5, " + LEFT.format("1.0000", "10.00"),
        ),
        (
            [("drawdown-on", 1, 3), ("depleted", -(10**8), 0), ("drawdown", 10**8, 10**9)],
            "in 3 passes, mostly because of its drawdown (2 of 3 times): at the furthest, in pass 2, ",
        ),
        (
            [("drawdown", 5, 10**7), ("depleted", -(10**8), 0)],
            "in 2 passes because of its equity (1 time) and its drawdown (1 time): at the furthest, in pass 1, it "
            "would have been left with −1.0000 USDT, which is below 0.",
        ),
        (
            [("drawdown-on", 0, 2**63 - 1), ("drawdown", 10**8, 10**9)],
            "in 2 passes because of its drawdown: at the furthest, in pass 1, " + LEFT.format("1.0000", "10.00"),
        ),
        (
            [("net-notional", 10**10, -(2**63))],
            "because of its net notional: at first, in pass 0, its net notional would have been 100.00 USDT, and its "
            "equity would allow none then.",
        ),
        (
            [("drawdown-on", -(2**63), -(10**9))],
            "it had last seen −92,233,720,368.55 USDT or less, and turns off from −10.00 USDT on.",
        ),
        (
            [("drawdown", 0, 2**63 - 1)],
            "it would have been left with 0.00 USDT, and whatever it is left with turns its trigger on.",
        ),
    ],
)
def test_reasons_are_added_up_by_what_was_looked_at(told, words):
    (said,) = refused.reasons(Facts(with_refusals(told)))
    assert words in said


def test_a_pass_without_a_bound_has_a_point_alone(tmp_path):
    told = [("drawdown-on", 10**8, 2**63 - 1), ("drawdown-on", 10**8, 10**9), ("drawdown-on", 2 * 10**8, 2**63 - 1)]
    page = written(with_refusals(told), tmp_path)
    (figure,) = page.figures["refused-0"]
    bound, value = figure["data"]
    assert (bound["y"], value["y"]) == ([None, 10.0, None], [1.0, 1.0, 2.0])
    assert page.column("Why funds refused", "bound") == ["none", "10.00", "none"]


def test_tables_and_figures_are_bounded(tmp_path, monkeypatch):
    run = report_worlds.crash()[1]
    count = len(Facts(run).refusals)
    assert count > 4
    for name, most in (("MOST_ROWS", 3), ("MOST_LINES", 1), ("MOST_POINTS", 2), ("MOST_TOLD", 1)):
        monkeypatch.setattr(refused, name, most)
    page = written(run, tmp_path)
    caption = f"Why funds refused: the 3 furthest beyond their bounds of {count:,}"
    assert len(page.tables[caption]) == 4
    assert [int(n) for n in page.column(caption, "pass")] == sorted(int(n) for n in page.column(caption, "pass"))
    assert page.texts["story"].count(" refused positions in ") == 1
    figures = [figure for key, each in page.figures.items() if key.startswith("refused-") for figure in each]
    assert all(len(figure["data"]) == 2 and len(figure["data"][0]["x"]) <= 2 for figure in figures)


def test_a_run_without_refusals_says_nothing_of_them(tmp_path):
    house, _ = report_worlds.ten_wallets()
    opened = adl.ClearingHouse(house.snapshot(), venue=[Deleverage()])
    page = written(report_worlds.made(opened, [(1, {"SOLUSDT": "79"}, None)]), tmp_path)
    assert "refused" not in page.texts["story"] + page.texts["funds"]
    assert not any(key.startswith("refused") for key in page.figures)


@pytest.mark.parametrize("column", ["link", "cause", "fund", "asset", "contract", "wallet"])
def test_what_no_house_writes_is_passed_over(tmp_path, column):
    _, run = report_worlds.ten_wallets()
    events = run.events()
    place = int(np.flatnonzero(events["kind"] == "take-over-refused")[0])
    changed = events[column].copy()
    changed[place] = {"link": 0, "cause": "fee"}.get(column, -1 if changed.dtype.kind == "i" else "")
    altered = report_worlds.Altered(run, **{column: changed})
    assert len(Facts(altered).refusals) == 0
    assert "Why funds refused" not in written(altered, tmp_path).tables


def test_names_are_shown_and_not_run(tmp_path):
    names = ("<b>ann</b>", *report_worlds.NAMES[1:])
    page = written(report_worlds.ten_wallets(names, "<i>S</i>")[1], tmp_path)
    assert page.column("Why funds refused", "first refused") == ["<b>ann</b>"]
    assert "refused positions in <i>S</i> in 1 pass" in page.texts["story"]
