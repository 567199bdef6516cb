"""What the engine is told of securities: accepted instruments as things, handing in, renewal and giving back as
what was done, claims as events. The names are the definition's; an instrument nobody has accepted is no fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from billing.models import SecurityClaim, SecurityInstrument, SecurityMovement
from billing.rules_guarantee import nature_of
from billing.terms_guarantee import SecurityTerms, security_terms
from contracts.models import Contract
from engine.definition import Definition
from engine.facts import FactRecord


@dataclass
class _Kept:
    """The records of one security, oldest first."""

    instruments: list[SecurityInstrument] = field(default_factory=list)
    movements: list[SecurityMovement] = field(default_factory=list)
    claims: list[SecurityClaim] = field(default_factory=list)


def asks(contract: Contract) -> tuple[QuerySet[Any], ...]:
    """Accepted instruments, the entries of their ledgers, and claims that were delivered."""
    return (
        SecurityInstrument.objects.filter(contract=contract, state=SecurityInstrument.State.ACCEPTED),
        SecurityMovement.objects.filter(contract=contract),
        SecurityClaim.objects.filter(contract=contract, delivered_on__isnull=False),
    )


def _by_moment(entry: SecurityInstrument | SecurityClaim) -> tuple[bool, datetime | None, int]:
    moment = entry.decided_at if isinstance(entry, SecurityInstrument) else entry.delivered_at
    return moment is None, moment, entry.pk


def records(
    contract: Contract,
    definition: Definition | None,
    instruments: Sequence[SecurityInstrument],
    movements: Sequence[SecurityMovement],
    claims: Sequence[SecurityClaim],
) -> list[FactRecord]:
    """The facts that follow from a contract's securities; none without a definition: nothing is computed from them."""
    if definition is None or not instruments:
        return []
    rows = sorted(instruments, key=_by_moment)
    terms = security_terms(definition)
    kept = {code: _Kept() for code in terms}
    code_of = {row.pk: row.security for row in rows}
    for row in rows:
        kept.setdefault(row.security, _Kept()).instruments.append(row)
    if any(row.cashed_on is not None or row.drawn or row.balance < row.amount for row in rows):
        for entry in sorted(movements, key=lambda entry: (entry.on, entry.pk)):
            kept[code_of[entry.instrument_id]].movements.append(entry)
    for claim in sorted(claims, key=_by_moment):
        if claim.instrument_id in code_of:
            kept[code_of[claim.instrument_id]].claims.append(claim)
    zone = ZoneInfo(contract.zone)
    found = [record for code, known in terms.items() for record in _of(known, kept[code], contract.currency, zone)]
    return [fitted for record in found if (fitted := _fitted(record, definition)) is not None]


def _fitted(record: FactRecord, definition: Definition) -> FactRecord | None:
    """The record with the attributes the kind of thing has; None for a finding the definition does not ask for."""
    if record.kind == "item":
        known = definition.items[record.name].attributes
        return replace(record, attributes={name: value for name, value in record.attributes.items() if name in known})
    kind = definition.items.get(record.of.partition(":")[0]) if record.kind == "attribute" else None
    return None if kind is not None and record.name not in kind.attributes else record


def _of(terms: SecurityTerms, kept: _Kept, currency: str, zone: ZoneInfo) -> Iterator[FactRecord]:
    yield from _instruments(terms, kept.instruments, kept.movements, currency, zone)
    yield from _done(terms, kept, zone)
    yield from _claims(terms, kept.claims, zone)
    yield from _draws(terms, kept, currency, zone)


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone) if moment is not None else None


def item_id(instrument: SecurityInstrument) -> str:
    """What the engine calls the instrument: the key of the duties that run for it."""
    return f"security-{instrument.pk}"


def _instruments(
    terms: SecurityTerms,
    rows: Sequence[SecurityInstrument],
    movements: Sequence[SecurityMovement],
    currency: str,
    zone: ZoneInfo,
) -> Iterator[FactRecord]:
    cashed = {entry.instrument_id: entry for entry in movements if entry.kind == SecurityMovement.Kind.CASHED}
    for row in rows:
        kind = {"guarantee": terms.item, "paper": terms.paper}.get(nature_of(row.form), "")
        if not kind:
            continue
        ends = "matures" if nature_of(row.form) == "paper" else "expires"
        attributes = {
            "form": row.form,
            "bank": row.issuer,
            "amount": f"{currency} {row.amount}",
            "issued": row.issued_on,
            ends: row.expires_on,
        }
        known = {name: value for name, value in attributes.items() if value is not None}
        yield FactRecord(
            "item", kind, id=item_id(row), at=row.received_on, attributes=known, recorded=_local(row.decided_at, zone)
        )
        about = f"{kind}:{item_id(row)}"
        renewal = next((later for later in rows if later.replaces_id == row.pk), None)
        if ends == "expires" and renewal is not None:
            yield _finding(row, "renewed", about, renewal.received_on, _local(renewal.decided_at, zone))
        entry = cashed.get(row.pk)
        # A guarantee called in whole goes on securing as money: nothing is left to renew.
        if entry is not None and (ends == "matures" or renewal is None):
            name = "cashed" if ends == "matures" else "renewed"
            yield _finding(row, name, about, entry.on, _local(entry.recorded_at, zone))


def _finding(row: SecurityInstrument, name: str, about: str, value: date, recorded: datetime | None) -> FactRecord:
    return FactRecord("attribute", name, id=f"{item_id(row)}.{name}", of=about, value=value, recorded=recorded)


def _done(terms: SecurityTerms, kept: _Kept, zone: ZoneInfo) -> Iterator[FactRecord]:
    """Handing in is done when the printed amount is reached; giving back when nothing is left and no claim is open."""
    total = Decimal(0)
    for row in sorted(kept.instruments, key=lambda row: (row.received_on, row.pk)):
        total += row.amount
        if total >= (terms.amount or row.amount):
            if terms.submit:
                yield _performed(terms.submit, row.received_on, _local(row.decided_at, zone))
            break
    held = any(row.balance > 0 for row in kept.instruments)
    if not terms.refund or held or any(claim.closed_on is None for claim in kept.claims) or not kept.movements:
        return
    last = max(kept.movements, key=lambda entry: entry.recorded_at)
    days = [last.on, *(claim.closed_on for claim in kept.claims if claim.closed_on is not None)]
    moments = [last.recorded_at, *(claim.closed_at for claim in kept.claims if claim.closed_at is not None)]
    yield _performed(terms.refund, max(days), _local(max(moments), zone))


def _performed(duty: str, on: date, recorded: datetime | None) -> FactRecord:
    return FactRecord("attribute", "done", id=f"security.{duty}", of=f"duty:{duty}", value=on, recorded=recorded)


def _claims(terms: SecurityTerms, claims: Sequence[SecurityClaim], zone: ZoneInfo) -> Iterator[FactRecord]:
    """A claim is made when it is delivered; all are completed when the last one is. A later claim takes the completion
    back, as of when it became known."""
    closing: str = ""
    open_: dict[int, SecurityClaim] = {}
    told: list[tuple[datetime, int, SecurityClaim, bool]] = []
    for claim in claims:
        if claim.delivered_at is not None:
            told.append((claim.delivered_at, claim.pk, claim, False))
        if claim.closed_at is not None:
            told.append((claim.closed_at, claim.pk, claim, True))
    last: date | None = None
    for moment, pk, claim, closed in sorted(told, key=lambda entry: (entry[0], entry[1])):
        recorded = _local(moment, zone)
        if not closed:
            open_[pk] = claim
            if terms.claimed:
                label = f"security-claim-{pk}"
                yield FactRecord("event", terms.claimed, id=label, at=claim.delivered_on, recorded=recorded)
            if closing:
                label = f"security-claim-{pk}.reopened"
                yield FactRecord("event", terms.closed, id=label, supersedes=closing, recorded=recorded)
                closing = ""
            continue
        open_.pop(pk, None)
        last = claim.closed_on if last is None or (claim.closed_on or last) > last else last
        if not open_ and terms.closed:
            closing = f"security-claim-{pk}.closed"
            yield FactRecord("event", terms.closed, id=closing, at=last, recorded=recorded)


def _draws(terms: SecurityTerms, kept: _Kept, currency: str, zone: ZoneInfo) -> Iterator[FactRecord]:
    """Every draw as a thing of its own, where the contract has a duty that follows from it (topping up)."""
    if not terms.draws:
        return
    countered = {entry.counters_id for entry in kept.movements if entry.counters_id is not None}
    for entry in kept.movements:
        if entry.kind != SecurityMovement.Kind.DRAWN or entry.pk in countered:
            continue
        label = f"draw-{entry.pk}"
        yield FactRecord(
            "item",
            terms.draws,
            id=label,
            at=entry.on,
            attributes={"deducted": entry.on, "amount": f"{currency} {-entry.change}"},
            recorded=_local(entry.recorded_at, zone),
        )
        filled = _filled(entry, kept.movements, terms.amount)
        if filled is not None:
            yield FactRecord(
                "attribute",
                "topped_up",
                id=f"{label}.topped_up",
                of=f"{terms.draws}:{label}",
                value=filled.on,
                recorded=_local(filled.recorded_at, zone),
            )


def _filled(
    draw: SecurityMovement, movements: Sequence[SecurityMovement], amount: Decimal | None
) -> SecurityMovement | None:
    """The entry after a draw with which the security reached its amount again."""
    total, passed = Decimal(0), False
    for entry in movements:
        total += entry.change
        passed = passed or entry.pk == draw.pk
        if passed and entry.pk != draw.pk and amount is not None and total >= amount:
            return entry
    return None
