"""Reading service levels: scoped, as of a day, by what was known then, in a fixed number of statements."""

from sla.selectors.incidents import (
    ExclusionRow,
    IncidentPage,
    IncidentView,
    LimitRow,
    Task,
    causes_list,
    exclusion_get,
    incident_by_code,
    incident_get,
    incident_spells,
    incident_view,
    incidents_list,
    spell_get,
)
from sla.selectors.month import Event, MonthPage, SystemMonth, month_for, month_page
from sla.selectors.overview import Overview, OverviewRow, overview, service_contracts

__all__ = [
    "Event",
    "ExclusionRow",
    "IncidentPage",
    "IncidentView",
    "LimitRow",
    "MonthPage",
    "Overview",
    "OverviewRow",
    "SystemMonth",
    "Task",
    "causes_list",
    "exclusion_get",
    "incident_by_code",
    "incident_get",
    "incident_spells",
    "incident_view",
    "incidents_list",
    "month_for",
    "month_page",
    "overview",
    "service_contracts",
    "spell_get",
]
