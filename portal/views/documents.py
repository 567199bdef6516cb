"""Letters, sheets and receipts the buyer addressed to one's own party; reprints are the same bytes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.policy import access
from accounts.scoping import request_viewer
from contracts.addresses import number_parameter, with_query
from contracts.downloads import bytes_response
from documents.selectors import document_download, documents_list
from portal.rows import documents_table
from web.components import KeysetPage


@access(GET="document.received")
def documents(request: HttpRequest) -> HttpResponse:
    """Documents addressed to the reader's party, newest first."""
    found = documents_list(viewer=request_viewer(request), before=number_parameter(request, "before"))
    context = {
        "table": documents_table(found.rows),
        "page": KeysetPage(
            older_url=with_query(request, before=found.older) if found.older else "", shown=len(found.rows)
        ),
    }
    return render(request, "portal/documents.html", context)


@access(GET="document.received")
def document_pdf(request: HttpRequest, document_id: int) -> HttpResponse:
    """A document as it was issued, always as a download."""
    name, body = document_download(document_id, viewer=request_viewer(request))
    return bytes_response(name, body, "application/pdf")
