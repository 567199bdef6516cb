"""The test database under its two roles, and a flush that append-only tables survive."""

from __future__ import annotations

import os
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models.signals import pre_migrate
from environ import Env


class OwnerRole:
    """Switches the default connection between the owner (migrations) and the application role (tests).

    Without DATABASE_OWNER_URL, and on SQLite, there is one role and nothing to switch.
    """

    def __init__(self, owner: dict[str, str] | None) -> None:
        self.owner = owner
        self.application = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}

    @classmethod
    def from_environment(cls) -> OwnerRole:
        url = os.environ.get("DATABASE_OWNER_URL", "")
        if not url or connection.vendor != "postgresql":
            return cls(None)
        config = Env.db_url_config(url)
        return cls({"USER": config["USER"], "PASSWORD": config["PASSWORD"]})

    def assume(self) -> None:
        """Connect as the owner from now on, who grants the application role its defaults before migrating."""
        if self.owner is not None:
            connection.close()
            connection.settings_dict.update(self.owner)
            settings.DATABASE_APP_ROLE = self.application["USER"]  # whom migrations take rights from
            pre_migrate.connect(self._grant_defaults, dispatch_uid="tests.database.grant_defaults")

    def drop(self) -> None:
        """Connect as the application role from now on."""
        if self.owner is not None:
            connection.close()
            connection.settings_dict.update(self.application)
            pre_migrate.disconnect(dispatch_uid="tests.database.grant_defaults")

    def _grant_defaults(self, **_: Any) -> None:
        # As scripts/pg_roles.sql does: default privileges belong to one database, and this one is new.
        app = connection.ops.quote_name(self.application["USER"])
        with connection.cursor() as cursor:
            for what in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES"):
                cursor.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {what} TO {app}")


class SeededFlush:
    """Replaces the flush after transactional tests.

    Django's own would be refused by the triggers of append-only tables and would lose the rows that
    migrations seeded. This one works as the owner with those triggers off, in one transaction, and puts the
    seeds back.
    """

    def __init__(self, role: OwnerRole) -> None:
        self.role = role
        self.seeds: list[tuple[str, list[tuple[Any, ...]]]] = []

    def install(self) -> None:
        with connection.cursor() as cursor:
            for model in apps.get_models(include_auto_created=True):
                if model._meta.proxy or not model._meta.managed:
                    continue
                columns = [field.column for field in model._meta.local_concrete_fields if not field.generated]
                quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"SELECT {quoted} FROM {table}")
                rows = cursor.fetchall()
                if rows:
                    marks = ", ".join(["%s"] * len(columns))
                    self.seeds.append((f"INSERT INTO {table} ({quoted}) VALUES ({marks})", rows))
        # On the class: a thread with a browser's event loop in it gets a connection object of its own.
        flush = self
        type(connection.ops).execute_sql_flush = lambda _ops, statements: flush(statements)  # type: ignore[method-assign]

    def __call__(self, statements: list[str]) -> None:
        if connection.vendor == "sqlite":
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
                triggers = cursor.fetchall()
                for name, _ in triggers:
                    cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")
                self._refill(cursor, statements)
                for _, sql in triggers:
                    cursor.execute(sql)
            return
        owner = connection.copy()
        owner.settings_dict.update(self.role.owner or {})
        try:
            owner.set_autocommit(False)
            with owner.cursor() as cursor:
                # A forgotten open transaction must fail the test that left it, not hang the run.
                cursor.execute("SET LOCAL lock_timeout = '20s'")
                cursor.execute(
                    "SELECT tgrelid::regclass::text, quote_ident(tgname), tgenabled FROM pg_trigger "
                    "WHERE NOT tgisinternal AND tgenabled <> 'D'"
                )
                triggers = cursor.fetchall()
                for table, name, _ in triggers:
                    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
                self._refill(cursor, statements)
                words = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}
                # Foreign keys of the seeds are checked here: a table with pending checks cannot be altered.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                for table, name, state in triggers:
                    cursor.execute(f"ALTER TABLE {table} {words[state]} TRIGGER {name}")
            owner.commit()
        finally:
            owner.close()

    def _refill(self, cursor: Any, statements: list[str]) -> None:
        for statement in statements:
            cursor.execute(statement)
        for statement, rows in self.seeds:
            cursor.executemany(statement, rows)
