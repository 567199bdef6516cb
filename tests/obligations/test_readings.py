"""The reading register: IT proposes another reading with its reason after seeing what it would move, the manager
decides, the dates follow, and a past day still shows what was believed then."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible, ReauthenticationRequired
from contracts.errors import Refused
from contracts.models import ReadingChoice
from contracts.selectors import definition_for, readings_chosen
from obligations.models import DueVersion, Obligation
from obligations.services.readings import (
    reading_decide,
    reading_preview,
    reading_propose,
    undecided_readings,
)
from tests.world import World, build_world

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-09-15T10:00:00+08:00")


@pytest.fixture
def world() -> World:
    with time_machine.travel(NOW, tick=False):
        yield build_world()


def proposal(world: World, *, who: str = "IT", name: str = "calendar", option: str = "weekdays") -> ReadingChoice:
    return reading_propose(
        actor=world.viewer(who), contract=world.contract, name=name, option=option, reason="双方会议纪要第 3 条"
    )


def counts() -> tuple[int, int, int]:
    return ReadingChoice.objects.count(), DueVersion.objects.count(), JournalEntry.objects.count()


def test_the_effect_is_shown_first_and_writes_nothing(world: World) -> None:
    before = counts()
    preview = reading_preview(viewer=world.viewer("IT"), contract=world.contract, name="calendar", option="weekdays")
    assert preview.moves_money and preview.before == "official" and preview.after == "weekdays"
    assert preview.dates, "counting Monday to Friday moves at least one working-day deadline"
    assert all(str(row.before) != str(row.after) for row in preview.dates)
    assert counts() == before


def test_it_proposes_and_the_manager_puts_it_in_force(world: World) -> None:
    expected = reading_preview(viewer=world.viewer("IT"), contract=world.contract, name="calendar", option="weekdays")
    choice = proposal(world)
    assert choice.state == "proposed" and choice.moves_money
    assert readings_chosen(world.contract) == {}, "a proposal moves nothing"
    moved = reading_decide(actor=world.viewer("MGR"), choice=choice, accept=True)
    assert readings_chosen(world.contract) == {"calendar": "weekdays"}
    shown = {row.obligation_id: row.after for row in expected.dates if row.obligation_id}
    done = {change.obligation_id: change.after.due_on for change in moved}
    assert done, "the dates moved"
    assert {pk: after.figures.due_on for pk, after in shown.items() if pk in done} == {
        pk: on for pk, on in done.items() if pk in shown
    }
    latest = DueVersion.objects.order_by("-pk").first()
    assert latest is not None and latest.cause == "reading:calendar"
    assert JournalEntry.objects.filter(action="reading.accept").count() == 1


def test_a_later_choice_replaces_it_and_a_past_day_shows_what_was_believed(world: World) -> None:
    reading_decide(actor=world.viewer("MGR"), choice=proposal(world), accept=True)
    with time_machine.travel(NOW + timedelta(days=10), tick=False):
        back = proposal(world, option="")
        reading_decide(actor=world.viewer("MGR"), choice=back, accept=True)
        assert readings_chosen(world.contract) == {}
        assert readings_chosen(world.contract, known_on=date(2026, 9, 15)) == {"calendar": "weekdays"}
        assert readings_chosen(world.contract, known_on=date(2026, 9, 14)) == {}
    assert ReadingChoice.objects.filter(state="in_force").count() == 2, "nothing was edited"


def test_a_rejected_proposal_changes_nothing_and_says_why(world: World) -> None:
    choice = proposal(world)
    dues = DueVersion.objects.count()
    with pytest.raises(Refused):
        reading_decide(actor=world.viewer("MGR"), choice=choice, accept=False, note="  ")
    reading_decide(actor=world.viewer("MGR"), choice=choice, accept=False, note="纪要没有盖章")
    choice.refresh_from_db()
    assert (choice.state, choice.decision_note, choice.known_at) == ("rejected", "纪要没有盖章", None)
    assert readings_chosen(world.contract) == {} and DueVersion.objects.count() == dues
    with pytest.raises(Refused):
        reading_decide(actor=world.viewer("MGR"), choice=choice, accept=True)


@pytest.mark.parametrize(
    ("name", "option", "reason"),
    [
        ("calendar", "weekdays", "  "),
        ("calendar", "martian", "理由"),
        ("no_such", "x", "理由"),
        ("calendar", "", "理由"),
        ("calendar", "weekdays", "长" * 1001),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_and_leaves_nothing(
    world: World, name: str, option: str, reason: str
) -> None:
    before = counts()
    with pytest.raises(Refused):
        reading_propose(actor=world.viewer("IT"), contract=world.contract, name=name, option=option, reason=reason)
    assert counts() == before


def test_one_proposal_waits_at_a_time(world: World) -> None:
    proposal(world)
    with pytest.raises(Refused):
        proposal(world, who="FIN", option="no_makeup")
    assert ReadingChoice.objects.count() == 1


def test_nobody_decides_their_own_proposal_by_service_or_by_table(world: World) -> None:
    choice = proposal(world, who="MGR")
    with pytest.raises(Refused):
        reading_decide(actor=world.viewer("MGR"), choice=choice, accept=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReadingChoice.objects.filter(pk=choice.pk).update(
            state="in_force", decided_by=choice.proposed_by, decided_at=timezone.now(), known_at=timezone.now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        ReadingChoice.objects.filter(pk=choice.pk).update(state="in_force", known_at=timezone.now())
    assert readings_chosen(world.contract) == {}


@pytest.mark.parametrize("who", ["IT", "FIN", "AUD", "VND", "SUP", "STRANGER"])
def test_only_a_manager_decides(world: World, who: str) -> None:
    choice = proposal(world)
    with pytest.raises((NotAllowed, NotVisible)):
        reading_decide(actor=world.viewer(who), choice=choice, accept=True)
    assert readings_chosen(world.contract) == {}


def test_a_manager_proves_who_they_are_first(world: World) -> None:
    choice = proposal(world)
    with pytest.raises(ReauthenticationRequired):
        reading_decide(actor=world.viewer("MGR", fresh=False), choice=choice, accept=True)
    assert readings_chosen(world.contract) == {}


def test_what_must_be_chosen_is_open_until_it_is(world: World) -> None:
    definition = definition_for(world.contract)
    assert [one.id for one in undecided_readings(definition, {})] == ["started_week"]
    assert undecided_readings(definition, {"started_week": "full"}) == []


def test_the_pages_show_the_effect_take_the_proposal_and_the_decision(world: World) -> None:
    base = f"/contracts/{world.contract.pk}/readings/"
    it = world.client("IT")
    page = it.get(f"{base}calendar/?option=weekdays")
    assert page.status_code == 200 and page.context["preview"].dates
    shown = it.post(f"{base}calendar/", {"option": "weekdays", "step": "preview"})
    assert shown.status_code == 200 and ReadingChoice.objects.count() == 0
    refused = it.post(f"{base}calendar/", {"option": "weekdays", "reason": "", "step": "save"})
    assert refused.status_code == 422 and ReadingChoice.objects.count() == 0
    sent = it.post(f"{base}calendar/", {"option": "weekdays", "reason": "会议纪要", "step": "save"})
    assert sent.status_code == 302
    choice = ReadingChoice.objects.get()
    manager = world.client("MGR")
    address = f"{base}choices/{choice.pk}/"
    assert manager.get(address).context["preview"].dates
    assert it.post(address, {"decision": "accept"}).status_code == 403
    assert manager.post(address, {"decision": "accept"}).status_code == 302
    assert readings_chosen(world.contract) == {"calendar": "weekdays"}
    listed = world.client("AUD").get(f"{base}?standing=chosen")
    assert [row["reading"].id for row in listed.context["rows"]] == ["calendar"]
    assert world.client("VND").get(base).status_code in (403, 404)
    assert Obligation.objects.filter(contract=world.contract).exists()
