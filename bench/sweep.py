"""The reminder sweep on PostgreSQL against the one statement that could be written by hand for the same rows.

A body with 200 contracts and 1,000,000 open obligations (and a twin database with 10,000 of them), three planned steps
each, 200,000 reminders sent before; 1,000 or 10,000 of the obligations are due. The anchor knows step, recipient and
next moment as constants, so that it does the least a claim and a record can do."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.harness import QUICK, Row, Timing, Variant, aa_row, judge, measure
from tests.servers import PostgresServer, RedisServer

ROOT = Path(__file__).resolve().parent.parent
SMALL, LARGE = (2_000, 20_000) if QUICK else (10_000, 1_000_000)
HISTORY = LARGE // 5
FEW, MANY = (100, 1_000) if QUICK else (1_000, 10_000)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NEXT = NOW + timedelta(days=4)
JOB = "sweep"

OBLIGATIONS = """
INSERT INTO obligations_obligation ({columns})
SELECT {values} FROM generate_series(%(first)s::int, %(last)s::int) n
"""
STEPS = """
INSERT INTO obligations_reminderstep (obligation_id, due_number, step, level, send_at)
SELECT o.id, 1, s.step, 0, %(now)s::timestamptz + s.days * interval '1 day'
  FROM obligations_obligation o, (VALUES ('T-7', 0), ('T-3', 4), ('T-1', 6)) s (step, days)
 WHERE o.position BETWEEN %(first)s AND %(last)s
"""
HISTORY_SQL = """
INSERT INTO obligations_reminder (obligation_id, due_number, step, recipient_id, state, send_at, created_at, sent_at,
                                  attempts, error)
SELECT o.id, 1, 'T-15', {person}, 'sent', %(now)s, %(now)s, %(now)s, 1, ''
  FROM obligations_obligation o WHERE o.position <= %(history)s
"""
ANCHOR = """
WITH claimed AS (
    UPDATE obligations_obligation SET next_reminder_at = %(next)s WHERE next_reminder_at <= %(now)s
 RETURNING id, due_number
)
INSERT INTO obligations_reminder
       (obligation_id, due_number, step, recipient_id, state, send_at, created_at, attempts, error)
SELECT id, due_number, 'T-7', {person}, 'waiting', %(now)s, %(now)s, 0, '' FROM claimed ON CONFLICT DO NOTHING
"""


@contextmanager
def servers() -> Iterator[PostgresServer]:
    """PostgreSQL with fsync on and Redis, the project migrated, Django set up as the application role."""
    postgres, redis = PostgresServer(durable=True, shared_buffers="1GB"), RedisServer()
    try:
        postgres.start()
        os.environ |= {
            "DATABASE_URL": postgres.url,
            "DATABASE_OWNER_URL": postgres.owner_url,
            "DATABASE_APP_ROLE": "luyuetai_app",
            "REDIS_URL": redis.start().url,
            "LOG_LEVEL": "WARNING",
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v", "0", "--skip-checks"],
            cwd=ROOT,
            env=os.environ | {"USE_OWNER_ROLE": "1"},
            check=True,
        )
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django

        django.setup()
        logging.disable(logging.INFO)
        yield postgres
    finally:
        redis.stop()
        postgres.stop()


class World:
    """The two databases, filled; `use` switches the product's connection between them."""

    def __init__(self, postgres: PostgresServer) -> None:
        self.sizes = {"luyuetai": LARGE, "small": SMALL}
        self.admin = postgres.admin_url.replace("postgres://", "postgresql://").rsplit("/", 1)[0]
        with self.connect("luyuetai") as link:
            self.person = self._people()
            self._fill(link, 1, SMALL)
        with self.connect("postgres") as link:
            self._close_product()
            link.execute("CREATE DATABASE small TEMPLATE luyuetai OWNER luyuetai_owner")
            link.execute("GRANT CONNECT ON DATABASE small TO luyuetai_app")
        with self.connect("luyuetai") as link:
            self._fill(link, SMALL + 1, LARGE)
        for database, size in self.sizes.items():
            with self.connect(database) as link:
                history = {"now": NOW, "history": min(HISTORY, size)}
                link.execute(HISTORY_SQL.format(person=self.person), history)
                for table in ("obligation", "reminder", "reminderstep"):
                    link.execute(f"ALTER TABLE obligations_{table} SET (autovacuum_enabled = false)")
                link.execute("VACUUM ANALYZE")
        self.links = {database: self.connect(database) for database in self.sizes}

    def connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(f"{self.admin}/{database}", autocommit=True)

    def _people(self) -> int:
        """A buyer with one person in finance, 20 vendors, 200 contracts; the person's key."""
        from accounts.models import Membership, Party, User
        from contracts.models import Contract
        from obligations.services.reminders.audience import audience_sync

        buyer = Party.objects.create(name="buyer", kind="buyer")
        vendors = [Party.objects.create(name=f"vendor {n}", kind="vendor") for n in range(20)]
        for party, role in [(buyer, "FIN"), *((vendor, "VND") for vendor in vendors)]:
            user = User.objects.create(username=party.name, display_name=party.name, party=party)
            Membership.objects.create(user=user, role_id=role)
        Contract.objects.bulk_create(
            Contract(number=f"B-{n}", title=f"contract {n}", buyer=buyer, vendor=vendors[n % 20], total=1)
            for n in range(200)
        )
        audience_sync(list(Contract.objects.all()))
        person: int = User.objects.get(username="buyer").pk
        return person

    def _close_product(self) -> None:
        from django.db import connection

        connection.close()

    def _fill(self, link: psycopg.Connection[Any], first: int, last: int) -> None:
        from django.db.models import NOT_PROVIDED

        from obligations.models import Obligation

        values = {"contract_id": "(SELECT min(id) FROM contracts_contract) + abs(hashint4(n)) %% 200",
                  "duty": "'duty_' || n",
                  "title": "'obligation ' || n", "clause": "'7.2'", "kind": "'contractual'", "tracking": "'once'",
                  "obligor": "'buyer'", "policy": "'payment'", "position": "n", "due_state": "'known'",
                  "due_on": "%(now)s::date + 7", "due_at": "%(now)s::timestamptz + (7 + n %% 300) * interval '1 day'",
                  "due_number": "1", "next_reminder_at": "%(next)s", "updated_at": "now()"}  # fmt: skip
        for field in Obligation._meta.local_concrete_fields:
            if field.column in values or field.primary_key or field.null:
                continue
            default = "" if field.default is NOT_PROVIDED else field.get_default()
            quoted = {"{}": "'{}'", "[]": "'[]'"}.get(str(default))
            values[str(field.column)] = quoted or (f"'{default}'" if isinstance(default, str) else str(default))
        names = ", ".join(f'"{name}"' for name in values)
        moments = {"first": first, "last": last, "now": NOW, "next": NEXT}
        link.execute(OBLIGATIONS.format(columns=names, values=", ".join(values.values())), moments)
        link.execute(STEPS, moments)

    def use(self, database: str) -> None:
        from django.db import connection

        if connection.settings_dict["NAME"] != database:
            connection.close()
            connection.settings_dict["NAME"] = database
        connection.ensure_connection()

    def due(self, database: str, number: int) -> Callable[[], None]:
        """Makes `number` obligations, spread over the table, due; takes back what the last run recorded."""

        def reset() -> None:
            link = self.links[database]
            link.execute("DELETE FROM obligations_reminder WHERE step = 'T-7'")
            link.execute(
                "UPDATE obligations_obligation SET next_reminder_at = %s WHERE next_reminder_at <> %s", [NEXT, NEXT]
            )
            spread = self.sizes[database] // number
            link.execute(
                "UPDATE obligations_obligation SET next_reminder_at = %s WHERE position %% %s = 0", [NOW, spread]
            )
            link.execute("VACUUM obligations_obligation, obligations_reminder")
            self.use(database)

        return reset

    def anchor(self, database: str) -> Callable[[], None]:
        """The statement by hand, on the product's own connection and role."""

        def run() -> None:
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute(ANCHOR.format(person=self.person), {"now": NOW, "next": NEXT})

        return run

    def left(self, database: str) -> tuple[list[Any], list[Any]]:
        """What a run has left behind: the reminder rows and the pointers that have moved to the next step."""
        link = self.links[database]
        reminders = link.execute(
            "SELECT obligation_id, due_number, step, recipient_id, state, send_at, attempts FROM obligations_reminder "
            "WHERE step = 'T-7' ORDER BY 1, 2, 3, 4"
        )
        pointers = link.execute("SELECT next_reminder_at, count(*) FROM obligations_obligation GROUP BY 1 ORDER BY 1")
        return reminders.fetchall(), pointers.fetchall()


def product() -> None:
    from obligations.services.reminders import sweep

    sweep(NOW)


def row_by_row() -> None:
    """The usual way: lock one due obligation, write its reminder, move its pointer, commit; until none is left."""
    from django.db import transaction

    from accounts.models import User
    from obligations.models import Obligation, Reminder

    person = User.objects.get(username="buyer")
    while True:
        with transaction.atomic():
            due = Obligation.objects.select_for_update(skip_locked=True).filter(next_reminder_at__lte=NOW).first()
            if due is None:
                return
            Reminder.objects.create(
                obligation=due, due_number=due.due_number, step="T-7", recipient=person, send_at=NOW, created_at=NOW
            )
            due.next_reminder_at = NEXT
            due.save(update_fields=["next_reminder_at"])


def counted(run: Callable[[], None]) -> int:
    """Statements the product sends in one run."""
    from django.db import connection

    number = 0

    def count(execute: Any, *args: Any) -> Any:
        nonlocal number
        number += 1
        return execute(*args)

    with connection.execute_wrapper(count):
        run()
    return number


def queued() -> int:
    """Messages in the queue, which is emptied."""
    import redis

    link = redis.Redis.from_url(os.environ["REDIS_URL"])
    number = int(link.llen("celery"))
    link.delete("celery")
    return number


def verify(world: World, database: str, number: int) -> tuple[int, int]:
    """Anchor, product and the usual way leave the same rows and pointers; (statements, messages) of the product."""
    left = []
    statements = messages = 0
    # The product twice: the very first entry of its journal chain also makes the chain.
    for run in (product, world.anchor(database), product, row_by_row):
        world.due(database, number)()
        if run is row_by_row and number > FEW:
            continue
        queued()
        counts = counted(run)
        if run is product:
            statements, messages = counts, queued()
        left.append(world.left(database))
    assert all(one == left[0] for one in left), "the variants do not do the same"
    assert len(left[0][0]) == number
    return statements, messages


def size_of(number: int, total: int) -> str:
    return f"{number:,} due of {total:,}"


def compare(world: World, number: int) -> tuple[list[Row], dict[str, Timing]]:
    """Anchor and product for one number of due obligations, and the sweep after that finds nothing new."""
    statements, messages = verify(world, "luyuetai", number)
    due = world.due("luyuetai", number)
    anchor = world.anchor("luyuetai")

    def swept() -> None:
        due()
        product()

    variants = {
        "anchor": Variant(anchor, due),
        "again": Variant(anchor, due),
        "product": Variant(product, due),
        "idle": Variant(product, swept),
    }
    if number == FEW:
        few = world.due("small", number)
        variants["anchor small"] = Variant(world.anchor("small"), few)
        variants["product small"] = Variant(product, few)
    times = measure(variants)
    queued()
    size = size_of(number, LARGE)
    aa = times["again"].ratio(times["anchor"])
    ratio, idle = times["product"].ratio(times["anchor"]), times["idle"].ratio(times["product"])
    per_thousand, most = statements / (number / 1000), number // 100 + 10
    rows = [
        Row(JOB, "anchor: one statement by hand", size, times["anchor"].text, 1.0),
        aa_row(JOB, size, aa),
        Row(JOB, "product, journal and queue included", size, times["product"].text, ratio, "≤ 2× anchor",
            judge(ratio, 2, aa)),
        Row(JOB, "second sweep, nothing new", size, times["idle"].text, idle, "≤ 0.3× the first",
            judge(idle, 0.3, aa)),
        Row(JOB, "statements per 1,000 rows", size, f"{per_thousand:g}", None, "≤ 5",
            None if QUICK else per_thousand <= 5),
        Row(JOB, "queue messages", size, str(messages), None, f"≤ {most}", messages <= most),
    ]  # fmt: skip
    return rows, times


def run() -> list[Row]:
    with servers() as postgres:
        world = World(postgres)
        rows, times = compare(world, FEW)
        aa = times["again"].ratio(times["anchor"])
        size = f"{FEW:,} due, {SMALL:,} → {LARGE:,}"
        for name, goal in (("anchor", ""), ("product", "≤ 2×")):
            growth = times[name].ratio(times[f"{name} small"])
            text = f"{times[f'{name} small'].median * 1000:.3g} → {times[name].median * 1000:.3g} ms"
            rows.append(Row(JOB, f"growth, {name}", size, text, growth, goal, judge(growth, 2, aa) if goal else None))
        usual = measure(
            {
                "anchor": Variant(world.anchor("luyuetai"), world.due("luyuetai", FEW)),
                "usual": Variant(row_by_row, world.due("luyuetai", FEW)),
            },
            rounds=3,
        )
        rows.append(
            Row(JOB, "usual way: a transaction a row", size_of(FEW, LARGE), usual["usual"].text,
                usual["usual"].ratio(usual["anchor"]))
        )  # fmt: skip
        rows += compare(world, MANY)[0]
    return rows
