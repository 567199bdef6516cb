"""Gather what the engine needs and ask it: the one way from stored rows to due dates, for writes and replays alike.

Four statements per contract: the version, its facts, the calendars' years, the readings chosen. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from contracts.facts import fact_store
from contracts.models import Contract, DefinitionVersion
from contracts.selectors import calendars_for, definition_for, readings_chosen
from contracts.selectors.calendars import end_of_day
from engine.calendars import Calendar
from engine.definition import Definition, Duty
from engine.evaluation import DeadlineResult, Evaluation, assess, evaluate
from engine.facts import FactStore
from engine.language.spans import Zone
from engine.versions import Version, evaluate_versions
from obligations.rules import Figures, Side, key_text, obligor_side


class NoDefinition(LookupError):
    """The contract has no active definition version: nothing can be computed for it."""


@dataclass(frozen=True)
class Grounds:
    """Everything a contract's due dates rest on."""

    contract: Contract
    version: DefinitionVersion
    definition: Definition
    facts: FactStore
    calendars: Mapping[str, Calendar]
    # what people chose; the definition's defaults hold for all others
    readings: Mapping[str, str] = field(default_factory=dict)
    # all that govern a day, where there are several; an event is judged by the one of its day (rules.md §4)
    versions: tuple[Version, ...] = ()

    def with_facts(self, facts: FactStore) -> Grounds:
        return replace(self, facts=facts)

    def with_calendars(self, calendars: Mapping[str, Calendar]) -> Grounds:
        return replace(self, calendars=calendars)

    def with_readings(self, readings: Mapping[str, str]) -> Grounds:
        return replace(self, readings=readings)


def versions_known(contract: Contract, known_on: date | None) -> list[DefinitionVersion]:
    """Every version put in force so far, or by the end of `known_on`, in that order; the last one is in force. Before
    the first, the first: the contract's words are older than their entry into the system. One statement."""
    put_in_force = contract.versions.defer("data", "origin", "health").exclude(activated_at=None)
    found = list(put_in_force.order_by("activated_at", "number"))
    if known_on is None:
        return found
    moment = end_of_day(known_on, contract.zone)
    return [
        version for version in found if version.activated_at is not None and version.activated_at < moment
    ] or found[:1]


def governing(versions: Sequence[DefinitionVersion]) -> tuple[Version, ...]:
    """The versions that still judge what happened in their time, oldest first, for the engine. One that a later version
    replaces from its own first day on (a correction of the whole) judges nothing any more."""
    found: list[Version] = []
    for row in versions:
        since = row.effective_from or date.min
        while found and found[-1].since >= since:
            found.pop()
        found.append(Version(since, definition_for(row), str(row.number)))
    return tuple(found)


def grounds_for(contract: Contract, *, known_on: date | None = None) -> Grounds:
    """What the contract's dates rest on now, or rested on at the end of `known_on`. Raises NoDefinition."""
    versions = versions_known(contract, known_on)
    if not versions:
        raise NoDefinition(contract.number)
    version = versions[-1]
    definition = definition_for(version)
    return Grounds(
        contract,
        version,
        definition,
        fact_store(contract, definition),
        calendars_for(contract, known_on=known_on),
        readings_chosen(contract, known_on=known_on, definition=definition),
        governing(versions) if len(versions) > 1 else (),
    )


def reckon(
    grounds: Grounds, *, as_of: date, known_on: date | None = None, only: Collection[str] | None = None
) -> Evaluation:
    """Ask the engine for every deadline, or those of the duties in `only`.

    With several versions each instance follows the version in force when it was triggered (Civil Code 543: an
    agreement changes what follows it); one that no version claims follows the version in force.
    """
    answer = evaluate(
        grounds.definition,
        grounds.facts,
        calendars=grounds.calendars,
        as_of=as_of,
        known_on=known_on,
        readings=grounds.readings,
        only=only,
        version=str(grounds.version.number),
    )
    if len(grounds.versions) < 2:
        return answer
    judged = {(row.id, key_text(row.key)): row for row in answer.deadlines}
    for row in money_of(grounds, as_of=as_of, known_on=known_on).deadlines:
        if (only is None or row.id in only) and row.id in grounds.definition.duties:
            judged[row.id, key_text(row.key)] = row
    return replace(answer, deadlines=tuple(judged[address] for address in sorted(judged)))


def money_of(grounds: Grounds, *, as_of: date, known_on: date | None = None) -> Evaluation:
    """Ask the engine for measures, assessments and pools, each by the version of its day."""
    if len(grounds.versions) < 2:
        return assess(
            grounds.definition,
            grounds.facts,
            calendars=grounds.calendars,
            as_of=as_of,
            known_on=known_on,
            readings=grounds.readings,
            version=str(grounds.version.number),
        )
    return evaluate_versions(
        grounds.versions,
        grounds.facts,
        calendars=grounds.calendars,
        as_of=as_of,
        known_on=known_on,
        readings=grounds.readings,
    )


# --- from results to columns ----------------------------------------------------------------------------------------


def day_in(zone: str, moment: date | datetime | None) -> date | None:
    """The calendar day of a moment in the zone."""
    return None if moment is None else Zone(zone).day_of(moment)


def instant_in(zone: str, moment: date | datetime | None) -> datetime | None:
    """The moment itself in UTC, or the end (24:00) of a date in the zone."""
    if moment is None:
        return None
    return moment.astimezone(UTC) if isinstance(moment, datetime) else Zone(zone).end_of(moment)


def figures_of(result: DeadlineResult, zone: str) -> Figures:
    """The columns of a result."""
    moment = result.value if result.value is not None else result.estimate
    if result.state not in ("known", "provisional"):
        moment = None
    return Figures(
        due_state=result.state,
        due_on=day_in(zone, moment),
        due_at=instant_in(zone, moment),
        safe_on=day_in(zone, result.safe) if moment is not None else None,
        # With a date in hand, waiting means the gate, or a claim window that has not opened.
        gate_open=moment is None or result.status != "waiting",
        gate_late=any(reason.message == "gate_met_late" for reason in result.reasons),
        missing=tuple(result.missing),
        opens_on=day_in(zone, result.opens),
    )


def done_of(result: DeadlineResult, zone: str) -> tuple[date | None, datetime | None]:
    """The day a duty was done and, where the fact is one, the instant."""
    done = result.done
    return day_in(zone, done), done.astimezone(UTC) if isinstance(done, datetime) else None


# --- from the definition to texts -----------------------------------------------------------------------------------


def side_of(definition: Definition, duty: Duty) -> Side:
    """Who owes it: buyer, vendor, both or a third party."""
    return obligor_side(definition.parties[name].role for name in duty.obligor if name in definition.parties)


def names_of(definition: Definition, parties: Collection[str]) -> str:
    """The parties' names, as the contract calls them."""
    return "、".join(definition.parties[name].name for name in parties if name in definition.parties)


def title_of(definition: Definition, name: str) -> str:
    """What a missing fact is called: the event's or item's title, else its name ("incident:i1.restored")."""
    kind, _, rest = name.partition(".")
    tables: dict[str, Mapping[str, object]] = {
        "event": definition.events,
        "item": definition.items,
        "interval": definition.intervals,
        "series": definition.series,
        "reading": definition.readings,
        "duty": definition.duties,
        "term": definition.terms,
    }
    entry = tables.get(kind, {}).get(rest)
    return str(getattr(entry, "title", "") or name)
