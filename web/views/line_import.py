"""Loading the line items from their table, in the two steps of `web.table_import`: they become a draft version."""

from __future__ import annotations

from dataclasses import astuple
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import Viewer
from accounts.services.idempotency import idempotent
from definitions.line_import import lines_load, lines_plan
from definitions.line_table import HEADS, LineChange, LineRow, read_lines
from web.components import Cell, Column, Row, Table, Tone
from web.contract_first import contract_first
from web.forms.contracts import LinesForm
from web.table_import import first_step, frame, salt_of, second_step

TONES: dict[str, Tone] = {"added": "ok", "changed": "info", "removed": "warn"}


def _word(value: str | Decimal | None) -> str:
    if value is None:
        return "—"
    return f"{value.normalize():,f}" if isinstance(value, Decimal) else value


def _row(change: LineChange) -> Row:
    words = {"added": _("added"), "changed": _("changed"), "removed": _("removed")}
    parts = [
        f"{HEADS[name]} {_word(before)} → {_word(after)}"
        if change.change == "changed"
        else f"{HEADS[name]} {_word(before if change.change == 'removed' else after)}"
        for name, before, after in change.fields
        if change.change == "changed" or name != "title"
    ]
    chip = Cell(words[change.change], chip=True, tone=TONES[change.change])
    return Row((Cell(str(change.number)), Cell(change.title), chip, Cell(" · ".join(parts))))


@access(GET="contract.load", POST="contract.load")
def lines(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Load the table of line items: shows every line item it would add, change or remove."""
    contract, viewer, context = frame(request, contract_id)
    back = reverse("web:contract_lines", args=[contract.pk])

    def read(data: dict[str, Any]) -> tuple[Table, dict[str, Any]]:
        rows = read_lines(data["upload"], contract=contract)
        plan = lines_plan(viewer=viewer, contract=contract, rows=rows)
        if plan.waiting is not None:
            context["note"] = _(
                "Version %(number)s waits as a draft. This one is made of the version in force and replaces that draft."
            ) % {"number": plan.waiting.number}
        columns = (Column(_("No."), "num"), Column(_("Item"), "main"), Column(_("Kind")), Column(_("What changes")))
        kept = [[None if value is None else str(value) for value in astuple(row)] for row in rows]
        return Table(_("Changes"), columns, tuple(map(_row, plan.changes))), {"base": plan.base.pk, "rows": kept}

    context |= {
        "heading": _("Load line items"),
        "intro": _(
            "Download the table, change it, load it here. It becomes a draft version; another person puts it in force."
        ),
        "back": back,
        "template_url": f"{back}?format=xlsx",
        "apply_url": reverse("web:lines_apply", args=[contract.pk]),
        "apply_label": _("Make a draft version of this"),
    }
    form = LinesForm(request.POST or None, request.FILES or None)
    return first_step(request, context, form=form, salt=salt_of("lines", contract, viewer), read=read)


@access(POST="contract.load")
@contract_first
@idempotent
def lines_apply(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Keep the line items that were shown as a draft version."""

    def act(contract: Any, viewer: Viewer, shown: dict[str, Any]) -> tuple[str, str]:
        rows = [_line(values) for values in shown["rows"]]
        result = lines_load(actor=viewer, contract=contract, base=shown["base"], rows=rows)
        done = _("Version %(number)s is a draft now. Another person must activate it.")
        target = reverse("web:version_impact", args=[contract.pk, result.version.pk])
        return target, done % {"number": result.version.number}

    return second_step(request, contract_id, kind="lines", first="web:lines_import", act=act)


def _line(values: list[str | None]) -> LineRow:
    row, number, title, group, bundle, *figures = values
    price, quantity, amount = (None if text is None else Decimal(text) for text in figures)
    return LineRow(int(row or 0), int(number or 0), title or "", group or "", bundle or "", price, quantity, amount)
