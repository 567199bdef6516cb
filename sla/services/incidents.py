"""Registering an incident in four fields, and withdrawing one made in error."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract, InformationSystem
from obligations.services.evaluation import contract_locked
from sla.models import Finding, Incident, Spell
from sla.services.cells import refresh_spell
from sla.services.common import check_moment, clean_text, kind_of, lock_incident, told
from sla.terms import interval_kinds

# Stands among the systems for the platform as a whole.
PLATFORM = "*"


def _code(contract: Contract, year: int) -> str:
    """The next number of the contract and year. The contract's row is locked, so no number is given twice."""
    stem = f"INC-{year}-"
    count: int = Incident.objects.filter(contract=contract, code__startswith=stem).count()
    return f"{stem}{count + 1:03d}"


def _affected(contract: Contract, chosen: Collection[str], *, platform: bool) -> tuple[list[InformationSystem], bool]:
    """The systems chosen, and whether the platform is among them."""
    wanted = {code for code in chosen if code != PLATFORM}
    systems = [system for system in contract.systems.order_by("position") if system.code in wanted]
    if len(systems) != len(wanted):
        raise Refused(_("This contract has no such system. Choose one of the list."), "systems")
    whole = PLATFORM in chosen
    if whole and not platform:
        raise Refused(_("This contract does not measure a platform as a whole. Choose the systems."), "systems")
    if not systems and not whole:
        raise Refused(_("Choose at least one system."), "systems")
    return systems, whole


def incident_register(
    *,
    actor: Viewer,
    contract: Contract,
    title: str,
    reported_at: datetime,
    systems: Sequence[str],
    down_since: datetime | None = None,
) -> Incident:
    """Register an incident: what happened, when it was reported, which systems (codes; `PLATFORM` for the whole), and
    since when they have been down, if they are: an outage that goes on is then recorded of each.

    Everything else about it is unknown until it is found out. Raises Refused for a moment in the future, an unknown
    system, or a contract whose definition knows no incidents; PolicyError.
    """
    require(actor, "incident.register", contract)
    name = clean_text(title, "title", limit=200, required=_("Say in a few words what happened."))
    check_moment(reported_at, "reported_at")
    if down_since is not None:
        check_moment(down_since, "down_since")
    definition, kind = kind_of(contract)
    outage = next(iter(interval_kinds(definition, "outage")), None)
    whole_outage = next(iter(interval_kinds(definition, "platform_outage")), None)
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        affected, whole = _affected(locked, systems, platform=whole_outage is not None)
        now = timezone.now()
        incident = Incident.objects.create(
            contract=locked,
            kind=kind.id,
            code=_code(locked, reported_at.astimezone(ZoneInfo(locked.zone)).year),
            title=name,
            reported_at=reported_at,
            registered_by_id=actor.user_id,
            registered_at=now,
        )
        incident.systems.set(affected)
        known: dict[str, object] = {"reported": reported_at.isoformat(), "systems": [each.code for each in affected]}
        Finding.objects.bulk_create(
            Finding(
                contract=locked, incident=incident, name=attribute, value=known[attribute],
                state=Finding.State.CONFIRMED, recorded_by_id=actor.user_id, recorded_at=now, known_at=now,
            )
            for attribute in ("reported", "systems")
            if attribute in kind.attributes and known[attribute]
        )  # fmt: skip
        places: list[tuple[str, str, InformationSystem | None]] = []
        if down_since is not None and outage is not None:
            places = [(outage.id, outage.domain, system) for system in affected]
        if down_since is not None and whole and whole_outage is not None:
            places.append((whole_outage.id, whole_outage.domain, None))
        for spell_kind, domain, system in places:
            assert down_since is not None
            spell = Spell.objects.create(
                contract=locked, incident=incident, kind=spell_kind, domain=domain, system=system,
                starts_at=down_since, recorded_by_id=actor.user_id, recorded_at=now,
            )  # fmt: skip
            refresh_spell(spell)
        journal.record(
            actor,
            "incident.register",
            incident,
            chain=journal.contract_chain(locked.pk),
            after={
                "title": name, "reported_at": reported_at, "systems": known["systems"], "platform": whole,
                "down_since": down_since,
            },
        )  # fmt: skip
        names = {f"item.{kind.id}", *(f"interval.{each}" for each, _domain, _system in places)}
        told(locked, names, actor=actor, incident=incident, what="register")
    return incident


def incident_withdraw(*, actor: Viewer, incident: Incident, reason: str) -> Incident:
    """Withdraw an incident registered in error, with everything recorded of it; it stays readable.

    Raises Refused without a reason or if it was withdrawn before.
    """
    require(actor, "incident.confirm", incident)
    why = clean_text(reason, "reason", required=_("Say why the incident is withdrawn."))
    with transaction.atomic():
        locked = lock_incident(incident)
        now = timezone.now()
        locked.withdrawn_at, locked.withdrawn_by_id, locked.withdrawal = now, actor.user_id, why
        locked.save(update_fields=("withdrawn_at", "withdrawn_by", "withdrawal"))
        spells = list(Spell.objects.filter(incident=locked, superseded_at=None))
        Spell.objects.filter(pk__in=[spell.pk for spell in spells]).update(
            superseded_at=now, withdrawn_by_id=actor.user_id, withdrawal=why
        )
        for spell in spells:
            refresh_spell(spell)
        journal.record(
            actor, "incident.withdraw", locked, chain=journal.contract_chain(locked.contract_id),
            before={"state": "open"}, after={"state": "withdrawn", "spells": len(spells)}, reason=why,
        )  # fmt: skip
        names = {f"item.{locked.kind}", *(f"interval.{spell.kind}" for spell in spells)}
        told(locked.contract, names, actor=actor, incident=locked, what="withdraw")
    return locked
