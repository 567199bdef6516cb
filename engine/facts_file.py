"""Facts as a file holds them (the `--facts` format), checked against a definition.

Everything in a file must be known to the definition: a misspelt event would otherwise wait for ever, silently.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .definition import Definition
from .definition.builtin import SYSTEM_FINDINGS, item_kinds
from .definition.literals import read_literal
from .definition.reader import Problems, Reader, read_moment
from .facts import FactKind, FactRecord, FactsRefused, FactStore
from .language.errors import suggestion
from .language.periods import parse_key
from .language.spans import Zone

# What people find about an assessment itself: when it was claimed, and which member of a pool they picked.
OUTCOME_FINDINGS = {"claimed": "date", "chosen": "text"}
KINDS: tuple[FactKind, ...] = ("event", "interval", "series", "item", "attribute")


@dataclass(frozen=True)
class FactsFile:
    """The store, and the readings chosen in the file."""

    store: FactStore
    readings: Mapping[str, str]


def parse_facts(data: Mapping[str, Any], definition: Definition) -> FactsFile:
    """The facts in a file's data (`[[event]]` …, `[readings]`). Raises FactsRefused with every problem."""
    problems = Problems({})
    for name in data:
        if name not in (*KINDS, "format", "readings"):
            problems.add("unknown_table", name, name=name, suggestion=suggestion(name, (*KINDS, "readings")))
    if data.get("format", 1) != 1:
        problems.add("unknown_format", "", value=data["format"])
    records: list[FactRecord] = []
    for kind in KINDS:
        rows = data.get(kind, [])
        for index, row in enumerate(rows if isinstance(rows, list) else [rows], start=1):
            if record := _record(Reader(problems, f"{kind}.{index}", row), kind, Zone(definition.contract.zone)):
                records.append(record)
    _duplicate_items(records, problems)
    checked = _Check(definition, records, problems).run()
    readings = check_readings(definition, data.get("readings", {}), problems)
    if problems.found:
        raise FactsRefused(problems.found)
    return FactsFile(FactStore(checked), readings)


def _duplicate_items(records: Iterable[FactRecord], problems: Problems) -> None:
    """Two items of one kind and id would be one thing told twice; a correction is an [[attribute]] about it."""
    seen: set[tuple[str, str]] = set()
    for record in records:
        if record.kind == "item":
            if (record.name, record.id) in seen:
                problems.add("duplicate_fact", record.label, name=record.id)
            seen.add((record.name, record.id))


def check_facts(definition: Definition, store: FactStore) -> FactStore:
    """The store with its values read as the definition types them. Raises FactsRefused with every problem."""
    problems = Problems({})
    records = _Check(definition, store.records, problems).run()
    if problems.found:
        raise FactsRefused(problems.found)
    return FactStore(records)


def facts_known_to(definition: Definition, store: FactStore) -> FactStore:
    """The facts a definition has names for; those that only another version of the contract knows are left out."""
    kept = list(store.records)
    while True:
        problems = Problems({})
        check = _Check(definition, kept, problems)
        fitting = []
        for record in kept:
            before = len(problems.found)
            check.check_one(record)
            if len(problems.found) == before:
                fitting.append(record)
        ids = {record.id for record in fitting if record.id}
        fitting = [record for record in fitting if not record.supersedes or record.supersedes in ids]
        if len(fitting) == len(kept):
            return FactStore(kept)
        kept = fitting


def check_readings(definition: Definition, data: Mapping[str, Any], problems: Problems) -> dict[str, str]:
    """The choices made, each a reading's key and one of its options."""
    chosen: dict[str, str] = {}
    for name, key in data.items() if isinstance(data, Mapping) else ():
        reading = definition.readings.get(name)
        if reading is None:
            problems.add("unknown_fact", "readings", kind="reading", name=name,
                         suggestion=suggestion(name, definition.readings))  # fmt: skip
        elif key not in reading.keys:
            problems.add("unknown_option", "readings", value=key, name=f"reading.{name}",
                         suggestion=suggestion(str(key), reading.keys), options=", ".join(reading.keys))  # fmt: skip
        else:
            chosen[name] = key
    return chosen


def _record(r: Reader, kind: FactKind, zone: Zone) -> FactRecord | None:
    before = len(r.problems.found)
    _floats(r, r.data)
    moments = {name: _moment(r, name, zone) for name in ("at", "start", "end", "recorded")}
    name = r.text("kind" if kind == "item" else "name", required=True)
    if kind in ("item", "attribute"):
        r.text("id" if kind == "item" else "of", required=True)
    if kind == "interval" and not {"start", "supersedes"} & set(r.data):
        r.fail("missing_field", name="start")
    if kind == "event" and not {"at", "supersedes"} & set(r.data):
        r.fail("missing_field", name="at")
    period = r.text("period", required=kind == "series")
    if period or "period" in r.data:
        try:
            parse_key(period)
        except ValueError:
            r.fail("wrong_value", field="period", expected="2025-09, 2025-W27, 2025-Q3, 2025-H2 or 2025", value=period)
    r.asked.update(("key", "value", "attributes", "name"))
    attributes = r.data.get("attributes", {})
    key = r.data.get("key", {})
    if not isinstance(attributes, Mapping) or not isinstance(key, Mapping):
        r.fail("wrong_value", field="key", expected="a table", value=repr(key))
    if kind in ("series", "attribute") and "value" not in r.data and not r.data.get("supersedes"):
        r.fail("missing_field", name="value")
    record_id, of, supersedes = r.text("id"), r.text("of"), r.text("supersedes")
    r.finish("note", "evidence", "by", "title")
    if len(r.problems.found) > before:
        return None
    value = r.data.get("value")
    if isinstance(value, str) and kind == "attribute" and r.data.get("name") == "done":
        value = read_moment(value)
    return FactRecord(
        kind=kind, name=name, id=record_id, of=of, key={str(k): str(v) for k, v in key.items()},
        period=period, value=value, attributes=dict(attributes), supersedes=supersedes, **moments,
    )  # fmt: skip


def _moment(r: Reader, name: str, zone: Zone) -> date | datetime | None:
    value = r.data.get(name)
    if isinstance(value, datetime) and value.tzinfo is None:
        # a local time without offset is meant on the contract's own clocks
        r.asked.add(name)
        return value.replace(tzinfo=zone.info)
    return r.moment(name)


def _floats(r: Reader, value: object, name: str = "") -> None:
    if isinstance(value, float):
        r.fail("float_value", field=name, value=value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _floats(r, item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for item in value:
            _floats(r, item, name)


class _Check:
    """Names and types of facts against the definition."""

    def __init__(self, definition: Definition, records: Collection[FactRecord], problems: Problems) -> None:
        self.definition = definition
        self.records = records
        self.problems = problems
        self.kinds = item_kinds(definition)
        self.ids: dict[str, set[str]] = {}
        for record in records:
            if record.kind == "item":
                self.ids.setdefault(record.name, set()).add(record.id)

    def run(self) -> list[FactRecord]:
        """The records with typed values."""
        return [self.check_one(record) for record in self.records]

    def _fail(self, code: str, record: FactRecord, **params: str) -> None:
        self.problems.add(code, record.label, **params)

    def _known(self, record: FactRecord, kind: str, name: str, names: Collection[str]) -> bool:
        if name in names:
            return True
        self._fail("unknown_fact", record, kind=kind, name=name, suggestion=suggestion(name, names))
        return False

    def check_one(self, record: FactRecord) -> FactRecord:
        """The record with typed values; what does not fit the definition is noted."""
        d = self.definition
        if record.kind == "event":
            if self._known(record, "event", record.name, {*d.events, *d.duties}):
                # only a duty's own event may have a key: it says which instance was performed
                bindings = d.duties[record.name].bindings if record.name in d.duties else ()
                for name in record.key:
                    self._known(record, "key", name, {binding.name for binding in bindings})
                if record.name not in d.events and len(record.key) < len(bindings):
                    self._fail("missing_field", record, name="key")
        elif record.kind == "item":
            if self._known(record, "item", record.name, self.kinds):
                return self._typed(record, self.kinds[record.name].attributes)
        elif record.kind == "interval":
            if self._known(record, "interval", record.name, d.intervals):
                self._keys(record, d.intervals[record.name].key)
                self._order(record)
                return self._typed(record, d.intervals[record.name].attributes)
        elif record.kind == "series":
            if self._known(record, "series", record.name, d.series):
                self._keys(record, d.series[record.name].key)
                return self._value(record, d.series[record.name].value)
        else:
            return self._finding(record)
        return record

    def _order(self, record: FactRecord) -> None:
        zone = Zone(self.definition.contract.zone)
        if record.start is not None and record.end is not None and zone.order(record.end) < zone.order(record.start):
            self._fail("wrong_order", record)

    def _keys(self, record: FactRecord, types: Mapping[str, str]) -> None:
        """The names in a key, and the system or item each of its values must name."""
        for name, value in record.key.items():
            if not self._known(record, "key", name, types):
                continue
            if types[name] == "system":
                self._known(record, "system", value, self.definition.systems)
            elif types[name] in self.definition.items:
                self._known(record, types[name], value, self.ids.get(types[name], ()))

    def _typed(self, record: FactRecord, types: Mapping[str, str]) -> FactRecord:
        values = {}
        for name, value in record.attributes.items():
            if self._known(record, "attribute", name, types):
                values[name] = self._read(record, name, value, types[name])
        return FactRecord(**{**record.__dict__, "attributes": values})

    def _value(self, record: FactRecord, kind: str) -> FactRecord:
        if record.value is None:
            return record
        return FactRecord(**{**record.__dict__, "value": self._read(record, record.name, record.value, kind)})

    def _read(self, record: FactRecord, name: str, value: Any, kind: str) -> Any:
        try:
            return read_literal(value, kind, self.definition)
        except ValueError as error:
            self._fail("wrong_value", record, field=name, expected=str(error) or kind, value=repr(value))
            return None

    def _common_findings(self) -> dict[str, str]:
        """The yes-or-no attributes of items: a rule may ask for any of them about its own instance."""
        attributes = (each for item in self.definition.items.values() for each in item.attributes.items())
        return {name: kind for name, kind in attributes if kind == "bool"}

    def _instance(self, record: FactRecord, several: bool, keyed: bool) -> None:
        """What is said of one of several instances says which; what is said of a single instance has no key."""
        if several != keyed:
            expected = (
                "followed by the key of one instance, such as duty:report/2025-09" if several else "without a key"
            )
            self._fail("wrong_value", record, field="of", expected=expected, value=record.of)

    def _finding(self, record: FactRecord) -> FactRecord:
        d = self.definition
        kind, _colon, rest = record.of.partition(":")
        name = rest.partition("/")[0]
        if kind == "duty":
            if self._known(record, "duty", name, d.duties) and self._known(record, "attribute", record.name, ("done",)):
                self._instance(record, bool(d.duties[name].bindings), "/" in rest)
                return self._value(record, "moment")
        elif kind == "rule":
            if self._known(record, "rule", name, d.rules):
                self._instance(record, bool(d.rules[name].bindings), "/" in rest)
                findings = {**self._common_findings(), **d.rules[name].findings, **OUTCOME_FINDINGS}
                if self._known(record, "attribute", record.name, findings):
                    return self._value(record, findings[record.name])
        elif kind == "pool":
            if self._known(record, "pool", name, d.pools) and self._known(
                record, "attribute", record.name, OUTCOME_FINDINGS
            ):
                self._instance(record, bool(d.pools[name].by), "/" in rest)
                return self._value(record, OUTCOME_FINDINGS[record.name])
        elif kind == "system":
            if self._known(record, "system", rest, d.systems) and self._known(
                record, "attribute", record.name, SYSTEM_FINDINGS
            ):
                return self._value(record, SYSTEM_FINDINGS[record.name])
        elif kind in d.items or kind == "item":
            kinds = [kind] if kind in d.items else [k for k, ids in self.ids.items() if rest in ids]
            if not kinds or rest not in self.ids.get(kinds[0], ()):
                self._fail("unknown_reference", record, name=record.of)
            elif self._known(record, "attribute", record.name, d.items[kinds[0]].attributes):
                typed = self._value(record, d.items[kinds[0]].attributes[record.name])
                return FactRecord(**{**typed.__dict__, "of": f"{kinds[0]}:{rest}"})
        else:
            kinds_known = {*d.items, "duty", "rule", "pool", "item", "system"}
            self._fail("unknown_fact", record, kind="subject", name=record.of,
                       suggestion=suggestion(kind, kinds_known))  # fmt: skip
        return record
