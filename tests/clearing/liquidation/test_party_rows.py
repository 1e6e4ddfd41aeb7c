"""What street, vaults and funds hold, owe and lend. Every number by hand."""

from adlcore.clearing import Deleverage, TakeOver, Uncovered
from support.house_books import PassResult, X, build_house, fund, linear, mark_once, snapshot


def test_the_equity_of_a_fund_is_its_cash_and_what_its_inventory_gained():
    """7 of cash, 10 lots that cost 1000: at 103 F is 37, at 99 it is -3."""
    done = mark_once([X], [0], [("X", 0, 10, 1000)], {"X": "100"}, [TakeOver()], 7)
    assert (done.cash(), done.equity(), done.inventory()) == (7, 7, {"X": (10, 1000)})
    assert done.mark({"X": "103"}).equity() == 37
    down = done.mark({"X": "99"})
    assert (down.cash(), down.equity()) == (7, -3)


def test_a_parent_lends_cash_up_to_its_cap():
    """A deficit of 400: 50 of the contract's fund, 200 of its parent, 150 of nobody."""
    # Long 10 at 150, mark 100, nothing above 110: 1100 - 1500.
    contract = linear(max_price="110")
    funds = [fund(1000), fund(50, scope="X", parent="USDT", parent_cap="200")]
    positions = [("X", 0, 10, 1500), ("X", 1, -10, -1000)]
    done = mark_once([contract], [0, 2000], positions, {"X": "100"}, [Deleverage()], funds)
    assert done.amounts("fund-paid", party="X") == [(-1, -50)]
    assert done.amounts("fund-paid", party="USDT") == [(-1, -200)]
    assert (done.balance[0], done.cash("X"), done.cash("USDT")) == (-150, 0, 800)


WATCH = [Uncovered()]


def test_a_trade_through_zero_closes_first_and_opens_with_the_difference():
    """Long 2 that cost 10, 5 sold at 6.5: closes at 13, opens -3 with 13 - 32 (32.5 rounded half-even)."""
    house = build_house(snapshot([linear(tick="0.5")], [100], [("X", 0, 2, 10)], {"X": "6"}), WATCH)
    done = PassResult(house, house.trade("X", "5", "6.5", buyer=None, seller=0))
    assert done.fills("trade") == [(0, -2, 13, 13), (0, -3, 13, 19)]
    assert (done.balance, sum(done.lots), sum(done.cost)) == ([103], -3, -19)
