"""What a snapshot and a house hand out is read-only, and what they were made of is theirs."""

import copy
import pickle
from collections.abc import Mapping

import numpy as np
import pytest

import adlcore as adl
from adlcore import clearing
from support.pairs import ann_and_bob
from support.refusals import refused

USD = adl.Asset("USD", 0)
CONTRACTS = [
    adl.Contract(symbol, settle=USD, tick=1, tiers=adl.MarginTiers([0], ["0.1"]), lot=1) for symbol in ("A", "B")
]


def build(**more):
    """Ann's long of 10 against bob's short, at 10; bob has an open order."""
    order = {"account": "ann", "contract": "B", "quantity": 1, "price": 9, "locked": 1}
    terms = {"contracts": CONTRACTS, "marks": {"A": 10, "B": 10}, "orders": [order], **more}
    return ann_and_bob(CONTRACTS[0], bob="900", **terms)


def open_house(snapshot=None):
    trigger = clearing.Drawdown(10, "-0.3", "-0.2", of="contract", relative_to="opening")
    fund = adl.InsuranceFund("USD", 500, trigger=trigger)
    return adl.ClearingHouse(build() if snapshot is None else snapshot, [fund], venue=adl.venues.BINANCE_USDM)


def parts_of(value, name="state"):
    """Every value of adlcore, array and container that can be reached by the attributes of a value, with its path."""
    if isinstance(value, tuple):
        named = [(f"{name}[{place}]", part) for place, part in enumerate(value)]
    elif isinstance(value, Mapping):
        yield name, value
        named = [(f"{name}[{key!r}]", part) for key, part in value.items()]
    elif isinstance(value, np.ndarray | list | set):
        yield name, value
        return
    elif type(value).__module__.startswith("adlcore"):
        yield name, value
        fields = getattr(type(value), "PICKLED", None) or getattr(type(value), "__dataclass_fields__", ())
        named = [(f"{name}.{field}", getattr(value, field)) for field in fields]
    else:
        return
    for path, part in named:
        yield from parts_of(part, path)


def handed_out(house):
    return {
        "state": house.state(),
        "snapshot": house.snapshot(),
        "events": house.last_events,
        "opening": house.opening,
        "symbols": house.snapshot().symbols,
        "assets": house.snapshot().asset_names,
        "copied": copy.deepcopy(house.state()),
        "pickled": pickle.loads(pickle.dumps(house.state())),
        "pickled events": pickle.loads(pickle.dumps(house.last_events)),
    }


def test_nothing_that_a_house_hands_out_can_be_changed():
    house = open_house()
    house.fund_deposit("USD", 5)
    before, seen = house.hash, 0
    for name, value in handed_out(house).items():
        for path, part in parts_of(value, name):
            seen += 1
            if isinstance(part, np.ndarray):
                assert not part.flags.writeable, path
            elif isinstance(part, Mapping):
                for change in (dict.clear, lambda mapping: mapping.update(Z=0), lambda mapping: mapping.pop("Z", 0)):
                    with pytest.raises((TypeError, AttributeError)):
                        change(part)
            else:
                assert not isinstance(part, list | set), path
                fields = getattr(type(part), "PICKLED", None) or type(part).__dataclass_fields__
                for field in fields:
                    with pytest.raises(AttributeError):
                        setattr(part, field, getattr(part, field))
                    with pytest.raises(AttributeError):
                        delattr(part, field)
    assert seen > 100
    assert house.hash == before


def test_a_symbol_cannot_be_put_in_that_would_be_marked_as_another():
    house = open_house()
    with pytest.raises(TypeError):
        house.snapshot().symbols["ZZ"] = 0
    refused(lambda: house.mark({"ZZ": 20}), "prices is 'ZZ': must be one of A, B")


def test_copies_of_read_only_values_are_equal():
    house = open_house()
    house.mark({"A": 9}, time=3)
    for value in (house.state(), house.snapshot()):
        for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            assert twin.hash == value.hash


# What came in ---------------------------------------------------------------------------------------------------------


def given_columns():
    """The arrays of a caller, as a snapshot needs them: nothing has to be converted."""
    rows = {"contract": [0, 0], "wallet": [0, 1], "quantity": [10, -10], "entry_value": [100, -100]}
    tables = {
        "wallets": {"account": ["ann", "bob", "cyd"], "asset": [0, 0, 0], "mode": [0, 0, 2], "balance": [40, 900, 0]},
        "positions": {**rows, "leverage": [2.0, 2.0]},
        "orders": {"contract": [1], "wallet": [0], "quantity": [1], "price": [9], "locked": [1]},
        "balances": {"wallet": [2], "asset": [0], "amount": [70], "loan": [0]},
    }
    return {table: {name: np.array(cells) for name, cells in columns.items()} for table, columns in tables.items()}


def frame(columns):
    """Columns as views of wider arrays of the caller's, read-only ones among them."""
    views = {}
    for name, column in columns.items():
        views[name] = np.concatenate([column, column])[: len(column)]
        views[name].setflags(write=False)
    return views


def overwrite(columns):
    for column in columns.values():
        buffer = column if column.base is None else column.base
        buffer[:] = "zed" if buffer.dtype.kind == "U" else 77


@pytest.mark.parametrize("given_as", [dict, frame])
def test_wallets_orders_and_balances_are_the_snapshots_own(given_as):
    tables = {name: given_as(columns) for name, columns in given_columns().items()}
    snapshot = adl.Snapshot(CONTRACTS, marks={"A": 10, "B": 10}, **tables)
    expected = adl.Snapshot(CONTRACTS, marks={"A": 10, "B": 10}, **given_columns())
    for name in ("wallets", "orders", "balances"):
        overwrite(tables[name])
    assert snapshot.hash == expected.hash


@pytest.mark.parametrize("given_as", [dict, frame])
def test_a_house_does_not_follow_its_callers_arrays(given_as):
    tables = {name: given_as(columns) for name, columns in given_columns().items()}
    house = open_house(adl.Snapshot(CONTRACTS, marks={"A": 10, "B": 10}, **tables))
    before = house.hash
    for columns in tables.values():
        overwrite(columns)
    assert (house.hash, house.audit()) == (before, [])
    assert house.mark({"A": 10}, time=1).counts() == {}


def test_what_nobody_can_write_to_is_not_copied_again():
    snapshot = open_house().snapshot()
    assert open_house(snapshot).snapshot().positions is snapshot.positions


# Plans ----------------------------------------------------------------------------------------------------------------


def test_what_a_plan_cancels_cannot_be_changed_through_it():
    house = open_house()
    plan = house.plan({"A": 9})
    expected = [{"wallet": 0, "account": "ann", "contract": "B", "lots": 1, "price": 9}]
    assert [dict(each) for each in plan.cancels] == expected
    with pytest.raises(TypeError):
        plan.cancels[0]["lots"] = 77
    for twin in (copy.copy(plan), copy.deepcopy(plan), pickle.loads(pickle.dumps(plan))):
        assert [dict(each) for each in twin.cancels] == expected
        assert (twin.number, twin.orders, twin.done) == (plan.number, plan.orders, False)
    assert [dict(each) for each in house.open_plan.cancels] == expected
