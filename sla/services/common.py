"""What the services share: locks, input checks, the check of a fact against the definition, and re-evaluation."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.scoping import Viewer
from contracts import facts as engine_facts
from contracts.errors import Refused
from contracts.models import Contract, Evidence, InformationSystem
from contracts.selectors import definition_for
from contracts.services.files import Upload, evidence_add
from engine.definition import Definition
from engine.definition.model import ItemKind
from engine.facts import FactRecord
from obligations.services.evaluation import contract_locked, facts_changed
from sla.models import Incident
from sla.terms import incident_kind

EARLIEST = date(1990, 1, 1)


def kind_of(contract: Contract) -> tuple[Definition, ItemKind]:
    """The contract's definition and its kind of incident. Raises Refused if it has none."""
    definition = definition_for(contract)
    kind = incident_kind(definition)
    if kind is None:
        raise Refused(_("This contract's definition has no kind of incident. Enter what happened on the facts page."))
    return definition, kind


def lock_incident(incident: Incident) -> Incident:
    """The incident with its contract, locked until the transaction ends; the contract's row first, as everybody does.

    Raises Refused if it was withdrawn.
    """
    contract = contract_locked(incident.contract_id)
    locked: Incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    locked.contract = contract
    if locked.withdrawn_at is not None:
        raise Refused(_("This incident was withdrawn. Register a new one."))
    return locked


def clean_text(text: str, field: str, *, limit: int = 1000, required: str = "") -> str:
    """The text without outer blanks; `required` is the sentence to refuse an empty one with."""
    cleaned = " ".join(text.split()) if limit <= 200 else text.strip()
    if required and len(cleaned) < 2:
        raise Refused(required, field)
    if len(cleaned) > limit:
        raise Refused(_("This is longer than %(limit)s characters. Shorten it.") % {"limit": limit}, field)
    return cleaned


def check_moment(moment: datetime, field: str, *, future: bool = False) -> datetime:
    """An instant that can have happened. Raises Refused for a naive, ancient or (unless `future`) later one."""
    if moment.tzinfo is None:
        raise Refused(_("The time needs its zone."), field)
    if moment.date() < EARLIEST:
        raise Refused(_("%(day)s is too long ago to be right. Check the year.") % {"day": moment.date()}, field)
    if not future and moment > timezone.now():
        raise Refused(_("This moment is in the future: it cannot have happened yet. Record it once it has."), field)
    return moment


def system_of(contract: Contract, code: str, field: str = "system") -> InformationSystem:
    """The contract's system of this code. Raises Refused."""
    found: InformationSystem | None = contract.systems.filter(code=code).first()
    if found is None:
        raise Refused(_("This contract has no such system. Choose one of the list."), field)
    return found


def evidence_of(
    actor: Viewer, contract: Contract, title: str, *, upload: Upload | None, reference: str = ""
) -> Evidence | None:
    """The paper as evidence, if a file or a reference was given."""
    if upload is None and not reference.strip():
        return None
    return evidence_add(actor=actor, contract=contract, title=title[:200], upload=upload, reference=reference)


def refuse_unknown(contract: Contract, definition: Definition, records: Iterable[FactRecord], field: str) -> None:
    """Raise Refused for a name or value that the definition does not know."""
    found = engine_facts.problems_with(definition, engine_facts.raw_records(contract), records)
    if found:
        sentences = [" ".join(problem.translated(_)) for problem in found]
        raise Refused(" ".join(sentences), field)


def told(contract: Contract, names: Collection[str], *, actor: Viewer, incident: Incident | None, what: str) -> None:
    """Evaluate what depends on the change, in the caller's transaction."""
    cause = f"sla:{incident.code if incident is not None else contract.number}.{what}"
    facts_changed(contract, names, actor=actor, cause=cause[:120])
