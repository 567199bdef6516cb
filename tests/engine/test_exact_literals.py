"""A length of time in the facts is exact or refused; it is never cut or rounded to fit."""

from __future__ import annotations

import pytest

from engine.definition.literals import _quantity


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [("1 months", "span", 1), ("24 months", "span", 24), ("1.0 months", "span", 1)],
)
def test_a_whole_calendar_length_is_kept(text: str, kind: str, amount: int) -> None:
    assert _quantity(text, kind, "CNY").amount == amount


@pytest.mark.parametrize("text", ["1.5 months", "0.5 days", "2.999 years"])
def test_a_part_of_a_calendar_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="calendar time"):
        _quantity(text, "span", "CNY")


def test_elapsed_time_down_to_a_microsecond_and_no_finer() -> None:
    assert _quantity("0.000001 seconds", "duration", "CNY").microseconds == 1
    assert _quantity("1.5 hours", "duration", "CNY").microseconds == 5_400_000_000
    with pytest.raises(ValueError, match="elapsed time"):
        _quantity("0.0000001 seconds", "duration", "CNY")
