"""Recording facts. Nothing is edited: a correction is a later fact that supersedes an earlier one. Facts that the
definition lets a second person confirm are not known to the engine until then.

The caller (an upper app's service) re-evaluates what depends on the fact, in the same transaction:
`obligations.services.evaluation.facts_changed(contract, fact_names(fact), …)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal, policy
from accounts.scoping import Viewer
from contracts import facts as engine_facts
from contracts.errors import Refused
from contracts.models import Contract, Evidence, Fact
from contracts.selectors.contracts import today_for
from contracts.selectors.definitions import definition_for
from contracts.selectors.facts import fact_roles
from engine.problems import Problem

EARLIEST = date(1990, 1, 1)


def fact_names(fact: Fact) -> frozenset[str]:
    """What the dependency map calls the fact: `event.x`, `item.guarantee`, `interval.x`, `series.x`, `duty.x`."""
    if fact.kind != Fact.Kind.ATTRIBUTE:
        names = {f"{fact.kind}.{fact.name}"}
        # A duty's own id as an event says that it was done.
        return frozenset(names | {f"duty.{fact.name}"} if fact.kind == Fact.Kind.EVENT else names)
    kind, _colon, rest = fact.subject.partition(":")
    first = rest.partition("/")[0]
    return frozenset({f"{kind}.{first}" if kind in ("duty", "rule") else f"item.{kind}"})


def _sentence(problem: Problem) -> str:
    text, remedy = problem.translated(_)
    return f"{text} {remedy}"


def _check_times(contract: Contract, proposed: Fact) -> None:
    """An event cannot have happened later than now where the contract is performed, nor end before it starts."""
    zone = ZoneInfo(contract.zone)
    today, now = today_for(contract), timezone.now()
    if proposed.happened_on is not None and proposed.happened_at is not None:
        raise Refused(_("Give either a day or a moment, not both."), "happened_on")
    for moment in (proposed.happened_at, proposed.ended_at):
        if moment is not None and moment.tzinfo is None:
            raise Refused(_("The time needs its zone."), "happened_at")
    happened = proposed.happened_on or (
        proposed.happened_at.astimezone(zone).date() if proposed.happened_at is not None else None
    )
    field = "happened_on" if proposed.happened_on is not None else "happened_at"
    if happened is None:
        # A correction without a day takes the event back: it did not happen after all.
        withdrawn = proposed.kind == Fact.Kind.EVENT and proposed.supersedes is not None
        if proposed.kind in (Fact.Kind.EVENT, Fact.Kind.INTERVAL) and not withdrawn:
            raise Refused(_("Say when it happened."), "happened_on")
    elif happened < EARLIEST:
        raise Refused(_("%(day)s is too long ago to be right. Check the year.") % {"day": happened}, field)
    # A planned window (maintenance, an announced exclusion) is known before it starts; a happening is not.
    elif proposed.kind != Fact.Kind.INTERVAL and (
        happened > today or (proposed.happened_at is not None and proposed.happened_at > now)
    ):
        raise Refused(
            _("%(day)s is in the future: it cannot have happened yet. Record it once it has.") % {"day": happened},
            field,
        )
    ended = proposed.ended_on or (proposed.ended_at.astimezone(zone).date() if proposed.ended_at is not None else None)
    if ended is None:
        return
    if proposed.kind != Fact.Kind.INTERVAL:
        raise Refused(_("Only a spell of time has an end."), "ended_on")
    both = proposed.happened_at is not None and proposed.ended_at is not None
    if (happened is not None and ended < happened) or (both and proposed.ended_at < proposed.happened_at):  # type: ignore[operator]
        raise Refused(_("It ends before it starts. Correct start and end."), "ended_on")


def _check_predecessor(contract: Contract, proposed: Fact) -> None:
    """What happens once is recorded once; after that only corrected. Nothing is corrected twice at the same time."""
    older = proposed.supersedes
    same = Fact.objects.filter(
        contract=contract, kind=proposed.kind, name=proposed.name, subject=proposed.subject, period=proposed.period
    ).exclude(state=Fact.State.REJECTED)
    if older is not None:
        if (older.contract_id, older.kind, older.name, older.subject) != (
            contract.pk, proposed.kind, proposed.name, proposed.subject,
        ):  # fmt: skip
            raise Refused(_("A correction must be about the same thing as the entry it corrects."), "supersedes")
        if older.state != Fact.State.CONFIRMED:
            raise Refused(_("Only a confirmed entry can be corrected. Reject the proposal instead."), "supersedes")
        if same.filter(supersedes=older).exists():
            raise Refused(_("This entry has been corrected already. Correct the correction."), "supersedes")
        return
    if proposed.kind in (Fact.Kind.INTERVAL, Fact.Kind.ATTRIBUTE):
        return
    if same.filter(key=proposed.key, superseded_by=None).exists():
        raise Refused(
            _("This has been recorded already, or waits for confirmation. Correct that entry instead."), "happened_on"
        )


def _new_item_id(contract: Contract, name: str) -> str:
    count = Fact.objects.filter(contract=contract, kind=Fact.Kind.ITEM, name=name, supersedes=None).count()
    return f"{name}-{count + 1}"


def fact_record(
    *,
    actor: Viewer,
    contract: Contract,
    kind: str,
    name: str,
    subject: str = "",
    key: Mapping[str, str] | None = None,
    period: str = "",
    happened_on: date | None = None,
    happened_at: datetime | None = None,
    ended_on: date | None = None,
    ended_at: datetime | None = None,
    value: Any = None,
    note: str = "",
    evidence: Iterable[Evidence] = (),
    supersedes: Fact | None = None,
) -> Fact:
    """Record one fact (rules.md §1) after checking it against the active definition.

    kind: event (`name`, when) · interval (`name`, `key`, start and end) · series (`name`, `key`, `period`, `value`)
    · item (`name` is its kind, `subject` its id, made up if empty; `value` its attributes) · attribute (`subject`
    such as "duty:dl_2/2025-W27" or "incident:i1", `name`, `value`). Values are JSON: booleans, whole numbers, ISO
    dates, texts such as "CNY 12.30", "99.98%".

    The state is "proposed" where the definition names another role to confirm it, else "confirmed"; the system's own
    entries are confirmed at once. Raises Refused for a name or value the definition does not know, a moment in the
    future, an end before its start, or a second entry of what happens once; PolicyError for the wrong role.
    """
    policy.require(actor, "fact.propose", contract)
    if kind not in Fact.Kind.values:
        raise Refused(_("%(kind)s is not a kind of fact.") % {"kind": kind}, "kind")
    if len(note) > 1000:
        raise Refused(_("The note is longer than 1,000 characters. Shorten it."), "note")
    definition = definition_for(contract)
    roles = fact_roles(definition, kind, name, subject)
    # What the vendor or the supervisor observes is entered for them by the buyer's IT.
    needed = roles.recorder if roles.recorder in policy.BUYER_STAFF else "IT"
    if not actor.is_system and needed not in actor.roles:
        raise policy.NotAllowed(_("Your role does not record this. Ask somebody who holds the role to do it."))
    if kind == Fact.Kind.ITEM and not subject:
        subject = _new_item_id(contract, name)
    now = timezone.now()
    confirmed = actor.is_system or not roles.confirmer
    proposed = Fact(
        contract=contract, kind=kind, name=name[:80], subject=subject[:160], key=dict(key or {}), period=period[:20],
        happened_on=happened_on, happened_at=happened_at, ended_on=ended_on, ended_at=ended_at, value=value,
        note=note, state=Fact.State.CONFIRMED if confirmed else Fact.State.PROPOSED, recorded_at=now,
        recorded_by_id=actor.user_id, known_at=now if confirmed else None, supersedes=supersedes,
    )  # fmt: skip
    _check_times(contract, proposed)
    with transaction.atomic():
        Contract.objects.select_for_update().get(pk=contract.pk)
        _check_predecessor(contract, proposed)
        proofs = list(evidence)
        if any(proof.contract_id != contract.pk for proof in proofs):
            raise Refused(_("The evidence belongs to another contract."), "evidence")
        found = engine_facts.problems_with(
            definition,
            engine_facts.raw_records(contract),
            engine_facts.records_of(proposed, zone=ZoneInfo(contract.zone)),
        )
        if found:
            raise Refused(" ".join(_sentence(problem) for problem in found), "value")
        try:
            with transaction.atomic():
                proposed.save(force_insert=True)
        except IntegrityError as error:
            raise Refused(_("This entry has been corrected already. Correct the correction.")) from error
        proposed.evidence.set(proofs)
        journal.record(
            actor,
            "fact.record" if confirmed else "fact.propose",
            proposed,
            chain=journal.contract_chain(contract.pk),
            after={
                "kind": kind, "name": name, "subject": subject, "key": proposed.key, "period": period,
                "happened_on": happened_on, "happened_at": happened_at, "ended_on": ended_on, "ended_at": ended_at,
                "value": value, "state": proposed.state, "supersedes": supersedes, "evidence": [p.pk for p in proofs],
            },
            reason=note,
        )  # fmt: skip
    return proposed


def fact_decide(*, actor: Viewer, fact: Fact, accept: bool, note: str = "") -> Fact:
    """Confirm or reject a proposed fact: the role the definition names, or the manager; never the recorder. A rejection
    says why.

    Raises Refused if it was decided already, by the same person, or without a reason; PolicyError for other roles.
    """
    policy.require(actor, "fact.confirm", fact)
    named = fact_roles(definition_for(fact.contract), fact.kind, fact.name, fact.subject).confirmer
    if not actor.is_system and actor.roles.isdisjoint({named, "MGR"}):
        raise policy.NotAllowed(_("Your role does not confirm this. Ask somebody who holds the role to do it."))
    if not accept and not note.strip():
        raise Refused(_("Say why the entry is rejected."), "note")
    with transaction.atomic():
        Contract.objects.select_for_update().get(pk=fact.contract_id)
        row = Fact.objects.select_for_update(of=("self",)).select_related("contract").get(pk=fact.pk)
        if row.state != Fact.State.PROPOSED:
            raise Refused(_("This entry has been decided already. Reload the page."))
        if row.recorded_by_id is not None and row.recorded_by_id == actor.user_id:
            raise Refused(_("You recorded this entry; another person must confirm it."))
        now = timezone.now()
        before = {"state": row.state, "supersedes": row.supersedes_id}
        row.state = Fact.State.CONFIRMED if accept else Fact.State.REJECTED
        row.decided_at, row.decided_by_id, row.decision_note = now, actor.user_id, note[:1000]
        if accept:
            row.known_at = now
        else:
            row.supersedes = None  # the entry it wanted to correct stands, and may be corrected by another
        row.save(update_fields=["state", "decided_at", "decided_by", "decision_note", "known_at", "supersedes"])
        journal.record(
            actor,
            "fact.confirm" if accept else "fact.reject",
            row,
            chain=journal.contract_chain(row.contract_id),
            before=before,
            after={"state": row.state},
            reason=note,
        )
    return row
