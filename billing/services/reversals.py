"""Taking a payment back: proposed by finance, approved by the manager, done by a counter-entry. Nothing is edited."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Milestone, Payment, PaymentApplication, PaymentReversal
from billing.services.common import (
    actor_id,
    bank_reference_of,
    clean_note,
    lock_milestone,
    payments_changed,
    settle_duty,
)
from billing.services.references import reference_once
from contracts.errors import Refused
from contracts.selectors import today_for

State = PaymentReversal.State


def reversal_propose(
    *, actor: Viewer, payment: Payment, happened_on: date, bank_reference: str, reason: str
) -> PaymentReversal:
    """Propose to reverse a payment: the money came back (`bank_reference` of the return), or it was entered wrongly.
    Nothing changes until it is approved. Raises Refused for a counter-entry, a second proposal, a day before the
    payment or after today."""
    require(actor, "payment.reverse", payment)
    words = clean_note(reason, required=_("Say why the payment is reversed: it is kept with the counter-entry."))
    reference = bank_reference_of(bank_reference)
    with transaction.atomic():
        row = Payment.objects.select_related("application").get(pk=payment.pk)
        if row.application is None:
            raise Refused(_("A counter-entry is not reversed. Apply for the payment again instead."))
        milestone = lock_milestone(row.application.milestone)
        if happened_on > today_for(milestone.contract):
            raise Refused(_("The day lies in the future. Enter it once it has come."), "happened_on")
        if happened_on < row.paid_on:
            raise Refused(_("The day lies before the payment itself."), "happened_on")
        if Payment.objects.filter(bank_reference=reference).exists():
            raise Refused(_("This bank reference has been recorded before. Check the number."), "bank_reference")
        try:
            with transaction.atomic():
                proposed = PaymentReversal.objects.create(
                    contract=milestone.contract,
                    payment=row,
                    happened_on=happened_on,
                    bank_reference=reference,
                    reason=words,
                    proposed_by_id=actor_id(actor),
                    proposed_at=timezone.now(),
                )
        except IntegrityError as error:
            raise Refused(_("This payment is being reversed, or was. Load the page to see by whom.")) from error
        journal.record(
            actor,
            "payment.reverse",
            proposed,
            chain=journal.contract_chain(milestone.contract_id),
            before={"payment": row.bank_reference, "amount": row.amount},
            after={"happened_on": happened_on, "bank_reference": reference},
            reason=words,
        )
        return proposed


def reversal_decide(*, actor: Viewer, reversal: PaymentReversal, approve: bool, note: str = "") -> PaymentReversal:
    """Approve or reject a reversal; never by whoever proposed it. Approved, a counter-entry is posted, the milestone's
    paid sum falls and its duty is open again. Raises Refused, and ReauthenticationRequired."""
    require(actor, "payment.reverse.approve", reversal)
    needed = "" if approve else _("Say why the reversal is rejected: finance reads it.")
    words = clean_note(note, required=needed)
    with transaction.atomic():
        payment = Payment.objects.select_related("application").get(pk=reversal.payment_id)
        application = payment.application
        if application is None:
            raise Refused(_("A counter-entry is not reversed. Apply for the payment again instead."))
        milestone = lock_milestone(application.milestone)
        row = PaymentReversal.objects.select_for_update(of=("self",)).get(pk=reversal.pk)
        if row.state != State.PROPOSED:
            raise Refused(_("This reversal has been decided already. Load the page to see by whom."))
        if row.proposed_by_id == actor_id(actor):
            raise Refused(_("You proposed this reversal. Somebody else must decide it."))
        row.state = State.APPROVED if approve else State.REJECTED
        row.decided_by_id, row.decided_at, row.decision_note = actor_id(actor), timezone.now(), words
        row.save(update_fields=("state", "decided_by", "decided_at", "decision_note"))
        journal.record(
            actor,
            "payment.reverse.approve" if approve else "payment.reverse.reject",
            row,
            chain=journal.contract_chain(milestone.contract_id),
            before={"state": State.PROPOSED},
            after={"state": row.state, "amount": payment.amount},
            reason=words,
        )
        if approve:
            _counter(row, payment, application, milestone, actor=actor)
        return row


def _counter(
    reversal: PaymentReversal,
    payment: Payment,
    application: PaymentApplication,
    milestone: Milestone,
    *,
    actor: Viewer,
) -> None:
    taken = PaymentApplication.objects.filter(pk=application.pk, state=PaymentApplication.State.PAID)
    if taken.update(state=PaymentApplication.State.REVERSED) != 1:
        raise Refused(_("This payment is being reversed, or was. Load the page to see by whom."))
    with reference_once():
        counter = Payment.objects.create(
            contract=milestone.contract,
            reverses=payment,
            amount=-payment.amount,
            paid_on=reversal.happened_on,
            bank_reference=reversal.bank_reference,
            posted_by_id=actor_id(actor),
            posted_at=timezone.now(),
        )
    milestone.paid -= payment.amount
    milestone.committed -= payment.amount
    milestone.save(update_fields=("paid", "committed"))
    journal.record(
        actor,
        "payment.counter",
        counter,
        chain=journal.contract_chain(milestone.contract_id),
        before={"payment": payment.bank_reference},
        after={"amount": counter.amount, "paid_on": counter.paid_on, "bank_reference": counter.bank_reference},
        reason=reversal.reason,
    )
    today = today_for(milestone.contract)
    cause = f"payment:{counter.pk}"
    settle_duty(milestone, actor=actor, on=today, today=today, cause=cause, note=reversal.reason)
    payments_changed(milestone.contract, actor=actor, cause=cause, today=today)
