"""Filling in a money form as a person does, sending it, and seeing everything it changed."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.apps import apps
from django.test import Client
from django.urls import reverse

from accounts.models import JournalEntry
from tests.billing.money_steps import TODAY, Post, reference
from tests.billing.world import pdf
from tests.world import World

MONEY = {"billing", "penalties", "documents"}
BESIDE = {"contracts.Fact", "contracts.StoredFile", "contracts.Evidence", "obligations.DueVersion"}


def state() -> dict[str, str]:
    """Every row of money, and of what follows from it, as one text per table."""
    found = {}
    for model in apps.get_models():
        label = f"{model._meta.app_label}.{model.__name__}"
        if model._meta.app_label in MONEY or label in BESIDE:
            rows = list(model._base_manager.order_by("pk").values_list())
            found[label] = hashlib.sha256(repr(rows).encode()).hexdigest()
    found["journal"] = str(JournalEntry.objects.filter(result="done").count())
    return found


def filled(form: forms.Form, given: dict[str, Any]) -> dict[str, Any]:
    """The form as a person sends it: what it proposes, what was `given`, and something fitting where it must not be
    empty."""
    body: dict[str, Any] = {}
    for name, each in form.fields.items():
        value = form[name].value()
        if name in given:
            value = given[name]
        elif value in (None, "", []) and each.required:
            if isinstance(each, forms.FileField):
                value = pdf()
            elif isinstance(each, forms.ChoiceField):
                value = next(key for key, _label in each.choices if key)
            elif isinstance(each, forms.DateField):
                value = TODAY
            elif isinstance(each, forms.DecimalField | forms.IntegerField):
                value = 1
            else:
                value = reference() if "reference" in name else "见附件"
        if value not in (None, "", []):
            body[name] = value if isinstance(value, list) or hasattr(value, "read") else str(value)
    return body | {name: value for name, value in given.items() if name not in body}


def body_of(world: World, route: str, post: Post) -> tuple[Client, str, dict[str, Any]]:
    client, address = world.client(post.who), reverse(route, args=post.args)
    page = client.get(address)
    if page.status_code == 405:  # applied from another page
        return client, address, dict(post.fields)
    assert page.status_code == 200, (route, page.status_code)
    assert 'name="idempotency_key"' in page.content.decode(), route
    body = filled(page.context["form"], post.fields)
    body.pop("idempotency_key")
    return client, address, body


def send(client: Client, address: str, body: dict[str, Any], key: str) -> Any:
    """Send the body; files are sent anew each time, under the names they have."""
    for value in body.values():
        if hasattr(value, "seek"):
            value.seek(0)
    return client.post(address, body | ({"idempotency_key": key} if key else {}))
