"""Who acts: two parties, roles that exist, somebody to record every fact, a chain above every reminder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from accounts.policy import ALL_ROLES
from definitions.problems import Problem, make_problem
from definitions.reader import Source
from engine.definition import Definition
from engine.problems import Level

# Administrators keep the system and record nothing about a contract.
RECORDERS = ("IT", "FIN", "MGR", "VND", "SUP")


def check(source: Source, definition: Definition) -> Iterator[Problem]:
    """Every party or role that is missing or misspelt."""
    for role in ("buyer", "vendor"):
        count = sum(party.role == role for party in definition.parties.values())
        if definition.parties and count != 1:
            # a definition to evaluate may leave out who is who; one to load into the product may not
            level: Level = "error" if count else "warning"
            yield make_problem(
                "no_buyer_vendor", file=source.file_of("party"), table="party", level=level, role=role, count=count
            )
    yield from _recorders(source, definition)
    yield from _policies(source, definition)


def _recorders(source: Source, definition: Definition) -> Iterator[Problem]:
    kinds: dict[str, Mapping[str, Any]] = {
        "event": definition.events,
        "item": definition.items,
        "interval": definition.intervals,
        "series": definition.series,
    }
    for table, entries in kinds.items():
        for name, entry in entries.items():
            place = {"file": source.file_of(table, name), "table": f"{table}.{name}", "clause": entry.clause}
            for role in (entry.recorder, entry.confirmer):
                if role and role not in RECORDERS:
                    yield make_problem("unknown_role", **place, name=role, options=", ".join(RECORDERS))
            # What the contract itself dates needs nobody to record it.
            if not entry.recorder and not getattr(entry, "at", None):
                yield make_problem("nobody_records", **place, level="warning")


def _policies(source: Source, definition: Definition) -> Iterator[Problem]:
    for name, policy in definition.policies.items():
        place = {"file": source.file_of("policy", name), "table": f"policy.{name}"}
        for role in (policy.role, *policy.chain):
            if role not in ALL_ROLES:
                yield make_problem("unknown_role", **place, name=role, options=", ".join(sorted(ALL_ROLES)))
        if not policy.chain:
            yield make_problem("empty_chain", **place, level="warning")
