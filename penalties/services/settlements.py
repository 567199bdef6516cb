"""Settling an agreed penalty through billing: the plan is shown first, approved by another person, and carried out in
that very transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Milestone
from billing.services.claims import separate_claim_add
from billing.services.deductions import deduction_add, freeze_lift
from billing.services.liabilities import liability_open
from contracts.errors import Refused
from contracts.selectors import today_for
from penalties import rules
from penalties.models import CaseEntry, PenaltyCase, Settlement
from penalties.plans import sources_of
from penalties.services.common import case_locked, clean_text, enter, move, person
from penalties.services.disputes import freeze_key

Kind, State = CaseEntry.Kind, PenaltyCase.State


def plan_for(case: PenaltyCase, wishes: Mapping[str, Decimal] | None = None) -> tuple[rules.Part, ...]:
    """How the case's amount would be met: the sources of the definition's settlement in their order (an instalment
    first, the rest paid by the vendor), or as wished. Nothing is written. Raises Refused."""
    assert case.amount is not None
    try:
        return rules.settlement_plan(case.amount, sources_of(case), wishes)
    except rules.PlanRefused as error:
        raise Refused(
            {
                "too_much": _("A source is asked for more than it has. Lower its part."),
                "uncovered": _("The parts do not add up to the amount."),
                "negative": _("A part cannot be negative."),
                "unknown": _("Choose a source from the list."),
            }[error.code],
            "plan",
        ) from error


def settlement_propose(
    *,
    actor: Viewer,
    case: PenaltyCase,
    wishes: Mapping[str, Decimal] | None = None,
    claim_due_on: date | None = None,
    note: str = "",
) -> Settlement:
    """Plan how an agreed penalty is met; nothing moves before another person approves. `claim_due_on` is the day set
    for what the vendor pays itself: the contract gives none. Raises Refused."""
    require(actor, "penalty.settle", case)
    text = clean_text(note, limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        if locked.state != State.AGREED or locked.amount is None:
            raise Refused(_("Only an agreed penalty is settled."))
        parts = plan_for(locked, wishes)
        by_vendor = any(part.source == "vendor" for part in parts)
        if by_vendor and (claim_due_on is None or claim_due_on < today_for(locked.contract)):
            raise Refused(_("Set the day by which the vendor pays its part."), "claim_due_on")
        try:
            with transaction.atomic():
                plan: Settlement = Settlement.objects.create(
                    case=locked,
                    plan=[{"source": part.source, "amount": str(part.amount)} for part in parts],
                    amount=locked.amount,
                    claim_due_on=claim_due_on if by_vendor else None,
                    note=text,
                    planned_by_id=person(actor),
                    planned_at=timezone.now(),
                )
        except IntegrityError as error:
            raise Refused(_("A plan already waits for approval.")) from error
        enter(locked, Kind.PLANNED, actor=actor, text=text, amount=plan.amount)
        return plan


def settlement_decide(*, actor: Viewer, settlement: Settlement, approve: bool, note: str = "") -> Settlement:
    """Approve a plan and carry it out in this transaction, or reject it with a reason; never by the planner.

    Approved: the liability is opened, freezes of the case are lifted, every part goes to billing, the case is settled.
    Raises Refused (also when an instalment no longer has the room), ReauthenticationRequired.
    """
    require(actor, "penalty.settle.approve", settlement)
    needed = "" if approve else _("Say why the plan is rejected: finance reads it.")
    text = clean_text(note, required=needed, limit=1000)
    with transaction.atomic():
        case = case_locked(settlement.case)
        plan = Settlement.objects.select_for_update(of=("self",)).get(pk=settlement.pk)
        if plan.state != Settlement.State.PLANNED:
            raise Refused(_("This plan has already been decided."))
        if plan.planned_by_id == person(actor):
            raise Refused(_("You made this plan. Somebody else must decide it."))
        plan.state = Settlement.State.DONE if approve else Settlement.State.REJECTED
        plan.decided_by_id, plan.decided_at, plan.decision_note = person(actor), timezone.now(), text
        plan.save()
        if approve:
            _carry_out(case, plan, actor=actor, text=text)
        else:
            enter(case, Kind.REJECTED, actor=actor, text=text, amount=plan.amount)
        return plan


def _carry_out(case: PenaltyCase, plan: Settlement, *, actor: Viewer, text: str) -> None:
    before = move(case, "settle")
    if plan.amount != case.amount:
        raise Refused(_("The amount of the case has changed since the plan was made. Plan anew."))
    parts = [rules.Part(each["source"], Decimal(each["amount"])) for each in plan.plan]
    key = freeze_key(case)
    freeze_lift(actor=actor, contract=case.contract, source_key=key, note=text)
    liability = liability_open(
        actor=actor,
        contract=case.contract,
        source_key=key,
        title=case.title,
        clause=case.clause or "—",
        amount=plan.amount,
        note=text,
        deductible=any(source.key.startswith("instalment:") for source in sources_of(case)),
    )
    for part in parts:
        kind, _colon, name = part.source.partition(":")
        if kind == "instalment":
            milestone = Milestone.objects.get(contract=case.contract, code=name)
            deduction_add(
                actor=actor, liability=liability, milestone=milestone, amount=part.amount, note=case.number,
                decided_by=plan.planned_by_id,
            )  # fmt: skip
        else:
            assert plan.claim_due_on is not None
            separate_claim_add(
                actor=actor, liability=liability, amount=part.amount, due_on=plan.claim_due_on,
                note=plan.note or case.number, out_of_order=True,
            )  # fmt: skip
    case.liability = liability
    case.save()
    enter(case, Kind.SETTLED, actor=actor, text=text, amount=plan.amount, internal=False, before=before)


def case_close(*, actor: Viewer, case: PenaltyCase, note: str = "") -> PenaltyCase:
    """Close a settled case once the vendor has paid what it had to pay itself. Raises Refused."""
    require(actor, "penalty.settle", case)
    text = clean_text(note, limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, "close")
        if locked.liability is not None and locked.liability.claims.filter(state="open").exists():
            raise Refused(_("A claim on the vendor is still open. Record its payment first."))
        locked.closed_at = timezone.now()
        locked.save()
        enter(locked, Kind.CLOSED, actor=actor, text=text, internal=False, before=before)
        return locked
