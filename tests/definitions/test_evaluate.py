"""`manage.py evaluate`: exit codes, the JSON shape, refusals, and no database anywhere near."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from definitions.asking import ask
from tests.definitions.small import SMALL, changed

REPOSITORY = Path(__file__).parents[2]
CLOUD = REPOSITORY / "definitions" / "data" / "SXYSR202506176"


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def run(*arguments: object, database: str = "postgresql://nobody@127.0.0.1:1/none", data: Path) -> Any:
    env = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    env |= {"DATABASE_URL": database, "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run(
        [sys.executable, "manage.py", "evaluate", *map(str, arguments)],
        cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_facts_and_without_a_database_payment_1_is_answered(tmp_path: Path) -> None:
    done = run(CLOUD, "--as-of", "2025-07-01", "--json", data=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert list(answer) == [
        "format", "contract", "as_of", "known_on", "deadlines", "measures", "assessments", "pools", "rights",
        "instalments", "securities", "ignored", "health",
    ]  # fmt: skip
    assert (answer["format"], answer["as_of"], answer["known_on"]) == (1, "2025-07-01", None)
    rows = {row["id"]: row for row in answer["deadlines"]}
    assert set(rows["payment_1"]) == {
        "id", "key", "state", "value", "safe", "raw", "low", "high", "status", "missing", "reasons", "kind",
        "clause", "version", "derivation",
    }  # fmt: skip
    assert rows["payment_1"]["value"] == "2025-11-04"
    assert any("2025-11-04" in line for line in rows["payment_1"]["derivation"])
    order = [(row["id"], list(row["key"].values())) for row in answer["deadlines"]]
    assert order == sorted(order)
    assert {tuple(sorted(row)) for row in answer["health"]} == {("code", "level", "text", "where")}


def test_a_refused_definition_is_exit_1(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(changed("+ 90 workdays", "+ 90 fortnights"), encoding="utf-8")
    done = run(bad, "--as-of", "2025-07-01", "--json", data=tmp_path)
    assert done.returncode == 1
    (error,) = json.loads(done.stdout)["errors"]
    assert error["code"] == "unknown_unit"
    assert error["where"] == "bad.toml:duty.payment_1"
    human = run(bad, "--as-of", "2025-07-01", data=tmp_path)
    assert human.returncode == 1
    assert "bad.toml:duty.payment_1" in human.stderr
    assert human.stdout == ""


def test_refused_facts_are_exit_2(tmp_path: Path, definition: Path) -> None:
    facts = tmp_path / "facts.toml"
    facts.write_text('format = 1\n[[event]]\nname = "acepted"\nat = 2026-07-01\n', encoding="utf-8")
    done = run(definition, "--facts", facts, "--as-of", "2026-07-02", "--json", data=tmp_path)
    assert done.returncode == 2
    (error,) = json.loads(done.stdout)["errors"]
    assert error["code"] == "unknown_fact"
    assert "accepted" in error["remedy"]
    assert error["where"].startswith("facts.toml")


def test_the_human_output_explains(tmp_path: Path, definition: Path) -> None:
    done = run(definition, "--as-of", "2025-07-01", data=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "payment_1  2025-11-04  known  open  (7)" in done.stdout


def test_known_on_hides_what_was_recorded_later(tmp_path: Path, definition: Path) -> None:
    facts = tmp_path / "facts.toml"
    facts.write_text(
        'format = 1\n[[event]]\nname = "accepted"\nat = 2026-06-20\nrecorded = 2026-07-20\n', encoding="utf-8"
    )
    for known_on, state in (("2026-07-19", "pending"), ("2026-07-20", "known"), (None, "known")):
        answer = ask(definition, as_of="2026-08-01", facts=facts, known_on=known_on)
        assert answer.evaluation is not None
        assert answer.evaluation.deadline("payment_2").state == state


def test_what_happens_after_as_of_is_listed_as_ignored(tmp_path: Path, definition: Path) -> None:
    facts = tmp_path / "facts.toml"
    facts.write_text('format = 1\n[[event]]\nid = "e1"\nname = "accepted"\nat = 2026-06-20\n', encoding="utf-8")
    answer = ask(definition, as_of="2026-06-19", facts=facts)
    assert answer.payload["ignored"] == ["e1"]
    assert ask(definition, as_of="2026-06-20", facts=facts).payload["ignored"] == []


# The facts file, the word the message must contain.
REFUSED_FACTS = {
    "unknown table": ('[[evnt]]\nname = "accepted"\n', "evnt"),
    "unknown field": ('[[event]]\nname = "accepted"\nat = 2026-06-20\nwhen = 1\n', "when"),
    "unknown event": ('[[event]]\nname = "acceptd"\nat = 2026-06-20\n', "accepted"),
    "event without a date": ('[[event]]\nname = "accepted"\n', "at"),
    "date that does not exist": ('[[event]]\nname = "accepted"\nat = 2026-02-30\n', "2026-02-30"),
    "time without a zone": ('[[event]]\nname = "accepted"\nat = 2026-06-20T09:00:00\n', "+08:00"),
    "float": ('[[series]]\nname = "availability"\nperiod = "2025-10"\nvalue = 99.98\n', "99.98"),
    "unknown item": ('[[item]]\nkind = "guarante"\nid = "g1"\n', "guarantee"),
    "unknown attribute": ('[[item]]\nkind = "guarantee"\nid = "g1"\nattributes = {expiry = 2026-01-01}\n', "expiry"),
    "wrong type of attribute": (
        '[[item]]\nkind = "incident"\nid = "i1"\nattributes = {major = "yes"}\n',
        "true",
    ),
    "unknown system": ('[[item]]\nkind = "incident"\nid = "i1"\nattributes = {systems = ["s9"]}\n', "s1"),
    "interval backwards": (
        '[[interval]]\nname = "outage"\nstart = 2025-10-14T09:00:00+08:00\nend = 2025-10-14T08:00:00+08:00\n',
        "",
    ),
    "unknown key": (
        '[[interval]]\nname = "outage"\nstart = 2025-10-14T09:00:00+08:00\nkey = {sytem = "s1"}\n',
        "system",
    ),
    "wrong period": ('[[series]]\nname = "availability"\nperiod = "October"\nvalue = "99%"\n', "2025-09"),
    "unknown reading": ('[readings]\nstrickt = "yes"\n', "strict"),
    "unknown option": ('[readings]\nstrict = "maybe"\n', "yes"),
    "finding about nothing": ('[[attribute]]\nof = "duty:payment_9"\nname = "done"\nvalue = 2025-11-01\n', "payment_9"),
    "supersedes nothing": ('[[event]]\nname = "accepted"\nat = 2026-06-20\nsupersedes = "e9"\n', "e9"),
    "not TOML": ("[[event]\n", ""),
}


@pytest.mark.parametrize("name", REFUSED_FACTS)
def test_facts_that_do_not_fit_are_refused_with_a_sentence(name: str, tmp_path: Path, definition: Path) -> None:
    text, word = REFUSED_FACTS[name]
    facts = tmp_path / "facts.toml"
    facts.write_text("format = 1\n" + text, encoding="utf-8")
    answer = ask(definition, as_of="2026-07-01", facts=facts)
    assert answer.exit_code == 2, answer.payload
    assert answer.payload["errors"]
    said = " ".join(error["text"] + error["remedy"] for error in answer.payload["errors"])
    assert word in said


def test_facts_that_are_not_there_or_not_text(tmp_path: Path, definition: Path) -> None:
    gbk = tmp_path / "gbk.toml"
    gbk.write_bytes("# 事实".encode("gbk"))
    for facts in (tmp_path / "nowhere.toml", gbk):
        assert ask(definition, as_of="2026-07-01", facts=facts).exit_code == 2
    assert ask(definition, as_of="2026-02-30").exit_code == 2
    assert ask(definition, as_of="2026-02-28", known_on="soon").exit_code == 2
    assert ask(tmp_path / "nowhere", as_of="2026-02-28").exit_code == 1
