"""Runs of the ten wallets under a trace function, and what rests in their order book."""

import sys
from contextlib import contextmanager


@contextmanager
def traced(trace):
    """Run with a trace function, by opcodes where frames ask for it."""
    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 looks for opcodes only if a frame asked for them before
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def depths(book) -> list[list[list[int]]]:
    """All that rests in a book, at the time of its last order and later."""
    return [
        [column.tolist() for side in book.depth(symbol, time).values() for column in side]
        for symbol in ("X", "Y", "I")
        for time in (None, 2000)
    ]
