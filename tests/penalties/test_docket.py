"""A penalty's life through the services: who does what, what each step leaves, and what is refused."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible, ReauthenticationRequired
from billing.models import Deduction, Freeze, Liability, SeparateClaim
from contracts.errors import Refused
from penalties import services
from penalties.models import Assessment, CaseEntry, PenaltyCase
from tests.billing.world import LAST, milestone
from tests.penalties import steps
from tests.penalties.world import (
    HEAVY,
    LIGHT,
    TENTH,
    answer,
    only_case,
    paper,
    plain_answer,
    pool,
    row,
    says,
)

pytestmark = pytest.mark.django_db


def test_a_clue_is_raised_once_however_often_it_is_looked_for(world):
    first = services.clues_raise(world.contract)
    assert [case.state for case in first] == ["clue"]
    assert services.clues_raise(world.contract) == []
    case = only_case(world)
    assert (case.target, case.key_text, case.low, case.high) == ("pool:per_incident", "i1", HEAVY, HEAVY)
    assert case.amount is None
    assert case.because == ["incident:i1"]
    assert case.assessments.count() == 1


def test_an_open_clue_follows_the_facts_and_keeps_every_version(world, monkeypatch):
    case = steps.raised(world)
    says(monkeypatch, plain_answer(LIGHT))
    services.clues_raise(world.contract)
    case.refresh_from_db()
    assert case.high == LIGHT
    assert [(each.number, each.high) for each in case.assessments.order_by("number")] == [(1, HEAVY), (2, LIGHT)]


def test_a_range_stays_a_range_and_names_the_reading(world, monkeypatch):
    wide = row("long", "heaviest", (TENTH, HEAVY), missing=("reading.fee_base",), needs=("fee_base",))
    says(monkeypatch, answer([wide], [pool("i1", [wide], by_reading={"tenth": TENTH, "whole": HEAVY})]))
    case = services.penalty_propose(actor=world.viewer("IT"), case=steps.established(world))
    assert (case.low, case.high, case.amount) == (TENTH, HEAVY, None)
    assert case.missing == ["reading:fee_base"]
    with pytest.raises(Refused):
        services.penalty_approve(actor=world.viewer("MGR"), case=case)
    assert only_case(world).state == "proposed"


def test_unknown_findings_keep_it_a_clue(world, monkeypatch):
    unknown = row("long", "clue", HEAVY, missing=("incident:i1.vendor_fault",))
    says(monkeypatch, answer([unknown], [pool("i1", [], clues=[unknown])]))
    case = steps.established(world)
    with pytest.raises(Refused) as refusal:
        services.penalty_propose(actor=world.viewer("IT"), case=case)
    assert "vendor_fault" in refusal.value.message
    assert only_case(world).state == "established"


def test_the_proposer_does_not_approve(world):
    services.clues_raise(world.contract)
    case = services.facts_establish(actor=world.viewer("BOTH"), case=only_case(world))
    case = services.penalty_propose(actor=world.viewer("BOTH"), case=case)
    for step in (services.penalty_approve, services.penalty_reject):
        with pytest.raises(Refused):
            step(actor=world.viewer("BOTH"), case=case, note="我自己批")
    with pytest.raises(ReauthenticationRequired):
        services.penalty_approve(actor=world.viewer("MGR", fresh=False), case=case)
    with pytest.raises(NotAllowed):
        services.penalty_approve(actor=world.viewer("FIN"), case=case)
    assert only_case(world).state == "proposed"


def test_facts_that_moved_since_the_proposal_stop_the_approval(world, monkeypatch):
    case = steps.proposed(world)
    says(monkeypatch, plain_answer(LIGHT))
    with pytest.raises(Refused) as refusal:
        services.penalty_approve(actor=world.viewer("MGR"), case=case)
    assert str(LIGHT) in refusal.value.message
    services.penalty_cancel(actor=world.viewer("IT"), case=case)
    case = services.penalty_propose(actor=world.viewer("IT"), case=only_case(world))
    assert services.penalty_approve(actor=world.viewer("MGR"), case=case).amount == LIGHT


def test_a_manager_reduces_only_with_a_reason(world):
    case = steps.proposed(world)
    with pytest.raises(Refused):
        services.penalty_approve(actor=world.viewer("MGR"), case=case, amount=LIGHT)
    with pytest.raises(Refused):
        services.penalty_approve(actor=world.viewer("MGR"), case=case, amount=HEAVY + 1, note="更重")
    done = services.penalty_approve(actor=world.viewer("MGR"), case=case, amount=LIGHT, note="初犯")
    assert done.amount == LIGHT
    assert done.assessments.first().kind == Assessment.Kind.DECISION


@pytest.mark.parametrize(
    ("received", "delivered", "until"),
    [
        (date(2025, 10, 17), date(2025, 10, 17), date(2025, 10, 31)),  # Friday: ten working days on
        (date(2025, 10, 18), date(2025, 10, 20), date(2025, 11, 3)),  # Saturday: counts from Monday
        (date(2025, 10, 11), date(2025, 10, 11), date(2025, 10, 24)),  # a Saturday made up for: a working day
    ],
)
def test_a_notice_on_a_day_off_counts_from_the_next_working_day(world, received, delivered, until):
    case = steps.notified(world, sent_on=date(2025, 10, 10), received_on=received)
    assert (case.delivered_on, case.object_by) == (delivered, until)
    assert not case.object_by_contract


def test_a_notice_still_on_its_way_has_no_countdown(world):
    case = steps.notified(world, received_on=None)
    assert case.object_by is None
    with pytest.raises(Refused):
        services.delivery_record(actor=world.viewer("FIN"), case=case, received_on=date(2025, 10, 16))
    case = services.delivery_record(actor=world.viewer("FIN"), case=case, received_on=date(2025, 10, 20))
    assert case.object_by == date(2025, 11, 3)


def test_nothing_reaches_the_vendor_before_the_notice(world):
    case = steps.approved(world)
    vendor = world.viewer("VND")
    assert not PenaltyCase.objects.visible_to(vendor).exists()
    assert not CaseEntry.objects.visible_to(vendor).exists()
    with pytest.raises(NotVisible):
        services.penalty_object(actor=vendor, case=case, text="我反对")
    services.penalty_notify(
        actor=world.viewer("IT"), case=case, method="hand", sent_on=date(2025, 10, 20), reference="签收"
    )
    services.statement_add(actor=world.viewer("IT"), case=case, text="内部：先等等", internal=True)
    assert PenaltyCase.objects.visible_to(vendor).count() == 1
    assert [entry.kind for entry in CaseEntry.objects.visible_to(vendor)] == ["notified"]
    assert not PenaltyCase.objects.visible_to(world.viewer("STRANGER")).exists()
    assert not Assessment.objects.visible_to(vendor).filter(kind="clue").exists()


def test_objection_answer_decision(world):
    case = steps.objected(world)
    services.statement_add(actor=world.viewer("IT"), case=case, text="机房有双路供电")
    services.statement_add(actor=world.viewer("SUP"), case=case, text="监理意见：属乙方责任")
    with pytest.raises(Refused):  # approved it first
        services.penalty_decide(actor=world.viewer("MGR"), case=case, decision="upheld", text="维持")
    done = services.penalty_decide(
        actor=world.viewer("MGR2"), case=case, decision="partly", text="部分采纳", amount=LIGHT
    )
    assert (done.state, done.amount, done.decision) == ("decided", LIGHT, "partly")
    assert [entry.side for entry in case.entries.filter(kind__in=("objection", "answer", "opinion"))] == [
        "vendor",
        "buyer",
        "supervisor",
    ]


def test_upholding_needs_the_amount_to_hold_today(world, monkeypatch):
    case = steps.objected(world)
    says(monkeypatch, plain_answer(LIGHT))
    with pytest.raises(Refused):
        services.penalty_decide(actor=world.viewer("MGR2"), case=case, decision="upheld", text="维持")
    done = services.penalty_decide(actor=world.viewer("MGR2"), case=case, decision="partly", text="按新事实")
    assert done.amount == LIGHT


def test_a_withdrawn_penalty_is_over(world):
    case = steps.decided(world, "withdrawn")
    assert (case.state, case.amount) == ("withdrawn", 0)
    for act in (services.penalty_accept, services.objection_retract):
        with pytest.raises(Refused):
            act(actor=world.viewer("VND"), case=case)
    assert services.clues_raise(world.contract) == []


def test_silence_makes_it_final_only_after_the_period(world, clock):
    case = steps.notified(world)
    with pytest.raises(Refused):
        services.penalty_agree(actor=world.viewer("IT"), case=case, note="乙方未异议")
    clock.shift(timedelta(days=14))  # 3 November, the last day
    with pytest.raises(Refused):
        services.penalty_agree(actor=world.viewer("IT"), case=case, note="乙方未异议")
    clock.shift(timedelta(days=1))
    assert services.penalty_agree(actor=world.viewer("IT"), case=case, note="乙方未异议").state == "agreed"


def test_what_displaced_another_needs_the_minutes(world, monkeypatch):
    says(monkeypatch, plain_answer(displaced=True))
    case = steps.notified(world)
    assert case.needs_minutes
    assert case.missing == ["minutes"]
    with pytest.raises(Refused):
        services.penalty_accept(actor=world.viewer("VND"), case=case)
    assert only_case(world).state == "notified"
    with pytest.raises(Refused):
        services.minutes_add(actor=world.viewer("IT"), case=case, text="10 月 20 日会谈", uploads=[])
    services.minutes_add(actor=world.viewer("IT"), case=case, text="10 月 20 日会谈", uploads=[paper()])
    assert services.penalty_accept(actor=world.viewer("VND"), case=case).state == "agreed"


def test_settled_out_of_the_last_instalment(world):
    case = steps.settled(world)
    assert case.state == "settled"
    deduction = Deduction.objects.get()
    assert (deduction.amount, deduction.milestone.code) == (HEAVY, "3")
    assert deduction.decided_by_id == world.person["FIN"].pk
    assert milestone(world, "3").deducted == HEAVY
    assert Liability.objects.get().amount == HEAVY
    assert services.case_close(actor=world.viewer("FIN"), case=case).state == "closed"


def test_what_the_instalment_cannot_bear_the_vendor_pays(world, monkeypatch):
    more = LAST + Decimal("0.01")
    says(monkeypatch, plain_answer(more))
    with pytest.raises(Refused) as refusal:
        steps.planned(world)
    assert refusal.value.field == "claim_due_on"
    case = only_case(world)
    plan = services.settlement_propose(actor=world.viewer("FIN"), case=case, claim_due_on=date(2025, 11, 20))
    assert plan.plan == [
        {"source": "instalment:3", "amount": str(LAST)},
        {"source": "vendor", "amount": "0.01"},
    ]
    services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=True)
    claim = SeparateClaim.objects.get()
    assert (claim.amount, claim.due_on) == (Decimal("0.01"), date(2025, 11, 20))
    with pytest.raises(Refused):
        services.case_close(actor=world.viewer("FIN"), case=only_case(world))


def test_the_plan_is_decided_by_somebody_else_and_leaves_nothing_when_rejected(world):
    plan = steps.planned(world)
    with pytest.raises(NotAllowed):
        services.settlement_decide(actor=world.viewer("FIN"), settlement=plan, approve=True)
    services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=False, note="先等验收")
    assert only_case(world).state == "agreed"
    assert not Liability.objects.exists()
    assert not Deduction.objects.exists()


def test_frozen_is_not_deducted_and_is_lifted_by_the_settlement(world):
    case = steps.decided(world)
    services.penalty_freeze(actor=world.viewer("FIN"), case=case, milestone=milestone(world, "3"), note="协商未果")
    last = milestone(world, "3")
    assert (last.frozen, last.deducted) == (HEAVY, 0)
    services.penalty_agree(actor=world.viewer("IT"), case=case, note="判决书", uploads=[paper("judgment.pdf")])
    plan = services.settlement_propose(actor=world.viewer("FIN"), case=case)
    services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=True)
    last = milestone(world, "3")
    assert (last.frozen, last.deducted) == (0, HEAVY)


def test_waiving_needs_a_reason_a_manager_and_lifts_the_freeze(world):
    case = steps.decided(world)
    services.penalty_freeze(actor=world.viewer("FIN"), case=case, milestone=milestone(world, "3"))
    with pytest.raises(Refused):
        services.penalty_waive(actor=world.viewer("MGR"), case=case, reason=" ")
    with pytest.raises(NotAllowed):
        services.penalty_waive(actor=world.viewer("IT"), case=case, reason="算了")
    services.penalty_waive(actor=world.viewer("MGR"), case=case, reason="和解协议")
    assert only_case(world).state == "waived"
    assert not Freeze.objects.filter(lifted_at=None).exists()
    assert milestone(world, "3").frozen == 0


def test_adjusting_after_settlement_gives_back_by_counter_entries(world):
    case = steps.settled(world)
    wish = services.adjustment_propose(actor=world.viewer("FIN"), case=case, amount=LIGHT, reason="法院调减")
    with pytest.raises(NotAllowed):
        services.adjustment_decide(actor=world.viewer("FIN"), adjustment=wish, approve=True)
    with pytest.raises(Refused):  # approved the settlement that is taken back
        services.adjustment_decide(actor=world.viewer("MGR"), adjustment=wish, approve=True)
    services.adjustment_decide(actor=world.viewer("MGR2"), adjustment=wish, approve=True)
    assert [each.amount for each in Deduction.objects.order_by("pk")] == [HEAVY, -HEAVY, LIGHT]
    assert milestone(world, "3").deducted == LIGHT
    assert only_case(world).amount == LIGHT
    assert Liability.objects.get().amount == LIGHT


def test_the_cap_of_the_pool_above_is_shared(world, monkeypatch):
    rows = [row("long", "heaviest", HEAVY), row("long", "heaviest", HEAVY, of="i2")]
    both = answer(rows, [pool("i1", rows[:1]), pool("i2", rows[1:])], cap=HEAVY + LIGHT)
    says(monkeypatch, both)
    services.clues_raise(world.contract)
    amounts = []
    for case in PenaltyCase.objects.order_by("key_text"):
        services.facts_establish(actor=world.viewer("IT"), case=case)
        services.penalty_propose(actor=world.viewer("IT"), case=case)
        amounts.append(services.penalty_approve(actor=world.viewer("MGR"), case=case).amount)
    assert amounts == [HEAVY, LIGHT]


def test_every_step_is_in_the_journal_once(world):
    case = steps.decided(world)
    written = JournalEntry.objects.filter(object_type="penalties.penaltycase", object_id=str(case.pk))
    assert list(written.order_by("sequence").values_list("action", flat=True)) == [
        "penalty.raised",
        "penalty.established",
        "penalty.proposed",
        "penalty.approved",
        "penalty.notified",
        "penalty.objection",
        "penalty.decision",
    ]
