"""What every endpoint shares: the door's marks, checked parameters, keyset pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policy import Access
from accounts.scoping import Viewer, request_viewer
from api.parameters import Parameter, cursor_for, read_parameters

PAGE = 50


class ErrorDetailSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField(help_text="What is wrong and what to do next.")


class ErrorSerializer(serializers.Serializer[Any]):
    error = ErrorDetailSerializer()


ERRORS = {400: ErrorSerializer, 401: ErrorSerializer, 403: ErrorSerializer, 404: ErrorSerializer}


class DoorView(APIView):
    """An endpoint. Browser sessions and tokens both work; a token needs `token_scope` ("" = any token)."""

    api_door: ClassVar[bool] = True
    access: ClassVar[Access] = Access({"GET": "api.read"})
    token_scope: ClassVar[str] = ""
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    http_method_names = ["get", "head"]

    def viewer(self, request: Request) -> Viewer:
        door: HttpRequest = request._request
        return request_viewer(door)

    def given(self, request: Request) -> dict[str, Any]:
        """The checked query parameters. Raises ParseError (400)."""
        return read_parameters(request, self.parameters)


def page_of(item: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The serializer of one page of `item`."""
    name = item.__name__.removesuffix("Serializer")
    fields = {
        "next": serializers.CharField(
            allow_null=True, help_text="Address of the next page; null on the last one.", read_only=True
        ),
        "results": item(many=True),
    }
    return type(f"{name}PageSerializer", (serializers.Serializer,), fields)


def page_answer(
    request: Request, item: type[serializers.Serializer[Any]], rows: Sequence[Any], position: int | str | None
) -> Response:
    """One page of rows; `position` is where the next one starts, None on the last page."""
    following = None
    if position is not None:
        query = request.query_params.copy()
        query["cursor"] = cursor_for(position)
        following = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return Response({"next": following, "results": item(rows, many=True).data})


def described(
    operation: str,
    summary: str,
    answer: type[serializers.Serializer[Any]],
    parameters: Sequence[Parameter] = (),
    *,
    paged: bool = False,
) -> Any:
    """The OpenAPI description of a GET: operation id, answer, parameters and errors."""
    return extend_schema(
        operation_id=operation,
        summary=summary,
        parameters=[parameter.openapi() for parameter in parameters],
        responses={200: page_of(answer) if paged else answer, **ERRORS},
    )
