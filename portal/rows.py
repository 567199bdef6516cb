"""Obligations, instalments and invoices as rows of the shared tables and of Excel, in the other party's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from obligations.selectors import ObligationRow as Found
from obligations.selectors import StripRows
from obligations.words import KINDS, SIDES, STATUSES
from portal.readmodels import InvoiceLine, MilestoneLine
from web.components import (
    Cell,
    Column,
    DayStrip,
    FilterGroup,
    FilterOption,
    ObligationGroup,
    ObligationRow,
    Row,
    StripDay,
    Table,
    Tone,
    obligation_groups,
)

INVOICE_STATES: dict[str, tuple[Any, Tone]] = {
    "received": (gettext_lazy("Received"), "info"),
    "checked": (gettext_lazy("Checked"), "ok"),
    "rejected": (gettext_lazy("Rejected"), "warn"),
}
MILESTONE_TONES: dict[str, Tone] = {
    "waiting_invoice": "warn",
    "payable": "info",
    "applied": "info",
    "approved": "info",
    "paid": "ok",
}


def component_row(row: Found, *, query: str = "", with_contract: bool = False) -> ObligationRow:
    """One obligation for the list component; `query` keeps the page's date on its link."""
    url = reverse("portal:obligation", args=[row.pk]) + query
    waits = pgettext("list separator", ", ").join(fact.title or fact.name for fact in row.missing[:2])
    parts = [row.key_text, row.contract_title if with_contract else "", _target(row)]
    return ObligationRow(
        status=row.chip,
        title=row.title,
        url=url,
        party=str(SIDES.get(row.obligor, row.obligor)),
        ours=row.obligor in {"vendor", "both"},
        clause=row.clause.split("；")[0],
        due=row.due_at if row.is_instant else row.due_on,
        due_text=_("waits for %(facts)s") % {"facts": waits} if waits else "",
        estimate=row.is_estimate,
        amount=row.amount,
        currency=row.currency,
        context=" · ".join(part for part in parts if part),
        action=_("Hand in") if row.verb == "submit" else _("View"),
        action_url=reverse("portal:submit", args=[row.pk]) if row.verb == "submit" else url,
    )


def _target(row: Found) -> str:
    return _("Internal target") if row.kind == "internal" else ""


def component_groups(
    rows: Iterable[Found], *, query: str = "", with_contract: bool = False
) -> tuple[ObligationGroup, ...]:
    """Rows under their urgency, in order of urgency; a group without rows is left out."""
    return obligation_groups((row, component_row(row, query=query, with_contract=with_contract)) for row in rows)


def explained(strip: StripRows | None, sentences: tuple[str, ...], *, estimate: bool) -> DayStrip | None:
    """The count behind a due date as the day strip; None where the derivation counts no days."""
    if strip is None or not strip.days:
        return None
    days = tuple(
        StripDay(
            on=day.on,
            kind=day.kind,  # type: ignore[arg-type]
            ordinal=day.ordinal,
            name=_(day.name) if day.name else "",
            anchor=day.is_anchor,
            due=day.is_due,
            safe=day.is_safe,
        )
        for day in strip.days
    )
    return DayStrip(_("Why this day"), days, sentences, estimate)


def excel_heads() -> tuple[str, ...]:
    return (
        _("Ref."),
        _("Contract"),
        _("Clause"),
        _("Obligation"),
        _("Period"),
        _("Obligor"),
        _("Kind"),
        _("Status"),
        _("Due"),
        _("Days late"),
        _("Done"),
    )


def excel_row(row: Found) -> tuple[Any, ...]:
    return (
        row.ref,
        row.contract_number,
        row.clause,
        row.title,
        row.key_text,
        str(SIDES.get(row.obligor, row.obligor)),
        str(KINDS.get(row.kind, row.kind)),
        str(STATUSES[row.chip]),
        row.due_at if row.is_instant else row.due_on,
        row.delay_days or None,
        row.done_on,
    )


def milestones_table(rows: Iterable[MilestoneLine], *, query: str, today: bool) -> Table:
    """Instalments: how far each payment has come, and the one thing to do."""
    return Table(
        _("Payments"),
        (
            Column(_("Milestone"), "main"),
            Column(_("Clause")),
            Column(_("State")),
            Column(_("What is missing")),
            Column(_("Due"), "date"),
            Column(_("Amount"), "num"),
            Column(_("Paid"), "num"),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(
                        row.title,
                        url=reverse("portal:obligation", args=[row.obligation_id]) + query,
                        sub=row.contract_number,
                    ),
                    Cell(clause=row.clause),
                    Cell(row.state_text, chip=True, tone=MILESTONE_TONES.get(row.state, "")),
                    Cell(row.missing if row.state not in {"paid", "settled"} else ""),
                    Cell(row.due_on.isoformat() if row.due_on else "", sub=_("estimate") if row.estimate else ""),
                    Cell(amount=row.amount, currency=row.currency),
                    Cell(amount=row.paid, currency=row.currency),
                    Cell(_("Hand in the invoice"), url=reverse("portal:invoice_add", args=[row.pk]))
                    if row.may_invoice and today
                    else Cell(_("Payment advice"), url=reverse("portal:payment_advice", args=[row.pk]) + query)
                    if row.paid or row.deducted
                    else Cell(),
                ),
                faded=row.state in {"paid", "settled"},
            )
            for row in rows
        ),
        _("No payments are agreed yet"),
    )


def milestones_excel(rows: Iterable[MilestoneLine]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    heads = (_("Contract"), _("Milestone"), _("Clause"), _("State"), _("Due"), _("Amount"), _("Invoiced"), _("Paid"))
    return heads, [
        (r.contract_number, r.title, r.clause, r.state_text, r.due_on, r.amount, r.invoiced, r.paid) for r in rows
    ]


def invoices_table(rows: Iterable[InvoiceLine]) -> Table:
    """One's own invoices with the result of the check and, when rejected, the reason."""
    return Table(
        _("Invoices"),
        (
            Column(_("Invoice number"), "main"),
            Column(_("Date"), "date"),
            Column(_("Amount"), "num"),
            Column(_("State")),
            Column(_("Reason")),
        ),
        tuple(
            Row(
                (
                    Cell(
                        row.number,
                        url=reverse("portal:invoice_file", args=[row.pk]),
                        icon="download",
                        sub=" · ".join(
                            (row.contract_number, row.milestone, *((_("Credit note"),) if row.amount < 0 else ()))
                        ),
                    ),
                    Cell(row.issued_on.isoformat()),
                    Cell(amount=row.amount, currency=row.currency),
                    Cell(str(INVOICE_STATES[row.state][0]), chip=True, tone=INVOICE_STATES[row.state][1]),
                    Cell(row.reason),
                ),
                faded=row.state == "rejected",
            )
            for row in rows
        ),
        _("No invoices yet"),
    )


def invoices_excel(rows: Iterable[InvoiceLine]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    heads = (
        _("Contract"),
        _("Milestone"),
        _("Invoice number"),
        _("Date"),
        _("Amount"),
        _("Handed in"),
        _("State"),
        _("Reason"),
    )
    return heads, [
        (
            row.contract_number,
            row.milestone,
            row.number,
            row.issued_on,
            row.amount,
            row.submitted_at,
            str(INVOICE_STATES[row.state][0]),
            row.reason,
        )
        for row in rows
    ]


def documents_table(rows: Iterable[Any]) -> Table:
    """Documents addressed to one's own party; one replaced or void is grey."""
    return Table(
        _("Documents"),
        (
            Column(_("Document number"), "main"),
            Column(_("Kind")),
            Column(_("Issued on"), "date"),
            Column(_("State")),
            Column("", "action"),
        ),
        tuple(_document(row) for row in rows),
        _("No documents have been sent to you yet"),
    )


def _document(row: Any) -> Row:
    successor = getattr(row, "replaced_by", None)
    state = _("Replaced") if successor else _("Void") if row.cancelled else _("Valid")
    in_force = successor is None and not row.cancelled
    return Row(
        (
            Cell(
                row.number,
                url=reverse("portal:document_pdf", args=[row.pk]),
                icon="file-type-pdf",
                sub=f"{row.contract.number} {row.contract.title}",
            ),
            Cell(str(row.get_kind_display())),
            Cell(f"{localtime(row.issued_at):%Y-%m-%d}"),
            Cell(state, chip=True, tone="ok" if in_force else "", sub=successor.number if successor else ""),
            Cell(_("Verify"), url=reverse("documents:verify", args=[row.token])),
        ),
        faded=not in_force,
    )


def filter_group(label: str, name: str, options: list[tuple[str, str]], *, current: str, address: Any) -> FilterGroup:
    """A segmented control over one query parameter; `address(name, value)` gives a choice's link. The first option is
    the default."""
    chosen = current if current in dict(options) else options[0][0]
    return FilterGroup(
        label,
        tuple(
            FilterOption(text, address(name, None if index == 0 else value), value == chosen)
            for index, (value, text) in enumerate(options)
        ),
    )
