"""A contract at a glance: figures, what is urgent, the next payment, the year, and which clauses are covered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, F, Min, Q, Sum
from django.db.models.functions import Cast, Round

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.models import Contract
from contracts.selectors import clause_coverage as clauses_of
from contracts.selectors.calendars import end_of_day
from obligations.models import Obligation
from obligations.rules import MONTH_DAYS, WEEK_DAYS
from obligations.selectors.filters import DATED, status_query
from obligations.selectors.inbox import Group, grouped
from obligations.selectors.lists import due_between
from obligations.selectors.replay import is_live, replay
from obligations.selectors.rows import ObligationRow, build_row, list_rows

URGENT_ROWS = 40


@dataclass(frozen=True, slots=True)
class Figures30:
    """Counts of one contract. `overdue` are breaches, `missed` passed internal targets and third parties' dates;
    `week` and `month` include today and their last day; `owed` everything open or in review that has or awaits a date;
    `done_share` is done / (done + owed), None without any; `money_month` the amounts due in the month."""

    overdue: int
    missed: int
    today: int
    week: int
    month: int
    pending: int
    waiting: int
    in_review: int
    done: int
    owed: int
    money_month: Decimal

    @property
    def done_share(self) -> Decimal | None:
        whole = self.done + self.owed
        return Decimal(self.done) / whole if whole else None


@dataclass(frozen=True, slots=True)
class Overview:
    """`urgent` groups the first forty owed rows in due order."""

    as_of: date
    known_on: date | None
    figures: Figures30
    urgent: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class LaneMark:
    """What falls due on one day in one lane. `kind` done, late, soon (within seven days) or next; `rows` behind it."""

    on: date
    kind: str
    rows: tuple[ObligationRow, ...]

    @property
    def is_estimate(self) -> bool:
        return any(row.is_estimate for row in self.rows)


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane of the year; `code` payment, report, service, acceptance, guarantee, exit or other."""

    code: str
    marks: tuple[LaneMark, ...]


@dataclass(frozen=True, slots=True)
class YearLanes:
    """The year (or other window) from `first` to `last`, both included, with the contract's term for the ground."""

    first: date
    last: date
    term_first: date | None
    term_last: date | None
    lanes: tuple[Lane, ...]


LANES = ("payment", "guarantee", "acceptance", "report", "service", "exit", "other")


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """An article and what the definition makes of it; `obligations` one row per duty that names the clause."""

    code: str
    title: str
    note: str
    coverage: str
    obligations: tuple[tuple[int, str, str], ...]  # (pk, ref, title)


def overview(*, viewer: Viewer, contract: Contract, as_of: date, known_on: date | None = None) -> Overview:
    """The contract's figures and what comes next. Two statements for today; another day is replayed."""
    require(viewer, "obligation.read", contract)
    if not is_live(contract, as_of, known_on):
        rows = [one.row for one in replay(contract, viewer=viewer, as_of=as_of, known_on=known_on)]
        return _of_rows(rows, as_of, known_on)
    stored = Obligation.objects.visible_to(viewer).filter(contract=contract)
    counted = stored.aggregate(**_counts(as_of, contract.zone))
    owed = list_rows(stored.filter(state__in=("open", "submitted")).exclude(due_state="never"))
    page = owed.filter(due_at__isnull=False).order_by("due_at", "pk")[:URGENT_ROWS]
    urgent = tuple(build_row(row, viewer=viewer, as_of=as_of) for row in page)
    money = Decimal(counted.pop("money_month") or 0).scaleb(-2)
    figures = Figures30(money_month=money, **{name: int(value) for name, value in counted.items()})
    return Overview(as_of, known_on, figures, grouped(urgent))


def _counts(as_of: date, zone: str) -> dict[str, Any]:
    owed = Q(state__in=("open", "submitted")) & ~Q(due_state="never")
    dated = owed & Q(due_state__in=("known", "provisional"), gate_open=True)
    week, month = as_of + timedelta(days=WEEK_DAYS), as_of + timedelta(days=MONTH_DAYS)
    in_month = dated & Q(due_on__gte=as_of, due_on__lte=month)
    return {
        "overdue": Count("pk", filter=status_query("late", as_of, zone)),
        "missed": Count("pk", filter=status_query("target_missed", as_of, zone)),
        "today": Count("pk", filter=dated & Q(due_on=as_of)),
        "week": Count("pk", filter=dated & Q(due_on__gte=as_of, due_on__lte=week)),
        "month": Count("pk", filter=in_month),
        "pending": Count("pk", filter=status_query("pending", as_of, zone)),
        "waiting": Count("pk", filter=status_query("waiting", as_of, zone)),
        "in_review": Count("pk", filter=Q(state="submitted")),
        "done": Count("pk", filter=Q(state="done")),
        "owed": Count("pk", filter=owed),
        # in whole cents: added up as decimals, SQLite would lose those of a large sum
        "money_month": Sum(Cast(Round(F("amount") * 100), BigIntegerField()), filter=in_month),
    }


def _of_rows(rows: list[ObligationRow], as_of: date, known_on: date | None) -> Overview:
    owed = [row for row in rows if row.state in ("open", "submitted") and row.due_state != "never"]
    dated = [row for row in owed if row.due_on is not None and row.gate_open]
    week, month = as_of + timedelta(days=WEEK_DAYS), as_of + timedelta(days=MONTH_DAYS)
    in_month = [row for row in dated if row.due_on is not None and as_of <= row.due_on <= month]

    def status(code: str) -> int:
        return sum(row.status == code for row in rows)

    figures = Figures30(
        overdue=status("late"),
        missed=status("target_missed"),
        today=sum(row.due_on == as_of for row in dated),
        week=sum(row.due_on is not None and row.due_on <= week for row in in_month),
        month=len(in_month),
        pending=status("pending"),
        waiting=status("waiting"),
        in_review=status("in_review"),
        done=sum(row.state == "done" for row in rows),
        owed=len(owed),
        money_month=sum((row.amount for row in in_month if row.amount is not None), Decimal(0)),
    )
    urgent = [row for row in owed if row.due_at is not None]
    return Overview(as_of, known_on, figures, grouped(tuple(urgent[:URGENT_ROWS])))


@dataclass(frozen=True, slots=True)
class ContractFigures:
    """One line of the ledger: counts of what is owed and the next day something falls due."""

    overdue: int = 0
    missed: int = 0
    owed: int = 0
    done: int = 0
    next_due_on: date | None = None


def contract_figures(*, viewer: Viewer, contracts: Iterable[Contract], as_of: date) -> dict[int, ContractFigures]:
    """Figures of the listed contracts by id, from the stored columns; one statement."""
    require(viewer, "obligation.read")
    end = end_of_day(as_of, "Asia/Shanghai")
    past = Q(state="open", due_at__lt=end, gate_late=False) & DATED
    rows = (
        Obligation.objects.visible_to(viewer)
        .filter(contract__in=[contract.pk for contract in contracts])
        .values("contract_id")
        .annotate(
            overdue=Count("pk", filter=past & Q(kind="contractual")),
            missed=Count("pk", filter=past & ~Q(kind="contractual")),
            owed=Count("pk", filter=Q(state__in=("open", "submitted")) & ~Q(due_state="never")),
            done=Count("pk", filter=Q(state="done")),
            next_due_on=Min("due_on", filter=Q(state__in=("open", "submitted"), due_on__gte=as_of)),
        )
        .order_by()
    )
    return {row.pop("contract_id"): ContractFigures(**row) for row in rows}


def year_lanes(
    *,
    viewer: Viewer,
    contract: Contract,
    first: date,
    last: date,
    as_of: date,
    known_on: date | None = None,
) -> YearLanes:
    """What falls due from `first` to `last`, by lane and day. Two statements for today."""
    rows = due_between(viewer=viewer, contract=contract, first=first, last=last, as_of=as_of, known_on=known_on)
    days: dict[str, dict[date, list[ObligationRow]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.due_on is not None:
            days[row.lane if row.lane in LANES else "other"][row.due_on].append(row)
    lanes = tuple(
        Lane(code, tuple(LaneMark(on, _mark(found), tuple(found)) for on, found in sorted(days[code].items())))
        for code in LANES
        if code in days
    )
    return YearLanes(first, last, contract.starts_on, contract.ends_on, lanes)


def _mark(rows: list[ObligationRow]) -> str:
    """One mark for a day: late if anything is, done only if everything is settled."""
    if any(row.status in ("late", "target_missed") for row in rows):
        return "late" if any(row.is_breach and row.status == "late" for row in rows) else "soon"
    if all(row.state in ("done", "waived") for row in rows):
        return "done"
    return "soon" if any(row.chip in ("due_soon", "due_today") for row in rows) else "next"


def clause_coverage(*, viewer: Viewer, contract: Contract) -> tuple[ClauseRow, ...]:
    """Every article of the active version with the duties that name it. Three statements."""
    clauses = clauses_of(viewer=viewer, contract=contract)
    by_clause: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    seen = set()
    rows = Obligation.objects.visible_to(viewer).filter(contract=contract).exclude(state="closed")
    for pk, duty, ref, title, clause in rows.order_by("position", "pk").values_list(
        "pk", "duty", "ref", "title", "clause"
    ):
        if duty in seen:
            continue
        seen.add(duty)
        for code in clause.replace(";", "；").split("；"):
            by_clause[code.strip()].append((pk, ref, title))
    return tuple(
        ClauseRow(row.code, row.title, row.note, row.coverage, tuple(by_clause.get(row.code, ()))) for row in clauses
    )
