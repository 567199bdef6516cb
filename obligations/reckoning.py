"""Gather what the engine needs and ask it: the one way from stored rows to due dates, for writes and replays alike.

Four statements per contract: the version, its facts, the calendars' years, the readings chosen. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from contracts.facts import fact_store
from contracts.models import Contract, DefinitionVersion
from contracts.selectors import calendars_for, definition_for, readings_chosen
from contracts.selectors.calendars import end_of_day
from engine.calendars import Calendar
from engine.definition import Definition, Duty
from engine.evaluation import DeadlineResult, Evaluation, evaluate
from engine.facts import FactStore
from engine.language.spans import Zone
from obligations.rules import Figures, Side, obligor_side


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

    def with_facts(self, facts: FactStore) -> Grounds:
        return replace(self, facts=facts)

    def with_calendars(self, calendars: Mapping[str, Calendar]) -> Grounds:
        return replace(self, calendars=calendars)

    def with_readings(self, readings: Mapping[str, str]) -> Grounds:
        return replace(self, readings=readings)


def version_known(contract: Contract, known_on: date | None) -> DefinitionVersion | None:
    """The version in force, or that was in force at the end of `known_on`; before the first, the first: the contract's
    words are older than their entry into the system."""
    versions = contract.versions.defer("data", "origin", "health")
    if known_on is None:
        return versions.filter(state=DefinitionVersion.State.ACTIVE).first()
    moment = end_of_day(known_on, contract.zone)
    loaded = versions.exclude(activated_at=None).order_by("activated_at")
    return loaded.filter(activated_at__lt=moment).last() or loaded.first()


def grounds_for(contract: Contract, *, known_on: date | None = None) -> Grounds:
    """What the contract's dates rest on now, or rested on at the end of `known_on`. Raises NoDefinition."""
    version = version_known(contract, known_on)
    if version is None:
        raise NoDefinition(contract.number)
    definition = definition_for(version)
    return Grounds(
        contract,
        version,
        definition,
        fact_store(contract, definition),
        calendars_for(contract, known_on=known_on),
        readings_chosen(contract, known_on=known_on, definition=definition),
    )


def reckon(
    grounds: Grounds, *, as_of: date, known_on: date | None = None, only: Collection[str] | None = None
) -> Evaluation:
    """Ask the engine for every deadline, or those of the duties in `only`; never for amounts."""
    return evaluate(
        grounds.definition,
        grounds.facts,
        calendars=grounds.calendars,
        as_of=as_of,
        known_on=known_on,
        readings=grounds.readings,
        only=grounds.definition.duties if only is None else only,
        version=str(grounds.version.number),
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
