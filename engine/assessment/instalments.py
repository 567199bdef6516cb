"""Instalments: each is the rounded cumulative entitlement less the instalments before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ..definition import Instalment
from ..derivation import Step, step
from ..language.evaluator import Evaluator
from ..language.values import Choice, bounds, size
from ..money import minor_units, round_money
from ..outcomes import AmountRange, InstalmentResult, PoolResult
from ..world import FactWorld

ZERO = Decimal(0)


@dataclass(frozen=True)
class Stage:
    """One instalment as stated: an amount, or the exact cumulative entitlement it completes."""

    amount: Decimal | None
    share: Fraction | None
    cumulative: Fraction | None


def entitlements(total: Fraction | None, stages: Sequence[Stage], digits: int) -> list[tuple[Decimal, Decimal] | None]:
    """For each stage its amount and the cumulative entitlement after it; None where the total is needed and unknown.

    A share adds to the exact cumulative entitlement, a cumulative share replaces it (never below what came before);
    each instalment is the rounded cumulative entitlement less the rounded one before, so the last takes the remainder.
    """
    found: list[tuple[Decimal, Decimal] | None] = []
    exact: Fraction | None = Fraction(0)
    before: Decimal | None = round_money(Fraction(0), digits)
    for stage in stages:
        if stage.amount is not None:
            exact = None if exact is None else exact + Fraction(stage.amount)
        elif total is None or exact is None:
            exact = None
        elif stage.cumulative is not None:
            exact = max(exact, total * stage.cumulative)
        elif stage.share is not None:
            exact += total * stage.share
        after = None if exact is None else round_money(exact, digits)
        if after is None or before is None:
            found.append(None)
        else:
            found.append((after - before, after))
        before = after
    return found


def instalment_results(world: FactWorld, pools: Sequence[PoolResult]) -> list[InstalmentResult]:
    """Every instalment, in the order of the definition's results: by id."""
    definition = world.definition
    currency = definition.contract.currency
    digits = minor_units(currency)
    total = None if definition.contract.total is None else Fraction(definition.contract.total)
    deducted: dict[str, Decimal] = {}
    for pool in pools:
        for part in pool.settled:
            deducted[part.sink] = deducted.get(part.sink, ZERO) + part.amount
    instalments = list(definition.instalments.values())
    stages = [_stages(world, each) for each in instalments]
    lows = entitlements(total, [low for low, _high, _missing in stages], digits)
    highs = entitlements(total, [high for _low, high, _missing in stages], digits)
    found = []
    for index, instalment in enumerate(instalments):
        low, high, missing = lows[index], highs[index], stages[index][2]
        if missing and instalment.factor is not None and instalment.amount is None:
            low = None if stages[index][0].share is None else low
            high = None if stages[index][1].share is None else high
        settled = low is not None and low == high and not missing
        found.append(
            InstalmentResult(
                id=instalment.id,
                key={},
                state="known" if settled else "pending",
                amount=AmountRange(currency, low[0] if low else None, high[0] if high else None),
                cumulative=AmountRange(currency, low[1] if low else None, high[1] if high else None),
                deducted=deducted.get(f"instalment.{instalment.id}", round_money(0, digits)),
                paid=world.paid.get(instalment.id, round_money(0, digits)),
                missing=tuple(sorted(missing)),
                clause=instalment.clause,
                derivation=_steps(instalment, low, currency),
                title=instalment.title,
            )
        )
    return sorted(found, key=lambda result: result.id)


def instalment_amounts(world: FactWorld) -> dict[str, tuple[Decimal | None, frozenset[str]]]:
    """What each instalment comes to where its share alone is stated, and what is missing to know it; by id."""
    definition = world.definition
    total = None if definition.contract.total is None else Fraction(definition.contract.total)
    instalments = list(definition.instalments.values())
    stages = [_stages(world, each) for each in instalments]
    parts = entitlements(total, [low for low, _high, _missing in stages], minor_units(definition.contract.currency))
    return {
        instalment.id: (part[0] if part is not None and not missing else None, missing)
        for instalment, part, (_low, _high, missing) in zip(instalments, parts, stages, strict=True)
    }


def _stages(world: FactWorld, instalment: Instalment) -> tuple[Stage, Stage, frozenset[str]]:
    """The stage at the lowest and the highest factor, and what is missing to know the factor."""
    share = None if instalment.share is None else Fraction(instalment.share)
    cumulative = None if instalment.cumulative is None else Fraction(instalment.cumulative)
    if instalment.factor is None or instalment.amount is not None:
        stage = Stage(instalment.amount, share, cumulative)
        return stage, stage, frozenset()
    value = Evaluator(world).value(instalment.factor)
    low, high = bounds(value)
    missing = value.missing if not (isinstance(value, Choice) and value.is_certain) else frozenset()

    def scaled(factor: object) -> Stage:
        if factor is None:
            return Stage(None, None, None)
        number = Fraction(size(factor))
        return Stage(
            None, None if share is None else share * number, None if cumulative is None else cumulative * number
        )

    return scaled(low), scaled(high), missing


def _steps(instalment: Instalment, amounts: tuple[Decimal, Decimal] | None, currency: str) -> tuple[Step, ...]:
    if instalment.amount is not None:
        return (step("instalment_stated", title=instalment.title, clause=instalment.clause, amount=instalment.amount,
                     unit=currency),)  # fmt: skip
    share = instalment.cumulative if instalment.cumulative is not None else instalment.share
    if amounts is None or share is None:
        return (step("instalment_unknown", title=instalment.title, clause=instalment.clause),)
    form = "instalment_cumulative" if instalment.cumulative is not None else "instalment_share"
    return (step(form, title=instalment.title, clause=instalment.clause, share=f"{(share * 100).normalize():f}%",
                 cumulative=amounts[1], amount=amounts[0], unit=currency),)  # fmt: skip
