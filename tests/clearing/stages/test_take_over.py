"""Which rows an insurance fund takes over, and what it says of those that it refuses. Every number by hand."""

from importlib.util import find_spec

import pytest

import adlcore as adl
from adlcore._support.arrays import INT64_MAX
from adlcore.clearing import BookIOC, Deleverage, Depleted, Drawdown, NetNotionalCap, TakeOver, Venue
from support.house_books import AT_100, BTC, PassResult, X, Y, build_house, fund, inverse, mark_once, snapshot
from support.replays import assert_replay


@pytest.mark.parametrize(("cash", "taken"), [(100, 1), (99, 0)])
def test_a_fund_accepts_while_its_net_notional_is_within_its_size(cash, taken):
    """A lot of 100 at 100: F' = F."""
    done = mark_once([X], [0], [("X", 0, 1, 100)], {"X": "100"}, capped("1"), cash)
    assert len(done.of("take-over")) == taken


@pytest.mark.parametrize(("lots", "taken"), [(4, 1), (19, 1), (20, 0), (21, 0)])
def test_a_fund_accepts_what_makes_its_net_row_smaller(lots, taken):
    """Short 10 at 100; at 150 F is 500 and its notional 1,500, beyond all caps."""
    # Then a long of `lots` bought at 150 without a balance: E 0, P 150. 19 leave 9 of 10.
    done = mark_once([X], [0, 0], [("X", 0, -10, -1000)], {"X": "100"}, capped("1"), 1000)
    assert done.inventory() == {"X": (-10, -1000)}
    done.house.trade("X", str(lots), "150", buyer=1, seller=None)
    up = done.mark({"X": "150"})
    assert up.equity() == 500
    # Through zero it is two fills.
    assert sum(row["lots"] for row in up.of("take-over")) == -lots * taken


def test_net_notional_is_that_of_all_contracts_of_the_funds_scope():
    """100 in X and 100 in Y are too much for 199 together, and not for two funds of 100."""
    positions = [("X", 0, 1, 100), ("Y", 1, 1, 100)]
    assert mark_once([X, Y], [0, 0], positions, AT_100, capped("1"), 199).wallets("take-over") == [0]
    two = mark_once([X, Y], [0, 0], positions, AT_100, capped("1"), [fund(100), fund(100, scope="Y")])
    assert two.wallets("take-over") == [0, 1]
    assert (two.inventory("USDT"), two.inventory("Y")) == ({"X": (1, 100)}, {"Y": (1, 100)})


def test_a_fund_takes_whole_rows():
    """10 lots at a loss of 10 each: 35 would do for three, and takes none."""
    assert mark_once([X], [0], [("X", 0, 10, 1100)], {"X": "100"}, [TakeOver()], 35).of("take-over") == []


def test_rows_are_taken_over_one_by_one():
    """A wallet's X may be accepted and its Y refused."""
    # E -40 over MM 5 and 5: -20 each: 120 and 120. 20 do for one; of equal margin X is first.
    done = mark_once([X, Y], [-40], [("X", 0, 1, 100), ("Y", 0, 1, 100)], AT_100, [TakeOver()], 20)
    assert [(row["row"], row["price"]) for row in done.of("take-over")] == [(0, 120)]
    assert done.lots == [0, 1]


def test_of_a_chain_the_first_fund_that_accepts_holds_the_inventory():
    """A loss of 70: too much for the 5 of the first, within the 100 of its parent."""
    funds = [fund(100), fund(5, scope="X", parent="USDT")]
    done = mark_once([X], [0], [("X", 0, 1, 170)], {"X": "100"}, [TakeOver()], funds)
    assert (done.inventory("X"), done.inventory("USDT")) == ({}, {"X": (1, 170)})
    assert (done.equity("X"), done.equity("USDT")) == (5, 30)
    # A loss of 5 is within the first.
    small = mark_once([X], [0], [("X", 0, 1, 105)], {"X": "100"}, [TakeOver()], funds)
    assert (small.inventory("X"), small.inventory("USDT")) == ({"X": (1, 105)}, {})


def test_a_fund_takes_over_with_what_it_has_at_that_moment_first_fit():
    """A fund of 100 and losses of 70, 60, 30 takes the first and the third."""
    positions = [("X", 0, 1, 170), ("X", 1, 1, 160), ("X", 2, 1, 130)]
    done = mark_once([X], [0, 0, 0], positions, {"X": "100"}, [TakeOver()], 100)
    assert done.fills("take-over") == [(0, -1, 170, 170), (2, -1, 130, 130)]
    assert done.left_open == [(1, 1)]
    assert (done.cash(), done.equity(), done.inventory()) == (100, 0, {"X": (2, 300)})


X_AT_100 = {"X": "100"}

#: A long of a lot that cost 170: its wallet has nothing, so that its bankruptcy price is 170.
LOST_70 = ("X", 0, 1, 170)


def refusals(done: PassResult) -> list[tuple]:
    """Fund, contract, wallet, lots, price, cause, value and bound of each, in order."""
    rows = {row["sequence"]: row for row in done.events.rows()}
    found = []
    for row in done.of("take-over-refused"):
        bound = rows[row["link"]]
        assert (bound["kind"], bound["link"]) == ("take-over-bound", row["sequence"])
        for name in ("fund", "contract", "asset", "cause"):
            assert bound[name] == row[name]
        where = (row["fund"], row["contract"], row["wallet"], row["lots"], row["price"])
        found.append((*where, row["cause"], row["amount"], bound["amount"]))
    assert sum(kind == "take-over-bound" for kind in (row["kind"] for row in rows.values())) == len(found)
    return found


def test_a_fund_that_has_not_enough_says_what_it_would_be_left_with():
    """5 of cash and a loss of 70."""
    done = mark_once([X], [0], [LOST_70], X_AT_100, [TakeOver()], 5)
    assert refusals(done) == [("USDT", "X", 0, 1, 170, "depleted", -65, 0)]
    (row,) = done.of("take-over-refused")
    assert (row["row"], row["asset"], row["account"]) == (0, "USDT", "account-0")
    assert mark_once([X], [0], [LOST_70], X_AT_100, [TakeOver()], 70).of("take-over-refused") == []


def capped(ratio: str) -> Venue:
    return Venue("capped", [TakeOver()], trigger=NetNotionalCap(ratio))


@pytest.mark.parametrize(
    ("ratio", "cash", "told"),
    [
        ("1", 100, []),
        ("1", 99, [("USDT", "X", 0, 1, 100, "net-notional", 100, 99)]),
        ("0.5", 99, [("USDT", "X", 0, 1, 100, "net-notional", 100, 49)]),
        ("1/3", 250, [("USDT", "X", 0, 1, 100, "net-notional", 100, 83)]),
    ],
)
def test_a_cap_says_the_net_notional_and_what_it_allows(ratio, cash, told):
    """A lot of 100 at 100, which loses nothing; what is allowed is rounded down."""
    assert refusals(mark_once([X], [0], [("X", 0, 1, 100)], X_AT_100, capped(ratio), cash)) == told


def test_the_net_notional_is_that_of_all_that_was_taken_before():
    """The fund of 250 takes X and Y, 200 together; a third would make it 300."""
    positions = [("X", 0, 1, 100), ("X", 2, 1, 100), ("Y", 1, 1, 100)]
    done = mark_once([X, Y], [0, 0, 0], positions, AT_100, capped("1"), 250)
    assert done.wallets("take-over") == [0, 1]
    assert refusals(done) == [("USDT", "X", 2, 1, 100, "net-notional", 300, 250)]


def test_a_short_is_told_with_its_sign():
    done = mark_once([X], [0], [("X", 0, -2, -200)], X_AT_100, capped("1"), 150)
    assert refusals(done) == [("USDT", "X", 0, -2, 100, "net-notional", 200, 150)]


DROP = [fund(100, trigger=Drawdown(10, "-0.3", "-0.1"))]


def test_a_drawdown_that_would_turn_on_says_the_least_that_would_not():
    """30 % below 100 is 70: 71 is accepted. A loss of 35 leaves 65; one of 29 leaves 71."""
    done = mark_once([X], [0], [("X", 0, 1, 135)], X_AT_100, [TakeOver()], DROP)
    assert refusals(done) == [("USDT", "X", 0, 1, 135, "drawdown", 65, 71)]
    assert refusals(mark_once([X], [0], [("X", 0, 1, 129)], X_AT_100, [TakeOver()], DROP)) == []


def test_a_drawdown_that_is_on_says_what_it_saw_and_where_it_turns_off():
    """100, then 60: it is on, and stays on up to 90."""
    house = build_house(snapshot([X], [0], [("X", 0, 1, 100)], X_AT_100), [TakeOver()], DROP)
    house.fund_deposit("USDT", "-40")
    done = PassResult(house, house.mark({}, time=1))
    assert [row["kind"] for row in done.of("trigger-on", party="USDT")] == ["trigger-on"]
    assert refusals(done) == [("USDT", "X", 0, 1, 100, "drawdown-on", 60, 91)]
    house.fund_deposit("USDT", "30")
    assert refusals(PassResult(house, house.mark({}, time=2))) == [("USDT", "X", 0, 1, 100, "drawdown-on", 90, 91)]
    house.fund_deposit("USDT", "1")
    assert refusals(PassResult(house, house.mark({}, time=3))) == []


def test_a_drawdown_of_an_empty_fund_turns_off_above_zero():
    """Nothing is never enough, whatever the fall."""
    drop = [fund(100, trigger=Drawdown(1, "-0.3", "-0.1"))]
    house = build_house(snapshot([X], [0], [("X", 0, 1, 100)], X_AT_100), [TakeOver()], drop)
    house.fund_deposit("USDT", "-100")
    house.mark({}, time=1)
    assert refusals(PassResult(house, house.mark({}, time=9))) == [("USDT", "X", 0, 1, 100, "drawdown-on", 0, 1)]


def test_a_drawdown_of_a_contract_says_the_profit():
    """10 lots that cost 1,000 are worth 940: 60 below, of 1,000 more than 5 %; it turns off less than 10 below."""
    large = [fund(1000, trigger=Drawdown(10, "-0.05", "-0.01", of="contract", relative_to="pool"))]
    positions = [("X", 0, 10, 1000), ("X", 1, 1, 100), ("Y", 2, 1, 100)]
    done = mark_once([X, Y], [0, 20, 20], positions, AT_100, [TakeOver()], large, pass_={"time": 0})
    down = done.mark({"X": "94", "Y": "80"}, time=1)
    assert refusals(down) == []
    assert refusals(down.mark({"X": "80"}, time=2)) == [("USDT", "X", 1, 1, 80, "drawdown-on", -200, -9)]
    assert [row["contract"] for row in down.of("take-over")] == ["Y"]  # X alone is closed


def test_a_bound_beyond_int64_is_its_end():
    class Far(Drawdown):
        def recovery(self, window, *, base=None):
            return 2**70

    house = build_house(
        snapshot([X], [0], [("X", 0, 1, 100)], X_AT_100), [TakeOver()], [fund(100, trigger=Far(10, "-0.3", "-0.1"))]
    )
    house.fund_deposit("USDT", "-40")
    assert refusals(PassResult(house, house.mark({}, time=1)))[0][-3:] == ("drawdown-on", 60, INT64_MAX)


def test_the_fund_of_coins_counts_coins():
    """An inverse long of 10 at 100 is worth 1,000 coins, as is its net notional."""
    books = snapshot([inverse("I")], [0], [("I", 0, 10, -1000)], {"I": "100"})
    house = build_house(books, capped("1"), [fund(900, "BTC")])
    done = PassResult(house, house.mark({}))
    assert refusals(done) == [("BTC", "I", 0, 10, 100, "net-notional", 1000, 900)]
    assert done.of("take-over-refused")[0]["asset"] == BTC.name


def test_every_fund_of_the_chain_that_refused_is_told():
    """70 is too much for 5; the parent has 100. Of 60 it would be too much for both."""
    funds = [fund(100), fund(5, scope="X", parent="USDT")]
    done = mark_once([X], [0], [LOST_70], X_AT_100, [TakeOver()], funds)
    assert done.inventory("USDT") == {"X": (1, 170)}
    assert refusals(done) == [("X", "X", 0, 1, 170, "depleted", -65, 0)]
    funds = [fund(60, trigger=Depleted()), fund(5, scope="X", parent="USDT")]
    assert refusals(mark_once([X], [0], [LOST_70], X_AT_100, [TakeOver()], funds)) == [
        ("X", "X", 0, 1, 170, "depleted", -65, 0),
        ("USDT", "X", 0, 1, 170, "depleted", -10, 0),
    ]


def test_of_many_rows_the_first_of_each_contract_is_told():
    """Wallets in order of equity: -70, -60 and -50 in X, -40 in Y."""
    positions = [("X", 0, 1, 170), ("X", 1, 1, 160), ("X", 2, 1, 150), ("Y", 3, 1, 140)]
    done = mark_once([X, Y], [0, 0, 0, 0], positions, AT_100, [TakeOver()], 5)
    assert [told[:4] + told[5:] for told in refusals(done)] == [
        ("USDT", "X", 0, 1, "depleted", -65, 0),
        ("USDT", "Y", 3, 1, "depleted", -35, 0),
    ]
    assert len(refusals(done.mark({}))) == 2


def test_what_was_taken_before_and_after_is_told_first():
    """First fit of 100: 70 is taken, 60 is not, 30 is."""
    positions = [("X", 0, 1, 170), ("X", 1, 1, 160), ("X", 2, 1, 130)]
    done = mark_once([X], [0, 0, 0], positions, X_AT_100, [TakeOver()], 100)
    told = [("take-over", 0), ("take-over", 2), ("take-over-refused", 1)]
    assert done.story("take-over", "take-over-refused") == told
    assert refusals(done) == [("USDT", "X", 1, 1, 160, "depleted", -30, 0)]


def test_each_round_tells_anew_and_no_stage_of_it_twice():
    """A short of 11 gives a lot at 170 and loses 70 of its 115: 45 against a margin of 50, the second round's."""
    positions = [LOST_70, ("X", 1, -11, -1100)]
    venue = Venue("twice", [TakeOver(), TakeOver(), Deleverage()], trigger=NetNotionalCap("1"))
    done = mark_once([X], [0, 115], positions, X_AT_100, venue, 5)
    assert refusals(done) == [
        ("USDT", "X", 0, 1, 170, "depleted", -65, 0),
        ("USDT", "X", 1, -10, 104, "net-notional", 1000, 45),
    ]
    once = mark_once(
        [X], [0, 115], positions, X_AT_100, Venue("one", venue.stages, trigger=venue.trigger, max_rounds=1), 5
    )
    assert len(refusals(once)) == 1


def test_nobody_is_refused_where_nothing_is_offered():
    """No stage that takes over; and rows that wait for the rest of an order."""
    assert refusals(mark_once([X], [0], [LOST_70], X_AT_100, [Deleverage()], 5)) == []
    stages = [BookIOC(portion="0.5", cool_down=5), TakeOver()]
    done = mark_once([X], [4], [("X", 0, 2, 200)], X_AT_100, stages, 0, pass_={"time": 1})
    assert (done.of("take-over"), refusals(done)) == ([], [])
    capped_venue = Venue("waits", stages, trigger=NetNotionalCap("1"))
    waited = mark_once([X], [4], [("X", 0, 2, 200)], X_AT_100, capped_venue, 0, pass_={"time": 1}).mark({}, time=9)
    assert refusals(waited) == [("USDT", "X", 0, 2, 98, "net-notional", 200, 4)]


def test_refusals_move_nothing(tmp_path):
    venue = Venue("capped", [TakeOver(), Deleverage()], trigger=NetNotionalCap("1"))
    house = build_house(snapshot([X], [0, 900], [("X", 0, 1, 100), ("X", 1, -1, -110)], X_AT_100), venue, 50)
    before = house.state()
    done = PassResult(house, house.mark({}, time=1))
    assert refusals(done) == [("USDT", "X", 0, 1, 100, "net-notional", 100, 50)]
    assert_replay(before, done.events, house)
    assert house.audit() == []
    assert len(house.funds["USDT"].ledger["kind"]) == 0
    for name in ("events.jsonl", "events.arrow", "events.parquet") if find_spec("pyarrow") else ("events.jsonl",):
        adl.io.write_events(done.events, tmp_path / name)
        read = adl.io.read_events(tmp_path / name)
        places = {kind: read["kind"].tolist().index(kind) for kind in ("take-over-refused", "take-over-bound")}
        first, second = places.values()
        assert (read["amount"][first], read["amount"][second]) == (100, 50)
        assert (read["link"][first], read["link"][second]) == (read["sequence"][second], read["sequence"][first])
        assert (read["fund"][first], read["account"][first]) == ("USDT", "account-0")
        assert (read["cause"][first], read["cause"][second]) == ("net-notional", "net-notional")
