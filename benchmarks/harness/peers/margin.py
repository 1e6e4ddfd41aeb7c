"""Equity and maintenance margin of every wallet of a venue by other means, beside ``adlcore.margin_state``.

Every peer is prepared once on the columns, outside the clock, and then gives ``(equity, maintenance margin)`` in
quanta, a row each wallet.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import adlcore as adl
from adlcore._kernels.reference import _margin as twin
from adlcore.clearing.margin.margin_pass import MarginPass
from harness.books import Size, Venue, make
from harness.timing import Call, Effort, trials

Margins = tuple[np.ndarray, np.ndarray]


@dataclass
class Peer:
    """One way to do it."""

    name: str
    prepare: Callable[[Venue], Call]
    #: Positions that it is given at the most.
    most: int | None = None
    #: What the answer is worth; by default, how it differs from the exact one.
    verdict: Callable[[Venue, object], str] | None = None
    note: str = ""


def table(rows: int, seeds: int, effort: Effort, wanted: str | None) -> None:
    """One line a peer."""
    print(f"\n{rows:,} positions of {rows // 5:,} wallets, 10 tiers a contract")
    print(f"{'':32}{'ms':>10}{'ns a row':>10}{'x R':>9}{'rows':>11}  answer")
    peers = [p for p in all_peers() if wanted is None or any(w.lower() in p.name.lower() for w in wanted.split(","))]
    cached: dict[tuple[Size, int], Venue] = {}
    for peer in peers:
        size = size_of(min(rows, peer.most or rows))
        try:
            found = []
            for seed in range(seeds):
                if (size, seed) not in cached:
                    cached[size, seed] = make(size, "linear", seed)
                found.append(measure(peer, cached[size, seed], effort))
        except ImportError as error:
            print(f"{peer.name:32}{'':40}  {error}"[:100])
            continue
        taken, ratio = (statistics.median(one[k] for one in found) for k in (0, 1))
        shown = f"{taken / 1e6:10.2f}{taken / size[1]:10.1f}{ratio:9.1f}{size[1]:11,}"
        print(f"{peer.name:32}{shown}  {found[0][2]}", flush=True)
    print(*dict.fromkeys(peer.note for peer in peers if peer.note), sep="\n")


def size_of(rows: int) -> Size:
    return rows // 5, rows, 200 if rows >= 10**5 else 50


def measure(peer: Peer, venue: Venue, effort: Effort) -> tuple[float, float, str]:
    """Nanoseconds, multiple of R, and what the answer is worth."""
    call = peer.prepare(venue)
    answer = (peer.verdict or against_exact)(venue, call())
    mine, read = min(trials([call, venue.read], effort), key=lambda one: one[0] / one[1])
    return mine, mine / read, answer


def against_exact(venue: Venue, found: Margins) -> str:
    """How an answer differs from int64 sums."""
    equity, kept = numpy_way(lines, add_at)(venue)()
    names = []
    for name, mine, right in (("equity", found[0], equity), ("margin", found[1], kept)):
        if (wrong := np.count_nonzero(mine != right)) == 0:
            continue
        most = np.abs(mine.astype(np.longdouble) - right).max()
        names.append(f"{name} of {wrong:,} wallets by up to {most:.2g} quanta")
    return "exact" if not names else "off: " + ", ".join(names)


# adlcore --------------------------------------------------------------------------------------------------------------


def adlcore(threads: int):
    def prepare(venue):
        snapshot = venue.snapshot()

        def call():
            state = adl.margin_state(snapshot, threads=threads)
            return state.equity, state.maintenance_margin

        return call

    return prepare


def reference(venue):
    """The package's own twin of the kernel."""
    snapshot = venue.snapshot()
    s = MarginPass(snapshot, True, 1)

    def call():
        twin.full_pass(
            *(snapshot.start, s.unit, s.tier_start, s.rate, s.amount, venue.quantity, venue.entry_value, venue.wallet),
            *(venue.balance, 0, len(venue.balance), s.pnl, s.margin, s.sums),
        )
        return s.sums[:, 0], s.sums[:, 1]

    return call


# NumPy ----------------------------------------------------------------------------------------------------------------


def tiers_of(contract: adl.Contract) -> Margins:
    """Floors, rates and amounts of a contract, in quanta."""
    quanta = contract.settle.quanta_per_unit
    return np.array([float(f) * quanta for f in contract.tiers.floor]), *contract.tiers.arrays(quanta)


def units(venue: Venue) -> list[float]:
    return [contract.quanta_per_lot(venue.marks[contract.symbol]) for contract in venue.contracts]


def lines(size: np.ndarray, floor: np.ndarray, rate: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """The largest of the tiers' lines."""
    found, line = np.zeros(len(size)), np.empty(len(size))
    for r, a in zip(rate.tolist(), amount.tolist(), strict=True):
        np.multiply(size, r, out=line)
        np.subtract(line, a, out=line)
        np.maximum(found, line, out=found)
    return found


def search(size: np.ndarray, floor: np.ndarray, rate: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """The tier of each row looked up."""
    tier = np.searchsorted(floor, size, side="right") - 1
    return size * rate[tier] - amount[tier]


def add_at(total: np.ndarray, wallet: np.ndarray, values: np.ndarray) -> None:
    """Sums in int64."""
    np.add.at(total, wallet, values.astype(np.int64))


def numpy_way(margin_of, add):
    """Contract by contract, so that what lies between stays in the cache."""

    def prepare(venue):
        tables = [tiers_of(contract) for contract in venue.contracts]
        unit, start = units(venue), np.searchsorted(venue.contract, np.arange(len(tables) + 1)).tolist()

        def call():
            equity, kept = venue.balance.copy(), np.zeros(len(venue.balance), np.int64)
            for k, tiers in enumerate(tables):
                rows = slice(start[k], start[k + 1])
                mark = np.rint(venue.quantity[rows] * unit[k])
                add(equity, venue.wallet[rows], mark.astype(np.int64) - venue.entry_value[rows])
                add(kept, venue.wallet[rows], np.rint(margin_of(np.abs(mark), *tiers)))
            return equity, kept

        return call

    return prepare


def numpy_bincount(venue):
    """Columns of every position first, then one float64 sum a wallet."""
    tables = [tiers_of(contract) for contract in venue.contracts]
    unit, start = units(venue), np.searchsorted(venue.contract, np.arange(len(tables) + 1)).tolist()

    def call():
        pnl, margin = np.empty(len(venue.quantity)), np.empty(len(venue.quantity))
        for k, tiers in enumerate(tables):
            rows = slice(start[k], start[k + 1])
            mark = np.rint(venue.quantity[rows] * unit[k])
            pnl[rows] = mark - venue.entry_value[rows]
            margin[rows] = np.rint(search(np.abs(mark), *tiers))
        count = len(venue.balance)
        return venue.balance + np.bincount(venue.wallet, pnl, count), np.bincount(venue.wallet, margin, count)

    return call


# numba ----------------------------------------------------------------------------------------------------------------


def numba_loop(venue):
    from harness.peers.compiled import margins

    tables = [tiers_of(contract) for contract in venue.contracts]
    first = np.cumsum([0, *(len(rate) for _, rate, _ in tables)])
    floor, rate, amount = (np.concatenate(column) for column in zip(*tables, strict=True))
    start, unit = np.searchsorted(venue.contract, np.arange(len(tables) + 1)), np.array(units(venue))

    def call():
        tiers = start, unit, first, floor, rate, amount
        return margins(*tiers, venue.quantity, venue.entry_value, venue.wallet, venue.balance)

    return call


# lrvx -----------------------------------------------------------------------------------------------------------------


def lrvx_accounts(venue, extra: float = 0.0):
    """One account a wallet, in units and contracts: money is kept on a grid of 1e-8 there and ends at 9e10."""
    import lrvx

    quanta, lot = venue.contracts[0].settle.quanta_per_unit, float(venue.contracts[0].lot)
    accounts = [lrvx.Account(k, b) for k, b in enumerate((venue.balance / quanta + extra).tolist())]
    marks = [float(venue.marks[contract.symbol]) for contract in venue.contracts]
    size = venue.quantity * lot
    columns = venue.wallet, venue.contract, size, venue.entry_value / quanta / size
    for wallet, code, held, price in zip(*(column.tolist() for column in columns), strict=True):
        accounts[wallet].open_position(code, held, price)
        accounts[wallet].set_mark(code, marks[code])
    return accounts


def lrvx_polled(venue):
    """Equity of every account, asked from Python one by one."""
    accounts = lrvx_accounts(venue)
    return lambda: np.array([account.equity() + account.total_unrealised_pnl() for account in accounts])


def equity_only(venue, found):
    equity, _ = numpy_way(lines, add_at)(venue)()
    off = np.abs(found - equity / venue.contracts[0].settle.quanta_per_unit)
    return f"equity only, within {off.max():.0e} units"


def first_mark(venue: Venue) -> float:
    return float(venue.marks[venue.contracts[0].symbol])


def lrvx_engine(venue, accounts):
    import lrvx

    engine = lrvx.LiquidationEngine()
    for floor, rate in zip(venue.contracts[0].tiers.floor, venue.contracts[0].tiers.rate, strict=True):
        engine.add_tier(float(floor), float(rate))
    engine.set_insurance_fund_capital(1e10)
    engine.set_liquidation_slippage_bps(0.0)
    engine.set_adl_enabled(False)
    for account in accounts:
        engine.attach_account(account)
    return engine


def lrvx_walk(venue):
    """A mark that nobody fails at: every account has far more than it has."""
    accounts = lrvx_accounts(venue, 1e9)
    engine, mark = lrvx_engine(venue, accounts), first_mark(venue)

    def call():
        # The engine does not keep accounts alive.
        return engine.on_mark(0, mark), len(accounts)

    return call


def failing(venue, found):
    """Who fails with the balances that they have: by its rule, and by that of a tier each position."""
    if found[0]["liquidated"]:
        raise RuntimeError("lrvx liquidated accounts that have far more than they need")
    accounts = lrvx_accounts(venue)
    theirs = np.unique(lrvx_engine(venue, accounts).on_mark(0, first_mark(venue))["liquidated"])
    ours = np.flatnonzero(adl.margin_state(venue.snapshot()).liquidatable)
    return f"verdicts only: {len(theirs):,} fail, {len(np.intersect1d(theirs, ours)):,} of them among our {len(ours):,}"


BY_CONTRACT = "NumPy: contract by contract, 25,000 rows at a time of 5,000,000; add.at sums int64, bincount float64."
TWIN = "twin: the package's own reference kernel, which adds Python integers; at a smaller size."
COMPILED = "numba: compiled before the clock starts; one loop, the tier looked up by steps, sums wrap unseen."
LRVX = """\
lrvx: equity is asked for account by account. Its engine walks all accounts at every mark and says who fails; the
margin is one flat rate, of the tier of an account's *total* notional, so its verdicts are others. At a smaller size."""


def all_peers() -> list[Peer]:
    """In the order of the table. lrvx before numba: after it has compiled, glibc has no static TLS left for lrvx."""
    return [
        Peer("adlcore, 1 thread", adlcore(1)),
        Peer("adlcore, 2 threads", adlcore(2)),
        Peer("NumPy searchsorted, add.at", numpy_way(search, add_at), note=BY_CONTRACT),
        Peer("NumPy largest line, add.at", numpy_way(lines, add_at), note=BY_CONTRACT),
        Peer("NumPy searchsorted, bincount", numpy_bincount, note=BY_CONTRACT),
        Peer("adlcore's own NumPy twin", reference, most=500_000, note=TWIN),
        Peer("lrvx, accounts polled", lrvx_polled, most=500_000, verdict=equity_only, note=LRVX),
        Peer("lrvx on_mark", lrvx_walk, most=500_000, verdict=failing, note=LRVX),
        Peer("numba, one loop", numba_loop, note=COMPILED),
    ]
