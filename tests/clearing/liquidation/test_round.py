"""What a pass computes: values, margin, who is liquidated, what fills are worth, bankruptcy prices. All by hand."""

from __future__ import annotations

import pytest

import adlcore as adl
from adlcore.clearing import Backstop, BookIOC, Deleverage, TakeOver, Uncovered, Venue
from support.house_books import (
    BTC,
    FIVE_PERCENT,
    TEN_PERCENT,
    USDT,
    Book,
    Pass,
    X,
    Y,
    inverse,
    linear,
    marked,
    opened,
    snapshot,
)

#: Too little of small values to be a quantum.
NO_MARGIN = adl.MarginTiers([0], ["0.0001"])
WATCH = [Uncovered()]


def watched(contract, wallets, positions, price, **more):
    """Which wallets a round takes; a position is the lots and the entry value of the wallet of its number."""
    held = [(contract.symbol, row, *given) for row, given in enumerate(positions)]
    return marked([contract], wallets, held, {contract.symbol: price}, WATCH, **more).wallets("liquidation-started")


# Numbers of a pass ----------------------------------------------------------------------------------------------------


def test_a_position_is_worth_its_lots_times_the_mark_rounded_half_even():
    """MV = rint(q·v): 1 lot at 2.5 is worth 2 and 3 lots 8."""
    # U = 2 - 3 and 8 - 8 without a balance; half up or half down would take the other, or both.
    assert watched(X, [0, 0], [(1, 3), (3, 8)], "2.5") == [0]


def test_lots_are_valued_as_held_now_and_not_by_subtraction():
    """What is left of 3 lots is worth what 2 lots are worth."""
    # 3 lots: MV 8, E = -1, BV 9, 3 a lot. One is sold at 3: W 3, released 9/3, E of the others 5 - 6 = -1, BV 6.
    # 8 less a lot's 2 would be 6, and E nothing to liquidate.
    book = Book(bids=[(1, 3)])
    done = marked([X], [0], [("X", 0, 3, 9)], {"X": "2.5"}, [BookIOC(), TakeOver()], 10, book)
    assert done.fills("book-fill", "take-over") == [(0, -1, 3, 3), (0, -2, 3, 6)]


def test_values_above_2_to_the_53_are_float64_products():
    """float64(q)·v is a quantum off there, on every machine the same."""
    lots = 2**53 + 1
    tiny = linear(tiers=adl.MarginTiers([0], ["0.00000000000000000001"]))
    assert watched(tiny, [0], [(lots, lots)], "1") == [0]
    assert watched(tiny, [1], [(lots, lots)], "1") == []


def test_maintenance_margin_is_the_largest_of_the_tiers_lines():
    """Tiers 10 %, and 30 % from 100 on: 200 needs max(20, 60 - 20)."""
    tiers = adl.MarginTiers([0, 100], ["0.1", "0.3"])
    assert watched(linear(tiers=tiers), [40, 41], [(200, 200)] * 2, "1") == [0]


def test_maintenance_margin_is_rounded_half_even():
    """25 % of 10 is 2, of 14 it is 4."""
    quarter = linear(tiers=adl.MarginTiers([0], ["0.25"]))
    assert watched(quarter, [2, 3, 4, 5], [(10, 10), (10, 10), (14, 14), (14, 14)], "1") == [0, 2]


def test_maintenance_margin_is_not_below_zero():
    """10 % of 10 less 5 is 0 and not -4: with nothing a wallet is not liquidated, below nothing it is."""
    tiers = adl.MarginTiers([0], ["0.1"], ["5"], check=False)
    assert watched(linear(tiers=tiers), [0, -1], [(10, 10)] * 2, "1") == [1]


@pytest.mark.parametrize("rate", ["0.07", 0.07])
def test_fee_rates_are_exact_decimals_and_a_float_is_its_shortest(rate):
    """7 % of 150 is 10.5, half-even 10; float64 makes it 10.500000000000002."""
    # 2 lots at 60: MV 120, MM 6, E = 0: BV 120, 60 a lot. Both sold at 75: better by 30.
    book = Book(bids=[(2, 75)])
    done = marked([X], [0], [("X", 0, 2, 120)], {"X": "60"}, [BookIOC(fee=rate)], 0, book)
    assert done.amounts("fee") == [(0, -10)]
    assert (done.balance, done.cash()) == ([20], 10)


@pytest.mark.parametrize(("balance", "taken"), [(19, 1), (20, 0)])
@pytest.mark.parametrize("below", ["2/3", 2 / 3])
def test_two_thirds_are_the_fraction(balance, taken, below):
    """Of MM 30 they are exactly 20."""
    done = marked([X], [balance], [("X", 0, 6, 600)], {"X": "100"}, [Backstop(below=below)])
    assert len(done.of("backstop")) == taken


@pytest.mark.parametrize(("mark", "price"), [("2.5", 2), ("3.5", 4), ("0.3", 1)])
def test_a_mark_at_which_somebody_trades_is_rounded_to_whole_ticks(mark, price):
    """Half-even, at least one tick; the event records it."""
    done = marked([X], [0, 20], [("X", 0, 1, 10), ("X", 1, -1, -10)], {"X": mark}, [Deleverage(price="mark")])
    assert done.fills("adl-fill") == [(0, -1, price, price), (1, 1, price, -price)]


@pytest.mark.parametrize("mark", ["0", "-1", 0])
def test_a_mark_that_is_not_above_zero_is_an_error(mark):
    """And nothing has changed by it."""
    house = opened(snapshot([X], [9], [("X", 0, 1, 10)], {"X": "10"}), WATCH)
    before = house.hash
    with pytest.raises(adl.AdlError):
        house.mark({"X": mark})
    assert house.hash == before


def test_scores_are_float64_of_float64():
    """Two winners that differ by one quantum above 2^53 score alike, so the wallet row decides."""
    # U/E = 2^53/2^54, and (2^53 + 1)/(2^54 + 1), which is more, but not in float64.
    much = 2**53
    contract = linear(tiers=adl.MarginTiers([0], ["0.00000000000000000001"]))
    positions = [("X", 0, 1, 200), ("X", 1, -1, -much - 100), ("X", 2, -1, -much - 101)]
    done = marked([contract], [0, much, much], positions, {"X": "100"}, [Deleverage(price="mark")])
    assert done.wallets("adl-fill") == [0, 1]


def test_a_wallet_without_equity_scores_minus_infinity():
    """Healthy (MM 0, E 0) but nobody's counterparty, even at a price that costs it nothing."""
    contract = linear(tiers=NO_MARGIN)
    positions = [("X", 0, 2, 400), ("X", 1, -1, -150), ("X", 2, -1, -150)]
    done = marked([contract], [0, -50, 50], positions, {"X": "100"}, [Deleverage(price="mark")])
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
    done = marked([contract], wallets, positions, {"X": "100"}, [Deleverage(rule, price="mark")], **more)
    assert done.wallets("liquidation-started") == [0]
    assert done.wallets("adl-fill") == [0, 2]


# Who is liquidated, who may be a counterparty -------------------------------------------------------------------------


@pytest.mark.parametrize(("equity", "taken"), [(51, []), (50, [0]), (1, [0]), (0, [0]), (-1, [0])])
def test_a_wallet_is_liquidatable_where_its_equity_is_not_above_its_margin(equity, taken):
    """10 lots at 100: MM 50."""
    assert watched(X, [equity], [(10, 1000)], "100") == taken


@pytest.mark.parametrize(("equity", "taken"), [(0, []), (-1, [0])])
def test_without_margin_only_a_negative_equity_is_liquidated(equity, taken):
    """MM of a lot at 100 is 0.01, rounded 0."""
    assert watched(linear(tiers=NO_MARGIN), [equity], [(1, 100)], "100") == taken


@pytest.mark.parametrize(("equity", "taken"), [(50, []), (49, [0])])
def test_a_venue_may_liquidate_below_the_margin_only(equity, taken):
    """`inclusive=False`: E = MM is healthy."""
    venue = Venue("below", WATCH, inclusive=False)
    done = marked([X], [equity], [("X", 0, 10, 1000)], {"X": "100"}, venue)
    assert done.wallets("liquidation-started") == taken


def test_a_negative_equity_is_never_healthy():
    """Neither without margin nor where only what is below it is liquidated."""
    venue = Venue("below", WATCH, inclusive=False)
    contract = linear(tiers=NO_MARGIN)
    done = marked([contract], [-1], [("X", 0, 1, 100)], {"X": "100"}, venue)
    assert done.wallets("liquidation-started") == [0]


def test_a_wallet_without_a_position_is_not_liquidatable():
    """A debt is a matter of settlement."""
    done = marked([X], [-5, 100], [("X", 1, 1, 100)], {"X": "100"}, WATCH)
    assert done.of("liquidation-started") == []


def test_the_street_and_funds_are_never_liquidatable():
    """The street is short 10 at 100 and loses 1000 at 200; the fund took 10 at 102 and has F = -20 at 100."""
    # Wallet 0: MV 1020 at 102, MM 51, E = 0; the fund takes it over at 102. Balanced by the street at -1020.
    done = marked([X], [0], [("X", 0, 10, 1020)], {"X": "102"}, [TakeOver()])
    assert done.inventory() == {"X": (10, 1020)}
    down = done.mark({"X": "100"})
    assert down.equity() == -20
    up = down.mark({"X": "200"})
    assert [row for row in (*down.events.rows(), *up.events.rows()) if row["kind"] == "liquidation-started"] == []


def test_a_vault_is_never_liquidatable():
    """It has no cash and loses, and nothing happens to it."""
    done = marked([X], [0], [("X", 0, 10, 1000)], {"X": "100"}, [Backstop()])
    assert done.fills("backstop") == [(0, -10, 100, 1000)]
    assert done.mark({"X": "50"}).of("liquidation-started", "uncovered-lots", fund="vault") == []


def test_a_house_refuses_a_contract_without_tiers():
    """Nobody could say who is liquidated."""
    with pytest.raises(adl.AdlError, match="X"):
        opened(snapshot([linear(tiers=None)], [9], [("X", 0, 1, 10)], {"X": "10"}), WATCH)


def test_a_wallet_that_is_healthy_again_is_no_counterparty_in_the_same_pass():
    """It was taken by a round, and stays in liquidation to the end of the pass."""
    # Wallet 0: X long 10, U -300; Y short 2, U 100; E = 250 - 300 + 100 = 50, MM 50 + 10: liquidated. X bears
    # floor(50·50/60) = 41: BV 959, 96 a lot up. The book buys all 10 at 100: E 50, MM 10: healthy. Its Y scores 100/50.
    # Wallet 1: Y long 1, E -100, P 200: the book does not go there. Wallet 2 scores 10/200, and pays.
    positions = [("X", 0, 10, 1300), ("Y", 0, -2, -300), ("Y", 1, 1, 200), ("Y", 2, -1, -110)]
    book = Book(bids=[(10, 100)])
    done = marked([X, Y], [250, 0, 190], positions, {"X": "100", "Y": "100"}, [BookIOC(), Deleverage()], 0, book)
    assert book.sent == [("Y", -1, 200), ("X", -10, 96)]
    assert done.wallets("healthy") == [0]
    assert done.fills("adl-fill") == [(1, -1, 200, 200), (2, 1, 200, -200)]


def test_a_wallet_that_an_earlier_contract_of_the_round_broke_is_no_counterparty():
    """It would lead the queue of the next one; the round after takes it."""
    # Wallets 0 and 1: one lot, E -100, P 200. Wallet 2: short 1 and 1, E 105: X costs it 100, then E 5 = MM of its Y.
    # Y, then: 50/5 would lead, but wallet 3 pays. Round 2 takes wallet 2; of the longs of Y nobody is left.
    positions = [("X", 0, 1, 200), ("X", 2, -1, -150), ("Y", 1, 1, 200), ("Y", 2, -1, -150), ("Y", 3, -1, -110)]
    done = marked([X, Y], [0, 0, 5, 190], positions, {"X": "100", "Y": "100"}, [Deleverage()])
    assert [fill[:3] for fill in done.fills("adl-fill")] == [(0, -1, 200), (2, 1, 200), (1, -1, 200), (3, 1, 200)]
    assert done.wallets("liquidation-started") == [0, 1, 2]
    assert [(row["wallet"], row["lots"]) for row in done.of("uncovered-lots")] == [(2, -1)]


def test_the_street_and_vaults_are_no_counterparties():
    """Only they are short or long here, so nobody closes what is bankrupt."""
    # Wallet 0: E 0 < 2/3·MM: the vault takes 10 long. Wallet 1: short 10, E -100: nobody but the vault is long.
    positions = [("X", 0, 10, 1000), ("X", 1, -10, -900)]
    done = marked([X], [0, 0], positions, {"X": "100"}, [Backstop(), Deleverage()])
    assert done.fills("backstop") == [(0, -10, 100, 1000)]
    assert done.of("adl-fill") == []
    assert [(row["wallet"], row["lots"]) for row in done.of("uncovered-lots")] == [(1, -10)]
    # The street alone is short.
    alone = marked([X], [0], [("X", 0, 1, 200)], {"X": "100"}, [Deleverage()])
    assert alone.of("adl-fill") == []


@pytest.mark.parametrize(("same_account", "who"), [("allow", [2, 3]), ("exclude", [3, 2])])
def test_another_wallet_of_the_same_account_pays_or_is_kept_for_the_next_remainder(same_account, who):
    """Excluded, its row is skipped for its own account's remainder only."""
    # Ann's cross: P 200, a loss of 100; bob's: E -110, P 210, after it. Scores: ann isolated 50/150, dan 10/300.
    wallets = [("ann", "cross", 0), ("bob", "cross", 0), ("ann", "isolated", 100), ("dan", "cross", 290)]
    positions = [("X", 0, 1, 200), ("X", 1, 1, 210), ("X", 2, -1, -150), ("X", 3, -1, -110)]
    done = marked([X], wallets, positions, {"X": "100"}, [Deleverage(same_account=same_account)])
    assert done.wallets("adl-fill") == [0, who[0], 1, who[1]]


@pytest.mark.parametrize(("eligible", "who"), [("all", [3, 2, 1]), ("winners", [3])])
def test_losers_come_after_all_winners_or_not_at_all(eligible, who):
    """Winners are those with U > 0; without profit and loss a score is 0."""
    # Wallet 0: 3 lots, E -300, P 200. U of the others: -10 (E 300, score -0.1·3), 0, 1.
    positions = [("X", 0, 3, 600), ("X", 1, -1, -90), ("X", 2, -1, -100), ("X", 3, -1, -101)]
    done = marked([X], [0, 310, 300, 300], positions, {"X": "100"}, [Deleverage(eligible=eligible)])
    assert done.wallets("adl-notice") == who


def test_a_wallet_may_pay_on_several_sides_with_fresh_score_and_cap():
    """By X wallet 2 loses 100 of 250: Y finds it with 150, where it is behind wallet 3."""
    # X: wallet 2 alone is short. Y before: 50/250 = 0.2, after X U/E = 50/150 = 0.33 (X's profit of 0 realized as a
    # loss). Wallet 3: 60/250 = 0.24: ahead with a stale score, behind with a fresh one.
    positions = [("X", 0, 1, 200), ("X", 2, -1, -100), ("Y", 1, 1, 200), ("Y", 2, -1, -150), ("Y", 3, -1, -160)]
    done = marked([X, Y], [0, 0, 200, 190], positions, {"X": "100", "Y": "100"}, [Deleverage()])
    assert done.wallets("adl-notice") == [2, 2]


def test_a_cap_is_fresh_on_every_side():
    """Wallet 2 can bear 100 once: what X took, Y does not find."""
    # E 190: after X 90, healthy (MM 5), but the cap of Y is floor(87/100).
    positions = [("X", 0, 1, 200), ("X", 2, -1, -100), ("Y", 1, 1, 200), ("Y", 2, -1, -150)]
    done = marked([X, Y], [0, 0, 140], positions, {"X": "100", "Y": "100"}, [Deleverage()])
    assert done.wallets("adl-notice") == [2]
    assert done.wallets("liquidation-started") == [0, 1]
    assert done.wallets("uncovered-lots") == [1]


def test_who_is_broken_as_a_counterparty_is_liquidated_in_a_later_round():
    """And a counterparty pays in that round too, with what it has then."""
    # Wallet 0: P 200. Wallet 1: short 3, U 45, E 110: a lot costs it 100, E 10 = MM of the 2 others: round 2 takes it.
    # BV -210, 105 a lot: wallet 2, long 2, sells at 105, 5 better than the mark.
    positions = [("X", 0, 1, 200), ("X", 1, -3, -345), ("X", 2, 2, 180)]
    done = marked([X], [0, 65, 100], positions, {"X": "100"}, [Deleverage()])
    assert done.wallets("liquidation-started") == [0, 1]
    assert [fill[:3] for fill in done.fills("adl-fill")] == [(0, -1, 200), (1, 1, 200), (1, 2, 105), (2, -2, 105)]
    # -200 + 115 = -85 of 65; then -210 + 230 = 20: nothing. Wallet 2: 210 - 180.
    assert done.balance == [0, 0, 130]


def test_there_is_one_notice_a_fill():
    """Two remainders, two fills of one row, two notices: what each realized."""
    # E -100 and -110: P 200 and 210. Wallet 2 short 2, EV -300: releases 150 and 150.
    positions = [("X", 0, 1, 200), ("X", 1, 1, 210), ("X", 2, -2, -300)]
    done = marked([X], [0, 0, 500], positions, {"X": "100"}, [Deleverage()])
    assert done.fills("adl-notice") == [(2, 1, 200, -50), (2, 1, 210, -60)]


# Values of fills ------------------------------------------------------------------------------------------------------


def test_fills_are_valued_cumulatively():
    """Four lots of a quarter quantum, sold at 0.25 to 0.28: nothing one by one, 1 together."""
    # 4 lots at 0.25: MV 1, MM 0.9 rounded 1, E = 0: liquidatable, BV 1, 0.25 a lot.
    # W = 0.28, 0.55, 0.81, 1.06, rounded 0, 1, 1, 1. Cost released: 1·D/4 truncated: 0, 0, 0, 1.
    contract = linear(tick="0.01", tiers=adl.MarginTiers([0], ["0.9"]))
    book = Book(bids=[(1, 25), (1, 26), (1, 27), (1, 28)])
    done = marked([contract], [0], [("X", 0, 4, 1)], {"X": "0.25"}, [BookIOC()], 0, book)
    assert done.fills("book-fill") == [(0, -1, 28, 0), (0, -1, 27, 1), (0, -1, 26, 0), (0, -1, 25, 0)]
    assert (done.balance, done.lots, done.cost) == ([0], [0], [0])


def test_both_sides_book_the_same_integer():
    """The street paid 1 for the four, too: its legs are those of the wallet, negated, and linked."""
    contract = linear(tick="0.01", tiers=adl.MarginTiers([0], ["0.9"]))
    book = Book(bids=[(1, 25), (1, 26), (1, 27), (1, 28)])
    done = marked([contract], [0], [("X", 0, 4, 1)], {"X": "0.25"}, [BookIOC()], 0, book)
    assert done.party("street") == (4, -1)
    rows = done.events.rows()
    at = {row["sequence"]: row for row in rows}
    fills = [row for row in rows if row["kind"] == "book-fill"]
    assert len(fills) == 8
    for row in fills:
        other = at[row["link"]]
        assert (other["link"], other["lots"], other["amount"]) == (row["sequence"], -row["lots"], -row["amount"])


def half_lots(stages, fund, book=None):
    """A lot is worth half its price; wallet 0 short 1 of E 1, wallet 1 long 2 of E -20, wallet 2 short 1 and rich.

    At 101: wallet 0 MV -50, EV -60, E = -9 + 10 = 1, MM 2.5 rounded 2; BV -51, 102 a lot. Wallet 1: MV 101, EV 121,
    P 121, a lot worth 60.5. Both are worth 10 less at the mark.
    """
    positions = [("X", 0, -1, -60), ("X", 1, 2, 121), ("X", 2, -1, -100)]
    return marked([linear(multiplier="0.5")], [-9, 0, 200], positions, {"X": "101"}, stages, fund, book)


def test_what_a_fund_and_users_close_of_one_row_is_valued_together():
    """60.5 each: 60 from the fund's short, 61 from the user's."""
    # The fund takes the short at 51: F = 19 - 50 + 51 = 20. It refuses the long: F' = 20 + 50 + 50 - 121 = -1.
    # Cap of the net-fund fill: floor((20 - 3)/10) = 1. It bought at 60 what it sold at 51: cash 19 - 9.
    done = half_lots([TakeOver(), Deleverage()], 19)
    assert done.fills("take-over") == [(0, 1, 102, -51)]
    assert [fill for fill in done.fills("adl-fill") if fill[0] == 1] == [(1, -1, 121, 60), (1, -1, 121, 61)]
    assert (done.cash(), done.inventory()) == (10, {})
    assert done.balance == [0, 0, 200 + 100 - 61]


def test_what_several_funds_close_of_one_row_is_valued_together():
    """Lots of 60.5 again: 60 for the contract's fund's one, 182 - 60 for its parent's two."""
    # Wallet 0: short 2, MV -101, EV -71, P 71: a loss of 30, too much for the 15 of X; its parent has 55 - 30 = 25.
    # Wallet 1: long 3, MV 151.5 rounded 152, E -29: BV 181, P 121, 181.5 rounded 182. Refused: 15 + 152 - 182 and
    # 25 + 50 + 101 - 182. Wallet 2: short 1, E 1, taken over by X at 51: F = 16. X bears floor((16 - 3)/10) = 1 lot,
    # its parent floor((25 - 3)/10) = 2.
    funds = [adl.InsuranceFund("USDT", "55"), adl.InsuranceFund("USDT", "15", scope="X", parent="USDT")]
    positions = [("X", 0, -2, -71), ("X", 1, 3, 181), ("X", 2, -1, -60)]
    stages = [TakeOver(), Deleverage()]
    done = marked([linear(multiplier="0.5")], [0, 0, -9], positions, {"X": "101"}, stages, funds)
    assert done.wallets("take-over") == [0, 2]
    assert done.fills("adl-fill") == [(1, -1, 121, 60), (1, -2, 121, 122)]
    # X: 15 + 51 - 60, and wallet 1's rest of 1. The parent: 55 + 71 - 122.
    assert (done.cash("X"), done.cash("USDT"), done.balance) == (7, 4, [0, 0, 0])


def test_every_stage_starts_its_sum_anew():
    """A lot of 60.5 is 60 in the book, and one of 50.5 is 50 in the stage after: together they would be 111."""
    # Lots worth half the price, at 101. 2 of them: MV 101, EV 121, WB 1: E -19, BV 120, P 120. The book buys one at
    # 121; the other is deleveraged at the mark.
    positions = [("X", 0, 2, 121), ("X", 1, -1, -200)]
    book = Book(bids=[(1, 121)])
    stages = [BookIOC(), Deleverage(price="mark")]
    done = marked([linear(multiplier="0.5")], [1, 200], positions, {"X": "101"}, stages, 0, book)
    assert done.fills("book-fill") == [(0, -1, 121, 60)]
    assert done.fills("adl-fill") == [(0, -1, 101, 50), (1, 1, 101, -50)]


@pytest.mark.parametrize(
    ("held", "values"),
    [([4], [121]), ([1, 3], [30, 91]), ([3, 1], [91, 30]), ([2, 2], [60, 61]), ([1] * 4, [30, 30, 31, 30])],
)
def test_a_sum_does_not_depend_on_how_a_quantity_was_cut(held, values):
    """Four lots of 30.25: take(a) then take(b) is take(a + b) in money too."""
    # 4 lots at 101/4: MV 101, EV 121: P 121. The counterparties sold at 900, 800 ... a lot: in their order.
    positions = [("X", 0, 4, 121)] + [("X", 1 + n, -lots, -(900 - 100 * n) * lots) for n, lots in enumerate(held)]
    wallets = [0] + [1000 * lots for lots in held]
    done = marked([linear(multiplier="0.25")], wallets, positions, {"X": "101"}, [Deleverage("roi")])
    assert [fill[3] for fill in done.fills("adl-fill") if fill[0] == 0] == values
    assert done.balance[0] == 0


@pytest.mark.parametrize(("bids", "left"), [(1, (4, 3)), (2, (3, 2)), (3, (2, 2)), (4, (1, 1)), (5, (0, 0))])
def test_a_row_releases_its_cost_in_proportion_truncated(bids, left):
    """3 of cost over 5 lots: trunc(3·D/5) = 0, 1, 1, 2, 3, lot by lot or at once."""
    # 5 lots at 0.6: MV 3, MM 0.9·3 rounded 3, E = 0: P 0.6.
    contract = linear(tick="0.1", tiers=adl.MarginTiers([0], ["0.9"]))
    for levels in ([(bids, 6)], [(1, 6)] * bids):
        done = marked([contract], [0], [("X", 0, 5, 3)], {"X": "0.6"}, [BookIOC()], 0, Book(bids=levels))
        assert (done.lots[0], done.cost[0]) == left


@pytest.mark.parametrize(("asks", "left"), [(1, (-4, -3)), (2, (-3, -2)), (4, (-1, -1)), (5, (0, 0))])
def test_the_cost_of_a_short_is_truncated_toward_zero(asks, left):
    """-3·D/5 is 0, -1, -1, -2, -3."""
    contract = linear(tick="0.1", tiers=adl.MarginTiers([0], ["0.9"]))
    done = marked([contract], [0], [("X", 0, -5, -3)], {"X": "0.6"}, [BookIOC()], 0, Book(asks=[(asks, 6)]))
    assert (done.lots[0], done.cost[0]) == left


def test_every_call_releases_anew():
    """Two trades of one lot release trunc(3·1/5) and trunc(3·1/4), nothing; in one call it would be trunc(3·2/5)."""
    house = opened(snapshot([linear(tick="0.1")], [9], [("X", 0, 5, 3)], {"X": "0.6"}), WATCH)
    for lots in (4, 3):
        house.trade("X", "1", "0.6", buyer=None, seller=0)
        assert house.snapshot().positions.quantity.tolist() == [lots]
        assert house.snapshot().positions.entry_value.tolist() == [3]


def test_every_pass_releases_anew():
    """One lot a pass, by a portion of a fifth: as above."""
    contract = linear(tick="0.1", tiers=adl.MarginTiers([0], ["0.9"]))
    book = Book(bids=[(2, 6)])
    done = marked([contract], [0], [("X", 0, 5, 3)], {"X": "0.6"}, [BookIOC(portion="0.2")], 0, book)
    assert (done.lots, done.cost) == ([4], [3])
    # 4 lots: MV 2.4 rounded 2, E = 0.6 rounded 1 + 2 - 3 = 0, MM 2: liquidatable; BV 2, P 0.5.
    again = done.mark({"X": "0.6"})
    assert (again.lots, again.cost) == ([3], [3])


def test_a_row_that_is_enlarged_releases_anew():
    """5 lots that cost 30, then 1 more for 9: one of the six releases 39/6 truncated."""
    house = opened(snapshot([X], [900], [("X", 0, 5, 30)], {"X": "6"}), WATCH)
    house.trade("X", "1", "9", buyer=0, seller=None)
    house.trade("X", "1", "6", buyer=None, seller=0)
    assert house.snapshot().positions.entry_value.tolist() == [33]


def test_a_trade_through_zero_closes_first_and_opens_with_the_difference():
    """Long 2 that cost 10, 5 sold at 6.5: closes at 13, opens -3 with 13 - 32 (32.5 rounded half-even)."""
    contract = linear(tick="0.5")
    house = opened(snapshot([contract], [100], [("X", 0, 2, 10)], {"X": "6"}), WATCH)
    done = Pass(house, house.trade("X", "5", "6.5", buyer=None, seller=0))
    assert done.fills("trade") == [(0, -2, 13, 13), (0, -3, 13, 19)]
    assert (done.balance, sum(done.lots), sum(done.cost)) == ([103], -3, -19)


def test_lots_are_indivisible():
    """A tenth of 3 lots is an order of one lot."""
    book = Book(bids=[(3, 100)])
    done = marked([X], [0], [("X", 0, 3, 300)], {"X": "100"}, [BookIOC(portion="0.1")], 0, book)
    assert book.sent == [("X", -1, 100)]
    assert done.lots == [2]


# Bankruptcy prices ----------------------------------------------------------------------------------------------------


def handed_over(contracts, balance, positions, marks, fund=10_000, **more):
    """A wallet whose rows a large fund takes: row, price and value of each in the order of the round."""
    held = [(symbol, 0, *given) for symbol, *given in positions]
    wallet = [balance]
    done = marked(contracts, wallet, held, marks, [TakeOver()], fund, **more)
    return done, [(row["row"], row["price"], row["amount"]) for row in done.of("take-over")]


def test_equity_is_shared_by_maintenance_margin():
    """E = -7 over MM 5 and 15: floor(-1.75) = -2, and the last row the rest; closing both leaves nothing."""
    done, taken = handed_over([X, Y], -7, [("X", 1, 100), ("Y", 1, 300)], {"X": "100", "Y": "300"})
    assert taken == [(1, 305, 305), (0, 102, 102)]
    assert done.balance == [0]


def test_the_highest_row_takes_the_rest_wherever_it_stands_in_the_round():
    """MM 15 and 5: floor(-5.25) = -6 for the first, -1 for the last."""
    _, taken = handed_over([X, Y], -7, [("X", 1, 300), ("Y", 1, 100)], {"X": "300", "Y": "100"})
    assert taken == [(0, 306, 306), (1, 101, 101)]


def test_without_maintenance_margin_equity_is_shared_by_notional():
    """MM 0 and 0: by 100 and 300."""
    contracts = [linear("X", NO_MARGIN), linear("Y", NO_MARGIN)]
    _, taken = handed_over(contracts, -7, [("X", 1, 100), ("Y", 1, 300)], {"X": "100", "Y": "300"})
    assert sorted(taken) == [(0, 102, 102), (1, 305, 305)]


def test_a_short_in_a_deep_deficit_is_held_at_one_tick_and_the_rest_is_split_anew():
    """E = -400 over 10 and 30: the short would be worth 0 and is held at 1; the long bears -310."""
    # Its BV 610/30 = 20.3 up: 21. Balance: -400 + (630 - 300) + (100 - 10) = 20, to the fund.
    contracts = [linear("X", TEN_PERCENT), linear("Y", TEN_PERCENT)]
    done, taken = handed_over(contracts, -400, [("X", -10, -100), ("Y", 30, 300)], {"X": "10", "Y": "10"})
    assert taken == [(1, 21, 630), (0, 1, -10)]
    assert done.amounts("rest") == [(0, -20)]
    assert (done.balance, done.cash()) == ([0], 10_020)


def test_rows_outside_the_bounds_are_held_in_turn():
    """E = -220, MM 10, 20, 40: Y (floor(-62.9)) is held first, then X, and Z bears 150."""
    # Y worth -50 at most -10: bears 40. Of -180 X bears -36: worth -4, a price of 0.4: held, -10, bears 30. Z: 250.
    contracts = [
        linear(name, adl.MarginTiers([0], [rate])) for name, rate in (("X", "0.25"), ("Y", "0.4"), ("Z", "0.4"))
    ]
    rows = [("X", -10, -40), ("Y", -10, -50), ("Z", 10, 100)]
    done, taken = handed_over(contracts, -220, rows, {"X": "4", "Y": "5", "Z": "10"})
    assert taken == [(2, 25, 250), (1, 1, -10), (0, 1, -10)]
    assert done.balance == [0]


def test_rows_outside_are_held_together():
    """Two shorts of -100 with E = -250 beside a long that is shared by 10 each: both shorts in one round."""
    # Floors of -250/3 = -84, -84, -82: none of 90 is passed, all at 16 or less: prices 1.6 down, 1.6 down, 18.2 up.
    # E = -300: -100 each: both shorts would be worth 0: held at 1, bearing 90 each; the long -120: 220/10 = 22.
    contracts = [linear(name, TEN_PERCENT) for name in "XYZ"]
    rows = [("X", -10, -100), ("Y", -10, -100), ("Z", 10, 100)]
    marks = dict.fromkeys("XYZ", "10")
    assert handed_over(contracts, -250, rows, marks)[1] == [(0, 1, -10), (1, 1, -10), (2, 19, 190)]
    assert handed_over(contracts, -300, rows, marks)[1] == [(0, 1, -10), (1, 1, -10), (2, 22, 220)]


def test_where_all_rows_are_held_what_is_left_below_zero_is_a_deficit():
    """Shorts of 10 at 10 bear 90 each of 300: the fund pays 120."""
    contracts = [linear("X", TEN_PERCENT), linear("Y", TEN_PERCENT)]
    done, taken = handed_over(contracts, -300, [("X", -10, -100), ("Y", -10, -100)], {"X": "10", "Y": "10"})
    assert taken == [(0, 1, -10), (1, 1, -10)]
    assert done.amounts("cover") == [(0, 120)]
    assert (done.balance, done.cash()) == ([0], 10_000 - 120)


def test_where_all_rows_are_held_what_is_left_above_zero_is_a_surplus():
    """10 at 10 with E 95 of MM 95: worth 10 at one tick, bearing 90; 5 go to the fund."""
    contract = linear(tiers=adl.MarginTiers([0], ["0.95"]))
    done, taken = handed_over([contract], 95, [("X", 10, 100)], {"X": "10"})
    assert taken == [(0, 1, 10)]
    assert done.amounts("rest") == [(0, -5)]


def test_a_given_highest_price_is_rounded_down_to_ticks():
    """93 on a grid of 10 is 90: a long that would need 120 bears 800 at 90."""
    contract = linear(tick="10", max_price="93")
    done, taken = handed_over([contract], -1000, [("X", 20, 1400)], {"X": "50"})
    # MV 1000, U -400, E -1400: BV 2400. Held: 1800, bearing 800; 600 are a deficit.
    assert taken == [(0, 9, 1800)]
    assert done.amounts("cover") == [(0, 600)]


def test_the_default_highest_price_is_a_thousand_marks_or_the_entry_price():
    """A long at 0.001 that cost 5: 5; one that cost 0.5: 1, a thousand marks."""
    # MV 0.01 rounded 0. E -100 each; held at 5: 50 for 10 lots; held at 1: 10.
    contract = linear(tick="0.001", tiers=NO_MARGIN)
    done, taken = handed_over([contract], -50, [("X", 10, 50)], {"X": "0.001"})
    assert taken == [(0, 5000, 50)]
    assert done.amounts("cover") == [(0, 50)]
    _, taken = handed_over([contract], -95, [("X", 10, 5)], {"X": "0.001"})
    assert taken == [(0, 1000, 10)]


def test_an_inverse_long_in_a_deep_deficit_would_need_a_price_without_bound():
    """10,000 USD at 100 is -100 coins; with E -150 it is held at 1,000 marks, worth -0.1: 50 are a deficit."""
    done = marked(
        [inverse()], [-150], [("I", 0, 1, -100)], {"I": "100"}, [TakeOver()], [adl.InsuranceFund(BTC.name, "900")]
    )
    assert done.fills("take-over") == [(0, -1, 100_000, 0)]
    assert done.amounts("cover") == [(0, 50)]


def test_a_price_is_rounded_to_a_tick_in_the_wallets_favour():
    """30 at 10 with E 1: a long's BV 299, 9.97, up to 10; a short's -301, 10.03, down to 10. The fund has 1 less."""
    _, taken = handed_over([X], 1, [("X", 30, 300)], {"X": "10"})
    assert taken == [(0, 10, 300)]
    _, taken = handed_over([X], 1, [("X", -30, -300)], {"X": "10"})
    assert taken == [(0, 10, -300)]


def test_from_there_the_value_at_the_price_decides():
    """BV 305 of 30 lots is a price of 11 and 330: a fund of 29 refuses what costs it 30, one of 30 accepts."""
    for fund, taken in ((29, []), (30, [(0, 11, 330)])):
        assert handed_over([X], -5, [("X", 30, 300)], {"X": "10"}, fund)[1] == taken


def test_the_rounding_surplus_of_a_row_closed_earlier_is_shared_by_the_others():
    """It stays in the wallet and enters the next stage's shares; only an emptied wallet's rest goes to the fund."""
    # MM 15 and 5, E 10: X bears 7, 293/3 up to 98; Y bears 3: 97. The book buys X at 98, 294: E = 4. Y, MM 5: 96.
    book = Book(bids=[(3, 98)])
    positions = [("X", 0, 3, 300), ("Y", 0, 1, 100)]
    done = marked([X, Y], [10], positions, {"X": "100", "Y": "100"}, [BookIOC(), TakeOver()], 0, book)
    assert book.sent == [("X", -3, 98), ("Y", -1, 97)]
    assert done.fills("take-over") == [(0, -1, 96, 96)]
    assert (done.balance, done.amounts("rest")) == ([0], [])


def test_the_rest_of_an_emptied_wallet_goes_to_the_fund():
    """30 lots, BV 299 at 300: the 1 that rounding left."""
    done, _ = handed_over([X], 1, [("X", 30, 300)], {"X": "10"}, 0)
    assert done.amounts("rest") == [(0, -1)]
    assert (done.balance, done.cash()) == ([0], 1)


def test_tiers_are_those_of_the_examples():
    """5 % and 10 %."""
    assert (FIVE_PERCENT.maintenance_margin(100), TEN_PERCENT.maintenance_margin(100)) == (5.0, 10.0)
