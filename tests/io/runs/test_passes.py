"""The passes of a run as they are made: one after the other, by the run alone."""

import pytest

from adlcore.clearing import ClearingHouse
from adlcore.io import Inputs, open_run, record, verify
from support import run_worlds
from support.refusals import refused_with
from support.run_worlds import TEN

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


def test_the_next_pass_is_asked_for_when_the_one_before_was_made(tmp_path):
    house, seen = TEN.house(), []

    def passes():
        for number, each in enumerate(TEN.passes):
            seen.append(("asked", number, house.time))
            yield each

    def on_pass(number, events, given):
        assert given is house
        assert events == TEN.events[number]
        # It is on the disk by now.
        assert open_run(tmp_path / "run").passes()["pass"].tolist() == list(range(number + 1))
        seen.append(("made", number, house.time))

    record(tmp_path / "run", house, passes(), on_pass=on_pass)
    times = [each.time for each in TEN.passes]
    assert seen == [
        step
        for number, (before, after) in enumerate(zip([500, *times], times, strict=False))
        for step in (("asked", number, before), ("made", number, after))
    ]


class Shrinking:
    """An order book that a generator empties."""

    def __init__(self) -> None:
        self.lots = 10

    def ioc(self, contract, quantity, limit, time):
        lots = min(self.lots, abs(quantity))
        self.lots -= lots
        return [(lots, limit)] if lots else []


def shrinking():
    """A house whose order book vanishes before the second pass."""
    book = Shrinking()
    house = ClearingHouse.from_state(run_worlds.STATE, run_worlds.ten_wallets.venue(), book)

    def passes():
        yield Inputs(900, {"X": "80"})
        book.lots = 3
        yield Inputs(1000, {"X": "79"})
        yield Inputs(1001, {"X": "40"})

    return house, passes()


def test_a_generator_may_change_the_order_book(tmp_path):
    house, passes = shrinking()
    run = record(tmp_path / "run", house, passes)
    assert run.passes()["events"].tolist()[1] > 0
    plain, book = ClearingHouse.from_state(run_worlds.STATE, run_worlds.ten_wallets.venue(), Shrinking()), Shrinking()
    for each in shrinking()[1]:
        plain.mark(each.marks, each.time)
    assert plain.hash != run.manifest["hashes"]["after"] == house.hash
    assert book.lots == 10
    verify(run.path, *shrinking())


def test_nobody_else_may_move_the_house(tmp_path):
    house = TEN.house()

    def passes():
        yield TEN.passes[0]
        house.deposit(run_worlds.ten_wallets.DAN, "0.3")
        yield TEN.passes[1]

    words = "the house was changed before pass 1: must be moved by the run alone"
    refused_with(lambda: record(tmp_path / "run", house, passes()), words, argument="house", row=1)
    assert len(open_run(tmp_path / "run").passes()["pass"]) == 1
    house = TEN.house()
    moving = lambda *_: house.mark()  # noqa: E731
    refused_with(lambda: record(tmp_path / "other", house, TEN.passes, on_pass=moving), words)


def test_a_run_is_left_with_its_passes_where_a_deferred_call_moves_the_house(tmp_path):
    """Runs hold marks alone: the pass that was followed by a deposit is refused, and the ones before are kept."""
    house = TEN.house()
    house.on("adl-notice", lambda event: house.defer(lambda: house.fund_deposit("USDT", "1")))
    words = "the house was changed during pass 1, by a deferred call or another thread: a run holds marks alone"
    refused_with(lambda: record(tmp_path / "run", house, TEN.passes), words, argument="house", row=1)
    assert len(open_run(tmp_path / "run").passes()["pass"]) == 1
    assert TEN.resume(tmp_path / "run").sealed
