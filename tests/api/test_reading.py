"""Machines read what their person may read: the same rows, the same dates, exact figures, page by page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import Milestone
from contracts.models import LineItem
from obligations.models import Obligation, Reminder
from tests.world import World

Machine = Callable[..., Client]


def pages(client: Client, address: str) -> list[dict[str, Any]]:
    """All rows of a list, following `next`."""
    rows: list[dict[str, Any]] = []
    following: str | None = address
    while following:
        answer = client.get(following)
        assert answer.status_code == 200, answer.content
        body = answer.json()
        assert len(body["results"]) <= 50
        rows += body["results"]
        following = body["next"]
    return rows


def test_the_root_names_every_list(machine: Machine) -> None:
    client = machine("IT", ["contracts"])
    body = client.get("/api/").json()
    assert set(body) == {"contracts", "obligations", "reminders", "milestones", "penalties", "schema", "docs"}
    assert client.get(body["contracts"]).status_code == 200


def test_a_contract_with_its_lines(machine: Machine, world: World) -> None:
    client = machine("IT")
    (row,) = pages(client, "/api/contracts/")
    assert row["number"] == world.contract.number
    assert row["total"] == str(world.contract.total.quantize(Decimal("0.01")))
    assert row["ends_on"] == world.contract.ends_on.isoformat()  # type: ignore[union-attr]
    assert client.get(f"/api/contracts/{row['id']}/").json() == row
    lines = pages(client, f"/api/contracts/{row['id']}/lines/")
    assert [line["number"] for line in lines] == list(
        LineItem.objects.filter(contract=world.contract, version__state="active")
        .order_by("number")
        .values_list("number", flat=True)
    )
    one = client.get(f"/api/contracts/{row['id']}/lines/{lines[0]['number']}/").json()
    assert one == lines[0]
    assert all(line["amount"] is None or Decimal(line["amount"]) >= 0 for line in lines)


def test_every_obligation_comes_once_over_all_pages(machine: Machine, world: World) -> None:
    rows = pages(machine("IT"), "/api/obligations/")
    expected = list(Obligation.objects.filter(contract=world.contract).order_by("pk").values_list("pk", flat=True))
    assert len(expected) > 50
    assert [row["id"] for row in rows] == expected


def test_filters_narrow_and_include_both_ends(machine: Machine, world: World) -> None:
    client = machine("IT")
    dated = Obligation.objects.filter(contract=world.contract, due_on__isnull=False, obligor="vendor")
    some = dated.order_by("due_on")[3]
    day = some.due_on.isoformat()  # type: ignore[union-attr]
    found = pages(client, f"/api/obligations/?due_from={day}&due_until={day}&obligor=vendor")
    assert some.pk in [row["id"] for row in found]
    assert {row["due_on"] for row in found} == {day}
    assert {row["kind"] for row in pages(client, "/api/obligations/?kind=external")} <= {"external"}
    assert {row["state"] for row in pages(client, "/api/obligations/?state=standing")} <= {"standing"}
    assert pages(client, f"/api/obligations/?contract={world.contract.pk + 1}") == []


def test_an_obligation_explains_its_date(machine: Machine, world: World) -> None:
    row = Obligation.objects.filter(contract=world.contract, due_state="known").order_by("pk")[0]
    body = machine("IT").get(f"/api/obligations/{row.pk}/").json()
    assert body["due_on"] == row.due_on.isoformat()  # type: ignore[union-attr]
    assert body["sentences"]
    assert body["derivation"][0]["text"] == body["sentences"][0]
    assert set(body["derivation"][0]) == {"text", "message", "params", "children"}
    assert body["due_versions"][0]["number"] == row.due_number
    assert body["due_versions"][0]["cause"]
    assert body["status"] in {
        "open",
        "late",
        "due_today",
        "waiting",
        "provisional",
        "in_review",
        "met",
        "target_missed",
    }


def test_another_day_and_what_was_known_then(machine: Machine, world: World) -> None:
    """A day before the contract was loaded: nothing had been recorded, the same date had not been computed."""
    row = Obligation.objects.filter(contract=world.contract, due_state="known", state="open").order_by("due_on")[0]
    client = machine("AUD")
    day_before = date.fromordinal(row.due_on.toordinal() - 1)  # type: ignore[union-attr]
    body = client.get(f"/api/obligations/{row.pk}/?as_of={day_before}").json()
    assert body["days_left"] == 1
    assert body["delay_days"] == 0
    after = date.fromordinal(row.due_on.toordinal() + 1)  # type: ignore[union-attr]
    assert client.get(f"/api/obligations/{row.pk}/?as_of={after}").json()["days_left"] == -1


def test_milestones_say_what_is_missing(machine: Machine, world: World) -> None:
    client = machine("FIN")
    rows = pages(client, "/api/milestones/")
    assert [row["id"] for row in rows]
    assert sum(Decimal(row["amount"]) for row in rows) == sum(
        Milestone.objects.filter(contract=world.contract).values_list("amount", flat=True)
    )
    body = client.get(f"/api/milestones/{rows[0]['id']}/").json()
    assert {line["subject"] for line in body["conditions"]} >= {"trigger", "invoice", "application"}
    assert body["invoices"] == []
    outside = machine("VND").get(f"/api/milestones/{rows[0]['id']}/").json()
    shown = {"trigger", "term", "invoice", "guarantee", "deadline"}
    assert {line["subject"] for line in outside["conditions"]} <= shown


def test_reminders_of_ones_own_party(machine: Machine, world: World) -> None:
    obligation = Obligation.objects.filter(contract=world.contract, obligor="vendor").order_by("pk")[0]
    made = {}
    for who in ("IT", "VND"):
        made[who] = Reminder.objects.create(
            obligation=obligation,
            due_number=1,
            step="T-7",
            recipient=world.person[who],
            send_at="2026-11-20T01:00:00Z",
            created_at="2026-11-20T01:00:00Z",
        ).pk
    inside = pages(machine("IT"), f"/api/reminders/?obligation={obligation.pk}&state=waiting")
    assert [row["id"] for row in inside] == [made["VND"], made["IT"]]
    vendor = machine("VND")
    assert [row["id"] for row in pages(vendor, "/api/reminders/")] == [made["VND"]]
    assert vendor.get(f"/api/reminders/{made['VND']}/").json()["step"] == "T-7"
    assert vendor.get(f"/api/reminders/{made['IT']}/").status_code == 404


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("/api/obligations/?due_from=2026-02-30", "due_from=2026-06-30"),
        ("/api/obligations/?due_from=20260230", "due_from=2026-06-30"),
        ("/api/obligations/?state=undone", "open, submitted"),
        ("/api/obligations/?contract=-1", "contract=12"),
        ("/api/obligations/?contract=99999999999999999999", "contract=12"),
        ("/api/obligations/?due_befor=2026-06-30", "due_from, due_until"),
        ("/api/obligations/?kind=internal&kind=external", "kind"),
        ("/api/obligations/?cursor=abc", "cursor"),
        ("/api/obligations/?cursor=WyJhIl0", "cursor"),
        ("/api/contracts/?cursor=WzFd", "cursor"),
        ("/api/contracts/?page=2", "search, cursor"),
        ("/api/milestones/?as_of=tomorrow", "as_of=2026-06-30"),
    ],
)
def test_a_bad_parameter_is_answered_with_a_right_one(machine: Machine, address: str, word: str) -> None:
    answer = machine("IT").get(address)
    assert answer.status_code == 400
    assert word in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "address",
    ["/api/contracts/", "/api/obligations/", "/api/reminders/", "/api/milestones/"],
)
def test_a_list_costs_the_same_whatever_its_length(machine: Machine, world: World, address: str) -> None:
    """At most eight statements beyond token, person and roles, and none more for fifty rows than for one."""
    client = machine("MGR")
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        answer = client.get(address)
    assert answer.status_code == 200
    assert len(seen) <= 8, [query["sql"] for query in seen]
    assert not any("COUNT(" in query["sql"] for query in seen)


def test_one_obligation_costs_a_fixed_number_of_statements(machine: Machine, world: World) -> None:
    row = Obligation.objects.filter(contract=world.contract, due_state="known").order_by("pk")[0]
    client = machine("MGR")
    client.get(f"/api/obligations/{row.pk}/")
    with CaptureQueriesContext(connection) as seen:
        client.get(f"/api/obligations/{row.pk}/")
    assert len(seen) <= 12
