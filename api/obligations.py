"""Obligations with their due dates and how these come about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.helpers import lazy_serializer
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import DoorView, described, page_answer
from api.parameters import AS_OF, CURSOR, KNOWN_ON, Parameter, cursor_position
from contracts.selectors import today_for
from engine.derivation import Step
from engine.messages import render
from obligations.selectors import obligation_get, obligation_object
from obligations.selectors.records import obligation_records

STATES = ("open", "submitted", "done", "waived", "standing", "closed")
KINDS = ("contractual", "internal", "external")
OBLIGORS = ("buyer", "vendor", "both", "third")
FILTERS = (
    Parameter("contract", "number", "Only this contract, by its id."),
    Parameter("state", "choice", "Only obligations in this state.", STATES),
    Parameter("kind", "choice", "Contractual deadlines, internal targets or a third party's dates.", KINDS),
    Parameter("obligor", "choice", "Who owes it.", OBLIGORS),
    Parameter("due_from", "date", "Due on this day or later."),
    Parameter("due_until", "date", "Due on this day or earlier."),
    CURSOR,
)


class MissingSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="Name of the fact, as in the definition: event.acceptance_signed.")
    title = serializers.CharField(allow_blank=True)


class ObligationSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    contract_id = serializers.IntegerField()
    contract_number = serializers.CharField()
    ref = serializers.CharField(allow_blank=True)
    duty = serializers.CharField(help_text="Name of the duty in the contract's definition.")
    key = serializers.DictField(child=serializers.CharField(), help_text="The period or item of a repeated duty.")
    title = serializers.CharField()
    clause = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    tracking = serializers.ChoiceField(("once", "recurring", "event", "standing"))
    category = serializers.CharField(allow_blank=True)
    group = serializers.CharField(allow_blank=True)
    obligor = serializers.ChoiceField(OBLIGORS)
    obligor_name = serializers.CharField(allow_blank=True)
    obligee = serializers.CharField(allow_blank=True)
    amount = serializers.DecimalField(max_digits=18, decimal_places=2, allow_null=True)
    currency = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    status = serializers.CharField(
        help_text="How it stands on the day: pending, waiting, provisional, open, due_today, late, target_missed, "
        "in_review, met, met_late, waived, closed, standing or not_applicable."
    )
    days_left = serializers.IntegerField(allow_null=True, help_text="Days to the due day; negative once it has passed.")
    delay_days = serializers.IntegerField(help_text="Days late, counted from the day after the due day; 0 if not late.")
    done_on = serializers.DateField(allow_null=True)
    due_state = serializers.ChoiceField(("known", "provisional", "pending", "never"))
    due_on = serializers.DateField(allow_null=True, help_text="The last day; an estimate while due_state=provisional.")
    due_at = serializers.DateTimeField(allow_null=True, help_text="End of that day, or the due instant.")
    safe_on = serializers.DateField(allow_null=True, help_text="The day that is in time under every reading.")
    gate_open = serializers.BooleanField(help_text="False while a condition (an invoice, say) is not met.")
    missing = MissingSerializer(many=True, help_text="What a pending date waits for.")


class StepSerializer(serializers.Serializer[Any]):
    text = serializers.SerializerMethodField(help_text="The step as a sentence, in the language asked for.")
    message = serializers.CharField(help_text="The step's message id.")
    params = serializers.DictField(help_text="The step's parameters.")
    children = serializers.SerializerMethodField(help_text="The steps it rests on.")

    def get_text(self, step: Step) -> str:
        return render(step, _)

    @extend_schema_field(lazy_serializer("api.obligations.StepSerializer")(many=True))
    def get_children(self, step: Step) -> list[Any]:
        return [StepSerializer(child).data for child in step.children]


class DueVersionSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    state = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    safe_on = serializers.DateField(allow_null=True)
    estimate_on = serializers.DateField(allow_null=True)
    as_of = serializers.DateField()
    recorded_at = serializers.DateTimeField()
    cause = serializers.CharField(allow_blank=True, help_text="What moved the date; empty outside the buyer's party.")


class ObligationDetailSerializer(ObligationSerializer):
    trigger = serializers.CharField(allow_blank=True)
    deadline_text = serializers.CharField(allow_blank=True)
    evidence = serializers.CharField(allow_blank=True, help_text="What proves that it was done.")
    consequence = serializers.CharField(allow_blank=True)
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Why the status is what it is.")
    sentences = serializers.ListField(child=serializers.CharField(), help_text="How the due date comes about.")
    derivation = StepSerializer(many=True)
    due_versions = DueVersionSerializer(many=True)


class ObligationList(DoorView):
    token_scope: ClassVar[str] = "obligations"
    parameters = FILTERS

    @described("obligations_list", "Obligations, oldest record first", ObligationSerializer, parameters, paged=True)
    def get(self, request: Request) -> Response:
        given = self.given(request)
        rows, position = obligation_records(
            viewer=self.viewer(request),
            contract_id=given.get("contract"),
            state=given.get("state", ""),
            kind=given.get("kind", ""),
            obligor=given.get("obligor", ""),
            due_from=given.get("due_from"),
            due_until=given.get("due_until"),
            after_id=cursor_position(given.get("cursor", ""), int) or 0,
        )
        return page_answer(request, ObligationSerializer, rows, position)


class ObligationDetail(DoorView):
    token_scope: ClassVar[str] = "obligations"
    parameters = (AS_OF, KNOWN_ON)

    @described(
        "obligation_get",
        "One obligation: its due date, how it comes about, and every date it had",
        ObligationDetailSerializer,
        parameters,
    )
    def get(self, request: Request, obligation_id: int) -> Response:
        given, viewer = self.given(request), self.viewer(request)
        today = today_for(obligation_object(obligation_id, viewer=viewer).contract)
        as_of = given.get("as_of", today)
        found = obligation_get(obligation_id, viewer=viewer, as_of=as_of, known_on=given.get("known_on"))
        inside = viewer.kind == "buyer"
        versions = found.versions if inside else tuple(replace(one, cause="") for one in found.versions)
        data = dict(ObligationSerializer(found.row).data)
        data |= {
            "trigger": found.text.trigger,
            "deadline_text": found.text.deadline_text,
            "evidence": found.text.evidence,
            "consequence": found.text.consequence,
            "reasons": found.reason_sentences,
            "sentences": found.sentences,
            "derivation": StepSerializer(found.steps, many=True).data,
            "due_versions": DueVersionSerializer(versions, many=True).data,
        }
        return Response(data)
