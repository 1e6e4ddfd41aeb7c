"""Who may be a counterparty, and in which order. Every number by hand."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import Backstop, BookIOC, Deleverage
from support.house_books import BTC, NO_MARGIN, USDT, RestingOrders, X, Y, linear, mark_once


def test_scores_are_float64_of_float64():
    """Two winners that differ by one quantum above 2^53 score alike, so the wallet row decides."""
    # U/E = 2^53/2^54, and (2^53 + 1)/(2^54 + 1), which is more, but not in float64.
    much = 2**53
    contract = linear(tiers=adl.MarginTiers([0], ["0.00000000000000000001"]))
    positions = [("X", 0, 1, 200), ("X", 1, -1, -much - 100), ("X", 2, -1, -much - 101)]
    done = mark_once([contract], [0, much, much], positions, {"X": "100"}, [Deleverage(price="mark")])
    assert done.wallets("adl-fill") == [0, 1]


#: Too little of small values to be a quantum.


def test_a_wallet_without_equity_scores_minus_infinity():
    """Healthy (MM 0, E 0) but nobody's counterparty, even at a price that costs it nothing."""
    contract = linear(tiers=NO_MARGIN)
    positions = [("X", 0, 2, 400), ("X", 1, -1, -150), ("X", 2, -1, -150)]
    done = mark_once([contract], [0, -50, 50], positions, {"X": "100"}, [Deleverage(price="mark")])
    assert done.wallets("liquidation-started") == [0]
    assert done.wallets("adl-fill") == [0, 2]
    assert [(row["wallet"], row["lots"]) for row in done.of("uncovered-lots")] == [(0, 1)]


@pytest.mark.parametrize("rule", ["binance", "roi"])
def test_scores_take_the_equity_in_the_settle_asset(rule):
    """A quantum of a cheap numeraire is no equity where the contract settles in a coin of 25: nobody's counterparty."""
    contract = adl.Contract("X", settle=BTC, tick="1", tiers=NO_MARGIN)
    wallets = [("ann", "cross", 0, "BTC"), ("bob", "multi-asset", 0, "USDT"), ("cat", "cross", 50, "BTC")]
    positions = [("X", 0, 2, 400), ("X", 1, -1, -150), ("X", 2, -1, -150)]
    held = {"wallet": [1, 1], "asset": ["BTC", "USDT"], "amount": [-50, 1], "loan": [0, 0]}
    more = {"assets": [USDT, BTC], "balances": held, "index_prices": {"BTC": "25"}}
    done = mark_once([contract], wallets, positions, {"X": "100"}, [Deleverage(rule, price="mark")], **more)
    assert done.wallets("liquidation-started") == [0]
    assert done.wallets("adl-fill") == [0, 2]


def test_a_wallet_that_is_healthy_again_is_no_counterparty_in_the_same_pass():
    """It was taken by a round, and stays in liquidation to the end of the pass."""
    # Wallet 0: X long 10, U -300; Y short 2, U 100; E = 250 - 300 + 100 = 50, MM 50 + 10: liquidated. X bears
    # floor(50·50/60) = 41: BV 959, 96 a lot up. The book buys all 10 at 100: E 50, MM 10: healthy. Its Y scores 100/50.
    # Wallet 1: Y long 1, E -100, P 200: the book does not go there. Wallet 2 scores 10/200, and pays.
    positions = [("X", 0, 10, 1300), ("Y", 0, -2, -300), ("Y", 1, 1, 200), ("Y", 2, -1, -110)]
    book = RestingOrders(bids=[(10, 100)])
    done = mark_once([X, Y], [250, 0, 190], positions, {"X": "100", "Y": "100"}, [BookIOC(), Deleverage()], 0, book)
    assert book.sent == [("Y", -1, 200), ("X", -10, 96)]
    assert done.wallets("healthy") == [0]
    assert done.fills("adl-fill") == [(1, -1, 200, 200), (2, 1, 200, -200)]


def test_a_wallet_that_an_earlier_contract_of_the_round_broke_is_no_counterparty():
    """It would lead the queue of the next one; the round after takes it."""
    # Wallets 0 and 1: one lot, E -100, P 200. Wallet 2: short 1 and 1, E 105: X costs it 100, then E 5 = MM of its Y.
    # Y, then: 50/5 would lead, but wallet 3 pays. Round 2 takes wallet 2; of the longs of Y nobody is left.
    positions = [("X", 0, 1, 200), ("X", 2, -1, -150), ("Y", 1, 1, 200), ("Y", 2, -1, -150), ("Y", 3, -1, -110)]
    done = mark_once([X, Y], [0, 0, 5, 190], positions, {"X": "100", "Y": "100"}, [Deleverage()])
    assert [fill[:3] for fill in done.fills("adl-fill")] == [(0, -1, 200), (2, 1, 200), (1, -1, 200), (3, 1, 200)]
    assert done.wallets("liquidation-started") == [0, 1, 2]
    assert [(row["wallet"], row["lots"]) for row in done.of("uncovered-lots")] == [(2, -1)]


def test_the_street_and_vaults_are_no_counterparties():
    """Only they are short or long here, so nobody closes what is bankrupt."""
    # Wallet 0: E 0 < 2/3·MM: the vault takes 10 long. Wallet 1: short 10, E -100: nobody but the vault is long.
    done = mark_once([X], [0, 0], [("X", 0, 10, 1000), ("X", 1, -10, -900)], {"X": "100"}, [Backstop(), Deleverage()])
    assert done.fills("backstop") == [(0, -10, 100, 1000)]
    assert done.of("adl-fill") == []
    assert [(row["wallet"], row["lots"]) for row in done.of("uncovered-lots")] == [(1, -10)]
    # The street alone is short.
    assert mark_once([X], [0], [("X", 0, 1, 200)], {"X": "100"}, [Deleverage()]).of("adl-fill") == []


@pytest.mark.parametrize(("same_account", "who"), [("allow", [2, 3]), ("exclude", [3, 2])])
def test_another_wallet_of_the_same_account_pays_or_is_kept_for_the_next_remainder(same_account, who):
    """Excluded, its row is skipped for its own account's remainder only."""
    # Ann's cross: P 200, a loss of 100; bob's: E -110, P 210, after it. Scores: ann isolated 50/150, dan 10/300.
    wallets = [("ann", "cross", 0), ("bob", "cross", 0), ("ann", "isolated", 100), ("dan", "cross", 290)]
    positions = [("X", 0, 1, 200), ("X", 1, 1, 210), ("X", 2, -1, -150), ("X", 3, -1, -110)]
    done = mark_once([X], wallets, positions, {"X": "100"}, [Deleverage(same_account=same_account)])
    assert done.wallets("adl-fill") == [0, who[0], 1, who[1]]


@pytest.mark.parametrize(("eligible", "who"), [("all", [3, 2, 1]), ("winners", [3])])
def test_losers_come_after_all_winners_or_not_at_all(eligible, who):
    """Winners are those with U > 0; without profit and loss a score is 0."""
    # Wallet 0: 3 lots, E -300, P 200. U of the others: -10 (E 300, score -0.1·3), 0, 1.
    positions = [("X", 0, 3, 600), ("X", 1, -1, -90), ("X", 2, -1, -100), ("X", 3, -1, -101)]
    done = mark_once([X], [0, 310, 300, 300], positions, {"X": "100"}, [Deleverage(eligible=eligible)])
    assert done.wallets("adl-notice") == who


def test_users_are_ranked_once_for_a_contract_and_side():
    """Wallet 2 (200/400) falls to 100/300 by its first lot, behind wallet 3 (160/400), and gives the second too."""
    positions = [("X", 0, 1, 200), ("X", 1, 1, 200), ("X", 2, -2, -400), ("X", 3, -2, -360)]
    assert mark_once([X], [0, 0, 200, 240], positions, {"X": "100"}, [Deleverage()]).wallets("adl-notice") == [2, 2]


#: `roi` as a rule of one's own: it is ranked in one go, with winners and losers together.
ROI = adl.RankingRule.custom(
    "roi in one go",
    lambda unrealized_pnl, entry_value: np.where(unrealized_pnl == 0, 0.0, unrealized_pnl / np.abs(entry_value)),
    needs=["unrealized_pnl", "entry_value"],
)


def deleveraged(rule, longs, short_cost, mark):
    """Fills and notices where a short without equity is closed against longs, in an asset without decimals."""
    contract = linear(tick="0.01", tiers=adl.MarginTiers([0], ["0.001"]))
    lots = sum(quantity for _, quantity, _ in longs)
    positions = [("X", wallet, quantity, cost) for wallet, (_, quantity, cost) in enumerate(longs)]
    positions.append(("X", len(longs), -lots, -short_cost))
    done = mark_once([contract], [*(balance for balance, _, _ in longs), 0], positions, {"X": mark}, [Deleverage(rule)])
    return done.fills("adl-fill"), [(row["wallet"], row["lots"]) for row in done.of("uncovered-lots")]


def test_a_winner_that_gave_and_lost_by_rounding_does_not_stand_behind_the_losers_once_more():
    """The long of 9 that cost 22 is worth 24; one lot of it that is left is worth 3, and cost 3: no winner any more."""
    longs = [(4, 5, 12), (7, 9, 22)]
    fills, uncovered = deleveraged("roi", longs, 28, "2.7")
    assert fills == [(2, 4, 200, -8), (0, -4, 200, 8), (2, 8, 200, -16), (1, -8, 200, 16)]
    assert (fills, uncovered) == deleveraged(ROI, longs, 28, "2.7")
    assert uncovered == [(2, -2)]


@example([(4, 5, 12), (7, 9, 22)], 28, "2.7")
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 9), st.integers(1, 30)), min_size=1, max_size=5),
    st.integers(1, 60),
    st.sampled_from(["2.7", "1.3", "0.9", "3.49"]),
)
def test_ranking_losers_later_gives_what_ranking_all_at_once_gives(longs, short_cost, mark):
    assert deleveraged("roi", longs, short_cost, mark) == deleveraged(ROI, longs, short_cost, mark)
