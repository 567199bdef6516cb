"""What is found out about an incident: moments entered from the ticket, findings established on paper and confirmed by
a second person, and the root cause it is linked to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract
from contracts.services.files import Upload
from engine.definition.model import ItemKind
from engine.facts import FactRecord
from sla.models import Finding, Incident, RootCause
from sla.services.common import (
    check_moment,
    clean_text,
    evidence_of,
    kind_of,
    lock_incident,
    refuse_unknown,
    told,
)
from sla.terms import Attribute, attributes_of, needs_second_person


def _attribute(kind: ItemKind, name: str) -> Attribute:
    found = next((each for each in attributes_of(kind) if each.name == name), None)
    if found is None:
        raise Refused(_("This contract's incidents have no such attribute."), "name")
    return found


def finding_record(
    *,
    actor: Viewer,
    incident: Incident,
    name: str,
    value: Any,
    established_by: str = "",
    established_on: date | None = None,
    paper: str = "",
    upload: Upload | None = None,
    note: str = "",
) -> Finding:
    """Record one attribute of an incident in the notation of facts (true, 12, "CNY 12.30", an ISO instant, a list of
    systems); None takes it back to unknown. The latest counts, earlier ones stay.

    A finding (yes or no, a number, whatever the definition says is established) names who established it and the paper;
    where the definition names a second role it stays proposed until that role confirms. Raises Refused for an unknown
    name, an ill-typed value, a moment in the future, or a finding without paper; PolicyError.
    """
    require(actor, "incident.record", incident)
    definition, kind = kind_of(incident.contract)
    attribute = _attribute(kind, name)
    who = clean_text(established_by, "established_by", limit=200)
    where = clean_text(paper, "paper", limit=200)
    remark = clean_text(note, "note")
    if attribute.judged and value is not None:
        if not who:
            raise Refused(_("Say who established it."), "established_by")
        if not where and upload is None:
            raise Refused(_("Name the paper it is established on, or attach it."), "paper")
    if value is None and not remark:
        raise Refused(_("Say why it is taken back to unknown."), "note")
    if attribute.type == "instant" and isinstance(value, str):
        check_moment(_instant(value), "value")
    with transaction.atomic():
        locked = lock_incident(incident)
        now = timezone.now()
        waits = needs_second_person(kind, attribute) and not actor.is_system
        if value is not None:
            record = FactRecord("attribute", name, id="finding:new", of=locked.label, value=value, recorded=now)
            refuse_unknown(locked.contract, definition, [record], "value")
        evidence = evidence_of(actor, locked.contract, where or f"{locked.code} {name}", upload=upload)
        finding = Finding(
            contract=locked.contract, incident=locked, name=name, value=value, established_by=who,
            established_on=established_on, paper=where, evidence=evidence, note=remark,
            state=Finding.State.PROPOSED if waits else Finding.State.CONFIRMED, recorded_by_id=actor.user_id,
            recorded_at=now, known_at=None if waits else now,
        )  # fmt: skip
        try:
            with transaction.atomic():
                finding.save(force_insert=True)
        except IntegrityError as error:
            raise Refused(_("Another value waits for confirmation. Have it confirmed or rejected first.")) from error
        journal.record(
            actor,
            "incident.propose" if waits else "incident.record",
            finding,
            chain=journal.contract_chain(locked.contract_id),
            after={
                "incident": locked.code, "name": name, "value": value, "established_by": who,
                "established_on": established_on, "paper": where, "state": finding.state,
            },
            reason=remark,
        )  # fmt: skip
        if not waits:
            _take_effect(locked, [finding], actor=actor)
    return finding


def moments_record(
    *, actor: Viewer, incident: Incident, moments: Mapping[str, datetime | None], note: str = ""
) -> list[Finding]:
    """Record several moments of one ticket at once, all or none. Raises as `finding_record`; a refusal names the
    moment's field ("m_responded")."""
    rows = []
    with transaction.atomic():
        for name, moment in moments.items():
            value = None if moment is None else moment.isoformat()
            try:
                rows.append(finding_record(actor=actor, incident=incident, name=name, value=value, note=note))
            except Refused as error:
                raise Refused(error.message, f"m_{name}" if error.field == "value" else error.field) from error
    return rows


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(_("This is not a moment. Write date and time."), "value") from error


def findings_decide(
    *, actor: Viewer, incident: Incident, findings: Collection[Finding], accept: bool, note: str = ""
) -> list[Finding]:
    """Confirm or reject proposed findings of one incident; never one's own. A rejection says why.

    Raises Refused if nothing is left to decide, one was recorded by the same person, or without a reason; PolicyError
    for a role that the definition does not name (a manager may always).
    """
    require(actor, "incident.confirm", incident)
    remark = clean_text(note, "note", required="" if accept else _("Say why the findings are rejected."))
    with transaction.atomic():
        locked = lock_incident(incident)
        rows = list(
            Finding.objects.select_for_update(of=("self",))
            .filter(incident=locked, pk__in=[row.pk for row in findings], state=Finding.State.PROPOSED)
            .order_by("pk")
        )
        if not rows:
            raise Refused(_("These findings have been decided already. Load the page anew."))
        if any(row.recorded_by_id is not None and row.recorded_by_id == actor.user_id for row in rows):
            raise Refused(_("You recorded one of these findings; another person must confirm it."))
        now = timezone.now()
        for row in rows:
            row.state = Finding.State.CONFIRMED if accept else Finding.State.REJECTED
            row.decided_at, row.decided_by_id, row.decision_note = now, actor.user_id, remark
            row.known_at = now if accept else None
        fields = ("state", "decided_at", "decided_by", "decision_note", "known_at")
        Finding.objects.bulk_update(rows, fields)
        journal.record(
            actor,
            "incident.confirm" if accept else "incident.reject",
            locked,
            chain=journal.contract_chain(locked.contract_id),
            after={"findings": {row.name: row.value for row in rows}},
            reason=remark,
        )
        if accept:
            _take_effect(locked, rows, actor=actor)
    return rows


def _take_effect(incident: Incident, findings: Collection[Finding], *, actor: Viewer) -> None:
    """Mirror what lists show and evaluate what depends on the findings."""
    columns: set[str] = set()
    for finding in findings:
        moment = _instant(finding.value) if isinstance(finding.value, str) and finding.name in _MIRRORED else None
        if finding.name in _MIRRORED and (moment is not None or finding.name != "reported"):
            setattr(incident, _MIRRORED[finding.name], moment)
            columns.add(_MIRRORED[finding.name])
        elif finding.name == "systems":
            incident.systems.set(incident.contract.systems.filter(code__in=finding.value or []))
    if columns:
        incident.save(update_fields=sorted(columns))
    spells = set(incident.spells.filter(superseded_at=None).values_list("kind", flat=True))
    names = {f"item.{incident.kind}", *(f"interval.{kind}" for kind in spells)}
    told(incident.contract, names, actor=actor, incident=incident, what="finding")


_MIRRORED = {"reported": "reported_at", "responded": "responded_at", "restored": "restored_at"}


def _cause(contract: Contract, cause: RootCause | None, title: str, actor: Viewer) -> RootCause:
    if cause is not None:
        if cause.contract_id != contract.pk:
            raise Refused(_("This root cause belongs to another contract."), "cause")
        return cause
    name = clean_text(title, "title", limit=200, required=_("Choose a root cause, or name a new one."))
    number = RootCause.objects.filter(contract=contract).count() + 1
    return RootCause.objects.create(
        contract=contract, code=f"c{number}", title=name, created_by_id=actor.user_id, created_at=timezone.now()
    )


def cause_link(*, actor: Viewer, incident: Incident, cause: RootCause | None = None, title: str = "") -> RootCause:
    """Link the incident to a root cause: an existing one, or a new one by its title. Incidents with one root cause are
    judged together where the contract says so, hence the link is a recorded finding like any other.

    Raises Refused without either; PolicyError.
    """
    require(actor, "incident.record", incident)
    _definition, kind = kind_of(incident.contract)
    with transaction.atomic():
        locked = lock_incident(incident)
        found = _cause(locked.contract, cause, title, actor)
        locked.root_cause = found
        locked.save(update_fields=("root_cause",))
        now = timezone.now()
        rows = []
        if "cause" in kind.attributes:
            rows = [
                Finding.objects.create(
                    contract=locked.contract, incident=locked, name="cause", value=found.code,
                    state=Finding.State.CONFIRMED, recorded_by_id=actor.user_id, recorded_at=now, known_at=now,
                )
            ]  # fmt: skip
        journal.record(
            actor, "incident.cause", locked, chain=journal.contract_chain(locked.contract_id),
            after={"cause": found.code, "title": found.title},
        )  # fmt: skip
        _take_effect(locked, rows, actor=actor)
    return found
