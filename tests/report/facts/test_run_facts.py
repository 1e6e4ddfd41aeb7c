"""What the report says of a run is what a slow loop over its events finds."""

from collections import Counter

from hypothesis import given

from adlcore.clearing.closings import STAGES
from adlcore.report.facts.run_facts import Facts
from support import house_worlds, report_worlds
from support.run_loops import event_rows, stages_of


@given(house_worlds.worlds())
def test_sums_equal_a_loop_over_the_events_of_any_house(world):
    _, run = report_worlds.of_world(world)
    facts, rows = Facts(run, funds=world.funds), event_rows(run)
    quanta, _ = stages_of(run)
    found = facts.closings.quanta(len(run.assets))
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
        assert view.is_total or len(facts.views) > 1
        for event in held.event.tolist():
            lots[str(held.accounts[held.user[held.event.tolist().index(event)]])] += abs(rows[event]["lots"])
    by_hand = Counter()
    for row in rows:
        if row["kind"] == "adl-notice":
            by_hand[str(row["account"])] += abs(row["lots"])
    assert lots == by_hand
