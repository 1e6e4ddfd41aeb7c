"""The numbers of a margin pass once more, slowly: integers, fractions, and floats only where the rules say float64.

Formulas: docs/rules.md §5, docs/waterfall.md, "Numbers of a pass", "Who is liquidated, who may be a counterparty",
"Bankruptcy prices", "Several assets" and "Free margin". Only the columns of a snapshot are read, nothing that adlcore
computes.
"""

import math
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

import adlcore as adl
from support.books import as_columns, unbalanced
from support.margin_oracle_rows import BankruptcyLine, OpenOrder, Row, favour, quanta_per_lot, ticks_of, value_at

CROSS, ISOLATED, MULTI_ASSET, PORTFOLIO = range(4)
MODES = ("cross", "isolated", "multi-asset", "portfolio")
INT64_MAX, INT64_MIN = 2**63 - 1, -(2**63)


def snapshot(make=adl.Snapshot, **columns) -> adl.Snapshot:
    """A snapshot whose longs and shorts need not be equal."""
    with unbalanced():
        return make(**columns)


def build(**tables) -> adl.Snapshot:
    """A snapshot of tables in decimal text, whose longs and shorts need not be equal."""
    return snapshot(adl.Snapshot.build, **tables)


def several(mode: str, amounts: dict, positions=(), asset: str = "USDT", **terms) -> adl.Snapshot:
    """A wallet of ann's that holds several assets: amounts, or cells with loans; with open rows of positions."""
    cells = {name: given if isinstance(given, dict) else {"amount": given} for name, given in amounts.items()}
    return build(
        wallets=[{"account": "ann", "asset": asset, "mode": mode}],
        positions=[{"account": "ann", **row} for row in positions],
        balances=[{"account": "ann", "asset": name, **given} for name, given in cells.items()],
        **{"contracts": [], "marks": {}, **terms},
    )


class SlowMargin:
    """Every number of a snapshot, at its marks or at others."""

    def __init__(self, books: adl.Snapshot, marks=None, index_prices=None, inclusive=True) -> None:
        self.books, self.contracts, self.inclusive = books, books.contracts, inclusive
        named = {contract.symbol: code for code, contract in enumerate(books.contracts)}
        self.marks = [None if mark is None else Fraction(mark) for mark in books.marks]
        for symbol, mark in (marks or {}).items():
            self.marks[named[symbol]] = Fraction(mark)
        self.asset_code = {asset.name: code for code, asset in enumerate(books.assets)}
        self.mode, self.asset = books.wallets.mode.tolist(), books.wallets.asset.tolist()
        self.stored_balance = books.wallets.balance.tolist()
        self.asset_price = self._prices(index_prices or {})
        self.kept_share = [1 - Fraction(cut) for cut in books.haircuts]
        self.rows = [self._row(row) for row in range(len(books.positions))]
        self.amount, self.loan = defaultdict(int), defaultdict(int)
        held = books.balances
        for wallet, asset, amount, loan in zip(*(column.tolist() for column in held.columns().values()), strict=True):
            self.amount[wallet, asset], self.loan[wallet, asset] = amount, loan
        self.orders = [OpenOrder(*map(int, line)) for line in zip(*books.orders.columns().values(), strict=True)]
        self.rows_of = defaultdict(list)
        for number, row in enumerate(self.rows):
            self.rows_of[row.wallet].append(number)

    @property
    def equity(self) -> list[int]:
        return [self.equity_of(wallet) for wallet in range(len(self.mode))]

    @property
    def balance(self) -> list[int]:
        return [self.balance_of(wallet) for wallet in range(len(self.mode))]

    @property
    def margin(self) -> list[int]:
        return [self.margin_of(wallet) for wallet in range(len(self.mode))]

    @property
    def free(self) -> list[int]:
        return [max(0, self.spare(wallet)) for wallet in range(len(self.mode))]

    def _prices(self, moved) -> list[Fraction | None]:
        """Quanta of the numeraire for a quantum of each asset."""
        books = self.books
        numeraires = {a for a, mode in zip(self.asset, self.mode, strict=True) if mode >= MULTI_ASSET}
        assert len(numeraires) <= 1
        if not numeraires:
            return [None] * len(books.assets)
        (numeraire,) = numeraires
        found = []
        for code, (asset, index) in enumerate(zip(books.assets, books.index_prices, strict=True)):
            given = Fraction(1) if code == numeraire else moved.get(asset.name, index)
            scale = Fraction(10) ** (books.assets[numeraire].decimals - asset.decimals)
            found.append(None if given is None else Fraction(given) * scale)
        return found

    def _row(self, number: int) -> Row:
        start, table = self.books.start, self.books.positions
        code = next(k for k in range(len(self.contracts)) if start[k] <= number < start[k + 1])
        columns = (table.wallet, table.quantity, table.entry_value, table.leverage)
        row = Row(code, self.contracts[code], *(column[number].item() for column in columns))
        row.price_at(self.marks[code])
        row.renew()
        return row

    def settle(self, row: Row) -> int:
        """Row of the asset that a position settles in."""
        return self.asset_code[row.contract.settle.name]

    def rate(self, row: Row) -> Fraction:
        """Quanta of the wallet's asset, or numeraire, for a quantum of the position's settle asset."""
        return self.asset_price[self.settle(row)] if self.mode[row.wallet] >= MULTI_ASSET else Fraction(1)

    def _by_asset(self, wallet: int, column: str) -> dict[int, int]:
        sums = defaultdict(int)
        for number in self.rows_of[wallet]:
            sums[self.settle(self.rows[number])] += getattr(self.rows[number], column)
        return sums

    def balance_of(self, wallet: int) -> int:
        """Equity without profit and loss."""
        return self._sum_of(wallet, 0)

    def equity_of(self, wallet: int) -> int:
        return self._sum_of(wallet, 1)

    def _sum_of(self, wallet: int, counted: int) -> int:
        """Balances, and profit and loss as often as `counted` says."""
        pnl = self._by_asset(wallet, "pnl")
        if self.mode[wallet] < MULTI_ASSET:
            return self.stored_balance[wallet] + counted * sum(pnl.values())
        total = 0
        for asset in range(len(self.books.assets)):
            price, gain = self.asset_price[asset] or Fraction(0), counted * pnl[asset]
            amount = self.amount[wallet, asset] - self.loan[wallet, asset]
            if self.mode[wallet] == PORTFOLIO:
                total += round(min((amount + gain) * price * self.kept_share[asset], (amount + gain) * price))
            else:
                total += round(amount * price * (self.kept_share[asset] if amount > 0 else 1)) + round(gain * price)
        return total

    def margin_of(self, wallet: int) -> int:
        margin = self._by_asset(wallet, "margin")
        if self.mode[wallet] < MULTI_ASSET:
            return sum(margin.values())
        total = 0
        for asset in range(len(self.books.assets)):
            price, rate = self.asset_price[asset] or Fraction(0), Fraction(self.books.loan_rates[asset])
            total += round(margin[asset] * price) + round(self.loan[wallet, asset] * rate * price)
        return total

    def spare(self, wallet: int) -> int:
        """Free margin before it is held at zero: what may be locked, and leaves the wallet healthy once it is gone."""
        equity, margin = self.equity_of(wallet), self.margin_of(wallet)
        if not margin or not any(self.rows[number].quantity for number in self.rows_of[wallet]):
            return self.lockable(wallet)
        return min(self.lockable(wallet), equity - margin - (1 if self.inclusive else 0))

    def lockable(self, wallet: int) -> int:
        """What orders may lock, before it is held at zero."""
        needed = sum(math.ceil(self.rows[n].initial * self.rate(self.rows[n])) for n in self.rows_of[wallet])
        if self.mode[wallet] >= MULTI_ASSET:  # what loans need, too
            loans = zip(range(len(self.books.assets)), self.books.loan_rates, strict=True)
            needed += sum(
                round(self.loan[wallet, a] * Fraction(rate) * (self.asset_price[a] or 0)) for a, rate in loans
            )
        locked = 0
        for order in self.orders:
            if order.wallet == wallet:
                asset = self.asset_code[self.contracts[order.code].settle.name]
                rate = self.asset_price[asset] if self.mode[wallet] >= MULTI_ASSET else Fraction(1)
                locked += math.ceil(order.locked * rate)
        return min(self.balance_of(wallet), self.equity_of(wallet)) - needed - locked

    @property
    def ratio(self) -> list[float]:
        both = zip(self.equity, self.margin, strict=True)
        return [math.inf if equity <= 0 else float(margin) / float(equity) for equity, margin in both]

    def liquidatable(self, inclusive: bool = True) -> list[bool]:
        found = []
        for wallet, (equity, margin) in enumerate(zip(self.equity, self.margin, strict=True)):
            holds = any(self.rows[number].quantity for number in self.rows_of[wallet])
            short = equity < margin or (inclusive and equity == margin)
            found.append(holds and (equity < 0 or (margin > 0 and short)))
        return found

    @property
    def fits(self) -> bool:
        """Whether nothing leaves its range; meant for wallets with one asset."""
        rows = all(abs(row.value) < 2**62 and INT64_MIN <= row.pnl <= INT64_MAX for row in self.rows)
        return rows and all(INT64_MIN <= number <= INT64_MAX for number in [*self.equity, *self.margin])

    # Shared bankruptcy prices -----------------------------------------------------------------------------------------

    def bankruptcy(self, wallets) -> list[BankruptcyLine]:
        """The lines of all positions of these wallets, by row."""
        rows_of = {w: {n: self.rows[n] for n in self.rows_of[w] if self.rows[n].quantity} for w in wallets}
        return sorted(line for w, rows in rows_of.items() for line in self.share_out(rows, self.equity_of(w)))

    def share_out(self, rows: dict[int, Row], equity: int) -> list[BankruptcyLine]:
        """The lines of rows that share an equity."""
        share, value, bound = {}, {}, {}
        while True:
            free = [number for number in rows if number not in bound]
            left = equity - sum(share[number] for number in bound)
            weight = {n: round(rows[n].margin * self.rate(rows[n])) for n in free}
            if not sum(weight.values()):
                weight = {n: round(abs(rows[n].value) * self.rate(rows[n])) for n in free}
            if not sum(weight.values()):
                weight = dict.fromkeys(free, 1)
            for n in free:
                share[n] = left * weight[n] // sum(weight.values())
            if free:
                share[max(free)] += left - sum(share[n] for n in free)
            for n in free:
                value[n] = rows[n].value - round(share[n] / self.rate(rows[n]))
            fresh = {n: bound_of for n in free if (bound_of := self._bound(rows[n], value[n])) is not None}
            if not fresh:
                break
            for n, price in fresh.items():
                bound[n] = price
                value[n] = value_at(rows[n], price)
                share[n] = round((rows[n].value - value[n]) * self.rate(rows[n]))
        lines = []
        for n, row in rows.items():
            price = bound[n] if n in bound else favour(row)(ticks_of(row, value[n]))
            lines.append(BankruptcyLine(n, share[n], value[n], price, value_at(row, price), n in bound))
        return lines

    def _bound(self, row: Row, value: int) -> int | None:
        """The bound at which a row is held, or None where it has a price."""
        price, highest = ticks_of(row, value), self.highest(row)
        if price < 1:
            return 1
        return highest if price > highest else None

    def highest(self, row: Row) -> int:
        """The highest price of a row, in ticks."""
        tick = Fraction(row.contract.tick)
        if row.contract.max_price is not None:
            return math.floor(Fraction(row.contract.max_price) / tick)
        entry = ticks_of(row, row.cost) if row.cost else 0
        return max(math.ceil(1000 * self.marks[row.code] / tick), math.ceil(entry))


def columns_of(state: adl.MarginState) -> dict[str, bytes]:
    """Every number that a state gives, as bytes."""
    rows = state.positions
    arrays = {
        **{name: getattr(state, name) for name in ("equity", "maintenance_margin", "balance", "free_margin")},
        **{name: getattr(state, name) for name in ("margin_ratio", "liquidatable")},
        **{name: getattr(rows, name) for name in ("unrealized_pnl", "mark_value", "initial_margin")},
        **{"row margin": rows.maintenance_margin, "liquidation": rows.liquidation_price()},
        "bankruptcy": rows.bankruptcy_price(),
    }
    return {name: array.tobytes() for name, array in arrays.items()} | {"marks": repr(state.marks).encode()}


# Whole snapshots to draw ----------------------------------------------------------------------------------------------

PRICES = ("0.0123", "0.5", "2", "22.025", "1999.9")
INDEXES = ("0.25", "1", "1.5", "7.25", "48")


@st.composite
def tiers(draw) -> adl.MarginTiers:
    """One to five tiers whose rates rise."""
    count = draw(st.integers(1, 5))
    steps = draw(st.lists(st.sampled_from([1, 10, 1000, 40_000]), min_size=count - 1, max_size=count - 1))
    floors = [0, *np.cumsum(steps).tolist()] if steps else [0]
    rises = draw(st.lists(st.sampled_from(["0.0001", "0.004", "0.01", "0.05"]), min_size=count, max_size=count))
    rates = [sum(map(Decimal, rises[: place + 1])) for place in range(count)]
    return adl.MarginTiers(floors, rates)


@st.composite
def contracts(draw, symbol: str, settles) -> adl.Contract:
    """A contract of any kind, with tiers and a tick."""
    return adl.Contract(
        symbol,
        kind=draw(st.sampled_from(["linear", "inverse", "quanto"])),
        settle=draw(st.sampled_from(settles)),
        multiplier=draw(st.sampled_from(["1", "10", "0.01"])),
        lot=draw(st.sampled_from(["1", "0.001"])),
        tick=draw(st.sampled_from(["0.000001", "0.0005", "0.01"])),
        tiers=draw(tiers()),
        max_price=draw(st.sampled_from([None, None, "2500", "100000"])),
    )


@st.composite
def crowd_columns(draw, modes=MODES) -> dict:
    """Arguments of :func:`snapshot`: contracts, wallets of these modes, and all that stands in them."""
    decimals = draw(st.lists(st.sampled_from([0, 2, 4, 8]), min_size=3, max_size=3))
    assets = [adl.Asset(name, places) for name, places in zip(("USDT", "BTC", "KRW"), decimals, strict=True)]
    settles = assets[: draw(st.integers(1, 3))]
    listed = [draw(contracts(f"C{k}", settles)) for k in range(draw(st.integers(1, 4)))]
    marks = {contract.symbol: draw(st.sampled_from(PRICES)) for contract in listed}
    wallets, held, kept, orders = [], [], [], []
    indexes = {asset.name: draw(st.sampled_from(INDEXES)) for asset in assets[1:]}
    chosen = draw(st.lists(st.sampled_from(modes), min_size=1, max_size=6))
    for wallet, mode in enumerate(chosen):
        valued = mode in MODES[MULTI_ASSET:]
        asset = assets[0] if valued else draw(st.sampled_from(settles))
        fit = [contract for contract in listed if valued or contract.settle == asset]
        notional, units = 0, Fraction(0)
        taken = fit[: draw(st.integers(0, 1))] if mode == "isolated" else fit
        for contract in taken:
            legs = ["none", "long", "short", "zero", *([] if mode == "isolated" else ["hedge"])]
            for sign in {"none": (), "long": (1,), "short": (-1,), "zero": (0,), "hedge": (1, -1)}[
                draw(st.sampled_from(legs))
            ]:
                quantity = sign * draw(st.one_of(st.integers(1, 3), st.integers(1, 1000)))
                unit = quanta_per_lot(contract, marks[contract.symbol])
                ratio = Fraction(draw(st.integers(60, 160)), 100)
                leverage = draw(st.sampled_from([0.0, 0.0, 1.0, 3.0, 12.5, 0.1]))
                held.append((contract.symbol, wallet, quantity, round(quantity * unit / ratio), leverage))
                notional += abs(round(quantity * unit))
                index = Fraction(indexes.get(contract.settle.name, 1))
                units += abs(quantity * unit) * index / 10**contract.settle.decimals
        per_mille = st.integers(-300, 900)
        small = st.integers(-2, 2)
        balance = 0 if valued else notional * draw(per_mille) // 1000 + draw(small)
        wallets.append((wallet, asset.name, mode, balance))
        for other in assets if valued else ():
            if draw(st.booleans()):
                backing = units / Fraction(indexes.get(other.name, 1)) * 10**other.decimals
                loan = mode == "portfolio" and draw(st.integers(0, 2 + round(backing * 3 / 10)))
                amount = round(backing * draw(per_mille) / 1000) + draw(small)
                kept.append((wallet, other.name, amount, int(loan)))
        if fit and draw(st.booleans()):
            symbol, price = draw(st.sampled_from(fit)).symbol, draw(st.integers(1, 10**6))
            locked = draw(st.integers(0, min(notional // 5 + 1, 10**8)))
            orders.append((symbol, wallet, draw(st.sampled_from([-5, 1])), price, locked))
    return {
        "contracts": listed,
        "wallets": as_columns("account asset mode balance", wallets),
        "positions": as_columns("contract wallet quantity entry_value leverage", held),
        "marks": marks,
        "orders": as_columns("contract wallet quantity price locked", orders),
        "balances": as_columns("wallet asset amount loan", kept),
        "assets": assets,
        "index_prices": indexes,
        "haircuts": {asset.name: draw(st.sampled_from(["0", "0.05", "0.3", "1"])) for asset in assets},
        "loan_rates": {asset.name: draw(st.sampled_from(["0", "0.02", "0.1"])) for asset in assets},
    }


@st.composite
def border_crowds(draw, modes=("cross", "isolated")) -> dict:
    """Columns of wallets with one asset, some of whose equity lies within a quantum of the margin, or of zero."""
    given = draw(crowd_columns(modes))
    margin = SlowMargin(snapshot(**given))
    for wallet in range(len(margin.equity)):
        aim = draw(st.sampled_from([None, margin.margin[wallet], 0]))
        if aim is not None:
            moved = aim + draw(st.integers(-1, 1)) - margin.equity[wallet]
            given["wallets"]["balance"][wallet] += moved
    return given


@st.composite
def extreme(draw) -> dict:
    """Cross wallets in quanta whose values and sums lie about the ends of int64."""
    ends = st.sampled_from([1, 2**61, 2**62 - 2**10, 2**62 - 2**9, 2**62, INT64_MAX])
    numbers = st.one_of(st.integers(-9, 9), st.builds(lambda end, sign: sign * end, ends, st.sampled_from([1, -1])))
    listed = [adl.Contract(f"C{k}", settle=adl.Asset("USDT", 0), tiers=draw(tiers())) for k in range(3)]
    wallets = draw(st.integers(1, 2))
    rows = []
    for place in draw(st.sets(st.integers(0, 3 * wallets - 1))):
        quantity, cost = draw(numbers), draw(numbers)
        rows.append((place % 3, place // 3, quantity, abs(cost) * ((quantity > 0) - (quantity < 0))))
    return {
        "contracts": listed,
        "wallets": {"account": range(wallets), "asset": "USDT", "balance": [draw(numbers) for _ in range(wallets)]},
        "positions": as_columns("contract wallet quantity entry_value", rows),
        "marks": {contract.symbol: draw(st.sampled_from(["0.5", "1", "1.01"])) for contract in listed},
    }
