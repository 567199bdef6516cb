"""Calendars: seeded once, corrected by two people, remembered as they were believed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.policy import NotAllowed, ReauthenticationRequired
from accounts.scoping import SYSTEM, Viewer
from contracts.errors import Refused
from contracts.models import CalendarYear, Contract
from contracts.selectors import calendar_years, calendars_for, coverage_end, today_for
from contracts.services.calendars import calendar_decide, calendar_propose, calendars_seed
from contracts.services.facts import fact_record
from engine.calendars_cn import china_official
from obligations.models import Obligation
from obligations.services.evaluation import calendar_changed, obligations_materialise
from tests.contracts.conftest import Person

# What a notice for 2027 might say; only the mechanics matter here.
REST_2027 = {date(2027, 1, 1): "New Year's Day", date(2027, 2, 8): "Spring Festival"}
WORK_2027 = {date(2027, 2, 20): "Spring Festival"}


def propose(actor: Viewer, **changes: object) -> CalendarYear:
    fields: dict[str, object] = {"year": 2027, "rest": REST_2027, "work": WORK_2027, "source": "notice 7 of 2026"}
    return calendar_propose(actor=actor, **(fields | changes))  # type: ignore[arg-type]


def test_the_published_years_are_seeded_and_agree_with_the_engine(contract: Contract) -> None:
    years = CalendarYear.objects.filter(code="CN")
    assert sorted(years.values_list("year", flat=True)) == list(range(2004, 2027))
    stored, published = calendars_for(contract)["CN"], china_official()
    day = date(2024, 1, 1)
    while day <= date(2026, 12, 31):
        assert stored.is_workday(day) == published.is_workday(day), day
        assert stored.describe(day) == published.describe(day), day
        day += timedelta(days=1)
    assert coverage_end(contract) == date(2026, 12, 31)


def test_seeding_again_is_one_look_and_no_write(
    contract: Contract, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        calendars_seed()


def test_a_year_counts_only_after_a_second_person(contract: Contract, person: Person) -> None:
    it, manager = person("IT"), person("MGR")
    row = propose(it)
    assert coverage_end(contract) == date(2026, 12, 31)
    calendar_decide(actor=manager, calendar=row, approve=True)
    assert coverage_end(contract) == date(2027, 12, 31)
    calendar = calendars_for(contract)["CN"]
    assert not calendar.is_workday(date(2027, 2, 8))
    assert calendar.is_workday(date(2027, 2, 20))
    assert calendar.describe(date(2027, 2, 20)).kind == "makeup"


def test_what_was_believed_before_stays_known(contract: Contract, person: Person) -> None:
    row = propose(person("IT"))
    calendar_decide(actor=person("MGR"), calendar=row, approve=True)
    today = today_for(contract)
    assert calendars_for(contract, known_on=today)["CN"].last == date(2027, 12, 31)
    assert calendars_for(contract, known_on=today - timedelta(days=1))["CN"].last == date(2026, 12, 31)


def test_a_correction_supersedes_and_keeps_the_old_version(contract: Contract, person: Person) -> None:
    it, manager = person("IT"), person("MGR")
    calendar_decide(actor=manager, calendar=propose(it), approve=True)
    corrected = propose(it, rest=REST_2027 | {date(2027, 2, 9): "Spring Festival"}, source="correction")
    calendar_decide(actor=manager, calendar=corrected, approve=True)
    states = dict(CalendarYear.objects.filter(year=2027).values_list("version", "state"))
    assert states == {1: "superseded", 2: "active"}
    assert not calendars_for(contract)["CN"].is_workday(date(2027, 2, 9))
    assert [row.version for row in calendar_years(viewer=it).filter(year=2027)] == [2, 1]


def test_a_gap_ends_the_coverage(contract: Contract, person: Person) -> None:
    far = propose(person("IT"), year=2029, rest={date(2029, 1, 1): "x"}, work={})
    calendar_decide(actor=person("MGR"), calendar=far, approve=True)
    assert coverage_end(contract) == date(2026, 12, 31)


def test_who_may_not(contract: Contract, person: Person) -> None:
    it, manager = person("IT"), person("MGR")
    row = propose(it)
    stale = Viewer(**{name: getattr(manager, name) for name in Viewer.__slots__} | {"authenticated_at": None})
    for actor, error in ((it, NotAllowed), (stale, ReauthenticationRequired)):
        with pytest.raises(error):
            calendar_decide(actor=actor, calendar=row, approve=True)
    with pytest.raises(NotAllowed):
        propose(manager)
    CalendarYear.objects.filter(pk=row.pk).update(proposed_by_id=manager.user_id)
    with pytest.raises(Refused):
        calendar_decide(actor=manager, calendar=row, approve=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarYear.objects.filter(pk=row.pk).update(approved_by_id=manager.user_id)
    row.refresh_from_db()
    assert row.state == "proposed"


def test_a_decision_is_final_and_a_rejection_gives_its_reason(contract: Contract, person: Person) -> None:
    row, manager = propose(person("IT")), person("MGR")
    with pytest.raises(Refused):
        calendar_decide(actor=manager, calendar=row, approve=False)
    calendar_decide(actor=manager, calendar=row, approve=False, note="not the notice")
    with pytest.raises(Refused):
        calendar_decide(actor=manager, calendar=row, approve=True)
    assert coverage_end(contract) == date(2026, 12, 31)


@pytest.mark.parametrize(
    "changes",
    [
        {"rest": {date(2026, 10, 1): "x"}},
        {"rest": {}},
        {"work": {date(2027, 2, 19): "a Friday"}},
        {"work": {date(2027, 2, 20): "x"}, "rest": {date(2027, 2, 20): "x"}},
        {"source": "  "},
        {"year": 27},
    ],
    ids=["day of another year", "no holiday", "weekday as make-up day", "both", "no source", "year"],
)
def test_wrong_days_are_refused(changes: dict[str, object], contract: Contract, person: Person) -> None:
    with pytest.raises(Refused):
        propose(person("IT"), **changes)
    assert not CalendarYear.objects.filter(year__gte=2027).exists()


def test_a_provisional_date_becomes_known_with_the_new_year(contract: Contract, person: Person) -> None:
    """A count of working days into 2027 is an estimate until that year is published."""
    version = contract.versions.get()
    version.data["duty"]["payment_2"]["due"] = "latest(end(term.service), event.accepted) + 40 workdays"
    version.sha256 = "changed-for-this-test"
    version.save()
    fact_record(actor=SYSTEM, contract=contract, kind="event", name="accepted", happened_on=date(2026, 11, 20))
    obligations_materialise(contract, as_of=date(2026, 11, 22))
    payment = Obligation.objects.get(contract=contract, duty="payment_2")
    assert payment.due_state == "provisional"
    row = propose(person("IT"))
    calendar_decide(actor=person("MGR"), calendar=row, approve=True)
    calendar_changed("CN")
    payment.refresh_from_db()
    # 29 working days are left in 2026; 1 January rests, the 40th is Monday 18 January 2027.
    assert (payment.due_state, payment.due_on) == ("known", date(2027, 1, 18))
    assert list(payment.due_versions.values_list("state", flat=True)) == ["known", "provisional", "pending"]
