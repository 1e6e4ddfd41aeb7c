"""Fields of a scenario that is made in no time."""

SMALL = {"wallets": {"count": 400, "positions": 800}, "shock": {"passes": 6}}
