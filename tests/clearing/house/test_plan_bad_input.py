"""Plans that cannot be settled, and calls that must wait for one."""

from __future__ import annotations

import pytest

from support.house_calls import CALLS, STATE
from support.refusals import refuses, said
from support.ten_wallets import ANN, DOWN

pytestmark = pytest.mark.plain


def test_nothing_changes_while_a_plan_is_open(planned):
    house, plan = planned
    for call in CALLS.values():
        error = refuses(house, lambda call=call: call(house), f"plan {plan.number} is open: settle it, or drop_plan()")
        assert (error.argument, error.value) == ("plan", plan.number)
    assert house.hash == STATE.hash
    house.drop_plan()
    house.deposit(ANN, "1")


def test_a_plan_that_is_not_open(house):
    def none(plan):
        return said("plan", plan, "must be open: there is none")

    refuses(house, lambda: house.settle(None), none(None))
    first = house.plan(**DOWN)
    house.drop_plan()
    refuses(house, lambda: house.settle(first, []), none(first.number))
    second = house.plan(**DOWN)
    refuses(house, lambda: house.settle(first, []), said("plan", first.number, f"must be the open plan, {second!r}"))
    refuses(house, lambda: house.settle("second", []), said("plan", "second", f"must be the open plan, {second!r}"))
    third = house.settle(second, [[] for _ in second.orders])
    refuses(house, lambda: house.settle(second, []), said("plan", second.number, f"must be the open plan, {third!r}"))
    while not third.done:
        third = house.settle(third, [[] for _ in third.orders])
    refuses(house, lambda: house.settle(third, []), none(third.number))
    assert house.audit() == []
