"""Numbers and names as people read them: thousands separators, decimals that make sense, units."""

from __future__ import annotations

import math

from ..contracts.contract import Asset, Contract

__all__ = [
    "amount",
    "counted",
    "grouped",
    "listed",
    "money",
    "moved",
    "percent",
    "price",
    "quantity",
    "ratio",
    "short",
    "signed",
]

NAMED = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def amount(asset: Asset, quanta: int, plus: bool = False) -> str:
    """Quanta of an asset in its unit: two decimals, below ten five digits, never more than the asset has.

    Examples
    --------
    >>> amount(Asset("USDT"), 123_456_789_000_000), amount(Asset("BTC"), 12_345_678), amount(Asset("JPY", 0), 5)
    ('1,234,567.89', '0.12346', '5')
    """
    value = quanta / asset.quanta_per_unit
    return minus(f"{value:{'+' if plus else ''},.{min(_places(value), asset.decimals)}f}")


def _places(value: float) -> int:
    """Decimals of five digits below ten, else two."""
    return min(4 - math.floor(math.log10(abs(value))), 8) if 0 < abs(value) < 10 else 2


def minus(number: str) -> str:
    """A number as text with a minus sign for its hyphen."""
    return f"−{number[1:]}" if number.startswith("-") else number


def signed(asset: Asset, quanta: int) -> str:
    """As :func:`amount`, with its sign."""
    return amount(asset, quanta, plus=True)


def money(value: float) -> str:
    """An amount that was computed: no decimals from a thousand on, two from ten on, below that three digits.

    Examples
    --------
    >>> money(1234567.8), money(12.345), money(0.012345), money(0), money(float("nan"))
    ('1,234,568', '12.35', '0.0123', '0', '–')
    """
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size >= 1000 or size == 0:
        return minus(f"{value:,.0f}")
    return minus(f"{value:,.2f}" if size >= 10 else f"{value:.{2 - math.floor(math.log10(size))}f}")


def short(value: float) -> str:
    """An amount for a sentence.

    Examples
    --------
    >>> short(12_345_678), short(98_765), short(2.5e9)
    ('12.3 million', '98,765', '2.50 billion')
    """
    for size, name in NAMED:
        if abs(value) >= size:
            digits = abs(value) / size
            return f"{value / size:.{2 if digits < 10 else 1 if digits < 100 else 0}f} {name}"
    return money(value)


def percent(share: float, digits: int = 1) -> str:
    """A share as per cent; small ones do not become none.

    Examples
    --------
    >>> percent(0.4321), percent(0.00001), percent(0), percent(0.99999), percent(1)
    ('43.2 %', '<0.1 %', '0 %', '>99.9 %', '100 %')
    """
    if not math.isfinite(share):
        return "–"
    least = 10.0**-digits
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    if 0 < value < least:
        return f"<{least:g} %"
    if 100 - least < value < 100:
        return f">{100 - least:g} %"
    return f"{value:,.{digits}f} %"


def moved(before: float, after: float) -> str:
    """How a price moved.

    Examples
    --------
    >>> moved(100, 70), moved(100, 101.5), moved(5, 5)
    ('fell by 30.0 %', 'rose by 1.5 %', 'stood still')
    """
    change = after / before - 1
    if round(1000 * change) == 0:
        return "stood still"
    return f"{'fell' if change < 0 else 'rose'} by {100 * abs(change):,.1f} %"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "wallet"), counted(1200, "wallet"), counted(0, "entry", "entries")
    ('1 wallet', '1,200 wallets', 'no entries')
    """
    many = plural or f"{noun}s"
    return f"{count:,} {noun if count == 1 else many}" if count else f"no {many}"


def listed(parts: list[str]) -> str:
    """Parts of a sentence.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return "".join(parts) if len(parts) < 2 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def grouped(decimal: str) -> str:
    """A plain decimal with thousands separators."""
    sign, digits = ("−", decimal[1:]) if decimal.startswith("-") else ("", decimal)
    whole, point, rest = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}"


def price(contract: Contract, ticks: int) -> str:
    """A price in ticks, exact.

    Examples
    --------
    >>> price(Contract("BTCUSDT", tick="0.1"), 570_000)
    '57,000.0'
    """
    return grouped(contract.price(ticks))


def quantity(contract: Contract, lots: int) -> str:
    """Lots as contracts, exact.

    Examples
    --------
    >>> quantity(Contract("BTCUSDT", lot="0.001"), -1234)
    '−1.234'
    """
    return grouped(contract.decimal(lots))


def ratio(value: float) -> str:
    """A ratio with five digits; a dash where there is none.

    Examples
    --------
    >>> ratio(0.6774193), ratio(12.5), ratio(float("nan"))
    ('0.67742', '12.500', '–')
    """
    return minus(f"{value:#.5g}".removesuffix(".")) if math.isfinite(value) else "–"
