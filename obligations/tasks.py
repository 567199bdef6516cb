"""Background doors of obligations: ids in, a service called. The database is the truth and a message a hint, so any
of these may run twice, late, or at the same time as itself."""

import logging

from celery import shared_task
from django.utils import timezone

from obligations.services import evaluation, reminders

logger = logging.getLogger(__name__)


@shared_task(expires=55)
def reminders_sweep() -> None:
    """Record what is due and queue it; every minute."""
    result = reminders.sweep(timezone.now())
    if result.obligations:
        logger.info("Sweep: %s obligations, %s reminders", result.obligations, result.reminders)


@shared_task(expires=1800)
def reminders_dispatch(ids: list[int]) -> None:
    """Send up to 100 rows. A row that kills its worker is claimed at most five times, and a message
    older than half an hour is dropped: what it stood for was queued again by then (services.reminders.requeue)."""
    reminders.dispatch(ids, now=timezone.now())


@shared_task(expires=280)
def reminders_requeue() -> None:
    """Take back what dead workers held and queue everything that waits; every five minutes."""
    reminders.requeue(timezone.now())


@shared_task(expires=3600)
def reminders_prepare() -> None:
    """Before sending hours: plan the next daily steps, heal pointers, report holes."""
    now = timezone.now()
    reminders.replenish(now)
    reminders.holes_report(now)


@shared_task(expires=3600)
def obligations_materialise() -> None:
    """Shortly after midnight: recurring duties enter the horizon, and states roll to the new day."""
    evaluation.obligations_refresh()
