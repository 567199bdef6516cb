"""Payment applications: applied for by finance, decided by a manager, posted with the bank's reference."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import FiscalHold, Invoice, Milestone, Payment, PaymentApplication
from billing.rules import BLOCKING, SETTLED
from billing.selectors.gates import gate_of
from billing.sentences import line_text, step_text
from billing.services.common import (
    actor_id,
    bank_reference_of,
    clean_amount,
    clean_note,
    clean_reference,
    lock_milestone,
    next_number,
    payments_changed,
    settle_duty,
)
from billing.terms import MoneyTerms, money_terms
from contracts.errors import Refused
from contracts.selectors import today_for

State = PaymentApplication.State


def _refuse_blocked(milestone: Milestone, terms: MoneyTerms, *, today: date) -> Decimal:
    """What may be applied for now. Raises Refused with the first condition that blocks."""
    gate = gate_of(milestone, terms=terms, as_of=today)
    if gate.state in {"applied", "approved"}:
        raise Refused(_("An application for this milestone is already under way. Finish that one first."))
    if gate.state in SETTLED:
        raise Refused(_("This milestone is settled in full. Nothing is left to apply for."))
    if gate.state != "payable" or gate.available <= 0:
        blocking = next((line for line in gate.lines if line.state != "met" and line.subject in BLOCKING), None)
        if blocking is None:
            raise Refused(_("This milestone cannot be paid yet."))
        raise Refused(
            _("This milestone cannot be paid yet. %(case)s; next: %(step)s.")
            % {
                "case": line_text(blocking.code, blocking.params, milestone.contract.currency),
                "step": step_text(blocking.next_step, blocking.who) or "—",
            }
        )
    return gate.available


def payment_apply(
    *,
    actor: Viewer,
    milestone: Milestone,
    amount: Decimal,
    payee_account: str = "",
    note: str = "",
    invoices: Sequence[Invoice] = (),
) -> PaymentApplication:
    """Apply for the payment of a milestone, wholly or in part, against its checked invoices.

    The payee is the account of the contract's definition, kept as a snapshot; `payee_account`, if given, is what the
    applicant saw and must be equal. `invoices` defaults to all checked ones. Raises Refused while a condition is open,
    an application is under way, or the amount exceeds what is owed or invoiced.
    """
    require(actor, "payment.apply", milestone)
    remark = clean_note(note)
    with transaction.atomic():
        locked = lock_milestone(milestone)
        contract = locked.contract
        terms = money_terms(contract)
        value = clean_amount(amount, contract=contract)
        today = today_for(contract)
        available = _refuse_blocked(locked, terms, today=today)
        if value > available:
            raise Refused(
                _("%(amount)s is more than what may be paid now (%(available)s).")
                % {"amount": value, "available": available},
                "amount",
            )
        if payee_account and clean_reference(payee_account) != clean_reference(terms.payee.number):
            raise Refused(_("The account to pay to has changed since the page was loaded. Load it again and compare."))
        checked = list(locked.invoices.filter(state=Invoice.State.CHECKED).order_by("pk"))
        chosen = [row for row in checked if not invoices or row.pk in {picked.pk for picked in invoices}]
        if not chosen or len(chosen) < len(invoices):
            raise Refused(_("Choose checked invoices of this milestone."), "invoices")
        try:
            with transaction.atomic():
                application = PaymentApplication.objects.create(
                    contract=contract,
                    milestone=locked,
                    number=next_number(contract, "application", "A", today.year),
                    amount=value,
                    payee_name=terms.payee.name,
                    payee_bank=terms.payee.bank,
                    payee_account=terms.payee.number,
                    note=remark,
                    applied_by_id=actor_id(actor),
                    applied_at=timezone.now(),
                )
        except IntegrityError as error:
            raise Refused(
                _("An application for this milestone is already under way. Finish that one first.")
            ) from error
        application.invoices.set(chosen)
        locked.committed += value
        locked.save(update_fields=("committed",))
        journal.record(
            actor,
            "payment.apply",
            application,
            chain=journal.contract_chain(contract.pk),
            after={
                "amount": value,
                "payee": [terms.payee.name, terms.payee.bank, terms.payee.number],
                "invoices": [row.number for row in chosen],
            },
            reason=remark,
        )
        return application


def _lock(application: PaymentApplication) -> tuple[Milestone, PaymentApplication]:
    milestone = lock_milestone(application.milestone)
    locked = PaymentApplication.objects.select_for_update(of=("self",)).get(pk=application.pk)
    return milestone, locked


def payment_decide(
    *, actor: Viewer, application: PaymentApplication, approve: bool, note: str = ""
) -> PaymentApplication:
    """Approve or reject an application; never by the applicant. A rejection needs a reason and frees the amount.

    Raises Refused when it is decided already or the contract's account is no longer the one applied for;
    ReauthenticationRequired when the manager has not proved their identity within ten minutes.
    """
    require(actor, "payment.approve", application)
    needed = "" if approve else _("Say why the application is rejected: finance reads it.")
    reason = clean_note(note, required=needed)
    with transaction.atomic():
        milestone, locked = _lock(application)
        if locked.state != State.APPLIED:
            raise Refused(_("This application has already been decided. Load the page to see by whom."))
        if locked.applied_by_id == actor_id(actor):
            raise Refused(_("You made this application. Somebody else must decide it."))
        payee = money_terms(milestone.contract).payee
        snapshot = (locked.payee_name, locked.payee_bank, locked.payee_account)
        if approve and snapshot != (payee.name, payee.bank, payee.number):
            raise Refused(_("The contract's account differs from the one applied for. Reject and apply again."))
        state = State.APPROVED if approve else State.REJECTED
        changed = PaymentApplication.objects.filter(pk=locked.pk, state=State.APPLIED).update(
            state=state, decided_by_id=actor_id(actor), decided_at=timezone.now(), decision_note=reason
        )
        if changed != 1:
            raise Refused(_("This application has already been decided. Load the page to see by whom."))
        if not approve:
            milestone.committed -= locked.amount
            milestone.save(update_fields=("committed",))
        locked.refresh_from_db()
        journal.record(
            actor,
            "payment.approve" if approve else "payment.reject",
            locked,
            chain=journal.contract_chain(locked.contract_id),
            before={"state": State.APPLIED},
            after={"state": state, "amount": locked.amount},
            reason=reason,
        )
        return locked


def payment_post(*, actor: Viewer, application: PaymentApplication, paid_on: date, bank_reference: str) -> Payment:
    """Record the bank transfer of an approved application. A payment is never changed afterwards.

    When the milestone is paid in full its duty gets its `done` fact, dated `paid_on`, and is evaluated anew. Raises
    Refused for an application that is not approved or already paid, a known bank reference, or a date after today.
    """
    require(actor, "payment.post", application)
    reference = bank_reference_of(bank_reference)
    with transaction.atomic():
        milestone, locked = _lock(application)
        contract = milestone.contract
        today = today_for(contract)
        if locked.state == State.PAID:
            raise Refused(_("This application has already been paid. Load the page to see the payment."))
        if locked.state != State.APPROVED:
            raise Refused(_("Only an approved application can be paid."))
        if FiscalHold.objects.filter(milestone=milestone, ended_on=None, known_on__lte=paid_on).exists():
            raise Refused(_("The funds of this milestone are held. Record their release first, then the payment."))
        if paid_on > today:
            raise Refused(_("The payment date lies in the future. Enter the day the bank carried it out."), "paid_on")
        if contract.signed_on is not None and paid_on < contract.signed_on:
            raise Refused(
                _("The payment is dated before the contract was signed (%(day)s). Check the date.")
                % {"day": contract.signed_on.isoformat()},
                "paid_on",
            )
        if Payment.objects.filter(bank_reference=reference).exists():
            raise Refused(_("This bank reference has been recorded before. Check the number."), "bank_reference")
        if PaymentApplication.objects.filter(pk=locked.pk, state=State.APPROVED).update(state=State.PAID) != 1:
            raise Refused(_("This application has already been paid. Load the page to see the payment."))
        try:
            with transaction.atomic():
                payment = Payment.objects.create(
                    contract=contract,
                    application=locked,
                    amount=locked.amount,
                    paid_on=paid_on,
                    bank_reference=reference,
                    posted_by_id=actor_id(actor),
                    posted_at=timezone.now(),
                )
        except IntegrityError as error:
            raise Refused(
                _("This payment has been recorded before. Check the bank reference."), "bank_reference"
            ) from error
        milestone.paid += payment.amount
        milestone.save(update_fields=("paid",))
        journal.record(
            actor,
            "payment.post",
            payment,
            chain=journal.contract_chain(contract.pk),
            before={"state": State.APPROVED},
            after={"amount": payment.amount, "paid_on": paid_on, "bank_reference": reference},
        )
        note = _("Bank reference %(reference)s") % {"reference": reference}
        settle_duty(milestone, actor=actor, on=paid_on, today=today, cause=f"payment:{payment.pk}", note=note)
        payments_changed(contract, actor=actor, cause=f"payment:{payment.pk}", today=today)
        return payment
