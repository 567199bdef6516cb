"""A bank's reference is recorded once: the database says so, these are the words for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from contracts.errors import Refused


@contextmanager
def reference_once() -> Iterator[None]:
    """Write a row with a bank's reference. Raises Refused where the database has the reference already; the caller's
    transaction stays usable."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Refused(_("This bank reference has been recorded before. Check the number."), "bank_reference") from error
