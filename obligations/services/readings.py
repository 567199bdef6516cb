"""Choosing a reading of the contract: see what it would move, propose it with a reason, and let another person decide
where money moves. A choice is never edited: a later one replaces it from then on, so a past day still shows what was
believed (`known_on`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract, Evidence, ReadingChoice
from contracts.selectors import definition_for, readings_chosen, today_for
from engine.definition import Definition, Reading
from engine.dependencies import money_readings
from obligations.reckoning import grounds_for
from obligations.rules import dependants
from obligations.services.amounts import AmountEffect, amounts_between
from obligations.services.evaluation import DueChange, contract_locked, facts_changed
from obligations.services.previews import EffectRow, effects_between

State = ReadingChoice.State


@dataclass(frozen=True, slots=True)
class ReadingPreview:
    """What a choice would change, counted as of today. Nothing settled is among it: settled amounts stay as they were
    assessed, and only what is still open follows the new reading."""

    name: str
    before: str
    after: str
    moves_money: bool
    dates: tuple[EffectRow, ...]
    amounts: tuple[AmountEffect, ...]

    @property
    def is_empty(self) -> bool:
        return not self.dates and not self.amounts


def _reading(definition: Definition, name: str, option: str) -> Reading:
    reading = definition.readings.get(name)
    if reading is None:
        raise Refused(_("This contract has no such reading. Load the page again."), "name")
    if option and option not in reading.keys:
        raise Refused(_("Choose one of the options listed."), "option")
    return reading


def reading_preview(
    *, viewer: Viewer, contract: Contract, name: str, option: str, as_of: date | None = None
) -> ReadingPreview:
    """What choosing `option` for the reading `name` would move; an empty option means back to the default.

    Writes nothing. Raises Refused for an unknown reading or option, NoDefinition without an active version.
    """
    require(viewer, "contract.internal.read", contract)
    grounds = grounds_for(contract)
    reading = _reading(grounds.definition, name, option)
    changed = {key: value for key, value in grounds.readings.items() if key != name}
    if option:
        changed[name] = option
    after = grounds.with_readings(changed)
    day = as_of or today_for(contract)
    moves = name in money_readings(grounds.definition)
    only = dependants(grounds.version.dependencies, {f"reading.{name}"})
    return ReadingPreview(
        name=name,
        before=grounds.readings.get(name, reading.default),
        after=option or reading.default,
        moves_money=moves,
        dates=tuple(effects_between(grounds, after, day=day, only=only)) if only else (),
        amounts=amounts_between(grounds, after, day) if moves else (),
    )


def reading_propose(
    *, actor: Viewer, contract: Contract, name: str, option: str, reason: str, evidence: Evidence | None = None
) -> ReadingChoice:
    """Propose an option of a reading with the reason. One that can change no amount holds at once; one that can waits
    for a manager who is not the proposer.

    Raises Refused without a reason, for an unknown option, for what holds already, or while a proposal is waiting.
    """
    require(actor, "reading.propose", contract)
    text = reason.strip()
    if not text:
        raise Refused(
            _("Say why this reading is right: it is kept with the choice and shown to whoever asks."), "reason"
        )
    if len(text) > 1000:
        raise Refused(_("Keep the reason within 1,000 characters."), "reason")
    if actor.user_id is None:
        raise Refused(_("A reading is chosen by a person."))
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        definition = definition_for(locked)
        _reading(definition, name, option)
        chosen = readings_chosen(locked, definition=definition)
        before = chosen.get(name, "")
        if before == option:
            raise Refused(_("This option holds already. Nothing would change."), "option")
        now, moves = timezone.now(), name in money_readings(definition)
        try:
            with transaction.atomic():
                choice = ReadingChoice.objects.create(
                    contract=locked,
                    name=name,
                    option=option,
                    before=before,
                    reason=text,
                    evidence=evidence,
                    moves_money=moves,
                    state=State.PROPOSED if moves else State.IN_FORCE,
                    proposed_by_id=actor.user_id,
                    proposed_at=now,
                    known_at=None if moves else now,
                )
        except IntegrityError as error:
            raise Refused(_("A proposal for this reading is waiting already. Decide that one first.")) from error
        _record(actor, "reading.propose", choice)
        if not moves:
            _take_effect(actor, locked, choice)
        return choice


def reading_decide(*, actor: Viewer, choice: ReadingChoice, accept: bool, note: str = "") -> list[DueChange]:
    """Accept or reject a proposed reading; never by the proposer. What changed of the deadlines.

    A rejection needs a reason. Raises Refused when it is decided already; ReauthenticationRequired without a fresh
    proof of identity; PolicyError for other roles.
    """
    require(actor, "reading.decide", choice)
    text = note.strip()[:1000]
    if not accept and not text:
        raise Refused(_("Say why the reading is rejected: the proposer reads it."), "note")
    with transaction.atomic():
        contract = contract_locked(choice.contract_id)
        found = ReadingChoice.objects.select_for_update(of=("self",)).get(pk=choice.pk)
        if found.state != State.PROPOSED:
            raise Refused(_("This proposal has been decided already. Load the page to see by whom."))
        if found.proposed_by_id == actor.user_id:
            raise Refused(_("You proposed this reading. Somebody else must decide it."))
        if accept:
            _reading(definition_for(contract), found.name, found.option)
        found.state = State.IN_FORCE if accept else State.REJECTED
        found.decided_by_id, found.decided_at = actor.user_id, timezone.now()
        found.decision_note = text
        found.known_at = found.decided_at if accept else None
        found.save(update_fields=("state", "decided_by", "decided_at", "decision_note", "known_at"))
        _record(actor, "reading.accept" if accept else "reading.reject", found)
        return _take_effect(actor, contract, found) if accept else []


def _take_effect(actor: Viewer, contract: Contract, choice: ReadingChoice) -> list[DueChange]:
    return facts_changed(contract, {f"reading.{choice.name}"}, actor=actor, cause=f"reading:{choice.name}")


def _record(actor: Viewer, action: str, choice: ReadingChoice) -> None:
    journal.record(
        actor,
        action,
        choice,
        chain=journal.contract_chain(choice.contract_id),
        before={"reading": choice.name, "option": choice.before},
        after={"reading": choice.name, "option": choice.option, "state": str(choice.state)},
        reason=choice.decision_note or choice.reason,
    )


def undecided_readings(
    definition: Definition, chosen: Mapping[str, str], names: Iterable[str] | None = None
) -> Sequence[Reading]:
    """The readings a person must choose before an amount is final and nobody has, of `names` or of all that move
    money: they block finality, never the calculation of a range (rules.md §5)."""
    wanted = money_readings(definition) if names is None else frozenset(names)
    return [
        reading
        for name, reading in definition.readings.items()
        if name in wanted and reading.must_choose and name not in chosen
    ]
