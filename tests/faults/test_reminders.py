"""Two sweeps at once, workers killed in the middle, Redis killed with a full queue: exactly one row each.

Every scenario plans anew while sweeps run, as a change of facts does: that rewinds the pointers, so that neither the
claim nor a lock, only the unique constraint keeps rows single. The twins run the same without it, and doubles appear.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from obligations.models import Notification, Obligation, Reminder, ReminderStep
from obligations.services.reminders import dispatch, plan_reminders, requeue, sweep
from tests.faults.conftest import ROOT, Nursery
from tests.obligations.reminder_world import ReminderWorld, at
from tests.servers import RedisServer

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
START, NOW = at("2025-09-01", "10:00"), at("2025-11-04", "09:05")
DUTIES, PEOPLE = 150, 2
StartNursery = Callable[..., Nursery]


@pytest.fixture
def duties(transactional_db: None) -> list[int]:
    """Payments due on the day of NOW, for two people in finance; each expects one T-0 a duty."""
    world = ReminderWorld.build()
    world.join("fin2", "FIN", world.buyer)
    Obligation.objects.bulk_create(
        Obligation(
            contract=world.contract, duty=f"duty_{n}", title="义务", clause="7.2", kind="contractual", tracking="once",
            obligor="buyer", policy="payment", due_number=1, due_state="known", due_on=NOW.date(),
            due_at=at("2025-11-05", "00:00"),
        )
        for n in range(DUTIES)
    )  # fmt: skip
    ids = list(Obligation.objects.values_list("pk", flat=True))
    plan_reminders(ids, now=START)
    return ids


def doubles() -> int:
    rows = Reminder.objects.values_list("obligation_id", "due_number", "step", "recipient_id")
    return sum(number - 1 for number in Counter(rows).values())


# --- two sweeps at once ------------------------------------------------------------------------------------


def two_sweeps(nursery: Nursery) -> None:
    for _ in range(2):  # while one plans, the other finds every row locked: once more, when rows are there already
        nursery.run("sweep", NOW, 2)


def test_two_sweeps_at_once_record_each_reminder_once(duties: list[int], nursery: StartNursery) -> None:
    two_sweeps(nursery())
    assert doubles() == 0
    assert Reminder.objects.count() == DUTIES * PEOPLE


@pytest.mark.postgres
def test_twin_two_sweeps_without_the_constraint(
    duties: list[int], without_constraint: None, nursery: StartNursery
) -> None:
    two_sweeps(nursery())
    assert doubles() > 0


# --- killed in the middle ----------------------------------------------------------------------------------


def killed_ten_times(nursery: Nursery) -> None:
    """Kill ten workers, each at another moment of its work; then let the regular repair do the rest."""
    for number in range(10):
        (pid,) = nursery.start("forever", NOW)
        if number == 0:
            while not Reminder.objects.exists():
                assert nursery.process.poll() is None
        time.sleep(0.05 * number)  # where the kill strikes; nothing is waited for
        nursery.kill(pid)
    later = NOW + timedelta(minutes=11)  # rows of the dead are taken back after ten minutes
    plan_reminders(list(Obligation.objects.values_list("pk", flat=True)), now=NOW)
    sweep(later)
    requeue(later)
    dispatch(list(Reminder.objects.filter(state="waiting").values_list("pk", flat=True)), now=later)


def test_ten_kills_lose_and_double_nothing(
    duties: list[int], nursery: StartNursery, process_env: dict[str, str]
) -> None:
    killed_ten_times(nursery())
    assert doubles() == 0
    assert Reminder.objects.count() == Reminder.objects.filter(state="sent").count() == DUTIES * PEOPLE
    assert Notification.objects.count() == DUTIES * PEOPLE
    # Mail goes out at least once; a repeated one carries the same Message-ID.
    outbox = Path(process_env["DATA_DIR"]) / "outbox"
    text = "".join(path.read_text() for path in outbox.glob("*.log"))
    sent = Counter(re.findall(r"^Message-ID: (<reminder\.\d+@.+>)$", text, flags=re.MULTILINE))
    known = {f"<reminder.{pk}@luyuetai.invalid>" for pk in Reminder.objects.values_list("pk", flat=True)}
    assert set(sent) <= known
    assert sum(number - 1 for number in sent.values()) <= 10 * 20  # kills × rows a worker holds


@pytest.mark.postgres
def test_twin_ten_kills_without_the_constraint(
    duties: list[int], without_constraint: None, nursery: StartNursery
) -> None:
    killed_ten_times(nursery())
    assert doubles() > 0


# --- the queue lost ----------------------------------------------------------------------------------------


def redis_killed(nursery: Nursery, server: RedisServer, env: dict[str, str]) -> None:
    """Fill the queue, kill Redis, bring it back empty, repair, and let a real worker send everything."""
    import redis
    from django.utils import timezone

    now = timezone.now()
    # By hand, because such reminders do not wait for working hours: the worker's clock is the real one.
    ReminderStep.objects.bulk_create(
        ReminderStep(obligation_id=pk, due_number=1, step="chase-1", send_at=now)
        for pk in Obligation.objects.values_list("pk", flat=True)
    )
    ReminderStep.objects.exclude(step="chase-1").delete()
    Obligation.objects.update(due_state="pending")
    nursery.run("repair", now)
    assert redis.Redis.from_url(server.url).llen("celery") >= DUTIES * PEOPLE / 100
    server.kill()
    nursery.run("repair", now)  # nobody takes the messages: nothing breaks
    server.launch()
    assert redis.Redis.from_url(server.url).llen("celery") == 0
    assert Reminder.objects.filter(state="waiting").count() == Reminder.objects.count() > 0
    for _ in range(2):  # everything is queued twice
        nursery.run("repair", now)
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "2", "-l", "warning"],
        env=env | {"REDIS_URL": server.url}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while Reminder.objects.exclude(state="sent").exists() and time.monotonic() < deadline:
            assert worker.poll() is None
            time.sleep(0.1)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


@pytest.mark.redis
def test_a_lost_queue_costs_delay_and_nothing_else(
    duties: list[int], nursery: StartNursery, redis_server: RedisServer, process_env: dict[str, str]
) -> None:
    redis_killed(nursery(REDIS_URL=redis_server.url), redis_server, process_env)
    assert doubles() == 0
    assert Reminder.objects.count() == Reminder.objects.filter(state="sent").count() == DUTIES * PEOPLE
    assert Notification.objects.count() == DUTIES * PEOPLE
    assert set(Reminder.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.redis
@pytest.mark.postgres
def test_twin_lost_queue_without_the_constraint(
    duties: list[int],
    without_constraint: None,
    nursery: StartNursery,
    redis_server: RedisServer,
    process_env: dict[str, str],
) -> None:
    redis_killed(nursery(REDIS_URL=redis_server.url), redis_server, process_env)
    assert doubles() > 0
