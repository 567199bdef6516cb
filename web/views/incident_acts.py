"""What is entered on an incident's page: moments, findings, confirmation, root cause, outages, exclusions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, require
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from contracts.asof import page_date
from contracts.attribute_words import attribute_words
from contracts.compared import compared_values
from contracts.errors import Refused
from contracts.forms import run_form
from contracts.selectors import definition_for
from sla import selectors, services, words
from sla.terms import attributes_of, exclusion_kind, grounds_of, incident_kind, interval_kinds, moments
from web.forms.incidents import (
    CauseForm,
    CorrectionForm,
    DecisionForm,
    ExclusionForm,
    FindingForm,
    MomentsForm,
    PaperForm,
    ReasonForm,
    SpellForm,
)


def _initial(request: HttpRequest, **values: object) -> dict[str, object]:
    return {"idempotency_key": form_key(request), **values}


def _run(
    request: HttpRequest,
    incident: Any,
    form: forms.Form,
    act: Callable[[dict[str, Any]], object],
    *,
    heading: str,
    submit: str,
    done: str,
    intro: str = "",
    sub: str = "",
) -> HttpResponse:
    """A form about an incident; done, it leads back to the incident."""
    target = reverse("web:incident", args=[incident.pk])

    def then(data: dict[str, Any]) -> str:
        data.pop("idempotency_key", None)
        act(data)
        return target

    context = {
        "heading": heading,
        "sub": sub or f"{incident.code} {incident.title}",
        "intro": intro,
        "submit": submit,
        "back": target,
        "multipart": any(isinstance(field, forms.FileField) for field in form.fields.values()),
        "demo": incident.contract.is_demo,
    }
    return run_form(request, form=form, template="web/form.html", context=context, act=then, done=done)


def _incident(request: HttpRequest, incident_id: int) -> Any:
    return selectors.incident_get(incident_id, viewer=request_viewer(request))


def _systems(incident: Any, first: str = "") -> list[tuple[str, str]]:
    rows = [(name, entry.title) for name, entry in definition_for(incident.contract).systems.items()]
    return [("", first), *rows] if first else rows


@access(GET="incident.record", POST="incident.record")
@idempotent
def moments_enter(request: HttpRequest, incident_id: int) -> HttpResponse:
    """The moments of the ticket; only those that changed are recorded."""
    viewer, page = request_viewer(request), page_date(request)
    row = _incident(request, incident_id)
    found = selectors.incident_view(row, viewer=viewer, as_of=page.today)
    kind = incident_kind(found.seen.definition)
    known = {
        task.attribute.name: words.parsed(task.value) if isinstance(task.value, str) else None for task in found.moments
    }
    form = MomentsForm(
        request.POST or None,
        initial=_initial(request, **{f"m_{name}": value for name, value in known.items()}),
        names=list(moments(kind)) if kind is not None else [],
        zone=row.contract.zone,
    )

    def act(data: dict[str, Any]) -> None:
        changed = {
            name: data[f"m_{name}"] for name, before in known.items() if data.get(f"m_{name}") != before
        }  # fmt: skip
        if not changed:
            raise Refused(_("Nothing was changed."))
        services.moments_record(actor=viewer, incident=row, moments=changed, note=data["note"])

    return _run(
        request, row, form, act, heading=_("Moments of the ticket"), submit=_("Save"), done=_("The moments are saved."),
        intro=_("On the contract's own clocks. A moment that is emptied becomes unknown again: say why."),
    )  # fmt: skip


@access(GET="incident.record", POST="incident.record")
@idempotent
def finding_enter(request: HttpRequest, incident_id: int, name: str) -> HttpResponse:
    """One finding with who established it and on what paper."""
    viewer = request_viewer(request)
    row = _incident(request, incident_id)
    kind = incident_kind(definition_for(row.contract))
    attribute = next((each for each in attributes_of(kind) if each.name == name), None) if kind is not None else None
    if attribute is None or attribute.type in ("instant", "systems") or name == "cause":
        raise Http404
    form = FindingForm(
        request.POST or None, request.FILES or None, initial=_initial(request, established_by=""),
        name=name, kind=attribute.type,
        values=compared_values(definition_for(row.contract)).get(name, ()),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> None:
        value = form.value(row.contract.currency)
        services.finding_record(
            actor=viewer, incident=row, name=name, value=value,
            **{key: data[key] for key in ("established_by", "established_on", "paper", "upload", "note")},
        )  # fmt: skip

    about = [attribute.note]
    if attribute.who:
        about.insert(0, _("Established by: %(who)s.") % {"who": attribute.who})
    return _run(
        request, row, form, act, heading=attribute_words(name), submit=_("Save"), intro=" ".join(filter(None, about)),
        done=_("The finding is saved. Where a second person is needed, it counts once confirmed."),
    )  # fmt: skip


@access(GET="incident.confirm", POST="incident.confirm")
@idempotent
def findings_confirm(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Confirm or reject what waits. Asks for the password first, so that no filled form is lost to it."""
    viewer, page = request_viewer(request), page_date(request)
    row = _incident(request, incident_id)
    require(viewer, "incident.confirm", row)
    found = selectors.incident_view(row, viewer=viewer, as_of=page.today)
    waiting = [task for task in (*found.tasks, *found.moments) if task.proposal is not None]
    form = DecisionForm(
        request.POST or None, initial=_initial(request), yes=_("Confirm the findings"), no=_("Reject them")
    )

    def act(data: dict[str, Any]) -> None:
        services.findings_decide(
            actor=viewer, incident=row, findings=[task.proposal for task in waiting if task.proposal is not None],
            accept=data["decision"] == "yes", note=data["note"],
        )  # fmt: skip

    lines = [
        f"{attribute_words(t.attribute.name)}：{words.value_words(t.attribute, t.proposal.value, row.contract.zone)}"
        f"（{t.proposal.established_by} · {t.proposal.paper}）"
        for t in waiting
        if t.proposal is not None
    ]
    return _run(
        request, row, form, act, heading=_("Confirm the findings"), submit=_("Save the decision"),
        intro="；".join(lines), done=_("The decision is saved."),
    )  # fmt: skip


@access(GET="incident.record", POST="incident.record")
@idempotent
def cause_enter(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Link the incident to a root cause, or name a new one."""
    viewer = request_viewer(request)
    row = _incident(request, incident_id)
    causes = selectors.causes_list(row.contract, viewer=viewer)
    form = CauseForm(
        request.POST or None,
        initial=_initial(request, cause=str(row.root_cause_id or "")),
        causes=[(str(cause.pk), cause.title) for cause in causes],
    )

    def act(data: dict[str, Any]) -> None:
        chosen = next((cause for cause in causes if str(cause.pk) == data["cause"]), None)
        title = data["title"].strip()
        services.cause_link(actor=viewer, incident=row, cause=None if title else chosen, title=title)

    return _run(
        request, row, form, act, heading=_("Root cause"), submit=_("Save"), done=_("The root cause is saved."),
        intro=_("Incidents with the same root cause are judged together where the contract says so."),
    )  # fmt: skip


@access(GET="incident.record", POST="incident.record")
@idempotent
def spell_enter(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Record an outage or another stretch of time."""
    viewer = request_viewer(request)
    row = _incident(request, incident_id)
    kinds = [kind for kind in interval_kinds(definition_for(row.contract)) if kind.domain != "exclusion"]
    form = SpellForm(
        request.POST or None, request.FILES or None, initial=_initial(request), zone=row.contract.zone,
        kinds=[(kind.id, kind.title) for kind in kinds], systems=_systems(row),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> None:
        services.spell_record(actor=viewer, incident=row, **data)

    return _run(
        request, row, form, act, heading=_("Record an outage or another stretch"), submit=_("Save"),
        done=_("The stretch is recorded."), intro=_("From the first to the last instant; what overlaps counts once."),
    )  # fmt: skip


@access(GET="incident.record", POST="incident.record")
@idempotent
def spell_change(request: HttpRequest, incident_id: int, spell_id: int) -> HttpResponse:
    """End, correct or take back a stretch; the old entry stays on record."""
    viewer = request_viewer(request)
    row = _incident(request, incident_id)
    spell = selectors.spell_get(spell_id, viewer=viewer, incident=row)
    form = CorrectionForm(
        request.POST or None,
        initial=_initial(request, starts_at=spell.starts_at, ends_at=spell.ends_at),
        zone=row.contract.zone,
    )

    def act(data: dict[str, Any]) -> None:
        if data["withdraw"]:
            services.spell_withdraw(actor=viewer, spell=spell, reason=data["note"])
            return
        ends: datetime | None = data["ends_at"]
        services.spell_correct(actor=viewer, spell=spell, starts_at=data["starts_at"], ends_at=ends, note=data["note"])

    return _run(
        request, row, form, act, heading=_("End or correct a stretch"), submit=_("Save"),
        done=_("The times are saved."),
        intro=_("The entry as it was stays on record, with the reason."),
    )  # fmt: skip


@access(GET="incident.record", POST="incident.record")
@idempotent
def exclusion_enter(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Claim that a stretch does not count."""
    viewer = request_viewer(request)
    row = _incident(request, incident_id)
    definition = definition_for(row.contract)
    systems = _systems(row) if exclusion_kind(definition, of_system=True) is not None else []
    if exclusion_kind(definition, of_system=False) is not None:
        systems = [("", _("The platform and all systems")), *systems]
    form = ExclusionForm(
        request.POST or None, initial=_initial(request), zone=row.contract.zone, systems=systems,
        grounds=[
            (ground.id, f"{ground.title}（{'、'.join(ground.papers.values())}）")
            for ground in grounds_of(definition).values()
        ],
    )  # fmt: skip

    def act(data: dict[str, Any]) -> None:
        services.exclusion_claim(actor=viewer, contract=row.contract, incident=row, **data)

    return _run(
        request, row, form, act, heading=_("Claim an exclusion"), submit=_("Save the claim"),
        done=_("The claim is saved. Until its papers are there and a manager accepts it, the time counts."),
        intro=_("Each ground names the papers it needs. Without them nothing is excluded."),
    )  # fmt: skip


def _exclusion(request: HttpRequest, exclusion_id: int) -> tuple[Any, Any]:
    row = selectors.exclusion_get(exclusion_id, viewer=request_viewer(request))
    if row.incident_id is None:
        raise Http404
    return row, _incident(request, row.incident_id)


@access(GET="incident.record", POST="incident.record")
@idempotent
def paper_enter(request: HttpRequest, exclusion_id: int) -> HttpResponse:
    """Add one of the papers a claim needs."""
    viewer = request_viewer(request)
    row, incident = _exclusion(request, exclusion_id)
    ground = grounds_of(definition_for(incident.contract)).get(row.ground)
    there = set(row.papers.values_list("name", flat=True))
    papers = [(name, title) for name, title in (ground.papers if ground else {}).items() if name not in there]
    form = PaperForm(request.POST or None, request.FILES or None, initial=_initial(request), papers=papers)

    def act(data: dict[str, Any]) -> None:
        services.paper_add(actor=viewer, exclusion=row, **data)

    return _run(
        request, incident, form, act, heading=_("Add a paper"), submit=_("Save"), done=_("The paper is saved."),
        intro=ground.note if ground else "", sub=ground.title if ground else row.ground,
    )  # fmt: skip


@access(GET="incident.confirm", POST="incident.confirm")
@idempotent
def exclusion_judge(request: HttpRequest, exclusion_id: int) -> HttpResponse:
    """Accept or refuse a claim; an accepted one may be taken back."""
    viewer = request_viewer(request)
    row, incident = _exclusion(request, exclusion_id)
    require(viewer, "incident.confirm", row)
    if row.state == "accepted":
        back = ReasonForm(request.POST or None, initial=_initial(request))

        def take_back(data: dict[str, Any]) -> None:
            services.exclusion_withdraw(actor=viewer, exclusion=row, reason=data["reason"])

        return _run(
            request, incident, back, take_back, heading=_("Take the exclusion back"), submit=_("Take it back"),
            done=_("The time counts again."),
        )  # fmt: skip
    form = DecisionForm(request.POST or None, initial=_initial(request), yes=_("Accept the claim"), no=_("Refuse it"))

    def act(data: dict[str, Any]) -> None:
        accept = data["decision"] == "yes"
        services.exclusion_decide(actor=viewer, exclusion=row, accept=accept, note=data["note"])

    return _run(
        request, incident, form, act, heading=_("Decide the claim"), submit=_("Save the decision"),
        done=_("The decision is saved."),
        intro=_("Accepted time no longer counts as an outage, and may change penalties."),
    )  # fmt: skip


@access(GET="incident.confirm", POST="incident.confirm")
@idempotent
def incident_withdraw(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Withdraw an incident registered in error."""
    viewer = request_viewer(request)
    row = _incident(request, incident_id)
    require(viewer, "incident.confirm", row)
    form = ReasonForm(request.POST or None, initial=_initial(request))

    def act(data: dict[str, Any]) -> None:
        services.incident_withdraw(actor=viewer, incident=row, reason=data["reason"])

    return _run(
        request, row, form, act, heading=_("Withdraw the incident"), submit=_("Withdraw"),
        done=_("The incident is withdrawn."),
        intro=_("Only for one registered in error: its outages no longer count. It stays readable."),
    )  # fmt: skip
