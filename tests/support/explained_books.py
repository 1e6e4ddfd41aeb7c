"""A few wallets of every mode, and the positions that they hold: small enough to be checked one by one."""

import adlcore as adl

TIERS = adl.MarginTiers([0, 50_000, 250_000], ["0.004", "0.005", "0.01"])


def small():
    """Cross, isolated, hedged and valued wallets in a linear and an inverse contract."""
    flat = adl.MarginTiers([0], ["0.005"])
    return adl.Snapshot.build(
        contracts=[
            adl.Contract("BTCUSDT", lot="0.001", tick="0.1", tiers=TIERS),
            adl.Contract("BTCUSD", kind="inverse", settle="BTC", multiplier=100, tick="0.1", tiers=flat),
        ],
        wallets=[
            {"account": "ann", "balance": "6000"},
            {"account": "bob", "balance": "9000"},
            {"account": "hal", "balance": "3000"},
            {"account": "may", "mode": "multi-asset"},
            {"account": "pam", "mode": "portfolio"},
            {"account": "zoe", "balance": "1"},
        ],
        positions=[
            {"account": "ann", "contract": "BTCUSDT", "quantity": "1.5", "entry_price": "60000"},
            {"account": "ann", "contract": "BTCUSDT", "quantity": "0.2", "entry_price": "58000", "margin": "900"},
            {"account": "bob", "contract": "BTCUSDT", "quantity": "-1.2", "entry_price": "61500"},
            {"account": "cyd", "contract": "BTCUSDT", "quantity": "0.4", "entry_price": "58900", "margin": "700"},
            {"account": "hal", "contract": "BTCUSDT", "quantity": "1", "entry_price": "57000"},
            {"account": "hal", "contract": "BTCUSDT", "quantity": "-1.3", "entry_price": "57500"},
            {"account": "may", "contract": "BTCUSDT", "quantity": "-0.6", "entry_price": "59000"},
            {"account": "may", "contract": "BTCUSD", "quantity": "70", "entry_price": "57500"},
            {"account": "pam", "contract": "BTCUSD", "quantity": "-70", "entry_price": "57500"},
        ],
        marks={"BTCUSDT": "57300", "BTCUSD": "57310.5"},
        balances=[
            {"account": "may", "asset": "USDT", "amount": "2500"},
            {"account": "pam", "asset": "BTC", "amount": "0.02"},
            {"account": "pam", "asset": "USDT", "amount": "500", "loan": "100"},
        ],
        index_prices={"BTC": "57305"},
        haircuts={"BTC": "0.05"},
    )


#: Each position: account, contract, and what tells it from others of that account.
POSITIONS = [
    ("ann", "BTCUSDT", ("--wallet", "0")),
    ("ann", "BTCUSDT", ("--wallet", "6")),
    ("bob", "BTCUSDT", ()),
    ("cyd", "BTCUSDT", ()),
    ("hal", "BTCUSDT", ("--side", "long")),
    ("hal", "BTCUSDT", ("--side", "short")),
    ("may", "BTCUSDT", ()),
    ("may", "BTCUSD", ()),
    ("pam", "BTCUSD", ()),
]
