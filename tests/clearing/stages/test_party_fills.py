"""Rows that vaults and funds take whole: netted with what they hold, and through zero. Every number by hand."""

import pytest

from adlcore.clearing import Backstop, TakeOver
from support.house_books import X, mark_once


def test_a_vault_takes_wallets_in_the_rounds_order_and_through_zero():
    """30 < 2/3·50 both: 10 long at 97, then 10 of 12 short close them and 2 open."""
    done = mark_once([X], [30, 36], [("X", 0, 10, 1000), ("X", 1, -12, -1200)], {"X": "100"}, [Backstop()])
    assert done.fills("backstop", party="vault") == [(-1, 10, 97, -970), (-1, -10, 103, 1030), (-1, -2, 103, 206)]


def test_a_fund_holds_one_row_a_contract_and_closes_the_other_side_first():
    """Long 10 at 100, then short 4 at 102: 8 of gain in cash, 6 lots left."""
    # Wallet 1: U 20, E 10, MM 20: BV -410, 102.5 down. Its rest: -10 + 420 - 408 = 2.
    done = mark_once([X], [0, -10], [("X", 0, 10, 1000), ("X", 1, -4, -420)], {"X": "100"}, [TakeOver()])
    assert done.fills("take-over") == [(0, -10, 100, 1000), (1, 4, 102, -408)]
    assert (done.cash(), done.inventory()) == (8 + 2, {"X": (6, 600)})


@pytest.mark.parametrize(("lots", "inventory"), [(12, (2, 196)), (10, None)])
def test_a_take_over_through_zero_opens_the_rest(lots, inventory):
    """Short 10 at 100, then long 12 at 98: 20 of gain, 2 lots at 98."""
    # Wallet 0: short 10, E 0: taken first. Wallet 1: E 2 a lot: P 98.
    positions = [("X", 0, -10, -1000), ("X", 1, lots, 100 * lots)]
    done = mark_once([X], [0, 2 * lots], positions, {"X": "100"}, [TakeOver()])
    assert (done.cash(), done.inventory()) == (20, {"X": inventory} if inventory else {})
