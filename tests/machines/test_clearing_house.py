"""The clearing house under random marks, trades, money and thin books: no quantum is lost, and a slow one agrees."""

import copy
from collections import defaultdict
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import adlcore as adl
from adlcore.clearing.events import CAUSES, FIELDS, KINDS
from support import clearing_oracle, house_worlds, margin_oracle, sinking_worlds
from support.clearing_oracle_books import OracleEvent, RefusalError
from support.house_draws import FACTORS, books, funds, venues
from support.replays import assert_replay

pick = st.sampled_from
STEPS = ("0.85", "0.95", "0.98", "1", "1.02", "1.05", "1.15")
EXAMPLES = settings.default.max_examples


def plain(house: adl.ClearingHouse) -> dict:
    """The books of the house as the oracle shows its own."""
    state, snapshot = house.state(), house.snapshot()
    table, held, parties = snapshot.positions, snapshot.balances, state.parties
    columns = table.quantity, table.entry_value, table.leverage
    rows = zip(table.wallet, snapshot.position_contract, *columns, strict=True)
    lines = zip(*(column.tolist() for column in held.columns().values()), strict=True)
    return {
        "positions": {(int(w), int(k), n): (int(q), int(c), float(x)) for n, (w, k, q, c, x) in enumerate(rows)},
        "balances": snapshot.wallets.balance.tolist(),
        "holdings": {(w, a): (x, loan) for w, a, x, loan in lines if x or loan},
        "orders": [tuple(map(int, line)) for line in zip(*snapshot.orders.columns().values(), strict=True)],
        "parties": {
            name: {
                "lots": {
                    k: (q, c)
                    for k, (q, c) in enumerate(zip(parties.lots[p].tolist(), parties.cost[p].tolist(), strict=True))
                    if q
                },
                "cash": {a: cash for a, cash in enumerate(parties.cash[p].tolist()) if cash},
            }
            for p, name in enumerate(parties.names)
        },
        "uncovered": dict(state.uncovered),
        "cooling": dict(state.cooling),
    }


def sums_of(events: adl.clearing.Events) -> dict[tuple, tuple[int, int]]:
    """Lots and amount by kind, wallet or party, position row, contract and price: all that a mark did, in no order.

    Sums, for one cut into two by a row of the other side is two legs.
    """
    sums = defaultdict(lambda: (0, 0))
    for line in events.table.tolist():
        event = dict(zip(FIELDS, line, strict=True))
        kind, user = KINDS[event["kind"]], event["wallet"] >= 0
        if kind in ("take-over-refused", "take-over-bound"):
            kind = f"{kind}: {CAUSES[event['cause']]}"
        row, amount = (-1, 0) if kind == "order-cancelled" else (event["row"], event["amount"])
        owner = event["wallet"] if user else events.names.parties[event["party"]]
        key = kind, owner, row if user else -1, event["contract"], event["price"]
        sums[key] = sums[key][0] + event["lots"], sums[key][1] + amount
    return dict(sums)


def slow_sums_of(events: list[OracleEvent]) -> dict[tuple, tuple[int, int]]:
    """Lots and amount of the oracle's events, by kind, holder, position row, contract and price."""
    sums = defaultdict(lambda: (0, 0))
    for event in events:
        row, code = (-1 if number is None else number for number in (event.row, event.code))
        key = event.kind, event.holder, row, code, event.ticks or 0
        sums[key] = sums[key][0] + event.lots, sums[key][1] + event.amount
    return dict(sums)


def slow_house(snapshot, given_funds, venue, book) -> clearing_oracle.SlowHouse:
    """The oracle of the same arguments."""
    return clearing_oracle.SlowHouse(
        snapshot, given_funds, venue.stages, book, venue.inclusive, venue.max_rounds, trigger=venue.trigger
    )


def agree_on(slow, house, name: str, *arguments, **named) -> adl.clearing.Events | None:
    """The same call of both, which refuse together or tell the same of a mark; the events of the house."""
    digest, refused, answers = house.hash, [], []
    for either, kind in ((slow, RefusalError), (house, adl.AdlError)):
        try:
            answers.append(getattr(either, name)(*arguments, **named))
        except kind as error:
            refused.append(error)
    assert len(refused) != 1, f"only one of them refused: {refused}"
    if refused:
        assert house.hash == digest
        return None
    if name == "mark":
        assert sums_of(answers[1]) == slow_sums_of(answers[0])
    return answers[1]


class Machine(RuleBasedStateMachine):
    """A house and a slow one, side by side."""

    @initialize(columns=margin_oracle.crowd_columns(), venue=venues(), data=st.data())
    def open(self, columns, venue, data):
        """A venue of any kind."""
        snapshot = margin_oracle.snapshot(**columns)
        self.start(snapshot, data.draw(funds(snapshot)), venue, data.draw(books(snapshot)))

    def start(self, snapshot, given_funds, venue, book) -> None:
        self.slow = slow_house(snapshot, given_funds, venue, copy.deepcopy(book))
        self.house = adl.ClearingHouse(snapshot, given_funds, venue, book)
        self.venue, self.book = venue, book
        self.time, self.before, self.events = 0, None, None

    def both(self, name: str, *arguments, **named) -> None:
        """The same call of both; they refuse together, and what they tell of a mark is the same."""
        self.before = self.house.state()
        self.events = agree_on(self.slow, self.house, name, *arguments, **named)

    @rule(data=st.data(), later=st.integers(0, 3))
    def mark(self, data, later):
        """New marks of some contracts, index and oracle prices."""
        self.time += later

        def moved(prices):
            found = {}
            for name, price in prices.items():
                if price is not None and data.draw(st.booleans()):
                    found[name] = str(price * Decimal(data.draw(pick(FACTORS))))
            return found

        self.both("mark", moved(self.house.marks), self.time, oracle=moved(self.house.marks))

    @rule(data=st.data(), factor=pick(["0.5", "0.9", "1.2"]))
    def index(self, data, factor):
        """A new index price for an asset of wallets that hold several."""
        snapshot = self.house.snapshot()
        numeraires = set(snapshot.wallets.asset[snapshot.wallets.mode >= margin_oracle.MULTI_ASSET].tolist())
        known = {
            asset.name: price
            for code, (asset, price) in enumerate(zip(snapshot.assets, snapshot.index_prices, strict=True))
            if price is not None and code not in numeraires
        }
        if known and numeraires:
            name = data.draw(pick(sorted(known)))
            self.both("mark", {}, self.time, index_prices={name: str(known[name] * Decimal(factor))})

    def wallet(self, data):
        count = len(self.house.snapshot().wallets)
        return data.draw(st.integers(0, count - 1)) if count else None

    @rule(data=st.data(), amount=pick([1, 7, 250]), name=pick(["deposit", "withdraw"]))
    def money(self, data, amount, name):
        """Money in and out of a wallet."""
        wallet, snapshot = self.wallet(data), self.house.snapshot()
        if wallet is not None:
            valued = snapshot.wallets.mode[wallet] >= margin_oracle.MULTI_ASSET
            numeraire = snapshot.assets[int(snapshot.wallets.asset[wallet])].name
            self.both(name, wallet, str(amount), numeraire if valued else None)

    @rule(data=st.data(), amount=pick(["-5", "3", "40"]))
    def fund(self, data, amount):
        """Money in and out of a fund."""
        self.both("fund_deposit", data.draw(pick(sorted(self.house.funds))), amount)

    def priced(self, data):
        """A contract that has a mark, and the mark in ticks; None where none has."""
        snapshot = self.house.snapshot()
        marked = [(c, mark) for c, mark in zip(snapshot.contracts, snapshot.marks, strict=True) if mark is not None]
        if not marked:
            return None
        contract, mark = data.draw(pick(marked))
        return contract, max(1, round(mark / contract.tick))

    def traders(self, contract) -> list[int]:
        """The wallets that may hold a contract."""
        snapshot = self.house.snapshot()
        several = snapshot.wallets.mode >= margin_oracle.MULTI_ASSET
        fit = snapshot.wallets.asset == snapshot.asset_names[contract.settle.name]
        owing = np.isin(np.arange(len(fit)), [wallet for wallet, _ in self.house.state().uncovered])
        return np.flatnonzero((several | fit) & ~owing).tolist()

    def held(self, contract, wallet) -> dict[str, int]:
        """The lots of each leg that a wallet holds of a contract."""
        snapshot = self.house.snapshot()
        part = snapshot.rows(snapshot.code(contract.symbol))
        mine = snapshot.positions.quantity[part][snapshot.positions.wallet[part] == wallet].tolist()
        return {"long" if lots > 0 else "short": abs(lots) for lots in mine if lots}

    def leg(self, data, contract, wallet, side) -> str | None:
        """A leg that may be traded, mostly."""
        held = {} if wallet is None else self.held(contract, wallet)
        opens = "long" if side == "buyer" else "short"
        named = [opens, *held] if wallet is not None else []
        return data.draw(pick([*([None] * 3 if len(held) < 2 else []), *named]))

    @rule(
        data=st.data(), lots=st.integers(1, 12), shift=st.integers(-2, 2), street=st.booleans(), anybody=st.booleans()
    )
    def trade(self, data, lots, shift, street, anybody):
        """A trade between two wallets, or a wallet and the street; of anybody, some may not."""
        priced = self.priced(data)
        if priced is None:
            return
        contract, ticks = priced
        wallets = range(len(self.house.snapshot().wallets)) if anybody else self.traders(contract)
        if not wallets:
            return
        wallet, other = data.draw(pick(wallets)), data.draw(pick(wallets))
        seller = None if street else other
        chosen = pick([None, None, "3", 12.5])
        terms = {"buyer_leg": self.leg(data, contract, wallet, "buyer")}
        terms["seller_leg"] = self.leg(data, contract, seller, "seller") if seller is not None else None
        terms["leverage"] = data.draw(chosen | st.tuples(chosen, chosen))
        price, quantity = contract.price(max(1, ticks + shift)), contract.decimal(lots)
        self.both("trade", contract.symbol, quantity, price, wallet, seller, **terms)

    @rule(data=st.data(), count=st.integers(2, 5))
    def trades(self, data, count):
        """Two wallets trade one contract to and fro, with legs or without: rows are closed, reused, turned round."""
        priced = self.priced(data)
        wallets = self.traders(priced[0]) if priced else []
        if not wallets:
            return
        contract, ticks = priced
        pair = data.draw(st.tuples(pick(wallets), pick(wallets)))
        for _ in range(count):
            sides = dict(zip(("buyer", "seller"), data.draw(st.permutations(pair)), strict=True))
            terms = {f"{side}_leg": self.leg(data, contract, wallet, side) for side, wallet in sides.items()}
            terms["leverage"] = data.draw(pick([None, None, None, "3", ("2", None)]))
            sizes = {lots + more for w in pair for lots in self.held(contract, w).values() for more in (0, 0, 3)}
            lots, price = (
                data.draw(pick(sorted({1, *sizes}))),
                contract.price(max(1, ticks + data.draw(st.integers(-1, 1)))),
            )
            self.both("trade", contract.symbol, contract.decimal(lots), price, **sides, **terms)
            self.agree()
            self.balanced()

    @rule(data=st.data(), count=st.integers(1, 3))
    def edges(self, data, count):
        """Trades and money at the ends of int64, of wallets with one asset; then both go back to where they were."""
        snapshot, priced = self.house.snapshot(), self.priced(data)
        if priced is None:
            return
        contract, ticks = priced
        single = [w for w in self.traders(contract) if snapshot.wallets.mode[w] < margin_oracle.MULTI_ASSET]
        if not single:
            return
        smallest = contract.quanta_per_lot(contract.price(ticks))
        size = max(1, round(2**62 / max(1.0, abs(smallest))))  # lots that are worth about as much as a row may be
        before, slow = self.house.state(), self.slow
        self.slow = slow.copied()
        sizes = st.builds(
            lambda power, more: min(2**power + more, 2**63 - 1), st.integers(40, 63), st.integers(-600, 600)
        )
        for _ in range(count):
            wallet, amount = data.draw(pick(single)), data.draw(sizes)
            asset = snapshot.assets[int(snapshot.wallets.asset[wallet])]
            kind = data.draw(pick(["trade", "trade", "trade", "deposit", "withdraw", "fund_deposit"]))
            if kind == "trade":
                seller = data.draw(pick([None, *single]))
                price = contract.price(data.draw(pick([ticks, ticks, ticks, 1, 2**40])))
                lots = data.draw(st.sampled_from([size // 3, size // 2, size - 1, size, 2 * size, amount]))
                if seller != wallet and lots:
                    lots = contract.decimal(min(lots, 2**63 - 1))
                    self.both("trade", contract.symbol, lots, price, wallet, seller)
            elif kind == "fund_deposit":
                fund = data.draw(pick(sorted(self.house.funds)))
                sign = data.draw(pick([1, -1]))
                unit = next(a for a in snapshot.assets if a.name == self.house.funds[fund].asset)
                self.both("fund_deposit", fund, unit.decimal(sign * amount))
            else:
                self.both(kind, wallet, asset.decimal(amount))
            self.agree()
            self.balanced()
            assert len(self.house.margin_state().free_margin) == len(snapshot.wallets)
        self.house = adl.ClearingHouse.from_state(before, self.venue, self.book)
        self.slow, self.events = slow, None

    @rule(data=st.data(), lots=pick([-3, 2]), leverage=pick([3, 50]))
    def order(self, data, lots, leverage):
        """An order is placed."""
        wallet, snapshot = self.wallet(data), self.house.snapshot()
        marked = [c for c, mark in zip(snapshot.contracts, snapshot.marks, strict=True) if mark is not None]
        if wallet is not None and marked:
            contract = data.draw(pick(marked))
            price = contract.price(max(1, round(snapshot.marks[snapshot.code(contract)] / contract.tick)))
            self.both("place_order", wallet, contract.symbol, contract.decimal(lots), price, leverage=leverage)

    @rule(data=st.data())
    def cancel(self, data):
        """An order is cancelled."""
        count = len(self.house.snapshot().orders)
        if count:
            self.both("cancel_order", data.draw(st.integers(0, count - 1)))

    @rule(data=st.data(), rate=pick(["0.0001", "-0.013", "0.3"]))
    def funding(self, data, rate):
        """Funding is charged."""
        marked = sorted(symbol for symbol, mark in self.house.marks.items() if mark is not None)
        if marked:
            self.both("funding", {data.draw(pick(marked)): rate})

    @invariant()
    def agree(self):
        """Every lot and every quantum."""
        if hasattr(self, "house"):
            assert plain(self.house) == self.slow.state

    @invariant()
    def balanced(self):
        """The books add up, and the events alone lead from the books before to those after."""
        if not hasattr(self, "house"):
            return
        assert self.house.audit() == []
        if self.events is not None:
            assert_replay(self.before, self.events, self.house)


class SinkingMachine(Machine):
    """A house and a slow one where funds hold inventory and sink, and rows cool down."""

    @initialize(columns=sinking_worlds.columns(), venue=sinking_worlds.venues(), data=st.data())
    def open(self, columns, venue, data):
        """Whoever is at its end as the house opens is liquidated by the first mark."""
        snapshot = margin_oracle.snapshot(**columns)
        book = data.draw(books(snapshot))
        self.start(snapshot, data.draw(sinking_worlds.funds(snapshot)), venue, book)
        state = self.house.state()
        for name, code, lots, cost in data.draw(sinking_worlds.inventory(state)):
            state = sinking_worlds.seeded(state, name, code, lots, cost)
            self.slow.seed(name, code, lots, cost)
        self.house = adl.ClearingHouse.from_state(state, venue, book)
        self.both("mark", {}, self.time)

    index = order = cancel = None  # fewer kinds of calls: more marks

    @rule(data=st.data(), later=st.integers(0, 2), one=st.booleans())
    def slide(self, data, later, one):
        """A step of one mark, or of all."""
        self.time += later
        marks = self.house.marks
        moved = [data.draw(pick(sorted(marks)))] if one else sorted(marks)
        self.both("mark", {s: str(marks[s] * Decimal(data.draw(pick(STEPS)))) for s in moved}, self.time)

    @rule(data=st.data(), later=st.integers(0, 2), step=pick(["0.1", "0.2", "0.4"]))
    def sink(self, data, later, step):
        """A mark moves against a fund that holds inventory, and others somehow."""
        held = [
            fund.inventory for fund in self.house.funds.values() if any(lots for lots, _ in fund.inventory.values())
        ]
        if not held:
            return
        self.time += later
        inventory = data.draw(pick(held))
        worst = data.draw(pick(sorted(symbol for symbol, (lots, _) in inventory.items() if lots)))
        against = 1 - Decimal(step) * (1 if inventory[worst][0] > 0 else -1)
        factors = {symbol: Decimal(data.draw(pick(STEPS))) for symbol in self.house.marks} | {worst: against}
        self.both("mark", {s: str(mark * factors[s]) for s, mark in self.house.marks.items()}, self.time)


TestMachine, TestSinkingMachine = Machine.TestCase, SinkingMachine.TestCase
TestMachine.settings = settings(max_examples=2 * EXAMPLES, stateful_step_count=15)
TestSinkingMachine.settings = settings(max_examples=EXAMPLES, stateful_step_count=25)


@given(margin_oracle.crowd_columns(), venues(), st.data())
@settings(max_examples=2 * EXAMPLES)
def test_marks_alone_agree_with_a_slow_clearing_house_of_the_same_rules(columns, venue, data):
    """Every lot, every quantum, every order, mark after mark."""
    snapshot = margin_oracle.snapshot(**columns)
    given_funds, book = data.draw(funds(snapshot)), data.draw(books(snapshot))
    slow = slow_house(snapshot, given_funds, venue, copy.deepcopy(book))
    house = adl.ClearingHouse(snapshot, given_funds, venue, book)
    for time in range(3):
        marks = {s: str(m * Decimal(data.draw(pick(FACTORS)))) for s, m in house.marks.items() if m is not None}
        house.mark(marks, time)
        slow.mark(marks, time)
        assert plain(house) == slow.state


@given(house_worlds.worlds())
@settings(max_examples=EXAMPLES)
def test_worlds_of_every_kind_agree_with_a_slow_clearing_house_of_the_same_rules(world):
    """Funds with triggers of their own, two deleveragings, oracle prices, books that orders cross: call after call."""
    venue = adl.clearing.Venue("drawn", world.stages, **world.terms())
    slow = slow_house(world.snapshot, world.funds, venue, world.book())
    house = adl.ClearingHouse(world.snapshot, world.funds, venue, world.book())
    for name, given_terms in world.operations:
        agree_on(slow, house, name, **given_terms)
        assert plain(house) == slow.state
