"""What the engine is told of money: payments with their counter-entries, and fiscal delays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from billing.models import FiscalHold, Milestone, Payment, PaymentApplication
from contracts.models import Contract
from engine.definition import Definition
from engine.facts import FactRecord

NAME = "billing"


def asks(contract: Contract) -> tuple[QuerySet[Any], ...]:
    """Payments, the applications they pay, milestones, and holds of the kind the definition marks as fiscal delay."""
    return (
        Payment.objects.filter(contract=contract),
        PaymentApplication.objects.filter(contract=contract, payment__isnull=False),
        Milestone.objects.filter(contract=contract),
        FiscalHold.objects.filter(contract=contract).exclude(subject=""),
    )


def records(
    contract: Contract,
    _definition: Definition | None,
    payments: Sequence[Payment],
    applications: Sequence[PaymentApplication],
    milestones: Sequence[Milestone],
    holds: Sequence[FiscalHold],
) -> Iterator[FactRecord]:
    """Payments as items of the built-in kind `payment`, known from their posting on; fiscal delays as items of the kind
    the definition marks so, each step known from its recording on."""
    zone = ZoneInfo(contract.zone)
    by_key = {row.pk: row for row in milestones}
    paid_for = {row.pk: by_key[row.milestone_id] for row in applications}
    # What a counter-entry counters is a payment of the same contract.
    origin = {row.pk: paid_for[row.application_id] for row in payments if row.application_id is not None}
    for row in payments:
        milestone = origin.get(row.pk) or origin.get(row.reverses_id or 0)
        if milestone is not None:
            yield FactRecord(
                "item",
                "payment",
                id=f"payment-{row.pk}",
                at=row.paid_on,
                attributes={
                    "instalment": milestone.code,
                    "amount": f"{'-' if row.amount < 0 else ''}{contract.currency} {abs(row.amount)}",
                },
                recorded=row.posted_at.astimezone(zone),
            )
    for hold in reversed(holds):
        yield from _hold(hold, by_key[hold.milestone_id], payments, origin, zone)


def _hold(
    hold: FiscalHold, milestone: Milestone, payments: Sequence[Payment], origin: Mapping[int, Milestone], zone: ZoneInfo
) -> Iterator[FactRecord]:
    kind, _colon, name = hold.subject.partition(":")
    opened = hold.opened_at.astimezone(zone)
    given = {"instalment": milestone.code, "known": hold.known_on}
    yield FactRecord("item", kind, id=name, at=hold.known_on, attributes=given, recorded=opened)
    steps: list[tuple[str, date | None, datetime | None]] = [
        ("notified", hold.notified_on, hold.notified_at),
        ("lifted", hold.ended_on, hold.ended_at),
    ]
    if hold.ended_on is not None and milestone.paid + milestone.deducted >= milestone.amount:
        own = [row for row in payments if origin.get(row.pk) == milestone]
        last = max(own, key=lambda row: (row.paid_on, row.pk), default=None)
        if last is not None and last.paid_on >= hold.known_on:
            steps.append(("paid", last.paid_on, last.posted_at))
    for step, on, at in steps:
        if on is not None and at is not None:
            yield FactRecord(
                "attribute",
                step,
                id=f"{name}.{step}",
                of=hold.subject,
                value=on,
                recorded=at.astimezone(zone),
            )
