"""The list of endpoints, the OpenAPI document and its page."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.policy import Access
from api.base import ERRORS, DoorView
from api.permissions import ActionPermission

ENDPOINTS = ("contracts", "obligations", "reminders", "milestones", "penalties", "schema", "docs")


class RootSerializer(serializers.Serializer[Any]):
    contracts = serializers.URLField()
    obligations = serializers.URLField()
    reminders = serializers.URLField()
    milestones = serializers.URLField()
    penalties = serializers.URLField()
    schema = serializers.URLField()
    docs = serializers.URLField()


class Root(DoorView):
    @extend_schema(
        operation_id="root", tags=["endpoints"], summary="The endpoints", responses={200: RootSerializer, **ERRORS}
    )
    def get(self, request: Request) -> Response:
        self.given(request)
        return Response({name: reverse(f"api:{name}", request=request) for name in ENDPOINTS})


class Schema(SpectacularAPIView):
    """The OpenAPI 3 document, JSON or (`?format=yaml`) YAML."""

    api_door: ClassVar[bool] = True
    access: ClassVar[Access] = Access({"GET": "api.read"})
    permission_classes = (ActionPermission,)
    # JSON unless YAML is asked for, so that a refusal is JSON as well.
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]
    http_method_names = ["get", "head"]


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from this server's own files. Its script is a second address, so the strict content security policy
    of the other pages holds here as well; it talks to the API with the reader's session."""

    access: ClassVar[Access] = Access({"GET": "api.read"})
    permission_classes = (ActionPermission,)
    http_method_names = ["get", "head"]
    url_name = "api:schema"
    template_name = "api/docs.html"
