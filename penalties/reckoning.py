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
from contracts.selectors import definition_for, readings_chosen
from contracts.selectors.calendars import calendars_of, years_and_calendars_now
from engine.calendars import Calendar
from engine.definition import Definition
from engine.evaluation import assess
from engine.facts import FactStore
from engine.versions import Version, evaluate_versions
from obligations.reckoning import governing, versions_known
from penalties.facts import facts_of
from penalties.models import Assessment, FactSnapshot, PenaltyCase
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
    # all versions that govern a day, where there are several: an event is judged by the one of its day
    versions: tuple[Version, ...] = ()

    def with_facts(self, facts: FactStore) -> Basis:
        """The same with other facts."""
        return replace(self, facts=facts)

    @property
    def calendar(self) -> Calendar | None:
        """The calendar the contract counts working days by."""
        return {**self.calendars, **self.definition.calendars}.get(self.definition.contract.calendar)


def basis_for(contract: Contract, *, as_of: date, without: PenaltyCase | None = None) -> Basis:
    """What the contract's penalties rest on now; `without` leaves out what the docket itself says of a case, so that a
    new computation of it does not count its own settlement. Raises Refused without an active definition."""
    versions = versions_known(contract, None)
    if not versions:
        raise Refused(_("This contract has no active definition yet. Load one and have it activated."))
    version = versions[-1]
    definition = definition_for(version)
    years, calendars = years_and_calendars_now()
    facts = fact_store(contract, definition)
    if without is not None:
        own = facts_of(without)
        facts = FactStore(record for record in facts.records if not record.id.startswith(own))
    return Basis(
        contract=contract,
        version=version,
        definition=definition,
        facts=facts,
        readings=dict(readings_chosen(contract, definition=definition)),
        years=years,
        calendars=calendars,
        as_of=as_of,
        versions=governing(versions) if len(versions) > 1 else (),
    )


def outcomes(basis: Basis) -> tuple[Outcome, ...]:
    """Everything that is or may be owed, one outcome per thing claimed together, in order of target and key."""
    if len(basis.versions) > 1:
        evaluation = evaluate_versions(
            basis.versions,
            basis.facts,
            calendars=basis.calendars,
            as_of=basis.as_of,
            known_on=basis.known_on,
            readings=basis.readings,
        )
    else:
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


def rests_on(assessment: Assessment, basis: Basis) -> bool:
    """Whether a stored assessment was computed from just this: then it comes out the same without being computed."""
    return (
        assessment.definition_id == basis.version.pk
        and assessment.as_of == basis.as_of
        and assessment.readings == dict(basis.readings)
        and tuple(assessment.calendar_years) == tuple(basis.years)
        and assessment.facts.sha256 == fingerprint(facts_dump(basis.facts))
    )


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
        versions=_versions_then(version),
    )


def _versions_then(version: DefinitionVersion) -> tuple[Version, ...]:
    """The versions that governed when this one was in force: those put in force up to it, in their order."""
    if version.number == 1:
        return ()
    earlier = version.contract.versions.defer("data", "origin", "health").exclude(activated_at=None)
    rows = list(earlier.filter(number__lte=version.number).order_by("number"))
    return governing(rows) if len(rows) > 1 else ()
