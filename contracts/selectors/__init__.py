"""Reads of contracts. Rows come through a viewer; engine values (definition, calendars, facts) are for services."""

from contracts.selectors.calendars import calendar_get, calendar_years, calendars_for, coverage_end
from contracts.selectors.contracts import (
    clause_coverage,
    clauses_search,
    contract_by_id,
    contract_get,
    contracts_list,
    line_items,
    systems_list,
    today_for,
    version_get,
    versions_list,
)
from contracts.selectors.definitions import active_version, definition_for
from contracts.selectors.facts import (
    RecordableFact,
    evidence_get,
    evidence_list,
    fact_get,
    fact_store,
    fact_titles,
    facts_list,
    facts_waiting,
    file_get,
    recordable_events,
    recordable_kinds,
)
from contracts.selectors.readings import reading_choice_get, reading_choices, readings_chosen

__all__ = [
    "RecordableFact",
    "active_version",
    "calendar_get",
    "calendar_years",
    "calendars_for",
    "clause_coverage",
    "clauses_search",
    "contract_by_id",
    "contract_get",
    "contracts_list",
    "coverage_end",
    "definition_for",
    "evidence_get",
    "evidence_list",
    "fact_get",
    "fact_store",
    "fact_titles",
    "facts_list",
    "facts_waiting",
    "file_get",
    "line_items",
    "reading_choice_get",
    "reading_choices",
    "readings_chosen",
    "recordable_events",
    "recordable_kinds",
    "systems_list",
    "today_for",
    "version_get",
    "versions_list",
]
