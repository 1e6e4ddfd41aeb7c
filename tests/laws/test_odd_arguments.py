"""Whatever stands where an option, a list, a name or a path is meant is refused by the argument's name."""

import zipfile
from decimal import Decimal
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

import adlcore as adl
from adlcore import clearing
from adlcore.clearing import margin
from adlcore.clearing.stages.venue import Venue
from adlcore.io.aliases import parse_columns
from adlcore.io.marks import read_marks
from adlcore.io.selections import write_selection
from adlcore.lab import crowd, synthetic
from adlcore.lab.crash import Crash
from adlcore.lab.outcome import Outcome
from support.keywords import by_keyword
from support.pairs import ann_and_bob
from support.refusals import refused_for

USD = adl.Asset("USD", 0)
CONTRACT = adl.Contract("A", settle=USD, tick=1, tiers=adl.MarginTiers([0], ["0.1"]))
VENUE = adl.venues.BINANCE_USDM
HUGE = 10**5000

#: What is no option: without a hash, without a truth value, without an order, too long to be shown, and equal to all.
ODD = ([], {}, np.array([1, 2]), np.array([["long"], ["on"]]), np.array(3), Decimal("sNaN"), HUGE, 3, object, b"on")

#: What is no list of things.
NO_LIST = (np.array(3), np.array("USD"), 5, HUGE, Decimal("sNaN"), object, "text")


def build(**more):
    return ann_and_bob(CONTRACT, bob="900", **more)


def columns(**more):
    given = {
        "contracts": [CONTRACT],
        "wallets": {"account": ["ann"], "asset": "USD", "balance": [5]},
        "positions": {"contract": [], "wallet": [], "quantity": [], "entry_value": []},
        "marks": {"A": 10},
    }
    return adl.Snapshot(**{**given, **more})


BOOKS = build()


def house(**more):
    return adl.ClearingHouse(BOOKS, **{"venue": VENUE, **more})


def settled(fills):
    opened = house()
    return opened.settle(opened.plan({"A": 9}), fills)


HOUSE = house()
READ = SimpleNamespace(
    before=BOOKS,
    contracts=BOOKS.contracts,
    assets=BOOKS.assets,
    configuration={},
    manifest={},
    events=dict,
    event_codes=dict,
    passes=dict,
    marks=dict,
    mark_codes=dict,
)
EVENTS = house().mark({"A": 9})
LADDER = clearing.DepthLadder.around(CONTRACT, 10, levels=2)
MARKET = margin.market(BOOKS, "A")
SELECTION = MARKET.deleverage(4, "roi")

OPTIONS = {
    **by_keyword("{} of a house", house, "audit", "strict"),
    **by_keyword("{} of a trade", partial(HOUSE.trade, "A", 1, 10, buyer=0, seller=1), "buyer_leg", "seller_leg"),
    **by_keyword("{} of a stage", clearing.Deleverage, "price", "eligible", "same_account", "net_fund_first"),
    **by_keyword("{} of an order", clearing.BookIOC, "limit", "surplus"),
    **by_keyword("{} of a trigger", partial(clearing.Drawdown, 10, "-0.3", "-0.2"), "of", "relative_to"),
    **by_keyword("{} of a snapshot", columns, "strict", "check", "orders", "balances"),
    "kind": lambda odd: HOUSE.on(odd, print),
    "kind of events": EVENTS.of,
    "kind of rows": EVENTS.rows,
    "kind of some": EVENTS.only,
    "name of a fund": lambda odd: HOUSE.funds[odd],
    "fund": lambda odd: HOUSE.fund_deposit(odd, 1),
    "side": lambda odd: LADDER.best("A", odd),
    "side of a wallet": lambda odd: BOOKS.wallet("ann", contract="A", side=odd),
    "symbol": lambda odd: LADDER.best(odd, "buy"),
    "symbol of depth": LADDER.depth,
    "symbol to move": lambda odd: LADDER.move(odd, 5),
    "account": BOOKS.wallet,
    "asset": lambda odd: BOOKS.wallet("ann", asset=odd),
    "contract": lambda odd: LADDER.ioc(odd, -3, 9, 0),
    "rule": adl.RankingRule,
    "rule of a market": lambda odd: MARKET.deleverage(4, odd),
    "rule of a stage": clearing.Deleverage,
    "short": lambda odd: adl.RankingRule("hyperliquid", short=odd),
    "needs": lambda odd: adl.RankingRule.custom("mine", len, [odd]),
    "name": lambda odd: adl.RankingRule.custom(odd, len),
    "name of a venue": lambda odd: Venue(odd, [clearing.TakeOver()]),
    "eligible of a market": lambda odd: MARKET.deleverage(4, "roi", eligible=odd),
    "bankrupt_side": lambda odd: MARKET.queue(odd, "roi"),
    "by": lambda odd: clearing.Backstop(by=odd),
    "by of a market": lambda odd: MARKET.indicator("roi", by=odd),
    "inclusive": lambda odd: Venue("mine", [clearing.TakeOver()], inclusive=odd),
    "inclusive of a margin state": lambda odd: adl.margin_state(BOOKS, inclusive=odd),
    "wallets.account": lambda odd: columns(wallets={"account": odd, "asset": "USD", "balance": [5]}),
    "kind of contract": lambda odd: adl.Contract("A", kind=odd),
    "path": lambda odd: adl.io.record(odd, house(), []),
    "path of a run": adl.io.open_run,
    "path of events": lambda odd: adl.io.write_events(EVENTS, odd),
    "path to read": adl.io.load,
    "path of a snapshot": BOOKS.to_npz,
    "path of a snapshot to read": adl.Snapshot.from_npz,
    "overwrite": lambda odd: adl.io.save(BOOKS, "snapshot", overwrite=odd),
    "modes": lambda odd: crowd.snapshot(20, 2, modes=[odd]),
    "market": synthetic.whale,
    "run": lambda odd: adl.report.write(odd, "report.html"),
    "path of positions": adl.io.read_positions,
    "path of a report": lambda odd: adl.report.write(READ, odd),
    "title": lambda odd: adl.report.write(READ, "report.html", title=odd),
    "columns": parse_columns,
    "progress": lambda odd: adl.io.read_positions("positions.csv", progress=odd),
    "selection": lambda odd: write_selection("fills.csv", odd, CONTRACT),
    "contract of fills": lambda odd: write_selection("fills.csv", SELECTION, odd),
    "escape_formulas": lambda odd: write_selection("fills.csv", SELECTION, CONTRACT, escape_formulas=odd),
    "scenario": Crash.of,
    "snapshot": Outcome.before,
    "folder": lambda odd: adl.io.save(BOOKS, odd),
}

#: Where these are not odd at all.
SOUND = {
    "columns": ({},),
    "progress": (object,),
    "orders of a snapshot": ({},),
    "balances of a snapshot": ({},),
    "wallets.account": ([], np.array([1, 2])),
}


def begins_with(named, call):
    """A call is refused in one line, which begins with the first word of a name."""
    with pytest.raises(adl.AdlError) as caught:
        call()
    assert str(caught.value).startswith(named.split(" ", 1)[0])
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("named", OPTIONS)
def test_what_is_no_option(named):
    before = HOUSE.hash
    for odd in ODD:
        if any(odd is each or (type(odd) is type(each) and np.array_equal(odd, each)) for each in SOUND.get(named, ())):
            continue
        begins_with(named, lambda odd=odd: OPTIONS[named](odd))
    assert HOUSE.hash == before


LISTS = {
    **by_keyword("{} of a house", house, "funds", "venue"),
    **by_keyword("{} of a snapshot", columns, "contracts", "assets"),
    **by_keyword("{} to build", build, "contracts", "assets", "wallets", "positions", "orders", "balances"),
    "venue of a state": lambda odd: adl.ClearingHouse.from_state(HOUSE.state(), odd),
    "stages": lambda odd: Venue("mine", odd),
    "modes": lambda odd: crowd.snapshot(20, 2, modes=odd),
    "events to plot": adl.report.plot_events,
    "scope": lambda odd: adl.InsuranceFund("USD", scope=odd),
    "fills": settled,
    "fills of an order": lambda odd: settled([odd]),
    "needs": lambda odd: adl.RankingRule.custom("mine", len, odd),
    "events": lambda odd: adl.io.write_events(odd, "events.jsonl"),
    "wallets": lambda odd: columns(wallets={"account": odd, "asset": "USD"}),
    "funds of a report": lambda odd: adl.report.write(READ, "report.html", funds=odd),
    "funds[0] of a report": lambda odd: adl.report.write(READ, "report.html", funds=[odd]),
    "columns of a file": lambda odd: parse_columns({"equity": odd}) if odd != "text" else parse_columns(odd),
    "realized_pnl": lambda odd: write_selection("fills.csv", SELECTION, CONTRACT, odd),
    "symbols": lambda odd: read_marks("marks.csv", odd),
}


@pytest.mark.parametrize("named", LISTS)
def test_what_is_no_list(named):
    for odd in NO_LIST:
        if named == "scope" and odd == "text":
            continue  # a symbol
        begins_with(named, lambda odd=odd: LISTS[named](odd))


CELLS = [
    *(("account", odd, "text or a whole number") for odd in (Decimal("sNaN"), ([],), True, 1.5, object())),
    *(("asset", odd, "the name of an asset") for odd in (HUGE, 5, [], b"USD")),
]


@pytest.mark.parametrize(
    ("column", "odd", "must"), CELLS, ids=[f"{name} {type(odd).__name__}" for name, odd, _ in CELLS]
)
def test_what_is_no_cell_of_a_wallet(column, odd, must):
    rows, name = [{"account": "ann", "asset": "USD", "balance": 1, column: odd}], f"wallets.{column}"
    refused_for(lambda: build(wallets=rows, positions=[]), name, f"{name}[0] is ", f": must be {must}")


def test_an_asset_may_stand_for_its_name():
    assert build(wallets=[{"account": "ann", "asset": USD, "balance": 1}], positions=[]).wallet("ann", "USD") == 0


@pytest.mark.parametrize("book", [clearing.DepthLadder, clearing.NoLiquidity, SimpleNamespace(ioc=3), object()])
def test_what_is_no_order_book(book):
    refused_for(lambda: house(liquidity=book), "liquidity", "liquidity is ", ": must have a method ioc")


def test_nothing_odd_is_the_name_of_a_fund():
    assert [odd in HOUSE.funds for odd in ODD] == [False] * len(ODD)
    assert "USD" in HOUSE.funds


def test_a_folder_and_a_house_the_wrong_way_round(tmp_path):
    call = partial(adl.io.record, house(), tmp_path / "run", [])
    refused_for(call, "path", "path is <ClearingHouse ", ": must be a path")


@pytest.mark.parametrize("path", ["\ud800", "run\0"])
def test_what_no_file_is_called(path):
    for call in (adl.io.load, adl.io.open_run, adl.io.read_events, BOOKS.to_npz, lambda path: adl.io.save(BOOKS, path)):
        with pytest.raises(adl.AdlError, match="must be a path without characters that no file name has"):
            call(path)


@pytest.mark.parametrize("shape", ["(1(,", "(1,", "'", "(1,)]", "((((", "\\\n", "\t\n (", "1j,", "(10**9,)"])
def test_an_array_whose_shape_cannot_be_read(tmp_path, shape):
    path = tmp_path / "snapshot.npz"
    BOOKS.to_npz(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    header = f"{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    members["positions.quantity.npy"] = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    refused_for(lambda: adl.io.load(path), "path", "is no snapshot")
