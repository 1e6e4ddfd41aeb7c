"""Closings by stage, contract, side and pass, and what nobody took, are those of a slow loop."""

from collections import Counter

import numpy as np
import pytest

from adlcore.clearing.closings import STAGES
from adlcore.report.facts.prices import absolute_value_per_lot
from support.run_loops import event_rows, prices_of, stages_of


def test_stages_contracts_and_sides_in_one_unit_equal_a_loop(eventful, facts):
    (view,) = facts.views
    assert (view.unit, view.is_total) == ("USDT", True)
    _, valued = stages_of(eventful)
    taken = facts.notional_by_side(view)
    for code, contract in enumerate(eventful.contracts):
        for side, name in enumerate(("longs", "shorts")):
            by_hand = [valued[stage, contract.symbol, name] for stage in range(len(STAGES))]
            assert taken[code, side, : len(STAGES)] == pytest.approx(by_hand, rel=1e-9)
    assert facts.closings.by_stage(view) == pytest.approx(taken[:, :, : len(STAGES)].sum(axis=(0, 1)))
    by_pass = facts.closings.by_pass(view)
    assert by_pass.sum(axis=0) == pytest.approx(facts.closings.by_stage(view))
    assert np.flatnonzero(facts.closings.by_stage(view)).tolist() == [0, 3, 4, 5]


def test_what_nobody_took_is_valued_at_the_marks_of_its_pass_and_counted_once(eventful, facts):
    rows = [row for row in event_rows(eventful) if row["kind"] == "uncovered-lots"]
    assert rows
    contracts = {contract.symbol: contract for contract in eventful.contracts}
    marks = {key: float(text) for key, text in prices_of(eventful).items()}
    by_pass, last = Counter(), 0.0
    for row in rows:
        contract = contracts[row["contract"]]
        value = abs(row["lots"]) * absolute_value_per_lot(contract, marks[row["pass"], "mark", row["contract"]])
        value *= marks.get((row["pass"], "index", contract.settle.name), 1.0)
        by_pass[row["pass"]] += value
        last += value if row["pass"] == 4 else 0.0
    (view,) = facts.views
    assert facts.uncovered.by_pass(view) == pytest.approx([by_pass[number] for number in range(5)], rel=1e-6)
    assert facts.uncovered_at_end.total(view) == pytest.approx(last, rel=1e-6)
    assert last > 0
