"""Every URL × method × role behaves as the table says (security.md C1): anonymous → log-in, not readable → 404,
wrong method → 405, readable but not allowed → 403. Generated from the URLconf: a new address is tested at once."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from accounts.middleware import SAFE_METHODS
from accounts.models import JournalEntry
from accounts.policy import ACTIONS
from tests.doors.routes import Route, all_routes
from tests.doors.values import NOW, route_values
from tests.world import ROLES, World, build_world

# Which methods an address knows is settled before any database is asked: SQLite's pass tries them all.
METHODS = (
    ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE") if connection.vendor == "sqlite" else ("GET", "POST")
)
ROUTES = all_routes()
# Signing out ends the test's own session; it is tested by itself in tests/web/test_sign_out.py.
LEFT_OUT = {"account_logout"}
# Roles that may look at such pages, while the world's object is another party's or another person's: not found.
ELSEWHERE = {
    "web:person": {"MGR", "AUD"},
    "web:party": {"SUP"},
    "web:token_revoke": {"FIN", "MGR", "AUD", "VND", "SUP"},
    "api:reminder": {"SUP"},
}
TESTED = [route for route in ROUTES if route.access and not route.access.public and route.name not in LEFT_OUT]

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Any:
    """One world for the whole table; each request runs in the test's own transaction and is rolled back."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=True):
        atomic = transaction.atomic()
        atomic.__enter__()
        made = build_world()
        made.reuse_sessions = True
        made.values = route_values(made)  # type: ignore[attr-defined]
        for who in made.person:  # sessions of the fixture's transaction outlive each test's roll-back
            made.client(who)
        yield made
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


def expected(route: Route, method: str, role: str) -> set[int]:
    """Statuses the table allows. What a role may do answers with success, a redirect, or a complaint about input."""
    access = route.access
    assert access is not None
    readable = any(
        role in ACTIONS[name].roles or role in ACTIONS[ACTIONS[name].reader].roles for name in access.actions.values()
    )
    if not readable:
        return {404}
    method = "GET" if method == "HEAD" else method
    if method not in access.actions:
        return {405}
    action = ACTIONS[access.actions[method]]
    if role not in action.roles:
        return {403} if role in ACTIONS[action.reader].roles else {404}
    if role in ELSEWHERE.get(route.name, ()):
        return {404}
    return {200, 201, 204, 302, 303, 400, 409, 422}


def test_every_route_declares_its_access() -> None:
    """Deny by default: an address without a declaration fails the build."""
    assert [route.name for route in ROUTES if route.access is None] == []


@pytest.mark.parametrize("route", TESTED, ids=lambda route: route.name)
def test_the_table_holds_for_every_role_and_method(route: Route, world: World) -> None:
    url = route.url(world.values)  # type: ignore[attr-defined]
    wrong = []
    for role in ROLES:
        client = world.client(role)
        for method in METHODS:
            with transaction.atomic():
                answer = client.generic(method, url)
                transaction.set_rollback(True)
            if answer.status_code not in expected(route, method, role):
                wrong.append((role, method, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("route", TESTED, ids=lambda route: route.name)
def test_nobody_gets_in_without_signing_in(route: Route, world: World) -> None:
    url = route.url(world.values)  # type: ignore[attr-defined]
    for who in (None, "DISABLED"):
        for method in METHODS:
            answer = world.client(who).generic(method, url)
            if route.is_api:
                assert answer.status_code == 401, (who, method)
            else:
                assert answer.status_code == 302, (who, method)
                assert answer["Location"].startswith("/account/login/")


@pytest.mark.parametrize("who", ["STRANGER", "OTHER_BUYER"])
@pytest.mark.parametrize(
    "route",
    [route for route in TESTED if set(route.parameters) & {"contract_id", "obligation_id"}],
    ids=lambda r: r.name,
)
def test_a_stranger_gets_404_for_every_object_of_the_contract(route: Route, who: str, world: World) -> None:
    url = route.url(world.values)  # type: ignore[attr-defined]
    for method in route.access.actions:  # type: ignore[union-attr]
        answer = world.client(who).generic(method, url)
        assert answer.status_code in {404, 403}, (method, answer.status_code)


def test_a_refused_change_leaves_one_entry_and_a_refused_look_none(world: World) -> None:
    before = JournalEntry.objects.filter(result="denied").count()
    url = "/people/new/"
    assert world.client("AUD").post(url).status_code == 403
    assert JournalEntry.objects.filter(result="denied").count() == before + 1
    assert world.client("AUD").get(url).status_code == 403
    assert JournalEntry.objects.filter(result="denied").count() == before + 1
    assert "GET" in SAFE_METHODS
