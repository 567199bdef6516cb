"""Errors as JSON: {"error": {"code", "message"}}. Messages say what to do next."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler

from accounts.policy import NotAllowed, NotVisible
from contracts.errors import Refused


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Map refusals of services and selectors to 404, 403 and 422; leave the rest to the framework."""
    if isinstance(error, NotVisible):
        error = Http404()
    if isinstance(error, NotAllowed):
        return _answer(status.HTTP_403_FORBIDDEN, "not_allowed", error.message)
    if isinstance(error, Refused):
        return _answer(status.HTTP_422_UNPROCESSABLE_ENTITY, "refused", error.message)
    response = default_handler(error, context)
    if response is None:
        return None
    code = "error"
    if isinstance(error, APIException):
        code = str(error.default_code)
    elif isinstance(error, Http404):
        code = "not_found"
    detail = response.data.get("detail") if isinstance(response.data, dict) else None
    response.data = {"error": {"code": code, "message": str(detail or response.data)}}
    return response


def _answer(code: int, name: str, message: str) -> Response:
    return Response({"error": {"code": name, "message": message}}, status=code)
