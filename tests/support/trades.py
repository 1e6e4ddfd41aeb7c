"""Trades of a house, and what they leave of its rows."""

import adlcore as adl
from support.house_books import build_house, linear, snapshot
from support.replays import assert_replay

NOBODY = [adl.clearing.Uncovered()]


def house_of(positions, balances=(10_000, 10_000, 10_000), **more) -> adl.ClearingHouse:
    """Wallets with rows of (wallet, lots, entry value) in X at 100."""
    held = [("X", *row) for row in positions]
    return build_house(snapshot([linear(**more)], list(balances), held, {"X": 100}), NOBODY)


def traded(house, *arguments, **named):
    """The events of a trade, which alone lead from the books before to those after."""
    before = house.state()
    events = house.trade(*arguments, **named)
    assert_replay(before, events, house)
    assert house.audit() == []
    return events


def position_rows(house) -> list[tuple[int, int, int, float]]:
    """Wallet, lots, entry value and leverage of every row."""
    return list(zip(*(column.tolist() for column in house.snapshot().positions.columns().values()), strict=True))


def legs(events) -> list[tuple[int, int, int]]:
    """Wallet, row and lots of every leg."""
    return [(row["wallet"], row["row"], row["lots"]) for row in events.rows("trade")]
