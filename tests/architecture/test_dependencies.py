"""Every dependency is wanted, pinned and free of addresses."""

import re

import pytest

from tests.architecture.house import ROOT

PAIRS = [("requirements.in", "requirements.txt"), ("requirements-dev.in", "requirements-dev.txt")]


def names(file: str) -> set[str]:
    lines = (line.strip().lower() for line in (ROOT / file).read_text(encoding="utf-8").splitlines())
    return {re.split(r"[\[=<>~ ;]", line)[0] for line in lines if line and line[0] not in "#-"}


@pytest.mark.parametrize("source", [source for source, _ in PAIRS])
def test_every_dependency_has_a_reason(source: str) -> None:
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    given = {match.lower() for match in re.findall(r"^\| `([\w.-]+)` \| .{10,}", page, re.MULTILINE)}
    assert not names(source) - given


def test_every_reason_has_a_dependency() -> None:
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    given = {match.lower() for match in re.findall(r"^\| `([\w.-]+)` \|", page, re.MULTILINE)}
    assert not given - names("requirements.in") - names("requirements-dev.in")


@pytest.mark.parametrize(("source", "lock"), PAIRS)
def test_the_lock_pins_every_dependency_with_hashes(source: str, lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+) \\\n    --hash=sha256:", text, re.MULTILINE))
    assert not names(source) - set(pins)
    requirements = [line for line in text.splitlines() if re.match(r"^[a-z0-9]", line)]
    assert len(requirements) == len(pins)


def test_the_two_locks_agree() -> None:
    versions: dict[str, set[str]] = {}
    for _, lock in PAIRS:
        for name, version in re.findall(
            r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", (ROOT / lock).read_text(), re.MULTILINE
        ):
            versions.setdefault(name, set()).add(version)
    assert not {name: found for name, found in versions.items() if len(found) > 1}
