"""Ranking rules: what a rule reads, how it scores a position, and where its venue published it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._support.names import nearest_names
from .._support.options import is_text_of, read_list, require_option
from .._support.pickles import Immutable
from ..errors import AdlError, value_text

__all__ = ["RankingRule", "as_rule"]


@dataclass(frozen=True)
class Formula:
    """What is known of a published rule."""

    needs: tuple[str, ...]
    optional: tuple[str, ...]
    expression: str
    source: str


#: Every rule's exact floating-point expression. U unrealized PnL, N notional, E equity, EV entry
#: value, MV mark value, WB wallet balance, MM maintenance margin, BV value at the bankruptcy price.
FORMULAS = {
    "binance": Formula(
        ("equity",),
        (),
        "-inf if E <= 0 else U/E if U >= 0 else (U/N)*(E/N)",
        "coinengineer.net, 'What Is Auto-Deleveraging (ADL) and How Does It Work?', 29 Aug 2025",
    ),
    "binance-portfolio": Formula(
        ("account_equity",),
        (),
        "-inf if AE <= 0 else U/AE if U >= 0 else (U/N)*(AE/N), AE the account's equity",
        "the same page, portfolio margin",
    ),
    "binance-2019": Formula(
        ("balance", "equity", "maintenance_margin"),
        (),
        "(max(0, U)/max(1, WB))*R, R = 0 if E <= 0 else MM/E; 1 is one unit of the settle asset, MM the wallet's",
        "binance.com FAQ 360033525471",
    ),
    "bitmex": Formula(
        ("equity",),
        ("bankruptcy_value",),
        "-inf if D <= 0 else p*L if U >= 0 else p/L; "
        "p = 0 if U == 0 else U/abs(EV), L = N/D, D = MV-BV or E where no BV is given",
        "support.bitmex.com 18589621443357; also MEXC, Poloniex, Deepcoin",
    ),
    "hyperliquid": Formula(
        ("equity",),
        (),
        "-inf if E <= 0 or U <= 0 else 0 if N == 0 else r*(N/E); "
        "r = mark/entry of longs, entry/mark of shorts (short='literal': mark/entry)",
        "Hyperliquid docs, 'Auto-deleveraging'",
    ),
    "roi": Formula((), (), "0 if U == 0 else U/abs(EV)", "KuCoin cross margin (older pages), Gate before Nov 2022"),
}

#: Rules under which a winner never ties with a loser: U > 0 scores above 0, all others at most 0. Under the
#: others a factor that is 0, such as the notional of a small position, makes them tie.
WINNERS_FIRST = ("binance", "binance-portfolio", "roi")

#: What a custom rule may ask for.
CUSTOM_COLUMNS = (
    *("quantity", "side", "mark_price", "entry_price", "mark_value", "entry_value", "notional", "unrealized_pnl"),
    *("equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value", "leverage"),
)

#: The forms of a short's price ratio under ``hyperliquid``.
SHORT_FORMS = ("mirrored", "literal")


class RankingRule(Immutable):
    """A named formula over a market's columns: higher scores are deleveraged first. Immutable.

    Parameters
    ----------
    name : str
        One of :meth:`names`.
    short : {"mirrored", "literal"}, default "mirrored"
        ``hyperliquid`` only: the price ratio of a short, entry/mark or, as the page's letter has
        it, mark/entry.

    Attributes
    ----------
    needs : tuple of str
        Columns that a market must have beyond quantity and entry.
    expression : str
        The exact floating-point expression; the order of operations is part of the rule.
    source : str
        Where the venue published it.

    Raises
    ------
    AdlError
        For an unknown name, with the nearest ones.

    Notes
    -----
    Scores are float64. int64 columns are subtracted as integers and then converted, nearest. Under a
    rule that reads equity, a row whose equity is 0 or below scores -inf (``binance-2019``: 0, as
    published; ``bitmex`` with bankruptcy values looks at the distance to them): it stands last, and
    a row of score -inf is nobody's counterparty. ``roi`` reads no equity.

    Examples
    --------
    >>> rule = RankingRule("binance")
    >>> rule.needs
    ('equity',)
    >>> RankingRule.names()
    ('binance', 'binance-2019', 'binance-portfolio', 'bitmex', 'hyperliquid', 'roi')
    """

    __slots__ = ("expression", "function", "name", "needs", "optional", "short", "source")
    PICKLED = __slots__

    name: str
    short: str
    needs: tuple[str, ...]
    optional: tuple[str, ...]
    expression: str
    source: str
    function: Callable[..., Any] | None

    def __init__(self, name: str, *, short: str = "mirrored") -> None:
        if not isinstance(name, str) or name not in FORMULAS:
            near = nearest_names(name, FORMULAS) or sorted(FORMULAS)
            raise AdlError.at("rule", None, name, f"must be a known rule; nearest: {', '.join(near)}")
        require_option("short", short, SHORT_FORMS)
        if short != "mirrored" and name != "hyperliquid":
            raise AdlError.at("short", None, short, f"belongs to the rule 'hyperliquid', not to {name!r}")
        formula = FORMULAS[name]
        self._put(name, short, formula.needs, formula.optional, formula.expression, formula.source, None)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of the built-in rules, sorted."""
        return tuple(sorted(FORMULAS))

    @classmethod
    def custom(cls, name: str, function: Callable[..., Any], needs: tuple[str, ...] | list[str] = ()) -> RankingRule:
        """A rule of your own.

        Parameters
        ----------
        name : str
            How it is shown.
        function : callable
            Gets the columns of `needs` by keyword, as equally long 1-D float64 blocks (at most
            16,384 rows), and returns a float64 block of scores. It must work row by row: blocks are
            cut anywhere. NaN is refused, except for rows of quantity 0.
        needs : sequence of str
            Of quantity (lots, signed), side (+1, -1, 0), mark_price, entry_price, mark_value,
            entry_value, notional, unrealized_pnl, equity, account_equity, balance,
            maintenance_margin, bankruptcy_value, leverage. Money is in units of the settle asset.

        Notes
        -----
        Costs one score column of memory. Pickles if `function` does.

        Examples
        --------
        >>> rule = RankingRule.custom("biggest", lambda notional: notional, needs=["notional"])
        >>> rule
        RankingRule.custom('biggest', needs=('notional',))
        """
        if not callable(function):
            raise AdlError.at("function", None, function, "must be callable")
        if not isinstance(name, str):
            raise AdlError.at("name", None, name, "must be text")
        example = value_text(needs) if isinstance(needs, str) else "'equity'"
        columns = read_list("needs", needs, f"must be a sequence of names, such as [{example}]")
        for column in columns:
            if not is_text_of(column, CUSTOM_COLUMNS):
                near = nearest_names(column, CUSTOM_COLUMNS) or CUSTOM_COLUMNS
                raise AdlError.at("needs", None, column, f"must be a known column; nearest: {', '.join(near)}")
        rule = cls.__new__(cls)
        rule._put(name, "mirrored", tuple(columns), (), "custom", "custom", function)
        return rule

    @property
    def kernel(self) -> str:
        """The kernel's name for the expression."""
        return "hyperliquid-literal" if self.short == "literal" else self.name

    @property
    def winners_first(self) -> bool:
        """Whether every row with U > 0 scores above every other row, whatever the rest of their columns."""
        return self.name in WINNERS_FIRST and self.function is None

    def _put(self, *values: Any) -> None:
        """Put in every attribute, in the order of what a rule is made of."""
        slots = ("name", "short", "needs", "optional", "expression", "source", "function")
        self._restore(dict(zip(slots, values, strict=True)))

    def _key(self) -> tuple[Any, ...]:
        """What two rules that score alike have in common."""
        return self.name, self.short, self.needs, self.function

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, RankingRule) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        if self.function is not None:
            return f"RankingRule.custom({self.name!r}, needs={self.needs})"
        short = "" if self.short == "mirrored" else f", short={self.short!r}"
        return f"RankingRule({self.name!r}{short})"


def as_rule(rule: str | RankingRule) -> RankingRule:
    """A rule, or the rule of that name."""
    return rule if isinstance(rule, RankingRule) else RankingRule(rule)
