"""Issued documents: the list, issuing a payment approval form, and its stored bytes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import request_viewer
from billing.selectors import application_page
from contracts.asof import page_date
from contracts.errors import Refused
from documents.selectors import document_bytes, document_get, documents_list
from documents.services import payment_approval_issue
from web.billing_tables import documents_table
from web.components import KeysetPage
from web.links import with_query
from web.views.billing import download


@access(GET="document.read")
def documents(request: HttpRequest) -> HttpResponse:
    """All issued documents the reader may see, newest first."""
    viewer, before = request_viewer(request), request.GET.get("before", "")
    found = documents_list(viewer=viewer, before=int(before) if before.isdecimal() and len(before) < 19 else None)
    context = {
        "table": documents_table(found.rows, viewer=viewer, with_contract=True),
        "page": KeysetPage(
            older_url=with_query(request, before=found.older) if found.older else "", shown=len(found.rows)
        ),
    }
    return render(request, "web/billing/documents.html", context)


@access(GET="document.read")
def document_pdf(request: HttpRequest, document_id: int) -> HttpResponse:
    """The bytes as they were issued; a reprint is the same file."""
    found = document_get(document_id, viewer=request_viewer(request))
    return download(document_bytes(found), found.file.name, "application/pdf")


@access(POST="document.issue")
def document_issue(request: HttpRequest, application_id: int) -> HttpResponse:
    """Issue an application's form, or give the one in force again. Repeating it is harmless: the same facts give the
    same document."""
    viewer = request_viewer(request)
    found = application_page(application_id, viewer=viewer, as_of=page_date(request).today)
    try:
        issued = payment_approval_issue(actor=viewer, application=found.application)
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Form %(number)s is issued.") % {"number": issued.number})
    return HttpResponseRedirect(reverse("web:application", args=[application_id]))
