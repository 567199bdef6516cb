"""Backup into one file and restore from it, for SQLite and PostgreSQL alike. Called by bin/backup and bin/restore.

The archive (tar.gz, mode 0600) holds manifest.json, the database (database.sqlite3 or database.dump), every stored
file under media/ and, where the installation keeps its own, the secret key. The manifest carries the row count of every
table, the head of every journal chain and the SHA-256 of every file; a restore is accepted only if all of them agree.

The database is taken first and the files after it: files are never changed and only added, so whatever the
database speaks of is in the archive, also when people keep working meanwhile.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import zlib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
FORMAT = 1


class Refused(Exception):
    """Nothing was changed; the text says why and what to do."""


def _setup() -> None:
    import django

    django.setup()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(folder: Path) -> dict[str, str]:
    """Relative name to SHA-256 of every file below the folder."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in found}


def _postgres_environment(config: dict[str, Any]) -> dict[str, str]:
    """libpq's variables, so that no password stands in the process list."""
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    return dict(os.environ) | {key: str(config[name]) for key, name in names.items() if config.get(name)}


def _run(command: list[str], environment: dict[str, str]) -> None:
    if not shutil.which(command[0]):
        raise Refused(f"{command[0]} is not installed: apt-get install postgresql-client")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"{command[0]} failed:\n{done.stderr.strip()}")


def _tables() -> dict[str, int]:
    """Rows of every table, of the database that Django is connected to."""
    from django.db import connection

    with connection.cursor() as cursor:
        counts = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            counts[table] = int(cursor.fetchone()[0])
    return counts


def _heads() -> dict[str, str]:
    from accounts.models import JournalChain

    return dict(JournalChain.objects.order_by("name").values_list("name", "head"))


# --- backup -------------------------------------------------------------------------------------------------


def _dump_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source, timeout=60)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _measure_sqlite(path: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Counts and heads of the copy itself: the live database has moved on."""
    with closing(sqlite3.connect(path)) as copy:
        tables = [name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        counts = {
            name: int(copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])
            for name in sorted(tables)
            if not name.startswith("sqlite_")
        }
        heads = dict(copy.execute("SELECT name, head FROM accounts_journalchain ORDER BY name"))
    return counts, heads


def _dump_postgres(config: dict[str, Any], target: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Counts, heads and dump of one and the same snapshot."""
    from django.db import connection, transaction

    connection.close()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
        _run(
            ["pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={target}"],
            _postgres_environment(config),
        )
        return _tables(), _heads()


def backup(target: Path | None) -> Path:
    """Write one archive and return its path. An existing file is never overwritten."""
    _setup()
    from django.conf import settings
    from django.db import connection

    moment = datetime.now(UTC)
    target = target or settings.DATA_DIR / "backups" / f"luyuetai-{moment:%Y%m%dT%H%M%SZ}.tar.gz"
    if target.exists():
        raise Refused(f"{target} exists already: name another file.")
    target.parent.mkdir(parents=True, exist_ok=True)
    config = connection.settings_dict
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as scratch:
        database = Path(scratch) / ("database.sqlite3" if connection.vendor == "sqlite" else "database.dump")
        if connection.vendor == "sqlite":
            _dump_sqlite(Path(config["NAME"]), database)
            counts, heads = _measure_sqlite(database)
        else:
            counts, heads = _dump_postgres(config, database)
        media = Path(settings.MEDIA_ROOT)
        manifest = {
            "format": FORMAT, "database": connection.vendor, "created": moment.isoformat(),
            "tables": counts, "journal": heads, "files": _files(media), "dump": _sha256(database),
        }  # fmt: skip
        (Path(scratch) / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False))
        partial = Path(scratch) / "archive"
        with tarfile.open(partial, "w:gz", compresslevel=6) as archive:
            archive.add(Path(scratch) / "manifest.json", "manifest.json")
            archive.add(database, database.name)
            for name in manifest["files"]:
                archive.add(media / name, f"media/{name}")
            key = settings.DATA_DIR / "secret_key"
            if key.exists():
                archive.add(key, "secret_key")
        partial.chmod(0o600)
        partial.rename(target)
    print(f"Backed up {sum(counts.values())} rows of {len(counts)} tables and {len(manifest['files'])} files: {target}")
    return target


# --- restore ------------------------------------------------------------------------------------------------


def _extract(opened: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Plain files below the folder only: an archive may come from anywhere (Debian's 3.11 has no safe filter)."""
    target = (folder / member.name).resolve()
    stream = opened.extractfile(member) if member.isreg() else None
    if stream is None or not target.is_relative_to(folder.resolve()):
        raise ValueError(f"unexpected member {member.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with stream, target.open("wb") as written:
        shutil.copyfileobj(stream, written)
    target.chmod(0o600 if member.name == "secret_key" else 0o640)


def _unpack(archive: Path, folder: Path) -> dict[str, Any]:
    """The manifest, after every member has been checked against it."""
    try:
        with tarfile.open(archive) as opened:
            for member in opened:
                _extract(opened, member, folder)
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    except (OSError, EOFError, KeyError, ValueError, tarfile.TarError, zlib.error) as problem:
        raise Refused(f"{archive} is not a readable backup: {problem}") from problem
    if manifest.get("format") != FORMAT:
        raise Refused(f"{archive} has format {manifest.get('format')}; this version reads {FORMAT}.")
    dump = folder / ("database.sqlite3" if manifest["database"] == "sqlite" else "database.dump")
    (folder / "media").mkdir(exist_ok=True)
    if not dump.exists() or _sha256(dump) != manifest["dump"] or _files(folder / "media") != manifest["files"]:
        raise Refused(f"{archive} is damaged: its contents do not match its manifest. Use another backup.")
    return manifest


def _restore_postgres(config: dict[str, Any], dump: Path, *, replace: bool) -> None:
    from django.db import connection

    existing = _tables()
    if any(existing.values()) and not replace:
        raise Refused(
            "The database is not empty: restore into an empty one, or overwrite it with --replace "
            "(make a backup of it first)."
        )
    connection.close()
    _run(
        ["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error",
         f"--dbname={config['NAME']}", str(dump)],
        _postgres_environment(config),
    )  # fmt: skip


def restore(archive: Path, *, replace: bool) -> None:
    """Put the archive's database and files in place, then compare every count, head and hash.

    What was there is moved aside (SQLite, files) or replaced in one transaction (PostgreSQL), and only with `replace`.
    """
    _setup()
    from django.conf import settings
    from django.db import connection

    config, media = connection.settings_dict, Path(settings.MEDIA_ROOT)
    with (settings.DATA_DIR / "start.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused("It is running on this data: stop it first (Ctrl-C in its window).") from None
        with tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix=".restore-") as scratch:
            folder = Path(scratch)
            manifest = _unpack(archive, folder)
            if manifest["database"] != connection.vendor:
                raise Refused(
                    f"The backup is of {manifest['database']}, this installation runs on {connection.vendor}: "
                    "set DATABASE_URL accordingly."
                )
            aside = f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
            occupied = any(path.is_file() for path in media.rglob("*"))
            if connection.vendor == "sqlite":
                connection.close()
                path = Path(config["NAME"])
                if (path.exists() or occupied) and not replace:
                    raise Refused(f"{path} or files in {media} exist: overwrite them with --replace (kept as {aside}).")
                for old in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
                    if old.exists():
                        old.rename(f"{old}.{aside}")
                (folder / "database.sqlite3").rename(path)
            else:
                if occupied and not replace:
                    raise Refused(f"Files in {media} exist: overwrite them with --replace (kept as {aside}).")
                _restore_postgres(config, folder / "database.dump", replace=replace)
            if media.exists():
                if occupied:
                    media.rename(f"{media}.{aside}")
                else:
                    shutil.rmtree(media)
            shutil.move(folder / "media", media)
            if (folder / "secret_key").exists() and "SECRET_KEY" not in os.environ:
                shutil.move(folder / "secret_key", settings.DATA_DIR / "secret_key")
        _verify(manifest, media)
    print(
        f"Restored {sum(manifest['tables'].values())} rows of {len(manifest['tables'])} tables and "
        f"{len(manifest['files'])} files of {manifest['created']}; counts, journal and files agree."
    )


def _verify(manifest: dict[str, Any], media: Path) -> None:
    from accounts import journal

    wrong = []
    if _tables() != manifest["tables"]:
        wrong.append("row counts")
    if _heads() != manifest["journal"]:
        wrong.append("journal heads")
    if _files(media) != manifest["files"]:
        wrong.append("files")
    faults = list(journal.verify())
    if faults:
        wrong.append(f"journal chain {faults[0].chain} at entry {faults[0].sequence}")
    if wrong:
        raise Refused(f"Restored, but these do not agree with the backup: {', '.join(wrong)}. Do not go to work on it.")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("backup")
    one.add_argument("file", nargs="?", type=Path, help="default: DATA_DIR/backups/luyuetai-<UTC time>.tar.gz")
    two = verbs.add_parser("restore")
    two.add_argument("file", type=Path)
    two.add_argument("--replace", action="store_true", help="overwrite existing data")
    options = parser.parse_args()
    try:
        if options.verb == "backup":
            backup(options.file)
        else:
            restore(options.file, replace=options.replace)
    except Refused as problem:
        print(f"!! {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
