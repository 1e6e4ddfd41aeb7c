"""Terms, states and venues that no house begins with."""

import pytest

from adlcore.clearing import ClearingHouse, HouseState, Uncovered
from support import ten_wallets
from support.house_calls import BOOKS, CALLS, STATE
from support.refusals import FINITE, NAN, cases, refused, refuses, said

pytestmark = pytest.mark.plain


@pytest.mark.parametrize("given", [None, "state", {}, STATE.snapshot], ids=["None", "text", "dict", "snapshot"])
def test_what_is_no_state(given):
    refused(lambda: ClearingHouse.from_state(given, []), said("state", type(given).__name__, "must be a HouseState"))
    assert isinstance(STATE, HouseState)


TERMS = [
    ({"audit": True}, "must be 'on' or 'off'"),
    ({"audit": "maybe"}, "must be 'on' or 'off'"),
    ({"max_move": 0}, "must be above 0, or None"),
    ({"max_move": "-0.1"}, "must be above 0, or None"),
    ({"max_move": NAN}, FINITE),
    ({"threads": 0}, "must be a whole number, 1 or above"),
    ({"threads": "two"}, "must be a whole number, 1 or above"),
]


@cases("terms must", TERMS)
def test_terms_of_a_house(terms, must):
    ((argument, value),) = terms.items()
    refused(lambda: ClearingHouse(BOOKS, venue=[Uncovered()], **terms), said(argument, value, must))
    refused(lambda: ClearingHouse.from_state(STATE, ten_wallets.venue(), **terms), said(argument, value, must))


BEFORE, MILLIS = "must not be before the last one, 500", "must be a whole number, 0 or above, such as milliseconds"
TIMES = [(499, BEFORE), (0, BEFORE), *((time, MILLIS) for time in (-1, 2**63, 1000.0, NAN, "1000", True))]


@pytest.mark.parametrize("call", CALLS)
@cases("time must", TIMES)
def test_time_goes_forward_in_whole_numbers(house, call, time, must):
    refuses(house, lambda: CALLS[call](house, time=time), said("time", time, must))


@pytest.mark.parametrize("given", [object(), 7, "book", [(1, 100)]], ids=["object", "7", "text", "fills"])
def test_what_is_no_order_book(given):
    message = said("liquidity", given, "must have a method ioc(contract, quantity, limit, time)")
    refused(lambda: ClearingHouse.from_state(STATE, ten_wallets.venue(), given), message)
