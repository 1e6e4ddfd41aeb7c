"""What liquidation and bankruptcy prices promise, against equity and maintenance margin in exact fractions."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import adlcore as adl

INF = math.inf
KINDS = pytest.mark.parametrize("kind", adl.contracts.contract.KINDS)
SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])


def each_way(test):
    """For each kind of contract and each side; the test draws the rest."""
    return KINDS(SIDES(given(data=st.data())(test)))


TIERS = adl.MarginTiers([0, 1000, 50_000, 400_000], ["0.004", "0.01", "0.05", "0.2"])
#: Rates and amounts that floats hold exactly, as they do the positions drawn with them: no sum of those is rounded.
BINARY = adl.MarginTiers([0, 64, 1024], [2**-6, 2**-4, 2**-2])

#: Prices so far out that what a wallet is like there it is at all prices beyond.
NEAR_ZERO, FAR = Fraction(1, 2**300), Fraction(2**300)


@dataclass(frozen=True)
class Wallet:
    """Legs of one contract as (quantity, entry price), and what the wallet has beside them."""

    contract: adl.Contract
    legs: tuple[tuple[float, float], ...]
    balance: float
    other_maintenance: float = 0.0
    other_pnl: float = 0.0
    fee: float = 0.0
    maintenance: str = "at-liquidation"

    def value(self, quantity, price) -> Fraction:
        """``q·v(p)``, exactly."""
        units = self.contract.units_per_lot
        return Fraction(quantity) * (-units / Fraction(price) if self.contract.inverse else units * Fraction(price))

    def margin(self, notional: Fraction) -> Fraction:
        """``max(0, max_t(N·rate_t - amount_t))``, exactly."""
        tiers = zip(self.contract.tiers.rate, self.contract.tiers.amount, strict=True)
        return max(Fraction(0), *(notional * Fraction(rate) - Fraction(amount) for rate, amount in tiers))

    def beside(self) -> Fraction:
        return Fraction(self.balance) - Fraction(self.other_maintenance) + Fraction(self.other_pnl)

    def equity(self, price) -> Fraction:
        """What closing the legs at a price and paying the fee leaves, less what the other positions must keep."""
        found = self.beside()
        for quantity, entry in self.legs:
            value = self.value(quantity, price)
            found += value - self.value(quantity, entry) - abs(value) * Fraction(self.fee)
        return found

    def gap(self, price) -> Fraction:
        """Equity less maintenance margin."""
        at_entry = self.maintenance == "at-entry"
        return self.equity(price) - sum(self.margin(abs(self.value(q, p if at_entry else price))) for q, p in self.legs)

    def scale(self, price) -> Fraction:
        """The largest amount that a gap is the small difference of."""
        amounts = [self.balance, self.other_maintenance, self.other_pnl]
        amounts += [self.value(q, p) for q, entry in self.legs for p in (entry, price)]
        return max(abs(Fraction(amount)) for amount in amounts)

    def borders(self) -> list[Fraction]:
        """Prices at which a leg passes from one tier to the next, and the far ones."""
        units = self.contract.units_per_lot
        found = [NEAR_ZERO, FAR]
        for quantity, _ in self.legs:
            for floor in self.contract.tiers.floor[1:] if quantity else ():
                value = Fraction(floor) / abs(Fraction(quantity))
                found.append(units / value if self.contract.inverse else value / units)
        return found

    def price(self, **options):
        """What the library answers."""
        (quantity, entry), *others = self.legs
        if others:
            options |= {"opposite_quantity": others[0][0], "opposite_entry_price": others[0][1]}
        return adl.liquidation_price(
            self.contract, quantity, entry, self.balance, self.other_maintenance, self.other_pnl, self.fee,
            self.maintenance, **options,
        )  # fmt: skip

    def bankruptcy_price(self) -> float:
        """What the library answers of the only leg."""
        return adl.bankruptcy_price(self.contract, *self.legs[0], self.balance, self.other_pnl, self.fee)


def turns_at(wallet: Wallet, price: float, side: int) -> bool:
    """Whether a hair below a price and a hair above the gap has different signs: a long's is above nothing above it."""
    below, above = (side * wallet.gap(Fraction(price) * (1 + Fraction(off, 10**9))) for off in (-1, 1))
    return below < 0 < above


def contract_of(kind: str, tiers=TIERS, multiplier="1", lot="1") -> adl.Contract:
    settle = "USDT" if kind == "linear" else "BTC"
    return adl.Contract("X", kind=kind, settle=settle, multiplier=multiplier, lot=lot, tick="0.01", tiers=tiers)


# One position


@st.composite
def solved(draw, kind: str, side: int, tier: int | None = None):
    """A wallet with one position and the price at which it has what it must keep, in a given tier there."""
    contract = contract_of(
        kind, multiplier=draw(st.sampled_from(["1", "100", "0.01"])), lot=draw(st.sampled_from(["1", "0.001"]))
    )
    tier = draw(st.integers(0, len(TIERS) - 1)) if tier is None else tier
    edges = [*TIERS.floor, 10 * TIERS.floor[-1]]
    notional = float(edges[tier]) + draw(st.integers(1, 63)) / 64 * float(edges[tier + 1] - edges[tier])
    price = 10.0 ** draw(st.floats(-3, 5))
    quantity = side * notional / abs(contract.value_per_lot(price))
    other = st.integers(-64, 64).map(lambda share: share / 64 * notional)
    wallet = Wallet(
        contract,
        ((quantity, price * draw(st.floats(0.2, 5.0))),),
        balance=0.0,
        other_maintenance=abs(draw(other)),
        other_pnl=draw(other),
        fee=draw(st.sampled_from([0.0, 0.0006, 0.01])),
        maintenance=draw(st.sampled_from(["at-liquidation", "at-entry"])),
    )
    return wallet, price


@pytest.mark.parametrize("tier", range(len(TIERS)))
@each_way
def test_equity_is_the_maintenance_margin_at_the_liquidation_price(kind, side, tier, data):
    wallet, price = data.draw(solved(kind, side, tier))
    wallet = replace(wallet, balance=float(-wallet.gap(price)))
    found = wallet.price()
    assert found == pytest.approx(price, rel=1e-9)
    assert abs(wallet.gap(found)) <= wallet.scale(found) / 10**9
    assert TIERS.tier(abs(wallet.value(wallet.legs[0][0], found))) == tier
    assert turns_at(wallet, found, side)


@each_way
def test_equity_is_nothing_at_the_bankruptcy_price(kind, side, data):
    wallet, price = data.draw(solved(kind, side))
    wallet = replace(wallet, other_maintenance=0.0)
    wallet = replace(wallet, balance=float(-wallet.equity(price)))
    found = wallet.bankruptcy_price()
    assert found == pytest.approx(price, rel=1e-9)
    assert abs(wallet.equity(found)) <= wallet.scale(found) / 10**9
    liquidated = wallet.price()
    assert liquidated > found if side > 0 else liquidated < found


eighths = st.integers(1, 2**12).map(lambda n: n / 8)
quantities = st.integers(1, 1000).map(float)
fees = st.sampled_from([0.0, 2**-10, 2**-4])
amounts = st.integers(-(2**20), 2**20).map(lambda n: n / 16)
maintained = st.sampled_from(["at-liquidation", "at-entry"])


@st.composite
def exact_wallets(draw, kind: str, sides: tuple[int, ...]):
    """Wallets none of whose amounts floats round; balances at which a leg has just nothing at the end are common."""
    contract = contract_of(kind, BINARY, draw(st.sampled_from(["1", "0.5", "64"])))
    entries = st.integers(-3, 9).map(lambda n: 2.0**n) if kind == "inverse" else eighths
    legs = tuple((side * draw(quantities), draw(entries)) for side in sides)
    wallet = Wallet(
        contract, legs, draw(amounts), abs(draw(amounts)) / 64, draw(amounts) / 64, draw(fees), draw(maintained)
    )
    if draw(st.booleans()):  # around what the legs have lost where their value is nothing
        lost = -wallet.gap(FAR if contract.inverse else NEAR_ZERO)
        off = draw(st.sampled_from([-1.0, -(2.0**-20), 0.0, 2.0**-20, 1.0]))
        wallet = replace(wallet, balance=wallet.balance + math.floor(lost * 2**20) / 2**20 + off)
    return wallet


@each_way
def test_the_price_is_none_or_at_an_end_just_where_equity_never_meets_the_margin(kind, side, data):
    wallet = data.draw(exact_wallets(kind, (side,)))
    ends = wallet.gap(NEAR_ZERO), wallet.gap(FAR)
    found = wallet.price()
    if min(ends) >= 0:
        assert math.isnan(found)
    elif max(ends) <= 0:
        assert found == (INF if side > 0 else 0.0)
    else:
        assert 0 < found < INF
        assert turns_at(wallet, found, side)


@each_way
def test_the_bankruptcy_price_is_none_or_at_an_end_just_where_equity_never_is_nothing(kind, side, data):
    wallet = replace(data.draw(exact_wallets(kind, (side,))), other_maintenance=0.0)
    found = wallet.bankruptcy_price()
    ends = wallet.equity(NEAR_ZERO), wallet.equity(FAR)
    if min(ends) >= 0:
        assert math.isnan(found)
    elif max(ends) <= 0:
        assert found == (INF if side > 0 else 0.0)
    else:
        assert abs(wallet.equity(found)) <= wallet.scale(found) / 10**12


@pytest.mark.parametrize("balance", [0.5, 0.99])
def test_a_line_below_nothing_takes_no_part_in_the_price(balance):
    # MarginTiers: the margin is max(0, N·rate - amount); below a notional of 1 this tier's is 0.
    tiers = adl.MarginTiers([0], ["0.01"], ["0.01"], check=False)
    wallet = Wallet(contract_of("linear", tiers), ((1.0, 1.0),), balance)
    assert wallet.price() == pytest.approx(1 - balance, rel=1e-12)


@pytest.mark.parametrize(("kind", "quantity", "end"), [("linear", 1.0, INF), ("inverse", -1.0, 0.0)])
def test_a_fee_and_a_rate_above_the_whole_notional_leave_no_price(kind, quantity, end):
    # Each unit of value gained costs more than it brings: equity is below the margin at every price.
    contract = contract_of(kind, adl.MarginTiers([0], [0.75]))
    wallet = Wallet(contract, ((quantity, 8.0),), balance=-16.0, fee=0.5)
    assert all(wallet.gap(Fraction(2) ** power) < 0 for power in range(-300, 301))
    assert wallet.price() == end


# Two legs


def both(kind, first):
    """A long and a short leg of one wallet, in either order."""
    return exact_wallets(kind, (first, -first))


@each_way
def test_hedged_equity_is_the_margin_at_both_prices_above_it_between_and_below_it_outside(kind, side, data):
    wallet = data.draw(both(kind, side))
    peak = max(wallet.borders(), key=wallet.gap)  # concave: the most is at a border or far out
    top = wallet.gap(peak)
    assume(abs(top) > wallet.scale(peak) / 2**36)
    lower, upper = wallet.price(root="lower"), wallet.price(root="upper")
    if top < 0:
        assert (lower, upper) == (INF, 0.0)
        return
    assert math.isnan(lower) == (wallet.gap(NEAR_ZERO) >= 0)
    assert math.isnan(upper) == (wallet.gap(FAR) >= 0)
    low = NEAR_ZERO if math.isnan(lower) else Fraction(lower)
    high = FAR if math.isnan(upper) else Fraction(upper)
    assert 0 < low <= high
    inside = [low + (high - low) * Fraction(part, 2**10) for part in (1, 2**5, 2**9, 2**10 - 1)]
    assert all(wallet.gap(price) > 0 for price in inside)
    for found, beyond in ((lower, 1 - Fraction(1, 10**9)), (upper, 1 + Fraction(1, 10**9))):
        if not math.isnan(found):
            assert abs(wallet.gap(found)) <= wallet.scale(found) / 10**12
            assert wallet.gap(Fraction(found) * beyond) < 0


@each_way
def test_the_legs_may_be_named_in_either_order(kind, side, data):
    wallet = data.draw(both(kind, side))
    turned = replace(wallet, legs=wallet.legs[::-1])
    for root in ("lower", "upper"):
        assert wallet.price(root=root) == pytest.approx(turned.price(root=root), rel=1e-12, nan_ok=True)


@each_way
def test_the_nearest_price_is_that_of_the_two_with_the_smaller_distance_to_the_mark(kind, side, data):
    wallet = data.draw(both(kind, side))
    lower, upper = wallet.price(root="lower"), wallet.price(root="upper")
    mark = data.draw(st.floats(2**-10, 2**20))
    found = wallet.price(mark_price=mark)
    if lower == INF:
        assert found == (INF if side > 0 else 0.0)
    elif math.isnan(lower) or math.isnan(upper):
        assert found == pytest.approx(upper if math.isnan(lower) else lower, rel=0, nan_ok=True)
    else:
        assert found == (lower if abs(mark - lower) <= abs(upper - mark) else upper)


@each_way
def test_a_leg_of_nothing_leaves_the_price_of_the_other_alone(kind, side, data):
    wallet = data.draw(exact_wallets(kind, (side,)))
    beside = replace(wallet, legs=(*wallet.legs, (0.0, 1.0)))
    alone, hedged = wallet.price(), beside.price(mark_price=1.0)
    assert hedged == pytest.approx(alone, rel=1e-12, nan_ok=True)


# In the books


@pytest.mark.parametrize("kind", ["linear", "inverse"])
@SIDES
@given(size=st.integers(1, 10**4), entry=st.integers(10_000, 20_000), money=st.integers(1, 99))
def test_a_wallet_is_liquidatable_a_tick_beyond_the_price_and_not_a_tick_before_it(kind, side, size, entry, money):
    lot, multiplier = ("0.001", "1") if kind == "linear" else ("1", "1000000")
    contract = contract_of(kind, TIERS, multiplier, lot)
    worth = abs(contract.value_per_lot(entry / 100)) * size
    balance = f"{worth * money / 100:.8f}"
    found = adl.liquidation_price(contract, side * size, entry / 100, balance)
    assume(1 < found < 10**4)
    quantity = contract.decimal(side * size)
    snapshot = adl.Snapshot.build(
        contracts=[contract],
        wallets=[{"account": "one", "balance": balance}, {"account": "many", "balance": "1000000"}],
        positions=[
            {"account": "one", "contract": "X", "quantity": quantity, "entry_price": f"{entry / 100:.2f}"},
            {"account": "many", "contract": "X", "quantity": contract.decimal(-side * size), "entry_price": "1"},
        ],
        marks={"X": "150"},
        settle=str(contract.settle),
    )
    state = adl.margin_state(snapshot)
    ticks = round(found * 100, 3)  # quanta of the books move it by less
    down, up = math.ceil(ticks) - 1, math.floor(ticks) + 1
    beyond, before = (down, up) if side > 0 else (up, down)
    one = snapshot.wallet("one")
    for tick, liquidatable in ((before, False), (beyond, True)):
        state.mark({"X": f"{tick / 100:.2f}"})
        assert state.liquidatable[one] == liquidatable


def test_a_wallet_that_fails_only_above_a_price_is_told_that_price():
    # Rates and fee beyond the whole of the gain: at 200 of balance a long of 100 is sound down to nothing, and short of
    # margin far up, where 0.9·v - 890 and a fifth of v are asked for 200 + v - 100.
    tiers = adl.MarginTiers([0, 1000], ["0.01", "0.9"])
    found = adl.liquidation_price(adl.Contract("X", tiers=tiers), 1, 100.0, 200.0, taker_fee="0.2")
    assert found == pytest.approx(990 / 0.1)
