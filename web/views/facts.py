"""Facts of a contract: what may be recorded, what was, what waits; the effect on every date is shown before saving."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from contracts import selectors
from contracts.compared import compared_values
from contracts.errors import Refused
from contracts.forms import add_refusal
from contracts.selectors.facts import RecordableFact, facts_waiting, recordable_kinds
from contracts.services.files import evidence_add
from documents.excel import excel_response
from obligations.services import events, previews
from web.components import Cell, Column, KeysetPage, Row, Table, Tone
from web.contract_tabs import contract_tabs
from web.forms.facts import DecisionForm, EventForm, ThingForm
from web.links import number_parameter, with_query
from web.words import fact_title

UNPROCESSABLE = 422
PAGE = 50


def _frame(request: HttpRequest, contract_id: int) -> tuple[Any, dict[str, Any]]:
    contract = selectors.contract_by_id(contract_id, viewer=request_viewer(request))
    return contract, {"contract": contract, "tabs": contract_tabs(request, contract), "demo": contract.is_demo}


def when(fact: Any, zone: str) -> str:
    """The day or moment of a fact, in the contract's zone."""
    if fact.happened_on is not None:
        return f"{fact.happened_on:%Y-%m-%d}"
    if fact.happened_at is not None:
        return f"{fact.happened_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    return ""


STATE_TONES: dict[str, Tone] = {"confirmed": "ok", "proposed": "info", "rejected": ""}


@access(GET="fact.read")
def fact_list(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Events with what is recorded of each, kinds of things, proposals waiting, and every fact ever recorded."""
    contract, context = _frame(request, contract_id)
    viewer = request_viewer(request)
    recorded = selectors.facts_list(viewer=viewer, contract=contract, before_id=number_parameter(request, "before"))
    titles = selectors.fact_titles(contract)
    if request.GET.get("format") == "xlsx":
        heads = (_("Recorded"), _("Kind"), _("Name"), _("Subject"), _("Happened"), _("State"), _("By"), _("Note"))
        rows = [
            (f.recorded_at, f.get_kind_display(), fact_title(f, titles), f.subject, when(f, contract.zone),
             f.get_state_display(), str(f.recorded_by or ""), f.note)
            for f in recorded
        ]  # fmt: skip
        return excel_response(f"{contract.number} {_('Facts')}", _("Facts"), heads, rows)
    page = list(recorded[: PAGE + 1])
    older = page[PAGE - 1].pk if len(page) > PAGE else None
    known = selectors.recordable_events(viewer=viewer, contract=contract)
    table = Table(
        _("Recorded facts"),
        (
            Column(_("Recorded"), "date"),
            Column(_("Fact"), "main"),
            Column(_("Happened"), "date"),
            Column(_("State")),
            Column(_("By")),
        ),
        tuple(
            Row(
                (
                    Cell(f"{timezone.localtime(f.recorded_at):%Y-%m-%d %H:%M}"),
                    Cell(
                        fact_title(f, titles),
                        url=reverse("web:fact", args=[contract.pk, f.pk]),
                        sub=f.note,
                    ),
                    Cell(when(f, contract.zone)),
                    Cell(f.get_state_display(), chip=True, tone=STATE_TONES[f.state]),
                    Cell(str(f.recorded_by or _("system"))),
                ),
                faded=f.state == "rejected" or hasattr(f, "superseded_by"),
            )
            for f in page[:PAGE]
        ),
        _("No fact recorded yet"),
    )
    context |= {
        "events": [(row, when(row.current, contract.zone) if row.current else "") for row in known],
        "kinds": [row for row in recordable_kinds(viewer=viewer, contract=contract) if row.kind == "item"],
        "waiting": [(f, fact_title(f, titles)) for f in facts_waiting(viewer=viewer, contract=contract)],
        "table": table,
        "page": KeysetPage(older_url=with_query(request, before=older) if older else "", shown=min(len(page), PAGE)),
        "may_propose": allows(viewer, "fact.propose"),
        "may_confirm": allows(viewer, "fact.confirm"),
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "web/facts/list.html", context)


def _event(viewer: Any, contract: Any, name: str) -> RecordableFact:
    found = next((e for e in selectors.recordable_events(viewer=viewer, contract=contract) if e.name == name), None)
    if found is None:
        raise Http404
    return found


@access(GET="fact.propose", POST="fact.propose")
def event_record(request: HttpRequest, contract_id: int, name: str) -> HttpResponse:
    """Enter a one-time event. "Show effect" writes nothing: it lists every date that would move, old and new."""
    contract, context = _frame(request, contract_id)
    viewer = request_viewer(request)
    event = _event(viewer, contract, name)
    form = EventForm(request.POST or None, request.FILES or None)
    effects: Sequence[Any] | None = None
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            data = form.cleaned_data
            moment = (
                datetime.combine(data["on"], data["at_time"], tzinfo=ZoneInfo(contract.zone))
                if data["at_time"]
                else None
            )
            day = None if moment else data["on"]
            try:
                if request.POST.get("step") == "preview":
                    effects = previews.event_preview(
                        viewer=viewer, contract=contract, name=name, on=day, at=moment, supersedes=event.current
                    )
                    status = 200
                else:
                    evidence = []
                    if data["evidence_title"] or data["evidence_file"] or data["evidence_reference"]:
                        evidence.append(
                            evidence_add(
                                actor=viewer,
                                contract=contract,
                                title=data["evidence_title"] or event.title,
                                upload=data["evidence_file"],
                                reference=data["evidence_reference"],
                            )
                        )
                    fact = events.event_propose(
                        actor=viewer,
                        contract=contract,
                        name=name,
                        on=day,
                        at=moment,
                        note=data["note"],
                        evidence=evidence,
                        supersedes=event.current,
                    )
                    if fact.state == "proposed":
                        messages.success(request, _("Proposed. Another person must confirm it before any date moves."))
                    else:
                        messages.success(request, _("Recorded; the dates that depend on it were computed anew."))
                    return HttpResponseRedirect(reverse("web:contract_events", args=[contract.pk]))
            except Refused as error:
                add_refusal(form, error)
    context |= {"event": event, "form": form, "effects": effects}
    return render(request, "web/facts/event.html", context, status=status)


@access(GET="fact.propose", POST="fact.propose")
def thing_record(request: HttpRequest, contract_id: int, name: str) -> HttpResponse:
    """Register a thing the definition knows (incident, guarantee, …) with what is known of it."""
    contract, context = _frame(request, contract_id)
    known = selectors.definition_for(contract).items.get(name)
    if known is not None and known.domain == "incident":  # kept on pages of its own, with findings and outages
        return HttpResponseRedirect(reverse("web:incident_register", args=[contract.pk]))
    viewer = request_viewer(request)
    kinds = {row.name: row for row in recordable_kinds(viewer=viewer, contract=contract) if row.kind == "item"}
    if name not in kinds:
        raise Http404
    kind = kinds[name]
    systems = [(s.code, s.title) for s in selectors.systems_list(viewer=viewer, contract=contract)]
    values = compared_values(selectors.definition_for(contract))
    form = ThingForm(
        request.POST or None, request.FILES or None, attributes=kind.attributes, systems=systems, values=values
    )
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                fact = events.item_record(
                    actor=viewer,
                    contract=contract,
                    kind=name,
                    attributes=form.values(),
                    at=form.cleaned_data["happened"],
                    note=form.cleaned_data["note"],
                    uploads=[form.cleaned_data["evidence_file"]] if form.cleaned_data["evidence_file"] else [],
                )
            except Refused as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("Recorded as %(id)s.") % {"id": fact.subject})
                return HttpResponseRedirect(reverse("web:contract_events", args=[contract.pk]))
    context |= {
        "heading": kind.title or name,
        "form": form,
        "submit": _("Record"),
        "back": reverse("web:contract_events", args=[contract.pk]),
        "multipart": True,
    }
    return render(request, "web/form.html", context, status=status)


@access(GET="fact.read", POST="fact.confirm")
def fact(request: HttpRequest, contract_id: int, fact_id: int) -> HttpResponse:
    """One fact with its evidence; a proposal shows what confirming it would move and takes the decision."""
    contract, context = _frame(request, contract_id)
    viewer = request_viewer(request)
    found = selectors.fact_get(fact_id, viewer=viewer, contract=contract)
    form = DecisionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            note = form.cleaned_data["note"]
            try:
                if request.POST.get("decision") == "confirm":
                    changes = events.event_confirm(actor=viewer, fact=found, note=note)
                    messages.success(request, _("Confirmed. %(count)s dates moved.") % {"count": len(changes)})
                else:
                    events.event_reject(actor=viewer, fact=found, note=note)
                    messages.info(request, _("Rejected; nothing changed."))
            except Refused as error:
                add_refusal(form, error)
            else:
                return HttpResponseRedirect(reverse("web:fact", args=[contract.pk, found.pk]))
    pending = found.state == "proposed"
    context |= {
        "fact": found,
        "title": fact_title(found, selectors.fact_titles(contract)),
        "happened": when(found, contract.zone),
        "effects": previews.fact_preview(viewer=viewer, fact=found) if pending else None,
        "form": form,
        "may_decide": pending and allows(viewer, "fact.confirm") and found.recorded_by_id != viewer.user_id,
        "evidence": list(found.evidence.select_related("file")),
        "state_tone": STATE_TONES[found.state],
    }
    return render(request, "web/facts/fact.html", context, status=status)
