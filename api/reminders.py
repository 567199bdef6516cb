"""Reminders: what was sent to whom about which obligation, and what waits to be sent."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import PAGE, DoorView, described, page_answer
from api.parameters import CURSOR, Parameter, cursor_position
from obligations.selectors.reminders import reminders_list

STATES = ("waiting", "claimed", "sent", "failed", "superseded")
FILTERS = (
    Parameter("obligation", "number", "Only this obligation, by its id."),
    Parameter("state", "choice", "Only reminders in this state.", STATES),
    CURSOR,
)


class ReminderSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    obligation_id = serializers.IntegerField()
    obligation_ref = serializers.CharField(source="obligation.ref", allow_blank=True)
    obligation_title = serializers.CharField(source="obligation.title")
    contract_id = serializers.IntegerField(source="obligation.contract_id")
    due_number = serializers.IntegerField(help_text="Number of the due version it belongs to.")
    step = serializers.CharField(help_text="The step of the reminder policy.")
    recipient = serializers.CharField(source="recipient.display_name")
    state = serializers.ChoiceField(STATES)
    send_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)


class ReminderList(DoorView):
    token_scope: ClassVar[str] = "reminders"
    parameters = FILTERS

    @described("reminders_list", "Reminders, newest first", ReminderSerializer, parameters, paged=True)
    def get(self, request: Request) -> Response:
        given = self.given(request)
        rows = reminders_list(viewer=self.viewer(request))
        if "obligation" in given:
            rows = rows.filter(obligation_id=given["obligation"])
        if "state" in given:
            rows = rows.filter(state=given["state"])
        before = cursor_position(given.get("cursor", ""), int)
        if before is not None:
            rows = rows.filter(pk__lt=before)
        found = list(rows[: PAGE + 1])
        position = found[PAGE - 1].pk if len(found) > PAGE else None
        return page_answer(request, ReminderSerializer, found[:PAGE], position)


class ReminderDetail(DoorView):
    token_scope: ClassVar[str] = "reminders"

    @described("reminder_get", "One reminder", ReminderSerializer)
    def get(self, request: Request, reminder_id: int) -> Response:
        self.given(request)
        found = reminders_list(viewer=self.viewer(request)).filter(pk=reminder_id).first()
        if found is None:
            raise Http404
        return Response(ReminderSerializer(found).data)
