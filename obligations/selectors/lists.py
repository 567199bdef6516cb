"""A contract's obligations: searched, filtered, in due order or in the order of the register."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.models import Contract
from obligations.models import Obligation
from obligations.selectors.filters import Filters
from obligations.selectors.keyset import PAGE, Cursor, Page, page_of, page_of_list
from obligations.selectors.replay import is_live, replay
from obligations.selectors.rows import ObligationRow, build_row, list_rows


def contract_obligations(
    *,
    viewer: Viewer,
    contract: Contract,
    as_of: date,
    known_on: date | None = None,
    filters: Filters | None = None,
    cursor: str = "",
    order: str = "due",
    size: int = PAGE,
) -> Page[ObligationRow]:
    """One page of the contract's obligations. `order`: "due" (undated last) or "register" (as in the contract).

    Two statements for today; another day is replayed. Raises NotVisible if the contract is not the viewer's to see.
    """
    require(viewer, "obligation.read", contract)
    wanted = filters or Filters()
    if not is_live(contract, as_of, known_on):
        rows = [one.row for one in replay(contract, viewer=viewer, as_of=as_of, known_on=known_on)]
        rows = [row for row in rows if wanted.matches(row)]
        if order == "register":
            rows.sort(key=lambda row: (row.position, row.pk))
            return page_of_list(rows, cursor, lambda row: Cursor(row.position, row.pk), size=size)
        return page_of_list(rows, cursor, lambda row: Cursor(row.due_at, row.pk), size=size)
    stored = list_rows(Obligation.objects.visible_to(viewer).filter(contract=contract))
    stored = stored.filter(wanted.query(as_of, contract.zone))
    by_position = order == "register"
    page = page_of(
        stored, cursor, column="position" if by_position else "due_at", kind=int if by_position else datetime, size=size
    )
    return Page(tuple(build_row(row, viewer=viewer, as_of=as_of) for row in page.rows), page.next_cursor, page.is_first)


def obligations_export(
    *,
    viewer: Viewer,
    contract: Contract,
    as_of: date,
    known_on: date | None = None,
    filters: Filters | None = None,
    order: str = "due",
    limit: int = 20_000,
) -> Iterable[ObligationRow]:
    """The same list without pages, for Excel: at most `limit` rows."""
    return contract_obligations(
        viewer=viewer, contract=contract, as_of=as_of, known_on=known_on, filters=filters, order=order, size=limit
    ).rows


def due_between(
    *,
    viewer: Viewer,
    first: date,
    last: date,
    as_of: date,
    contract: Contract | None = None,
    known_on: date | None = None,
    owed_only: bool = False,
    limit: int = 2000,
) -> tuple[ObligationRow, ...]:
    """Obligations due from `first` to `last`, both included, for calendars; `owed_only` leaves out what is settled.

    One statement for today. Without a contract, over all the viewer may know of (stored columns only).
    """
    require(viewer, "obligation.read", contract)
    if contract is not None and not is_live(contract, as_of, known_on):
        rows = (one.row for one in replay(contract, viewer=viewer, as_of=as_of, known_on=known_on))
        inside = (row for row in rows if row.due_on is not None and first <= row.due_on <= last)
        return tuple(row for row in inside if not owed_only or row.state in ("open", "submitted"))[:limit]
    stored = Obligation.objects.visible_to(viewer).filter(due_on__gte=first, due_on__lte=last)
    stored = stored.exclude(state="closed")
    if contract is not None:
        stored = stored.filter(contract=contract)
    if owed_only:
        stored = stored.filter(state__in=("open", "submitted"))
    ordered = list_rows(stored).order_by("due_at", "pk")[:limit]
    return tuple(build_row(row, viewer=viewer, as_of=as_of) for row in ordered)


def obligations_search(
    *, viewer: Viewer, text: str, as_of: date, known_on: date | None = None, limit: int = 100
) -> dict[int, tuple[ObligationRow, ...]]:
    """Obligations that carry every word, over all the viewer may know of: the first `limit` in the order of contract
    number and register, by contract id. One statement for today; on another day each contract found is replayed."""
    require(viewer, "obligation.read")
    wanted = Filters(text=text)
    stored = list_rows(Obligation.objects.visible_to(viewer)).filter(wanted.query(as_of, settings.TIME_ZONE))
    found: dict[int, list[Obligation]] = {}
    for row in stored.order_by("contract__number", "position", "pk")[:limit]:
        found.setdefault(row.contract_id, []).append(row)
    rows: dict[int, tuple[ObligationRow, ...]] = {}
    for contract_id, members in found.items():
        contract = members[0].contract
        if is_live(contract, as_of, known_on):
            rows[contract_id] = tuple(build_row(row, viewer=viewer, as_of=as_of) for row in members)
            continue
        replayed = (one.row for one in replay(contract, viewer=viewer, as_of=as_of, known_on=known_on))
        rows[contract_id] = tuple(row for row in replayed if wanted.matches(row))[:limit]
    return rows


def upcoming(
    *, viewer: Viewer, as_of: date, days: int = 30, contract: Contract | None = None, known_on: date | None = None
) -> tuple[ObligationRow, ...]:
    """What is owed within `days` from as-of, the last day included."""
    last = date.fromordinal(as_of.toordinal() + days)
    return due_between(
        viewer=viewer, first=as_of, last=last, as_of=as_of, contract=contract, known_on=known_on, owed_only=True
    )
