"""Loading a contract's definition and putting a version in force. Everything about one load or one activation is one
transaction: a definition that is refused leaves the database as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal, policy
from accounts.models import Party
from accounts.scoping import SYSTEM, Viewer
from billing.services.milestones import milestones_sync
from contracts.errors import Refused
from contracts.facts import problems_with, raw_records
from contracts.models import Clause, Contract, DefinitionVersion, InformationSystem, LineItem
from contracts.selectors import definition_for, today_for
from contracts.selectors.calendars import calendars_now
from definitions.loading import Loaded, load_files
from definitions.problems import DefinitionRefused, Problem, make_problem, to_json, translated
from definitions.reader import SourceFile, read_path, read_uploads
from engine.definition import Definition
from engine.dependencies import dependency_map
from obligations.services.evaluation import obligations_materialise

FURTHEST = timedelta(days=366)


class LoadRefused(Refused):
    """The definition has errors; `problems` lists all of them, in the reader's language, warnings included."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(_spoken(problem) for problem in problems)
        super().__init__(_("The definition was refused; nothing was changed. Correct the errors listed."), "files")


def _spoken(problem: Problem) -> Problem:
    text, remedy = translated(problem)
    return replace(problem, text=text, remedy=remedy)


class UploadedFile(Protocol):
    """What a form hands over."""

    @property
    def name(self) -> str | None: ...

    def read(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did. `created`: a version was made (else the same content was loaded before); `activated`: it is in
    force (the first version of a contract is at once, later ones wait as drafts); `health`: its warnings."""

    contract: Contract
    version: DefinitionVersion
    created: bool
    activated: bool
    health: tuple[Problem, ...]


def _files(path_or_files: str | Path | Iterable[UploadedFile | SourceFile]) -> tuple[SourceFile, ...]:
    if isinstance(path_or_files, str | Path):
        return read_path(path_or_files)
    given = list(path_or_files)
    if all(isinstance(file, SourceFile) for file in given):
        return tuple(file for file in given if isinstance(file, SourceFile))
    return read_uploads((file.name or "", file.read()) for file in given if not isinstance(file, SourceFile))


def contract_load(path_or_files: str | Path | Iterable[UploadedFile | SourceFile], *, actor: Viewer) -> LoadResult:
    """Load a definition from a folder, a .toml file, a .zip archive, or uploaded files.

    The same content (SHA-256 of the data) changes nothing. A new contract's first version is put in force; a changed
    definition becomes a new draft that `version_activate` puts in force. Raises LoadRefused with every problem found,
    Refused if the parties do not fit, PolicyError for the wrong role.
    """
    policy.require(actor, "contract.load")
    try:
        loaded = load_files(_files(path_or_files), calendars=calendars_now())
        _needed(loaded)
    except DefinitionRefused as error:
        raise LoadRefused(error.problems) from error
    return loaded_store(loaded, actor=actor)


def loaded_store(loaded: Loaded, *, actor: Viewer, about: Mapping[str, Any] | None = None) -> LoadResult:
    """Keep a checked definition as a version, as `contract_load` does; `about` joins what the journal says of it.

    Raises Refused if the parties do not fit or somebody else loads the contract at the same time, PolicyError for the
    wrong role.
    """
    policy.require(actor, "contract.load")
    try:
        with transaction.atomic():
            return _store(loaded, actor, about or {})
    except IntegrityError as error:
        raise Refused(_("Somebody else is loading this contract just now. Try again in a moment.")) from error


def _needed(loaded: Loaded) -> None:
    """A contract in the database has a number, a title, a sum and its two parties."""
    definition = loaded.definition
    roles = [party.role for party in definition.parties.values()]
    whole = definition.contract.number and definition.contract.title and definition.contract.total is not None
    if not whole or roles.count("buyer") != 1 or roles.count("vendor") != 1:
        raise DefinitionRefused(
            (make_problem("no_contract", file=loaded.source.file_of("contract"), table="contract"),)
        )


def _store(loaded: Loaded, actor: Viewer, about: Mapping[str, Any]) -> LoadResult:
    number = loaded.definition.contract.number
    contract = Contract.objects.select_for_update().filter(number=number).first()
    first = contract is None
    if contract is None:
        contract = _create_contract(loaded.definition, actor)
    else:
        policy.require(actor, "contract.load", contract)
        same = contract.versions.filter(sha256=loaded.source.sha256).first()
        if same is not None:
            return LoadResult(contract, same, False, same.state == DefinitionVersion.State.ACTIVE, loaded.health)
    version = _create_version(contract, loaded, actor)
    journal.record(
        actor,
        "contract.load",
        version,
        chain=journal.contract_chain(contract.pk),
        after={"number": version.number, "sha256": version.sha256, "warnings": len(loaded.health), **about},
    )
    if first:
        _put_in_force(contract, version, actor=actor, today=today_for(contract))
    return LoadResult(contract, version, True, first, loaded.health)


# --- rows --------------------------------------------------------------------------------------------------------


def _party(definition: Definition, role: str) -> Party:
    entry = next(party for party in definition.parties.values() if party.role == role)
    party, _created = Party.objects.get_or_create(
        name=entry.name,
        defaults={
            "kind": role,
            "short_name": str(entry.data.get("short_name", ""))[:60],
            "registered_address": str(entry.data.get("address", ""))[:300],
            "postal_address": str(entry.data.get("notice_address", ""))[:300],
            "tax_number": str(entry.data.get("tax_number", ""))[:40],
            "is_demo": definition.contract.demo,
        },
    )
    if party.kind != role:
        raise Refused(
            _("%(name)s is registered as %(kind)s, not as the %(role)s of a contract. Correct the name.")
            % {"name": party.name, "kind": party.get_kind_display(), "role": role}
        )
    return party


def _edges(definition: Definition) -> tuple[date | None, date | None]:
    """First and last day of the terms that state their days."""

    def days(field: str) -> list[date]:
        written = [str(term.data.get(field, "")) for term in definition.terms.values()]
        return [date.fromisoformat(text) for text in written if len(text) == 10]

    return min(days("start"), default=None), max(days("end"), default=None)


def _facts_of_contract(definition: Definition) -> dict[str, Any]:
    """The columns of a contract that its definition in force decides."""
    contract = definition.contract
    starts, ends = _edges(definition)
    signed = definition.events.get("signed")
    signed_on = signed.at if signed is not None else None
    return {
        "title": contract.title[:200],
        "summary": contract.summary[:500],
        "currency": contract.currency,
        "total": contract.total if contract.total is not None else Decimal(0),
        "signed_on": signed_on,
        "starts_on": starts,
        "ends_on": ends,
        "zone": contract.zone,
        "calendar_code": contract.calendar,
        "is_demo": contract.demo,
    }


def _create_contract(definition: Definition, actor: Viewer) -> Contract:
    buyer, vendor = _party(definition, "buyer"), _party(definition, "vendor")
    if not actor.is_system and buyer.pk != actor.party_id:
        raise Refused(
            _("The buyer in the definition is %(name)s, not your organisation. You can load your own contracts.")
            % {"name": buyer.name}
        )
    contract: Contract = Contract.objects.create(
        number=definition.contract.number,
        buyer=buyer,
        vendor=vendor,
        department=str(definition.contract.data.get("department", ""))[:80],
        **_facts_of_contract(definition),
    )
    return contract


def _order(data: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """The order of tables and entries: PostgreSQL sorts the keys of stored JSON, and order decides ties."""
    return [(table, list(entries) if isinstance(entries, Mapping) else []) for table, entries in data.items()]


def _create_version(contract: Contract, loaded: Loaded, actor: Viewer) -> DefinitionVersion:
    definition, source = loaded.definition, loaded.source
    last = contract.versions.aggregate(last=Max("number"))["last"] or 0
    version = DefinitionVersion.objects.create(
        contract=contract,
        number=last + 1,
        sha256=source.sha256,
        data=source.data,
        origin={"files": dict(source.origin), "order": _order(source.data)},
        dependencies={duty: sorted(names) for duty, names in dependency_map(definition).items()},
        health=[to_json(problem) for problem in loaded.health],
        loaded_by_id=actor.user_id,
    )
    LineItem.objects.bulk_create(
        LineItem(
            contract=contract, version=version, number=line.number, title=line.title[:300],
            unit_price=line.unit_price, quantity=line.quantity, amount=line.amount,
            bundle=line.bundle[:40], group=line.group[:80],
        )
        for line in definition.lines.values()
    )  # fmt: skip
    Clause.objects.bulk_create(
        Clause(
            contract=contract, version=version, code=code[:40], title=clause.title[:200], note=clause.note[:500],
            coverage=clause.state, position=position,
        )
        for position, (code, clause) in enumerate(definition.clauses.items(), start=1)
    )  # fmt: skip
    return version


def _sync_systems(contract: Contract, definition: Definition) -> None:
    """Systems keep their identity and what was filled in about them; the definition names and orders them."""
    for position, (code, system) in enumerate(definition.systems.items(), start=1):
        InformationSystem.objects.update_or_create(
            contract=contract, code=code, defaults={"title": system.title[:120], "position": position}
        )


# --- in force ------------------------------------------------------------------------------------------------------


def _put_in_force(
    contract: Contract,
    version: DefinitionVersion,
    *,
    actor: Viewer,
    today: date,
    effective_from: date | None = None,
    agreement: str = "",
) -> None:
    """Supersede what was in force, mirror the contract's own columns, and compute everything that follows."""
    previous = contract.versions.filter(state=DefinitionVersion.State.ACTIVE).first()
    if previous is not None:
        previous.state = DefinitionVersion.State.SUPERSEDED
        previous.save(update_fields=["state"])
    definition = definition_for(version)
    version.state = DefinitionVersion.State.ACTIVE
    version.activated_at = timezone.now()
    version.effective_from = effective_from or (today if previous is not None else contract.signed_on)
    version.agreement = agreement
    # The first version is in force by loading it; from the second on somebody else than the loader answers for it.
    version.activated_by_id = actor.user_id if previous is not None else None
    version.save(update_fields=["state", "activated_at", "activated_by", "effective_from", "agreement"])
    for name, value in _facts_of_contract(definition).items():
        setattr(contract, name, value)
    contract.save()
    _sync_systems(contract, definition)
    journal.record(
        actor,
        "contract.activate",
        version,
        chain=journal.contract_chain(contract.pk),
        before={"version": previous.number if previous is not None else None},
        after={
            "version": version.number,
            "sha256": version.sha256,
            "effective_from": version.effective_from,
            "agreement": agreement,
        },
    )
    obligations_materialise(contract, as_of=today, actor=SYSTEM, cause=f"version:{version.number}")
    milestones_sync(contract)


def _effective(contract: Contract, day: date | None, *, today: date) -> date:
    """The first day the version holds. Raises Refused for a day before the contract or too far ahead."""
    if day is None:
        return today
    if contract.signed_on is not None and day < contract.signed_on:
        raise Refused(
            _("The contract was signed on %(day)s; nothing holds before. Give that day for a correction of the whole.")
            % {"day": contract.signed_on},
            "effective_from",
        )
    if day > today + FURTHEST:
        raise Refused(_("This day is more than a year ahead. Put the version in force nearer to it."), "effective_from")
    return day


def version_activate(
    *, actor: Viewer, version: DefinitionVersion, effective_from: date | None = None, agreement: str = ""
) -> DefinitionVersion:
    """Put a draft in force: the manager, who is not the person who loaded it, after confirming the password.

    `effective_from` (today if not given) is the day from which what happens is judged by it; earlier happenings keep
    the version of their day. `agreement` names the supplementary agreement
    that changed the contract (Civil Code 543).

    The version in force before is superseded and kept; obligations, due dates and milestones follow. Raises Refused
    for a version that is no draft, for its loader, or if recorded facts are unknown to it; PolicyError otherwise.
    """
    policy.require(actor, "contract.activate", version)
    with transaction.atomic():
        contract = Contract.objects.select_for_update().get(pk=version.contract_id)
        draft = DefinitionVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
        if draft.state != DefinitionVersion.State.DRAFT:
            raise Refused(_("This version is not a draft; only drafts are put in force."))
        if draft.loaded_by_id is not None and draft.loaded_by_id == actor.user_id:
            raise Refused(_("You loaded this version; another person must put it in force."))
        newest = contract.versions.order_by("-number").first()
        if newest is not None and newest.number != draft.number:
            raise Refused(_("A newer version has been loaded since. Put that one in force."))
        strange = problems_with(definition_for(draft), (), raw_records(contract))
        if strange:
            raise Refused(
                _("Recorded facts are unknown to this version: %(facts)s. Keep their names in the definition.")
                % {"facts": ", ".join(sorted({_spoken(problem).text for problem in strange}))}
            )
        today = today_for(contract)
        _put_in_force(
            contract,
            draft,
            actor=actor,
            today=today,
            effective_from=_effective(contract, effective_from, today=today),
            agreement=agreement.strip()[:200],
        )
    return draft
