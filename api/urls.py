"""Addresses of the machines' door."""

from django.urls import path

from api import contracts, milestones, obligations, penalties, reminders, root

app_name = "api"
urlpatterns = [
    path("", root.Root.as_view(), name="root"),
    path("schema/", root.Schema.as_view(), name="schema"),
    path("docs/", root.Docs.as_view(), name="docs"),
    path("contracts/", contracts.ContractList.as_view(), name="contracts"),
    path("contracts/<int:contract_id>/", contracts.ContractDetail.as_view(), name="contract"),
    path("contracts/<int:contract_id>/lines/", contracts.LineItemList.as_view(), name="lines"),
    path("contracts/<int:contract_id>/lines/<int:line_number>/", contracts.LineItemDetail.as_view(), name="line"),
    path("obligations/", obligations.ObligationList.as_view(), name="obligations"),
    path("obligations/<int:obligation_id>/", obligations.ObligationDetail.as_view(), name="obligation"),
    path("reminders/", reminders.ReminderList.as_view(), name="reminders"),
    path("reminders/<int:reminder_id>/", reminders.ReminderDetail.as_view(), name="reminder"),
    path("milestones/", milestones.MilestoneList.as_view(), name="milestones"),
    path("milestones/<int:milestone_id>/", milestones.MilestoneDetail.as_view(), name="milestone"),
    path("penalties/", penalties.PenaltyList.as_view(), name="penalties"),
    path("penalties/<int:case_id>/", penalties.PenaltyDetail.as_view(), name="penalty"),
]
