"""The facts of one day seen through a definition: what the evaluator's questions are answered from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from itertools import chain
from typing import Any, Literal

from .amounts import AmountWorld
from .calendars import VARIANTS, Calendar
from .definition import Definition, Duty
from .definition.builtin import item_kinds
from .definition.literals import stated
from .definition.model import Named
from .definition.tables import DEFAULTS
from .derivation import step
from .elements import (
    breach_element,
    figure_element,
    item_element,
    open_end,
    spell_element,
    system_element,
    table_element,
    typed,
)
from .facts import FactRecord, FactStore
from .intervals import Interval
from .language import syntax as s
from .language.evaluator import Evaluator
from .language.spans import FUTURE, Span, Zone, absent, known, unknown
from .language.values import Element, Money, Value, certain, nothing_known
from .language.world import What
from .outcomes_world import OutcomeWorld


class CalendarMissing(LookupError):
    """A duty counts working days of a calendar that was not handed in."""


@dataclass(frozen=True)
class Instance:
    """One instance of a duty: its key, its variables, and what is missing to know whether it exists at all."""

    key: Mapping[str, str]
    variables: Mapping[str, Element]
    doubts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Dates:
    """The moments of one instance."""

    due: Span
    raw: Span
    done: Span


class FactWorld(AmountWorld, OutcomeWorld):
    """Implements `engine.language.world.World`; everything computed is kept for the lifetime of the evaluation."""

    def __init__(
        self,
        definition: Definition,
        facts: FactStore,
        calendars: Mapping[str, Calendar],
        as_of: date,
        known_on: date | None,
        readings: Mapping[str, str],
    ) -> None:
        self.definition = definition
        self.facts = facts
        self.calendars = {**calendars, **definition.calendars}
        self.chosen = readings
        self.zone = Zone(definition.contract.zone)
        self.as_of = as_of
        own = [FactRecord("event", e.id, at=e.at) for e in definition.events.values() if e.at is not None]
        self.view = facts.view(as_of, known_on, self.zone, own=own)
        self.known_on = known_on
        self.after = self.view.after
        self.law = "Civil Code" if definition.contract.profile == "cn" else ""
        self.start_counted = self._setting("start_day") == "included"
        rolls = self._setting("roll")
        self.rolls: Literal["next", "previous"] | None = (
            "next" if rolls == "next" else "previous" if rolls == "previous" else None
        )
        self._terms: dict[tuple[str, str], Span] = {}
        self._instances: dict[str, tuple[Instance, ...]] = {}
        self._by_key: dict[str, dict[tuple[str, ...], Instance]] = {}
        self._dates: dict[tuple[str, tuple[str, ...]], Dates] = {}
        self._members: dict[str, tuple[Element, ...] | None] = {}
        self._calendars: dict[str, Calendar] = {}
        self._earlier: dict[date, FactWorld] = {}
        self.cache: dict[Any, Any] = {}
        self.combination = {}
        self._assessor = None

    def as_of_day(self, day: date) -> FactWorld:
        """The same facts and readings, seen at the end of an earlier day."""
        if day not in self._earlier:
            self._earlier[day] = FactWorld(self.definition, self.facts, self.calendars, day, self.known_on, self.chosen)
        return self._earlier[day]

    # -- readings and settings -------------------------------------------------------------------------------------

    def _setting(self, name: str) -> str:
        value: str = getattr(self.definition.profile, name)
        if value.startswith("reading."):
            value = self.option(value.removeprefix("reading."))
        return value or DEFAULTS[self.definition.contract.profile][name]

    def calendar(self, code: str) -> Calendar:
        """The calendar of the code; the contract's own as the profile reads "working day"."""
        if code not in self._calendars:
            wanted = code or self.definition.contract.calendar
            if wanted not in self.calendars:
                raise CalendarMissing(wanted)
            calendar = self.calendars[wanted]
            if wanted == self.definition.contract.calendar:
                kind = self._setting("calendar")
                calendar = calendar.variant(next((v for v in VARIANTS if v == kind), "official"))
            self._calendars[code] = calendar
        return self._calendars[code]

    # -- anchors ---------------------------------------------------------------------------------------------------

    def event(self, name: str) -> Span:
        """When the event happened; absent events lie after as-of."""
        event = self.definition.events.get(name)
        title, clause = (event.title, event.clause) if event else (self.definition.duties[name].title, "")
        record = self.view.events.get(name)
        if record is None or record.at is None:
            message = step("event_absent", title=title, clause=clause, as_of=self.as_of)
            return absent(self.after, f"event.{name}", message)
        at = self.zone.local(record.at) if isinstance(record.at, datetime) else record.at
        return known(at, step("event", title=title, clause=clause, at=at))

    def event_title(self, name: str) -> str:
        """What people call the event."""
        event = self.definition.events.get(name)
        return event.title if event is not None else self.definition.duties[name].title

    def happened(self, name: str) -> bool:
        """True if the event was seen by as-of."""
        return name in self.view.events

    def term(self, name: str, end: Literal["start", "end"]) -> Span:
        """One edge of a term, never rolled."""
        if (name, end) not in self._terms:
            term = self.definition.terms[name]
            tree = term.start if end == "start" else term.end
            span = Evaluator(self, rolling=False).moment(tree)
            message = step(f"term_{end}", title=term.title, clause=term.clause, at=span.value)
            children = () if isinstance(tree, s.OnDate) else span.steps
            self._terms[name, end] = replace(span, steps=(replace(message, children=children),))
        return self._terms[name, end]

    def constant(self, kind: str, name: str, args: tuple[str, ...]) -> Value:
        """A figure or table of the definition."""
        d = self.definition
        if kind == "contract":
            if name == "total" and d.contract.total is not None:
                return certain(Money(d.contract.currency, Fraction(d.contract.total)))
            value = stated(d.contract.data.get(name))
            if isinstance(value, date):
                return known(value, step("contract_date", name=name, at=value))
            return certain(value) if value is not None else nothing_known({f"contract.{name}"})
        if kind == "system":
            return certain(system_element(d, name, self.view))
        if kind in ("item", "interval", "series"):
            plural = (
                d.items[name].plural if kind == "item" else d.intervals[name].plural if kind == "interval" else name
            )
            return certain(self.members(plural) or ())
        tables = {
            "line": d.lines, "instalment": d.instalments, "security": d.securities, "party": d.parties,
            "deliverable": d.deliverables, "commitment": d.commitments,
        }  # fmt: skip
        if kind in tables:
            return certain(self._table_member(kind, tables[kind][name]))
        return nothing_known({f"{kind}.{name}"})

    # -- sets ------------------------------------------------------------------------------------------------------

    def members(self, name: str) -> tuple[Element, ...] | None:
        """The set of that name: items, intervals, figures, or a table of the definition."""
        if name not in self._members:
            self._members[name] = self._gather(name)
        return self._members[name]

    def _gather(self, name: str) -> tuple[Element, ...] | None:
        d, view = self.definition, self.view
        for item in item_kinds(d).values():
            if name in item.names:
                return tuple(item_element(d, view, record) for record in view.items.get(item.id, ()))
        for interval in d.intervals.values():
            if name in interval.names:
                records = view.intervals.get(interval.id, ())
                twins = Counter(record.label for record in records)
                return tuple(spell_element(d, view, record, alone=twins[record.label] == 1) for record in records)
        if name in d.series:
            return tuple(figure_element(d, record) for record in view.series.get(name, ()))
        if name == "systems":
            return tuple(system_element(d, system, view) for system in d.systems)
        tables = {
            "lines": d.lines, "instalments": d.instalments, "securities": d.securities,
            "deliverables": d.deliverables, "commitments": d.commitments,
        }  # fmt: skip
        if name in tables:
            kind = "security" if name == "securities" else name[:-1]
            return tuple(self._table_member(kind, table) for table in tables[name].values())
        return None

    def _table_member(self, kind: str, table: Named) -> Element:
        """A table as a member of its set; an instalment or security stated by its share has its amount computed."""
        element = table_element(kind, table, self.definition.contract.currency)
        if kind in ("instalment", "security") and table.data.get("amount") is None:
            return replace(element, fields={**element.fields, "amount": self.amount_of_share(kind, table.id)})
        return element

    def interval_name(self, plural: str) -> str:
        """The name facts use for a set of intervals."""
        return next((kind.id for kind in self.definition.intervals.values() if plural in kind.names), plural)

    def spells(self, name: str) -> tuple[Interval, ...] | None:
        """The intervals of that plural name seen by as-of, an open one running to the end of time."""
        for interval in self.definition.intervals.values():
            if name in interval.names:
                records = self.view.intervals.get(interval.id, ())
                ends = [(self.view.start_of(r), self.view.end_of(r) or open_end(self.zone)) for r in records]
                return tuple(Interval(start, end) for start, end in ends)
        return None

    def breaches(self, duty: str) -> tuple[Element, ...]:
        """The instances of a duty that are in breach."""
        # the status rules look at duties through a world, so they stand above this module
        from .status import judge

        found = []
        for instance in self.instances(self.definition.duties[duty]):
            judgement = judge(self, self.definition.duties[duty], instance)
            if judgement.status == "late":
                dates = self.dates(duty, tuple(instance.key.values()))
                key = tuple(instance.key.values())
                days = judgement.delay_days
                found.append(breach_element(duty, key, instance.variables, judgement.due, dates.done, days))
        return tuple(found)

    # -- duties ----------------------------------------------------------------------------------------------------

    def instances(self, duty: Duty) -> tuple[Instance, ...]:
        """The instances of a duty: one, or one per tuple of its "for" clause."""
        if duty.id not in self._instances:
            self._instances[duty.id] = self.bound(duty.bindings)
        return self._instances[duty.id]

    def tuples(self, name: str, bindings: tuple[s.Binding, ...]) -> tuple[Instance, ...]:
        """The instances of a rule or right, by its name; computed once."""
        if name not in self._instances:
            self._instances[name] = self.bound(bindings)
        return self._instances[name]

    def bound(self, bindings: tuple[s.Binding, ...]) -> tuple[Instance, ...]:
        """One instance per tuple of a "for" clause; a single one without any."""
        found = [Instance({}, {})]
        for binding in bindings:
            found = list(chain.from_iterable(self._bound(binding, instance) for instance in found))
        return tuple(found)

    def _bound(self, binding: s.Binding, outer: Instance) -> list[Instance]:
        elements, doubts = self._elements(binding.source, outer.variables)
        if elements is None:
            return [replace(outer, doubts=outer.doubts | doubts)]
        return [
            Instance(
                {**outer.key, binding.name: element.id},
                {**outer.variables, binding.name: element},
                outer.doubts | inside,
            )
            for element, inside in elements
        ]

    def _elements(
        self, source: s.Expr, variables: Mapping[str, Element]
    ) -> tuple[list[tuple[Element, frozenset[str]]] | None, frozenset[str]]:
        """The members, each with what leaves it in doubt; None with the names if not even that is known."""
        evaluator = Evaluator(self, variables)
        if isinstance(source, s.Each):
            periods, missing = self.periods(source)
            return (None if periods is None else [(period, frozenset()) for period in periods]), missing
        group = evaluator.group(source)
        if group.missing:
            return None, group.missing
        return [(element, inside.missing) for element, inside in group.members], frozenset()

    def instance(self, duty: str, keys: tuple[str, ...]) -> Instance | None:
        """The instance with these key values, in the order of the "for" clause."""
        if duty not in self._by_key:
            instances = self.instances(self.definition.duties[duty])
            # the first of two with the same key stands for both
            self._by_key[duty] = {tuple(each.key.values()): each for each in reversed(instances)}
        return self._by_key[duty].get(keys)

    def duty(self, name: str, keys: tuple[str, ...], what: What) -> Span:
        """The due date of a duty's instance, the same before rolling, or when it was done."""
        dates = self.dates(name, keys)
        return dates.due if what == "due" else dates.raw if what == "raw" else dates.done

    def dates(self, name: str, keys: tuple[str, ...]) -> Dates:
        """The moments of one instance, computed once."""
        if (name, keys) not in self._dates:
            duty, instance = self.definition.duties[name], self.instance(name, keys)
            label = f"duty.{name}" + (f"[{', '.join(keys)}]" if keys else "")
            if instance is None:
                nothing = unknown({label}, step("unknown", names=[label]))
                self._dates[name, keys] = Dates(nothing, nothing, nothing)
            else:
                self._dates[name, keys] = self._compute(duty, instance)
        return self._dates[name, keys]

    def _compute(self, duty: Duty, instance: Instance) -> Dates:
        done = self._done(duty, instance)
        if instance.doubts and len(instance.key) < len(duty.bindings):
            missing = unknown(instance.doubts, step("doubtful_instance", missing=sorted(instance.doubts)))
            return Dates(missing, missing, done)
        due = self.deadline(duty.due, instance, reason=duty.reason)
        raw = due
        if self.rolls and duty.due is not None:
            raw = Evaluator(self, instance.variables, rolling=False).deadline(duty.due)
        return Dates(due, raw, done)

    def deadline(self, tree: s.Expr | None, instance: Instance, *, reason: str = "") -> Span:
        """A deadline of the instance; without an expression it never comes."""
        if tree is None:
            return known(FUTURE, step("no_date", reason=reason))
        return Evaluator(self, instance.variables).deadline(tree)

    def _done(self, duty: Duty, instance: Instance) -> Span:
        """When the instance was done: by a finding, an event of the duty's name, or its own expression."""
        about = "/".join((f"duty:{duty.id}", *instance.key.values()))
        label = f"{about}.done"
        value = self.view.attributes.get(about, {}).get("done")
        if value is not None:
            found = typed(value, "moment", label, self.definition)
            assert isinstance(found, Span)
            return found
        performed = self.view.performances.get((duty.id, frozenset(instance.key.items()))) if duty.bindings else None
        if performed is not None and performed.at is not None:
            return known(performed.at, step("event", title=duty.title, clause="", at=performed.at))
        if not duty.bindings and duty.id in self.view.events and not _starts_from_namesake(duty):
            return self.event(duty.id)
        if duty.done is not None:
            span = Evaluator(self, instance.variables).moment(done_moment(duty.done))
            if span.value is not None and self.zone.order(span.value) < self.zone.order(self.after):
                return span
            return absent(self.after, next(iter(sorted(span.missing)), label))
        return absent(self.after, label)


def _starts_from_namesake(duty: Duty) -> bool:
    """True if an event of the duty's own name starts or gates it: then that event cannot be its performance."""
    trees = [tree for name, tree in duty.expressions.items() if name != "done"]
    return any(isinstance(n, s.Ref) and (n.kind, n.name) == ("event", duty.id) for tree in trees for n in tree.walk())


def done_moment(tree: s.Expr) -> s.Expr:
    """The moment a `done` expression names; `happened(event.x)` means event.x."""
    if isinstance(tree, s.Call) and tree.function == "happened":
        return tree.args[0]
    return tree
