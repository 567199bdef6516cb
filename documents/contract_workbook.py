"""One contract's money as a workbook: milestones, invoices, payments, priced rows, quantities, allocation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from accounts.policy import require
from accounts.scoping import Viewer
from billing import selectors
from billing.models import Invoice
from billing.selectors.allocation import AllocationPage, allocation_page
from billing.selectors.quantities import uses_on
from billing.tables import FIRST_SYSTEM, LEFT_HEAD, SHARES_SHEET, USED_HEAD, USES_SHEET
from billing.terms import masked
from contracts.models import Contract
from contracts.selectors import line_items
from definitions.line_table import HEADS
from definitions.line_table import SHEET as LINES_SHEET
from documents.excel import Column, Formula, Sheet, sheets_workbook

MOST = 10_000


def milestones_sheet(rows: tuple[selectors.MilestoneRow, ...], *, due: str = "") -> Sheet:
    """Milestones with what is invoiced, paid and outstanding; `due` says more of that column. Totals where the rows
    are of one currency."""
    total = len({row.contract.currency for row in rows}) == 1
    columns = (
        Column(_("Contract"), width=20), Column(_("Milestone"), width=28), Column(_("Clause")),
        Column(due or _("Due"), "date"), Column(_("State"), width=18), Column(_("Amount"), "money", 18, total=total),
        Column(_("Invoiced"), "money", 18, total=total), Column(_("Paid"), "money", 18, total=total),
        Column(_("Outstanding"), "money", 18, total=total),
    )  # fmt: skip
    body = [
        (
            row.contract.number, row.milestone.title, row.milestone.clause, row.due_on, row.gate.state_text,
            row.milestone.amount, row.milestone.invoiced, row.gate.gate.paid, row.gate.gate.outstanding,
        )
        for row in rows
    ]  # fmt: skip
    return Sheet(_("Milestones"), columns, body, frozen=2)


def _invoices(contract: Contract, viewer: Viewer) -> Iterator[Invoice]:
    before: int | None = None
    while True:
        page = selectors.invoices_list(viewer=viewer, contract=contract, before=before)
        yield from page.rows
        if not page.older:
            return
        before = int(page.older)


def invoices_sheet(contract: Contract, *, viewer: Viewer) -> Sheet:
    """Every invoice handed in, rejected ones included."""
    columns = (
        Column(_("Contract"), width=20), Column(_("Invoice number"), width=26), Column(_("Milestone"), width=28),
        Column(_("Date of the invoice"), "date"), Column(_("Amount including tax"), "money", 18),
        Column(_("State")), Column(_("Handed in by"), width=18), Column(_("Checked by"), width=18),
        Column(_("Note"), width=40),
    )  # fmt: skip
    body = [
        (
            contract.number, row.number, row.milestone.title, row.issued_on, row.amount, row.get_state_display(),
            str(row.submitted_by), str(row.checked_by or ""), row.check_note,
        )
        for row in _invoices(contract, viewer)
    ]  # fmt: skip
    return Sheet(_("Invoices"), columns, body, frozen=2)


def payments_sheet(contract: Contract, *, viewer: Viewer) -> Sheet:
    """Posted transfers and their counter-entries, which are negative: the total is what was paid."""
    columns = (
        Column(_("Contract"), width=20), Column(_("Bank reference"), width=26), Column(_("Milestone"), width=28),
        Column(_("Application number"), width=26), Column(_("Paid on"), "date"),
        Column(_("Amount"), "money", 18, total=True), Column(_("Payee"), width=28), Column(_("Bank"), width=28),
        Column(_("Account"), width=14), Column(_("Reverses"), width=26),
    )  # fmt: skip
    body = []
    for row in selectors.payments_list(viewer=viewer, contract=contract, limit=MOST):
        source = row.application or (row.reverses.application if row.reverses else None)
        assert source is not None  # payment_or_counter_entry
        body.append(
            (
                contract.number, row.bank_reference, source.milestone.title, source.number, row.paid_on, row.amount,
                source.payee_name, source.payee_bank, masked(source.payee_account),
                row.reverses.bank_reference if row.reverses else "",
            )
        )  # fmt: skip
    return Sheet(_("Bank transfers"), columns, body, frozen=2)


def lines_sheet(contract: Contract, *, viewer: Viewer) -> Sheet:
    """The priced rows, to be changed and loaded back; blank cells of a bundle stay blank."""
    columns = (
        Column(str(HEADS["contract"]), width=20), Column(str(HEADS["number"]), "number", 8),
        Column(str(HEADS["title"]), width=44), Column(str(HEADS["group"]), width=16),
        Column(str(HEADS["unit_price"]), "quantity", 16), Column(str(HEADS["quantity"]), "quantity", 14),
        Column(str(HEADS["amount"]), "money", 18, total=True), Column(str(HEADS["bundle"]), width=14),
    )  # fmt: skip
    body = [
        (contract.number, row.number, row.title, row.group, row.unit_price, row.quantity, row.amount, row.bundle)
        for row in line_items(viewer=viewer, contract=contract)
    ]
    return Sheet(str(LINES_SHEET), columns, body, frozen=3)


def uses_sheet(contract: Contract, *, viewer: Viewer, on: date) -> Sheet:
    """What each system uses of each row on a day: a column per system, to be filled in and loaded back."""
    systems, rows = uses_on(contract, viewer=viewer, on=on)
    columns = (
        Column(_("Contract"), width=20), Column(_("No."), "number", 8), Column(_("Item"), width=40),
        Column(_("Contract quantity"), "quantity", 12),
        *(Column(f"{one.code} {one.title}", "quantity", 14, fill_in=True) for one in systems),
        Column(str(USED_HEAD), "quantity", 12), Column(str(LEFT_HEAD), "quantity", 12),
    )  # fmt: skip
    first, last = get_column_letter(FIRST_SYSTEM + 1), get_column_letter(FIRST_SYSTEM + len(systems))
    used = get_column_letter(FIRST_SYSTEM + len(systems) + 1)
    body = []
    for number, row in enumerate(rows, start=2):
        listed = row.line.quantity is not None
        body.append(
            (
                contract.number, row.line.number, row.line.title, row.line.quantity,
                *(row.by_system.get(one.pk) for one in systems),
                Formula(f"=SUM({first}{number}:{last}{number})"),
                Formula(f"=D{number}-{used}{number}") if listed else None,
            )
        )  # fmt: skip
    return Sheet(str(USES_SHEET), columns, body, frozen=FIRST_SYSTEM)


def shares_sheet(page: AllocationPage) -> Sheet:
    """The allocation in force (else in equal parts), to be changed and loaded back, with the share of each system."""
    option = page.in_force or next((each for each in page.options if each.key == "equal"), None)
    option = option or next(iter(page.options), None)
    columns = (
        Column(_("Contract"), width=20), Column(_("System"), width=10), Column(_("Name"), width=40),
        Column(_("Amount"), "money", 18, total=True, fill_in=True), Column(_("Per month"), "money", 18),
    )  # fmt: skip
    body = [
        (
            page.contract.number, part.system.code, part.system.title, part.amount,
            Formula(f"=D{number}/{page.months}") if page.months else None,
        )
        for number, part in enumerate(option.parts if option else (), start=2)
    ]  # fmt: skip
    return Sheet(str(SHARES_SHEET), columns, body, frozen=3)


def methods_sheet(page: AllocationPage) -> Sheet:
    """The methods beside each other."""
    columns = (
        Column(_("System"), width=10), Column(_("Name"), width=40),
        *(Column(option.title, "money", 20, total=True) for option in page.options),
    )  # fmt: skip
    body: list[tuple[str | Decimal, ...]] = [
        (one.code, one.title, *(option.amounts[index] for option in page.options))
        for index, one in enumerate(page.systems)
    ]
    return Sheet(_("Methods"), columns, body, frozen=2)


def contract_workbook(contract: Contract, *, viewer: Viewer, on: date) -> bytes:
    """The whole workbook of a contract as of a day. Raises PolicyError for those who may not read its payments."""
    require(viewer, "payment.read", contract)
    page = allocation_page(contract, viewer=viewer, on=on)
    sheets = [
        milestones_sheet(selectors.milestones_list(viewer=viewer, as_of=on, contract=contract, limit=MOST).rows),
        invoices_sheet(contract, viewer=viewer),
        payments_sheet(contract, viewer=viewer),
        lines_sheet(contract, viewer=viewer),
        uses_sheet(contract, viewer=viewer, on=on),
        shares_sheet(page),
    ]
    if page.options:
        sheets.append(methods_sheet(page))
    return sheets_workbook(sheets)
