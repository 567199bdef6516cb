"""Nightly runs: one row after another, and one that fails stops none of the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import DatabaseError

logger = logging.getLogger(__name__)

Row = TypeVar("Row")


def sweep(rows: Iterable[Row], look: Callable[[Row], int], *, what: str) -> int:
    """The sum of what `look` found in each row. A row that cannot be looked at is logged with `what` was tried; the
    last such error is raised once all rows have had their turn."""
    found, failure = 0, None
    for row in rows:
        try:
            found += look(row)
        except (LookupError, ValueError, ArithmeticError, DatabaseError) as error:
            logger.exception("%s: %s failed", row, what)
            failure = error
    if failure is not None:
        raise failure
    return found
