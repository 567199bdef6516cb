"""What amounts are reckoned from: readings with arguments, measures, tables and periods, answered from a definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from .definition import Definition
from .definition.model import RangeTable
from .derivation import Step, step
from .elements import period_element
from .language import syntax as s
from .language.arithmetic import clock
from .language.evaluator import Evaluator
from .language.offsets import Length
from .language.periods import Period, period_of, periods
from .language.spans import FUTURE, PAST, Edge, Span, Zone
from .language.values import (
    STILL,
    Choice,
    Element,
    Money,
    Points,
    Value,
    certain,
    distinct,
    nothing_known,
    provisional_of,
)

if TYPE_CHECKING:
    from .world import FactWorld


class AmountWorld:
    """The part of `engine.world.FactWorld` that serves amounts; every answer is kept in `cache`."""

    definition: Definition
    chosen: Mapping[str, str]
    zone: Zone
    cache: dict[Any, Any]

    # -- readings --------------------------------------------------------------------------------------------------

    def option(self, name: str) -> str:
        """The key chosen for a reading, else its default; empty while undecided."""
        return self.chosen.get(name) or self.definition.readings[name].default

    def reading(
        self, name: str, args: tuple[Element, ...] = (), variables: Mapping[str, Element] | None = None
    ) -> Choice:
        """The option chosen (its value, or its key), or every option of an undecided reading.

        A value may use the arguments, and the variables of the instance that asks. Where some options have values,
        one without a value is unknown: its key is no amount.
        """
        reading, key = self.definition.readings[name], self.option(name)
        options = [option for option in reading.options if not key or option.key == key]
        missing = STILL if key else frozenset({f"reading.{name}"})
        if all(option.value is None for option in reading.options):
            return Choice(tuple(option.key for option in options), missing)
        names = [binding.name for binding in reading.bindings]
        bound = {**(variables or {}), **dict(zip(names, args, strict=False))}
        values = [
            nothing_known({f"reading.{name}"})
            if option.value is None
            else Evaluator(self._world, bound).value(option.value)
            for option in options
        ]
        open_parts = frozenset().union(*(value.missing for value in values))
        if not all(isinstance(value, Span) or value.options for value in values):
            return nothing_known(missing | open_parts)
        found = [each for value in values for each in (value.options if isinstance(value, Choice) else (value,))]
        drift = frozenset().union(*(value.drift for value in values if isinstance(value, Choice)))
        return Choice(distinct(found), missing | open_parts, provisional_of(values), drift)

    def reading_key(self, name: str) -> Choice:
        """The key of the option chosen, or every key of an undecided reading."""
        key = self.option(name)
        if key:
            return certain(key)
        return Choice(self.definition.readings[name].keys, frozenset({f"reading.{name}"}))

    def reading_words(self, name: str) -> tuple[str, str, str, str]:
        """Title, clause, the sentence of the option in force, and whether it was chosen, defaulted or is undecided."""
        reading, key = self.definition.readings[name], self.option(name)
        option = next((option for option in reading.options if option.key == key), None)
        origin = "chosen" if name in self.chosen else "default" if option else "undecided"
        return reading.title, reading.clause, (option.text or option.key) if option else "", origin

    @property
    def _world(self) -> FactWorld:
        from .world import FactWorld

        assert isinstance(self, FactWorld)
        return self

    # -- tables of the definition ----------------------------------------------------------------------------------

    def table(self, name: str) -> RangeTable:
        """The table of that name."""
        return self.definition.tables[name]

    def words(self, kind: str, name: str) -> tuple[str, str]:
        """The title and clause of a table of the definition; empty texts where there are none."""
        tables: dict[str, Mapping[str, Any]] = {
            "measure": self.definition.measures, "line": self.definition.lines, "system": self.definition.systems,
            "instalment": self.definition.instalments, "security": self.definition.securities,
        }  # fmt: skip
        table = tables.get(kind, {}).get(name)
        return ("", "") if table is None else (table.title, table.clause)

    def is_series(self, name: str) -> bool:
        """Whether a set holds figures of periods."""
        return name in self.definition.series

    def zero(self, tree: s.Call) -> Money | Points | Length | None:
        """What a sum of nothing is, as the definition's types tell; None where they do not."""
        unit = self.definition.zeros.get(tree)
        if unit is None:
            return None
        nothing = Fraction(0)
        return clock(timedelta()) if unit == "clock" else Points(nothing) if unit == "points" else Money(unit, nothing)

    # -- measures --------------------------------------------------------------------------------------------------

    def takes_arguments(self, measure: str) -> bool:
        """Whether a measure has an instance per element of its "for" clause."""
        return bool(self.definition.measures[measure].bindings)

    def measure(self, name: str, args: tuple[Element, ...]) -> Value:
        """A measure for these elements, in the order of its "for" clause; computed once."""
        key = ("measure", name, tuple((element.kind, element.id) for element in args))
        if key not in self.cache:
            # a measure that needs itself through a reading has no value
            self.cache[key] = nothing_known({f"measure.{name}"})
            measure = self.definition.measures[name]
            if len(args) == len(measure.bindings):
                self.cache[key] = self._measuring(name, args).value(measure.value)
        found: Value = self.cache[key]
        return found

    def _measuring(self, name: str, args: tuple[Element, ...]) -> Evaluator:
        names = [binding.name for binding in self.definition.measures[name].bindings]
        return Evaluator(self._world, dict(zip(names, args, strict=False)))

    def measure_steps(self, name: str, args: tuple[Element, ...]) -> tuple[Step, ...]:
        """How a measure came about."""
        if len(args) != len(self.definition.measures[name].bindings):
            return ()
        return self._measuring(name, args).explain(self.definition.measures[name].value)

    def measures(self, name: str) -> tuple[Element, ...]:
        """Every instance of a measure: its variables and their fields, `at`, and its `value`."""
        key = ("measures", name)
        if key not in self.cache:
            measure = self.definition.measures[name]
            instances = self._world.bound(measure.bindings)
            whole = [each.variables for each in instances if len(each.variables) == len(measure.bindings)]
            self.cache[key] = tuple(self._measured(name, variables) for variables in whole)
        found: tuple[Element, ...] = self.cache[key]
        return found

    def _measured(self, name: str, variables: Mapping[str, Element]) -> Element:
        elements = tuple(variables.values())
        fields: dict[str, Choice | Span] = {}
        for element in reversed(elements):
            fields |= element.fields
        fields.pop("spell", None)
        period = next((element.id for element in elements if element.kind == "period"), None)
        if period is not None:
            fields["period"] = certain(period)
        fields |= {variable: certain(element) for variable, element in variables.items()}
        fields["at"] = Evaluator(self._world, variables).trigger()
        fields["id"] = certain("/".join(element.id for element in elements))
        fields["value"] = self.measure(name, elements)
        return Element(f"measure.{name}", "/".join(element.id for element in elements), fields)

    # -- periods ---------------------------------------------------------------------------------------------------

    def periods(self, tree: s.Each) -> tuple[tuple[Element, ...] | None, frozenset[str]]:
        """The periods of a term, or None and what is missing while the term has no start."""
        key = ("periods", str(tree))
        if key not in self.cache:
            self.cache[key] = self._periods(tree)
        found: tuple[tuple[Element, ...] | None, frozenset[str]] = self.cache[key]
        return found

    def _periods(self, tree: s.Each) -> tuple[tuple[Element, ...] | None, frozenset[str]]:
        assert isinstance(tree.term, s.Ref)
        world = self._world
        edges: tuple[Literal["start"], Literal["end"]] = ("start", "end")
        start, end = (world.term(tree.term.name, edge) for edge in edges)
        if start.value is None or end.low is PAST:
            return None, start.missing | end.missing
        last = self.zone.day_of(end.low) if not isinstance(end.low, Edge) else world.as_of
        first = self.zone.day_of(start.value)
        spans = periods(tree.unit, first, last, whole=tree.whole)
        return tuple(self._period(period, end) for period in spans), frozenset()

    def _period(self, period: Period, term_end: Span) -> Element:
        """A period of a term; while the term's end is open, its last period may run on to its own end."""
        full = period_of(period.start, period.unit)
        if term_end.value is not None or full.end == period.end:
            return period_element(period)
        if term_end.low is FUTURE:
            return period_element(replace(period, end=full.end))
        last = term_end.high if not isinstance(term_end.high, Edge) else full.end
        high = min(self.zone.day_of(last), full.end)
        if high == period.end:
            return period_element(period)
        shown = step("period_end", period=period.key, date=high)
        return period_element(period, Span(period.end, high, high, term_end.missing, (shown,)))
