"""The files an operator installs from: parsed, without secrets, complete; the scripts are runnable."""

import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.architecture.house import ROOT, name_of, tracked

SCRIPTS = [path for path in tracked() if path.read_bytes()[:2] == b"#!"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_scripts_are_executable_and_parse(path: Any) -> None:
    assert path.stat().st_mode & 0o111
    if b"sh" in path.read_bytes().split(b"\n")[0]:
        assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0


def test_every_lasting_service_says_whether_it_is_well() -> None:
    lasting = {name for name, service in SERVICES.items() if service["restart"] != "no"}
    assert lasting == {"db", "redis", "web", "worker", "beat", "proxy"}
    assert all("healthcheck" in SERVICES[name] for name in lasting)


def test_nothing_starts_before_the_migrations_have_succeeded() -> None:
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_only_migrations_and_backups_hold_the_owners_role() -> None:
    holders = {name for name, service in SERVICES.items() if "DATABASE_OWNER_URL" in service.get("environment", {})}
    assert holders == {"migrate", "backup"}


def test_only_the_proxy_is_reachable_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert SERVICES["db"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_no_secret_is_written_down() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|_URL$", variable) and variable != "SITE_URL":
                assert re.search(r"\$\{\w+:\?", value), f"{name}: {variable} does not come from .env"
    example = (ROOT / "deploy/env.example").read_text(encoding="utf-8")
    filled = [line for line in example.splitlines() if re.match(r"[A-Z_]+=.", line)]
    assert filled == ["TLS_DIR=./deploy/tls"]
    wanted = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert not wanted - set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_the_image_is_hash_locked_and_runs_without_root() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes" in dockerfile
    assert re.search(r"^USER luyuetai$", dockerfile, re.MULTILINE)
    # The same Debian packages as on a bare machine.
    packages = re.search(r"RUN_PACKAGES=\(([^)]*)\)", (ROOT / "scripts/setup.sh").read_text(encoding="utf-8"))
    assert packages
    assert all(package in dockerfile for package in packages.group(1).split())


def test_every_variable_is_documented() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    settings = (ROOT / "config/settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r"""env\.\w+\(\s*["'](\w+)["']""", settings))
    assert read
    assert not {name for name in read if f"`{name}`" not in page}
