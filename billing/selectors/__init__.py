"""Reading money: scoped, at a given day, in a fixed number of queries."""

from billing.selectors.gates import GateView, lines_for, milestone_gate
from billing.selectors.lists import (
    InvoiceFilter,
    InvoicePage,
    MilestonePageRows,
    MilestoneRow,
    invoices_list,
    milestones_list,
    payments_list,
)
from billing.selectors.milestones import (
    ApplicationPage,
    ContractMoney,
    MilestonePage,
    application_page,
    contract_money,
    invoice_get,
    milestone_get,
    milestone_of_obligation,
    milestone_page,
    milestones_of,
)

__all__ = [
    "ApplicationPage",
    "ContractMoney",
    "GateView",
    "InvoiceFilter",
    "InvoicePage",
    "MilestonePage",
    "MilestonePageRows",
    "MilestoneRow",
    "application_page",
    "contract_money",
    "invoice_get",
    "invoices_list",
    "lines_for",
    "milestone_gate",
    "milestone_get",
    "milestone_of_obligation",
    "milestone_page",
    "milestones_list",
    "milestones_of",
    "payments_list",
]
