"""Background door of accounts."""

import logging

from celery import shared_task
from django.utils import timezone

from accounts import journal
from accounts.services import idempotency

logger = logging.getLogger(__name__)


@shared_task(max_retries=3, expires=3600)
def journal_verify() -> None:
    """Recompute every chain each morning; a fault is logged as critical for the operator's alarm."""
    for fault in journal.verify():
        logger.critical("Journal chain %s broken at entry %s: %s", fault.chain, fault.sequence, fault.text)


@shared_task(expires=3600)
def idempotency_purge() -> None:
    """At night: forget stored answers nobody can ask for any more."""
    count = idempotency.idempotency_purge(now=timezone.now())
    if count:
        logger.info("Repeat protection: %s old answers forgotten", count)
