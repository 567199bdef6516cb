"""No retry pays twice (security.md C15, F2, F3): every POST that moves money, taken from the URLconf, is sent without
its key, with it, again, and with another body. A new money route without a step here, or without the key, fails."""

from __future__ import annotations

import hashlib
import io
import threading
from typing import Any

import pytest
import time_machine
from django import forms
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import IdempotencyRecord, JournalEntry
from accounts.policy import ACTIONS
from tests.billing import penalty_steps, security_steps  # noqa: F401 - they add their steps to STEPS
from tests.billing.money_steps import NOW, STEPS, TODAY, Post, Step, reference
from tests.billing.world import pdf
from tests.doors.routes import all_routes
from tests.world import World, build_world

# What moves money, or decides how much of it moves.
SUBJECTS = (
    "invoice.", "payment.", "payee.", "hold.", "liability.", "deduction.", "claim.", "freeze.", "security.",
    "allocation.", "quantity.", "penalty.", "portal.invoice", "portal.security", "portal.penalty.",
)  # fmt: skip
READERS = {
    "payment.read", "milestone.read", "allocation.read", "security.read", "security.staff.read", "penalty.read",
    "portal.money.read",
}  # fmt: skip
# The first step of loading a table shows what would change and writes nothing; looking for clues is what every night
# does by itself, and finds nothing twice.
WRITE_NOTHING = {"web:quantities_import", "web:allocation_import", "web:penalty_look"}
# Words and measurements may be entered twice, and two proposals may wait: nothing is paid or decided by them.
SAID_AGAIN = {
    "web:penalty_statement", "web:penalty_minutes", "portal:penalty_statement", "portal:penalty_opinion",
    "web:quantity_new", "web:allocation_new", "web:allocation_apply",
}  # fmt: skip
# Buttons without a form of their own: refused, they lead back to the page with the reason.
SENT_BACK = {"web:penalty_adopt", "web:quantities_apply"}
MONEY = {"billing", "penalties", "documents"}
BESIDE = {"contracts.Fact", "contracts.StoredFile", "contracts.Evidence", "obligations.DueVersion"}


def money_routes() -> list[str]:
    """Every route of the URLconf whose POST is an act about money, by its name or by who may read about it."""
    found = []
    for route in all_routes():
        action = route.access.actions.get("POST", "") if route.access is not None else ""
        about_money = action.startswith(SUBJECTS) or (action in ACTIONS and ACTIONS[action].reader in READERS)
        if about_money and route.name not in WRITE_NOTHING:
            found.append(route.name)
    return found


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
        if isinstance(value, io.IOBase) or hasattr(value, "seek"):
            value.seek(0)
    return client.post(address, body | ({"idempotency_key": key} if key else {}))


def other(body: dict[str, Any]) -> dict[str, Any]:
    """The same form with one word or figure changed."""
    names = ("note", "reason", "text", "reference", "amount", "decision", "payload", "key")
    name = next((each for each in names if each in body), "note")
    return body | {name: f"{body.get(name, '')}1"}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Any:
    """One world for all routes; each test's own changes are rolled back."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=True):
        atomic = transaction.atomic()
        atomic.__enter__()
        made = build_world()
        made.reuse_sessions = True
        for who in made.person:  # sessions of this transaction outlive each test's roll-back
            made.client(who)
        yield made
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


def test_every_money_route_has_its_step_here() -> None:
    assert sorted(set(money_routes())) == sorted({route for route, _act in STEPS})


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "act"), STEPS, ids=[route for route, _act in STEPS])
def test_sent_again_it_has_one_effect_and_the_same_answer(route: str, act: Step, world: World) -> None:
    client, address, body = body_of(world, route, act(world))
    before = state()

    assert send(client, address, body, "").status_code == 422
    assert state() == before, "done without its key"

    first = send(client, address, body, "key-1")
    assert first.status_code == 302, first.context and first.context["form"].errors
    after = state()
    assert after != before, "it did nothing"

    again = send(client, address, body, "key-1")
    assert (again.status_code, again.url, again["Idempotent-Replay"]) == (302, first.url, "true")
    assert state() == after, "done twice"

    assert send(client, address, other(body), "key-1").status_code == 422
    assert state() == after, "done with another body"

    stale = send(client, address, body, "key-2")  # from a second window, opened before
    assert "Idempotent-Replay" not in stale
    if route not in SAID_AGAIN:
        assert state() == after, "done from a stale form"
        assert stale.status_code == (302 if route in SENT_BACK else 422)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_four_windows_at_once_have_one_effect_whatever_the_route() -> None:
    """F2 for all money at once: the same key from four threads. One of them does it; the others get its answer, or are
    told that it is being done."""
    with time_machine.travel(NOW, tick=True):
        world = build_world()
        for number, (route, act) in enumerate(STEPS):
            key = f"race-{number}"
            client, address, body = body_of(world, route, act(world))
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            answers = at_once(session, address, body, key)
            done = [answer for answer in answers if answer.status_code == 302]
            assert {answer.status_code for answer in answers} <= {302, 409}, route
            assert len([answer for answer in done if "Idempotent-Replay" not in answer]) == 1, route
            assert len({answer.url for answer in done}) == 1, route
            assert IdempotencyRecord.objects.filter(key=key).count() == 1, route
            after = state()
            assert send(client, address, body, key)["Idempotent-Replay"] == "true", route
            assert state() == after, route


def at_once(session: str, address: str, body: dict[str, Any], key: str, people: int = 4) -> list[Any]:
    """The same request by several threads that start together, each with its own connection and copies of the files."""
    files = {name: (value.name, value.read()) for name, value in body.items() if hasattr(value, "read")}
    start, answers, surprises = threading.Barrier(people), [], []

    def person() -> None:
        try:
            client = Client()
            client.cookies[settings.SESSION_COOKIE_NAME] = session
            own = {name: SimpleUploadedFile(given, content) for name, (given, content) in files.items()}
            start.wait(timeout=30)
            answers.append(client.post(address, {**body, **own, "idempotency_key": key}))
        except BaseException as error:  # noqa: BLE001 - raised in the test's own thread below
            surprises.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=person) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if surprises:
        raise surprises[0]
    return answers
