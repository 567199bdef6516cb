"""The payment advice as tables: transfers received, what one owes the buyer apart from the instalment, and
what comes back of that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from billing.selectors.advice import BackLine, OwedLine, PaidLine
from billing.selectors.settlement import Waterfall
from billing.terms import masked
from web.components import Cell, Column, Row, Table, Tone, WaterfallLine


def advice_lines(found: Waterfall) -> tuple[WaterfallLine, ...]:
    """应付 − 抵扣 = 实付 in figures, each deduction with its clause, then what was paid of it."""
    lines = [WaterfallLine(_("Due under the contract"), found.due)]
    for row in found.deductions:
        label = _("Counter-entry: %(title)s") % {"title": row.title} if row.is_counter else row.title
        lines.append(WaterfallLine(label, -row.amount, clause=row.clause, note=row.number))
    lines.append(WaterfallLine(_("To pay"), found.to_pay, total=True))
    if found.paid:
        lines.append(WaterfallLine(_("Paid"), -found.paid))
        lines.append(WaterfallLine(_("Still to pay"), found.outstanding, total=True))
    return tuple(lines)


def advice_payments_table(rows: Iterable[PaidLine], *, currency: str) -> Table:
    """Transfers of one instalment; a counter-entry is negative and grey."""
    return Table(
        _("Payments"),
        (
            Column(_("Bank reference"), "main"),
            Column(_("Paid on"), "date"),
            Column(_("Payee")),
            Column(_("Amount"), "num"),
        ),
        tuple(
            Row(
                (
                    Cell(row.bank_reference, sub=_("Counter-entry") if row.is_counter else ""),
                    Cell(row.on.isoformat()),
                    Cell(row.payee_name, sub=masked(row.payee_account)),
                    Cell(amount=row.amount, currency=currency),
                ),
                faded=row.is_counter,
            )
            for row in rows
        ),
        _("Nothing has been paid yet"),
    )


def advice_owed_table(rows: Iterable[OwedLine], *, currency: str, today: date) -> Table:
    """Claims of the buyer that are paid by a transfer of one's own."""
    return Table(
        _("To be paid to the buyer"),
        (
            Column(_("Claim"), "main"),
            Column(_("Clause")),
            Column(_("To be paid by"), "date"),
            Column(_("Amount"), "num"),
            Column(_("Paid on"), "date"),
        ),
        tuple(
            Row(
                (
                    Cell(row.title, sub=row.number),
                    Cell(clause=row.clause),
                    Cell(
                        row.due_on.isoformat(),
                        tone="bad" if row.settled_on is None and row.due_on < today else "",
                    ),
                    Cell(amount=row.amount, currency=currency),
                    Cell(row.settled_on.isoformat() if row.settled_on else ""),
                ),
                faded=row.settled_on is not None,
            )
            for row in rows
        ),
        _("Nothing is owed"),
    )


def back_state(paid: bool) -> tuple[str, Tone]:
    """How far a refund has come, seen from the one who gets it."""
    return (_("Paid back"), "ok") if paid else (_("To be paid back"), "info")


def advice_back_table(rows: Iterable[BackLine], *, with_contract: bool = False) -> Table:
    """What the buyer pays back of claims one has met."""
    return Table(
        _("Refunds"),
        (
            Column(_("Refund"), "main"),
            Column(_("Clause")),
            Column(_("Approved"), "date"),
            Column(_("State")),
            Column(_("Amount"), "num"),
            Column(_("Paid back on"), "date"),
        ),
        tuple(_back_row(row, with_contract=with_contract) for row in rows),
        _("Nothing goes back to the vendor"),
    )


def _back_row(row: BackLine, *, with_contract: bool) -> Row:
    word, tone = back_state(row.paid_on is not None)
    return Row(
        (
            Cell(row.title, sub=f"{row.number} · {row.contract}" if with_contract else row.number),
            Cell(clause=row.clause),
            Cell(row.approved_on.isoformat()),
            Cell(word, chip=True, tone=tone),
            Cell(amount=row.amount, currency=row.currency),
            Cell(row.paid_on.isoformat() if row.paid_on else "", sub=row.bank_reference),
        )
    )
