"""How much a counterparty gives, and what becomes of its orders. Every number by hand."""

import pytest

import adlcore as adl
from adlcore.clearing import Deleverage
from support.house_books import AT_100, X, Y, linear, mark_once, orders


@pytest.mark.parametrize(("equity", "given"), [(102, 0), (103, 1), (202, 1), (203, 2)])
def test_a_row_gives_as_many_lots_as_its_equity_bears(equity, given):
    """floor((E - ε)/100), ε = 2 + ceil(300·2^-51) = 3."""
    done = mark_once([X], [0, equity], [("X", 0, 3, 600), ("X", 1, -3, -300)], {"X": "100"}, [Deleverage()])
    assert [fill[1] for fill in done.fills("adl-notice")][:1] == ([given] if given else [])


#: Too little of small values to be a quantum.
TINY = adl.MarginTiers([0], ["0.00000000000000000001"])


@pytest.mark.parametrize(("lots", "given"), [(2**51, 6), (2**51 + 1, 5), (2**52, 5), (2**52 + 1, 4)])
def test_the_reserve_for_roundings_grows_with_the_value(lots, given):
    """A loss of 1 a lot, E 9: ε is 2 + ceil(|MV|·2^-51)."""
    contract = linear(tiers=TINY)
    done = mark_once([contract], [0, 9], [("X", 0, 10, 20), ("X", 1, -lots, -lots)], {"X": "1"}, [Deleverage()])
    assert done.fills("adl-notice")[0][1] == given


def test_there_is_no_cap_where_a_counterparty_does_not_lose():
    """Ten lots at the mark, to a wallet whose equity is 1."""
    # X has no margin: its E of 1 is healthy. Wallet 0 is liquidated for its Y, E 20 of MM 50, which bears all of it.
    x, y = linear("X", TINY), linear("Y")
    positions = [("X", 0, 10, 1000), ("Y", 0, 10, 1000), ("X", 1, -10, -1000)]
    done = mark_once([x, y], [20, 1], positions, AT_100, [Deleverage()])
    assert done.fills("adl-fill") == [(0, -10, 100, 1000), (1, 10, 100, -1000)]


def test_a_remainder_at_a_thousand_marks_does_not_block_harmless_ones():
    """One lot clamped at 100,000 is first in the round; 100 lots at a loss of 1 are closed all the same, before it."""
    # Wallet 0: E -200,000: BV 200,100, held at 1,000 marks. Wallet 1: E -100, P 101. Wallet 2: E 700 over MM 505, 600
    # after, which does not bear 99,900.
    positions = [("X", 0, 1, 100), ("X", 1, 100, 10_100), ("X", 2, -101, -10_100)]
    done = mark_once([X], [-200_000, 0, 700], positions, {"X": "100"}, [Deleverage()])
    assert done.wallets("liquidation-started") == [0, 1]
    assert done.fills("adl-fill") == [(1, -100, 101, 10_100), (2, 100, 101, -10_100)]
    assert done.left_open == [(0, 1)]


def test_a_used_up_row_never_comes_again():
    """The first (score 1/2) gives what it bears and is passed; the next remainder starts behind it."""
    # A loss of 10 and of 20 a lot. Wallet 2: U 20, E 40 bears floor(37/10) = 3 of 4 lots; then E 10, MM 5. Wallet 3
    # scores 0, and gives all others.
    positions = [("X", 0, 5, 550), ("X", 1, 1, 120), ("X", 2, -4, -420), ("X", 3, -9, -900)]
    done = mark_once([X], [0, 0, 20, 900], positions, {"X": "100"}, [Deleverage()])
    assert [fill[:3] for fill in done.fills("adl-notice")] == [(2, 3, 110), (3, 2, 110), (3, 1, 120)]


def test_an_excluded_row_before_the_cursor_is_kept_for_the_next_remainder():
    """Ann's isolated short leads; her own remainder passes it, and two others' find it where it stood."""
    wallets = [
        ("ann", "cross", 0),
        ("bob", "cross", 0),
        ("cat", "cross", 0),
        ("ann", "isolated", 300),
        ("dan", "cross", 990),
    ]
    positions = [*(("X", 0, 1, 110), ("X", 1, 1, 120), ("X", 2, 1, 130)), *(("X", 3, -2, -250), ("X", 4, -5, -510))]
    done = mark_once([X], wallets, positions, {"X": "100"}, [Deleverage(same_account="exclude")])
    assert [fill[:3] for fill in done.fills("adl-notice")] == [(4, 1, 110), (3, 1, 120), (3, 1, 130)]


def test_the_orders_of_a_counterparty_are_cancelled_by_its_own_margin_mode():
    """A cross wallet's all, an isolated one's of the symbol; who pays nothing keeps his."""
    wallets = [0, ("bob", "cross", 500), ("bob", "isolated", 500), ("dan", "cross", 500)]
    positions = [("X", 0, 2, 400), ("X", 1, -1, -130), ("X", 2, -1, -120), ("X", 3, -1, -110)]
    placed = orders(*(("XY"[code], wallet, 1, 90, 0) for wallet in (1, 2, 3) for code in (0, 1)))
    done = mark_once([X, Y], wallets, positions, AT_100, [Deleverage()], orders=placed)
    cancelled = [(row["wallet"], row["contract"]) for row in done.of("order-cancelled")]
    assert cancelled == [(1, "X"), (1, "Y"), (2, "X")]
    assert done.orders == [2, 3, 3]


def test_a_wallet_may_pay_on_several_sides_with_fresh_score_and_cap():
    """By X wallet 2 loses 100 of 250: Y finds it with 150, where it is behind wallet 3."""
    # X: wallet 2 alone is short. Y before: 50/250 = 0.2, after X U/E = 50/150 = 0.33 (X's profit of 0 realized as a
    # loss). Wallet 3: 60/250 = 0.24: ahead with a stale score, behind with a fresh one.
    positions = [("X", 0, 1, 200), ("X", 2, -1, -100), ("Y", 1, 1, 200), ("Y", 2, -1, -150), ("Y", 3, -1, -160)]
    done = mark_once([X, Y], [0, 0, 200, 190], positions, {"X": "100", "Y": "100"}, [Deleverage()])
    assert done.wallets("adl-notice") == [2, 2]


def test_a_cap_is_fresh_on_every_side():
    """Wallet 2 can bear 100 once: what X took, Y does not find."""
    # E 190: after X 90, healthy (MM 5), but the cap of Y is floor(87/100).
    positions = [("X", 0, 1, 200), ("X", 2, -1, -100), ("Y", 1, 1, 200), ("Y", 2, -1, -150)]
    done = mark_once([X, Y], [0, 0, 140], positions, {"X": "100", "Y": "100"}, [Deleverage()])
    assert done.wallets("adl-notice") == [2]
    assert done.wallets("liquidation-started") == [0, 1]
    assert done.wallets("uncovered-lots") == [1]


def test_caps_are_of_the_equity_after_every_fill():
    """E 202 bears floor(199/100) = 1 lot; after it 102 bears floor(99/100) = 0."""
    positions = [("X", 0, 1, 200), ("X", 1, 1, 200), ("X", 2, -2, -250)]
    done = mark_once([X], [0, 0, 152], positions, {"X": "100"}, [Deleverage()])
    assert done.wallets("adl-notice") == [2]
    assert done.left_open == [(1, 1)]


def test_a_cap_counts_the_loss_of_the_same_wallets_other_rows():
    """Two contracts, one wallet: what X cost it, Y does not find."""
    positions = [("X", 0, 1, 200), ("X", 2, -1, -100), ("Y", 1, 1, 200), ("Y", 2, -1, -100)]
    done = mark_once([X, Y], [0, 0, 202], positions, AT_100, [Deleverage()])
    assert [row["contract"] for row in done.of("adl-notice")] == ["X"]
