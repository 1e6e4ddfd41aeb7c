"""The terminal and the report of a run say the same numbers, and a crash that is not kept is summed up as they are."""

import json
import re
from collections import Counter
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given

import adlcore as adl
from adlcore._support.wording import amount_text, percent
from adlcore.clearing.closings import STAGES, USERS, closing_fills, notice_fills
from adlcore.cli import _story
from adlcore.lab import scenarios
from adlcore.lab.crash import Crash
from adlcore.lab.outcome import Outcome
from adlcore.report.facts.refusals import TRIGGER_CAUSES
from adlcore.report.facts.run_facts import Facts
from adlcore.report.sections import insurance, story
from support import house_worlds, report_worlds
from support.commands import SMALL
from support.report_pages import Page

pytestmark = pytest.mark.usefixtures("terminal")

SIZE = {"wallets": {"count": 400, "positions": 800}, "shock": {"passes": 6}}
BTC = {"symbol": "BTCUSDT", "price": "60000", "tick": "0.1", "lot": "0.001"}
COIN = {"symbol": "BTCUSD", "kind": "inverse", "settle": "BTC", "price": "60000", "tick": "0.1", "multiplier": "100"}
ISOLATED = {"count": 400, "positions": 800, "modes": {"isolated": 1.0}}

#: Crashes that differ in what can go wrong where amounts are added up.
WORLDS = {
    "several assets in one unit": {**SIZE, "seed": 4},
    "linear": {
        **{**SIZE, "wallets": {**ISOLATED, "modes": {"isolated": 0.4, "cross": 0.4, "hedge": 0.2}}, "contracts": [BTC]},
        **{"assets": [], "funds": [{"asset": "USDT", "ratio": 0.01}]},
    },
    "inverse, in the coin": {
        **{**SIZE, "wallets": ISOLATED, "contracts": [COIN]},
        **{"assets": [{"name": "BTC", "index": "BTCUSD"}], "funds": [{"asset": "BTC", "ratio": 0.01}]},
    },
    "several assets apart": {
        **{**SIZE, "wallets": ISOLATED, "contracts": [BTC, COIN], "assets": [{"name": "BTC", "index": "BTCUSDT"}]},
        "funds": [{"asset": "USDT", "ratio": 0.002}, {"asset": "BTC", "ratio": 0.002}],
    },
    "nobody takes it": {
        **{**SIZE, "funds": [], "depth": {"of_open_interest": 0.0}},
        "venue": {"rule": "roi", "take_over": False, "price": "mark"},
    },
    "funds that hold much": {**SIZE, "funds": [{"asset": "USDT", "ratio": 0.2}]},
}


@pytest.fixture(params=WORLDS)
def told(request, good, tmp_path):
    """What the terminal says, the same as JSON, the facts, and the page."""
    folder = tmp_path / "run"
    text = _toml(tmp_path, WORLDS[request.param])
    document = json.loads(good("simulate", text, "--out", folder, "--json"))
    said = good("simulate", text, "--out", tmp_path / "again", "--no-report")
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", said), document, Facts(adl.io.open_run(folder)), page


def _toml(folder, fields):
    """A scenario as a file."""
    path = folder / "crash.toml"
    lines = [line for key, value in fields.items() if not _is_table(value) for line in (f"{key} = {_value(value)}",)]
    for key, value in fields.items():
        for part in value if isinstance(value, list) else [value]:
            if _is_table(value) and value:
                lines.append(f"[[{key}]]" if isinstance(value, list) else f"[{key}]")
                lines += [f"{name} = {_value(each)}" for name, each in part.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def _is_table(value):
    return isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict))


def _value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(each)}" for name, each in value.items()) + " }"
    return json.dumps(value)


def test_every_number_of_the_terminal_is_one_of_the_report(told):
    said, document, facts, page = told
    record, run = facts.record, facts.run
    cards = re.sub(r"\s+", " ", page.texts["story"])
    worth = [facts.closings.by_stage(view) for view in facts.views]
    closed = story.amounts_text(facts, [float(each.sum()) for each in worth])
    assert f"{len(facts.liquidated):,} wallets; {' and '.join(closed)} closed, each fill at its own price" in said
    assert f"{len(facts.liquidated):,} wallets were liquidated" in cards
    for sum_of_all in closed:
        assert sum_of_all in cards
    for stage in range(len(STAGES)):
        if any(each[stage] for each in worth):
            took = story.amounts_text(facts, [float(each[stage]) for each in worth])
            assert " and ".join(took) in said
            for part in took:
                assert part in cards
            if len(worth) == 1:
                share = percent(float(worth[0][stage] / worth[0].sum()))
                assert f"({share})" in said
                assert f"{share} of what was closed" in cards
    for view, held in zip(facts.views, facts.bearers, strict=True):
        if len(held):
            shares = page.tables["How evenly it was shared"]
            mine = {row[0]: row[1:3] for row in shares[1:] if row[4] == view.unit}
            users, share = mine["all"][0], mine["the user with most"][1]
            assert f"{users} user{'' if users == '1' else 's'}" in said
            assert f"the largest {share}" in said
            if "the top 1 %" in mine and held.one_percent > 1:
                assert f"the top 1 % {mine['the top 1 %'][1]}" in said
    notices = record.tally("adl-notice")
    assert f"in {notices:,} fill" in said or not notices
    assert f"{notices:,} notice" in cards or not notices
    if facts.debts or len(facts.uncovered.event):
        assert insurance.headline(facts) in said
        assert insurance.headline(facts) in re.sub(r"\s+", " ", page.texts["insurance"])
    else:
        assert "uncovered nothing: every position found a taker, every shortfall was paid" in said
        assert "Nothing stayed uncovered" in page.texts["insurance"]
    for fund in facts.funds:
        asset = run.assets[fund.asset]
        first, last = int(fund.cash[0]), int(fund.cash[-1])
        before, after = (amount_text(cash, asset.decimals) if cash else "0" for cash in (first, last))
        assert f"{fund.name} {amount_text(first, asset.decimals)} to {amount_text(last, asset.decimals)}" in said
        row = next(row for row in page.tables["Funds"] if row[0] == fund.name)
        assert (row[2], row[4]) == (before, after)
    assert f"; {record.tally('order-cancelled'):,} open order" in said or not record.tally("order-cancelled")
    assert "6 marks, 00:01:00 to 00:06:00" in said
    assert document["liquidated_wallets"] == len(facts.liquidated)
    assert sum(document["counts"].values()) == document["events"] == len(record)


def test_json_has_the_sums_of_the_report(told):
    _, document, facts, _ = told
    for view, held, closed, borne in zip(
        facts.views, facts.bearers, document["closed"], document["borne"], strict=True
    ):
        assert [closed[stage] for stage in STAGES] == facts.closings.by_stage(view).tolist()
        assert closed["left uncovered"] == facts.uncovered_at_end.total(view)
        assert closed["unit"] == borne["unit"] == view.unit
        # What users bore is what was closed against them: one sum over fills, one over notices.
        assert borne["notional"] == pytest.approx(closed["other users"], rel=1e-12)
        assert borne["users"] == len(held.accounts)
    assert any(sum(closed[stage] for stage in STAGES) for closed in document["closed"])
    house = Crash.of(scenarios.read(facts.run.configuration["scenario"])).house
    for name, balances in document["funds"].items():
        assert balances["before"] == format(house.funds[name].balance, "f")


@pytest.mark.parametrize("name", WORLDS)
def test_a_crash_that_is_not_kept_comes_to_the_same(name, tmp_path):
    crash = Crash.of(scenarios.read(WORLDS[name]))
    found = Outcome.before(crash.house.snapshot())

    index_prices = []

    def passes():
        for inputs in crash.passes():
            index_prices.append(inputs.index_prices)
            yield inputs

    def added(number, events, _):
        found.add(events, index_prices[number])

    facts = Facts(adl.io.record(tmp_path / "run", crash.house, passes(), on_pass=added))
    if len(facts.views) == 1 and facts.views[0].unit == found.unit:
        assert found.closed == pytest.approx(facts.closings.by_stage(facts.views[0]), rel=1e-12)
    else:
        last = facts.prices.index
        total = np.zeros(len(STAGES))
        record = facts.record
        for event, stage in zip(facts.closings.event.tolist(), facts.closings.stage.tolist(), strict=True):
            asset = int(record.asset[event])
            price = 1.0 if facts.run.assets[asset].name == "USDT" else last[record.pass_index[event] + 1, asset]
            total[stage] += abs(int(record.amount[event])) / facts.run.assets[asset].quanta_per_unit * price
        assert found.closed == pytest.approx(total, rel=1e-9)
    assert found.liquidated == set(facts.liquidated.tolist())
    lots = Counter()
    for event, stage in zip(facts.closings.event.tolist(), facts.closings.stage.tolist(), strict=True):
        if stage == USERS:
            lots[int(facts.record.contract[event])] += abs(int(facts.record.lots[event]))
    assert found.deleveraged_lots.tolist() == [lots[code] for code in range(len(facts.run.contracts))]
    before = facts.run.before
    shares = [Fraction(lots[code], int(held)) if held else 0 for code, held in enumerate(found.open_interest.tolist())]
    assert found.deleveraged_share == pytest.approx(float(max(shares)))
    for code in range(len(before.contracts)):
        held = before.positions.quantity[before.rows(code)]
        assert found.open_interest[code] == held[held > 0].sum()


@given(house_worlds.worlds())
def test_the_events_of_each_call_close_what_those_of_the_run_do(world):
    """Of a fund that is deleveraged itself, of fills through zero, of vaults and of netted legs, too."""
    _, run = report_worlds.of_world(world)
    facts = Facts(run, funds=world.funds)
    one_by_one, first, borne = [], 0, []
    for events in (made.events for made in run.passes_made):
        event, stage, side = closing_fills(events.kind, events.cause, events.wallet, events.lots, events.link)
        one_by_one += zip((event + first).tolist(), stage.tolist(), side.tolist(), strict=True)
        notice, fill = notice_fills(events.kind, events.link)
        assert (np.abs(events.lots[notice]) == np.abs(events.lots[fill])).all()
        borne += np.abs(events.amount[fill]).tolist()
        first += len(events)
    record, closed = facts.record, facts.closings
    together = zip(closed.event.tolist(), closed.stage.tolist(), closed.side.tolist(), strict=True)
    assert one_by_one == list(together)
    against_users = closed.event[closed.stage == USERS]
    assert sum(borne) == sum(abs(int(quanta)) for quanta in record.amount[against_users].tolist())


def test_a_unit_that_the_snapshot_does_not_have_is_refused():
    _, run = report_worlds.ten_wallets()
    with pytest.raises(adl.AdlError, match="unit is 'EUR': must be an asset of the snapshot: USDT"):
        Outcome.before(run.before, "EUR")
    coin = adl.Contract("BTCUSD", kind="inverse", settle="BTC", multiplier="100", tick="0.1")
    before = adl.Snapshot.build([coin], {"account": ["ann"], "asset": ["USDT"], "balance": ["5"]}, [], {"BTCUSD": "9"})
    with pytest.raises(adl.AdlError, match=r"index_prices.BTC is None: must be given: BTC cannot be valued in USDT"):
        Outcome.before(before)


def test_the_terminal_says_which_funds_refused_and_why(small_run):
    events = adl.io.open_run(small_run).events()
    told = events["kind"] == "take-over-refused"
    refused = Counter(zip(events["fund"][told].tolist(), events["cause"][told].tolist(), strict=True))
    assert refused.total() > 0
    assert set(TRIGGER_CAUSES) == {"depleted", "net-notional", "drawdown", "drawdown-on"}
    told = _story._refusals([(*key, count) for key, count in refused.items()])
    assert "because the fund's net notional would have been above its cap" in told
    told = "1 time (A 1): all because the fund's equity would have been below 0"
    assert _story._refusals([("A", "depleted", 1)]) == told
    told = "21 times (F 6, E 5, D 4, C 3 and 2 more): all because the fund had fallen beyond its drawdown"
    assert _story._refusals([(name, "drawdown-on", count) for count, name in enumerate("ABCDEF", 1)]) == told
    halves = _story._refusals([("A", "depleted", 1), ("A", "drawdown", 1)])
    assert halves == (
        "2 times (A 2): 50.0 % because the fund's equity would have been below 0, "
        "50.0 % because the fund's equity would have fallen beyond its drawdown"
    )
    most = _story._refusals([("A", "depleted", 1), ("A", "drawdown", 3)])
    assert most == "4 times (A 4): 75.0 % because the fund's equity would have fallen beyond its drawdown"


def test_the_terminal_says_one_time_once(good, at):
    (at / "one.toml").write_text(SMALL.replace("passes = 5", "passes = 1"))
    out = good("simulate", "one.toml", "--no-report")
    assert "1 mark, 00:01:00; " in out
    assert "00:01:00 to" not in out


@pytest.mark.parametrize(("marks", "told"), [(1, "the one mark"), (2, "2 marks"), (61, "61 marks"), (101, "101 marks")])
def test_marks_are_counted_in_words(marks, told):
    assert _story._passes(SimpleNamespace(record=SimpleNamespace(pass_number=range(marks)))) == told
