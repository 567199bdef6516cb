"""Two steps of loading a filled-in table: what would change is shown first; the second applies exactly what was shown.

Nothing is kept between the two steps on the server: the table as it was read travels in the page, signed for this
person and contract, and is checked anew when it is applied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.scoping import Viewer, request_viewer
from accounts.services.idempotency import new_key
from contracts import selectors
from contracts.errors import Refused
from contracts.forms import UNPROCESSABLE, add_refusal
from contracts.spreadsheets import RowsRefused
from web.components import Table
from web.contract_tabs import contract_tabs
from web.forms.allocation import ApplyForm

VALID_SECONDS = 3600
TEMPLATE = "web/billing/import.html"


def frame(request: HttpRequest, contract_id: int) -> tuple[Any, Viewer, dict[str, Any]]:
    """The contract, who looks, and what every page of a contract shows."""
    viewer = request_viewer(request)
    contract = selectors.contract_by_id(contract_id, viewer=viewer)
    context = {"contract": contract, "tabs": contract_tabs(request, contract), "demo": contract.is_demo}
    return contract, viewer, context


def salt_of(kind: str, contract: Any, viewer: Viewer) -> str:
    """What binds a shown table to its kind, contract and person."""
    return f"{kind}:{contract.pk}:{viewer.user_id}"


def first_step(
    request: HttpRequest,
    context: dict[str, Any],
    *,
    form: forms.Form,
    salt: str,
    read: Callable[[dict[str, Any]], tuple[Table, dict[str, Any]]],
) -> HttpResponse:
    """The form, or what the table would change, or its problems by row. `read` makes of the cleaned form the table of
    changes and what the second step needs (plain JSON)."""
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                table, payload = read(form.cleaned_data)
            except RowsRefused as error:
                context["problems"] = error.problems
            except Refused as error:
                add_refusal(form, error)
            else:
                signed = signing.dumps(payload, salt=salt, compress=True)
                context |= {
                    "preview": table,
                    "effective_on": form.cleaned_data.get("effective_on"),
                    "apply_form": ApplyForm(initial={"payload": signed, "idempotency_key": new_key()}),
                }
                status = 200
    return render(request, TEMPLATE, {**context, "form": form}, status=status)


def shown_table(request: HttpRequest, salt: str) -> dict[str, Any]:
    """The table shown in the first step. Raises Refused for one that was changed, is another's or is old."""
    form = ApplyForm(request.POST)
    try:
        found: dict[str, Any] = signing.loads(form.data.get("payload", ""), salt=salt, max_age=VALID_SECONDS)
    except signing.BadSignature as error:
        raise Refused(_("What was shown is no longer valid. Load the table again.")) from error
    return found


def second_step(
    request: HttpRequest,
    contract_id: int,
    *,
    kind: str,
    first: str,
    act: Callable[[Any, Viewer, dict[str, Any]], tuple[str, str]],
) -> HttpResponse:
    """All of what was shown, or nothing and back to the address named `first` with the reason. `act` gets the contract,
    who acts and what the first step kept; it returns where to go and what to say."""
    viewer = request_viewer(request)
    contract = selectors.contract_by_id(contract_id, viewer=viewer)
    try:
        target, done = act(contract, viewer, shown_table(request, salt_of(kind, contract, viewer)))
    except Refused as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(reverse(first, args=[contract.pk]))
    messages.success(request, done)
    return HttpResponseRedirect(target)
