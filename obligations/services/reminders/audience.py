"""Whom a policy addresses on a contract, as rows that the sweep joins with live memberships."""

from __future__ import annotations

from collections.abc import Collection

from contracts.models import Contract, DefinitionVersion
from obligations.models import ReminderAudience
from obligations.services.reminders.schedule import SHIPPED, Policy, policies_from, policy_of

VENDOR_ROLE, BUYER_WATCH = "VND", "IT"
OBLIGORS = ("buyer", "vendor", "both", "third")

Row = tuple[int, str, str, int, int, str]


def policies_for(contracts: Collection[Contract]) -> dict[int, dict[str, Policy]]:
    """Policies by contract, from the active definitions over the shipped ones. One query."""
    found = {contract.pk: dict(SHIPPED) for contract in contracts}
    active = DefinitionVersion.objects.filter(contract__in=contracts, state=DefinitionVersion.State.ACTIVE)
    for contract_id, tables in active.values_list("contract_id", "data__policy"):
        found[contract_id] = policies_from({"policy": tables or {}})
    return found


def groups_for(contract: Contract, policy: Policy, obligor: str) -> list[tuple[int, int, str]]:
    """(level, party, role) of the people a duty's reminders go to.

    Level 0: the buyer's holders of the policy's role for the buyer's duties; the vendor's people and the buyer's IT
    for the vendor's; the buyer's IT for third parties'. Then the chain, a role of the buyer a level (the vendor's own
    role in a chain means the vendor's people).
    """
    groups: list[tuple[int, int, str]] = []
    if obligor in ("buyer", "both"):
        groups.append((0, contract.buyer_id, policy.role))
    if obligor in ("vendor", "both"):
        groups.append((0, contract.vendor_id, VENDOR_ROLE))
    if obligor != "buyer":
        groups.append((0, contract.buyer_id, BUYER_WATCH))
    for level, role in enumerate(policy.chain, start=1):
        groups.append((level, contract.vendor_id if role == VENDOR_ROLE else contract.buyer_id, role))
    return list(dict.fromkeys(groups))


def audience_sync(contracts: Collection[Contract], *, codes: Collection[str] = ()) -> dict[int, dict[str, Policy]]:
    """Bring the audience rows of contracts in line with their policies; returns the policies by contract.

    `codes`: policy codes in use that no definition names; they follow the default policy.
    """
    policies = policies_for(contracts)
    wanted: set[Row] = set()
    for contract in contracts:
        for code in {*policies[contract.pk], *codes}:
            policy = policy_of(code, policies[contract.pk])
            for obligor in OBLIGORS:
                for level, party, role in groups_for(contract, policy, obligor):
                    wanted.add((contract.pk, code, obligor, level, party, role))
    existing: dict[Row, int] = {}
    rows = ReminderAudience.objects.filter(contract__in=contracts)
    for row in rows.values_list("contract_id", "policy", "obligor", "level", "party_id", "role", "pk"):
        existing[row[:6]] = row[6]
    # Rows of codes that other obligations use stay: they are harmless, and this call may know only some of the codes.
    stale = [pk for row, pk in existing.items() if row not in wanted and row[1] in {code for _, code, *_ in wanted}]
    if stale:
        ReminderAudience.objects.filter(pk__in=stale).delete()
    ReminderAudience.objects.bulk_create(
        [
            ReminderAudience(contract_id=contract, policy=code, obligor=obligor, level=level, party_id=party, role=role)
            for contract, code, obligor, level, party, role in sorted(wanted - set(existing))
        ],
        batch_size=500,
        ignore_conflicts=True,
    )
    return policies
