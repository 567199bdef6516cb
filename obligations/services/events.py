"""What happened, entered by people: one-time events, things (incidents, guarantees …), spells and findings.

An entry that the definition lets another role confirm changes nothing until then. What depends on a confirmed entry is
recomputed in the entry's own transaction, so a date and the fact behind it can never disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.policy import NotAllowed, require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract, Evidence, Fact
from contracts.selectors import definition_for
from contracts.services.facts import fact_decide, fact_names, fact_record
from contracts.services.files import Upload, evidence_add
from obligations.services.evaluation import DueChange, contract_locked, facts_changed


def event_propose(
    *,
    actor: Viewer,
    contract: Contract,
    name: str,
    on: date | None = None,
    at: datetime | None = None,
    evidence: Sequence[Evidence] = (),
    uploads: Iterable[Upload] = (),
    note: str = "",
    supersedes: Fact | None = None,
) -> Fact:
    """Enter a one-time event on a day (`on`) or at a moment (`at`); with `supersedes`, correct an earlier entry.

    The fact's state says what came of it: "proposed" waits for another person, "confirmed" has moved its dates.
    Raises Refused for an unknown event, a future moment or a second entry; PolicyError for the wrong role.
    """
    return _enter(
        actor, contract, evidence, uploads,
        kind=Fact.Kind.EVENT, name=name, happened_on=on, happened_at=at, note=note, supersedes=supersedes,
    )  # fmt: skip


def event_confirm(*, actor: Viewer, fact: Fact, note: str = "") -> list[DueChange]:
    """Confirm what somebody else entered (of any kind): what changed. Needs a fresh proof of identity.

    Raises Refused if it was decided already or entered by the same person; PolicyError for other roles.
    """
    require(actor, "fact.confirm", fact)
    with transaction.atomic():
        contract = contract_locked(fact.contract_id)
        _require_confirmer(actor, contract, fact)
        decided = fact_decide(actor=actor, fact=fact, accept=True, note=note)
        return facts_changed(contract, fact_names(decided), actor=actor, cause=cause_of(decided))


def event_reject(*, actor: Viewer, fact: Fact, note: str) -> Fact:
    """Reject what somebody else entered, with a reason; nothing was changed by it and nothing is."""
    require(actor, "fact.confirm", fact)
    with transaction.atomic():
        _require_confirmer(actor, contract_locked(fact.contract_id), fact)
        return fact_decide(actor=actor, fact=fact, accept=False, note=note)


def item_record(
    *,
    actor: Viewer,
    contract: Contract,
    kind: str,
    attributes: Mapping[str, Any],
    item_id: str = "",
    on: date | None = None,
    at: datetime | None = None,
    evidence: Sequence[Evidence] = (),
    uploads: Iterable[Upload] = (),
    note: str = "",
    supersedes: Fact | None = None,
) -> Fact:
    """Enter a thing with attributes, such as a guarantee or an incident; its id is made up if empty.

    Attribute values are JSON in the definition's types ("2026-02-27", "CNY 12.30", true). Duties "for" such things
    get their obligations at once. Raises as `event_propose`.
    """
    return _enter(
        actor, contract, evidence, uploads,
        kind=Fact.Kind.ITEM, name=kind, subject=item_id, happened_on=on, happened_at=at, value=dict(attributes),
        note=note, supersedes=supersedes,
    )  # fmt: skip


def interval_record(
    *,
    actor: Viewer,
    contract: Contract,
    name: str,
    starts: date | datetime,
    ends: date | datetime | None = None,
    key: Mapping[str, str] | None = None,
    attributes: Mapping[str, Any] | None = None,
    evidence: Sequence[Evidence] = (),
    uploads: Iterable[Upload] = (),
    note: str = "",
    supersedes: Fact | None = None,
) -> Fact:
    """Enter a spell such as an outage or a fiscal hold; without an end it goes on. Raises as `event_propose`."""
    start_on, start_at = _split(starts)
    end_on, end_at = _split(ends)
    return _enter(
        actor, contract, evidence, uploads,
        kind=Fact.Kind.INTERVAL, name=name, key=key, happened_on=start_on, happened_at=start_at, ended_on=end_on,
        ended_at=end_at, value=dict(attributes or {}), note=note, supersedes=supersedes,
    )  # fmt: skip


def series_record(
    *,
    actor: Viewer,
    contract: Contract,
    name: str,
    period: str,
    value: Any,
    key: Mapping[str, str] | None = None,
    evidence: Sequence[Evidence] = (),
    uploads: Iterable[Upload] = (),
    note: str = "",
    supersedes: Fact | None = None,
) -> Fact:
    """Enter a figure of a period ("2026-06") such as a measured ratio ("99.98%"). Raises as `event_propose`."""
    return _enter(
        actor, contract, evidence, uploads,
        kind=Fact.Kind.SERIES, name=name, key=key, period=period, value=value, note=note, supersedes=supersedes,
    )  # fmt: skip


def finding_record(
    *,
    actor: Viewer,
    contract: Contract,
    subject: str,
    name: str,
    value: Any,
    evidence: Sequence[Evidence] = (),
    uploads: Iterable[Upload] = (),
    note: str = "",
    supersedes: Fact | None = None,
) -> Fact:
    """Enter one attribute of a thing ("incident:i1", "restored", …). That a duty is done is reported, reviewed and
    accepted instead (`submission_add`). Raises as `event_propose`."""
    if subject.startswith("duty:"):
        raise Refused(_("That a duty is done is handed in and accepted on its own page."), "subject")
    return _enter(
        actor, contract, evidence, uploads,
        kind=Fact.Kind.ATTRIBUTE, name=name, subject=subject, value=value, note=note, supersedes=supersedes,
    )  # fmt: skip


def cause_of(fact: Fact) -> str:
    """What a due version says made it: "fact:event.acceptance_signed"."""
    return f"fact:{fact.kind}.{fact.name}" if fact.kind != Fact.Kind.ATTRIBUTE else f"fact:{fact.subject}.{fact.name}"


def _split(moment: date | datetime | None) -> tuple[date | None, datetime | None]:
    return (None, moment) if isinstance(moment, datetime) else (moment, None)


def _require_confirmer(actor: Viewer, contract: Contract, fact: Fact) -> None:
    """The role the definition names confirms, where it names one."""
    definition = definition_for(contract)
    tables: dict[str, Mapping[str, Any]] = {
        "event": definition.events,
        "item": definition.items,
        "interval": definition.intervals,
        "series": definition.series,
    }
    kind, name = (fact.kind, fact.name) if fact.kind != Fact.Kind.ATTRIBUTE else ("item", fact.subject.split(":")[0])
    entry = tables.get(kind, {}).get(name)
    wanted = entry.confirmer if entry is not None else ""
    if wanted and wanted not in actor.roles and not actor.is_system:
        raise NotAllowed(_("Your role does not include this action. Ask somebody who holds the role to do it."))


def _enter(
    actor: Viewer,
    contract: Contract,
    evidence: Sequence[Evidence],
    uploads: Iterable[Upload],
    **fields: Any,
) -> Fact:
    """Record the fact with its proof and recompute what depends on it, unless it waits for confirmation."""
    require(actor, "fact.propose", contract)
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        if fields.get("supersedes") is not None:
            # As it stands now: it may have been confirmed since the page was drawn.
            fields["supersedes"] = Fact.objects.get(pk=fields["supersedes"].pk)
        proofs = list(evidence)
        for upload in uploads:
            proofs.append(
                evidence_add(actor=actor, contract=locked, title=upload.name or fields["name"], upload=upload)
            )
        fact = fact_record(actor=actor, contract=locked, evidence=proofs, **fields)
        if fact.state == Fact.State.CONFIRMED:
            facts_changed(locked, fact_names(fact), actor=actor, cause=cause_of(fact))
    return fact
