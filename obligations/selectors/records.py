"""Obligations over all contracts in the order they were written down: what machines page through and mirror."""

from __future__ import annotations

from datetime import date

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.selectors import today_for
from obligations.models import Obligation
from obligations.selectors.keyset import PAGE
from obligations.selectors.rows import ObligationRow, build_row, list_rows


def obligation_records(
    *,
    viewer: Viewer,
    contract_id: int | None = None,
    state: str = "",
    kind: str = "",
    obligor: str = "",
    due_from: date | None = None,
    due_until: date | None = None,
    after_id: int = 0,
    size: int = PAGE,
) -> tuple[tuple[ObligationRow, ...], int | None]:
    """A page of obligations by id, each as of its contract's today, and the id to continue after (None on the last
    page). One statement. `due_from` and `due_until` are days in the contract's zone, both included; rows without a
    date then fall out."""
    require(viewer, "obligation.read")
    rows = list_rows(Obligation.objects.visible_to(viewer)).filter(pk__gt=after_id)
    if contract_id is not None:
        rows = rows.filter(contract_id=contract_id)
    for column, value in (("state", state), ("kind", kind), ("obligor", obligor)):
        if value:
            rows = rows.filter(**{column: value})
    if due_from is not None:
        rows = rows.filter(due_on__gte=due_from)
    if due_until is not None:
        rows = rows.filter(due_on__lte=due_until)
    found = list(rows.order_by("pk")[: size + 1])
    shown = tuple(build_row(row, viewer=viewer, as_of=today_for(row.contract)) for row in found[:size])
    return shown, shown[-1].pk if len(found) > size else None
