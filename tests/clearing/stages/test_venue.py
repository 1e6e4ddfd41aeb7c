"""What is no venue, and what a house asks of one."""

import pytest

from adlcore.clearing import Backstop, BookIOC, CancelOrders, ClearingHouse, Deleverage, TakeOver, Uncovered, Venue
from support.house_books import build_house
from support.house_calls import BOOKS
from support.refusals import NOT_BELOW_0, refused, said, table

pytestmark = pytest.mark.plain

STAGE, LAST = "must be a stage, such as TakeOver()", "must be the last: it names what nobody took"
FROM_1, FROM_0 = "must be a whole number, 1 or above, or None", "must be a whole number, 0 or above"
AT_ONCE = "must be 0 where orders go down the tiers: they follow each other at once"
SHARE, PORTION = "must be a share, from 0 to below 1", "must be above 0 and at most 1, or 'tiers'"
OWN_NAME = "must be a name of its own, such as 'vault'"
test_stages_and_venues_that_cannot_be = table(
    (lambda: Venue("v", [CancelOrders]), said("stages", CancelOrders, STAGE, 0)),
    (lambda: Venue("v", [CancelOrders(), "TakeOver"]), said("stages", "TakeOver", STAGE, 1)),
    (lambda: Venue("v", [Uncovered(), TakeOver()]), said("stages", Uncovered(), LAST, 0)),
    (lambda: Venue("v", [Uncovered()], max_rounds=0), said("max_rounds", 0, FROM_1)),
    (lambda: Venue("v", [Uncovered()], max_rounds=1.5), said("max_rounds", 1.5, FROM_1)),
    (
        lambda: Venue("v", [Uncovered()], trigger="full"),
        said("trigger", "full", "must be a trigger, such as Depleted()"),
    ),
    (lambda: BookIOC(limit="mark"), said("limit", "mark", "must be one of bankruptcy, fund")),
    (lambda: BookIOC(surplus="street"), said("surplus", "street", "must be one of wallet, fund")),
    (lambda: BookIOC(fee=1), said("fee", 1, SHARE)),
    (lambda: BookIOC(fee="-0.1"), said("fee", "-0.1", SHARE)),
    (lambda: BookIOC(portion=0), said("portion", 0, PORTION)),
    (lambda: BookIOC(portion="1.1"), said("portion", "1.1", PORTION)),
    (lambda: BookIOC(above=-1), said("above", -1, NOT_BELOW_0)),
    (lambda: BookIOC(cool_down=-1), said("cool_down", -1, FROM_0)),
    (lambda: BookIOC(cool_down=0.5), said("cool_down", 0.5, FROM_0)),
    (lambda: BookIOC(portion="tiers", cool_down=5), said("cool_down", 5, AT_ONCE)),
    (lambda: Backstop(below=-1), said("below", -1, NOT_BELOW_0)),
    (lambda: Backstop(vault="street"), said("vault", "street", OWN_NAME)),
    (lambda: Backstop(vault=""), said("vault", "", OWN_NAME)),
    (lambda: Deleverage("best"), said("rule", "best", "must be a known rule; nearest: bitmex")),
    (lambda: Deleverage(price="last"), said("price", "last", "must be one of bankruptcy, mark, previous-mark, oracle")),
    (lambda: Deleverage(eligible="some"), said("eligible", "some", "must be one of all, winners")),
    (lambda: Deleverage(same_account="ask"), said("same_account", "ask", "must be one of allow, exclude")),
    (lambda: Deleverage(below=-1), said("below", -1, "must be 0 or above, or None")),
)


def test_venues_that_do_not_fit():
    """A name is not enough: it is a Venue, or its stages, and a state goes on with its vaults."""
    wanted = said("venue", "binance", "must be a list of stages, such as [TakeOver()]")
    refused(lambda: ClearingHouse(BOOKS, venue="binance"), wanted)
    state, wanted = (
        build_house(BOOKS, [Uncovered()]).state(),
        said("venue", "pool", "must name vaults that the state has"),
    )
    refused(lambda: ClearingHouse.from_state(state, [Backstop(vault="pool")]), wanted)
