"""When the triggers of funds observe, and what they see. Every number by hand."""

from adlcore.clearing import Drawdown, NetNotionalCap, TakeOver
from support.house_books import AT_100, PassResult, X, Y, build_house, fund, mark_once, snapshot


def test_a_drawdown_observes_at_the_start_of_a_pass_and_at_its_end_only():
    """100 less 50 is no event until a mark looks: before anybody is liquidated, so that nothing is taken over."""
    drop = fund(100, trigger=Drawdown(10, "-0.3", "-0.1"))
    house = build_house(snapshot([X], [0], [("X", 0, 1, 100)], {"X": "100"}), [TakeOver()], [drop])
    assert house.fund_deposit("USDT", "-50").rows("trigger-on") == []
    done = PassResult(house, house.mark({}, time=1))
    assert [row["kind"] for row in done.events.rows()][:2] == ["trigger-on", "liquidation-started"]
    assert done.of("take-over") == []


def test_within_a_pass_what_a_fund_would_be_left_with_is_measured():
    """A loss of 29 leaves 71 of 100, which is above 70; one more would leave 70, at which the trigger would turn on."""
    drop = fund(100, trigger=Drawdown(10, "-0.3", "-0.1"))
    done = mark_once([X, Y], [0, 0], [("X", 0, 1, 129), ("Y", 1, 1, 101)], AT_100, [TakeOver()], [drop])
    assert [fill[0] for fill in done.fills("take-over")] == [0]
    assert list(done.events.rows("trigger-on")) == []


def test_a_drawdown_of_contracts_watches_all_that_its_fund_may_hold():
    """The child takes nothing; the parent's 10 X at 100 bring -100 at 90, a fall of 5 % of 1000 and more."""
    small = fund(0, scope="X", parent="USDT", trigger=NetNotionalCap("0.001"))
    large = fund(1000, trigger=Drawdown(10, "-0.05", "-0.01", of="contract", relative_to="pool"))
    done = mark_once([X, Y], [0, 0], [("X", 0, 10, 1000)], AT_100, [TakeOver()], [small, large], pass_={"time": 0})
    assert done.inventory() == {"X": (10, 1000)}
    done.house.trade("X", "1", "90", buyer=1)
    done.house.trade("Y", "1", "100", buyer=1)
    down = done.mark({"X": "90"}, time=1)
    assert [(row["fund"], row["contract"]) for row in down.events.rows("trigger-on")] == [("USDT", "X")]
    assert [row["contract"] for row in down.of("take-over")] == ["Y"]


def test_a_fund_may_be_left_with_nothing_which_turns_its_drawdown_on_at_the_end():
    """A fall of 300 % is out of reach, F' = 0 is accepted; observed, nothing left is on, whatever the fall."""
    drop = fund(100, trigger=Drawdown(10, "-3", "-2"))
    done = mark_once([X], [0, 0], [("X", 0, 1, 200)], {"X": "100"}, [TakeOver()], [drop], pass_={"time": 0})
    assert (done.equity(), [row["kind"] for row in done.events.rows()][-1]) == (0, "trigger-on")
    done.house.trade("X", "1", "100", buyer=1)
    again = done.mark({}, time=1)
    assert (again.wallets("liquidation-started"), again.of("take-over")) == ([1], [])
