"""The tests' own footing: seeded rows and append-only tables survive the flush between transactional tests."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from accounts import journal
from accounts.models import JournalEntry
from accounts.scoping import SYSTEM


def counts() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> dict[str, int]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        return counts()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_every_transactional_test_starts_from_the_seeded_rows(seeded: dict[str, int], turn: int) -> None:
    assert counts() == seeded
    with transaction.atomic():
        journal.record(SYSTEM, "test", chain="test")
    assert JournalEntry._base_manager.count() == seeded["accounts.JournalEntry"] + 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_triggers_are_back_after_a_flush(verb: str) -> None:
    with transaction.atomic():
        journal.record(SYSTEM, "test", chain="test")
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(verb.format(JournalEntry._meta.db_table))
    assert JournalEntry._base_manager.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET id = id",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "DROP TABLE {}",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE mine ()",
    ],
)
def test_the_application_role_cannot_open_the_journal(statement: str) -> None:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(JournalEntry._meta.db_table))
    assert "permission denied" in str(refusal.value) or "must be owner" in str(refusal.value)


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_server_compiles_no_statement():
    """Short statements of many parts: compiling one took seconds, running it milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
