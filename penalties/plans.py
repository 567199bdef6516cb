"""From the definition's settlement sinks, and the securities in hand, to what each can give now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.models import Freeze, Milestone, SecurityInstrument
from billing.rules_guarantee import nature_of
from billing.services.guarantee_claims import last_day, liability_ground
from billing.terms_guarantee import security_terms
from contracts.errors import Refused
from contracts.gathering import gather
from contracts.models import ReadingChoice
from contracts.selectors import definition_for, today_for
from contracts.selectors.readings import chosen_of
from engine.definition import Definition
from engine.definition.model import Sink
from engine.facts import FactStore
from engine.language.evaluator import Evaluator
from engine.world import FactWorld
from penalties.models import PenaltyCase
from penalties.rules import Source

VENDOR = "vendor"


@dataclass(frozen=True)
class Security:
    """An instrument a liability may be claimed from: `room` is what is left of it, `last` the last day a claim may be
    delivered (None: no end), `over` says that day has passed."""

    instrument: SecurityInstrument
    room: Decimal
    last: date | None
    over: bool

    @property
    def key(self) -> str:
        """What it is called as a source of a settlement."""
        return f"guarantee:{self.instrument.pk}"


def settling_pool(definition: Definition, case: PenaltyCase) -> str:
    """The pool whose sinks settle the case: the nearest one, from its own upwards, that names any; "" if none does."""
    kind, _colon, name = case.target.partition(":")
    own = [name] if kind == "pool" else []
    above = [label.partition("/")[0] for label in case.pools]
    known = [pool for pool in (*own, *above) if pool in definition.pools]
    return next((pool for pool in known if definition.pools[pool].sinks), "")


@dataclass(frozen=True)
class Options:
    """What an amount of the case may be met from: `sources` in their order, `securities` with those whose validity is
    over, and what every source is called."""

    sources: tuple[Source, ...]
    securities: tuple[Security, ...]
    titles: Mapping[str, str]


def options_of(case: PenaltyCase) -> Options:
    """The sources in the definition's order, with what each can give; the vendor's own payment covers the rest.

    A security gives something only where it is asked to, unless the definition's sink for it has a condition that the
    readings in force meet. A security no sink names comes after the others: the contract's grounds allow a claim on it.
    Two statements.
    """
    definition = definition_for(case.contract)
    accepted = SecurityInstrument.State.ACCEPTED
    milestones, freezes, instruments, choices = gather(
        Milestone.objects.filter(contract_id=case.contract_id),
        Freeze.objects.filter(contract_id=case.contract_id, source_key=f"penalty:{case.number}", lifted_at=None),
        SecurityInstrument.objects.filter(contract_id=case.contract_id, state=accepted),
        ReadingChoice.objects.filter(contract_id=case.contract_id, state=ReadingChoice.State.IN_FORCE),
    )
    held = _securities(case, definition, instruments)
    by_code = {row.code: row for row in milestones}
    pool = settling_pool(definition, case)
    sources: list[Source] = []
    for sink in definition.pools[pool].sinks if pool else ():
        kind, _dot, name = sink.sink.partition(".")
        if kind == "instalment" and name in by_code:
            own = [row.amount for row in freezes if row.milestone_id == by_code[name].pk]
            sources.append(Source(f"instalment:{name}", max(Decimal(0), by_code[name].open_amount + sum(own))))
        elif kind == "security":
            first = _comes_first(case, definition, sink, choices)
            sources += [
                Source(each.key, each.room, not first)
                for each in held
                if each.instrument.security == name and not each.over
            ]
    named = {source.key for source in sources}
    sources += [Source(each.key, each.room, optional=True) for each in held if not (each.over or each.key in named)]
    return Options((*sources, Source(VENDOR)), tuple(held), _titles(milestones, instruments))


def titles_of(case: PenaltyCase) -> Mapping[str, str]:
    """What the sources of the case are called, without what they give. One statement."""
    return _titles(
        *gather(
            Milestone.objects.filter(contract_id=case.contract_id),
            SecurityInstrument.objects.filter(contract_id=case.contract_id, state=SecurityInstrument.State.ACCEPTED),
        )
    )


def _titles(milestones: Iterable[Milestone], instruments: Iterable[SecurityInstrument]) -> dict[str, str]:
    titles = {f"instalment:{row.code}": row.title for row in milestones}
    return titles | {f"guarantee:{row.pk}": row.number for row in instruments}


def _securities(case: PenaltyCase, definition: Definition, instruments: Iterable[SecurityInstrument]) -> list[Security]:
    """The accepted instruments that the vendor's liabilities may be claimed from, oldest first; those whose validity is
    over come with no room, so that a page can say why they give nothing."""
    terms = {code: known for code, known in security_terms(definition).items() if liability_ground(known) is not None}
    rows = list(instruments)
    renewed = {row.replaces_id for row in rows}
    today = today_for(case.contract)
    found = []
    for row in rows:
        # a paper is no money before it is cashed
        uncashed = nature_of(row.form) == "paper" and row.cashed_on is None
        if row.security not in terms or row.pk in renewed or row.balance <= row.reserved or uncashed:
            continue
        last = last_day(row, terms[row.security])
        over = last is not None and today > last
        found.append(Security(row, Decimal(0) if over else row.balance - row.reserved, last, over))
    return found


def _comes_first(case: PenaltyCase, definition: Definition, sink: Sink, choices: Iterable[ReadingChoice]) -> bool:
    """Whether the readings chosen put this security before what follows it."""
    if sink.optional or sink.when is None:
        return False
    ordered = sorted(choices, key=lambda row: (row.known_at or row.proposed_at, row.pk))
    readings = chosen_of([(row.name, row.option) for row in ordered], definition)
    world = FactWorld(definition, FactStore(), {}, today_for(case.contract), None, readings)
    return Evaluator(world, {}).truth(sink.when).value is True


def refuse_over(securities: Iterable[Security], wanted: Mapping[str, Decimal]) -> None:
    """Raises Refused where something is wanted of a security whose validity is over."""
    for each in securities:
        if each.over and wanted.get(each.key, Decimal(0)) > 0:
            assert each.last is not None  # what is over had an end
            raise Refused(
                _("Claims on %(number)s had to be delivered by %(last)s, when its validity ended. Deduct from an "
                  "instalment or have the vendor pay instead.")
                % {"number": each.instrument.number, "last": each.last.isoformat()},
                "plan",
            )  # fmt: skip
