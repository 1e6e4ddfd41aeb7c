"""Refusals of funds are those of a slow loop."""

import numpy as np
import pytest
from hypothesis import given

from adlcore.clearing.events import CAUSES
from adlcore.report.facts.run_facts import Facts
from adlcore.report.sections import refused
from support import house_worlds, report_worlds
from support.report_pages import Page
from support.run_loops import refusals_of

#: Bounds that no value keeps.
ENDS = (2**63 - 1, -(2**63))


@given(house_worlds.worlds())
def test_refusals_are_those_of_a_slow_loop(world):
    _, run = report_worlds.of_world(world)
    facts = Facts(run)
    record, found = facts.record, facts.refusals
    listed = [
        (
            *(int(record.pass_number[record.pass_index[event]]), record.parties[record.party[event]]),
            *(run.contracts[record.contract[event]].symbol, CAUSES[record.cause[event]]),
            *(int(found.value[place]), int(found.bound[place])),
        )
        for place, event in enumerate(found.event.tolist())
    ]
    assert listed == refusals_of(run)
    for place, (*_, cause, value, bound) in enumerate(listed):
        assert value > bound if cause == "net-notional" else value < bound
        assert np.isnan(found.excess[place]) == np.isnan(found.finite_bound[place]) == (bound in ENDS)
    series = found.series(record)
    assert sum(each.refusal_count for each in series) == len(listed)
    for each in series:
        mine = [told for told in listed if told[1] == record.parties[each.party] and told[3] == each.cause]
        worst = {}
        for number, *_, value, bound in mine:
            worst[number] = max(worst.get(number, -1), -1 if bound in ENDS else abs(value - bound))
        drawn = [listed[place] for place in each.furthest.tolist()]
        assert [told[0] for told in drawn] == sorted(worst)
        beyond = [-1 if told[-1] in ENDS else abs(told[-2] - told[-1]) for told in drawn]
        assert beyond == pytest.approx([worst[n] for n in sorted(worst)])
    refused.refusal_sentences(facts)


@pytest.mark.parametrize(
    ("column", "value"),
    [("link", 0), ("cause", "fee"), ("fund", ""), ("asset", ""), ("contract", ""), ("wallet", -1)],
)
def test_what_no_house_writes_is_passed_over(ten_run, tmp_path, column, value):
    place = int(np.flatnonzero(ten_run.events()["kind"] == "take-over-refused")[0])
    altered = report_worlds.with_event_value(ten_run, column, place, value)
    assert len(Facts(altered).refusals) == 0
    assert "Why funds refused" not in Page.of(altered, tmp_path).tables
