"""Penalties: the docket for the buyer's people, what was issued for the other party. Read only: acts need a person."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Access
from accounts.scoping import Viewer
from api.base import DoorView, described, page_answer
from api.parameters import CURSOR, Parameter, cursor_position
from contracts.selectors import contract_by_id
from penalties import selectors
from penalties.rules import GROUPS

STATES = tuple(state for states in GROUPS.values() for state in states)
FILTERS = (
    Parameter("contract", "number", "Only this contract, by its id."),
    Parameter("group", "choice", "To confirm, in dispute, or decided.", tuple(GROUPS)),
    CURSOR,
)


class PenaltySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    contract_id = serializers.IntegerField()
    number = serializers.CharField()
    title = serializers.CharField()
    clause = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(STATES)
    amount = serializers.DecimalField(max_digits=18, decimal_places=2, allow_null=True)
    currency = serializers.CharField()
    happened_on = serializers.DateField(allow_null=True)
    delivered_on = serializers.DateField(allow_null=True, help_text="When the notice counts as delivered.")
    object_by = serializers.DateField(allow_null=True, help_text="The last day for objections.")
    low = serializers.DecimalField(
        max_digits=18, decimal_places=2, allow_null=True, help_text="The range while something is open; buyer only."
    )
    high = serializers.DecimalField(max_digits=18, decimal_places=2, allow_null=True)
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="What stands between it and a final amount; buyer only."
    )


class RowSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField()
    title = serializers.CharField()
    clause = serializers.CharField()
    stage = serializers.ChoiceField(("clue", "undecided", "candidate", "heaviest", "displaced"))
    low = serializers.DecimalField(max_digits=18, decimal_places=2, allow_null=True)
    high = serializers.DecimalField(max_digits=18, decimal_places=2, allow_null=True)


class PenaltyDetailSerializer(PenaltySerializer):
    rows = RowSerializer(many=True, help_text="Rows of the contract: all for the buyer, those that count for others.")


def _fields(case: Any, viewer: Viewer) -> dict[str, Any]:
    inside = viewer.kind == "buyer"
    return {
        "id": case.pk,
        "contract_id": case.contract_id,
        "number": case.number,
        "title": case.title,
        "clause": case.clause,
        "state": case.state,
        "amount": case.amount,
        "currency": case.contract.currency,
        "happened_on": case.happened_on,
        "delivered_on": case.delivered_on,
        "object_by": case.object_by,
        "low": case.low if inside else None,
        "high": case.high if inside else None,
        "missing": case.missing if inside else [],
    }


class PenaltyList(DoorView):
    access = Access({"GET": "penalty.issued.read"})
    token_scope: ClassVar[str] = "penalties"
    parameters = FILTERS

    @described("penalties_list", "Penalties, newest first", PenaltySerializer, parameters, paged=True)
    def get(self, request: Request) -> Response:
        given, viewer = self.given(request), self.viewer(request)
        contract = contract_by_id(given["contract"], viewer=viewer) if "contract" in given else None
        found = selectors.docket_list(
            viewer=viewer,
            contract=contract,
            group=given.get("group", ""),
            before=cursor_position(given.get("cursor", ""), int),
        )
        return page_answer(request, PenaltySerializer, [_fields(row, viewer) for row in found.rows], found.older)


class PenaltyDetail(DoorView):
    access = Access({"GET": "penalty.issued.read"})
    token_scope: ClassVar[str] = "penalties"

    @described("penalty_get", "One penalty with the rows of the contract", PenaltyDetailSerializer)
    def get(self, request: Request, case_id: int) -> Response:
        self.given(request)
        viewer = self.viewer(request)
        found = selectors.case_page(case_id, viewer=viewer)
        rows = found.outcome.rows if found.outcome is not None else ()
        winners = found.outcome.winners if found.outcome is not None else ()
        shown = [row for row in rows if viewer.kind == "buyer" or row.label in winners]
        return Response(PenaltyDetailSerializer(_fields(found.case, viewer) | {"rows": shown}).data)
