from .rows import PositionBooks
from .sides import Counterparties, Cursor, Fills, RemainderLots, Side

def fits(loss: tuple[int, int, int], highest_price: int, numerator: int, denominator: int, inverse: bool) -> bool:
    """Whether the compiled `serve` can hold the numbers of a side whose prices are at most so many ticks.

    Parameters
    ----------
    loss : tuple of int
    highest_price : int
        Ticks.
    numerator, denominator : int
    inverse : bool
        All but the price as in `sides.Side`.

    Returns
    -------
    bool
        Where False, the twin in Python integers serves.
    """

def serve(
    books: PositionBooks,
    side: Side,
    remainders: RemainderLots,
    counterparties: Counterparties,
    cursor: Cursor,
    fills: Fills,
) -> int:
    """Serve remainders of a side, in order, from counterparties in the order of a ranking.

    A counterparty gives at most its lots, and where a lot at the remainder's price loses it something,
    ``floor(max(0, E - eps)/loss)``: E is its equity then, eps = 2 + ceil(|MV|·2^-51) quanta for roundings. One that
    gave all it might is used up. Every fill is booked at once, as `PositionBooks.close` does.

    Where the ranking ends before a remainder is served, the cursor stands at its end: go on with the same
    counterparties and more behind them, or with ``cursor.skip_remainder``.

    Parameters
    ----------
    books : PositionBooks
        Written.
    side : Side
    remainders : RemainderLots
        Written: lots that are open still, and lots that were filled.
    counterparties : Counterparties
        Written: who is used up.
    cursor : Cursor
        Written.
    fills : Fills
        Written, from its first row on; at least as many rows as there are counterparties and remainders.

    Returns
    -------
    int
        How many fills.

    Raises
    ------
    ValueError
        (argument, row, value, must), before anything is written, for rows, contracts, places and losses that do not
        fit; later, for holders whose arrays somebody wrote to meanwhile.
    OverflowError
        Where a number leaves int64. The fills before are booked, and the cursor is as it was.

    Notes
    -----
    O(counterparties + remainders + fills·tiers), and again for rows that a remainder passes over.
    """
