"""Money: one rounding, splits that add up, and capital amounts both ways."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.money import parse_capitals, round_money, split_largest_remainder, to_capitals

AMOUNTS = st.decimals("-9999999999999999.99", "9999999999999999.99", places=2)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (Decimal("31737.665"), "31737.67"),  # half up, where half-even gives .66
        (Decimal("31737.675"), "31737.68"),
        (Decimal("-0.005"), "-0.01"),
        (Decimal("-0.004"), "0.00"),
        (Fraction(484528352, 12000) * 6, "242264.18"),
        (Decimal("4845283.52") * 5 / 100, "242264.18"),
    ],
)
def test_rounding_is_half_up(amount: Decimal | Fraction, expected: str) -> None:
    assert str(round_money(amount)) == expected


def test_rounding_last_is_not_rounding_first() -> None:
    month = Fraction(Decimal("4845283.52")) / 12
    assert str(round_money(month * 6)) == "2422641.76"
    assert str(round_money(month) * 6) == "2422641.78"  # the wrong order, for contrast


def test_a_float_is_never_money() -> None:
    with pytest.raises(TypeError):
        round_money(0.1)  # type: ignore[arg-type]


def test_the_price_split_by_processors() -> None:
    weights = [235, 300, 900, 200, 400, 300, 500, 150, 200, 250]
    parts = split_largest_remainder(Decimal("4845283.52"), weights)
    expected = "331482.28 423168.87 1269506.60 282112.58 564225.15 423168.87 705281.44 211584.43 282112.58 352640.72"
    assert " ".join(map(str, parts)) == expected


def test_the_price_split_in_ten() -> None:
    parts = split_largest_remainder(Decimal("4845283.52"), [1] * 10)
    assert parts == (Decimal("484528.36"),) * 2 + (Decimal("484528.35"),) * 8


@given(
    st.decimals("-1000000000", "1000000000", places=2),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any),
)
def test_the_parts_add_up_and_a_credit_splits_as_its_debit(total: Decimal, weights: list[int]) -> None:
    parts = split_largest_remainder(total, weights)
    assert sum(parts) == total
    assert split_largest_remainder(-total, weights) == tuple(-part for part in parts)
    exact = [Fraction(total) * weight / sum(weights) for weight in weights]
    assert all(abs(Fraction(part) - share) < Fraction(1, 100) for part, share in zip(parts, exact, strict=True))


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_a_split_needs_weights(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split_largest_remainder(Decimal("1.00"), weights)


@pytest.mark.parametrize(
    ("amount", "capitals"),
    [
        ("4845283.52", "肆佰捌拾肆万伍仟贰佰捌拾叁元伍角贰分"),
        ("1211320.88", "壹佰贰拾壹万壹仟叁佰贰拾元捌角捌分"),
        ("2422641.76", "贰佰肆拾贰万贰仟陆佰肆拾壹元柒角陆分"),
        ("242264.18", "贰拾肆万贰仟贰佰陆拾肆元壹角捌分"),
        ("0.00", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("1.05", "壹元零伍分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("100000000.00", "壹亿元整"),
        ("100000500.00", "壹亿零伍佰元整"),
        ("1000000000000.00", "壹万亿元整"),
        ("-12.30", "负壹拾贰元叁角整"),
        ("0.01", "壹分"),
        ("0.10", "壹角整"),
        ("1.10", "壹元壹角整"),
        ("10.00", "壹拾元整"),
        ("10.01", "壹拾元零壹分"),
        ("10.10", "壹拾元壹角整"),
        ("1004.00", "壹仟零肆元整"),
        ("10000.00", "壹万元整"),
        ("10001.00", "壹万零壹元整"),
        ("100000.00", "壹拾万元整"),
        ("1000001.00", "壹佰万零壹元整"),
        ("10010000.00", "壹仟零壹万元整"),
        ("20005000.00", "贰仟万伍仟元整"),
        ("99999999.99", "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        ("100000000.01", "壹亿元零壹分"),
        ("100010000.00", "壹亿零壹万元整"),
        ("1000000001.00", "壹拾亿零壹元整"),
        ("1005000000.00", "壹拾亿零伍佰万元整"),
        ("-0.05", "负伍分"),
    ],
)
def test_capital_amounts(amount: str, capitals: str) -> None:
    assert to_capitals(Decimal(amount)) == capitals
    assert parse_capitals(capitals) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("人民币壹佰圆正", "100.00"),
        ("壹佰贰拾壹万壹仟叁佰贰拾元零捌角捌分", "1211320.88"),
        ("壹拾万零柒仟元伍角叁分", "107000.53"),
        ("壹拾万柒仟元零伍角叁分", "107000.53"),
        ("壹元零角伍分", "1.05"),
        ("零元零伍分", "0.05"),
        ("叁角", "0.30"),
        ("壹億貳仟萬圓整", "120000000.00"),
    ],
)
def test_every_allowed_form_is_read(text: str, amount: str) -> None:
    assert parse_capitals(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", "元", "整", "一百元整", "拾元整", "壹佰元", "壹佰壹佰元整", "壹元零伍分整", "壹零元整", "壹仟零零伍元整",
     "壹元伍分", "壹万万元整", "负零元整", "壹佰元整整", "壹分壹角", "壹亿伍佰元整", "100元"],
)  # fmt: skip
def test_malformed_capitals_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_capitals(text)


@given(AMOUNTS)
def test_capitals_round_trip(amount: Decimal) -> None:
    assert parse_capitals(to_capitals(amount)) == amount


def test_too_large_or_too_fine_amounts_have_no_capitals() -> None:
    for amount in ("1e16", "0.001", "NaN"):
        with pytest.raises(ValueError):
            to_capitals(Decimal(amount))
