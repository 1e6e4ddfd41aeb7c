"""Venues, funds and order books to draw, for a house that exists."""

from hypothesis import strategies as st

import adlcore as adl

pick = st.sampled_from

FACTORS = ("0.3", "0.8", "0.9", "0.97", "0.999", "1.01", "1.1", "1.25", "2")


@st.composite
def venues(draw) -> adl.clearing.Venue:
    """Stages in their usual order, some of them."""
    c = adl.clearing
    stages: list[adl.clearing.Stage] = []
    if draw(st.booleans()):
        stages.append(c.CancelOrders())
    if draw(st.booleans()):
        stages.append(c.NetLegs())
    if draw(st.booleans()):
        limit, surplus = draw(pick(["bankruptcy", "fund"])), draw(pick(["wallet", "fund"]))
        portion, fee = draw(pick(["1", "0.3", "tiers"])), draw(pick(["0", "0.01"]))
        cool_down, above = draw(pick([0, 0 if portion == "tiers" else 2])), draw(pick([None, "5"]))
        stages.append(
            c.BookIOC(limit=limit, fee=fee, surplus=surplus, portion=portion, cool_down=cool_down, above=above)
        )
    if draw(st.booleans()):
        stages.append(c.Backstop(below=draw(pick(["2/3", "1", 2 / 3])), by=draw(pick(["wallet", "row"]))))
    if draw(st.booleans()):
        stages.append(c.TakeOver())
    if draw(st.integers(0, 5)):
        stages.append(
            c.Deleverage(
                draw(pick(["binance", "roi", "hyperliquid"])),
                price=draw(pick(["bankruptcy", "bankruptcy", "mark", "previous-mark", "oracle"])),
                eligible=draw(pick(["all", "all", "winners"])),
                same_account=draw(pick(["allow", "exclude"])),
                net_fund_first=draw(st.booleans()),
                below=draw(pick([None, None, "0"])),
            )
        )
    profits = c.Drawdown(3, "-0.3", "-0.25", of="contract", relative_to="pool")
    trigger = draw(pick([None, c.NetNotionalCap("1"), c.Drawdown(3, "-0.3", "-0.25"), profits]))
    rounds = draw(pick([None, None, 1]))
    return c.Venue(
        "drawn", stages or [c.Uncovered()], trigger=trigger, inclusive=draw(st.booleans()), max_rounds=rounds
    )


@st.composite
def funds(draw, snapshot: adl.Snapshot) -> list[adl.InsuranceFund]:
    """A fund for each asset, and chains of funds for some contracts."""
    found = [adl.InsuranceFund(a.name, str(draw(pick([0, 5, 100, 10**6])))) for a in snapshot.assets]
    for contract in snapshot.contracts:
        if draw(st.booleans()):
            parent = contract.settle.name if draw(st.booleans()) else None
            cap = draw(pick([None, "3"])) if parent else None
            amount = str(draw(pick([0, 3, 50])))
            own = adl.InsuranceFund(contract.settle.name, amount, scope=contract.symbol, parent=parent, parent_cap=cap)
            found.append(own)
    return found


@st.composite
def books(draw, snapshot: adl.Snapshot) -> adl.clearing.DepthLadder:
    """A few thin levels about each mark."""
    levels = {}
    for contract, mark in zip(snapshot.contracts, snapshot.marks, strict=True):
        if mark is not None:
            middle = max(3, round(mark / contract.tick))
            sizes = draw(st.lists(st.integers(1, 30), min_size=2, max_size=2))
            levels[contract.symbol] = {
                "bids": ([middle - 1, max(1, middle // 2)], sizes),
                "asks": ([middle + 1, 2 * middle], sizes),
            }
    return adl.clearing.DepthLadder(levels)
