"""``adlcore explain``: a position now, and what would change it."""

import json
import re
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing.margin.standing import Standing
from support.commands import fits, refused_lines
from support.explained_books import POSITIONS, small


@pytest.fixture
def folder(saved):
    return saved(small())


@pytest.fixture
def told(good, folder):
    """The JSON of an explanation."""

    def call(*arguments):
        return json.loads(good("explain", folder, *arguments, "--json"))

    return call


def position_of(snapshot, document):
    """The row of the position that a document is about."""
    code = snapshot.code(document["contract"])
    held, sign = snapshot.positions, 1 if document["side"] == "long" else -1
    rows = np.arange(snapshot.start[code], snapshot.start[code + 1])
    return int(rows[(held.wallet[rows] == document["wallet"]) & (held.quantity[rows] * sign > 0)][0])


def agrees(document, fields, snapshot, rule="binance"):
    """Whether what is told of a standing is what the library says of this snapshot."""
    row, wallet = position_of(snapshot, document), document["wallet"]
    found = Standing(snapshot, row, wallet, snapshot.code(document["contract"]), adl.RankingRule(rule))
    contract, why, queue = found.contract, found.why, fields["queue"]
    assert Decimal(fields["mark"]) == found.mark_price
    assert contract.lots(fields["quantity"]) == found.quantity
    assert contract.settle.quanta(fields["unrealized_pnl"]) == found.unrealized_pnl
    for name in ("equity", "maintenance_margin", "free_margin"):
        assert found.asset.quanta(fields[name]) == getattr(found, name)
    assert fields["margin_ratio"] == (found.margin_ratio if found.margin_ratio < float("inf") else None)
    prices = [*found.liquidation_prices, found.bankruptcy_price]
    told = [price if 0 < price < float("inf") else None for price in prices]
    assert [*fields["liquidation_prices"], fields["bankruptcy_price"]] == told
    assert (fields["entry_price"], fields["liquidatable"]) == (found.entry_price, found.liquidatable)
    assert (queue["rank"], queue["of"], queue["indicator"]) == (why.rank, why.of, why.indicator)
    assert (queue["ahead"], queue["terms"]) == (contract.decimal(found.ahead), why.terms)
    if why.score > -np.inf:
        assert (queue["score"], queue["quantile"]) == (why.score, why.quantile)


# Now ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("account", "contract", "which"), POSITIONS)
@pytest.mark.parametrize("rule", adl.RankingRule.names())
def test_json_agrees_with_the_library(told, account, contract, which, rule):
    document = told("--account", account, "--contract", contract, *which, "--rule", rule)
    assert (document["account"], document["contract"], document["rule"]) == (account, contract, rule)
    assert document["expression"] == adl.RankingRule(rule).expression
    assert document["what_if"] is document["then"] is None
    agrees(document, document["now"], small(), rule)


def test_the_table_says_it_in_a_traders_words(good, folder):
    out = good("explain", folder, "--account", "ann", "--contract", "BTCUSDT", "--wallet", 0)
    assert out.startswith("ann: long 1.500 BTCUSDT, cross wallet in USDT\n")
    lines = {line[:18].strip(): line[18:].strip() for line in out.splitlines()}
    for name, value in {
        "mark price": "57300",
        "quantity": "1.500",
        "entry price": "60000.0",
        "unrealized PnL": "-4,050.00",
        "equity": "1,950.00",
        "maintenance margin": "379.75",
        "margin ratio": "19.47 %",
        "free margin": "1,570.25",
        "liquidation price": "56247.9 (-1.84 %)",
        "bankruptcy price": "56000.0",
        "effective leverage": "44.08",
        "PnL ratio": "-4.71 %",
    }.items():
        assert lines[name] == value
    assert lines["place in the queue"].endswith("4 longs")
    assert "The wallet is liquidated if BTCUSDT falls 1.84 % to 56247.9.\n" in out
    assert "If a short goes bankrupt and the insurance fund cannot pay for it, " in out


def test_both_prices_of_hedge_mode(good, folder):
    out = good("explain", folder, "--account", "hal", "--contract", "BTCUSDT", "--side", "short")
    assert "cross wallet in USDT, hedged by a long\n" in out
    assert re.search(r"liquidated below +-\n", out)
    assert re.search(r"liquidated above +[\d.]+ \(\+[\d.]+ %\)\n", out)
    assert "The wallet is liquidated if BTCUSDT rises " in out


def test_a_hedge_that_fails_on_both_sides(good, saved):
    rows = [
        {"account": account, "contract": "X", "quantity": size, "entry_price": "50000"}
        for account, size in (("hal", "20"), ("hal", "-19"), ("bob", "-1"))
    ]
    tiers = adl.MarginTiers(
        [0, 50_000, 250_000, 1_000_000, 5_000_000, 20_000_000], ["0.004", "0.005", "0.01", "0.025", "0.05", "0.1"]
    )
    contract = adl.Contract("X", lot="0.1", tick="0.1", tiers=tiers)
    wallets = {"account": ["hal", "bob"], "balance": ["30000", "90000"]}
    folder = saved(adl.Snapshot.build([contract], wallets, rows, {"X": "50000"}))
    out = " ".join(good("explain", folder, "--account", "hal", "--contract", "X", "--side", "long").split())
    assert "if X falls 42.95 % to 28524.6 or rises 452.84 % to 276421.1." in out


def test_money_of_a_valued_wallet_is_in_two_assets(good, folder):
    out = good("explain", folder, "--account", "may", "--contract", "BTCUSD")
    assert out.startswith("may: long 70 BTCUSD, multi-asset wallet in USDT\n")
    assert re.search(r"unrealized PnL \(BTC\) +-0\.\d+\n", out)


def test_who_is_first_and_who_is_never_closed(good, folder):
    words = ("--account", "bob", "--contract", "BTCUSDT", "--rule", "roi")
    out = " ".join(good("explain", folder, *words).split())
    assert out.endswith("cannot pay for it, this position is closed first.")
    out = good("explain", folder, "--account", "ann", "--contract", "BTCUSDT", "--wallet", 0, "--rule", "hyperliquid")
    assert "By hyperliquid it is not deleveraged while it makes no profit.\n" in out
    out = good("explain", folder, "--account", "cyd", "--contract", "BTCUSDT", "--mark", "50000")
    assert "Then the wallet is liquidatable: its equity is not above its maintenance" in out
    assert "By binance it is not deleveraged while its wallet has no equity.\n" in out
    assert "inf" in out


def test_a_price_that_never_comes(good, folder):
    out = good("explain", folder, "--account", "cyd", "--contract", "BTCUSDT", "--add-margin", "1000000")
    assert "Then no price of BTCUSDT by itself has the wallet liquidated.\n" in out


@pytest.mark.parametrize("width", [80, 100])
def test_every_explanation_fits(good, folder, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    for account, contract, which in POSITIONS:
        for options in ((), ("--mark", "57000.5", "--add-margin", "12.5", "--reduce", "0.1")):
            size = ("3",) if options and contract == "BTCUSD" else options[-1:]
            words = ("--account", account, "--contract", contract, *which, *options[:-1], *size)
            out = good("explain", folder, *words)
            assert fits(out, width)


def test_a_file_is_read_as_well(good, told, tmp_path):
    small().to_npz(tmp_path / "venue.npz")
    words = ("--account", "bob", "--contract", "BTCUSDT")
    other = json.loads(good("explain", tmp_path / "venue.npz", *words, "--json"))
    assert {**told(*words), "snapshot": ""} == {**other, "snapshot": ""}


# What if --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("account", "contract", "which"), POSITIONS)
def test_another_mark(told, account, contract, which):
    document = told("--account", account, "--contract", contract, *which, "--mark", "57123.4")
    first = small()
    marks = {**{c.symbol: mark for c, mark in zip(first.contracts, first.marks)}, contract: "57123.4"}
    agrees(document, document["now"], first)
    agrees(document, document["then"], rebuilt(first, marks=marks))
    asked = {"mark": "57123.4", "add_margin": None, "reduce": None}
    assert document["what_if"] == {**asked, "realized_pnl": first.contracts[first.code(contract)].settle.decimal(0)}


@pytest.mark.parametrize(("account", "contract", "which"), POSITIONS)
def test_more_margin(told, account, contract, which):
    document = told("--account", account, "--contract", contract, *which, "--add-margin", "250.5")
    first = small()
    agrees(document, document["then"], first.deposit(document["wallet"], "250.5", "USDT"))


@pytest.mark.parametrize(("account", "contract", "which"), POSITIONS)
@pytest.mark.parametrize("mark", [None, "57123.45"])
def test_a_smaller_position(told, account, contract, which, mark):
    reduce = "0.137" if contract == "BTCUSDT" else "3"
    options = () if mark is None else ("--mark", mark)
    document = told("--account", account, "--contract", contract, *which, "--reduce", reduce, *options)
    first = small()
    row, code = position_of(first, document), first.code(contract)
    listed = first.contracts[code]
    lots, held, cost = listed.lots(reduce), int(first.positions.quantity[row]), int(first.positions.entry_value[row])
    closed = lots if held > 0 else -lots
    released = int(Fraction(cost * closed, held))  # toward zero
    price = mark or format(first.marks[code], "f")
    realized = round(closed * listed.exact_value_per_lot(price) * listed.settle.quanta_per_unit) - released
    assert document["what_if"]["realized_pnl"] == listed.settle.decimal(realized)
    quantity, entry = first.positions.quantity.copy(), first.positions.entry_value.copy()
    quantity[row] -= closed
    entry[row] -= released
    balance, balances = first.wallets.balance.copy(), {k: v.tolist() for k, v in first.balances.columns().items()}
    wallet = document["wallet"]
    if document["mode"] in ("multi-asset", "portfolio"):
        asset = [a.name for a in first.assets].index(listed.settle.name)
        pairs = list(zip(balances["wallet"], balances["asset"]))
        if (wallet, asset) in pairs:
            balances["amount"][pairs.index((wallet, asset))] += realized
        else:
            for name, value in zip(("wallet", "asset", "amount", "loan"), (wallet, asset, realized, 0)):
                balances[name].append(value)
    else:
        balance[wallet] += realized
    marks = {c.symbol: m for c, m in zip(first.contracts, first.marks)} | {contract: price}
    wallets = {**first.wallets.columns(), "balance": balance}
    positions = {**first.positions.columns(), "contract": first.position_contract}
    positions |= {"quantity": quantity, "entry_value": entry}
    after = rebuilt(first, wallets=wallets, positions=positions, balances=balances, marks=marks)
    agrees(document, document["then"], after)


def rebuilt(snapshot, **changed):
    """A snapshot by columns, with some of them replaced."""
    names = [asset.name for asset in snapshot.assets]
    given = {name: getattr(snapshot, name) for name in ("contracts", "marks", "assets")}
    given |= {name: getattr(snapshot, name).columns() for name in ("wallets", "positions", "orders", "balances")}
    given["positions"]["contract"] = snapshot.position_contract
    for name in ("index_prices", "haircuts", "loan_rates"):
        given[name] = {asset: value for asset, value in zip(names, getattr(snapshot, name)) if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", adl.OpenInterestWarning)
        return adl.Snapshot(**{**given, **changed})


@pytest.mark.parametrize(("account", "contract", "which"), POSITIONS)
def test_a_position_closed_whole(told, good, folder, account, contract, which):
    first = told("--account", account, "--contract", contract, *which)
    size = first["now"]["quantity"].lstrip("-")
    document = told("--account", account, "--contract", contract, *which, "--reduce", size)
    then = document["then"]
    assert sorted(then) == sorted(
        ["mark", "quantity", "equity", "maintenance_margin", "margin_ratio", "liquidatable", "free_margin"]
    )
    assert Decimal(then["quantity"]) == 0
    # What was unrealized is realized: equity stays, but for a haircut on what is collateral now, and roundings.
    slack = 30 if document["mode"] in ("multi-asset", "portfolio") else 1e-7
    assert float(then["equity"]) == pytest.approx(float(first["now"]["equity"]), abs=slack)
    settle = first["settle"]
    if document["mode"] in ("cross", "isolated"):
        assert document["what_if"]["realized_pnl"] == first["now"]["unrealized_pnl"], settle
    out = good("explain", folder, "--account", account, "--contract", contract, *which, "--reduce", size)
    assert "Then the position is closed.\n" in out or "Then the wallet is liquidatable" in out


def test_all_three_at_once_change_what_each_changes(good, folder, told):
    words = ("--account", "ann", "--contract", "BTCUSDT", "--wallet", "0")
    document = told(*words, "--mark", "56500", "--add-margin", "1000", "--reduce", "0.5")
    asked = {"mark": "56500", "add_margin": "1000", "reduce": "0.5"}
    assert document["what_if"] == {**asked, "realized_pnl": "-1750.00000000"}
    then = document["then"]
    assert (then["quantity"], then["equity"], then["unrealized_pnl"]) == ("1.000", "1750.00000000", "-3500.00000000")
    out = good("explain", folder, *words, "--mark", "56500", "--add-margin", "1000", "--reduce", "0.5")
    assert "What if: mark 56500; 1000 USDT added; 0.5 closed at 56500, realizing -1,750.00\nUSDT\n" in out


# What is refused ------------------------------------------------------------------------------------------------------

test_bad_options = refused_lines(
    "folder",
    "explain FILE --account ann --contract BTCUSDT --wallet 0",
    ("--side up", "side is 'up': must be long or short"),
    ("--side short", "side is 'short': must be long: ann holds no short of BTCUSDT"),
    ("--rule binanse", "nearest: binance"),
    ("--mark 0", "mark is '0': must be above 0"),
    ("--mark x", "mark is 'x': must be a number"),
    ("--mark 1e50", "must be below 2^62 quanta"),
    ("--add-margin 0", "add-margin is '0': must be above 0"),
    ("--add-margin -5", "add-margin is '-5': must be above 0"),
    ("--add-margin 1.000000001", "add-margin is '1.000000001': is between quanta of 0.00000001"),
    ("--add-margin 1e18", "add-margin is '1e18': must lie between"),
    ("--reduce 0", "reduce is '0': must be above 0"),
    ("--reduce many", "reduce is 'many': must be a number"),
    ("--reduce 0.0005", "reduce is '0.0005': is between lots of 0.001: 0.000 or 0.001 would do"),
    ("--reduce 1.501", "reduce is '1.501': must be at most what is held, 1.500"),
    ("--reduce 1 --mark 1e30", "reduce is '1': must realize what fits int64 quanta of USDT"),
)

test_what_is_needed = refused_lines(
    "folder",
    "explain FILE",
    ("", "Missing option"),
    ("--account ann", "Missing option '--contract'"),
    ("--account eve --contract BTCUSDT", "account is 'eve': must be an account of this snapshot"),
    ("--account ann --contract ETHUSDT", "contract is 'ETHUSDT': must be one of BTCUSDT, BTCUSD"),
    ("--account ann --contract BTCUSD", "contract is 'BTCUSD': must be one that ann holds: BTCUSDT"),
    ("--account zoe --contract BTCUSDT", "contract is 'BTCUSDT': zoe holds no position"),
    (
        "--account ann --contract BTCUSDT",
        "must be told apart by --side or --wallet: long in wallet 0, long in wallet 6",
    ),
    (
        "--account hal --contract BTCUSDT",
        "must be told apart by --side or --wallet: long in wallet 2, short in wallet 2",
    ),
    (
        "--account ann --contract BTCUSDT --wallet 3",
        "wallet is 3: must be a wallet that holds ann's BTCUSDT: long in wallet 0, ",
    ),
)


def test_a_balance_that_leaves_int64_is_refused(bad, saved):
    # The balance is nearly as negative as can be, and holds only while the profit of the position is unrealized.
    contract = adl.Contract("X", tiers=adl.MarginTiers([0], ["0.1"]))
    rows = [
        {"account": name, "contract": "X", "quantity": size, "entry_price": 4e9} for name, size in (("a", 9), ("b", -9))
    ]
    wallets = {"account": ["a", "b"], "balance": ["-92000000000", "92000000000"]}
    folder = saved(adl.Snapshot.build([contract], wallets, rows, {"X": 4e9}))
    words = ("explain", folder, "--account", "a", "--contract", "X", "--reduce", "9", "--mark", "3e9")
    assert "int64" in bad(*words)
