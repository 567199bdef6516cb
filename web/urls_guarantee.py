"""Addresses of securities, included by web.urls into its namespace."""

from django.urls import path

from web.views import guarantee, guarantee_claims

CLAIM = "securities/claims/<int:claim_id>/"
urlpatterns = [
    path("securities/", guarantee.securities, name="securities"),
    path("contracts/<int:contract_id>/securities/", guarantee.contract_securities, name="contract_securities"),
    path("contracts/<int:contract_id>/securities/<slug:code>/", guarantee.security, name="security"),
    path("contracts/<int:contract_id>/securities/<slug:code>/late/", guarantee.security_fees, name="security_fees"),
    path("contracts/<int:contract_id>/securities/<slug:code>/new/", guarantee.instrument_add, name="instrument_add"),
    path("securities/<int:instrument_id>/decide/", guarantee.instrument_decide, name="instrument_decide"),
    path("securities/<int:instrument_id>/change/<slug:kind>/", guarantee.security_change, name="security_change"),
    path("securities/orders/<int:order_id>/decide/", guarantee.security_order_decide, name="security_order_decide"),
    path("securities/<int:instrument_id>/claim/", guarantee_claims.security_claim_add, name="security_claim_add"),
    path(CLAIM, guarantee_claims.security_claim, name="security_claim"),
    path(f"{CLAIM}decide/", guarantee_claims.security_claim_decide, name="security_claim_decide"),
    path(f"{CLAIM}deliver/", guarantee_claims.security_claim_deliver, name="security_claim_deliver"),
    path(f"{CLAIM}answer/", guarantee_claims.security_claim_answer, name="security_claim_answer"),
    path(f"{CLAIM}close/", guarantee_claims.security_claim_close, name="security_claim_close"),
]
