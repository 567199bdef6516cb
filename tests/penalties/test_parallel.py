"""Races on PostgreSQL (security.md F1, F4): several people press at once; one effect. The twin without the lock shows
that the race is real."""

import threading
from collections import Counter
from functools import partial

import pytest
import time_machine

from billing.models import Deduction
from contracts.errors import Refused
from penalties import services
from penalties.models import CaseEntry, PenaltyCase, Settlement
from penalties.services import disputes
from tests import racing
from tests.penalties import steps
from tests.penalties.world import HEAVY, NOW, only_case, penalty_world, plain_answer, says

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(monkeypatch):
    with time_machine.travel(NOW, tick=True):
        made = penalty_world()
        says(monkeypatch, plain_answer())
        yield made


def at_once(*acts):
    """Every act, with its name, at the same moment; how often each came through. The unforeseen is raised."""

    def press(name, act):
        try:
            act()
        except Refused:
            return "refused"
        return name

    return Counter(racing.at_once(*(partial(press, *each) for each in acts)))


def test_approval_withdrawal_and_waiver_at_once_have_one_outcome(world):
    case = steps.proposed(world)
    viewers = {who: world.viewer(who) for who in ("IT", "MGR", "MGR2")}
    acts = [
        ("approve", lambda: services.penalty_approve(actor=viewers["MGR"], case=case)),
        ("cancel", lambda: services.penalty_cancel(actor=viewers["IT"], case=case)),
        ("reject", lambda: services.penalty_reject(actor=viewers["MGR2"], case=case, note="理由不足")),
    ] * 3
    done = at_once(*acts)
    winners = [name for name in ("approve", "cancel", "reject") if done[name]]
    assert len(winners) == 1 and done[winners[0]] == 1
    assert only_case(world).state == ("approved" if winners == ["approve"] else "established")
    assert only_case(world).entries.count() == 4


def objections(world, case):
    vendor = world.viewer("VND")
    at_once(*[("object", lambda: services.penalty_object(actor=vendor, case=case, text="不同意该违约金"))] * 8)
    return CaseEntry.objects.filter(case=case, kind="objection").count()


def test_eight_objections_at_once_are_one(world):
    assert objections(world, steps.notified(world)) == 1


def test_without_the_lock_they_are_not(world, monkeypatch):
    case = steps.notified(world)
    together = threading.Barrier(8)

    def unlocked(row):
        found = PenaltyCase.objects.select_related("contract").get(pk=row.pk)
        together.wait(timeout=30)
        return found

    monkeypatch.setattr(disputes, "case_locked", unlocked)
    assert objections(world, case) > 1


def test_a_settlement_approved_eight_times_deducts_once(world):
    plan = steps.planned(world)
    boss = world.viewer("MGR")
    done = at_once(*[("done", lambda: services.settlement_decide(actor=boss, settlement=plan, approve=True))] * 8)
    assert (done["done"], done["refused"]) == (1, 7)
    assert [row.amount for row in Deduction.objects.all()] == [HEAVY]
    assert Settlement.objects.get().state == "done"
