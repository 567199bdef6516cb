"""Real PostgreSQL and Redis servers for the tests, from Debian's packages.

Each server lives in its own temporary folder, listens on a free loopback port and dies with the process that
started it. As root, PostgreSQL is run as the `postgres` user (it refuses root); otherwise as the caller.

    python -m tests.servers run [--database] [--broker] -- COMMAND …

starts the servers, exports DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL to COMMAND and stops them after it.
A server named by those variables already is used as it is.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROLES_SQL = Path(__file__).resolve().parent.parent / "scripts" / "pg_roles.sql"
OWNER, APPLICATION, DATABASE = "luyuetai_owner", "luyuetai_app", "luyuetai"
START_SECONDS = 60


class ServerUnavailable(RuntimeError):
    """A real server was asked for and cannot be had; the text names the remedy."""


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _postgres_binaries() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if folders:
        return folders[-1].parent
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    raise ServerUnavailable("PostgreSQL is not installed: apt-get install postgresql")


def _as_unprivileged(command: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root: step down to the `postgres` user there, else run as we are."""
    if os.geteuid() != 0:
        return list(command)
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise ServerUnavailable("no user 'postgres' to run it as: apt-get install postgresql") from None
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]


class PostgresServer:
    """A private cluster with the product's two roles and one empty database.

    `durable=False` turns fsync off (fast; only for servers that are never killed on purpose).
    URLs: `url` (application role), `owner_url` (migrations), `admin_url` (superuser, tests only).
    """

    def __init__(self, *, durable: bool = False, shared_buffers: str = "128MB") -> None:
        self.durable = durable
        self.shared_buffers = shared_buffers
        self.port = 0
        self.folder = Path()
        self.process: subprocess.Popen[bytes] | None = None
        self.passwords = {role: secrets.token_hex(12) for role in ("postgres", OWNER, APPLICATION)}

    def _url(self, role: str, database: str = DATABASE) -> str:
        return f"postgres://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/{database}"

    @property
    def url(self) -> str:
        return self._url(APPLICATION)

    @property
    def owner_url(self) -> str:
        return self._url(OWNER)

    @property
    def admin_url(self) -> str:
        return self._url("postgres", "postgres")

    def start(self) -> PostgresServer:
        binaries = _postgres_binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="luyuetai-pg-"))
        password_file = self.folder / "password"
        password_file.write_text(self.passwords["postgres"])
        password_file.chmod(0o600)
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres") if _as_unprivileged([]) else None
            for path in (self.folder, password_file):
                os.chown(path, account.pw_uid, account.pw_gid)
        self._run(
            [str(binaries / "initdb"), "--pgdata", str(self.folder / "data"), "--username=postgres",
             "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}",
             "--no-sync"]
        )  # fmt: skip
        self.launch()
        self._create_roles(binaries)
        return self

    def launch(self) -> None:
        """(Re)start the server process on the existing cluster; used after `kill()`."""
        binaries = _postgres_binaries()
        self.port = self.port or free_port()
        options = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder,
            "max_connections": 100, "shared_buffers": self.shared_buffers, "timezone": "UTC",
            "log_min_messages": "warning",
        }  # fmt: skip
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [str(binaries / "postgres"), "-D", str(self.folder / "data")]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        log = open(self.folder / "server.log", "ab")  # noqa: SIM115 - lives as long as the server
        self.process = subprocess.Popen(
            _as_unprivileged(command), stdout=log, stderr=log, cwd=self.folder, start_new_session=True
        )
        log.close()
        self._wait(binaries)

    def _wait(self, binaries: Path) -> None:
        # pg_isready talks the protocol: an open port alone is not yet a server that answers.
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        ready = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = (self.folder / "server.log").read_text(errors="replace")[-2000:]
                raise ServerUnavailable(f"PostgreSQL did not start:\n{log}")
            time.sleep(0.05)

    def _create_roles(self, binaries: Path) -> None:
        command = [str(binaries / "psql"), "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", str(ROLES_SQL)]
        variables = {
            "database": DATABASE, "owner": OWNER, "app": APPLICATION,
            "owner_password": self.passwords[OWNER], "app_password": self.passwords[APPLICATION],
        }  # fmt: skip
        for name, value in variables.items():
            command += ["-v", f"{name}={value}"]
        subprocess.run([*command, self.admin_url], check=True, stdout=subprocess.DEVNULL)
        # Only here: the test runner creates a database of its own per worker.
        allow = f"ALTER ROLE {OWNER} CREATEDB"
        subprocess.run([str(binaries / "psql"), "-q", "-X", "-c", allow, self.admin_url], check=True)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(_as_unprivileged(command), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServerUnavailable(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def kill(self) -> None:
        """SIGKILL to the whole server group: the crash a test wants to survive."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # "fast" shutdown
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None
        if self.folder.name:
            shutil.rmtree(self.folder, ignore_errors=True)


class RedisServer:
    """A private Redis without persistence, as an ordinary broker would be run; `kill()` loses the queue."""

    def __init__(self) -> None:
        self.port = 0
        self.folder = Path()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> RedisServer:
        if not shutil.which("redis-server"):
            raise ServerUnavailable("Redis is not installed: apt-get install redis-server")
        self.folder = Path(tempfile.mkdtemp(prefix="luyuetai-redis-"))
        self.launch()
        return self

    def launch(self) -> None:
        """(Re)start on the same port; used after `kill()`."""
        self.port = self.port or free_port()
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(self.folder), "--logfile", str(self.folder / "server.log")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServerUnavailable(f"Redis did not start on port {self.port}")
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                link.sendall(b"PING\r\n")
                return link.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None
        if self.folder.name:
            shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def environment(*, database: bool, broker: bool) -> Iterator[dict[str, str]]:
    """Variables for a child process, with the servers behind them running inside the block."""
    variables = dict(os.environ)
    started: list[PostgresServer | RedisServer] = []
    try:
        if database and not variables.get("DATABASE_URL", "").startswith("postgres"):
            server = PostgresServer()
            started.append(server)
            server.start()
            variables |= {"DATABASE_URL": server.url, "DATABASE_OWNER_URL": server.owner_url}
        if broker and not variables.get("REDIS_URL"):
            redis = RedisServer()
            started.append(redis)
            variables["REDIS_URL"] = redis.start().url
        yield variables
    finally:
        for one in reversed(started):
            one.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    split = given.index("--") if "--" in given else len(given)
    command = given[split + 1 :]
    parser = argparse.ArgumentParser(
        prog="python -m tests.servers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=["run"])
    parser.add_argument("--database", action="store_true", help="PostgreSQL")
    parser.add_argument("--broker", action="store_true", help="Redis")
    options = parser.parse_args(given[:split])
    if not command:
        parser.error("no command given")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped, not orphaned
    try:
        with environment(database=options.database, broker=options.broker) as variables:
            return subprocess.run(command, env=variables, check=False).returncode
    except ServerUnavailable as problem:
        print(f"tests.servers: {problem}", file=sys.stderr)
        return 69  # EX_UNAVAILABLE


if __name__ == "__main__":
    sys.exit(main())
