"""Amounts at the ends of int64: a call is refused and changes nothing, or whatever is asked next still works."""

from __future__ import annotations

import os

import house_books
from hypothesis import given, settings
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import ClearingHouse, Uncovered

EXAMPLES = int(os.environ.get("ADLCORE_EXAMPLES", "60"))
NOBODY = [Uncovered()]
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
    decimals = draw(pick([0, 8]))
    usd, coin = adl.Asset("USDT", decimals), adl.Asset("COIN", draw(pick([0, 8])))
    tiers = adl.MarginTiers([0], ["0.1"])
    contracts = [
        adl.Contract("A", settle=usd, tick=1, tiers=tiers),
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
    return house_books.opened(books, draw(pick([NOBODY])), funds)


@st.composite
def calls(draw, house) -> tuple[str, dict]:
    """A call whose amounts lie anywhere."""
    kind = draw(
        pick(
            ["trade"] * 5 + ["deposit", "deposit", "withdraw", "fund_deposit", "place_order", "funding", "cancel_order"]
        )
    )
    wallets = st.integers(0, 5)
    snapshot = house.snapshot()
    if kind == "trade":
        listed = snapshot.contracts[draw(st.integers(0, 1))]
        terms = {
            "contract": listed.symbol,
            "quantity": draw(ENDS),
            "price": draw(pick([1, 99, 100, 101, 2**40, 2**62])),
        }
        terms |= {side: draw(st.none() | wallets) for side in ("buyer", "seller")}
        terms |= {f"{side}_leg": draw(pick([None, None, None, "long", "short"])) for side in ("buyer", "seller")}
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
    if kind == "cancel_order":
        return kind, {"order": draw(st.integers(0, 1))}
    return kind, {"rates": {draw(pick("AB")): draw(pick(["0.01", "-1", "1", "-2", "1e9"]))}}


def works(house) -> None:
    """Whatever one may ask of a house next is answered; `house` is not changed."""
    assert house.audit() == []
    other = ClearingHouse.from_state(house.state(), house._venue)
    assert all(fund.equity is not None for fund in other.funds.values())
    state = other.margin_state()
    assert len(state.free_margin) == len(state.balance) == 6
    other.mark({})
    for wallet in range(6):
        balance = int(other.snapshot().wallets.balance[wallet])
        if wallet < 4 and balance < TOP and state.equity[wallet] < TOP:
            unit = other.snapshot().assets[0].decimal(1)
            other.deposit(wallet, unit)
    other.funding({"A": "0.0001"})
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
