"""What if: a snapshot at another mark, with more margin, or with a smaller position, and nothing else changed."""

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing.margin import what_if
from adlcore.lab import crowd
from support.books import ANN_ALONE, UNIT, columns_of, mia, one_position, small_snapshot, valued_snapshot
from support.refusals import NUMBER, cases, refused, said


def changes(before, after) -> set[str]:
    """The columns that differ."""
    both = zip(columns_of(before), columns_of(after), strict=True)
    return {f"{table}.{name}" for (table, name, one), (_, _, other) in both if one.tolist() != other.tolist()}


@pytest.mark.parametrize("row", [2, np.int64(2)])
def test_another_mark_is_that_of_the_contract_alone(row):
    before = small_snapshot()
    after = what_if(before, row, mark="57123.40")
    assert (after.row, after.realized_quanta, changes(before, after.snapshot)) == (row, 0, set())
    assert [format(mark, "f") for mark in after.snapshot.marks] == ["57123.4", "3010.55", "58010.5"]
    moved = adl.margin_state(before)
    moved.mark({"BTCUSDT": "57123.4"})
    assert adl.margin_state(after.snapshot).equity.tolist() == moved.equity.tolist()


def test_more_margin_is_a_deposit_in_the_wallet_of_the_position():
    before = small_snapshot()
    assert what_if(before, 4, add_margin="2.5") == (before.deposit(ANN_ALONE, "2.5"), 4, 0)
    assert what_if(mia(), 0, add_margin=7) == (mia().deposit(0, 7, "USDT"), 0, 0)


@pytest.mark.parametrize(
    ("reduce", "mark", "quantity", "cost", "realized"),
    [("3", None, 7, 70_000, 0), ("4", "95", 6, 60_000, -2_000), ("9", "110.01", 1, 10_000, 9_009)],
)
@pytest.mark.parametrize("side", [1, -1])
def test_a_part_is_closed_at_the_mark_and_releases_its_share_of_the_cost(reduce, mark, quantity, cost, realized, side):
    before = one_position(10 * side)
    after, row, gain = what_if(before, 0, mark=mark, reduce=reduce)
    assert (row, gain) == (0, realized * side)
    assert (after.positions.quantity[0], after.positions.entry_value[0]) == (quantity * side, cost * side)
    assert after.wallets.balance.tolist() == [12_000 + gain, 100_000_000]
    assert changes(before, after) <= {"positions.quantity", "positions.entry_value", "wallets.balance"}


@pytest.mark.parametrize(("entry", "reduce", "left"), [("100.01", "3", 70_007), ("33.335", "7", 10_001)])
def test_cost_is_released_toward_zero(entry, reduce, left):
    for side in (1, -1):
        after = what_if(one_position(10 * side, entry), 0, reduce=reduce).snapshot
        assert after.positions.entry_value[0] == left * side
    one_third = what_if(
        small_snapshot(positions={"entry_value": [100, *small_snapshot().positions.entry_value[1:]]}), 0
    )
    assert what_if(one_third.snapshot, 0, reduce="0.333").snapshot.positions.entry_value[0] == 100 - 33


def test_what_is_realized_goes_to_what_the_wallet_holds_of_the_settle_asset():
    assert what_if(mia(), 0, mark=110, reduce=50).snapshot.balances.amount.tolist() == [600 * UNIT, UNIT]
    # Pia holds no USDT: a row more, last.
    after, _, realized = what_if(valued_snapshot(), 1, mark="57000", reduce="0.1")
    assert realized == 23_000 * UNIT // 4 - 5_700 * UNIT
    assert [column[-1] for column in after.balances.columns().values()] == [1, 0, realized, 0]
    assert after.balances.amount.tolist()[:-1] == valued_snapshot().balances.amount.tolist()


def test_a_position_that_is_closed_whole_is_gone():
    before = small_snapshot()
    after, row, realized = what_if(before, 1, reduce="1.4")
    assert (row, realized, after.wallets.balance[1]) == (None, 0, before.wallets.balance[1])
    assert after.start.tolist() == [0, 4, 6, 8]
    rest = np.delete(np.arange(9), 1)
    assert after.positions == before.positions.taken(rest)
    assert after.position_contract.tolist() == before.position_contract[rest].tolist()


def test_what_is_asked_changes_nothing_else():
    snapshot = crowd.snapshot(200, 6)
    for row in range(0, len(snapshot.positions), 17):
        code, wallet = int(snapshot.position_contract[row]), int(snapshot.positions.wallet[row])
        size = snapshot.contracts[code].decimal(abs(int(snapshot.positions.quantity[row])))
        for same in (what_if(snapshot, row), what_if(snapshot, row, mark=snapshot.marks[code])):
            assert same == (snapshot, row, 0)
        before = snapshot.hash
        after, left, _ = what_if(snapshot, row, add_margin="1", reduce=size)
        assert (left, snapshot.hash) == (None, before)
        assert after.positions == snapshot.positions.taken(np.delete(np.arange(len(snapshot.positions)), row))
        one, other = adl.margin_state(snapshot), adl.margin_state(after)
        rest = np.arange(len(snapshot.wallets)) != wallet
        assert one.equity[rest].tolist() == other.equity[rest].tolist()


ROW = "must be a row of the positions, 0 to 1"


@cases(
    "asked message",
    [
        ({"row": 2}, said("row", 2, ROW)),
        ({"row": -1}, said("row", -1, ROW)),
        ({"row": True}, said("row", True, ROW)),
        ({"row": "ann"}, said("row", "ann", ROW)),
        ({"mark": "0"}, said("mark", "0", "must be above 0")),
        ({"mark": "x"}, said("mark", "x", NUMBER)),
        ({"add_margin": "-5"}, said("add_margin", "-5", "must be above 0")),
        ({"add_margin": "0.001"}, said("add_margin", "0.001", "is between quanta of 0.01: 0.00 or 0.01 would do")),
        ({"reduce": "0"}, said("reduce", "0", "must be above 0")),
        ({"reduce": "-1"}, said("reduce", "-1", "must be above 0")),
        ({"reduce": "many"}, said("reduce", "many", NUMBER)),
        ({"reduce": "0.5"}, said("reduce", "0.5", "is between lots of 1: 0 or 1 would do")),
        ({"reduce": "11"}, said("reduce", "11", "must be at most what is held, 10")),
        ({"reduce": 1, "mark": "1e30"}, said("reduce", 1, "must realize what fits int64 quanta of USDT")),
    ],
)
def test_what_cannot_be_asked(asked, message):
    refused(lambda: what_if(one_position(), **{"row": 0, **asked}), message)


def test_what_is_no_snapshot_or_no_position():
    refused(lambda: what_if({}, 0), said("snapshot", "dict", "must be a Snapshot"))
    books = small_snapshot(positions={"quantity": [0, -400, *small_snapshot().positions.quantity[2:]]}, check=False)
    refused(lambda: what_if(books, 0), said("row", 0, "must be the row of a position with lots"))


def test_a_balance_must_fit_when_a_profit_is_realized():
    books = one_position(9, "1", "92233720368547758")
    message = said("reduce", 2**63 - 8 + 900, "must leave a balance that fits int64 quanta")
    refused(lambda: what_if(books, 0, mark="2", reduce="9"), message)
