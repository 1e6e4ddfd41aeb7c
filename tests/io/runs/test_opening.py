"""What a run says of its house as it was when the run began: the funds, and what wallets owed."""

import json
import pickle

import pytest

import adlcore as adl
from adlcore.io import open_run
from adlcore.io.runs import manifest as run_manifest
from support.refusals import refused_with
from support.run_worlds import ANN, CONFIGURATION, EVE, MIDDLE, TEN, TWO, tree, without_opening

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


@pytest.fixture
def recorded(tmp_path):
    """A run that begins in the middle of a house's life."""
    return MIDDLE.record(tmp_path / "run")


def held(house):
    """The funds of a house, and what is owed to it, by name."""
    names = [asset.name for asset in house.snapshot().assets]
    funds = {name: (one.asset, one.cash, one.inventory) for name, one in house.funds.items()}
    return funds, {(wallet, names[asset]): left for (wallet, asset), left in house.state().uncovered.items()}


def said(run):
    """The same of a run."""
    funds = {one.name: (one.asset, one.cash, one.inventory) for one in run.opening_funds}
    return funds, {(debt.wallet, debt.asset): debt.quanta for debt in run.opening_debts}


def test_the_manifest_has_the_funds_and_the_open_entries(recorded):
    run = recorded
    opening = json.loads((run.path / "manifest.json").read_text())["opening"]
    assert opening["funds"] == [{"name": "USDT", "asset": "USDT", "cash": 30, "inventory": {"X": [5, 440]}}]
    assert opening["uncovered"] == [
        {"wallet": ANN, "asset": "USDT", "quanta": 15},
        {"wallet": EVE, "asset": "USDT", "quanta": 7},
    ]
    assert said(run) == ({"USDT": ("USDT", 30, {"X": (5, 440)})}, {(ANN, "USDT"): 15, (EVE, "USDT"): 7})
    assert said(pickle.loads(pickle.dumps(run))) == said(run)


@pytest.mark.parametrize("world", [TEN, TWO, MIDDLE])
def test_the_opening_is_the_house_before_the_run_whether_that_was_stopped_or_sealed(world, tmp_path):
    before, folder = held(world.house()), world.stop(tmp_path / "run", 1)
    stopped = open_run(folder)
    sealed = world.resume(folder)
    assert said(stopped) == said(sealed) == said(world.verify(folder)) == before
    assert sealed.manifest["opening"] == stopped.manifest["opening"]
    assert tree(folder) == world.tree


def test_open_entries_stand_in_one_order_whatever_the_house_came_to_first(tmp_path):
    state = MIDDLE.house().state()
    turned = state.replace(uncovered=dict(reversed(state.uncovered.items())))
    assert list(turned.uncovered) != list(state.uncovered)
    house = adl.ClearingHouse.from_state(turned, [adl.clearing.Deleverage()])
    adl.io.record(tmp_path / "run", house, MIDDLE.passes, configuration=CONFIGURATION)
    assert tree(tmp_path / "run") == MIDDLE.tree


@pytest.mark.parametrize("name", ["ten-sealed", "ten-2"])
def test_a_run_that_does_not_say_is_read_gone_on_with_and_verified(copied, name):
    folder = without_opening(copied(name))
    run = open_run(folder)
    assert (run.opening_funds, run.opening_debts) == (None, None)
    assert TEN.verify(folder).opening_funds is None
    sealed = TEN.resume(folder)
    assert sealed.sealed
    assert set(sealed.manifest["opening"]) == {"time", "sequence", "digest"}
    assert TEN.verify(folder).after == TEN.verify(sealed.path).after != sealed.before


FUND = {"name": "USDT", "asset": "USDT", "cash": 30, "inventory": {"X": [5, 440]}}
DEBT = {"wallet": 0, "asset": "USDT", "quanta": 15}


@pytest.mark.parametrize(
    ("part", "given", "words"),
    [
        ("funds", [3], "opening.funds[0] is 3: must be a dict with name, asset, cash, inventory"),
        ("funds", [{**FUND, "more": 1}], "opening.funds[0] has an unknown key 'more'"),
        ("funds", [{"name": "USDT"}], "opening.funds[0] has no 'asset'"),
        ("funds", [{**FUND, "name": 5}], "opening.funds[0].name is 5: must be a text"),
        ("funds", [FUND, FUND], "opening.funds[1].name is 'USDT': must be a text that no other fund has"),
        ("funds", [{**FUND, "asset": "EUR"}], "opening.funds[0].asset is 'EUR': must be an asset of the books"),
        ("funds", [{**FUND, "asset": []}], "opening.funds[0].asset is []: must be an asset of the books"),
        ("funds", [{**FUND, "cash": 1.5}], "opening.funds[0].cash is 1.5: must be a whole number"),
        ("funds", [{**FUND, "cash": 2**63}], "opening.funds[0].cash is 9223372036854775808: must lie between"),
        ("funds", [{**FUND, "inventory": [5]}], "opening.funds[0].inventory is "),
        ("funds", [{**FUND, "inventory": {"Z": [5, 440]}}], "opening.funds[0].inventory is 'Z': must be a contract"),
        ("funds", [{**FUND, "inventory": {"X": [5]}}], "opening.funds[0].inventory['X'] is "),
        (
            "funds",
            [{**FUND, "inventory": {"X": [5, True]}}],
            "opening.funds[0].inventory['X'] is True: must be a whole",
        ),
        ("uncovered", ["x"], "opening.uncovered[0] is 'x': must be a dict with wallet, asset, quanta"),
        ("uncovered", [{**DEBT, "wallet": 6}], "opening.uncovered[0].wallet is 6: must be one of 6 wallets"),
        ("uncovered", [{**DEBT, "wallet": -1}], "opening.uncovered[0].wallet is -1: must be one of 6 wallets"),
        ("uncovered", [DEBT, DEBT], "opening.uncovered[1].wallet is 0: must be one of 6 wallets, once for an asset"),
        ("uncovered", [{**DEBT, "asset": "EUR"}], "opening.uncovered[0].asset is 'EUR': must be an asset"),
        ("uncovered", [{**DEBT, "quanta": 0}], "opening.uncovered[0].quanta is 0: must be above 0"),
        ("uncovered", [{**DEBT, "quanta": "3"}], "opening.uncovered[0].quanta is '3': must be a whole number"),
    ],
)
def test_a_forged_opening_is_refused_where_it_is_asked_for(recorded, part, given, words):
    folder = recorded.path
    manifest = run_manifest.read_manifest(folder)
    run_manifest.write_manifest(folder, {**manifest, "opening": {**manifest["opening"], part: given}})
    run = open_run(folder)
    refused_with(
        lambda: run.opening_funds if part == "funds" else run.opening_debts, str(folder / "manifest.json"), words
    )


@pytest.mark.parametrize("part", ["funds", "uncovered"])
def test_an_opening_has_both_or_neither_and_each_is_a_list(copied, part):
    folder = copied("ten-sealed")
    manifest = run_manifest.read_manifest(folder)
    opening = manifest["opening"]
    for changed, words in (
        ({name: value for name, value in opening.items() if name != part}, f"opening has no {part!r}"),
        ({**opening, part: {}}, f"opening.{part} is "),
        ({**opening, part: None}, f"opening.{part} is None: must be of type list"),
    ):
        run_manifest.write_manifest(folder, {**manifest, "opening": changed})
        refused_with(lambda: open_run(folder), words)
