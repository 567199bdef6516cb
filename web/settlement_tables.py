"""What the vendor owes and how it is settled, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.policy import allows
from accounts.scoping import Viewer
from billing.selectors import DeductionRow, LiabilityRow, Waterfall
from web.components import Cell, Column, Row, Table, Tone, WaterfallLine
from web.templatetags.ui import money_text

CLAIM_TONES: dict[str, Tone] = {"open": "warn", "settled": "ok", "withdrawn": ""}


def waterfall_lines(found: Waterfall) -> tuple[WaterfallLine, ...]:
    """应付 − 抵扣 = 实付 in figures, each deduction with its clause; then what is owed apart."""
    lines = [WaterfallLine(_("Due under the contract"), found.due)]
    for row in found.deductions:
        label = _("Counter-entry: %(title)s") % {"title": row.title} if row.is_counter else row.title
        lines.append(WaterfallLine(label, -row.amount, clause=row.clause, note=row.number))
    lines.append(WaterfallLine(_("To pay"), found.to_pay, total=True))
    if found.paid:
        lines.append(WaterfallLine(_("Paid"), -found.paid))
        lines.append(WaterfallLine(_("Still to pay"), found.outstanding, total=True))
    if found.frozen:
        lines.append(WaterfallLine(_("Of it frozen until a decision"), found.frozen))
    return tuple(lines)


def owed_lines(found: Waterfall) -> tuple[WaterfallLine, ...]:
    """What the vendor owes apart from this instalment; empty when it owes nothing."""
    lines = []
    if found.undeducted:
        lines.append(WaterfallLine(_("Decided, not settled yet"), found.undeducted))
    if found.claimed:
        lines.append(WaterfallLine(_("Claimed separately"), found.claimed))
    if found.drawn:
        lines.append(WaterfallLine(_("Claimed on the security"), found.drawn))
    return tuple(lines)


def deductions_table(rows: Iterable[DeductionRow], *, viewer: Viewer, currency: str) -> Table:
    """Deductions with their counter-entries."""
    may = allows(viewer, "deduction.reverse")
    return Table(
        _("Deductions"),
        (
            Column(_("Deduction"), "main"),
            Column(_("Clause")),
            Column(_("Milestone")),
            Column(_("Date"), "date"),
            Column(_("Amount"), "num"),
            Column(_("Deducted by")),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(row.title, sub=" · ".join(text for text in (row.number, row.note) if text)),
                    Cell(clause=row.clause),
                    Cell(row.milestone),
                    Cell(row.on.isoformat()),
                    Cell(money_text(row.amount, currency)),
                    Cell(row.added_by),
                    Cell(_("Take back"), url=reverse("web:deduction_reverse", args=[row.pk]))
                    if may and not row.is_counter and not row.reversed
                    else Cell(_("Counter-entry") if row.is_counter else _("Taken back") if row.reversed else ""),
                ),
                faded=row.reversed or row.is_counter,
            )
            for row in rows
        ),
        _("Nothing has been deducted"),
    )


def liabilities_table(rows: Iterable[LiabilityRow], *, viewer: Viewer, currency: str) -> Table:
    """Liabilities with what became of each; the next act is to deduct, else to claim."""
    return Table(
        _("Liabilities"),
        (
            Column(_("Liability"), "main"),
            Column(_("Clause")),
            Column(_("Amount"), "num"),
            Column(_("Deducted"), "num"),
            Column(_("Claimed"), "num"),
            Column(_("On the security"), "num"),
            Column(_("Open"), "num"),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(row.title, sub="" if row.deductible else _("claimed, not deducted")),
                    Cell(clause=row.clause),
                    *(
                        Cell(money_text(amount, currency) if amount else "")
                        for amount in (row.amount, row.deducted, row.claimed, row.drawn)
                    ),
                    Cell(money_text(row.open, currency), tone="warn") if row.open else Cell("", tone="ok"),
                    _settle(row, viewer),
                ),
                faded=not row.open,
            )
            for row in rows
        ),
        _("The vendor owes nothing"),
    )


def _settle(row: LiabilityRow, viewer: Viewer) -> Cell:
    if not row.open:
        return Cell()
    if row.deductible and allows(viewer, "deduction.add"):
        return Cell(_("Deduct"), url=reverse("web:deduction_add", args=[row.pk]))
    if allows(viewer, "claim.keep"):
        return Cell(_("Claim"), url=reverse("web:claim_add", args=[row.pk]))
    return Cell()


def _transfer(row: Any, on: date | None, record: str, label: str) -> tuple[Cell, Cell]:
    """When the bank carried it out and its reference; while that is open, the way to record it for those with a
    `label`."""
    link = Cell(label, url=reverse(record, args=[row.pk])) if label and row.state == "open" else Cell()
    return Cell(on.isoformat() if on is not None else "", sub=row.bank_reference), link


def claims_table(rows: Iterable[Any], *, viewer: Viewer, currency: str, today: Any) -> Table:
    """Separate claims with the day they are to be paid by."""
    may = allows(viewer, "claim.keep")
    return Table(
        _("Separate claims"),
        (
            Column(_("Claim"), "main"),
            Column(_("Amount"), "num"),
            Column(_("To be paid by"), "date"),
            Column(_("State")),
            Column(_("Received on"), "date"),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(row.liability.title, sub=f"{row.number} · {row.note}"),
                    Cell(money_text(row.amount, currency)),
                    Cell(row.due_on.isoformat(), tone="bad" if row.state == "open" and row.due_on < today else ""),
                    Cell(str(row.get_state_display()), chip=True, tone=CLAIM_TONES[row.state]),
                    *_transfer(row, row.settled_on, "web:claim_settle", _("Record receipt") if may else ""),
                ),
                strong=row.state == "open" and row.due_on < today,
                faded=row.state == "withdrawn",
            )
            for row in rows
        ),
        _("Nothing is claimed separately"),
    )


def refunds_table(rows: Iterable[Any], *, viewer: Viewer, currency: str) -> Table:
    """What goes back to the vendor, each with its reason."""
    may = allows(viewer, "refund.pay")
    return Table(
        _("Refunds"),
        (
            Column(_("Refund"), "main"),
            Column(_("Amount"), "num"),
            Column(_("State")),
            Column(_("Paid back on"), "date"),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(row.liability.title, sub=f"{row.number} · {row.note}"),
                    Cell(money_text(row.amount, currency)),
                    Cell(str(row.get_state_display()), chip=True, tone="warn" if row.state == "open" else "ok"),
                    *_transfer(row, row.paid_on, "web:refund_pay", _("Record the transfer") if may else ""),
                )
            )
            for row in rows
        ),
        _("Nothing goes back to the vendor"),
    )


def freezes_table(rows: Iterable[Any], *, currency: str) -> Table:
    """What is held back until a decision."""
    return Table(
        _("Frozen amounts"),
        (Column(_("Reason"), "main"), Column(_("Milestone")), Column(_("Amount"), "num"), Column(_("Since"), "date")),
        tuple(
            Row(
                (
                    Cell(row.note or row.source_key),
                    Cell(row.milestone.title),
                    Cell(money_text(row.amount, currency)),
                    Cell(f"{localtime(row.set_at):%Y-%m-%d}"),
                )
            )
            for row in rows
        ),
        _("Nothing is frozen"),
    )
