"""What is owed at the end of a run is what the house says."""

from hypothesis import given
from hypothesis import strategies as st

from adlcore.report.facts.run_facts import Facts
from support import house_worlds, report_worlds


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
