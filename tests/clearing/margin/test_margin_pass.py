"""Marks that move: a state is then bit for bit what a full pass would give, and after an error what it was before."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import margin
from adlcore.clearing.margin.collateral import Slots
from support import margin_oracle as oracle
from support.books import NO_POSITIONS
from support.house_books import linear, snapshot
from support.refusals import refused_for as refused

TOP = oracle.INT64_MAX
COIN = adl.Asset("COIN", 0)
X, Y, Z = map(linear, "XYZ")
#: Settles in the asset whose index price moves.
C = linear("C", settle=COIN)


def venue(balance, rows, marks=None):
    """Cross wallets with these balances, and rows of contract, wallet, quantity, entry value."""
    return snapshot((X, Y, Z), balance, rows, dict.fromkeys("XYZ", "1") if marks is None else marks)


def valued():
    """A multi-asset, a portfolio and a cross wallet; the first two hold COIN and positions in it."""
    held = {"wallet": [0, 1, 1], "asset": ["COIN", "COIN", "USDT"], "amount": [50, 500, -200]}
    return snapshot(
        [X, C],
        [(0, "multi-asset", 0), (1, "portfolio", 0), (2, "cross", 0)],
        [(0, 0, 100, 100), (0, 1, -100, -100), (0, 2, 100, 100), (1, 0, 200, 200), (1, 1, -200, -200)],
        {"X": "1", "C": "1"},
        balances=held,
        index_prices={"COIN": "2"},
        haircuts={"COIN": "0.1"},
    )


def fresh(given, marks, index_prices=None):
    """A full pass over the same venue at other prices."""
    prices = {"marks": {**given["marks"], **marks}, "index_prices": {**given["index_prices"], **(index_prices or {})}}
    return adl.margin_state(oracle.snapshot(**{**given, **prices}))


@st.composite
def moves(draw, given):
    """New marks of some contracts and index prices of some assets."""
    symbols = st.sampled_from([contract.symbol for contract in given["contracts"]])
    price = st.sampled_from(["0.01", "0.49", "1", "2.5", "23", "1700.05"])
    index = st.dictionaries(st.sampled_from(["BTC", "KRW"]), st.sampled_from(oracle.INDEXES), max_size=2)
    return draw(st.dictionaries(symbols, price)), draw(index)


# Bit for bit ----------------------------------------------------------------------------------------------------------


@given(st.data())
def test_any_sequence_of_moves_gives_what_a_full_pass_gives(data):
    given = data.draw(oracle.crowd_columns())
    state = adl.margin_state(oracle.snapshot(**given))
    marks, indexes = {}, {}
    for _ in range(data.draw(st.integers(1, 4))):
        moved, index = data.draw(moves(given))
        found = state.mark(moved, index_prices=index)
        marks, indexes = {**marks, **moved}, {**indexes, **index}
        wanted = fresh(given, marks, indexes)
        assert oracle.columns_of(state) == oracle.columns_of(wanted)
        books = wanted._margin_pass.books
        codes = [code for code, contract in enumerate(books.contracts) if contract.symbol in moved]
        touched = {wallet for code in codes for wallet in books.positions.wallet[books.rows(code)].tolist()}
        if index:
            touched |= set(np.flatnonzero(books.wallets.mode >= oracle.MULTI_ASSET).tolist())
        assert found.tolist() == [w for w in sorted(touched) if wanted.liquidatable[w]]
    at_last = oracle.SlowMargin(oracle.snapshot(**given), marks, indexes)
    assert state.equity.tolist() == at_last.equity
    assert state.maintenance_margin.tolist() == at_last.margin


@given(oracle.border_crowds(), st.data())
def test_a_venue_that_waits_for_below_waits_after_moves_too(given, data):
    books = oracle.snapshot(**given)
    state = adl.margin_state(books, inclusive=False)
    moved, _ = data.draw(moves(given))
    state.mark(moved)
    state.mark(given["marks"])
    assert state.liquidatable.tolist() == oracle.SlowMargin(books).liquidatable(False)


@given(st.data())
def test_the_order_of_moves_changes_nothing(data):
    given = data.draw(oracle.crowd_columns())
    moved, index = data.draw(moves(given))
    one, other = (adl.margin_state(oracle.snapshot(**given)) for _ in range(2))
    one.mark(moved, index_prices=index)
    for symbol, mark in reversed(moved.items()):
        other.mark({symbol: mark})
    other.mark(index_prices=index)
    assert oracle.columns_of(one) == oracle.columns_of(other)


@pytest.mark.parametrize("n", [511, 512, 513, 1500])
def test_moves_of_contracts_longer_than_a_block(n):
    rng = np.random.default_rng(n)
    quantity = rng.integers(-(10**6), 10**6, 2 * n)
    rows = zip(np.repeat([0, 1], n), np.tile(np.arange(n), 2), quantity, 2 * quantity, strict=True)
    books = venue(rng.integers(0, 10**6, n).tolist(), [tuple(map(int, row)) for row in rows])
    state = adl.margin_state(books)
    for mark in ("1.7", "0.3", "2.01"):
        state.mark({"Y": mark, "X": "1.000001"})
        wanted = books._with({"marks": (Decimal("1.000001"), Decimal(mark), Decimal(1))})
        assert oracle.columns_of(state) == oracle.columns_of(adl.margin_state(wanted))


# What it returns ------------------------------------------------------------------------------------------------------


def test_it_returns_the_wallets_touched_that_are_liquidatable_now_ascending_and_once():
    rows = [(0, 3, 100, 100), (0, 1, 100, 100), (1, 1, 100, 100), (1, 3, 100, 100), (2, 0, 100, 100), (1, 2, 100, 100)]
    state = adl.margin_state(venue([2, 20, 90, 20], rows))
    assert state.liquidatable.tolist() == [True, False, False, False]
    found = state.mark({"Y": "0.9", "X": "0.95"})
    # Wallets 1 and 3: 20 - 10 - 5 = 5, against 4.5 and 4.75, rounded to 4 and 5. Wallet 2: 80. Wallet 0 is not touched.
    assert found.dtype == np.int64
    assert found.tolist() == [1, 3]
    assert state.liquidatable.tolist() == [True, True, False, True]
    assert state.mark({"X": "1.2", "Y": "1.2"}).tolist() == []
    assert state.mark({"Z": "1"}).tolist() == [0]
    assert state.mark({}).tolist() == state.mark().tolist() == []


def test_marks_are_kept_exactly_and_others_stay():
    state = adl.margin_state(venue([2], [(0, 0, 100, 100)]))
    state.mark({"X": 0.1, "Z": "3.000000000000000000001"})
    assert state.marks == {"X": Decimal("0.1"), "Y": Decimal(1), "Z": Decimal("3.000000000000000000001")}
    assert state.mark({"Y": "7"}).tolist() == []
    assert state.marks["X"] == Decimal("0.1")
    assert state.marks["Y"] == 7


def test_a_moved_state_leaves_its_snapshot_alone():
    books = venue([2], [(0, 0, 100, 100)])
    before = books.hash
    state = adl.margin_state(books)
    state.mark({"X": "5"})
    assert books.hash == before
    assert adl.margin_state(books).equity.tolist() == [2]
    assert margin.market(books, "X").equity.tolist() == [2]
    assert state.market("X").equity.tolist() == [402]


def test_contracts_without_a_mark_can_be_given_one():
    state = adl.margin_state(venue([2], [(0, 0, 100, 100)], marks={"X": "1"}))
    assert state.marks == {"X": Decimal(1), "Y": None, "Z": None}
    refused(lambda: state.market("Y"), "marks", "marks is 'Y': has no mark price")
    before = state.equity.tolist()
    assert state.mark({"Y": "4"}).tolist() == []
    assert state.equity.tolist() == before
    assert len(state.market("Y").quantity) == 0


# Index prices ---------------------------------------------------------------------------------------------------------


def test_index_prices_touch_every_valued_wallet_and_no_other():
    state = adl.margin_state(valued())
    # 50·2·0.9 = 90, MM 5 + 10·2; -200 + 500·2·0.9 = 700, MM the same; the cross wallet has 0 and needs 5.
    assert state.equity.tolist() == [90, 700, 0]
    assert state.maintenance_margin.tolist() == [25, 25, 5]
    assert state.liquidatable.tolist() == [False, False, True]
    # 50·0.2·0.9 = 9 and 500·0.2·0.9 - 200 = -110; margins 5 + 10·0.2.
    assert state.mark(index_prices={"COIN": "0.2"}).tolist() == [1]
    assert state.equity.tolist() == [9, -110, 0]
    assert state.maintenance_margin.tolist() == [7, 7, 5]
    # Both at once: 50·0.5·0.9 = 22.5, rounded to 22; U is -20 COIN and -1 USDT. MM is 5 + 9·0.5, rounded to 4.
    assert state.mark({"C": "0.9", "X": "0.99"}, index_prices={"COIN": "0.5"}).tolist() == [2]
    assert state.equity.tolist()[::2] == [22 - 10 - 1, -1]
    assert state.maintenance_margin.tolist()[::2] == [5 + 4, 5]


def test_an_index_price_of_the_numeraire_may_be_said_to_be_one():
    state = adl.margin_state(valued())
    before = oracle.columns_of(state)
    state.mark(index_prices={"USDT": "1.0"})
    assert oracle.columns_of(state) == before
    moved = {"index_prices": {"USDT": "1.01"}}
    refused(lambda: state.mark({"X": "5"}, **moved), "index_prices", "must be 1 for USDT, the numeraire")
    assert oracle.columns_of(state) == before


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marks", "index_prices", "message"),
    [
        ({"C": "3", "NOPE": "1"}, {}, "marks is 'NOPE': must be one of X, C"),
        ({"C": "3", "X": "0"}, {}, "must be above 0"),
        ({"C": "3", "X": "-1"}, {}, "must be above 0"),
        ({"C": "3", "X": float("nan")}, {}, "must be finite"),
        ({"C": "3", "X": "one"}, {}, "must be a number or a decimal string"),
        ({"C": "3", "X": "1e61"}, {}, "must lie between"),
        (["3", "4"], {}, "marks is .*: must be a mapping"),
        ({"C": "3", "X": "5e16"}, {}, "positions.quantity"),
        ({"X": "3", "C": "5e16"}, {}, "positions.quantity"),
        ({"C": "3"}, {"NOPE": "1"}, "index_prices is 'NOPE': must be one of USDT, COIN"),
        ({"C": "3"}, {"COIN": "0"}, "must be above 0"),
        ({"C": "3"}, {"COIN": "-2"}, "must be above 0"),
        ({"C": "3"}, {"COIN": "1e18"}, "once converted"),
        ({"X": "3"}, {"COIN": "1e18"}, "once converted"),
        ({"C": "3"}, {"COIN": "1e-50"}, "fewer digits"),
        ({"C": "3e13"}, {"COIN": "1e5"}, "once converted"),
    ],
)
def test_after_an_error_the_state_is_as_before(marks, index_prices, message):
    state = adl.margin_state(valued())
    state.mark({"X": "1.1"}, index_prices={"COIN": "1.9"})
    before = oracle.columns_of(state)
    with pytest.raises(adl.AdlError, match=message):
        state.mark(marks, index_prices=index_prices)
    assert oracle.columns_of(state) == before
    state.mark({"X": "1", "C": "1"}, index_prices={"COIN": "2"})
    assert oracle.columns_of(state) == oracle.columns_of(adl.margin_state(valued()))


@pytest.mark.parametrize("place", range(3))
def test_a_row_that_overflows_far_down_in_any_of_several_contracts_undoes_all(place):
    n = 1100
    rows = [(code, wallet, 10**6 + wallet, 10**6) for code in range(3) for wallet in range(n)]
    rows[place * n + 1050] = (place, 1050, 2**61, 2**61)
    state = adl.margin_state(venue([0] * n, rows))
    before = oracle.columns_of(state)
    marks = {symbol: "2" if code == place else "1.5" for code, symbol in enumerate("XYZ")}
    with pytest.raises(adl.AdlError, match=rf"positions\.quantity\[{place * n + 1050}\] is {2**61}: its value in"):
        state.mark(marks)
    assert oracle.columns_of(state) == before
    assert state.mark({"X": "1", "Y": "1", "Z": "1"}).tolist() == np.flatnonzero(state.liquidatable).tolist()
    assert oracle.columns_of(state) == before


def test_missing_index_prices_are_refused_when_a_state_is_made():
    wallet = {"account": [0], "asset": "USDT", "mode": "multi-asset"}
    coin = {"wallet": [0], "asset": "COIN", "amount": [5]}
    books = adl.Snapshot([], wallet, NO_POSITIONS, {}, balances=coin, check=False)
    refused(lambda: adl.margin_state(books), "index_prices", "'COIN': has no index price")


# Overflow on the way --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("order", ["XY", "YX"])
def test_a_sum_may_pass_through_the_end_between_two_contracts(sign, order):
    # The wallet stands 100 quanta from the end; one contract takes it 1,000 beyond, the other back.
    books = venue([sign * (TOP - 100), 0], [(0, 0, sign * 1000, sign * 1000), (1, 0, -sign * 1000, -sign * 1000)])
    state = adl.margin_state(books)
    assert state.equity.tolist() == [sign * (TOP - 100), 0]
    assert state.mark(dict.fromkeys(order, "2")).tolist() == ([] if sign > 0 else [0])
    assert state.equity.tolist() == [sign * (TOP - 100), 0]
    before = oracle.columns_of(state)
    for more in ({}, {"Z": "2"}):
        refused(lambda more=more: state.mark({"X": "3", **more}), "wallets.account", "the equity of this wallet")
        assert oracle.columns_of(state) == before
    state.mark(dict.fromkeys(order, "3.5"))
    assert state.equity.tolist() == [sign * (TOP - 100), 0]


@given(
    oracle.extreme(), st.lists(st.dictionaries(st.sampled_from(["C0", "C1", "C2"]), st.sampled_from("123")), max_size=4)
)
def test_near_the_ends_of_int64_a_move_is_refused_exactly_where_a_full_pass_is(given, moved):
    books = oracle.snapshot(**given)
    assume(oracle.SlowMargin(books).fits)
    state, marks = adl.margin_state(books), given["marks"]
    for step in moved:
        wanted = oracle.SlowMargin(books, {**marks, **step})
        if wanted.fits:
            state.mark(step)
            marks = {**marks, **step}
        else:
            with pytest.raises(adl.AdlError, match="must"):
                state.mark(step)
        last = oracle.SlowMargin(books, marks)
        assert state.equity.tolist() == last.equity
        assert state.maintenance_margin.tolist() == last.margin
        assert state.liquidatable.tolist() == last.liquidatable()


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_whatever_interrupts_a_mark_leaves_the_state_as_it_was(monkeypatch, error):
    state = adl.margin_state(valued())
    before = oracle.columns_of(state)
    real, calls = Slots.write_wallets, []

    def failing(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise error
        return real(*arguments)

    monkeypatch.setattr(Slots, "write_wallets", failing)
    with pytest.raises(error):
        state.mark({"X": 2})
    assert len(calls) == 2  # and once more, to undo
    assert (oracle.columns_of(state), state.marks["X"]) == (before, 1)
    state.mark({"X": 2})
    assert oracle.columns_of(state)["equity"] != before["equity"]
