"""One's own account: address and language, API tokens, in-app notifications are in views/notifications."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import selectors
from accounts.policy import access, allows
from accounts.scoping import request_viewer
from accounts.services import people, tokens
from contracts.forms import run_form
from web.forms.people import PreferencesForm, TokenForm


@access(GET="self.manage", POST="self.manage")
def preferences(request: HttpRequest) -> HttpResponse:
    viewer = request_viewer(request)
    user: Any = request.user
    form = PreferencesForm(
        request.POST or None, initial={"email": user.email, "phone": user.phone, "language": user.language}
    )

    def act(data: dict[str, Any]) -> str:
        people.preferences_update(actor=viewer, user=user, **data)
        return reverse("web:preferences")

    context = {
        "heading": _("My account"),
        "sub": user.username,
        "submit": _("Save"),
        "links": [(reverse("account_change_password"), _("Change password"))]
        + ([(reverse("web:tokens"), _("API tokens"))] if allows(viewer, "api.token") else []),
    }
    return run_form(request, form=form, template="web/form.html", context=context, act=act, done=_("Saved."))


@access(GET="api.token", POST="api.token")
def token_list(request: HttpRequest) -> HttpResponse:
    """Own API tokens; a new one is shown once, in the answer to its creation."""
    viewer = request_viewer(request)
    form = TokenForm(request.POST or None)
    secret = ""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _token, secret = tokens.token_create(actor=viewer, **form.cleaned_data)
                form, status = TokenForm(), 201
            except people.AccountRefused as error:
                form.add_error(error.field, error.message)
    context = {"form": form, "secret": secret, "tokens": list(selectors.tokens_of(viewer=viewer))}
    response = render(request, "web/settings/tokens.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@access(POST="api.token")
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    viewer = request_viewer(request)
    tokens.token_revoke(actor=viewer, token=selectors.token_get(token_id, viewer=viewer))
    messages.success(request, _("Token revoked; it stopped working at once."))
    return HttpResponseRedirect(reverse("web:tokens"))
