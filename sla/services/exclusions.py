"""Time that shall not count as an outage: claimed on a ground, proved by its papers, accepted by a second person."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract
from contracts.services.files import Upload
from obligations.services.evaluation import contract_locked
from sla.models import Exclusion, ExclusionPaper, Incident
from sla.services.cells import refresh_exclusion
from sla.services.common import check_moment, clean_text, evidence_of, kind_of, lock_incident, system_of, told
from sla.terms import Ground, exclusion_kind, grounds_of


def _ground(contract: Contract, name: str) -> Ground:
    definition, _kind = kind_of(contract)
    found = grounds_of(definition).get(name)
    if found is None:
        raise Refused(_("The contract's definition has no such ground."), "ground")
    return found


def exclusion_claim(
    *,
    actor: Viewer,
    contract: Contract,
    ground: str,
    starts_at: datetime,
    ends_at: datetime,
    incident: Incident | None = None,
    system: str = "",
    note: str = "",
) -> Exclusion:
    """Claim that [starts_at, ends_at) does not count: of one system (its code) or, left empty, of all. Nothing is
    excluded by a claim. It may lie ahead (planned maintenance).

    Raises Refused for an unknown ground or system, or an end before the start; PolicyError.
    """
    require(actor, "incident.record", incident if incident is not None else contract)
    chosen = _ground(contract, ground)
    check_moment(starts_at, "starts_at", future=True)
    check_moment(ends_at, "ends_at", future=True)
    if ends_at <= starts_at:
        raise Refused(_("It ends before it starts. Correct start and end."), "ends_at")
    remark = clean_text(note, "note")
    definition, _kind = kind_of(contract)
    kind = exclusion_kind(definition, of_system=bool(system))
    if kind is None:
        raise Refused(_("Choose a system.") if not system else _("Leave the system empty."), "system")
    with transaction.atomic():
        locked = lock_incident(incident).contract if incident is not None else contract_locked(contract.pk)
        if incident is not None and incident.contract_id != locked.pk:
            raise Refused(_("The incident belongs to another contract."), "incident")
        row = Exclusion.objects.create(
            contract=locked, incident=incident, kind=kind.id, ground=chosen.id,
            system=system_of(locked, system) if system else None, starts_at=starts_at, ends_at=ends_at, note=remark,
            recorded_by_id=actor.user_id, recorded_at=timezone.now(),
        )  # fmt: skip
        journal.record(
            actor, "exclusion.claim", row, chain=journal.contract_chain(locked.pk),
            after={
                "incident": incident.code if incident else "", "ground": ground, "system": system,
                "starts_at": starts_at, "ends_at": ends_at,
            },
            reason=remark,
        )  # fmt: skip
    return row


def _locked(exclusion: Exclusion) -> Exclusion:
    contract = contract_locked(exclusion.contract_id)
    row: Exclusion = Exclusion.objects.select_for_update(of=("self",)).get(pk=exclusion.pk)
    row.contract = contract
    return row


def paper_add(
    *, actor: Viewer, exclusion: Exclusion, name: str, upload: Upload | None = None, reference: str = ""
) -> ExclusionPaper:
    """Add one of the papers its ground asks for: a file, or the number of one kept elsewhere, or both.

    Raises Refused for a paper the ground does not ask for, one that is there already, or without file and reference.
    """
    require(actor, "incident.record", exclusion)
    ground = _ground(exclusion.contract, exclusion.ground)
    if name not in ground.papers:
        raise Refused(_("The ground does not ask for this paper."), "name")
    with transaction.atomic():
        row = _locked(exclusion)
        if row.state != Exclusion.State.CLAIMED:
            raise Refused(_("This claim has been decided already."))
        evidence = evidence_of(actor, row.contract, ground.papers[name], upload=upload, reference=reference)
        if evidence is None:
            raise Refused(_("Attach a file, or name the document's number and where it is kept."), "upload")
        try:
            with transaction.atomic():
                paper = ExclusionPaper.objects.create(
                    exclusion=row, name=name, evidence=evidence, added_by_id=actor.user_id, added_at=timezone.now()
                )
        except IntegrityError as error:
            raise Refused(_("This paper is there already."), "name") from error
        journal.record(
            actor, "exclusion.paper", row, chain=journal.contract_chain(row.contract_id),
            after={"paper": name, "evidence": evidence.pk},
        )  # fmt: skip
    return paper


def exclusion_decide(*, actor: Viewer, exclusion: Exclusion, accept: bool, note: str = "") -> Exclusion:
    """Accept or refuse a claim; never one's own. Accepting needs every paper of its ground: without them the outage
    counts. Raises Refused if papers are missing (naming them), it was decided, or a refusal without a reason."""
    require(actor, "incident.confirm", exclusion)
    remark = clean_text(note, "note", required="" if accept else _("Say why the claim is refused."))
    with transaction.atomic():
        row = _locked(exclusion)
        if row.state != Exclusion.State.CLAIMED:
            raise Refused(_("This claim has been decided already."))
        if row.recorded_by_id is not None and row.recorded_by_id == actor.user_id:
            raise Refused(_("You made this claim; another person must decide it."))
        ground = _ground(row.contract, row.ground)
        missing = set(ground.papers) - set(row.papers.values_list("name", flat=True))
        if accept and missing:
            titles = "、".join(title for name, title in ground.papers.items() if name in missing)
            raise Refused(_("Papers are missing: %(papers)s. Without them the outage counts.") % {"papers": titles})
        now = timezone.now()
        row.state = Exclusion.State.ACCEPTED if accept else Exclusion.State.REFUSED
        row.decided_at, row.decided_by_id, row.decision_note = now, actor.user_id, remark
        row.accepted_at = now if accept else None
        row.save(update_fields=("state", "decided_at", "decided_by", "decision_note", "accepted_at"))
        journal.record(
            actor, "exclusion.accept" if accept else "exclusion.refuse", row,
            chain=journal.contract_chain(row.contract_id), before={"state": Exclusion.State.CLAIMED},
            after={"state": row.state}, reason=remark,
        )  # fmt: skip
        if accept:
            _changed(row, actor)
    return row


def exclusion_withdraw(*, actor: Viewer, exclusion: Exclusion, reason: str) -> Exclusion:
    """Take an accepted exclusion back; from now on the time counts again. Raises Refused without a reason."""
    require(actor, "incident.confirm", exclusion)
    why = clean_text(reason, "reason", required=_("Say why the exclusion is taken back."))
    with transaction.atomic():
        row = _locked(exclusion)
        if row.state != Exclusion.State.ACCEPTED:
            raise Refused(_("Only an accepted exclusion can be taken back."))
        row.state, row.withdrawn_at, row.withdrawn_by_id = Exclusion.State.WITHDRAWN, timezone.now(), actor.user_id
        row.save(update_fields=("state", "withdrawn_at", "withdrawn_by"))
        journal.record(
            actor, "exclusion.withdraw", row, chain=journal.contract_chain(row.contract_id),
            before={"state": Exclusion.State.ACCEPTED}, after={"state": row.state}, reason=why,
        )  # fmt: skip
        _changed(row, actor)
    return row


def _changed(row: Exclusion, actor: Viewer) -> None:
    refresh_exclusion(row)
    told(row.contract, {f"interval.{row.kind}"}, actor=actor, incident=row.incident, what="exclusion")
