"""The inbox: what waits for me, what I wait for, what is done, and what others of my side do (抄送)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.policy import allows, require
from accounts.scoping import BUSINESS_ROLES, Viewer
from contracts.models import Contract
from contracts.selectors.calendars import end_of_day
from obligations.models import Obligation, Submission
from obligations.rules import URGENCIES, Urgency
from obligations.selectors.keyset import PAGE, Cursor, Page, page_newest, page_of, page_of_list
from obligations.selectors.replay import due_order, replay
from obligations.selectors.rows import ObligationRow, build_row, list_rows, may_review

Tab = Literal["todo", "waiting", "done", "copied"]
TABS: tuple[Tab, ...] = ("todo", "waiting", "done", "copied")
# Every tab of open work begins with this, the condition of its partial index.
OWED = Q(state__in=("open", "submitted"))
SIDES = {"buyer": ("buyer", "both", "third"), "vendor": ("vendor", "both")}


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one urgency, in due order."""

    urgency: Urgency
    rows: tuple[ObligationRow, ...]


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of one tab. `groups` in order of urgency; for "done" one group of urgency "none", newest first."""

    tab: Tab
    as_of: date
    page: Page[ObligationRow]
    groups: tuple[Group, ...]


def inbox(
    *,
    viewer: Viewer,
    as_of: date,
    tab: str = "todo",
    cursor: str = "",
    known_on: date | None = None,
    today: date | None = None,
    size: int = PAGE,
) -> Inbox:
    """A page of the viewer's inbox over all contracts they may know of.

    `today` is the door's today; another `as_of`, or a `known_on`, replays every visible contract through the engine
    (five statements each). Raises NotVisible for people without business roles.
    """
    require(viewer, "obligation.read")
    which: Tab = tab if tab in TABS else "todo"
    if known_on is None and (today is None or as_of == today):
        live = _live(viewer, which, cursor, size)
        page = Page(
            tuple(build_row(row, viewer=viewer, as_of=as_of) for row in live.rows), live.next_cursor, live.is_first
        )
    else:
        page = _replayed(viewer, which, as_of, known_on, cursor, size)
    return Inbox(which, as_of, page, grouped(page.rows))


def inbox_badge(*, viewer: Viewer, as_of: date, cap: int = 99) -> int:
    """How many rows of "todo" are overdue or due by the end of `as_of` (in the default zone); at most `cap` + 1 are
    counted. 0 for people without business roles."""
    if not viewer.roles & BUSINESS_ROLES or not allows(viewer, "obligation.read"):
        return 0
    hot = _tab_rows(viewer, "todo").filter(
        Q(state="submitted") | Q(due_state="known", gate_open=True), due_at__lte=end_of_day(as_of, "Asia/Shanghai")
    )
    return int(hot.order_by()[: cap + 1].count())


def grouped(rows: tuple[ObligationRow, ...]) -> tuple[Group, ...]:
    """The rows by urgency, in the fixed order of urgencies; empty groups are left out."""
    groups = ((urgency, tuple(row for row in rows if row.urgency == urgency)) for urgency in URGENCIES)
    return tuple(Group(urgency, found) for urgency, found in groups if found)


def _mine(viewer: Viewer) -> Q:
    """Duties of the viewer's side that are theirs: handed to them, or of a role they hold and handed to nobody."""
    if viewer.kind == "vendor":
        return Q(obligor__in=SIDES["vendor"]) & (Q(keeper=None) | Q(keeper_id=viewer.user_id))
    roles = [*viewer.roles, ""] if "IT" in viewer.roles else list(viewer.roles)
    return Q(obligor__in=SIDES["buyer"]) & (Q(keeper_id=viewer.user_id) | Q(keeper=None, role__in=roles))


def _tab_rows(viewer: Viewer, tab: Tab) -> QuerySet[Any]:
    rows = Obligation.objects.visible_to(viewer)
    if tab == "done":
        return rows.filter(state="done")
    rows = rows.filter(OWED).exclude(due_state="never", state="open")
    if viewer.kind not in SIDES or (not allows(viewer, "obligation.submit") and "MGR" not in viewer.roles):
        # Readers (auditor, supervisor) act on nothing: everything owed is for their information.
        return rows if tab == "copied" else rows.none()
    own_report = Exists(
        Submission.objects.filter(obligation=OuterRef("pk"), state="submitted", submitted_by_id=viewer.user_id)
    )
    reviewer = viewer.kind == "buyer" and allows(viewer, "obligation.review")
    review = Q(state="submitted") & ~own_report if reviewer else Q(pk__in=())
    todo = (Q(state="open") & _mine(viewer)) | review
    own_side = Q(obligor__in=SIDES[viewer.kind])
    if tab == "todo":
        return rows.filter(todo)
    if tab == "waiting":
        return rows.filter((Q(state="open") & ~own_side) | (Q(state="submitted") & ~review))
    return rows.filter(Q(state="open") & own_side & ~_mine(viewer))


def _live(viewer: Viewer, tab: Tab, cursor: str, size: int) -> Page[Any]:
    rows = list_rows(_tab_rows(viewer, tab))
    if tab == "done":
        return page_newest(rows, cursor, column="done_on", kind=date, size=size)
    return page_of(rows, cursor, column="due_at", kind=datetime, size=size)


def in_tab(row: ObligationRow, tab: Tab, viewer: Viewer) -> bool:
    """Whether a row belongs to a tab: the same rule as the statement, for rows of a replay."""
    if tab == "done":
        return row.state == "done"
    if row.state not in ("open", "submitted") or (row.state == "open" and row.due_state == "never"):
        return False
    if viewer.kind not in SIDES or (not allows(viewer, "obligation.submit") and "MGR" not in viewer.roles):
        return tab == "copied"
    own_side = row.obligor in SIDES[viewer.kind]
    if viewer.kind == "vendor":
        mine = own_side and row.keeper_id in (None, viewer.user_id)
    else:
        by_role = row.keeper_id is None and (row.role in viewer.roles or (not row.role and "IT" in viewer.roles))
        mine = own_side and (row.keeper_id == viewer.user_id or by_role)
    review = row.state == "submitted" and may_review(viewer, row.reporter_id)
    if tab == "todo":
        return (row.state == "open" and mine) or review
    if tab == "waiting":
        return (row.state == "open" and not own_side) or (row.state == "submitted" and not review)
    return row.state == "open" and own_side and not mine


def _replayed(
    viewer: Viewer, tab: Tab, as_of: date, known_on: date | None, cursor: str, size: int
) -> Page[ObligationRow]:
    found: list[ObligationRow] = []
    for contract in Contract.objects.visible_to(viewer).order_by("pk"):
        replayed = replay(contract, viewer=viewer, as_of=as_of, known_on=known_on)
        found += [one.row for one in replayed if in_tab(one.row, tab, viewer)]
    if tab == "done":
        found.sort(key=lambda row: (row.done_on or date.min, row.pk), reverse=True)
        return page_of_list(found, cursor, lambda row: Cursor(row.done_on, row.pk), size=size)
    found.sort(key=due_order)
    return page_of_list(found, cursor, lambda row: Cursor(row.due_at, row.pk), size=size)
