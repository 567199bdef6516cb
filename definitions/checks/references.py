"""What points elsewhere beyond the engine's own names: clauses quoted, currencies in expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from definitions.problems import Problem, make_problem
from definitions.reader import Source
from engine.definition import Definition

EXPRESSIONS = ("due", "safe", "target", "gate", "after_gate", "done", "when", "amount", "because", "value", "that")
_MONEY = re.compile(r"\b([A-Z]{3})\s+\d[\d.]*")
_RATE = re.compile(_MONEY.pattern + r"\s*/\s*" + _MONEY.pattern)


def check(source: Source, definition: Definition) -> Iterator[Problem]:
    """Every reference that leads nowhere."""
    yield from _clauses(source, definition)
    yield from _currencies(source, definition)


def clause_references(text: str) -> list[str]:
    """The clauses one field names, separated by semicolons of either width."""
    return [part.strip() for part in re.split(r"[;；]", text) if part.strip()]


def _entries(source: Source) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every named entry of the data with its table."""
    for table, entries in source.data.items():
        if table in ("contract", "profile", "clause") or not isinstance(entries, Mapping):
            continue
        for name, entry in entries.items():
            if isinstance(entry, Mapping):
                yield table, name, entry


def _clauses(source: Source, definition: Definition) -> Iterator[Problem]:
    """With a table of clauses every reference must be in it; without one nothing can be said."""
    if not definition.clauses:
        return
    for table, name, entry in _entries(source):
        for reference in clause_references(str(entry.get("clause", ""))):
            if reference not in definition.clauses:
                yield make_problem(
                    "unknown_clause", file=source.file_of(table, name), table=f"{table}.{name}", clause=reference,
                    level="warning", name=reference,
                )  # fmt: skip


def _currencies(source: Source, definition: Definition) -> Iterator[Problem]:
    """Amounts in another currency than the contract's are worth a look; to mix two is ill-typed already."""
    own = definition.contract.currency
    for table, name, entry in _entries(source):
        for field in EXPRESSIONS:
            # a stated rate converts and mixes nothing
            for found in _MONEY.finditer(_RATE.sub("", str(entry.get(field, "")))):
                if found[1] != own:
                    yield make_problem(
                        "foreign_currency", file=source.file_of(table, name), table=f"{table}.{name}",
                        clause=str(entry.get("clause", "")), level="warning", found=found[0], currency=own,
                    )  # fmt: skip
