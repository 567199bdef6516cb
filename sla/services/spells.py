"""Outages and other stretches of time of an incident: recorded, corrected by a successor, withdrawn; never edited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import InformationSystem
from contracts.services.files import Upload
from engine.facts import FactRecord
from sla.models import Incident, Spell
from sla.services.cells import refresh_spell
from sla.services.common import (
    check_moment,
    clean_text,
    evidence_of,
    kind_of,
    lock_incident,
    refuse_unknown,
    system_of,
    told,
)
from sla.terms import interval_kinds


def _check_order(starts_at: datetime, ends_at: datetime | None) -> None:
    check_moment(starts_at, "starts_at")
    if ends_at is not None:
        check_moment(ends_at, "ends_at")
        if ends_at <= starts_at:
            raise Refused(_("It ends before it starts. Correct start and end."), "ends_at")


def spell_record(
    *,
    actor: Viewer,
    incident: Incident,
    kind: str,
    starts_at: datetime,
    ends_at: datetime | None = None,
    system: str = "",
    attributes: Mapping[str, Any] | None = None,
    note: str = "",
    upload: Upload | None = None,
) -> Spell:
    """Record a stretch [starts_at, ends_at) of one of the definition's kinds; without an end it goes on.

    `system` is a system's code where the kind is kept per system. Raises Refused for an unknown kind or system, an end
    before the start, or a moment in the future; PolicyError.
    """
    require(actor, "incident.record", incident)
    definition, _kind = kind_of(incident.contract)
    chosen = next((each for each in interval_kinds(definition) if each.id == kind), None)
    if chosen is None or chosen.domain == "exclusion":
        raise Refused(_("This contract has no such kind of stretch."), "kind")
    _check_order(starts_at, ends_at)
    remark = clean_text(note, "note")
    with transaction.atomic():
        locked = lock_incident(incident)
        place: InformationSystem | None = None
        if "system" in chosen.key or chosen.domain == "outage":
            place = system_of(locked.contract, system)
        values = dict(attributes or {})
        if values:
            trial = FactRecord("interval", kind, id="spell:new", start=starts_at, end=ends_at, attributes=values)
            refuse_unknown(locked.contract, definition, [trial], "attributes")
        evidence = evidence_of(actor, locked.contract, f"{locked.code} {chosen.title}", upload=upload)
        spell = Spell.objects.create(
            contract=locked.contract, incident=locked, kind=kind, domain=chosen.domain, system=place,
            starts_at=starts_at, ends_at=ends_at, attributes=values, note=remark, evidence=evidence,
            recorded_by_id=actor.user_id, recorded_at=timezone.now(),
        )  # fmt: skip
        journal.record(
            actor, "incident.spell", spell, chain=journal.contract_chain(locked.contract_id),
            after={
                "incident": locked.code, "kind": kind, "system": place.code if place else "", "starts_at": starts_at,
                "ends_at": ends_at, "attributes": values,
            },
            reason=remark,
        )  # fmt: skip
        refresh_spell(spell)
        told(locked.contract, {f"interval.{kind}"}, actor=actor, incident=locked, what="spell")
    return spell


def _in_force(spell: Spell) -> tuple[Incident, Spell]:
    if spell.incident is None:
        raise Refused(_("This stretch belongs to no incident and is kept by the system that reported it."))
    incident = lock_incident(spell.incident)
    row: Spell = Spell.objects.select_for_update(of=("self",)).get(pk=spell.pk)
    if row.superseded_at is not None:
        raise Refused(_("This entry has been corrected already. Correct the correction."))
    return incident, row


def spell_correct(*, actor: Viewer, spell: Spell, starts_at: datetime, ends_at: datetime | None, note: str) -> Spell:
    """Replace a stretch by one with other times: the old one stays on record and no longer counts. Ending an outage
    that goes on is a correction too. Raises Refused without a reason, or if it was corrected before; PolicyError."""
    require(actor, "incident.record", spell)
    _check_order(starts_at, ends_at)
    remark = clean_text(note, "note", required=_("Say why the times are corrected, or how the end is known."))
    with transaction.atomic():
        incident, old = _in_force(spell)
        if (old.starts_at, old.ends_at) == (starts_at, ends_at):
            raise Refused(_("These are the times on record."), "ends_at")
        now = timezone.now()
        old.superseded_at = now
        old.save(update_fields=("superseded_at",))
        new = Spell.objects.create(
            contract=incident.contract, incident=incident, kind=old.kind, domain=old.domain, system_id=old.system_id,
            starts_at=starts_at, ends_at=ends_at, attributes=old.attributes, note=remark, evidence_id=old.evidence_id,
            recorded_by_id=actor.user_id, recorded_at=now, supersedes=old,
        )  # fmt: skip
        journal.record(
            actor, "incident.spell_correct", new, chain=journal.contract_chain(incident.contract_id),
            before={"starts_at": old.starts_at, "ends_at": old.ends_at},
            after={"incident": incident.code, "starts_at": starts_at, "ends_at": ends_at}, reason=remark,
        )  # fmt: skip
        refresh_spell(old, new)
        told(incident.contract, {f"interval.{old.kind}"}, actor=actor, incident=incident, what="spell")
    return new


def spell_withdraw(*, actor: Viewer, spell: Spell, reason: str) -> Spell:
    """Take a stretch back that was entered in error; it stays on record. Raises Refused without a reason."""
    require(actor, "incident.record", spell)
    why = clean_text(reason, "reason", required=_("Say why the entry is taken back."))
    with transaction.atomic():
        incident, row = _in_force(spell)
        row.superseded_at, row.withdrawn_by_id, row.withdrawal = timezone.now(), actor.user_id, why
        row.save(update_fields=("superseded_at", "withdrawn_by", "withdrawal"))
        journal.record(
            actor, "incident.spell_withdraw", row, chain=journal.contract_chain(incident.contract_id),
            before={"starts_at": row.starts_at, "ends_at": row.ends_at}, after={"state": "withdrawn"}, reason=why,
        )  # fmt: skip
        refresh_spell(row)
        told(incident.contract, {f"interval.{row.kind}"}, actor=actor, incident=incident, what="spell")
    return row
