"""Events of a call, applied to the books before it."""

import numpy as np

from adlcore.clearing.house.replay import replay_events


def assert_replay(before, events, house) -> None:
    """The events of a call, applied to the books before it, give the books after it."""
    users, parties = replay_events(before, events)
    now = house.snapshot()
    for name in ("positions", "wallets", "balances", "orders"):
        assert getattr(users, name) == getattr(now, name), name
    assert users.start.tolist() == now.start.tolist()
    for name in ("names", "first_fund"):
        assert getattr(parties, name) == getattr(house.state().parties, name), name
    for name in ("lots", "cost", "realized", "cash"):
        assert np.array_equal(getattr(parties, name), getattr(house.state().parties, name)), name
