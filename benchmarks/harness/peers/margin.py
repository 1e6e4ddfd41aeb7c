"""Equity and maintenance margin of every wallet of books: ``adlcore.margin_state``.

A peer gives ``(equity, maintenance margin)`` in quanta, a row each wallet.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

import adlcore as adl
from adlcore._kernels.reference.margin import passes as twin
from adlcore._kernels.reference.margin.contracts import Contracts
from adlcore._kernels.reference.margin.positions import Positions, Slots
from adlcore.clearing.margin.margin_pass import MarginPass

from ..books import Books, Size, make
from ..cases import margin
from ..timing import Call
from . import Comparison, Peer, lrvx_engine

Margins = tuple[np.ndarray, np.ndarray]


def table(rows: int) -> Comparison:
    """A line has milliseconds, nanoseconds a position, R, and positions."""
    return Comparison(
        title=f"{rows:,} positions of {rows // 5:,} wallets, 10 tiers a contract",
        header=f"{'ms':>10}{'ns a row':>10}{'x R':>9}{'rows':>11}",
        peers=all_peers,
        make=lambda rows, seed: make(Size(rows // 5, rows, 200 if rows >= 10**5 else 50), "linear", seed),
        verdict=against_exact,
        count=lambda books, answer: len(books.quantity),
        cells=lambda taken, ratio, count: f"{taken / 1e6:10.2f}{taken / count:10.1f}{ratio:9.1f}{count:11,}",
    )


def against_exact(books: Books, found: Margins) -> str:
    """How an answer differs from int64 sums."""
    equity, kept = numpy_way(books, lines)()
    names = []
    for name, mine, right in (("equity", found[0], equity), ("margin", found[1], kept)):
        if (wrong := np.count_nonzero(mine != right)) == 0:
            continue
        most = np.abs(mine.astype(np.longdouble) - right).max()
        names.append(f"{name} of {wrong:,} wallets by up to {most:.2g} quanta")
    return "exact" if not names else "off: " + ", ".join(names)


# adlcore --------------------------------------------------------------------------------------------------------------


def adlcore(books: Books, threads: int = 1) -> Call:
    return margin(books, threads)["margin_state"]


def of_wallets(state: adl.MarginState) -> Margins:
    return state.equity, state.maintenance_margin


def reference(books):
    """The package's own twin of the kernel."""
    snapshot = books.snapshot()
    s = MarginPass(snapshot, True, 1)

    contracts = Contracts(snapshot.start, s.tier_start, s.rate, s.amount)
    rows = Positions(books.quantity, books.entry_value, books.wallet, s.pnl, s.margin)
    slots = Slots(books.balance, s.sums)

    def call():
        twin.run_full_pass(contracts, s.unit, rows, slots, 0, len(books.balance))
        return s.sums[:, 0], s.sums[:, 1]

    return call


# NumPy ----------------------------------------------------------------------------------------------------------------


def tiers_of(contract: adl.Contract) -> Margins:
    """Floors, rates and amounts of a contract, in quanta."""
    quanta = contract.settle.quanta_per_unit
    return np.array([float(f) * quanta for f in contract.tiers.floor]), *contract.tiers.arrays(quanta)


def by_contract(books: Books) -> tuple[list[Margins], list[float], list[int]]:
    """The tiers of every contract, quanta a lot at its mark, and where its rows begin."""
    tables = [tiers_of(contract) for contract in books.contracts]
    quanta_per_lot = [contract.quanta_per_lot(books.marks[contract.symbol]) for contract in books.contracts]
    return tables, quanta_per_lot, np.searchsorted(books.contract, np.arange(len(tables) + 1)).tolist()


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


def numpy_way(books: Books, margin_of: Callable = search) -> Call:
    """Contract by contract, so that what lies between stays in the cache."""
    tables, quanta_per_lot, start = by_contract(books)

    def call() -> Margins:
        equity, kept = books.balance.copy(), np.zeros(len(books.balance), np.int64)
        for k, tiers in enumerate(tables):
            rows = slice(start[k], start[k + 1])
            mark = np.rint(books.quantity[rows] * quanta_per_lot[k])
            add_at(equity, books.wallet[rows], mark.astype(np.int64) - books.entry_value[rows])
            add_at(kept, books.wallet[rows], np.rint(margin_of(np.abs(mark), *tiers)))
        return equity, kept

    return call


def numpy_bincount(books):
    """Columns of every position first, then one float64 sum a wallet."""
    tables, quanta_per_lot, start = by_contract(books)

    def call():
        pnl, margin = np.empty(len(books.quantity)), np.empty(len(books.quantity))
        for k, tiers in enumerate(tables):
            rows = slice(start[k], start[k + 1])
            mark = np.rint(books.quantity[rows] * quanta_per_lot[k])
            pnl[rows] = mark - books.entry_value[rows]
            margin[rows] = np.rint(search(np.abs(mark), *tiers))
        count = len(books.balance)
        return books.balance + np.bincount(books.wallet, pnl, count), np.bincount(books.wallet, margin, count)

    return call


# numba ----------------------------------------------------------------------------------------------------------------


def numba_loop(books):
    from .compiled import margins

    tables, quanta_per_lot, start = by_contract(books)
    first = np.cumsum([0, *(len(rate) for _, rate, _ in tables)])
    floor, rate, amount = (np.concatenate(column) for column in zip(*tables, strict=True))

    tiers = np.array(start), np.array(quanta_per_lot), first, floor, rate, amount
    return lambda: margins(*tiers, books.quantity, books.entry_value, books.wallet, books.balance)


# lrvx -----------------------------------------------------------------------------------------------------------------


def lrvx_accounts(books, extra: float = 0.0):
    """One account a wallet, in units and contracts: money is kept on a grid of 1e-8 there and ends at 9e10."""
    import lrvx

    quanta, lot = books.contracts[0].settle.quanta_per_unit, float(books.contracts[0].lot)
    accounts = [lrvx.Account(k, b) for k, b in enumerate((books.balance / quanta + extra).tolist())]
    marks = [float(books.marks[contract.symbol]) for contract in books.contracts]
    size = books.quantity * lot
    columns = books.wallet, books.contract, size, books.entry_value / quanta / size
    for wallet, code, held, price in zip(*(column.tolist() for column in columns), strict=True):
        accounts[wallet].open_position(code, held, price)
        accounts[wallet].set_mark(code, marks[code])
    return accounts


def lrvx_polled(books):
    """Equity of every account, asked from Python one by one."""
    accounts = lrvx_accounts(books)
    return lambda: np.array([account.equity() + account.total_unrealised_pnl() for account in accounts])


def equity_only(books, found):
    equity, _ = numpy_way(books, lines)()
    off = np.abs(found - equity / books.contracts[0].settle.quanta_per_unit)
    return f"equity only, within {off.max():.0e} units"


def first_mark(books: Books) -> float:
    return float(books.marks[books.contracts[0].symbol])


def lrvx_attached(books, accounts):
    tiers = books.contracts[0].tiers
    engine = lrvx_engine(zip(tiers.floor, tiers.rate, strict=True), fund=1e10, adl=False)
    for account in accounts:
        engine.attach_account(account)
    return engine


def lrvx_walk(books):
    """A mark that nobody fails at: every account has far more than it has."""
    accounts = lrvx_accounts(books, 1e9)
    engine, mark = lrvx_attached(books, accounts), first_mark(books)

    def call():
        # The engine does not keep accounts alive.
        return engine.on_mark(0, mark), len(accounts)

    return call


def failing(books, found):
    """Who fails with the balances that they have: by its rule, and by that of a tier each position."""
    if found[0]["liquidated"]:
        raise RuntimeError("lrvx liquidated accounts that have far more than they need")
    accounts = lrvx_accounts(books)
    theirs = np.unique(lrvx_attached(books, accounts).on_mark(0, first_mark(books))["liquidated"])
    ours = np.flatnonzero(adl.margin_state(books.snapshot()).liquidatable)
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
        Peer("adlcore, 1 thread", adlcore, answer=of_wallets),
        Peer("adlcore, 2 threads", partial(adlcore, threads=2), answer=of_wallets),
        Peer("NumPy searchsorted, add.at", numpy_way, note=BY_CONTRACT),
        Peer("NumPy largest line, add.at", partial(numpy_way, margin_of=lines), note=BY_CONTRACT),
        Peer("NumPy searchsorted, bincount", numpy_bincount, note=BY_CONTRACT),
        Peer("adlcore's own NumPy twin", reference, most=500_000, note=TWIN),
        Peer("lrvx, accounts polled", lrvx_polled, most=500_000, verdict=equity_only, note=LRVX),
        Peer("lrvx on_mark", lrvx_walk, most=500_000, verdict=failing, note=LRVX),
        Peer("numba, one loop", numba_loop, note=COMPILED),
    ]
