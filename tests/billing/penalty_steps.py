"""Steps of money, continued: a penalty from the clue to its adjustment, on both sides."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from penalties import services as penalties
from penalties.models import CaseAdjustment, PenaltyCase, Settlement
from sla import services as sla
from tests.billing.money_steps import EARLIER, Post, next_number, step
from tests.billing.world import pdf
from tests.world import World

# --- penalties -------------------------------------------------------------------------------------------------------


def short_of_staff(world: World) -> PenaltyCase:
    """The clue that one person too few was on site in a month of its own."""
    known = PenaltyCase.objects.filter(contract=world.contract, target="rule:staff_short").count()
    sla.figure_record(
        actor=world.viewer("IT"), contract=world.contract, series="staff_on_site", period=f"2026-{4 + known:02d}",
        system="", value="10", method="考勤",
    )  # fmt: skip
    penalties.clues_raise(world.contract)
    return PenaltyCase.objects.filter(contract=world.contract, target="rule:staff_short").order_by("-pk")[0]


def case(world: World, state: str, **given: Any) -> PenaltyCase:
    """A case that has come to `state`."""
    number = next_number()
    values: dict[str, Any] = {
        "number": f"STEPS-{number}", "target": "pool:deductions", "key_text": f"第 {number} 期", "title": "迟交",
        "clause": "10.2", "low": 60, "high": 60, "amount": 60, "raised_at": timezone.now(),
        "issued_at": timezone.now(), "proposed_by": world.person["IT"], "approved_by": world.person["MGR"],
        "notice_method": "mail", "sent_on": EARLIER,
    }  # fmt: skip
    made: PenaltyCase = PenaltyCase.objects.create(contract=world.contract, state=state, **values | given)
    return made


def planned(world: World) -> Settlement:
    return penalties.settlement_propose(
        actor=world.viewer("FIN"), case=case(world, "agreed"), claim_due_on=date(2026, 12, 1)
    )


def settled(world: World) -> PenaltyCase:
    plan = planned(world)
    penalties.settlement_decide(actor=world.viewer("MGR2"), settlement=plan, approve=True)
    return PenaltyCase.objects.get(pk=plan.case_id)


@step("web:penalty_establish")
def it_establishes_the_facts(world: World) -> Post:
    return Post("IT", [short_of_staff(world).pk])


def established_case(world: World) -> PenaltyCase:
    """The case that an earlier step left established, or one of a further month."""
    left = PenaltyCase.objects.filter(contract=world.contract, state="established").first()
    return left or penalties.facts_establish(actor=world.viewer("IT"), case=short_of_staff(world), note="已核对")


@step("web:penalty_propose")
def it_proposes_a_penalty(world: World) -> Post:
    return Post("IT", [established_case(world).pk])


def proposed_case(world: World) -> PenaltyCase:
    found = established_case(world)
    return penalties.penalty_propose(actor=world.viewer("IT"), case=found, note="请审批")


@step("web:penalty_adopt")
def it_adopts_a_result_of_the_sheet(world: World) -> Post:
    clue = short_of_staff(world)
    return Post("IT", [world.contract.pk], {"target": clue.target, "key": clue.key_text})


@step("web:penalty_cancel")
def it_takes_a_proposal_back(world: World) -> Post:
    return Post("IT", [proposed_case(world).pk])


@step("web:penalty_approve")
def the_manager_approves_a_penalty(world: World) -> Post:
    return Post("MGR", [proposed_case(world).pk])


@step("web:penalty_notify")
def finance_records_the_penalty_notice(world: World) -> Post:
    found = case(world, "approved", issued_at=None, notice_method="", sent_on=None)
    return Post("FIN", [found.pk], {"reference": "EMS 2"})


@step("web:penalty_delivery")
def finance_records_the_delivery_of_the_notice(world: World) -> Post:
    return Post("FIN", [case(world, "notified").pk], {"reference": "EMS 2"})


@step("web:penalty_statement")
def it_answers_the_vendor(world: World) -> Post:
    return Post("IT", [case(world, "objected").pk])


@step("web:penalty_minutes")
def finance_files_minutes(world: World) -> Post:
    return Post("FIN", [case(world, "objected").pk], {"uploads": pdf("minutes.pdf")})


@step("web:penalty_decide")
def another_manager_decides_the_objection(world: World) -> Post:
    found = penalties.penalty_approve(actor=world.viewer("MGR"), case=proposed_case(world))
    PenaltyCase.objects.filter(pk=found.pk).update(state="objected", issued_at=timezone.now(), notice_method="mail")
    return Post("MGR2", [found.pk], {"decision": "upheld"})


@step("web:penalty_agree")
def finance_records_that_it_is_final(world: World) -> Post:
    found = case(world, "decided", decision="upheld", decided_by=world.person["MGR2"])
    return Post("FIN", [found.pk], {"uploads": pdf("letter.pdf")})


@step("web:penalty_waive")
def another_manager_waives_a_case(world: World) -> Post:
    return Post("MGR2", [case(world, "notified").pk])


@step("web:penalty_freeze")
def finance_freezes_the_amount(world: World) -> Post:
    found = case(world, "decided", decision="upheld", decided_by=world.person["MGR2"])
    return Post("FIN", [found.pk])


@step("web:penalty_settle")
def finance_plans_the_settlement(world: World) -> Post:
    return Post("FIN", [case(world, "agreed").pk], {"claim_due_on": "2026-12-01"})


@step("web:settlement_decide")
def the_manager_approves_the_settlement(world: World) -> Post:
    return Post("MGR2", [planned(world).pk])


@step("web:penalty_close")
def finance_closes_a_settled_case(world: World) -> Post:
    return Post("FIN", [settled(world).pk])


@step("web:penalty_adjust")
def finance_proposes_an_adjustment(world: World) -> Post:
    return Post("FIN", [settled(world).pk], {"amount": "10.00"})


@step("web:adjustment_decide")
def the_manager_approves_the_adjustment(world: World) -> Post:
    wish: CaseAdjustment = penalties.adjustment_propose(
        actor=world.viewer("FIN"), case=settled(world), amount=Decimal(10), reason="多算"
    )
    return Post("MGR", [wish.pk])  # the other manager carried the settlement out


@step("portal:penalty_object")
def the_vendor_objects(world: World) -> Post:
    return Post("VND", [case(world, "notified").pk])


@step("portal:penalty_retract")
def the_vendor_takes_the_objection_back(world: World) -> Post:
    found = case(world, "objected", objected_by=world.person["VND"], objected_at=timezone.now())
    return Post("VND", [found.pk])


@step("portal:penalty_accept")
def the_vendor_accepts(world: World) -> Post:
    return Post("VND", [case(world, "notified").pk])


@step("portal:penalty_statement")
def the_vendor_adds_a_statement(world: World) -> Post:
    return Post("VND", [case(world, "objected").pk])


@step("portal:penalty_opinion")
def the_supervisor_gives_an_opinion(world: World) -> Post:
    return Post("SUP", [case(world, "objected").pk])
