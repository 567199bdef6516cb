"""Changing the amount after settlement: by counter-records, proposed by one person and approved by another."""

from __future__ import annotations

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Deduction, Liability, SeparateClaim
from billing.services.claims import separate_claim_withdraw
from billing.services.deductions import deduction_add, deduction_reverse
from billing.services.liabilities import liability_adjust
from contracts.errors import Refused
from penalties.models import CaseAdjustment, CaseEntry, PenaltyCase
from penalties.services.common import case_locked, clean_text, enter, person

State = CaseAdjustment.State
SETTLED = (PenaltyCase.State.SETTLED, PenaltyCase.State.CLOSED)


def adjustment_propose(*, actor: Viewer, case: PenaltyCase, amount: Decimal, reason: str) -> CaseAdjustment:
    """Propose to lower a settled penalty to `amount` (zero: all of it was wrong), with a reason. Raises Refused."""
    require(actor, "penalty.adjust", case)
    text = clean_text(reason, required=_("Say why the amount changes: the reason is kept for good."), limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        if locked.state not in SETTLED or locked.amount is None:
            raise Refused(_("Only a settled penalty is adjusted."))
        if not 0 <= amount < locked.amount:
            raise Refused(_("Enter an amount from zero to below the present one."), "amount")
        try:
            with transaction.atomic():
                found: CaseAdjustment = CaseAdjustment.objects.create(
                    case=locked, before=locked.amount, after=amount, reason=text,
                    proposed_by_id=person(actor), proposed_at=timezone.now(),
                )  # fmt: skip
        except IntegrityError as error:
            raise Refused(_("An adjustment already waits for approval.")) from error
        enter(locked, CaseEntry.Kind.ADJUSTMENT, actor=actor, text=text, amount=amount)
        return found


def adjustment_decide(*, actor: Viewer, adjustment: CaseAdjustment, approve: bool, note: str = "") -> CaseAdjustment:
    """Approve an adjustment and write its counter-records in this transaction, or reject it; never by the proposer.

    What exceeds the new amount is given back: open claims on the vendor first, then deductions, the latest first (each
    by its counter-entry, the part that stays deducted anew). Raises Refused, ReauthenticationRequired.
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
        _give_back(case.liability, row, actor=actor)
        case.amount = row.after
        case.save()
        enter(
            case, CaseEntry.Kind.ADJUSTMENT, actor=actor, text=row.reason, amount=row.after, internal=False,
            before=case.state,
        )  # fmt: skip
        return row


def _give_back(liability: Liability, row: CaseAdjustment, *, actor: Viewer) -> None:
    excess = row.before - row.after
    for claim in SeparateClaim.objects.filter(liability=liability, state="open").order_by("-pk"):
        if excess <= 0:
            break
        if claim.amount > excess:
            continue
        separate_claim_withdraw(actor=actor, claim=claim, note=row.reason)
        excess -= claim.amount
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
    if excess > 0:
        raise Refused(_("Part of it was paid by the vendor itself. Record the repayment in billing first."))
    liability_adjust(actor=actor, liability=liability, amount=row.after, note=row.reason)
