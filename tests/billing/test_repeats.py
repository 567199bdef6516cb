"""No retry pays twice (security.md C15, F2, F3): every POST that moves money, taken from the URLconf, is sent without
its key, with it, again, and with another body. A new money route without a step here, or without the key, fails."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.db import transaction

from accounts.policy import ACTIONS
from tests.billing import penalty_steps, security_steps  # noqa: F401 - they add their steps to STEPS
from tests.billing.money_steps import NOW, STEPS, Step
from tests.billing.sending import body_of, send, state
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


def money_routes() -> list[str]:
    """Every route of the URLconf whose POST is an act about money, by its name or by who may read about it."""
    found = []
    for route in all_routes():
        action = route.access.actions.get("POST", "") if route.access is not None else ""
        about_money = action.startswith(SUBJECTS) or (action in ACTIONS and ACTIONS[action].reader in READERS)
        if about_money and route.name not in WRITE_NOTHING:
            found.append(route.name)
    return found


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
