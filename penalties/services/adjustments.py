"""Changing the amount after settlement: by counter-records, proposed by one person and approved by another.

Lower: what is on its way is taken back first, then deductions, then money that has come in goes back. Higher: a further
claim, borne out by a new computation and by a paper, settled like the first one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Deduction, Liability, Refund, SecurityClaim, SeparateClaim
from billing.services.claims import separate_claim_add, separate_claim_withdraw
from billing.services.deductions import deduction_add, deduction_reverse
from billing.services.guarantee import UNDER_WAY
from billing.services.guarantee_claims import security_claim_cancel, security_claim_order
from billing.services.liabilities import liability_adjust
from billing.services.refunds import refund_add, refundable
from contracts.errors import Refused
from contracts.selectors import today_for
from contracts.services.files import Upload
from penalties.models import Assessment, CaseAdjustment, CaseEntry, PenaltyCase
from penalties.outcomes import Outcome
from penalties.reckoning import Basis, basis_for, outcome_for
from penalties.services.common import case_locked, clean_text, enter, move, person, proofs
from penalties.services.records import assessment_add, moved_answer, payable
from penalties.services.settlements import parts_carry_out, parts_of, refuse_undated

State = CaseAdjustment.State
SETTLED = (PenaltyCase.State.SETTLED, PenaltyCase.State.CLOSED)


def adjustment_propose(
    *,
    actor: Viewer,
    case: PenaltyCase,
    amount: Decimal,
    reason: str,
    claim_due_on: date | None = None,
    uploads: Iterable[Upload] = (),
) -> CaseAdjustment:
    """Propose another amount for a settled penalty, with a reason: zero if all of it was wrong, what has come in so far
    if the rest is given up.

    More than before needs a computation from today's facts that comes to it, the paper that settles it between the
    parties (agreement, minutes, judgment), and a day for what the vendor pays itself. Raises Refused.
    """
    require(actor, "penalty.adjust", case)
    text = clean_text(reason, required=_("Say why the amount changes: the reason is kept for good."), limit=1000)
    files = list(uploads)
    with transaction.atomic():
        locked = case_locked(case)
        if locked.state not in SETTLED or locked.amount is None:
            raise Refused(_("Only a settled penalty is adjusted."))
        if amount < 0 or amount == locked.amount:
            raise Refused(_("Enter another amount than the present one, zero or more."), "amount")
        more = amount - locked.amount
        if more > 0:
            if not files:
                raise Refused(_("Attach the agreement, minutes or judgment that settles the further claim."), "uploads")
            _refuse_beyond(locked, amount)
            refuse_undated(locked, parts_of(locked, more), claim_due_on)
        try:
            with transaction.atomic():
                found: CaseAdjustment = CaseAdjustment.objects.create(
                    case=locked, before=locked.amount, after=amount, reason=text,
                    claim_due_on=claim_due_on if more > 0 else None,
                    proposed_by_id=person(actor), proposed_at=timezone.now(),
                )  # fmt: skip
        except IntegrityError as error:
            raise Refused(_("An adjustment already waits for approval.")) from error
        proof = proofs(actor=actor, contract=locked.contract, uploads=files, title=str(locked))
        enter(locked, CaseEntry.Kind.ADJUSTMENT, actor=actor, text=text, amount=amount, evidence=proof)
        return found


def adjustment_decide(*, actor: Viewer, adjustment: CaseAdjustment, approve: bool, note: str = "") -> CaseAdjustment:
    """Approve an adjustment and write its counter-records in this transaction, or reject it; never by the proposer.

    What exceeds a lower amount is given back: claims on their way first, then deductions, the latest first (each by its
    counter-entry, the part that stays deducted anew), then money the vendor or its security has paid (as refunds to be
    transferred). A closed case is open again while anything of it is under way. Raises Refused,
    ReauthenticationRequired.
    """
    require(actor, "penalty.adjust.approve", adjustment)
    needed = "" if approve else _("Say why the adjustment is rejected.")
    text = clean_text(note, required=needed, limit=1000)
    with transaction.atomic():
        case = case_locked(adjustment.case)
        row = CaseAdjustment.objects.select_for_update(of=("self",)).get(pk=adjustment.pk)
        if row.state != State.PROPOSED:
            raise Refused(_("This adjustment has already been decided."))
        if row.proposed_by_id == person(actor):
            raise Refused(_("You made this proposal. Somebody else must decide it."))
        row.state = State.DONE if approve else State.REJECTED
        row.decided_by_id, row.decided_at, row.decision_note = person(actor), timezone.now(), text
        row.save()
        if not approve:
            enter(case, CaseEntry.Kind.REJECTED, actor=actor, text=text, amount=row.after)
            return row
        if case.amount != row.before or case.liability is None:
            raise Refused(_("The case has changed since the adjustment was proposed. Propose it anew."))
        before = case.state
        _carry_out(case, case.liability, row, actor=actor)
        enter(
            case, CaseEntry.Kind.ADJUSTMENT, actor=actor, text=row.reason, amount=row.after, internal=False,
            before=before,
        )  # fmt: skip
        return row


def _carry_out(case: PenaltyCase, liability: Liability, row: CaseAdjustment, *, actor: Viewer) -> None:
    if row.after < row.before:
        _give_back(liability, row, actor=actor)
        liability_adjust(actor=actor, liability=liability, amount=row.after, note=row.reason)
    else:
        _refuse_beyond(case, row.after)
        liability = liability_adjust(actor=actor, liability=liability, amount=row.after, note=row.reason)
        parts_carry_out(
            case, liability, parts_of(case, row.after - row.before), actor=actor, by=row.proposed_by_id,
            due_on=row.claim_due_on, note=row.reason,
        )  # fmt: skip
    basis, outcome = _computed(case)
    if outcome is not None:
        assessment_add(case, outcome, basis, kind=Assessment.Kind.ADJUSTMENT, actor=actor, amount=row.after)
    else:  # nothing speaks for it any more, so there is nothing to compute
        moved_answer(case)
    if case.state == PenaltyCase.State.CLOSED and _under_way(liability):
        move(case, "reopen")
        case.closed_at = None
    case.amount = row.after
    case.save()


def _computed(case: PenaltyCase) -> tuple[Basis, Outcome | None]:
    """What the case comes to by today's facts, its own settlement left out: it does not pay for itself."""
    basis = basis_for(case.contract, as_of=today_for(case.contract), without=case)
    return basis, outcome_for(basis, case.target, case.key_text)


def _refuse_beyond(case: PenaltyCase, amount: Decimal) -> None:
    """A further claim needs facts that bear it out."""
    _basis, outcome = _computed(case)
    figure = payable(case, outcome) if outcome is not None else Decimal(0)
    if figure is None or amount > figure:
        raise Refused(
            _("Computed anew it comes to %(now)s. A further claim goes up to that at most.")
            % {"now": figure if figure is not None else "—"},
            "amount",
        )


def _under_way(liability: Liability) -> bool:
    return (
        liability.claims.filter(state=SeparateClaim.State.OPEN).exists()
        or liability.security_claims.filter(state__in=UNDER_WAY).exists()
        or liability.refunds.filter(state=Refund.State.OPEN).exists()
    )


def _give_back(liability: Liability, row: CaseAdjustment, *, actor: Viewer) -> None:
    """Take back what is settled or set aside beyond the new amount; what was never settled needs nothing."""
    excess = liability.deducted + liability.claimed + liability.drawn - row.after
    excess = _claims_back(liability, row, excess, actor=actor)
    excess = _security_claims_back(liability, row, excess, actor=actor)
    excess = _deductions_back(liability, row, excess, actor=actor)
    met: list[SeparateClaim | SecurityClaim] = [
        *liability.claims.filter(state=SeparateClaim.State.SETTLED).order_by("-pk"),
        *liability.security_claims.filter(state=SecurityClaim.State.PAID).order_by("-pk"),
    ]
    for claim in met:
        part = min(excess, refundable(claim))
        if part > 0:
            refund_add(actor=actor, claim=claim, amount=part, note=row.reason, ordered_by=row.proposed_by_id)
            excess -= part
    if excess > 0:
        raise Refused(_("A claim on the security is with the bank. Record its answer first, then adjust."))


def _claims_back(liability: Liability, row: CaseAdjustment, excess: Decimal, *, actor: Viewer) -> Decimal:
    for claim in SeparateClaim.objects.filter(liability=liability, state="open").order_by("-pk"):
        if excess <= 0:
            break
        separate_claim_withdraw(actor=actor, claim=claim, note=row.reason)
        stays = claim.amount - min(excess, claim.amount)
        if stays:
            separate_claim_add(
                actor=actor, liability=liability, amount=stays, note=row.reason, out_of_order=True,
                due_on=max(claim.due_on, today_for(claim.contract)),
            )  # fmt: skip
        excess -= claim.amount - stays
    return excess


def _security_claims_back(liability: Liability, row: CaseAdjustment, excess: Decimal, *, actor: Viewer) -> Decimal:
    waiting = SecurityClaim.objects.filter(
        liability=liability, state__in=(SecurityClaim.State.PROPOSED, SecurityClaim.State.APPROVED)
    )
    for claim in waiting.select_related("instrument").order_by("-pk"):
        if excess <= 0:
            break
        security_claim_cancel(actor=actor, claim=claim, note=row.reason)
        stays = claim.amount - min(excess, claim.amount)
        if stays:
            security_claim_order(
                actor=actor, instrument=claim.instrument, liability=liability, amount=stays, reason=claim.reason,
                by=row.proposed_by_id,
            )  # fmt: skip
        excess -= claim.amount - stays
    return excess


def _deductions_back(liability: Liability, row: CaseAdjustment, excess: Decimal, *, actor: Viewer) -> Decimal:
    deductions = Deduction.objects.filter(liability=liability, reverses=None, reversed_by=None).order_by("-pk")
    for deduction in deductions.select_related("milestone"):
        if excess <= 0:
            break
        deduction_reverse(actor=actor, deduction=deduction, note=row.reason)
        stays = deduction.amount - min(excess, deduction.amount)
        if stays:
            deduction_add(
                actor=actor, liability=liability, milestone=deduction.milestone, amount=stays, note=row.reason,
                decided_by=row.proposed_by_id,
            )  # fmt: skip
        excess -= deduction.amount - stays
    return excess
