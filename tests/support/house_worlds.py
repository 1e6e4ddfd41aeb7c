"""Whole worlds to draw: a snapshot, funds, stages, a book that is thin, and what is asked of a house in turn."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

import adlcore as adl
from adlcore import clearing
from support import margin_oracle
from support.house_books import RestingOrders

FACTORS = ("0.2", "0.5", "0.8", "0.9", "0.97", "0.999", "1", "1.001", "1.03", "1.1", "1.25", "2", "6")
RULES = ("binance", "roi", "hyperliquid")


class ThinBook:
    """Resting orders by symbol; what fills is gone.

    `depth` lists (steps from the mark in per mille, lots) for both sides of every contract.
    """

    def __init__(self, marks, depth) -> None:
        self.books = {}
        for contract, mark in marks.items():
            middle = Fraction(mark) / Fraction(contract.tick)
            bids, asks = (
                sorted((lots, max(1, round(middle * (1000 + side * step) / 1000))) for step, lots in depth)
                for side in (-1, 1)
            )
            self.books[contract.symbol] = RestingOrders(bids, asks)

    def ioc(self, contract, quantity, limit, time):
        """An order at once; a contract without a mark has no book."""
        return self.books[contract.symbol].ioc(contract, quantity, limit, time) if contract.symbol in self.books else []


@dataclass
class World:
    """Arguments of a house, and the calls to make: names of methods, and their arguments by keyword."""

    snapshot: adl.Snapshot
    funds: list
    stages: list
    depth: list
    inclusive: bool
    max_rounds: int | None
    operations: list = field(default_factory=list)
    trigger: object = None

    def terms(self) -> dict:
        """What a venue is told beside its stages."""
        return {"trigger": self.trigger, "inclusive": self.inclusive, "max_rounds": self.max_rounds}

    def book(self) -> ThinBook:
        """A fresh one for each house, because fills are gone."""
        marks = zip(self.snapshot.contracts, self.snapshot.marks, strict=True)
        return ThinBook({contract: mark for contract, mark in marks if mark is not None}, self.depth)


def plain(number: Fraction) -> str:
    """A fraction that is a finite decimal, as text."""
    found = Decimal(number.numerator) / Decimal(number.denominator)
    assert Fraction(found) == number
    return format(found, "f")


def units(books, asset: int, quanta: int) -> str:
    """Quanta as units."""
    return plain(Fraction(quanta, 10 ** books.assets[asset].decimals))


def triggers() -> st.SearchStrategy:
    """What may close a fund, or None for the venue's own."""
    drawdown = st.builds(
        clearing.Drawdown,
        window=st.sampled_from([1, 5, 1000]),
        start=st.sampled_from(["-0.3", "-0.05"]),
        stop=st.sampled_from(["-0.01", "-0.04"]),
        relative_to=st.sampled_from(["own", "opening"]),
        minimum=st.sampled_from([None, "0", "20"]),
    )
    profits = st.builds(
        clearing.Drawdown,
        window=st.sampled_from([1, 1000]),
        start=st.just("-0.1"),
        stop=st.just("-0.05"),
        of=st.just("contract"),
        relative_to=st.sampled_from(["pool", "opening"]),
        minimum=st.sampled_from([None, "20"]),
    )
    caps = st.builds(clearing.NetNotionalCap, st.sampled_from(["0.01", "0.5", "1", "20"]))
    return st.one_of(st.none(), st.builds(clearing.Depleted), caps, drawdown, profits)


@st.composite
def funds(draw, books) -> list:
    """Of some assets a fund without a scope, of some contracts one that names them, perhaps with a parent."""
    sizes = st.sampled_from([0, 1, 10, 1000, 10**5, 10**9])
    found, shared = [], set()
    for asset in books.assets:
        if draw(st.booleans()):
            shared.add(asset.name)
            balance = units(books, books.assets.index(asset), draw(sizes))
            found.append(adl.InsuranceFund(asset.name, balance, trigger=draw(triggers())))
    named = defaultdict(list)
    for contract in books.contracts:
        if draw(st.booleans()):
            named[contract.settle.name].append(contract.symbol)
    for name, symbols in named.items():
        code = [asset.name for asset in books.assets].index(name)
        parent = name if name in shared and draw(st.booleans()) else None
        cap = units(books, code, draw(sizes)) if parent and draw(st.booleans()) else None
        terms = {"scope": symbols, "parent": parent, "parent_cap": cap, "trigger": draw(triggers())}
        found.append(adl.InsuranceFund(name, units(books, code, draw(sizes)), **terms))
    return found


@st.composite
def stages(draw) -> list:
    """The usual order, with some left out."""
    portion = draw(st.sampled_from(["1", "0.2", 2 / 3, "tiers"]))
    book = st.builds(
        clearing.BookIOC,
        limit=st.sampled_from(["bankruptcy", "fund"]),
        fee=st.sampled_from(["0", "0.0125", "1/3"]),
        surplus=st.sampled_from(["wallet", "fund"]),
        portion=st.just(portion),
        above=st.sampled_from([None, "0", "100"]),
        cool_down=st.sampled_from([0, 0, 0 if portion == "tiers" else 3]),
    )
    deleverage = st.builds(
        clearing.Deleverage,
        rule=st.sampled_from(RULES),
        price=st.sampled_from(["bankruptcy", "bankruptcy", "mark", "previous-mark", "oracle"]),
        eligible=st.sampled_from(["all", "winners"]),
        same_account=st.sampled_from(["allow", "exclude"]),
        net_fund_first=st.booleans(),
        below=st.sampled_from([None, None, "0", "1/2"]),
    )
    some = [
        *(st.builds(clearing.CancelOrders), st.builds(clearing.NetLegs), book),
        *(
            st.builds(
                clearing.Backstop,
                below=st.sampled_from(["2/3", 2 / 3, "0.1", "1"]),
                by=st.sampled_from(["wallet", "row"]),
            ),
            st.builds(clearing.TakeOver),
        ),
        *(deleverage, deleverage),
    ]
    found = [draw(stage) for stage in some if draw(st.booleans())]
    return [*found, clearing.Uncovered()] if draw(st.booleans()) else found or [clearing.Uncovered()]


@st.composite
def operations(draw, books) -> list[tuple[str, dict]]:
    """Calls to make, marks above all; a house refuses some of them."""
    found, time = [], 0
    base = {c.symbol: Fraction(mark) for c, mark in zip(books.contracts, books.marks, strict=True)}
    rows = st.integers(0, len(books.wallets) - 1)
    names = [asset.name for asset in books.assets]
    kinds = ["mark"] * 7 + ["trade"] * 2
    kinds += ["deposit", "withdraw", "place_order", "cancel_order", "fund_deposit", "funding"]
    if draw(st.booleans()):  # whoever is near its end is looked at as it stands
        found.append(("mark", {"prices": {}, "time": 0}))
    for _ in range(draw(st.integers(1, 5))):
        kind, terms = draw(st.sampled_from(kinds)), {}
        time += draw(st.integers(0, 3))
        contract = draw(st.sampled_from(books.contracts))
        moved = base[contract.symbol] * Fraction(draw(st.sampled_from(FACTORS)))
        price = max(1, round(moved / Fraction(contract.tick)))
        lots, text = draw(st.integers(1, 40)), plain(price * Fraction(contract.tick))
        if kind == "mark":
            symbols = draw(st.lists(st.sampled_from(list(base)), min_size=1, unique=True))
            pairs = zip(symbols, [Fraction(draw(st.sampled_from(FACTORS))) for _ in symbols], strict=True)
            terms["prices"] = {symbol: plain(base[symbol] * factor) for symbol, factor in pairs}
            terms["oracle"] = draw(st.sampled_from([None, {contract.symbol: text}]))
            if books.wallets.mode.max() >= margin_oracle.MULTI_ASSET and draw(st.booleans()):
                others = [name for name in names if name != "USDT"]  # which is the numeraire
                terms["index_prices"] = {draw(st.sampled_from(others)): draw(st.sampled_from(margin_oracle.INDEXES))}
        elif kind in ("deposit", "withdraw"):
            wallet = draw(rows)
            valued = books.wallets.mode[wallet] >= margin_oracle.MULTI_ASSET
            asset = draw(st.integers(0, len(names) - 1)) if valued else int(books.wallets.asset[wallet])
            amount = units(books, asset, draw(st.sampled_from([1, 50, 10**4, 10**8])))
            terms = {"wallet": wallet, "amount": amount, "asset": names[asset] if valued else None}
        elif kind == "trade":
            legs = st.sampled_from([None, None, "long", "short"])
            terms = {"contract": contract.symbol, "quantity": plain(lots * Fraction(contract.lot)), "price": text}
            buyer = terms["buyer"] = draw(st.none() | rows)
            terms["seller"] = draw(
                (st.none() | rows).filter(lambda wallet, other=buyer: wallet is None or wallet != other)
            )
            terms |= {f"{side}_leg": draw(legs) for side in ("buyer", "seller") if terms[side] is not None}
            chosen = st.sampled_from([None, None, "3", 12.5])
            terms["leverage"] = draw(chosen | st.tuples(chosen, chosen))
        elif kind == "place_order":
            quantity = plain(draw(st.sampled_from([1, -1])) * lots * Fraction(contract.lot))
            terms = {"wallet": draw(rows), "contract": contract.symbol, "quantity": quantity, "price": text}
            terms["leverage"] = draw(st.sampled_from(["1", "3", "20"]))
        elif kind == "cancel_order":
            terms["order"] = draw(st.integers(0, 3))
        elif kind == "fund_deposit":
            terms["fund"] = draw(st.sampled_from(names))
            asset = names.index(terms["fund"])
            terms["amount"] = units(books, asset, draw(st.sampled_from([1, 10**5, -1, -(10**4)])))
        else:
            terms["rates"] = {contract.symbol: draw(st.sampled_from(["0.0001", "-0.003", "0.05"]))}
        found.append((kind, {**terms, "time": time}))
    return found


@st.composite
def near_failure_crowds(draw, modes=margin_oracle.MODES) -> adl.Snapshot:
    """A crowd in which each wallet with one asset is as near to its end as drawn, and many are rich."""
    given = draw(margin_oracle.crowd_columns(modes))
    slow = margin_oracle.SlowMargin(margin_oracle.snapshot(**given))
    for wallet, mode in enumerate(slow.mode):
        if mode < margin_oracle.MULTI_ASSET and slow.rows_of[wallet]:
            aims = [None, Fraction(-1, 2), Fraction(0), Fraction(1, 3), Fraction(3, 4), Fraction(1), Fraction(2)]
            aim, rich = draw(st.sampled_from(aims)), draw(st.booleans())
            size = sum(abs(slow.rows[number].value) for number in slow.rows_of[wallet])
            if rich:
                given["wallets"]["balance"][wallet] += size * draw(st.sampled_from([1, 3]))
            elif aim is not None:
                moved = round(aim * slow.margin[wallet]) + draw(st.integers(-1, 1)) - slow.equity[wallet]
                given["wallets"]["balance"][wallet] += moved
    return margin_oracle.snapshot(**given)


@st.composite
def worlds(draw, modes=margin_oracle.MODES) -> World:
    """Everything at once."""
    books = draw(near_failure_crowds(modes))
    levels = st.tuples(st.sampled_from([-400, -50, -1, 0, 2, 60, 500]), st.sampled_from([1, 3, 40, 2000]))
    return World(
        snapshot=books,
        funds=draw(funds(books)),
        stages=draw(stages()),
        depth=draw(st.lists(levels, max_size=4)),
        inclusive=draw(st.booleans()),
        max_rounds=draw(st.sampled_from([None, None, None, 1, 2])),
        operations=draw(operations(books)),
        trigger=draw(triggers()),
    )
