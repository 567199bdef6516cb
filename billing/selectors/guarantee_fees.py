"""What a late renewal costs: the engine's own assessments of the rule that the security names, under every reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.policy import NotVisible, require
from accounts.scoping import Viewer
from billing.terms_guarantee import SecurityTerms, security_terms
from contracts.models import Contract
from engine.derivation import Step
from engine.evaluation import assess
from engine.messages import render
from obligations.reckoning import NoDefinition, grounds_for


@dataclass(frozen=True, slots=True)
class FeeReading:
    """The fee under one combination of readings: each reading's title and the sentence of the option taken."""

    readings: tuple[tuple[str, str], ...]
    amount: Decimal | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class LateFee:
    """One late instance. `low` to `high` over all open readings; `missing` names what keeps it from being final."""

    key: str
    clause: str
    state: str
    low: Decimal | None
    high: Decimal | None
    readings: tuple[FeeReading, ...]
    missing: tuple[str, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LateFees:
    """The fees of a security on a day. `rule` is the rule's title."""

    terms: SecurityTerms
    rule: str
    fees: tuple[LateFee, ...]


def _sentences(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(render(part, _) for step in steps for _depth, part in step.walk())


def late_fees(contract: Contract, code: str, *, viewer: Viewer, as_of: date) -> LateFees:
    """What the engine says of late renewals on a day. Raises NotVisible for a security without such a rule."""
    require(viewer, "security.staff.read", contract)
    try:
        grounds = grounds_for(contract)
    except NoDefinition as error:
        raise NotVisible(_("This does not exist, or is not yours to see.")) from error
    definition = grounds.definition
    terms = security_terms(definition).get(code)
    if terms is None or not terms.late_fee:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    found = assess(
        definition,
        grounds.facts,
        calendars=grounds.calendars,
        as_of=as_of,
        readings=grounds.readings,
        rules=(terms.late_fee,),
    )

    def reading(chosen: Mapping[str, str], amount: Decimal | None) -> FeeReading:
        texts = []
        for name, key in chosen.items():
            asked = definition.readings[name]
            option = next((option.text for option in asked.options if option.key == key), key)
            texts.append((asked.title, option or key))
        decided = all(grounds.readings.get(name) == key for name, key in chosen.items())
        return FeeReading(tuple(texts), amount, chosen=decided)

    fees = tuple(
        LateFee(
            key="/".join(result.key.values()),
            clause=result.clause,
            state=result.state,
            low=result.amount.low if result.amount else None,
            high=result.amount.high if result.amount else None,
            readings=tuple(reading(one.readings, one.amount) for one in result.by_reading),
            missing=result.missing,
            sentences=_sentences(result.derivation),
        )
        for result in found.assessments
        if result.id == terms.late_fee
    )
    return LateFees(terms, definition.rules[terms.late_fee].title, fees)
