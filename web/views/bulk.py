"""Taking a contract over late: a template of everything owed, filled in and loaded at once, then reviewed by another
person together."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from contracts import selectors as contracts
from contracts.asof import page_date
from contracts.errors import Refused
from documents.excel import MEDIA_TYPE
from obligations import selectors
from obligations.services import bulk as service
from obligations.services import submissions
from web.contract_tabs import contract_tabs
from web.forms.obligations import BulkForm

UNPROCESSABLE = 422
REVIEW_ROWS = 500


@access(GET="obligation.bulk", POST="obligation.bulk")
def bulk(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Upload the filled template: every row is taken, or none and all faulty lines are named."""
    viewer = request_viewer(request)
    contract = contracts.contract_by_id(contract_id, viewer=viewer)
    form = BulkForm(request.POST or None, request.FILES or None)
    problems: tuple[Any, ...] = ()
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                done = service.bulk_record(
                    actor=viewer, contract=contract, rows=service.bulk_rows(form.cleaned_data["file"])
                )
            except service.BulkRefused as error:
                problems = error.problems
            except Refused as error:
                form.add_error("file", error.message)
            else:
                messages.success(
                    request, _("%(count)s reports entered. Another person must review them.") % {"count": len(done)}
                )
                return HttpResponseRedirect(reverse("web:bulk", args=[contract.pk]))
    waiting = selectors.contract_obligations(
        viewer=viewer,
        contract=contract,
        as_of=page_date(request).today,
        filters=selectors.Filters(status="in_review"),
        size=REVIEW_ROWS,
    ).rows
    context = {
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
        "form": form,
        "problems": problems,
        "reviewable": [row for row in waiting if row.verb == "review"],
        "others": sum(row.verb != "review" for row in waiting),
        "may_review": allows(viewer, "obligation.review"),
    }
    return render(request, "web/obligations/bulk.html", context, status=status)


@access(GET="obligation.bulk")
def template(request: HttpRequest, contract_id: int) -> HttpResponse:
    """The Excel template: one row for everything owed that fell due."""
    viewer = request_viewer(request)
    contract = contracts.contract_by_id(contract_id, viewer=viewer)
    content = service.bulk_template(viewer=viewer, contract=contract, as_of=page_date(request).today)
    response = HttpResponse(content, content_type=MEDIA_TYPE)
    name = f"{contract.number} {_('Past obligations')}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@access(POST="obligation.review")
def review_many(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Accept the ticked reports together; one that cannot be accepted leaves all as they were."""
    viewer = request_viewer(request)
    contract = contracts.contract_by_id(contract_id, viewer=viewer)
    wanted = [int(text) for text in request.POST.getlist("obligation")[:REVIEW_ROWS] if text.isdigit()]
    found = [selectors.open_submission(pk, viewer=viewer) for pk in wanted]
    chosen = [one for one in found if one is not None and one.obligation.contract_id == contract.pk]
    target = HttpResponseRedirect(
        reverse("web:bulk" if allows(viewer, "obligation.bulk") else "web:contract", args=[contract.pk])
    )
    if not chosen:
        messages.warning(request, _("Tick at least one report."))
        return target
    try:
        submissions.submissions_accept(actor=viewer, submissions=chosen)
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("%(count)s reports accepted.") % {"count": len(chosen)})
    return target
