"""Invoices: handed in by the vendor (or entered by finance), checked by another person."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Invoice, Milestone
from billing.services.common import actor_id, clean_amount, clean_note, clean_reference, lock_milestone, record_fact
from contracts.errors import Refused
from contracts.models import Fact
from contracts.selectors import today_for
from contracts.services.files import file_store

NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{3,39}")


def _number(text: str) -> str:
    number = clean_reference(text)
    if not NUMBER.fullmatch(number):
        raise Refused(
            _("Enter the invoice number as printed: 4 to 40 digits or letters, without further characters."), "number"
        )
    return number


def _check_date(issued_on: date, *, today: date, signed_on: date | None) -> None:
    if issued_on > today:
        raise Refused(_("The invoice date lies in the future. Enter the date printed on the invoice."), "issued_on")
    if signed_on is not None and issued_on < signed_on:
        raise Refused(
            _("The invoice is dated before the contract was signed (%(day)s). Check the date.")
            % {"day": signed_on.isoformat()},
            "issued_on",
        )


def _refuse_duplicate() -> Refused:
    return Refused(_("This invoice number has been recorded before. Check the number."), "number")


def _claimed(milestone: Milestone) -> Decimal:
    amounts = milestone.invoices.exclude(state=Invoice.State.REJECTED).values_list("amount", flat=True)
    return sum(amounts, Decimal(0))


def invoice_add(
    *, actor: Viewer, milestone: Milestone, number: str, amount: Decimal, issued_on: date, upload: UploadedFile
) -> Invoice:
    """Record an invoice for a milestone; it waits to be checked by finance.

    `amount` includes tax, in the contract's currency. Raises Refused for a malformed or known number (in any contract),
    a date after today or before the contract, an amount above what is still to be invoiced, or a file that is refused.
    """
    require(actor, "invoice.add", milestone)
    with transaction.atomic():
        locked = lock_milestone(milestone)
        contract = locked.contract
        clean_number, value = _number(number), clean_amount(amount, contract=contract)
        _check_date(issued_on, today=today_for(contract), signed_on=contract.signed_on)
        left = locked.amount - _claimed(locked)
        if value > left:
            raise Refused(
                _("%(amount)s is more than what is still to be invoiced for this milestone (%(left)s).")
                % {"amount": value, "left": left},
                "amount",
            )
        if Invoice.objects.filter(number=clean_number).exclude(state=Invoice.State.REJECTED).exists():
            raise _refuse_duplicate()
        stored = file_store(actor=actor, contract=contract, upload=upload)
        try:
            with transaction.atomic():
                invoice = Invoice.objects.create(
                    contract=contract,
                    milestone=locked,
                    number=clean_number,
                    amount=value,
                    issued_on=issued_on,
                    file=stored,
                    submitted_by_id=actor_id(actor),
                    submitted_at=timezone.now(),
                )
        except IntegrityError as error:  # the same number arrived at the same moment
            raise _refuse_duplicate() from error
        journal.record(
            actor,
            "invoice.add",
            invoice,
            chain=journal.contract_chain(contract.pk),
            after={"number": clean_number, "amount": value, "issued_on": issued_on, "file": stored.sha256},
        )
        return invoice


def _open_gate(milestone: Milestone, invoice: Invoice, *, actor: Viewer, today: date) -> None:
    """Checked invoices cover the milestone: record the event its payment waits for, on the day the invoice came in."""
    known = Fact.objects.filter(
        contract=milestone.contract,
        kind=Fact.Kind.EVENT,
        name=milestone.invoice_event,
        state=Fact.State.CONFIRMED,
        superseded_by=None,
    )
    if not milestone.invoice_event or known.exists():
        return
    zone = ZoneInfo(milestone.contract.zone)
    record_fact(
        milestone.contract,
        actor=actor,
        cause=f"invoice:{invoice.pk}",
        today=today,
        kind=Fact.Kind.EVENT,
        name=milestone.invoice_event,
        happened_on=invoice.submitted_at.astimezone(zone).date(),
        note=_("Invoice %(number)s checked") % {"number": invoice.number},
    )


def invoice_check(*, actor: Viewer, invoice: Invoice, accept: bool, note: str = "") -> Invoice:
    """Accept or reject an invoice; whoever handed it in may not. A rejection needs a reason and frees the number.

    When checked invoices cover the milestone, the event its payment waits for is recorded (on the day the last of them
    came in) and what depends on it is evaluated anew, in this transaction. Raises Refused.
    """
    require(actor, "invoice.check", invoice)
    needed = "" if accept else _("Say why the invoice is rejected: the vendor reads it.")
    reason = clean_note(note, required=needed)
    with transaction.atomic():
        milestone = lock_milestone(invoice.milestone)
        locked = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
        if locked.state != Invoice.State.RECEIVED:
            raise Refused(_("This invoice has already been checked. Load the page to see by whom."))
        if locked.submitted_by_id == actor_id(actor):
            raise Refused(_("You handed this invoice in. Somebody else must check it."))
        state = Invoice.State.CHECKED if accept else Invoice.State.REJECTED
        now = timezone.now()
        changed = Invoice.objects.filter(pk=locked.pk, state=Invoice.State.RECEIVED).update(
            state=state, checked_by_id=actor_id(actor), checked_at=now, check_note=reason
        )
        if changed != 1:
            raise Refused(_("This invoice has already been checked. Load the page to see by whom."))
        locked.refresh_from_db()
        journal.record(
            actor,
            "invoice.check",
            locked,
            chain=journal.contract_chain(locked.contract_id),
            before={"state": Invoice.State.RECEIVED},
            after={"state": state, "amount": locked.amount},
            reason=reason,
        )
        if accept:
            milestone.invoiced += locked.amount
            milestone.save(update_fields=("invoiced",))
            if milestone.invoiced >= milestone.amount:
                _open_gate(milestone, locked, actor=actor, today=today_for(milestone.contract))
        return locked
