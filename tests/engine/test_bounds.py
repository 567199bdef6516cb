"""Known, provisional, pending, never: what is said while facts are missing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.offsets import Length, lead, move, shift
from engine.language.spans import FUTURE, Span, Zone, known
from tests.engine.support import CN, definition, due, event, run

HOLD = '[[interval]]\nname = "hold"\nstart = {}\n'
ZONE = Zone("Asia/Shanghai")


def test_whichever_comes_first_is_estimated_by_its_latest_end() -> None:
    contract = definition(d="earliest(event.acceptance_signed, on 2025-12-31)")
    early = run(contract, "2025-08-01").deadline("d")
    assert (early.state, str(early.low), str(early.high), str(early.estimate)) == (
        "provisional", "2025-08-02", "2025-12-31", "2025-12-31",
    )  # fmt: skip
    # once that end has passed without the event, nothing is open any more
    assert str(run(contract, "2026-01-05").deadline("d").value) == "2025-12-31"


def test_an_undecided_branch_spans_both_and_names_what_decides() -> None:
    contract = definition(d="if(reading.open == 'short', on 2025-07-01, on 2025-08-01)")
    result = run(contract, "2025-06-01").deadline("d")
    assert (result.state, result.missing) == ("provisional", ("reading.open",))
    assert (str(result.low), str(result.high)) == ("2025-07-01", "2025-08-01")
    assert due("if(reading.open == 'short', on 2025-07-01, on 2025-08-01)", readings={"open": "long"}) == "2025-08-01"


def test_an_undecided_length_is_counted_every_way() -> None:
    result = run(definition(d="event.signed + reading.open"), "2025-06-26").deadline("d")
    assert (str(result.low), str(result.high)) == ("2025-06-30", "2025-07-07")  # 3 and 10 days, rolled


def test_a_comparison_is_decided_by_bounds_before_the_event_happens() -> None:
    # as of 2025-08-01 the invoice has not come, so it cannot have come by 2025-07-31
    assert due("if(event.invoice > on 2025-07-31, on 2026-01-01, on 2026-02-02)", as_of="2025-08-01") == "2026-01-01"
    undecided = due("if(event.invoice > on 2025-12-31, on 2026-01-01, on 2026-02-02)", as_of="2025-08-01")
    assert undecided.startswith("provisional")


def test_a_missing_attribute_is_unknown_and_an_absent_one_is_named() -> None:
    contract = definition('[duty.d]\nclause = "1"\nfor = "guarantees as g"\ndue = "g.expires - 15 workdays"\n')
    result = run(contract, "2025-08-01", '[[item]]\nkind = "guarantee"\nid = "g1"\n').deadline("d", g="g1")
    assert (result.state, result.status, result.missing) == ("pending", "waiting", ("guarantee:g1.expires",))
    assert result.low is None and result.high is None


def test_a_doubtful_member_of_a_filtered_set_waits() -> None:
    text = '[duty.d]\nclause = "1"\nfor = "incidents[important == true] as i"\ndue = "i.received + 10 minutes"\n'
    item = (
        '[[item]]\nkind = "incident"\nid = "{}"\nat = 2025-09-01T08:00:00+08:00\n'
        "attributes = {{ received = 2025-09-01T08:00:00+08:00{} }}\n"
    )
    facts = item.format("a", ", important = true") + item.format("b", ", important = false") + item.format("c", "")
    results = run(definition(text), "2025-09-02", facts).deadlines
    assert [(r.key["i"], r.state, r.status) for r in results] == [("a", "known", "late"), ("c", "pending", "waiting")]
    assert results[1].missing == ("incident:c.important",)


def test_a_date_where_an_instant_is_needed_spans_its_day() -> None:
    result = run(definition(d="event.reported + 15 minutes"), "2025-09-12", event("reported", "2025-09-10"))
    found = result.deadline("d").to_json()
    assert (found["state"], found["missing"]) == ("provisional", ["event.reported"])
    assert (found["low"], found["high"]) == ("2025-09-10T00:15:00+08:00", "2025-09-11T00:15:00+08:00")


@pytest.mark.parametrize(
    ("expression", "facts", "expected"),
    [
        ("pause(event.signed + 10 days, holds)", HOLD.format("2025-07-01") + "end = 2025-07-03\n", "2025-07-08"),
        ("pause(event.signed + 10 workdays, holds)", HOLD.format("2025-07-01") + "end = 2025-07-03\n", "2025-07-14"),
        # still open, but the ten days end before it begins
        ("pause(event.signed + 10 calendar_days, holds)", HOLD.format("2025-07-20"), "2025-07-05"),
        ("pause(event.signed + 10 days, holds)", HOLD.format("2025-07-01"), "pending"),
        ("pause(event.signed + 1 months, holds)", HOLD.format("2025-07-20") + "end = 2025-07-21\n", "2025-07-28"),
        # nothing to wait for · the block decides · the block is still there
        ("latest(event.signed + 5 days, end(holds))", "", "2025-06-30"),
        ("latest(event.signed + 5 days, end(holds))", HOLD.format("2025-07-01") + "end = 2025-07-20\n", "2025-07-20"),
        ("latest(event.signed + 5 days, end(holds))", HOLD.format("2025-07-01"), "pending"),
    ],
)
def test_the_clock_stops_inside_intervals(expression: str, facts: str, expected: str) -> None:
    assert due(expression, facts, as_of="2025-08-01") == expected


def test_elapsed_time_skips_exactly_the_stopped_stretch() -> None:
    facts = event("reported", "2025-09-10T10:00:00+08:00") + HOLD.format("2025-09-10T10:30:00+08:00")
    ended = facts + "end = 2025-09-10T11:00:00+08:00\n"
    assert due("pause(event.reported + 2 hours, holds)", ended) == "2025-09-10T12:30:00+08:00"
    assert due("pause(event.reported + 20 minutes, holds)", facts) == "2025-09-10T10:20:00+08:00"
    assert due("pause(event.reported + 2 hours, holds)", facts) == "pending"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("event.signed + 3 days", "2025-06-30"),  # finished forward offset: Saturday rolls
        ("on 2025-06-28", "2025-06-28"),  # an anchor does not
        ("on 2025-07-01 - 3 days", "2025-06-28"),  # nor a backward offset
        ("event.signed + 3 calendar_days", "2025-06-28"),  # nor natural days
        ("event.signed + 3 days + 1 calendar_days", "2025-06-29"),  # nor an offset that is not finished
        ("event.signed + 3 days + 1 days", "2025-06-30"),  # rolled once, at the end
        ("snap(event.signed + 3 days, end, month)", "2025-06-30"),
        ("due(duty.e)", "2025-06-30"),
        ("raw(duty.e)", "2025-06-28"),
        ("due(duty.e) + 2 workdays", "2025-07-02"),
        ("latest(event.signed + 3 days, on 2025-06-29)", "2025-06-30"),
        ("roll(on 2025-06-28, previous)", "2025-06-27"),
        ("window(on 2025-06-01, event.signed + 3 days)", "2025-06-30"),
        ("event.signed + 1 weeks", "2025-07-02"),
        ("end(term.service) + 1 years", "provisional 2027-06-30"),
        ("security.bond.valid_until - 1 months", "2026-06-30"),
    ],
)
def test_the_profile_rolls_only_a_finished_forward_offset(expression: str, expected: str) -> None:
    text = '[duty.e]\nclause = "1"\ndue = "event.signed + 3 days"\n'
    text += '[security.bond]\nclause = "8"\nvalid_until = 2026-07-30\n'
    assert due(expression, text=text) == expected


def test_a_sibling_is_addressed_by_its_period() -> None:
    text = (
        '[duty.report]\nclause = "6"\nfor = "each(month of term.service) as m"\ndue = "end(m) + 5 workdays"\n'
        '[duty.review]\nclause = "6"\nfor = "each(month of term.service) as p"\n'
        'due = "due(duty.report[p]) + 2 workdays"\n'
    )
    assert str(run(definition(text), "2026-11-22").deadline("review", p="2025-09").value) == "2025-10-16"


def test_start_and_end_of_a_month_by_the_reading_that_counts_the_first_day() -> None:
    facts = event("invoice", "2026-07-01")
    assert due("event.invoice + 2 months", facts) == "2026-09-01"
    assert due("event.invoice + 2 months", facts, readings={"start_day": "included"}) == "2026-08-31"


POINTS = st.dates(date(2024, 1, 1), date(2028, 6, 1))
LENGTHS = st.one_of(
    st.builds(Length, st.integers(0, 400), st.sampled_from(["days", "weeks", "months", "years", "calendar_days"])),
    st.builds(lambda n: Length(n, "workdays", CN), st.integers(0, 400)),
)


@given(POINTS, st.integers(0, 60), LENGTHS, st.sampled_from([1, -1]), st.booleans())
def test_bounds_keep_their_order(start: date, width: int, length: Length, sign: int, counted: bool) -> None:
    later = start + timedelta(days=width)
    span = Span(start, later, later, frozenset({"event.x"}))
    moved = move(span, shift(length, sign, ZONE, start_counted=counted))
    order = [ZONE.order(point) for point in (moved.low, moved.estimate, moved.high)]
    assert order == sorted(order)
    for point in (start, later):
        inside = move(known(point), shift(length, sign, ZONE, start_counted=counted))
        assert ZONE.order(moved.low) <= ZONE.order(inside.low) and ZONE.order(inside.high) <= ZONE.order(moved.high)


@given(st.dates(date(2024, 6, 1), date(2026, 6, 1)), LENGTHS, st.booleans())
def test_lead_is_the_last_day_from_which_the_count_still_fits(target: date, length: Length, counted: bool) -> None:
    found = move(known(target), lead(length, ZONE, start_counted=counted)).value
    assert found is not None
    forward = shift(length, 1, ZONE, start_counted=counted)
    assert ZONE.order(forward(found).estimate) <= ZONE.order(target)
    following = forward(found + timedelta(days=1)).estimate
    assert following is FUTURE or ZONE.order(following) > ZONE.order(target)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("event.signed + 99999999 days", "never"),
        ("event.signed + 99999999 workdays", "never"),
        ("event.signed - 99999 years", "pending"),
        ("roll(on 9999-12-31, next)", "provisional 9999-12-31"),
        ("snap(on 9999-12-31, end, week)", "never"),
        ("lead(on 0001-03-01, 5 years)", "pending"),
        ("if(1 / 0 > 2, on 2025-01-01, on 2025-02-01)", "provisional 2025-02-01"),
        ("start(holds)", "pending"),
        ("end(holds)", "pending"),
        ("latest(none, event.signed)", "never"),
        ("earliest(none, event.signed)", "2025-06-25"),
    ],
)
def test_the_ends_of_time_and_empty_sets_are_answered_calmly(expression: str, expected: str) -> None:
    assert due(expression) == expected
