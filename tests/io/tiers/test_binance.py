"""Binance's brackets: both kinds of futures, whatever the numbers are written as, and an account's coefficient."""

import json
from decimal import Decimal

import pytest

from adlcore import MarginTiers
from adlcore.io import tiers
from support.published import COINM, USDM
from support.refusals import cases
from support.refusals import refused_for as refused
from support.venue_tiers import bracket, usdm


def read(payload, symbol=None) -> MarginTiers:
    return tiers.read(payload, "binance", symbol)


@pytest.mark.parametrize("as_text", [False, True])
def test_usd_m_brackets(as_text):
    payload = json.loads(json.dumps(usdm(as_text)))
    for answer, symbol in (
        (payload, None),
        (payload, "BTCUSDT"),
        ([payload], None),
        ([{"symbol": "ETHUSDT", "brackets": []}, payload], "BTCUSDT"),
    ):
        assert read(answer, symbol) == MarginTiers(*USDM)


@pytest.mark.parametrize("key", ["qtylFloor", "qtyFloor"])
@pytest.mark.parametrize("name", ["symbol", "pair"])
def test_coin_m_brackets(key, name):
    rows = zip(*COINM, [0.0, 0.005, 0.055, 0.355, 1.605, 6.605, 11.605], strict=True)
    payload = [{name: "BTCUSD", "brackets": [bracket(1, floor, float(rate), cum, key) for floor, rate, cum in rows]}]
    assert read(payload, "BTCUSD") == MarginTiers(*COINM)


def test_a_json_rate_is_read_by_its_shortest_decimal():
    payload = json.loads('{"symbol": "X", "brackets": [{"notionalFloor": 0, "maintMarginRatio": 0.0065, "cum": 0.0}]}')
    assert read(payload).rate == (Decimal("0.0065"),)


@pytest.mark.parametrize("coefficient", [1.5, "1.50", Decimal("1.5")])
def test_a_coefficient_scales_floors_and_amounts(coefficient):
    scaled = read(usdm(notionalCoef=coefficient))
    assert scaled == MarginTiers([1.5 * floor for floor in USDM[0]], USDM[1])
    assert scaled.amount[2] == 1950
    refused(lambda: read(usdm(notionalCoef=0)), "notionalCoef", "above 0")


def test_a_printed_amount_may_be_off_by_one_unit_of_its_last_digit():
    def second(cum, **others):
        brackets = [bracket(1, 0, "0.004", 0), bracket(2, 5, "0.0053", cum)]  # derived: 0.0065
        return str(read({"symbol": "X", "brackets": brackets, **others}).amount[1])

    assert [second(cum) for cum in ("0.007", 0.01, "0.0066")] == ["0.007", "0.01", "0.0066"]
    refused(lambda: second("0.0067"), "amount", "0.0067", "0.0065")
    refused(lambda: second("0.00700"), "amount", "0.00700", "0.0065")
    # With a coefficient the unit is scaled as the amount is.
    assert second("0.0066", notionalCoef=3) == "0.0198"
    refused(lambda: second("0.0067", notionalCoef=3), "amount", "0.0201", "0.0195")


def test_a_large_float_is_not_taken_for_a_rounded_one():
    # Its shortest decimal, 2e+16, has its last digit far left of the point.
    brackets = [bracket(1, 0, 0.01, 0), bracket(2, 1e18, 0.02, 2e16)]
    refused(lambda: read({"symbol": "X", "brackets": brackets}), "amount", "1" + "0" * 16)


@cases(
    "payload argument words",
    [
        ([usdm(), usdm()], "payload", ("payload[1] is 'BTCUSDT'", "twice")),
        ({}, "brackets", ("payload has no 'brackets'", "nothing")),
        ({"code": -2015, "msg": "Invalid API-key"}, "brackets", ("code, msg",)),
        (usdm(brackets=[]), "brackets", ("empty",)),
        (usdm(brackets=[1]), "brackets", ("brackets[0] is 1",)),
    ],
)
def test_brackets_that_are_none(payload, argument, words):
    refused(lambda: read(payload, "BTCUSDT" if isinstance(payload, list) else None), argument, *words)


def test_a_bracket_that_lacks_something_says_what_it_has():
    for key in ("notionalFloor", "maintMarginRatio", "cum"):
        payload = usdm()
        del payload["brackets"][3][key]
        wanted = "notionalFloor or qtylFloor or qtyFloor" if key == "notionalFloor" else key
        refused(lambda p=payload: read(p), wanted, f"brackets[3] has no {wanted!r}", "initialLeverage")
    payload = usdm()
    payload["brackets"][2]["cum"] = None
    refused(lambda: read(payload), "cum", "cum[2] is None")
