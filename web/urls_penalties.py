"""Addresses of the docket and the pre-trial sheet, included by web.urls into its namespace."""

from django.urls import path

from web.views import penalties, penalty_acts, penalty_money, penalty_sheet

CASE = "penalties/<int:case_id>/"
CONTRACT = "contracts/<int:contract_id>/"

urlpatterns = [
    path("penalties/", penalties.docket, name="penalties"),
    path(f"{CONTRACT}docket/", penalties.contract_docket, name="contract_docket"),
    path(f"{CONTRACT}docket/look/", penalties.look, name="penalty_look"),
    path(f"{CONTRACT}sheet/", penalty_sheet.sheet, name="penalty_sheet"),
    path(f"{CONTRACT}sheet/<slug:name>/", penalty_sheet.imagine, name="penalty_imagine"),
    path(f"{CONTRACT}adopt/", penalty_sheet.adopt, name="penalty_adopt"),
    path(CASE, penalties.case, name="penalty"),
    path(f"{CASE}dispute/", penalties.dispute, name="penalty_dispute"),
    path(f"{CASE}finding/", penalty_acts.finding, name="penalty_finding"),
    path(f"{CASE}establish/", penalty_acts.establish, name="penalty_establish"),
    path(f"{CASE}propose/", penalty_acts.propose, name="penalty_propose"),
    path(f"{CASE}cancel/", penalty_acts.cancel, name="penalty_cancel"),
    path(f"{CASE}approve/", penalty_acts.approve, name="penalty_approve"),
    path(f"{CASE}notify/", penalty_acts.notify, name="penalty_notify"),
    path(f"{CASE}delivery/", penalty_acts.delivery, name="penalty_delivery"),
    path(f"{CASE}statement/", penalty_acts.statement, name="penalty_statement"),
    path(f"{CASE}minutes/", penalty_acts.minutes, name="penalty_minutes"),
    path(f"{CASE}decide/", penalty_acts.decide, name="penalty_decide"),
    path(f"{CASE}agree/", penalty_acts.agree, name="penalty_agree"),
    path(f"{CASE}waive/", penalty_acts.waive, name="penalty_waive"),
    path(f"{CASE}freeze/", penalty_money.freeze, name="penalty_freeze"),
    path(f"{CASE}settle/", penalty_money.settle, name="penalty_settle"),
    path(f"{CASE}close/", penalty_money.close, name="penalty_close"),
    path(f"{CASE}adjust/", penalty_money.adjust, name="penalty_adjust"),
    path("settlements/<int:settlement_id>/decide/", penalty_money.settlement_decide, name="settlement_decide"),
    path("adjustments/<int:adjustment_id>/decide/", penalty_money.adjustment_decide, name="adjustment_decide"),
]
