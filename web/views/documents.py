"""Issued documents: the lists, issuing and voiding them, and their stored bytes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts.policy import access, require
from accounts.scoping import request_viewer
from billing.selectors import application_page
from contracts.asof import page_date
from contracts.errors import Refused
from contracts.forms import run_form
from contracts.selectors import contract_by_id
from documents.selectors import document_bytes, document_get, documents_list, kinds_listed
from documents.services import document_cancel, document_issue
from web.components import KeysetPage
from web.contract_tabs import contract_tabs
from web.document_tables import documents_table
from web.forms.documents import CancelForm
from web.links import filter_group, number_parameter, with_query
from web.views.billing import download


def _list(request: HttpRequest, contract: Any = None) -> dict[str, Any]:
    viewer, kind = request_viewer(request), request.GET.get("kind", "")
    options = kinds_listed()
    found = documents_list(
        viewer=viewer,
        contract=contract,
        kind=kind if kind in dict(options) else "",
        before=number_parameter(request, "before"),
    )
    return {
        "table": documents_table(found.rows, viewer=viewer, with_contract=contract is None),
        "groups": [filter_group(request, "kind", _("Kind"), [("", _("All")), *options])],
        "page": KeysetPage(
            older_url=with_query(request, before=found.older) if found.older else "", shown=len(found.rows)
        ),
    }


@access(GET="document.read")
def documents(request: HttpRequest) -> HttpResponse:
    """All issued documents the reader may see, newest first."""
    return render(request, "web/documents/list.html", _list(request))


@access(GET="document.read")
def contract_documents(request: HttpRequest, contract_id: int) -> HttpResponse:
    """One contract's issued documents; its payment ledger is issued here."""
    contract = contract_by_id(contract_id, viewer=request_viewer(request))
    context = {
        **_list(request, contract),
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
    }
    return render(request, "web/documents/contract.html", context)


@access(GET="document.read")
def document_pdf(request: HttpRequest, document_id: int) -> HttpResponse:
    """The bytes as they were issued; a reprint is the same file."""
    found = document_get(document_id, viewer=request_viewer(request))
    return download(document_bytes(found), found.file.name, "application/pdf")


def _issued(request: HttpRequest, kind: str, key: int) -> None:
    """Issue, and say what came of it. Repeating it is harmless: the same facts give the same document."""
    try:
        issued = document_issue(actor=request_viewer(request), kind=kind, key=str(key))
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Document %(number)s is issued.") % {"number": issued.number})


@access(POST="document.issue")
def application_form_issue(request: HttpRequest, application_id: int) -> HttpResponse:
    """Issue an application's form, or give the one in force again."""
    found = application_page(application_id, viewer=request_viewer(request), as_of=page_date(request).today)
    _issued(request, "payment_approval", found.application.pk)
    return HttpResponseRedirect(reverse("web:application", args=[application_id]))


@access(POST="document.issue")
def document_issue_of(request: HttpRequest, kind: str, subject_id: int) -> HttpResponse:
    """Issue the document of a kind about something, and go back to the page that asked for it."""
    _issued(request, kind, subject_id)
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("web:documents")
    return HttpResponseRedirect(back)


@access(GET="document.issue", POST="document.issue")
def document_void(request: HttpRequest, document_id: int) -> HttpResponse:
    """Declare a document void, with a reason. The document stays as it was issued."""
    viewer = request_viewer(request)
    found = document_get(document_id, viewer=viewer)
    require(viewer, "document.issue", found)
    form = CancelForm(request.POST or None)
    back = reverse("web:contract_documents", args=[found.contract_id])

    def act(data: dict[str, Any]) -> str:
        document_cancel(actor=viewer, document=found, reason=data["reason"])
        return back

    context = {
        "heading": _("Declare the document void"),
        "sub": found.number,
        "submit": _("Declare it void"),
        "back": back,
        "intro": _("It stays in the list and can still be verified: as void. This cannot be taken back."),
        "demo": found.contract.is_demo,
    }
    done = _("The document is void.")
    return run_form(request, form=form, template="web/form.html", context=context, act=act, done=done)
