"""What the engine is told of the price's allocation: the attribute `fee` of each system, from the approved versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from billing.models import Allocation, AllocationShare
from contracts.models import Contract, InformationSystem
from engine.definition import Definition
from engine.facts import FactRecord


def asks(contract: Contract) -> tuple[QuerySet[Any], ...]:
    """Approved versions, their shares, and the systems these are for."""
    approved = Allocation.objects.filter(contract=contract, state=Allocation.State.APPROVED)
    shares = AllocationShare.objects.filter(allocation__in=approved)
    return approved, shares, InformationSystem.objects.filter(contract=contract)


def allocation_facts(
    contract: Contract,
    _definition: Definition | None,
    versions: Sequence[Allocation],
    shares: Sequence[AllocationShare],
    systems: Sequence[InformationSystem],
) -> Iterable[FactRecord]:
    """`system:s1` has the fee "CNY 564225.15" from the version's day on, known since it was approved.

    Later approvals win over earlier ones; none: the fee stays unknown, and a base that needs it stays undecided.
    """
    zone = ZoneInfo(contract.zone)
    approved = [(row.decided_at, row) for row in versions if row.decided_at is not None]
    for decided_at, version in sorted(approved, key=lambda entry: (entry[0], entry[1].number)):
        amounts = {row.system_id: row.amount for row in shares if row.allocation_id == version.pk}
        for system in sorted(systems, key=lambda row: row.position):
            if system.pk in amounts:
                yield FactRecord(
                    "attribute",
                    "fee",
                    id=f"allocation:{version.number}.{system.code}",
                    of=f"system:{system.code}",
                    value=f"{contract.currency} {amounts[system.pk]}",
                    at=version.effective_on,
                    recorded=decided_at.astimezone(zone),
                )
