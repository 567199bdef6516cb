"""Pages by key, not by number: page 10,000 costs what page 1 costs, and nothing is counted.

The order is (column, id) with empty columns last, by id. A cursor names the last row shown.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from django.db.models import Q, QuerySet

PAGE = 50
Item = TypeVar("Item")
Key = datetime | date | int | None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """`next_cursor` is "" on the last page; `is_first` tells whether a link back to the first page makes sense."""

    rows: tuple[Item, ...]
    next_cursor: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row shown: the value of the column the list is ordered by (None: it was empty), and its id."""

    key: Key
    pk: int

    def __str__(self) -> str:
        key = self.key.astimezone(UTC) if isinstance(self.key, datetime) else self.key
        plain = key.isoformat() if isinstance(key, date) else key
        return base64.urlsafe_b64encode(json.dumps([plain, self.pk]).encode()).decode().rstrip("=")


def parse_cursor(text: str) -> Cursor | None:
    """The cursor of an address; None (the first page) for an empty or damaged one."""
    if not text:
        return None
    try:
        plain, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        key: Key = plain if plain is None or type(plain) is int else _moment(plain)
        return Cursor(key, pk) if type(pk) is int and 0 <= pk < 2**63 else None
    except (ValueError, TypeError, binascii.Error):
        return None


def _moment(text: str) -> datetime | date:
    if len(text) == 10:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def page_of(rows: QuerySet[Any], cursor: str, *, column: str, kind: type, size: int = PAGE) -> Page[Any]:
    """One page of a queryset by `column` (of Python type `kind`), rows without a value last. One statement, or two
    where those with a value run out: each then walks its own index range, which one OR would not."""
    start = _of_kind(parse_cursor(cursor), kind)
    found: list[Any] = []
    if start is None or start.key is not None:
        filled = rows.filter(**{f"{column}__isnull": False})
        if start is not None:
            # The first condition is implied by the second; it gives the index its starting point.
            filled = filled.filter(**{f"{column}__gte": start.key}).filter(
                Q(**{f"{column}__gt": start.key}) | Q(pk__gt=start.pk)
            )
        found = list(filled.order_by(column, "pk")[: size + 1])
    if len(found) <= size and rows.model._meta.get_field(column).null:
        empty = rows.filter(**{f"{column}__isnull": True})
        if start is not None and start.key is None:
            empty = empty.filter(pk__gt=start.pk)
        found += empty.order_by("pk")[: size + 1 - len(found)]
    return _cut(found, start, size, lambda row: Cursor(getattr(row, column), row.pk))


def page_newest(rows: QuerySet[Any], cursor: str, *, column: str, kind: type, size: int = PAGE) -> Page[Any]:
    """One page by (column, id) descending; rows without a value are left out."""
    start = _of_kind(parse_cursor(cursor), kind)
    rows = rows.filter(**{f"{column}__isnull": False})
    if start is not None and start.key is not None:
        rows = rows.filter(**{f"{column}__lte": start.key}).filter(
            Q(**{f"{column}__lt": start.key}) | Q(pk__lt=start.pk)
        )
    found = list(rows.order_by(f"-{column}", "-pk")[: size + 1])
    return _cut(found, start, size, lambda row: Cursor(getattr(row, column), row.pk))


def page_of_list(rows: Sequence[Item], cursor: str, key: Callable[[Item], Cursor], *, size: int = PAGE) -> Page[Item]:
    """The same over rows in memory (a replay), already in order: the page after the row the cursor names."""
    start = parse_cursor(cursor)
    begin = 0
    if start is not None:
        begin = next((n for n, row in enumerate(rows, start=1) if key(row) == start), 0)
    return _cut(list(rows[begin : begin + size + 1]), start, size, key)


def _of_kind(cursor: Cursor | None, kind: type) -> Cursor | None:
    """A cursor of another list is no cursor of this one."""
    return cursor if cursor is None or cursor.key is None or type(cursor.key) is kind else None


def _cut(found: list[Any], start: Cursor | None, size: int, key: Callable[[Any], Cursor]) -> Page[Any]:
    shown = found[:size]
    more = len(found) > size
    return Page(tuple(shown), str(key(shown[-1])) if more else "", start is None)
