"""The demonstration's told story, with a real thing of it for every parameter of an address. What the story leaves out,
because a demonstration needs no more of it, is added here through the same services."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.scoping import Viewer, viewer_for
from tests.billing.world import pdf
from tests.doors.values import draft


def told() -> dict[str, Any]:
    """Both shipped contracts with their people, and the story told on the fictional one, by folder name."""
    from web.demo import loading, story

    loaded = loading.load_all(today=timezone.localdate(), say=lambda _text: None)
    story.tell(loaded, today=timezone.localdate(), say=lambda _text: None)
    return loaded


def person(username: str) -> Viewer:
    """A person of the cast, signed in a moment ago."""
    from accounts.models import User

    return replace(viewer_for(User.objects.get(username=username)), authenticated_at=timezone.now())


def addresses(contract: Any) -> dict[Any, Any]:
    """A real thing of the told contract for every parameter; (route, name) where a name means several things."""
    return {**_duties(contract), **_service(contract), **_money(contract), **_securities(contract), **_docket(contract)}


def _duties(contract: Any) -> dict[Any, Any]:
    from accounts.models import User
    from contracts.models import CalendarYear, ReadingChoice
    from contracts.selectors import definition_for, today_for
    from obligations.models import Submission
    from obligations.services.events import event_propose

    definition = definition_for(contract)
    user = User.objects.get(username="it")
    waiting = Submission.objects.filter(obligation__contract=contract, state="submitted")[0]
    proposal = event_propose(
        actor=person("it"), contract=contract, name="acceptance_signed", on=today_for(contract), note="验收报告已签"
    )
    return {
        "contract_id": contract.pk,
        "obligation_id": waiting.obligation_id,
        "fact_id": proposal.pk,
        "version_id": draft(contract).pk,
        "choice_id": ReadingChoice.objects.get(contract=contract, state="proposed").pk,
        "calendar_id": CalendarYear.objects.order_by("-year")[0].pk,
        "person_id": user.pk,
        "membership_id": user.memberships.get().pk,
        "party_id": contract.vendor_id,
        ("web:contract_reading", "name"): sorted(definition.readings)[0],
        ("web:event_record", "name"): sorted(definition.events)[0],
        ("web:thing_record", "name"): sorted(definition.items)[0],
        ("web:penalty_imagine", "name"): "incident",
    }


def _service(contract: Any) -> dict[Any, Any]:
    from contracts.selectors import today_for
    from sla.models import Incident

    incident = Incident.objects.filter(contract=contract, exclusions__state="claimed")[0]
    return {
        "incident_id": incident.pk,
        "exclusion_id": incident.exclusions.get().pk,
        "spell_id": incident.spells.filter(superseded_at=None)[0].pk,
        "month": f"{today_for(contract):%Y-%m}",
        ("web:finding_enter", "name"): "people_affected",
    }


def _money(contract: Any) -> dict[Any, Any]:
    from accounts.models import User
    from billing import services as billing
    from billing.models import (
        Allocation,
        Deduction,
        Invoice,
        Milestone,
        PayeeChange,
        Payment,
        PaymentReversal,
        SeparateClaim,
        SystemUse,
    )
    from billing.services.holds import hold_open
    from contracts.selectors import today_for
    from documents.models import IssuedDocument

    unpaid = Milestone.objects.filter(contract=contract, invoices__state="received")[0]
    first = Payment.objects.filter(contract=contract).order_by("pk")[0]
    document = IssuedDocument.objects.filter(contract=contract, kind="payment_approval")[0]
    today = today_for(contract)
    hold = hold_open(actor=person("fin"), milestone=unpaid, known_on=today, reason="额度未下达")
    open_liability = billing.liability_open(
        actor=person("mgr"), contract=contract, source_key="pages", title="迟延赔偿", clause="8.1", amount=Decimal(300)
    )
    claim = SeparateClaim.objects.get(contract=contract)
    met = billing.separate_claim_add(
        actor=person("fin"), liability=open_liability, amount=Decimal(50), due_on=today, note="另付", out_of_order=True
    )
    met = billing.separate_claim_settle(actor=person("fin"), claim=met, settled_on=today, bank_reference="PAGES-50")
    refund = billing.refund_add(
        actor=person("mgr"), claim=met, amount=Decimal(10), note="多收", ordered_by=User.objects.get(username="fin").pk
    )
    return {
        "refund_id": refund.pk,
        "milestone_id": unpaid.pk,
        "invoice_id": unpaid.invoices.get(state="received").pk,
        ("web:credit_note_add", "invoice_id"): Invoice.objects.filter(contract=contract, state="checked")[0].pk,
        "application_id": first.application_id,
        "payment_id": first.pk,
        "reversal_id": PaymentReversal.objects.get(contract=contract).pk,
        "change_id": PayeeChange.objects.get(contract=contract).pk,
        "hold_id": hold.pk,
        "liability_id": open_liability.pk,
        "deduction_id": Deduction.objects.get(contract=contract).pk,
        "separate_id": claim.pk,
        "allocation_id": Allocation.objects.get(contract=contract).pk,
        "use_id": SystemUse.objects.filter(contract=contract)[0].pk,
        "document_id": document.pk,
        "token": document.token,
    }


def _securities(contract: Any) -> dict[Any, Any]:
    from billing.models import SecurityClaim, SecurityInstrument
    from billing.services import guarantee
    from contracts.selectors import definition_for, today_for

    code = sorted(definition_for(contract).securities)[0]
    held = SecurityInstrument.objects.get(contract=contract, security=code)
    further = guarantee.instrument_submit(
        actor=person("vendor"), contract=contract, security=code, form="cash", number="TOP-UP", amount=Decimal(860)
    )
    correctable = guarantee.instrument_submit(
        actor=person("fin"), contract=contract, security=code, form="cash", number="WRONG", amount=Decimal(1)
    )
    correctable = guarantee.instrument_decide(actor=person("mgr"), instrument=correctable, accept=True, note="已到账")
    order = guarantee.order_propose(
        actor=person("fin"), instrument=correctable, kind="counter", amount=Decimal(1), on=today_for(contract),
        reference="更正", note="重复登记", counters=correctable.movements.get(),
    )  # fmt: skip
    return {
        "code": code,
        "instrument_id": held.pk,
        ("web:instrument_decide", "instrument_id"): further.pk,
        ("web:security_change", "kind"): "release",
        "order_id": order.pk,
        "claim_id": SecurityClaim.objects.get(contract=contract).pk,
    }


def _docket(contract: Any) -> dict[Any, Any]:
    from contracts.selectors import today_for
    from penalties import services as penalties
    from penalties.models import PenaltyCase

    def case(state: str) -> Any:
        return PenaltyCase.objects.filter(contract=contract, state=state).exclude(amount=None).order_by("pk")[0]

    clue = PenaltyCase.objects.filter(contract=contract, state="clue").exclude(low=None)[0]
    wish = penalties.adjustment_propose(
        actor=person("fin"), case=case("settled"), amount=Decimal(500), reason="请假单补交"
    )
    agreed = penalties.penalty_agree(
        actor=person("fin"), case=case("frozen"), note="双方签署会谈纪要", uploads=[pdf("minutes.pdf")]
    )
    plan = penalties.settlement_propose(
        actor=person("fin"), case=agreed, claim_due_on=today_for(contract) + timedelta(days=20)
    )
    at = {
        "clue": ("finding", "establish", "propose", "waive"),
        "proposed": ("cancel", "approve", "notify"),
        "notified": ("delivery", "statement", "minutes", "agree", "freeze"),
        "settled": ("close", "adjust"),
    }
    found = {
        f"web:penalty_{act}": clue if state == "clue" else case(state) for state, acts in at.items() for act in acts
    }
    found |= {f"portal:penalty_{act}": case("notified") for act in ("object", "accept", "statement", "opinion")}
    found["web:penalty_settle"] = agreed
    return {
        "case_id": case("objected").pk,
        **{(route, "case_id"): row.pk for route, row in found.items()},
        "settlement_id": plan.pk,
        "adjustment_id": wish.pk,
    }
