"""Background doors of contracts."""

import logging

from celery import shared_task
from django.utils import timezone

from contracts.services import files

logger = logging.getLogger(__name__)


@shared_task(expires=3600)
def files_sweep() -> None:
    """At night: remove files that no row names, left behind when a process was killed during an upload."""
    count = files.files_sweep(now=timezone.now())
    if count:
        logger.info("Files: %s without a row removed", count)
