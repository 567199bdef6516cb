"""The list of payments over HTTP on PostgreSQL: what a page of it costs over 10,000 milestones against over 100.

The anchor is the list over 100 milestones; the twin database holds a hundred times as many contracts, milestones and
obligations, all of them the reader's. Figures are taken as in `bench.pages`."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bench.harness import QUICK, Row, Timing, Variant, aa_row, judge, measure
from bench.pages import fetch, gunicorn, own
from bench.sweep import ROOT, servers
from tests.servers import PostgresServer

JOB = "payments"
SMALL, LARGE = (100, 1_000) if QUICK else (100, 10_000)
ROUNDS = 5 if QUICK else 15
PAGE = 50
PER_CONTRACT = 4
LIMIT = 1.5
ALLOWED = 8
ADDRESS = "/payments/"


def reader() -> tuple[Any, Any, str]:
    """The buyer, a vendor, and the session of the buyer's finance officer."""
    from django.test import Client

    from accounts.models import Membership, Party, User

    buyer = Party.objects.create(name="buyer", kind="buyer")
    vendor = Party.objects.create(name="vendor", kind="vendor")
    user = User.objects.create(username="reader", display_name="Reader", party=buyer)
    Membership.objects.create(user=user, role_id="FIN")
    client = Client()
    client.force_login(user)
    return buyer, vendor, client.cookies["sessionid"].value


def fill(buyer: Any, vendor: Any, first: int, last: int) -> None:
    """Milestones number `first` to `last`, four a contract: half not yet due, some invoiced, some paid."""
    from billing.models import Milestone
    from contracts.models import Contract
    from obligations.models import Obligation

    start = datetime(2026, 1, 1, 16, tzinfo=UTC)
    numbers = range(first, last + 1)
    made = Contract.objects.bulk_create(
        Contract(
            number=f"P-{n}", title=f"contract {n}", buyer=buyer, vendor=vendor, total=4000, ends_on=date(2026, 6, 30)
        )
        for n in numbers
        if n % PER_CONTRACT == 1
    )
    contracts = {int(row.number[2:]): row for row in made}
    duties = Obligation.objects.bulk_create(
        (
            Obligation(
                contract=contracts[n - (n - 1) % PER_CONTRACT], duty=f"payment_{n}", title=f"付款 {n}", clause="7.2",
                ref=f"OB-{n}", kind="contractual", tracking="once", obligor="buyer", position=n, due_number=1,
                due_state="known" if n % 5 else "pending", due_at=start + timedelta(days=n % 700) if n % 5 else None,
                due_on=(start + timedelta(days=n % 700)).date() if n % 5 else None, updated_at=start,
            )
            for n in numbers
        ),
        batch_size=1000,
    )  # fmt: skip
    Milestone.objects.bulk_create(
        (
            Milestone(
                contract_id=duty.contract_id, code=str(n % PER_CONTRACT), title=f"第 {n} 笔款", clause="7.2",
                amount=1000, position=n % PER_CONTRACT, obligation=duty, after_acceptance=n % PER_CONTRACT == 0,
                invoiced=Decimal(1000 if n % 3 == 0 else 0), committed=Decimal(1000 if n % 6 == 0 else 0),
                paid=Decimal(1000 if n % 6 == 0 else 0),
            )
            for n, duty in zip(numbers, duties, strict=True)
        ),
        batch_size=1000,
    )  # fmt: skip


def databases(postgres: PostgresServer) -> tuple[dict[str, str], str]:
    """The addresses of the small and the large database, and the reader's session."""
    import psycopg
    from django.db import connection

    admin = postgres.admin_url.replace("postgres://", "postgresql://").rsplit("/", 1)[0]
    buyer, vendor, cookie = reader()
    fill(buyer, vendor, 1, SMALL)
    connection.close()
    with psycopg.connect(f"{admin}/postgres", autocommit=True) as link:
        link.execute("CREATE DATABASE small TEMPLATE luyuetai OWNER luyuetai_owner")
        link.execute("GRANT CONNECT ON DATABASE small TO luyuetai_app")
    fill(buyer, vendor, SMALL + 1, LARGE)
    connection.close()
    for name in ("small", "luyuetai"):
        with psycopg.connect(f"{admin}/{name}", autocommit=True) as link:
            link.execute("VACUUM ANALYZE")
    return {name: postgres.url.rsplit("/", 1)[0] + f"/{name}" for name in ("small", "luyuetai")}, cookie


def statements(cookie: str) -> list[str]:
    """SQL of the page on the large database beyond what every page has."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "127.0.0.1"})
    client.cookies["sessionid"] = cookie
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(ADDRESS)
    assert answer.status_code == 200, answer.status_code
    connection.close()
    return own([query["sql"] for query in captured])


def deep(port: int, cookie: str, pages: int) -> str:
    """The address of the page `pages` further on, by following the link to the next one."""

    address = ADDRESS
    for _ in range(pages):
        found = re.search(
            r'href="(\?[^"]*after=[^"]+)"|href="(/payments/\?[^"]*after=[^"]+)"', fetch(port, address, cookie)
        )
        assert found is not None, "no further page"
        link = html.unescape(found[1] or found[2])
        address = ADDRESS + link if link.startswith("?") else link
    return address


def run() -> list[Row]:
    with servers() as postgres:
        subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"], cwd=ROOT, check=True)
        urls, cookie = databases(postgres)
        with gunicorn(urls["luyuetai"]) as large, gunicorn(urls["small"]) as small:
            return compare(large, small, cookie)


def compare(large: int, small: int, cookie: str) -> list[Row]:
    for port in (large, small):
        assert fetch(port, ADDRESS, cookie).count('class="row-x') == PAGE
    further = deep(large, cookie, 5 if QUICK else 100)
    times = measure(
        {
            "small": Variant(lambda: fetch(small, ADDRESS, cookie)),
            "again": Variant(lambda: fetch(small, ADDRESS, cookie)),
            "large": Variant(lambda: fetch(large, ADDRESS, cookie)),
            "deep": Variant(lambda: fetch(large, further, cookie)),
        },
        rounds=ROUNDS,
    )
    aa = times["again"].ratio(times["small"])
    size = f"{PAGE} rows of {SMALL:,}"
    queries = statements(cookie)
    return [
        Row(JOB, "anchor: list", size, times["small"].text, 1.0),
        aa_row(JOB, size, aa),
        _row("list", f"{PAGE} rows of {LARGE:,}", times["large"], times["small"], aa),
        _row("list, deep page", f"{PAGE} rows of {LARGE:,}", times["deep"], times["small"], aa),
        Row(JOB, "list: statements", f"of {LARGE:,}", str(len(queries)), None, f"≤ {ALLOWED}", len(queries) <= ALLOWED),
    ]


def _row(variant: str, size: str, timing: Timing, anchor: Timing, aa: float) -> Row:
    ratio = timing.ratio(anchor)
    return Row(JOB, variant, size, timing.text, ratio, f"≤ {LIMIT}× anchor", judge(ratio, LIMIT, aa))
