"""Scenarios: what a file may say, and how it is told what it may not."""

import tomllib

import pytest

from adlcore.lab import scenarios
from adlcore.lab.scenario_tables import Listing
from support.refusals import refused_for

pytestmark = pytest.mark.files

ASSETS = [{"name": "BTC", "index": "BTCUSDT"}, {"name": "ETH", "index": "ETHUSDT"}]


def test_the_template_says_every_key_with_the_value_that_it_has_without_it():
    fields = tomllib.loads(scenarios.template())
    assert scenarios.read(fields) == scenarios.Scenario()
    for part in ("wallets", "venue", "depth", "shock"):
        known = set(type(getattr(scenarios.Scenario(), part)).model_fields)
        assert set(fields[part]) | ({"marks"} if part == "shock" else set()) == known
    assert set(fields["contracts"][0]) | {"follows"} == set(Listing.model_fields)


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
    refused_for(lambda: scenarios.read(fields), argument, *words)


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("seed = 7\nname = crash\n")
    refused_for(lambda: scenarios.load(path), "scenario", "must be TOML", "line 2")
