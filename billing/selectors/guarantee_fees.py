"""What a late renewal costs: the engine's own assessments of the rule that the security names, under every reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product

from django.utils.translation import gettext as _

from accounts.policy import NotVisible, require
from accounts.scoping import Viewer
from billing.terms_guarantee import SecurityTerms, security_terms
from contracts.models import Contract
from contracts.wording import sentences
from engine.definition import Rule
from engine.evaluation import assess
from engine.language.syntax import Ref
from engine.results import AssessmentResult
from obligations.reckoning import Grounds, NoDefinition, grounds_for

COMBINATIONS = 24  # a rule that names more readings is shown under the first ones


@dataclass(frozen=True, slots=True)
class FeeReading:
    """The fee under one combination of readings: each reading's title and the sentence of the option taken. `standing`:
    chosen by people, default (holds until they choose), or open."""

    readings: tuple[tuple[str, str], ...]
    amount: Decimal | None
    standing: str


@dataclass(frozen=True, slots=True)
class LateFee:
    """One late instance. `low` to `high` over the readings nobody has decided; `missing` names what keeps it from being
    final."""

    key: str
    clause: str
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


def _assessed(grounds: Grounds, rule: str, as_of: date, readings: Mapping[str, str]) -> dict[str, AssessmentResult]:
    found = assess(
        grounds.definition,
        grounds.facts,
        calendars=grounds.calendars,
        as_of=as_of,
        readings={**grounds.readings, **readings},
        rules=(rule,),
    )
    return {"/".join(result.key.values()): result for result in found.assessments if result.id == rule}


def _combinations(grounds: Grounds, rule: Rule) -> list[dict[str, str]]:
    """Every combination of the readings the rule itself names, in the order of the definition."""
    trees = [tree for tree in (rule.when, rule.amount) if tree is not None]
    named = {node.name for tree in trees for node in tree.walk() if isinstance(node, Ref) and node.kind == "reading"}
    asked = [reading for name, reading in grounds.definition.readings.items() if name in named]
    options = [[(reading.id, key) for key in reading.keys] for reading in asked]
    return [dict(chosen) for chosen in product(*options)][:COMBINATIONS]


def late_fees(contract: Contract, code: str, *, viewer: Viewer, as_of: date) -> LateFees:
    """What the engine says of late renewals on a day, under each reading the rule names. Raises NotVisible for a
    security the contract does not have."""
    require(viewer, "security.staff.read", contract)
    try:
        grounds = grounds_for(contract)
    except NoDefinition as error:
        raise NotVisible(_("This does not exist, or is not yours to see.")) from error
    definition = grounds.definition
    terms = security_terms(definition).get(code)
    if terms is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    if not terms.late_fee:
        return LateFees(terms, _("The contract has no fee for a late renewal"), ())
    rule = definition.rules[terms.late_fee]
    now = _assessed(grounds, rule.id, as_of, {})
    under = [(chosen, _assessed(grounds, rule.id, as_of, chosen)) for chosen in _combinations(grounds, rule)]
    keys = dict.fromkeys([*now, *(key for _chosen, found in under for key in found)])
    fees = tuple(_fee(grounds, rule, key, now.get(key), under) for key in keys)
    return LateFees(terms, rule.title, fees)


def _fee(
    grounds: Grounds,
    rule: Rule,
    key: str,
    now: AssessmentResult | None,
    under: list[tuple[dict[str, str], dict[str, AssessmentResult]]],
) -> LateFee:
    known = grounds.definition.readings
    open_ = {name for chosen, _found in under for name in chosen if known[name].must_choose} - set(grounds.readings)
    readings, range_ = [], []
    for chosen, found in under:
        amount = _single(found.get(key))
        takes = {name: grounds.readings.get(name, known[name].default) for name in chosen}
        if all(name in open_ or takes[name] == option for name, option in chosen.items()) and amount is not None:
            range_.append(amount)
        standing = "open"
        if takes == chosen:
            standing = "default" if open_ & set(chosen) else "chosen"
        readings.append(FeeReading(_texts(grounds, chosen), amount, standing))
    if not range_ and now is not None and now.amount is not None:
        range_ = [amount for amount in (now.amount.low, now.amount.high) if amount is not None]
    return LateFee(
        key=key,
        clause=rule.clause,
        low=min(range_, default=None),
        high=max(range_, default=None),
        readings=tuple(readings),
        missing=tuple(dict.fromkeys([*(now.missing if now else ()), *(known[name].title for name in sorted(open_))])),
        sentences=sentences(now.derivation, grounds.definition) if now else (),
    )


def _single(result: AssessmentResult | None) -> Decimal | None:
    """The amount, if the readings leave one only."""
    if result is None or result.amount is None or result.amount.low != result.amount.high:
        return None
    return result.amount.low


def _texts(grounds: Grounds, chosen: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    found = []
    for name, key in chosen.items():
        reading = grounds.definition.readings[name]
        option = next((option.text for option in reading.options if option.key == key), "")
        found.append((reading.title, option or key))
    return tuple(found)
