"""Files of positions: a good one, what a bad one is refused with, and decimals as files hold them."""

from decimal import Decimal

from hypothesis import strategies as st

HEADER = "account,quantity,entry_price,equity\n"
GOOD = HEADER + "a,-1.50,20,5\nb,-0.25,21,6\nc,2,22,7\n"


def decimals():
    """Decimal text as files hold it: signs, zeros at both ends, exponents."""
    plain = st.decimals(-(10**8), 10**8, places=None, allow_nan=False, allow_infinity=False).map(
        lambda d: format(d.quantize(Decimal(1).scaleb(-(abs(hash(d)) % 9))), "f")
    )
    scientific = st.tuples(st.integers(-(10**6), 10**6), st.integers(-8, 3)).map(lambda p: f"{p[0]}e{p[1]}")
    return st.one_of(plain, scientific, st.sampled_from(["0", "-0.000", "+1.50", ".5", "7.", "00012", "0e-30"]))
