"""No page asks the database more than eight times, whatever the number of rows (performance.md).

Counted beyond what every page of a signed-in person needs: session, user with party, memberships, and the badges of the
navigation. Every route of the URLconf that shows something is measured with few rows and again with many.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Party
from billing.models import Invoice
from contracts.models import Contract, Evidence, Fact
from obligations.models import Notification, Obligation, Reminder, Submission
from tests.doors.routes import all_routes
from tests.doors.values import NOW, route_values
from tests.world import World, build_world

BUDGET = 8
# A workbook is a file of eight lists, read two statements a list at most; no page waits for it.
BUDGETS = {"web:contract_workbook": 16}
MANY = 60
# Whoever may open the page first; the other party's door is measured through its own people.
READERS = ("MGR", "IT", "FIN", "AUD", "VND", "SUP", "SEC", "SYS")
FRAME = re.compile(
    r'FROM "django_session" WHERE'
    r'|FROM "accounts_membership" INNER JOIN "accounts_user" .*"accounts_membership"."user_id" = \d+'
    r'|FROM "accounts_user" WHERE "accounts_user"."id" = \d+ LIMIT 21$'
    r'|FROM "accounts_party" WHERE "accounts_party"."id" = \d+ LIMIT 21$'
)
ROUTES = [route for route in all_routes() if route.access and not route.access.public and "GET" in route.access.actions]

pytestmark = pytest.mark.django_db


def asked(client: Client, url: str) -> list[str]:
    """The statements of one page beyond the frame; the first look warms what a process keeps."""
    assert client.get(url).status_code == 200
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(url)
        _ = b"".join(answer) if answer.streaming else answer.content
    return [row["sql"] for row in seen.captured_queries if not FRAME.search(row["sql"])]


def reader(world: World, url: str) -> Client | None:
    for who in READERS:
        client = world.client(who)
        if client.get(url).status_code == 200:
            return client
    return None


def more(world: World, values: dict[Any, Any]) -> None:
    """Sixty more of everything that lists and pages show: contracts, obligations, facts, proofs, messages, people."""
    contract, obligation = world.contract, Obligation.objects.get(pk=values["obligation_id"])
    others = [_copy(contract, number=f"MANY-{n}", title=f"又一份合同 {n}") for n in range(MANY)]
    Contract.objects.bulk_create(others)
    Obligation.objects.bulk_create(
        _copy(obligation, duty=f"more_{n}", position=1000 + n, state="open", due_on=day, due_at=moment)
        for n in range(MANY)
        for day in [date(2026, 9, 1) + timedelta(days=n)]
        for moment in [NOW + timedelta(days=n - 15)]
    )
    fact = Fact.objects.get(pk=values["fact_id"])
    Fact.objects.bulk_create(_copy(fact, name="more", kind="item", subject=f"more-{n}") for n in range(MANY))
    evidence = Evidence.objects.filter(file_id=values["file_id"])[0]
    made = Evidence.objects.bulk_create(_copy(evidence, title=f"更多证据 {n}") for n in range(MANY))
    submission = Submission.objects.get(obligation=obligation)
    rounds = Submission.objects.bulk_create(
        _copy(submission, round=2 + n, state="rejected", reviewed_by=world.person["IT"], reviewed_at=NOW)
        for n in range(MANY)
    )
    for one, proof in zip(rounds, made, strict=True):
        one.evidence.add(proof)
    fact.evidence.add(*made)
    reminder = Reminder.objects.get(pk=values["reminder_id"])
    Reminder.objects.bulk_create(_copy(reminder, step=f"more:{n}") for n in range(MANY))
    Notification.objects.bulk_create(
        Notification(user=person, obligation=obligation, source=f"more:{n}", message="reminder.due",
                     params={}, created_at=NOW)
        for n in range(MANY)
        for person in (world.person["MGR"], world.person["VND"])
    )  # fmt: skip
    invoice = Invoice.objects.get(pk=values["invoice_id"])
    Invoice.objects.bulk_create(
        _copy(invoice, number=f"9{n:019d}", state="rejected", check_note="退回") for n in range(MANY)
    )
    Party.objects.bulk_create(Party(name=f"更多单位 {n}", kind="vendor") for n in range(MANY))
    for n in range(10):
        world.join(f"MORE{n}", "IT", world.parties["buyer"])


def _copy(row: Any, **changes: Any) -> Any:
    """An unsaved copy of a row with other values."""
    values = {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key
    }
    copy = type(row)(**values)
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy


def test_every_page_keeps_to_its_budget_whatever_the_number_of_rows() -> None:
    with time_machine.travel(NOW, tick=True):
        world = build_world()
        world.reuse_sessions = True
        values = route_values(world)
        measured: dict[str, tuple[Client, str, int]] = {}
        for route in ROUTES:
            url = route.url(values)
            client = reader(world, url)
            if client is not None:
                measured[route.name] = client, url, len(asked(client, url))
        more(world, values)
        cache.clear()
        wrong = {}
        for name, (client, url, few) in measured.items():
            statements = asked(client, url)
            limit = BUDGETS.get(name, few)
            if len(statements) > BUDGETS.get(name, BUDGET) or len(statements) > limit:
                wrong[name] = (few, len(statements), statements)
    assert {name: counts[:2] for name, counts in wrong.items()} == {}, "\n".join(
        f"{name}: {sql[:300]}" for name, (_few, _many, statements) in wrong.items() for sql in statements
    )
    assert len(measured) > 60
