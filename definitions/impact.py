"""What putting a draft in force would change, before anybody does it: the entries that differ, and every date and
amount, old and new, as of today. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.models import Contract, DefinitionVersion
from contracts.selectors import definition_for, today_for
from engine.definition import Definition
from obligations.reckoning import Grounds, NoDefinition, grounds_for
from obligations.services.amounts import AmountEffect, amounts_between
from obligations.services.previews import EffectRow, effects_between


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a definition table that differs: `change` is added, removed or changed; `fields` names what."""

    table: str
    name: str
    title: str
    clause: str
    change: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Impact:
    """What the draft changes against the version in force."""

    entries: tuple[Entry, ...]
    dates: tuple[EffectRow, ...]
    amounts: tuple[AmountEffect, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.entries or self.dates or self.amounts)


def version_impact(
    *, viewer: Viewer, contract: Contract, version: DefinitionVersion, as_of: date | None = None
) -> Impact:
    """The impact of a version against the one in force now. Raises NotVisible for a stranger.

    Dates and amounts compare the two definitions over the same facts; what happened before the draft's effective date
    keeps the version of its day once the draft is in force (rules.md §4).
    """
    require(viewer, "contract.internal.read", version)
    try:
        now = grounds_for(contract)
    except NoDefinition:
        return Impact((), (), ())
    then = _with_definition(now, version)
    day = as_of or today_for(contract)
    both = now.definition.duties.keys() & then.definition.duties.keys()
    dates = effects_between(now, then, day=day, only=both) if both else []
    return Impact(
        entries=tuple(_entries(now.definition, then.definition)),
        dates=tuple(dates),
        amounts=amounts_between(now, then, day),
    )


def _with_definition(grounds: Grounds, version: DefinitionVersion) -> Grounds:
    definition = definition_for(version)
    known = definition.readings
    chosen = {name: key for name, key in grounds.readings.items() if name in known and key in known[name].keys}
    return replace(grounds, version=version, definition=definition, readings=chosen)


def _entries(before: Definition, after: Definition) -> list[Entry]:
    old, new = before.to_data(), after.to_data()
    found: list[Entry] = []
    for table in dict.fromkeys([*old, *new]):
        first, second = old.get(table), new.get(table)
        if first == second:
            continue
        if not _is_table(first) or not _is_table(second):
            found.append(Entry(table, "", "", "", _change(first, second), _fields(first, second)))
            continue
        rows, others = first or {}, second or {}
        for name in dict.fromkeys([*rows, *others]):
            one, other = rows.get(name), others.get(name)
            if one != other:
                shown: Mapping[str, Any] = other or one or {}
                title, clause = str(shown.get("title", "")), str(shown.get("clause", ""))
                found.append(Entry(table, name, title, clause, _change(one, other), _fields(one, other)))
    return found


def _is_table(value: Any) -> bool:
    """A table of named entries (or none at all), as against a single table such as `contract`, or a list."""
    return value is None or (isinstance(value, dict) and all(isinstance(entry, dict) for entry in value.values()))


def _change(before: Any, after: Any) -> str:
    return "added" if before is None else "removed" if after is None else "changed"


def _fields(before: Any, after: Any) -> tuple[str, ...]:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ()
    return tuple(name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name))
