"""The arithmetic of service levels: worked cases of the contract, borders below, at and above, against brute force."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.intervals import Interval
from sla import rules
from sla.rules import SECOND, Stretch

TARGET = Fraction(9999, 10000)
BEIJING = "Asia/Shanghai"


def share(counted: Fraction, total: int) -> Fraction:
    return 1 - counted / total


def near(value: Fraction, text: str) -> bool:
    """Equal to a percentage that was written down with eight decimals."""
    return abs(value * 100 - Fraction(text)) <= Fraction(1, 10**8)


def month(year: int, number: int) -> rules.Window:
    return rules.month_window(date(year, number, 1), BEIJING)


def down(window: rules.Window, *stretches: tuple[str, str], holes: tuple[tuple[str, str], ...] = ()) -> rules.Downtime:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BEIJING))

    return rules.downtime(
        [Stretch(moment(a), moment(b)) for a, b in stretches],
        [Interval(moment(a), moment(b)) for a, b in holes],
        window.span,
        now=window.span.end,
    )


@pytest.mark.parametrize(
    ("first", "last", "seconds"),
    [
        (date(2026, 2, 1), date(2026, 2, 28), "241.92"),
        (date(2025, 9, 1), date(2025, 9, 30), "259.2"),
        (date(2025, 7, 1), date(2025, 7, 31), "267.84"),
        (date(2026, 1, 1), date(2026, 3, 31), "777.6"),
        (date(2026, 4, 1), date(2026, 6, 30), "786.24"),
        (date(2025, 7, 1), date(2025, 9, 30), "794.88"),
        (date(2025, 7, 1), date(2026, 6, 30), "3153.6"),
    ],
)
def test_allowed_seconds_of_every_window(first, last, seconds):
    window = rules.window(first, last, BEIJING)
    assert rules.exact_seconds(rules.allowed(window.total, TARGET)) == seconds


def test_the_twelve_months_allow_what_the_term_allows():
    term = date(2025, 7, 1), date(2026, 6, 30)
    parts = [rules.allowed(rules.month_window(m, BEIJING).total, TARGET) for m in rules.months(*term)]
    assert len(parts) == 12
    assert sum(parts) == Fraction("3153.6")


def test_one_system_and_the_average_of_ten_decide_differently():
    july, year = month(2025, 7), rules.window(date(2025, 7, 1), date(2026, 6, 30), BEIJING)
    single = down(july, ("2025-07-10 08:00", "2025-07-10 10:00"))
    assert near(rules.availability(single.counted, july.total), "99.73118280")
    assert near(rules.availability(single.counted, july.total * 10), "99.97311828")
    assert near(rules.availability(single.counted, year.total * 10), "99.99771689")
    verdicts = [rules.meets(single.counted, total, TARGET) for total in (july.total, july.total * 10, year.total * 10)]
    assert verdicts == [False, False, True]


def test_overlapping_outages_count_once():
    july = month(2025, 7)
    both = down(july, ("2025-07-03 02:00", "2025-07-03 02:03"), ("2025-07-03 02:02", "2025-07-03 02:05"))
    assert both.counted == 300 * SECOND
    assert near(rules.availability(both.counted, july.total), "99.98879928")
    assert not rules.meets(both.counted, july.total, TARGET)


def test_a_partial_exclusion_leaves_two_pieces_and_the_denominator():
    september = month(2025, 9)
    rest = down(
        september,
        ("2025-09-10 10:00", "2025-09-10 11:00"),
        holes=(("2025-09-10 10:15", "2025-09-10 10:45"),),
    )
    assert (rest.whole, rest.counted) == (3600 * SECOND, 1800 * SECOND)
    assert [spell.length for spell in rest.spells] == [timedelta(minutes=15)] * 2
    assert near(rules.availability(rest.counted, september.total), "99.93055556")


@pytest.mark.parametrize(
    ("seconds", "met", "percent"),
    [("259.2", True, "99.99000000"), ("259", True, "99.99000772"), ("260", False, "99.98996914"),
     ("264", False, "99.98981481")],
)  # fmt: skip
def test_exactly_the_target_meets_it_and_display_never_rounds_up(seconds, met, percent):
    total = 30 * 86_400 * SECOND
    counted = int(Fraction(seconds) * SECOND)
    assert rules.meets(counted, total, TARGET) is met
    value = rules.availability(counted, total)
    assert near(value, percent)
    for digits in range(2, 9):
        shown = Fraction(rules.percent(value, digits))
        assert shown <= value * 100 < shown + Fraction(1, 10**digits)
        assert (shown >= 99 + Fraction(99, 100)) is met
    # what binary floating point makes of the exact case
    assert (2592000 - 259.2) / 2592000 < 0.9999


def test_the_microsecond_beyond_the_allowance_fails():
    total, allowed = 30 * 86_400 * SECOND, 259_200_000
    assert rules.meets(allowed, total, TARGET)
    assert not rules.meets(allowed + 1, total, TARGET)


def test_data_availability_depends_on_the_window():
    six = Fraction(999_999, 1_000_000)
    july, year = month(2025, 7), rules.window(date(2025, 7, 1), date(2026, 6, 30), BEIJING)
    assert rules.exact_seconds(rules.allowed(july.total, six)) == "2.6784"
    assert rules.exact_seconds(rules.allowed(year.total, six)) == "31.536"
    assert near(rules.availability(3 * SECOND, july.total), "99.99988799")
    assert near(rules.availability(3 * SECOND, year.total), "99.99999049")
    assert not rules.meets(3 * SECOND, july.total, six)
    assert rules.meets(3 * SECOND, year.total, six)


# --- the third state ------------------------------------------------------------------------------------------------


def running(now: str, *, since: str = "2025-09-10T00:00") -> rules.Level:
    window = month(2025, 9)
    moment = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(BEIJING))
    start = datetime.fromisoformat(since).replace(tzinfo=ZoneInfo(BEIJING))
    seen = rules.downtime([Stretch(start, None)], [], window.span, now=moment)
    return rules.level(seen, TARGET, finished=moment >= window.span.end)


def test_an_outage_that_goes_on_is_unknown_until_the_allowance_is_gone():
    assert running("2025-09-10T00:04").verdict == "unknown"
    assert running("2025-09-10T00:04:19").verdict == "unknown"
    assert running("2025-09-10T00:04:20").verdict == "failed"


def test_an_outage_begun_before_now_is_not_seen_before_it_began():
    assert running("2025-09-09T23:59").counted == 0


def test_an_unfinished_month_is_not_met_yet_and_a_finished_one_is():
    window = month(2025, 9)
    for now, verdict in ((window.span.end - rules.MICROSECOND, "unknown"), (window.span.end, "met")):
        seen = rules.downtime([], [], window.span, now=now)
        assert rules.level(seen, TARGET, finished=now >= window.span.end).verdict == verdict


@pytest.mark.parametrize(("taken", "verdict"), [(899, "met"), (900, "met"), (901, "failed")])
def test_exactly_the_limit_is_in_time(taken, verdict):
    start = datetime(2025, 9, 10, 15, 55, tzinfo=UTC)
    end = start + timedelta(seconds=taken)
    one = rules.clock(start, end, timedelta(minutes=15), now=end)
    assert one.verdict == verdict
    still = rules.clock(start, None, timedelta(minutes=15), now=end)
    assert still.verdict == ("failed" if verdict == "failed" else "unknown")


def test_a_clock_without_a_start_is_unknown():
    now = datetime(2025, 9, 10, tzinfo=UTC)
    assert rules.clock(None, now, timedelta(minutes=15), now=now).verdict == "unknown"


def test_averages_are_not_rounded_and_none_without_incidents():
    assert rules.mean([timedelta(seconds=1), timedelta(seconds=1), timedelta(seconds=2)]) == Fraction(4, 3)
    assert rules.exact_seconds(Fraction(4, 3)) == "1.333333…"
    shown = {2592000: "2,592,000", Fraction(-36937, 2): "−18,468.5", Fraction(-1, 2): "−0.5", 0: "0", 999: "999"}
    assert {value: rules.shown_seconds(Fraction(value)) for value in shown} == shown
    assert rules.shown_seconds(Fraction(4000, 3), 0) == "1,333…"
    assert rules.mean([]) is None


# --- against a second-by-second count -------------------------------------------------------------------------------

START = datetime(2025, 9, 30, 15, 59, tzinfo=UTC)  # a minute before October in Beijing
pieces = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 40)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(pieces, pieces, st.integers(0, 160))
def test_downtime_equals_counting_every_second(outages, holes, seen_after):
    """Two minutes across a month's border, cut at the border, as seen at any second."""
    border = rules.month_window(date(2025, 10, 1), BEIJING).span.start
    span = Interval(START, border)
    now = START + timedelta(seconds=seen_after)
    second = timedelta(seconds=1)
    found = rules.downtime(
        [Stretch(START + a * second, START + (a + n) * second) for a, n in outages],
        [Interval(START + a * second, START + (a + n) * second) for a, n in holes],
        span,
        now=now,
    )

    def hit(moments, tick):
        return any(a <= tick < a + n for a, n in moments)

    window = range(int((span.end - span.start).total_seconds()))
    whole = sum(hit(outages, tick) and tick < seen_after for tick in window)
    counted = sum(hit(outages, tick) and not hit(holes, tick) and tick < seen_after for tick in window)
    assert (found.whole, found.counted) == (whole * SECOND, counted * SECOND)
    assert found.counted <= found.most


@pytest.mark.parametrize(
    ("zone", "first", "hours"),
    [("Europe/Berlin", date(2026, 3, 1), 743), ("Europe/Berlin", date(2026, 10, 1), 745),
     (BEIJING, date(2026, 3, 1), 744)],
)  # fmt: skip
def test_a_month_in_which_clocks_change_is_longer_or_shorter(zone, first, hours):
    window = rules.month_window(first, zone)
    assert window.total == hours * 3600 * SECOND
    night = rules.downtime([Stretch(window.span.start, window.span.end)], [], window.span, now=window.span.end)
    assert night.counted == window.total


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 334 * 86_400),
    st.integers(1, 90 * 86_400),
    st.sampled_from(["Europe/Berlin", BEIJING, "America/New_York"]),
)
def test_the_months_of_a_stretch_add_up_to_it(start, seconds, zone):
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=start)
    end = start + timedelta(seconds=seconds)
    parts = [
        rules.downtime([Stretch(start, end)], [], rules.month_window(each, zone).span, now=end).counted
        for each in rules.months_touched(start, end, zone)
    ]
    assert sum(parts) == seconds * SECOND
    assert all(parts)
