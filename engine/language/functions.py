"""The functions of the language: how each is written, and the type it gives for the types it takes.

`FUNCTIONS` is the list a writer chooses from; those marked `amounts` belong to rules, pools and measures only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import syntax as s
from .arithmetic import MODES
from .day_count import CONVENTIONS, convention_named
from .parser import PERIOD_UNITS
from .types import (
    ANY,
    BOOL,
    CLOCK,
    COUNT,
    DATE,
    DURATIONS,
    DUTY,
    INSTANT,
    MOMENT,
    MOMENTS,
    NUMBERS,
    RATIO,
    TERM,
    Type,
    money,
    set_of,
)

if TYPE_CHECKING:
    from .check import Checker

Rule = Callable[["Checker", s.Call], Type]


@dataclass(frozen=True)
class Function:
    """One function: its usage line, the number of arguments, and its type rule."""

    usage: str
    least: int
    most: int
    rule: Rule
    amounts: bool = False


def _extreme(c: Checker, call: s.Call) -> Type:
    kinds = {c.moment(arg).name for arg in call.args} - {"never"}
    return DATE if kinds == {"date"} else INSTANT if kinds == {"instant"} else MOMENT


def _lead(c: Checker, call: s.Call) -> Type:
    return c.offset(call, c.moment(call.args[0]), c.duration(call.args[1]))


def _snap(c: Checker, call: s.Call) -> Type:
    c.moment(call.args[0])
    c.keyword(call, 1, ("start", "end"))
    c.keyword(call, 2, PERIOD_UNITS)
    return DATE


def _roll(c: Checker, call: s.Call) -> Type:
    c.moment(call.args[0])
    c.keyword(call, 1, ("next", "previous"))
    return DATE


def _pause(c: Checker, call: s.Call) -> Type:
    first = call.args[0]
    kind = c.moment(first)
    if not isinstance(first, s.Binary) or c.check(first.right).name not in (*DURATIONS, "any"):
        raise c.fail("wrong_arguments", call, name="pause", usage=FUNCTIONS["pause"].usage)
    c.spells(call.args[1])
    return kind


def _if(c: Checker, call: s.Call) -> Type:
    c.condition(call.args[0])
    return c.unify(call.args[1], call.args[2])


def _window(c: Checker, call: s.Call) -> Type:
    c.moment(call.args[0])
    return c.moment(call.args[1])


def _edge(c: Checker, call: s.Call) -> Type:
    kind = c.check(call.args[0])
    if kind == TERM or (kind.name == "element" and kind.detail == "period"):
        return DATE
    if kind.name == "element":
        return c.field_type(kind, call.function, call)
    if kind.name == "set":
        c.spells(call.args[0])
        return MOMENT
    return c.expect(kind, call.args[0], "a term, a period or intervals", kind == ANY)


def _duty(c: Checker, call: s.Call) -> Type:
    tree = call.args[0]
    keys = tree.items if isinstance(tree, s.Index) else ()
    ref = tree.base if isinstance(tree, s.Index) else tree
    if c.check(ref) != DUTY or not isinstance(ref, s.Ref):
        raise c.fail("wrong_arguments", call, name=call.function, usage=FUNCTIONS[call.function].usage)
    wanted = c.environment.duties[ref.name]
    if keys and not wanted:
        raise c.fail("needs_no_key", tree, name=str(ref))
    if len(keys) != len(wanted):
        raise c.fail("needs_key", tree, name=str(ref), usage=f"{ref}[{', '.join(wanted)}]")
    for key in keys:
        c.check(key)
    return MOMENT


def _happened(c: Checker, call: s.Call) -> Type:
    c.moment(call.args[0])
    return BOOL


def _least(c: Checker, call: s.Call) -> Type:
    kinds = [c.check(arg) for arg in call.args]
    if len(kinds) == 1 and (kinds[0].name == "set" or kinds[0] == ANY):
        c.amounts_only(call, call.function)
        return c.member_value(call.args[0], kinds[0])
    if any(kind.name in MOMENTS for kind in kinds):
        usage = "earliest(…)" if call.function == "min" else "latest(…)"
        raise c.fail("wrong_arguments", call, name=call.function, usage=usage)
    return c.unify(*call.args)


def _absolute(c: Checker, call: s.Call) -> Type:
    return c.expect_named(call.args[0], ("count", "ratio", "money", "points", "clock"))


def _round(c: Checker, call: s.Call) -> Type:
    kind = c.expect_named(call.args[0], ("count", "ratio", "money", "points", "clock"))
    rest = list(call.args[1:])
    if rest and isinstance(rest[-1], s.Var) and rest[-1].name in MODES:
        rest.pop()
    if len(rest) > 1 or (not rest and kind.name == "clock"):
        raise c.fail("wrong_arguments", call, name="round", usage=FUNCTIONS["round"].usage)
    for unit in rest:
        if kind.name in ("money", "clock") and c.check(unit).name != "count":
            c.unify(call.args[0], unit)
        else:
            c.expect_named(unit, ("count", "ratio", "points"))
    return kind


def _power(c: Checker, call: s.Call) -> Type:
    c.expect_named(call.args[1], ("count",))
    return c.expect_named(call.args[0], ("count", "ratio"))


def _days(c: Checker, call: s.Call) -> Type:
    c.moment(call.args[0])
    c.moment(call.args[1])
    if len(call.args) > 2:
        c.keyword(call, 2, ("up", "down", "exact"))
    return COUNT


def _year_fraction(c: Checker, call: s.Call) -> Type:
    c.moment(call.args[0])
    c.moment(call.args[1])
    if convention_named(str(call.args[2])) not in CONVENTIONS:
        raise c.fail("wrong_arguments", call, name="year_fraction", usage=FUNCTIONS["year_fraction"].usage)
    return RATIO


def _trigger(c: Checker, call: s.Call) -> Type:
    return MOMENT


def _count(c: Checker, call: s.Call) -> Type:
    c.expect_named(call.args[0], ("set",))
    return COUNT


NUMERIC = ("count", "ratio", "money", "points", "clock", "span", "any")


def _sum(c: Checker, call: s.Call) -> Type:
    kind = c.member_value(call.args[0], c.expect_named(call.args[0], ("set",)))
    # two places may say the same of things of other units: then the words alone do not tell
    known = c.environment.sums.get(call, kind)
    c.environment.sums[call] = kind if known == kind else ANY
    return c.expect(kind, call.args[0], "numbers or amounts", kind.name in NUMERIC)


def _longest(c: Checker, call: s.Call) -> Type:
    c.spells(call.args[0])
    return CLOCK


def _ordinal(c: Checker, call: s.Call) -> Type:
    group = c.expect_named(call.args[0], ("set",))
    if len(call.args) > 1:
        c.inside(group.detail if group.name == "set" else "any").check(call.args[1])
    if len(call.args) > 2:
        c.window(call.args[2])
    return COUNT


def _streak(c: Checker, call: s.Call) -> Type:
    c.expect_named(call.args[0], ("set",))
    if len(call.args) > 1:
        c.keyword(call, 1, PERIOD_UNITS)
    if len(call.args) > 2:
        c.window(call.args[2])
    return COUNT


def _band(c: Checker, call: s.Call) -> Type:
    kind = c.check(call.args[0])
    result = c.table(call.args[1])
    looked, uses_x = c.environment.ranges.get(getattr(call.args[1], "name", ""), (ANY, True))
    if ANY not in (kind, looked):
        numbers = {kind.name, looked.name} <= {"count", "ratio"}
        c.expect(kind, call.args[0], str(looked), kind == looked or numbers)
    if call.function == "tier" and not uses_x:
        # each part is multiplied with its row's rate
        rated = looked.name in ("count", "ratio", "any") or (looked.name == "money" and result.name in NUMBERS)
        c.expect(looked, call.args[0], "a number, for rows that charge so much for each unit", rated)
        return looked if looked.name == "money" else result
    return result


def _steps(c: Checker, call: s.Call) -> Type:
    c.expect(c.unify(call.args[0], call.args[1]), call.args[0], "a number or an amount", True)
    if len(call.args) > 2:
        c.keyword(call, 2, ("up", "down", "exact"))
    return COUNT


def _breaches(c: Checker, call: s.Call) -> Type:
    ref = call.args[0]
    if not isinstance(ref, s.Ref) or c.check(ref) != DUTY:
        raise c.fail("wrong_arguments", call, name="breaches", usage=FUNCTIONS["breaches"].usage)
    return set_of(f"breach of {ref.name}")


def _assessments(c: Checker, call: s.Call) -> Type:
    _source(c, call, ("instalment",) if call.function == "payments" else ("rule", "pool"))
    if call.function == "payments":
        return set_of("payment")
    source = next((arg for arg in call.args if isinstance(arg, s.Ref)), None)
    return set_of(f"assessment of {source}" if source is not None else "assessment")


def _amount_of(c: Checker, call: s.Call) -> Type:
    _source(c, call, ("rule", "pool"))
    kinds = [c.check(arg) for arg in call.args]
    return kinds[0] if kinds and kinds[0] != ANY else money(c.currency)


def _source(c: Checker, call: s.Call, kinds: tuple[str, ...]) -> None:
    """Whose assessments, settlements or payments are meant."""
    for arg in call.args:
        c.check(arg)
        if not isinstance(arg, s.Ref) or arg.kind not in kinds:
            raise c.fail("wrong_arguments", call, name=call.function, usage=FUNCTIONS[call.function].usage)


def _free(c: Checker, call: s.Call) -> Type:
    return ANY


MANY = 50

FUNCTIONS: dict[str, Function] = {
    "latest": Function("latest(date, date, …)", 1, MANY, _extreme),
    "earliest": Function("earliest(date, date, …)", 1, MANY, _extreme),
    "lead": Function("lead(date, 6 months)", 2, 2, _lead),
    "snap": Function("snap(date, start, month)", 3, 3, _snap),
    "roll": Function("roll(date, next)", 2, 2, _roll),
    "pause": Function("pause(date + 5 days, intervals)", 2, 2, _pause),
    "if": Function("if(condition, then, else)", 3, 3, _if),
    "window": Function("window(opens, closes)", 2, 2, _window),
    "start": Function("start(term.service)", 1, 1, _edge),
    "end": Function("end(term.service)", 1, 1, _edge),
    "due": Function("due(duty.name)", 1, 1, _duty),
    "raw": Function("raw(duty.name)", 1, 1, _duty),
    "done": Function("done(duty.name)", 1, 1, _duty),
    "happened": Function("happened(event.name)", 1, 1, _happened),
    "days": Function("days(from, to)", 2, 2, _days),
    "min": Function("min(a, b, …)", 1, MANY, _least),
    "max": Function("max(a, b, …)", 1, MANY, _least),
    "abs": Function("abs(number)", 1, 1, _absolute),
    "round": Function("round(amount, unit, up)", 1, 3, _round),
    "power": Function("power(base, exponent)", 2, 2, _power),
    "months": Function("months(from, to, up)", 2, 3, _days),
    "year_fraction": Function(f"year_fraction(from, to, {' / '.join(CONVENTIONS)})", 3, 3, _year_fraction),
    "trigger": Function("trigger()", 0, 0, _trigger),
    "count": Function("count(set[filter])", 1, 1, _count),
    "breaches": Function("breaches(duty.name)", 1, 1, _breaches),
    "sum": Function("sum(set.field)", 1, 1, _sum, amounts=True),
    "mean": Function("mean(set.field)", 1, 1, _sum, amounts=True),
    "only": Function("only(series[period == m])", 1, 1, _sum, amounts=True),
    "longest": Function("longest(intervals[filter])", 1, 1, _longest, amounts=True),
    "ordinal": Function("ordinal(set[filter], key)", 1, 3, _ordinal, amounts=True),
    "streak": Function("streak(set[filter], month)", 1, 3, _streak, amounts=True),
    "band": Function("band(value, table.name)", 2, 2, _band, amounts=True),
    "tier": Function("tier(value, table.name)", 2, 2, _band, amounts=True),
    "steps": Function("steps(value, size, up)", 2, 3, _steps, amounts=True),
    "assessments": Function("assessments(rule.name)", 0, 1, _assessments, amounts=True),
    "payments": Function("payments()", 0, 1, _assessments, amounts=True),
    "assessed": Function("assessed(pool.name)", 0, 1, _amount_of, amounts=True),
    "settled": Function("settled(pool.name)", 0, 1, _amount_of, amounts=True),
    "linked": Function("linked(incident, cause)", 1, 3, _free, amounts=True),
}
