"""Money out of a wallet, and between two wallets of an account: as far as margin sets it free."""

from __future__ import annotations

from ...contracts.decimals import Number
from ...errors import AdlError
from ..snapshot.snapshot import Snapshot
from ..snapshot.wallet_balances import asset_row, balance_of, credit, positive_quanta, wallet_row
from . import free_margin
from .margin_pass import MarginPass
from .margin_state import MarginState, kept_margin_state, refuse_without_tiers

__all__ = ["transfer_margin", "withdraw", "withdraw_by"]


def withdraw(snapshot: Snapshot, wallet: int, amount: Number, asset: str | None = None) -> Snapshot:
    """A new snapshot with `amount` less in a wallet.

    Parameters
    ----------
    snapshot : Snapshot
        Every contract that somebody holds needs margin tiers.
    wallet : int
        Row; :meth:`Snapshot.wallet` finds it.
    amount : decimal string or number
        Above 0, in units of the asset, on the grid of its decimals.
    asset : str, optional
        Needed for a multi-asset or portfolio wallet.

    Returns
    -------
    Snapshot

    Raises
    ------
    AdlError
        Beyond the free margin (:attr:`MarginState.free_margin`), or what is there of the asset.

    Notes
    -----
    The margin of all wallets is computed once for a snapshot: O(positions). Whoever withdraws all that
    is free is not liquidatable at the marks of the snapshot.

    Examples
    --------
    >>> import adlcore as adl
    >>> from adlcore.clearing.margin import withdraw
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X", tiers=adl.MarginTiers([0], ["0.05"]))],
    ...     wallets={"account": ["ann", "bob"], "balance": ["120", "200"]},
    ...     positions=[
    ...         {"account": "ann", "contract": "X", "quantity": 10, "entry_price": 100, "leverage": 10},
    ...         {"account": "bob", "contract": "X", "quantity": -10, "entry_price": 100},
    ...     ],
    ...     marks={"X": "100"},
    ... )
    >>> withdraw(snapshot, snapshot.wallet("ann"), "20").wallets.balance.tolist()
    [10000000000, 20000000000]
    >>> withdraw(snapshot, snapshot.wallet("ann"), "20.5")
    Traceback (most recent call last):
        ...
    adlcore.errors.AdlError: amount is '20.5': must be at most the free margin of this wallet, 20.00000000 USDT
    """
    refuse_without_tiers(snapshot)
    return withdraw_by(snapshot, kept_margin_state(snapshot), wallet, amount, asset)


def withdraw_by(snapshot: Snapshot, state: MarginState, wallet: int, amount: Number, asset: str | None) -> Snapshot:
    """A new snapshot with `amount` less in a wallet, by a margin state of the snapshot that is there already."""
    row, code = wallet_row(snapshot, "wallet", wallet), asset_row(snapshot, wallet, asset)
    quanta = positive_quanta(snapshot.assets[code], amount)
    _refuse_beyond_free(snapshot, state._margin_pass, row, code, quanta, amount)
    return credit(snapshot, row, code, -quanta)


def transfer_margin(snapshot: Snapshot, source: int, target: int, amount: Number) -> Snapshot:
    """A new snapshot with `amount` moved between two wallets of an account: cross to isolated, or back.

    Parameters
    ----------
    snapshot : Snapshot
        Every contract that somebody holds needs margin tiers.
    source, target : int
        Rows of wallets of one account and one asset.
    amount : decimal string or number
        Above 0, in units of the asset.

    Returns
    -------
    Snapshot

    Raises
    ------
    AdlError
        Beyond the free margin of `source`, or where the wallets do not belong together.

    Notes
    -----
    As :func:`withdraw`.

    Examples
    --------
    >>> import adlcore as adl
    >>> from adlcore.clearing.margin import transfer_margin
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X", tiers=adl.MarginTiers([0], ["0.05"]))],
    ...     wallets={"account": ["ann", "bob"], "balance": ["120", "200"]},
    ...     positions=[
    ...         {"account": "ann", "contract": "X", "quantity": 10, "entry_price": 100, "margin": "60"},
    ...         {"account": "bob", "contract": "X", "quantity": -10, "entry_price": 100},
    ...     ],
    ...     marks={"X": "100"},
    ... )
    >>> cross, isolated = snapshot.wallet("ann"), snapshot.wallet("ann", contract="X")
    >>> transfer_margin(snapshot, cross, isolated, "30").wallets.balance.tolist()
    [9000000000, 20000000000, 9000000000]
    """
    refuse_without_tiers(snapshot)
    state, wallets = kept_margin_state(snapshot), snapshot.wallets
    one, other = wallet_row(snapshot, "source", source), wallet_row(snapshot, "target", target)
    if one == other:
        raise AdlError.at("target", None, target, "must be another wallet than the source")
    if wallets.account[one] != wallets.account[other]:
        must = f"must be a wallet of the same account, {wallets.account[one]!r}"
        raise AdlError.at("target", None, target, must)
    for name, row in (("source", one), ("target", other)):
        if wallets.is_valued(row):
            must = "must be a cross or isolated wallet: withdraw from one that holds several assets, and deposit"
            raise AdlError.at(name, None, row, must)
    if wallets.asset[one] != wallets.asset[other]:
        must = f"must be a wallet in {snapshot.assets[int(wallets.asset[one])].name}, as the source"
        raise AdlError.at("target", None, target, must)
    code = int(wallets.asset[one])
    quanta = positive_quanta(snapshot.assets[code], amount)
    _refuse_beyond_free(snapshot, state._margin_pass, one, code, quanta, amount)
    # Taken before it is given: the second credit finds the balances that the first one left.
    return credit(credit(snapshot, one, code, -quanta), other, code, quanta)


def _refuse_beyond_free(
    books: Snapshot, margin_pass: MarginPass, row: int, code: int, quanta: int, amount: Number
) -> None:
    """Refuse an amount that positions, loans, orders or the balance itself do not set free.

    Of a wallet with one asset that is what is above its free margin. What a coin that leaves takes along of another
    one depends on haircuts and is rounded: so what stays is looked at, once it has left.
    """
    if books.wallets.is_valued(row) and quanta > (held := balance_of(books, row, code)):
        asset = books.assets[code]
        must = f"must be at most what is there, {asset.decimal(max(held, 0))} {asset.name}"
        raise AdlError.at("amount", None, amount, must)
    equity, balance = free_margin.equity_and_balance(margin_pass, row, {code: quanta})
    needed, least = free_margin.required_margin_of(margin_pass, row), free_margin.least_healthy_equity(margin_pass, row)
    if min(equity, balance) < needed or equity < least:
        asset, free = books.assets[int(books.wallets.asset[row])], free_margin.free_margin_of(margin_pass, row)
        must = f"must be at most the free margin of this wallet, {asset.decimal(free)} {asset.name}"
        raise AdlError.at("amount", None, amount, must)
