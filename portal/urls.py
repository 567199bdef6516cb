"""Addresses of the other party's door."""

from django.urls import path

from portal.views import contracts, documents, guarantee, incidents, invoices, obligations, penalties

app_name = "portal"
CONTRACT = "contracts/<int:contract_id>/"
OBLIGATION = "obligations/<int:obligation_id>/"
urlpatterns = [
    path("", contracts.home, name="home"),
    path("contracts/", contracts.contract_list, name="contracts"),
    path(CONTRACT, contracts.contract, name="contract"),
    path(f"{CONTRACT}obligations/", contracts.contract_obligation_list, name="contract_obligations"),
    path(f"{CONTRACT}clauses/", contracts.clauses, name="clauses"),
    path(OBLIGATION, obligations.obligation, name="obligation"),
    path(f"{OBLIGATION}submit/", obligations.submit, name="submit"),
    path(f"{OBLIGATION}acknowledge/", obligations.acknowledge, name="acknowledge"),
    path(f"{OBLIGATION}hand-over/", obligations.hand_over, name="hand_over"),
    path("files/<int:file_id>/", obligations.evidence_file, name="evidence_file"),
    path("documents/", documents.documents, name="documents"),
    path("documents/<int:document_id>/pdf/", documents.document_pdf, name="document_pdf"),
    path("securities/", guarantee.securities, name="securities"),
    path(f"{CONTRACT}securities/<slug:code>/", guarantee.security, name="security"),
    path(f"{CONTRACT}securities/<slug:code>/new/", guarantee.instrument_add, name="instrument_add"),
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<int:incident_id>/", incidents.incident, name="incident"),
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/<int:invoice_id>/file/", invoices.invoice_file, name="invoice_file"),
    path("milestones/<int:milestone_id>/invoices/new/", invoices.invoice_add, name="invoice_add"),
    path("milestones/<int:milestone_id>/advice/", invoices.payment_advice, name="payment_advice"),
    path("penalties/", penalties.penalties, name="penalties"),
    path("penalties/<int:case_id>/", penalties.penalty, name="penalty"),
    path("penalties/<int:case_id>/object/", penalties.object_to, name="penalty_object"),
    path("penalties/<int:case_id>/retract/", penalties.retract, name="penalty_retract"),
    path("penalties/<int:case_id>/accept/", penalties.accept, name="penalty_accept"),
    path("penalties/<int:case_id>/statement/", penalties.statement, name="penalty_statement"),
    path("penalties/<int:case_id>/opinion/", penalties.opinion, name="penalty_opinion"),
]
