"""Pages over HTTP on PostgreSQL: one gunicorn sync worker on loopback, one signed-in reader, in shuffled order.

The anchor is the product's own page frame around an empty body, for the same reader. A body with 200 contracts and
1,000,000 obligations, of which one contract holds 600,000 so that its list has a page 10,000; the twin database holds a
hundredth of that."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.handlers.wsgi import WSGIHandler

from bench.harness import QUICK, Row, Timing, Variant, aa_row, judge, measure
from bench.sweep import ROOT, servers
from tests.servers import PostgresServer, free_port

JOB = "pages"
SMALL, LARGE = (1_000, 10_000) if QUICK else (10_000, 1_000_000)
ROUNDS, FEW_ROUNDS = (5, 3) if QUICK else (15, 9)
PAGE = 50
DEPTH = 100 if QUICK else 10_000
CONTRACTS, VENDORS = 200, 20
REAL = "SXYSR202506176"
SHELL, LIST, DEEP, INBOX = "shell", "list", f"list, page {DEPTH:,}", "inbox"
ADDRESSES = "bench._urls"
ALLOWED = 8
# What every page of a signed-in reader asks for: who is it, of which party, what may they do, what is unread.
FRAME = ("django_session", "accounts_user", "accounts_party", "accounts_membership", "obligations_notification")

OBLIGATIONS = """
INSERT INTO obligations_obligation ({columns})
SELECT {values}
  FROM generate_series({first}, {last}) n
  JOIN contracts_contract c ON c.number = 'B-' || CASE WHEN n % 5 < 3 THEN 0 ELSE 1 + n / 5 % {others} END
"""
UNDATED = "(n % 20 = 7 AND n % 3 <> 0)"
DUE = "date_trunc('day', now()) + (n::bigint * 7919 % 1460 - 365) * interval '1 day' + interval '16 hours'"
# Obligations as contracts have them: a third done, some without a date yet, some internal targets, one in eight with
# an amount; due days spread over four years.
VALUES = {
    "contract_id": "c.id",
    "duty": "'duty_' || n",
    "key_text": "CASE WHEN n % 2 = 0 THEN '2026-W' || n % 52 ELSE '' END",
    "ref": "'OB-' || n % 231",
    "title": "'向采购人提交第' || n || '期信息系统运维服务工作报告'",
    "clause": "'7.' || n % 9 || '(' || n % 4 || ')'",
    "kind": "CASE WHEN n % 9 = 1 THEN 'internal' ELSE 'contractual' END",
    "tracking": "'recurring'",
    "obligor": "(ARRAY['buyer', 'vendor', 'vendor', 'both'])[1 + n % 4]",
    "role": "(ARRAY['IT', 'FIN', 'MGR', ''])[1 + n / 4 % 4]",
    "amount": "CASE WHEN n % 8 = 0 THEN 1000 + n % 997 END",
    "position": "n",
    "state": "CASE WHEN n % 3 = 0 THEN 'done' ELSE 'open' END",
    "done_on": "CASE WHEN n % 3 = 0 THEN now()::date - n % 300 END",
    "due_state": f"CASE WHEN {UNDATED} THEN 'pending' ELSE 'known' END",
    "missing": f"""CASE WHEN {UNDATED} THEN '[{{"name": "event.e", "title": "验收"}}]'::jsonb ELSE '[]' END""",
    "due_at": f"CASE WHEN NOT {UNDATED} THEN {DUE} END",
    "due_on": f"CASE WHEN NOT {UNDATED} THEN ({DUE})::date END",
    "due_number": "1",
    "updated_at": "now()",
}


def columns() -> dict[str, str]:
    """SQL expression of every column of an obligation; those not named above get the model's default."""
    from django.db.models import NOT_PROVIDED

    from obligations.models import Obligation

    found = dict(VALUES)
    for field in Obligation._meta.local_concrete_fields:
        if field.column in found or field.primary_key or field.null:
            continue
        default = "" if field.default is NOT_PROVIDED else field.get_default()
        plain = {"{}": "'{}'", "[]": "'[]'"}.get(str(default))
        found[str(field.column)] = plain or (f"'{default}'" if isinstance(default, str) else str(default))
    return found


class World:
    """Two databases with the same contracts and the same signed-in reader, IT staff of the buyer; the real contract is
    one of the contracts."""

    def __init__(self, postgres: PostgresServer) -> None:
        self.sizes = {"small": SMALL, "luyuetai": LARGE}
        self.urls = {name: postgres.url.rsplit("/", 1)[0] + f"/{name}" for name in self.sizes}
        self.admin = postgres.admin_url.replace("postgres://", "postgresql://").rsplit("/", 1)[0]
        self.cookie, self.big, self.real = self._start()
        self._fill("luyuetai", 1, SMALL)
        with self.connect("postgres") as link:
            link.execute("CREATE DATABASE small TEMPLATE luyuetai OWNER luyuetai_owner")
            link.execute("GRANT CONNECT ON DATABASE small TO luyuetai_app")
        self._fill("luyuetai", SMALL + 1, LARGE)
        for database in self.sizes:
            with self.connect(database) as link:
                link.execute("VACUUM ANALYZE")
        self.cursor = self._cursor()

    def connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(f"{self.admin}/{database}", autocommit=True)

    def _start(self) -> tuple[str, int, int]:
        """People, contracts and a session; its key, the big contract and the real one."""
        from django.db import connection
        from django.test import Client

        from accounts.models import Membership, Party, User
        from accounts.scoping import SYSTEM
        from contracts.models import Contract
        from definitions.services import contract_load

        real = contract_load(ROOT / "definitions" / "data" / REAL, actor=SYSTEM).contract
        vendors = [Party.objects.create(name=f"vendor {n}", kind="vendor") for n in range(VENDORS)]
        made = Contract.objects.bulk_create(
            Contract(number=f"B-{n}", title=f"contract {n}", buyer=real.buyer, vendor=vendors[n % VENDORS], total=1)
            for n in range(CONTRACTS)
        )
        user = User.objects.create(username="reader", display_name="Reader", party=real.buyer)
        Membership.objects.create(user=user, role_id="IT")
        client = Client()
        client.force_login(user)
        connection.close()
        return client.cookies["sessionid"].value, made[0].pk, real.pk

    def _fill(self, database: str, first: int, last: int) -> None:
        wanted = columns()
        names = ", ".join(f'"{name}"' for name in wanted)
        with self.connect(database) as link:
            link.execute(
                OBLIGATIONS.format(
                    columns=names, values=", ".join(wanted.values()), first=first, last=last, others=CONTRACTS - 1
                )
            )

    def _cursor(self) -> str:
        """Cursor of the last row before page DEPTH of the big contract's list."""
        with self.connect("luyuetai") as link:
            row = link.execute(
                "SELECT due_at, id FROM obligations_obligation WHERE contract_id = %s AND due_at IS NOT NULL "
                "ORDER BY due_at, id OFFSET %s LIMIT 1",
                [self.big, (DEPTH - 1) * PAGE - 1],
            ).fetchone()
        from obligations.selectors.keyset import Cursor

        assert row is not None, "the big contract has no page that deep"
        return str(Cursor(*row))

    @property
    def pages(self) -> dict[str, str]:
        """Address of every page measured, by name; the first is the anchor."""
        listed = f"/contracts/{self.big}/obligations/"
        return {
            SHELL: "/shell/",
            LIST: listed,
            DEEP: f"{listed}?cursor={self.cursor}",
            "list as registered": f"{listed}?order=register",
            "list, owed only": f"{listed}?status=owed",
            INBOX: "/inbox/",
            "inbox, waiting for others": "/inbox/?tab=waiting",
            "inbox, done": "/inbox/?tab=done",
            "inbox, for information": "/inbox/?tab=copied",
            "real contract, overview": f"/contracts/{self.real}/",
            "real contract, year": f"/contracts/{self.real}/year/",
            "calendar of a month": "/calendar/",
            "contracts": "/contracts/",
        }


def application() -> WSGIHandler:
    """The product for gunicorn, with the anchor's page."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    made = get_wsgi_application()
    settings.ROOT_URLCONF = ADDRESSES
    return made


@contextmanager
def gunicorn(database_url: str) -> Iterator[int]:
    """One sync worker on a loopback port, which is yielded."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "bench.pages:application()", "--bind", f"127.0.0.1:{port}", "--workers", "1",
         "--worker-class", "sync", "--timeout", "120", "--log-level", "warning"],
        cwd=ROOT, env=os.environ | {"DATABASE_URL": database_url, "CONN_MAX_AGE": "600"},
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("gunicorn did not start") from None
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def fetch(port: int, address: str, cookie: str) -> str:
    """The page's text over a connection of its own (sync workers keep none). Anything but 200 is an error."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    link.request("GET", address, headers={"Cookie": f"sessionid={cookie}"})
    answer = link.getresponse()
    body = answer.read().decode()
    link.close()
    if answer.status != 200:
        raise RuntimeError(f"{address}: {answer.status}")
    return body


def statements(world: World) -> dict[str, list[str]]:
    """SQL of every page on the large database, run in this process."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    settings.ROOT_URLCONF = ADDRESSES
    found: dict[str, list[str]] = {}
    for name, address in world.pages.items():
        client = Client(headers={"host": "127.0.0.1"})
        client.cookies["sessionid"] = world.cookie
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        found[name] = [query["sql"] for query in captured]
    connection.close()
    return found


def own(queries: Sequence[str]) -> list[str]:
    """The statements beyond those every page has: session, user, membership, badges."""
    return [sql for sql in queries if not any(f'FROM "{table}"' in sql for table in FRAME)]


def verify(world: World, ports: dict[str, int]) -> None:
    """Every page answers, and the lists show as many rows as they should; deep and first page do not overlap."""
    for port in ports.values():
        assert 'class="row-x' not in fetch(port, world.pages[SHELL], world.cookie)
        for name in (LIST, INBOX):
            assert fetch(port, world.pages[name], world.cookie).count('class="row-x') == PAGE, name
    first, deep = (re.findall(r'href="(/obligations/\d+/)"', fetch(ports["luyuetai"], world.pages[name], world.cookie))
                   for name in (LIST, DEEP))  # fmt: skip
    assert len(set(deep)) == PAGE
    assert not set(first) & set(deep)


def visit(world: World, port: int, name: str) -> Variant:
    return Variant(lambda: fetch(port, world.pages[name], world.cookie))


def judged(name: str, times: Mapping[str, Timing], aa: float, queries: Sequence[str]) -> list[Row]:
    """The row of one page on the large database, and the row of its statements."""
    size = f"{PAGE} rows of {LARGE:,}" if name in (LIST, DEEP, INBOX) else f"of {LARGE:,}"
    ratio = times[name].ratio(times[SHELL])
    limit = 6 if name in (LIST, INBOX) else None
    counting = [sql for sql in queries if sql.startswith("SELECT COUNT(*)")]
    rows = [Row(JOB, name, size, times[name].text, ratio, f"≤ {limit}× shell" if limit else "",
                judge(ratio, limit, aa) if limit else None)]  # fmt: skip
    number = len(own(queries))
    rows.append(Row(JOB, f"{name}: statements", size, str(number), None, f"≤ {ALLOWED}, none counts",
                    number <= ALLOWED and not counting))  # fmt: skip
    return rows


def run() -> list[Row]:
    with servers() as postgres:
        subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"], cwd=ROOT, check=True)
        world = World(postgres)
        with gunicorn(world.urls["luyuetai"]) as large, gunicorn(world.urls["small"]) as small:
            return compare(world, {"luyuetai": large, "small": small})


def compare(world: World, ports: dict[str, int]) -> list[Row]:
    verify(world, ports)
    queries = statements(world)
    visits = {name: visit(world, ports["luyuetai"], name) for name in world.pages}
    variants = {name: visits.pop(name) for name in (SHELL, LIST, DEEP, INBOX)}
    variants["again"] = variants[SHELL]
    for name in (SHELL, LIST, INBOX):
        variants[f"{name} small"] = visit(world, ports["small"], name)
    times = measure(variants, rounds=ROUNDS)
    others = measure({SHELL: variants[SHELL], **visits}, rounds=FEW_ROUNDS)
    aa = times["again"].ratio(times[SHELL])
    rows = [Row(JOB, f"anchor: {SHELL}", "no rows", times[SHELL].text, 1.0), aa_row(JOB, "no rows", aa)]
    for name in list(world.pages)[1:]:
        rows += judged(name, others if name in visits else times, aa, queries[name])
    deep = times[DEEP].ratio(times[LIST])
    rows.append(Row(JOB, f"page {DEPTH:,} against page 1", f"of {LARGE:,}", times[DEEP].text, deep, "≤ 1.5×",
                    judge(deep, 1.5, aa)))  # fmt: skip
    for name, goal in ((SHELL, ""), (LIST, "≤ 1.5×"), (INBOX, "≤ 1.5×")):
        before, after = times[f"{name} small"], times[name]
        growth = after.ratio(before)
        text = f"{before.median * 1000:.3g} → {after.median * 1000:.3g} ms"
        rows.append(Row(JOB, f"growth, {name}", f"{SMALL:,} → {LARGE:,}", text, growth, goal,
                        judge(growth, 1.5, aa) if goal else None))  # fmt: skip
    return rows
