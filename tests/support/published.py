"""Numbers that venues print, as they print them."""

from decimal import Decimal

#: Binance's help page on leverage and margin: USD-M in USDT, COIN-M BTC in the coin.
USDM = ([0, 50_000, 250_000, 1_000_000, 5_000_000, 20_000_000], ["0.004", "0.005", "0.01", "0.025", "0.05", "0.1"])
COINM = ([0, 5, 10, 20, 50, 100, 200], ["0.004", "0.005", "0.01", "0.025", "0.05", "0.1", "0.125"])


def texts(numbers) -> list[str]:
    """Decimals as they print."""
    return [str(number) for number in numbers]


def to_printed(number: float, printed: str) -> str:
    """A number rounded to as many places as were printed."""
    return str(Decimal(float(number)).quantize(Decimal(printed)))
