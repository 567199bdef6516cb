"""What a change of readings, facts or definition would do to amounts: the engine asked twice, nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.definition.model import Pool, Rule
from engine.results import AssessmentResult, PoolResult
from obligations.reckoning import Grounds, money_of
from obligations.rules import key_text

# Effects are read by people: of more than this many only the number is shown.
SHOWN = 200


@dataclass(frozen=True, slots=True)
class AmountOutlook:
    """What a rule or pool comes to: one amount, a range, or nothing yet (both None)."""

    low: Decimal | None
    high: Decimal | None
    unit: str
    stage: str

    @property
    def is_range(self) -> bool:
        return self.low is not None and self.high is not None and self.low != self.high


@dataclass(frozen=True, slots=True)
class AmountEffect:
    """An assessment or pool whose amount or standing would change; None: it is not there before or after."""

    kind: str
    name: str
    key_text: str
    title: str
    clause: str
    before: AmountOutlook | None
    after: AmountOutlook | None


def amounts_between(before: Grounds, after: Grounds, day: date) -> tuple[AmountEffect, ...]:
    """Every assessment and pool that differs on `after` from what it is on `before`, as of the day. Writes nothing."""
    old, new = _money(before, day), _money(after, day)
    effects = []
    for address in sorted(old.keys() | new.keys()):
        first, second = old.get(address), new.get(address)
        if first == second:
            continue
        kind, name, key = address
        table = _table(after, kind, name) or _table(before, kind, name)
        assert table is not None
        effects.append(AmountEffect(kind, name, key, table.title, table.clause, first, second))
    return tuple(effects)


def _table(grounds: Grounds, kind: str, name: str) -> Pool | Rule | None:
    definition = grounds.definition
    return definition.pools.get(name) if kind == "pool" else definition.rules.get(name)


def _money(grounds: Grounds, day: date) -> dict[tuple[str, str, str], AmountOutlook]:
    answer = money_of(grounds, as_of=day)
    found = {("rule", one.id, key_text(one.key)): _of_assessment(one) for one in answer.assessments}
    return found | {("pool", one.id, key_text(one.key)): _of_pool(one) for one in answer.pools}


def _of_assessment(one: AssessmentResult) -> AmountOutlook:
    amount = one.amount
    if amount is None:
        return AmountOutlook(None, None, "", one.stage)
    return AmountOutlook(amount.low, amount.high, amount.unit, one.stage)


def _of_pool(one: PoolResult) -> AmountOutlook:
    return AmountOutlook(one.result.low, one.result.high, one.result.unit, "pool")
