"""Whose contract is it: asked before anything else about a POST."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.scoping import request_viewer
from contracts.selectors import contract_by_id


def contract_first(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator outside `@idempotent`: a stranger to the contract gets 404, whatever the form lacks."""

    @wraps(view)
    def guarded(request: HttpRequest, contract_id: int, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            contract_by_id(contract_id, viewer=request_viewer(request))
        return view(request, contract_id, *args, **kwargs)

    return guarded
