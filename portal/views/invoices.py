"""Invoices and payments: what is agreed, what was invoiced, how far each payment has come."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from billing import selectors, services
from billing.drawing import draw_waterfall
from billing.forms import invoice_values
from billing.selectors.advice import refunds_back
from contracts.addresses import number_parameter, with_query
from contracts.asof import page_date
from contracts.downloads import attachment_response
from contracts.forms import run_form
from documents.excel import excel_response
from portal.advice_rows import advice_back_table, advice_lines, advice_owed_table, advice_payments_table
from portal.forms import InvoiceForm
from portal.readmodels import invoice_lines, milestone_lines
from portal.rows import filter_group, invoices_excel, invoices_table, milestones_excel, milestones_table
from web.components import KeysetPage

STATES = ("received", "checked", "rejected")


@access(GET="portal.money.read")
def invoices(request: HttpRequest) -> HttpResponse:
    """Instalments with the state of their payment, and one's invoices with the result of the check."""
    viewer, page = request_viewer(request), page_date(request)
    wanted = request.GET.get("format", "")
    lines = milestone_lines(viewer=viewer, as_of=None if page.is_today else page.as_of)
    if wanted == "xlsx":
        return excel_response(_("Payments"), _("Payments"), *milestones_excel(lines))
    asked = request.GET.get("state", "")
    found = selectors.invoices_list(
        viewer=viewer,
        state=asked if asked in STATES else "",  # type: ignore[arg-type]
        before=number_parameter(request, "before"),
    )
    rows = invoice_lines(found.rows)
    if wanted == "invoices.xlsx":
        return excel_response(_("Invoices"), _("Invoices"), *invoices_excel(rows))
    options = [("", _("All")), ("received", _("Received")), ("checked", _("Checked")), ("rejected", _("Rejected"))]
    context = {
        "milestones": milestones_table(lines, query=page.query, today=page.is_today),
        "invoices": invoices_table(rows),
        "back": advice_back_table(refunds_back(viewer=viewer, as_of=page.as_of), with_contract=True),
        "past": not page.is_today,
        "filter_groups": [
            filter_group(
                _("State"),
                "state",
                options,
                current=asked,
                address=lambda name, value: with_query(request, **{name: value}),
            )
        ],
        "page": KeysetPage(older_url=with_query(request, before=found.older) if found.older else "", shown=len(rows)),
        "excel_url": with_query(request, format="xlsx"),
        "invoices_excel_url": with_query(request, format="invoices.xlsx"),
    }
    return render(request, "portal/invoices.html", context)


@access(GET="portal.money.read")
def payment_advice(request: HttpRequest, milestone_id: int) -> HttpResponse:
    """What was paid for an instalment, what was deducted from it, and what is owed either way."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.payment_advice(milestone_id, viewer=viewer, as_of=page.as_of)
    currency = found.milestone.contract.currency
    context = {
        "found": found,
        "milestone": found.milestone,
        "contract": found.milestone.contract,
        "demo": found.milestone.contract.is_demo,
        "currency": currency,
        "picture": draw_waterfall(found.waterfall),
        "lines": advice_lines(found.waterfall),
        "payments": advice_payments_table(found.payments, currency=currency),
        "owed": advice_owed_table(found.owed, currency=currency, today=page.as_of),
        "back": advice_back_table(found.back),
    }
    return render(request, "portal/advice.html", context)


@access(GET="portal.invoice", POST="portal.invoice")
@idempotent
def invoice_add(request: HttpRequest, milestone_id: int) -> HttpResponse:
    """Hand in an invoice for an instalment; finance checks it."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.milestone_page(milestone_id, viewer=viewer, as_of=page.today)
    milestone = found.milestone
    left = milestone.amount - sum(row.amount for row in found.invoices if row.state != "rejected")
    form = InvoiceForm(
        request.POST or None,
        request.FILES or None,
        initial={"idempotency_key": form_key(request)},
    )

    def act(data: dict[str, Any]) -> str:
        services.invoice_add(actor=viewer, milestone=milestone, **invoice_values(data))
        return reverse("portal:invoices")

    context = {
        "heading": _("Hand in an invoice"),
        "sub": milestone.title,
        "submit": _("Hand in the invoice"),
        "columns": True,
        "back": reverse("portal:invoices"),
        "milestone": milestone,
        "contract": found.contract,
        "due": found.due,
        "left": left,
        "payee": found.payee,
        "demo": found.contract.is_demo,
    }
    done = _("The invoice is handed in. The buyer's finance office checks it; you see the result here.")
    return run_form(request, form=form, template="portal/invoice_add.html", context=context, act=act, done=done)


@access(GET="portal.money.read")
def invoice_file(request: HttpRequest, invoice_id: int) -> HttpResponseBase:
    """An invoice as it was handed in, always as a download."""
    return attachment_response(selectors.invoice_get(invoice_id, viewer=request_viewer(request)).file)
