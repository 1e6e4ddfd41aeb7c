"""What a house holds between two calls: one value that never changes, with one hash."""

import pickle

import pytest

from adlcore.clearing import Deleverage, Uncovered
from adlcore.clearing.state import names_of
from support.house_books import build_house, linear, snapshot


def state():
    books = snapshot([linear()], [100, 200], [("X", 0, 10, 1000), ("X", 1, -10, -1000)], {"X": "100"})
    return build_house(books, [Deleverage("binance"), Uncovered()], 50).state()


def test_a_state_never_changes_and_is_pickled_whole():
    one = state()
    twin = pickle.loads(pickle.dumps(one))
    assert (twin.hash, twin.snapshot, twin.windows) == (one.hash, one.snapshot, one.windows)
    for each in (one, twin):
        with pytest.raises(AttributeError, match="immutable"):
            each.time = 5
        with pytest.raises(TypeError):
            each.uncovered[0, 0] = 5
        with pytest.raises(TypeError):
            each.windows[0][0] = None
        assert not each.ledger.flags.writeable


def test_what_is_replaced_is_new_and_the_rest_the_same():
    one = state()
    other = one.replace(time=one.time + 1)
    assert (other.time, other.snapshot is one.snapshot) == (one.time + 1, True)
    assert one.hash == state().hash != other.hash


@pytest.mark.parametrize(
    "changed",
    [
        {"uncovered": {(0, 0): 5}},
        {"cooling": {(0, 0, 1): 7}},
        {"constant": (1,)},
        {"sequence": 99},
        {"digest": b"other"},
        {"snapshot": state().snapshot.deposit(0, 1)},
    ],
    ids=str,
)
def test_every_part_is_hashed(changed):
    assert state().replace(**changed).hash != state().hash


def test_the_next_numbers_are_no_part_of_the_hash():
    assert state().replace(next_plan=9, next_order=9).hash == state().hash


def test_names_are_those_of_the_rows():
    names = names_of(state())
    assert (names.account.tolist(), names.contracts, names.assets) == (["account-0", "account-1"], ("X",), ("USDT",))
    assert names.parties == ("street", "treasury", "USDT")
