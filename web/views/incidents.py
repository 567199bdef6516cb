"""Incidents: the list, one incident with its course and findings, registering one in four fields."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from contracts import selectors as contracts
from contracts.asof import page_date
from contracts.attribute_words import attribute_words
from contracts.forms import run_form
from documents.excel import excel_response
from sla import drawing, selectors, services, words
from sla.selectors.incidents import STATES
from sla.terms import interval_kinds
from web import sla_rows
from web.components import KeysetPage
from web.contract_first import contract_first
from web.forms.incidents import RegisterForm
from web.links import filter_group, number_parameter, with_query
from web.views.sla import frame

EXPORT = 10_000


def _list(request: HttpRequest, contract: Any = None) -> tuple[selectors.IncidentPage, dict[str, Any]]:
    state = request.GET.get("state", "")
    found = selectors.incidents_list(
        viewer=request_viewer(request),
        contract=contract,
        state=state if state in STATES else "",
        system=request.GET.get("system", "")[:40],
        cause=number_parameter(request, "cause"),
        cursor=request.GET.get("after", "")[:40],
        limit=EXPORT if request.GET.get("format") == "xlsx" else 50,
        known_on=page_date(request).known_on,
    )
    options = [
        ("", _("All")), ("open", _("Open")), ("restored", _("Service restored")), ("waiting", _("To confirm")),
        ("withdrawn", _("Withdrawn")),
    ]  # fmt: skip
    return found, {
        "table": sla_rows.incidents_table(found.rows, with_contract=contract is None),
        "groups": [filter_group(request, "state", _("State"), options)],
        "page": KeysetPage(
            older_url=with_query(request, after=found.older) if found.older else "", shown=len(found.rows)
        ),
        "excel_url": with_query(request, format="xlsx"),
    }


def _excel(found: selectors.IncidentPage) -> HttpResponse:
    heads = (
        _("Contract"), _("Number"), _("What happened"), _("Systems"), _("Reported"), _("Responded"), _("Restored"),
        _("Root cause"),
    )  # fmt: skip
    body = [
        (
            row.contract.number, row.code, row.title, sla_rows.names(row.systems.all()),
            words.moment_words(row.reported_at, row.contract.zone),
            words.moment_words(row.responded_at, row.contract.zone),
            words.moment_words(row.restored_at, row.contract.zone),
            row.root_cause.title if row.root_cause is not None else "",
        )
        for row in found.rows
    ]  # fmt: skip
    return excel_response(_("Incidents"), _("Incidents"), heads, body)


@access(GET="sla.read")
def incidents(request: HttpRequest) -> HttpResponse:
    """Incidents of all contracts, newest first. Also as Excel."""
    found, context = _list(request)
    if request.GET.get("format") == "xlsx":
        return _excel(found)
    return render(request, "web/sla/all_incidents.html", context)


@access(GET="sla.read")
def contract_incidents(request: HttpRequest, contract_id: int) -> HttpResponse:
    """One contract's incidents, by state, system and root cause."""
    contract, context = frame(request, contract_id)
    found, listed = _list(request, contract)
    if request.GET.get("format") == "xlsx":
        return _excel(found)
    viewer, page = request_viewer(request), page_date(request)
    definition = contracts.definition_for(contract)
    options = [("", _("All systems")), *((name, entry.title) for name, entry in definition.systems.items())]
    if len(options) > 2:
        listed["groups"].append(filter_group(request, "system", _("System"), options))
    context |= listed | {"may_register": page.is_today and allows(viewer, "incident.register")}
    return render(request, "web/sla/incidents.html", context)


@access(GET="incident.register", POST="incident.register")
@contract_first
@idempotent
def incident_register(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Register an incident: four fields."""
    contract, context = frame(request, contract_id)
    viewer = request_viewer(request)
    definition = contracts.definition_for(contract)
    systems = [(name, entry.title) for name, entry in definition.systems.items()]
    if interval_kinds(definition, "platform_outage"):
        systems.append((services.PLATFORM, _("The platform as a whole")))
    form = RegisterForm(
        request.POST or None, initial={"idempotency_key": form_key(request)}, zone=contract.zone, systems=systems
    )

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        incident = services.incident_register(actor=viewer, contract=contract, **data)
        return reverse("web:incident", args=[incident.pk])

    context |= {
        "heading": _("Register an incident"),
        "sub": f"{contract.number} {contract.title}",
        "intro": _("Four entries are enough now. What is found out later is added on the incident's own page."),
        "submit": _("Register"),
        "back": reverse("web:contract_incidents", args=[contract.pk]),
    }
    done = _("The incident is registered; its clocks run.")
    return run_form(request, form=form, template="web/form.html", context=context, act=act, done=done)


@access(GET="sla.read")
def incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident: its course against the limits, outages, exclusions, findings with who establishes them."""
    viewer, page = request_viewer(request), page_date(request)
    row = selectors.incident_get(incident_id, viewer=viewer)
    found = selectors.incident_view(row, viewer=viewer, as_of=page.as_of, known_on=page.known_on)
    zone = found.contract.zone
    shown = page.is_today and row.withdrawn_at is None
    waiting = [task for task in (*found.tasks, *found.moments) if task.proposal is not None]
    context = {
        "found": found,
        "incident": row,
        "contract": found.contract,
        "demo": found.contract.is_demo,
        "course": drawing.course_of(found),
        "limits": [
            (limit, attribute_words(limit.promise.starts_from(found.seen.readings)),
             *words.clock_words(limit.clock, zone))
            for limit in found.limits
        ],
        "moments": [(attribute_words(t.attribute.name), _value(t, zone), t) for t in found.moments],
        "tasks": [(attribute_words(t.attribute.name), _value(t, zone), _proposed(t, zone), t) for t in found.tasks],
        "spells": [(spell, *words.spell_words(spell, found)) for spell in found.spells],
        "earlier": [(spell, *words.spell_words(spell, found)) for spell in found.earlier_spells],
        "zone": zone,
        "waiting": waiting,
        "may_record": shown and allows(viewer, "incident.record"),
        "may_confirm": shown and allows(viewer, "incident.confirm"),
        "own_proposal": any(t.proposal.recorded_by_id == viewer.user_id for t in waiting if t.proposal is not None),
        "query": page.query,
        "month": f"{words.local(row.reported_at, zone):%Y-%m}",
        "docket_url": f"{reverse('web:penalty_sheet', args=[found.contract.pk])}?about={quote(row.label)}",
    }  # fmt: skip
    return render(request, "web/sla/incident.html", context)


def _value(task: selectors.Task, zone: str) -> str:
    return words.value_words(task.attribute, task.value, zone)


def _proposed(task: selectors.Task, zone: str) -> str:
    return words.value_words(task.attribute, task.proposal.value, zone) if task.proposal is not None else ""
