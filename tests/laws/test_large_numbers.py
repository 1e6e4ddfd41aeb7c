"""Numbers too large to be any: refused at once, as what they were given for, in messages of bounded length."""

import pickle
from functools import partial

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import (
    Backstop,
    BookIOC,
    BrokenBooksError,
    ClearingHouse,
    Deleverage,
    DepthLadder,
    Drawdown,
    InsuranceFund,
    NetNotionalCap,
    TakeOver,
    Venue,
    margin,
)
from adlcore.clearing.snapshot.tables import account_column
from adlcore.contracts.decimals import whole_number
from adlcore.contracts.ratios import exact_ratio
from support.keywords import by_keyword
from support.large import FRACTIONS, LARGE
from support.pairs import ann_and_bob
from support.refusals import refused_for, refused_soundly, sound

TIERS = adl.MarginTiers([0], ["0.05"])
X = adl.Contract("X", lot="0.1", tick="0.01", tiers=TIERS)


def venue(**terms):
    return ann_and_bob(X, assets=["BTC"], **terms)


def row(table, **cells):
    """The tables of a venue with a row more."""
    rows = {
        "wallets": {"account": "cyd", "balance": "1"},
        "positions": {"account": "ann", "contract": "X", "quantity": "1", "entry_price": "10", "margin": "5"},
        "orders": {"account": "ann", "contract": "X", "quantity": "1", "price": "10", "locked": "1"},
        "balances": {"account": "mia", "asset": "USDT", "amount": "1"},
    }
    tables = {name: [] for name in rows}
    tables["wallets"] = [{"account": "ann"}, {"account": "mia", "mode": "multi-asset"}]
    tables[table].append({**rows[table], **cells})
    return adl.Snapshot.build(contracts=[X], marks={"X": 10}, **tables)


def house():
    return ClearingHouse(venue(), venue=[Deleverage("binance")])


def columns(table, **changes):
    given = {
        "wallets": {"account": [1, 2], "asset": [0, 0], "balance": [5, 5]},
        "positions": {"contract": [0, 0], "wallet": [0, 1], "quantity": [1, -1], "entry_value": [1, -1]},
        "orders": {"contract": [0], "wallet": [0], "quantity": [1], "price": [1], "locked": [0]},
    }
    rows = len(given[table]["wallet" if table != "wallets" else "asset"])
    given[table] = {**given[table], **{name: [value, 1][:rows] for name, value in changes.items()}}
    return adl.Snapshot([X], given["wallets"], given["positions"], {"X": 1}, orders=given["orders"])


MARKET = {"mark_price": "9", "quantity": [10.0, -10.0], "entry_price": [9.0, 9.0]}

HELD = {"quantity": 10, "entry_price": 10, "balance": 5}

#: Where a number is given.
CALLS = {
    **by_keyword("Contract {}", partial(adl.Contract, "X"), "multiplier", "lot", "tick", "max_price"),
    **by_keyword("liquidation_price {}", partial(adl.liquidation_price, X, **HELD), *HELD),
    **by_keyword("BookIOC {}", BookIOC, "fee", "portion", "above"),
    "Contract.lots": X.lots,
    "Contract.ticks": X.ticks,
    "Contract.price": X.price,
    "Contract.decimal": X.decimal,
    "Contract.value_per_lot": X.value_per_lot,
    "Contract.quanta_per_lot": X.quanta_per_lot,
    "Asset decimals": lambda v: adl.Asset("X", v),
    "Asset.quanta": adl.Asset("X").quanta,
    "Asset.decimal": adl.Asset("X").decimal,
    "MarginTiers floor": lambda v: adl.MarginTiers([0, v], ["0.1", "0.2"]),
    "MarginTiers rate": lambda v: adl.MarginTiers([0], [v]),
    "MarginTiers amount": lambda v: adl.MarginTiers([0], ["0.1"], [v], check=False),
    "MarginTiers amount_tolerance": lambda v: adl.MarginTiers([0], ["0.1"], [0], amount_tolerance=v),
    "MarginTiers.maintenance_margin": TIERS.maintenance_margin,
    "MarginTiers.tier": TIERS.tier,
    "MarginTiers.arrays": TIERS.arrays,
    "MarginTiers.from_fields": lambda v: adl.MarginTiers.from_fields({"floor": [0], "rate": [v], "amount": [0]}),
    "io.tiers.read binance": lambda v: adl.io.tiers.read(
        [{"symbol": "X", "brackets": [{"notionalFloor": 0, "maintMarginRatio": 0.1, "cum": v}]}], "binance"
    ),
    "io.tiers.read ccxt": lambda v: adl.io.tiers.read([{"minNotional": v, "maintenanceMarginRate": 0.1}], "ccxt"),
    "Market mark_price": lambda v: adl.Market("X", **{**MARKET, "mark_price": v}),
    "Market.at": lambda v: adl.Market("X", **MARKET).at(v),
    "Market.deleverage": lambda v: adl.Market("X", **MARKET).deleverage(v, "binance"),
    "Market.explain": lambda v: adl.Market("X", **MARKET).explain(v, "binance"),
    **{
        f"Market {name}": lambda v, name=name: adl.Market("X", **{**MARKET, name: [v, 1]})
        for name in ("quantity", "entry_price", "equity", "balance", "maintenance_margin", "leverage", "tie")
    },
    "rank": lambda v: adl.rank([v, 1.0]),
    "select score": lambda v: adl.select([v, 1.0], [1, 1], 1),
    "select quantity": lambda v: adl.select([2.0, 1.0], [v, 1], 1),
    "select tie": lambda v: adl.select([2.0, 1.0], [1, 1], 1, tie=[v, 1]),
    "select exclude": lambda v: adl.select([2.0, 1.0], [1, 1], 1, exclude=[v]),
    "Queue.assign": lambda v: adl.Queue([2.0, 1.0], [1, 1]).assign([v]),
    "house.mark": lambda v: house().mark({"X": v}),
    "house.mark time": lambda v: house().mark({}, time=v),
    "house.mark oracle": lambda v: house().mark({}, oracle={"X": v}),
    "house.mark index_prices": lambda v: house().mark({}, index_prices={"BTC": v}),
    "house.deposit": lambda v: house().deposit(0, v),
    "house.deposit wallet": lambda v: house().deposit(v, 1),
    "house.withdraw": lambda v: house().withdraw(1, v),
    "house.trade quantity": lambda v: house().trade("X", v, 10, 0, 1),
    "house.trade price": lambda v: house().trade("X", 1, v, 0, 1),
    "house.trade buyer": lambda v: house().trade("X", 1, 10, v, 1),
    "house.place_order quantity": lambda v: house().place_order(1, "X", v, 10, leverage=2),
    "house.place_order price": lambda v: house().place_order(1, "X", 1, v, leverage=2),
    "house.place_order leverage": lambda v: house().place_order(1, "X", 1, 10, leverage=v),
    "house.place_order locked": lambda v: house().place_order(1, "X", 1, 10, locked=v),
    "house.cancel_order": lambda v: house().cancel_order(v),
    "house.fund_deposit": lambda v: house().fund_deposit("USDT", v),
    "house.funding": lambda v: house().funding({"X": v}),
    "ClearingHouse max_move": lambda v: ClearingHouse(venue(), venue=[Deleverage()], max_move=v).mark({"X": 10.5}),
    "MarginState.mark": lambda v: adl.margin_state(venue()).mark({"X": v}),
    "liquidation_price taker_fee": lambda v: adl.margin_state(venue()).positions.liquidation_price(taker_fee=v),
    "Snapshot.build marks": lambda v: venue(marks={"X": v}),
    "Snapshot.build haircuts": lambda v: venue(haircuts={"BTC": v}),
    "Snapshot.wallet": lambda v: venue().wallet(v),
    "Snapshot.deposit": lambda v: venue().deposit(0, v),
    "margin.transfer_margin": lambda v: margin.transfer_margin(venue(), 0, v, 1),
    **{
        f"Snapshot.build {table}.{name}": lambda v, table=table, name=name: row(table, **{name: v})
        for table, names in {
            "wallets": ("balance", "mode"),
            "positions": ("contract", "quantity", "entry_price", "leverage", "margin"),
            "orders": ("quantity", "price", "locked"),
            "balances": ("amount", "loan"),
        }.items()
        for name in names
    },
    **{
        f"Snapshot {table}.{name}": lambda v, table=table, name=name: columns(table, **{name: v})
        for table, names in {
            "wallets": ("account", "asset", "balance"),
            "positions": ("contract", "wallet", "quantity", "entry_value", "leverage"),
            "orders": ("contract", "wallet", "quantity", "price", "locked"),
        }.items()
        for name in names
        if (table, name) != ("wallets", "account")
    },
    "DepthLadder lots": lambda v: DepthLadder({"X": {"bids": ([10], [v]), "asks": ([11], [1])}}),
    "DepthLadder ticks": lambda v: DepthLadder({"X": {"bids": ([v], [1]), "asks": ([11], [1])}}),
    "DepthLadder refill": lambda v: DepthLadder({"X": {"bids": ([1], [1]), "asks": ([11], [1])}}, refill=v),
    "DepthLadder.ioc limit": lambda v: DepthLadder({"X": {"bids": ([10], [1])}}).ioc(X, 1, v, 0),
    "DepthLadder.ioc time": lambda v: DepthLadder({"X": {"bids": ([10], [1])}}).ioc(X, 1, 1, v),
    "DepthLadder.around": lambda v: DepthLadder.around(X, v, levels=2),
    "BookIOC cool_down": lambda v: BookIOC(cool_down=v, portion="0.5"),
    "Venue max_rounds": lambda v: Venue("v", [TakeOver()], max_rounds=v),
    "Backstop below": lambda v: Backstop(below=v),
    "InsuranceFund balance": lambda v: ClearingHouse(venue(), [InsuranceFund("USDT", v)], [TakeOver()]),
    "NetNotionalCap": NetNotionalCap,
    "Drawdown": lambda v: Drawdown(v, "0.1", "0.2"),
    "whole_number": lambda v: whole_number(v, "x"),
    "exact_ratio": lambda v: exact_ratio(v, "x"),
}


def refusal(call, form):
    """What a call refuses with."""
    try:
        call()
    except adl.AdlError as error:
        return error
    raise AssertionError(f"{form} was taken")


#: What is printed may be a sum, and larger than what any balance holds.
PRINTED = {"Contract.price", "Contract.decimal", "Asset.decimal"}


@pytest.mark.parametrize("name", CALLS)
def test_a_large_number_is_refused_where_it_is_given(name):
    for form, given in {**LARGE, **FRACTIONS}.items():
        if name in PRINTED and isinstance(given, int) and given.bit_length() < 1000:
            assert len(CALLS[name](given)) < 100
            continue
        assert len(str(refusal(lambda v=given: CALLS[name](v), form))) <= 2000


#: Columns of whole numbers, where NumPy would make an object, an unsigned number or a float of what is larger.
WHOLE = [name for name in CALLS if name.startswith("Snapshot ") and not name.endswith("leverage")]


@pytest.mark.parametrize("name", [*WHOLE, "select tie", "select quantity", "Market quantity", "Market balance"])
def test_a_whole_number_beyond_int64_is_never_rounded(name):
    for number in (2**63, 2**64, -(2**63) - 1, 2**70, 10**30):
        with pytest.raises(adl.AdlError, match=rf"\[0\] is {number}: must lie between -9223372036854775808 and 92"):
            CALLS[name](number)


@pytest.mark.parametrize("values", [[2**63, -1], [-1, 2**63], [1, 2**64], [0.5, 2**63], (2**63, True)])
def test_its_row_is_named(values):
    assert refused_for(lambda: adl.rank(values), "score").row == values.index(max(values))


def test_an_unsigned_column_is_taken_as_far_as_int64_goes():
    assert adl.rank(np.array([3, 2**63 - 1], np.uint64)).tolist() == [2, 1]
    refused_for(lambda: adl.rank(np.array([3, 2**63], np.uint64)), "score", "[1] is 9223372036854775808")


@pytest.mark.parametrize("length", [257, 10**5])
def test_names_are_of_bounded_length(length):
    """Columns of text are as wide as the longest: a label of a million characters would take a megabyte a wallet."""
    name = "n" * length
    for call in (
        adl.Asset,
        adl.Contract,
        lambda n: account_column(["a", n]),
        lambda n: account_column(np.array(["a", n])),
    ):
        refused_soundly(lambda call=call: call(name), "at most 256 characters")
        call(name[:256])


GIANT = 10**5000


@pytest.mark.parametrize(
    "call",
    [
        lambda: adl.io.tiers.read([{"symbol": GIANT, "brackets": []}], "binance", "Y"),
        lambda: adl.io.tiers.read({GIANT: []}, "ccxt", "Y"),
        lambda: adl.io.tiers.read([{GIANT: 5}], "ccxt"),
        lambda: adl.MarginTiers.from_fields({GIANT: 5}),
        lambda: adl.Contract.from_fields({**X.fields(), GIANT: 5}),
        lambda: columns("wallets", **{"x" * 10**5: 1}),
        lambda: adl.Snapshot([X], {GIANT: [1]}, {}, {}),
        lambda: adl.Snapshot.build([X], [{"account": 1, GIANT: 1}], [], {"X": 1}),
        lambda: venue(marks={GIANT: 1}),
        lambda: house().mark({GIANT: 1}),
        lambda: house().funding({GIANT: 1}),
        lambda: house().on("x" * 10**5, print),
        lambda: adl.InsuranceFund("x" * 10**5),
        lambda: adl.InsuranceFund("USDT", name="x" * 10**5),
        lambda: adl.InsuranceFund("USDT", scope=["x" * 10**5]),
        lambda: Backstop(vault="x" * 10**5),
        lambda: adl.RankingRule("x" * 10**5),
    ],
)
def test_keys_and_names_may_be_too_large_too(call):
    refused_soundly(call)


def test_a_key_of_a_pass_is_a_name(tmp_path):
    call = partial(adl.io.record, tmp_path / "run", house(), [adl.io.Inputs(1, {GIANT: "9"})])
    refused_soundly(call, "pass 0: prices is a whole number of 16,610 bits: must be one of X")


@pytest.mark.parametrize("text", ["seed = " + "9" * 5000, "seed = 1e999", "a = " + "[" * 10**5])
def test_a_scenario_with_such_numbers(tmp_path, text):
    from adlcore.lab import scenarios

    (tmp_path / "s.toml").write_text(text)
    refused_soundly(lambda: scenarios.load(tmp_path / "s.toml"))


def test_broken_books_keep_every_difference():
    error = BrokenBooksError([f"wallets[{row}]: less than nothing" for row in range(1000)])
    sound(error)
    assert pickle.loads(pickle.dumps(error)).differences == error.differences
    assert len(error.differences) == 1000


# Errors ---------------------------------------------------------------------------------------------------------------


# Files ----------------------------------------------------------------------------------------------------------------


def npz(path, name="wallets.balance.npy", *, header=None, compressed=False, **more):
    """The file of a snapshot, with another header of one array."""
    import zipfile

    venue().to_npz(path.with_suffix(".npz"))
    with zipfile.ZipFile(path.with_suffix(".npz")) as there, zipfile.ZipFile(path, "w") as fresh:
        for info in there.infolist():
            data = there.read(info)
            if info.filename == name and header is not None:
                at = data.index(b"\n") + 1
                text = header.encode().ljust(at - 11) + b"\n"
                data = data[:10] + text + data[at:]
            fresh.writestr(info.filename, data, zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED)
    return path


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        *((f"({shape},)", "<i8") for shape in (10**12, 3, 1, 2**61, 10**30, -1)),
        *(("(1048576, 1048576)", "<i8"), ("(4294967296, 4294967296)", "<i8"), ("(2,)", "<U250000000")),
    ],
)
def test_an_array_that_promises_more_than_the_file_holds_is_refused_unread(tmp_path, shape, kind):
    path = npz(tmp_path / "venue", header=f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}")
    for read in (adl.Snapshot.from_npz, adl.io.load):
        refused_soundly(lambda read=read: read(path), "is no snapshot: wallets.balance.npy has the shape")


def test_a_file_that_says_it_unpacks_to_more_than_it_can_is_refused(tmp_path):
    assert adl.io.load(npz(tmp_path / "same")) == adl.io.load(npz(tmp_path / "small", compressed=True)) == venue()
    path = npz(tmp_path / "venue")
    data = bytearray(path.read_bytes())
    for number in range(data.count(b"PK\x01\x02")):
        # The size before packing, of each entry of the directory.
        at = [place for place in range(len(data) - 3) if data[place : place + 4] == b"PK\x01\x02"][number] + 24
        data[at : at + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(data)
    refused_soundly(lambda: adl.io.load(path), "said to hold 2,147,483,648 bytes")


@pytest.mark.parametrize("number", ["9" * 5000, "1e1000000", "-" + "9" * 10**5])
def test_a_table_of_positions_names_the_cell(tmp_path, number):
    for column in ("size", "entryPrice", "equity"):
        cells = {"account": "a", "size": "-5", "entryPrice": "10", "equity": "9", column: number}
        path = tmp_path / "positions.csv"
        path.write_text(",".join(cells) + "\n" + ",".join(cells.values()) + "\n")
        refused_soundly(lambda: adl.read_positions(path), column)
