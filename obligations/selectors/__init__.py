"""Reads of obligations: frozen rows through a viewer, as of a day and as known on one."""

from obligations.selectors.details import (
    ObligationDetail,
    obligation_get,
    obligation_object,
    open_submission,
    possible_keepers,
    submission_get,
)
from obligations.selectors.filters import Filters
from obligations.selectors.inbox import TABS, Group, Inbox, grouped, inbox_badge
from obligations.selectors.keyset import Page
from obligations.selectors.lists import (
    contract_obligations,
    due_between,
    obligations_export,
    obligations_search,
    upcoming,
)
from obligations.selectors.overview import (
    ClauseRow,
    ContractFigures,
    Overview,
    YearLanes,
    clause_coverage,
    contract_figures,
    overview,
    year_lanes,
)
from obligations.selectors.rows import MissingFact, ObligationRow
from obligations.selectors.strip import DayCount, DayRow, StripDay, StripRows, day_counts

__all__ = [
    "TABS",
    "ClauseRow",
    "ContractFigures",
    "DayCount",
    "DayRow",
    "Filters",
    "Group",
    "Inbox",
    "MissingFact",
    "ObligationDetail",
    "ObligationRow",
    "Overview",
    "Page",
    "StripDay",
    "StripRows",
    "YearLanes",
    "clause_coverage",
    "contract_figures",
    "contract_obligations",
    "day_counts",
    "due_between",
    "grouped",
    "inbox_badge",
    "obligation_get",
    "obligation_object",
    "obligations_export",
    "obligations_search",
    "open_submission",
    "overview",
    "possible_keepers",
    "submission_get",
    "upcoming",
    "year_lanes",
]
