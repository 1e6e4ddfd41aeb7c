"""What is left when a wallet is emptied: whose the rest is, and who pays a deficit. Every number by hand."""

import pytest

import adlcore as adl
from adlcore.clearing import Backstop, BookIOC, Deleverage, NetLegs, TakeOver
from support.house_books import (
    AT_100,
    BTC,
    CAPPED,
    LACKING,
    PassResult,
    RestingOrders,
    X,
    Y,
    build_house,
    fund,
    linear,
    mark_once,
    snapshot,
)

#: 30 at 10 with E 1: BV 299, 9.97, up to 10: closed there, 1 is left.
THIRTY = [("X", 0, 30, 300)]


def test_what_only_the_book_closed_leaves_its_rest_in_the_wallet():
    """All 30 sold at 10."""
    done = mark_once(
        [X], [1], THIRTY, {"X": "10"}, [BookIOC(), TakeOver(), Deleverage()], 0, RestingOrders(bids=[(30, 10)])
    )
    assert (done.balance, done.cash(), done.amounts("rest")) == ([1], 0, [])


def test_once_the_fund_took_lots_the_rest_is_the_funds():
    """15 in the book, 15 taken over: BV 149, 9.93, up to 10."""
    done = mark_once([X], [1], THIRTY, {"X": "10"}, [BookIOC(), TakeOver()], 0, RestingOrders(bids=[(15, 10)]))
    assert done.amounts("rest") == [(0, -1)]
    assert done.amounts("fund-received", party="USDT") == [(-1, 1)]
    assert (done.balance, done.cash()) == ([0], 1)


def test_once_lots_were_deleveraged_the_rest_is_the_funds():
    """15 in the book, 15 of a user's."""
    positions = [*THIRTY, ("X", 1, -15, -150)]
    done = mark_once(
        [X], [1, 900], positions, {"X": "10"}, [BookIOC(), Deleverage()], 0, RestingOrders(bids=[(15, 10)])
    )
    assert (done.balance, done.cash()) == ([0, 900], 1)


def test_lots_that_went_to_the_funds_inventory_are_deleveraged_ones():
    """The fund is short 30 and closes wallet 0's long against it: the rest of 16 is its own."""
    # Wallet 1's short is taken over at 10. Then wallet 0 buys 30 at 10 with 16. At 9.5: MV 285, E 1, MM 14: 284/30, 10.
    # F = 5 + 15; a loss of half a unit a lot: floor((20 - 3)/0.5) = 34, so all 30, bought at what they were sold for.
    done = mark_once([X], [16, 0], [("X", 1, -30, -300)], {"X": "10"}, [Deleverage(), TakeOver()], 5)
    assert (done.inventory(), done.wallets("take-over")) == ({"X": (-30, -300)}, [1])
    done.house.trade("X", "30", "10", buyer=0, seller=None)
    down = done.mark({"X": "9.5"})
    assert down.fills("adl-fill") == [(0, -30, 10, 300)]
    assert down.amounts("rest") == [(0, -16)]
    assert (down.balance, down.cash(), down.inventory()) == ([0, 0], 5 + 16, {})


def test_what_a_vault_emptied_leaves_its_rest_to_the_vault():
    """E 49: 1451/15 up to 97: 4 are left."""
    done = mark_once([X], [49], [("X", 0, 15, 1500)], {"X": "100"}, [Backstop(), TakeOver()])
    assert done.amounts("rest") == [(0, -4)]
    assert done.amounts("vault-received", party="vault") == [(-1, 4)]
    assert (done.balance, done.cash()) == ([0], 0)


def test_where_the_fund_took_lots_beside_a_vault_the_rest_is_the_funds():
    """X goes to the vault at 98; Y (E 10 over MM 15) is not below two thirds, and goes to the fund at 97."""
    # E 30 over MM 50 and 15: X bears floor(23.08): 977, 98. Y then: 290/3 = 96.7: 1 is left.
    done = mark_once([X, Y], [30], [("X", 0, 10, 1000), ("Y", 0, 3, 300)], AT_100, [Backstop(by="row"), TakeOver()])
    assert done.fills("backstop", "take-over") == [(0, -10, 98, 980), (0, -3, 97, 291)]
    assert (done.balance, done.cash()) == ([0], 1)


def test_what_only_its_own_legs_closed_leaves_its_rest_in_the_wallet():
    """E 50 of MM 100."""
    positions = [("X", 0, 10, 1000), ("X", 0, -10, -1000)]
    done = mark_once([X], [50], positions, {"X": "100"}, [NetLegs(), Backstop(), TakeOver()])
    assert (done.balance, done.amounts("rest")) == ([50], [])


def test_debts_of_wallets_without_positions_are_settled_when_the_house_opens_by_row():
    """5 and 7, before anybody is liquidated; the 400 of the first round come later."""
    positions = [("X", 1, 10, 1500), ("X", 3, -10, -1000)]
    house = build_house(snapshot([CAPPED], [-5, 0, -7, 9000], positions, {"X": "100"}), [Deleverage()], 1000)
    assert PassResult(house, house.opening).amounts("cover") == [(0, 5), (2, 7)]
    assert (house.funds["USDT"].cash, house.audit()) == (988, [])
    done = PassResult(house, house.mark({}))
    assert done.amounts("cover") == [(1, 400)]
    assert (done.balance[:3], done.cash()) == ([0, 0, 0], 588)


def test_an_open_entry_is_not_paid_again_by_the_fund():
    """The fund is filled, another deficit is paid: the open 400 stay."""
    done = mark_once([CAPPED], *LACKING, [Deleverage()])
    done.house.fund_deposit("USDT", "1000")
    done.house.trade("X", "1", "100", buyer=None, seller=1)
    again = done.mark({"X": "200"})
    assert (again.balance[0], again.of("cover"), again.of("uncovered-money")) == (-400, [], [])


@pytest.mark.parametrize(("lots", "kept", "cross"), [(2, 0, 7 + 500), (3, 500, 7)])
def test_an_isolated_winner_closed_in_full_leaves_its_balance_to_the_cross_wallet(lots, kept, cross):
    """At the end of the pass; closed in part it keeps it."""
    # P 200: short at 150 a lot, 50 of loss each, 600 less 100.
    wallets = [0, ("bob", "isolated", 600), ("bob", "cross", 7)]
    done = mark_once([X], wallets, [("X", 0, 2, 400), ("X", 1, -lots, -150 * lots)], {"X": "100"}, [Deleverage()])
    assert done.balance == [0, kept, cross]
    assert done.amounts("moved") == ([] if kept else [(1, -500), (2, 500)])


def test_without_a_cross_wallet_it_stays():
    """Nowhere to go."""
    done = mark_once(
        [X], [0, ("bob", "isolated", 600)], [("X", 0, 2, 400), ("X", 1, -2, -300)], {"X": "100"}, [Deleverage()]
    )
    assert (done.balance, done.of("moved")) == ([0, 500], [])


def test_it_moves_at_the_end_of_the_pass():
    """A second round comes first."""
    # Wallet 2 is broken by wallet 0: short 2, U 50, E 105; round 2 takes it.
    wallets = [0, ("bob", "isolated", 600), 55, ("bob", "cross", 0)]
    positions = [("X", 0, 2, 400), ("X", 1, -1, -700), ("X", 2, -2, -250)]
    done = mark_once([X], wallets, positions, {"X": "100"}, [Deleverage()])
    assert done.story("adl-notice", "liquidation-started", "moved") == [
        *(("liquidation-started", 0), ("adl-notice", 1), ("adl-notice", 2), ("liquidation-started", 2)),
        *(("moved", 1), ("moved", 3)),
    ]


@pytest.mark.parametrize(("lots", "paid"), [((3, 1), {"X": 40, "Y": 0}), ((1, 3), {"X": 0, "Y": 40})])
def test_a_wallet_in_several_scopes_is_settled_by_the_fund_of_its_first_row(lots, paid):
    """That with the larger margin. Deleveraged at the mark, E -40 is what is missing."""
    rows = [
        (name, wallet, sign * n, 100 * sign * n) for wallet, sign in ((0, 1), (1, -1)) for name, n in zip("XY", lots)
    ]
    funds = [fund(1000, scope="X"), fund(1000, scope="Y"), fund(1000)]
    done = mark_once([X, Y], [-40, 900], rows, AT_100, [Deleverage(price="mark")], funds)
    assert {name: 1000 - done.cash(name) for name in "XY"} == paid
    assert done.cash() == 1000


def test_who_owes_outside_a_round_is_settled_by_the_fund_of_the_asset():
    """A lot of X bought with 5 at 100 and sold at 80: what lacks is not of the fund of X."""
    funds = [fund(1000, scope="X"), fund(1000)]
    house = build_house(snapshot([X], [5, -7], [("X", 0, 1, 100)], {"X": "100"}), [TakeOver()], funds)
    sold = PassResult(house, house.trade("X", "1", "80", buyer=None, seller=0))
    assert sold.amounts("cover") == [(0, 15)]
    assert (sold.cash("X"), sold.cash()) == (1000, 1000 - 7 - 15)


def test_settlement_follows_each_stage():
    """The rest of a wallet that the fund took is in the fund before others are deleveraged."""
    # Wallet 0: 30 at 10, E 1: taken at 10. Wallet 1: 10 that cost 200, E -100: refused, P 20.
    positions = [("X", 0, 30, 300), ("X", 1, 10, 200), ("X", 2, -10, -100)]
    done = mark_once([X], [1, 0, 500], positions, {"X": "10"}, [TakeOver(), Deleverage()])
    told = [("take-over", 0), ("rest", 0), ("adl-fill", 1), ("adl-fill", 2)]
    assert done.story("take-over", "rest", "adl-fill") == told


def valued(
    amounts, positions, prices, venue, *, mode="multi-asset", loans=(0, 0), book=None, wallets=(), cut="0.1", **more
):
    """Wallet 0 holds USDT and BTC at 50, of which `cut` is not counted."""
    terms = {
        "assets": [BTC],
        "balances": {"wallet": [0, 0], "asset": ["USDT", "BTC"], "amount": list(amounts), "loan": list(loans)},
        "index_prices": {"BTC": "50"},
        "haircuts": {"BTC": cut},
    }
    contracts = more.pop("contracts", [X])
    return mark_once(
        contracts, [("mia", mode, 0), *wallets], positions, prices, venue, more.pop("funds", 0), book, **terms, **more
    )


def held(done):
    """What wallets of several assets hold, as (asset, amount)."""
    books = done.house.snapshot()
    names = [asset.name for asset in books.assets]
    rows = zip(books.balances.asset.tolist(), books.balances.amount.tolist(), strict=True)
    return [(names[code], amount) for code, amount in rows]


def test_collateral_is_exchanged_until_debts_are_paid():
    """485 of debt at 45 a coin: all 11 coins, which would be 495, and no more than the debt for them."""
    # E = 11·45 - 45 - 440 = 10, MM 50: 990/10. Sold at the mark: -45 - 440.
    book = RestingOrders(bids=[(10, 100)])
    done = valued([-45, 11], [("X", 0, 10, 1440)], {"X": "100"}, [BookIOC()], book=book)
    assert book.sent == [("X", -10, 99)]
    assert held(done) == [("USDT", 0), ("BTC", 0)]
    assert done.party("treasury") == (0, 11 - 485)


def test_only_so_many_coins_as_needed_are_exchanged():
    """380 of debt take ceil(380/45) = 9 coins of 12; the book closed all, so the others stay."""
    # E = 12·45 - 530 = 10: P 99. Sold at 115: 1150 - 1530.
    done = valued([0, 12], [("X", 0, 10, 1530)], {"X": "100"}, [BookIOC()], book=RestingOrders(bids=[(10, 115)]))
    assert held(done) == [("USDT", 0), ("BTC", 3)]
    # 9 coins to the treasury, 380 from it: both legs are in the ledger.
    legs = [(row["wallet"], row["fund"], row["asset"], row["amount"]) for row in done.events.rows("exchange")]
    given = [(-1, "treasury", "BTC", 9), (-1, "treasury", "USDT", -380), (0, "", "BTC", -9), (0, "", "USDT", 380)]
    assert sorted(legs) == given


def deep(coins, cut):
    """Mia's ten lots, at 110 and nothing above, leave -45 + 1100 - 1440 = -385 beside her coins."""
    positions = [("X", 0, 10, 1440), ("X", 1, -10, -1440)]
    wallets = [("bob", "cross", 9000)]
    return valued(
        [-45, coins], positions, {"X": "100"}, [Deleverage()], contracts=[CAPPED], wallets=wallets, funds=1000, cut=cut
    )


def test_collateral_that_is_worth_nothing_is_not_given_away():
    """At a haircut of 1 eleven coins pay none of 385: they are the rest of a wallet that was deleveraged."""
    done = deep(11, "1")
    assert done.of("exchange") == []
    assert done.party("treasury") == (0, 0)
    assert done.amounts("rest") == [(0, -11)]
    assert (held(done), done.cash(), done.cash("BTC")) == ([("USDT", 0), ("BTC", 0)], 1000 - 385, 11)


@pytest.mark.parametrize(("coins", "got"), [(1, 0), (2, 1), (3, 1)])
def test_a_coin_that_brings_less_than_a_quantum_is_not_given_away(coins, got):
    """At a haircut of 99 % a coin brings half a quantum."""
    done = deep(coins, "0.99")
    assert done.party("treasury") == (0, (coins if got else 0) - got)
    assert (done.cash(), done.cash("BTC")) == (1000 - 385 + got, 0 if got else coins)


def test_a_positive_rest_of_each_asset_goes_to_the_fund_of_that_asset():
    """A coin is left of a wallet whose lot is worth no less than a tick."""
    # One lot at 100, EV 200, MM 95, 4 coins: E 180 - 100 + 15 = 95 with 15 USDT: BV 5 for ticks of 50: P 50.
    # USDT: 15 + 50 - 200 = -135: 3 coins of 45, exactly. The fourth is BTC's fund's.
    contract = linear(tick="50", tiers=adl.MarginTiers([0], ["0.95"]))
    done = valued([15, 4], [("X", 0, 1, 200)], {"X": "100"}, [TakeOver()], contracts=[contract])
    assert done.fills("take-over") == [(0, -1, 1, 50)]
    assert (held(done), done.cash("USDT"), done.cash("BTC")) == ([("USDT", 0), ("BTC", 0)], 0, 1)


def test_a_loan_is_repaid_before_debts_are():
    """A portfolio wallet with 10 coins of which 1 is lent: 9 pay 440 at 50."""
    # E = 9·50 - 440 = 10, MM 50. ceil(440/50) = 9, worth 450; 440 are credited.
    book = RestingOrders(bids=[(10, 100)])
    terms = {"mode": "portfolio", "loans": (0, 1), "cut": "0"}
    done = valued([0, 10], [("X", 0, 10, 1440)], {"X": "100"}, [BookIOC()], book=book, **terms)
    assert held(done) == [("USDT", 0), ("BTC", 0)]
    assert [(row["wallet"], row["amount"]) for row in done.of("loan-repaid")] == [(0, -1)]
    assert done.house.snapshot().balances.loan.tolist() == [0, 0]


def test_a_debt_that_no_collateral_pays_is_the_funds():
    """Nothing above 110: 10 lots at 100 with 1 coin and EV 1500 lack 400 - 45."""
    done = valued(
        *([0, 1], [("X", 0, 10, 1500), ("X", 1, -10, -1000)], {"X": "100"}, [Deleverage()]),
        contracts=[CAPPED],
        wallets=[("bob", "cross", 9000, "USDT")],
        funds=[fund(1000)],
    )
    assert [(row["wallet"], row["asset"], row["amount"]) for row in done.of("cover")] == [(0, "USDT", 355)]
    assert (held(done), done.cash()) == ([("USDT", 0), ("BTC", 0)], 645)


def short_in_coins(amount):
    """Mia holds so much USDT and is short a lot in coins, which bob, long, is closed against at 20."""
    terms = {
        "assets": [adl.Asset("USDT", 0)],
        "balances": {"wallet": [1], "asset": ["USDT"], "amount": [amount]},
        "index_prices": {"BTC": "50"},
    }
    wallets = [("bob", "cross", 0, "BTC"), ("mia", "multi-asset", 0, "USDT")]
    positions = [("C", 0, 1, 20), ("C", 1, -1, -10)]
    return mark_once([linear("C", settle=BTC)], wallets, positions, {"C": "10"}, [Deleverage()], **terms)


def test_profit_and_loss_is_booked_in_the_settle_asset():
    """Mia has 5,000 USDT and is short a contract in coins: deleveraged at 20 she owes 10 coins."""
    done = short_in_coins(5000)
    assert [fill[:3] for fill in done.fills("adl-fill")] == [(0, -1, 20), (1, 1, 20)]
    assert held(done) == [("USDT", 5000), ("BTC", -10)]


def test_equity_of_several_assets_bears_losses_at_the_index_price():
    """A loss of 10 coins a lot, a coin at 50: E 649 is floor(12.98), half-even 13, and bears 1 lot; 600, 12, none."""
    for amount, given in ((649, 1), (600, 0)):
        assert len(short_in_coins(amount).of("adl-notice")) == given
