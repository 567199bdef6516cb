"""What waits for a person, in one shape whatever its kind, so that all kinds come in one statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    DateTimeField,
    DecimalField,
    Exists,
    F,
    OuterRef,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Concat

from accounts.policy import allows
from accounts.scoping import Viewer
from contracts.models import CalendarYear, DefinitionVersion, ReadingChoice

MONEY: DecimalField[Any, Any] = DecimalField(max_digits=18, decimal_places=2)
TEXT: CharField[Any, Any] = CharField(max_length=255)
PREFIX = "waits_"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for somebody: what is to be done (`task`) with which row (`key`), in which contract (None
    and "" for what belongs to none)."""

    task: str
    key: int
    contract_id: int | None
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
    the way to its contract ("" for what belongs to none)."""
    columns = {
        "task": Cast(Value(task), TEXT),
        "key": F(key),
        "contract_id": Cast(F(f"{contract}_id") if contract else Value(None), BigIntegerField()),
        "contract": Cast(F(f"{contract}__title") if contract else Value(""), TEXT),
        "currency": Cast(F(f"{contract}__currency") if contract else Value(""), TEXT),
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
    order = (f"{PREFIX}since", f"{PREFIX}task", f"{PREFIX}key")
    return [Waiting(*row) for row in found.order_by(*order)[:limit]]


def terms_waiting(viewer: Viewer) -> list[QuerySet[Any]]:
    """What a contract is read by and waits for a manager who did not bring it in: readings, drafts, working days."""
    return readings_waiting(viewer) + versions_waiting(viewer) + calendars_waiting(viewer)


def readings_waiting(viewer: Viewer) -> list[QuerySet[Any]]:
    """Readings somebody else proposed, for a manager to decide."""
    if not allows(viewer, "reading.decide"):
        return []
    rows = ReadingChoice.objects.visible_to(viewer).filter(state=ReadingChoice.State.PROPOSED)
    rows = rows.exclude(proposed_by=viewer.user_id)
    return [waiting_rows(rows, task="reading", about="", by="proposed_by", since="proposed_at")]


def versions_waiting(viewer: Viewer) -> list[QuerySet[Any]]:
    """Drafts of a definition somebody else loaded: the newest of each contract, the only one that can be put in
    force."""
    if not allows(viewer, "contract.activate"):
        return []
    newer = DefinitionVersion.objects.filter(contract=OuterRef("contract"), number__gt=OuterRef("number"))
    rows = DefinitionVersion.objects.visible_to(viewer).filter(~Exists(newer), state=DefinitionVersion.State.DRAFT)
    rows = rows.exclude(loaded_by=viewer.user_id).annotate(label=Concat(Value("v"), Cast("number", TEXT)))
    return [waiting_rows(rows, task="version_activate", about="label", by="loaded_by", since="loaded_at")]


def calendars_waiting(viewer: Viewer) -> list[QuerySet[Any]]:
    """Years of working days somebody else proposed. They belong to no contract: every manager may answer for them."""
    if not allows(viewer, "calendar.approve"):
        return []
    rows = CalendarYear.objects.filter(state=CalendarYear.State.PROPOSED).exclude(proposed_by=viewer.user_id)
    return [
        waiting_rows(rows, task="calendar_decide", about="year", by="proposed_by", since="recorded_at", contract="")
    ]
