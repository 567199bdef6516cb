"""One obligation of the vendor: why this day, what was handed in and answered, and what can be done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from contracts import selectors as contracts
from contracts.asof import page_date
from contracts.downloads import attachment_response
from contracts.errors import Refused
from contracts.forms import run_form
from obligations.selectors.details import obligation_object, possible_keepers
from obligations.services import submissions
from obligations.services.reminders import actions
from portal import readmodels
from portal.forms import HandOverForm, SubmissionForm
from portal.rows import explained
from portal.views.contracts import contract_tabs


@access(GET="portal.read")
def obligation(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """One obligation with its explained deadline, own submissions and the buyer's answers."""
    viewer, page = request_viewer(request), page_date(request)
    found = readmodels.duty(obligation_id, viewer=viewer, as_of=page.as_of, known_on=page.known_on)
    row = found.row
    contract = contracts.contract_by_id(row.contract_id, viewer=viewer)
    acts = found.may if page.is_today and allows(viewer, "portal.submit") else frozenset()
    answered = next((one for one in found.rounds if one.state in {"rejected", "more_info"}), None)
    context = {
        "contract": contract,
        "tabs": contract_tabs(request, contract.pk, page),
        "demo": contract.is_demo,
        "duty": found,
        "row": row,
        "strip": explained(found.strip, found.sentences, estimate=row.is_estimate),
        # The buyer's last word stays on top until the next round is handed in.
        "to_correct": answered if answered and row.state == "open" and answered == found.rounds[0] else None,
        "may_submit": "submit" in acts,
        "may_acknowledge": "acknowledge" in acts and "submit" in acts and not found.acknowledged,
        "may_hand_over": "hand_over" in acts and row.state == "open",
        "query": page.query,
    }
    return render(request, "portal/obligation.html", context)


@access(GET="portal.submit", POST="portal.submit")
def submit(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Report an obligation as fulfilled, with evidence."""
    viewer, page = request_viewer(request), page_date(request)
    found = readmodels.duty(obligation_id, viewer=viewer, as_of=page.today)
    target = reverse("portal:obligation", args=[obligation_id])
    form = SubmissionForm(request.POST or None, request.FILES or None, initial={"done_on": page.today})

    def act(data: dict[str, Any]) -> str:
        submissions.submission_add(
            actor=viewer,
            obligation=obligation_object(obligation_id, viewer=viewer),
            done_on=data["done_on"],
            note=data["note"],
            uploads=data["upload"],
            reference=data["reference"],
        )
        return target

    context = {
        "heading": _("Hand in"),
        "sub": found.row.title,
        "submit": _("Hand in"),
        "back": target,
        "duty": found,
        "demo": found.row.is_demo,
    }
    done = _("Handed in. The buyer reviews it; you see the answer here.")
    return run_form(request, form=form, template="portal/submit.html", context=context, act=act, done=done)


@access(POST="portal.submit")
def acknowledge(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Say "seen, ours": the daily reminders for this due date stop."""
    viewer = request_viewer(request)
    found = obligation_object(obligation_id, viewer=viewer)
    try:
        actions.acknowledge(actor=viewer, obligation=found)
        messages.success(request, _("Acknowledged; the daily reminders stop for this due date."))
    except Refused as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(reverse("portal:obligation", args=[obligation_id]))


@access(GET="portal.submit", POST="portal.submit")
def hand_over(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Name the colleague who takes care of it; reminders then go to them."""
    viewer = request_viewer(request)
    found = obligation_object(obligation_id, viewer=viewer)
    people = {person.pk: person for person in possible_keepers(found, viewer=viewer)}
    target = reverse("portal:obligation", args=[obligation_id])
    form = HandOverForm(request.POST or None, people=[(pk, str(person)) for pk, person in people.items()])

    def act(data: dict[str, Any]) -> str:
        actions.hand_over(actor=viewer, obligation=found, to=people.get(data["to"]), note=data["note"])
        return target

    context = {"heading": _("Hand over"), "sub": found.title, "submit": _("Hand over"), "back": target}
    done = _("Handed over; reminders follow.")
    return run_form(request, form=form, template="portal/form.html", context=context, act=act, done=done)


@access(GET="portal.read")
def evidence_file(request: HttpRequest, file_id: int) -> HttpResponseBase:
    """A file one's own party handed in, always as a download."""
    return attachment_response(readmodels.own_file(file_id, viewer=request_viewer(request)))
