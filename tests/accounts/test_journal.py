"""The journal: one entry per change, whole chains, and no way to edit it (security.md C11, C12, F21, F22)."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import journal
from accounts.models import JournalChain, JournalEntry
from accounts.scoping import SYSTEM
from accounts.triggers import install_append_only, remove_append_only

pytestmark = pytest.mark.django_db


def write(count: int, chain: str = "contract:7") -> list[JournalEntry]:
    return [journal.record(SYSTEM, f"act.{number}", chain=chain, after={"n": number}) for number in range(count)]


def test_entries_follow_one_another_and_the_chain_verifies() -> None:
    first, second = write(2)
    assert second.sequence == first.sequence + 1
    assert second.previous_hash == first.hash
    assert list(journal.verify()) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE accounts_journalentry SET action = 'x'", "DELETE FROM accounts_journalentry"]
)
def test_the_database_refuses_to_change_the_past(statement: str) -> None:
    write(2)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert JournalEntry.objects.filter(chain_id="contract:7").count() == 2
    assert list(journal.verify()) == []


def test_replacing_a_row_is_refused_too() -> None:
    """On SQLite INSERT OR REPLACE deletes silently unless recursive triggers are on; PostgreSQL has ON CONFLICT."""
    (entry,) = write(1)
    replace = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"
    conflict = "" if connection.vendor == "sqlite" else " ON CONFLICT (id) DO UPDATE SET action = 'x'"
    columns = (
        "id, chain_id, sequence, at, actor_label, ip, action, result, object_type, object_id, object_label, reason,"
    )
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"{replace} INTO accounts_journalentry ({columns} previous_hash, hash) "
            f"SELECT {columns} previous_hash, hash FROM accounts_journalentry WHERE id = %s{conflict}",
            [entry.pk],
        )
    assert list(journal.verify()) == []


def test_without_a_transaction_nothing_is_written(transactional_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        journal.record(SYSTEM, "act", chain="contract:7")
    assert not JournalEntry.objects.filter(chain_id="contract:7").exists()


@pytest.fixture
def unprotected(owner_tables: None) -> None:
    """The tampering tests act as somebody who holds the owner's rights and has taken the triggers off."""


@pytest.fixture
def owner_tables(transactional_db: None, django_db_modify_db_settings: object):  # type: ignore[no-untyped-def]
    role = django_db_modify_db_settings
    role.assume()  # type: ignore[attr-defined]
    remove_append_only(connection, "accounts_journalentry")
    yield
    install_append_only(connection, "accounts_journalentry")
    role.drop()  # type: ignore[attr-defined]


def tamper_edit(entries: list[JournalEntry]) -> None:
    JournalEntry.objects.filter(pk=entries[2].pk).update(after={"n": 99})


def tamper_delete(entries: list[JournalEntry]) -> None:
    JournalEntry.objects.filter(pk=entries[2].pk).delete()


def tamper_swap(entries: list[JournalEntry]) -> None:
    JournalEntry.objects.filter(pk=entries[1].pk).update(sequence=1000)
    JournalEntry.objects.filter(pk=entries[2].pk).update(sequence=entries[1].sequence)
    JournalEntry.objects.filter(pk=entries[1].pk).update(sequence=entries[2].sequence)


def tamper_cut_tail(entries: list[JournalEntry]) -> None:
    JournalEntry.objects.filter(pk=entries[-1].pk).delete()


@pytest.mark.parametrize("tamper", [tamper_edit, tamper_delete, tamper_swap, tamper_cut_tail])
def test_tampering_by_the_owner_is_found(unprotected: None, tamper) -> None:  # type: ignore[no-untyped-def]
    with transaction.atomic():
        entries = write(5)
    assert list(journal.verify()) == []
    tamper(entries)
    assert list(journal.verify()) != []


def test_a_rewritten_tail_with_a_rewritten_head_is_not_found_here(unprotected: None) -> None:
    """The chain alone cannot see it (security.md F21): the head has to be kept outside. Known, and said in the docs."""
    with transaction.atomic():
        entries = write(3)
    JournalEntry.objects.filter(pk=entries[-1].pk).delete()
    JournalChain.objects.filter(pk="contract:7").update(length=2, head=entries[1].hash)
    assert list(journal.verify()) == []
