"""Database triggers that make tables append-only and columns immutable, for PostgreSQL and SQLite alike.

On PostgreSQL the application role also loses UPDATE, DELETE and TRUNCATE on these tables (settings.DATABASE_APP_ROLE),
so that not even a disabled trigger opens them; only the owner's role, used by migrations, could."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.backends.base.base import BaseDatabaseWrapper

MESSAGE = "append-only: write a correcting record instead"


def _names(table: str) -> tuple[str, str]:
    return f"{table}_no_update", f"{table}_no_delete"


def install_append_only(connection: BaseDatabaseWrapper, table: str) -> None:
    """Create the two triggers on `table` and, on PostgreSQL, take the rights from the application role."""
    no_update, no_delete = _names(table)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name, verb in ((no_update, "UPDATE"), (no_delete, "DELETE")):
                cursor.execute(
                    f'CREATE TRIGGER IF NOT EXISTS "{name}" BEFORE {verb} ON "{table}" '
                    f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
                )
            return
        cursor.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'restrict_violation'; END $$"
        )
        for name, verb in ((no_update, "UPDATE"), (no_delete, "DELETE")):
            cursor.execute(
                f'CREATE OR REPLACE TRIGGER "{name}" BEFORE {verb} ON "{table}" '
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
        role = settings.DATABASE_APP_ROLE
        if role:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if cursor.fetchone():
                quoted = connection.ops.quote_name(role)
                cursor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {quoted}')


def remove_append_only(connection: BaseDatabaseWrapper, table: str) -> None:
    """Drop the two triggers (reverse migration; emptying a test database)."""
    with connection.cursor() as cursor:
        for name in _names(table):
            suffix = "" if connection.vendor == "sqlite" else f' ON "{table}"'
            cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"{suffix}')


def append_only(table: str) -> migrations.RunPython:
    """Migration operation: `table` refuses UPDATE and DELETE from now on."""

    def forward(_apps: Any, editor: Any) -> None:
        install_append_only(editor.connection, table)

    def backward(_apps: Any, editor: Any) -> None:
        remove_append_only(editor.connection, table)

    return migrations.RunPython(forward, backward, elidable=False)


def fixed_column(table: str, column: str) -> migrations.RunPython:
    """Migration operation: `column` of `table` may be set once, never changed."""
    name = f"{table}_{column}_fixed"

    def forward(_apps: Any, editor: Any) -> None:
        with editor.connection.cursor() as cursor:
            if editor.connection.vendor == "sqlite":
                cursor.execute(
                    f'CREATE TRIGGER IF NOT EXISTS "{name}" BEFORE UPDATE OF "{column}" ON "{table}" '
                    f'WHEN NEW."{column}" IS NOT OLD."{column}" '
                    f"BEGIN SELECT RAISE(ABORT, '{column} is fixed for life'); END"
                )
                return
            cursor.execute(
                f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS '
                f"$$ BEGIN RAISE EXCEPTION '{column} is fixed for life' USING ERRCODE = 'restrict_violation'; END $$"
            )
            cursor.execute(
                f'CREATE OR REPLACE TRIGGER "{name}" BEFORE UPDATE OF "{column}" ON "{table}" FOR EACH ROW '
                f'WHEN (NEW."{column}" IS DISTINCT FROM OLD."{column}") EXECUTE FUNCTION "{name}"()'
            )

    def backward(_apps: Any, editor: Any) -> None:
        with editor.connection.cursor() as cursor:
            suffix = "" if editor.connection.vendor == "sqlite" else f' ON "{table}"'
            cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"{suffix}')

    return migrations.RunPython(forward, backward, elidable=False)


# Every table that refuses change; the tests empty them through `remove_append_only` only.
APPEND_ONLY_TABLES = (
    "accounts_journalentry",
    "obligations_dueversion",
    "billing_payment",
    "billing_deduction",
    "billing_liabilitychange",
    "billing_invoicetax",
    "billing_systemuse",
    "billing_allocationshare",
    "billing_securitymovement",
    "documents_issueddocument",
    "sla_exclusionpaper",
    "documents_documentcancellation",
    "penalties_assessment",
    "penalties_caseentry",
    "penalties_factsnapshot",
)
