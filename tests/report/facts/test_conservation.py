"""The legs of any run are conserved, and a run that was tampered with is found out."""

import numpy as np
from hypothesis import given

from adlcore.clearing.events import FACTS
from adlcore.report.facts.run_facts import Facts
from support import house_worlds, report_worlds


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
        altered = report_worlds.with_event_value(run, "amount", legs[-1], columns["amount"][legs[-1]] + 1)
        told = Facts(altered).conservation.problems
        name = columns["asset"][legs[-1]]
        assert told == (
            "2 legs and their other legs have amounts that are not opposite",
            f"the legs in {name} sum to 1 quanta",
        )


def test_legs_without_their_other_leg_are_a_problem_and_no_error(ten_run):
    fill = int(np.flatnonzero(ten_run.events()["kind"] == "book-fill")[0])
    problems = Facts(report_worlds.with_event_value(ten_run, "link", fill, 999)).conservation.problems
    assert problems[0] == "1 legs have no other leg"


def test_a_pass_with_fewer_events_than_the_run_says_is_a_problem(ten_run):
    cut = {name: column[:-1] for name, column in ten_run.events().items()}
    problems = Facts(ten_run.altered(**cut)).conservation.problems
    assert "pass 0 has 24 events, the run says 25" in problems
