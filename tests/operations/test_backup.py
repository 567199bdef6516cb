"""The operator takes a backup while people work, loses the machine, and restores on an empty one."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from django.db import connection, transaction

from accounts import journal
from accounts.models import JournalEntry
from accounts.scoping import SYSTEM
from tests.architecture.house import ROOT


def run(*command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def site(process_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """This test's database with three journal entries, and a stored file."""
    with transaction.atomic():
        for number in range(3):
            journal.record(SYSTEM, "test", chain="test", after={"number": number})
    (tmp_path / "media/2026").mkdir(parents=True)
    (tmp_path / "media/2026/收据.pdf").write_bytes(b"%PDF-1.7 receipt")
    env = process_env | {"SECRET_KEY": "x" * 50}
    owner = os.environ.get("DATABASE_OWNER_URL")
    if owner and connection.vendor == "postgresql":
        env["DATABASE_OWNER_URL"] = f"{owner.rsplit('/', 1)[0]}/{connection.settings_dict['NAME']}"
    return env


@pytest.fixture
def empty_site(site: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Another machine: its own data folder and an empty database."""
    folder = tmp_path_factory.mktemp("other")
    env = site | {"DATA_DIR": str(folder)}
    if connection.vendor == "sqlite":
        return env | {"DATABASE_URL": f"sqlite:///{folder / 'luyuetai.sqlite3'}"}
    name = f"{connection.settings_dict['NAME']}_restored"
    admin = site.get("DATABASE_OWNER_URL", site["DATABASE_URL"]).rsplit("/", 1)[0] + "/postgres"
    for statement in (f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}" TEMPLATE template0'):
        assert run("psql", "-qXc", statement, admin, env=env).returncode == 0
    for variable in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        if variable in env:
            env[variable] = f"{env[variable].rsplit('/', 1)[0]}/{name}"
    return env


def test_a_restored_site_equals_the_one_backed_up(
    site: dict[str, str], empty_site: dict[str, str], tmp_path: Path
) -> None:
    archive = tmp_path / "saved.tar.gz"
    made = run("bin/backup", str(archive), env=site)
    assert made.returncode == 0, made.stderr
    assert archive.stat().st_mode & 0o777 == 0o600

    restored = run("bin/restore", str(archive), env=empty_site)
    assert restored.returncode == 0, restored.stderr
    assert "counts, journal and files agree" in restored.stdout
    assert (Path(empty_site["DATA_DIR"]) / "media/2026/收据.pdf").read_bytes() == b"%PDF-1.7 receipt"

    # The append-only tables came back with their guard, not merely with their rows.
    table = JournalEntry._meta.db_table
    script = f"from django.db import connection; connection.cursor().execute('DELETE FROM {table}')"
    tampered = run(str(ROOT / ".venv/bin/python"), "manage.py", "shell", "-v", "0", "-c", script, env=empty_site)
    assert tampered.returncode != 0
    assert "permission denied" in tampered.stderr or "append-only" in tampered.stderr

    # Once more over the restored site: only when told to, and what was there is kept.
    assert run("bin/restore", str(archive), env=empty_site).returncode == 1
    again = run("bin/restore", str(archive), "--replace", env=empty_site)
    assert again.returncode == 0, again.stderr
    assert list(Path(empty_site["DATA_DIR"]).glob("media.before-restore-*/2026/收据.pdf"))


def test_a_restore_overwrites_nothing_unasked(site: dict[str, str], tmp_path: Path) -> None:
    archive = tmp_path / "saved.tar.gz"
    assert run("bin/backup", str(archive), env=site).returncode == 0
    before = JournalEntry._base_manager.count()
    refused = run("bin/restore", str(archive), env=site)
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert JournalEntry._base_manager.count() == before
    assert (tmp_path / "media/2026/收据.pdf").exists()


def test_a_damaged_archive_is_refused_before_anything_is_touched(
    site: dict[str, str], empty_site: dict[str, str], tmp_path: Path
) -> None:
    archive = tmp_path / "saved.tar.gz"
    assert run("bin/backup", str(archive), env=site).returncode == 0
    content = bytearray(archive.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    archive.write_bytes(content)
    refused = run("bin/restore", str(archive), env=empty_site)
    assert refused.returncode == 1
    assert "not a readable backup" in refused.stderr or "damaged" in refused.stderr
    assert not (Path(empty_site["DATA_DIR"]) / "luyuetai.sqlite3").exists()


def test_an_archive_cannot_write_outside_its_folder(empty_site: dict[str, str], tmp_path: Path) -> None:
    archive = tmp_path / "hostile.tar.gz"
    (tmp_path / "payload").write_text("gotcha")
    with tarfile.open(archive, "w:gz") as hostile:
        hostile.add(tmp_path / "payload", "../../gotcha")
    refused = run("bin/restore", str(archive), env=empty_site)
    assert refused.returncode == 1
    assert "unexpected member" in refused.stderr
    assert not list(Path(empty_site["DATA_DIR"]).parent.rglob("gotcha"))


def test_a_backup_never_overwrites_an_older_one(site: dict[str, str], tmp_path: Path) -> None:
    archive = tmp_path / "saved.tar.gz"
    archive.write_bytes(b"last week's")
    assert run("bin/backup", str(archive), env=site).returncode == 1
    assert archive.read_bytes() == b"last week's"
