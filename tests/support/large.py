"""Numbers too large to be any, and what an error about one must be."""

from decimal import Decimal
from fractions import Fraction

import numpy as np


class Unshowable:
    """A number whose repr fails."""

    def __index__(self):
        return 2**5000

    def __repr__(self):
        raise RuntimeError("no")


#: No quantity, price, rate or time is any of these: each would overflow, hang or fill the memory.
LARGE = {
    "beyond int64 by far": 2**300,
    "beyond int64 below by far": -(2**300),
    "of 5,000 digits": 10**5000,
    "of 100,000 digits": 1 << 340_000,
    "text of 5,000 digits": "9" * 5000,
    "text of 100,000 digits": "-" + "9" * 10**5,
    "text with a giant exponent": "1e1000000",
    "text with a giant negative exponent": "1e-1000000",
    "text with an exponent of 40 digits": "1e" + "9" * 40,
    "decimal with a giant exponent": Decimal("1e1000000"),
    "decimal with a giant negative exponent": Decimal("1e-1000000"),
    "decimal of 100,000 digits": Decimal("7" * 10**5),
    "decimal of many places": Decimal("0." + "3" * 10**5),
    "bytes": b"9" * 10**5,
    "a list": [10**5000],
    "an array": np.array([10**5000, 1], object),
    "an object without a repr": Unshowable(),
}


FRACTIONS = {
    "fraction with giant parts": Fraction(10**5000, 10**5000 + 1),
    "fraction above giant parts": Fraction(1, 10**5000),
    "text of a fraction with giant parts": f"{'3' * 5000}/{'7' * 5001}",
    "text of a fraction with 100,000 digits": f"1/{'7' * 10**5}",
}
