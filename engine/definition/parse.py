"""From merged TOML data to a checked `Definition`.

Three passes: shapes and expressions table by table, then names and types across tables, then circles. Every problem
is collected with its file, table and clause; one error refuses the whole definition.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from ..language.errors import suggestion
from ..problems import Problem
from .environment import units_in, zeros_in
from .literals import stated
from .model import SIDES, Contract, Definition, Event
from .reader import Problems, Reader
from .references import check_references
from .tables import READERS, read_calendar, read_check, read_contract, read_profile

# Tables read one by one (name in the file → field of Definition); the rest are read by name.
GROUPS = {
    "party": "parties", "term": "terms", "event": "events", "item": "items", "interval": "intervals",
    "series": "series", "system": "systems", "line": "lines", "free_service": "free_services",
    "deliverable": "deliverables", "instalment": "instalments", "security": "securities",
    "commitment": "commitments", "penalty_table": "penalty_tables", "table": "tables", "reading": "readings",
    "clause": "clauses", "policy": "policies", "duty": "duties", "right": "rights", "rule": "rules",
    "pool": "pools", "measure": "measures",
}  # fmt: skip
# The fields that name parties.
PARTIES_OF = {"duties": ("obligor", "obligee"), "rules": ("debtor", "creditor"), "rights": ("holder",)}
SINGLE = ("format", "contract", "profile", "calendar", "check")


class DefinitionRefused(ValueError):
    """The definition has errors; `problems` lists all of them, warnings included."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{p.file}:{p.table}: {p.text}" for p in problems))


def parse_definition(
    data: object, origin: Mapping[str, str] | None = None, *, published: Collection[str] = ("CN",)
) -> Definition:
    """The definition in the merged data of its files.

    `data` holds dates as `date` or ISO text; `origin` maps a table (`duty.payment_1`, or `duty`) to its file, for
    messages; `published` are the codes of calendars that exist outside the definition. Raises DefinitionRefused
    with every problem found.
    """
    listed = isinstance(data, Mapping) and bool(data.get("clause"))
    problems = Problems(origin or {}, clauses_listed=listed, remarks=True)
    if not isinstance(data, Mapping):
        problems.add("not_a_definition", "")
        raise DefinitionRefused(tuple(problems.found))
    _refuse_floats(data, "", problems)
    if data.get("format", 1) != 1 or isinstance(data.get("format"), bool):
        problems.add("unknown_format", "", value=data["format"])
    for name in data:
        if name not in GROUPS and name not in SINGLE:
            problems.add("unknown_table", name, name=name, suggestion=suggestion(name, (*GROUPS, *SINGLE)))
    series = data.get("series")
    problems.series = {
        name: tuple(key) if isinstance(key := fields.get("key"), Mapping) else ()
        for name, fields in (series.items() if isinstance(series, Mapping) else ())
        if isinstance(fields, Mapping)
    }
    contract = read_contract(Reader(problems, "contract", data.get("contract", {})))
    profile = read_profile(Reader(problems, "profile", data.get("profile", {})), contract.profile)
    groups: dict[str, Any] = {}
    for table, target in GROUPS.items():
        read = READERS[table]
        members = _members(data, table, problems)
        groups[target] = {
            name: read(Reader(problems, f"{table}.{name}", fields), name) for name, fields in members.items()
        }
    calendars = {}
    for name, fields in _members(data, "calendar", problems).items():
        calendar = read_calendar(Reader(problems, f"calendar.{name}", fields), name, contract.zone)
        if calendar is not None:
            calendars[name] = calendar
    checks = data.get("check", [])
    groups["checks"] = tuple(
        check
        for index, fields in enumerate(checks if isinstance(checks, list) else [], start=1)
        if (check := read_check(Reader(problems, f"check.{index}", fields))) is not None
    )
    _by_role(groups)
    _own_dates(contract, groups)
    definition = Definition(
        contract=contract, profile=profile, calendars=calendars, source=deepcopy(dict(data)), **groups
    )
    environment = check_references(definition, problems, published)
    if any(problem.level == "error" for problem in problems.found):
        raise DefinitionRefused(tuple(problems.found))
    return replace(definition, units=units_in(environment), zeros=zeros_in(environment), warnings=tuple(problems.found))


def _own_dates(contract: Contract, groups: dict[str, Any]) -> None:
    """The day of signature and of taking effect that [contract] states are events, unless it has such events."""
    for name in ("signed", "effective"):
        at = stated(contract.data.get(name))
        if isinstance(at, date) and name not in groups["events"]:
            clause = str(contract.data.get("clause", ""))
            groups["events"][name] = Event(name, name, clause, {}, at, "", "")


def _by_role(groups: dict[str, Any]) -> None:
    """Parties called by their role (`buyer`, `vendor`) become the parties that have it."""
    parties = groups["parties"]
    roles = {party.role: name for name, party in parties.items() if party.role in SIDES and party.role not in parties}

    def named(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(roles.get(name, name) for name in names)

    if not roles:
        return
    for group, fields in PARTIES_OF.items():
        for name, entry in groups[group].items():
            found = {each: getattr(entry, each) for each in fields}
            lists = {each: named(value) if isinstance(value, tuple) else roles.get(value, value)
                     for each, value in found.items()}  # fmt: skip
            groups[group][name] = replace(entry, **lists)


def _members(data: Mapping[str, Any], table: str, problems: Problems) -> Mapping[str, Any]:
    members = data.get(table, {})
    if not isinstance(members, Mapping):
        problems.add("wrong_value", table, field=table, expected=f"tables [{table}.name]", value=repr(members)[:60])
        return {}
    return members


def _refuse_floats(value: object, path: str, problems: Problems) -> None:
    if isinstance(value, float):
        table, _dot, name = path.rpartition(".")
        problems.add("float_value", table, field=name, value=value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_floats(item, f"{path}.{key}" if path else str(key), problems)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item, path, problems)
    elif isinstance(value, datetime) and value.tzinfo is None:
        problems.add("naive_instant", path, value=value.isoformat())
    else:
        assert value is None or isinstance(value, str | int | bool | date), f"{type(value).__name__} in the data"
