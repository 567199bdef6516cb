"""Evaluation of moments: anchors, offsets, edges, branches, windows and pauses, each with its explanation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Literal

from ..derivation import Step, step
from ..intervals import Interval
from . import syntax as s
from .explain import offset_step, pause_step, roll_step, shown
from .offsets import CLOCK, Length, Reach, exact, lead, move, paused, roll, shift
from .periods import period_of
from .spans import FUTURE, LAST_INSTANT, PAST, Edge, Moment, Point, Span, absent, either, known, latest, unknown
from .spans import earliest as earliest_of
from .values import Between, Choice, Element, Points, Value, certain, nothing_known
from .world import What, World

Shift = Callable[[Point], Reach]


class Moments(ABC):
    """The half of the evaluator that answers "when"; `Evaluator` adds "what" and "whether"."""

    world: World
    rolling: bool

    @abstractmethod
    def value(self, tree: s.Expr) -> Value:
        """The value of any expression."""

    @abstractmethod
    def truth(self, tree: s.Expr) -> Choice:
        """The truth of a condition."""

    @abstractmethod
    def element(self, tree: s.Expr) -> Element | None:
        """The element a variable or field names, if it names one."""

    @abstractmethod
    def members_of(self, tree: s.Expr) -> tuple[tuple[Element, Choice], ...]:
        """The members of any set, each with whether it is in it: true or unknown."""

    def deadline(self, tree: s.Expr) -> Span:
        """The moment of a duty's expression; its finished forward offset is rolled as the profile says."""
        return self.moment(tree, finished=True)

    def moment(self, tree: s.Expr, *, finished: bool = False) -> Span:
        """The moment of any expression; `finished` is True where the result is the duty's own date."""
        if isinstance(tree, s.Nothing):
            return known(FUTURE, step("never"))
        if isinstance(tree, s.OnDate):
            return known(tree.value, step("fixed_date", date=tree.value))
        if isinstance(tree, s.Binary):
            return self._offset(tree, finished=finished)
        if isinstance(tree, s.Call):
            function: Callable[..., Span] | None = getattr(self, f"_moment_{tree.function}", None)
            if function is not None:
                return function(tree, finished)
        value = self.value(tree)
        if isinstance(value, Span):
            return value
        # a reading whose options are deadlines, or an attribute holding nothing
        spans = [option for option in value.options if isinstance(option, Span)]
        if value.is_certain and spans:
            return spans[0]
        if spans and len(spans) == len(value.options):
            return either(self.world.zone, spans, value.missing)
        return Span(PAST, FUTURE, FUTURE, value.missing, (step("unknown", names=sorted(value.missing)),))

    def _moment_latest(self, tree: s.Call, finished: bool) -> Span:
        return self._extreme(tree, finished, "latest")

    def _moment_earliest(self, tree: s.Call, finished: bool) -> Span:
        return self._extreme(tree, finished, "earliest")

    def _extreme(self, tree: s.Call, finished: bool, which: Literal["latest", "earliest"]) -> Span:
        parts = [self.moment(arg, finished=finished) for arg in tree.args]
        zone = self.world.zone
        result = latest(zone, parts) if which == "latest" else earliest_of(zone, parts)
        decisive = [
            str(arg)
            for arg, part in zip(tree.args, parts, strict=True)
            if (part.estimate == result.estimate and part.low != part.high) or part.value == result.value is not None
        ]
        children = [child for part in parts for child in part.steps]
        return result.with_steps(
            step(which, *children, result=self._shown(result), decisive=decisive, count=len(parts))
        )

    def _moment_if(self, tree: s.Call, finished: bool) -> Span:
        condition = self.truth(tree.args[0])
        text = str(tree.args[0])
        if condition.is_certain:
            branch = self.moment(tree.args[1 if condition.value else 2], finished=finished)
            chosen = step("condition_true" if condition.value else "condition_false", condition=text)
            return replace(branch, steps=(chosen, *branch.steps))
        branches = [self.moment(arg, finished=finished) for arg in tree.args[1:]]
        result = either(self.world.zone, branches, condition.missing)
        children = [child for branch in branches for child in branch.steps]
        return result.with_steps(step("condition_open", *children, condition=text, missing=sorted(condition.missing)))

    def _moment_window(self, tree: s.Call, finished: bool) -> Span:
        opens = self.moment(tree.args[0])
        closes = self.moment(tree.args[1], finished=finished)
        window = step("window", *opens.steps, opens=self._shown(opens), closes=self._shown(closes))
        return replace(closes, opens=opens, missing=closes.missing | opens.missing).with_steps(window)

    def _moment_lead(self, tree: s.Call, finished: bool) -> Span:
        return self._measured(
            tree.args[0],
            tree.args[1],
            lambda length: lead(length, self.world.zone, start_counted=self.world.start_counted),
            lambda base, result, length: step(
                "lead", target=self._shown(base), result=self._shown(result), amount=length.label, unit=length.unit,
                law=self._law("Civil Code 202") if length.unit in ("months", "years") else "",
            ),
        )  # fmt: skip

    def _moment_snap(self, tree: s.Call, finished: bool) -> Span:
        base = self.moment(tree.args[0])
        edge, unit = str(tree.args[1]), str(tree.args[2])

        def snapped(point: Point) -> Point:
            assert not isinstance(point, Edge)
            period = period_of(self.world.zone.day_of(point), unit)
            found = period.start if edge == "start" else period.end
            # where time itself cuts a period off, it has no edge
            return PAST if found == date.min else FUTURE if found == date.max else found

        result = move(base, lambda point: exact(snapped(point)))
        message = step(f"snap_{edge}", unit=unit, source=self._shown(base), result=self._shown(result))
        return replace(result, steps=(*base.steps, message))

    def _moment_roll(self, tree: s.Call, finished: bool) -> Span:
        base = self.moment(tree.args[0])
        direction: Literal["next", "previous"] = "next" if str(tree.args[1]) == "next" else "previous"
        return self._rolled(base, direction, law="")

    def _moment_pause(self, tree: s.Call, finished: bool) -> Span:
        offset = tree.args[0]
        assert isinstance(offset, s.Binary), "the type check lets only an offset through"
        sure, group, doubts = self.spell_bounds(tree.args[1])
        sign = 1 if offset.op == "+" else -1
        after = self.world.after
        # An interval still open runs to the end of time: the optimist ends it with as-of, the pessimist never.
        ended = tuple(replace(spell, end=after) if _is_open(spell.end) else spell for spell in sure)
        names = frozenset(f"interval.{self._interval_name(tree.args[1])}" for spell in group if _is_open(spell.end))
        names |= doubts
        zone, counted = self.world.zone, self.world.start_counted

        def stretched(length: Length, span: Span) -> Span:
            soonest = move(span, paused(length, sign, zone, ended, start_counted=counted))
            if ended == group:
                return soonest
            longest = move(span, paused(length, sign, zone, group, start_counted=counted))
            if (soonest.low, soonest.high) == (longest.low, longest.high):
                return soonest
            # it reaches an interval of which nobody knows when it ends, or whether it stops the clock
            return either(zone, (soonest, longest), names)

        base = self.moment(offset.left)
        results = []
        lengths = self.lengths(offset.right)
        for length in lengths.options:
            start = self._as_instants(base, offset.left) if length.is_clock else base
            result = stretched(length, start)
            result = replace(result, steps=(*base.steps, pause_step(self.world, base, result, length, group)))
            results.append(self._finish(result, length, sign, finished))
        if not results:
            return Span(PAST, FUTURE, FUTURE, base.missing | lengths.missing, base.steps)
        return results[0] if len(results) == 1 else either(zone, results, lengths.missing)

    def _moment_start(self, tree: s.Call, finished: bool) -> Span:
        return self._edge(tree.args[0], "start")

    def _moment_end(self, tree: s.Call, finished: bool) -> Span:
        return self._edge(tree.args[0], "end")

    def _edge(self, tree: s.Expr, edge: Literal["start", "end"]) -> Span:
        if isinstance(tree, s.Ref) and tree.kind == "term":
            return self.world.term(tree.name, edge)
        element = self.element(tree)
        if element is not None:
            field = element.fields.get(edge)
            return field if isinstance(field, Span) else unknown({f"{element.kind}:{element.id}.{edge}"})
        sure, possible, doubts = self.spell_bounds(tree)
        name = self._interval_name(tree)
        span = self._edge_of(sure, name, edge)
        if sure == possible:
            return span
        other = self._edge_of(possible, name, edge)
        return replace(either(self.world.zone, (span, other), doubts), steps=(*span.steps, *other.steps))

    def _edge_of(self, group: tuple[Interval, ...], name: str, edge: Literal["start", "end"]) -> Span:
        if not group:
            if edge == "start":
                return absent(self.world.after, f"interval.{name}", step("no_interval", name=name))
            # nothing to wait for: the neutral element of latest(…)
            return Span(PAST, PAST, PAST, frozenset({f"interval.{name}"}), (step("no_interval", name=name),))
        if edge == "start":
            first = group[0].start
            return known(first, step("interval_start", name=name, at=first))
        last = max(spell.end for spell in group)
        if _is_open(last):
            open_end = Span(self.world.after, FUTURE, FUTURE, frozenset({f"interval.{name}"}))
            return open_end.with_steps(step("interval_open", name=name))
        day = self.world.zone.day_of(last - timedelta(microseconds=1))
        at: Point = day if self.world.zone.end_of(day) == last else last
        return known(at, step("interval_end", name=name, at=self._shown(known(at))))

    def _moment_due(self, tree: s.Call, finished: bool) -> Span:
        return self._duty(tree.args[0], "due")

    def _moment_raw(self, tree: s.Call, finished: bool) -> Span:
        return self._duty(tree.args[0], "raw")

    def _moment_done(self, tree: s.Call, finished: bool) -> Span:
        return self._duty(tree.args[0], "done")

    def _duty(self, tree: s.Expr, what: What) -> Span:
        keys: tuple[str, ...] = ()
        if isinstance(tree, s.Index):
            keys = tuple(self._key(item) for item in tree.items)
            tree = tree.base
        assert isinstance(tree, s.Ref)
        span = self.world.duty(tree.name, keys, what)
        return replace(
            span,
            opens=None,
            steps=(step(f"other_{what}", *span.steps, duty=tree.name, keys=list(keys), at=self._shown(span)),),
        )

    def _key(self, tree: s.Expr) -> str:
        value = self.value(tree)
        if not isinstance(value, Choice):
            return str(value.value)
        chosen = value.value
        return chosen.id if isinstance(chosen, Element) else str(chosen)

    # -- offsets -------------------------------------------------------------------------------------------------

    def _offset(self, tree: s.Binary, *, finished: bool) -> Span:
        if (parts := s.apart(tree)) is not None:
            return self._offset(parts, finished=finished)
        sign = 1 if tree.op == "+" else -1
        world = self.world
        result = self._measured(
            tree.left,
            tree.right,
            lambda length: shift(length, sign, world.zone, start_counted=world.start_counted),
            lambda base, moved, length: offset_step(world, base, moved, length, sign),
            finish=lambda span, length: self._finish(span, length, sign, finished),
        )
        return result

    def _measured(
        self,
        anchor: s.Expr,
        amount: s.Expr,
        mover: Callable[[Length], Shift],
        explain: Callable[[Span, Span, Length], Step],
        finish: Callable[[Span, Length], Span] = lambda span, length: span,
    ) -> Span:
        """An anchor moved by a duration, once for every duration a reading leaves possible."""
        base = self.moment(anchor)
        lengths = self.lengths(amount)
        if not lengths.options:
            return Span(PAST, FUTURE, FUTURE, base.missing | lengths.missing, base.steps)
        results = []
        for length in lengths.options:
            start = self._as_instants(base, anchor) if length.is_clock else base
            moved = move(start, mover(length))
            moved = replace(moved, steps=(*start.steps, explain(start, moved, length)))
            results.append(finish(moved, length))
        return results[0] if len(results) == 1 else either(self.world.zone, results, lengths.missing)

    def _as_instants(self, span: Span, anchor: s.Expr) -> Span:
        """Elapsed time needs an instant: a bare date is somewhere in its day, until the time is recorded."""
        zone = self.world.zone
        bare = [point for point in (span.low, span.high, span.estimate) if not isinstance(point, Edge | datetime)]
        if not bare:
            return span
        names = span.missing or frozenset(str(node) for node in anchor.walk() if isinstance(node, s.Ref | s.Field))
        low: Point = span.low if isinstance(span.low, Edge | datetime) else zone.start_of(span.low)
        high: Point = span.high if isinstance(span.high, Edge | datetime) else zone.end_of(span.high)
        rest = span.estimate
        estimate: Point = rest if isinstance(rest, Edge | datetime) else zone.end_of(rest)
        message = step("needs_time_of_day", names=sorted(names))
        return Span(low, high, estimate, names, (*span.steps, message))

    def _finish(self, span: Span, length: Length, sign: int, finished: bool) -> Span:
        """The profile's one roll: a finished forward offset in days, weeks, months or years (Civil Code 203)."""
        direction = self.world.rolls
        if not (finished and self.rolling and direction and sign > 0 and length.unit in s.ROLLING_UNITS):
            return span
        return self._rolled(span, direction, law=self._law("Civil Code 203"))

    def _rolled(self, span: Span, direction: Literal["next", "previous"], *, law: str) -> Span:
        cal = self.world.calendar("")
        zone = self.world.zone

        def rolled(point: Point) -> Reach:
            assert not isinstance(point, Edge)
            return roll(cal, zone.day_of(point), direction)

        result = move(span, rolled)
        message = roll_step(self.world, span, result, direction, law)
        return replace(result, steps=(*span.steps, *message))

    def lengths(self, tree: s.Expr) -> Choice:
        """The durations an expression may mean, as `Length`s."""
        value = self.value(tree)
        if not isinstance(value, Choice):
            return nothing_known(value.missing or {str(tree)})
        # of a duration within bounds the two ends are what an offset needs
        options = [end for o in value.options for end in ((o.low, o.high) if isinstance(o, Between) else (o,))]
        if not all(isinstance(option, Length) for option in options):
            return nothing_known(value.missing or {str(tree)})
        return replace(value, options=tuple(dict.fromkeys(options)))

    def quantity(self, tree: s.Quantity) -> Choice:
        if tree.unit == "points":
            return certain(Points(Fraction(tree.amount)))
        if tree.unit in CLOCK:
            ticks = Fraction(tree.amount) * (CLOCK[tree.unit] // timedelta(microseconds=1))
            return certain(Length(0, tree.unit, None, round(ticks), f"{tree.amount:f}"))
        cal = self.world.calendar(tree.calendar) if tree.unit == "workdays" else None
        return certain(Length(int(tree.amount), tree.unit, cal))

    def _law(self, article: str) -> str:
        return article if self.world.law else ""

    def _shown(self, span: Span) -> Moment | None:
        return shown(span, self.world.zone)

    # -- intervals -----------------------------------------------------------------------------------------------

    def spells(self, tree: s.Expr) -> tuple[Interval, ...]:
        """The intervals certainly in a set such as `holds` or `holds[kind == 'fiscal']`, sorted."""
        return self.spell_bounds(tree)[0]

    def spell_bounds(self, tree: s.Expr) -> tuple[tuple[Interval, ...], tuple[Interval, ...], frozenset[str]]:
        """The intervals certainly in a set, those possibly in it, and what would decide; both sorted."""
        if isinstance(tree, s.Var):
            every = tuple(sorted(self.world.spells(tree.name) or ()))
            return every, every, frozenset()
        pairs = [(element.fields.get("spell"), inside) for element, inside in self.members_of(tree)]
        found = [(spell.value, inside) for spell, inside in pairs if isinstance(spell, Choice)]
        sure = tuple(sorted(spell for spell, inside in found if inside.value is True))
        possible = tuple(sorted(spell for spell, inside in found if inside.value is not False))
        return sure, possible, frozenset().union(*(inside.missing for _spell, inside in found if not inside.is_certain))

    def _interval_name(self, tree: s.Expr) -> str:
        plural = next((node.name for node in tree.walk() if isinstance(node, s.Var)), str(tree))
        return self.world.interval_name(plural)


def _is_open(instant: datetime) -> bool:
    return instant == LAST_INSTANT
