"""What waits for a person, in one shape whatever its kind, so that all kinds come in one statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import CharField, DateTimeField, DecimalField, F, QuerySet, Value
from django.db.models.functions import Cast

from accounts.policy import allows
from accounts.scoping import Viewer
from contracts.models import ReadingChoice

MONEY: DecimalField[Any, Any] = DecimalField(max_digits=18, decimal_places=2)
TEXT: CharField[Any, Any] = CharField(max_length=255)
PREFIX = "waits_"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for somebody: what is to be done (`task`) with which row (`key`), in which contract."""

    task: str
    key: int
    contract_id: int
    contract: str
    currency: str
    about: str
    amount: Decimal | None
    person: str | None
    since: datetime


def waiting_rows(
    rows: QuerySet[Any],
    *,
    task: str,
    about: str,
    by: str,
    since: str,
    amount: str = "",
    key: str = "pk",
    contract: str = "contract",
) -> QuerySet[Any]:
    """Rows of one kind as columns of `Waiting`; `about` names the column that says what it is ("" for none), `by` the
    person who put it forward, `since` the moment, `amount` the money it moves, `key` the row to act on and `contract`
    the way to its contract."""
    columns = {
        "task": Cast(Value(task), TEXT),
        "key": F(key),
        "contract_id": F(f"{contract}_id"),
        "contract": Cast(f"{contract}__title", TEXT),
        "currency": Cast(f"{contract}__currency", TEXT),
        "about": Cast(F(about) if about else Value(""), TEXT),
        "amount": Cast(F(amount) if amount else Value(None), MONEY),
        "person": Cast(f"{by}__display_name", TEXT),
        "since": Cast(since, DateTimeField()),
    }
    named = {f"{PREFIX}{name}": value for name, value in columns.items()}
    return rows.order_by().annotate(**named).values_list(*named)


def waiting_list(kinds: Iterable[QuerySet[Any]], *, limit: int) -> list[Waiting]:
    """The rows of all kinds, the longest waiting first, in one statement; none for no kinds."""
    sets = list(kinds)
    if not sets:
        return []
    found = sets[0].union(*sets[1:], all=True) if len(sets) > 1 else sets[0]
    return [Waiting(*row) for row in found.order_by(f"{PREFIX}since")[:limit]]


def readings_waiting(viewer: Viewer) -> list[QuerySet[Any]]:
    """Readings somebody else proposed, for a manager to decide."""
    if not allows(viewer, "reading.decide"):
        return []
    rows = ReadingChoice.objects.visible_to(viewer).filter(state=ReadingChoice.State.PROPOSED)
    rows = rows.exclude(proposed_by=viewer.user_id)
    return [waiting_rows(rows, task="reading", about="", by="proposed_by", since="proposed_at")]
