"""Payments: the list with blocked milestones first, a milestone's page, and the forms that move money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows, require
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from billing import selectors, services
from billing.drawing import draw_waterfall
from billing.forms import invoice_values
from billing.rules import SETTLED
from billing.rules_invoice import InvoiceCheck, by_hand
from billing.sentences_invoice import subject_text
from billing.terms import masked
from contracts.asof import page_date
from contracts.forms import run_form
from contracts.selectors import contract_by_id
from contracts.services.files import file_open
from documents.contract_workbook import milestones_sheet
from documents.excel import download as excel_file
from documents.excel import sheets_workbook
from documents.selectors import documents_for
from web.billing_tables import (
    SIDE_TONES,
    applications_table,
    comparison_rows,
    conditions,
    invoices_table,
    milestones_table,
    money_lines,
    payee_table,
    steps,
)
from web.components import KeysetPage
from web.contract_tabs import contract_tabs
from web.document_tables import documents_table
from web.forms.billing import ApplicationForm, DecisionForm, InvoiceForm, PaymentForm
from web.links import filter_group, with_query
from web.settlement_tables import owed_lines, waterfall_lines
from web.templatetags.ui import money_text

ACTION = "web/billing/action.html"


def _excel(name: str, rows: tuple[selectors.MilestoneRow, ...], *, due: str = "") -> HttpResponse:
    return excel_file(name, sheets_workbook([milestones_sheet(rows, due=due)]))


@access(GET="payment.read")
def payments(request: HttpRequest) -> HttpResponse:
    """All milestones, blocked first; also as Excel."""
    viewer, page = request_viewer(request), page_date(request)
    as_of = None if page.is_today else page.as_of
    if request.GET.get("format") == "xlsx":
        due = "" if page.is_today else _("Due (as today)")
        return _excel("payments", selectors.milestones_list(viewer=viewer, as_of=as_of, limit=10_000).rows, due=due)
    found = selectors.milestones_list(viewer=viewer, as_of=as_of, cursor=request.GET.get("after", ""))
    context = {
        "table": milestones_table(found.rows, viewer=viewer, query=page.query, with_contract=True),
        "page": KeysetPage(
            older_url=with_query(request, after=found.older) if found.older else "", shown=len(found.rows)
        ),
        "past": not page.is_today,
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "web/billing/payments.html", context)


@access(GET="payment.read")
def contract_payments(request: HttpRequest, contract_id: int) -> HttpResponse:
    """One contract's milestones, invoices and issued documents."""
    viewer, page = request_viewer(request), page_date(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    rows = selectors.milestones_list(viewer=viewer, as_of=page.as_of, contract=contract).rows
    if request.GET.get("format") == "xlsx":
        return _excel(f"payments-{contract.number}", rows)
    money = selectors.contract_money(contract, as_of=page.as_of)
    context = {
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
        "table": milestones_table(rows, viewer=viewer, query=page.query, with_contract=False),
        "lines": money_lines(money),
        "currency": contract.currency,
        "changes": payee_table(selectors.payee_changes_of(contract, viewer=viewer), viewer=viewer),
        "may_change_payee": page.is_today and allows(viewer, "payee.propose"),
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "web/billing/contract.html", context)


@access(GET="payment.read")
def milestone(request: HttpRequest, milestone_id: int) -> HttpResponse:
    """One milestone: can it be paid, who must act, what was handed in, applied for and paid."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.milestone_page(milestone_id, viewer=viewer, as_of=page.as_of)
    papers = documents_for([row.pk for row in found.applications], viewer=viewer)
    context = {
        "found": found,
        "milestone": found.milestone,
        "contract": found.contract,
        "demo": found.contract.is_demo,
        "conditions": conditions(found.gate),
        "finished": found.gate.state in SETTLED,
        "steps": steps(found),
        "sides": [(words, SIDE_TONES[side]) for side, words in found.gate.sides],
        "picture": draw_waterfall(found.waterfall),
        "lines": waterfall_lines(found.waterfall),
        "owed": owed_lines(found.waterfall),
        "may_hold": page.is_today and "hold.keep" in found.may,
        "may_open_hold": page.is_today
        and "hold.keep" in found.may
        and (found.hold is None or found.hold.ended_on is not None),
        "invoices": invoices_table(found.invoices, viewer=viewer, with_milestone=False),
        "applications": applications_table(found.applications, viewer=viewer, papers=papers),
        "may_invoice": page.is_today and "invoice.enter" in found.may and "invoice.add" in found.may,
        "may_apply": page.is_today and "payment.apply" in found.may,
        "query": page.query,
    }
    return render(request, "web/billing/milestone.html", context)


@access(GET="payment.read")
def invoices(request: HttpRequest) -> HttpResponse:
    """Invoices, newest first, by state."""
    viewer = request_viewer(request)
    state = request.GET.get("state", "")
    before = request.GET.get("before", "")
    found = selectors.invoices_list(
        viewer=viewer,
        state=state if state in {"received", "checked", "rejected"} else "",  # type: ignore[arg-type]
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
    )
    options = [("", _("All")), ("received", _("To be checked")), ("checked", _("Checked")), ("rejected", _("Rejected"))]
    context = {
        "table": invoices_table(found.rows, viewer=viewer, with_milestone=True),
        "groups": [filter_group(request, "state", _("State"), options)],
        "page": KeysetPage(
            older_url=with_query(request, before=found.older) if found.older else "", shown=len(found.rows)
        ),
    }
    return render(request, "web/billing/invoices.html", context)


@access(GET="payment.read")
def invoice_file(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """The invoice as handed in, always as a download."""
    found = selectors.invoice_get(invoice_id, viewer=request_viewer(request))
    with file_open(found.file) as stored:
        return download(stored.read(), found.file.name, found.file.media_type)


def download(body: bytes, name: str, media_type: str) -> HttpResponse:
    """Bytes that a browser saves and never shows or runs."""
    response = HttpResponse(body, content_type=media_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _summary(found: selectors.MilestonePage) -> list[tuple[str, str]]:
    currency = found.contract.currency
    return [
        (_("Contract"), f"{found.contract.number} {found.contract.title}"),
        (_("Milestone"), f"{found.milestone.title} · {found.milestone.clause}"),
        (_("Amount of the milestone"), money_text(found.milestone.amount, currency)),
        (_("Invoiced and checked"), money_text(found.milestone.invoiced, currency)),
        (_("Paid so far"), money_text(found.gate.gate.paid, currency)),
        (_("Due on"), found.due.on.isoformat() if found.due.on else "—"),
    ]


def _initial(request: HttpRequest, **values: object) -> dict[str, object]:
    return {"idempotency_key": form_key(request), **values}


@access(GET="invoice.enter", POST="invoice.enter")
@idempotent
def invoice_add(request: HttpRequest, milestone_id: int) -> HttpResponse:
    """Enter an invoice that came in on paper; the vendor hands theirs in through the portal."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.milestone_page(milestone_id, viewer=viewer, as_of=page.today)
    form = InvoiceForm(request.POST or None, request.FILES or None, initial=_initial(request))

    def act(data: dict[str, Any]) -> str:
        services.invoice_add(actor=viewer, milestone=found.milestone, **invoice_values(data))
        return reverse("web:milestone", args=[milestone_id])

    context = {
        "heading": _("Enter an invoice"),
        "sub": found.milestone.title,
        "submit": _("Save the invoice"),
        "columns": True,
        "back": reverse("web:milestone", args=[milestone_id]),
        "multipart": True,
        "summary": _summary(found),
        "demo": found.contract.is_demo,
    }
    done = _("The invoice is recorded and waits to be checked by another person.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


@access(GET="invoice.enter", POST="invoice.enter")
@idempotent
def credit_note_add(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Enter a credit note about a checked invoice."""
    viewer = request_viewer(request)
    original = selectors.invoice_get(invoice_id, viewer=viewer)
    form = InvoiceForm(request.POST or None, request.FILES or None, initial=_initial(request))
    back = reverse("web:milestone", args=[original.milestone_id])

    def act(data: dict[str, Any]) -> str:
        services.invoice_add(actor=viewer, milestone=original.milestone, original=original, **invoice_values(data))
        return back

    currency = original.contract.currency
    context = {
        "heading": _("Enter a credit note"),
        "sub": original.number,
        "submit": _("Save the credit note"),
        "columns": True,
        "back": back,
        "multipart": True,
        "intro": _(
            "Enter the amount of the credit note without a sign. It lowers what is invoiced once it is checked."
        ),
        "summary": [
            (_("Original invoice"), original.number),
            (_("Amount including tax"), money_text(original.amount, currency)),
            (_("Date of the invoice"), original.issued_on.isoformat()),
            (_("Milestone"), original.milestone.title),
        ],
        "demo": original.contract.is_demo,
    }
    done = _("The credit note is recorded and waits to be checked by another person.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


def _by_hand_text(checks: Sequence[InvoiceCheck]) -> str:
    """What the checker has to compare alone, if anything."""
    left = by_hand(checks)
    if not left:
        return ""
    return _("Not compared here: %(what)s. Accepting needs a note that says what you compared with.") % {
        "what": "、".join(subject_text(check.subject) for check in left)
    }


@access(GET="invoice.check", POST="invoice.check")
@idempotent
def invoice_check(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Accept or reject an invoice."""
    viewer, page = request_viewer(request), page_date(request)
    invoice = selectors.invoice_get(invoice_id, viewer=viewer)
    found = selectors.milestone_page(invoice.milestone_id, viewer=viewer, as_of=page.today)
    form = DecisionForm(
        request.POST or None, initial=_initial(request), yes=_("The invoice is right"), no=_("Reject it")
    )
    comparison = selectors.invoice_comparison(invoice, found.terms)
    if by_hand(comparison):
        form.fields["note"].help_text = _("Needed for a rejection, and to say what you compared by hand.")

    def act(data: dict[str, Any]) -> str:
        services.invoice_check(actor=viewer, invoice=invoice, accept=data["decision"] == "yes", note=data["note"])
        return reverse("web:milestone", args=[invoice.milestone_id])

    context = {
        "heading": _("Check the invoice"),
        "sub": invoice.number,
        "submit": _("Save the result"),
        "back": reverse("web:milestone", args=[invoice.milestone_id]),
        "links": [(reverse("web:invoice_file", args=[invoice.pk]), _("Download the file"))],
        "intro": _("Compare number, date, amount, title and tax number with the file and the contract."),
        "warning": _by_hand_text(comparison),
        "summary": [
            (_("Invoice number"), invoice.number),
            (_("Amount including tax"), money_text(invoice.amount, found.contract.currency)),
            (_("Date of the invoice"), invoice.issued_on.isoformat()),
            (_("Handed in by"), str(invoice.submitted_by)),
            (_("State"), str(invoice.get_state_display())),
            *comparison_rows(comparison),
            *_summary(found),
        ],
        "demo": found.contract.is_demo,
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The result is saved."))


@access(GET="payment.apply", POST="payment.apply")
@idempotent
def payment_apply(request: HttpRequest, milestone_id: int) -> HttpResponse:
    """Apply for a milestone's payment."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.milestone_page(milestone_id, viewer=viewer, as_of=page.today)
    currency = found.contract.currency
    checked = [row for row in reversed(found.invoices) if row.state == "checked"]
    form = ApplicationForm(
        request.POST or None,
        initial=_initial(
            request,
            amount=found.gate.gate.available or None,
            invoices=[str(row.pk) for row in checked],
            payee_account=found.payee.number,
        ),
        invoices=[(str(row.pk), f"{row.number} · {money_text(row.amount, currency)}") for row in checked],
    )

    def act(data: dict[str, Any]) -> str:
        chosen = set(data["invoices"])
        application = services.payment_apply(
            actor=viewer,
            milestone=found.milestone,
            amount=data["amount"],
            payee_account=data["payee_account"],
            note=data["note"],
            invoices=[row for row in checked if str(row.pk) in chosen],
        )
        return reverse("web:application", args=[application.pk])

    blocking = [line for line in found.gate.lines if line.state != "met" and line.subject in {"trigger", "term"}]
    context = {
        "heading": _("Apply for the payment"),
        "sub": found.milestone.title,
        "submit": _("Apply"),
        "back": reverse("web:milestone", args=[milestone_id]),
        "warning": blocking[0].text if blocking else "",
        "summary": [
            *_summary(found),
            (_("Can be applied for now"), money_text(found.gate.gate.available, currency)),
            (_("Payee"), found.payee.name),
            (_("Bank"), found.payee.bank),
            (_("Account"), found.payee.number),
        ],
        "demo": found.contract.is_demo,
    }
    done = _("The payment is applied for. A manager must approve it.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


def _application_summary(found: selectors.ApplicationPage, *, account: str) -> list[tuple[str, str]]:
    application, currency = found.application, found.page.contract.currency
    decided = str(application.decided_by) if application.decided_by else ""
    rows = [
        (_("Application number"), application.number),
        (_("State"), str(application.get_state_display())),
        (_("Amount to pay"), money_text(application.amount, currency)),
        (_("Payee"), application.payee_name),
        (_("Bank"), application.payee_bank),
        (_("Account"), account),
        (_("Invoices"), "、".join(row.number for row in found.invoices)),
        (_("Reason"), application.note or "—"),
        (_("Applied for by"), str(application.applied_by)),
        (_("Decided by"), " · ".join(text for text in (decided, application.decision_note) if text) or "—"),
    ]
    payment = getattr(application, "payment", None)
    if payment is not None:
        rows += [(_("Paid on"), payment.paid_on.isoformat()), (_("Bank reference"), payment.bank_reference)]
    return rows + _summary(found.page)


@access(GET="payment.read")
def application(request: HttpRequest, application_id: int) -> HttpResponse:
    """One payment application with what can be done about it and its printed forms."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.application_page(application_id, viewer=viewer, as_of=page.as_of)
    papers = documents_for([found.application.pk], viewer=viewer)
    context = {
        "found": found,
        "application": found.application,
        "contract": found.page.contract,
        "demo": found.page.contract.is_demo,
        "summary": _application_summary(found, account=masked(found.application.payee_account)),
        "conditions": conditions(found.page.gate),
        "documents": documents_table(papers.get(found.application.pk, ()), viewer=viewer),
        "may_decide": page.is_today and found.may_decide,
        "may_post": page.is_today and found.may_post,
        "may_issue": page.is_today and found.application.state != "rejected" and allows(viewer, "document.issue"),
        "may_reverse": page.is_today and found.application.state == "paid" and allows(viewer, "payment.reverse"),
        "reversals": selectors.reversals_of(application_id, viewer=viewer)
        if found.application.state in {"paid", "reversed"}
        else (),
        "may_decide_reversal": page.is_today and allows(viewer, "payment.reverse.approve"),
    }
    return render(request, "web/billing/application.html", context)


@access(GET="payment.approve", POST="payment.approve")
@idempotent
def payment_decide(request: HttpRequest, application_id: int) -> HttpResponse:
    """Approve or reject an application. Asks for the password first, so that no filled form is lost to it."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.application_page(application_id, viewer=viewer, as_of=page.today)
    require(viewer, "payment.approve", found.application)
    form = DecisionForm(
        request.POST or None, initial=_initial(request), yes=_("Approve the payment"), no=_("Reject it")
    )

    def act(data: dict[str, Any]) -> str:
        services.payment_decide(
            actor=viewer, application=found.application, approve=data["decision"] == "yes", note=data["note"]
        )
        return reverse("web:application", args=[application_id])

    context = {
        "heading": _("Decide the application"),
        "sub": found.application.number,
        "submit": _("Save the decision"),
        "back": reverse("web:application", args=[application_id]),
        "intro": _("With your approval finance may transfer the money. It cannot be taken back here."),
        "summary": _application_summary(found, account=found.application.payee_account),
        "demo": found.page.contract.is_demo,
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The decision is saved."))


@access(GET="payment.post", POST="payment.post")
@idempotent
def payment_post(request: HttpRequest, application_id: int) -> HttpResponse:
    """Enter the bank transfer of an approved application."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.application_page(application_id, viewer=viewer, as_of=page.today)
    form = PaymentForm(request.POST or None, initial=_initial(request, paid_on=page.today))

    def act(data: dict[str, Any]) -> str:
        services.payment_post(
            actor=viewer,
            application=found.application,
            paid_on=data["paid_on"],
            bank_reference=data["bank_reference"],
        )
        return reverse("web:application", args=[application_id])

    context = {
        "heading": _("Enter the payment"),
        "sub": found.application.number,
        "submit": _("Save the payment"),
        "back": reverse("web:application", args=[application_id]),
        "intro": _("A payment that is saved cannot be changed; a mistake is corrected by a counter-entry."),
        "summary": _application_summary(found, account=found.application.payee_account),
        "demo": found.page.contract.is_demo,
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The payment is recorded."))
