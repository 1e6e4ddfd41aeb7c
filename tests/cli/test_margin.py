"""``adlcore margin``: the wallets nearest to liquidation first, in a table that fits, and as JSON."""

import json

import numpy as np
import pytest

import adlcore as adl
from adlcore.lab import crowd
from support.commands import fits, refused_lines, table_rows


def small(accounts=("ann", "bob", "cyd", "dee")):
    """A cross wallet with two contracts, an isolated one past liquidation, and one that holds nothing."""
    tiers = adl.MarginTiers([0, 50_000], ["0.004", "0.005"])
    ann, bob, cyd, dee = accounts
    return adl.Snapshot.build(
        contracts=[
            adl.Contract("BTCUSDT", lot="0.001", tick="0.1", tiers=tiers),
            adl.Contract("ETHUSDT", lot="0.01", tick="0.01", tiers=tiers),
            adl.Contract("NOBODYS", lot="1"),
        ],
        wallets={"account": [ann, bob, dee], "balance": ["6000", "1000", "4000"]},
        positions=[
            {"account": ann, "contract": "BTCUSDT", "quantity": "1.1", "entry_price": "60000"},
            {"account": ann, "contract": "ETHUSDT", "quantity": "-3", "entry_price": "2500"},
            {"account": bob, "contract": "BTCUSDT", "quantity": "-1.5", "entry_price": "61500"},
            {"account": bob, "contract": "ETHUSDT", "quantity": "3", "entry_price": "2500"},
            {"account": cyd, "contract": "BTCUSDT", "quantity": "0.4", "entry_price": "58900", "margin": "700"},
        ],
        marks={"BTCUSDT": "57300", "ETHUSDT": "2450.5"},
    )


@pytest.fixture
def folder(saved):
    return saved(small())


def test_the_nearest_to_liquidation_stands_first(good, folder):
    out = good("margin", folder)
    assert out.splitlines()[0] == f"{folder}: 4 wallets, 5 positions in 3 contracts, 1 liquidatable (!)"
    assert "marks: BTCUSDT 57300, ETHUSDT 2450.5\n" in out
    assert "money in USDT\n" in out
    rows = table_rows(out)
    assert [row[:2] for row in rows[:2]] == [["!", "cyd"], ["ann", "cross"]]
    assert rows[2][0] == "ETHUSDT"  # what is ann's stands once
    assert [row[0] for row in rows[3:]] == ["bob", "ETHUSDT"]
    assert "dee" not in out
    assert "NOBODYS" not in out
    assert fits("\n".join(out.splitlines()[1:]))


def test_a_row_says_all_there_is_to_say(good, folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    rows = table_rows(good("margin", folder))
    price = adl.liquidation_price(small().contracts[0], 400, 58_900, 700)
    assert rows[0] == [
        *("!", "cyd", "isol.", "60.00", "91.68", "152.80", "BTCUSDT", "0.400", "57300", f"{price:.1f}"),
        *(f"{100 * (price / 57300 - 1):+.2f}", "57150.0"),
    ]


def test_json_agrees_with_the_library(good, folder):
    document = json.loads(good("margin", folder, "--json"))
    snapshot = small()
    state = adl.margin_state(snapshot)
    assert document["snapshot"] == str(folder)
    assert document["hash"] == snapshot.hash
    assert document["marks"] == {"BTCUSDT": "57300", "ETHUSDT": "2450.5", "NOBODYS": None}
    assert [document[name] for name in ("wallets", "positions", "holders", "liquidatable")] == [4, 5, 3, 1]
    assert [wallet["account"] for wallet in document["nearest"]] == ["cyd", "ann", "bob"]
    liquidation, bankruptcy = state.positions.liquidation_price(), state.positions.bankruptcy_price()
    rows = []
    for wallet in document["nearest"]:
        row = wallet["wallet"]
        assert wallet["margin_ratio"] == state.margin_ratio[row]
        assert wallet["liquidatable"] is bool(state.liquidatable[row])
        assert wallet["equity"] == adl.Asset("USDT").decimal(int(state.equity[row]))
        assert wallet["maintenance_margin"] == adl.Asset("USDT").decimal(int(state.maintenance_margin[row]))
        assert wallet["mode"] == ("isolated" if wallet["account"] == "cyd" else "cross")
        for position in wallet["positions"]:
            rows.append(position["row"])
            contract = snapshot.contracts[snapshot.code(position["contract"])]
            assert contract.lots(position["quantity"]) == snapshot.positions.quantity[position["row"]]
            assert position["liquidation_price"] == liquidation[position["row"]]
            assert position["bankruptcy_price"] == bankruptcy[position["row"]]
            mark = float(position["mark"])
            assert position["distance"] == pytest.approx(liquidation[position["row"]] / mark - 1)
    assert sorted(rows) == list(range(5))


def test_top_and_account(good, saved):
    snapshot = crowd.snapshot(600, 8)
    folder = saved(snapshot)
    document = json.loads(good("margin", folder, "--top", 3, "--json"))
    assert len(document["nearest"]) == 3
    out = good("margin", folder, "--top", 3)
    assert out.endswith(f"... and {document['holders'] - 3:,} more: --top 0 shows all\n")
    assert len(json.loads(good("margin", folder, "--json"))["nearest"]) == 20
    account = int(snapshot.wallets.account[snapshot.positions.wallet[0]])
    document = json.loads(good("margin", folder, "--account", account, "--json"))
    assert {wallet["account"] for wallet in document["nearest"]} == {account}
    wallets = snapshot.wallets.account[snapshot.positions.wallet] == account
    assert document["holders"] == len(np.unique(snapshot.positions.wallet[wallets]))


def test_an_account_that_holds_nothing(good, folder):
    assert good("margin", folder, "--account", "dee").count("\n") == 1


def test_a_fee_moves_the_liquidation_price(good, folder):
    first = json.loads(good("margin", folder, "--json"))
    other = json.loads(good("margin", folder, "--taker-fee", "0.0005", "--json"))
    state = adl.margin_state(small())
    told = state.positions.liquidation_price(taker_fee="0.0005")
    for one, two in zip(first["nearest"], other["nearest"], strict=True):
        for before, after in zip(one["positions"], two["positions"], strict=True):
            assert after["liquidation_price"] == told[after["row"]] != before["liquidation_price"]


def test_a_file_is_read_as_well(good, folder, tmp_path):
    small().to_npz(tmp_path / "venue.npz")
    one, other = (json.loads(good("margin", path, "--json")) for path in (folder, tmp_path / "venue.npz"))
    assert {**one, "snapshot": ""} == {**other, "snapshot": ""}


def test_every_mode_fits_and_has_its_name(good, saved, monkeypatch):
    folder = saved(crowd.snapshot(400, 6))
    for width in (60, 80, 120, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        out = good("margin", folder, "--top", 0)
        assert fits("\n".join(out.splitlines()[1:]), width)
    for mode in ("cross", "isol.", "multi", "portf.", "BTC", "ETH", "USDT"):
        assert f" {mode} " in out
    modes = {wallet["mode"] for wallet in json.loads(good("margin", folder, "--top", 0, "--json"))["nearest"]}
    assert modes == {"cross", "isolated", "multi-asset", "portfolio"}


def test_many_marks_are_cut_short(good, saved):
    out = good("margin", saved(crowd.snapshot(300, 40)), "--top", 0)
    assert "and 28 more\n" in out
    assert "SOLUSDT" in out


def test_a_position_that_no_price_liquidates(good, saved):
    contract = adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], ["0.05"]))
    rows = [
        {"account": "rich", "contract": "X", "quantity": 1, "entry_price": 10},
        {"account": "poor", "contract": "X", "quantity": -1, "entry_price": 10, "margin": "-20"},
    ]
    snapshot = adl.Snapshot.build([contract], {"account": ["rich"], "balance": ["100"]}, rows, {"X": "10"})
    folder = saved(snapshot)
    rows = table_rows(good("margin", folder))
    assert rows[0][:2] == ["!", "poor"]
    assert "inf" in rows[0]
    assert rows[0][-3:-1] == ["any", "-"]
    assert rows[1][-3:] == ["-", "-", "-"]
    for wallet in json.loads(good("margin", folder, "--json"))["nearest"]:
        assert wallet["positions"][0]["liquidation_price"] is None
        assert wallet["positions"][0]["distance"] is None


def test_a_snapshot_of_nothing(good, saved):
    folder = saved(adl.Snapshot.build([], [], [], {}))
    assert good("margin", folder) == f"{folder}: 0 wallets, 0 positions in 0 contracts, none liquidatable\n"
    assert json.loads(good("margin", folder, "--json"))["nearest"] == []


def test_labels_cannot_move_the_cursor(good, saved):
    out = good("margin", saved(small(("\x1b[2J[bold]", "b\nb", "ćýđ", "dee"))))
    assert "\x1b" not in out
    assert r"\x1b[" in out
    assert r"b\nb" in out
    assert "ćýđ" in out


def test_liquidatable_wallets_are_red_where_there_are_colours(good, folder, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = good("margin", folder).splitlines()
    red = [line for line in lines if "\x1b[1;31m" in line]
    assert len(red) == 2
    assert "liquidatable" in red[0]
    assert "cyd" in red[1]


def test_a_terminal_without_unicode(in_ascii, folder):
    assert "! cyd" in in_ascii("margin", folder)


test_bad_options = refused_lines(
    "folder",
    "margin",
    ("", "Missing argument 'SNAPSHOT'"),
    ("absent", "No such file or directory: absent"),
    ("FILE --top -1", "--top"),
    ("FILE --account eve", "account is 'eve': must be an account of this snapshot"),
    ("FILE --taker-fee 1", "taker-fee is '1': must be a share of the notional"),
    ("FILE --taker-fee x", "taker-fee is 'x': must be a number"),
    ("FILE/manifest.json", "manifest.json is no snapshot: must be a folder that adlcore.io.save wrote"),
    ("FILE/..", "is no snapshot: has no manifest.json"),
)


def test_a_contract_without_tiers_is_named(bad, saved):
    rows = [{"account": "ann", "contract": "X", "quantity": size, "entry_price": 1} for size in (1, -1)]
    snapshot = adl.Snapshot.build([adl.Contract("X")], {"account": ["ann"]}, rows, {"X": 1})
    assert "contracts[0] is 'X': must have margin tiers" in bad("margin", saved(snapshot))
