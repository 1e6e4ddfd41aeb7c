"""The smallest books with an open position: one is long, the other short."""

from __future__ import annotations

import adlcore as adl


def ann_and_bob(contract: adl.Contract, ann="12", bob="1000", lots="10", accounts=("ann", "bob"), **terms):
    """A snapshot of two cross wallets with these balances, long and short as many at 10; other terms as they are."""
    symbol, asset = contract.symbol, contract.settle
    return adl.Snapshot.build(
        [contract],
        [
            {"account": account, "asset": asset, "balance": balance}
            for account, balance in zip(accounts, (ann, bob), strict=True)
        ],
        [
            {"account": account, "contract": symbol, "quantity": held, "entry_price": "10"}
            for account, held in zip(accounts, (lots, f"-{lots}"), strict=True)
        ],
        **{"marks": {symbol: "10"}, "settle": asset.name, **terms},
    )
