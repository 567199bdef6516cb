"""The pre-trial sheet (罚则推演): what a real incident or imagined facts would lead to. Writes nothing, ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract
from contracts.wording import outline
from engine.definition import Definition
from engine.definition.model import PenaltyTable, RangeTable, Reading
from engine.facts import FactRecord, FactsRefused, FactStore
from engine.language import syntax as s
from penalties.outcomes import Outcome, Row
from penalties.reckoning import Basis, basis_for, outcomes

# The id of an imagined thing; a recorded one never has it.
IMAGINED = "imagined"


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A row of another table that measures the same, or is named as the counterpart: the severe beside the general."""

    rule: str
    table: str
    clause: str
    text: str
    severity: str
    coefficient: str
    band: str


@dataclass(frozen=True)
class SheetOutcome:
    """One thing claimed together, with what a reader needs beside it."""

    outcome: Outcome
    readings: tuple[tuple[Reading, str], ...]  # each reading it rests on, with the option that holds ("" = open)
    counterparts: Mapping[str, tuple[Counterpart, ...]]  # by rule
    neighbours: tuple[tuple[RangeTable, tuple[Counterpart, ...]], ...]  # tables with a hole, and the rows around it
    notes: tuple[str, ...]

    def heavier(self, row: Row) -> list[Row]:
        """The rows that bar this one."""
        return [each for each in self.outcome.rows if each.label in row.barred_by]


@dataclass(frozen=True)
class Sheet:
    """The answers, the ones that bite first; `definition` explains their names. `reducible`: the law lets a court lower
    a penalty far above the loss."""

    definition: Definition
    as_of: date
    imagined: bool
    outcomes: tuple[SheetOutcome, ...]
    reducible: bool


def imagined_facts(
    definition: Definition,
    *,
    kind: str,
    at: datetime,
    attributes: Mapping[str, Any],
    spells: Mapping[str, tuple[datetime, datetime | None, Mapping[str, str]]],
    figures: Mapping[str, tuple[str, str, Mapping[str, str]]],
) -> list[FactRecord]:
    """Records of one imagined thing: its attributes, spells (by interval kind: start, end, rest of the key) and figures
    (by series: period, value, key). A spell has what it and the thing both may have (whose fault it was) from the
    thing, as recorded ones do. They are handed to the engine and nowhere else."""
    records = [FactRecord("item", kind, id=IMAGINED, at=at, attributes=dict(attributes))]
    for name, (start, end, key) in spells.items():
        own = {part: IMAGINED for part, of in definition.intervals[name].key.items() if of == kind}
        shared = {part: attributes[part] for part in definition.intervals[name].attributes if part in attributes}
        records.append(
            FactRecord(
                "interval", name, id=f"{IMAGINED}.{name}", key={**key, **own}, start=start, end=end, attributes=shared
            )
        )
    for name, (period, value, key) in figures.items():
        records.append(FactRecord("series", name, id=f"{IMAGINED}.{name}", key=dict(key), period=period, value=value))
    return records


def sheet_for(
    *,
    viewer: Viewer,
    contract: Contract,
    as_of: date,
    about: str = "",
    imagined: Sequence[FactRecord] = (),
) -> Sheet:
    """What the recorded facts, with the imagined ones beside them, lead to. `about` ("incident:i1") keeps to what rests
    on one thing; imagined facts keep to what they touch or change. Raises Refused for facts that make no sense."""
    require(viewer, "penalty.read", contract)
    basis = basis_for(contract, as_of=as_of)
    if not imagined:
        found = outcomes(basis)
        return _sheet(basis, [each for each in found if not about or _touches(each, about)], imagined=False)
    store = FactStore([*basis.facts.records, *imagined])
    try:
        found = outcomes(basis.with_facts(store))
    except FactsRefused as error:
        raise Refused("；".join(each.text for each in error.problems) or _("These facts make no sense.")) from error
    before = {(each.target, each.key_text): each.to_json() for each in outcomes(basis)}
    focus = {f"{record.name}:{IMAGINED}" for record in imagined if record.kind == "item"}
    shown = [
        each
        for each in found
        if any(_touches(each, label) for label in focus) or before.get((each.target, each.key_text)) != each.to_json()
    ]
    return _sheet(basis, shown, imagined=True)


def _touches(outcome: Outcome, about: str) -> bool:
    name = about.partition(":")[2]
    return (
        about in outcome.because
        or name in outcome.key.values()
        or any(about in row.because or name in row.key.values() for row in outcome.rows)
    )


def _sheet(basis: Basis, found: Sequence[Outcome], *, imagined: bool) -> Sheet:
    definition = basis.definition
    ordered = sorted(found, key=lambda each: (not each.standing, -(each.high or 0), each.target, each.key_text))
    return Sheet(
        definition=definition,
        as_of=basis.as_of,
        imagined=imagined,
        outcomes=tuple(_explained(basis, each) for each in ordered),
        reducible=definition.contract.profile == "cn",
    )


def _explained(basis: Basis, outcome: Outcome) -> SheetOutcome:
    definition = basis.definition
    rules = list(dict.fromkeys(row.rule for row in outcome.rows))
    holes = {name.removeprefix("hole:table.") for name in outcome.missing if name.startswith("hole:")}
    holes |= {
        name.removeprefix("hole:table.") for row in outcome.rows for name in row.missing if name.startswith("hole:")
    }
    notes = {
        table.data["note"]: None
        for table in definition.penalty_tables.values()
        if table.data.get("note") and any(entry.get("rule") in rules for entry in table.rows)
    }
    return SheetOutcome(
        outcome=outcome,
        readings=tuple(_readings(basis, outcome, rules)),
        counterparts={rule: _counterparts(definition, rule) for rule in rules},
        neighbours=tuple(
            (definition.tables[name], _measured(definition, name)) for name in sorted(holes & set(definition.tables))
        ),
        notes=tuple(notes),
    )


def _readings(basis: Basis, outcome: Outcome, rules: Sequence[str]) -> list[tuple[Reading, str]]:
    definition = basis.definition
    names = {name.removeprefix("reading.") for name in outcome.needs}
    names |= {name for case in outcome.by_reading for name in case.readings}
    kind, _colon, target = outcome.target.partition(":")
    trees: list[s.Expr] = []
    for table in (definition.rules[rule] for rule in rules if rule in definition.rules):
        trees += [tree for tree in (table.amount, table.when) if tree is not None]
    names |= {node.name for tree in trees for node in tree.walk() if isinstance(node, s.Ref) and node.kind == "reading"}
    pool = definition.pools.get(target) if kind == "pool" else None
    if pool is not None and pool.combine.startswith("reading."):
        names.add(pool.combine.removeprefix("reading."))
    return [
        (definition.readings[name], basis.readings.get(name) or definition.readings[name].default)
        for name in sorted(names)
        if name in definition.readings
    ]


def _counterpart(table: PenaltyTable, entry: Mapping[str, Any]) -> Counterpart:
    return Counterpart(
        rule=str(entry.get("rule", "")),
        table=table.title,
        clause=str(entry.get("clause", table.clause)),
        text=str(entry.get("text", "")),
        severity=str(entry.get("severity", "")),
        coefficient=str(entry.get("coefficient", "")),
        band=str(entry.get("band", "")),
    )


def _counterparts(definition: Definition, rule: str) -> tuple[Counterpart, ...]:
    """Rows of other tables with the same measure and band, or naming one another as `counterpart`."""
    places = [(table, entry) for table in definition.penalty_tables.values() for entry in table.rows]
    own = [(table, entry) for table, entry in places if entry.get("rule") == rule]
    found = []
    for home, mine in own:
        for table, entry in places:
            if table.id == home.id:
                continue
            named = entry.get("counterpart") == rule or mine.get("counterpart") == entry.get("rule")
            same = mine.get("measure") and (mine.get("measure"), mine.get("band")) == (
                entry.get("measure"),
                entry.get("band"),
            )
            if (named and entry.get("rule")) or same:
                found.append(_counterpart(table, entry))
    return tuple(found)


def _measured(definition: Definition, measure: str) -> tuple[Counterpart, ...]:
    """Every row of the penalty tables on one measure: what stands around its holes."""
    return tuple(
        _counterpart(table, entry)
        for table in definition.penalty_tables.values()
        for entry in table.rows
        if entry.get("measure") == measure
    )


def finding_kind(definition: Definition | None, subject: str, name: str) -> str | None:
    """The type of a finding about a thing ("incident:i1") or a rule's instance ("rule:a3_1/2025-10/s1"); None if the
    definition knows none of that name."""
    if definition is None:
        return None
    of, _colon, rest = subject.partition(":")
    if of == "rule":
        rule = definition.rules.get(rest.partition("/")[0])
        return rule.findings.get(name) if rule is not None else None
    item = definition.items.get(of)
    return item.attributes.get(name) if item is not None else None


def sentences(row: Row | Outcome, definition: Definition | None) -> list[str]:
    """A derivation in the reader's language, indented by depth; with its definition, formulas are put in words."""
    return outline(row.derivation, definition)
