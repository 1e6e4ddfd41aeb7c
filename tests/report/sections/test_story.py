"""The story: its numbers, and the sums for each asset."""

from adlcore.report.facts.run_facts import Facts
from adlcore.report.sections import story
from support import report_worlds
from support.report_pages import Page


def test_the_story_of_ten_wallets_is_told_in_its_own_numbers(ten):
    for said in (
        "2 wallets were liquidated, and 10,805 USDT of their positions closed: 69.2 % of that against 3 other users",
        *("3,325 USDT", "7,480 USDT", "3 users", "132.47 USDT", "100.00 at the start", "exactly", "8 movements"),
    ):
        assert said in ten.texts["story"]
    closed = [["closed: order book", "3,325.00"], ["closed: other users", "7,480.00"]]
    legs = [["received by one leg", "11,637.47"], ["given by the other", "−11,637.47"], ["sum of all legs", "0"]]
    assert ten.tables["Sums by settle asset"] == [["notional, and money moved", "USDT"], *closed, *legs]


def test_without_index_prices_every_asset_is_told_apart(tmp_path):
    _, run = report_worlds.crash(modes=("cross", "isolated"))
    page = Page.of(run, tmp_path)
    facts = Facts(run)
    for view in facts.views:
        total = float(facts.closings.by_stage(view).sum())
        assert total > 0
        assert (
            f"{story.amounts_text(facts, [total if v is view else 0.0 for v in facts.views])[0]}" in page.texts["story"]
        )
    assert [figure["label"] for figure in page.figures["flow"]] == ["USDT", "BTC"]
    assert [tag for tag, _ in page.elements].count("select") >= 2
    assert "all, in USDT" not in page.tables["Sums by settle asset"][0]
