"""Sending: claimed once, looked at again, both channels, marked; and what people do by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import JournalEntry, User
from accounts.policy import NotAllowed, NotVisible
from contracts.errors import Refused
from obligations.channels import Outcome
from obligations.channels.in_app import InApp
from obligations.models import Acknowledgement, Notification, Obligation, Reminder
from obligations.selectors.reminders import notifications, rehearsal, unread_count
from obligations.services.notifications import notifications_read
from obligations.services.reminders import (
    acknowledge,
    chase,
    dispatch,
    hand_over,
    holes_report,
    plan_reminders,
    requeue,
    sweep,
)
from tests.obligations.reminder_world import ReminderWorld, at, recorded

pytestmark = pytest.mark.django_db
START, NOW = at("2025-09-01", "10:00"), at("2025-11-04", "09:05")


@pytest.fixture(autouse=True)
def outbox(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def world() -> ReminderWorld:
    return ReminderWorld.build()


@pytest.fixture
def duty(world: ReminderWorld) -> Obligation:
    """A payment due today; its last reminder waits to be sent to finance."""
    duty = world.duty("2025-11-04", recorded=START)
    plan_reminders([duty.pk], now=START)
    sweep(NOW)
    return duty


def send(now=NOW, **options):
    return dispatch(list(Reminder.objects.values_list("pk", flat=True)), now=now, **options)


def test_a_reminder_reaches_the_bell_and_the_mailbox_once(duty: Obligation) -> None:
    assert send().sent == 1
    assert send().sent == 0
    row = Reminder.objects.get()
    assert (row.state, row.sent_at, row.attempts, row.error) == ("sent", NOW, 1, "")
    assert Notification.objects.get().user.username == "fin"
    (letter,) = mail.outbox
    assert letter.to == ["fin@example.invalid"]
    assert letter.extra_headers["Message-ID"] == f"<reminder.{row.pk}@luyuetai.invalid>"
    assert duty.title in letter.subject
    assert letter.alternatives[0][1] == "text/html"


def test_the_mail_is_in_the_readers_language(duty: Obligation) -> None:
    User.objects.filter(username="fin").update(language="en")
    send()
    assert "Due today: 义务 1 (clause 7.2)" in mail.outbox[0].body


def test_without_an_address_the_bell_rings_and_the_hole_shows(duty: Obligation) -> None:
    User.objects.filter(username="fin").update(email="")
    assert send().sent == 1
    assert Reminder.objects.get().error == "no_address"
    assert not mail.outbox
    assert Notification.objects.count() == 1


def test_somebody_elses_claim_is_left_alone(duty: Obligation) -> None:
    Reminder.objects.update(state="claimed", claimed_at=NOW)
    assert send().sent == 0
    assert not mail.outbox


def test_before_its_hour_a_row_is_not_claimed(duty: Obligation) -> None:
    assert send(at("2025-11-04", "08:59")).sent == 0
    assert Reminder.objects.get().attempts == 0


def test_a_reminder_in_the_evening_waits_for_the_morning(duty: Obligation) -> None:
    assert send(at("2025-11-04", "17:30")).postponed == 1
    row = Reminder.objects.get()
    assert (row.state, row.send_at, row.attempts) == ("waiting", at("2025-11-05", "09:00"), 0)
    assert not mail.outbox
    assert send(at("2025-11-05", "09:00")).sent == 1


@pytest.mark.parametrize("change", ["done", "submitted", "moved", "left"])
def test_what_has_become_pointless_is_superseded(world: ReminderWorld, duty: Obligation, change: str) -> None:
    if change == "moved":
        world.move(duty, "2025-12-31", recorded=NOW)
    elif change == "left":
        User.objects.filter(username="fin").update(is_active=False)
    else:
        Obligation.objects.update(state=change, done_on=NOW.date())
    assert send().superseded == 1
    assert Reminder.objects.get().state == "superseded"
    assert not mail.outbox
    assert not Notification.objects.exists()


class Broken:
    """A channel whose server is away, or which refuses this message for good."""

    name = "broken"

    def __init__(self, *, retry: bool) -> None:
        self.retry = retry

    def deliver(self, messages, *, now):
        return [Outcome(False, "no answer", retry=self.retry) for _ in messages]


def test_a_server_out_of_reach_is_tried_five_times(duty: Obligation) -> None:
    for _ in range(7):
        send(channels=(InApp(), Broken(retry=True)))
    row = Reminder.objects.get()
    assert (row.state, row.attempts, row.error) == ("failed", 5, "no answer")
    assert Notification.objects.count() == 1


def test_a_refused_message_fails_at_once(duty: Obligation) -> None:
    assert send(channels=(Broken(retry=False),)).failed == 1
    assert Reminder.objects.get().state == "failed"


def test_rows_of_a_dead_worker_are_taken_back(duty: Obligation) -> None:
    Reminder.objects.update(state="claimed", claimed_at=NOW, attempts=1)
    assert requeue(NOW + timedelta(minutes=10)) == 0
    assert requeue(NOW + timedelta(minutes=10, seconds=1)) == 1
    assert Reminder.objects.get().state == "waiting"


def test_a_row_that_kills_its_workers_is_given_up(duty: Obligation) -> None:
    Reminder.objects.update(state="claimed", claimed_at=NOW, attempts=5)
    assert requeue(NOW + timedelta(hours=1)) == 0
    assert Reminder.objects.get().state == "failed"


def test_a_hundred_rows_cost_a_dozen_statements(world: ReminderWorld) -> None:
    duties = [world.duty("2025-11-04", recorded=START) for _ in range(50)]
    plan_reminders([one.pk for one in duties], now=START)
    sweep(NOW)
    ids = list(Reminder.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as few:
        assert dispatch(ids[:5], now=NOW).sent == 5
    with CaptureQueriesContext(connection) as many:
        assert dispatch(ids[5:], now=NOW).sent == 45
    assert len(many) == len(few) <= 12


def test_a_digest_is_one_message_however_its_rows_are_split(world: ReminderWorld) -> None:
    now = at("2025-09-24", "10:00")
    duties = [world.duty("2025-09-01", recorded=now, cause="load") for _ in range(5)]
    plan_reminders([one.pk for one in duties], now=now)
    sweep(now)
    ids = list(Reminder.objects.values_list("pk", flat=True))
    dispatch(ids[:2], now=now)
    dispatch(ids[2:], now=now)
    assert Reminder.objects.filter(state="sent").count() == 5
    (letter,) = mail.outbox
    assert letter.body.count("义务") == 5
    assert Notification.objects.get().params["late"] == 5


# --- by hand -----------------------------------------------------------------------------------------------


def test_a_chase_goes_out_at_once_even_at_night_and_once_a_minute(world: ReminderWorld) -> None:
    night = at("2025-10-03", "23:00")
    duty = world.duty("2025-11-04", recorded=START)
    plan_reminders([duty.pk], now=START)
    for _ in range(2):
        chase(actor=world.viewer("it"), obligation=duty, note="请尽快", now=night)
    sweep(night)
    send(night)
    assert recorded(state="sent") == [("chase-20251003T1500", "fin")]
    entry = JournalEntry.objects.filter(action="obligation.chase").last()
    assert entry is not None and entry.reason == "请尽快"
    sweep(at("2025-10-20"))
    assert ("T-15", "fin") in recorded()


def test_who_may_chase(world: ReminderWorld, duty: Obligation) -> None:
    with pytest.raises(NotAllowed):
        chase(actor=world.viewer("vnd"), obligation=duty)
    world.join("stranger", "VND", type(world.buyer).objects.create(name="别家", kind="vendor"))
    with pytest.raises(NotVisible):
        chase(actor=world.viewer("stranger"), obligation=duty)
    Obligation.objects.update(state="done", done_on=NOW.date())
    with pytest.raises(Refused):
        chase(actor=world.viewer("it"), obligation=duty)
    assert not JournalEntry.objects.filter(action="obligation.chase").exists()


def test_hand_over_tells_the_keeper_and_turns_the_reminders(world: ReminderWorld, duty: Obligation) -> None:
    keeper = world.join("fin2", "FIN", world.buyer)
    hand_over(actor=world.viewer("fin"), obligation=duty, to=keeper, now=NOW)
    assert unread_count(viewer=world.viewer("fin2")) == 1
    sweep(NOW)
    assert recorded() == [("T-0", "fin"), ("T-0", "fin2")]
    sweep(at("2025-11-05"))
    assert recorded()[2:] == [("overdue-2025-11-05", "fin2")]
    hand_over(actor=world.viewer("fin2"), obligation=duty, to=None, now=at("2025-11-05", "10:00"))
    duty.refresh_from_db()
    assert duty.keeper is None


def test_hand_over_only_within_the_party_that_owes(world: ReminderWorld, duty: Obligation) -> None:
    with pytest.raises(Refused):
        hand_over(actor=world.viewer("fin"), obligation=duty, to=world.people["vnd"])
    with pytest.raises(Refused):
        hand_over(actor=world.viewer("vnd"), obligation=duty, to=world.people["vnd"])
    roleless = User.objects.create(username="new", display_name="新人", party=world.buyer)
    with pytest.raises(Refused):
        hand_over(actor=world.viewer("fin"), obligation=duty, to=roleless)
    duty.refresh_from_db()
    assert duty.keeper is None


def test_acknowledging_ends_the_daily_chase_and_the_escalation(world: ReminderWorld, duty: Obligation) -> None:
    sweep(at("2025-11-05"))
    acknowledge(actor=world.viewer("fin"), obligation=duty, now=at("2025-11-05", "09:10"))
    assert send(at("2025-11-05", "09:10")).superseded == 1
    sweep(at("2025-11-07"))
    assert [step for step, _ in recorded()] == ["T-0", "overdue-2025-11-05"]
    acknowledge(actor=world.viewer("fin"), obligation=duty, now=at("2025-11-05", "09:11"))
    assert JournalEntry.objects.filter(action="obligation.acknowledge").count() == 1


def test_before_the_date_an_acknowledgement_keeps_the_announcements(world: ReminderWorld) -> None:
    duty = world.duty("2025-11-04", recorded=START)
    plan_reminders([duty.pk], now=START)
    acknowledge(actor=world.viewer("fin"), obligation=duty, now=START)
    sweep(at("2025-11-04"))
    sweep(at("2025-11-10"))
    assert recorded() == [("T-0", "fin")]


def test_a_moved_date_asks_anew(world: ReminderWorld, duty: Obligation) -> None:
    acknowledge(actor=world.viewer("fin"), obligation=duty, now=NOW)
    world.move(duty, "2025-11-12", recorded=NOW)
    plan_reminders([duty.pk], now=NOW)
    sweep(at("2025-11-13"))
    assert ("overdue-2025-11-13", "fin") in recorded()


def test_the_vendor_cannot_acknowledge_for_the_buyer(world: ReminderWorld, duty: Obligation) -> None:
    with pytest.raises(Refused):
        acknowledge(actor=world.viewer("vnd"), obligation=duty)
    assert not Acknowledgement.objects.exists()


# --- bell, holes, rehearsal --------------------------------------------------------------------------------


def test_the_bell_is_ones_own(world: ReminderWorld, duty: Obligation) -> None:
    send()
    rows, more = notifications(viewer=world.viewer("fin"))
    assert [row.unread for row in rows] == [True]
    assert duty.title in rows[0].text
    assert more is None
    assert notifications(viewer=world.viewer("it"))[0] == []
    assert notifications_read(actor=world.viewer("it"), ids=[rows[0].id]) == 0
    assert notifications_read(actor=world.viewer("fin")) == 1
    assert unread_count(viewer=world.viewer("fin")) == 0


def test_holes_are_reported_to_buyers_it_once_a_week(world: ReminderWorld, duty: Obligation) -> None:
    User.objects.filter(username="mgr").update(is_active=False)
    User.objects.filter(username="fin").update(email="")
    for _ in range(2):
        assert {hole.kind for hole in holes_report(NOW)} == {"empty_role", "no_address"}
    assert Notification.objects.filter(user__username="it").count() == 2
    texts = [row.text for row in notifications(viewer=world.viewer("it"))[0]]
    assert any("演示采购人" in text for text in texts)
    holes_report(NOW + timedelta(days=7))
    assert Notification.objects.count() == 4


def test_a_rehearsal_says_who_gets_what_and_changes_nothing(world: ReminderWorld) -> None:
    duty = world.duty("2025-11-04", recorded=START)
    plan_reminders([duty.pk], now=START)
    found = rehearsal(viewer=world.viewer("it"), contract=world.contract, days=66, now=START)
    said = {(str(row.on), row.step): [one.name for one in row.recipients] for row in found.reminders}
    assert said["2025-09-30", "T-30"] == ["fin"]
    assert said["2025-11-06", "escalate-1"] == ["mgr"]
    assert max(said) == ("2025-11-06", "overdue-2025-11-06")
    assert not Reminder.objects.exists()


def test_what_is_rehearsed_is_what_comes(world: ReminderWorld) -> None:
    duties = [world.duty("2025-11-04", recorded=START), world.duty("2025-10-10", recorded=START, obligor="vendor")]
    plan_reminders([one.pk for one in duties], now=START)
    found = rehearsal(viewer=world.viewer("it"), days=80, now=START)
    foretold = sorted((row.obligation_id, row.step, one.user_id) for row in found.reminders for one in row.recipients)
    for day in range(81):
        moment = START + timedelta(days=day)
        plan_reminders([one.pk for one in duties], now=moment)
        sweep(moment)
    came = sorted(Reminder.objects.values_list("obligation_id", "step", "recipient_id"))
    assert came == foretold


def test_a_vendor_sees_no_rehearsal(world: ReminderWorld) -> None:
    with pytest.raises(NotAllowed):
        rehearsal(viewer=world.viewer("vnd"), now=START)
