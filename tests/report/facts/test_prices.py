"""Marks and index prices of a run, and the units that amounts are summed in."""

import pytest

import adlcore as adl
from adlcore.clearing.closings import STAGES
from adlcore.report.facts.run_facts import Facts
from support import report_worlds
from support.run_loops import stages_of


def test_assets_that_cannot_be_compared_are_summed_apart():
    _, run = report_worlds.crash(modes=("cross", "isolated"))
    facts = Facts(run)
    assert [view.unit for view in facts.views] == ["USDT", "BTC"]
    assert not any(view.is_total for view in facts.views)
    quanta, _ = stages_of(run)
    for view in facts.views:
        by_hand = [quanta[stage][view.unit] / 1e8 for stage in range(len(STAGES))]
        assert facts.closings.by_stage(view) == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("pass", 99, "marks.pass[0] is 99: must be a pass of the run"),
        ("name", "XRP", "marks.name[0] is 'XRP': must be one of "),
        ("price", "x", "marks.price[0] is 'x': must be a number"),
        ("price", "-1", "marks.price[0] is '-1': must be above 0"),
    ],
)
def test_marks_that_no_run_has_are_refused(ten_run, tmp_path, column, value, told):
    marks = {name: list(cells) for name, cells in ten_run.marks().items()}
    marks[column][0] = value
    changed = ten_run.altered()
    changed.marks = lambda: marks
    with pytest.raises(adl.AdlError) as caught:
        adl.report.write(changed, tmp_path / "report.html")
    assert str(caught.value).startswith(told)
