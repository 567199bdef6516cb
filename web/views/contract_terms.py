"""What the contract itself says: line items, service levels, penalty tables, clauses. Read-only pages over
the active definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from billing.rules_allocation import product_differs
from billing.selectors.quantities import uses_on
from contracts import selectors
from contracts.asof import page_date
from contracts.wording import Wording
from documents.contract_workbook import lines_sheet
from documents.excel import download, excel_response, sheets_workbook
from web.allocation_tables import price_rows
from web.components import Cell, Column, Kpi, Row, Table, Tone
from web.contract_tabs import contract_tabs
from web.links import filter_group, with_query
from web.templatetags.ui import money_text


def _frame(request: HttpRequest, contract_id: int) -> tuple[Any, dict[str, Any]]:
    contract = selectors.contract_by_id(contract_id, viewer=request_viewer(request))
    return contract, {"contract": contract, "tabs": contract_tabs(request, contract), "demo": contract.is_demo}


@access(GET="contract.internal.read")
def lines(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Priced rows and free services; blank cells of a bundle stay blank, its price spans its rows. Also as Excel."""
    contract, context = _frame(request, contract_id)
    viewer = request_viewer(request)
    if request.GET.get("format") == "xlsx":
        content = sheets_workbook([lines_sheet(contract, viewer=viewer)])
        return download(f"{contract.number} {_('Line items')}", content)
    systems, uses = uses_on(contract, viewer=viewer, on=page_date(request).as_of)
    rows = [use.line for use in uses]
    definition = selectors.definition_for(contract).to_data()
    total = sum((r.amount for r in rows if r.amount is not None), Decimal(0))
    differing = [
        r.number for r in rows if product_differs(r.unit_price, r.quantity, r.amount, currency=contract.currency)
    ]
    context |= {
        "rows": price_rows(uses, len(systems), contract.currency),
        "kpis": (
            Kpi(_("Rows"), str(len(rows))),
            Kpi(
                _("Price times quantity"),
                _("%(right)s of %(all)s") % {"right": _priced(rows) - len(differing), "all": _priced(rows)},
                note=_("rows %(numbers)s differ") % {"numbers": ", ".join(map(str, differing))}
                if differing
                else _("every priced row is right"),
                tone="warn" if differing else "ok",
            ),
            Kpi(_("Sum of the rows"), money_text(total, contract.currency)),
            Kpi(
                _("Contract sum"),
                money_text(contract.total, contract.currency),
                note=_("equal to the rows") if total == contract.total else _("differs from the rows"),
                tone="ok" if total == contract.total else "warn",
            ),
        ),
        "free_services": list(definition.get("free_service", {}).values()),
        "systems": systems,
        "may_use": allows(viewer, "allocation.read"),
        "excel_url": with_query(request, format="xlsx"),
        "import_url": reverse("web:lines_import", args=[contract.pk]) if allows(viewer, "contract.load") else "",
        "workbook_url": reverse("web:contract_workbook", args=[contract.pk]) if allows(viewer, "payment.read") else "",
    }
    return render(request, "web/contracts/lines.html", context)


def _priced(rows: Sequence[Any]) -> int:
    return sum(1 for row in rows if row.amount is not None)


@access(GET="contract.internal.read")
def clauses(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Clause coverage: each article as modelled, information or not yet modelled."""
    contract, context = _frame(request, contract_id)
    rows = list(selectors.clause_coverage(viewer=request_viewer(request), contract=contract))
    counts = Counter(row.coverage for row in rows)
    wanted = request.GET.get("coverage", "")
    if request.GET.get("format") == "xlsx":
        heads = (_("Clause"), _("Subject"), _("Coverage"), _("Note"))
        return excel_response(
            f"{contract.number} {_('Clauses')}",
            _("Clauses"),
            heads,
            [(r.code, r.title, r.get_coverage_display(), r.note) for r in rows],
        )
    tones: dict[str, Tone] = {"modelled": "ok", "information": "", "not_modelled": "warn"}
    obligations_url = reverse("web:contract_obligations", args=[contract.pk])
    table = Table(
        _("Clauses"),
        (Column(_("Clause")), Column(_("Subject"), "main"), Column(_("Coverage")), Column(_("Note"))),
        tuple(
            Row(
                (
                    Cell(clause=r.code, url=f"{obligations_url}?clause={r.code}"),
                    Cell(r.title),
                    Cell(r.get_coverage_display(), chip=True, tone=tones.get(r.coverage, "")),
                    Cell(r.note),
                )
            )
            for r in rows
            if not wanted or r.coverage == wanted
        ),
        _("No clause matches"),
    )
    options = [
        ("", _("All")),
        ("modelled", _("Modelled")),
        ("information", _("Information")),
        ("not_modelled", _("Not yet modelled")),
    ]
    context |= {
        "table": table,
        "groups": (filter_group(request, "coverage", _("Coverage"), options, {"": len(rows), **counts}),),
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "web/contracts/clauses.html", context)


@access(GET="contract.internal.read")
def service_levels(request: HttpRequest, contract_id: int) -> HttpResponse:
    """SLA commitments and deliverables as the contract states them."""
    contract, context = _frame(request, contract_id)
    definition = selectors.definition_for(contract)
    data = definition.to_data()
    titles = {
        name: entry.get("title") for table in ("measure", "series") for name, entry in data.get(table, {}).items()
    }
    context |= {
        "commitments": [
            {**row, "measure_title": titles.get(row.get("measure"))} for row in data.get("commitment", {}).values()
        ],
        "deliverables": list(data.get("deliverable", {}).values()),
        "securities": [
            row | {"sum": definition.securities[name].amount} for name, row in data.get("security", {}).items()
        ],
    }
    return render(request, "web/contracts/service.html", context)


@access(GET="contract.internal.read")
def penalty_tables(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Penalty tables as data; rights that may be exercised."""
    contract, context = _frame(request, contract_id)
    definition = selectors.definition_for(contract)
    data, words = definition.to_data(), Wording(definition).words
    context |= {
        "penalty_tables": [
            table | {"formula": words(table.get("formula", ""))} for table in data.get("penalty_table", {}).values()
        ],
        "rights": list(data.get("right", {}).values()),
    }
    return render(request, "web/contracts/penalties.html", context)
