"""Two people, whatever the way in: what the services refuse the database refuses too (security.md C4)."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from penalties.models import Assessment, CaseAdjustment, CaseEntry, FactSnapshot, PenaltyCase, Settlement
from tests.penalties import steps
from tests.penalties.world import HEAVY, LIGHT, plain_answer, says

pytestmark = pytest.mark.django_db


def refused(change):
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def row_of(case):
    return PenaltyCase.objects.filter(pk=case.pk)


def test_the_proposer_cannot_be_made_the_approver(world):
    case = steps.proposed(world)
    proposer, now = case.proposed_by_id, timezone.now()
    refused(lambda: row_of(case).update(state="approved", approved_by_id=proposer, approved_at=now))
    refused(lambda: row_of(case).update(state="approved"))  # approved by nobody

    def saved():
        case.state, case.approved_by_id = "approved", proposer
        case.save()

    refused(saved)
    assert row_of(case).get().state == "proposed"


def test_the_proposer_cannot_be_changed_to_fit(world):
    case = steps.approved(world)
    refused(lambda: row_of(case).update(proposed_by_id=case.approved_by_id))
    refused(lambda: row_of(case).update(proposed_by_id=None))


def test_the_first_approver_cannot_be_made_the_decider(world):
    case = steps.objected(world)
    approver = case.approved_by_id
    for change in (
        {"state": "decided", "decided_by_id": approver, "decision": "upheld"},
        {"state": "decided"},
        {"decision": "upheld"},
        {"state": "withdrawn", "amount": 0},
    ):
        refused(lambda values=change: row_of(case).update(**values))
    assert row_of(case).get().state == "objected"


def test_a_case_cannot_be_born_approved(world):
    def born(state, **given):
        return lambda: PenaltyCase.objects.create(
            contract=world.contract, number=f"X-{state}", target="rule:x", key_text=state, title="x", state=state,
            amount=LIGHT, raised_at=timezone.now(), **given,
        )  # fmt: skip

    for state in ("approved", "notified", "objected", "decided", "agreed", "frozen", "settled", "closed"):
        refused(born(state))
    one = world.person["MGR"].pk
    refused(born("approved", proposed_by_id=one, approved_by_id=one))


def test_nothing_final_without_the_minutes(world, monkeypatch):
    says(monkeypatch, plain_answer(displaced=True))
    case = steps.notified(world)
    for state in ("agreed", "settled", "closed"):
        refused(lambda value=state: row_of(case).update(state=value))


def test_nothing_settled_outside_billing(world):
    case = steps.agreed(world)
    refused(lambda: row_of(case).update(state="settled"))


def test_the_waiver_is_somebody_elses(world):
    case = steps.proposed(world)
    refused(lambda: row_of(case).update(state="waived"))
    refused(lambda: row_of(case).update(state="waived", waived_by_id=case.proposed_by_id))


def test_settlement_and_adjustment_are_decided_by_somebody_else(world):
    plan = steps.planned(world)
    rows = Settlement.objects.filter(pk=plan.pk)
    refused(lambda: rows.update(state="done"))
    refused(lambda: rows.update(state="done", decided_by_id=plan.planned_by_id))
    refused(lambda: CaseAdjustment.objects.create(
        case=plan.case, before=HEAVY, after=LIGHT, reason="x", state="done", proposed_at=timezone.now(),
        proposed_by_id=plan.planned_by_id, decided_by_id=plan.planned_by_id,
    ))  # fmt: skip


@pytest.mark.parametrize("model", [Assessment, CaseEntry, FactSnapshot])
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_what_was_computed_and_said_stays(world, model, verb):
    steps.raised(world)
    before = model.objects.count()
    assert before
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format(model._meta.db_table))
    assert model.objects.count() == before
