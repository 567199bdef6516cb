"""What a case makes people do by a day is an obligation like all others: one mechanism reminds of it, and what is done
in the case ends it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from billing import services as billing
from billing.models import SeparateClaim
from contracts.errors import Refused
from obligations.models import Notification, Obligation, Reminder
from obligations.selectors.inbox import inbox
from obligations.selectors.replay import replay
from obligations.services import submissions
from obligations.services.evaluation import obligations_materialise
from obligations.services.reminders import dispatch, replenish, sweep
from penalties import services
from penalties.models import PenaltyCase
from penalties.services.deadlines import deadlines_sweep, deadlines_sync
from penalties.tasks import penalty_clues
from tests.penalties import steps
from tests.penalties.world import HEAVY

pytestmark = pytest.mark.django_db
UNTIL = date(2025, 11, 3)


def kept(name):
    return Obligation.objects.get(duty=name)


def morning(clock, day):
    """Nine past nine in Beijing: everything due goes out; who hears of what."""
    clock.move_to(datetime(day.year, day.month, day.day, 1, 9, tzinfo=UTC))
    before = set(Notification.objects.values_list("pk", flat=True))
    replenish(timezone.now())
    sweep(timezone.now())
    dispatch(list(Reminder.objects.values_list("pk", flat=True)), now=timezone.now())
    fresh = Notification.objects.exclude(pk__in=before).filter(obligation__duty__contains=".")
    return {(row.user.username, row.obligation.duty) for row in fresh.select_related("user", "obligation")}


def test_a_notice_on_its_way_waits_for_its_delivery(world, clock):
    case = steps.notified(world, received_on=None)
    row = kept("penalty.delivery")
    assert (row.state, row.obligor, row.due_on, row.kind) == ("open", "buyer", date(2025, 10, 24), "internal")
    assert not Obligation.objects.visible_to(world.viewer("VND")).filter(pk=row.pk).exists()
    assert ("fin", "penalty.delivery") in morning(clock, date(2025, 10, 24))
    services.delivery_record(actor=world.viewer("FIN"), case=case, received_on=date(2025, 10, 23))
    row.refresh_from_db()
    assert (row.state, row.done_on) == ("done", date(2025, 10, 23))
    assert kept("penalty.objection").due_on == date(2025, 11, 6)


def test_the_vendor_is_reminded_of_its_objection_until_it_is_made(world, clock):
    case = steps.notified(world)
    row = kept("penalty.objection")
    assert (row.state, row.obligor, row.due_on, row.amount) == ("open", "vendor", UNTIL, HEAVY)
    assert row.kind == "internal", "the contract gives no period: never a breach"
    assert not Obligation.objects.filter(duty="penalty.delivery").exists()
    told = morning(clock, date(2025, 10, 31))
    assert ("vnd", "penalty.objection") in told
    assert {who for who, _duty in told}.isdisjoint({"stranger", "sup", "aud"})
    listed = inbox(viewer=world.viewer("VND"), as_of=date(2025, 10, 31), today=date(2025, 10, 31))
    assert row.pk in [each.pk for each in listed.page.rows]
    services.penalty_object(actor=world.viewer("VND"), case=case, text="外部停电")
    row.refresh_from_db()
    assert (row.state, row.done_on) == ("done", date(2025, 10, 31))
    assert morning(clock, UNTIL) == set()
    services.objection_retract(actor=world.viewer("VND"), case=PenaltyCase.objects.get())
    row.refresh_from_db()
    assert (row.state, row.done_on) == ("open", None)


def test_a_period_that_ended_is_never_late_and_the_buyer_records_it(world, clock):
    case = steps.notified(world)
    clock.move_to(datetime(2025, 11, 3, 17, tzinfo=UTC))  # one in the night to the fourth
    penalty_clues()
    assert kept("penalty.objection").state == "closed"
    row = kept("penalty.final")
    assert (row.obligor, row.role, row.due_on) == ("buyer", "FIN", date(2025, 11, 10))
    told = morning(clock, date(2025, 11, 4))
    assert "penalty.objection" not in {duty for _who, duty in told}
    assert ("fin", "penalty.final") in told | morning(clock, date(2025, 11, 7))
    services.penalty_agree(actor=world.viewer("IT"), case=case, note="乙方未异议")
    row.refresh_from_db()
    assert (row.state, row.done_on) == ("done", date(2025, 11, 7))
    assert deadlines_sweep() == 0


def test_on_the_last_day_the_period_still_runs(world, clock):
    steps.notified(world)
    clock.move_to(datetime(2025, 11, 3, 2, tzinfo=UTC))
    assert deadlines_sweep() == 1
    assert kept("penalty.objection").state == "open"
    assert not Obligation.objects.filter(duty="penalty.final").exists()


def test_a_case_that_fails_stops_neither_the_others_nor_the_clues(world, clock, monkeypatch):
    """One period that cannot be worked out in the night: the next case's still ends, and the error is not hushed up."""
    case = steps.notified(world)
    broken = PenaltyCase.objects.get(pk=case.pk)
    broken.pk, broken.number, broken.key_text = case.pk - 1, f"{case.number}-0", "broken"  # the first to be looked at
    broken.save(force_insert=True)
    clock.move_to(datetime(2025, 11, 3, 17, tzinfo=UTC))

    def sync(row, *, actor):
        if row.number == broken.number:
            raise ValueError("no calendar")
        deadlines_sync(row, actor=actor)

    looked = []
    monkeypatch.setattr("penalties.services.deadlines.deadlines_sync", sync)
    monkeypatch.setattr("penalties.tasks.clues_sweep", lambda: looked.append("clues") or 0)
    with pytest.raises(ValueError, match="no calendar"):
        penalty_clues()
    assert kept("penalty.objection").state == "closed"
    assert looked == ["clues"]


def test_a_claims_day_reminds_the_vendor_then_finance(world, clock):
    steps.settled(world, wishes={"instalment:3": 0}, claim_due_on=date(2025, 11, 20))
    row = kept("claim.payment")
    assert (row.state, row.obligor, row.due_on, row.amount) == ("open", "vendor", date(2025, 11, 20), HEAVY)
    assert ("vnd", "claim.payment") in morning(clock, date(2025, 11, 19))
    assert ("vnd", "claim.payment") in morning(clock, date(2025, 11, 21))
    assert ("fin", "claim.payment") in morning(clock, date(2025, 11, 24))
    assert services.clues_raise(world.contract) == [], "a late payment of a claim is no new penalty"
    billing.separate_claim_settle(
        actor=world.viewer("FIN"), claim=SeparateClaim.objects.get(), settled_on=date(2025, 11, 24),
        bank_reference="BOC-2025-1",
    )  # fmt: skip
    row.refresh_from_db()
    assert (row.state, row.done_on) == ("done", date(2025, 11, 24))
    assert morning(clock, date(2025, 11, 25)) == set()


def test_a_plan_left_lying_beyond_its_day_is_rejected_and_made_anew(world, clock):
    """Whoever decides cannot set the day: the refusal says what can be done."""
    plan = steps.planned(world, wishes={"instalment:3": 0}, claim_due_on=date(2025, 10, 24))
    clock.move_to(datetime(2025, 10, 25, 2, tzinfo=UTC))
    with pytest.raises(Refused, match="Reject this") as error, translation.override("en"):
        services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=True)
    assert error.value.field is None
    assert (PenaltyCase.objects.get().state, SeparateClaim.objects.count()) == ("agreed", 0)
    services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=False, note="付款日已过")
    services.settlement_propose(
        actor=world.viewer("FIN"), case=PenaltyCase.objects.get(), wishes={"instalment:3": 0},
        claim_due_on=date(2025, 11, 20),
    )  # fmt: skip


def test_a_withdrawn_claim_is_nobodys_task(world):
    steps.settled(world, wishes={"instalment:3": 0}, claim_due_on=date(2025, 11, 20))
    billing.separate_claim_withdraw(actor=world.viewer("FIN"), claim=SeparateClaim.objects.get(), note="改由尾款抵扣")
    assert kept("claim.payment").state == "closed"


def test_another_day_shows_it_as_it_stood(world, clock):
    steps.notified(world)
    clock.move_to(datetime(2025, 10, 30, 2, tzinfo=UTC))
    services.penalty_accept(actor=world.viewer("VND"), case=PenaltyCase.objects.get())

    def then(day, **given):
        rows = replay(world.contract, viewer=world.viewer("IT"), as_of=day, **given)
        return [(one.row.state, one.row.due_on) for one in rows if one.obligation.duty == "penalty.objection"]

    assert then(date(2025, 10, 19)) == [], "not notified yet"
    assert then(date(2025, 10, 29)) == [("open", UNTIL)]
    assert then(date(2025, 10, 30)) == [("done", UNTIL)]
    assert then(date(2025, 10, 30), known_on=date(2025, 10, 19)) == []
    page = world.client("IT").get(
        reverse("web:obligation", args=[kept("penalty.objection").pk]), {"as_of": "2025-10-29"}
    )
    assert page.status_code == 200
    assert world.client("VND").get(reverse("portal:obligation", args=[kept("penalty.objection").pk])).status_code == 200


def test_what_is_told_is_neither_recomputed_nor_handed_in(world):
    steps.notified(world)
    row = kept("penalty.objection")
    obligations_materialise(world.contract, as_of=timezone.now().date() + timedelta(days=1))
    row.refresh_from_db()
    assert (row.state, row.due_number) == ("open", 1)
    with pytest.raises(Refused):
        submissions.submission_add(actor=world.viewer("VND"), obligation=row, done_on=date(2025, 10, 20), note="已处理")
    with pytest.raises(Refused):
        submissions.obligation_waive(actor=world.viewer("MGR"), obligation=row, reason="算了")
    row.refresh_from_db()
    assert row.state == "open"
