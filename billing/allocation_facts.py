"""What the engine is told of the price's allocation: the attribute `fee` of each system, from the approved versions."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from billing.models import Allocation, AllocationShare
from contracts.models import Contract
from engine.facts import FactRecord


def allocation_facts(contract: Contract) -> Iterable[FactRecord]:
    """`system:s1` has the fee "CNY 564225.15" from the version's day on, known since it was approved. One query.

    Later approvals win over earlier ones; none: the fee stays unknown, and a base that needs it stays undecided.
    """
    zone = ZoneInfo(contract.zone)
    rows = AllocationShare.objects.filter(
        allocation__contract=contract, allocation__state=Allocation.State.APPROVED
    ).select_related("allocation", "system")
    for row in rows.order_by("allocation__decided_at", "allocation__number", "system__position"):
        version = row.allocation
        assert version.decided_at is not None
        yield FactRecord(
            "attribute",
            "fee",
            id=f"allocation:{version.number}.{row.system.code}",
            of=f"system:{row.system.code}",
            value=f"{contract.currency} {row.amount}",
            at=version.effective_on,
            recorded=version.decided_at.astimezone(zone),
        )
