"""Amounts of money: rounded to the currency's smallest coin, half up, and shared out so that the shares add up."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

# Currencies without a smaller coin (ISO 4217); all others are kept to the hundredth.
WHOLE = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
ZERO = Decimal(0)


def coin(currency: str) -> Decimal:
    """The smallest amount there is of a currency."""
    return Decimal(1) if currency in WHOLE else Decimal("0.01")


def rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(coin(currency), rounding=ROUND_HALF_UP)


def shares(amount: Decimal, count: int, currency: str) -> list[Decimal]:
    """An amount in so many parts that add up to it; the first take the coins that are left over."""
    least = coin(currency)
    each = (amount / count).quantize(least, rounding=ROUND_DOWN)
    left = amount - each * count
    more = int(left / least)
    parts = [each + least] * more + [each] * (count - more)
    parts[0] += left - least * more  # less than a coin, of a price that was kept finer than its currency is
    return parts
