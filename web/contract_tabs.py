"""The sections of a contract, in the order of its page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import allows
from accounts.scoping import request_viewer
from contracts.asof import page_date
from web.components import Tab


def contract_tabs(request: HttpRequest, contract: Any) -> tuple[Tab, ...]:
    """Tabs of one contract; the current one is found from the address, the page's date is kept on the links."""
    viewer = request_viewer(request)
    query = page_date(request).query
    rows = [
        ("web:contract", _("Overview"), "contract.read"),
        ("web:contract_obligations", _("Obligations"), "obligation.read"),
        ("web:contract_year", _("Year"), "obligation.read"),
        ("web:contract_events", _("Facts"), "fact.read"),
        ("web:contract_payments", _("Payments"), "payment.read"),
        ("web:contract_settlement", _("Deductions"), "payment.read"),
        ("web:contract_securities", _("Security"), "security.staff.read"),
        ("web:contract_documents", _("Documents"), "document.read"),
        ("web:contract_sla", _("SLA"), "sla.read"),
        ("web:contract_incidents", _("Incidents"), "sla.read"),
        ("web:contract_lines", _("Line items"), "contract.read"),
        ("web:quantities", _("Quantities"), "allocation.read"),
        ("web:allocation", _("Allocation"), "allocation.read"),
        ("web:contract_service", _("Service levels"), "contract.read"),
        ("web:contract_docket", _("Docket"), "penalty.read"),
        ("web:contract_penalties", _("Penalty tables"), "contract.internal.read"),
        ("web:contract_clauses", _("Clauses"), "contract.read"),
        ("web:contract_readings", _("Readings"), "contract.internal.read"),
        ("web:contract_versions", _("Versions"), "contract.internal.read"),
    ]
    tabs = []
    for route, label, action in rows:
        if allows(viewer, action):
            url = reverse(route, args=[contract.pk])
            own = request.path == url or (route == "web:contract_securities" and request.path.startswith(url))
            tabs.append(Tab(label, url + query, own))
    return tuple(tabs)
