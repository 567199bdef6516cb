"""Expressions of the contract language in a reader's words, with the definition's own titles for its names.

For people who read a condition or a formula without knowing the language (rules.md §2–§4); the stored text stays the
one that counts. Whatever has no words of its own is shown as it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.attribute_words import ATTRIBUTES, value_words
from contracts.money_words import SYMBOLS, money_text
from engine.definition.model import Definition
from engine.derivation import Step
from engine.language import ExpressionError, parse_expression
from engine.language import syntax as s
from engine.messages import WORDS, render

SIGNS = {"==": "=", "!=": "≠", ">=": "≥", "<=": "≤", ">": ">", "<": "<", "+": "+", "-": "−", "*": "×", "/": "÷"}

# Counting in units of a size, by its last argument.
STEPS: dict[str, Any] = {
    "down": gettext_lazy("full units of {1} in {0}"),
    "up": gettext_lazy("begun units of {1} in {0}"),
    "exact": gettext_lazy("units of {1} in {0}"),
}

# What an assessment's label may begin with, the likeliest first; a moment as it is stored.
LABELLED = ("rule", "pool", "duty", "measure")
STRETCH = re.compile(r"([\[(])\s*(.*?)\s*,\s*(.*?)\s*([\])])")
# An amount as the language writes it, and no fraction of one.
MONEY = re.compile(rf"\b({'|'.join(SYMBOLS)}) (-?\d+(?:\.\d+)?)(?!\d|/|\.\d)")
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d)?(?:[+-]\d\d:\d\d|Z)?")

# One pattern per function of the language; {0} … are its arguments in words, {all} is the list of them.
FUNCTIONS: dict[str, Any] = {
    "latest": gettext_lazy("the latest of ({all})"),
    "earliest": gettext_lazy("the earliest of ({all})"),
    "lead": gettext_lazy("the last day at least {1} before {0}"),
    "pause": gettext_lazy("{0}, the clock stopped during {1}"),
    "if": gettext_lazy("{1} if {0}, otherwise {2}"),
    "start": gettext_lazy("the start of {0}"),
    "end": gettext_lazy("the end of {0}"),
    "due": gettext_lazy("the deadline of {0}"),
    "raw": gettext_lazy("the deadline of {0} before it is moved to a working day"),
    "done": gettext_lazy("the day {0} was done"),
    "happened": gettext_lazy("{0} has happened"),
    "days": gettext_lazy("days from {0} to {1}"),
    "months": gettext_lazy("months from {0} to {1}"),
    "min": gettext_lazy("the least of ({all})"),
    "max": gettext_lazy("the greatest of ({all})"),
    "abs": gettext_lazy("the size of {0}"),
    "round": gettext_lazy("{0}, rounded"),
    "count": gettext_lazy("number of {0}"),
    "breaches": gettext_lazy("breaches of {0}"),
    "sum": gettext_lazy("total of {0}"),
    "mean": gettext_lazy("mean of {0}"),
    "longest": gettext_lazy("longest of {0}"),
    "ordinal": gettext_lazy("place in the order of {0}"),
    "streak": gettext_lazy("number in a row of {0}"),
    "band": gettext_lazy("{1} for {0}"),
    "tier": gettext_lazy("{1} for {0}, each step by its own rate"),
    "assessed": gettext_lazy("assessed under {0}"),
    "settled": gettext_lazy("settled under {0}"),
    "assessments": gettext_lazy("assessments under {0}"),
    "payments": gettext_lazy("payments made"),
}
# Names that every contract has.
FIXED: dict[str, Any] = {
    "contract.total": gettext_lazy("contract sum"),
    "coefficient": gettext_lazy("coefficient"),
    "value": gettext_lazy("its value"),
    "days": gettext_lazy("days late"),
    "systems": gettext_lazy("systems"),
    "lines": gettext_lazy("rows of the price list"),
    "instalments": gettext_lazy("instalments"),
    "securities": gettext_lazy("securities"),
    "deliverables": gettext_lazy("deliverables"),
    "commitments": gettext_lazy("commitments"),
}


class Wording:
    """The words of one definition."""

    def __init__(self, definition: Definition) -> None:
        d = definition
        named: Mapping[str, Mapping[str, Any]] = {
            "event": {**d.duties, **d.events},
            "term": d.terms,
            "duty": d.duties,
            "reading": d.readings,
            "system": d.systems,
            "line": d.lines,
            "instalment": d.instalments,
            "security": d.securities,
            "deliverable": d.deliverables,
            "commitment": d.commitments,
            "party": d.parties,
            "measure": d.measures,
            "pool": d.pools,
            "rule": d.rules,
            "right": d.rights,
            "table": d.tables,
            "series": d.series,
        }
        self._titles = {f"{kind}.{one.id}": one.title for kind, rows in named.items() for one in rows.values()}
        self._sets = {kind.plural: kind.title for kind in (*d.items.values(), *d.intervals.values())}
        self._sets |= {one.id: one.title for one in d.series.values()}
        self._options = {
            (reading.id, option.key): option.text for reading in d.readings.values() for option in reading.options
        }

    def words(self, text: str) -> str:
        """An expression, given as it is written, in words; a text that is none is returned unchanged. What follows it
        in brackets, the same with figures filled in, stays."""
        try:
            return self._say(parse_expression(text))
        except ExpressionError:
            head, space, figures = text.partition(" (")
            if not space or not figures.endswith(")"):
                return text
            try:
                said = self._say(parse_expression(head))
            except ExpressionError:
                return text
            # keys of the language, as a reading's, say nothing more
            return said if "'" in figures else _("{text} ({figures})").format(text=said, figures=figures[:-1])

    def group(self, text: str) -> str:
        """What is counted, as "outages over m", which is no expression by itself."""
        try:
            match parse_expression(f"count({text})"):
                case s.Call(_function, (inner, *_rest)):
                    return self._say(inner)
        except ExpressionError:
            pass
        return text

    def stretch(self, text: str) -> str:
        """A range as tables write it, "(15 minutes, 30 minutes]" or "[60 minutes, )", or a single value."""
        found = STRETCH.fullmatch(text)
        if found is None:
            return self.words(text)
        opens, low, high, closes = found.groups()
        parts = [_("at least {low}") if opens == "[" else _("above {low}")] if low else []
        parts += [_("at most {high}") if closes == "]" else _("below {high}")] if high else []
        return _(" and ").join(parts).format(low=self.words(low), high=self.words(high)) if parts else text

    def label(self, text: str) -> str:
        """What a label of an assessment or a recorded fact stands for: "staff_short/2026-06", "fact:77"."""
        name, _slash, key = text.partition("/")
        kind, _colon, number = name.partition(":")
        if kind == "fact" and number.isdigit():
            return _("entry {number}").format(number=number)
        title = next((found for of in LABELLED if (found := self._titles.get(f"{of}.{name}"))), None)
        if title is None:
            return text
        return _("{text} ({figures})").format(text=title, figures=key) if key else title

    def step(self, given: Step) -> Step:
        """A step with what it is about, what it counts and the moments between which it counts in words."""
        params: dict[str, Any] = dict(given.params)
        for key, value in params.items():
            if key == "of" and isinstance(value, str):
                params[key] = self.group(value)
            elif key == "name" and isinstance(value, str):
                params[key] = self.words(value)
            elif key in ("label", "members"):
                params[key] = self.label(value) if isinstance(value, str) else _each(self.label, value)
            elif key == "filled" and isinstance(value, str):
                params[key] = value.replace(" * ", f" {SIGNS['*']} ").replace(" / ", f" {SIGNS['/']} ")
            elif key in ("start", "end") and isinstance(value, str):
                params[key] = MOMENT.sub(r"\1 \2", value)
        return replace(given, params=params)

    # --- one node ----------------------------------------------------------------------------------------------

    def _say(self, tree: s.Expr) -> str:
        match tree:
            case s.Ref():
                return self._name(tree)
            case s.Var(name):
                return str(FIXED.get(name) or self._sets.get(name) or ATTRIBUTES.get(name) or name)
            case s.Field(base, name):
                return self._field(base, name)
            case s.Index(base, filters):
                return _("{of} ({only})").format(of=self._say(base), only=self._list(filters))
            case s.Call(function, args):
                return self._call(tree, function, args)
            case s.Compare(op, left, right):
                return self._compare(op, left, right)
            case s.Binary(op, left, right):
                first, second = self._in(left, tree.level), self._in(right, tree.level + 1)
                return f"{first} {SIGNS[op]} {second}"
            case s.And(parts):
                return _(" and ").join(self._in(part, s.level_of(tree) + 1) for part in parts)
            case s.Or(parts):
                # a reader does not know that "and" binds first
                return _(" or ").join(self._in(part, s.level_of(tree) + 2) for part in parts)
            case s.Not(value):
                return _("not: {what}").format(what=self._in(value, s.level_of(tree)))
            case s.Member(item, group):
                if self._is_variable(item):
                    return _("the same {what}").format(what=self._say(group))
                return _("{what} within {window}").format(what=self._say(item), window=self._window(group))
            case s.Measure(value):
                return _("length of {what}").format(what=self._part(value))
            case s.Over(group, window):
                return _("{what} within {window}").format(what=self._say(group), window=self._window(window))
            case s.Rolling(length, _at):
                return _("the last {length}").format(length=self._say(length))
            case s.Sliding(length):
                return _("any {length}").format(length=self._say(length))
            case s.Quantity(amount, unit, _calendar):
                return f"{amount:f} {_(WORDS[unit]) if unit in WORDS else unit}"
            case s.MoneyAmount(currency, money):
                return money_text(money, currency)
            case s.OnDate(value):
                return value.isoformat()
            case s.Flag(value):
                return _("yes") if value else _("no")
            case s.Text(value):
                return _quoted(value_words(value))
        return str(tree)

    def _in(self, tree: s.Expr, level: int) -> str:
        """A part of something, in brackets where it would be misread; a choice in words has no brackets of its own."""
        loose = s.level_of(tree) < level or (isinstance(tree, s.Call) and tree.function == "if")
        return _("({text})").format(text=self._say(tree)) if loose else self._say(tree)

    def _part(self, tree: s.Expr) -> str:
        return _("the period") if self._is_variable(tree) else self._in(tree, s.level_of(s.Negate(tree)))

    def _is_variable(self, tree: s.Expr) -> bool:
        """Stands for the thing or period a rule is asked for, as "s" in `systems as s`."""
        return isinstance(tree, s.Var) and not (
            tree.name in self._sets or tree.name in FIXED or tree.name in ATTRIBUTES
        )

    def _window(self, tree: s.Expr) -> str:
        return _("the period") if self._is_variable(tree) else self._say(tree)

    def _list(self, trees: Iterable[s.Expr]) -> str:
        return _(", ").join(self._say(tree) for tree in trees)

    def _name(self, tree: s.Ref) -> str:
        full = f"{tree.kind}.{tree.name}"
        if full in FIXED:
            return str(FIXED[full])
        title = self._titles.get(full)
        return _quoted(title) if title else str(tree)

    def _field(self, base: s.Expr, name: str) -> str:
        what = str(ATTRIBUTES.get(name) or FIXED.get(name) or name)
        # a variable of the rule's own instance: "the incident's …" says no more than the attribute
        if self._is_variable(base):
            return what
        return _("{attribute} of {thing}").format(thing=self._say(base), attribute=what)

    def _call(self, tree: s.Call, function: str, args: tuple[s.Expr, ...]) -> str:
        mode = args[-1].name if args and isinstance(args[-1], s.Var) else ""
        pattern = STEPS.get(mode) if function == "steps" else FUNCTIONS.get(function)
        if pattern is None:
            return str(tree)
        try:
            return str(pattern).format(*(self._say(arg) for arg in args), all=self._list(args))
        except IndexError:
            return str(tree)

    def _compare(self, op: str, left: s.Expr, right: s.Expr) -> str:
        if isinstance(right, s.Flag) and op in ("==", "!="):
            holds = right.value == (op == "==")
            return self._say(left) if holds else _("not: {what}").format(what=self._say(left))
        if isinstance(left, s.Ref) and left.kind == "reading" and isinstance(right, s.Text):
            option = self._options.get((left.name, right.value))
            if option:
                taken, other = _("{reading} is read as “{option}”"), _("{reading} is not read as “{option}”")
                return (taken if op == "==" else other).format(reading=self._say(left), option=option)
        if op == "==" and self._is_variable(right):
            return _("the same {what}").format(what=self._say(left))
        return f"{self._say(left)} {SIGNS[op]} {self._say(right)}"


def _each(change: Callable[[str], str], values: Any) -> Any:
    return [change(one) if isinstance(one, str) else one for one in values] if isinstance(values, list) else values


def _quoted(text: str) -> str:
    return _("“{text}”").format(text=text.replace("“", "‘").replace("”", "’"))


def sentences(steps: Iterable[Step], definition: Definition | None = None) -> tuple[str, ...]:
    """Steps of a derivation and those they rest on, a sentence each in the active language; with a definition its
    conditions and formulas are put in words."""
    return tuple(text for _depth, text in _said(steps, definition))


def outline(steps: Iterable[Step], definition: Definition | None = None) -> list[str]:
    """As `sentences`, each indented by how deep it lies."""
    return [f"{'　' * depth}{text}" for depth, text in _said(steps, definition)]


def _said(steps: Iterable[Step], definition: Definition | None) -> Iterator[tuple[int, str]]:
    wording = Wording(definition) if definition is not None else None
    for top in steps:
        for depth, part in top.walk():
            text = render(part, _) if wording is None else render(wording.step(part), _, wording.words)
            yield depth, MONEY.sub(_printed, text)


def _printed(found: re.Match[str]) -> str:
    """An amount as the language writes it, "CNY 1000.00", as pages print it."""
    return money_text(Decimal(found[2]), found[1])
