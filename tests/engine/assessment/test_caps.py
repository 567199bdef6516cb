"""Caps: without a window, by calendar, rolling, nested, carried; what the last entry leaves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.assessment.caps import Limit, apply, within
from tests.engine.assessment.support import LOSS, amount, incident, run


def losses(*rows: tuple[str, str]) -> str:
    return "".join(incident(f"i{n}", at, loss=f'"CNY {value}"') for n, (at, value) in enumerate(rows))


def capped(caps: str, facts: str, as_of: str = "2026-12-31") -> str:
    return amount(run(LOSS + f'[pool.all]\nover = ["loss"]\ncaps = [{caps}]\n', facts, as_of), "all")


def test_below_at_and_above_a_plain_limit() -> None:
    cap = '{ limit = "contract.total * 10%" }'
    assert capped(cap, losses(("2025-03-01", "11999.99"))) == "11999.99"
    assert capped(cap, losses(("2025-03-01", "12000.00"))) == "12000.00"
    assert capped(cap, losses(("2025-03-01", "12000.01"))) == "12000.00"
    assert capped(cap, losses(("2025-03-01", "7000.00"), ("2025-04-01", "7000.00"))) == "12000.00"


def test_a_calendar_window_starts_anew_and_the_excess_lapses() -> None:
    facts = losses(("2025-03-01", "60.00"), ("2025-03-31", "60.00"), ("2025-04-01", "60.00"))
    assert capped('{ limit = "CNY 100", window = "month" }', facts) == "160.00"
    pool = run(LOSS + '[pool.all]\nover = ["loss"]\ncaps = [{ limit = "CNY 100", window = "month" }]\n', facts).pool(
        "all"
    )
    assert [(room.window, str(room.used), str(room.left)) for room in pool.headroom] == [("2025-04", "60.00", "40.00")]
    assert pool.rest is not None and str(pool.rest.lapse) == "20.00"


def test_a_rolling_window_leaves_out_its_first_day() -> None:
    cap = '{ limit = "CNY 100", window = "rolling 12 months" }'
    assert capped(cap, losses(("2025-03-01", "80.00"), ("2026-02-28", "80.00"))) == "100.00"
    assert capped(cap, losses(("2025-03-01", "80.00"), ("2026-03-01", "80.00"))) == "160.00"


def test_nested_caps_apply_inside_out_and_count_after_all_caps() -> None:
    caps = '{ limit = "CNY 50", window = "month" }, { limit = "CNY 120", window = "year" }'
    facts = losses(*((f"2025-{month:02d}-10", "80.00") for month in (1, 2, 3)), ("2026-01-05", "70.00"))
    # 50, 50, then 20 of the year; 50 in the next year
    assert capped(caps, facts) == "170.00"


def test_a_carried_excess_falls_due_when_the_next_window_opens() -> None:
    cap = '{ limit = "CNY 100", window = "month", excess = "carry" }'
    facts = losses(("2025-03-10", "250.00"))
    assert capped(cap, facts, "2025-03-31") == "100.00"
    assert capped(cap, facts, "2025-04-01") == "200.00"
    assert capped(cap, facts, "2025-05-01") == "250.00"
    text = LOSS + f'[pool.all]\nover = ["loss"]\ncaps = [{cap}]\n'
    rest = run(text, facts, "2025-04-30").pool("all").rest
    assert rest is not None and str(rest.forward) == "50.00"


def test_a_cap_by_key_has_a_limit_for_each() -> None:
    text = LOSS + '[pool.all]\nover = ["loss"]\ncaps = [{ limit = "CNY 100", window = "year", by = "i.severe" }]\n'
    facts = incident("a", loss='"CNY 90.00"', severe="true") + incident("b", loss='"CNY 90.00"', severe="false")
    assert amount(run(text, facts), "all") == "180.00"


money = st.integers(0, 50_000).map(lambda cents: Decimal(cents) / 100)
days = st.dates(date(2025, 1, 1), date(2026, 12, 31))


@given(st.lists(st.tuples(days, money), max_size=12), money, money, st.booleans())
def test_caps_hold_in_every_window(
    entries: list[tuple[date, Decimal]], inner: Decimal, outer: Decimal, carry: bool
) -> None:
    """No window ever holds more than its limit, nothing turns negative, and nothing is made from nothing."""
    entries = sorted(entries)
    limits = [
        Limit(lambda _n: inner, "month", lambda _n: (), None, carry),
        Limit(lambda _n: outer, "year", lambda _n: (), None, False),
    ]
    found = apply(entries, limits, until=date(2026, 12, 31))
    assert found is not None
    assert all(part >= 0 for part in (*found.amounts, *found.lapsed)) and found.carried >= 0
    assert sum(found.amounts) + found.carried <= sum(value for _day, value in entries)
    if not carry:
        for limit, most in zip(limits, (inner, outer), strict=True):
            for day, _value in entries:
                parts = [a for (at, _v), a in zip(entries, found.amounts, strict=True) if within(limit, at, day)]
                assert sum(parts) <= most
