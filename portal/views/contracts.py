"""What we owe, and our contracts: overview, obligations, clauses."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import Viewer, request_viewer
from contracts import selectors as contracts
from contracts.addresses import with_query
from contracts.asof import PageDate, page_date
from documents.excel import excel_response
from obligations.selectors import (
    TABS,
    Filters,
    clause_coverage,
    contract_obligations,
    obligations_export,
)
from obligations.selectors.inbox import inbox
from obligations.selectors.stakes import SideFigures, side_figures
from portal import readmodels
from portal.rows import component_groups, component_row, excel_heads, excel_row, filter_group
from web.components import Cell, Column, KeysetPage, Kpi, ObligationGroup, Row, Tab, Table

EXPORT = 10_000
URGENT = 12


def _first_tab(viewer: Viewer) -> str:
    """Those who act begin with what is theirs to do; the supervisor's list is for information."""
    return "todo" if allows(viewer, "portal.submit") else "copied"


def _tabs(request: HttpRequest, viewer: Viewer, current: str) -> tuple[Tab, ...]:
    words = {
        "todo": _("To do"),
        "waiting": _("Waiting for the buyer"),
        "copied": _("With colleagues") if allows(viewer, "portal.submit") else _("For information"),
        "done": _("Done"),
    }
    shown = words if allows(viewer, "portal.submit") else {name: words[name] for name in ("copied", "done")}
    first = _first_tab(viewer)
    return tuple(
        Tab(label, with_query(request, tab=None if name == first else name, format=None), name == current)
        for name, label in shown.items()
    )


@access(GET="portal.read")
def home(request: HttpRequest) -> HttpResponse:
    """What the vendor owes, by urgency, over all its contracts; the first line says what is at stake."""
    viewer, page = request_viewer(request), page_date(request)
    asked = request.GET.get("tab", "")
    tab = asked if asked in TABS else _first_tab(viewer)
    seen: dict[str, Any] = {
        "viewer": viewer,
        "as_of": page.as_of,
        "known_on": page.known_on,
        "today": page.today,
        "tab": tab,
    }
    if request.GET.get("format") == "xlsx":
        rows = map(excel_row, inbox(**seen, size=EXPORT).page.rows)
        return excel_response(_("My obligations"), _("My obligations"), excel_heads(), rows)
    found = inbox(**seen, cursor=request.GET.get("cursor", "")).page
    context = {
        "heading": _("My obligations") if allows(viewer, "portal.submit") else _("Obligations"),
        "stake": readmodels.stake(viewer=viewer, as_of=page.as_of, money=allows(viewer, "portal.money.read")),
        "tabs": _tabs(request, viewer, tab),
        "tab": tab,
        "groups": component_groups(found.rows, query=page.query, with_contract=True),
        "page": _pages(request, found),
        "excel_url": with_query(request, format="xlsx"),
        "demo": bool(found.rows) and all(row.is_demo for row in found.rows),
    }
    return render(request, "portal/home.html", context)


def _pages(request: HttpRequest, found: Any) -> KeysetPage:
    return KeysetPage(
        newer_url="" if found.is_first else with_query(request),
        older_url=with_query(request, cursor=found.next_cursor) if found.next_cursor else "",
        shown=len(found.rows),
    )


@access(GET="portal.read")
def contract_list(request: HttpRequest) -> HttpResponse:
    """The viewer's contracts with what the vendor owes under each."""
    viewer, page = request_viewer(request), page_date(request)
    rows = list(contracts.contracts_list(viewer=viewer, search=request.GET.get("q", "").strip()[:100])[:EXPORT])
    figures = side_figures(viewer=viewer, as_of=page.as_of)
    none = SideFigures()
    if request.GET.get("format") == "xlsx":
        heads = (
            _("Contract number"), _("Title"), _("Buyer"), _("Contract sum"), _("Overdue"), _("Owed"), _("In review"),
            _("Next"),
        )  # fmt: skip
        body = [
            (c.number, c.title, c.buyer.name, c.total, f.overdue, f.owed, f.in_review, f.next_due_on)
            for c in rows
            for f in [figures.get(c.pk, none)]
        ]
        return excel_response(_("Contracts"), _("Contracts"), heads, body)
    table = Table(
        _("Contracts"),
        (
            Column(_("Title"), "main"),
            Column(_("Buyer")),
            Column(_("Contract sum"), "num"),
            Column(_("Overdue"), "num"),
            Column(_("Owed"), "num"),
            Column(_("In review"), "num"),
            Column(_("Next"), "date"),
        ),
        tuple(_contract_row(c, figures.get(c.pk, none), page.query) for c in rows),
        _("No contract here yet"),
    )
    return render(
        request,
        "portal/contracts.html",
        {"table": table, "excel_url": with_query(request, format="xlsx")},
    )


def _contract_row(contract: Any, figures: SideFigures, query: str) -> Row:
    return Row(
        (
            Cell(
                contract.title,
                url=reverse("portal:contract", args=[contract.pk]) + query,
                sub=contract.number,
            ),
            Cell(contract.buyer.name),
            Cell(amount=contract.total, currency=contract.currency),
            Cell(str(figures.overdue), tone="bad" if figures.overdue else ""),
            Cell(str(figures.owed)),
            Cell(str(figures.in_review)),
            Cell(figures.next_due_on.isoformat() if figures.next_due_on else ""),
        ),
        strong=bool(figures.overdue),
    )


def contract_tabs(request: HttpRequest, contract_id: int, page: PageDate) -> tuple[Tab, ...]:
    """The sections of one contract."""
    rows = [
        ("portal:contract", _("Overview")),
        ("portal:contract_obligations", _("Obligations")),
        ("portal:clauses", _("Clauses")),
    ]
    return tuple(
        Tab(label, url + page.query, request.path == url)
        for route, label in rows
        for url in [reverse(route, args=[contract_id])]
    )


@access(GET="portal.read")
def contract(request: HttpRequest, contract_id: int) -> HttpResponse:
    """One contract: what the vendor owes next, and how far its payments have come."""
    viewer, page = request_viewer(request), page_date(request)
    found = contracts.contract_by_id(contract_id, viewer=viewer)
    figures = side_figures(viewer=viewer, as_of=page.as_of, contract_ids=(found.pk,)).get(found.pk, SideFigures())
    rows = contract_obligations(
        viewer=viewer,
        contract=found,
        as_of=page.as_of,
        known_on=page.known_on,
        filters=Filters(side="vendor", status="owed"),
        size=URGENT,
    ).rows
    listed = reverse("portal:contract_obligations", args=[found.pk])
    context: dict[str, Any] = {
        "contract": found,
        "tabs": contract_tabs(request, found.pk, page),
        "demo": found.is_demo,
        "kpis": _kpis(found, figures, page, listed),
        "groups": component_groups(rows, query=page.query),
        "all_url": f"{listed}?side=vendor&status=owed",
    }
    if allows(viewer, "portal.money.read"):
        lines = readmodels.milestone_lines(viewer=viewer, as_of=page.as_of)
        context["milestones"] = [row for row in lines if row.contract_id == found.pk]
    return render(request, "portal/contract.html", context)


def _kpis(found: Any, figures: SideFigures, page: PageDate, listed: str) -> tuple[Kpi, ...]:
    kpis = [
        Kpi(
            _("Overdue"),
            str(figures.overdue),
            tone="bad" if figures.overdue else "ok",
            icon="alert-triangle" if figures.overdue else "circle-check",
            note=_("late by the contract") if figures.overdue else _("nothing is late"),
            url=f"{listed}?side=vendor&status=late",
        ),
        Kpi(_("Due within 7 days"), str(figures.week), icon="clock", note=_("today included")),
        Kpi(
            _("In review"),
            str(figures.in_review),
            icon="eye",
            note=_("waiting for the buyer"),
            url=f"{listed}?side=vendor&status=in_review",
        ),
        Kpi(
            _("Done"),
            str(figures.done),
            icon="circle-check",
            note=_("%(count)s still owed") % {"count": figures.owed},
            url=f"{listed}?side=vendor&status=met",
        ),
    ]
    if found.ends_on is not None:
        left = (found.ends_on - page.as_of).days
        kpis.append(
            Kpi(
                _("Term"),
                str(abs(left)),
                unit=_("days left") if left >= 0 else _("days since its end"),
                note=f"{found.starts_on:%Y-%m-%d} – {found.ends_on:%Y-%m-%d}" if found.starts_on else "",
                icon="calendar-event",
            )
        )
    return tuple(kpis)


@access(GET="portal.read")
def contract_obligation_list(request: HttpRequest, contract_id: int) -> HttpResponse:
    """All obligations of a contract the vendor may know of: filters as addresses, search, keyset pages, Excel."""
    viewer, page = request_viewer(request), page_date(request)
    found = contracts.contract_by_id(contract_id, viewer=viewer)
    get = request.GET
    filters = Filters(
        side=get.get("side", ""),
        status=get.get("status", ""),
        kind=get.get("kind", ""),
        clause=get.get("clause", "")[:40],
        text=get.get("q", "").strip()[:100],
    )
    order = "register" if get.get("order") == "register" else "due"
    seen: dict[str, Any] = {
        "viewer": viewer,
        "contract": found,
        "as_of": page.as_of,
        "known_on": page.known_on,
        "filters": filters,
        "order": order,
    }
    if get.get("format") == "xlsx":
        rows = map(excel_row, obligations_export(**seen))
        return excel_response(f"{found.number} {_('Obligations')}", _("Obligations"), excel_heads(), rows)
    listed = contract_obligations(**seen, cursor=get.get("cursor", ""))
    if order == "due":
        groups = component_groups(listed.rows, query=page.query)
    else:
        plain = tuple(component_row(row, query=page.query) for row in listed.rows)
        groups = (ObligationGroup("", plain),) if plain else ()
    context = {
        "contract": found,
        "tabs": contract_tabs(request, found.pk, page),
        "demo": found.is_demo,
        "filter_groups": _filters(request),
        "groups": groups,
        "clause": filters.clause,
        "page": _pages(request, listed),
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "portal/obligations.html", context)


def _filters(request: HttpRequest) -> tuple[Any, ...]:
    choices = (
        (
            _("Party"),
            "side",
            [("", _("All")), ("vendor", _("Vendor")), ("buyer", _("Buyer")), ("third", _("Third parties"))],
        ),
        (
            _("Status"),
            "status",
            [
                ("", _("Any status")),
                ("owed", _("Owed")),
                ("late", _("Overdue")),
                ("in_review", _("In review")),
                ("pending", _("Pending")),
                ("met", _("Met")),
                ("standing", _("Standing")),
            ],
        ),
        (_("Order"), "order", [("due", _("By due day")), ("register", _("As registered"))]),
    )
    return tuple(
        filter_group(
            label,
            name,
            options,
            current=request.GET.get(name, ""),
            address=lambda key, value: with_query(request, **{key: value}),
        )
        for label, name, options in choices
    )


@access(GET="portal.read")
def clauses(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Every article with the obligations that name it; also as Excel."""
    viewer, page = request_viewer(request), page_date(request)
    found = contracts.contract_by_id(contract_id, viewer=viewer)
    rows = clause_coverage(viewer=viewer, contract=found)
    if request.GET.get("format") == "xlsx":
        heads = (_("Clause"), _("Title"), _("Obligations"))
        body = [(row.code, row.title, "\n".join(title for _pk, _ref, title in row.obligations)) for row in rows]
        return excel_response(f"{found.number} {_('Clauses')}", _("Clauses"), heads, body)
    listed = reverse("portal:contract_obligations", args=[found.pk])
    table = Table(
        _("Clauses"),
        (Column(_("Clause")), Column(_("Title"), "main"), Column(_("Obligations"), "num")),
        tuple(
            Row(
                (
                    Cell(clause=row.code),
                    Cell(row.title, url=f"{listed}?clause={row.code}" if row.obligations else ""),
                    Cell(str(len(row.obligations))),
                )
            )
            for row in rows
        ),
        _("No clauses are recorded"),
    )
    context = {
        "contract": found,
        "tabs": contract_tabs(request, found.pk, page),
        "demo": found.is_demo,
        "table": table,
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "portal/clauses.html", context)
