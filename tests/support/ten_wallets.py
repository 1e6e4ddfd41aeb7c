"""Books of ten wallets in which one mark does nearly everything that a pass can do."""

from typing import Any

import adlcore as adl
from adlcore import clearing
from support.books import unbalanced

USDT, BTC = adl.Asset("USDT", 2), adl.Asset("BTC", 4)
TIERS = adl.MarginTiers([0, 1000], ["0.05", "0.08"])
COIN_TIERS = adl.MarginTiers([0, 5], ["0.05", "0.08"])

X = adl.Contract("X", settle=USDT, tick="1", tiers=TIERS, max_price="5000")
Y = adl.Contract("Y", settle=USDT, tick="0.5", tiers=TIERS)
I = adl.Contract("I", kind="inverse", settle=BTC, multiplier="100", tick="1", tiers=COIN_TIERS, max_price="82")  # noqa: E741

#: Wallet rows.
ANN, BOB, CAT, BOB_ALONE, MIA, PIA, DAN, EVE, VIC, TOM = range(10)

#: What the mark moves to.
DOWN: dict[str, Any] = {
    "prices": {"X": "80", "Y": "50", "I": "80"},
    "time": 1000,
    "index_prices": {"BTC": "80"},
    "oracle": {"X": "81"},
}

MARKS = {"X": "100", "Y": "60", "I": "100"}


def books(**changes: Any) -> adl.Snapshot:
    """Ten wallets: cross, isolated, multi-asset and portfolio, both legs of a contract, linear and inverse ones."""
    made: dict[str, Any] = {
        "contracts": (X, Y, I),
        "wallets": {
            "account": ["ann", "bob", "cat", "bob", "mia", "pia", "dan", "eve", "vic", "tom"],
            "asset": [*["USDT"] * 6, "BTC", "BTC", "USDT", "USDT"],
            "mode": ["cross", "cross", "cross", "isolated", "multi-asset", "portfolio", *["cross"] * 4],
            "balance": [36_000, 30_000, 13_500, 3_200, 0, 0, 18_000, 10_000, 22_500, 295],
        },
        "positions": {
            "contract": [*["X"] * 8, *["Y"] * 2, *["I"] * 3],
            "wallet": [ANN, BOB, CAT, CAT, BOB_ALONE, MIA, PIA, TOM, ANN, VIC, PIA, DAN, EVE],
            "quantity": [30, -40, 10, -4, -5, 20, -10, -3, -2, 20, 2, 10, -12],
            "entry_value": [
                *(300_000, -400_000, 100_000, -40_000, -50_000, 200_000, -100_000, -30_000),
                *(-12_000, 120_000),
                *(-20_000, -100_000, 120_000),
            ],
            "leverage": [0.0, 25.0, *[0.0] * 11],
        },
        "marks": MARKS,
        "orders": {
            "contract": ["X", "X", "Y", "I"],
            "wallet": [ANN, BOB, TOM, DAN],
            "quantity": [-2, 3, 1, 2],
            "price": [120, 60, 80, 70],
            "locked": [100, 200, 300, 5],
        },
        "balances": {
            "wallet": [MIA, MIA, PIA, PIA],
            "asset": ["USDT", "BTC", "USDT", "BTC"],
            "amount": [10_000, 20_000, -3_000, 60_000],
            "loan": [0, 0, 0, 500],
        },
        "assets": [USDT, BTC],
        "index_prices": {"BTC": "100"},
        "haircuts": {"BTC": "0.05"},
        "loan_rates": {"BTC": "0.04"},
    }
    with unbalanced():
        return adl.Snapshot(**made | changes)


def venue() -> clearing.Venue:
    """Every stage that there is."""
    return clearing.Venue(
        "all stages",
        [
            clearing.CancelOrders(),
            clearing.NetLegs(),
            clearing.BookIOC(limit="fund", fee="0.01", portion="0.5", cool_down=5, above="100"),
            clearing.Backstop(below="0.6"),
            clearing.TakeOver(),
            clearing.Deleverage("binance"),
            clearing.Uncovered(),
        ],
    )


def funds() -> list[clearing.InsuranceFund]:
    """A chain of two with a cap between them, each with another trigger, and one in coins."""
    profits = clearing.Drawdown(2000, "-0.9", "-0.4", of="contract", relative_to="pool")
    return [
        clearing.InsuranceFund("USDT", "20", scope="X", parent="USDT", parent_cap="30", trigger=profits),
        clearing.InsuranceFund("USDT", "60", trigger=clearing.NetNotionalCap("100")),
        clearing.InsuranceFund("BTC", "0.02", trigger=clearing.Drawdown(2000, "-0.5", "-0.4")),
    ]


def ladder() -> clearing.DepthLadder:
    """A thin order book that fills up again."""
    return clearing.DepthLadder(
        {
            "X": {"bids": ([86, 81, 79, 40], [2, 3, 4, 2]), "asks": ([88, 95], [2, 1])},
            "Y": {"bids": ([100, 98, 90], [1, 1, 1]), "asks": ([300], [5])},
            "I": {"bids": ([79, 78], [1, 1]), "asks": ([81], [3])},
        },
        refill="0.001",
    )


def house(**terms: Any) -> adl.ClearingHouse:
    """A house of all that, in which a fund has taken a short position over."""
    before = adl.ClearingHouse(books(), funds(), venue())
    before.mark({"X": "101"}, time=500)
    return adl.ClearingHouse.from_state(before.state(), **{"venue": venue(), "liquidity": ladder()} | terms)
