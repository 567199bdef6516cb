"""Obligations as flat records in the order they were written down: what machines page through and mirror."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from accounts.policy import NotVisible, require
from accounts.scoping import Viewer
from contracts.selectors import today_for
from obligations.models import DueVersion, Obligation
from obligations.rules import Figures, status_of

PAGE = 50


@dataclass(frozen=True, slots=True)
class ObligationRecord:
    """One obligation with its current due date and how it stands on a day. It names no person and carries no word of
    either side's own affairs (keeper, waiver, review)."""

    id: int
    contract_id: int
    contract_number: str
    ref: str
    duty: str
    key: Mapping[str, str]
    title: str
    clause: str
    kind: str
    tracking: str
    category: str
    group: str
    obligor: str
    obligor_name: str
    obligee: str
    amount: Decimal | None
    currency: str
    state: str
    status: str
    days_left: int | None
    delay_days: int
    done_on: date | None
    due_state: str
    due_on: date | None
    due_at: datetime | None
    safe_on: date | None
    gate_open: bool
    missing: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class DueVersionRecord:
    """A due date as it was believed; `cause` is empty outside the buyer's party."""

    number: int
    state: str
    due_on: date | None
    safe_on: date | None
    estimate_on: date | None
    as_of: date
    recorded_at: datetime
    cause: str
    derivation: tuple[Mapping[str, Any], ...]


def figures_of(row: Obligation) -> Figures:
    """The current due date of a row, as the rules take it."""
    return Figures(
        due_state=row.due_state,
        due_on=row.due_on,
        due_at=row.due_at,
        safe_on=row.safe_on,
        gate_open=row.gate_open,
        gate_late=row.gate_late,
    )


def _missing(row: Obligation) -> tuple[Mapping[str, str], ...]:
    found = []
    for entry in row.missing:
        if isinstance(entry, dict):
            found.append({"name": str(entry.get("name", "")), "title": str(entry.get("title", ""))})
        else:
            found.append({"name": str(entry), "title": ""})
    return tuple(found)


def _record(row: Obligation, as_of: date | None) -> ObligationRecord:
    status = status_of(
        state=row.state,
        kind=row.kind,
        figures=figures_of(row),
        done_on=row.done_on,
        done_at=row.done_at,
        as_of=as_of or today_for(row.contract),
        zone=row.contract.zone,
    )
    return ObligationRecord(
        id=row.pk,
        contract_id=row.contract_id,
        contract_number=row.contract.number,
        ref=row.ref,
        duty=row.duty,
        key=row.key,
        title=row.title,
        clause=row.clause,
        kind=row.kind,
        tracking=row.tracking,
        category=row.category,
        group=row.group,
        obligor=row.obligor,
        obligor_name=row.obligor_name,
        obligee=row.obligee,
        amount=row.amount,
        currency=row.contract.currency,
        state=row.state,
        status=status.code,
        days_left=status.days_left,
        delay_days=status.delay_days,
        done_on=row.done_on,
        due_state=row.due_state,
        due_on=row.due_on,
        due_at=row.due_at,
        safe_on=row.safe_on,
        gate_open=row.gate_open,
        missing=_missing(row),
    )


def _visible(viewer: Viewer) -> QuerySet[Any]:
    require(viewer, "obligation.read")
    return Obligation.objects.visible_to(viewer).select_related("contract")


def obligation_records(
    *,
    viewer: Viewer,
    contract_id: int | None = None,
    state: str = "",
    kind: str = "",
    obligor: str = "",
    due_from: date | None = None,
    due_until: date | None = None,
    after_id: int = 0,
    limit: int = PAGE,
) -> tuple[tuple[ObligationRecord, ...], int | None]:
    """A page of obligations by id and the id to continue after (None on the last page). One query.

    `due_from` and `due_until` are days in the contract's zone, both included; rows without a date then fall out.
    """
    rows = _visible(viewer).filter(pk__gt=after_id)
    if contract_id is not None:
        rows = rows.filter(contract_id=contract_id)
    for column, value in (("state", state), ("kind", kind), ("obligor", obligor)):
        if value:
            rows = rows.filter(**{column: value})
    if due_from is not None:
        rows = rows.filter(due_on__gte=due_from)
    if due_until is not None:
        rows = rows.filter(due_on__lte=due_until)
    found = list(rows.order_by("pk")[: limit + 1])
    return tuple(_record(row, None) for row in found[:limit]), found[limit - 1].pk if len(found) > limit else None


def obligation_record(pk: int, *, viewer: Viewer, as_of: date | None = None) -> ObligationRecord:
    """One obligation with its current due date, on a day. Raises NotVisible."""
    row = _visible(viewer).filter(pk=pk).first()
    if row is None:
        raise NotVisible("")
    return _record(row, as_of)


def due_versions(pk: int, *, viewer: Viewer) -> tuple[DueVersionRecord, ...]:
    """Every due date one obligation ever had, newest first. Raises NotVisible."""
    if not _visible(viewer).filter(pk=pk).exists():
        raise NotVisible("")
    inside = viewer.kind == "buyer" or viewer.is_system
    return tuple(
        DueVersionRecord(
            number=row.number,
            state=row.state,
            due_on=row.due_on,
            safe_on=row.safe_on,
            estimate_on=row.estimate_on,
            as_of=row.as_of,
            recorded_at=row.recorded_at,
            cause=row.cause if inside else "",
            derivation=tuple(row.derivation),
        )
        for row in DueVersion.objects.filter(obligation_id=pk).order_by("-number")
    )
