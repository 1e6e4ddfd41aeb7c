"""What the report says of funds that refused: sentences, a figure, and a table."""

import pytest

import adlcore as adl
from adlcore.clearing import Deleverage, Drawdown, NetNotionalCap, TakeOver, Venue
from adlcore.report.facts.run_facts import Facts
from adlcore.report.sections import refused
from support import report_worlds
from support.report_pages import Page
from support.run_loops import refusals_of


def test_the_crash_of_ten_wallets_says_why(ten):
    assert (
        "The USDT fund refused positions in SOLUSDT in 1 pass because of its equity: at the furthest, in pass 0, it "
        "would have been left with −547.53 USDT, which is below 0."
    ) in ten.texts["story"]
    assert ten.tables["Why funds refused"][1] == [
        *("0", "USDT", "SOLUSDT", "equity ≥", "−547.53", "0", "USDT", "ann", "85", "88.0")
    ]
    (figure,) = ten.figures["refused-0"]
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
def test_each_cause_has_its_words(ten_run, tmp_path, trigger, told):
    """A long of 100 that is bankrupt at 88 costs a fund of 1,000 at a mark of 80 its 800."""
    names, symbols = ["ann", "bob"], ["SOLUSDT"] * 2
    before = adl.Snapshot.build(
        contracts=ten_run.contracts,
        wallets={"account": names, "balance": ["1200", "9000"]},
        positions={"account": names, "contract": symbols, "quantity": [100, -100], "entry_price": [100, 100]},
        marks={"SOLUSDT": "100"},
    )
    fund = adl.InsuranceFund("USDT", "1000", trigger=trigger)
    opened = adl.ClearingHouse(before, [fund], Venue("v", [TakeOver(), Deleverage()]))
    page = Page.of(report_worlds.record_passes(opened, [(1, {"SOLUSDT": "80"}, None)]), tmp_path)
    assert told in page.texts["story"]
    assert len(page.tables["Why funds refused"]) == 2


def test_a_trigger_that_is_on_has_its_words(ten_run, tmp_path):
    fund = adl.InsuranceFund("USDT", "1000", trigger=Drawdown(10, "-0.3", "-0.1"))
    opened = adl.ClearingHouse(ten_run.after, [fund], Venue("v", [TakeOver()]))
    opened.fund_deposit("USDT", "-400")
    page = Page.of(report_worlds.record_passes(opened, [(1, {"SOLUSDT": "70"}, None)]), tmp_path)
    words = "its trigger was on: it had last seen 600.00 USDT, and turns off from 900.00 USDT on."
    assert words in page.texts["story"]
    assert page.tables["Why funds refused"][1][3] == "equity or profit, last seen ≥"


@pytest.mark.parametrize(("of", "relative_to"), [("balance", "opening"), ("contract", "opening"), ("contract", "pool")])
def test_what_no_value_turns_off_is_no_amount(ten_run, tmp_path, of, relative_to):
    """A drawdown of a fund of nothing: its bound is the end of int64."""
    trigger = Drawdown(10**9, "-0.3", "-0.25", of=of, relative_to=relative_to)
    fund = adl.InsuranceFund("USDT", "0", trigger=trigger)
    opened = adl.ClearingHouse(ten_run.after, [fund], Venue("v", [TakeOver(), Deleverage()]))
    run = report_worlds.record_passes(opened, [(1, {"SOLUSDT": "70"}, None)])
    assert [told[3:] for told in refusals_of(run)] == [("drawdown-on", 0, 2**63 - 1)]
    page = Page.of(run, tmp_path)
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
    (said,) = refused.refusal_sentences(Facts(report_worlds.with_refusals(told)))
    assert words in said


def test_tables_and_figures_are_bounded(fallen, fallen_facts, tmp_path, monkeypatch):
    count = len(fallen_facts.refusals)
    assert count > 4
    for name, most in (("MOST_ROWS", 3), ("MOST_LINES", 1), ("MOST_POINTS", 2), ("MOST_TOLD", 1)):
        monkeypatch.setattr(refused, name, most)
    page = Page.of(fallen, tmp_path)
    caption = f"Why funds refused: the 3 furthest beyond their bounds of {count:,}"
    assert len(page.tables[caption]) == 4
    assert [int(n) for n in page.column(caption, "pass")] == sorted(int(n) for n in page.column(caption, "pass"))
    assert page.texts["story"].count(" refused positions in ") == 1
    figures = [figure for key, each in page.figures.items() if key.startswith("refused-") for figure in each]
    assert all(len(figure["data"]) == 2 and len(figure["data"][0]["x"]) <= 2 for figure in figures)


def test_a_run_without_refusals_says_nothing_of_them(ten_run, tmp_path):
    opened = adl.ClearingHouse(ten_run.after, venue=[Deleverage()])
    page = Page.of(report_worlds.record_passes(opened, [(1, {"SOLUSDT": "79"}, None)]), tmp_path)
    assert "refused" not in page.texts["story"] + page.texts["funds"]
    assert not any(key.startswith("refused") for key in page.figures)


def test_names_are_shown_and_not_run(tmp_path):
    names = ("<b>ann</b>", *report_worlds.NAMES[1:])
    page = Page.of(report_worlds.ten_wallets(names, "<i>S</i>")[1], tmp_path)
    assert page.column("Why funds refused", "first refused") == ["<b>ann</b>"]
    assert "refused positions in <i>S</i> in 1 pass" in page.texts["story"]
