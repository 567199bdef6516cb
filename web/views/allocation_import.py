"""Loading filled-in tables: what would change is shown first; the second step applies exactly what was shown.

Nothing is kept between the two steps on the server: the table as it was read travels in the page, signed for this
person and contract, and is checked anew when it is applied.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import Viewer, request_viewer
from accounts.services.idempotency import idempotent, new_key
from billing.selectors.allocation import allocation_page
from billing.services.allocation import allocation_propose, parts_by_table
from billing.services.quantities import Target, uses_import, uses_plan
from billing.tables import read_shares, read_uses
from contracts import selectors
from contracts.errors import Refused
from contracts.forms import add_refusal
from contracts.spreadsheets import RowsRefused
from web.components import Cell, Column, Row, Table
from web.contract_first import contract_first
from web.contract_tabs import contract_tabs
from web.forms.allocation import ApplyForm, ImportForm
from web.templatetags.ui import money_text

UNPROCESSABLE = 422
VALID_SECONDS = 3600
TEMPLATE = "web/billing/import.html"


def plain(value: Decimal) -> str:
    """A quantity without trailing zeros."""
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


def _frame(request: HttpRequest, contract_id: int) -> tuple[Any, Viewer, dict[str, Any]]:
    viewer = request_viewer(request)
    contract = selectors.contract_by_id(contract_id, viewer=viewer)
    context = {"contract": contract, "tabs": contract_tabs(request, contract), "demo": contract.is_demo}
    return contract, viewer, context


def _salt(kind: str, contract: Any, viewer: Viewer) -> str:
    return f"{kind}:{contract.pk}:{viewer.user_id}"


def _step(
    request: HttpRequest,
    context: dict[str, Any],
    *,
    salt: str,
    read: Callable[[dict[str, Any]], tuple[Table, dict[str, Any]]],
) -> HttpResponse:
    """The first step: the form, or what the table would change with its problems by row."""
    form = ImportForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                table, payload = read(form.cleaned_data)
            except RowsRefused as error:
                context["problems"] = error.problems
            except Refused as error:
                add_refusal(form, error)
            else:
                named = {name: form.cleaned_data[name] for name in ("evidence_title", "reference", "reason")}
                signed = signing.dumps(
                    {**payload, **named, "on": form.cleaned_data["effective_on"].isoformat()}, salt=salt, compress=True
                )
                context |= {
                    "preview": table,
                    "effective_on": form.cleaned_data["effective_on"],
                    "apply_form": ApplyForm(initial={"payload": signed, "idempotency_key": new_key()}),
                }
                status = 200
    return render(request, TEMPLATE, {**context, "form": form}, status=status)


def _payload(request: HttpRequest, salt: str) -> dict[str, Any]:
    """The table shown in the first step. Raises Refused for one that was changed, is another's or is old."""
    form = ApplyForm(request.POST)
    try:
        found: dict[str, Any] = signing.loads(form.data.get("payload", ""), salt=salt, max_age=VALID_SECONDS)
    except signing.BadSignature as error:
        raise Refused(_("What was shown is no longer valid. Load the table again.")) from error
    return found


def _apply(request: HttpRequest, back: str, act: Callable[[], tuple[str, str]]) -> HttpResponse:
    """The second step: all of it, or nothing and back to the first step with the reason."""
    try:
        target, done = act()
    except Refused as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(back)
    messages.success(request, done)
    return HttpResponseRedirect(target)


@access(GET="quantity.record", POST="quantity.record")
def quantities(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Load a table of quantities: shows every change it would enter."""
    contract, viewer, context = _frame(request, contract_id)

    def read(data: dict[str, Any]) -> tuple[Table, dict[str, Any]]:
        targets = read_uses(data["upload"], contract=contract)
        planned = uses_plan(viewer=viewer, contract=contract, targets=targets, on=data["effective_on"])
        if not planned:
            raise Refused(_("The table says what the ledger says already: nothing would change."), "upload")
        rows = tuple(
            Row(
                (
                    Cell(str(one.line)),
                    Cell(one.system.title),
                    Cell(plain(one.before)),
                    Cell(plain(one.after)),
                    Cell(f"{one.after - one.before:+f}".rstrip("0").rstrip(".")),
                )
            )
            for one in planned
        )
        columns = (
            Column(_("Row"), "num"), Column(_("System"), "main"), Column(_("Used now"), "num"),
            Column(_("Used then"), "num"), Column(_("Change"), "num"),
        )  # fmt: skip
        kept = {"targets": [[one.row, one.line, one.system, str(one.quantity)] for one in targets]}
        return Table(_("Changes"), columns, rows), kept

    context |= {
        "heading": _("Load quantities"),
        "intro": _("Download the table, change the quantities, load it here. A blank cell leaves a quantity as it is."),
        "back": reverse("web:quantities", args=[contract.pk]),
        "template_url": reverse("web:quantities", args=[contract.pk]) + "?format=xlsx",
        "apply_url": reverse("web:quantities_apply", args=[contract.pk]),
        "apply_label": _("Enter these changes"),
    }
    return _step(request, context, salt=_salt("quantities", contract, viewer), read=read)


@access(POST="quantity.record")
@contract_first
@idempotent
def quantities_apply(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Enter the changes that were shown."""
    contract, viewer, _context = _frame(request, contract_id)

    def act() -> tuple[str, str]:
        data = _payload(request, _salt("quantities", contract, viewer))
        targets = [Target(row, line, system, Decimal(text)) for row, line, system, text in data["targets"]]
        entries = uses_import(
            actor=viewer, contract=contract, targets=targets, on=date.fromisoformat(data["on"]),
            title=data["evidence_title"], reference=data["reference"], note=data["reason"],
        )  # fmt: skip
        done = _("%(count)s changes entered.") % {"count": len(entries)}
        return reverse("web:quantities", args=[contract.pk]), done

    return _apply(request, reverse("web:quantities_import", args=[contract.pk]), act)


@access(GET="allocation.propose", POST="allocation.propose")
def allocation(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Load an agreed table: shows the parts beside what is in force."""
    contract, viewer, context = _frame(request, contract_id)

    def read(data: dict[str, Any]) -> tuple[Table, dict[str, Any]]:
        page = allocation_page(contract, viewer=viewer, on=data["effective_on"])
        amounts = read_shares(data["upload"], contract=contract, codes=[one.code for one in page.systems])
        parts = parts_by_table(contract, page.systems, amounts)
        current = page.in_force or next((option for option in page.options if option.key == "equal"), None)
        rows = tuple(
            Row(
                (
                    Cell(part.system.title, sub=part.system.code),
                    Cell(amount=part.amount, currency=contract.currency),
                    Cell(amount=part.amount - before, currency=contract.currency) if before is not None else Cell(),
                )
            )
            for part, before in zip(parts, current.amounts if current else (None,) * len(parts), strict=True)
        )
        against = current.title if current else ""
        columns = (
            Column(_("System"), "main"), Column(_("Amount"), "num"),
            Column(_("Against %(method)s") % {"method": against}, "num"),
        )  # fmt: skip
        return Table(_("Parts"), columns, rows), {"amounts": {code: str(value) for code, value in amounts.items()}}

    context |= {
        "heading": _("Load an agreed allocation"),
        "intro": _("Download the table, enter the agreed amounts, load it here. They must add up to %(total)s.")
        % {"total": money_text(contract.total, contract.currency)},
        "back": reverse("web:allocation", args=[contract.pk]),
        "template_url": reverse("web:allocation", args=[contract.pk]) + "?format=xlsx",
        "apply_url": reverse("web:allocation_apply", args=[contract.pk]),
        "apply_label": _("Propose this allocation"),
    }
    return _step(request, context, salt=_salt("allocation", contract, viewer), read=read)


@access(POST="allocation.propose")
@contract_first
@idempotent
def allocation_apply(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Propose the table that was shown."""
    contract, viewer, _context = _frame(request, contract_id)

    def act() -> tuple[str, str]:
        data = _payload(request, _salt("allocation", contract, viewer))
        version = allocation_propose(
            actor=viewer, contract=contract, method="table", effective_on=date.fromisoformat(data["on"]),
            reason=data["reason"], evidence_title=data["evidence_title"], reference=data["reference"],
            table={code: Decimal(text) for code, text in data["amounts"].items()},
        )  # fmt: skip
        done = _("Proposed. Another person must approve it before anything is computed with it.")
        return reverse("web:allocation_version", args=[contract.pk, version.pk]), done

    return _apply(request, reverse("web:allocation_import", args=[contract.pk]), act)
