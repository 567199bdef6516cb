"""What the engine is told of money: payments with their counter-entries, and fiscal delays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from billing.models import FiscalHold, Payment
from contracts.models import Contract
from engine.facts import FactRecord

NAME = "billing"


def records(contract: Contract) -> Iterator[FactRecord]:
    """Payments as items of the built-in kind `payment`, known from their posting on; fiscal delays as items of the kind
    the definition marks so, each step known from its recording on. Two queries."""
    zone = ZoneInfo(contract.zone)
    rows = Payment.objects.filter(contract=contract).select_related(
        "application__milestone", "reverses__application__milestone"
    )
    payments = list(rows.order_by("pk"))
    for row in payments:
        application = row.application or (row.reverses.application if row.reverses is not None else None)
        if application is not None:
            yield FactRecord(
                "item",
                "payment",
                id=f"payment-{row.pk}",
                at=row.paid_on,
                attributes={
                    "instalment": application.milestone.code,
                    "amount": f"{'-' if row.amount < 0 else ''}{contract.currency} {abs(row.amount)}",
                },
                recorded=row.posted_at.astimezone(zone),
            )
    for hold in FiscalHold.objects.filter(contract=contract).exclude(subject="").select_related("milestone"):
        yield from _hold(hold, payments, zone)


def _hold(hold: FiscalHold, payments: list[Payment], zone: ZoneInfo) -> Iterator[FactRecord]:
    kind, _colon, name = hold.subject.partition(":")
    opened = hold.opened_at.astimezone(zone)
    given = {"instalment": hold.milestone.code, "known": hold.known_on}
    yield FactRecord("item", kind, id=name, at=hold.known_on, attributes=given, recorded=opened)
    steps: list[tuple[str, date | None, datetime | None]] = [
        ("notified", hold.notified_on, hold.notified_at),
        ("lifted", hold.ended_on, hold.ended_at),
    ]
    milestone = hold.milestone
    if hold.ended_on is not None and milestone.paid + milestone.deducted >= milestone.amount:
        own = [row for row in payments if row.application and row.application.milestone_id == milestone.pk]
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
