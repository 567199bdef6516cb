"""Issued penalties: what is claimed, how long one may object, and what both sides said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from contracts.addresses import number_parameter, with_query
from contracts.asof import page_date
from contracts.forms import run_form
from penalties import services
from penalties.selectors import case_get
from portal import penalties as readmodels
from portal.forms import NoteForm, ObjectionForm, StatementForm
from portal.penalty_rows import penalties_table
from web.components import KeysetPage

FORM = "portal/penalties/act.html"


@access(GET="portal.read")
def penalties(request: HttpRequest) -> HttpResponse:
    """The penalties issued to one's own party; the first line says what is at stake and how long one may object."""
    viewer, page = request_viewer(request), page_date(request)
    rows, older = readmodels.lines(viewer=viewer, today=page.today, before=number_parameter(request, "before"))
    running = [row for row in rows if row.days_left is not None and row.days_left >= 0]
    context = {
        "table": penalties_table(rows),
        "stake": readmodels.stake(rows),
        "currency": rows[0].currency if rows else "CNY",
        "running": len(running),
        "soonest": min((row.days_left for row in running if row.days_left is not None), default=None),
        "page": KeysetPage(older_url=with_query(request, before=older) if older else "", shown=len(rows)),
    }
    return render(request, "portal/penalties/list.html", context)


@access(GET="portal.read")
def penalty(request: HttpRequest, case_id: int) -> HttpResponse:
    """One penalty with its grounds, both sides' words and what can be done."""
    viewer = request_viewer(request)
    found = readmodels.penalty(case_id, viewer=viewer)
    acts = allows(viewer, "portal.penalty.object")
    context = {
        "found": found,
        "line": found.line,
        "may_object": acts and "object" in found.acts,
        "may_retract": acts and "retract" in found.acts,
        "may_accept": acts and "agree" in found.acts,
        "may_state": acts and found.talking,
        "may_opine": allows(viewer, "portal.penalty.opinion") and found.talking,
    }
    return render(request, "portal/penalties/penalty.html", context)


def _act(
    request: HttpRequest,
    case_id: int,
    *,
    form: Any,
    heading: str,
    act: Callable[[dict[str, Any]], object],
    done: str,
) -> HttpResponse:
    viewer = request_viewer(request)
    found = readmodels.penalty(case_id, viewer=viewer)
    target = reverse("portal:penalty", args=[case_id])

    def run(data: dict[str, Any]) -> str:
        data.pop("idempotency_key", None)
        act(data)
        return target

    context = {
        "heading": heading,
        "sub": f"{found.line.number} {found.line.title}",
        "submit": heading,
        "back": target,
        "found": found,
        "line": found.line,
    }
    return run_form(request, form=form, template=FORM, context=context, act=run, done=done)


def _key(request: HttpRequest) -> dict[str, object]:
    return {"idempotency_key": form_key(request)}


@access(GET="portal.penalty.object", POST="portal.penalty.object")
@idempotent
def object_to(request: HttpRequest, case_id: int) -> HttpResponse:
    """Object, with reasons and evidence."""
    viewer = request_viewer(request)
    form = ObjectionForm(request.POST or None, request.FILES or None, initial=_key(request))
    return _act(
        request, case_id, form=form, heading=_("Raise an objection"),
        act=lambda data: services.penalty_object(
            actor=viewer, case=case_get(case_id, viewer=viewer), text=data["text"], uploads=data["uploads"]
        ),
        done=_("Your objection is on record. The buyer answers and decides; you see both here."),
    )  # fmt: skip


@access(GET="portal.penalty.object", POST="portal.penalty.object")
@idempotent
def retract(request: HttpRequest, case_id: int) -> HttpResponse:
    """Take the objection back."""
    viewer = request_viewer(request)
    form = NoteForm(request.POST or None, initial=_key(request))
    return _act(
        request, case_id, form=form, heading=_("Withdraw the objection"),
        act=lambda data: services.objection_retract(
            actor=viewer, case=case_get(case_id, viewer=viewer), note=data["note"]
        ),
        done=_("The objection is withdrawn."),
    )  # fmt: skip


@access(GET="portal.penalty.object", POST="portal.penalty.object")
@idempotent
def accept(request: HttpRequest, case_id: int) -> HttpResponse:
    """Accept the amount as it stands."""
    viewer = request_viewer(request)
    form = NoteForm(request.POST or None, initial=_key(request))
    return _act(
        request, case_id, form=form, heading=_("Accept the penalty"),
        act=lambda data: services.penalty_accept(
            actor=viewer, case=case_get(case_id, viewer=viewer), note=data["note"]
        ),
        done=_("Accepted. The buyer settles it; you see how."),
    )  # fmt: skip


def _say(request: HttpRequest, case_id: int, heading: str) -> HttpResponse:
    viewer = request_viewer(request)
    form = StatementForm(request.POST or None, request.FILES or None, initial=_key(request))
    return _act(
        request, case_id, form=form, heading=heading,
        act=lambda data: services.statement_add(
            actor=viewer, case=case_get(case_id, viewer=viewer), text=data["text"], uploads=data["uploads"]
        ),
        done=_("Added to the record."),
    )  # fmt: skip


@access(GET="portal.penalty.object", POST="portal.penalty.object")
@idempotent
def statement(request: HttpRequest, case_id: int) -> HttpResponse:
    """Add to one's own side."""
    return _say(request, case_id, _("Add a statement"))


@access(GET="portal.penalty.opinion", POST="portal.penalty.opinion")
@idempotent
def opinion(request: HttpRequest, case_id: int) -> HttpResponse:
    """The supervisor's opinion in a dispute."""
    return _say(request, case_id, _("Give an opinion"))
