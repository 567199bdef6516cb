"""Contracts and their priced lines."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import PAGE, DoorView, described, page_answer
from api.parameters import CURSOR, Parameter, cursor_position
from contracts import selectors

SEARCH = Parameter("search", "text", "Words that number, title or a party's name must contain.")


class ContractSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    number = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    buyer = serializers.CharField(source="buyer.name")
    vendor = serializers.CharField(source="vendor.name")
    supervisor = serializers.CharField(source="supervisor.name", allow_null=True, default=None)
    currency = serializers.CharField()
    total = serializers.DecimalField(max_digits=18, decimal_places=2)
    signed_on = serializers.DateField(allow_null=True)
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    zone = serializers.CharField(help_text="Time zone in which the contract's days begin and end.")
    calendar = serializers.CharField(source="calendar_code")
    demo = serializers.BooleanField(source="is_demo")


class LineItemSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    title = serializers.CharField()
    unit_price = serializers.DecimalField(max_digits=18, decimal_places=4, allow_null=True)
    quantity = serializers.DecimalField(max_digits=18, decimal_places=4, allow_null=True)
    amount = serializers.DecimalField(
        max_digits=18, decimal_places=2, allow_null=True, help_text="Null in a bundle's blank cells: blank is not zero."
    )
    bundle = serializers.CharField(allow_blank=True)
    group = serializers.CharField(allow_blank=True)


class ContractList(DoorView):
    token_scope: ClassVar[str] = "contracts"
    parameters = (SEARCH, CURSOR)

    @described("contracts_list", "Contracts, by number", ContractSerializer, parameters, paged=True)
    def get(self, request: Request) -> Response:
        given = self.given(request)
        rows = selectors.contracts_list(viewer=self.viewer(request), search=given.get("search", ""))
        after = cursor_position(given.get("cursor", ""), str)
        if after is not None:
            rows = rows.filter(number__gt=after)
        found = list(rows[: PAGE + 1])
        position = found[PAGE - 1].number if len(found) > PAGE else None
        return page_answer(request, ContractSerializer, found[:PAGE], position)


class ContractDetail(DoorView):
    token_scope: ClassVar[str] = "contracts"

    @described("contract_get", "One contract", ContractSerializer)
    def get(self, request: Request, contract_id: int) -> Response:
        self.given(request)
        contract = selectors.contract_by_id(contract_id, viewer=self.viewer(request))
        return Response(ContractSerializer(contract).data)


class LineItemList(DoorView):
    token_scope: ClassVar[str] = "contracts"
    parameters = (CURSOR,)

    @described(
        "lines_list", "The priced lines of a contract's version in force", LineItemSerializer, parameters, paged=True
    )
    def get(self, request: Request, contract_id: int) -> Response:
        viewer, given = self.viewer(request), self.given(request)
        contract = selectors.contract_by_id(contract_id, viewer=viewer)
        rows = selectors.line_items(viewer=viewer, contract=contract)
        after = cursor_position(given.get("cursor", ""), int)
        if after is not None:
            rows = rows.filter(number__gt=after)
        found = list(rows[: PAGE + 1])
        position = found[PAGE - 1].number if len(found) > PAGE else None
        return page_answer(request, LineItemSerializer, found[:PAGE], position)


class LineItemDetail(DoorView):
    token_scope: ClassVar[str] = "contracts"

    @described("line_get", "One priced line", LineItemSerializer)
    def get(self, request: Request, contract_id: int, line_number: int) -> Response:
        self.given(request)
        viewer = self.viewer(request)
        contract = selectors.contract_by_id(contract_id, viewer=viewer)
        found = selectors.line_items(viewer=viewer, contract=contract).filter(number=line_number).first()
        if found is None:
            raise Http404
        return Response(LineItemSerializer(found).data)
