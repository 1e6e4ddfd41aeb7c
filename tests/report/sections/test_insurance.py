"""What stayed uncovered: positions without a taker, and debts that nobody paid."""

import adlcore as adl
from adlcore.clearing import BookIOC, Deleverage, TakeOver
from adlcore.report.facts.run_facts import Facts
from support import report_worlds
from support.report_pages import Page
from support.run_worlds import MIDDLE


def test_where_nothing_stays_uncovered_it_is_said(ten):
    assert "Nothing stayed uncovered" in ten.texts["insurance"]


def test_what_stays_uncovered_is_listed(eventful, facts, tmp_path):
    page = Page.of(eventful, tmp_path)
    name = "Positions that a pass left without a taker"
    assert page.column(name, "state").count("open at the end") == len(facts.uncovered_at_end.event)
    assert f"{len(facts.uncovered_at_end.event)} positions worth" in page.texts["insurance"]
    assert any(trace["name"].startswith("left uncovered") for trace in page.figures["stages"][0]["data"])


def test_debts_are_listed_with_what_is_open(tmp_path):
    stages = [BookIOC(fee="0.01"), TakeOver(), Deleverage()]
    _, run = report_worlds.crash(600, 3, 6, cash="0", stages=stages)
    facts = Facts(run)
    page = Page.of(run, tmp_path)
    name = "Wallets without positions that owe money"
    assert facts.debts
    assert len(page.tables[name]) == 1 + len(facts.debts)
    assert page.column(name, "account")[0] in {str(run.before.wallets.account[debt.wallet]) for debt in facts.debts}
    assert "that nobody has paid" in page.texts["insurance"]


def test_the_page_tells_of_debts_from_before_the_run(tmp_path):
    run = adl.io.record(tmp_path / "run", MIDDLE.house(), MIDDLE.passes)
    page = Page.of(run, tmp_path)
    name = "Wallets without positions that owe money"
    assert page.column(name, "account") == ["eve", "ann"]
    assert page.column(name, "pass") == ["before", "before"]
    assert page.column(name, "state") == ["open", "paid"]
