"""Milestones: what is to be paid, whether it can be paid, and what is missing."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Access
from accounts.scoping import Viewer
from api.base import DoorView, described, page_answer
from api.parameters import AS_OF, CURSOR, Parameter, cursor_position
from billing import selectors
from contracts.selectors import contract_by_id, today_for

STATES = ("not_met", "waiting_invoice", "payable", "applied", "approved", "paid", "settled")
FILTERS = (Parameter("contract", "number", "Only this contract, by its id."), AS_OF, CURSOR)


class ConditionSerializer(serializers.Serializer[Any]):
    subject = serializers.CharField()
    text = serializers.CharField()
    state = serializers.ChoiceField(("met", "waiting", "failed"))
    clause = serializers.CharField(allow_blank=True)
    next_step = serializers.CharField(allow_blank=True)


class MilestoneSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    contract_id = serializers.IntegerField()
    obligation_id = serializers.IntegerField(help_text="The obligation that carries the due date.")
    code = serializers.CharField()
    title = serializers.CharField()
    clause = serializers.CharField()
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    currency = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    due_state = serializers.ChoiceField(("known", "provisional", "pending", "never"))
    due_on = serializers.DateField(allow_null=True)
    invoiced = serializers.DecimalField(max_digits=18, decimal_places=2, help_text="Sum of checked invoices.")
    paid = serializers.DecimalField(max_digits=18, decimal_places=2)
    deducted = serializers.DecimalField(max_digits=18, decimal_places=2)
    sides = serializers.ListField(
        child=serializers.CharField(),
        help_text="hold_notified, hold_not_notified, pay_at_once, disputed_day, overdue.",
    )
    outstanding = serializers.DecimalField(max_digits=18, decimal_places=2)
    conditions = ConditionSerializer(many=True)


class InvoiceSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    issued_on = serializers.DateField()
    state = serializers.ChoiceField(("received", "checked", "rejected"))
    check_note = serializers.SerializerMethodField(help_text="Why it was rejected; empty otherwise.")

    def get_check_note(self, row: Any) -> str:
        # What finance noted when it accepted an invoice stays in the buyer's house.
        return str(row.check_note) if row.state == "rejected" else ""


class MilestoneDetailSerializer(MilestoneSerializer):
    sentences = serializers.ListField(child=serializers.CharField(), help_text="How the due date comes about.")
    invoices = InvoiceSerializer(many=True)


def _fields(milestone: Any, gate: selectors.GateView, viewer: Viewer) -> dict[str, Any]:
    obligation = milestone.obligation
    return {
        "id": milestone.pk,
        "contract_id": milestone.contract_id,
        "obligation_id": milestone.obligation_id,
        "code": milestone.code,
        "title": milestone.title,
        "clause": milestone.clause,
        "amount": milestone.amount,
        "currency": milestone.contract.currency,
        "state": gate.state,
        "due_state": obligation.due_state,
        "due_on": obligation.due_on,
        "invoiced": milestone.invoiced,
        "paid": gate.gate.paid,
        "deducted": gate.gate.deducted,
        "sides": list(gate.gate.sides),
        "outstanding": gate.gate.outstanding,
        "conditions": selectors.lines_for(gate, viewer=viewer),
    }


class MilestoneList(DoorView):
    access = Access({"GET": "milestone.read"})
    token_scope: ClassVar[str] = "milestones"
    parameters = FILTERS

    @described("milestones_list", "Milestones, blocked ones first", MilestoneSerializer, parameters, paged=True)
    def get(self, request: Request) -> Response:
        given, viewer = self.given(request), self.viewer(request)
        contract = contract_by_id(given["contract"], viewer=viewer) if "contract" in given else None
        found = selectors.milestones_list(
            viewer=viewer,
            as_of=given.get("as_of"),
            contract=contract,
            cursor=cursor_position(given.get("cursor", ""), str) or "",
        )
        rows = [_fields(row.milestone, row.gate, viewer) for row in found.rows]
        return page_answer(request, MilestoneSerializer, rows, found.older or None)


class MilestoneDetail(DoorView):
    access = Access({"GET": "milestone.read"})
    token_scope: ClassVar[str] = "milestones"
    parameters = (AS_OF,)

    @described(
        "milestone_get", "One milestone with its invoices and its date explained", MilestoneDetailSerializer, parameters
    )
    def get(self, request: Request, milestone_id: int) -> Response:
        given, viewer = self.given(request), self.viewer(request)
        milestone = selectors.milestone_get(milestone_id, viewer=viewer)
        as_of = given.get("as_of") or today_for(milestone.contract)
        page = selectors.milestone_page(milestone_id, viewer=viewer, as_of=as_of)
        data = _fields(page.milestone, page.gate, viewer)
        data |= {"sentences": page.due.sentences, "invoices": page.invoices}
        return Response(MilestoneDetailSerializer(data).data)
