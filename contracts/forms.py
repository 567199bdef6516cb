"""How a view runs a form: bind, check, call the service, answer; refusals become field errors and status 422. And the
field for several uploads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from accounts.services.people import AccountRefused
from contracts.errors import Refused

UNPROCESSABLE = 422


class MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class MultipleFileField(forms.FileField):
    """Several uploads under one name; cleans to a list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", MultipleFileInput())
        super().__init__(*args, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(MultipleFileField, self).clean(item, initial) for item in files]


class _Refusal(Protocol):
    message: str
    field: str | None


def add_refusal(form: forms.Form, error: _Refusal) -> None:
    """Put a service's refusal on the field it names, or on the whole form."""
    form.add_error(error.field if error.field in form.fields else None, error.message)


def run_form(
    request: HttpRequest,
    *,
    form: forms.Form,
    template: str,
    context: dict[str, Any],
    act: Callable[[dict[str, Any]], str],
    done: str = "",
) -> HttpResponse:
    """Show `form`, or on POST run `act(cleaned_data)`, which returns the address to go to, and say `done`."""
    if request.method == "POST":
        if form.is_valid():
            try:
                target = act(form.cleaned_data)
            except (AccountRefused, Refused) as error:
                add_refusal(form, error)
            else:
                if done:
                    messages.success(request, done)
                return HttpResponseRedirect(target)
        return render(request, template, {**context, "form": form}, status=UNPROCESSABLE)
    return render(request, template, {**context, "form": form})
