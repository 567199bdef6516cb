"""Invoices: handed in by the vendor (or entered by finance), checked by another person."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from billing.einvoice import LARGEST as LARGEST_XML
from billing.einvoice import EInvoice, einvoice_in_ofd, einvoice_read
from billing.models import Invoice, InvoiceTax, Milestone
from billing.rules_invoice import TaxLine, by_hand, invoice_checks, plain, tax_adds_up
from billing.selectors.invoices import invoice_says
from billing.sentences_invoice import subject_text
from billing.services.common import actor_id, clean_amount, clean_note, clean_reference, lock_milestone, record_fact
from billing.terms import money_terms
from contracts.errors import Refused
from contracts.models import Contract, Fact
from contracts.money_fields import refuse_too_large
from contracts.selectors import today_for
from contracts.services.files import file_store
from engine.money import LARGEST_AMOUNT
from obligations.reckoning import NoDefinition, day_in, grounds_for, reckon

State = Invoice.State
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
    """What invoices have taken up of a milestone: a credit note frees its amount only once it is checked."""
    rows = milestone.invoices.exclude(state=State.REJECTED).values_list("amount", "state")
    return sum((amount for amount, state in rows if amount > 0 or state == State.CHECKED), Decimal(0))


# By the ending of its name, how a file is read, and up to which size.
READERS: Mapping[str, tuple[Callable[[bytes], EInvoice | None], int]] = {
    "xml": (einvoice_read, LARGEST_XML),
    "ofd": (einvoice_in_ofd, 10 * LARGEST_XML),
}


@dataclass(frozen=True, slots=True)
class _Printed:
    """What the invoice says, from the form and from the file."""

    number: str
    amount: Decimal
    issued_on: date
    title: str
    buyer_tax_number: str
    seller_tax_number: str
    taxes: tuple[TaxLine, ...]


def _read(upload: UploadedFile) -> EInvoice | None:
    read, largest = READERS.get((upload.name or "").lower().rpartition(".")[2], (None, 0))
    if read is None or (upload.size or 0) > largest:
        return None
    upload.seek(0)
    found = read(upload.read())
    upload.seek(0)
    return found


def _agreed(given: object, found: object, field: str) -> None:
    """What was typed must be what the file says."""
    if given and found and given != found:
        raise Refused(
            _("%(given)s was entered, but the invoice file says %(found)s. Correct it or choose the right file.")
            % {"given": given, "found": found},
            field,
        )


def _printed(
    file: EInvoice | None,
    *,
    number: str,
    amount: Decimal | None,
    issued_on: date | None,
    title: str,
    buyer_tax_number: str,
    seller_tax_number: str,
    taxes: Sequence[TaxLine],
    contract: Contract,
    credit: bool,
) -> _Printed:
    value = amount
    if file is not None:
        _agreed(clean_reference(number), clean_reference(file.number), "number")
        _agreed(abs(amount) if amount else None, abs(file.amount) if file.amount else None, "amount")
        _agreed(issued_on, file.issued_on, "issued_on")
        _agreed(plain(title), plain(file.title), "title")
        _agreed(clean_reference(buyer_tax_number), clean_reference(file.buyer_tax_number), "buyer_tax_number")
        if file.amount is not None and (file.amount < 0) != credit:
            raise Refused(_("The file is a credit note, or an invoice was expected to be one. Choose the right form."))
        value = amount if amount is not None else file.amount
    day = issued_on or (file.issued_on if file else None)
    if value is None:
        raise Refused(_("Enter the amount including tax."), "amount")
    if day is None:
        raise Refused(_("Enter the date printed on the invoice."), "issued_on")
    clean = clean_amount(abs(value) if credit else value, contract=contract)
    sign = -1 if credit else 1
    lines = tuple(taxes) or (file.taxes if file else ())
    for part in (part for line in lines for part in (line.net, line.tax)):
        refuse_too_large(part, LARGEST_AMOUNT, "taxes")
    signed = tuple(TaxLine(line.rate, sign * abs(line.net), sign * abs(line.tax)) for line in lines)
    total = sign * clean
    if signed and (
        sum((line.net + line.tax for line in signed), Decimal(0)) != total or (taxes and not tax_adds_up(signed, total))
    ):
        raise Refused(
            _("Amounts without tax and taxes do not make %(amount)s. Enter them as printed.") % {"amount": total},
            "taxes",
        )
    return _Printed(
        number=_number(number or (file.number if file else "")),
        amount=total,
        issued_on=day,
        title=(title or (file.title if file else "")).strip()[:200],
        buyer_tax_number=clean_reference(buyer_tax_number or (file.buyer_tax_number if file else ""))[:40],
        seller_tax_number=clean_reference(seller_tax_number or (file.seller_tax_number if file else ""))[:40],
        taxes=signed,
    )


def _refuse_amount(milestone: Milestone, printed: _Printed, original: Invoice | None) -> None:
    if original is None:
        left = milestone.amount - _claimed(milestone)
        if printed.amount > left:
            raise Refused(
                _("%(amount)s is more than what is still to be invoiced for this milestone (%(left)s).")
                % {"amount": printed.amount, "left": left},
                "amount",
            )
        return
    current = Invoice.objects.filter(pk=original.pk, milestone=milestone, state=State.CHECKED, original=None).first()
    if current is None:
        raise Refused(_("A credit note belongs to a checked invoice of the same milestone."), "original")
    notes = current.credit_notes.exclude(state=State.REJECTED).values_list("amount", flat=True)
    left = current.amount + sum(notes, Decimal(0))
    if -printed.amount > left:
        raise Refused(
            _("%(amount)s is more than what is left of the invoice (%(left)s).")
            % {"amount": -printed.amount, "left": left},
            "amount",
        )


def invoice_add(
    *,
    actor: Viewer,
    milestone: Milestone,
    upload: UploadedFile,
    number: str = "",
    amount: Decimal | None = None,
    issued_on: date | None = None,
    title: str = "",
    buyer_tax_number: str = "",
    seller_tax_number: str = "",
    taxes: Sequence[TaxLine] = (),
    original: Invoice | None = None,
) -> Invoice:
    """Record an invoice for a milestone, or a credit note about `original`; it waits to be checked by finance.

    `amount` includes tax, in the contract's currency; a credit note's is stored negative. The XML file of an electronic
    invoice fills in what is left empty and must agree with what is not. Raises Refused for a malformed or known number
    (in any contract), a date after today or before the contract, an amount above what is still to be invoiced (or left
    of the original), taxes that do not add up, or a file that is refused.
    """
    require(actor, "invoice.add", milestone)
    with transaction.atomic():
        locked = lock_milestone(milestone)
        contract = locked.contract
        printed = _printed(
            _read(upload),
            number=number,
            amount=amount,
            issued_on=issued_on,
            title=title,
            buyer_tax_number=buyer_tax_number,
            seller_tax_number=seller_tax_number,
            taxes=taxes,
            contract=contract,
            credit=original is not None,
        )
        _check_date(printed.issued_on, today=today_for(contract), signed_on=contract.signed_on)
        _refuse_amount(locked, printed, original)
        if Invoice.objects.filter(number=printed.number).exclude(state=State.REJECTED).exists():
            raise _refuse_duplicate()
        stored = file_store(actor=actor, contract=contract, upload=upload)
        try:
            with transaction.atomic():
                invoice = Invoice.objects.create(
                    contract=contract,
                    milestone=locked,
                    number=printed.number,
                    amount=printed.amount,
                    issued_on=printed.issued_on,
                    original=original,
                    title=printed.title,
                    buyer_tax_number=printed.buyer_tax_number,
                    seller_tax_number=printed.seller_tax_number,
                    file=stored,
                    submitted_by_id=actor_id(actor),
                    submitted_at=timezone.now(),
                )
        except IntegrityError as error:  # the same number arrived at the same moment
            raise _refuse_duplicate() from error
        InvoiceTax.objects.bulk_create(
            [InvoiceTax(invoice=invoice, rate=line.rate, net=line.net, tax=line.tax) for line in printed.taxes]
        )
        journal.record(
            actor,
            "invoice.add",
            invoice,
            chain=journal.contract_chain(contract.pk),
            after={
                "number": printed.number,
                "amount": printed.amount,
                "issued_on": printed.issued_on,
                "file": stored.sha256,
                "original": original.number if original is not None else "",
            },
        )
        return invoice


def _event_fact(milestone: Milestone) -> Fact | None:
    """The last word on the event a milestone's payment waits for: recorded, or taken back (without a day)."""
    if not milestone.invoice_event:
        return None
    return (
        Fact.objects.filter(
            contract=milestone.contract,
            kind=Fact.Kind.EVENT,
            name=milestone.invoice_event,
            state=Fact.State.CONFIRMED,
            superseded_by=None,
        )
        .order_by("-pk")
        .first()
    )


def _keep_event(milestone: Milestone, invoice: Invoice, *, actor: Viewer, today: date) -> bool:
    """Keep the event the payment waits for in step: it happened on the day the last covering invoice came in, and not
    at all while a credit note leaves the milestone uncovered. Whether that changed."""
    known = _event_fact(milestone)
    covered = milestone.invoiced >= milestone.amount - milestone.deducted
    happened = known is not None and known.happened_on is not None
    if not milestone.invoice_event or covered == happened:
        return False
    day = invoice.submitted_at.astimezone(ZoneInfo(milestone.contract.zone)).date()
    note = _("Invoice %(number)s checked") if covered else _("Credit note %(number)s checked")
    record_fact(
        milestone.contract,
        actor=actor,
        cause=f"invoice:{invoice.pk}",
        today=today,
        kind=Fact.Kind.EVENT,
        name=milestone.invoice_event,
        happened_on=day if covered else None,
        note=note % {"number": invoice.number},
        supersedes=known,
    )
    return True


def _keep_target(milestone: Milestone) -> None:
    """The house's own date for paying, as the definition's internal target has it now. The duty's deadline must be up
    to date."""
    try:
        grounds = grounds_for(milestone.contract)
    except NoDefinition:
        return
    duty = milestone.obligation.duty
    if duty not in grounds.definition.duties:
        return
    results = reckon(grounds, as_of=today_for(milestone.contract), only=[duty]).deadlines
    found = next((row.target for row in results if row.id == duty and not row.key), None)
    target = day_in(milestone.contract.zone, found)
    if target != milestone.target_on:
        milestone.target_on = target
        milestone.save(update_fields=("target_on",))


def _refuse_differences(invoice: Invoice, *, note: str) -> None:
    """An invoice that says something else than the contract is not accepted; nor one whose title, tax number or taxes
    could not be compared here, before the checker has said in the note what they were compared with."""
    contract = Contract.objects.select_related("buyer", "vendor").get(pk=invoice.contract_id)
    checks = invoice_checks(invoice_says(invoice, contract, money_terms(contract)))
    for check in checks:
        if check.state == "differs":
            raise Refused(
                _("%(what)s: the invoice says “%(says)s”, the contract “%(expected)s”. Reject it and ask for another.")
                % {"what": subject_text(check.subject), "says": check.says, "expected": check.expected}
            )
    left = by_hand(checks)
    if left and len(note) < 2:
        raise Refused(
            _("Not compared here: %(what)s. Compare with the paper and say in the note what you compared with.")
            % {"what": "、".join(subject_text(check.subject) for check in left)},
            "note",
        )


def invoice_check(*, actor: Viewer, invoice: Invoice, accept: bool, note: str = "") -> Invoice:
    """Accept or reject an invoice; whoever handed it in may not. A rejection needs a reason and frees the number; so
    does accepting one of which something could not be compared here (a tax number that is recorded nowhere).

    When checked invoices cover the milestone, the event its payment waits for is recorded (on the day the last of them
    came in) and what depends on it is evaluated anew, in this transaction; a credit note takes it back. Raises Refused,
    also for an invoice that differs from the contract, and for a credit note below what is applied for or paid.
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
        if accept:
            _refuse_differences(locked, note=reason)
            if milestone.invoiced + locked.amount < milestone.committed:
                raise Refused(
                    _("%(committed)s is applied for or paid on the invoices. Reverse or reject that first.")
                    % {"committed": milestone.committed}
                )
            if milestone.invoiced + locked.amount > milestone.amount:
                raise Refused(_("More would be invoiced than the milestone. Reject this one."))
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
            today = today_for(milestone.contract)
            if _keep_event(milestone, locked, actor=actor, today=today):
                _keep_target(milestone)
        return locked
