"""A snapshot as a folder: what is saved is what is loaded, to the last bit, or it is refused by name."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import warnings
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.snapshot import archive
from adlcore.io import manifests
from adlcore.lab import crowd

pytestmark = pytest.mark.files

pa = pytest.importorskip("pyarrow", reason="folders need the cli extra")
pq = pytest.importorskip("pyarrow.parquet")

TABLES = ("contracts", "assets", "wallets", "positions", "orders", "balances")
NAMES = sorted([*(f"{table}.parquet" for table in TABLES), "manifest.json"])


def everything():
    """Every mode, kind of contract and table, and numbers that no float holds."""
    tiers = adl.MarginTiers([0, "5.5", 250_000], ["0.004", "0.0050000000000000000001", "0.01"], check=False)
    return adl.Snapshot.build(
        contracts=[
            adl.Contract("BTCUSDT", lot="0.001", tick="0.10", max_price="809484", tiers=tiers),
            adl.Contract("BTCUSD", kind="inverse", settle=adl.Asset("BTC", 10), multiplier="100", tick="0.5"),
            adl.Contract("XBTETH", kind="quanto", settle=adl.Asset("IDR", 2), multiplier="0.000001"),
            adl.Contract("Ünheld", lot="1000"),
        ],
        wallets=[
            {"account": "ann", "balance": "6000.00000001"},
            {"account": "bob", "balance": "-3"},
            {"account": "bob", "asset": "BTC", "balance": "0.0000000001"},
            {"account": "日本 📈", "mode": "multi-asset"},
            {"account": "a\0b", "mode": "portfolio"},
        ],
        positions=[
            {"account": "ann", "contract": "BTCUSDT", "quantity": "1.5", "entry_price": "60000", "leverage": "12.5"},
            {"account": "ann", "contract": "BTCUSDT", "quantity": "-0.5", "entry_price": "61000"},
            {"account": "bob", "contract": "BTCUSDT", "quantity": "-1", "entry_price": "59000", "margin": "700"},
            {"account": "bob", "contract": "BTCUSD", "quantity": "7", "entry_price": "57000.5"},
            {"account": "日本 📈", "contract": "BTCUSD", "quantity": "-7", "entry_price": "57000.5"},
            {"account": "a\0b", "contract": "XBTETH", "quantity": "3", "entry_price": "15000"},
            {"account": "日本 📈", "contract": "XBTETH", "quantity": "-3", "entry_price": "15000"},
        ],
        marks={"BTCUSDT": "57300.123456789012345678", "BTCUSD": "57000", "XBTETH": "0.1"},
        orders=[{"account": "ann", "contract": "BTCUSDT", "quantity": "2", "price": "56000.1", "leverage": "7"}],
        balances=[
            {"account": "日本 📈", "asset": "ETH", "amount": "-3.5"},
            {"account": "a\0b", "asset": "USDT", "amount": "100", "loan": "12.5"},
        ],
        index_prices={"BTC": "57111.1", "ETH": "2000", "IDR": "0.00006"},
        haircuts={"ETH": "0.05"},
        loan_rates={"USDT": "0.0123"},
    )


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
        "cross": crowd.snapshot(50, 3, modes=["cross"]),
        "isolated": crowd.snapshot(50, 3, modes=["isolated"]),
        "hedge": crowd.snapshot(50, 3, modes=["hedge"]),
        "multi-asset": crowd.snapshot(50, 3, modes=["multi-asset"]),
        "portfolio": crowd.snapshot(50, 3, modes=["portfolio"]),
        "all modes": crowd.snapshot(300, 14),
    }


@pytest.fixture(scope="module", params=sorted(snapshots()))
def snapshot(request):
    return snapshots()[request.param]


@pytest.fixture
def folder(tmp_path):
    """A folder that holds a snapshot."""
    adl.io.save(everything(), tmp_path / "venue")
    return tmp_path / "venue"


def same(one, other):
    """Equal in every term, and in every column bit for bit."""
    assert one.hash == other.hash
    assert one == other
    assert archive.terms(one) == archive.terms(other)
    for (name, first), (other_name, second) in zip(archive.parts(one).items(), archive.parts(other).items()):
        assert (name, first.dtype, first.tobytes()) == (other_name, second.dtype, second.tobytes())


# What is saved is what is loaded --------------------------------------------------------------------------------------


def test_a_folder_gives_the_same_snapshot(snapshot, tmp_path):
    adl.io.save(snapshot, tmp_path / "venue")
    same(adl.io.load(tmp_path / "venue"), snapshot)
    same(adl.io.load(str(tmp_path / "venue")), snapshot)
    assert sorted(os.listdir(tmp_path / "venue")) == NAMES
    assert os.listdir(tmp_path) == ["venue"]


def test_a_file_gives_the_same_snapshot(snapshot, tmp_path):
    snapshot.to_npz(tmp_path / "venue.npz")
    same(adl.io.load(tmp_path / "venue.npz"), snapshot)
    os.rename(tmp_path / "venue.npz", tmp_path / "venue")
    same(adl.io.load(tmp_path / "venue"), snapshot)


@settings(max_examples=settings.default.max_examples // 2)
@given(wallets=st.integers(2, 60), contracts=st.integers(1, 20), seed=st.integers(0, 999), data=st.data())
def test_any_venue_comes_back(tmp_path_factory, wallets, contracts, seed, data):
    modes = data.draw(st.lists(st.sampled_from(crowd.MODES), min_size=1, unique=True))
    snapshot = crowd.snapshot(wallets, contracts, seed=seed, modes=modes)
    path = tmp_path_factory.mktemp("any") / "venue"
    adl.io.save(snapshot, path)
    same(adl.io.load(path), snapshot)


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
        same(adl.io.load(tmp_path / "venue"), snapshot)
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


def test_a_snapshot_is_replaced_only_when_that_is_asked_for(folder, tmp_path):
    other = crowd.snapshot(5, 1)
    with pytest.raises(adl.AdlError, match="venue holds a snapshot already: overwrite=True replaces it"):
        adl.io.save(other, folder)
    same(adl.io.load(folder), everything())
    adl.io.save(other, folder, overwrite=True)
    same(adl.io.load(folder), other)
    assert os.listdir(tmp_path) == ["venue"]


def test_an_empty_folder_is_filled_and_a_link_is_followed(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    adl.io.save(everything(), tmp_path / "link")
    same(adl.io.load(tmp_path / "empty"), everything())
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
    with pytest.raises(adl.AdlError, match="must be another folder, for the current one cannot be replaced") as caught:
        adl.io.save(everything(), given, overwrite=True)
    assert (caught.value.argument, caught.value.value) == ("folder", str(given))
    assert os.getcwd() == str(folder)
    assert sorted(os.listdir(folder)) == held


@pytest.mark.parametrize("name", ["x" * 255, "\u00e4" * 127, "\U0001f4c8" * 63])
def test_a_folder_may_have_a_name_as_long_as_the_system_has_them(tmp_path, name):
    for overwrite in (False, True):
        adl.io.save(everything(), tmp_path / name, overwrite=overwrite)
        same(adl.io.load(tmp_path / name), everything())
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("is_snapshot", [False, True])
def test_what_is_no_snapshots_is_never_replaced(folder, overwrite, is_snapshot):
    if not is_snapshot:
        shutil.rmtree(folder)
        folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(
        adl.AdlError, match=r"venue holds 'notes\.txt', which is no snapshot's: must be empty"
    ) as caught:
        adl.io.save(everything(), folder, overwrite=overwrite)
    assert caught.value.argument == "folder"
    assert (folder / "notes.txt").read_text() == "mine"


def test_tables_without_a_manifest_are_not_replaced(folder):
    (folder / "manifest.json").unlink()
    with pytest.raises(adl.AdlError, match=r"holds 'assets\.parquet', which is no snapshot's"):
        adl.io.save(everything(), folder, overwrite=True)


def test_a_file_where_a_folder_is_expected(tmp_path):
    (tmp_path / "venue").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(adl.AdlError, match="venue is a file: must be a folder, or not be there"):
            adl.io.save(everything(), tmp_path / "venue", overwrite=overwrite)
    assert (tmp_path / "venue").read_text() == "mine"


def test_a_folder_whose_parent_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        adl.io.save(everything(), tmp_path / "absent" / "venue")
    assert caught.value.filename == str(tmp_path / "absent" / "venue")


def test_only_snapshots_are_saved(tmp_path):
    with pytest.raises(adl.AdlError, match="snapshot is 3: must be a Snapshot"):
        adl.io.save(3, tmp_path / "venue")


def test_a_label_that_is_no_text_is_refused(tmp_path):
    snapshot = adl.Snapshot.build([], {"account": ["ann", "\ud800"]}, [], {})
    with pytest.raises(adl.AdlError, match=r"wallets\.account is .*: must be text that UTF-8 can hold"):
        adl.io.save(snapshot, tmp_path / "venue")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError, OSError(28, "No space left on device")])
@pytest.mark.parametrize("table", range(6))
def test_an_interrupted_write_leaves_the_old_one(folder, tmp_path, monkeypatch, failure, table):
    write, calls = pq.write_table, []

    def fail(*arguments, **options):
        calls.append(arguments)
        if len(calls) == table + 1:
            raise failure
        write(*arguments, **options)

    monkeypatch.setattr(pq, "write_table", fail)
    with pytest.raises(failure if isinstance(failure, type) else type(failure)) as caught:
        adl.io.save(crowd.snapshot(5, 1), folder, overwrite=True)
    if isinstance(failure, OSError):
        assert (caught.value.filename, caught.value.strerror) == (str(folder), "No space left on device")
    same(adl.io.load(folder), everything())
    assert os.listdir(tmp_path) == ["venue"]


@pytest.mark.parametrize("step", [0, 1])
def test_a_rename_that_fails_leaves_the_old_one(folder, tmp_path, monkeypatch, step):
    rename, calls = os.rename, []

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) == step + 1:
            raise KeyboardInterrupt
        rename(*arguments)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(KeyboardInterrupt):
        adl.io.save(crowd.snapshot(5, 1), folder, overwrite=True)
    same(adl.io.load(folder), everything())
    assert os.listdir(tmp_path) == ["venue"]


# What is refused ------------------------------------------------------------------------------------------------------


def rewrite(path, change):
    """A table with something else in it, in a sound Parquet file that the manifest knows."""
    pq.write_table(change(pq.read_table(path)), path)
    sign(path.parent)


def sign(folder, **changes):
    """A manifest that fits the files, sound in itself."""
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["check"]
    files = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in NAMES if name != "manifest.json"
    }
    (folder / "manifest.json").write_bytes(manifests.encoded({**manifest, "files": files, **changes}))


def other_cell(name, row, value):
    """A change of one cell."""

    def change(table):
        place = table.column_names.index(name)
        cells = table.column(name).to_pylist()
        cells[row] = value
        return table.set_column(place, name, pa.array(cells, table.schema.field(name).type))

    return change


@pytest.mark.parametrize(
    ("table", "name", "row", "value"),
    [
        ("wallets", "balance", 0, 600_000_000_002),
        ("wallets", "account", 0, "eve"),
        ("wallets", "mode", 5, 0),
        ("positions", "quantity", 0, 1501),
        ("positions", "wallet", 0, 99),
        ("positions", "contract", 0, -1),
        ("positions", "leverage", 0, 12.500000000000002),
        ("orders", "price", 0, 560_002),
        ("balances", "loan", 1, 0),
        ("contracts", "mark", 0, "57300"),
        ("contracts", "symbol", 0, "BTCUSDC"),
        ("contracts", "tier_rate", 0, ["0.004", "0.005", "0.02"]),
        ("assets", "haircut", 0, "0.01"),
        ("assets", "decimals", 3, 7),
    ],
)
def test_an_altered_cell_is_noticed(folder, table, name, row, value):
    rewrite(folder / f"{table}.parquet", other_cell(name, row, value))
    with pytest.raises(adl.AdlError, match=rf"venue was altered: .* {everything().hash}"):
        adl.io.load(folder)


@pytest.mark.parametrize(
    ("table", "name", "value", "words"),
    [
        ("contracts", "lot", "x", "lot is 'x': must be a number"),
        ("contracts", "kind", "spot", "kind is 'spot': must be one of"),
        ("contracts", "mark", "-1", "is '-1': must be above 0"),
        ("contracts", "tier_floor", None, "floor is None: must be a sequence"),
        ("contracts", "symbol", None, r"contracts\.parquet: symbol\[0\] is empty: must not be"),
        ("assets", "haircut", "2", "must be a share"),
        ("assets", "decimals", 99, "decimals is 99"),
        ("wallets", "account", None, r"wallets\.parquet: account\[0\] is empty"),
        ("positions", "quantity", None, r"positions\.parquet: quantity\[0\] is empty"),
    ],
)
def test_a_cell_that_cannot_be_is_named_with_its_folder(folder, table, name, value, words):
    rewrite(folder / f"{table}.parquet", other_cell(name, 0, value))
    with pytest.raises(adl.AdlError, match=words) as caught:
        adl.io.load(folder)
    assert str(caught.value).startswith(str(folder))


def test_rows_that_went_are_noticed(folder):
    for table in TABLES[2:]:
        before = (folder / f"{table}.parquet").read_bytes()
        rewrite(folder / f"{table}.parquet", lambda read: read.slice(1))
        with pytest.raises(adl.AdlError, match="was altered"):
            adl.io.load(folder)
        (folder / f"{table}.parquet").write_bytes(before)
        sign(folder)
    same(adl.io.load(folder), everything())


def test_a_forged_manifest_is_refused(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    for files in ({}, {**manifest["files"], "more.parquet": "0"}, [], None):
        sign(folder, files=files)
        with pytest.raises(adl.AdlError, match=r"manifest\.json: files "):
            adl.io.load(folder)
    sign(folder, more=1)
    with pytest.raises(adl.AdlError, match=r"manifest\.json has an unknown key 'more'"):
        adl.io.load(folder)


def test_a_folder_from_before_the_manifest_knew_its_bytes_is_read(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    former = {name: manifest[name] for name in ("schema", "adlcore", "hash")}
    (folder / "manifest.json").write_text(json.dumps(former, indent=2) + "\n")
    same(adl.io.load(folder), everything())
    (folder / "manifest.json").write_text(json.dumps(former, indent=1) + "\n")
    with pytest.raises(adl.AdlError, match=r"manifest\.json was altered: its check does not fit its bytes"):
        adl.io.load(folder)


@pytest.mark.parametrize("table", TABLES)
def test_a_missing_file_is_named(folder, table):
    (folder / f"{table}.parquet").unlink()
    with pytest.raises(adl.AdlError, match=rf"venue has no {table}\.parquet: must have contracts\.parquet, ") as caught:
        adl.io.load(folder)
    assert caught.value.value == f"{table}.parquet"


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_refused_by_name(folder, table):
    path = folder / f"{table}.parquet"
    before = pq.read_table(path)
    for name in before.column_names:
        rewrite(path, lambda _, name=name: before.drop_columns([name]))
        with pytest.raises(adl.AdlError, match=rf"{table}\.parquet has no column '{name}': must have ") as caught:
            adl.io.load(folder)
        assert caught.value.argument == name
        wrong = before.set_column(before.column_names.index(name), name, pa.array(np.zeros(len(before), np.int32)))
        rewrite(path, lambda _, wrong=wrong: wrong)
        with pytest.raises(adl.AdlError, match=rf"{table}\.parquet: column '{name}' is of type int32: must be "):
            adl.io.load(folder)
    rewrite(path, lambda _: before.append_column("extra", pa.array(np.zeros(len(before)))))
    with pytest.raises(adl.AdlError, match=rf"{table}\.parquet has a column 'extra' too many: must have "):
        adl.io.load(folder)


def test_what_is_no_table_is_refused(folder):
    for table in TABLES:
        (folder / f"{table}.parquet").write_bytes(b"PAR1 nothing of the kind PAR1")
        sign(folder)
        with pytest.raises(adl.AdlError, match="cannot be read as Parquet, or was altered"):
            adl.io.load(folder)


def test_text_may_be_large(folder):
    rewrite(
        folder / "wallets.parquet",
        lambda table: table.set_column(0, "account", table.column("account").cast(pa.large_string())),
    )
    same(adl.io.load(folder), everything())


@pytest.mark.parametrize("schema", [2, 0, "1", None, [1], True, 1.0])
def test_an_unknown_schema_is_refused_by_name(folder, schema):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema": schema}))
    with pytest.raises(adl.AdlError, match=r"venue is a snapshot of schema .*: this adlcore reads schema 1") as caught:
        adl.io.load(folder)
    assert caught.value.value == schema


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"manifest\.json cannot be read as JSON"),
        ("{", r"manifest\.json cannot be read as JSON"),
        ("[" * 100_000, r"manifest\.json cannot be read as JSON"),
        ("[]", r"manifest\.json has no 'schema': must be the manifest of a snapshot"),
        ("{}", r"manifest\.json has no 'schema'"),
        ('{"schema": 1}', r"manifest\.json has no 'hash': must have the SHA-256"),
        ('{"schema": 1, "hash": 5}', r"manifest\.json has no 'hash'"),
        ('{"schema": 1, "hash": "0"}', "was altered"),
    ],
)
def test_a_broken_manifest_is_refused(folder, text, words):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(adl.AdlError, match=words):
        adl.io.load(folder)


def test_a_folder_without_a_manifest_is_no_snapshot(tmp_path):
    with pytest.raises(adl.AdlError, match=r"is no snapshot: has no manifest\.json"):
        adl.io.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"PK\x03\x04", "array"])
def test_a_file_that_is_no_snapshot_is_refused(tmp_path, content):
    path = tmp_path / "venue.npz"
    if content == "array":
        with open(path, "wb") as file:
            np.save(file, np.zeros(3))
    else:
        path.write_bytes(content)
    with pytest.raises(adl.AdlError, match=r"venue\.npz is no snapshot: must be a folder that adlcore\.io\.save wrote"):
        adl.io.load(path)


def test_what_is_not_there_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        adl.io.load(tmp_path / "absent")
    assert str(caught.value.filename) == str(tmp_path / "absent")


def test_without_pyarrow_the_extra_is_named(folder, monkeypatch, tmp_path):
    import sys

    everything().to_npz(tmp_path / "venue.npz")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(adl.MissingExtraError, match=r"writing snapshot folders needs the 'files' extra"):
        adl.io.save(everything(), tmp_path / "other")
    with pytest.raises(adl.MissingExtraError, match=r"reading snapshot folders needs the 'files' extra"):
        adl.io.load(folder)
    same(adl.io.load(tmp_path / "venue.npz"), everything())


# A venue to play with -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modes", [crowd.MODES, *([mode] for mode in crowd.MODES)], ids="+".join)
@pytest.mark.parametrize(("wallets", "contracts"), [(2, 1), (3, 2), (40, 7), (500, 13), (60, 40)])
def test_a_venue_is_sound_and_balanced(modes, wallets, contracts):
    for seed in range(3):
        snapshot = crowd.snapshot(wallets, contracts, seed=seed, modes=modes)
        snapshot.validate(strict=True)
        assert (len(snapshot.wallets), len(snapshot.contracts)) == (wallets, contracts)
        state = adl.margin_state(snapshot)
        assert np.isfinite(state.equity).all()
        again = crowd.snapshot(wallets, contracts, seed=seed, modes=modes)
        assert again == snapshot
        assert wallets < 40 or crowd.snapshot(wallets, contracts, seed=seed + 9, modes=modes) != snapshot


def test_a_venue_has_what_it_promises():
    snapshot = crowd.snapshot(20_000, 12)
    state = adl.margin_state(snapshot)
    wallets, positions = snapshot.wallets, snapshot.positions
    assert set(wallets.mode.tolist()) == {0, 1, 2, 3}
    assert {contract.kind for contract in snapshot.contracts} == {"linear", "inverse"}
    assert len(positions) == pytest.approx(40_000, rel=0.1)
    pairs = snapshot.position_contract * len(wallets) + positions.wallet
    assert (np.diff(np.sort(pairs)) == 0).sum() > 100  # hedged
    failed = np.flatnonzero(state.liquidatable)
    assert 0.003 < len(failed) / 20_000 < 0.03
    assert (state.equity[failed] < 0).any()
    assert (state.margin_ratio > 0.8).mean() > 0.01
    assert (wallets.balance >= 0).all()
    assert (snapshot.balances.loan > 0).any()
    assert len(snapshot.orders) > 500
    for contract in snapshot.contracts:
        notional = np.sort(state.market(contract).notional)[::-1]
        assert notional[: max(1, len(notional) // 100)].sum() > 0.2 * notional.sum()
    owners = wallets.account[wallets.mode == 1]
    assert np.isin(owners, wallets.account[wallets.mode != 1]).all()


def test_a_venue_of_cross_wallets_alone_takes_the_fast_path():
    snapshot = crowd.snapshot(2_000, 200, positions=10_000, modes=("cross",))
    assert not snapshot.has_valued
    assert (snapshot.wallets.mode == 0).all()
    assert len(snapshot.positions) == pytest.approx(10_000, rel=0.02)
    assert np.diff(snapshot.start).min() >= 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wallets": 1}, "wallets is 1: must be a whole number, 2 or above"),
        ({"contracts": 0}, "contracts is 0"),
        ({"positions": -1}, "positions is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": True}, "seed is True"),
        ({"modes": ["spot"]}, "modes is 'spot': must be of cross, isolated"),
        ({"modes": []}, "modes is"),
    ],
)
def test_a_venue_that_cannot_be_is_refused(options, words):
    with pytest.raises(adl.AdlError, match=words):
        crowd.snapshot(**options)
