"""Background door of accounts."""

import logging

from celery import shared_task

from accounts import journal

logger = logging.getLogger(__name__)


@shared_task(max_retries=3, expires=3600)
def journal_verify() -> None:
    """Recompute every chain each morning; a fault is logged as critical for the operator's alarm."""
    for fault in journal.verify():
        logger.critical("Journal chain %s broken at entry %s: %s", fault.chain, fault.sequence, fault.text)
