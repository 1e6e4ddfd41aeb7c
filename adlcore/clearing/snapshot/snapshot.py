"""A venue at one moment: who holds what, at which marks, with how much margin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from os import PathLike
from types import MappingProxyType
from typing import Any

import numpy as np

from ..._support.arrays import INT64, Int64Array1D
from ..._support.options import read_flag
from ..._support.pickles import Immutable
from ...contracts import Asset, Contract
from ...contracts.decimals import Number
from ...errors import AdlError
from . import archive
from .building import Builder
from .reading import assets_in, contracts_in, read_contents
from .tables import MODES, Holdings, Orders, Positions, Wallets
from .validation import validate
from .wallet_balances import asset_row, credit, find_wallet, positive_quanta, wallet_row

__all__ = ["Snapshot"]


class Snapshot(Immutable):
    """A venue at one moment, as columns. Immutable; may be shared by threads.

    Parameters
    ----------
    contracts : iterable of Contract
        In the order in which a pass takes them.
    wallets : mapping
        ``account`` (int64[w] or text), ``asset`` (names, or rows of the attribute `assets`; of a
        multi-asset or portfolio wallet its numeraire), ``mode`` (of ``"cross"``, ``"isolated"``, ``"multi-asset"``,
        ``"portfolio"``, or 0 to 3; default cross), ``balance`` (int64[w] quanta; 0 in a wallet that
        holds several assets).
    positions : mapping
        ``contract`` (symbols, or rows of `contracts`), ``wallet`` (int64[n], rows of the wallets),
        ``quantity`` (int64[n] lots, signed), ``entry_value`` (int64[n] quanta, signed like
        ``quantity·v(entry price)``), ``leverage`` (float64[n], 0 where none was chosen; optional).
    marks : mapping of symbol to decimal string or number, or sequence with one for each contract
        Needed for every contract that somebody holds. A mapping leaves out what was never marked; a
        sequence has None there, for it cannot.
    orders : mapping, optional
        Open orders: ``contract``, ``wallet``, ``quantity`` (lots), ``price`` (ticks), ``locked``
        (margin locked, in quanta of the settle asset).
    balances : mapping, optional
        What multi-asset and portfolio wallets hold: ``wallet``, ``asset``, ``amount`` (quanta, may be
        negative), ``loan`` (quanta; portfolio only, optional).
    assets : iterable of Asset or str, optional
        Those that no contract settles in, where their decimals are not 8. The attribute lists settle
        assets first, in the order of the contracts, then these, then all others.
    index_prices : mapping of asset to decimal string or number, optional
        What a unit is worth in the numeraire, of every asset in wallets that hold several.
    haircuts, loan_rates : mapping of asset to decimal string or number, optional
        From 0 to 1: the share of a positive amount that is not counted as collateral (1: what is held is
        worth nothing, and a debt in it weighs in full); the maintenance margin rate of a loan (1: it must
        be backed whole). 0 where none is given.
    strict : bool, default False
        Whether unbalanced open interest is an error and no warning.
    check : bool, default True
        False leaves :meth:`validate` (and `strict`) to you: for columns that are known to be sound.

    Attributes
    ----------
    contracts, assets, wallets, positions, start, orders, balances, marks, index_prices, haircuts, loan_rates
        As read. Positions are sorted by contract, then wallet, a long before a short: that is what a
        position *row* counts; those of contract k are ``start[k]`` to ``start[k + 1]``.

    Raises
    ------
    BrokenSnapshotError
        Names the first row that cannot be; its :attr:`~BrokenSnapshotError.problems` name every one. Rows are as given.

    Notes
    -----
    A wallet is a unit of solvency: a cross wallet is shared by the positions of an account in one
    settle asset, an isolated position owns a wallet, and a multi-asset or portfolio wallet values
    what it holds in a numeraire. Hedge mode is a long and a short row of a contract in one wallet.
    Positions that are in order already are referred to and not copied: whoever writes to their arrays afterwards
    changes the snapshot, unchecked. All other columns are the snapshot's own. :class:`~adlcore.ClearingHouse` copies
    positions that the caller could still write to.

    Examples
    --------
    >>> import adlcore as adl
    >>> btc = adl.Contract("BTCUSDT", lot="0.001", tick="0.1", tiers=adl.MarginTiers([0], ["0.004"]))
    >>> snapshot = adl.Snapshot(
    ...     contracts=[btc],
    ...     wallets={"account": ["ann", "bob"], "asset": "USDT", "balance": [6_000 * 10**8, 9_000 * 10**8]},
    ...     positions={
    ...         "contract": ["BTCUSDT", "BTCUSDT"],
    ...         "wallet": [0, 1],
    ...         "quantity": [1000, -1000],
    ...         "entry_value": [60_000 * 10**8, -60_000 * 10**8],
    ...     },
    ...     marks={"BTCUSDT": "58000"},
    ... )
    >>> snapshot
    <Snapshot of 2 wallets, 2 positions in 1 contract, 0 open orders>
    >>> adl.clearing.margin.market(snapshot, "BTCUSDT").deleverage(400, "binance")
    <Selection of 1 rows: filled 400, shortfall 0, row 1 in part>
    """

    PICKLED = (
        *("contracts", "assets", "wallets", "positions", "start", "orders", "balances"),
        *("marks", "index_prices", "haircuts", "loan_rates"),
    )

    contracts: tuple[Contract, ...]
    assets: tuple[Asset, ...]
    wallets: Wallets
    positions: Positions
    start: Int64Array1D
    orders: Orders
    balances: Holdings
    marks: tuple[Decimal | None, ...]
    index_prices: tuple[Decimal | None, ...]
    haircuts: tuple[Decimal, ...]
    loan_rates: tuple[Decimal, ...]

    def __init__(
        self,
        contracts: Iterable[Contract],
        wallets: Mapping[str, Any],
        positions: Mapping[str, Any],
        marks: Mapping[str, Number] | Sequence[Number | None],
        *,
        orders: Mapping[str, Any] | None = None,
        balances: Mapping[str, Any] | None = None,
        assets: Iterable[Asset | str] = (),
        index_prices: Mapping[str, Number] | None = None,
        haircuts: Mapping[str, Number] | None = None,
        loan_rates: Mapping[str, Number] | None = None,
        strict: bool = False,
        check: bool = True,
    ) -> None:
        contents = read_contents(
            contracts,
            wallets,
            positions,
            marks,
            orders=orders,
            balances=balances,
            assets=assets,
            index_prices=index_prices,
            haircuts=haircuts,
            loan_rates=loan_rates,
        )
        self._restore(contents.values)
        if read_flag("check", check):
            validate(self, contents.contract, contents.order, read_flag("strict", strict))

    @classmethod
    def build(
        cls,
        contracts: Iterable[Contract],
        wallets: Any,
        positions: Any,
        marks: Mapping[str, Number],
        *,
        orders: Any = None,
        balances: Any = None,
        settle: str = "USDT",
        assets: Iterable[Asset | str] = (),
        index_prices: Mapping[str, Number] | None = None,
        haircuts: Mapping[str, Number] | None = None,
        loan_rates: Mapping[str, Number] | None = None,
        strict: bool = False,
    ) -> Snapshot:
        """A snapshot from rows or frames of decimal text; nothing passes through a float.

        Parameters
        ----------
        contracts : iterable of Contract
        wallets : list of mappings, mapping of columns, or data frame
            ``account``, ``asset`` (default `settle`), ``mode`` (default cross; multi-asset, portfolio),
            ``balance``.
        positions : list of mappings, mapping of columns, or data frame
            ``account``, ``contract``, ``quantity`` (contracts, signed), one of ``entry_price`` and
            ``entry_value``, ``leverage`` (optional), ``margin``: what an isolated position has; one
            without it shares the account's wallet.
        marks : mapping of symbol to decimal string or number
        orders : list of mappings, mapping of columns, or data frame, optional
            ``account``, ``contract``, ``quantity``, ``price``, one of ``locked`` and ``leverage``.
        balances : list of mappings, mapping of columns, or data frame, optional
            ``account``, ``asset``, ``amount``, ``loan``: of multi-asset and portfolio wallets.
        settle : str, default "USDT"
            The asset of wallets that name none.
        assets, index_prices, haircuts, loan_rates, strict
            As :class:`Snapshot`.

        Returns
        -------
        Snapshot

        Raises
        ------
        AdlError
            For a number off its grid, an account without a wallet, an unknown contract or column; and
            all that :class:`Snapshot` refuses.

        Examples
        --------
        >>> import adlcore as adl
        >>> adl.Snapshot.build(
        ...     contracts=[adl.Contract("X", lot="0.1")],
        ...     wallets={"account": ["ann", "bob"], "balance": ["100", "250.5"]},
        ...     positions=[
        ...         {"account": "ann", "contract": "X", "quantity": "1.5", "entry_price": "20.25"},
        ...         {"account": "bob", "contract": "X", "quantity": "-1.5", "entry_price": "20", "margin": "7"},
        ...     ],
        ...     marks={"X": "21"},
        ... )
        <Snapshot of 3 wallets, 2 positions in 1 contract, 0 open orders>
        """
        listed = contracts_in(contracts)
        named = assets_in(assets)
        builder = Builder(listed, named, settle)
        builder.add_wallets(wallets)
        held = builder.add_positions(positions)
        ordered, kept = builder.add_orders(orders), builder.add_balances(balances)
        return cls(
            listed,
            builder.wallets,
            held,
            marks,
            orders=ordered,
            balances=kept,
            assets=[*builder.assets.values(), *(name for name in named if isinstance(name, str))],
            index_prices=index_prices,
            haircuts=haircuts,
            loan_rates=loan_rates,
            strict=strict,
        )

    def validate(self, *, strict: bool = False) -> None:
        """Refuse broken rows, all at once; warn of unbalanced open interest, or with `strict` refuse it.

        Raises
        ------
        BrokenSnapshotError
            Names the first broken row; its :attr:`~BrokenSnapshotError.problems` name every one.
        """
        validate(self, self.position_contract, None, read_flag("strict", strict))

    # Looking at it ----------------------------------------------------------------------------------------------------

    @cached_property
    def symbols(self) -> Mapping[str, int]:
        """Row of each contract by its symbol."""
        return MappingProxyType({contract.symbol: code for code, contract in enumerate(self.contracts)})

    @cached_property
    def asset_names(self) -> Mapping[str, int]:
        """Row of each asset by its name."""
        return MappingProxyType({asset.name: code for code, asset in enumerate(self.assets)})

    def _cache(self, name: str, value: Any) -> Any:
        """Keep what was computed once; the contents never change."""
        self.__dict__[name] = value
        return value

    def _with(self, changed: dict[str, Any]) -> Snapshot:
        """These books with some attributes replaced by sound ones."""
        fresh = object.__new__(type(self))
        fresh._restore({**{name: getattr(self, name) for name in self.PICKLED}, **changed})
        return fresh

    def code(self, contract: str | Contract) -> int:
        """Row of a contract by its symbol."""
        symbol = contract.symbol if isinstance(contract, Contract) else contract
        if not isinstance(symbol, str) or symbol not in self.symbols:
            raise AdlError.at("contract", None, symbol, f"must be one of {', '.join(list(self.symbols)[:12])}")
        return self.symbols[symbol]

    def rows(self, code: int) -> slice:
        """The position rows of a contract."""
        return slice(int(self.start[code]), int(self.start[code + 1]))

    def contract_of(self, rows: Int64Array1D) -> Int64Array1D:
        """Row of the contract of each of these position rows."""
        found: Int64Array1D = np.searchsorted(self.start, rows, side="right") - 1
        return found

    @property
    def position_contract(self) -> Int64Array1D:
        """int64[n]: row of the contract of each position."""
        if len(self.start) and (self.start[0] or self.start[-1] != len(self.positions)):
            # Unchecked rows of no contract stand before the first and after the last.
            return self.contract_of(np.arange(len(self.positions)))
        return np.repeat(np.arange(len(self.contracts)), np.diff(self.start))

    @property
    def settle(self) -> Int64Array1D:
        """int64[contracts]: row of each contract's settle asset."""
        return np.array([self.asset_names[contract.settle.name] for contract in self.contracts], INT64)

    @property
    def has_valued(self) -> bool:
        """Whether any wallet holds several assets."""
        return bool(self.wallets.is_valued().any())

    def wallet(
        self, account: Any, asset: str | None = None, *, contract: str | None = None, side: str | None = None
    ) -> int:
        """Row of a wallet.

        Parameters
        ----------
        account : label
        asset : str, optional
            Of a cross wallet, where the account has several.
        contract : str, optional
            Of an isolated wallet: the contract that its position is in.
        side : {"long", "short"}, optional
            Of an isolated wallet, where the account has one for each side.

        Raises
        ------
        AdlError
            Where no wallet or more than one fits; the message lists them.

        Examples
        --------
        >>> import adlcore as adl
        >>> snapshot = adl.Snapshot.build([], {"account": ["ann", "bob"], "balance": ["12", "7"]}, [], {})
        >>> snapshot.wallet("bob"), snapshot.wallet_name(1)
        (1, "bob's cross wallet in USDT (row 1)")
        """
        return find_wallet(self, account, asset, contract=contract, side=side)

    def wallet_name(self, row: int) -> str:
        """What a wallet is called: ``ann's cross wallet in USDT``."""
        wallets = self.wallets
        mode = MODES[int(wallets.mode[row])]
        return f"{wallets.account[row]}'s {mode} wallet in {self.assets[int(wallets.asset[row])]} (row {row})"

    # Moving money -----------------------------------------------------------------------------------------------------

    def deposit(self, wallet: int, amount: Number, asset: str | None = None) -> Snapshot:
        """A new snapshot with `amount` more in a wallet.

        Parameters
        ----------
        wallet : int
            Row; :meth:`wallet` finds it.
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
            For an amount off the grid or not above 0, another asset than the wallet's, or a balance that
            leaves int64.

        Notes
        -----
        :func:`adlcore.clearing.margin.withdraw` and :func:`~adlcore.clearing.margin.transfer_margin` take money out,
        as far as margin sets it free.

        Examples
        --------
        >>> import adlcore as adl
        >>> snapshot = adl.Snapshot.build([], {"account": ["ann"], "balance": ["12"]}, [], {})
        >>> snapshot.deposit(snapshot.wallet("ann"), "0.5").wallets.balance
        array([1250000000])
        """
        row, code = wallet_row(self, "wallet", wallet), asset_row(self, wallet, asset)
        return credit(self, row, code, positive_quanta(self.assets[code], amount))

    def _owned(self) -> Snapshot:
        """This snapshot where nobody can write to its positions, else one with a copy of them."""
        positions = self.positions.owned()
        return self if positions is self.positions else self._with({"positions": positions})

    # Keeping it -------------------------------------------------------------------------------------------------------

    @property
    def hash(self) -> str:
        """SHA-256 of everything it holds, as hexadecimal text; the same on every machine and from every file."""
        found: str = self.__dict__.get("_hash") or self._cache("_hash", archive.content_hash(self))
        return found

    def to_npz(self, path: str | PathLike[str]) -> None:
        """Write one uncompressed ``.npz`` file; ``adlcore.io.save`` writes a folder of Parquet files."""
        archive.write_npz(self, path)

    @classmethod
    def from_npz(cls, path: str | PathLike[str]) -> Snapshot:
        """Read what :meth:`to_npz` wrote; the hash is the same.

        Raises
        ------
        AdlError
            If the file is no snapshot, is broken, or is of a schema that this adlcore does not know.
        """
        return cls(**archive.read_npz(path))

    def __eq__(self, other: object) -> bool:
        return self.hash == other.hash if isinstance(other, Snapshot) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        count = len(self.contracts)
        held = f"{len(self.positions):,} positions in {count:,} contract{'' if count == 1 else 's'}"
        return f"<Snapshot of {len(self.wallets):,} wallets, {held}, {len(self.orders):,} open orders>"
