"""Incidents: the list by keyset, and one incident with everything found out about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, proven, require
from accounts.scoping import Viewer
from contracts.models import Contract
from contracts.selectors.calendars import end_of_day
from engine.definition.model import ItemKind
from sla.models import Exclusion, ExclusionPaper, Finding, Incident, RootCause, Spell
from sla.packing import EPOCH, instant
from sla.rules import Clock
from sla.selectors.availability import Outlook, outlook
from sla.selectors.month import clocks_of
from sla.terms import Attribute, Promise, attributes_of, incident_kind, needs_second_person, promises

PAGE = 50
STATES = ("", "open", "restored", "waiting", "withdrawn")


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """A page of the list; `older` is the cursor of the next one, empty on the last."""

    rows: tuple[Incident, ...]
    older: str


def incidents_list(
    *,
    viewer: Viewer,
    contract: Contract | None = None,
    state: str = "",
    system: str = "",
    cause: int | None = None,
    cursor: str = "",
    limit: int = PAGE,
    known_on: date | None = None,
) -> IncidentPage:
    """Incidents, newest report first. `state`: open (not restored), restored, waiting (a finding waits for a second
    person) or withdrawn; all but withdrawn without it. `known_on`: those on record at the end of that day, one
    withdrawn later included. Two statements whatever the number of rows.

    Each row has `waiting` (findings to confirm) and `down` (whether an outage goes on).
    """
    require(viewer, "incident.read")
    going = Spell.objects.filter(incident=OuterRef("pk"), superseded_at=None, ends_at=None)
    rows: QuerySet[Any] = (
        Incident.objects.visible_to(viewer)
        .select_related("contract", "root_cause")
        .prefetch_related(Prefetch("systems"))
        .annotate(
            waiting=Count("findings", filter=Q(findings__state=Finding.State.PROPOSED)),
            down=Exists(going),
        )
    )
    if contract is not None:
        rows = rows.filter(contract=contract)
    over = Q(withdrawn_at__isnull=False)
    if known_on is not None:
        moment = end_of_day(known_on, contract.zone if contract is not None else settings.TIME_ZONE)
        rows, over = rows.filter(registered_at__lt=moment), Q(withdrawn_at__lt=moment)
    rows = rows.filter(over) if state == "withdrawn" else rows.exclude(over)
    if state in ("open", "restored"):
        rows = rows.filter(restored_at__isnull=state == "open")
    if state == "waiting":
        rows = rows.filter(waiting__gt=0)
    if system:
        rows = rows.filter(systems__code=system)
    if cause is not None:
        rows = rows.filter(root_cause=cause)
    found = list(_after(rows, cursor).order_by("-reported_at", "-pk")[: limit + 1])
    older = ""
    if len(found) > limit:
        found = found[:limit]
        older = f"{instant(found[-1].reported_at)}_{found[-1].pk}"
    return IncidentPage(tuple(found), older)


def _after(rows: QuerySet[Any], cursor: str) -> QuerySet[Any]:
    stamp, _line, key = cursor.partition("_")
    if not stamp.lstrip("-").isdecimal() or not key.isdecimal() or len(cursor) > 40:
        return rows
    try:
        at = EPOCH + timedelta(microseconds=int(stamp))
    except OverflowError:
        return rows
    return rows.filter(Q(reported_at__lt=at) | Q(reported_at=at, pk__lt=int(key)))


# --- one incident ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Task:
    """One attribute of an incident: what is known of it, since when and on what paper; what waits; what was before."""

    attribute: Attribute
    current: Finding | None
    proposal: Finding | None
    history: tuple[Finding, ...]
    second_person: bool

    @property
    def value(self) -> Any:
        """The value in force; None is unknown."""
        return self.current.value if self.current is not None else None


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit of the incident with its commitment."""

    promise: Promise
    clock: Clock


@dataclass(frozen=True, slots=True)
class ExclusionRow:
    """A claim with its ground's papers: those that are there and those that are missing."""

    exclusion: Exclusion
    title: str
    clause: str
    note: str
    papers: tuple[tuple[str, str, ExclusionPaper | None], ...]
    in_force: bool

    @property
    def complete(self) -> bool:
        return all(paper is not None for _name, _title, paper in self.papers)


@dataclass(frozen=True)
class IncidentView:
    """An incident's page."""

    incident: Incident
    contract: Contract
    seen: Outlook
    moments: tuple[Task, ...]
    tasks: tuple[Task, ...]
    limits: tuple[LimitRow, ...]
    spells: tuple[Spell, ...]
    earlier_spells: tuple[Spell, ...]
    exclusions: tuple[ExclusionRow, ...]
    siblings: tuple[Incident, ...]

    @property
    def open_tasks(self) -> int:
        """How many findings are unknown."""
        return sum(task.value is None for task in self.tasks)


def _missing() -> NotVisible:
    return NotVisible(_("This does not exist, or is not yours to see."))


def incident_get(incident_id: int, *, viewer: Viewer) -> Incident:
    """One incident with its contract and root cause. Raises NotVisible."""
    require(viewer, "incident.read")
    rows = Incident.objects.visible_to(viewer).select_related("root_cause", "registered_by", "withdrawn_by")
    found: Incident | None = rows.select_related("contract").filter(pk=incident_id).first()
    if found is None:
        raise _missing()
    proven(viewer, found)
    return found


def incident_by_code(contract: Contract, code: str, *, viewer: Viewer) -> Incident:
    """The incident the engine calls `code`. Raises NotVisible."""
    require(viewer, "incident.read", contract)
    found: Incident | None = Incident.objects.visible_to(viewer).filter(contract=contract, code=code).first()
    if found is None:
        raise _missing()
    return found


def spell_get(spell_id: int, *, viewer: Viewer, incident: Incident) -> Spell:
    """One stretch of an incident. Raises NotVisible."""
    rows = Spell.objects.visible_to(viewer).select_related("contract", "incident", "system")
    found: Spell | None = rows.filter(pk=spell_id, incident=incident).first()
    if found is None:
        raise _missing()
    return found


def incident_spells(incident: Incident, *, viewer: Viewer) -> tuple[Spell, ...]:
    """The stretches of an incident in force. Raises NotVisible."""
    require(viewer, "incident.read", incident)
    return tuple(Spell.objects.filter(incident=incident, superseded_at=None).select_related("contract", "incident"))


def exclusion_get(exclusion_id: int, *, viewer: Viewer) -> Exclusion:
    """One exclusion. Raises NotVisible."""
    rows = Exclusion.objects.visible_to(viewer).select_related("contract", "incident")
    found: Exclusion | None = rows.filter(pk=exclusion_id).first()
    if found is None:
        raise _missing()
    return found


def causes_list(contract: Contract, *, viewer: Viewer) -> tuple[RootCause, ...]:
    """The root causes named so far. Raises NotVisible."""
    require(viewer, "incident.read", contract)
    return tuple(RootCause.objects.filter(contract=contract).order_by("pk"))


def incident_view(incident: Incident, *, viewer: Viewer, as_of: date, known_on: date | None = None) -> IncidentView:
    """Everything recorded about an incident, by what was known on `known_on`. Seven statements at most."""
    require(viewer, "incident.read", incident)
    seen = outlook(incident.contract, as_of=as_of, known_on=known_on, with_systems=False)
    kind = incident_kind(seen.definition)
    rows = Finding.objects.visible_to(viewer).filter(incident=incident)
    findings = list(rows.select_related("recorded_by", "decided_by", "evidence").order_by("pk"))
    tasks = tuple(_tasks(findings, kind, seen.known_limit)) if kind is not None else ()
    values = {task.attribute.name: task.value for task in tasks}
    limits = clocks_of(seen, values)
    named = {promise.id: promise for promise in promises(seen.definition)}
    spells = Spell.objects.filter(incident=incident).select_related("system", "recorded_by", "evidence")
    in_force: list[Spell] = []
    earlier: list[Spell] = []
    for spell in spells.order_by("starts_at", "pk"):
        (in_force if spell_known(spell, seen.known_limit) else earlier).append(spell)
    limit = seen.known_limit
    return IncidentView(
        incident=incident,
        contract=incident.contract,
        seen=seen,
        moments=tuple(task for task in tasks if task.attribute.type == "instant"),
        tasks=tuple(task for task in tasks if task.attribute.type != "instant" and task.attribute.name not in LINKED),
        limits=tuple(LimitRow(named[name], clock) for name, clock in limits.items()),
        spells=tuple(in_force),
        earlier_spells=tuple(spell for spell in earlier if limit is None or spell.recorded_at < limit),
        exclusions=tuple(_exclusions(incident, seen)),
        siblings=_siblings(incident),
    )


# Kept by their own controls: the systems at registration, the cause by a link to a root cause.
LINKED = ("systems", "cause")


def spell_known(spell: Spell, limit: datetime | None) -> bool:
    """Whether the stretch is in force now, or was by what was known before the limit."""
    if limit is None:
        return spell.superseded_at is None
    return spell.recorded_at < limit and (spell.superseded_at is None or spell.superseded_at >= limit)


def _tasks(findings: Sequence[Finding], kind: ItemKind, limit: datetime | None) -> Iterable[Task]:
    by_name: dict[str, list[Finding]] = {}
    for finding in findings:
        if limit is None or finding.recorded_at < limit:
            by_name.setdefault(finding.name, []).append(finding)
    for attribute in attributes_of(kind):
        own = by_name.get(attribute.name, [])
        known = [one for one in own if one.known_at is not None and (limit is None or one.known_at < limit)]
        current = max(known, key=lambda one: (one.known_at, one.pk), default=None)
        proposal = next((one for one in own if one.state == Finding.State.PROPOSED), None)
        yield Task(attribute, current, proposal, tuple(reversed(own)), needs_second_person(kind, attribute))


def _exclusions(incident: Incident, seen: Outlook) -> Iterable[ExclusionRow]:
    rows = Exclusion.objects.filter(incident=incident).select_related("system", "recorded_by", "decided_by")
    papers = Prefetch("papers", ExclusionPaper.objects.select_related("evidence__file"))
    for row in rows.prefetch_related(papers).order_by("starts_at", "pk"):
        if seen.known_limit is not None and row.recorded_at >= seen.known_limit:
            continue
        ground = seen.grounds.get(row.ground)
        there = {paper.name: paper for paper in row.papers.all()}
        wanted = ground.papers if ground is not None else {}
        yield ExclusionRow(
            exclusion=row,
            title=ground.title if ground is not None else row.ground,
            clause=ground.clause if ground is not None else "",
            note=ground.note if ground is not None else "",
            papers=tuple((name, title, there.get(name)) for name, title in wanted.items()),
            in_force=row.in_force(seen.known_limit) and row.ground in seen.holding,
        )


def _siblings(incident: Incident) -> tuple[Incident, ...]:
    """Other incidents of the same root cause."""
    if incident.root_cause_id is None:
        return ()
    rows = Incident.objects.filter(root_cause=incident.root_cause_id, withdrawn_at=None).exclude(pk=incident.pk)
    return tuple(rows.order_by("-reported_at")[:10])
