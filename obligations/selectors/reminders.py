"""Reads of reminders and notifications, always through a viewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from accounts.policy import NotVisible, may_read, require
from accounts.scoping import Viewer
from contracts.models import Contract
from obligations.channels.sentences import render_message
from obligations.models import Notification, Obligation, Reminder
from obligations.services.reminders.rehearsing import DAYS, Rehearsal, rehearse

PAGE = 50
BADGE_LIMIT = 99


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One in-app message in the reader's language."""

    id: int
    text: str
    obligation_id: int | None
    created_at: datetime
    unread: bool


def notifications(
    *, viewer: Viewer, before_id: int | None = None, size: int = PAGE
) -> tuple[Sequence[NotificationRow], int | None]:
    """The viewer's own messages, newest first, keyset by id; the rows and the id to continue before, or None."""
    rows = Notification.objects.visible_to(viewer)
    if before_id:
        rows = rows.filter(pk__lt=before_id)
    found = list(rows.order_by("-pk")[: size + 1])
    shown = [
        NotificationRow(
            row.pk, render_message(row.message, row.params), row.obligation_id, row.created_at, row.read_at is None
        )
        for row in found[:size]
    ]
    return shown, shown[-1].id if len(found) > size else None


def unread_count(*, viewer: Viewer) -> int:
    """Unread messages for the bell, counted up to 100 (shown as 99+): one bounded query."""
    return len(Notification.objects.visible_to(viewer).filter(read_at=None).order_by().values("pk")[: BADGE_LIMIT + 1])


def reminders_of(obligation: Obligation, *, viewer: Viewer, limit: int = 50) -> QuerySet[Reminder]:
    """What was sent, or waits to be sent, about one obligation, newest first. The vendor's and supervisor's people see
    what their own party got."""
    if not may_read(viewer, "reminder.read"):
        raise NotVisible("")
    rows = Reminder.objects.visible_to(viewer).filter(obligation=obligation).select_related("recipient")
    if viewer.kind != "buyer" and not viewer.is_system:
        rows = rows.filter(recipient__party_id=viewer.party_id)
    return rows.order_by("-pk")[:limit]


def reminders_list(*, viewer: Viewer) -> QuerySet[Reminder]:
    """All reminders the viewer may know of, for lists that page by id (API)."""
    if not may_read(viewer, "reminder.read"):
        raise NotVisible("")
    rows = Reminder.objects.visible_to(viewer).select_related("recipient", "obligation")
    if viewer.kind != "buyer" and not viewer.is_system:
        rows = rows.filter(recipient__party_id=viewer.party_id)
    return rows.order_by("-pk")


def rehearsal(
    *, viewer: Viewer, contract: Contract | None = None, days: int = DAYS, now: datetime | None = None
) -> Rehearsal:
    """Who will get what on which day, and the holes; for the buyer's people. Raises NotAllowed."""
    require(viewer, "contract.internal.read")
    return rehearse(viewer=viewer, now=now or timezone.now(), contract=contract, days=days)
