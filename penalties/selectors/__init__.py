"""Reads of the docket. Rows come through a viewer; nothing here writes."""

from penalties.selectors.cases import (
    CasePage,
    DocketPage,
    adjustment_get,
    case_get,
    case_page,
    cases_of,
    docket_list,
    instalments_of,
    notice_methods,
    settlement_get,
)
from penalties.selectors.queue import QueuedCase, QueuePage, docket_queue
from penalties.selectors.sheet import Counterpart, Sheet, SheetOutcome, sheet_for

__all__ = [
    "CasePage",
    "Counterpart",
    "DocketPage",
    "QueuePage",
    "QueuedCase",
    "Sheet",
    "SheetOutcome",
    "adjustment_get",
    "case_get",
    "case_page",
    "cases_of",
    "docket_list",
    "docket_queue",
    "instalments_of",
    "notice_methods",
    "settlement_get",
    "sheet_for",
]
