"""What the engine is told of incidents, findings, outages and exclusions: rows as facts, each with the moment from
which it was known, so that "as known on" works."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from contracts.models import Contract, InformationSystem, ReadingChoice
from contracts.selectors.readings import chosen_of
from engine.definition import Definition
from engine.facts import FactRecord
from sla.models import Exclusion, Finding, Incident, Spell
from sla.terms import exclusion_kind, grounds_of, incident_kind, readings_in_force

NAME = "sla"


@dataclass(frozen=True, slots=True)
class _Names:
    """What rows point to, as the engine calls it."""

    definition: Definition
    zone: ZoneInfo
    incidents: Mapping[int, str]
    systems: Mapping[int, str]

    def key(self, kind: str, incident: int | None, system: int | None) -> dict[str, str]:
        """The key as the definition's kind of spell has it; a part that does not apply is left out."""
        parts = {"incident": self.incidents.get(incident or 0, ""), "system": self.systems.get(system or 0, "")}
        names = self.definition.intervals[kind].key if kind in self.definition.intervals else {}
        return {name: parts[name] for name in names if parts.get(name)}


def asks(contract: Contract) -> tuple[QuerySet[Any], ...]:
    """Incidents, systems, confirmed findings, outages, accepted exclusions, and the readings these depend on."""
    return (
        Incident.objects.filter(contract=contract),
        InformationSystem.objects.filter(contract=contract),
        Finding.objects.filter(contract=contract, state=Finding.State.CONFIRMED),
        Spell.objects.filter(contract=contract),
        Exclusion.objects.filter(contract=contract).exclude(accepted_at=None),
        ReadingChoice.objects.filter(contract=contract, state=ReadingChoice.State.IN_FORCE),
    )


def records(
    contract: Contract,
    definition: Definition | None,
    incidents: Sequence[Incident],
    systems: Sequence[InformationSystem],
    findings: Sequence[Finding],
    spells: Sequence[Spell],
    exclusions: Sequence[Exclusion],
    choices: Sequence[ReadingChoice],
) -> Iterator[FactRecord]:
    """Everything recorded of the contract's service. Nothing where the definition has no kind of incident with a page
    of its own."""
    if definition is None or incident_kind(definition) is None:
        return
    zone = ZoneInfo(contract.zone)
    incidents = sorted(incidents, key=lambda row: (row.registered_at, row.pk))
    names = _Names(
        definition,
        zone,
        {incident.pk: incident.code for incident in incidents},
        {system.pk: system.code for system in systems},
    )
    for incident in incidents:
        yield FactRecord(
            "item",
            incident.kind,
            id=incident.code,
            at=incident.reported_at.astimezone(zone),
            recorded=incident.registered_at.astimezone(zone),
        )
        if incident.withdrawn_at is not None:
            # a later entry takes it back: who asks what was known before still sees it
            yield FactRecord(
                "item", incident.kind, id=f"{incident.code}.withdrawn", supersedes=incident.code,
                recorded=incident.withdrawn_at.astimezone(zone),
            )  # fmt: skip
    findings = [row for _at, _pk, row in sorted((row.known_at, row.pk, row) for row in findings if row.known_at)]
    labels = {incident.pk: incident.label for incident in incidents}
    yield from _findings(findings, labels, names)
    yield from _spells(spells, names, findings)
    readings = chosen_of(
        [(row.name, row.option) for row in sorted(choices, key=lambda row: (row.known_at or row.proposed_at, row.pk))],
        definition,
    )
    withdrawn = {incident.pk: incident.withdrawn_at for incident in incidents}
    yield from _exclusions(exclusions, names, readings, withdrawn)


def _findings(findings: Iterable[Finding], labels: Mapping[int, str], names: _Names) -> Iterator[FactRecord]:
    """Each confirmed finding supersedes the one before it of its name; one without a value takes that back."""
    latest: dict[tuple[int, str], str] = {}
    for row in findings:
        place, own = (row.incident_id, row.name), f"finding:{row.pk}"
        before = latest.get(place, "")
        if row.known_at is None or (row.value is None and not before):
            continue
        latest[place] = own
        yield FactRecord(
            "attribute",
            row.name,
            id=own,
            of=labels[row.incident_id],
            value=row.value,
            recorded=row.known_at.astimezone(names.zone),
            supersedes=before,
        )


def _spells(spells: Iterable[Spell], names: _Names, findings: Iterable[Finding]) -> Iterator[FactRecord]:
    """Every outage as recorded; a correction supersedes it, a withdrawal takes it back. What is found about an incident
    and is also an attribute of its spells (whose fault it was) is told of them too, from when it was known."""
    about: dict[int, list[Finding]] = {}
    for finding in findings:
        about.setdefault(finding.incident_id, []).append(finding)
    last: dict[int, str] = {}
    for row in sorted(spells, key=lambda row: (row.recorded_at, row.pk)):
        kind = names.definition.intervals.get(row.kind)
        if kind is None or (row.incident_id is not None and row.incident_id not in names.incidents):
            continue
        over = row.superseded_at
        before = last.get(row.supersedes_id or 0, "")
        for at, attributes in _told(row, kind.attributes, about.get(row.incident_id or 0, ())):
            if over is not None and at >= over:
                break
            own = f"spell:{row.pk}" if row.pk not in last else f"{last[row.pk]}+"
            yield FactRecord(
                "interval",
                row.kind,
                id=own,
                key=names.key(row.kind, row.incident_id, row.system_id),
                start=row.starts_at.astimezone(names.zone),
                end=row.ends_at.astimezone(names.zone) if row.ends_at is not None else None,
                attributes=attributes,
                recorded=at.astimezone(names.zone),
                supersedes=before,
            )
            last[row.pk] = before = own
        if row.withdrawal and over is not None:
            yield FactRecord(
                "interval", row.kind, id=f"spell:{row.pk}.withdrawn", recorded=over.astimezone(names.zone),
                supersedes=last[row.pk],
            )  # fmt: skip


def _told(
    row: Spell, types: Mapping[str, str], findings: Iterable[Finding]
) -> Iterator[tuple[datetime, dict[str, object]]]:
    """From when on which attributes of a spell were known: as entered, then with each finding of the same name."""
    attributes: dict[str, object] = dict(row.attributes)
    later = []
    for finding in findings:
        if finding.name in types and finding.known_at is not None:
            if finding.known_at <= row.recorded_at:
                attributes[finding.name] = finding.value
            else:
                later.append((finding.known_at, finding))
    yield row.recorded_at, _known(attributes)
    for at, finding in later:
        attributes[finding.name] = finding.value
        yield at, _known(attributes)


def _known(attributes: Mapping[str, object]) -> dict[str, object]:
    """Without those that were taken back to unknown."""
    return {name: value for name, value in attributes.items() if value is not None}


def _exclusions(
    exclusions: Iterable[Exclusion],
    names: _Names,
    readings: Mapping[str, str],
    withdrawn: Mapping[int, datetime | None],
) -> Iterator[FactRecord]:
    """What was accepted with all its papers, on grounds that hold under the readings chosen, until it or its incident
    was `withdrawn`."""
    accepted = sorted((row.accepted_at, row.pk, row) for row in exclusions if row.accepted_at is not None)
    if not accepted:
        return
    grounds = grounds_of(names.definition)
    chosen = readings_in_force(names.definition, readings)
    for accepted_at, _pk, row in accepted:
        ground = grounds.get(row.ground)
        kind = exclusion_kind(names.definition, of_system=row.system_id is not None)
        known = row.incident_id is None or row.incident_id in names.incidents
        if ground is None or kind is None or not known or not ground.holds(chosen):
            continue
        own = f"exclusion:{row.pk}"
        yield FactRecord(
            "interval",
            kind.id,
            id=own,
            key=names.key(kind.id, row.incident_id, row.system_id),
            start=row.starts_at.astimezone(names.zone),
            end=row.ends_at.astimezone(names.zone),
            recorded=accepted_at.astimezone(names.zone),
        )
        over = [at for at in (row.withdrawn_at, withdrawn.get(row.incident_id or 0)) if at is not None]
        if over:
            yield FactRecord(
                "interval",
                kind.id,
                id=f"{own}.withdrawn",
                recorded=min(over).astimezone(names.zone),
                supersedes=own,
            )
