"""A snapshot with something in every column, and the files that it is saved as."""

import adlcore as adl
from adlcore.clearing.snapshot import archive

TABLES = ("contracts", "assets", "wallets", "positions", "orders", "balances")
NAMES = sorted([*(f"{table}.parquet" for table in TABLES), "manifest.json"])


def everything():
    """Every mode, kind of contract and table, and numbers that no float holds."""
    tiers = adl.MarginTiers([0, "5.5", 250_000], ["0.004", "0.0050000000000000000001", "0.01"], check=False)
    return adl.Snapshot.build(
        contracts=[
            adl.Contract("BTCUSDT", lot="0.001", tick="0.10", max_price="809484", tiers=tiers),
            adl.Contract("BTCUSD", kind="inverse", settle=adl.Asset("BTC", 10), multiplier="100", tick="0.5"),
            adl.Contract("XBTETH", kind="quanto", settle=adl.Asset("IDR", 2), multiplier="0.000001"),
            adl.Contract("Ünheld", lot="1000"),
        ],
        wallets=[
            {"account": "ann", "balance": "6000.00000001"},
            {"account": "bob", "balance": "-3"},
            {"account": "bob", "asset": "BTC", "balance": "0.0000000001"},
            {"account": "日本 📈", "mode": "multi-asset"},
            {"account": "a\0b", "mode": "portfolio"},
        ],
        positions=[
            {"account": "ann", "contract": "BTCUSDT", "quantity": "1.5", "entry_price": "60000", "leverage": "12.5"},
            {"account": "ann", "contract": "BTCUSDT", "quantity": "-0.5", "entry_price": "61000"},
            {"account": "bob", "contract": "BTCUSDT", "quantity": "-1", "entry_price": "59000", "margin": "700"},
            {"account": "bob", "contract": "BTCUSD", "quantity": "7", "entry_price": "57000.5"},
            {"account": "日本 📈", "contract": "BTCUSD", "quantity": "-7", "entry_price": "57000.5"},
            {"account": "a\0b", "contract": "XBTETH", "quantity": "3", "entry_price": "15000"},
            {"account": "日本 📈", "contract": "XBTETH", "quantity": "-3", "entry_price": "15000"},
        ],
        marks={"BTCUSDT": "57300.123456789012345678", "BTCUSD": "57000", "XBTETH": "0.1"},
        orders=[{"account": "ann", "contract": "BTCUSDT", "quantity": "2", "price": "56000.1", "leverage": "7"}],
        balances=[
            {"account": "日本 📈", "asset": "ETH", "amount": "-3.5"},
            {"account": "a\0b", "asset": "USDT", "amount": "100", "loan": "12.5"},
        ],
        index_prices={"BTC": "57111.1", "ETH": "2000", "IDR": "0.00006"},
        haircuts={"ETH": "0.05"},
        loan_rates={"USDT": "0.0123"},
    )


def assert_same_snapshot(one, other):
    """Equal in every term, and in every column bit for bit."""
    assert one.hash == other.hash
    assert one == other
    assert archive.header_terms(one) == archive.header_terms(other)
    for (name, first), (other_name, second) in zip(
        archive.columns_by_name(one).items(), archive.columns_by_name(other).items()
    ):
        assert (name, first.dtype, first.tobytes()) == (other_name, second.dtype, second.tobytes())
