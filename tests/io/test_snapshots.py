"""A snapshot as a folder: what is saved is what is loaded, to the last bit, or it is refused by name."""

import hashlib
import json
import os
import shutil
import stat
import warnings
from decimal import Decimal

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.snapshot import archive
from adlcore.lab import crowd
from support.disk_faults import steps
from support.refusals import fails_at, refused_for
from support.saved_snapshots import NAMES, assert_same_snapshot, everything

pytestmark = pytest.mark.files


def snapshots():
    """Snapshots of every shape."""
    x = adl.Contract("X")
    nothing = {"account": [], "asset": [], "balance": []}
    no_positions = {"contract": [], "wallet": [], "quantity": [], "entry_value": []}
    edge = {"account": np.array([-(2**63), 2**63 - 1]), "asset": "USDT", "balance": [2**63 - 1, -(2**63)]}
    return {
        "everything": everything(),
        "nothing at all": adl.Snapshot([], nothing, no_positions, {}),
        "a contract nobody holds": adl.Snapshot([x], nothing, no_positions, {}),
        "labels without rows": adl.Snapshot([x], {**nothing, "account": np.zeros(0, "<U5")}, no_positions, {"X": 1}),
        "numbers without rows": adl.Snapshot([x], {**nothing, "account": np.zeros(0, int)}, no_positions, {}),
        "the ends of int64": adl.Snapshot([x], edge, no_positions, {}),
        "one empty label": adl.Snapshot([x], {"account": [""], "asset": "USDT"}, no_positions, {}),
        **{mode: crowd.snapshot(50, 3, modes=[mode]) for mode in crowd.MODES},
        "all modes": crowd.snapshot(300, 14),
    }


@pytest.fixture(scope="module", params=sorted(snapshots()))
def snapshot(request):
    return snapshots()[request.param]


# What is saved is what is loaded --------------------------------------------------------------------------------------


def test_a_folder_gives_the_same_snapshot(snapshot, tmp_path):
    adl.io.save(snapshot, tmp_path / "venue")
    assert_same_snapshot(adl.io.load(tmp_path / "venue"), snapshot)
    assert_same_snapshot(adl.io.load(str(tmp_path / "venue")), snapshot)
    assert sorted(os.listdir(tmp_path / "venue")) == NAMES
    assert os.listdir(tmp_path) == ["venue"]


def test_a_file_gives_the_same_snapshot(snapshot, tmp_path):
    snapshot.to_npz(tmp_path / "venue.npz")
    assert_same_snapshot(adl.io.load(tmp_path / "venue.npz"), snapshot)
    os.rename(tmp_path / "venue.npz", tmp_path / "venue")
    assert_same_snapshot(adl.io.load(tmp_path / "venue"), snapshot)


@settings(max_examples=settings.default.max_examples // 2)
@given(wallets=st.integers(2, 60), contracts=st.integers(1, 20), seed=st.integers(0, 999), data=st.data())
def test_any_venue_comes_back(tmp_path_factory, wallets, contracts, seed, data):
    modes = data.draw(st.lists(st.sampled_from(crowd.MODES), min_size=1, unique=True))
    snapshot = crowd.snapshot(wallets, contracts, seed=seed, modes=modes)
    path = tmp_path_factory.mktemp("any") / "venue"
    adl.io.save(snapshot, path)
    assert_same_snapshot(adl.io.load(path), snapshot)


def test_a_loaded_snapshot_answers_as_the_first_one(tmp_path):
    snapshot = crowd.snapshot(300, 6)
    adl.io.save(snapshot, tmp_path / "venue")
    again = adl.io.load(tmp_path / "venue")
    one, other = adl.margin_state(snapshot), adl.margin_state(again)
    assert one.equity.tolist() == other.equity.tolist()
    assert one.positions.liquidation_price().tobytes() == other.positions.liquidation_price().tobytes()


def test_integers_are_int64_and_decimals_are_text(folder):
    contracts = pq.read_table(folder / "contracts.parquet").to_pylist()
    assert contracts[0] == {
        "symbol": "BTCUSDT",
        "kind": "linear",
        "settle": "USDT",
        "decimals": 8,
        "multiplier": "1",
        "lot": "0.001",
        "tick": "0.1",
        "max_price": "809484",
        "tier_floor": ["0", "5.5", "250000"],
        "tier_rate": ["0.004", "0.0050000000000000000001", "0.01"],
        "tier_amount": contracts[0]["tier_amount"],
        "mark": "57300.123456789012345678",
    }
    assert Decimal(contracts[0]["tier_amount"][1]) == Decimal("0.0055000000000000000005500")
    assert (contracts[1]["kind"], contracts[1]["settle"], contracts[1]["decimals"]) == ("inverse", "BTC", 10)
    assert (contracts[3]["tick"], contracts[3]["tier_floor"], contracts[3]["mark"]) == (None, None, None)
    positions = pq.read_table(folder / "positions.parquet")
    assert positions.column_names == ["contract", "wallet", "quantity", "entry_value", "leverage"]
    assert [str(field.type) for field in positions.schema] == ["int64"] * 4 + ["double"]
    assert positions.column("entry_value")[0].as_py() == 90_000 * 10**8
    assert str(pq.read_table(folder / "wallets.parquet").schema.field("account").type) == "string"
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    assert sorted([*files, "manifest.json"]) == NAMES
    known = {"schema": archive.SCHEMA, "adlcore": adl.__version__, "files": files, "hash": everything().hash}
    assert manifest == {**known, "check": manifest["check"]}
    assert pq.ParquetFile(folder / "positions.parquet").metadata.row_group(0).column(0).compression == "ZSTD"


def test_accounts_that_are_numbers_stay_numbers(tmp_path):
    adl.io.save(crowd.snapshot(20, 1), tmp_path / "venue")
    assert str(pq.read_table(tmp_path / "venue/wallets.parquet").schema.field("account").type) == "int64"


def test_unbalanced_open_interest_is_told_when_it_is_loaded(tmp_path):
    with pytest.warns(adl.OpenInterestWarning):
        snapshot = adl.Snapshot.build(
            [adl.Contract("X")],
            {"account": ["ann"]},
            [{"account": "ann", "contract": "X", "quantity": 1, "entry_price": 1}],
            {"X": 1},
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        adl.io.save(snapshot, tmp_path / "venue")
    with pytest.warns(adl.OpenInterestWarning, match="1 lots more are longs") as caught:
        assert_same_snapshot(adl.io.load(tmp_path / "venue"), snapshot)
    assert caught[0].filename == __file__


def test_what_was_saved_unchecked_is_checked_when_it_is_loaded(tmp_path):
    wallets = {"account": ["ann", "ann"], "asset": "USDT"}
    snapshot = adl.Snapshot(
        [], wallets, {"contract": [], "wallet": [], "quantity": [], "entry_value": []}, {}, check=False
    )
    adl.io.save(snapshot, tmp_path / "venue")
    with pytest.raises(adl.BrokenSnapshotError, match="has two cross wallets"):
        adl.io.load(tmp_path / "venue")


# Where it is written --------------------------------------------------------------------------------------------------


def test_a_folder_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    names = steps(monkeypatch, lambda: adl.io.save(everything(), tmp_path / "venue"))
    waits = [name for name in names if name in ("fdatasync", "fsync", "rename")]
    assert waits == ["fdatasync" if hasattr(os, "fdatasync") else "fsync"] * len(NAMES) + ["fsync", "rename", "fsync"]
    assert max(place for place, name in enumerate(names) if name == "write") < names.index("rename")


def test_a_snapshot_is_replaced_only_when_that_is_asked_for(folder, tmp_path):
    other = crowd.snapshot(5, 1)
    words = "venue holds a snapshot already: overwrite=True replaces it"
    refused_for(lambda: adl.io.save(other, folder), "folder", words)
    assert_same_snapshot(adl.io.load(folder), everything())
    adl.io.save(other, folder, overwrite=True)
    assert_same_snapshot(adl.io.load(folder), other)
    assert os.listdir(tmp_path) == ["venue"]


def test_an_empty_folder_is_filled_and_a_link_is_followed(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    adl.io.save(everything(), tmp_path / "link")
    assert_same_snapshot(adl.io.load(tmp_path / "empty"), everything())
    assert (tmp_path / "link").is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["empty", "link"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_who_may_read_a_folder_stays(tmp_path, overwrite):
    path = tmp_path / "venue"
    for mode in (0o700, 0o750, 0o2770, 0o1777):
        path.mkdir()
        if overwrite:
            adl.io.save(everything(), path)
        path.chmod(mode)
        adl.io.save(everything(), path, overwrite=overwrite)
        assert stat.S_IMODE(path.stat().st_mode) == mode
        shutil.rmtree(path)


def test_who_may_read_the_files_of_a_snapshot_stays(folder):
    modes = {path.name: 0o600 + 8 * number for number, path in enumerate(sorted(folder.iterdir()))}
    for name, mode in modes.items():
        (folder / name).chmod(mode)
    adl.io.save(crowd.snapshot(5, 1), folder, overwrite=True)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == modes


def test_whose_a_folder_is_stays(folder):
    other = 12345 if os.geteuid() == 0 else os.geteuid()
    for path in (folder, folder / "orders.parquet"):
        os.chown(path, other, -1)
    adl.io.save(crowd.snapshot(5, 1), folder, overwrite=True)
    assert [(folder / name).stat().st_uid for name in ("", "orders.parquet")] == [other, other]


@pytest.mark.parametrize("is_snapshot", [False, True])
@pytest.mark.parametrize("name", [".", "../venue", "../link", None])
def test_the_current_folder_is_not_renamed_away(folder, monkeypatch, is_snapshot, name):
    if not is_snapshot:
        shutil.rmtree(folder)
        folder.mkdir()
    (folder.parent / "link").symlink_to(folder)
    monkeypatch.chdir(folder)
    given, held = folder if name is None else name, sorted(os.listdir(folder))
    words = "must be another folder, for the current one cannot be replaced"
    assert refused_for(lambda: adl.io.save(everything(), given, overwrite=True), "folder", words).value == str(given)
    assert os.getcwd() == str(folder)
    assert sorted(os.listdir(folder)) == held


@pytest.mark.parametrize("name", ["x" * 255, "\u00e4" * 127, "\U0001f4c8" * 63])
def test_a_folder_may_have_a_name_as_long_as_the_system_has_them(tmp_path, name):
    for overwrite in (False, True):
        adl.io.save(everything(), tmp_path / name, overwrite=overwrite)
        assert_same_snapshot(adl.io.load(tmp_path / name), everything())
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("is_snapshot", [False, True])
def test_what_is_no_snapshots_is_never_replaced(folder, overwrite, is_snapshot):
    if not is_snapshot:
        shutil.rmtree(folder)
        folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    words = "venue holds 'notes.txt', which is no snapshot's: must be empty"
    refused_for(lambda: adl.io.save(everything(), folder, overwrite=overwrite), "folder", words)
    assert (folder / "notes.txt").read_text() == "mine"


def test_tables_without_a_manifest_are_not_replaced(folder):
    (folder / "manifest.json").unlink()
    words = "holds 'assets.parquet', which is no snapshot's"
    refused_for(lambda: adl.io.save(everything(), folder, overwrite=True), "folder", words)


def test_a_file_where_a_folder_is_expected(tmp_path):
    (tmp_path / "venue").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(adl.AdlError, match="venue is a file: must be a folder, or not be there"):
            adl.io.save(everything(), tmp_path / "venue", overwrite=overwrite)
    assert (tmp_path / "venue").read_text() == "mine"


def test_a_folder_whose_parent_is_not_there_is_named(tmp_path):
    path = tmp_path / "absent" / "venue"
    fails_at(path, lambda: adl.io.save(everything(), path), FileNotFoundError)


def test_only_snapshots_are_saved(tmp_path):
    refused_for(lambda: adl.io.save(3, tmp_path / "venue"), "snapshot", "snapshot is 3: must be a Snapshot")


def test_a_label_that_is_no_text_is_refused(tmp_path):
    snapshot = adl.Snapshot.build([], {"account": ["ann", "\ud800"]}, [], {})
    with pytest.raises(adl.AdlError, match=r"wallets\.account is .*: must be text that UTF-8 can hold"):
        adl.io.save(snapshot, tmp_path / "venue")
    assert os.listdir(tmp_path) == []


def fail_once(monkeypatch, module, name, after, failure):
    """Raise in a call of a function that follows on so many good ones."""
    right, calls = getattr(module, name), []

    def call(*arguments, **options):
        calls.append(arguments)
        if len(calls) == after + 1:
            raise failure
        right(*arguments, **options)

    monkeypatch.setattr(module, name, call)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError, OSError(28, "No space left on device")])
@pytest.mark.parametrize("table", range(6))
def test_an_interrupted_write_leaves_the_old_one(folder, tmp_path, monkeypatch, failure, table):
    fail_once(monkeypatch, pq, "write_table", table, failure)
    with pytest.raises(failure if isinstance(failure, type) else type(failure)) as caught:
        adl.io.save(crowd.snapshot(5, 1), folder, overwrite=True)
    if isinstance(failure, OSError):
        assert (caught.value.filename, caught.value.strerror) == (str(folder), "No space left on device")
    assert_same_snapshot(adl.io.load(folder), everything())
    assert os.listdir(tmp_path) == ["venue"]


@pytest.mark.parametrize("step", [0, 1])
def test_a_rename_that_fails_leaves_the_old_one(folder, tmp_path, monkeypatch, step):
    fail_once(monkeypatch, os, "rename", step, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        adl.io.save(crowd.snapshot(5, 1), folder, overwrite=True)
    assert_same_snapshot(adl.io.load(folder), everything())
    assert os.listdir(tmp_path) == ["venue"]


# What is refused ------------------------------------------------------------------------------------------------------


def test_without_pyarrow_the_extra_is_named(folder, monkeypatch, tmp_path):
    import sys

    everything().to_npz(tmp_path / "venue.npz")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(adl.MissingExtraError, match=r"writing snapshot folders needs the 'files' extra"):
        adl.io.save(everything(), tmp_path / "other")
    with pytest.raises(adl.MissingExtraError, match=r"reading snapshot folders needs the 'files' extra"):
        adl.io.load(folder)
    assert_same_snapshot(adl.io.load(tmp_path / "venue.npz"), everything())
