"""Obligations of a contract as a list, and one obligation with its explained deadline and everything done about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import request_viewer
from billing.selectors import milestone_of_obligation
from contracts import selectors as contracts
from contracts.asof import page_date
from contracts.downloads import attachment_response
from contracts.errors import Refused
from contracts.forms import add_refusal, run_form
from documents.excel import excel_response
from obligations import selectors
from obligations.selectors import Filters
from obligations.services import submissions
from obligations.services.reminders import actions
from web.components import KeysetPage
from web.contract_tabs import contract_tabs
from web.day_strip import explained_deadline
from web.forms.obligations import HandOverForm, ReasonForm, ReviewForm, SubmissionForm
from web.journal_words import action_words
from web.links import filter_group, with_query
from web.obligation_rows import component_groups, component_row, excel_heads, excel_row


def read_filters(request: HttpRequest) -> Filters:
    """Filters from the address."""
    get = request.GET
    return Filters(
        side=get.get("side", ""),
        status=get.get("status", ""),
        lane=get.get("lane", ""),
        kind=get.get("kind", ""),
        tracking=get.get("tracking", ""),
        clause=get.get("clause", ""),
        text=get.get("q", "").strip()[:100],
    )


@access(GET="contract.internal.read")
def contract_list(request: HttpRequest, contract_id: int) -> HttpResponse:
    """All obligations of a contract: filters as addresses, search, keyset pages, Excel; by due day or as registered."""
    viewer, page = request_viewer(request), page_date(request)
    contract = contracts.contract_by_id(contract_id, viewer=viewer)
    filters = read_filters(request)
    order = "register" if request.GET.get("order") == "register" else "due"
    seen: dict[str, Any] = {
        "viewer": viewer,
        "contract": contract,
        "as_of": page.as_of,
        "known_on": page.known_on,
        "filters": filters,
        "order": order,
    }
    if request.GET.get("format") == "xlsx":
        rows = map(excel_row, selectors.obligations_export(**seen))
        return excel_response(f"{contract.number} {_('Obligations')}", _("Obligations"), excel_heads(), rows)
    found = selectors.contract_obligations(**seen, cursor=request.GET.get("cursor", ""))
    groups = (
        filter_group(
            request,
            "side",
            _("Party"),
            [("", _("All")), ("buyer", _("Buyer")), ("vendor", _("Vendor")), ("third", _("Third parties"))],
        ),
        filter_group(
            request,
            "status",
            _("Status"),
            [
                ("", _("Any status")),
                ("owed", _("Owed")),
                ("late", _("Overdue")),
                ("in_review", _("In review")),
                ("pending", _("Pending")),
                ("met", _("Met")),
                ("standing", _("Standing")),
            ],
        ),
        filter_group(
            request,
            "kind",
            _("Kind"),
            [
                ("", _("Any kind")),
                ("contractual", _("Contractual")),
                ("internal", _("Internal")),
                ("external", _("External")),
            ],
        ),
        filter_group(request, "order", _("Order"), [("due", _("By due day")), ("register", _("As registered"))]),
    )
    listed = (
        component_groups(found.rows, query=page.query) if order == "due" else (_plain_group(found.rows, page.query),)
    )
    context = {
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
        "groups": groups,
        "listed": listed if found.rows else (),
        "clause": filters.clause,
        "page": KeysetPage(
            newer_url="" if found.is_first else with_query(request),
            older_url=with_query(request, cursor=found.next_cursor) if found.next_cursor else "",
            shown=len(found.rows),
        ),
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "web/obligations/list.html", context)


def _plain_group(rows: Any, query: str) -> Any:
    from web.components import ObligationGroup

    return ObligationGroup("", tuple(component_row(row, query=query) for row in rows))


@access(GET="contract.internal.read")
def obligation(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """One obligation: why this day, evidence, submissions and reviews, reminders, history, and what can be done."""
    viewer, page = request_viewer(request), page_date(request)
    detail = selectors.obligation_get(obligation_id, viewer=viewer, as_of=page.as_of, known_on=page.known_on)
    row = detail.row
    contract = contracts.contract_by_id(row.contract_id, viewer=viewer)
    context = {
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
        "detail": detail,
        "row": row,
        "listed": component_row(row),
        "strip": explained_deadline(detail),
        "fact_titles": contracts.fact_titles(contract),
        "history": [(entry, action_words(entry.action)) for entry in detail.history],
        "may": detail.may,
        "review_form": ReviewForm(),
        "milestone_id": milestone_of_obligation(row.pk, viewer=viewer) if row.amount is not None else None,
    }
    return render(request, "web/obligations/detail.html", context)


@access(GET="staff.submit", POST="staff.submit")
def submit(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Report an obligation as fulfilled, with evidence."""
    viewer = request_viewer(request)
    found = selectors.obligation_object(obligation_id, viewer=viewer)
    target = reverse("web:obligation", args=[found.pk])
    form = SubmissionForm(request.POST or None, request.FILES or None, initial={"done_on": page_date(request).today})

    def act(data: dict[str, Any]) -> str:
        submissions.submission_add(
            actor=viewer,
            obligation=found,
            done_on=data["done_on"],
            note=data["note"],
            uploads=data["files"],
            reference=data["reference"],
        )
        return target

    context = {
        "heading": _("Hand in"),
        "sub": found.title,
        "submit": _("Hand in"),
        "back": target,
        "multipart": True,
    }
    return run_form(
        request,
        form=form,
        template="web/form.html",
        context=context,
        act=act,
        done=_("Handed in. Another person reviews it."),
    )


@access(POST="obligation.review")
def review(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Accept, reject or ask for more: one of three decisions on the open submission."""
    viewer = request_viewer(request)
    detail_url = reverse("web:obligation", args=[obligation_id])
    submission = selectors.open_submission(obligation_id, viewer=viewer)
    form = ReviewForm(request.POST)
    if submission is None:
        messages.warning(request, _("There is nothing to review any more. Somebody else may have decided."))
    elif not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
    else:
        note, decision = form.cleaned_data["note"], request.POST.get("decision")
        try:
            if decision == "accept":
                submissions.submission_accept(
                    actor=viewer, submission=submission, done_on=form.cleaned_data["done_on"], note=note
                )
                messages.success(request, _("Accepted; the obligation is met."))
            elif decision == "reject":
                submissions.submission_reject(actor=viewer, submission=submission, note=note)
                messages.success(request, _("Rejected; it is still owed."))
            else:
                submissions.submission_more_info(actor=viewer, submission=submission, note=note)
                messages.success(request, _("More information asked for."))
        except Refused as error:
            messages.error(request, error.message)
    return HttpResponseRedirect(detail_url)


@access(GET="obligation.waive", POST="obligation.waive")
def waive(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Waive an obligation, with a reason and a fresh password."""
    return _reasoned(
        request,
        obligation_id,
        heading=_("Waive"),
        intro=_("The obligation need not be fulfilled any more. The reason stays on record."),
        act=lambda viewer, found, reason: submissions.obligation_waive(actor=viewer, obligation=found, reason=reason),
        done=_("Waived."),
    )


@access(GET="obligation.waive", POST="obligation.waive")
def reopen(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Take a fulfilment or a waiver back; the earlier record stays."""
    return _reasoned(
        request,
        obligation_id,
        heading=_("Take back"),
        intro=_("The obligation is owed again. What was recorded before stays on record."),
        act=lambda viewer, found, reason: submissions.obligation_reopen(actor=viewer, obligation=found, reason=reason),
        done=_("Taken back; it is owed again."),
    )


def _reasoned(
    request: HttpRequest, obligation_id: int, *, heading: str, intro: str, act: Any, done: str
) -> HttpResponse:
    viewer = request_viewer(request)
    found = selectors.obligation_object(obligation_id, viewer=viewer)
    target = reverse("web:obligation", args=[found.pk])

    def run(data: dict[str, Any]) -> str:
        act(viewer, found, data["reason"])
        return target

    context = {"heading": heading, "sub": found.title, "intro": intro, "submit": heading, "back": target}
    form = ReasonForm(request.POST or None)
    return run_form(request, form=form, template="web/form.html", context=context, act=run, done=done)


@access(POST="obligation.chase")
def chase(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Chase now: everybody who owes it is told at once."""
    viewer = request_viewer(request)
    found = selectors.obligation_object(obligation_id, viewer=viewer)
    try:
        actions.chase(actor=viewer, obligation=found)
        messages.success(request, _("Chased: the people in charge are told now."))
    except Refused as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(reverse("web:obligation", args=[found.pk]))


@access(POST="staff.keep")
def acknowledge(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Say "seen, mine": the daily chase and the escalation stop for this due date."""
    viewer = request_viewer(request)
    found = selectors.obligation_object(obligation_id, viewer=viewer)
    try:
        actions.acknowledge(actor=viewer, obligation=found)
        messages.success(request, _("Acknowledged; the daily reminders stop for this due date."))
    except Refused as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(reverse("web:obligation", args=[found.pk]))


@access(GET="staff.keep", POST="staff.keep")
def hand_over(request: HttpRequest, obligation_id: int) -> HttpResponse:
    """Hand an obligation to one person of the own party; reminders then go to them."""
    viewer = request_viewer(request)
    found = selectors.obligation_object(obligation_id, viewer=viewer)
    people = selectors.possible_keepers(found, viewer=viewer)
    target = reverse("web:obligation", args=[found.pk])
    form = HandOverForm(request.POST or None, people=[(person.pk, str(person)) for person in people])
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            person = next(person for person in people if person.pk == form.cleaned_data["to"])
            try:
                actions.hand_over(actor=viewer, obligation=found, to=person, note=form.cleaned_data["note"])
            except Refused as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("Handed over to %(name)s.") % {"name": person})
                return HttpResponseRedirect(target)
    context = {"heading": _("Hand over"), "sub": found.title, "submit": _("Hand over"), "back": target, "form": form}
    return render(request, "web/form.html", context, status=status)


@access(GET="contract.internal.read")
def file(request: HttpRequest, file_id: int) -> FileResponse:
    """A stored file as a download, never shown inline."""
    return attachment_response(contracts.file_get(file_id, viewer=request_viewer(request)))
