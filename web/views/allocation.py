"""How the price is shared among the systems, the quantity ledger, and a contract's workbook."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import access, require
from accounts.scoping import Viewer, request_viewer
from accounts.services.idempotency import form_key, idempotent
from billing.rules_allocation import exact_text
from billing.selectors.allocation import AllocationPage, Option, allocation_get, allocation_page
from billing.selectors.quantities import LineUse, UsePage, use_get, use_page
from billing.services.allocation import allocation_decide, allocation_propose
from billing.services.quantities import use_record, use_reverse
from contracts import selectors
from contracts.asof import page_date
from contracts.forms import run_form
from documents.contract_workbook import contract_workbook, methods_sheet, shares_sheet, uses_sheet
from documents.excel import download, sheets_workbook
from web.allocation_tables import (
    base_table,
    entries_table,
    methods_table,
    plain,
    share_table,
    use_matrix,
    versions_table,
)
from web.components import KeysetPage, Kpi
from web.contract_first import contract_first
from web.contract_tabs import contract_tabs
from web.forms.allocation import AllocationForm, ReverseForm, UseForm
from web.forms.billing import DecisionForm
from web.links import number_parameter, with_query
from web.templatetags.ui import money_text

ACTION = "web/billing/action.html"


def _frame(request: HttpRequest, contract_id: int) -> tuple[Any, Viewer, dict[str, Any]]:
    viewer = request_viewer(request)
    contract = selectors.contract_by_id(contract_id, viewer=viewer)
    context = {"contract": contract, "tabs": contract_tabs(request, contract), "demo": contract.is_demo}
    return contract, viewer, context


def _allocation_kpis(page: AllocationPage) -> list[Kpi]:
    currency = page.contract.currency
    current = page.in_force
    items = [
        Kpi(_("Contract sum"), money_text(page.contract.total, currency), note=_("the parts add up to it exactly"))
    ]
    if current is None or current.version is None:
        items.append(
            Kpi(
                _("In force"),
                _("None yet"),
                tone="warn",
                note=_("penalties per system are shown as a range until then"),
            )
        )
    else:
        decided = current.version.decided_by
        note = _("since %(day)s, approved by %(who)s") % {"day": current.version.effective_on, "who": decided}
        items.append(Kpi(_("In force"), f"v{current.version.number}", note=note, tone="ok"))
    items.append(Kpi(_("Systems"), str(len(page.systems)), note=_("the contract prices none of them")))
    return items


@access(GET="allocation.read")
def allocation(request: HttpRequest, contract_id: int) -> HttpResponse:
    """The methods side by side with their differences, the base of penalties, and every version. Also as Excel."""
    contract, viewer, context = _frame(request, contract_id)
    lines = [int(text) for text in request.GET.getlist("line") if text.isdecimal() and len(text) < 6]
    page = allocation_page(contract, viewer=viewer, on=page_date(request).as_of, lines=lines)
    if request.GET.get("format") == "xlsx":
        sheets = [shares_sheet(page), *([methods_sheet(page)] if page.options else [])]
        return download(f"{contract.number} {_('Allocation')}", sheets_workbook(sheets))
    context |= {
        "page": page,
        "kpis": _allocation_kpis(page),
        "methods": methods_table(page),
        "bases": base_table(page),
        "versions": versions_table(page),
        "whole": exact_text(page.whole) if page.whole is not None else "",
        "equal": exact_text(page.equal_part) if page.equal_part is not None else "",
        "chosen": lines,
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "web/billing/allocation.html", context)


@access(GET="allocation.propose", POST="allocation.propose")
@contract_first
@idempotent
def allocation_new(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Propose a version."""
    contract, viewer, context = _frame(request, contract_id)
    day = page_date(request).today
    page = allocation_page(contract, viewer=viewer, on=day)
    wanted = next((option for option in page.options if option.key == request.GET.get("like")), None)
    initial: dict[str, Any] = {"idempotency_key": form_key(request), "effective_on": day.isoformat()}
    if wanted is not None:
        initial |= _initial_like(wanted)
    form = AllocationForm(
        request.POST or None,
        request.FILES or None,
        initial=initial,
        methods=[
            ("equal", _("In equal parts")),
            ("line", _("By the use of one row")),
            ("table", _("By an agreed table")),
        ],
        lines=page.usable,
        systems=page.systems,
    )

    def act(data: dict[str, Any]) -> str:
        version = allocation_propose(
            actor=viewer, contract=contract, method=data["method"], line=data["line"], table=form.table(),
            effective_on=data["effective_on"], reason=data["reason"], evidence_title=data["evidence_title"],
            reference=data["reference"], upload=data["upload"],
        )  # fmt: skip
        return reverse("web:allocation_version", args=[contract.pk, version.pk])

    context |= {"back": reverse("web:allocation", args=[contract.pk]), "page_data": page}
    done = _("Proposed. Another person must approve it before anything is computed with it.")
    return run_form(request, form=form, template="web/billing/allocation_new.html", context=context, act=act, done=done)


def _initial_like(option: Option) -> dict[str, Any]:
    if option.key == "equal":
        return {"method": "equal"}
    if option.key.startswith("line-"):
        return {"method": "line", "line": option.key.removeprefix("line-")}
    return {"method": "table", **{f"amount_{part.system.code}": part.amount for part in option.parts}}


@access(GET="allocation.read")
def version(request: HttpRequest, contract_id: int, allocation_id: int) -> HttpResponse:
    """One version with its parts, who proposed and decided it, and what it changes."""
    contract, viewer, context = _frame(request, contract_id)
    found = allocation_get(allocation_id, viewer=viewer, contract=contract)
    context |= {
        "found": found,
        "version": found.version,
        "summary": _version_summary(found.version, found.method),
        "parts": share_table(found),
        "may_decide": found.may_decide and page_date(request).is_today,
        "back": reverse("web:allocation", args=[contract.pk]),
    }
    return render(request, "web/billing/allocation_version.html", context)


def _version_summary(version: Any, method: str) -> list[tuple[str, str]]:
    evidence = " · ".join(text for text in (version.evidence.title, version.evidence.reference) if text)
    proposed = f"{version.proposed_by} · {timezone.localtime(version.proposed_at):%Y-%m-%d %H:%M}"
    rows = [
        (_("State"), str(version.get_state_display())),
        (_("Method"), method),
        (_("In effect from"), version.effective_on.isoformat()),
        (_("Reason"), version.reason),
        (_("Evidence"), evidence),
        (_("Proposed by"), proposed),
    ]
    if version.decided_at is not None:
        decided = f"{version.decided_by} · {timezone.localtime(version.decided_at):%Y-%m-%d %H:%M}"
        rows.append((_("Decided by"), " · ".join(text for text in (decided, version.decision_note) if text)))
    return rows


@access(GET="allocation.approve", POST="allocation.approve")
@contract_first
@idempotent
def decide(request: HttpRequest, contract_id: int, allocation_id: int) -> HttpResponse:
    """Approve or reject a version. Asks for the password first, so that no filled form is lost to it."""
    contract, viewer, context = _frame(request, contract_id)
    found = allocation_get(allocation_id, viewer=viewer, contract=contract)
    require(viewer, "allocation.approve", found.version)
    form = DecisionForm(
        request.POST or None,
        initial={"idempotency_key": form_key(request)},
        yes=_("Approve the allocation"),
        no=_("Reject it"),
    )
    back = reverse("web:allocation_version", args=[contract.pk, found.version.pk])

    def act(data: dict[str, Any]) -> str:
        allocation_decide(actor=viewer, allocation=found.version, approve=data["decision"] == "yes", note=data["note"])
        return back

    context |= {
        "heading": _("Decide the allocation"),
        "sub": f"v{found.version.number}",
        "submit": _("Save the decision"),
        "back": back,
        "intro": _("From approval on, penalties per system are computed with these parts. Earlier versions stay."),
        "summary": [
            *_version_summary(found.version, found.method),
            *((part.system.title, money_text(part.amount, contract.currency)) for part in found.option.parts),
        ],
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The decision is saved."))


# --- quantities ----------------------------------------------------------------------------------------------------


def _use_kpis(page: UsePage) -> list[Kpi]:
    used = [row for row in page.rows if row.users]
    over = [row for row in page.rows if row.over]
    spread = [row for row in used if row.left == 0]
    return [
        Kpi(_("Rows in use"), f"{len(used)} / {len(page.rows)}"),
        Kpi(_("Fully assigned"), str(len(spread)), note=_("used exactly as listed")),
        Kpi(
            _("More than listed"),
            str(len(over)),
            note=_over_note(over) if over else _("none"),
            tone="warn" if over else "ok",
            icon="alert-triangle" if over else "",
        ),
    ]


def _over_note(over: list[LineUse]) -> str:
    return _("rows %(numbers)s; the price stays as it is") % {
        "numbers": ", ".join(str(row.line.number) for row in over[:5])
    }


@access(GET="allocation.read")
def quantities(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Who uses how much of which row on the page's day, and the entries behind it. Also as Excel."""
    contract, viewer, context = _frame(request, contract_id)
    on = page_date(request).as_of
    if request.GET.get("format") == "xlsx":
        sheet = uses_sheet(contract, viewer=viewer, on=on)
        return download(f"{contract.number} {_('Quantities')}", sheets_workbook([sheet]))
    line = number_parameter(request, "line")
    page = use_page(contract, viewer=viewer, on=on, line=line, before=number_parameter(request, "before"))
    shown = [row for row in page.rows if row.users or row.line.number == line]
    context |= {
        "page_data": page,
        "kpis": _use_kpis(page),
        "matrix": use_matrix(page.systems, shown),
        "unused": len(page.rows) - len(shown),
        "line": line,
        "entries": entries_table(page, contract),
        "page": KeysetPage(
            older_url=with_query(request, before=page.older) if page.older else "", shown=len(page.entries)
        ),
        "excel_url": with_query(request, format="xlsx"),
    }
    return render(request, "web/billing/quantities.html", context)


@access(GET="quantity.record", POST="quantity.record")
@contract_first
@idempotent
def quantity_new(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Enter a change of what a system uses."""
    contract, viewer, context = _frame(request, contract_id)
    page = use_page(contract, viewer=viewer, on=page_date(request).today)
    initial = {
        "idempotency_key": form_key(request),
        "line": request.GET.get("line", ""),
        "effective_on": page_date(request).today.isoformat(),
    }
    form = UseForm(
        request.POST or None,
        request.FILES or None,
        initial=initial,
        lines=[row.line for row in page.rows],
        systems=page.systems,
    )

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        use_record(actor=viewer, contract=contract, **data)
        return reverse("web:quantities", args=[contract.pk])

    context |= {
        "heading": _("Record a quantity"),
        "sub": contract.title,
        "submit": _("Save the entry"),
        "back": reverse("web:quantities", args=[contract.pk]),
        "multipart": True,
        "intro": _(
            "From when on does a system use more, or less, of a row? Entries are never changed, only countered."
        ),
        "summary": [(f"{row.line.number} {row.line.title}", _used_text(row)) for row in page.rows if row.users],
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The entry is recorded."))


def _used_text(row: LineUse) -> str:
    if row.line.quantity is None:
        return _("%(used)s in use") % {"used": plain(row.used)}
    return _("%(used)s of %(listed)s in use") % {"used": plain(row.used), "listed": plain(row.line.quantity)}


@access(GET="quantity.record", POST="quantity.record")
@contract_first
@idempotent
def quantity_reverse(request: HttpRequest, contract_id: int, use_id: int) -> HttpResponse:
    """Take an entry back by a counter-entry."""
    contract, viewer, context = _frame(request, contract_id)
    entry = use_get(use_id, viewer=viewer, contract=contract)
    form = ReverseForm(request.POST or None, initial={"idempotency_key": form_key(request)})

    def act(data: dict[str, Any]) -> str:
        use_reverse(actor=viewer, entry=entry, note=data["note"])
        return reverse("web:quantities", args=[contract.pk])

    context |= {
        "heading": _("Take an entry back"),
        "sub": f"{entry.line} · {entry.system.title}",
        "submit": _("Enter the counter-entry"),
        "back": reverse("web:quantities", args=[contract.pk]),
        "intro": _("The entry stays; a counter-entry of the same day cancels it."),
        "summary": [
            (_("Row"), str(entry.line)),
            (_("System"), entry.system.title),
            (_("Change of quantity"), f"{entry.quantity:+f}".rstrip("0").rstrip(".")),
            (_("In effect from"), entry.effective_on.isoformat()),
            (_("Evidence"), entry.evidence.title),
        ],
    }
    done = _("The counter-entry is recorded.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


@access(GET="payment.read")
def workbook(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Everything about the contract's money as one workbook."""
    contract, viewer, _context = _frame(request, contract_id)
    content = contract_workbook(contract, viewer=viewer, on=page_date(request).as_of)
    return download(f"{contract.number} {_('Contract')}", content)
