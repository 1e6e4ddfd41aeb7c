"""Liquidation and bankruptcy prices that others published. Each number names its source.

The maintenance amounts of V10 are in tests/contracts/test_margin_tiers.py.
"""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import adlcore as adl
from adlcore import _kernels
from adlcore.clearing import shared_bankruptcy
from support.published import COINM, USDM, to_printed


def one_tier(rate, amount) -> adl.MarginTiers:
    """The line that a source gives, where it does not print the other tiers."""
    return adl.MarginTiers(floor=[0], rate=[rate], amount=[amount], check=False)


def printed(found: float, number: str, unit: int = 1) -> None:
    """A price agrees with a printed one to its last digit, give or take so many units of it."""
    exact = Decimal(number)
    assert abs(Decimal(found) - exact) <= unit * Decimal(1).scaleb(exact.as_tuple().exponent), (found, number)


BTC = adl.Contract("BTCUSDT", tiers=adl.MarginTiers(*USDM))
ETH = adl.Contract("ETHUSDT", tiers=one_tier("0.1", "135365"))
BALANCE = 1535443.01

#: freqtrade: tests/exchange/test_binance.py, test_liquidation_price_binance; the example of the Binance FAQ "How to
#: calculate liquidation price of USD-M futures".
OF_ETH, OF_BTC = (3683.979, 1456.84), (109.488, 32481.98)


def test_v1_binance_isolated_long_of_eth():
    found = adl.liquidation_price(ETH, *OF_ETH, BALANCE)
    assert to_printed(found, "1114.78") == "1114.78"
    assert to_printed(found, "1114.78496") == "1114.78496"  # worked out further, with the FAQ's formula


@pytest.mark.parametrize("tiers", [BTC.tiers, one_tier("0.025", "16300")], ids=["all tiers", "the line alone"])
def test_v2_binance_isolated_long_of_btc(tiers):
    found = adl.liquidation_price(adl.Contract("BTCUSDT", tiers=tiers), *OF_BTC, BALANCE)
    assert to_printed(found, "18778.73") == "18778.73"
    assert to_printed(found, "18778.72593") == "18778.72593"


def test_v3_binance_cross_long_of_eth_beside_a_long_of_btc():
    found = adl.liquidation_price(ETH, *OF_ETH, BALANCE, other_maintenance=71200.811444, other_pnl=-56354.56848)
    assert to_printed(found, "1153.26") == "1153.26"
    assert to_printed(found, "1153.25646") == "1153.25646"


def test_v3_maintenance_and_pnl_of_the_other_position():
    # TMM 71,200.811444 and UPNL -56,354.56848 of the BTCUSDT long at a mark of 31,967.27.
    quantity, mark = Fraction("109.488"), Fraction("31967.27")
    assert to_printed(BTC.tiers.maintenance_margin(quantity * mark), "71200.811444") == "71200.811444"
    assert quantity * (mark - Fraction("32481.98")) == Fraction("-56354.56848")


def test_v5_binance_cross_short_of_btc_beside_a_long_of_eth():
    # bradkyle/Qenv: logic/binance.md (Binance FAQ of 2020). TMM 1.3 = 200·0.65 %, UPNL 200 - 199.53.
    contract = adl.Contract("BTCUSDT", tiers=one_tier("0.004", 0))
    found = adl.liquidation_price(contract, -0.005, 9451.53, 10.72, other_maintenance=1.3, other_pnl=0.47)
    assert to_printed(found, "11383.99") == "11383.99"
    assert to_printed(found, "11383.99402") == "11383.99402"


def test_v10_a_long_of_coin_m_contracts_is_liquidated_where_the_line_of_its_tier_is_met():
    # The line of 300 BTC, 12.5 % less 11.605 (the page prints 11.81, too, which gives another price); docs/rules.md §2.
    contract = adl.Contract("BTCUSD", kind="inverse", settle="BTC", multiplier="100", tiers=adl.MarginTiers(*COINM))
    contracts, entry, balance = 75_000, 25_000.0, 100.0
    found = adl.liquidation_price(contract, contracts, entry, balance)
    face = Fraction(100 * contracts)
    exact = face * (1 + Fraction("0.125")) / (100 + Fraction("11.605") + face / 25_000)
    assert found == pytest.approx(float(exact), rel=1e-14)
    assert contract.tiers.tier(face / Fraction(found)) == 6


def test_v15_bybit_bankruptcy_of_a_long_at_fifty_times_leverage():
    # mobie.io/faq/what-is-bybits-bankruptcy-price-how-can-i-calculate-it: 10,000 at 50x goes bankrupt at 9,800.
    for quantity in (1, 0.25, 3):
        assert adl.bankruptcy_price(adl.Contract("BTCUSDT"), quantity, 10_000, balance=quantity * 10_000 / 50) == 9800


# dydxprotocol/v4-chain: protocol/x/clob/keeper/liquidations_test.go, line 2473: what closing costs or brings
# ("bankruptcy quote") at oracle prices of 50,000 for BTC and 3,000 for ETH with a maintenance margin of 10 %. A quote
# quantum is 10^-6 USDC, a base quantum of BTC 10^-8.


def dydx_quotes(usdc: str, **held: str) -> dict[str, int]:
    """Quantums that closing each whole position gives; somebody holds the other side."""
    tenth = adl.MarginTiers([0], ["0.1"])
    usd = adl.Asset("USDC", decimals=6)
    oracle, entry = {"BTC": "50000", "ETH": "3000"}, {"BTC": "40000", "ETH": "3500"}
    contracts = [adl.Contract(symbol, settle=usd, lot="0.00000001", tick="0.000001", tiers=tenth) for symbol in oracle]
    cost = sum(Decimal(held[symbol]) * Decimal(entry[symbol]) for symbol in held)
    snapshot = adl.Snapshot.build(
        contracts=contracts,
        wallets=[{"account": "one", "balance": str(Decimal(usdc) + cost)}, {"account": "many", "balance": "1000000"}],
        positions=[
            {"account": who, "contract": symbol, "quantity": str(sign * Decimal(size)), "entry_price": entry[symbol]}
            for symbol, size in held.items()
            for who, sign in (("one", 1), ("many", -1))
        ],
        marks=oracle,
        settle="USDC",
    )
    shared = shared_bankruptcy(adl.margin_state(snapshot), [snapshot.wallet("one")])
    code = snapshot.position_contract[shared.row]
    return {snapshot.contracts[k].symbol: value for k, value in zip(code.tolist(), shared.value.tolist(), strict=True)}


def part_of(quote: int, closed: int, held: int) -> int:
    """The quote of closing a part, rounded up as there."""
    out = np.empty(1, np.int64)
    columns = (np.array([number], np.int64) for number in (quote, closed, held))
    assert _kernels.numbers.money.multiply_divide(*columns, _kernels.numbers.money.ROUNDINGS["up"], out) == -1
    return out.item()


@pytest.mark.parametrize(
    ("usdc", "held", "quote"),
    [("-4501", "0.1", 4501), ("5499", "-0.1", -5499), ("-5100", "0.1", 5100)],
    ids=["long", "short", "long below nothing"],
)
def test_v31_dydx_quote_of_a_whole_position(usdc, held, quote):
    assert dydx_quotes(usdc, BTC=held) == {"BTC": quote * 10**6}


def test_v31_dydx_quote_of_half_a_position():
    # 0.05 of 0.1 BTC, with nothing left in the account: 2,500 USDC.
    whole = dydx_quotes("-5000", BTC="0.1")["BTC"]
    assert part_of(whole, 5_000_000, 10_000_000) == 2500 * 10**6


@pytest.mark.parametrize(("usdc", "eth", "quote"), [("-490", "0.1", 294), ("110", "-0.1", -306)])
def test_v31_dydx_quote_of_one_of_two_positions(usdc, eth, quote):
    # Beside 0.004 BTC the equity of 10 USDC is shared 2 to 3, as the maintenance margins are.
    quotes = dydx_quotes(usdc, BTC="0.004", ETH=eth)
    assert quotes["ETH"] == quote * 10**6
    assert sum(quotes.values()) == -Decimal(usdc) * 10**6


@pytest.mark.parametrize(("usdc", "held", "quote"), [("-13", "1", 2776), ("13", "-1", -2775)])
def test_v31_dydx_quote_of_a_part_is_rounded_up(usdc, held, quote):
    # 13,000,000·21,347/100,000,000 = 2,775.11.
    whole = dydx_quotes(usdc, BTC=held)["BTC"]
    assert part_of(whole, 21_347, 100_000_000) == quote


# freqtrade: tests/exchange/test_exchange.py, test_get_liquidation_price: leverage, price at opening, amount,
# liquidation price. Maintenance margin 1 %, the stake is amount·open/leverage.

#: Binance: the tier takes 0.01 off.
V41_BINANCE = (
    (-1, 5, 10.0, 1.0, "11.89108910891089"),
    (-1, 3, 10.0, 1.0, "13.211221122079207"),  # the stake is cut off there: 3.3333333333
    (-1, 5, 8.0, 1.0, "9.514851485148514"),
    (-1, 5, 10.0, 0.6, "11.897689768976898"),
    (1, 5, 10.0, 1.0, "8.070707070707071"),
    (1, 5, 8.0, 1.0, "6.454545454545454"),
    (1, 3, 10.0, 1.0, "6.723905723905723"),
    (1, 5, 10.0, 0.6, "8.063973063973064"),
)

#: Gate and OKX: the taker fee of 0.06 % is in the price.
V41_GATE_OKX = (
    (-1, 5, 10.0, 1.0, "11.87413417771621"),
    (-1, 3, 10.0, 1.0, "13.193482419684678"),
    (-1, 5, 8.0, 1.0, "9.499307342172967"),
    (1, 5, 10.0, 1.0, "8.085708510208207"),
    (1, 3, 10.0, 1.0, "6.738090425173506"),
)

#: Bybit: the maintenance margin is that at entry.
V41_BYBIT = (
    (1, 1, 10.0, 1.0, "0.1"),
    (1, 3, 10.0, 1.0, "6.7666666"),
    (1, 5, 10.0, 1.0, "8.1"),
    (1, 10, 10.0, 1.0, "9.1"),
    (-1, 1, 10.0, 1.0, "19.9"),
    (-1, 3, 10.0, 1.0, "13.233333"),
    (-1, 5, 10.0, 1.0, "11.9"),
    (-1, 10, 10.0, 1.0, "10.9"),
)


def v41(row, amount_off, **options) -> float:
    """The liquidation price of a row of freqtrade."""
    side, leverage, opened, amount, price = row
    stake = 3.3333333333 if price == "13.211221122079207" else amount * opened / leverage
    contract = adl.Contract("X", tiers=one_tier("0.01", amount_off))
    return adl.liquidation_price(contract, side * amount, opened, stake, **options)


@pytest.mark.parametrize(
    ("row", "amount_off", "unit", "options"),
    [
        *((row, "0.01", 2, {}) for row in V41_BINANCE),  # the sixteenth digit is that of other roundings
        *((row, "0", 2, {"taker_fee": 0.0006}) for row in V41_GATE_OKX),
        *((row, "0", 1, {"maintenance": "at-entry"}) for row in V41_BYBIT),
    ],
)
def test_v41_binance_gate_okx_and_bybit(row, amount_off, unit, options):
    printed(v41(row, amount_off, **options), row[-1], unit)


# Hedge mode, docs/rules.md §2: a long of 20 and a short at 50,000 with 30,000 in the wallet, and Binance's
# USD-M tiers.


def hedge(short: float, root: str) -> float:
    return adl.liquidation_price(
        BTC, 20.0, 50_000, 30_000, opposite_quantity=-short, opposite_entry_price=50_000, root=root
    )


def test_rules_2_hedge_of_20_and_19_fails_below_and_above():
    # The source drops what is behind the point.
    assert int(hedge(19.0, "lower")) == 28_524
    assert int(hedge(19.0, "upper")) == 276_421


def test_rules_2_hedge_of_20_and_20_fails_only_above():
    assert np.isnan(hedge(20.0, "lower"))
    assert to_printed(hedge(20.0, "upper"), "62600.0") == "62600.0"
