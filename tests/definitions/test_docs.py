"""The examples of docs/rules/deadlines.md are run; those of the other pages are loaded."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from definitions.asking import ask
from definitions.loading import load_path
from engine.definition.parse import GROUPS
from tests.definitions.small import SMALL

RULES = Path(__file__).parents[2] / "docs" / "rules"
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"^# → (\w+)(?:\[(.*?)\])?: (.+)$", re.MULTILINE)
STATES = {"known", "provisional", "pending", "never"}
HEAD = 'format = 1\n[contract]\nnumber = "DOC"\n'


def blocks(page: str) -> list[Any]:
    text = (RULES / page).read_text(encoding="utf-8")
    return [
        pytest.param(found[1], id=f"line-{text.count(chr(10), 0, found.start()) + 1}") for found in BLOCK.finditer(text)
    ]


def expectation(text: str) -> dict[str, str]:
    """`2025-09-28, known, raw 2025-09-27` → value, state, raw."""
    value, *rest = [part.strip() for part in text.split(",")]
    wanted = {"value": "" if value == "—" else value}
    for part in rest:
        name, _space, more = part.partition(" ")
        if more:
            wanted[name] = more
        else:
            wanted["state" if part in STATES else "status"] = part
    return wanted


@pytest.mark.parametrize("example", blocks("deadlines.md"))
def test_a_worked_example_comes_out_as_written(example: str, tmp_path: Path) -> None:
    definition, _mark, facts = example.partition("# facts\n")
    as_of = re.search(r"^# as of (\S+)$", example, re.MULTILINE)
    assert as_of is not None
    head = "format = 1\n" if "[contract]" in definition else HEAD
    (tmp_path / "definition.toml").write_text(head + definition, encoding="utf-8")
    (tmp_path / "facts.toml").write_text("format = 1\n" + facts, encoding="utf-8")
    answer = ask(tmp_path / "definition.toml", as_of=as_of[1], facts=tmp_path / "facts.toml")
    assert answer.evaluation is not None, answer.payload
    rows = {(row["id"], "/".join(row["key"].values())): row for row in answer.payload["deadlines"]}
    expected = EXPECTED.findall(example)
    assert expected
    for duty, key, text in expected:
        shown = rows[duty, key]
        wanted = expectation(text)
        assert {name: shown[name] or "" for name in wanted} == wanted, (duty, shown["derivation"])
    listed = {duty for duty, _key, _text in expected}
    assert len([row for row in rows if row[0] in listed]) == len(expected), sorted(rows)


def test_the_examples_of_the_schema_are_one_definition_that_loads(tmp_path: Path) -> None:
    text = "".join(param.values[0] for param in blocks("definition.md"))
    (tmp_path / "definition.toml").write_text(text, encoding="utf-8")
    loaded = load_path(tmp_path)
    assert loaded.health == (), [(problem.table, problem.text) for problem in loaded.health]
    tables = set(tomllib.loads(text))
    assert {*GROUPS, "contract", "profile", "calendar", "check"} <= tables


@pytest.mark.parametrize("example", blocks("facts.md"))
def test_an_example_of_facts_is_taken(example: str, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    text = example if example.startswith("format") else "format = 1\n" + example
    (tmp_path / "facts.toml").write_text(text, encoding="utf-8")
    answer = ask(tmp_path / "small.toml", as_of="2026-11-22", facts=tmp_path / "facts.toml")
    assert answer.exit_code == 0, answer.payload


def test_the_answer_has_the_fields_the_page_names(tmp_path: Path) -> None:
    page = (RULES / "evaluate.md").read_text(encoding="utf-8")
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    answer = ask(tmp_path / "small.toml", as_of="2026-11-22").payload
    for name in (*answer, *answer["deadlines"][0]):
        assert f"`{name}`" in page, name
