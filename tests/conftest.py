"""What every test stands on: a private data folder, the database under its two roles, real servers.

The same suite runs on SQLite (default) and on PostgreSQL (`bin/test`, or DATABASE_URL in the environment).
There the tables belong to the owner role and the tests connect with the application role, as in production.
Tests of the engine need no Django: `pytest -p no:django tests/engine` runs them without it.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.servers import PostgresServer, RedisServer

if TYPE_CHECKING:
    from tests.database import OwnerRole

DATA = Path(tempfile.mkdtemp(prefix="luyuetai-test-"))

_common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
hypothesis_settings.register_profile("full", max_examples=100, **_common)
hypothesis_settings.register_profile("fast", max_examples=20, **_common)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "full"))


def _with_django(config: pytest.Config) -> bool:
    return config.pluginmanager.hasplugin("django")


def pytest_configure(config: pytest.Config) -> None:
    """Point everything the suite writes at a temporary folder, before any app reads it."""
    if not _with_django(config):
        return
    from django.conf import settings

    settings.DATA_DIR = DATA
    settings.MEDIA_ROOT = DATA / "media"
    settings.BROKER_DIR = DATA / "broker"
    settings.MEDIA_ROOT.mkdir()
    # Queued messages of in-process tests go nowhere; tests with real workers start them with `process_env`.
    settings.CELERY_BROKER_URL = "memory://"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {}
    # Argon2 costs 50 ms a login.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(DATA, ignore_errors=True)


def _on_postgres() -> bool:
    from django.conf import settings

    return bool(settings.DATABASES["default"]["ENGINE"].endswith("postgresql"))


def pytest_report_header(config: pytest.Config) -> str:
    if not _with_django(config):
        return "database: none"
    return f"database: {'PostgreSQL, application role' if _on_postgres() else 'SQLite'}"


# What a test asks for when it reads or writes a database or talks to a server.
_STORES = {"db", "transactional_db", "django_db_setup", "live_server", "postgres_server", "redis_server", "redis_url"}


def _stores(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker("django_db") or _STORES & set(getattr(item, "fixturenames", ())))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of the other database, and on PostgreSQL those that touch no database: they count as
    deselected; `bin/test` runs both passes, and SQLite's runs the latter."""
    if not _with_django(config):
        return
    if _on_postgres():
        out = [item for item in items if item.get_closest_marker("sqlite") or not _stores(item)]
    else:
        out = [item for item in items if item.get_closest_marker("postgres")]
    if out:
        left = set(out)
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in left]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Modules and definitions live as long as the run: looking through them for rubbish again and again costs a
    quarter of an evaluation."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


# --- the database ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[OwnerRole]:
    """SQLite: a file, as in real life (threads, other processes see it). PostgreSQL: migrate as the owner."""
    from django.conf import settings

    from tests.database import OwnerRole

    if not _on_postgres():
        settings.DATABASES["default"]["TEST"]["NAME"] = str(DATA / "test.sqlite3")
    role = OwnerRole.from_environment()
    role.assume()
    yield role


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_modify_db_settings: OwnerRole, django_db_blocker: Any
) -> Iterator[None]:
    """The migrated database; from here on as the application role, with seeded rows kept across flushes."""
    from tests.database import SeededFlush

    with django_db_blocker.unblock():
        django_db_modify_db_settings.drop()
        SeededFlush(django_db_modify_db_settings).install()
    yield
    django_db_modify_db_settings.assume()


# --- real servers ------------------------------------------------------------------------------------------


@pytest.fixture
def own_media(settings: Any, tmp_path: Path) -> Path:
    """A file store of one test alone: for tests that count or sweep what lies in it."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return Path(settings.MEDIA_ROOT)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this session's own: `.url`, `.owner_url`, `.admin_url`."""
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def durable_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL with fsync on, for one test to `kill()` and `launch()` again."""
    server = PostgresServer(durable=True)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis: REDIS_URL if given, else one of this session's own."""
    given = os.environ.get("REDIS_URL")
    if given:
        yield given
        return
    server = RedisServer()
    try:
        yield server.start().url
    finally:
        server.stop()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis for one test to `kill()` and `launch()` again (`.url`, `.answers()`)."""
    server = RedisServer()
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def process_env(transactional_db: None, tmp_path: Path) -> dict[str, str]:
    """Environment for a child process (worker, sweep, command) that works on this test's very database.

    The embedded file broker in `tmp_path`; set REDIS_URL in a copy to use Redis instead.
    """
    from django.db import connection

    url = os.environ.get("DATABASE_URL", "")
    if connection.vendor == "sqlite":
        url = f"sqlite:///{connection.settings_dict['NAME']}"
    else:
        url = f"{url.rsplit('/', 1)[0]}/{connection.settings_dict['NAME']}"
    hidden = {"REDIS_URL", "DATABASE_OWNER_URL", "USE_OWNER_ROLE"}
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    return env | {"DATABASE_URL": url, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
