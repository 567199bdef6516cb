"""Writing and verifying the journal. One entry per mutation, in the mutation's own transaction; each entry's hash
covers the one before it, so an edit, a deletion or a swap shows (security.md C11, C12)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from accounts.models.journal import JournalChain, JournalEntry
from accounts.scoping import Viewer

ACCOUNTS_CHAIN = "accounts"


def contract_chain(contract_id: int) -> str:
    """Name of a contract's chain."""
    return f"contract:{contract_id}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | Decimal):
        return str(value)
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value


def entry_hash(previous: str, fields: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and the canonical JSON of the entry's fields."""
    body = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def _fields(entry: JournalEntry) -> dict[str, Any]:
    return {
        "chain": entry.chain_id,
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": entry.actor_id,
        "actor_party": entry.actor_party_id,
        "actor_label": entry.actor_label,
        "ip": entry.ip,
        "action": entry.action,
        "result": entry.result,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "object_label": entry.object_label,
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
    }


def record(
    actor: Viewer,
    action: str,
    obj: models.Model | None = None,
    *,
    chain: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    result: str = JournalEntry.Result.DONE,
) -> JournalEntry:
    """Append one entry to `chain`. Must run inside the transaction of the change it records.

    `before` and `after` hold the changed fields (dates, decimals and models become plain JSON).
    Raises TransactionManagementError outside a transaction, so that a change can never commit without its entry.
    """
    connection = transaction.get_connection()
    connection.validate_no_broken_transaction()
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("journal.record needs transaction.atomic() around it.")
    head, _new = JournalChain.objects.select_for_update().get_or_create(name=chain)
    entry = JournalEntry(
        chain=head,
        sequence=head.length + 1,
        at=timezone.now(),
        actor_id=actor.user_id,
        actor_party_id=actor.party_id,
        actor_label=actor.label,
        ip=actor.ip,
        action=action,
        result=result,
        object_type=obj._meta.label_lower if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        object_label=str(obj)[:240] if obj is not None else "",
        before=_plain(before),
        after=_plain(after),
        reason=reason[:1000],
        previous_hash=head.head,
    )
    entry.hash = entry_hash(head.head, _fields(entry))
    entry.save(force_insert=True)
    JournalChain.objects.filter(pk=chain).update(length=entry.sequence, head=entry.hash)
    return entry


@dataclass(frozen=True, slots=True)
class ChainFault:
    chain: str
    sequence: int
    text: str


def verify() -> Iterator[ChainFault]:
    """Recompute every chain; yields what does not fit. An empty result means every entry is as it was written."""
    for chain in JournalChain.objects.order_by("name"):
        previous, expected = "", 1
        for entry in JournalEntry.objects.filter(chain=chain).order_by("sequence").iterator(chunk_size=2000):
            if entry.sequence != expected:
                yield ChainFault(chain.name, expected, "entry missing")
                expected = entry.sequence
            if entry.previous_hash != previous:
                yield ChainFault(chain.name, entry.sequence, "does not follow the entry before it")
            elif entry.hash != entry_hash(previous, _fields(entry)):
                yield ChainFault(chain.name, entry.sequence, "content does not match its hash")
            previous, expected = entry.hash, expected + 1
        if chain.length != expected - 1 or chain.head != previous:
            yield ChainFault(chain.name, chain.length, "head does not match the last entry (tail cut or rewritten)")
