"""What is deleveraged, in which order and at which price. Every number by hand."""

import pytest

from adlcore.clearing import Deleverage, TakeOver
from support.house_books import AT_100, TEN_PERCENT, PassResult, X, Y, build_house, fund, linear, mark_once, snapshot
from support.replays import assert_replay


def test_remainders_are_consumed_by_ascending_loss():
    """200 a lot before it in the round's order, 100 a lot before it here."""
    positions = [("X", 0, 1, 300), ("X", 1, 1, 200), ("X", 2, -2, -200)]
    done = mark_once([X], [0, 0, 1000], positions, {"X": "100"}, [Deleverage()])
    assert done.wallets("liquidation-started") == [0, 1]
    assert [fill[:3] for fill in done.fills("adl-fill") if fill[0] < 2] == [(1, -1, 200), (0, -1, 300)]


def test_the_loss_of_a_short_is_the_mark_less_its_price():
    """E -20 and -10 of a lot: bought back at 80 and 90 from longs at 100."""
    positions = [("X", 0, -1, -80), ("X", 1, -1, -90), ("X", 2, 2, 200)]
    done = mark_once([X], [0, 0, 1000], positions, {"X": "100"}, [Deleverage()])
    assert done.fills("adl-fill") == [(1, 1, 90, -90), (2, -1, 90, 90), (0, 1, 80, -80), (2, -1, 80, 80)]


def test_equal_losses_are_consumed_in_liquidation_order():
    """100 a lot both; the larger deficit was liquidated first."""
    positions = [("X", 0, 1, 200), ("X", 1, 2, 400), ("X", 2, -3, -300)]
    done = mark_once([X], [0, 0, 1000], positions, {"X": "100"}, [Deleverage()])
    assert [fill[:2] for fill in done.fills("adl-fill") if fill[0] < 2] == [(1, -2), (0, -1)]


def test_of_equal_losses_a_funds_comes_last():
    """The fund's 10 at 102 and wallet 1's lot at 102, at 98."""
    done = mark_once(
        [X], [0, 0, 900], [("X", 0, 10, 1020), ("X", 2, -11, -1122)], {"X": "102"}, [TakeOver(), Deleverage()]
    )
    done.house.trade("X", "1", "102", buyer=1, seller=None)
    down = done.mark({"X": "98"})
    assert down.fills("adl-notice") == [(2, 1, 102, 0), (2, 10, 102, 0)]
    assert down.fills("adl-fill")[0] == (1, -1, 102, 102)
    assert (down.cash(), down.inventory()) == (0, {})


#: Wallet 0: short 10, E 0: the fund takes it over at 100. Wallet 1: long 10, E -200, P 120: refused. Wallet 2 is rich.
NETTING = ([0, 0, 900], [("X", 0, -10, -1000), ("X", 1, 10, 1200), ("X", 2, -10, -1000)], {"X": "100"})


def test_the_funds_own_inventory_is_closed_first():
    """103 of fund bear floor((103 - 3)/20) = 5 lots at 120, wallet 2 the others."""
    # Refused: F' = 103 + 1000 - 1200. The fund's 5: 500 - 600.
    done = mark_once([X], *NETTING, [TakeOver(), Deleverage()], 103)
    assert done.own(1, "adl-fill") == [(-5, 120, 600), (-5, 120, 600)]
    assert done.fills("adl-fill", party="USDT") == [(-1, 5, 120, -600)]
    assert done.fills("adl-notice") == [(2, 5, 120, -100)]
    assert (done.cash(), done.equity(), done.inventory()) == (3, 3, {"X": (-5, -500)})


@pytest.mark.parametrize(("cash", "lots"), [(22, 0), (23, 1), (42, 1), (43, 2)])
def test_the_fund_closes_as_many_as_it_bears(cash, lots):
    """floor((F - 3)/20)."""
    done = mark_once([X], *NETTING, [TakeOver(), Deleverage()], cash)
    assert [fill[1] for fill in done.fills("adl-fill", party="USDT")] == ([lots] if lots else [])
    assert done.fills("adl-notice")[0][1] == 10 - lots


def test_the_fund_closes_all_where_it_does_not_lose():
    """At the mark it bought back what it sold there."""
    done = mark_once([X], *NETTING, [TakeOver(), Deleverage(price="mark")], 103)
    assert done.fills("adl-fill", party="USDT") == [(-1, 10, 100, -1000)]
    assert done.of("adl-notice") == []


def test_a_venue_may_leave_the_funds_inventory_out():
    """`net_fund_first=False`: all 10 of wallet 2's."""
    done = mark_once([X], *NETTING, [TakeOver(), Deleverage(net_fund_first=False)], 103)
    assert done.fills("adl-notice") == [(2, 10, 120, -200)]
    assert done.inventory() == {"X": (-10, -1000)}


@pytest.mark.parametrize(
    ("price", "paid"), [("bankruptcy", 120), ("mark", 100), ("previous-mark", 110), ("oracle", 105)]
)
def test_deleveraging_is_at_the_bankruptcy_price_unless_the_venue_says_otherwise(price, paid):
    """One lot that cost 120; the mark fell from 110 to 100, an oracle says 105. No fee, a notice."""
    positions = [("X", 0, 1, 120), ("X", 1, -1, -100)]
    done = mark_once(
        *([X], [0, 100], positions, {"X": "100"}, [Deleverage(price=price)], 50),
        old={"X": "110"},
        pass_={"oracle": {"X": "105"}},
    )
    assert done.fills("adl-fill") == [(0, -1, paid, paid), (1, 1, paid, -paid)]
    assert done.fills("adl-notice") == [(1, 1, paid, 100 - paid)]
    assert done.balance == [0, 200 - paid]
    # What the price leaves open the fund pays.
    assert done.cash() == 50 - (120 - paid)


def test_a_fund_below_zero_puts_its_inventory_there_at_shared_prices():
    """10 X that cost 1020 and 10 Y that cost 3020, at 100 and 300: F -40 over MM 50 and 150: 101 and 303."""
    wallets = [0, 0, 9000]
    positions = [("X", 0, 10, 1020), ("X", 2, -10, -1020), ("Y", 1, 10, 3020), ("Y", 2, -10, -3020)]
    done = mark_once([X, Y], wallets, positions, {"X": "102", "Y": "302"}, [TakeOver(), Deleverage()])
    down = done.mark({"X": "100", "Y": "300"})
    assert down.fills("adl-notice") == [(2, 10, 101, 10), (2, 10, 303, -10)]
    assert (down.cash(), down.equity(), down.inventory()) == (0, 0, {})


def test_a_venue_may_deleverage_only_what_is_bankrupt():
    """`below="0"`: E 0 and more stays uncovered."""
    positions = [("X", 0, 1, 100), ("X", 1, 1, 101), ("X", 2, -2, -200)]
    done = mark_once([X], [0, 0, 900], positions, {"X": "100"}, [Deleverage(below="0")])
    assert done.own(1, "adl-fill") == [(-1, 101, 101)]
    assert done.left_open == [(0, 1)]


def test_each_stage_ranks_a_side_anew():
    """Wallet 2 (200/400) gave a lot at 200: 100/300 is behind wallet 3 (160/400) when the second stage ranks."""
    # Wallet 1: E 5 of MM 5, P 95; the first stage leaves it, for it is not below zero.
    positions = [("X", 0, 1, 200), ("X", 1, 1, 95), ("X", 2, -2, -400), ("X", 3, -2, -360)]
    done = mark_once([X], [0, 0, 200, 280], positions, {"X": "100"}, [Deleverage(below="0"), Deleverage()])
    assert done.wallets("adl-notice") == [2, 3]
    assert mark_once([X], [0, 0, 200, 280], positions, {"X": "100"}, [Deleverage()]).wallets("adl-notice") == [2, 2]


def test_a_second_stage_tries_a_fund_that_the_first_tried_in_the_round():
    """Wallet 1 is no winner: the first stage leaves the fund's 10, the second closes them."""
    stages = [TakeOver(), Deleverage(eligible="winners"), Deleverage()]
    done = mark_once([X], [0, 9000], [("X", 0, 10, 1020), ("X", 1, -10, -900)], {"X": "102"}, stages)
    assert done.inventory() == {"X": (10, 1020)}
    down = done.mark({"X": "98"})
    assert down.fills("adl-notice") == [(1, 10, 102, -120)]
    assert down.inventory() == {}


def test_what_funds_close_of_a_side_is_told_before_what_its_users_close():
    """At the mark the fund's 3 short close wallet 2's 2 long and one of wallet 1's; a user closes the other."""
    rows = [("X", 0, -3, -300), ("X", 1, 2, 202), ("X", 2, 2, 204), ("X", 3, -9, -900)]
    done = mark_once([X], [0, 0, 0, 900], rows, {"X": "100"}, [TakeOver(), Deleverage(price="mark")])
    told = list(done.events.rows("adl-fill"))
    pairs = [(one["wallet"], one["lots"], other["fund"] or other["wallet"]) for one, other in zip(*[iter(told)] * 2)]
    assert pairs == [(2, -2, "USDT"), (1, -1, "USDT"), (1, -1, 3)]


def test_deleveraging_goes_contract_by_contract_longs_before_shorts():
    """In the order of the snapshot's contracts, whatever the order of the wallets."""
    # Longs that cost 200, E -100; a short sold at 10, E -90.
    bankrupt = [("X", 0, 1, 200), ("Y", 1, -1, -10), ("Y", 2, 1, 200)]
    rich = [("X", 3, -1, -100), ("Y", 4, -1, -100), ("Y", 5, 1, 100)]
    done = mark_once([Y, X], [0, 0, 0, 1000, 1000, 1000], bankrupt + rich, AT_100, [Deleverage()])
    assert done.wallets("liquidation-started") == [0, 2, 1]
    assert done.wallets("adl-fill") == [2, 4, 1, 5, 0, 3]


def test_deleveraging_does_not_stop_for_a_wallet_that_turns_healthy_inside_it():
    """X at 96 leaves E 10 over MM 5, and Y goes all the same."""
    # E 50 over MM 50 and 5: X bears floor(45.4) = 45: 955, 96 a lot; Y 5: 95. Rest 50 - 40 - 5.
    positions = [("X", 0, 10, 1000), ("Y", 0, 1, 100), ("X", 1, -10, -1000), ("Y", 1, -1, -100)]
    done = mark_once([X, Y], [50, 1000], positions, AT_100, [Deleverage()])
    assert [fill for fill in done.fills("adl-fill") if fill[0] == 0] == [(0, -10, 96, 960), (0, -1, 95, 95)]
    assert done.amounts("rest") == [(0, -5)]
    assert done.of("healthy") == []


@pytest.mark.parametrize(("mark", "price"), [("2.5", 2), ("3.5", 4), ("0.3", 1)])
def test_a_mark_at_which_somebody_trades_is_rounded_to_whole_ticks(mark, price):
    """Half-even, at least one tick; the event records it."""
    done = mark_once([X], [0, 20], [("X", 0, 1, 10), ("X", 1, -1, -10)], {"X": mark}, [Deleverage(price="mark")])
    assert done.fills("adl-fill") == [(0, -1, price, price), (1, 1, price, -price)]


def test_there_is_one_notice_a_fill():
    """Two remainders, two fills of one row, two notices: what each realized."""
    # E -100 and -110: P 200 and 210. Wallet 2 short 2, EV -300: releases 150 and 150.
    positions = [("X", 0, 1, 200), ("X", 1, 1, 210), ("X", 2, -2, -300)]
    done = mark_once([X], [0, 0, 500], positions, {"X": "100"}, [Deleverage()])
    assert done.fills("adl-notice") == [(2, 1, 200, -50), (2, 1, 210, -60)]


A, B = linear("A", TEN_PERCENT), linear("B", TEN_PERCENT)
STAGES = [TakeOver(), Deleverage()]


def sunk(balances, lou, win, stages=STAGES):
    """Bea's rows go to the fund at 100 and 100, and the marks move on against it: A to 90, B to 80."""
    rows = [("A", 0, -10, -1000), ("B", 0, 10, 1000)]
    rows += [("A", 1, *lou), ("A", 2, *win), ("A", 3, -20, -2000), ("B", 3, -10, -1000)]
    house = build_house(snapshot([A, B], balances, rows, {"A": "100", "B": "100"}), stages, 0)
    house.mark({"A": "100"})
    before = house.state()
    down = PassResult(house, house.mark({"A": "90", "B": "80"}))
    assert_replay(before, down.events, house)
    assert house.audit() == []
    return down


def test_a_fund_is_not_deleveraged_for_lots_that_another_closed_against_it():
    """Lou's 10 long close the fund's 10 short at 85: win has nothing to close, and only the fund's B is left."""
    # F = (1000 - 900) - (1000 - 800) = -100. Lou: E 150 - 100 = 50 of 900: P 85.
    done = sunk([0, 150, 1000, 9000], lou=(10, 1000), win=(20, 1600))
    assert done.fills("adl-fill", party="USDT")[0] == (-1, 10, 85, -850)
    assert [fill[0] for fill in done.fills("adl-notice")] == [3]
    assert done.house.snapshot().positions.quantity.tolist() == [0, 0, 20, -20, 0, 0]
    assert "A" not in done.inventory()


def test_what_others_left_of_a_funds_row_is_what_is_deleveraged():
    """Lou's 4 close 4 of the fund's 10 short: win gives 6 of 26, not 10, and the fund is never long."""
    done = sunk([0, 60, 1000, 9000], lou=(4, 400), win=(26, 2080))
    given = [fill for fill in done.fills("adl-notice") if fill[0] == 2]
    assert [fill[1] for fill in given] == [-6]
    assert done.house.snapshot().positions.quantity.tolist() == [0, 0, 20, -20, 0, 0]
    assert "A" not in done.inventory()


def test_prices_stay_those_of_the_stages_start():
    """F -100 over MM 90 and 80: the 6 lots at the price that all 10 had, 84, whatever lou's 4 brought."""
    # A: share floor(-100·90/170) = -53: BV -900 + 53 = -847 of 10: 84.7, down to 84.
    whole = sunk([0, 0, 1000, 9000], lou=(0, 0), win=(26, 2080))
    part = sunk([0, 60, 1000, 9000], lou=(4, 400), win=(26, 2080))
    assert [[fill[2] for fill in done.fills("adl-notice") if fill[0] == 2] for done in (whole, part)] == [[84], [84]]


@pytest.mark.parametrize("stages", [STAGES, [*STAGES, Deleverage()], [*STAGES, Deleverage("roi", price="mark")]])
def test_a_second_stage_finds_what_the_first_left(stages):
    """Nothing of A: neither lou's lots nor the fund's are asked for again."""
    done = sunk([0, 60, 1000, 9000], lou=(4, 400), win=(26, 2080), stages=stages)
    assert [fill[:2] for fill in done.fills("adl-notice")] == [(2, -6), (3, 10)]
    assert done.inventory() == {}


def test_a_fund_is_not_deleveraged_for_lots_that_its_parent_closed():
    """The parent's 10 long close the child's 10 short at the mark: wallet 3, who is long, keeps its lots."""
    stages = [Deleverage(price="mark", below="0"), TakeOver()]
    rows = [("A", 0, -10, -1000), ("B", 2, 10, 1000), ("B", 3, -10, -1000)]
    funds = [fund(0, scope="A", parent="USDT"), fund(100)]
    house = build_house(snapshot([A, B], [0, 100, 0, 9000], rows, {"A": "100", "B": "100"}), stages, funds)
    house.mark({"A": "100"})  # the child takes 10 short A, the parent 10 long B
    house.mark({"A": "110"})
    # E 50: P 105. The child, at -100, refuses; the parent has 100 + 1100 - 1050.
    house.trade("A", "10", "115", buyer=1)
    held = PassResult(house, house.mark({"A": "110"}))
    assert (held.equity("A"), held.inventory("A")) == (-100, {"A": (-10, -1000)})
    assert (held.equity(), held.inventory()) == (150, {"A": (10, 1050), "B": (10, 1000)})
    house.trade("A", "5", "110", buyer=3)
    down = held.mark({"A": "110", "B": "50"})
    assert down.fills("adl-fill", party="USDT")[0] == (-1, -10, 110, 1100)
    assert down.fills("adl-fill", party="A") == [(-1, 10, 110, -1100)]
    assert [fill[:2] for fill in down.fills("adl-notice")] == [(3, 10)]  # of B
    assert (down.inventory("A"), down.inventory()) == ({}, {})
