"""A snapshot has one hash, whatever it was made from, and a file of it gives it back or is refused."""

import io
import json
import pickle
import warnings
import zipfile
from contextlib import suppress
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.snapshot import archive
from support import books
from support.books import NOTHING, UNIT, problems, small_columns, small_snapshot, valued_columns, valued_snapshot
from support.refusals import refused_at, refused_for

pytestmark = pytest.mark.files

TABLES = ("wallets", "positions", "orders", "balances")


def snapshots() -> dict[str, adl.Snapshot]:
    """One of each kind."""
    numbers = {"account": np.array([2**62, 8, 9, 2**62, -2, 3])}
    only_wallets = {"account": [7, 8], "asset": "USDT", "balance": [1, 2]}
    return {
        "small": small_snapshot(),
        "valued": valued_snapshot(),
        "int accounts": small_snapshot(wallets=numbers),
        "unicode accounts": small_snapshot(
            wallets={"account": ["Ännchen", "боб", "猫🐈", "Ännchen", "d/\"'\\", " e "]}
        ),
        "no orders": small_snapshot(orders=None),
        "nothing": adl.Snapshot(**NOTHING),
        "wallets alone": adl.Snapshot(**{**NOTHING, "wallets": only_wallets}),
        "no terms known": adl.Snapshot(**{**NOTHING, "contracts": [adl.Contract("é", max_price="1e9")]}),
    }


# The hash


def test_the_hash_is_frozen():
    assert small_snapshot().hash == "fbc9bd811f4a7ae2d91c4052dbbeb1dcc028d4939ee1ee8b4478934210e5f37a"
    assert valued_snapshot().hash == "de29d3d475533013271f078b9ccaf9af950f7e18b221affc1c0f0666035d8202"
    assert adl.Snapshot(**NOTHING).hash == "c9a1fafbd53458ddca4d5c72b8456a67661b969a06e016409db642c329411fb5"


@given(st.permutations(range(9)))
def test_the_order_of_position_rows_is_not_hashed(order):
    columns = small_columns()["positions"]
    moved = {name: [column[row] for row in order] for name, column in columns.items()}
    assert small_snapshot(positions=moved).hash == small_snapshot().hash


@pytest.mark.parametrize(
    "changes",
    [
        {"wallets": {"account": np.array(["ann", "bob", "cat", "ann", "dan", "eve"], "<U99")}},
        {"wallets": {"account": np.array(["ann", "bob", "cat", "ann", "dan", "eve"], ">U7")}},
        {"wallets": {"account": np.array(["ann", "bob", "cat", "ann", "dan", "eve"], object)}},
        {"wallets": {"asset": np.array([0, 0, 0, 0, 1, 1])}},
        {"positions": {"quantity": np.array(small_columns()["positions"]["quantity"], ">i4")}},
        {"positions": {"leverage": np.array(small_columns()["positions"]["leverage"], ">f8")}},
        {"positions": {"leverage": [20, 0, 0, 0, 20, 0, 25, 0, 3]}},
        {"positions": {"leverage": [20.0, -0.0, 0.0, 0.0, 20.0, 0.0, 25.0, -0.0, 3.0]}},
        {"marks": {"BTCUSDT": "58000.00", "ETHUSDT": Decimal("3010.550"), "BTCUSD": 58010.5}},
        {"marks": {"BTCUSDT": 58_000, "ETHUSDT": "301055e-2", "BTCUSD": "58_010.5"}},
        {"assets": ["BTC", adl.Asset("USDT", 8)]},
        {"contracts": [books.BTC, books.ETH, adl.Contract.from_fields(books.COIN.fields())]},
        {"contracts": [adl.Contract("BTCUSDT", lot="0.0010", tick=0.1, tiers=books.TIERS), books.ETH, books.COIN]},
        {"haircuts": {"BTC": 0}},
        {"strict": True},
    ],
)
def test_the_same_data_written_otherwise_has_the_same_hash(changes):
    assert small_snapshot(**changes).hash == small_snapshot().hash


def test_read_only_columns_have_the_same_hash():
    balance = np.array(small_columns()["wallets"]["balance"])
    balance.flags.writeable = False
    assert small_snapshot(wallets={"balance": balance}).hash == small_snapshot().hash


#: Of each table, a column, a row, and what is added to it or stands there instead.
SMALL_CELLS = {
    "wallets": [("balance", 3, 1), ("account", 4, "don"), ("mode", 4, "isolated"), ("asset", 4, "USDT")],
    "positions": [
        *(("quantity", 0, 1), ("quantity", 8, -1), ("entry_value", 5, -1), ("leverage", 2, 1e-9)),
        *(("wallet", 0, books.BOB), ("contract", 0, "ETHUSDT")),
    ],
    "orders": [
        *(("contract", 0, "BTCUSDT"), ("wallet", 0, books.ANN)),
        *(("quantity", 1, 1), ("price", 0, 1), ("locked", 1, 1)),
    ],
}
VALUED_CELLS = {
    "balances": [("amount", 3, 1), ("loan", 3, 1), ("wallet", 2, 0), ("asset", 3, "USDT")],
    "wallets": [("mode", 0, "portfolio")],
}
CELLS = [
    (make, table, *cell)
    for make, tables in ((small_columns, SMALL_CELLS), (valued_columns, VALUED_CELLS))
    for table, listed in tables.items()
    for cell in listed
]


@pytest.mark.parametrize(("make", "table", "name", "row", "change"), CELLS)
def test_every_cell_is_hashed(make, table, name, row, change):
    columns = make()
    before = adl.Snapshot(**columns)
    cells = list(columns[table][name])
    cells[row] = change if isinstance(change, str) or name == "wallet" else cells[row] + change
    columns[table] = {**columns[table], name: cells}
    after = adl.Snapshot(**columns, check=False)
    assert after.hash != before.hash
    assert after != before


def test_a_number_moved_to_another_column_or_row_changes_the_hash():
    swapped = small_columns()["wallets"]["balance"]
    swapped[0], swapped[1] = swapped[1], swapped[0]
    assert small_snapshot(wallets={"balance": swapped}).hash != small_snapshot().hash
    names = {"orders": {"quantity": [1, 2], "price": [3, 4]}}, {"orders": {"quantity": [3, 4], "price": [1, 2]}}
    assert len({small_snapshot(**changes).hash for changes in names}) == 2


#: The terms of a contract but for one, which is another.
TERMS = [{"lot": "0.1"}, {"tick": "0.02"}, {"tick": None}, {"tiers": None}, {"tiers": books.COIN_TIERS}]
TERMS += [{"multiplier": 2}, {"max_price": "1e6"}, {"kind": "quanto"}, {"settle": "BTC"}]
ETH = {"lot": "0.01", "tick": "0.01", "tiers": books.TIERS}


@pytest.mark.parametrize(
    "changes",
    [
        {"marks": {"BTCUSDT": "58000.1"}},
        {"marks": {"ETHUSDT": "1e-9"}},
        {"index_prices": {"BTC": "58000.0001"}},
        {"index_prices": {"USDT": "1"}},
        {"haircuts": {"BTC": "0.051"}},
        {"haircuts": {"USDT": "0.01"}},
        {"loan_rates": {"USDC": "0.041"}},
        {"assets": [adl.Asset("USDC", 6), "DAI"]},
        {"contracts": books.CONTRACTS[:1] + books.CONTRACTS[:0:-1], "positions": valued_columns()["positions"]},
        *({"contracts": [books.BTC, adl.Contract("ETHUSDT", **{**ETH, **terms}), books.COIN]} for terms in TERMS),
    ],
)
def test_every_term_is_hashed(changes):
    assert valued_snapshot(**changes).hash != valued_snapshot().hash


def test_accounts_as_numbers_and_as_text_are_not_the_same():
    numbers = small_snapshot(wallets={"account": [1, 2, 3, 1, 4, 5]})
    assert numbers != small_snapshot(wallets={"account": list("123145")})


# One npz file


@pytest.mark.parametrize("name", sorted(snapshots()))
def test_an_npz_file_gives_the_same_snapshot(tmp_path, name):
    snapshot, path = snapshots()[name], tmp_path / "a.npz"
    snapshot.to_npz(path)
    found = adl.Snapshot.from_npz(path)
    assert found.hash == snapshot.hash
    assert repr(found) == repr(snapshot)
    for table in TABLES:
        assert getattr(found, table) == getattr(snapshot, table)
        for column, values in getattr(found, table).columns().items():
            assert values.dtype == getattr(getattr(snapshot, table), column).dtype
    assert (found.contracts, found.assets, found.marks) == (snapshot.contracts, snapshot.assets, snapshot.marks)
    assert adl.Snapshot.from_npz(str(path)) == snapshot


def test_the_file_is_written_where_it_was_asked_for(tmp_path):
    small_snapshot().to_npz(tmp_path / "snapshot")
    assert [path.name for path in tmp_path.iterdir()] == ["snapshot"]
    assert adl.Snapshot.from_npz(tmp_path / "snapshot") == small_snapshot()


def saved(snapshot=None) -> bytes:
    """A file of a snapshot."""
    return packed(*contents(snapshot))


def contents(snapshot=None) -> tuple[dict, dict]:
    """Terms and columns as they stand in a file."""
    terms = archive.header_terms(snapshot or valued_snapshot())
    return {"schema": 1, **terms}, archive.columns_by_name(snapshot or valued_snapshot())


def read(data: bytes, path) -> adl.Snapshot:
    path.write_bytes(data)
    return adl.Snapshot.from_npz(path)


def packed(terms: object, parts: dict) -> bytes:
    """A file of terms, as a value or as text, and columns."""
    buffer = io.BytesIO()
    np.savez(buffer, **{"terms": np.array(terms if isinstance(terms, str) else json.dumps(terms)), **parts})
    return buffer.getvalue()


def refused_file(data: bytes, path, *words: str) -> adl.AdlError:
    """The error of reading a file, which names the file by its path and says these words."""
    path.write_bytes(data)
    return refused_for(lambda: adl.Snapshot.from_npz(path), "path", str(path), *words)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        adl.Snapshot.from_npz(tmp_path / "none.npz")


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data", [b"", b"PK\3\4", b"account,asset\n1,2\n", pickle.dumps({"a": 1}), npy(), saved()[100:]]
)
def test_what_is_no_npz_file_is_refused_by_its_path(tmp_path, data):
    refused_file(data, tmp_path / "odd.npz", "is no snapshot")


@given(st.data())
def test_a_truncated_file_is_refused(tmp_path_factory, data):
    whole = saved()
    path = tmp_path_factory.mktemp("cut") / "a.npz"
    refused_file(whole[: data.draw(st.integers(0, len(whole) - 1))], path, "is no snapshot")


@given(st.data())
def test_a_damaged_file_is_refused_or_holds_the_same(tmp_path_factory, data):
    whole = bytearray(saved())
    directory = whole.index(b"PK\1\2")  # zip's own, at the end
    place = data.draw(st.integers(0, len(whole) - 1) | st.integers(directory, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with warnings.catch_warnings(), suppress(adl.AdlError):
        warnings.simplefilter("ignore", UserWarning)  # zipfile's, of a name that is there twice
        assert read(bytes(whole), tmp_path_factory.mktemp("hurt") / "a.npz") == valued_snapshot()


class Bomb:
    """Runs when it is unpickled."""

    struck = False

    def __reduce__(self):
        return Bomb.strike, ()

    @staticmethod
    def strike():
        Bomb.struck = True
        return np.zeros(4, np.int64)


@pytest.mark.parametrize("name", ["terms", "wallets.account", "positions.quantity", "extra"])
def test_an_object_array_is_refused_and_nothing_is_executed(tmp_path, name):
    terms, parts = contents()
    parts[name] = np.array([Bomb(), 1, 2, 3], object)
    refused_file(packed(terms, parts), tmp_path / "bomb.npz", "is no snapshot")
    assert not Bomb.struck


@pytest.mark.parametrize("schema", [0, 2, 99, None, "1"])
def test_an_unknown_schema_is_refused_by_number(tmp_path, schema):
    terms, parts = contents()
    file = packed({**terms, "schema": schema}, parts)
    assert refused_file(file, tmp_path / "a.npz", f"schema {schema}", "schema 1").value == schema


@pytest.mark.parametrize("name", ["terms", *sorted(contents()[1])])
def test_a_missing_column_is_named(tmp_path, name):
    buffer = io.BytesIO()
    parts = {**contents()[1], "terms": np.array(json.dumps(contents()[0]))}
    np.savez(buffer, **{other: column for other, column in parts.items() if other != name})
    refused_at(lambda: read(buffer.getvalue(), tmp_path / "a.npz"), words=name.split("."))


@pytest.mark.parametrize("name", ["wallets.colour", "colours.wallet", "plain", "a.b.c"])
def test_a_column_that_does_not_belong_is_named(tmp_path, name):
    terms, parts = contents()
    parts[name] = np.zeros(4, np.int64)
    refused_at(lambda: read(packed(terms, parts), tmp_path / "a.npz"), words=name.split(".")[0])


@pytest.mark.parametrize("name", sorted(contents()[0]))
def test_a_missing_term_is_named(tmp_path, name):
    terms, parts = contents()
    del terms[name]
    refused_at(lambda: read(packed(terms, parts), tmp_path / "a.npz"), words=name)


@pytest.mark.parametrize("terms", ["5", "[]", "null", "{", ""])
def test_terms_of_another_shape_are_refused(tmp_path, terms):
    refused_file(packed(terms, contents()[1]), tmp_path / "a.npz", "is no snapshot")


@pytest.mark.parametrize("name", sorted(set(contents()[0]) - {"schema"}))
@pytest.mark.parametrize("value", [5, "x", [5], [[5]], {"a": 1}, [{"a": 1}], [None] * 9])
def test_terms_of_another_type_are_refused(tmp_path, name, value):
    terms, parts = contents()
    file = packed({**terms, name: value}, parts)
    refused_at(lambda: read(file, tmp_path / "a.npz"))


def test_a_file_of_broken_rows_is_refused_by_row(tmp_path):
    terms, parts = contents(small_snapshot())
    parts["positions.wallet"] = np.where(np.arange(9) == 8, 77, parts["positions.wallet"])
    assert problems(lambda: read(packed(terms, parts), tmp_path / "a.npz")) == [("positions.wallet", 8)]


def test_a_compressed_file_is_read_too(tmp_path):
    terms, parts = contents()
    np.savez_compressed(tmp_path / "a.npz", terms=np.array(json.dumps(terms)), **parts)
    assert adl.Snapshot.from_npz(tmp_path / "a.npz") == valued_snapshot()


def test_the_members_of_the_file_are_plain_arrays(tmp_path):
    small_snapshot().to_npz(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as file:
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["positions.quantity"].tolist() == small_columns()["positions"]["quantity"]
        assert arrays["wallets.balance"].tolist()[0] == 6_000 * UNIT
        assert json.loads(str(arrays["terms"]))["schema"] == 1
