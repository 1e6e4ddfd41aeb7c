"""The margin of large books: full passes, marks, liquidation prices, and the snapshots that they start from."""

from pathlib import Path

from harness import cases
from harness.asv_class import OnBooks
from harness.books import KINDS, SIZES


class Margin(OnBooks, case=cases.margin, times="read_columns margin_state", size=SIZES, kind=KINDS, threads=(1, 2)):
    """One pass over every position."""


class Marks(
    OnBooks, case=cases.marks, times="mark_one_contract mark_in_turn mark_all_contracts", size=SIZES, kind=KINDS
):
    """One contract between two marks: over and over, and each contract in its turn."""


class LiquidationPrices(
    OnBooks,
    case=cases.liquidation_prices,
    times="liquidation_price positions_liquidation_price positions_bankruptcy_price",
    size=SIZES,
    kind=KINDS,
):
    """By columns, and of every position of books."""


class Snapshots(
    OnBooks, case=cases.snapshots, times="unchecked checked checked_out_of_order hash to_npz from_npz", size=SIZES
):
    """Made by columns, hashed, written and read."""

    def teardown(self, size):
        Path("snapshot.npz").unlink(missing_ok=True)


class MarginMemory(
    OnBooks,
    case=cases.margin_memory,
    peaks="margin_state",
    extras={"extra": "margin_state", "extra_of_a_mark": "mark"},
    size=SIZES,
):
    """Peak of the process, and what a state adds: two int64 a position, two int64 and a byte a wallet."""
