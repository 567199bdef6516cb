"""What is tidied up at night: stored answers of old forms, and files that no row names."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from accounts.models import IdempotencyRecord, Party
from accounts.scoping import SYSTEM
from accounts.services.idempotency import KEPT
from accounts.services.people import person_create
from accounts.tasks import idempotency_purge
from config.celery import app
from contracts.tasks import files_sweep
from tests.world import PASSWORD

NOW = datetime(2026, 9, 15, 19, 20, tzinfo=UTC)


@pytest.mark.django_db
def test_answers_are_kept_for_their_time_and_then_forgotten() -> None:
    party = Party.objects.create(name="甲方", kind="buyer")
    user = person_create(actor=SYSTEM, username="fin", display_name="财务", party=party, password=PASSWORD)
    for key, age in (("old", KEPT + timedelta(seconds=1)), ("at the limit", KEPT), ("young", timedelta(0))):
        with time_machine.travel(NOW - age, tick=False):
            IdempotencyRecord.objects.create(user=user, key=key, path="/", body_hash="0" * 64)
    with time_machine.travel(NOW, tick=False):
        idempotency_purge()
        idempotency_purge()
    assert set(IdempotencyRecord.objects.values_list("key", flat=True)) == {"at the limit", "young"}


@pytest.mark.django_db
def test_a_file_without_a_row_goes_after_a_day(own_media: Path) -> None:
    folder = own_media / "contracts" / "0"
    folder.mkdir(parents=True)
    for name, age in (("orphan", timedelta(days=2)), ("young", timedelta(hours=1))):
        (folder / name).write_bytes(b"x")
        stamp = (NOW - age).timestamp()
        os.utime(folder / name, (stamp, stamp))
    with time_machine.travel(NOW, tick=False):
        files_sweep()
    assert [path.name for path in folder.iterdir()] == ["young"]


def test_both_run_every_night() -> None:
    tasks = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {"accounts.tasks.idempotency_purge", "contracts.tasks.files_sweep"} <= tasks
