"""Gather what the engine needs and ask it about money: for clues, sheets, proposals and recomputations alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from contracts.errors import Refused
from contracts.facts import fact_store
from contracts.models import Contract, DefinitionVersion
from contracts.selectors import active_version, definition_for, readings_chosen
from contracts.selectors.calendars import calendar_years_now, calendars_of
from engine.calendars import Calendar
from engine.definition import Definition
from engine.evaluation import assess
from engine.facts import FactStore
from penalties.models import Assessment, FactSnapshot
from penalties.outcomes import Outcome
from penalties.snapshots import facts_dump, facts_load, fingerprint
from penalties.units import outcomes_of


@dataclass(frozen=True)
class Basis:
    """All that a contract's penalties rest on: enough to compute them again."""

    contract: Contract
    version: DefinitionVersion
    definition: Definition
    facts: FactStore
    readings: Mapping[str, str]
    years: Sequence[int]
    calendars: Mapping[str, Calendar]
    as_of: date
    known_on: date | None = None

    def with_facts(self, facts: FactStore) -> Basis:
        """The same with other facts."""
        return replace(self, facts=facts)

    @property
    def calendar(self) -> Calendar | None:
        """The calendar the contract counts working days by."""
        return {**self.calendars, **self.definition.calendars}.get(self.definition.contract.calendar)


def basis_for(contract: Contract, *, as_of: date) -> Basis:
    """What the contract's penalties rest on now. Raises Refused without an active definition."""
    version = active_version(contract)
    if version is None:
        raise Refused(_("This contract has no active definition yet. Load one and have it activated."))
    definition = definition_for(version)
    years = calendar_years_now()
    return Basis(
        contract=contract,
        version=version,
        definition=definition,
        facts=fact_store(contract, definition),
        readings=dict(readings_chosen(contract, definition=definition)),
        years=years,
        calendars=calendars_of(years),
        as_of=as_of,
    )


def outcomes(basis: Basis) -> tuple[Outcome, ...]:
    """Everything that is or may be owed, one outcome per thing claimed together, in order of target and key."""
    evaluation = assess(
        basis.definition,
        basis.facts,
        calendars=basis.calendars,
        as_of=basis.as_of,
        known_on=basis.known_on,
        readings=basis.readings,
    )
    return outcomes_of(basis.definition, evaluation)


def outcome_for(basis: Basis, target: str, key_text: str) -> Outcome | None:
    """The outcome of one target; None if nothing speaks for it any more."""
    return next((each for each in outcomes(basis) if each.target == target and each.key_text == key_text), None)


def snapshot_for(basis: Basis) -> FactSnapshot:
    """The facts of the basis, stored once per content."""
    records = facts_dump(basis.facts)
    found, _created = FactSnapshot.objects.get_or_create(
        contract=basis.contract,
        sha256=fingerprint(records),
        defaults={"records": records, "recorded_at": timezone.now()},
    )
    return found


def basis_of(assessment: Assessment) -> Basis:
    """What a stored assessment rested on, from its own snapshot; nothing of today enters."""
    version = assessment.definition
    years = tuple(assessment.calendar_years)
    return Basis(
        contract=assessment.case.contract,
        version=version,
        definition=definition_for(version),
        facts=facts_load(assessment.facts.records),
        readings=assessment.readings,
        years=years,
        calendars=calendars_of(years),
        as_of=assessment.as_of,
        known_on=assessment.known_on,
    )
