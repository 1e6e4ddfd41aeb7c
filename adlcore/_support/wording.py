"""Numbers as people read them: thousands separators, decimals that make sense, units; for the terminal and the report.

Every function writes for a sentence: with the signs of print, and words where a number says less. What is `plain` goes
into a table of the terminal or a message: the same number in ASCII, without its unit.
"""

from __future__ import annotations

import math

__all__ = ["amount_text", "counted", "decimal", "grouped", "listed", "money", "moved", "percent", "ratio", "short"]

NAMED = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))

#: Decimals of an amount in a sentence at most.
MOST_PLACES = 8


def decimal(value: float, places: int, *, signed: bool = False, plain: bool = False) -> str:
    """A number with so many decimals; a dash for what is not finite.

    Examples
    --------
    >>> decimal(-1234.5, 2), decimal(3, 1, signed=True), decimal(float("inf"), 2)
    ('−1,234.50', '+3.0', '–')
    >>> decimal(-1234.5, 2, plain=True), decimal(float("nan"), 2, plain=True)
    ('-1,234.50', '-')
    """
    text = f"{value:{'+' if signed else ''},.{places}f}" if math.isfinite(value) else "-"
    return text if plain else _printed(text)


def _printed(number: str) -> str:
    """A number with a minus sign for its hyphen; a hyphen alone is a dash."""
    return "–" if number == "-" else f"−{number[1:]}" if number.startswith("-") else number


def amount_text(quanta: int, decimals: int, *, signed: bool = False, plain: bool = False) -> str:
    """Quanta in units of an asset: two decimals, below ten five digits, never more than the asset has.

    Examples
    --------
    >>> amount_text(123_456_789_000_000, 8), amount_text(12_345_678, 8), amount_text(5, 0)
    ('1,234,567.89', '0.12346', '5')
    >>> amount_text(-5, 2, plain=True)
    '-0.05'
    """
    value = quanta / 10**decimals
    places = 4 - math.floor(math.log10(abs(value))) if 0 < abs(value) < 10 else 2
    return decimal(value, min(places, decimals if plain else min(decimals, MOST_PLACES)), signed=signed, plain=plain)


def money(value: float, *, plain: bool = False) -> str:
    """An amount that was computed: no decimals from a thousand on, two from ten on, below that three digits.

    One that is `plain` has two decimals, or six digits below one, and stays nan where it is not known.

    Examples
    --------
    >>> money(1234567.8), money(12.345), money(0.012345), money(0), money(float("nan"))
    ('1,234,568', '12.35', '0.0123', '0', '–')
    >>> money(1234567.8, plain=True), money(0.012345, plain=True), money(0, plain=True)
    ('1,234,567.80', '0.012345', '0.00')
    """
    size = abs(value)
    if plain:
        return decimal(value, 2, plain=True) if size >= 1 or size == 0 else f"{value:.6g}"
    if not 0 < size < 1000:
        return decimal(value, 0)
    return decimal(value, 2 if size >= 10 else 2 - math.floor(math.log10(size)))


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


def percent(share: float, *, plain: bool = False) -> str:
    """A share as per cent: one decimal, and small ones do not become none; one that is `plain` has two decimals.

    Examples
    --------
    >>> percent(0.4321), percent(0.00001), percent(0), percent(0.99999), percent(1)
    ('43.2 %', '<0.1 %', '0 %', '>99.9 %', '100 %')
    >>> percent(0.00001, plain=True), percent(12.5, plain=True)
    ('0.00', '1,250.00')
    """
    value = 100 * share
    if plain:
        return decimal(value, 2, plain=True)
    if not math.isfinite(value):
        return "–"
    if value in (0, 100):
        return f"{value:.0f} %"
    if 0 < value < 0.1:
        return "<0.1 %"
    return ">99.9 %" if 99.9 < value < 100 else f"{value:,.1f} %"


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


def ratio(value: float, *, plain: bool = False) -> str:
    """A ratio or a score with five digits; a dash where there is none, but -inf where it is `plain`.

    Examples
    --------
    >>> ratio(0.6774193), ratio(12.5), ratio(-12345.6), ratio(float("-inf"))
    ('0.67742', '12.500', '−12346', '–')
    >>> ratio(-12345.6, plain=True), ratio(float("-inf"), plain=True)
    ('-12346', '-inf')
    """
    text = f"{value:#.5g}".removesuffix(".")
    return text if plain else _printed(text if math.isfinite(value) else "-")


def counted(count: int, noun: str, plural: str | None = None, *, plain: bool = False) -> str:
    """A number of things; none of them is a word, but where it is `plain`.

    Examples
    --------
    >>> counted(1, "wallet"), counted(1200, "wallet"), counted(0, "entry", "entries")
    ('1 wallet', '1,200 wallets', 'no entries')
    >>> counted(0, "pass", "passes", plain=True)
    '0 passes'
    """
    number = f"{count:,}" if count or plain else "no"
    return f"{number} {noun if count == 1 else plural or f'{noun}s'}"


def listed(parts: list[str]) -> str:
    """Parts of a sentence.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return "".join(parts) if len(parts) < 2 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def grouped(number: str) -> str:
    """A decimal that is text already, of a price or of contracts, with thousands separators.

    Examples
    --------
    >>> grouped("57000.0"), grouped("-1.234")
    ('57,000.0', '−1.234')
    """
    whole, point, rest = number.removeprefix("-").partition(".")
    return f"{'−' if number.startswith('-') else ''}{int(whole):,}{point}{rest}"
