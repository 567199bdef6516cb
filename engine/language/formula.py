"""The steps that explain an amount: the formula, the same with its numbers filled in, and what each number rests on.

Texts inside the parameters are written in the contract language itself (`CNY 12.30`, `90 minutes`, `month(3)`), so
they need no translation; the sentences around them are in `engine.messages`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..derivation import Step, step
from ..money import minor_units, round_money
from . import syntax as s
from .members import Group
from .offsets import Length
from .spans import Edge, Span
from .values import Between, Choice, Element, Money, Points, Rate, Value
from .windows import Window

if TYPE_CHECKING:
    from .evaluator import Evaluator
    from .lookups import Lookups
    from .world import Row

# Longer lists serve no reader; the number of members is always given.
MAX_NAMED = 12
_DECIMALS = 6


def explain(evaluator: Evaluator, tree: s.Expr) -> tuple[Step, ...]:
    """The formula and what it rests on; one step with children, or the steps of a moment."""
    value = evaluator.value(tree)
    if isinstance(value, Span):
        return value.steps
    children = tuple(_parts(evaluator, tree))
    formula, filled, result = str(tree), _filled(evaluator, tree), shown(value)
    if isinstance(tree, s.And | s.Or | s.Not | s.Compare | s.Member):
        return (_condition(evaluator, tree, value, children),)
    if formula == result or (isinstance(tree, s.Ref | s.Field | s.Var | s.Call | s.Measure) and len(children) == 1):
        return children or (step("amount_stated", result=result),)
    if value.missing and not value.options:
        return (step("formula_open", *children, formula=formula, filled=filled, missing=sorted(value.missing)),)
    message = "formula_plain" if filled in (formula, result) else "formula"
    steps: tuple[Step, ...] = (step(message, *children, formula=formula, filled=filled, result=result),)
    return steps + running_steps(value)


def running_steps(value: Choice) -> tuple[Step, ...]:
    """What still runs, so that the value may change."""
    return (step("still_running", names=sorted(value.provisional)),) if value.provisional else ()


def shown(value: Value) -> str:
    """A value as a reader of the contract language writes it; a range as `low … high`; `?` if nothing is known."""
    if isinstance(value, Span):
        point = value.value if value.value is not None else value.estimate
        return "?" if isinstance(point, Edge) else point.isoformat()
    return " | ".join(written(option) for option in value.options) if value.options else "?"


def written(value: Any) -> str:
    """One option of a value in the contract language."""
    if isinstance(value, Between):
        ends = ("?" if end is None else written(end) for end in (value.low, value.high))
        return " … ".join(ends)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return number(value)
    if isinstance(value, Money):
        return f"{value.currency} {number(value.amount, minor_units(value.currency))}"
    if isinstance(value, Rate):
        return f"{value.of} {number(value.amount)} / {value.per} 1"
    if isinstance(value, Points):
        return f"{number(value.amount)} {'point' if value.amount == 1 else 'points'}"
    if isinstance(value, Length):
        return _length(value)
    if isinstance(value, Element):
        return value.id
    if isinstance(value, tuple):
        names = [written(each) for each in value]
        more = [f"… ({len(names)})"] if len(names) > MAX_NAMED else []
        return "{" + ", ".join(names[:MAX_NAMED] + more) + "}"
    return f"'{value}'" if isinstance(value, str) else str(value)


def number(value: Fraction, digits: int = 0) -> str:
    """An exact number: its decimals if they end soon, else cut after six with an ellipsis."""
    scale = 10**_DECIMALS
    if (value * scale).denominator == 1:
        text = f"{round_money(value, _DECIMALS):f}"
        whole, _point, decimals = text.partition(".")
        decimals = decimals.rstrip("0").ljust(digits, "0")
        return f"{whole}.{decimals}" if decimals else whole
    sign = "-" if value < 0 else ""
    cut = abs(value) * scale
    ticks = cut.numerator // cut.denominator
    return f"{sign}{ticks // scale}.{ticks % scale:0{_DECIMALS}d}…"


def _length(value: Length) -> str:
    if not value.is_clock:
        return f"{value.amount} {value.unit if value.amount != 1 else value.unit[:-1]}"
    seconds = Fraction(value.microseconds) / 1_000_000
    if seconds.denominator != 1:
        return f"{number(seconds)} seconds"
    parts, rest = [], abs(int(seconds))
    for unit, size in (("hours", 3600), ("minutes", 60), ("seconds", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit if count != 1 else unit[:-1]}")
    sign = "-" if seconds < 0 else ""
    return sign + " ".join(parts) if parts else "0 seconds"


# -- formulas ----------------------------------------------------------------------------------------------------------

_LEAVES = (s.Ref, s.Field, s.Var, s.Call, s.Measure, s.Index, s.Over)


def _filled(evaluator: Evaluator, tree: s.Expr) -> str:
    """The formula with every reference and function replaced by its value; arithmetic and `if` stay visible."""
    if isinstance(tree, s.Binary):
        level = s.level_of(tree)
        left, right = _filled(evaluator, tree.left), _filled(evaluator, tree.right)
        left = f"({left})" if s.level_of(tree.left) < level else left
        right = f"({right})" if s.level_of(tree.right) <= level else right
        return f"{left} {tree.op} {right}"
    if isinstance(tree, s.Negate):
        return f"-{_filled(evaluator, tree.value)}"
    if isinstance(tree, s.Compare):
        return f"{_filled(evaluator, tree.left)} {tree.op} {_filled(evaluator, tree.right)}"
    if isinstance(tree, s.Call) and tree.function in ("min", "max", "abs", "round", "power") and len(tree.args) > 1:
        keywords = [str(a) if isinstance(a, s.Var) else _filled(evaluator, a) for a in tree.args]
        return f"{tree.function}({', '.join(keywords)})"
    if isinstance(tree, s.Call) and tree.function == "if":
        branch = _branch(evaluator, tree)
        return shown(evaluator.value(tree)) if branch is None else _filled(evaluator, branch)
    if isinstance(tree, _LEAVES):
        return shown(evaluator.value(tree))
    return str(tree)


def _branch(evaluator: Evaluator, tree: s.Call) -> s.Expr | None:
    """The branch an `if` takes, once its condition is decided."""
    condition = evaluator.truth(tree.args[0])
    return None if not condition.is_certain else tree.args[1 if condition.value else 2]


def _condition(evaluator: Evaluator, tree: s.Expr, value: Choice, children: tuple[Step, ...]) -> Step:
    if not value.is_certain:
        return step("condition_open", *children, condition=str(tree), missing=sorted(value.missing))
    message = "condition_true" if value.value else "condition_false"
    filled = _filled(evaluator, tree)
    text = str(tree) if filled == str(tree) or not isinstance(tree, s.Compare) else f"{tree} ({filled})"
    return step(message, *children, condition=text)


def _parts(evaluator: Evaluator, tree: s.Expr) -> Iterator[Step]:
    """The steps of everything below a formula, in reading order, each thing once."""
    seen: set[str] = set()
    for found in _walk(evaluator, tree):
        key = repr(found)
        if key not in seen:
            seen.add(key)
            yield found


def _walk(evaluator: Evaluator, tree: s.Expr) -> Iterator[Step]:
    if isinstance(tree, s.And | s.Or):
        for part in tree.parts:
            yield from explain(evaluator, part)
        return
    if isinstance(tree, s.Not):
        yield from explain(evaluator, tree.value)
        return
    if isinstance(tree, s.Call):
        yield from _call(evaluator, tree)
        return
    if isinstance(tree, s.Ref):
        yield from _reference(evaluator, tree)
        return
    if isinstance(tree, s.Measure):
        yield _lengthwise(evaluator, tree, tree.value, "length_of")
        return
    if isinstance(tree, s.Field | s.Var):
        value = evaluator.value(tree)
        if isinstance(value, Choice) and not isinstance(value.value, Element | tuple):
            yield _named(str(tree), value)
        return
    if isinstance(tree, s.Index | s.Over | s.Each):
        return
    for child in tree.children():
        yield from _walk(evaluator, child)


def _named(name: str, value: Choice) -> Step:
    if value.missing and not value.options:
        return step("value_missing", name=name, missing=sorted(value.missing))
    return step("value", name=name, result=shown(value))


def _reference(evaluator: Evaluator, tree: s.Ref) -> Iterator[Step]:
    value = evaluator.value(tree)
    if isinstance(value, Span):
        yield from value.steps
        return
    world = evaluator.world
    if tree.kind == "reading":
        title, clause, text, origin = world.reading_words(tree.name)
        yield step("reading", title=title, clause=clause, text=text, origin=origin, key=tree.name)
        if value.options and not any(isinstance(option, str) for option in value.options):
            yield _named(str(tree), value)
        return
    if tree.kind == "measure":
        args = tuple(element for arg in tree.args if (element := evaluator.element(arg)) is not None)
        children = world.measure_steps(tree.name, args) if len(args) == len(tree.args) else ()
        title, clause = world.words("measure", tree.name)
        yield step("measure", *children, title=title, clause=clause, result=shown(value), name=str(tree),
                   key="/".join(element.id for element in args))  # fmt: skip
        return
    if not isinstance(value.value, Element | tuple):
        title, clause = world.words(tree.kind, tree.name)
        yield step("reference", title=title or str(tree), clause=clause, name=str(tree), result=shown(value))


def _call(evaluator: Evaluator, tree: s.Call) -> Iterator[Step]:
    name = tree.function
    if name in ("band", "tier"):
        yield from explain_argument(evaluator, tree.args[0])
        yield from (_band if name == "band" else _tier)(evaluator, tree)
    elif name == "steps":
        yield from _walk(evaluator, tree.args[0])
        mode = str(tree.args[2]) if len(tree.args) > 2 else "up"
        yield step(f"steps_{mode}", x=shown(evaluator.value(tree.args[0])), size=shown(evaluator.value(tree.args[1])),
                   result=shown(evaluator.value(tree)))  # fmt: skip
    elif name in ("count", "sum", "mean", "longest") or (name in ("min", "max") and len(tree.args) == 1):
        if name == "longest":
            yield _lengthwise(evaluator, tree, tree.args[0], "longest_of")
        else:
            yield _aggregate(evaluator, tree)
    elif name in ("ordinal", "streak"):
        group = evaluator.group(tree.args[0])
        yield step(name, of=str(tree.args[0]), result=shown(evaluator.value(tree)), members=_names(group),
                   missing=sorted(evaluator.value(tree).missing))  # fmt: skip
    elif name in ("days", "months", "year_fraction"):
        ends = [evaluator.moment(arg) for arg in tree.args[:2]]
        children = tuple(child for end in ends for child in end.steps)
        counted = {"convention": str(tree.args[2])} if name == "year_fraction" else {}
        result = shown(evaluator.value(tree))
        yield step(name, *children, start=shown(ends[0]), end=shown(ends[1]), result=result, **counted)
    elif name == "if":
        condition = evaluator.truth(tree.args[0])
        yield from explain(evaluator, tree.args[0])
        branches = tree.args[1:] if not condition.is_certain else [tree.args[1 if condition.value else 2]]
        for branch in branches:
            yield from _walk(evaluator, branch)
    elif name in ("assessed", "settled", "assessments", "payments", "breaches", "happened", "trigger"):
        value = evaluator.value(tree)
        if isinstance(value, Choice):
            yield _named(str(tree), value)
        else:
            yield from value.steps
    else:
        for arg in tree.args:
            yield from _walk(evaluator, arg)


def explain_argument(evaluator: Evaluator, tree: s.Expr) -> Iterator[Step]:
    """What a looked-up number rests on."""
    if isinstance(tree, _LEAVES):
        yield from _walk(evaluator, tree)
    elif not isinstance(tree, s.Number | s.Percent | s.MoneyAmount | s.Quantity):
        yield from explain(evaluator, tree)


def _aggregate(evaluator: Evaluator, tree: s.Call) -> Step:
    target, value = tree.args[0], evaluator.value(tree)
    group = evaluator.group(target.group if _slides(target) else target)  # type: ignore[attr-defined]
    children = (_window(evaluator, target),) if isinstance(target, s.Over) and not _slides(target) else ()
    return step(f"{tree.function}_of", *children, *(running_steps(value) if isinstance(value, Choice) else ()),
                of=str(target), number=len(group.members), members=_names(group), result=shown(value),
                missing=sorted(value.missing))  # fmt: skip


def _slides(tree: s.Expr) -> bool:
    return isinstance(tree, s.Over) and isinstance(tree.window, s.Sliding)


def _window(evaluator: Evaluator, tree: s.Over) -> Step:
    window, zone = evaluator.window(tree.window), evaluator.world.zone
    if isinstance(window, frozenset):
        return step("window_missing", window=str(tree.window), missing=sorted(window))
    assert isinstance(window, Window)
    return step("window_of", window=window.name.removeprefix("period:"), start=zone.local(window.start),
                end=zone.local(window.end))  # fmt: skip


def _lengthwise(evaluator: Evaluator, tree: s.Expr, inner: s.Expr, message: str) -> Step:
    value = evaluator.value(tree)
    if evaluator.is_window(inner):
        window = evaluator.window(inner)
        name = window.name.removeprefix("period:") if isinstance(window, Window) else str(inner)
        return step("length_of_window", window=name, result=shown(value))
    found = evaluator.spells_of(inner.group if _slides(inner) else inner)  # type: ignore[attr-defined]
    zone = evaluator.world.zone
    spells = [[zone.local(each.start), zone.local(each.end)] for each in found.possible[:MAX_NAMED]]
    children = [_window(evaluator, inner)] if isinstance(inner, s.Over) and not _slides(inner) else []
    children += running_steps(value) if isinstance(value, Choice) else ()
    return step(message, *children, of=str(inner), spells=spells, number=len(found.possible), result=shown(value),
                missing=sorted(value.missing))  # fmt: skip


def _names(group: Group) -> list[str]:
    names = [element.id if inside.value is True else f"{element.id}?" for element, inside in group.members]
    return names[:MAX_NAMED] + ([f"… ({len(names)})"] if len(names) > MAX_NAMED else [])


# -- tables ------------------------------------------------------------------------------------------------------------


def _row(row: Row) -> str:
    return str(row.range)


def _band(evaluator: Lookups, tree: s.Call) -> Iterator[Step]:
    table, looked = evaluator.table_of(tree), evaluator.value(tree.args[0])
    assert isinstance(looked, Choice)
    for x in looked.options:
        if isinstance(x, Between):
            yield step("band_range", x=written(x), title=table.title, result=shown(evaluator.value(tree)))
            continue
        place = evaluator.place(table, x)
        if place.hole:
            sides = {}
            for side, row in (("below", place.below), ("above", place.above)):
                sides[side] = None if row is None else _row(row)
                sides[f"{side}_value"] = None if row is None else shown(evaluator.row_value(row, x))
            form = "" if place.below and place.above else "_above" if place.below else "_below"
            yield step(f"band_hole{form}", x=written(x), title=table.title, **sides)
        elif place.row is None:
            yield step("band_outside", x=written(x), title=table.title, result=written(evaluator.nothing(table)))
        else:
            yield step("band_row", x=written(x), title=table.title, range=_row(place.row), clause=place.row.clause,
                       result=shown(evaluator.row_value(place.row, x)))  # fmt: skip


def _tier(evaluator: Lookups, tree: s.Call) -> Iterator[Step]:
    table, looked = evaluator.table_of(tree), evaluator.value(tree.args[0])
    assert isinstance(looked, Choice)
    for x in looked.options:
        parts = evaluator.parts(table, x)
        if parts is None:
            yield step("tier_hole", x=written(x), title=table.title)
            continue
        for row, part in parts:
            yield step("tier_part", part=written(part), title=table.title, range=_row(row), clause=row.clause,
                       rate=str(row.value), result=shown(evaluator.part_value(table, row, part)))  # fmt: skip
