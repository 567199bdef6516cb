"""Background door of the docket: looks for clues while nobody is at work."""

import logging

from celery import shared_task

from penalties.services.clues import clues_sweep
from penalties.services.deadlines import deadlines_sweep
from penalties.services.moved import moved_sweep
from penalties.services.sweeping import sweep

logger = logging.getLogger(__name__)


@shared_task(expires=3600)
def penalty_clues() -> None:
    """After the night's roll of the obligations: every active contract is looked through once, fixed amounts are
    compared with the facts of today, and the periods for objections that have ended are closed before anybody is
    reminded of them. None of the three waits for another to succeed; the last error is raised at the end."""
    found = sweep((deadlines_sweep, clues_sweep, moved_sweep), lambda run: run(), what="the night's run")
    if found:
        logger.info("Penalties: %s cases looked at, new or changed", found)
