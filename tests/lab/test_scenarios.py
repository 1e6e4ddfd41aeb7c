"""Scenarios: what a file may say, what is made of it, and that the same seed gives the same crash."""

from __future__ import annotations

import tomllib
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.closings import BOOK, FUND, STAGES, USERS, told_fills
from adlcore.lab import comparisons, scenarios
from adlcore.lab.crash import Crash
from adlcore.lab.moving_depth import MovingDepth, Shape
from adlcore.lab.outcome import Outcome
from adlcore.lab.shocks import Moved, fall
from adlcore.report.facts.concentration import gini, top_share

pytestmark = pytest.mark.files

ASSETS = [{"name": "BTC", "index": "BTCUSDT"}, {"name": "ETH", "index": "ETHUSDT"}]
SMALL = {"wallets": {"count": 400, "positions": 800}, "shock": {"passes": 6}}


def refused(call, argument, *words):
    """The error of a wrong call."""
    with pytest.raises(adl.AdlError) as caught:
        call()
    assert caught.value.argument == argument
    for word in words:
        assert word in str(caught.value)


def happened(crash: Crash) -> tuple[str, list[int]]:
    """The last hash, and events a pass."""
    counts = []
    for inputs in crash.passes():
        counts.append(len(crash.house.mark(inputs.marks, inputs.time, index_prices=inputs.index_prices)))
        assert crash.house.audit() == []
    return crash.house.hash, counts


# Files ----------------------------------------------------------------------------------------------------------------


def test_the_template_says_every_key_with_the_value_that_it_has_without_it():
    fields = tomllib.loads(scenarios.template())
    assert scenarios.read(fields) == scenarios.Scenario()
    for part in ("wallets", "venue", "depth", "shock"):
        known = set(type(getattr(scenarios.Scenario(), part)).model_fields)
        assert set(fields[part]) | ({"marks"} if part == "shock" else set()) == known
    assert set(fields["contracts"][0]) | {"follows"} == set(scenarios.Listing.model_fields)


def test_a_scenario_comes_back_from_its_fields():
    scenario = scenarios.read({"seed": 5, "funds": [{"asset": "USDT", "balance": "12.5", "scope": ["BTCUSDT"]}]})
    assert scenarios.read(scenario.fields()) == scenario


@pytest.mark.parametrize(
    ("fields", "argument", "words"),
    [
        ({"seed": -1}, "seed", ("-1", "must be greater than or equal to 0")),
        ({"sede": 1}, "sede", ("must be a key that is known", "seed")),
        ({"wallets": {"count": 1}}, "wallets.count", ("1", "must be greater than or equal to 2")),
        ({"wallets": {"count": "many"}}, "wallets.count", ("'many'", "must be a valid integer")),
        ({"wallets": {"modes": {"crossed": 1}}}, "wallets.modes", ("must have keys of cross, isolated",)),
        ({"wallets": {"modes": {"cross": 0}}}, "wallets.modes", ("must have a share above 0",)),
        ({"shock": {"fall": 1}}, "shock.fall", ("must be less than 1",)),
        ({"depth": {"vanish": [{"at": 2, "share": 0}]}}, "depth.vanish[0].at", ("must be less than or equal to 1",)),
        ({"venue": {"rule": "binanse"}}, "venue.rule", ("'binanse'", "must be one of binance")),
        ({"venue": {"price": "oracle"}}, "venue.price", ("must be 'bankruptcy', 'mark' or 'previous-mark'",)),
        ({"funds": [{"asset": "USDT"}]}, "funds[0]", ("must have one of balance and ratio",)),
        (
            {"funds": [{"asset": "XRP", "ratio": 0}]},
            "scenario",
            ("funds.asset must be one of USDT, BTC, ETH, not XRP",),
        ),
        ({"contracts": []}, "contracts", ("at least 1 item",)),
        ({"contracts": [{"symbol": "X", "price": "1"}]}, "contracts[0].tick", ("is missing: must be given",)),
        ({"contracts": [{"symbol": "X", "price": "1", "tick": "0"}]}, "contracts[0]", ("tick", "must be above 0")),
        ({"assets": [*ASSETS, {"name": "X", "index": "X"}]}, "scenario", ("assets.X.index must be one of", "not X")),
    ],
)
def test_errors_name_the_key_the_value_and_what_is_allowed(fields, argument, words):
    refused(lambda: scenarios.read(fields), argument, *words)


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("seed = 7\nname = crash\n")
    refused(lambda: scenarios.load(path), "scenario", "must be TOML", "line 2")


def test_marks_are_looked_for_beside_the_scenario(tmp_path):
    (tmp_path / "marks.csv").write_text("time,symbol,price\n5,BTCUSDT,59000\n5,BTCUSD,59000\n9,ETHUSDT,2400.5\n")
    (tmp_path / "own.toml").write_text('[wallets]\ncount = 50\npositions = 90\n[shock]\nmarks = "marks.csv"\n')
    crash = Crash.of(scenarios.load(tmp_path / "own.toml"))
    assert crash.marks == [(5, {"BTCUSDT": "59000", "BTCUSD": "59000"}), (9, {"ETHUSDT": "2400.5"})]
    given = list(crash.passes())
    assert [inputs.index_prices for inputs in given] == [{"BTC": "59000"}, {"ETH": "2400.5"}]


# Crashes --------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_crash_and_another_seed_another():
    crashes = [Crash.of(scenarios.read({**SMALL, "seed": seed})) for seed in (1, 1, 2)]
    first, second, third = (happened(crash) for crash in crashes)
    assert first == second
    assert first != third


@pytest.mark.parametrize("mode", ["multi-asset", "portfolio"])
def test_without_coins_a_wallet_of_several_assets_has_one_balance_in_its_own(mode):
    listing = {"symbol": "BTCUSDT", "price": "60000", "tick": "0.1", "lot": "0.001"}
    wallets = {"count": 100, "positions": 200, "modes": {mode: 1.0}}
    fields = {"wallets": wallets, "contracts": [listing], "assets": [], "funds": [{"asset": "USDT", "ratio": 0.01}]}
    crash = Crash.of(scenarios.read({**fields, "shock": {"passes": 4}}))
    assert len(np.unique(crash.house.snapshot().balances.wallet)) == len(crash.house.snapshot().balances.wallet) == 100
    assert sum(happened(crash)[1]) > 0


def test_a_crash_liquidates_and_deleverages():
    crash = Crash.of(scenarios.read(SMALL))
    found = Outcome.before(crash.house.snapshot())
    for inputs in crash.passes():
        events = crash.house.mark(inputs.marks, inputs.time, index_prices=inputs.index_prices)
        found.add(events, inputs.index_prices)
    assert len(found.liquidated) > 0
    assert all(found.closed[stage] > 0 for stage in (BOOK, FUND, USERS))
    assert abs(sum(found.share(stage) for stage in range(len(STAGES))) - 1) < 1e-12


def test_a_ratio_is_of_the_open_interest_that_the_fund_answers_for():
    funds = [{"asset": "USDT", "ratio": 0.01, "scope": ["SOLUSDT"]}, {"asset": "USDT", "ratio": 0.02}]
    crash = Crash.of(scenarios.read({**SMALL, "funds": [*funds, {"asset": "BTC", "ratio": 0.03}]}))
    snapshot = crash.house.snapshot()
    worth = {}
    for code, (contract, mark) in enumerate(zip(snapshot.contracts, snapshot.marks, strict=True)):
        quantity = snapshot.positions.quantity[snapshot.rows(code)]
        lots = int(quantity[quantity > 0].sum())
        worth[contract.symbol] = abs(lots * contract.exact_value_per_lot(mark))
    others = sum(worth[symbol] for symbol in ("BTCUSDT", "ETHUSDT", "AVAXUSDT"))
    wanted = {"SOLUSDT": worth["SOLUSDT"] / 100, "USDT": others / 50, "BTC": worth["BTCUSD"] * 3 / 100, "ETH": 0}
    for name, balance in wanted.items():
        assert abs(crash.house.funds[name].balance - Decimal(int(balance * 10**8)) / 10**8) <= Decimal("1e-8")


def test_closed_notional_is_as_unequal_as_on_10_october_2025():
    """Gini 0.98, the top 1 % of the users 84.2 % (19,337 users); a crowd of a third as many is near that."""
    crash = Crash.of(scenarios.read({"wallets": {"count": 25_000, "positions": 50_000}, "shock": {"passes": 20}}))
    closed = np.zeros(25_001)
    for inputs in crash.passes():
        events = crash.house.mark(inputs.marks, inputs.time, index_prices=inputs.index_prices)
        snapshot = crash.house.snapshot()
        quanta = np.array([asset.quanta_per_unit for asset in snapshot.assets])
        price = np.array([float(price or 1) for price in snapshot.index_prices])
        notice, fill = told_fills(events.kind, events.link)
        worth = np.abs(events.amount[fill]) * (price / quanta)[events.asset[fill]]
        np.add.at(closed, snapshot.wallets.account[events.wallet[notice]], worth)
    borne = closed[closed > 0]
    n = len(borne)
    assert n > 4000
    assert 0.96 < gini(borne) < 0.995
    assert 0.7 < top_share(borne, n // 100) < 0.95


def test_coin_margined_contracts_are_deleveraged_more_and_the_book_spares_some():
    """Each step by itself, over three crowds."""
    for seed in (1, 2, 3):
        given = [comparisons.outcome(variant.scenario) for variant in comparisons.variants(6000, seed=seed)]
        one, apart, coins, blind = (found.closed[USERS] for found in given)
        assert one < apart < coins
        assert one < blind
        assert given[0].deleveraged_share < given[1].deleveraged_share < given[2].deleveraged_share
        assert [len(found.liquidated) for found in given[:2]] == [len(given[0].liquidated)] * 2


# Shocks ---------------------------------------------------------------------------------------------------------------

BTC = adl.Contract("BTCUSDT", tick="0.1")
ETH = adl.Contract("ETHUSDT", tick="0.01")


@given(
    st.integers(0, 10**6),
    st.integers(1, 40),
    st.floats(0.01, 0.9),
    st.integers(0, 50),
    st.floats(0, 1),
    st.sampled_from([0.0, 0.3, 1.0]),
)
def test_a_fall_ends_where_it_should(seed, passes, depth, jumps, jump_share, rebound):
    """The low is the depth, to a tick; contracts of a path with the same beta fall by the same share."""
    moved = [Moved(BTC, "60000", "BTCUSDT", 1.0, 0.0), Moved(ETH, "2500", "BTCUSDT", 1.0, 0.0)]
    rng = np.random.default_rng(seed)
    path = fall(moved, rng, passes=passes, step=7, depth=depth, jumps=jumps, jump_share=jump_share, rebound=rebound)
    assert [time for time, _ in path] == [7 * number for number in range(1, passes + 1)]
    prices = np.array([float(marks["BTCUSDT"]) for _, marks in path])
    assert abs(prices.min() - 60000 * (1 - depth)) <= 0.1
    others = np.array([float(marks["ETHUSDT"]) for _, marks in path])
    assert np.abs(prices / 24 - others).max() <= 0.02
    if not rebound or passes < 4:
        assert (np.diff(prices) <= 0).all()


# Depth ----------------------------------------------------------------------------------------------------------------


def test_depth_that_was_taken_stays_taken_when_the_book_moves_and_comes_back_with_time():
    book = MovingDepth([Shape(BTC, 1000, 2, 0.001, 1.0, 0.01)], {"BTCUSDT": "60000"})
    assert book.ioc(BTC, -600, 1, 0) == [(500, 599700), (100, 599100)]
    book.move({"BTCUSDT": "59000"}, 1.0)
    assert book.ioc(BTC, -500, 1, 0) == [(400, 589100)]
    # 5 lots a level and millisecond
    assert book.ioc(BTC, -500, 1, 20) == [(100, 589700), (100, 589100)]


def test_a_book_goes_back_to_a_checkpoint_with_its_share():
    book = MovingDepth([Shape(BTC, 1000, 2, 0.001, 1.0, 0.0)], {"BTCUSDT": "60000"})
    token = book.checkpoint()
    fills = book.ioc(BTC, 700, 10**7, 0)
    book.move({"BTCUSDT": "50000"}, 0.1)
    assert sum(lots for lots, _ in book.ioc(BTC, 700, 10**7, 0)) == 100
    book.restore(token)
    assert book.ioc(BTC, 700, 10**7, 0) == fills


def test_depth_that_vanishes_is_gone_from_its_pass_on():
    fields = {**SMALL, "depth": {"vanish": [{"at": 0.5, "share": 0.0}], "refill": 1.0}}
    crash = Crash.of(scenarios.read(fields))
    best = [crash.book.best("BTCUSDT", "sell") for _ in crash.passes()]
    assert [price is None for price in best] == [False] * 3 + [True] * 3


def test_a_position_may_be_as_large_as_the_template_allows():
    """Of 2·10⁹ USD; that and more is 10¹⁷ quanta."""
    fields = {"wallets": {"count": 300, "positions": 600, "worth_median": 1e9, "worth_sigma": 1.0}}
    positions = Crash.of(scenarios.read(fields)).house.snapshot().positions
    assert int(np.abs(positions.entry_value).max()) > 10**17
