"""Who gets in, by which token, and what stays out of sight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from accounts.services.tokens import token_create, token_revoke
from contracts.models import Contract
from obligations.models import Obligation
from tests.api.test_reading import pages
from tests.world import CANARY, World

Machine = Callable[..., Client]
LISTS = ("/api/contracts/", "/api/obligations/", "/api/reminders/", "/api/milestones/", "/api/penalties/")


@pytest.mark.parametrize("address", ["/api/", "/api/schema/", *LISTS])
def test_strangers_are_told_to_send_a_token(world: World, address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "not_authenticated"


def test_an_expired_revoked_or_invented_token_is_nobody(world: World) -> None:
    token, secret = token_create(actor=world.viewer("IT"), name="feed", scopes=["contracts"], days=1)
    client = Client(headers={"authorization": f"Bearer {secret}"})
    assert client.get("/api/contracts/").status_code == 200
    with time_machine.travel(token.expires_at - timedelta(seconds=1), tick=False):
        assert client.get("/api/contracts/").status_code == 200
    with time_machine.travel(token.expires_at, tick=False):
        assert client.get("/api/contracts/").status_code == 401
    token_revoke(actor=world.viewer("IT"), token=token)
    answer = client.get("/api/contracts/")
    assert answer.status_code == 401
    assert answer.json()["error"]["message"]
    for bad in ("Bearer lyt_no", "Bearer", "Bearer a b", "Bearer 令牌"):
        answer = Client(headers={"authorization": bad.encode().decode("latin-1")}).get("/api/contracts/")
        assert answer.status_code == 401, bad


def test_a_token_ends_with_its_person(world: World, machine: Machine) -> None:
    client = machine("IT2")
    assert client.get("/api/contracts/").status_code == 200
    User.objects.filter(pk=world.person["IT2"].pk).update(is_active=False)
    assert client.get("/api/contracts/").status_code == 401


@pytest.mark.parametrize("address", LISTS)
def test_a_token_opens_only_what_it_was_made_for(machine: Machine, address: str) -> None:
    scope = address.split("/")[2]
    others = [name for name in ("contracts", "obligations", "reminders", "milestones", "penalties") if name != scope]
    answer = machine("IT", others).get(address)
    assert answer.status_code == 403
    assert scope in answer.json()["error"]["message"]
    assert machine("IT", [scope]).get(address).status_code == 200


@pytest.mark.parametrize("who", ["SEC", "SYS"])
def test_administrators_know_of_no_business(world: World, who: str) -> None:
    """They may not even make a token; their browser session finds nothing."""
    client = world.client(who)
    for address in ("/api/", "/api/docs/", "/api/schema/", *LISTS, f"/api/contracts/{world.contract.pk}/"):
        assert client.get(address).status_code == 404, address


def test_nothing_can_be_written(machine: Machine, world: World) -> None:
    client = machine("MGR")
    for address in ("/api/", *LISTS, f"/api/contracts/{world.contract.pk}/"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert client.generic(method, address).status_code == 405


@pytest.fixture
def canary(world: World) -> Contract:
    """Another vendor's contract under the same buyer, with a canary in every text it has."""
    other = Contract.objects.create(
        number=f"{CANARY}-1",
        title=f"{CANARY} title",
        summary=f"{CANARY} summary",
        buyer=world.contract.buyer,
        vendor=world.person["STRANGER"].party,
        total=1,
        department="",
    )
    Obligation.objects.create(
        contract=other, duty=CANARY.lower(), ref=CANARY, title=f"{CANARY} duty", clause=CANARY, kind="contractual",
        tracking="once", category=CANARY, group=CANARY, obligor="vendor", obligor_name=CANARY, missing=[],
    )  # fmt: skip
    return other


@pytest.mark.parametrize("who", ["VND", "SUP"])
def test_another_vendors_contract_does_not_exist(machine: Machine, world: World, canary: Contract, who: str) -> None:
    client = machine(who)
    foreign = Obligation.objects.get(contract=canary)
    for address in LISTS:
        if who == "SUP" and "milestones" in address:
            assert client.get(address).status_code == 404
            continue
        assert CANARY not in str(pages(client, address)), address
    for address in (
        f"/api/contracts/?search={CANARY}",
        f"/api/obligations/?contract={canary.pk}",
    ):
        assert pages(client, address) == []
    for address in (
        f"/api/contracts/{canary.pk}/",
        f"/api/contracts/{canary.pk}/lines/",
        f"/api/contracts/{canary.pk}/lines/1/",
        f"/api/obligations/{foreign.pk}/",
        f"/api/milestones/?contract={canary.pk}",
    ):
        answer = client.get(address)
        assert answer.status_code == 404
        assert CANARY not in answer.content.decode()
    assert CANARY in str(pages(machine("MGR"), "/api/obligations/"))


def test_the_buyers_own_affairs_stay_inside(machine: Machine, world: World) -> None:
    row = Obligation.objects.filter(contract=world.contract, due_state="known", obligor="vendor").order_by("pk")[0]
    hidden = Obligation.objects.filter(contract=world.contract).order_by("pk")[0]
    Obligation.objects.filter(pk=hidden.pk).update(kind="internal", obligor="buyer")
    Obligation.objects.filter(pk=row.pk).update(keeper=world.person["VND"], waiver_reason="between us")
    client = machine("VND")
    ids = [entry["id"] for entry in pages(client, "/api/obligations/")]
    assert row.pk in ids and hidden.pk not in ids
    assert client.get(f"/api/obligations/{hidden.pk}/").status_code == 404
    answer: Any = client.get(f"/api/obligations/{row.pk}/").json()
    assert {version["cause"] for version in answer["due_versions"]} == {""}
    assert "between us" not in str(answer)
    assert str(world.person["VND"]) not in str(answer)
