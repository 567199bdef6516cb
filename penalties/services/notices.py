"""The notice: how and when an approved penalty reached the vendor, and until when it may object."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.selectors import today_for
from contracts.services.files import Upload
from penalties import rules
from penalties.models import CaseEntry, PenaltyCase
from penalties.reckoning import Basis, basis_for
from penalties.services.common import case_locked, clean_text, enter, move, person, proofs

# Where the contract gives no period, the notice sets one; people may write another.
USUAL_PERIOD = 10


def rule_for(basis: Basis) -> rules.NoticeRule:
    """The contract's notice rule under the readings that hold."""
    options = {name: basis.readings.get(name) or table.default for name, table in basis.definition.readings.items()}
    return rules.notice_rule(basis.definition.contract.data, options)


def penalty_notify(
    *,
    actor: Viewer,
    case: PenaltyCase,
    method: str,
    sent_on: date,
    received_on: date | None = None,
    reference: str = "",
    objection_days: int | None = None,
    uploads: Iterable[Upload] = (),
) -> PenaltyCase:
    """Record the notice of an approved penalty. From now on the vendor sees the case.

    `received_on` is the day it reached the vendor (arrival of the letter, receipt of the e-mail, confirmation of the
    fax); the day it counts as delivered follows from the contract's notice rule. `reference` (tracking number, …) or a
    file proves it. `objection_days` (working days) applies only where the contract gives no period. Raises Refused.
    """
    require(actor, "penalty.notify", case)
    proof_text = clean_text(reference, limit=1000)
    files = list(uploads)
    if method not in PenaltyCase.Method.values:
        raise Refused(_("Choose how the notice was sent."), "method")
    if not files and len(proof_text) < 2:
        raise Refused(_("Attach the proof of sending, or name its number."), "reference")
    with transaction.atomic():
        locked = case_locked(case)
        before = move(locked, "notify")
        basis = basis_for(locked.contract, as_of=today_for(locked.contract))
        if sent_on > basis.as_of:
            raise Refused(_("The notice cannot be sent in the future."), "sent_on")
        rule = rule_for(basis)
        days = rule.days if rule.days is not None else objection_days or USUAL_PERIOD
        if not 1 <= days <= 365:
            raise Refused(_("The period for objections is between 1 and 365 days."), "objection_days")
        locked.notice_method, locked.sent_on = method, sent_on
        locked.objection_days, locked.object_by_contract = days, rule.days is not None
        locked.notified_by_id, locked.issued_at = person(actor), timezone.now()
        if received_on is not None:
            _delivered(locked, basis, rule, received_on)
        locked.save()
        proof = proofs(actor=actor, contract=locked.contract, uploads=files, title=str(locked), buyer_only=True)
        enter(
            locked, CaseEntry.Kind.NOTIFIED, actor=actor, text=proof_text, amount=locked.amount, internal=False,
            evidence=proof, before=before,
        )  # fmt: skip
        return locked


def delivery_record(
    *, actor: Viewer, case: PenaltyCase, received_on: date, reference: str = "", uploads: Iterable[Upload] = ()
) -> PenaltyCase:
    """Record when a notice already sent reached the vendor; the countdown for objections starts from it."""
    require(actor, "penalty.notify", case)
    text = clean_text(reference, limit=1000)
    with transaction.atomic():
        locked = case_locked(case)
        if locked.state != PenaltyCase.State.NOTIFIED or locked.received_on is not None:
            raise Refused(_("The delivery of this notice is on record, or there is no notice to deliver."))
        basis = basis_for(locked.contract, as_of=today_for(locked.contract))
        _delivered(locked, basis, rule_for(basis), received_on)
        locked.save()
        proof = proofs(actor=actor, contract=locked.contract, uploads=uploads, title=str(locked), buyer_only=True)
        enter(locked, CaseEntry.Kind.DELIVERED, actor=actor, text=text, internal=False, evidence=proof)
        return locked


def _delivered(case: PenaltyCase, basis: Basis, rule: rules.NoticeRule, received_on: date) -> None:
    if case.sent_on is not None and received_on < case.sent_on:
        raise Refused(_("It cannot have been received before it was sent."), "received_on")
    if received_on > basis.as_of:
        raise Refused(_("The day of receipt lies in the future."), "received_on")
    case.received_on = received_on
    case.delivered_on = rules.deemed_delivered(received_on, rule, basis.calendar)
    unit = rule.unit if rule.days is not None else "workdays"
    case.object_by = rules.objections_until(case.delivered_on, case.objection_days or 0, unit, basis.calendar)
