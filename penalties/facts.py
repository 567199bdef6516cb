"""What the engine is told of the docket: amounts agreed as `assessment`, money that came in for them as `settlement`.

An amount counts as assessed from the day it was agreed, by what was decided then; every adjustment is an entry of its
own. Money counts as settled on the day it was deducted, transferred or drawn, and from its recording on is known; what
was taken back or refunded is an entry of the opposite sign. What is merely claimed settles nothing yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from billing.models import (
    Deduction,
    Milestone,
    Refund,
    SecurityClaim,
    SecurityInstrument,
    SecurityMovement,
    SeparateClaim,
)
from contracts.models import Contract
from engine.definition import Definition
from engine.definition.builtin import BUILT_IN_ITEMS, item_kinds
from engine.facts import FactRecord
from penalties.models import CaseAdjustment, PenaltyCase
from penalties.models.case import FINAL
from penalties.plans import VENDOR, settling_pool

NAME = "penalties"


def facts_of(case: PenaltyCase) -> str:
    """What the ids of all facts about a case begin with."""
    return f"penalty:{case.number}."


def asks(contract: Contract) -> tuple[QuerySet[Any], ...]:
    """Agreed cases and their adjustments; what billing recorded for them, with the things it was recorded on."""
    cases = PenaltyCase.objects.filter(contract=contract, state__in=FINAL).exclude(target__startswith="duty:")
    liabilities = cases.exclude(liability=None).values("liability")
    claims = SecurityClaim.objects.filter(contract=contract, liability__in=liabilities)
    movements = SecurityMovement.objects.filter(claim__in=claims.values("pk"), kind__in=("drawn", "counter"))
    return (
        cases,
        CaseAdjustment.objects.filter(case__in=cases.values("pk"), state=CaseAdjustment.State.DONE),
        Deduction.objects.filter(liability__in=liabilities),
        Milestone.objects.filter(contract=contract),
        SeparateClaim.objects.filter(liability__in=liabilities, state=SeparateClaim.State.SETTLED),
        claims,
        movements,
        SecurityInstrument.objects.filter(pk__in=claims.values("instrument")),
        Refund.objects.filter(liability__in=liabilities),
    )


@dataclass(frozen=True, slots=True)
class _Received:
    """Money that came in for a liability, or went back (negative), through one sink."""

    liability: int
    name: str
    sink: str
    amount: Decimal
    on: date
    at: datetime


def records(
    contract: Contract,
    definition: Definition | None,
    cases: Sequence[PenaltyCase],
    adjustments: Sequence[CaseAdjustment],
    deductions: Sequence[Deduction],
    milestones: Sequence[Milestone],
    claims: Sequence[SeparateClaim],
    security_claims: Sequence[SecurityClaim],
    movements: Sequence[SecurityMovement],
    instruments: Sequence[SecurityInstrument],
    refunds: Sequence[Refund],
) -> Iterator[FactRecord]:
    """The docket's facts. None without a definition, nor where it has a kind of thing of its own by these names."""
    if definition is None or not cases:
        return
    kinds = item_kinds(definition)
    zone = ZoneInfo(contract.zone)
    if kinds.get("assessment") is BUILT_IN_ITEMS["assessment"]:
        for case in cases:
            own = [row for row in adjustments if row.case_id == case.pk]
            yield from _assessed(case, sorted(own, key=lambda row: row.pk), contract.currency, zone)
    if kinds.get("settlement") is not BUILT_IN_ITEMS["settlement"]:
        return
    by_liability = {case.liability_id: case for case in cases if case.liability_id is not None}
    codes = {row.pk: row.code for row in milestones}
    held = {row.pk: row.security for row in instruments}
    drawn = {row.pk: row for row in security_claims}
    came = (
        *_deducted(deductions, codes),
        *_transferred(claims),
        *_drawn(movements, drawn, held),
        *_refunded(refunds, drawn, held, zone),
    )
    for each in came:
        case = by_liability[each.liability]
        pool = settling_pool(definition, case) or case.target.partition(":")[2]
        attributes = {
            "pool": pool,
            "key": case.key_text,
            "sink": each.sink,
            "amount": money_of(contract.currency, each.amount),
        }
        yield FactRecord(
            "item",
            "settlement",
            id=f"{facts_of(case)}{each.name}",
            at=each.on,
            attributes=attributes,
            recorded=each.at.astimezone(zone),
        )


def money_of(currency: str, amount: Decimal) -> str:
    """An amount in the notation of facts: "-CNY 12.30"."""
    return f"{'-' if amount < 0 else ''}{currency} {abs(amount)}"


def _assessed(
    case: PenaltyCase, adjustments: Sequence[CaseAdjustment], currency: str, zone: ZoneInfo
) -> Iterator[FactRecord]:
    if case.agreed_at is None or case.amount is None:
        return
    kind, _colon, name = case.target.partition(":")
    first = adjustments[0].before if adjustments else case.amount
    steps = [("agreed", first, case.agreed_at)]
    steps += [
        (f"adjusted-{row.pk}", row.after - row.before, row.decided_at)
        for row in adjustments
        if row.decided_at is not None
    ]
    for step, amount, moment in steps:
        at = moment.astimezone(zone)
        yield FactRecord(
            "item",
            "assessment",
            id=f"{facts_of(case)}{step}",
            at=at,
            attributes={kind: name, "key": case.key_text, "amount": money_of(currency, amount)},
            recorded=at,
        )


def _deducted(rows: Sequence[Deduction], codes: Mapping[int, str]) -> Iterator[_Received]:
    for row in rows:
        sink = f"instalment.{codes[row.milestone_id]}"
        yield _Received(row.liability_id, f"deduction-{row.pk}", sink, row.amount, row.deducted_on, row.added_at)


def _transferred(rows: Sequence[SeparateClaim]) -> Iterator[_Received]:
    for row in rows:
        if row.settled_on is not None and row.closed_at is not None:
            yield _Received(row.liability_id, f"claim-{row.pk}", VENDOR, row.amount, row.settled_on, row.closed_at)


def _drawn(
    rows: Sequence[SecurityMovement], claims: Mapping[int, SecurityClaim], held: Mapping[int, str]
) -> Iterator[_Received]:
    for row in rows:
        claim = claims.get(row.claim_id or 0)
        if claim is None or claim.liability_id is None:
            continue
        sink = f"security.{held[claim.instrument_id]}"
        yield _Received(claim.liability_id, f"draw-{row.pk}", sink, -row.change, row.on, row.recorded_at)


def _refunded(
    rows: Sequence[Refund], claims: Mapping[int, SecurityClaim], held: Mapping[int, str], zone: ZoneInfo
) -> Iterator[_Received]:
    for row in rows:
        claim = claims.get(row.security_claim_id or 0)
        sink = VENDOR if claim is None else f"security.{held[claim.instrument_id]}"
        on = row.approved_at.astimezone(zone).date()
        yield _Received(row.liability_id, f"refund-{row.pk}", sink, -row.amount, on, row.approved_at)
