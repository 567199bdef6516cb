"""An amount in words of the page, in whatever currency it is in."""

from __future__ import annotations

from decimal import Decimal

SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$"}
MINUS = "\N{MINUS SIGN}"


def money_text(amount: Decimal | None, currency: str = "CNY") -> str:
    """¥1,234.00 with every digit the amount has: formatting never rounds. None is a dash. A currency without a symbol
    is named: CHF 1,234.00. Raises TypeError for anything but a Decimal."""
    if amount is None:
        return "—"
    if not isinstance(amount, Decimal):
        raise TypeError(f"money takes a Decimal, not {type(amount).__name__}")
    digits = f"{abs(amount):,f}"
    whole, _dot, minor = digits.partition(".")
    symbol = SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    sign = MINUS if amount < 0 else ""
    return f"{sign}{symbol}{whole}.{minor.ljust(2, '0')}"
