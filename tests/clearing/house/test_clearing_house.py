"""What a clearing house shows of itself, its state and its marks."""

import pickle
from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import BookIOC, ClearingHouse, Deleverage, DepthLadder, Uncovered, Venue
from support import ten_wallets
from support.house_books import FLAT, ONE_ROW_EACH, PassResult, X, build_house, snapshot
from support.house_calls import IN_TURN, STATE
from support.ten_wallets import DOWN


@pytest.mark.parametrize("when", [0, 2, 5, 10])
def test_a_house_goes_on_from_its_state(when):
    """From a pickle of state and order book, after any call: the same events and the same hash."""
    one = ClearingHouse.from_state(STATE, ten_wallets.venue(), book := ten_wallets.ladder())
    for call in IN_TURN[:when]:
        call(one)
    state, kept = pickle.loads(pickle.dumps((one.state(), book)))
    assert state.hash == one.hash
    other = ClearingHouse.from_state(state, ten_wallets.venue(), kept)
    assert (other.hash, other.time, other.marks, len(other.opening)) == (one.hash, one.time, one.marks, 0)
    for call in IN_TURN[when:]:
        assert call(other) == call(one)
        assert other.hash == one.hash
    assert (one.audit(), other.audit()) == ([], [])


def test_a_state_is_immutable_and_shared(house):
    state = house.state()
    assert house.state() is state
    with pytest.raises(AttributeError, match="immutable: time cannot be set"):
        state.time = 7
    with pytest.raises(ValueError, match="read-only"):
        state.parties.cash[0, 0] = 7
    with pytest.raises(TypeError):
        state.uncovered[0, 0] = 7
    house.mark(**DOWN)
    assert (state.hash, state.time) == (STATE.hash, 500)


def test_the_hash_is_of_everything():
    """Whatever differs, time and pending windows included."""
    house = ten_wallets.house()
    house.mark(**DOWN)
    state = house.state()
    assert state.uncovered
    assert state.cooling
    changed = [
        state.replace(time=state.time + 1),
        state.replace(sequence=state.sequence + 1),
        state.replace(digest=b"x" * 32),
        state.replace(uncovered={}),
        state.replace(cooling={}),
        state.replace(lent=state.lent + 1),
        state.replace(ledger=state.ledger + 1),
        state.replace(opening=state.opening + 1),
        state.replace(windows=tuple({} for _ in state.windows)),
        state.replace(constant=(0, 0)),
        state.replace(snapshot=STATE.snapshot),
        state.replace(parties=STATE.parties),
        state,
    ]
    assert len({each.hash for each in changed}) == len(changed)


def test_a_house_is_the_same_with_threads():
    one, two = (ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder(), threads=n) for n in (1, 2))
    for call in IN_TURN:
        assert call(one) == call(two)
    assert one.hash == two.hash


def test_what_a_house_shows(house):
    assert repr(house) == "<ClearingHouse all stages: 10 wallets, 3 contracts, 3 funds, time 500>"
    assert house.marks == {"X": Decimal(101), "Y": Decimal(60), "I": Decimal(100)}
    assert repr(build_house(snapshot([X], [1], [], {}), [Uncovered()])) == (
        "<ClearingHouse custom: 1 wallet, 1 contract, 1 fund, time 0>"
    )
    assert build_house(snapshot([X], [1], [], {}), [Uncovered()]).marks == {"X": None}


def test_the_margin_of_a_house_is_that_of_its_snapshot(house):
    for call in IN_TURN:
        call(house)
        kept, fresh = house.margin_state(), adl.margin_state(house.snapshot())
        for name in ("equity", "maintenance_margin", "balance", "free_margin", "liquidatable"):
            assert np.array_equal(getattr(kept, name), getattr(fresh, name)), name
        assert house.audit() == []


def test_a_quiet_mark_moves_marks_and_time_alone():
    house = build_house(snapshot([X], *FLAT), Venue("v", [Deleverage()]), 10)
    before = house.state()
    assert len(house.mark({"X": "101"}, 4)) == 0
    assert (house.time, house.marks) == (4, {"X": Decimal(101)})
    now = house.state()
    assert now.snapshot.positions is before.snapshot.positions
    assert now.snapshot.wallets is before.snapshot.wallets
    assert now.hash != before.hash
    assert len(house.mark({"X": "100"})) == 0
    assert house.margin_state().equity.tolist() == [1000, 1000, 1000]


def test_a_mark_with_nothing_at_all():
    """Nobody fails, and nobody is there: the time moves."""
    house = build_house(snapshot([X], [], [], {}), [Deleverage()])
    assert len(house.mark(time=7)) == 0
    assert len(house.mark({"X": "3"})) == 0
    assert (house.time, house.audit()) == (7, [])


#: Wallet 0 and 1: long 10, E 20 and 0 at 90; P 88 and 90. Wallet 2: short 20 of 100, and rich.


def test_a_depth_ladder_is_eaten_and_fills_up_again():
    """Wallet 0 sells 4 of 10 at 95; a lot is back each 10 units of time."""
    book = DepthLadder({"X": {"bids": ([95], [4])}}, refill="0.1")
    house = build_house(snapshot([X], *ONE_ROW_EACH), [BookIOC(), Uncovered()], 0, book)
    assert PassResult(house, house.mark({"X": "90"}, 0)).fills("book-fill")[0] == (1, -4, 95, 380)
    assert book.best("X", "sell", 9) is None
    assert book.best("X", "sell", 10) == 95
    again = PassResult(house, house.mark({"X": "90"}, 20))
    assert [fill[1] for fill in again.fills("book-fill")] == [-2]


def test_vaults_and_funds_of_a_house():
    assert STATE.parties.names == ("street", "treasury", "vault", "X", "USDT", "BTC")
    assert STATE.parties.code("vault") == 2
