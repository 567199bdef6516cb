"""Incidents of one's own contracts: moments, limits, outages and what of them counts. What the buyer notes about them
stays with the buyer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import request_viewer
from contracts.addresses import with_query
from contracts.asof import page_date
from contracts.attribute_words import attribute_words
from portal.rows import filter_group
from sla import drawing, selectors, words
from web.components import Cell, Column, KeysetPage, Row, Table

STATES = ("open", "restored")


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch as the other party sees it: kind, system, times, length."""

    kind: str
    system: str
    times: str
    length: str
    running: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """An exclusion: its ground, times, state in words and the papers that are missing."""

    title: str
    clause: str
    times: str
    state: str
    accepted: bool
    missing: tuple[str, ...]


def _table(rows: Iterable[Any]) -> Table:
    return Table(
        _("Incidents"),
        (
            Column(_("Number")),
            Column(_("What happened"), "main"),
            Column(_("Systems")),
            Column(_("Reported"), "date"),
            Column(_("Responded"), "date"),
            Column(_("Restored"), "date"),
            Column(_("State")),
        ),
        tuple(
            Row(
                (
                    Cell(row.code, chip=True),
                    Cell(row.title, url=reverse("portal:incident", args=[row.pk]), sub=row.contract.number),
                    Cell("、".join(system.title for system in row.systems.all()) or _("Whole platform")),
                    *(
                        Cell(words.moment_words(moment, row.contract.zone))
                        for moment in (row.reported_at, row.responded_at, row.restored_at)
                    ),
                    _state(row),
                ),
                strong=row.down,
            )
            for row in rows
        ),
        _("No incident found"),
    )


def _state(row: Any) -> Cell:
    if row.down:
        return Cell(_("Outage goes on"), chip=True, tone="bad")
    return (
        Cell(_("Service restored"), chip=True, tone="ok")
        if row.restored_at
        else Cell(_("Open"), chip=True, tone="info")
    )


@access(GET="portal.read")
def incidents(request: HttpRequest) -> HttpResponse:
    """Incidents, newest first."""
    viewer = request_viewer(request)
    state = request.GET.get("state", "")
    found = selectors.incidents_list(
        viewer=viewer, state=state if state in STATES else "", cursor=request.GET.get("after", "")[:40]
    )
    options = [("", _("All")), ("open", _("Open")), ("restored", _("Service restored"))]
    context = {
        "table": _table(found.rows),
        "filter_groups": [
            filter_group(
                _("State"),
                "state",
                options,
                current=state,
                address=lambda name, value: with_query(request, **{name: value, "after": None}),
            )
        ],
        "page": KeysetPage(
            older_url=with_query(request, after=found.older) if found.older else "", shown=len(found.rows)
        ),
    }
    return render(request, "portal/incidents.html", context)


@access(GET="portal.read")
def incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident: its course against the limits, outages, exclusions with the papers still missing."""
    viewer, page = request_viewer(request), page_date(request)
    row = selectors.incident_get(incident_id, viewer=viewer)
    found = selectors.incident_view(row, viewer=viewer, as_of=page.as_of, known_on=page.known_on)
    zone = found.contract.zone
    context: dict[str, Any] = {
        "incident": row,
        "contract": found.contract,
        "demo": found.contract.is_demo,
        "zone": zone,
        "course": drawing.course_of(found),
        "limits": [
            (limit, attribute_words(limit.promise.starts_from(found.seen.readings)),
             *words.clock_words(limit.clock, zone))
            for limit in found.limits
        ],
        "moments": [
            (attribute_words(task.attribute.name), words.value_words(task.attribute, task.value, zone))
            for task in found.moments
        ],
        "outages": [_outage(spell, found) for spell in found.spells],
        "claims": [_claim(claim, zone) for claim in found.exclusions],
    }  # fmt: skip
    return render(request, "portal/incident.html", context)


def _outage(spell: Any, found: selectors.IncidentView) -> Outage:
    kind, times, length = words.spell_words(spell, found)
    system = spell.system.title if spell.system is not None else ""
    return Outage(kind, system, times, length, spell.ends_at is None)


def _claim(row: selectors.ExclusionRow, zone: str) -> Claim:
    exclusion = row.exclusion
    missing = tuple(title for _name, title, paper in row.papers if paper is None)
    if row.in_force:
        state = _("Excluded")
    elif exclusion.state == "claimed":
        state = _("Claimed, evidence missing") if missing else _("Claimed, to be decided")
    else:
        state = str(exclusion.get_state_display())
    times = f"{words.moment_words(exclusion.starts_at, zone)} – {words.moment_words(exclusion.ends_at, zone)}"
    return Claim(row.title, row.clause, times, state, row.in_force, missing if exclusion.state == "claimed" else ())
