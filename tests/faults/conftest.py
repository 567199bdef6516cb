"""Real processes on the test's database, and the database without the constraint that keeps reminders single."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


class Nursery:
    """A loaded process that forks workers on demand, see tests.faults.reminder_process."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.reminder_process"],
            env=environment, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def start(self, verb: str, now: datetime, copies: int = 1) -> list[int]:
        """Fork the workers; their process ids."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{verb} {now.isoformat()} {copies}\n")
        self.process.stdin.flush()
        return self._numbers()

    def _numbers(self) -> list[int]:
        assert self.process.stdout is not None
        return [int(number) for number in self.process.stdout.readline().split()]

    def run(self, verb: str, now: datetime, copies: int = 1) -> None:
        """Fork the workers and wait until they have ended well."""
        self.start(verb, now, copies)
        assert self._numbers() == [0] * copies

    def kill(self, pid: int) -> None:
        """SIGKILL one worker; returns once it is gone."""
        os.kill(pid, signal.SIGKILL)
        assert self._numbers() == [-signal.SIGKILL]


@pytest.fixture
def nursery(process_env: dict[str, str]) -> Iterator[Callable[..., Nursery]]:
    """`nursery(REDIS_URL=…)`; what still runs at the end of the test is killed with its workers."""
    started: list[Nursery] = []

    def begin(**environment: str) -> Nursery:
        started.append(Nursery(process_env | environment))
        return started[-1]

    yield begin
    for one in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.communicate()


@pytest.fixture
def without_constraint(transactional_db: None) -> Iterator[None]:
    """The database without `reminder_once`, dropped by the owner of the tables and restored afterwards. PostgreSQL."""
    import psycopg
    from django.db import connection

    given = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    address = f"{given.rsplit('/', 1)[0]}/{connection.settings_dict['NAME']}".replace("postgres://", "postgresql://")
    with psycopg.connect(address, autocommit=True) as owner:
        owner.execute("ALTER TABLE obligations_reminder DROP CONSTRAINT reminder_once")
        try:
            yield
        finally:
            connection.close()
            owner.execute("DELETE FROM obligations_reminder")
            owner.execute(
                "ALTER TABLE obligations_reminder ADD CONSTRAINT reminder_once "
                "UNIQUE (obligation_id, due_number, step, recipient_id)"
            )
