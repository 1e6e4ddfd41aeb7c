"""How a house opens: the street balances, debts are settled, and what does not fit is refused."""

import warnings

import pytest

import adlcore as adl
from adlcore.clearing import Backstop, ClearingHouse, Deleverage, Uncovered
from support.house_books import FLAT, PassResult, X, Y, build_house, fund, linear, snapshot
from support.house_calls import BOOKS, STATE
from support.refusals import cases, refused, said


def test_the_street_stands_against_unbalanced_open_interest():
    """X: 3 more are long, worth 300 at the mark; Y is balanced."""
    positions = [("X", 0, 5, 450), ("X", 1, -2, -210), ("Y", 0, -1, -90), ("Y", 1, 1, 120)]
    house = build_house(snapshot([X, Y], [1000, 1000], positions, {"X": "100", "Y": "100"}), [Uncovered()])
    assert [
        (row["kind"], row["fund"], row["contract"], row["lots"], row["amount"]) for row in house.opening.rows()
    ] == [("balanced", "street", "X", -3, 300)]
    assert (house.opening.first, house.state().sequence, house.audit()) == (0, 1, [])
    parties = house.state().parties
    assert (parties.lots[0].tolist(), parties.cost[0].tolist()) == ([-3, 0], [-300, 0])
    assert house.snapshot().positions.quantity.tolist() == [5, -2, -1, 1]


def test_balanced_books_open_strictly():
    house = ClearingHouse(snapshot([X], *FLAT), venue=[Uncovered()], strict=True)
    assert (len(house.opening), house.audit()) == (0, [])


def test_unbalanced_books_are_warned_of_by_the_snapshot_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ClearingHouse(snapshot([X], [1000], [("X", 0, 5, 450)], {"X": "100"}), venue=[Uncovered()])


def test_a_debt_that_stands_at_the_opening():
    """Wallet 0 holds nothing and owes 30: the fund pays 20 as the house opens, and 10 stay open."""
    positions = [("X", 1, 10, 1000), ("X", 2, -10, -1000)]
    house = build_house(snapshot([X], [-30, 100, 1000], positions, {"X": "100"}), [Deleverage()], 20)
    assert (house.snapshot().wallets.balance.tolist(), house.audit()) == ([-10, 100, 1000], [])
    assert house.opening.counts() == {"cover": 1, "fund-paid": 1, "uncovered-money": 1}
    assert house.last_events == house.opening
    done = PassResult(house, house.mark({"X": "90"}))
    assert done.story("adl-notice", "cover", "uncovered-money") == [("adl-notice", 2)]
    assert done.balance == [-10, 0, 1100]
    assert dict(house.state().uncovered) == {(0, 0): 10}
    assert (done.cash(), house.audit()) == (0, [])


TIERLESS = snapshot([linear("X"), linear("Y", tiers=None)], [100], [], {"X": "100"})
TICKLESS = snapshot([linear("X", tick=None)], [100], [], {"X": "100"})
STATES = [
    *((given, said("snapshot", type(given).__name__, "must be a Snapshot")) for given in (None, "books", {}, STATE)),
    (TIERLESS, "contracts[1] is 'Y': must have margin tiers: Contract(..., tiers=MarginTiers(...))"),
    (TICKLESS, "contracts[0] is 'X': must have a tick: Contract(..., tick=...)"),
]


@pytest.mark.plain
@cases("given message", STATES)
def test_what_no_house_begins_with(given, message):
    refused(lambda: ClearingHouse(given, venue=[Uncovered()]), message)


FUND_LISTS = [
    ([fund(5, "KRW")], said("funds.asset", "KRW", "must be one of the assets USDT", 0)),
    ([fund(5), fund(6)], "funds.scope[1] is None: must name a scope: 'USDT' is the fund of USDT without one"),
    ([fund(5, scope="Z")], said("funds.scope", "Z", "must name contracts of the house", 0)),
    ([fund(5, scope="X", parent="BTC")], said("funds.parent", "BTC", "must be one of the funds X, USDT", 0)),
    ([fund(5, name="vault")], said("funds", "vault", "must have another name than a vault of the venue")),
    ([5], said("funds", 5, "must be an InsuranceFund", 0)),
    (fund(5), said("funds", fund(5), "must be a list of InsuranceFund")),
    (5, said("funds", 5, "must be a list of InsuranceFund")),
]


@pytest.mark.plain
@cases("funds message", FUND_LISTS)
def test_funds_that_do_not_fit(funds, message):
    refused(lambda: ClearingHouse(BOOKS, funds, [Backstop()]), message)


@pytest.mark.plain
def test_unbalanced_open_interest_where_that_is_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", adl.OpenInterestWarning)
        books = snapshot([linear("X")], [100, 100], [("X", 0, 3, 300), ("X", 1, -1, -100)], {"X": "100"})
    message = said("positions.quantity", 2, "the longs and shorts of X must be equal; 2 lots more are longs")
    refused(lambda: ClearingHouse(books, venue=[Uncovered()], strict=True), message)


WATCH = [Uncovered()]
