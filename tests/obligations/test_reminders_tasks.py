"""The doors of background work: every line of the schedule leads to a task, and a task to a service."""

from __future__ import annotations

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from accounts.scoping import SYSTEM
from config.celery import app
from obligations import tasks
from obligations.models import Reminder
from obligations.services.reminders import chase, queue, sweep
from tests.obligations.reminder_world import ReminderWorld


def test_every_line_of_the_schedule_names_a_task_and_expires() -> None:
    app.loader.import_default_modules()
    for line in app.conf.beat_schedule.values():
        assert line["task"] in app.tasks
        assert line["options"]["expires"] > 0
    assert {queue.DISPATCH, queue.SWEEP} <= set(app.tasks)


def test_a_task_whose_worker_dies_is_given_to_another() -> None:
    assert settings.CELERY_TASK_ACKS_LATE
    assert settings.CELERY_TASK_REJECT_ON_WORKER_LOST


@pytest.mark.django_db
def test_what_is_due_now_goes_through_the_tasks() -> None:
    world = ReminderWorld.build()
    now = timezone.now()
    duty = world.duty("2999-01-04", recorded=now)
    chase(actor=SYSTEM, obligation=duty, now=now)
    tasks.reminders_sweep()
    tasks.reminders_dispatch(list(Reminder.objects.values_list("pk", flat=True)))
    tasks.reminders_requeue()
    tasks.reminders_prepare()
    assert Reminder.objects.get().state == "sent"


@pytest.mark.django_db(transaction=True)
def test_messages_carry_a_hundred_rows_and_leave_after_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[list[int]] = []
    monkeypatch.setattr(current_app, "send_task", lambda _name, args, **_options: sent.append(args[0]))
    assert queue.enqueue(list(range(250))) == 3
    assert [len(ids) for ids in sent] == [100, 100, 50]


@pytest.mark.django_db(transaction=True)
def test_a_queue_that_is_down_breaks_nothing_and_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(*_args: object, **_options: object) -> None:
        asked.append(1)
        raise ConnectionRefusedError

    monkeypatch.setattr(current_app, "send_task", refuse)
    world = ReminderWorld.build()
    now = timezone.now()
    duty = world.duty("2999-01-04", recorded=now)
    chase(actor=SYSTEM, obligation=duty, now=now)
    assert sweep(now).reminders == 1
    assert queue.enqueue(list(range(1000))) == 10
    assert len(asked) == 3  # by the chase, the sweep and the ten messages
    assert Reminder.objects.get().state == "waiting"
