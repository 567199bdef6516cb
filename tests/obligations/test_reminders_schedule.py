"""When reminders fall due: natural days before, moved to working days, then daily; all by pure functions."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.calendars_cn import china_official
from obligations.services.reminders.schedule import (
    SHIPPED,
    Clock,
    Due,
    History,
    policies_from,
    policy_of,
    steps_for,
)
from tests.obligations.reminder_world import ZONE, at

CLOCK = Clock(china_official(), ZONE)
EARLY = at("2025-01-02")


def due(day: str, **fields: object) -> Due:
    end = {"at": at(date.fromordinal(date.fromisoformat(day).toordinal() + 1).isoformat(), "00:00")}
    return Due(on=date.fromisoformat(day), **(end | fields))


def planned(one: Due, until: str, *, policy: str = "payment", **history: object) -> list[tuple[str, str]]:
    past = History(**({"planned_at": EARLY} | history))
    steps = steps_for(one, SHIPPED[policy], CLOCK, history=past, until=at(until, "10:00"))
    return [(step.step, step.send_at.astimezone(ZONE).strftime("%m-%d %H:%M")) for step in steps]


def test_a_payment_is_announced_on_working_days_before_it_is_due() -> None:
    # Due Tuesday 2025-11-04. 30 days before: Sunday 10-05, in the National Day week (10-01 … 10-08), whose last
    # working day before is Tuesday 09-30. 15: Monday 10-20. 7: Tuesday 10-28. 3: Saturday 11-01 → Friday 10-31.
    assert planned(due("2025-11-04"), "2025-11-04") == [
        ("T-30", "09-30 09:00"),
        ("T-15", "10-20 09:00"),
        ("T-7", "10-28 09:00"),
        ("T-3", "10-31 09:00"),
        ("T-1", "11-03 09:00"),
        ("T-0", "11-04 09:00"),
    ]


def test_steps_that_fall_on_one_working_day_merge_into_the_nearest() -> None:
    # Due Wednesday 2025-10-08, a rest day: T-7 (10-01), T-3 (10-05), T-1 (10-07) and T-0 all move to 09-30.
    steps = planned(due("2025-10-08"), "2025-10-08")
    assert [step for step, _ in steps] == ["T-30", "T-15", "T-0"]
    assert steps[-1] == ("T-0", "09-30 09:00")


def test_a_make_up_saturday_is_a_day_to_send_on() -> None:
    # 2025-10-11 is a Saturday worked in exchange.
    assert ("T-0", "10-11 09:00") in planned(due("2025-10-11"), "2025-10-11")


def test_reminders_follow_the_stricter_reading() -> None:
    steps = planned(due("2025-11-14", safe_on=date(2025, 11, 4)), "2025-11-05")
    assert ("T-0", "11-04 09:00") in steps
    assert ("overdue-2025-11-05", "11-05 09:00") in steps


def test_after_the_due_date_every_working_day_and_up_the_chain_after_one() -> None:
    after = [row for row in planned(due("2025-11-06"), "2025-11-12") if not row[0].startswith("T-")]
    assert after == [
        ("overdue-2025-11-07", "11-07 09:00"),  # Friday
        ("escalate-1", "11-10 09:00"),  # Monday: Friday passed unacknowledged
        ("overdue-2025-11-10", "11-10 09:00"),
        ("overdue-2025-11-11", "11-11 09:00"),
        ("overdue-2025-11-12", "11-12 09:00"),
    ]


@pytest.mark.parametrize(
    "fields",
    [{"acknowledged": True}, {"one": due("2025-11-06", may_be_late=False)}],
    ids=["acknowledged", "provisional or gate closed"],
)
def test_nothing_follows_the_due_date(fields: dict) -> None:
    one = fields.pop("one", due("2025-11-06"))
    assert all(step.startswith("T-") for step, _ in planned(one, "2025-11-30", **fields))


def test_a_deadline_in_minutes_is_announced_at_once_and_when_it_passes() -> None:
    start, end = at("2025-11-08", "22:00"), at("2025-11-08", "22:30")  # a Saturday night
    one = Due(on=date(2025, 11, 8), at=end, instant=True)
    steps = steps_for(
        one, SHIPPED["default"], CLOCK, history=History(planned_at=start), until=at("2025-11-10", "10:00")
    )
    assert [(step.step, step.send_at) for step in steps] == [
        ("now", start),
        ("passed", end),
        ("overdue-2025-11-10", at("2025-11-10")),
    ]


def test_a_date_known_two_days_before_is_announced_late_but_once() -> None:
    steps = planned(due("2025-11-06"), "2025-11-06", planned_at=at("2025-11-04", "11:00"))
    assert [step for step, _ in steps] == ["T-3", "T-1", "T-0"]


def test_a_date_found_late_is_overdue_from_the_next_opening() -> None:
    steps = planned(due("2025-09-30"), "2025-11-05", planned_at=at("2025-11-03", "18:00"))  # Monday evening
    assert steps == [
        ("overdue-2025-11-04", "11-04 09:00"),
        ("escalate-1", "11-05 09:00"),
        ("overdue-2025-11-05", "11-05 09:00"),
    ]


def test_the_first_late_day_stays_when_the_next_chunk_is_planned() -> None:
    steps = planned(
        due("2025-09-30"), "2025-11-06", planned_at=at("2025-11-03", "18:00"), first_overdue=date(2025, 11, 4)
    )
    assert ("escalate-1", "11-05 09:00") in steps


def test_what_a_take_over_finds_late_is_told_weekly() -> None:
    steps = planned(due("2025-09-01"), "2025-10-15", planned_at=at("2025-09-24", "10:00"), digest=True)
    # Wednesday at once; Mondays 09-29 and 10-13; 10-06 lies in the holiday and moves to Thursday 10-09.
    assert steps == [
        ("digest-2025-09-24", "09-24 10:00"),
        ("digest-2025-09-29", "09-29 09:00"),
        ("digest-2025-10-09", "10-09 09:00"),
        ("digest-2025-10-13", "10-13 09:00"),
    ]


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        (("2025-11-04", "08:59"), ("2025-11-04", "09:00")),
        (("2025-11-04", "09:00"), ("2025-11-04", "09:00")),
        (("2025-11-04", "17:29"), ("2025-11-04", "17:29")),
        (("2025-11-04", "17:30"), ("2025-11-05", "09:00")),
        (("2025-09-30", "17:30"), ("2025-10-09", "09:00")),
        (("2025-10-11", "10:00"), ("2025-10-11", "10:00")),
    ],
)
def test_sending_hours(moment: tuple[str, str], opening: tuple[str, str]) -> None:
    assert CLOCK.next_opening(at(*moment)) == at(*opening)


def test_sending_hours_are_those_of_the_contracts_zone() -> None:
    new_york = Clock(china_official().variant("weekdays"), ZoneInfo("America/New_York"))
    assert new_york.next_opening(at("2025-11-04", "09:00")) == datetime(2025, 11, 4, 14, 0, tzinfo=ZoneInfo("UTC"))


def test_policies_come_from_the_definition_over_the_shipped_ones() -> None:
    policies = policies_from(
        {"policy": {"payment": {"steps": [5, 60], "chain": ["MGR", "IT"]}, "own": {"role": "MGR"}}}
    )
    assert policies["payment"].steps == (60, 5)
    assert policies["payment"].role == "FIN"
    assert policies["payment"].chain == ("MGR", "IT")
    assert policies["own"].role == "MGR"
    assert policies["guarantee"] == SHIPPED["guarantee"]
    assert policy_of("unheard_of", policies) == SHIPPED["default"]
