"""Everything public pickles with a version, and is immutable."""

import copy
import pickle

import numpy as np
import pytest

import adlcore as adl
from support import zoo
from support.public_values import examples, fields_of, state

EXAMPLES = sorted(examples())


#: Those whose pickles carry a version.
VERSIONED = sorted(["Asset", "Contract", "Explanation", "MarginTiers", "Market", "Queue", "RankingRule", "Selection"])


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", EXAMPLES)
def test_everything_public_pickles(name, protocol):
    thing = examples()[name]
    again = pickle.loads(pickle.dumps(thing, protocol))
    assert type(again) is type(thing)
    assert state(again) == state(thing)
    assert state(copy.copy(thing)) == state(copy.deepcopy(thing)) == state(thing)


def test_a_pickled_market_answers_as_the_first_one():
    market = examples()["Market"]
    again = pickle.loads(pickle.dumps(market))
    for rule in adl.RankingRule.names():
        np.testing.assert_array_equal(again.score(rule), market.score(rule))
        zoo.same_selection(again.deleverage(9, rule), market.deleverage(9, rule))
    assert again.rows("c").tolist() == [2]
    assert not again.quantity.flags.writeable


def test_a_pickled_selection_does_not_carry_the_market():
    n = 100_000
    tie = np.arange(n)[::-1]  # the last row goes first
    market = adl.Market("X", mark_price=1, quantity=np.ones(n), entry_value=np.ones(n), tie=tie, account=tie)
    assert len(pickle.dumps(market.deleverage(-3.0, "roi"))) < 5_000
    twice = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(market.deleverage(-3.0, "roi", ordered=False)))))
    assert twice.index.tolist() == [n - 3, n - 2, n - 1]
    assert twice.columns()["account"].tolist() == [2, 1, 0]
    assert twice.place.tolist() == [3, 2, 1]


@pytest.mark.parametrize("name", VERSIONED)
def test_a_pickle_of_an_unknown_version_is_refused_by_name(name):
    thing = examples()[name]
    kind, arguments, parts = thing.__reduce_ex__(4)[:3]
    parts = parts[1] if isinstance(parts, tuple) else parts
    with pytest.raises(adl.AdlError, match=f"{name}.*version 99") as caught:
        kind(*arguments).__setstate__({**parts, "version": 99})
    assert caught.value.value == 99


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"AdlError", "MissingExtraError", "Queue", "float Queue"}))
def test_values_are_immutable(name):
    thing = examples()[name]
    fields = fields_of(thing)
    before = state(thing)
    for field in [*fields, "something_new"]:
        # Frozen dataclasses with slots raise a TypeError for names they do not know.
        with pytest.raises((AttributeError, TypeError)):
            setattr(thing, field, 1)
        with pytest.raises((AttributeError, TypeError)):
            delattr(thing, field)
    assert state(thing) == before
    for field in fields:
        value = getattr(thing, field)
        if isinstance(value, np.ndarray) and name.endswith(("Selection", "by row")) and field in ("index", "quantity"):
            with pytest.raises(ValueError, match="read-only"):
                value[:] = 0
