"""Working days: the published years, proposals and their approval, with the effect on every deadline shown first."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from contracts import selectors
from contracts.errors import Refused
from contracts.forms import run_form
from contracts.services import calendars
from obligations.services import calendar_years
from web.components import Cell, Column, Row, Table, Tone
from web.forms.contracts import CalendarForm, NoteForm
from web.words import source_words


@access(GET="calendar.read")
def workdays(request: HttpRequest) -> HttpResponse:
    """Every year and version of the calendar; what is published, proposed, superseded."""
    viewer = request_viewer(request)
    rows = list(selectors.calendar_years(viewer=viewer))
    tones: dict[str, Tone] = {"active": "ok", "proposed": "info", "superseded": "", "rejected": ""}
    table = Table(
        _("Working days"),
        (
            Column(_("Year"), "main"),
            Column(_("State")),
            Column(_("Days off"), "num"),
            Column(_("Make-up days"), "num"),
            Column(_("Source")),
            Column(_("Proposed / approved by")),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(f"{row.year} · v{row.version}", url=reverse("web:workdays_year", args=[row.pk])),
                    Cell(row.get_state_display(), chip=True, tone=tones[row.state]),
                    Cell(str(len(row.rest))),
                    Cell(str(len(row.work))),
                    Cell(source_words(row.source)),
                    Cell(" / ".join(str(p) for p in (row.proposed_by, row.approved_by) if p) or _("shipped")),
                    Cell(
                        _("Decide") if row.state == "proposed" and allows(viewer, "calendar.approve") else "",
                        url=reverse("web:workdays_year", args=[row.pk]),
                    ),
                ),
                faded=row.state in {"superseded", "rejected"},
            )
            for row in rows
        ),
    )
    context = {"table": table, "may_propose": allows(viewer, "calendar.propose")}
    return render(request, "web/calendars/list.html", context)


@access(GET="calendar.propose", POST="calendar.propose")
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a year's days; nothing counts until another person approves."""
    viewer = request_viewer(request)

    def act(data: dict[str, Any]) -> str:
        row = calendars.calendar_propose(actor=viewer, **data)
        return reverse("web:workdays_year", args=[row.pk])

    context = {
        "heading": _("Propose a year's working days"),
        "submit": _("Propose"),
        "back": reverse("web:workdays"),
    }
    return run_form(
        request,
        form=CalendarForm(request.POST or None),
        template="web/form.html",
        context=context,
        act=act,
        done=_("Proposed. Another person must approve it."),
    )


@access(GET="calendar.read", POST="calendar.approve")
def year(request: HttpRequest, calendar_id: int) -> HttpResponse:
    """One version of one year; for a proposal, what approving it would move, and the decision."""
    viewer = request_viewer(request)
    row = selectors.calendar_get(calendar_id, viewer=viewer)
    form = NoteForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        approve = request.POST.get("decision") == "approve"
        if form.is_valid():
            try:
                changed = calendar_years.calendar_year_decide(
                    actor=viewer, calendar=row, approve=approve, note=form.cleaned_data["note"]
                )
            except Refused as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                if approve:
                    messages.success(
                        request, _("Approved. %(count)s deadlines were computed anew.") % {"count": len(changed)}
                    )
                else:
                    messages.info(request, _("Rejected; nothing changed."))
                return HttpResponseRedirect(reverse("web:workdays"))
    effects = calendar_years.calendar_year_effects(viewer=viewer, calendar=row) if row.state == "proposed" else []
    context = {
        "row": row,
        "rest": [(date.fromisoformat(day), name) for day, name in row.rest],
        "work": [(date.fromisoformat(day), name) for day, name in row.work],
        "effects": effects,
        "form": form,
        "may_decide": row.state == "proposed" and allows(viewer, "calendar.approve"),
    }
    return render(request, "web/calendars/year.html", context, status=status)
