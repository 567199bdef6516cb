"""What the engine is told: the facts recorded here and those other apps keep in rows of their own.

An app that keeps facts registers a provider in its `AppConfig.ready()`, with the rows it reads: those of all providers
are asked for in one statement. After a change its service calls
`obligations.services.evaluation.facts_changed`, in the same transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from contracts.errors import Refused
from contracts.gathering import gather
from contracts.models import Contract, Fact
from contracts.selectors.definitions import definition_for
from engine.definition import Definition
from engine.definition.reader import read_moment
from engine.facts import FactKind, FactRecord, FactsRefused, FactStore
from engine.facts_file import check_facts
from engine.problems import Problem

# which rows a provider reads of a contract, and the facts that follow from them, a list for each question
Asks = Callable[[Contract], Sequence[QuerySet[Any]]]
Provider = Callable[..., Iterable[FactRecord]]
Moments = Mapping[str, date | datetime | None]

logger = logging.getLogger(__name__)
_providers: dict[str, tuple[Provider, Asks]] = {}


def _nothing(_contract: Contract) -> Sequence[QuerySet[Any]]:
    return ()


def register(name: str, provider: Provider, asks: Asks = _nothing) -> None:
    """Add an app's provider under its name; registering it again replaces it. It is called with the contract,
    the definition the facts are for (None without one) and, for each question of `asks`, its rows in
    the order of keys."""
    _providers[name] = provider, asks


def _moment(on: date | None, at: datetime | None, zone: ZoneInfo) -> date | datetime | None:
    return at.astimezone(zone) if at is not None else on


def records_of(fact: Fact, *, zone: ZoneInfo) -> Iterator[FactRecord]:
    """The engine's records of one fact row (not yet typed by a definition).

    A correction of an item becomes findings about it: the item keeps its identity, the last finding counts, and what
    was believed before stays visible to "as known on".
    """
    recorded = fact.known_at.astimezone(zone) if fact.known_at is not None else None
    own = f"fact:{fact.pk}"
    happened = _moment(fact.happened_on, fact.happened_at, zone)
    values = fact.value if isinstance(fact.value, dict) else {}
    if fact.kind == Fact.Kind.ITEM:
        if fact.supersedes_id is None:
            yield FactRecord("item", fact.name, id=fact.subject, at=happened, attributes=values, recorded=recorded)
            return
        for name, value in values.items():
            yield FactRecord(
                "attribute", name, id=f"{own}.{name}", of=f"{fact.name}:{fact.subject}", value=value, recorded=recorded
            )
        return
    supersedes = f"fact:{fact.supersedes_id}" if fact.supersedes_id is not None else ""
    times: Moments = {"at": happened}
    if fact.kind == Fact.Kind.INTERVAL:
        times = {"start": happened, "end": _moment(fact.ended_on, fact.ended_at, zone)}
    value = fact.value
    if fact.kind == Fact.Kind.ATTRIBUTE and fact.name == "done" and isinstance(value, str):
        moment = read_moment(value)
        value = value if isinstance(moment, str) else moment
    yield FactRecord(
        cast(FactKind, fact.kind),
        fact.name,
        id=own,
        of=fact.subject if fact.kind == Fact.Kind.ATTRIBUTE else "",
        key=fact.key or {},
        period=fact.period,
        value=value if fact.kind in (Fact.Kind.SERIES, Fact.Kind.ATTRIBUTE) else None,
        attributes=values if fact.kind == Fact.Kind.INTERVAL else {},
        recorded=recorded,
        supersedes=supersedes,
        **times,
    )


def raw_records(contract: Contract, definition: Definition | None = None) -> list[FactRecord]:
    """Every confirmed fact of the contract and what the providers add for a definition, or the one in force. One
    statement, and one for the version in force if nothing tells it."""
    if definition is None:
        with suppress(Refused):  # no version in force: the providers say what needs none
            definition = definition_for(contract)
    zone = ZoneInfo(contract.zone)
    asked = [(provider, list(asks(contract))) for provider, asks in _providers.values()]
    facts = Fact.objects.filter(contract=contract, state=Fact.State.CONFIRMED)
    rows, *answers = gather(facts, *(question for _provider, questions in asked for question in questions))
    rows.sort(key=lambda row: (row.known_at, row.pk))
    records = [record for row in rows for record in records_of(row, zone=zone)]
    for provider, questions in asked:
        own, answers = answers[: len(questions)], answers[len(questions) :]
        records.extend(provider(contract, definition, *own))
    return records


def problems_with(definition: Definition, existing: Iterable[FactRecord], new: Iterable[FactRecord]) -> list[Problem]:
    """What is wrong with the new records: names and values the definition does not know, references to nothing."""
    fresh = list(new)
    labels = {record.label for record in fresh}
    try:
        check_facts(definition, FactStore([*existing, *fresh]))
    except FactsRefused as error:
        return [found for found in error.problems if found.table in labels]
    return []


def fact_store(contract: Contract, definition: Definition) -> FactStore:
    """The contract's facts, as far as the definition knows them.

    A fact that a newer definition no longer knows cannot move a date; it is left out and logged, not raised: one old
    entry must not stop every reminder of the contract.
    """
    records = raw_records(contract, definition)
    while True:
        try:
            store = FactStore(records)
            check_facts(definition, store)
            return store  # as entered: the evaluation types the values itself, once
        except FactsRefused as error:
            strange = {found.table for found in error.problems}
            kept = [record for record in records if record.label not in strange]
            if len(kept) == len(records):
                raise
            logger.warning("contract %s: facts not in its definition: %s", contract.number, sorted(strange))
            records = kept
