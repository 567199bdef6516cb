"""Milestones, invoices, applications and documents as the shared tables and lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import allows
from accounts.scoping import Viewer
from billing.selectors import ContractMoney, GateView, MilestonePage, MilestoneRow
from billing.sentences_invoice import check_text, subject_text
from billing.terms import masked
from web.components import Cell, Column, Condition, ProcessStep, Row, Table, Tone, WaterfallLine
from web.templatetags.ui import money_text

TONES: dict[str, Tone] = {
    "not_met": "",
    "waiting_invoice": "warn",
    "payable": "info",
    "applied": "info",
    "approved": "info",
    "paid": "ok",
    "settled": "ok",
}
SIDE_TONES: dict[str, Tone] = {
    "hold_notified": "warn",
    "hold_not_notified": "warn",
    "pay_at_once": "warn",
    "disputed_day": "warn",
    "overdue": "bad",
}
INVOICE_TONES: dict[str, Tone] = {"received": "info", "checked": "ok", "rejected": "warn"}
APPLICATION_TONES: dict[str, Tone] = {
    "applied": "info",
    "approved": "info",
    "rejected": "warn",
    "paid": "ok",
    "reversed": "warn",
}
ORDER = ("not_met", "waiting_invoice", "payable", "applied", "approved", "paid", "settled")


def conditions(view: GateView) -> tuple[Condition, ...]:
    """The gate as a checklist; under each open condition who does what next."""
    return tuple(
        Condition(line.text, line.state, line.next_step, line.clause)  # type: ignore[arg-type]
        for line in view.lines
    )


def steps(found: MilestonePage) -> tuple[ProcessStep, ...]:
    """The way of a payment, from the condition to the transfer."""
    words = {
        "not_met": _("Condition"),
        "waiting_invoice": _("Invoice"),
        "payable": _("Application"),
        "applied": _("Approval"),
        "approved": _("Transfer"),
    }
    at = ORDER.index(found.gate.state)
    return tuple(
        ProcessStep(word, "done" if position < at else "current" if position == at else "todo")
        for position, word in enumerate(words.values())
    )


def money_lines(money: ContractMoney) -> tuple[WaterfallLine, ...]:
    """Contract sum less what is paid."""
    return (
        WaterfallLine(_("Contract sum"), money.total),
        WaterfallLine(_("Paid"), -money.paid),
        WaterfallLine(_("Not paid yet"), money.outstanding, total=True),
    )


def _action(row: MilestoneRow, viewer: Viewer) -> Cell:
    """The one thing this reader can do now; otherwise a look."""
    page = reverse("web:milestone", args=[row.milestone.pk])
    state, application = row.gate.state, row.application
    if state == "payable" and allows(viewer, "payment.apply"):
        return Cell(_("Apply"), url=reverse("web:payment_apply", args=[row.milestone.pk]))
    if application is not None and state == "applied" and allows(viewer, "payment.approve"):
        return Cell(_("Decide"), url=reverse("web:payment_decide", args=[application.pk]))
    if application is not None and state == "approved" and allows(viewer, "payment.post"):
        return Cell(_("Enter payment"), url=reverse("web:payment_post", args=[application.pk]))
    return Cell(_("View"), url=page)


def _due(row: MilestoneRow) -> Cell:
    if row.due_on is None:
        return Cell("", sub="")
    gate = row.gate.gate
    if gate.overdue:
        return Cell(row.due_on.isoformat(), tone="bad", sub=_("%(days)s days overdue") % {"days": gate.overdue_days})
    return Cell(row.due_on.isoformat(), sub=_("estimate") if row.due_state == "provisional" else "")


def milestones_table(rows: Sequence[MilestoneRow], *, viewer: Viewer, query: str, with_contract: bool) -> Table:
    """Milestones with their gate; what blocks stands under the state."""
    return Table(
        _("Milestones"),
        (
            Column(_("Milestone"), "main"),
            Column(_("Clause")),
            Column(_("State")),
            Column(_("Due"), "date"),
            Column(_("Amount"), "num"),
            Column(_("Outstanding"), "num"),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(
                        row.milestone.title,
                        url=reverse("web:milestone", args=[row.milestone.pk]) + query,
                        sub=_below(row, with_contract=with_contract),
                    ),
                    Cell(clause=row.milestone.clause),
                    Cell(
                        row.gate.state_text,
                        chip=True,
                        tone=TONES[row.gate.state],
                        sub=" · ".join(words for side, words in row.gate.sides if side != "overdue"),
                    ),
                    _due(row),
                    Cell(money_text(row.milestone.amount, row.contract.currency)),
                    Cell(money_text(row.gate.gate.outstanding, row.contract.currency)),
                    _action(row, viewer),
                ),
                strong=row.gate.gate.overdue,
                faded=row.gate.state in {"paid", "settled"},
            )
            for row in rows
        ),
        _("No milestones yet"),
    )


def _below(row: MilestoneRow, *, with_contract: bool) -> str:
    """Under a milestone's title: its contract, and who must do what before it can be paid."""
    blocker = next((line.next_step for line in row.gate.lines if line.state != "met" and line.next_step), "")
    contract = f"{row.contract.number} {row.contract.title}" if with_contract else ""
    return " · ".join(text for text in (blocker, contract) if text)


def invoices_table(rows: Iterable[Any], *, viewer: Viewer, with_milestone: bool) -> Table:
    """Invoices; finance checks those that others handed in."""
    may, enter = allows(viewer, "invoice.check"), allows(viewer, "invoice.enter")
    return Table(
        _("Invoices"),
        (
            Column(_("Invoice number"), "main"),
            Column(_("Date"), "date"),
            Column(_("Amount"), "num"),
            Column(_("State")),
            Column(_("Handed in by")),
            Column(_("Checked by")),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(
                        row.number,
                        url=reverse("web:invoice_file", args=[row.pk]),
                        icon="download",
                        sub=" · ".join(
                            (*((row.contract.number, row.milestone.title) if with_milestone else ()), *_credit(row))
                        ),
                    ),
                    Cell(row.issued_on.isoformat()),
                    Cell(money_text(row.amount, row.contract.currency)),
                    Cell(str(row.get_state_display()), chip=True, tone=INVOICE_TONES[row.state]),
                    Cell(str(row.submitted_by)),
                    Cell(str(row.checked_by) if row.checked_by else "", sub=row.check_note),
                    Cell(_("Check"), url=reverse("web:invoice_check", args=[row.pk]))
                    if may and row.state == "received" and row.submitted_by_id != viewer.user_id
                    else Cell(_("Credit note"), url=reverse("web:credit_note_add", args=[row.pk]))
                    if enter and row.state == "checked" and row.original_id is None
                    else Cell(),
                ),
                faded=row.state == "rejected",
            )
            for row in rows
        ),
        _("No invoices yet"),
    )


def comparison_rows(checks: Iterable[Any]) -> list[tuple[str, str]]:
    """What an invoice says against what the contract expects, in words."""
    return [
        (
            subject_text(check.subject),
            " · ".join(text for text in (check.says, check_text(check.state), check.expected) if text),
        )
        for check in checks
    ]


def payee_table(rows: Iterable[Any], *, viewer: Viewer) -> Table:
    """Changes of the account to pay to; the manager decides those that wait."""
    may = allows(viewer, "payee.confirm")
    tones: dict[str, Tone] = {"proposed": "warn", "confirmed": "ok", "rejected": ""}
    return Table(
        _("Changes of the account to pay to"),
        (
            Column(_("Account holder"), "main"),
            Column(_("Account number")),
            Column(_("State")),
            Column(_("Proposed by")),
            Column(_("Decided by")),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(row.name, sub=row.bank),
                    Cell(masked(row.account)),
                    Cell(str(row.get_state_display()), chip=True, tone=tones[row.state]),
                    Cell(str(row.proposed_by), sub=row.reason),
                    Cell(str(row.decided_by) if row.decided_by else "", sub=row.decision_note),
                    Cell(_("Decide"), url=reverse("web:payee_decide", args=[row.pk]))
                    if may and row.state == "proposed" and row.proposed_by_id != viewer.user_id
                    else Cell(),
                ),
                faded=row.state == "rejected",
            )
            for row in rows
        ),
        _("The account is the contract's"),
    )


def _credit(row: Any) -> tuple[str, ...]:
    """Under a credit note's number: the invoice it is about."""
    return (_("credit note on %(number)s") % {"number": row.original.number},) if row.original_id else ()


def applications_table(rows: Iterable[Any], *, viewer: Viewer, papers: Mapping[int, Sequence[Any]]) -> Table:
    """Payment applications with the newest printed form."""
    return Table(
        _("Payment applications"),
        (
            Column(_("Application number"), "main"),
            Column(_("Amount"), "num"),
            Column(_("State")),
            Column(_("Applied for by")),
            Column(_("Decided by")),
            Column(_("Paid on"), "date"),
            Column(_("Form")),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(row.number, url=reverse("web:application", args=[row.pk])),
                    Cell(money_text(row.amount, row.contract.currency)),
                    Cell(str(row.get_state_display()), chip=True, tone=APPLICATION_TONES[row.state]),
                    Cell(str(row.applied_by)),
                    Cell(str(row.decided_by) if row.decided_by else "", sub=row.decision_note),
                    _paid(row),
                    _newest(papers.get(row.pk, ())),
                    Cell(_("View"), url=reverse("web:application", args=[row.pk])),
                ),
                faded=row.state == "rejected",
            )
            for row in rows
        ),
        _("No payment has been applied for"),
    )


def _paid(row: Any) -> Cell:
    if not hasattr(row, "payment"):
        return Cell()
    counter = getattr(row.payment, "reversed_by", None)
    sub = _("reversed on %(day)s") % {"day": counter.paid_on.isoformat()} if counter is not None else ""
    return Cell(row.payment.paid_on.isoformat(), sub=sub)


def _newest(papers: Sequence[Any]) -> Cell:
    if not papers:
        return Cell()
    return Cell("PDF", url=reverse("web:document_pdf", args=[papers[0].pk]))
