"""Facts, evidence and files, for pages; and the contract's store of facts, for the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, allows, proven, require
from accounts.scoping import Viewer
from contracts import facts
from contracts.errors import Refused
from contracts.models import Contract, Evidence, Fact, StoredFile
from contracts.selectors.definitions import definition_for, keep_version_key, version_key
from engine.definition import Definition
from engine.facts import FactStore


def fact_store(contract: Contract) -> FactStore:
    """All confirmed facts of the contract and those other apps provide, typed by its active definition."""
    return facts.fact_store(contract, definition_for(contract))


def facts_list(
    *,
    viewer: Viewer,
    contract: Contract,
    kind: str = "",
    name: str = "",
    state: str = "",
    before_id: int | None = None,
) -> QuerySet[Fact]:
    """Recorded facts, newest first; rejected and superseded ones included, they are part of the record. `before_id`
    continues a list page after the row of that id."""
    require(viewer, "fact.read", contract)
    rows: QuerySet[Fact] = Fact.objects.visible_to(viewer).filter(contract=contract)
    for column, value in (("kind", kind), ("name", name), ("state", state)):
        if value:
            rows = rows.filter(**{column: value})
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return (
        rows.order_by("-pk")
        .select_related("recorded_by", "decided_by", "superseded_by")
        .prefetch_related("evidence__file")
    )


def fact_get(pk: int, *, viewer: Viewer, contract: Contract | None = None) -> Fact:
    """One fact. Raises NotVisible."""
    require(viewer, "fact.read")
    rows = Fact.objects.visible_to(viewer).select_related("contract", "recorded_by", "decided_by", "supersedes")
    if contract is not None:
        rows = rows.filter(contract=contract)
    found: Fact | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    if contract is not None:
        found.contract = contract
    proven(viewer, found)
    return found


def facts_waiting(*, viewer: Viewer, contract: Contract | None = None) -> QuerySet[Fact]:
    """Proposed facts that wait for confirmation by somebody other than the viewer."""
    require(viewer, "fact.read")
    rows: QuerySet[Fact] = Fact.objects.visible_to(viewer).filter(state=Fact.State.PROPOSED)
    if contract is not None:
        rows = rows.filter(contract=contract)
    return rows.filter(~Q(recorded_by_id=viewer.user_id) | Q(recorded_by=None)).select_related(
        "contract", "recorded_by"
    )


@dataclass(frozen=True, slots=True)
class FactRoles:
    """Who records a fact, and who must confirm it ("" for nobody)."""

    recorder: str
    confirmer: str


def fact_roles(definition: Definition, kind: str, name: str, subject: str) -> FactRoles:
    """Who records and who confirms a fact. A finding follows its item; one about a duty or rule is IT's own entry.
    Confirmation by the recorder's own role is no second pair of eyes and is left out."""
    if kind == Fact.Kind.ATTRIBUTE:
        kind, name = "item", subject.partition(":")[0]
    tables: dict[str, Mapping[str, Any]] = {
        "event": definition.events,
        "item": definition.items,
        "interval": definition.intervals,
        "series": definition.series,
    }
    entry = tables.get(kind, {}).get(name)
    recorder = (entry.recorder if entry is not None else "") or "IT"
    confirmer = entry.confirmer if entry is not None else ""
    return FactRoles(recorder, "" if confirmer == recorder else confirmer)


def facts_to_confirm(*, viewer: Viewer, limit: int) -> list[Fact]:
    """The first proposed facts, the longest waiting first, that this very person may decide: the manager any, others
    those whose definition names their role. One statement."""
    if not allows(viewer, "fact.confirm"):
        return []
    rows = facts_waiting(viewer=viewer).annotate(**version_key("contract_id")).order_by("recorded_at", "pk")
    return list(islice((fact for fact in rows.iterator() if _confirms(viewer, fact)), limit))


def _confirms(viewer: Viewer, fact: Fact) -> bool:
    keep_version_key(fact.contract, fact)
    if "MGR" in viewer.roles:
        return True
    return fact_roles(definition_for(fact.contract), fact.kind, fact.name, fact.subject).confirmer in viewer.roles


def fact_titles(contract: Contract) -> dict[str, str]:
    """What the active definition calls its facts: {"event.acceptance_signed": title}, and the options of its readings:
    {"reading.late_fee_cap=total": title and sentence}; empty without a definition."""
    try:
        definition = definition_for(contract)
    except Refused:
        return {}
    tables: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("event", definition.events),
        ("interval", definition.intervals),
        ("series", definition.series),
        ("item", definition.items),
        ("duty", definition.duties),
    )
    titles = {
        f"{kind}.{name}": entry.title for kind, entries in tables for name, entry in entries.items() if entry.title
    }
    return titles | {
        f"reading.{name}={option.key}": f"{reading.title}：{option.text}"
        for name, reading in definition.readings.items()
        for option in reading.options
    }


@dataclass(frozen=True, slots=True)
class RecordableFact:
    """A fact the definition knows, for a form: what it is called, who records it, who must confirm it, and the entry
    in force or waiting, if there is one."""

    kind: str
    name: str
    title: str
    clause: str
    recorder: str
    confirmer: str
    current: Fact | None
    waiting: Fact | None
    attributes: dict[str, str]
    key: dict[str, str]


def recordable_events(*, viewer: Viewer, contract: Contract, all_roles: bool = True) -> list[RecordableFact]:
    """The contract's one-time events with what has been recorded of each; `all_roles` False: only the viewer's own."""
    require(viewer, "fact.read", contract)
    definition = definition_for(contract)
    rows: QuerySet[Any] = Fact.objects.filter(contract=contract, kind=Fact.Kind.EVENT).exclude(
        state=Fact.State.REJECTED
    )
    current: dict[str, Fact] = {}
    waiting: dict[str, Fact] = {}
    for fact in rows.filter(Q(superseded_by=None) | Q(superseded_by__state=Fact.State.PROPOSED)).order_by("pk"):
        (waiting if fact.state == Fact.State.PROPOSED else current)[fact.name] = fact
    found = []
    for name, event in definition.events.items():
        recorder, confirmer = event.recorder or "IT", event.confirmer
        if not all_roles and recorder not in viewer.roles:
            continue
        found.append(
            RecordableFact(
                kind="event", name=name, title=event.title, clause=event.clause, recorder=recorder,
                confirmer="" if confirmer == recorder else confirmer,
                current=current.get(name), waiting=waiting.get(name), attributes={}, key={},
            )
        )  # fmt: skip
    return found


def recordable_kinds(*, viewer: Viewer, contract: Contract) -> list[RecordableFact]:
    """The kinds of items, spells and periodic figures the definition knows, for forms."""
    require(viewer, "fact.read", contract)
    definition = definition_for(contract)
    found = []
    tables: tuple[tuple[str, Any], ...] = (
        ("item", definition.items),
        ("interval", definition.intervals),
        ("series", definition.series),
    )
    for kind, entries in tables:
        for name, entry in entries.items():
            recorder = entry.recorder or "IT"
            found.append(
                RecordableFact(
                    kind=kind, name=name, title=entry.title, clause=entry.clause, recorder=recorder,
                    confirmer="" if entry.confirmer == recorder else entry.confirmer, current=None, waiting=None,
                    attributes=dict(getattr(entry, "attributes", {})), key=dict(getattr(entry, "key", {})),
                )
            )  # fmt: skip
    return found


def evidence_list(*, viewer: Viewer, contract: Contract) -> QuerySet[Evidence]:
    """The contract's evidence the viewer may see, newest first."""
    require(viewer, "evidence.read", contract)
    rows: QuerySet[Evidence] = Evidence.objects.visible_to(viewer).filter(contract=contract)
    return rows.select_related("file", "added_by")


def evidence_get(pk: int, *, viewer: Viewer, contract: Contract | None = None) -> Evidence:
    """One piece of evidence. Raises NotVisible."""
    require(viewer, "evidence.read")
    rows = Evidence.objects.visible_to(viewer).select_related("file", "contract")
    if contract is not None:
        rows = rows.filter(contract=contract)
    found: Evidence | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found


def file_get(pk: int, *, viewer: Viewer) -> StoredFile:
    """A stored file the viewer may download. Raises NotVisible."""
    require(viewer, "evidence.read")
    found: StoredFile | None = StoredFile.objects.visible_to(viewer).filter(pk=pk).first()
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found
