"""Settling an agreed penalty through billing: the plan is shown first, approved by another person, and carried out in
that very transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Liability, Milestone, Refund, SecurityClaim, SecurityInstrument, SeparateClaim
from billing.services.claims import separate_claim_add
from billing.services.deductions import deduction_add, freeze_lift
from billing.services.guarantee import UNDER_WAY
from billing.services.guarantee_claims import security_claim_order
from billing.services.liabilities import liability_open, liability_room
from contracts.errors import Refused
from contracts.selectors import today_for
from penalties import rules
from penalties.models import CaseEntry, PenaltyCase, Settlement
from penalties.plans import VENDOR, Options, options_of, refuse_over
from penalties.services.common import case_locked, clean_text, enter, move, person
from penalties.services.disputes import freeze_key

Kind, State = CaseEntry.Kind, PenaltyCase.State


def plan_for(case: PenaltyCase, wishes: Mapping[str, Decimal] | None = None) -> tuple[rules.Part, ...]:
    """How the case's amount would be met: the sources of the definition's settlement in their order (an instalment
    first, the rest paid by the vendor), or as wished; a security only where wished, within its validity. Nothing is
    written. Raises Refused."""
    assert case.amount is not None
    return parts_of(case, case.amount, wishes)


def parts_of(case: PenaltyCase, amount: Decimal, wishes: Mapping[str, Decimal] | None = None) -> tuple[rules.Part, ...]:
    """The same for any amount of the case. Raises Refused, also for a security whose validity is over."""
    return parts_from(options_of(case), amount, wishes)


def parts_from(
    options: Options, amount: Decimal, wishes: Mapping[str, Decimal] | None = None
) -> tuple[rules.Part, ...]:
    """The same from options already read."""
    refuse_over(options.securities, wishes or {})
    try:
        return rules.settlement_plan(amount, options.sources, wishes)
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
        by_vendor = refuse_undated(locked, parts, claim_due_on)
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


def refuse_undated(case: PenaltyCase, parts: Iterable[rules.Part], due_on: date | None) -> bool:
    """Whether the vendor pays a part itself. Raises Refused where it does and no day from today on is set for it."""
    by_vendor = any(part.source == VENDOR for part in parts)
    if by_vendor and (due_on is None or due_on < today_for(case.contract)):
        raise Refused(_("Set the day by which the vendor pays its part."), "claim_due_on")
    return by_vendor


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
        deductible=any(source.key.startswith("instalment:") for source in options_of(case).sources),
    )
    parts_carry_out(
        case, liability, parts, actor=actor, by=plan.planned_by_id, due_on=plan.claim_due_on, note=plan.note
    )
    case.liability = liability
    case.save()
    enter(case, Kind.SETTLED, actor=actor, text=text, amount=plan.amount, internal=False, before=before)


def parts_carry_out(
    case: PenaltyCase,
    liability: Liability,
    parts: Iterable[rules.Part],
    *,
    actor: Viewer,
    by: int,
    due_on: date | None,
    note: str = "",
) -> None:
    """Hand every part of a plan to billing: deducted, claimed from a security, or claimed from the vendor until
    `due_on`. `by` is the person who planned it, the actor approves it. Raises Refused."""
    for part in parts:
        kind, _colon, name = part.source.partition(":")
        if kind == "instalment":
            milestone = Milestone.objects.get(contract=case.contract, code=name)
            deduction_add(
                actor=actor, liability=liability, milestone=milestone, amount=part.amount, note=case.number,
                decided_by=by,
            )  # fmt: skip
        elif kind == "guarantee":
            instrument = SecurityInstrument.objects.get(contract=case.contract, pk=int(name))
            security_claim_order(
                actor=actor, instrument=instrument, liability=liability, amount=part.amount, by=by,
                reason=f"{case.number} {case.title}",
            )  # fmt: skip
        else:
            if due_on is None or due_on < today_for(case.contract):
                raise Refused(
                    _("The day by which the vendor pays its part has passed. Reject this and have it put forward again "
                      "with another day.")
                )  # fmt: skip
            separate_claim_add(
                actor=actor, liability=liability, amount=part.amount, due_on=due_on, note=note or case.number,
                out_of_order=True,
            )  # fmt: skip


def received(liability: Liability) -> Decimal:
    """What has really come in of a liability: deducted, paid by the vendor itself, paid by the security."""
    return received_of(liability, liability.claims.all(), liability.security_claims.all())


def received_of(liability: Liability, claims: Iterable[SeparateClaim], drawn: Iterable[SecurityClaim]) -> Decimal:
    """The same from claims already read."""
    under_way = [row.amount for row in claims if row.state == SeparateClaim.State.OPEN]
    under_way += [row.amount for row in drawn if row.state in UNDER_WAY]
    settled: Decimal = liability.deducted + liability.claimed + liability.drawn
    return settled - sum(under_way, Decimal(0))


def refuse_open(liability: Liability) -> None:
    """Raises Refused, saying what to do, while anything of a liability is still on its way."""
    if liability.claims.filter(state=SeparateClaim.State.OPEN).exists():
        raise Refused(_("A claim on the vendor is still open. Record its payment first."))
    if liability.security_claims.filter(state__in=UNDER_WAY).exists():
        raise Refused(_("A claim on the security is still under way. Record what came of it first."))
    if liability.refunds.filter(state=Refund.State.OPEN).exists():
        raise Refused(_("Money still has to go back to the vendor. Record its transfer first."))
    left = liability_room(liability)
    if left > 0:
        raise Refused(
            _("%(amount)s of it is not settled. Claim it from the vendor, or have the amount adjusted.")
            % {"amount": left}
        )


def case_close(*, actor: Viewer, case: PenaltyCase, note: str = "") -> PenaltyCase:
    """Close a settled case once all of it has come in and nothing has to go back. Raises Refused."""
    require(actor, "penalty.settle", case)
    text = clean_text(note, limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, "close")
        if locked.liability is not None:
            refuse_open(locked.liability)
        locked.closed_at = timezone.now()
        locked.save()
        enter(locked, Kind.CLOSED, actor=actor, text=text, internal=False, before=before)
        return locked
