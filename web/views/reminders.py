"""Notifications of the reader, and the rehearsal: who will get what in the next days, and where nobody would."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import request_viewer
from contracts import selectors as contracts
from documents.excel import excel_response
from obligations.channels.sentences import render_message
from obligations.selectors import reminders
from obligations.services.notifications import notifications_read
from web.components import KeysetPage
from web.links import filter_group, number_parameter, with_query
from web.words import step_words

# A day's further reminders are in the Excel file: the page stays readable when a whole year is overdue.
SHOWN_A_DAY = 12
SPANS = (("90", 90), ("30", 30), ("7", 7))


@access(GET="self.manage", POST="self.manage")
def notifications(request: HttpRequest) -> HttpResponse:
    """Own messages, newest first; a POST marks all of them read."""
    viewer = request_viewer(request)
    if request.method == "POST":
        notifications_read(actor=viewer)
        return HttpResponseRedirect(reverse("web:notifications"))
    rows, older = reminders.notifications(viewer=viewer, before_id=number_parameter(request, "before"))
    page = KeysetPage(older_url=with_query(request, before=older) if older else "", shown=len(rows))
    outside = viewer.kind in {"vendor", "supervisor"}
    return render(
        request,
        "web/reminders/notifications.html",
        {
            "rows": rows,
            "page": page,
            "shell_base": "portal/base.html" if outside else "web/base.html",
            "obligation_route": "portal:obligation" if outside else "web:obligation",
        },
    )


@access(GET="contract.internal.read")
def rehearsal(request: HttpRequest) -> HttpResponse:
    """Everything that will be sent if nobody acts, day by day, and the holes; also as Excel."""
    viewer = request_viewer(request)
    days = dict(SPANS).get(request.GET.get("days", "90"), 90)
    contract_id = number_parameter(request, "contract")
    contract = contracts.contract_by_id(contract_id, viewer=viewer) if contract_id else None
    plan = reminders.rehearsal(viewer=viewer, contract=contract, days=days)
    if request.GET.get("format") == "xlsx":
        heads = (_("Day"), _("Step"), _("Ref."), _("Obligation"), _("Recipients"))
        rows = [
            (item.at, step_words(item.step), item.ref, item.title, "、".join(person.name for person in item.recipients))
            for item in plan.reminders
        ]
        return excel_response(_("Reminders ahead"), _("Reminders ahead"), heads, rows)
    options = [("90", _("90 days")), ("30", _("30 days")), ("7", _("7 days"))]
    return render(
        request,
        "web/reminders/rehearsal.html",
        {
            "plan": plan,
            "holes": [render_message(hole.message, hole.params) for hole in plan.holes],
            "days": [(day, items[:SHOWN_A_DAY], len(items)) for day, items in sorted(plan.by_day().items())],
            "contract": contract,
            "groups": (filter_group(request, "days", _("Span"), options),),
            "excel_url": with_query(request, format="xlsx"),
        },
    )
