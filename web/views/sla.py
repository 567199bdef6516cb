"""Service levels: the contracts that have them, months × systems of one, one month in full, figures people enter."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from contracts import selectors as contracts
from contracts.asof import page_date
from contracts.forms import run_form
from documents.excel import excel_response
from sla import drawing, selectors, services
from sla.rules import exact_seconds, shown_seconds
from sla.terms import Promise
from web import sla_rows
from web.components import Cell, Column, Row, Table
from web.contract_first import contract_first
from web.contract_tabs import contract_tabs
from web.forms.incidents import FigureForm
from web.links import with_query
from web.words import duration_words, period_words


def frame(request: HttpRequest, contract_id: int) -> tuple[Any, dict[str, Any]]:
    """The contract of the address and what its pages share."""
    contract = contracts.contract_by_id(contract_id, viewer=request_viewer(request))
    return contract, {"contract": contract, "tabs": contract_tabs(request, contract), "demo": contract.is_demo}


@access(GET="sla.read")
def contract_list(request: HttpRequest) -> HttpResponse:
    """The contracts with service levels, each leading to its months and incidents."""
    viewer, page = request_viewer(request), page_date(request)
    rows = selectors.service_contracts(viewer=viewer)
    table = Table(
        _("Contracts with service levels"),
        (Column(_("Contract"), "main"), Column(_("Vendor")), Column(_("This month")), Column(_("Incidents"))),
        tuple(
            Row(
                (
                    Cell(row.title, url=reverse("web:contract_sla", args=[row.pk]) + page.query, sub=row.number),
                    Cell(row.vendor.name),
                    Cell(_("Open the month"), url=_month_url(row, page)),
                    Cell(_("Incidents"), url=reverse("web:contract_incidents", args=[row.pk])),
                )
            )
            for row in rows
        ),
        _("No contract with service levels"),
    )
    return render(request, "web/sla/contracts.html", {"table": table})


def _month_url(contract: Any, page: Any) -> str:
    first = contract.starts_on or page.as_of
    last = contract.ends_on or page.as_of
    day = min(max(page.as_of, first), last)
    return reverse("web:sla_month", args=[contract.pk, f"{day:%Y-%m}"]) + page.query


def promises_table(rows: tuple[Promise, ...]) -> Table:
    """Every commitment: clause, what is measured, window, target."""
    sorts = {
        "availability": _("from outages"),
        "clock": _("from the ticket's moments"),
        "figure": _("entered by people"),
        "other": _("as a duty"),
    }
    return Table(
        _("Commitments"),
        (
            Column(_("Commitment"), "main"),
            Column(_("Clause")),
            Column(_("Target")),
            Column(_("Window")),
            Column(_("Measured")),
        ),
        tuple(
            Row(
                (
                    Cell(row.title, sub=row.note),
                    Cell(clause=row.clause),
                    Cell(duration_words(row.target_text)),
                    Cell(_("each incident") if row.window == "event" else period_words(row.window)),
                    Cell(sorts[row.sort]),
                )
            )
            for row in rows
        ),
        _("The contract states no commitment"),
    )


@access(GET="sla.read")
def contract_grid(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Months × systems, and every commitment with its clause. Also as Excel."""
    contract, context = frame(request, contract_id)
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.overview(contract, viewer=viewer, as_of=page.as_of, known_on=page.known_on)
    if request.GET.get("format") == "xlsx":
        return _excel(found)
    context |= {
        "months": [
            (f"{month:%Y-%m}", reverse("web:sla_month", args=[contract.pk, f"{month:%Y-%m}"]) + page.query)
            for month in found.months
        ],
        "rows": sla_rows.grid_rows(found, page.query),
        "promises": promises_table(found.promises),
        "month_url": _month_url(contract, page),
        "excel_url": with_query(request, format="xlsx"),
        "may_register": page.is_today and allows(viewer, "incident.register"),
        "may_enter": page.is_today and allows(viewer, "fact.propose"),
        "query": page.query,
    }
    return render(request, "web/sla/overview.html", context)


def _excel(found: selectors.Overview) -> HttpResponse:
    heads = (
        _("System"), _("Commitment"), _("Month"), _("Availability"), _("Seconds down"), _("Seconds allowed"),
        _("Result"),
    )  # fmt: skip
    body = [
        (
            row.system.title if row.system is not None else _("Whole platform"),
            row.promise.title,
            f"{month:%Y-%m}",
            sla_rows.level_text(level, row.promise),
            exact_seconds(level.seconds),
            exact_seconds(level.allowed),
            sla_rows.verdict_words(level),
        )
        for row in found.rows
        for month, level in zip(found.months, row.months, strict=True)
        if level is not None
    ]
    return excel_response(f"{found.contract.number} {_('Service levels')}", _("Service levels"), heads, body)


def month_of_address(text: str) -> date:
    """ "2026-06" as its first day; anything else is a page that does not exist."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise Http404 from error
    if f"{found:%Y-%m}" != text:
        raise Http404
    return found


@access(GET="sla.read")
def month(request: HttpRequest, contract_id: int, month: str) -> HttpResponse:
    """One month: the verdict, the budget used, every system's days, what counted and what did not and why."""
    contract, context = frame(request, contract_id)
    viewer, page = request_viewer(request), page_date(request)
    try:
        found = selectors.month_page(
            contract, month_of_address(month), viewer=viewer, as_of=page.as_of, known_on=page.known_on
        )
    except LookupError as error:
        raise Http404 from error
    worst = found.worst
    context |= {
        "found": found,
        "month": f"{found.first:%Y-%m}",
        "earlier": _neighbour(found, found.earlier, page.query),
        "later": _neighbour(found, found.later, page.query),
        "bars": sla_rows.bar_rows(found),
        "axis": [day.on.day if day.on.day in (1, 5, 10, 15, 20, 25) else "" for day in worst.days] if worst else [],
        "events": sla_rows.events_table(found),
        "clocks": sla_rows.clocks_table(found),
        "figures": [(figure, _entries(found, figure)) for figure in found.figures],
        "counts": _counts(found),
        "query": page.query,
        "may_enter": page.is_today and allows(viewer, "fact.propose"),
        "may_register": page.is_today and allows(viewer, "incident.register"),
        "docket_url": reverse("web:contract_docket", args=[contract.pk]),
    }
    if worst is not None:
        context |= _verdict(found, worst)
    return render(request, "web/sla/month.html", context)


def _neighbour(found: selectors.MonthPage, month: date | None, query: str) -> tuple[str, str] | None:
    if month is None:
        return None
    return reverse("web:sla_month", args=[found.contract.pk, f"{month:%Y-%m}"]) + query, f"{month:%Y-%m}"


def _counts(found: selectors.MonthPage) -> dict[str, int]:
    states = [event.state for event in found.events]
    return {
        "counted": sum(state in ("counted", "partly", "running") for state in states),
        "excluded": sum(state in ("excluded", "accepted") for state in states),
        "unproved": sum(state == "claimed" for state in states),
    }


def _entries(found: selectors.MonthPage, figure: Any) -> list[tuple[str, Any]]:
    titles = {system.code: system.title for system in found.seen.systems}
    return [(titles.get(code, ""), fact) for code, fact in sorted(figure.entries.items())]


def _verdict(found: selectors.MonthPage, worst: selectors.SystemMonth) -> dict[str, Any]:
    """The row that decides the month, its budget and how its figure comes about."""
    level = worst.month
    over = level.seconds - level.allowed
    total = shown_seconds(level.allowed / (1 - level.target)) if level.target != 1 else ""
    return {
        "worst": worst,
        "worst_name": worst.system.title if worst.system is not None else _("Whole platform"),
        "tone": sla_rows.VERDICT_TONES[level.verdict],
        "value": sla_rows.level_text(level, worst.promise).rstrip("%"),
        "verdict": sla_rows.verdict_words(level),
        "gap": sla_rows.gap_text(worst),
        "used": shown_seconds(level.seconds),
        "allowed": shown_seconds(level.allowed),
        "used_share": f"{int(level.used * 100)}%" if level.used is not None else "",
        "over": shown_seconds(over) if over > 0 else "",
        "total": total,
        "whole": shown_seconds(worst.whole),
        "excluded": shown_seconds(worst.whole - level.seconds),
        "budget": drawing.budget(worst.spells, level.allowed),
        "burn": drawing.burn(worst.spells, level.allowed, found.window.span, found.seen.now),
        "scopes": [
            (label, value, used, sla_rows.VERDICT_TONES[other.verdict], sla_rows.verdict_words(other))
            for label, value, used, other in sla_rows.scopes(found)
        ],
    }


@access(GET="fact.propose", POST="fact.propose")
@contract_first
@idempotent
def figure_enter(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Enter a figure the contract gives no formula for, with the method it was found by."""
    contract, context = frame(request, contract_id)
    viewer = request_viewer(request)
    definition = contracts.definition_for(contract)
    form = FigureForm(
        request.POST or None,
        request.FILES or None,
        initial={"idempotency_key": form_key(request), "period": request.GET.get("period", "")[:7]},
        series=[(name, entry.title) for name, entry in definition.series.items()],
        systems=[(name, entry.title) for name, entry in definition.systems.items()],
    )
    back = reverse("web:contract_sla", args=[contract.pk])

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        services.figure_record(actor=viewer, contract=contract, **data)
        return back

    context |= {
        "heading": _("Enter a figure"),
        "sub": f"{contract.number} {contract.title}",
        "intro": _("It is kept exactly as entered. Where the contract names a second role, it counts once confirmed."),
        "submit": _("Save"),
        "back": back,
        "multipart": True,
    }
    return run_form(
        request, form=form, template="web/form.html", context=context, act=act, done=_("The figure is saved.")
    )
