"""Loading filled-in tables of quantities and of an agreed allocation, in the two steps of `web.table_import`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import Viewer
from accounts.services.idempotency import idempotent
from billing.selectors.allocation import allocation_page
from billing.services.allocation import allocation_propose, parts_by_table
from billing.services.quantities import Target, uses_import, uses_plan
from billing.tables import read_shares, read_uses
from contracts.errors import Refused
from web.components import Cell, Column, Row, Table
from web.contract_first import contract_first
from web.forms.allocation import ImportForm
from web.table_import import first_step, frame, salt_of, second_step
from web.templatetags.ui import money_text


def plain(value: Decimal) -> str:
    """A quantity without trailing zeros."""
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


def _form(request: HttpRequest) -> ImportForm:
    return ImportForm(request.POST or None, request.FILES or None)


def _said(data: dict[str, Any]) -> dict[str, str]:
    """What the first step was told beside the table."""
    named = {name: data[name] for name in ("evidence_title", "reference", "reason")}
    return {**named, "on": data["effective_on"].isoformat()}


@access(GET="quantity.record", POST="quantity.record")
def quantities(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Load a table of quantities: shows every change it would enter."""
    contract, viewer, context = frame(request, contract_id)

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
        kept = {**_said(data), "targets": [[one.row, one.line, one.system, str(one.quantity)] for one in targets]}
        return Table(_("Changes"), columns, rows), kept

    context |= {
        "heading": _("Load quantities"),
        "intro": _("Download the table, change the quantities, load it here. A blank cell leaves a quantity as it is."),
        "back": reverse("web:quantities", args=[contract.pk]),
        "template_url": reverse("web:quantities", args=[contract.pk]) + "?format=xlsx",
        "apply_url": reverse("web:quantities_apply", args=[contract.pk]),
        "apply_label": _("Enter these changes"),
    }
    return first_step(request, context, form=_form(request), salt=salt_of("quantities", contract, viewer), read=read)


@access(POST="quantity.record")
@contract_first
@idempotent
def quantities_apply(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Enter the changes that were shown."""

    def act(contract: Any, viewer: Viewer, shown: dict[str, Any]) -> tuple[str, str]:
        targets = [Target(row, line, system, Decimal(text)) for row, line, system, text in shown["targets"]]
        entries = uses_import(
            actor=viewer, contract=contract, targets=targets, on=date.fromisoformat(shown["on"]),
            title=shown["evidence_title"], reference=shown["reference"], note=shown["reason"],
        )  # fmt: skip
        done = _("%(count)s changes entered.") % {"count": len(entries)}
        return reverse("web:quantities", args=[contract.pk]), done

    return second_step(request, contract_id, kind="quantities", first="web:quantities_import", act=act)


@access(GET="allocation.propose", POST="allocation.propose")
def allocation(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Load an agreed table: shows the parts beside what is in force."""
    contract, viewer, context = frame(request, contract_id)

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
        kept = {**_said(data), "amounts": {code: str(value) for code, value in amounts.items()}}
        return Table(_("Parts"), columns, rows), kept

    context |= {
        "heading": _("Load an agreed allocation"),
        "intro": _("Download the table, enter the agreed amounts, load it here. They must add up to %(total)s.")
        % {"total": money_text(contract.total, contract.currency)},
        "back": reverse("web:allocation", args=[contract.pk]),
        "template_url": reverse("web:allocation", args=[contract.pk]) + "?format=xlsx",
        "apply_url": reverse("web:allocation_apply", args=[contract.pk]),
        "apply_label": _("Propose this allocation"),
    }
    return first_step(request, context, form=_form(request), salt=salt_of("allocation", contract, viewer), read=read)


@access(POST="allocation.propose")
@contract_first
@idempotent
def allocation_apply(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Propose the table that was shown."""

    def act(contract: Any, viewer: Viewer, shown: dict[str, Any]) -> tuple[str, str]:
        version = allocation_propose(
            actor=viewer, contract=contract, method="table", effective_on=date.fromisoformat(shown["on"]),
            reason=shown["reason"], evidence_title=shown["evidence_title"], reference=shown["reference"],
            table={code: Decimal(text) for code, text in shown["amounts"].items()},
        )  # fmt: skip
        done = _("Proposed. Another person must approve it before anything is computed with it.")
        return reverse("web:allocation_version", args=[contract.pk, version.pk]), done

    return second_step(request, contract_id, kind="allocation", first="web:allocation_import", act=act)
