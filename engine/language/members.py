"""Sets: who is in them, certainly or possibly, inside which window, and which stretches of time they fill."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ..intervals import Interval, clip, subtract, union
from . import syntax as s
from .arithmetic import clock, identity
from .moments import Moments
from .offsets import Length
from .parser import PERIOD_UNITS
from .periods import period_of
from .spans import Span, unknown
from .values import (
    STILL,
    TRUE,
    Choice,
    Element,
    Value,
    between,
    certain,
    compare_values,
    conjunction,
    disjunction,
    nothing_known,
    unsure,
)
from .windows import Window, since, until

Pair = tuple[Element, Choice]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Group:
    """The members of a set, each with whether it is in it: true or unknown, never false.

    `missing` is not empty if not even the candidates are known. `running` names what still goes on inside the set's
    window. `field` is the field taken of every member (`payments().amount`), or a path of fields from one thing to the
    next (`d.value`), `name` what a member is called.
    """

    members: tuple[Pair, ...] = ()
    missing: frozenset[str] = frozenset()
    running: frozenset[str] = STILL
    field: str = ""
    name: str = ""

    @property
    def doubts(self) -> frozenset[str]:
        """What would decide who is in it."""
        return frozenset().union(*(inside.missing for _element, inside in self.members))

    @property
    def sure(self) -> tuple[Element, ...]:
        """The members without doubt."""
        return tuple(element for element, inside in self.members if inside.value is True)

    @property
    def possible(self) -> tuple[Element, ...]:
        """The members, doubtful ones included."""
        return tuple(element for element, _inside in self.members)


@dataclass(frozen=True)
class Spells:
    """Stretches of time: certain ones, possible ones, what would decide, and what still runs at as-of."""

    sure: tuple[Interval, ...]
    possible: tuple[Interval, ...]
    missing: frozenset[str] = frozenset()
    running: frozenset[str] = STILL


class Members(Moments):
    """The part of the evaluator that answers "which"."""

    variables: Mapping[str, Element]
    values: Mapping[str, Value]

    @abstractmethod
    def scope(self, element: Element) -> Members:
        """An evaluator inside a filter, where bare names are the element's fields."""

    # -- sets ------------------------------------------------------------------------------------------------------

    def group(self, tree: s.Expr) -> Group:
        """The members of any set expression."""
        if not isinstance(tree, s.Index | s.Over | s.Ref | s.Binary):
            return self._group(tree)
        return self.kept("group", tree, self._group)

    def kept(self, what: str, tree: s.Expr, find: Callable[[s.Expr], Found]) -> Found:
        """What was found for a tree and the variables it uses, found once in a world."""
        names, hidden = self._names(tree)
        if not self.memorable(names):
            return find(tree)
        bound = tuple((n, e.kind, e.id) for n, e in self.variables.items() if hidden or n in names)
        key = (what, id(tree), bound)
        if key not in self.world.cache:
            # the tree stays with its result: an id alone may be given to another tree later
            self.world.cache[key] = (tree, find(tree))
        found: Found = self.world.cache[key][1]
        return found

    def memorable(self, names: frozenset[str]) -> bool:
        """Whether what a tree with these bare names means depends on nothing but the "for" variables."""
        return not self.values or names.isdisjoint(self.values)

    def _names(self, tree: s.Expr) -> tuple[frozenset[str], bool]:
        """The bare names in a tree, and whether it may look at variables it does not name."""
        key = ("names", id(tree))
        if key not in self.world.cache:
            nodes = list(tree.walk())
            hidden = any(
                (isinstance(n, s.Call) and n.function in ("trigger", "ordinal", "streak"))
                or (isinstance(n, s.Ref) and n.kind == "reading")
                or (isinstance(n, s.Over) and isinstance(n.window, s.Var) and n.window.name in PERIOD_UNITS)
                for n in nodes
            )
            names = frozenset(n.name for n in nodes if isinstance(n, s.Var))
            self.world.cache[key] = (tree, (names, hidden))
        found: tuple[frozenset[str], bool] = self.world.cache[key][1]
        return found

    def _group(self, tree: s.Expr) -> Group:
        if isinstance(tree, s.Index):
            return self._filtered(tree)
        if isinstance(tree, s.Over):
            return self._within(tree)
        if isinstance(tree, s.Field) and self.element(tree.base) is None:
            base = self.group(tree.base)
            return replace(base, field=f"{base.field}.{tree.name}" if base.field else tree.name)
        if isinstance(tree, s.Binary):
            return self._joined(tree)
        if isinstance(tree, s.Each):
            periods, missing = self.world.periods(tree)
            return Group(tuple((period, TRUE) for period in periods or ()), missing if periods is None else STILL)
        if isinstance(tree, s.Ref) and tree.kind == "measure":
            return Group(tuple((each, TRUE) for each in self.world.measures(tree.name)), name=f"measure.{tree.name}")
        if isinstance(tree, s.Var) and tree.name not in self.variables and tree.name not in self.values:
            found = self._plain_set(tree)
            if found is not None:
                return found
        return _of_value(self.value(tree), str(tree))

    def _plain_set(self, tree: s.Var) -> Group | None:
        members = self.world.members(tree.name)
        return None if members is None else Group(tuple((each, TRUE) for each in members), name=tree.name)

    def _joined(self, tree: s.Binary) -> Group:
        left, right = self.group(tree.left), self.group(tree.right)
        missing, running = left.missing | right.missing, left.running | right.running
        if tree.op == "+":
            joined = {identity(element): (element, truth) for element, truth in left.members}
            for element, truth in right.members:
                twin = joined.get(identity(element))
                joined[identity(element)] = (element, truth if twin is None else disjunction([twin[1], truth]))
            return Group(tuple(joined.values()), missing, running, left.field, left.name)
        inside = {identity(element): truth for element, truth in right.members}
        kept = []
        for element, truth in left.members:
            other = inside.get(identity(element))
            rest = truth if other is None else conjunction([truth, unsure(other.missing)])
            if other is None or other.value is not True:
                kept.append((element, rest))
        return Group(tuple(kept), missing, running, left.field, left.name)

    def members_of(self, tree: s.Expr) -> tuple[Pair, ...]:
        """The members of any set, each with whether it is in it: true or unknown."""
        return self.group(tree).members

    def _filtered(self, tree: s.Index) -> Group:
        measured = [item for item in tree.items if _mentions(item, "length")]
        plain = [item for item in tree.items if item not in measured]
        base = self._preselected(tree.base, plain)
        members = self._passing(base.members, plain)
        if measured and any("spell" in element.fields for element, _inside in members):
            members = self._passing(self.with_lengths(members), measured)
        elif measured:
            members = self._passing(members, measured)
        return replace(base, members=members)

    def _passing(self, pairs: Iterable[Pair], filters: list[s.Expr]) -> tuple[Pair, ...]:
        kept = []
        for element, inside in pairs:
            scope = self.scope(element)
            truth = conjunction([inside, *(scope.truth(item) for item in filters)]) if filters else inside
            if truth.value is not False:
                kept.append((element, truth))
        return tuple(kept)

    def _preselected(self, base: s.Expr, filters: list[s.Expr]) -> Group:
        """The candidates of a filter: of a plain set only those that one of its simple parts leaves possible.

        Simple is `field == 'text'`, `field == s` and `s in field`: an index answers them without asking every member.
        """
        group = self.group(base)
        if not isinstance(base, s.Var | s.Ref) or group.missing or not group.members:
            return group
        if not self.memorable(self._names(base)[0]):
            return group
        for item in filters:
            field, wanted = self._simple(item)
            if field and field not in self.variables:
                places = self._places(str(base), field, group.members)
                chosen = sorted({*places.get(wanted, ()), *places.get(None, ())})
                return replace(group, members=tuple(group.members[place] for place in chosen))
        return group

    def _simple(self, item: s.Expr) -> tuple[str, str]:
        """The field and the value of a simple filter; an empty field for any other."""
        if isinstance(item, s.Compare) and item.op == "==" and isinstance(item.left, s.Var):
            if isinstance(item.right, s.Text):
                return item.left.name, item.right.value
            if isinstance(item.right, s.Var) and item.right.name in self.variables:
                return item.left.name, self.variables[item.right.name].id
        if isinstance(item, s.Member) and isinstance(item.item, s.Var) and isinstance(item.group, s.Var):
            variable = self.variables.get(item.item.name)
            return ("", "") if variable is None else (item.group.name, variable.id)
        return "", ""

    def _places(self, name: str, field: str, members: tuple[Pair, ...]) -> dict[str | None, list[int]]:
        """The places of a plain set's members by a field's value; under None those that have to be asked."""
        key = ("places", name, field)
        if key not in self.world.cache:
            places: dict[str | None, list[int]] = {}
            for place, (member, _inside) in enumerate(members):
                for value in _texts(member.fields.get(field)):
                    places.setdefault(value, []).append(place)
            self.world.cache[key] = places
        found: dict[str | None, list[int]] = self.world.cache[key]
        return found

    # -- moments and windows ---------------------------------------------------------------------------------------

    def occurrence(self, element: Element) -> Span:
        """When a member happened: its `at`, else the first of its dates that is known; a spell where it starts."""
        if "spell" in element.fields or element.kind == "period":
            start = element.fields["start"]
            assert isinstance(start, Span)
            return start
        preferred = element.fields.get("due" if element.kind == "breach" else "at")
        if isinstance(preferred, Span) and preferred.value is not None:
            return preferred
        dates = [value for value in element.fields.values() if isinstance(value, Span)]
        known = next((span for span in dates if span.value is not None), None)
        if known is not None:
            return known
        return preferred if isinstance(preferred, Span) else unknown({f"{element.kind}:{element.id}.at"})

    def trigger(self) -> Span:
        """When the instance at hand was triggered: the moment of the first "for" variable that has one."""
        spans = [self.occurrence(element) for element in self.variables.values() if element.kind != "system"]
        return next((span for span in spans if span.value is not None), spans[0] if spans else unknown({"trigger"}))

    def window(self, tree: s.Expr) -> Window | frozenset[str]:
        """The stretch a window expression means, or what is missing to know it."""
        zone = self.world.zone
        if isinstance(tree, s.Rolling):
            at, length = self.moment(tree.at), self.lengths(tree.length).value
            if at.value is None or not isinstance(length, Length):
                return at.missing or frozenset({str(tree)})
            return until(at.value, length, zone, str(tree))
        if isinstance(tree, s.Var) and tree.name in PERIOD_UNITS and tree.name not in self.variables:
            at = self.trigger()
            if at.value is None:
                return at.missing
            period = period_of(zone.day_of(at.value), tree.name)
            return Window(zone.start_of(period.start), zone.end_of(period.end), f"period:{period.key}")
        if isinstance(tree, s.Call) and tree.function == "window":
            return self._stretch(self.moment(tree.args[0]), self.moment(tree.args[1]), str(tree))
        if isinstance(tree, s.Ref) and tree.kind == "term":
            edges = (self.world.term(tree.name, "start"), self.world.term(tree.name, "end"))
            return self._stretch(*edges, f"term.{tree.name}")
        element = self.element(tree)
        if element is None or "start" not in element.fields or "end" not in element.fields:
            return frozenset({str(tree)})
        start, end = element.fields["start"], element.fields["end"]
        assert isinstance(start, Span) and isinstance(end, Span)
        return self._stretch(start, end, f"{element.kind}:{element.id}")

    def _stretch(self, start: Span, end: Span, name: str) -> Window | frozenset[str]:
        """From a start to an end, whole days included; an end nobody knows yet lies beyond as-of."""
        zone, last = self.world.zone, end.value
        if start.value is None:
            return start.missing or frozenset({name})
        first = start.value if isinstance(start.value, datetime) else zone.start_of(start.value)
        if last is None:
            names = end.missing or frozenset({name})
            if zone.order(end.low) < zone.order(self.world.after):
                return names
            # when it ends is open, but not before as-of: nothing seen so far lies behind it
            return Window(first, self.world.after + timedelta(days=1), name, ends=names)
        return Window(first, last if isinstance(last, datetime) else zone.end_of(last), name)

    def running(self, window: Window) -> frozenset[str]:
        """The window's name if it is not over at as-of."""
        return frozenset({window.name}) if window.end > self.world.after else STILL

    def _within(self, tree: s.Over) -> Group:
        group, window = self.group(tree.group), self.window(tree.window)
        if isinstance(window, frozenset):
            return replace(group, members=tuple((e, conjunction([i, unsure(window)])) for e, i in group.members),
                           missing=group.missing | window)  # fmt: skip
        return self.inside(group, window)

    def inside(self, group: Group, window: Window) -> Group:
        """The members that happen inside a window."""
        kept = []
        for element, inside in group.members:
            truth = conjunction([inside, self._happens(element, window)])
            if truth.value is not False:
                kept.append((element, truth))
        return replace(group, members=tuple(kept), running=group.running | self.running(window))

    def _happens(self, element: Element, window: Window) -> Choice:
        period = element.fields.get("period")
        if isinstance(period, Choice) and isinstance(period.value, str):
            return window.holds_period(period.value, self.world.zone)
        return window.holds(self.occurrence(element), self.world.zone)

    def windows(self, group: Group, length: Length) -> list[Window]:
        """Every position of a sliding window at which a member of the set enters or leaves it."""
        zone, name = self.world.zone, f"any {length.label} {length.unit}"
        moments = [self.occurrence(element).value for element in group.possible]
        known = [moment for moment in moments if moment is not None]
        begun = [moment if isinstance(moment, datetime) else zone.start_of(moment) for moment in known]
        return [until(at, length, zone, name) for at in known] + [since(at, length, zone, name) for at in begun]

    # -- stretches of time -----------------------------------------------------------------------------------------

    def spells_of(self, tree: s.Expr) -> Spells:
        """The stretches of time a set of intervals fills, subtracted and clipped as the expression says."""
        if isinstance(tree, s.Over):
            whole_set, window = self.spells_of(tree.group), self.window(tree.window)
            if isinstance(window, frozenset):
                return replace(whole_set, sure=(), missing=whole_set.missing | window)
            return Spells(
                clip(whole_set.sure, window.interval),
                clip(whole_set.possible, window.interval),
                whole_set.missing,
                (whole_set.running if window.end > self.world.after else STILL) | self.running(window),
            )
        if isinstance(tree, s.Binary):
            left, right = self._minuend(tree.left), self.spells_of(tree.right)
            missing, running = left.missing | right.missing, left.running | right.running
            if tree.op == "+":
                return Spells(union(left.sure, right.sure), union(left.possible, right.possible), missing, running)
            rest = subtract(left.sure, right.possible), subtract(left.possible, right.sure)
            return Spells(*rest, missing, running)
        group = self.group(tree)
        doubts = group.missing | group.doubts
        return Spells(
            union(self._seen(element) for element in group.sure),
            union(self._seen(element) for element in group.possible),
            doubts,
            group.running | frozenset().union(*(self._unended(element) for element in group.possible)),
        )

    def _minuend(self, tree: s.Expr) -> Spells:
        """What intervals are taken out of: other intervals, or a window as one whole stretch."""
        variable = self.variables.get(tree.name) if isinstance(tree, s.Var) else None
        period = variable is not None and "spell" not in variable.fields
        term = isinstance(tree, s.Ref) and tree.kind == "term"
        if not (period or term or (isinstance(tree, s.Call) and tree.function == "window")):
            return self.spells_of(tree)
        window = self.window(tree)
        if isinstance(window, frozenset) or window.ends:
            return Spells((), (), window if isinstance(window, frozenset) else window.ends, STILL)
        return Spells((window.interval,), (window.interval,), STILL, self.running(window))

    def _seen(self, element: Element) -> Interval:
        """An interval as far as it is seen: one that goes on runs to as-of."""
        value = element.fields.get("spell")
        spell = value.value if isinstance(value, Choice) else None
        if not isinstance(spell, Interval):
            return Interval(self.world.after, self.world.after)
        return Interval(min(spell.start, self.world.after), min(spell.end, self.world.after))

    def _unended(self, element: Element) -> frozenset[str]:
        end = element.fields.get("end")
        return end.missing if isinstance(end, Span) and end.value is None else STILL

    def with_lengths(self, members: tuple[Pair, ...]) -> tuple[Pair, ...]:
        """The intervals, each with the `length` of the merged spell it belongs to."""
        sure = union(self._seen(element) for element, inside in members if inside.value is True)
        possible = union(self._seen(element) for element, _inside in members)
        doubts = frozenset().union(*(inside.missing for _element, inside in members))
        found = []
        for element, inside in members:
            own = self._seen(element)
            low, high = _holding(union(sure, (own,)), own), _holding(possible, own)
            length = between(low, high, doubts, self._unended(element), frozenset({"up"}))
            found.append((replace(element, fields={**element.fields, "length": length}), inside))
        return tuple(found)

    # -- fields ----------------------------------------------------------------------------------------------------

    def figures(self, group: Group) -> list[tuple[Value, Choice]]:
        """What an aggregate takes of each member: the field named, else its value or amount."""
        members = self.with_lengths(group.members) if group.field == "length" else group.members
        names = [group.field] if group.field else ["value", "amount"]
        found = []
        for element, inside in members:
            if "." in group.field:
                found.append((self._along(element, group.field), inside))
                continue
            value = next((element.fields[name] for name in names if name in element.fields), None)
            found.append((value or nothing_known({f"{element.kind}:{element.id}.{names[0]}"}), inside))
        return found

    def _along(self, element: Element, path: str) -> Value:
        """What stands at the end of a path of fields: `d.value` of a breach is the value of what it is a breach of."""
        holder: Element | None = element
        *way, last = path.split(".")
        for name in way:
            value = holder.fields.get(name) if holder is not None else None
            if not isinstance(value, Choice) or holder is None:
                return nothing_known({f"{element.kind}:{element.id}.{path}"})
            if not value.options:
                return value
            holder = self.held(holder, name, value)
        if holder is None or last not in holder.fields:
            return nothing_known({f"{element.kind}:{element.id}.{path}"})
        return holder.fields[last]

    def held(self, holder: Element, name: str, value: Value) -> Element | None:
        """The thing a field holds: itself, or the item whose id it is where the field is declared as such an item."""
        found = value.value if isinstance(value, Choice) else None
        if isinstance(found, Element):
            return found
        return self.world.held(holder.kind, name, found) if isinstance(found, str) else None

    def as_value(self, group: Group) -> Choice:
        """A set as a value: with doubtful members, the sets with and without them all."""
        if group.missing:
            return Choice((), group.missing, group.running)
        if group.field:
            values = [value for value, _inside in self.figures(group)]
            texts = tuple(dict.fromkeys(v.value for v in values if isinstance(v, Choice) and v.is_certain))
            return Choice((texts,), provisional=group.running)
        if len(group.sure) == len(group.members):
            return Choice((group.sure,), provisional=group.running)
        return Choice((group.sure, group.possible), group.doubts, group.running)

    def contains(self, item: Value, tree: s.Expr) -> Choice:
        """Whether a thing or a text is in a set, or a moment in a term or period."""
        if isinstance(item, Span):
            window = self.window(tree)
            return unsure(window) if isinstance(window, frozenset) else window.holds(item, self.world.zone)
        group = self.group(tree)
        if not item.options or group.missing:
            return unsure(item.missing | group.missing)
        members = [
            conjunction([inside, compare_values("==", item, certain(identity(element)))])
            for element, inside in group.members
        ]
        return disjunction(members)


def _of_value(value: Value, name: str) -> Group:
    """A set held by a field, a reading or a function."""
    if isinstance(value, Span) or not value.options:
        return Group(missing=value.missing or frozenset({name}), name=name)
    sets = [option for option in value.options if isinstance(option, tuple)]
    if len(sets) != len(value.options):
        return Group(missing=value.missing or frozenset({name}), name=name)
    everywhere = [{identity(each) for each in option} for option in sets]
    members: dict[Any, Pair] = {}
    for option in sets:
        for each in option:
            sure = all(identity(each) in ids for ids in everywhere)
            element = each if isinstance(each, Element) else Element("text", str(each), {"value": certain(each)})
            members.setdefault(identity(each), (element, TRUE if sure else unsure(value.missing)))
    return Group(tuple(members.values()), running=value.provisional, name=name)


def _texts(value: Value | None) -> list[str | None]:
    """The texts or ids a field certainly holds; None where they are not certain, or not texts."""
    if not isinstance(value, Choice) or not value.is_certain:
        return [None]
    held = value.value if isinstance(value.value, tuple) else (value.value,)
    return [text if isinstance(text, str) else None for text in map(identity, held)]


def _mentions(tree: s.Expr, name: str) -> bool:
    return any(isinstance(node, s.Var) and node.name == name for node in tree.walk())


def _holding(spells: tuple[Interval, ...], own: Interval) -> Length:
    found = next((spell for spell in spells if spell.start <= own.start and own.end <= spell.end), own)
    return clock(found.length)
