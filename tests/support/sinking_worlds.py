"""Worlds to draw in which funds take inventory on several sides and sink below zero, and rows cool down.

Prices are small whole numbers and so are wallets: a step of the marks, a deposit or a trade of a few lots turns a
wallet from liquidatable to healthy, and back.
"""

from collections import defaultdict

from hypothesis import strategies as st

import adlcore as adl
from adlcore import clearing
from support import margin_oracle

pick = st.sampled_from
USD = adl.Asset("USD", 0)


@st.composite
def contracts(draw) -> list[adl.Contract]:
    """Two or three at prices about 100, an inverse one now and then."""
    found = []
    for symbol in "ABC"[: draw(st.integers(2, 3))]:
        inverse = draw(pick([False, False, False, True]))
        found.append(
            adl.Contract(
                symbol,
                kind="inverse" if inverse else "linear",
                settle=USD,
                multiplier="10000" if inverse else "1",
                tick=draw(pick(["1", "1", "0.5"])),
                tiers=adl.MarginTiers([0], [draw(pick(["0.1", "0.05", "0.2"]))]),
            )
        )
    return found


@st.composite
def columns(draw) -> dict:
    """Arguments of a snapshot: some wallets stand about the end of their margin, others are rich."""
    listed = draw(contracts())
    marks = {contract.symbol: draw(pick([100, 100, 80, 125])) for contract in listed}
    wallets, rows = defaultdict(list), defaultdict(list)
    poor, rich = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    for wallet in range(poor + rich):
        mode = draw(pick(["cross", "cross", "cross", "isolated"]))
        most = 1 if mode == "isolated" else len(listed)
        held = draw(st.lists(pick(listed), min_size=min(most, draw(pick([2, 2, 1]))), max_size=most, unique=True))
        margin = gained = size = 0
        for contract in held:
            legs = draw(pick([(1,), (-1,), (1,), (-1,), (1, -1)])) if mode == "cross" else (draw(pick([1, -1])),)
            for sign in legs:
                lots = sign * draw(st.integers(1, 20))
                unit = margin_oracle.quanta_per_lot(contract, marks[contract.symbol])
                value, cost = round(lots * unit), round(lots * unit * 100 / draw(st.integers(80, 125)))
                for name, cell in (("contract", contract.symbol), ("wallet", wallet), ("quantity", lots)):
                    rows[name].append(cell)
                rows["entry_value"].append(cost)
                gained, size = gained + value - cost, size + abs(value)
                margin += round(abs(value) * float(contract.tiers.rate[0]))
        aims = [-margin // 5, 0, 0, 1, margin // 3, margin // 2, margin, margin + 2, 2 * margin]
        equity = draw(pick(aims)) if wallet < poor else round(size * draw(pick([0.3, 1, 5])))
        # An account has one cross wallet in an asset, and isolated ones beside it.
        wallets["account"].append(wallet if mode == "cross" else draw(st.integers(0, wallet)))
        wallets["mode"].append(mode)
        wallets["asset"].append("USD")
        wallets["balance"].append(equity - gained)
    return {"contracts": listed, "wallets": dict(wallets), "positions": dict(rows), "marks": marks}


@st.composite
def stages(draw) -> list[clearing.Stage]:
    """Nearly always a fund that takes rows over, and a deleveraging, sometimes two."""
    some: list[clearing.Stage] = []
    if draw(pick([False, True])):
        terms = {"portion": draw(pick(["0.2", "0.5"])), "cool_down": draw(pick([1, 2, 4]))}
        some.append(clearing.BookIOC(**terms, limit=draw(pick(["bankruptcy", "fund"]))))
    if draw(pick([False, False, True])):
        some.append(clearing.NetLegs())
    if draw(pick([False, False, False, True])):
        some.append(clearing.Backstop(below=draw(pick(["2/3", "1/5"])), by=draw(pick(["wallet", "row"]))))
    if draw(pick([True, True, True, True, False])):
        some.append(clearing.TakeOver())
    deleverage = st.builds(
        clearing.Deleverage,
        pick(["binance", "roi"]),
        price=pick(["bankruptcy", "bankruptcy", "mark", "previous-mark"]),
        eligible=pick(["all", "winners"]),
        same_account=pick(["allow", "exclude"]),
        net_fund_first=pick([True, True, True, False]),
        below=pick([None, None, "0", "1/2"]),
    )
    some += [draw(deleverage) for _ in range(draw(pick([1, 1, 2, 1, 0])))]
    if draw(pick([False, False, True])):  # the fund takes what the winners could not
        some.append(clearing.TakeOver())
    return some


@st.composite
def venues(draw) -> clearing.Venue:
    """A rulebook of stages that let funds sink."""
    rounds = draw(pick([None, None, None, 1, 2]))
    return clearing.Venue(
        "sinking", draw(stages()) or [clearing.Uncovered()], inclusive=draw(st.booleans()), max_rounds=rounds
    )


@st.composite
def funds(draw, snapshot: adl.Snapshot) -> list[adl.InsuranceFund]:
    """Nearly empty ones: of the asset, and of some contracts, chained to it and to each other."""
    drawdown = clearing.Drawdown(2, "-0.3", "-0.1")
    profits = clearing.Drawdown(2, "-0.3", "-0.1", of="contract", relative_to=draw(pick(["pool", "opening"])))
    triggers = [None, None, None, None, clearing.NetNotionalCap("0.5"), drawdown, profits]
    found = [adl.InsuranceFund("USD", draw(pick([0, 0, 20, 300])), trigger=draw(pick(triggers)))]
    parents = ["USD", "USD", None]
    for contract in snapshot.contracts:
        if draw(pick([True, False, False])):
            parent = draw(pick(parents))
            cap = draw(pick([None, "30"])) if parent else None
            terms = {"scope": contract.symbol, "parent": parent, "parent_cap": cap, "trigger": draw(pick(triggers))}
            found.append(adl.InsuranceFund("USD", draw(pick([0, 0, 5, 100])), **terms))
            parents.append(contract.symbol)
    return found


@st.composite
def inventory(draw, state: adl.clearing.HouseState) -> list[tuple[str, int, int, int]]:
    """What funds hold as the house opens, sometimes: fund, contract, lots and cost, each in a chain of the contract."""
    found: list[tuple[str, int, int, int]] = []
    table, snapshot = state.funds, state.snapshot
    for code, contract in enumerate(snapshot.contracts):
        chain = [table.names[fund] for fund in table.chain(int(table.head[code]))]
        street = int(state.parties.lots[0, code])
        for name in draw(st.lists(pick(chain), max_size=len(chain), unique=True)):
            lots = draw(pick([1, -1])) * draw(st.integers(1, 15))
            worth = lots * margin_oracle.quanta_per_lot(contract, snapshot.marks[code])
            if street != lots:  # the street's row would be gone, and its cost with it
                found.append((name, code, lots, round(worth * 100 / draw(st.integers(80, 125)))))
                street -= lots
    return found


def seeded(state: adl.clearing.HouseState, name: str, code: int, lots: int, cost: int) -> adl.clearing.HouseState:
    """The state where a fund has lots from the street."""
    parties, ledger = state.parties, state.ledger.copy()
    held, paid, fund = parties.lots.copy(), parties.cost.copy(), parties.code(name)
    for party, sense in ((fund, 1), (0, -1)):
        held[party, code] += sense * lots
        paid[party, code] += sense * cost
    ledger[fund - parties.first_fund] -= cost
    columns = {"lots": held, "cost": paid, "realized": parties.realized.copy(), "cash": parties.cash.copy()}
    fresh = type(parties)(parties.names, parties.first_fund, **columns)
    return state.replace(parties=fresh, ledger=ledger)
