"""Hints to the workers. The rows are in the database already: a message that is lost costs delay, nothing else."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from obligations.services.reminders.chunks import chunks

logger = logging.getLogger(__name__)

MESSAGE_SIZE = 100
# The requeue task comes every five minutes: an older message only repeats what it will queue again.
MESSAGE_SECONDS = 290
DISPATCH, SWEEP = "obligations.tasks.reminders_dispatch", "obligations.tasks.reminders_sweep"


def enqueue(ids: Sequence[int]) -> int:
    """Queue the dispatch of reminder rows after commit, 100 a message; returns the number of messages."""
    messages = [[list(chunk)] for chunk in chunks(ids, MESSAGE_SIZE)]
    if messages:
        transaction.on_commit(lambda: _send(DISPATCH, messages))
    return len(messages)


def sweep_soon() -> None:
    """Queue a sweep after commit, so that what was just made due does not wait for the next minute."""
    transaction.on_commit(lambda: _send(SWEEP, [[]]))


def _send(task: str, messages: Sequence[list[Any]]) -> None:
    try:
        for args in messages:
            current_app.send_task(task, args=args, expires=MESSAGE_SECONDS, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("The queue takes no messages (%s): the next requeue repeats them.", error)
