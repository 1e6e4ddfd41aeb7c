"""Which wallets a vault takes over, whole or row by row. Every number by hand."""

import pytest

from adlcore.clearing import Backstop
from support.house_books import AT_100, X, Y, linear, mark_once


@pytest.mark.parametrize(("equity", "taken"), [(50, 0), (49, 1), (0, 1), (-1, 0)])
def test_a_vault_takes_rows_of_wallets_above_zero_and_below_two_thirds_of_their_margin(equity, taken):
    """15 lots at 100: MM 75, of which 50."""
    done = mark_once([X], [equity], [("X", 0, 15, 1500)], {"X": "100"}, [Backstop(below="2/3")])
    assert len(done.of("backstop")) == taken


def test_a_vault_takes_them_at_the_bankruptcy_price():
    """E 49: 1451/15 = 96.7, up to 97."""
    done = mark_once([X], [49], [("X", 0, 15, 1500)], {"X": "100"}, [Backstop()])
    assert done.own(0, "backstop") == [(-15, 97, 1455)]
    assert done.party("vault")[0] == 15
    # -1455 for the lots, and the rest of 4.
    assert done.party("vault")[1] == -1455 + 4


@pytest.mark.parametrize(
    ("by", "taken", "balance", "rest"),
    [("wallet", [(-1000, 98, 9800), (-1, 100, 10)], 0, [(0, -50)]), ("row", [(-1000, 98, 9800)], 50, [])],
)
def test_a_vault_takes_a_wallet_at_once_or_row_by_row(by, taken, balance, rest):
    """E 250 of MM 500: 1000 X at 9.75, up 9.8, leave 50 to one Y, whose MM is 0."""
    contracts = [linear("X", tick="0.1"), linear("Y", tick="0.1")]
    positions = [("X", 0, 1000, 10_000), ("Y", 0, 1, 10)]
    done = mark_once(contracts, [250], positions, {"X": "10", "Y": "10"}, [Backstop(by=by)])
    assert done.own(0, "backstop") == taken
    assert (done.balance, done.amounts("rest")) == ([balance], rest)


def test_what_a_vault_holds_is_told_by_the_state():
    """Inventory and cash of the row that bears its name."""
    parties = mark_once([X], [49], [("X", 0, 15, 1500)], {"X": "100"}, [Backstop(vault="hlp")]).house.state().parties
    row = parties.code("hlp")
    assert (parties.lots[row].tolist(), parties.cost[row].tolist(), parties.cash[row].tolist()) == ([15], [1455], [4])


def test_the_backstop_by_row_stops_on_the_equity_of_the_moment():
    """30 < 2/3·55: X goes at 98; then E 10 is not below 2/3·5."""
    # X bears floor(30·50/55) = 27: 973, 98 a lot.
    done = mark_once([X, Y], [30], [("X", 0, 10, 1000), ("Y", 0, 1, 100)], AT_100, [Backstop(by="row")])
    assert done.fills("backstop") == [(0, -10, 98, 980)]
    assert done.lots == [0, 1]


@pytest.mark.parametrize(("balance", "taken"), [(19, 1), (20, 0)])
@pytest.mark.parametrize("below", ["2/3", 2 / 3])
def test_two_thirds_are_the_fraction(balance, taken, below):
    """Of MM 30 they are exactly 20."""
    done = mark_once([X], [balance], [("X", 0, 6, 600)], {"X": "100"}, [Backstop(below=below)])
    assert len(done.of("backstop")) == taken
