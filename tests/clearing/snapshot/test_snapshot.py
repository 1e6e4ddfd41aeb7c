"""A snapshot never changes, is what it holds, and finds wallets."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import margin
from support import books
from support.books import ANN, ANN_ALONE, CAT, columns_of, small_snapshot, valued_snapshot
from support.refusals import refused_at

# It never changes


def test_nothing_of_a_snapshot_can_be_set_or_written():
    for snapshot in (small_snapshot(), valued_snapshot(), pickle.loads(pickle.dumps(small_snapshot()))):
        for name in (*snapshot.PICKLED, "new"):
            with pytest.raises(AttributeError, match="immutable"):
                setattr(snapshot, name, None)
        for table, name, column in columns_of(snapshot):
            assert not column.flags.writeable, f"{table}.{name}"
            with pytest.raises(AttributeError, match="immutable"):
                setattr(getattr(snapshot, table), name, column)
        assert not snapshot.start.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            snapshot.positions.quantity[0] = 1


def test_a_pickle_is_an_equal_snapshot():
    for snapshot in (small_snapshot(), valued_snapshot()):
        for twin in (pickle.loads(pickle.dumps(snapshot)), copy.copy(snapshot), copy.deepcopy(snapshot)):
            assert twin == snapshot
            assert twin.hash == snapshot.hash
            assert repr(twin) == repr(snapshot)
            np.testing.assert_array_equal(
                margin.market(twin, "BTCUSDT").equity, margin.market(snapshot, "BTCUSDT").equity
            )


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_a_pickle_of_an_unknown_version_is_refused_by_number(version):
    snapshot = small_snapshot()
    for thing in (snapshot, snapshot.positions):
        state = {**thing.__getstate__(), "version": version}
        fresh = object.__new__(type(thing))
        assert refused_at(lambda: fresh.__setstate__(state), words=f"version {version}").value == version


def test_snapshots_are_equal_when_they_hold_the_same():
    one, same = small_snapshot(), small_snapshot()
    other = small_snapshot(marks={"BTCUSDT": "58000.1"})
    assert one == same
    assert one != other
    assert one != one.hash
    assert len({one, same, other}) == 2
    assert one.positions == same.positions
    assert one.positions != one.wallets


def test_reprs_count_what_is_there():
    assert repr(small_snapshot()) == "<Snapshot of 6 wallets, 9 positions in 3 contracts, 2 open orders>"
    assert repr(small_snapshot().positions) == "<9 positions: wallet, quantity, entry_value, leverage>"


def test_threads_read_one_snapshot_alike():
    snapshot = small_snapshot()
    with ThreadPoolExecutor(8) as pool:
        hashes = set(pool.map(lambda _: snapshot.hash, range(32)))
        scores = [tuple(m.score("binance")) for m in pool.map(lambda _: margin.market(snapshot, "BTCUSDT"), range(32))]
    assert hashes == {small_snapshot().hash}
    assert len(set(scores)) == 1


# Finding a wallet


def test_a_wallet_is_found_by_account_asset_contract_and_side():
    snapshot = small_snapshot()
    assert snapshot.wallet("ann") == snapshot.wallet("ann", "USDT") == ANN
    assert snapshot.wallet("ann", contract="BTCUSDT") == ANN_ALONE
    assert snapshot.wallet("ann", "USDT", contract="BTCUSDT", side="short") == ANN_ALONE
    assert snapshot.wallet("cat") == CAT
    assert valued_snapshot().wallet("bob", "BTC") == 3
    assert valued_snapshot().wallet("mia") == 0


def test_two_isolated_sides_are_told_apart():
    snapshot = adl.Snapshot(
        [books.BTC],
        {"account": [5, 5, 5], "asset": "USDT", "mode": ["cross", "isolated", "isolated"]},
        {"contract": [0, 0], "wallet": [2, 1], "quantity": [3, -3], "entry_value": [9, -9]},
        {"BTCUSDT": 1},
    )
    assert snapshot.wallet(5, contract="BTCUSDT", side="long") == 2
    assert snapshot.wallet(5, contract="BTCUSDT", side="short") == 1
    refused_at(lambda: snapshot.wallet(5, contract="BTCUSDT"), "account", None, ("row 1", "row 2", "isolated"))


@pytest.mark.parametrize(
    ("wanted", "argument", "words"),
    [
        ({"account": "zoe"}, "account", "'zoe'"),
        ({"account": "bob"}, "account", ("'bob'", "in USDT (row 2)", "in BTC (row 3)")),
        ({"account": "bob", "asset": "USDC"}, "account", "found none"),
        ({"account": "mia", "contract": "BTCUSDT"}, "account", "found none"),
        ({"account": "mia", "contract": "DOGE"}, "contract", "'DOGE'"),
        ({"account": "mia", "contract": "BTCUSDT", "side": "buy"}, "side", "'buy'"),
    ],
)
def test_where_no_wallet_or_more_than_one_fits_the_error_lists_them(wanted, argument, words):
    refused_at(lambda: valued_snapshot().wallet(**wanted), argument, None, words)


def test_a_wallet_is_named_by_account_mode_and_asset():
    assert small_snapshot().wallet_name(ANN_ALONE) == "ann's isolated wallet in USDT (row 3)"
