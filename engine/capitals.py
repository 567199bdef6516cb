"""Chinese capital amounts (中文大写金额), both ways.

Source: 支付结算办法 附一《正确填写票据和结算凭证的基本规定》. In short: up to 元 the amount ends in 整 (正); after 角
整 may stand or not; after 分 it never stands. One 零 for a run of zeros inside the figure. Where the digit of
元 or 万 is zero but 角 or 仟 is not, 零 may be written or left out. 角 zero with 分 present needs 零.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import product

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
LIMIT = Decimal(10) ** 16

# Where the rule leaves 零 to the writer, the figure carries this mark until a form is chosen.
_OPTIONAL = "?"

# Spellings the rule accepts for the same figure.
_SAME = str.maketrans("圆圓正億萬貳陸", "元元整亿万贰陆")


def to_capitals(amount: Decimal) -> str:
    """The amount in capital figures, e.g. 1211320.88 → 壹佰贰拾壹万壹仟叁佰贰拾元捌角捌分.

    The shortest allowed form is chosen (no optional 零), ending in 整 up to 元 and after 角. A negative amount starts
    with 负. Raises ValueError for an amount finer than a fen, not finite, or of 10^16 yuan and more.
    """
    return _forms(amount)[0]


def parse_capitals(text: str) -> Decimal:
    """The amount (two decimals) written in capital figures; every allowed form is read.

    Accepts a leading 人民币, 圆 for 元, 正 for 整, and the optional 零. Raises ValueError with the reason for anything
    the rule does not allow (a place twice, 拾 without its digit, 整 after 分, a missing or superfluous 零 …).
    """
    figure = "".join(text.split()).removeprefix("人民币").translate(_SAME)
    sign = -1 if figure.startswith("负") else 1
    value = sign * _read(figure.removeprefix("负"))
    if figure not in _forms(value):
        raise ValueError(f"{text!r} is not a correct capital amount; {value} is written {to_capitals(value)}")
    return value


def _forms(amount: Decimal) -> list[str]:
    """All allowed ways to write the amount, the preferred one first."""
    if not amount.is_finite() or abs(amount) >= LIMIT:
        raise ValueError(f"{amount} is too large for capital figures")
    cents = abs(amount) * 100
    if cents != int(cents):
        raise ValueError(f"{amount} is finer than a fen")
    yuan, left = divmod(int(cents), 100)
    jiao, fen = divmod(left, 10)
    forms: list[str] = []
    for whole in _choices(_integer(yuan)) if yuan else ["", "零"]:
        for tail in _fraction(yuan, jiao, fen):
            if whole:
                forms.append(f"{whole}元{tail}")
            elif tail not in ("", "整") and not tail.startswith("零"):
                forms.append(tail)
    sign = "负" if amount < 0 else ""
    return [sign + form for form in forms]


def _fraction(yuan: int, jiao: int, fen: int) -> list[str]:
    if not jiao and not fen:
        return ["整"]
    if not jiao:
        tails = [f"零{DIGITS[fen]}分", f"零角{DIGITS[fen]}分"]
        return tails if yuan else [f"{DIGITS[fen]}分", *tails]
    base = f"{DIGITS[jiao]}角" + (f"{DIGITS[fen]}分" if fen else "")
    tails = [base] if fen else [base + "整", base]
    return tails + (["零" + tail for tail in tails] if yuan % 10 == 0 else [])


def _choices(marked: str) -> list[str]:
    parts = marked.split(_OPTIONAL)
    return [
        "".join(part + zero for part, zero in zip(parts, (*zeros, ""), strict=True))
        for zeros in product(("", "零"), repeat=len(parts) - 1)
    ]


def _integer(number: int) -> str:
    high, low = divmod(number, 10**8)
    if not high:
        return _myriads(low)
    if not low:
        return _myriads(high) + "亿"
    upper, lower = divmod(low, 10**4)
    joint = _joint(high, upper) if upper else (_OPTIONAL if lower >= 1000 else "零")
    return f"{_myriads(high)}亿{joint}{_myriads(low)}"


def _myriads(number: int) -> str:
    upper, lower = divmod(number, 10**4)
    if not upper:
        return _group(lower)
    if not lower:
        return _group(upper) + "万"
    return f"{_group(upper)}万{_joint(upper, lower)}{_group(lower)}"


def _joint(upper: int, lower: int) -> str:
    """What stands between two neighbouring groups of four digits."""
    if lower < 1000:
        return "零"
    return _OPTIONAL if upper % 10 == 0 else ""


def _group(number: int) -> str:
    """1..9999 without leading or trailing 零."""
    text = ""
    zero = False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if zero and text else "") + DIGITS[digit] + PLACES[place]
            zero = False
        else:
            zero = True
    return text


def _read(figure: str) -> Decimal:
    """The value of the figure, read leniently: the caller compares it with the allowed forms."""
    whole, yuan, tail = figure.partition("元")
    if not yuan:
        whole, tail = "", figure
    cents = 0
    digit: int | None = None
    for char in tail.removesuffix("整"):
        if char in DIGITS:
            digit = DIGITS.index(char)
        elif char in "角分" and digit is not None:
            cents += digit * (10 if char == "角" else 1)
            digit = None
        else:
            raise ValueError(f"{char!r} does not belong into {figure!r}")
    if digit is not None or not figure:
        raise ValueError(f"{figure!r} is not a capital amount")
    return Decimal(_read_integer(whole)) + Decimal(cents) / 100 + Decimal("0.00")


def _read_integer(whole: str) -> int:
    total = section = digit = 0
    for char in whole:
        if char in DIGITS:
            digit = DIGITS.index(char)
        elif char in PLACES[1:]:
            section += digit * 10 ** PLACES.index(char)
            digit = 0
        elif char == "万":
            total += (section + digit) * 10**4
            section = digit = 0
        elif char == "亿":
            total = (total + section + digit) * 10**8
            section = digit = 0
        else:
            raise ValueError(f"{char!r} is not a capital figure")
    return total + section + digit
