"""Addresses of service levels and incidents, included by web.urls into its namespace."""

from django.urls import path

from web.views import incident_acts, incidents, sla

CONTRACT = "contracts/<int:contract_id>/"
INCIDENT = "incidents/<int:incident_id>/"
urlpatterns = [
    path("sla/", sla.contract_list, name="sla"),
    path(f"{CONTRACT}sla/", sla.contract_grid, name="contract_sla"),
    path(f"{CONTRACT}sla/figures/new/", sla.figure_enter, name="figure_enter"),
    path(f"{CONTRACT}sla/<slug:month>/", sla.month, name="sla_month"),
    path("incidents/", incidents.incidents, name="incidents"),
    path(f"{CONTRACT}incidents/", incidents.contract_incidents, name="contract_incidents"),
    path(f"{CONTRACT}incidents/new/", incidents.incident_register, name="incident_register"),
    path(INCIDENT, incidents.incident, name="incident"),
    path(f"{INCIDENT}moments/", incident_acts.moments_enter, name="moments_enter"),
    path(f"{INCIDENT}findings/<slug:name>/", incident_acts.finding_enter, name="finding_enter"),
    path(f"{INCIDENT}confirm/", incident_acts.findings_confirm, name="findings_confirm"),
    path(f"{INCIDENT}cause/", incident_acts.cause_enter, name="cause_enter"),
    path(f"{INCIDENT}spells/new/", incident_acts.spell_enter, name="spell_enter"),
    path(f"{INCIDENT}spells/<int:spell_id>/", incident_acts.spell_change, name="spell_change"),
    path(f"{INCIDENT}exclusions/new/", incident_acts.exclusion_enter, name="exclusion_enter"),
    path(f"{INCIDENT}withdraw/", incident_acts.incident_withdraw, name="incident_withdraw"),
    path("exclusions/<int:exclusion_id>/papers/", incident_acts.paper_enter, name="paper_enter"),
    path("exclusions/<int:exclusion_id>/decide/", incident_acts.exclusion_judge, name="exclusion_judge"),
]
