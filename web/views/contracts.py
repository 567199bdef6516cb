"""Contracts: the ledger, one contract at a glance, its year, the calendar of all, and search."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from accounts.selectors import contract_activity
from billing.selectors import milestones_list
from contracts import selectors as contracts
from contracts.asof import page_date
from documents.excel import excel_response
from obligations import selectors as obligations
from web.components import Activity, Cell, Column, Condition, Kpi, Row, Table
from web.contract_tabs import contract_tabs
from web.journal_words import action_words
from web.links import with_query
from web.obligation_rows import component_groups, component_row, excel_heads, excel_row
from web.templatetags.ui import money_text
from web.timelines import twelve_months, year_timeline
from web.words import object_words

SEARCH_ROWS = 100
# The overview shows what presses; everything is one click away.
URGENT_ROWS = 20
# No contract has as many; the sum paid is taken over all of them.
ALL_MILESTONES = 1000
GATE_STATES = {"met": "met", "waiting": "waiting", "failed": "failed", "blocked": "failed", "open": "waiting"}


@access(GET="contract.internal.read")
def contract_list(request: HttpRequest) -> HttpResponse:
    """The ledger: contracts with what is overdue, owed and next; the riskiest first."""
    viewer, page = request_viewer(request), page_date(request)
    found = list(contracts.contracts_list(viewer=viewer, search=request.GET.get("q", "").strip()))
    figures = obligations.contract_figures(viewer=viewer, contracts=found, as_of=page.as_of)
    none = obligations.ContractFigures()
    found.sort(key=lambda c: (-figures.get(c.pk, none).overdue, c.number))
    heads = (
        _("Contract number"), _("Title"), _("Vendor"), _("Contract sum"), _("Overdue"), _("Owed"), _("Done"), _("Next"),
    )  # fmt: skip
    if request.GET.get("format") == "xlsx":
        rows = [
            (c.number, c.title, c.vendor.name, c.total, f.overdue, f.owed, f.done, f.next_due_on)
            for c in found
            for f in [figures.get(c.pk, none)]
        ]
        return excel_response(_("Contracts"), _("Contracts"), heads, rows)
    table = Table(
        _("Contracts"),
        (
            Column(_("Title"), "main"),
            Column(_("Vendor")),
            Column(_("Contract sum"), "num"),
            Column(_("Overdue"), "num"),
            Column(_("Owed"), "num"),
            Column(_("Done"), "num"),
            Column(_("Next"), "date"),
        ),
        tuple(
            Row(
                (
                    Cell(c.title, url=reverse("web:contract", args=[c.pk]) + page.query, sub=c.number),
                    Cell(c.vendor.name),
                    Cell(money_text(c.total, c.currency)),
                    Cell(str(f.overdue), tone="bad" if f.overdue else ""),
                    Cell(str(f.owed)),
                    Cell(str(f.done)),
                    Cell(f"{f.next_due_on:%Y-%m-%d}" if f.next_due_on else ""),
                ),
                strong=bool(f.overdue),
            )
            for c in found
            for f in [figures.get(c.pk, none)]
        ),
        _("No contract here yet"),
    )
    context = {
        "table": table,
        "may_load": allows(viewer, "contract.load"),
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "web/contracts/list.html", context)


@access(GET="contract.internal.read")
def contract(request: HttpRequest, contract_id: int) -> HttpResponse:
    """One contract at a glance: figures, twelve months, what is urgent, the next payment, what happened last."""
    viewer, page = request_viewer(request), page_date(request)
    found = contracts.contract_by_id(contract_id, viewer=viewer)
    seen: dict[str, Any] = {"viewer": viewer, "contract": found, "as_of": page.as_of, "known_on": page.known_on}
    summary = obligations.overview(**seen)
    first, last = twelve_months(page.as_of)
    lanes = obligations.year_lanes(**seen, first=first, last=last)
    context: dict[str, Any] = {
        "contract": found,
        "tabs": contract_tabs(request, found),
        "demo": found.is_demo,
        "timeline": year_timeline(lanes, as_of=page.as_of, query=page.query),
        "groups": component_groups(
            [row for group in summary.urgent if group.urgency != "later" for row in group.rows][:URGENT_ROWS],
            query=page.query,
        ),
        "all_url": reverse("web:contract_obligations", args=[found.pk]) + page.query,
    }
    paid = None
    if allows(viewer, "payment.read"):
        rows = milestones_list(viewer=viewer, contract=found, as_of=page.as_of, limit=ALL_MILESTONES).rows
        paid = sum((row.gate.gate.paid for row in rows), Decimal(0))
        context |= _next_payment(rows)
    context["kpis"] = _kpis(found, summary, paid, context.get("payment"), page)
    if allows(viewer, "contract.internal.read"):
        system, titles = _("system"), contracts.fact_titles(found)
        context["activity"] = [
            Activity(
                f"{action_words(entry.action)} {object_words(entry.object_label, titles)}",
                note=f"{entry.actor_label if entry.actor_id else system} · "
                f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M}",
                tone="warn" if entry.result == "denied" else "",
            )
            for entry in contract_activity(found.pk, viewer=viewer)
        ]
    return render(request, "web/contracts/overview.html", context)


def _kpis(found: Any, summary: Any, paid: Decimal | None, payment: Any, page: Any) -> tuple[Kpi, ...]:
    figures = summary.figures
    listed = reverse("web:contract_obligations", args=[found.pk])
    kpis = [
        Kpi(
            _("Due within 30 days"),
            str(figures.month),
            note=_("%(late)s overdue · %(week)s within 7 days") % {"late": figures.overdue, "week": figures.week},
            tone="bad" if figures.overdue else "",
            icon="alert-triangle" if figures.overdue else "clock",
            url=f"{listed}?status=late" if figures.overdue else f"{listed}{page.query}",
        ),
        Kpi(
            _("Waiting for a fact or an invoice"),
            str(figures.pending + figures.waiting),
            note=_("%(count)s in review") % {"count": figures.in_review},
            icon="hourglass",
            url=f"{listed}?status=pending",
        ),
    ]
    if paid is not None:
        share = paid * 100 / found.total if found.total else Decimal(0)
        ahead = money_text(payment.milestone.amount, found.currency) if payment else ""
        kpis.append(
            Kpi(
                _("Paid of the contract sum"),
                f"{share:.0f}%",
                unit=money_text(paid, found.currency),
                note=_("next %(amount)s") % {"amount": ahead} if ahead else "",
                icon="cash",
                url=reverse("web:contract_payments", args=[found.pk]),
            )
        )
    share = figures.done_share
    kpis.append(
        Kpi(
            _("Done"),
            str(figures.done),
            unit=f"{share * 100:.0f}%" if share is not None else "",
            note=_("%(count)s still owed") % {"count": figures.owed},
            icon="circle-check",
            tone="ok",
            url=f"{listed}?status=met",
        )
    )
    if found.ends_on is not None:
        left = (found.ends_on - page.as_of).days
        kpis.append(
            Kpi(
                _("Term"),
                str(left if left >= 0 else -left),
                unit=_("days left") if left >= 0 else _("days since its end"),
                note=f"{found.starts_on:%Y-%m-%d} – {found.ends_on:%Y-%m-%d}",
                icon="calendar-event",
            )
        )
    return tuple(kpis)


def _next_payment(rows: Iterable[Any]) -> dict[str, Any]:
    """The first milestone that is not paid, with its gate as a checklist."""
    ahead = sorted(
        (row for row in rows if row.gate.state not in {"paid", "settled"}), key=lambda r: r.milestone.position
    )
    if not ahead:
        return {"payment": None}
    row = ahead[0]
    conditions = tuple(
        Condition(line.text, GATE_STATES.get(line.state, "waiting"), note=line.next_step, clause=line.clause)  # type: ignore[arg-type]
        for line in row.gate.lines
    )
    met = sum(condition.state == "met" for condition in conditions)
    return {"payment": row, "conditions": conditions, "conditions_met": f"{met}/{len(conditions)}"}


@access(GET="contract.internal.read")
def year(request: HttpRequest, contract_id: int) -> HttpResponse:
    """A contract's year: the timeline and every month as a list. `?from=2026-01` starts elsewhere."""
    viewer, page = request_viewer(request), page_date(request)
    found = contracts.contract_by_id(contract_id, viewer=viewer)
    first, last = twelve_months(_month(request, page.as_of))
    lanes = obligations.year_lanes(
        viewer=viewer, contract=found, as_of=page.as_of, known_on=page.known_on, first=first, last=last
    )
    rows = sorted(
        (row for lane in lanes.lanes for mark in lane.marks for row in mark.rows), key=lambda r: (r.due_on, r.pk)
    )
    if request.GET.get("format") == "xlsx":
        return excel_response(f"{found.number} {_('Year')}", _("Year"), excel_heads(), map(excel_row, rows))
    context = {
        "contract": found,
        "tabs": contract_tabs(request, found),
        "demo": found.is_demo,
        "timeline": year_timeline(lanes, as_of=page.as_of, query=page.query),
        "months": _months(rows, page.query),
        "earlier_url": with_query(request, **{"from": _shift(first, -7)}),
        "later_url": with_query(request, **{"from": _shift(first, 17)}),
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "web/contracts/year.html", context)


@access(GET="contract.internal.read")
def calendar(request: HttpRequest) -> HttpResponse:
    """What falls due in the next three months over all contracts, month by month."""
    viewer, page = request_viewer(request), page_date(request)
    start = _month(request, page.as_of).replace(day=1)
    last = start + timedelta(days=100)
    last = last.replace(day=1) - timedelta(days=1)
    rows = obligations.due_between(viewer=viewer, first=start, last=last, as_of=page.as_of)
    if request.GET.get("format") == "xlsx":
        return excel_response(_("Calendar"), _("Calendar"), excel_heads(), map(excel_row, rows))
    context = {
        "months": _months(rows, page.query, with_contract=True),
        "first": start,
        "last": last,
        "earlier_url": with_query(request, **{"from": _shift(start, -3)}),
        "later_url": with_query(request, **{"from": _shift(start, 3)}),
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "web/contracts/calendar.html", context)


def _months(rows: Any, query: str, *, with_contract: bool = False) -> list[tuple[date, tuple[Any, ...]]]:
    return [
        (month, (_group(tuple(component_row(row, query=query, with_contract=with_contract) for row in members)),))
        for month, members in groupby(rows, key=lambda row: row.due_on.replace(day=1))
    ]


def _group(rows: tuple[Any, ...]) -> Any:
    from web.components import ObligationGroup

    return ObligationGroup("", rows)


def _month(request: HttpRequest, fallback: date) -> date:
    try:
        return date.fromisoformat(f"{request.GET.get('from', '')}-01")
    except ValueError:
        return fallback


def _shift(month: date, months: int) -> str:
    index = month.year * 12 + month.month - 1 + months
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


@access(GET="contract.internal.read")
def search(request: HttpRequest) -> HttpResponse:
    """Contracts, clauses and obligations that carry the words."""
    viewer, page = request_viewer(request), page_date(request)
    text = request.GET.get("q", "").strip()[:100]
    context: dict[str, Any] = {"text": text}
    if text:
        rows = obligations.obligations_search(
            viewer=viewer, text=text, as_of=page.as_of, known_on=page.known_on, limit=SEARCH_ROWS
        )
        clauses: dict[int, list[Any]] = {}
        for clause in contracts.clauses_search(viewer=viewer, text=text, limit=SEARCH_ROWS):
            clauses.setdefault(clause.contract_id, []).append(clause)
        named = contracts.contracts_list(viewer=viewer, search=text)[:SEARCH_ROWS]
        holding = contracts.contracts_list(viewer=viewer).filter(pk__in={*rows, *clauses})
        found = {one.pk: one for one in (*named, *holding)}
        context["hits"] = [
            (one, clauses.get(one.pk, ()), component_groups(rows.get(one.pk, ()), query=page.query))
            for one in sorted(found.values(), key=lambda one: one.number)
        ]
    return render(request, "web/contracts/search.html", context)
