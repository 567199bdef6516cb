"""Writes on one's own notifications."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.policy import require
from accounts.scoping import Viewer
from obligations.models import Notification


@transaction.atomic
def notifications_read(*, actor: Viewer, ids: Collection[int] | None = None, now: datetime | None = None) -> int:
    """Mark one's own messages as read, all of them without `ids`; returns how many were unread.

    Not journalled: reading one's own mail changes nothing anybody else relies on.
    """
    require(actor, "self.manage")
    rows = Notification.objects.visible_to(actor).filter(read_at=None)
    if actor.user_id is None:
        return 0
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    changed: int = rows.update(read_at=now or timezone.now())
    return changed
