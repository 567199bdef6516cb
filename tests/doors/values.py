"""A value for every parameter of the whole URLconf: one real object of the world's contract for each kind of thing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.scoping import SYSTEM
from accounts.services.people import contact_add
from accounts.services.tokens import SCOPES, token_create
from billing import services as billing
from billing.models import (
    Allocation,
    FiscalHold,
    Invoice,
    Milestone,
    PaymentApplication,
    SecurityClaim,
    SecurityInstrument,
    SecurityOrder,
    SystemUse,
)
from billing.services import guarantee, guarantee_claims
from billing.services.allocation import allocation_propose
from billing.services.holds import hold_open
from billing.services.quantities import use_record
from contracts.models import CalendarYear, Contract, DefinitionVersion, Fact, ReadingChoice
from contracts.selectors import definition_for
from contracts.services.files import evidence_add
from documents.models import IssuedDocument
from documents.services import document_issue, payment_approval_issue
from obligations.models import Obligation, Reminder, Submission
from obligations.services.events import event_propose
from obligations.services.readings import money_readings, reading_propose
from obligations.services.reminders import chase, sweep
from obligations.services.submissions import submission_add
from penalties import services as penalties
from penalties.models import CaseAdjustment, PenaltyCase, Settlement
from sla import services as sla
from sla.models import Exclusion, Incident
from tests.billing.world import pdf
from tests.world import World

# The demonstration contract runs from 1 April 2026 to 31 March 2027; every table of routes plays on this day.
NOW = datetime.fromisoformat("2026-09-15T10:00:00+08:00")


def applied(world: World, *, number: str, note: str) -> PaymentApplication:
    """The first instalment's invoice handed in by the vendor, checked, and applied for by finance."""
    first = Milestone.objects.filter(contract=world.contract).order_by("position")[0]
    invoice = billing.invoice_add(
        actor=world.viewer("VND"),
        milestone=first,
        number=number,
        amount=first.amount,
        issued_on=date(2026, 4, 20),
        upload=pdf("invoice.pdf"),
    )
    billing.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=True, note=note)
    return billing.payment_apply(actor=world.viewer("FIN"), milestone=first, amount=first.amount, note=note)


def handed_in(world: World, *, note: str) -> Submission:
    """A report of the vendor's with a file, waiting for review; the buyer pressed for it before."""
    report = Obligation.objects.filter(contract=world.contract, obligor="vendor", kind="contractual", state="open")
    late = report.filter(due_on__lt=timezone.now().date()).order_by("due_on", "pk")[0]
    chase(actor=world.viewer("IT"), obligation=late, note=note)
    sweep(timezone.now())
    return submission_add(
        actor=world.viewer("VND"),
        obligation=late,
        done_on=late.due_on,
        note=note,
        uploads=[pdf(f"{note}.pdf")],
        reference=note,
    )


def shared(world: World, *, note: str) -> tuple[SystemUse, Allocation]:
    """What one system uses of the first row, and a proposed version of the allocation."""
    proof = {"effective_on": date(2026, 4, 1), "evidence_title": note, "reference": note}
    use = use_record(
        actor=world.viewer("IT"), contract=world.contract, line=1, system="s1", quantity=Decimal(3), note=note, **proof
    )
    version = allocation_propose(
        actor=world.viewer("FIN"), contract=world.contract, method="equal", reason=note, **proof
    )
    return use, version


def settled(world: World, application: PaymentApplication, *, note: str) -> dict[str, int]:
    """What the vendor owes, deducted and claimed; a payment being reversed; another account proposed."""
    finance, manager = world.viewer("FIN"), world.viewer("MGR")
    last = Milestone.objects.filter(contract=world.contract).order_by("-position")[0]
    liability = billing.liability_open(
        actor=manager,
        contract=world.contract,
        source_key="doors",
        title="迟延履约金",
        clause="8.1",
        amount=Decimal(300),
    )
    deduction = billing.deduction_add(
        actor=finance, liability=liability, milestone=last, amount=Decimal(100), note=note
    )
    claim = billing.separate_claim_add(
        actor=finance, liability=liability, amount=Decimal(100), due_on=date(2026, 12, 1), note=note, out_of_order=True
    )
    met = billing.separate_claim_add(
        actor=finance, liability=liability, amount=Decimal(50), due_on=date(2026, 12, 1), note=note, out_of_order=True
    )
    met = billing.separate_claim_settle(
        actor=finance, claim=met, settled_on=date(2026, 9, 1), bank_reference=f"BOC-DOORS-3-{world.contract.pk}"
    )
    refund = billing.refund_add(
        actor=manager, claim=met, amount=Decimal(10), note=note, ordered_by=world.person["FIN"].pk
    )
    second = applied_again(world, note=note)
    billing.payment_decide(actor=manager, application=second, approve=True)
    payment = billing.payment_post(
        actor=finance, application=second, paid_on=date(2026, 9, 1), bank_reference=f"BOC-DOORS-1-{world.contract.pk}"
    )
    reversal = billing.reversal_propose(
        actor=finance,
        payment=payment,
        happened_on=date(2026, 9, 2),
        bank_reference=f"BOC-DOORS-2-{world.contract.pk}",
        reason=note,
    )
    change = billing.payee_propose(
        actor=finance, contract=world.contract, name=note, bank=note, account="6222000099998888",
        letter=pdf(f"{note}-letter.pdf"), reason=note,
    )  # fmt: skip
    return {
        "liability_id": liability.pk,
        "deduction_id": deduction.pk,
        "separate_id": claim.pk,
        "refund_id": refund.pk,
        "payment_id": payment.pk,
        "reversal_id": reversal.pk,
        "change_id": change.pk,
    }


def applied_again(world: World, *, note: str) -> PaymentApplication:
    """The second instalment in part."""
    second = Milestone.objects.filter(contract=world.contract).order_by("position")[1]
    invoice = billing.invoice_add(
        actor=world.viewer("VND"),
        milestone=second,
        number=f"261120000000{world.contract.pk:08d}",
        amount=Decimal(50),
        issued_on=date(2026, 4, 21),
        upload=pdf("second.pdf"),
    )
    billing.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=True, note=note)
    return billing.payment_apply(actor=world.viewer("FIN"), milestone=second, amount=Decimal(50), note=note)


def told_of_delay(world: World, *, reason: str) -> IssuedDocument:
    """A letter to the vendor: public funds delay the last instalment."""
    last = Milestone.objects.filter(contract=world.contract).select_related("contract").order_by("-position")[0]
    hold = hold_open(actor=world.viewer("FIN"), milestone=last, known_on=date(2026, 9, 10), reason=reason)
    return document_issue(actor=world.viewer("FIN"), kind="delay_notice", key=str(hold.pk))


def secured(world: World, *, note: str, inside: str) -> tuple[SecurityInstrument, SecurityClaim, SecurityOrder]:
    """A deposit the vendor paid in and the manager accepted, a claim on it and a correction nobody has decided."""
    instrument = guarantee.instrument_submit(
        actor=world.viewer("VND"), contract=world.contract, security="deposit", form="cash", number="CASH-1",
        amount=Decimal("28800.00"), note=note,
    )  # fmt: skip
    instrument = guarantee.instrument_decide(actor=world.viewer("MGR"), instrument=instrument, accept=True, note=inside)
    liability = billing.liability_open(
        actor=world.viewer("MGR"), contract=world.contract, source_key="doors-settlement", title="违约金", clause="8.3",
        amount=Decimal("100.00"), note=inside,
    )  # fmt: skip
    claim = guarantee_claims.security_claim_propose(
        actor=world.viewer("FIN"), instrument=instrument, ground="liability", amount=Decimal("100.00"), reason=inside,
        liability=liability,
    )  # fmt: skip
    further = guarantee.instrument_submit(
        actor=world.viewer("FIN"), contract=world.contract, security="deposit", form="cash", number="CASH-2",
        amount=Decimal("1.00"),
    )  # fmt: skip
    further = guarantee.instrument_decide(actor=world.viewer("MGR"), instrument=further, accept=True, note=inside)
    order = guarantee.order_propose(
        actor=world.viewer("FIN"), instrument=further, kind="counter", amount=Decimal("1.00"),
        on=timezone.localdate(), reference=inside, note=inside, counters=further.movements.get(),
    )  # fmt: skip
    return instrument, claim, order


def draft(contract: Contract) -> DefinitionVersion:
    """A later version that waits to be activated."""
    active = contract.versions.get(state="active")
    return DefinitionVersion.objects.create(
        contract=contract,
        number=active.number + 1,
        state="draft",
        sha256=f"{contract.pk:064d}",
        data=active.data,
        dependencies=active.dependencies,
    )


def proposed(world: World, *, note: str) -> Fact:
    """An acceptance that IT reported and the manager has not confirmed."""
    return event_propose(
        actor=world.viewer("IT"), contract=world.contract, name="acceptance_signed", on=date(2026, 9, 1), note=note
    )


def reading_waiting(world: World, *, note: str) -> ReadingChoice:
    """A reading that moves money, proposed by IT and waiting for the manager."""
    definition = definition_for(world.contract)
    name = min(money_readings(definition))
    reading = definition.readings[name]
    other = next(key for key in reading.keys if key != reading.default)
    return reading_propose(actor=world.viewer("IT"), contract=world.contract, name=name, option=other, reason=note)


def penalty_cases(world: World, *, note: str, inside: str) -> tuple[PenaltyCase, Settlement, CaseAdjustment]:
    """A penalty that was issued, with the vendor's words and the buyer's own; a plan and an adjustment of another."""
    rows: list[PenaltyCase] = []
    for number in (1, 2):
        case = PenaltyCase.objects.create(
            contract=world.contract, number=f"{world.contract.pk}-P-{number}", target="rule:staff_short",
            key={"m": f"2026-0{number}"}, key_text=f"2026-0{number}", title="缺员", clause="10.1",
            state="notified", low=500, high=500, amount=500, raised_at=timezone.now(), issued_at=timezone.now(),
            proposed_by=world.person["IT"],
            approved_by=world.person["MGR"], notice_method="mail",
        )  # fmt: skip
        rows.append(case)
    issued, agreed = rows
    penalties.statement_add(actor=world.viewer("IT"), case=issued, text=inside, internal=True)
    penalties.statement_add(actor=world.viewer("VND"), case=issued, text=note, uploads=[pdf(f"{note}.pdf")])
    wish = CaseAdjustment.objects.create(
        case=agreed, before=500, after=400, reason=inside, proposed_by=world.person["FIN"], proposed_at=timezone.now()
    )
    agreed = penalties.penalty_accept(actor=world.viewer("VND"), case=agreed, note=note)
    plan = penalties.settlement_propose(
        actor=world.viewer("FIN"), case=agreed, claim_due_on=date(2026, 12, 1), note=inside
    )
    return issued, plan, wish


def incident_of(world: World, *, note: str, inside: str) -> tuple[Incident, Exclusion]:
    """A fault both parties know of, with what the buyer noted about it and an exclusion to decide."""
    actor, reported = world.viewer("IT"), datetime.fromisoformat("2026-09-10T09:00:00+08:00")
    incident = sla.incident_register(
        actor=actor, contract=world.contract, title=note, reported_at=reported, systems=["s1"], down_since=reported
    )
    sla.finding_record(
        actor=actor, incident=incident, name="provider_fault", value=True, established_by=inside, paper=inside,
        note=inside,
    )  # fmt: skip
    claim = sla.exclusion_claim(
        actor=actor, contract=world.contract, incident=incident, ground="cutover", system="s1", starts_at=reported,
        ends_at=reported + timedelta(minutes=5), note=inside,
    )  # fmt: skip
    sla.paper_add(actor=actor, exclusion=claim, name="notice", reference=inside)
    return incident, claim


def route_values(
    world: World, *, note: str = "按期提交", inside: str = "内部说明", number: str = "26112000000012345678"
) -> dict[Any, Any]:
    """One value per parameter name; a name that means different things on two routes is keyed (route, name).

    `note` is what the vendor writes, in every text it may write; `inside` what the buyer keeps to itself.
    """
    submission = handed_in(world, note=note)
    application = applied(world, number=number, note=inside)
    document = payment_approval_issue(actor=world.viewer("FIN"), application=application)
    letter = told_of_delay(world, reason=note)
    hold = FiscalHold.objects.get(contract=world.contract)
    fact = proposed(world, note=inside)
    evidence_add(
        actor=world.viewer("IT"), contract=world.contract, title=inside, reference=inside, buyer_only=True,
        upload=pdf(f"{inside}.pdf"),
    )  # fmt: skip
    contact = contact_add(
        actor=SYSTEM, party=world.parties["vendor"], purpose="notice", name=note, email="notice@example.invalid"
    )
    token, _secret = token_create(actor=world.viewer("IT"), name=inside, scopes=list(SCOPES), days=30)
    evidence = submission.evidence.filter(file__isnull=False).get()
    definition = definition_for(world.contract)
    case, plan, wish = penalty_cases(world, note=note, inside=inside)
    choice = reading_waiting(world, note=inside)
    use, version = shared(world, note=inside)
    instrument, claim, order = secured(world, note=note, inside=inside)
    incident, exclusion = incident_of(world, note=note, inside=inside)
    return {
        "incident_id": incident.pk,
        "exclusion_id": exclusion.pk,
        "spell_id": incident.spells.get().pk,
        "month": "2026-09",
        ("web:finding_enter", "name"): "provider_fault",
        **settled(world, application, note=inside),
        "hold_id": hold.pk,
        "use_id": use.pk,
        "instrument_id": instrument.pk,
        "order_id": order.pk,
        **{
            (f"web:security_claim{step}", "claim_id"): claim.pk
            for step in ("", "_decide", "_deliver", "_answer", "_close")
        },
        **{
            (route, "code"): "deposit"
            for route in (
                "web:security",
                "web:security_fees",
                "web:instrument_add",
                "portal:security",
                "portal:instrument_add",
            )
        },
        ("web:security_change", "kind"): "counter",
        "allocation_id": version.pk,
        "contract_id": world.contract.pk,
        "obligation_id": submission.obligation_id,
        "milestone_id": application.milestone_id,
        "invoice_id": Invoice.objects.get(milestone=application.milestone_id).pk,
        "application_id": application.pk,
        "document_id": document.pk,
        ("portal:document_pdf", "document_id"): letter.pk,
        ("web:document_issue_of", "kind"): "payment_ledger",
        ("web:document_issue_of", "subject_id"): world.contract.pk,
        "file_id": evidence.file_id,
        "fact_id": fact.pk,
        "version_id": draft(world.contract).pk,
        "reminder_id": Reminder.objects.filter(recipient=world.person["VND"])[0].pk,
        "line_number": world.contract.line_items.order_by("number")[0].number,
        "calendar_id": CalendarYear.objects.order_by("pk")[0].pk,
        "person_id": world.person["VND2"].pk,
        "membership_id": world.person["VND2"].memberships.get().pk,
        "party_id": world.parties["vendor"].pk,
        "contact_id": contact.pk,
        "token_id": token.pk,
        "token": document.token,
        "uidb36": "1",
        "key": "not-a-key",
        "choice_id": choice.pk,
        "case_id": case.pk,
        "settlement_id": plan.pk,
        "adjustment_id": wish.pk,
        ("web:penalty_imagine", "name"): sorted(definition.items)[0],
        ("web:contract_reading", "name"): choice.name,
        ("web:event_record", "name"): sorted(definition.events)[0],
        ("web:thing_record", "name"): sorted(definition.items)[0],
    }
