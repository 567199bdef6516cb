"""Service levels that wait for a manager: findings somebody else recorded, exclusions claimed with a paper."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from accounts.policy import allows
from accounts.scoping import Viewer
from contracts.selectors.waiting import waiting_rows
from sla.models import Exclusion, Finding


def service_waiting(viewer: Viewer) -> list[QuerySet[Any]]:
    """Findings by their incident, and exclusions for which at least one paper was added."""
    if not allows(viewer, "incident.confirm"):
        return []
    findings = Finding.objects.visible_to(viewer).filter(state=Finding.State.PROPOSED)
    claims = Exclusion.objects.visible_to(viewer).filter(
        state=Exclusion.State.CLAIMED, withdrawn_at=None, pk__in=Exclusion.objects.filter(papers__isnull=False)
    )
    return [
        waiting_rows(
            findings.exclude(recorded_by=viewer.user_id), task="findings_confirm", about="incident__title",
            by="recorded_by", since="recorded_at", key="incident_id",
        ),
        waiting_rows(
            claims.exclude(recorded_by=viewer.user_id), task="exclusion_judge", about="note", by="recorded_by",
            since="recorded_at",
        ),
    ]  # fmt: skip
