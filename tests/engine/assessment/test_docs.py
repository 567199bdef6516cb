"""The examples of docs/rules/rules.md, pools.md and settlement.md come out as written."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.definition import parse_definition
from engine.evaluation import evaluate
from engine.facts_file import parse_facts
from tests.engine.support import CALENDARS

RULES = Path(__file__).parents[3] / "docs" / "rules"
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"^# → ([\w.]+)(?:\[(.*?)\])?: (.+)$", re.MULTILINE)
HEAD = '[contract]\nnumber = "DOC"\ntotal = "1000.00"\n'


def examples() -> list[Any]:
    found = []
    for page in ("rules.md", "pools.md", "settlement.md"):
        text = (RULES / page).read_text(encoding="utf-8")
        found += [
            pytest.param(match[1], id=f"{page}-line-{text.count(chr(10), 0, match.start()) + 1}")
            for match in BLOCK.finditer(text)
        ]
    return found


def shown(row: dict[str, Any], kind: str) -> list[str]:
    """The amount, then everything an example may say of the row."""
    amount = row["result"] if kind == "pools" else row["amount"]
    low, high = amount["low"], amount["high"]
    figure = "—" if low is None and high is None else low if low == high else f"{low} … {high}"
    words = [row.get("stage", ""), row["state"], *row["missing"]]
    words += [f"{part['sink']} {part['amount']}" for part in row.get("settled", ())]
    words += [f"{name} {part}" for name, part in (row.get("rest") or {}).items()]
    words += [f"net {row['net']}"] if "net" in row else []
    return [figure, *words]


@pytest.mark.parametrize("example", examples())
def test_a_worked_example_comes_out_as_written(example: str) -> None:
    text, _mark, facts = example.partition("# facts\n")
    as_of = re.search(r"^# as of (\S+)$", example, re.MULTILINE)
    assert as_of is not None
    definition = parse_definition(tomllib.loads(HEAD + text))
    parsed = parse_facts(tomllib.loads(facts), definition)
    answer = evaluate(
        definition, parsed.store, calendars=CALENDARS, as_of=date.fromisoformat(as_of[1]), readings=parsed.readings
    ).to_json()
    expected = EXPECTED.findall(example)
    assert expected
    for name, key, wanted in expected:
        kind, _dot, rest = name.rpartition(".")
        section = {"": "assessments", "pool": "pools", "instalment": "instalments", "security": "securities"}[kind]
        rows = [r for r in answer[section] if r["id"] == rest and "/".join(r["key"].values()) == key]
        assert len(rows) == 1, (name, key)
        figure, *words = [part.strip() for part in wanted.split(",")]
        found = shown(rows[0], section)
        assert (figure, set(words) - set(found)) == (found[0], set()), (name, found)
