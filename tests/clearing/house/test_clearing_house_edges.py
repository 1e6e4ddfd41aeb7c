"""Amounts at the ends of int64: a call is refused and changes nothing, or whatever is asked next still works."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import CancelOrders, ClearingHouse, Deleverage, NetLegs, TakeOver, Uncovered
from support import house_books
from support.refusals import refused_at

EXAMPLES = int(os.environ.get("ADLCORE_EXAMPLES", "60"))
NOBODY, EVERYBODY = [Uncovered()], [CancelOrders(), NetLegs(), TakeOver(), Deleverage()]
TOP = 2**63 - 1
pick = st.sampled_from

#: Small numbers, and such about the powers of two from 2^56 on.
ENDS = st.integers(1, 300) | st.builds(
    lambda power, more: max(1, min(TOP, 2**power + more)), st.integers(56, 63), st.integers(-600, 600)
)
SIGNED = st.builds(lambda size, sign: size * sign, ENDS, pick([1, -1]))


@st.composite
def houses(draw) -> adl.ClearingHouse:
    """Wallets of every mode, a linear contract and an inverse one, money of 0 or 8 decimals."""
    usd, coin = adl.Asset("USDT", draw(pick([0, 8]))), adl.Asset("COIN", draw(pick([0, 8])))
    tiers = adl.MarginTiers([0], ["0.1"])
    contracts = [
        adl.Contract("A", settle=usd, multiplier=draw(pick(["1", "0.0001"])), tick=1, tiers=tiers),
        adl.Contract("B", settle=usd, kind="inverse", multiplier=draw(pick([1, 10**6])), tick=1, tiers=tiers),
    ]
    modes = ["cross", "cross", "cross", "isolated", "multi-asset", "portfolio"]
    held = draw(st.lists(SIGNED, min_size=4, max_size=4))
    books = house_books.snapshot(
        contracts,
        [(f"account-{row}", mode, draw(pick([0, 10**6])) if row < 4 else 0, "USDT") for row, mode in enumerate(modes)],
        [],
        {"A": draw(pick([1, 100])), "B": draw(pick([1, 100]))},
        balances={
            "wallet": [4, 4, 5, 5],
            "asset": ["USDT", "COIN"] * 2,
            "amount": held,
            "loan": [0, 0, 0, draw(pick([0, 5, 2**56]))],
        },
        assets=[coin],
        index_prices={"COIN": draw(pick(["1", "0.25", "3"]))},
        haircuts={"COIN": "0.1"},
        loan_rates={"COIN": "0.1"},
    )
    funds = [house_books.fund(draw(pick([0, 10**6])))]
    return house_books.build_house(books, draw(pick([NOBODY, EVERYBODY])), funds, audit=draw(pick(["on", "off"])))


@st.composite
def calls(draw, house) -> tuple[str, dict]:
    """A call whose amounts lie anywhere."""
    kinds = (
        ["trade"] * 6 + ["deposit"] * 3 + ["withdraw", "fund_deposit", "place_order", "funding", "cancel_order", "mark"]
    )
    kind = draw(pick(kinds))
    wallets = st.integers(0, 5)
    snapshot = house.snapshot()
    if kind == "trade":
        listed = snapshot.contracts[draw(st.integers(0, 1))]
        units = 10**listed.settle.decimals
        sizes = ENDS if draw(st.booleans()) else ENDS.map(lambda lots: max(1, lots // units // 128))
        terms = {"contract": listed.symbol, "quantity": draw(sizes)}
        terms["price"] = draw(pick([1, 99, 100, 100, 100, 101, 2**40, 2**62]))
        pairs = st.tuples(st.none() | wallets, st.none() | wallets)
        terms["buyer"], terms["seller"] = draw(pairs.filter(lambda pair: pair[0] != pair[1]) | st.just((0, 0)))
        for side in ("buyer", "seller"):
            if terms[side] is not None:
                terms[f"{side}_leg"] = draw(pick([None, None, None, "long", "short"]))
        return kind, {**terms, "leverage": draw(pick([None, None, "0.00000001", 20]))}
    if kind in ("deposit", "withdraw"):
        wallet = draw(wallets)
        asset = snapshot.assets[draw(st.integers(0, 1))] if wallet > 3 else snapshot.assets[0]
        return kind, {"wallet": wallet, "amount": asset.decimal(draw(ENDS)), "asset": asset.name}
    if kind == "fund_deposit":
        asset = snapshot.assets[draw(st.integers(0, 1))]
        return kind, {"fund": asset.name, "amount": asset.decimal(draw(SIGNED))}
    if kind == "place_order":
        terms = {"wallet": draw(wallets), "contract": draw(pick("AB")), "quantity": draw(SIGNED)}
        terms["price"] = draw(pick([1, 100, 2**40, 2**62]))
        if draw(st.booleans()):
            return kind, {**terms, "locked": snapshot.assets[0].decimal(draw(ENDS))}
        return kind, {**terms, "leverage": draw(pick(["1", "0.00000001", "1e18"]))}
    if kind == "mark":
        return kind, {"prices": {draw(pick("AB")): draw(pick(["1", "90", "110", "3e9", "1e18", "3e-9"]))}}
    if kind == "cancel_order":
        return kind, {"order": draw(st.integers(0, 1))}
    return kind, {"rates": {draw(pick("AB")): draw(pick(["0.01", "-1", "1", "-2", "1e9"]))}}


def works(house) -> None:
    """Whatever one may ask of a house next is answered; `house` is not changed."""
    assert house.audit() == []
    other = ClearingHouse.from_state(house.state(), house._committed.terms.venue)
    assert all(fund.equity is not None for fund in other.funds.values())
    state = other.margin_state()
    assert len(state.free_margin) == len(state.balance) == 6
    assert [len(state.market(symbol).quantity) for symbol in "AB"] == np.diff(other.snapshot().start).tolist()
    other.mark({})
    for wallet in range(6):
        balance = int(other.snapshot().wallets.balance[wallet])
        if wallet < 4 and balance < TOP and state.equity[wallet] < TOP:
            other.deposit(wallet, other.snapshot().assets[0].decimal(1))
    digest, held, refused = other.hash, other.snapshot(), ""
    try:
        other.funding({"A": "0.0001"})
    except adl.AdlError as error:  # a balance may lie so near the end that nothing can be paid to it
        refused = str(error)
    if refused:
        assert "must leave balances that fit int64 quanta" in refused
        assert max(abs(int(cash)) for cash in (*held.wallets.balance, *held.balances.amount)) >= 2**62
        assert other.hash == digest
    assert other.audit() == []


@given(st.data())
@settings(max_examples=3 * EXAMPLES)
def test_a_call_at_the_ends_of_int64_is_refused_or_leaves_a_house_that_works(data):
    try:
        house = data.draw(houses())
    except adl.AdlError:  # what the wallets hold has no value that fits
        return
    for _ in range(data.draw(st.integers(1, 8))):
        name, terms = data.draw(calls(house))
        state, digest = house.state(), house.hash
        try:
            getattr(house, name)(**terms)
        except adl.AdlError:
            assert house.state() is state
            assert house.hash == digest
        works(house)


def whole(balances, positions=(), marks=100, **terms) -> adl.ClearingHouse:
    """Cross wallets in money of no decimals, and rows of A."""
    contract = house_books.linear("A", tiers=house_books.TEN_PERCENT)
    books = house_books.snapshot([contract], list(balances), [("A", *row) for row in positions], {"A": marks})
    return house_books.build_house(books, NOBODY, [house_books.fund(0)], **terms)


@pytest.mark.parametrize("audit", ["on", "off"])
@pytest.mark.parametrize(
    ("house", "call", "argument", "row", "words"),
    [
        # The value of what a trade leaves.
        (([0, 0], [], 100), ("trade", "A", 2**56, 100, 0, 1), "positions.quantity", 0, "below 2^62 quanta"),
        (([0, 0], [], 100), ("trade", "A", 2**56, 100, 0, None), "positions.quantity", 0, "below 2^62 quanta"),
        (([0, 0], [], 1), ("trade", "A", 2**60, 100, 0, 1), "quantity", None, "are no int64; use fewer decimals"),
        (([0, 0], [(0, 2**62 - 512, 5)], 1), ("trade", "A", 512, 1, 0, 1), "positions.quantity", 0, "below 2^62"),
        # The sums of a wallet and its balance.
        (([TOP - 5, 0], [(0, 9, 9)], 1), ("trade", "A", 9, 2, 1, 0), "amount", None, "must sum to an int64"),
        (
            ([TOP - 5, 0], [], 2),
            ("trade", "A", 9, 1, 0, 1),
            "wallets.account",
            0,
            "equity of this wallet must fit int64",
        ),
        (([TOP - 5, 0], [(0, 2, 1)], 2), ("deposit", 0, 3), "equity", None, "must fit int64 quanta"),
        (([TOP - 5, 0], [], 2), ("deposit", 0, 6), "amount", None, "must sum to an int64"),
        # The street and the fund.
        (([0, 0], [(0, 2**61, 2**61)], 1), ("trade", "A", 2**61, 1, 1, None), "lots", None, "below 2^62 quanta"),
        (([0, 0], [], 1), ("fund_deposit", "USDT", str(2**63)), "amount", None, ""),
        # What an order locks.
        (
            ([10, 0], [], 1),
            ("place_order", 0, "A", 2**62, 2**62),
            "leverage",
            None,
            "must lock a margin that fits int64",
        ),
    ],
)
def test_what_leaves_int64_is_refused_before_it_is_kept(house, call, argument, row, words, audit):
    house = whole(*house, audit=audit)
    state, digest = house.state(), house.hash
    name, *given_terms = call
    named = {"leverage": 1} if name == "place_order" else {}
    refused_at(lambda: getattr(house, name)(*given_terms, **named), argument, row, words)
    assert house.state() is state
    assert house.hash == digest
    house.deposit(1, 1)
    house.mark({})
    assert house.funds["USDT"].equity == 0
    assert house.audit() == []


def test_what_funding_takes_stays_an_int64():
    house = whole([-(2**62), 0], [(0, 2**61, 2**61), (1, -(2**61), -(2**61))], 1)
    digest = house.hash
    refused_at(lambda: house.funding({"A": "2.5"}), "rates", None, "must leave balances that fit int64 quanta")
    refused_at(lambda: house.funding({"A": "4"}), "rates['A']", None, "must give payments that fit int64 quanta")
    assert house.hash == digest
    house.deposit(1, 1)


def test_each_side_of_a_contract_is_an_int64_of_lots():
    """2^62 lots of a thousandth each are worth little; but three wallets' are more than a market can count."""
    books = house_books.snapshot([house_books.linear("A", multiplier="0.001")], [2**62] * 6, [], {"A": 1})
    house = house_books.build_house(books, NOBODY)
    house.trade("A", 2**62, 1, 0, 3)
    refused_at(lambda: house.trade("A", 2**62, 1, 1, 4), "quantity", None, f"at most {TOP} lots on either side of A")
    house.trade("A", 2**62 - 1, 1, 1, 4)
    refused_at(lambda: house.trade("A", 1, 1, 2, 5), "quantity", None, f"at most {TOP} lots on either side of A")
    house.trade("A", 7, 1, 3, 0)
    house.trade("A", 7, 1, 2, 5)
    assert house.margin_state().market("A").deleverage(100, "binance").quantity.sum() == 100
    assert house.audit() == []


def test_a_fund_holds_an_int64_and_gives_all_of_it_back():
    house = whole([0, 0])
    house.fund_deposit("USDT", 2**62)
    house.fund_deposit("USDT", 2**62 - 1)
    digest = house.hash
    refused_at(lambda: house.fund_deposit("USDT", 1), "fund cash", None, "must fit int64 quanta")
    assert house.hash == digest
    house.fund_deposit("USDT", -TOP)
    assert (house.funds["USDT"].cash, house.audit()) == (0, [])
