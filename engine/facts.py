"""The store of facts: what was entered, and what of it is seen on a given day.

Facts are entered, never computed. Each knows when it happened and when it was recorded; a later entry may supersede
an earlier one. A `FactView` is the store as of the end of one day in the contract's zone: later happenings are not
seen, and listed as ignored; what was recorded after `known_on` is hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal

from .language.periods import parse_key
from .language.spans import FIRST_INSTANT, PAST, Moment, Zone
from .problems import Problem, make_problem

FactKind = Literal["event", "interval", "series", "item", "attribute"]


class FactsRefused(ValueError):
    """Facts that do not fit the definition or each other; `problems` lists all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.table}: {p.text}" for p in self.problems))


@dataclass(frozen=True)
class FactRecord:
    """One fact.

    kind: event (`name`, `at`) · interval (`name`, `key`, `start`, `end`) · series (`name`, `key`, `period`, `value`)
    · item (`name` is the kind of item, `id`, `at`, `attributes`) · attribute (`of`, `name`, `value`): a finding about
    an item (`incident:i1`), a duty's instance (`duty:dl_2/2025-W27`) or a rule's (`rule:a3_1/2025-10/s1`).
    Without `recorded` it is known when it happened. Without `end` an interval goes on. A record that supersedes
    another and has neither a moment nor a value withdraws it; an item is withdrawn that way only, never replaced.
    """

    kind: FactKind
    name: str
    id: str = ""
    of: str = ""
    key: Mapping[str, str] = field(default_factory=dict)
    at: Moment | None = None
    start: Moment | None = None
    end: Moment | None = None
    period: str = ""
    value: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    recorded: Moment | None = None
    supersedes: str = ""

    @property
    def label(self) -> str:
        """What the fact is called where it has to be named: its id, or what it is about."""
        if self.id:
            return self.id
        if self.kind == "attribute":
            return f"{self.of}.{self.name}"
        key = "/".join(self.key.values())
        return ".".join(part for part in (self.kind, self.name, self.period, key) if part)

    @property
    def happened(self) -> Moment | None:
        """When it happened, if it has a time: an interval at its start, a series on its period's first day."""
        if self.kind == "series":
            return parse_key(self.period).start
        if self.kind == "attribute" and self.name == "done" and isinstance(self.value, date):
            return self.value
        return self.start if self.kind == "interval" else self.at

    @property
    def is_withdrawal(self) -> bool:
        """It only takes back what it supersedes."""
        empty = self.at is None and self.start is None and self.value is None and not self.attributes
        return bool(self.supersedes) and empty


@dataclass(frozen=True)
class FactView:
    """The facts seen on one day. `ignored` names what happened later, sorted."""

    as_of: date
    known_on: date | None
    zone: Zone
    records: tuple[FactRecord, ...]
    ignored: tuple[str, ...] = ()

    @property
    def after(self) -> datetime:
        """The first instant after as-of."""
        return self.zone.end_of(self.as_of)

    @cached_property
    def events(self) -> Mapping[str, FactRecord]:
        """The events seen, by name; what is entered twice happened when it first did."""
        found: dict[str, FactRecord] = {}
        for record in self.records:
            if record.kind == "event" and record.at is not None and not record.key:
                other = found.get(record.name)
                if other is None or self._earlier(record, other):
                    found[record.name] = record
        return found

    @cached_property
    def performances(self) -> Mapping[tuple[str, frozenset[tuple[str, str]]], FactRecord]:
        """The events seen that name one instance of a duty by its key; the first one counts."""
        found: dict[tuple[str, frozenset[tuple[str, str]]], FactRecord] = {}
        for record in self.records:
            if record.kind == "event" and record.at is not None and record.key:
                place = (record.name, frozenset(record.key.items()))
                if place not in found or self._earlier(record, found[place]):
                    found[place] = record
        return found

    def _earlier(self, record: FactRecord, other: FactRecord) -> bool:
        assert record.at is not None and other.at is not None
        return self.zone.order(record.at) < self.zone.order(other.at)

    @cached_property
    def items(self) -> Mapping[str, tuple[FactRecord, ...]]:
        """The items seen, by kind, in order of id."""
        return self._grouped("item")

    @cached_property
    def intervals(self) -> Mapping[str, tuple[FactRecord, ...]]:
        """The intervals begun by as-of, by name."""
        return self._grouped("interval")

    @cached_property
    def series(self) -> Mapping[str, tuple[FactRecord, ...]]:
        """The figures of periods begun by as-of, by name."""
        return self._grouped("series")

    def _grouped(self, kind: FactKind) -> Mapping[str, tuple[FactRecord, ...]]:
        groups: dict[str, list[FactRecord]] = {}
        for record in self.records:
            if record.kind == kind:
                groups.setdefault(record.name, []).append(record)
        return {name: tuple(sorted(group, key=lambda r: r.label)) for name, group in groups.items()}

    @cached_property
    def attributes(self) -> Mapping[str, Mapping[str, Any]]:
        """The findings, by what they are about (`incident:i1`, `duty:payment_1`); the last recorded wins."""
        found: dict[str, dict[str, Any]] = {}
        ordered = [record for record in self.records if record.kind == "attribute"]
        ordered.sort(key=lambda r: self.zone.order(r.recorded) if r.recorded else self.zone.order(PAST))
        for record in ordered:
            found.setdefault(record.of, {})[record.name] = record.value
        return found

    def end_of(self, record: FactRecord) -> datetime | None:
        """Where an interval ends, as an instant; None while it goes on. An end date ends at its 24:00."""
        if record.end is None:
            return None
        end = record.end if isinstance(record.end, datetime) else self.zone.end_of(record.end)
        return None if end > self.after else end

    def start_of(self, record: FactRecord) -> datetime:
        """Where an interval starts, as an instant."""
        assert record.start is not None
        return record.start if isinstance(record.start, datetime) else self.zone.start_of(record.start)


class FactStore:
    """All facts of one contract, in the order entered. Raises FactsRefused for facts that contradict each other."""

    def __init__(self, records: Iterable[FactRecord] = ()) -> None:
        self.records = tuple(records)
        self._by_id: dict[str, FactRecord] = {}
        self._items = {(record.name, record.id) for record in self.records if record.kind == "item"}
        problems = []
        for record in self.records:
            if record.id and record.kind != "item" and record.id in self._by_id:
                problems.append(make_problem("duplicate_fact", table=record.label, params={"name": record.id}))
            elif record.id:
                self._by_id.setdefault(record.id, record)
        problems += [problem for record in self.records if (problem := self._broken_supersession(record))]
        if problems:
            raise FactsRefused(problems)

    def _broken_supersession(self, record: FactRecord) -> Problem | None:
        if not record.supersedes:
            return None
        if record.kind == "item":
            # the names of items are their own: an event may be called like one
            known = (record.name, record.supersedes) in self._items
            code = "unknown_reference" if not known else "" if record.is_withdrawal else "replaced_item"
            return make_problem(code, table=record.label, params={"name": record.supersedes}) if code else None
        target = self._by_id.get(record.supersedes)
        if target is None:
            return make_problem("unknown_reference", table=record.label, params={"name": record.supersedes})
        if (target.kind, target.name, target.of) != (record.kind, record.name, record.of):
            return make_problem("mixed_supersession", table=record.label, params={"name": record.label})
        seen = {record.id}
        while target is not None and target.supersedes:
            if target.id in seen:
                return make_problem("cyclic_supersession", table=record.label, params={"name": record.label})
            seen.add(target.id)
            target = self._by_id.get(target.supersedes)
        return None

    def view(self, as_of: date, known_on: date | None, zone: str | Zone, *, own: Iterable[FactRecord] = ()) -> FactView:
        """The facts seen at the end of `as_of` in the zone, by what was recorded until the end of `known_on`.

        `own` are the events whose dates the contract itself fixes; an entered event of the same name replaces one.
        """
        place = zone if isinstance(zone, Zone) else Zone(zone)
        after = place.end_of(as_of)
        horizon = None if known_on is None else place.end_of(known_on)
        recorded = [r for r in self.records if horizon is None or self._recorded(r, place) < horizon]
        entered = {record.name for record in recorded if record.kind == "event"}
        recorded += [record for record in own if record.name not in entered]
        superseded = {record.supersedes for record in recorded if record.supersedes and record.kind != "item"}
        withdrawn = {(record.name, record.supersedes) for record in recorded if record.kind == "item"}
        seen: list[FactRecord] = []
        ignored: list[str] = []
        for record in recorded:
            gone = (record.name, record.id) in withdrawn if record.kind == "item" else record.id in superseded
            if (record.id and gone) or record.is_withdrawal:
                continue
            happened = record.happened
            if happened is not None and self._instant(happened, place) >= after:
                ignored.append(record.label)
            else:
                seen.append(record)
        return FactView(as_of, known_on, place, tuple(seen), tuple(sorted(ignored)))

    @staticmethod
    def _instant(moment: Moment, zone: Zone) -> datetime:
        return moment if isinstance(moment, datetime) else zone.start_of(moment)

    def _recorded(self, record: FactRecord, zone: Zone) -> datetime:
        moment = record.recorded if record.recorded is not None else record.happened
        if moment is None:
            # neither recorded nor happening at any time: it was always known
            return FIRST_INSTANT
        return self._instant(moment, zone)
