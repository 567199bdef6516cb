"""Steps become rows: who gets them, once, however often and in whatever order things run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import journal
from accounts.models import Membership, User
from accounts.scoping import SYSTEM
from obligations.models import Obligation, Reminder, ReminderStep
from obligations.services.reminders import plan_reminders, replenish, sweep
from obligations.services.reminders.audience import audience_sync
from obligations.services.reminders.sweeping import CHAIN
from tests.obligations.reminder_world import ReminderWorld, at, recorded

pytestmark = pytest.mark.django_db
START = at("2025-09-01", "10:00")


@pytest.fixture
def world() -> ReminderWorld:
    return ReminderWorld.build()


def plan(*obligations: Obligation, now=START) -> None:
    plan_reminders([one.pk for one in obligations], now=now)


def test_finance_is_reminded_step_by_step_and_only_once(world: ReminderWorld) -> None:
    duty = world.duty("2025-11-04", recorded=START)
    plan(duty)
    assert sweep(at("2025-09-30", "08:59")).reminders == 0
    assert sweep(at("2025-09-30", "09:00")).reminders == 1
    assert sweep(at("2025-09-30", "09:01")).reminders == 0
    assert sweep(at("2025-10-20", "09:00")).reminders == 1
    assert recorded() == [("T-30", "fin"), ("T-15", "fin")]


def test_the_pointer_runs_ahead_of_the_sweep(world: ReminderWorld) -> None:
    duty = world.duty("2025-11-04", recorded=START)
    plan(duty)
    duty.refresh_from_db()
    assert duty.next_reminder_at == at("2025-09-30")
    sweep(at("2025-09-30", "09:00"))
    duty.refresh_from_db()
    assert duty.next_reminder_at == at("2025-10-20")


def test_a_sweep_that_comes_late_sends_the_latest_step_only(world: ReminderWorld) -> None:
    plan(world.duty("2025-11-04", recorded=START))
    sweep(at("2025-10-29"))
    assert recorded() == [("T-7", "fin")]


def test_planning_again_rewinds_and_still_nothing_doubles(world: ReminderWorld) -> None:
    duty = world.duty("2025-11-04", recorded=START)
    now = at("2025-10-20", "09:00")
    for _ in range(3):
        plan(duty, now=now)
        sweep(now)
    assert recorded() == [("T-15", "fin")]


def test_the_vendors_duty_goes_to_the_vendor_and_to_buyers_it(world: ReminderWorld) -> None:
    plan(world.duty("2025-11-04", recorded=START, obligor="vendor", policy="report"))
    sweep(at("2025-11-04"))
    assert sorted(recorded()) == [("T-0", "it"), ("T-0", "vnd")]


def test_a_third_partys_duty_goes_to_buyers_it(world: ReminderWorld) -> None:
    plan(world.duty("2025-11-04", recorded=START, obligor="third", kind="external"))
    sweep(at("2025-11-04"))
    assert recorded() == [("T-0", "it")]


def test_a_duty_of_both_goes_to_both(world: ReminderWorld) -> None:
    plan(world.duty("2025-11-04", recorded=START, obligor="both"))
    sweep(at("2025-11-04"))
    assert sorted(name for _, name in recorded()) == ["fin", "it", "vnd"]


def test_the_chain_hears_after_one_unacknowledged_working_day(world: ReminderWorld) -> None:
    plan(world.duty("2025-11-06", recorded=START))
    sweep(at("2025-11-07"))
    sweep(at("2025-11-10"))
    assert sorted(recorded()) == [("escalate-1", "mgr"), ("overdue-2025-11-07", "fin"), ("overdue-2025-11-10", "fin")]


def test_a_person_without_the_role_any_more_hears_nothing(world: ReminderWorld) -> None:
    gone, left = world.join("fin2", "FIN", world.buyer), world.join("fin3", "FIN", world.buyer)
    plan(world.duty("2025-11-04", recorded=START))
    Membership.objects.filter(user=gone).update(revoked_at=START)
    User.objects.filter(pk=left.pk).update(is_active=False)
    world.join("other", "FIN", world.vendor)  # a stranger's role of the same name
    sweep(at("2025-11-04"))
    assert recorded() == [("T-0", "fin")]


def test_it_staff_of_another_department_hear_nothing(world: ReminderWorld) -> None:
    world.contract.department = "信息中心"
    world.contract.save()
    User.objects.filter(username="it").update(department="信息中心")
    world.join("it2", "IT", world.buyer, department="档案处")
    plan(world.duty("2025-11-04", recorded=START, policy="report"))
    sweep(at("2025-11-04"))
    assert recorded() == [("T-0", "it")]


def test_the_keeper_stands_in_for_the_group_but_not_for_those_who_watch(world: ReminderWorld) -> None:
    keeper = world.join("vnd2", "VND", world.vendor)
    plan(world.duty("2025-11-04", recorded=START, obligor="vendor", policy="report", keeper=keeper))
    sweep(at("2025-11-04"))
    assert sorted(recorded()) == [("T-0", "it"), ("T-0", "vnd2")]


def test_when_the_keeper_has_left_the_group_hears_again(world: ReminderWorld) -> None:
    keeper = world.join("fin2", "FIN", world.buyer, is_active=False)
    plan(world.duty("2025-11-04", recorded=START, keeper=keeper))
    sweep(at("2025-11-04"))
    assert recorded() == [("T-0", "fin")]


@pytest.mark.parametrize("state", ["submitted", "done", "waived", "closed"])
def test_a_duty_that_is_not_open_reminds_nobody(world: ReminderWorld, state: str) -> None:
    duty = world.duty("2025-11-04", recorded=START)
    plan(duty)
    Obligation.objects.update(state=state, done_on=START.date())
    sweep(at("2025-11-04"))
    assert recorded() == []


def test_a_moved_date_supersedes_what_is_unsent_and_starts_anew(world: ReminderWorld) -> None:
    duty = world.duty("2025-11-04", recorded=START)
    plan(duty)
    sweep(at("2025-10-20"))
    world.move(duty, "2025-12-04", recorded=at("2025-10-20", "11:00"))
    plan(duty, now=at("2025-10-20", "11:00"))
    assert recorded(state="superseded") == [("T-15", "fin")]
    assert recorded(state="waiting") == []
    duty.refresh_from_db()
    assert duty.next_reminder_at == at("2025-11-04")  # T-30 of 2025-12-04
    assert not ReminderStep.objects.filter(due_number=1).exists()
    sweep(at("2025-11-04"))
    assert recorded(state="waiting") == [("T-30", "fin")]


def test_done_takes_the_pointer_away(world: ReminderWorld) -> None:
    duty = world.duty("2025-11-04", recorded=START)
    plan(duty)
    Obligation.objects.update(state="done", done_on=START.date())
    plan(duty)
    duty.refresh_from_db()
    assert duty.next_reminder_at is None


def test_a_role_filled_later_gets_the_current_step(world: ReminderWorld) -> None:
    Membership.objects.filter(role_id="FIN").delete()
    plan(world.duty("2025-11-04", recorded=START))
    sweep(at("2025-11-05"))
    assert recorded() == []
    world.join("fin2", "FIN", world.buyer)
    replenish(at("2025-11-17", "08:30"))
    sweep(at("2025-11-17", "08:31"))
    assert recorded()[-1] == ("overdue-2025-11-14", "fin2")


def test_daily_steps_are_replenished_before_they_run_out(world: ReminderWorld) -> None:
    plan(world.duty("2025-11-04", recorded=START))
    now = at("2025-11-05", "08:30")
    for _ in range(40):
        replenish(now)
        assert sweep(now + timedelta(hours=1)).obligations in (0, 1)
        now += timedelta(days=1)
    overdue = [step for step, name in recorded() if step.startswith("overdue") and name == "fin"]
    assert len(overdue) == 28  # working days from 2025-11-05 to 2025-12-14, none of them a holiday
    assert [row for row in recorded() if row[1] == "mgr"] == [("escalate-1", "mgr")]


def test_a_thousand_duties_cost_five_statements(world: ReminderWorld) -> None:
    audience_sync([world.contract])
    Obligation.objects.bulk_create(
        Obligation(contract=world.contract, duty=f"d{n}", title="义务", clause="1", kind="contractual", tracking="once",
                   obligor="buyer", policy="payment", due_number=1, next_reminder_at=START)
        for n in range(1000)
    )  # fmt: skip
    ids = Obligation.objects.values_list("pk", flat=True)
    ReminderStep.objects.bulk_create(
        [ReminderStep(obligation_id=pk, due_number=1, step="T-7", send_at=START) for pk in ids]
    )
    with transaction.atomic():
        journal.record(SYSTEM, "reminder.sweep", chain=CHAIN)  # the first entry of a chain also makes the chain
    with CaptureQueriesContext(connection) as queries:
        result = sweep(START)
    around = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    assert (result.obligations, result.reminders, result.messages) == (1000, 1000, 10)
    assert len([one for one in queries if not one["sql"].startswith(around)]) <= 5
    with CaptureQueriesContext(connection) as queries:
        assert sweep(START).obligations == 0
    assert len([one for one in queries if not one["sql"].startswith(around)]) <= 2


def test_a_sweep_takes_batches_until_nothing_is_due(world: ReminderWorld) -> None:
    duties = [world.duty("2025-11-04", recorded=START) for _ in range(7)]
    plan(*duties)
    result = sweep(at("2025-11-04"), size=3)
    assert (result.obligations, result.reminders, result.messages) == (7, 7, 1)
    assert Reminder.objects.count() == 7


def test_moments_compare_as_moments_to_the_microsecond(world: ReminderWorld) -> None:
    plan(world.duty("2025-11-04", recorded=START))
    assert sweep(at("2025-09-30", "09:00") - timedelta(microseconds=1)).reminders == 0
    assert sweep(at("2025-09-30", "09:00")).reminders == 1


def test_loading_an_old_contract_makes_one_digest_a_person_not_a_flood(world: ReminderWorld) -> None:
    now = at("2025-09-24", "10:00")
    late = [world.duty("2025-09-01", recorded=now, cause="load") for _ in range(3)]
    soon = world.duty("2025-10-08", recorded=now, cause="load")
    far = world.duty("2025-12-31", recorded=now, cause="load")
    plan(*late, soon, far, now=now)
    sweep(now)
    assert recorded() == [("digest-2025-09-24", "fin")] * 4
    sweep(at("2025-09-25", "09:00"))
    assert len(recorded()) == 4
    sweep(at("2025-09-30", "09:00"))
    assert recorded()[4:] == [("digest-2025-09-29", "fin")] * 3 + [("T-0", "fin")]


def test_many_dates_found_late_at_one_stroke_make_a_digest_too(world: ReminderWorld) -> None:
    now = at("2025-09-24", "10:00")
    plan(*[world.duty("2025-09-01", recorded=now) for _ in range(4)], now=now)
    sweep(now)
    assert recorded() == [("digest-2025-09-24", "fin")] * 4


def test_a_few_dates_found_late_are_chased_one_by_one(world: ReminderWorld) -> None:
    now = at("2025-09-24", "10:00")
    plan(*[world.duty("2025-09-01", recorded=now) for _ in range(3)], now=now)
    sweep(now)
    assert recorded() == [("overdue-2025-09-24", "fin")] * 3
