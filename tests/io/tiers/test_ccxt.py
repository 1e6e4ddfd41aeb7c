"""ccxt's structures: amounts of the venue where every tier has one, else derived ones."""

from adlcore import MarginTiers
from adlcore.io import tiers
from support.published import USDM, texts
from support.refusals import refused_for as refused
from support.venue_tiers import unified


def read(payload, symbol=None) -> MarginTiers:
    return tiers.read(payload, "ccxt", symbol)


def test_tiers_without_amounts():
    given = [unified(float(floor), float(rate)) for floor, rate in zip(*USDM, strict=True)]
    for answer, symbol in (
        (given, None),
        (given, "BTC/USDT:USDT"),
        (tuple(given[::-1]), None),
        ({"BTC/USDT:USDT": given}, None),
        ({"BTC/USDT:USDT": given, "ETH/USDT:USDT": []}, "BTC/USDT:USDT"),
        ([{**tier, "info": None} for tier in given], None),
    ):
        assert read(answer, symbol) == MarginTiers(*USDM)


def test_tiers_with_the_amounts_of_the_venue():
    # The digits of github.com/ccxt/ccxt, pull request 16585.
    given = [unified(0.0, 0.004, cum="0"), unified(50000.0, 0.005, cum="50")]
    assert texts(read(given).amount) == ["0", "50"]
    given[1]["info"]["cum"] = "51"
    assert texts(read(given).amount) == ["0", "51"]
    given[1]["info"]["cum"] = "52"
    refused(lambda: read(given), "amount", "amount[1] is '52'", "50")
    # Where one tier has none they are all derived.
    del given[0]["info"]["cum"]
    assert texts(read(given).amount) == ["0", "50"]


def test_a_tier_that_lacks_something_says_what_it_has():
    given = [unified(0.0, 0.004), unified(50000.0, 0.005)]
    for key in ("minNotional", "maintenanceMarginRate"):
        some = [{name: value for name, value in tier.items() if name != key} for tier in given]
        refused(lambda s=some: read(s), key, f"tiers[0] has no {key!r}", "maxLeverage")
        refused(lambda k=key: read([given[0], {**given[1], k: None}]), key, f"{key}[1] is None")


def test_one_tier_alone_is_no_list():
    tier = unified(0, 0.004)
    refused(lambda: read(tier), "tiers", "tiers is one tier: must be a list of all of them, as [tier]")
    assert read([tier]) == MarginTiers([0], ["0.004"])


def test_tiers_of_another_symbol_are_refused_by_the_one_they_have():
    refused(lambda: read([unified(0.0, 0.004)], "ETH/USDT:USDT"), "symbol", "BTC/USDT:USDT")
