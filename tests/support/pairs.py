"""The smallest books with an open position: one is long, the other short."""

import adlcore as adl


def ann_and_bob(contract: adl.Contract, ann="12", bob="1000", lots="10", accounts=("ann", "bob"), **terms):
    """A snapshot of two cross wallets with these balances, long and short as many at 10; other terms instead of these.

    Terms are those of ``Snapshot.build``.
    """
    asset = contract.settle
    sides = zip(accounts, (ann, bob), (lots, f"-{lots}"), strict=True)
    wallets, positions = [], []
    for account, balance, held in sides:
        wallets.append({"account": account, "asset": asset, "balance": balance})
        positions.append({"account": account, "contract": contract.symbol, "quantity": held, "entry_price": "10"})
    made = {"contracts": [contract], "wallets": wallets, "positions": positions, "marks": {contract.symbol: "10"}}
    return adl.Snapshot.build(**{**made, "settle": asset.name, **terms})
