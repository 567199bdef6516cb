"""What can be wrong with a definition or with facts, in words for the person who has to mend it.

`PROBLEMS` maps a code to a sentence and a remedy (English source texts with parameters). A code is stable: tests, the
health page and other programs refer to it; the wording may improve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from .language.errors import ExpressionError

Level = Literal["error", "warning"]
Params = Mapping[str, object]


def gettext_noop(text: str) -> str:
    """Marks a source text for extraction; doors translate it."""
    return text


_ = gettext_noop

PROBLEMS: dict[str, tuple[str, str]] = {
    # -- the file ------------------------------------------------------------------------------------------------
    "not_a_definition": (_("The definition is not a set of tables."), _("Write it as TOML tables.")),
    "unknown_format": (
        _("Format {value} is not known."),
        _("Write format = 1 at the top of one file."),
    ),
    "float_value": (
        _("{field} is the binary number {value}."),
        _('Write it as a whole number or as text, for example "{value}".'),
    ),
    "unknown_table": (
        _("There is no table named {name}."),
        _("{suggestion}Remove it or correct its name."),
    ),
    "unknown_field": (
        _("There is no field named {name} here."),
        _("{suggestion}Remove it or correct its name."),
    ),
    "missing_field": (_("The field {name} is missing."), _("Add {name}.")),
    "one_of": (_("Exactly one of these fields is needed: {names}."), _("Keep one of them.")),
    "missing_table": (_("The table {name} is missing."), _("Add a table [{name}].")),
    "wrong_value": (_("{field} must be {expected}, not {value}."), _("Correct {field}.")),
    "missing_clause": (
        _("No clause is given."),
        _('Name the clause of the contract this rests on: clause = "…".'),
    ),
    "bad_date": (
        _("{value} is not a date that exists."),
        _("Write the date as YYYY-MM-DD and check month lengths and leap years."),
    ),
    "naive_instant": (
        _("The time {value} does not say in which zone."),
        _("Add the offset, for example +08:00."),
    ),
    "unknown_zone": (_("There is no time zone {name}."), _("Use a name such as Asia/Shanghai.")),
    "unknown_profile": (
        _("There is no profile {name}."),
        _("Use cn (Chinese Civil Code) or none (no statutory counting rules)."),
    ),
    "bad_calendar": (_("The calendar is contradictory: {reason}."), _("Correct its days or its coverage.")),
    "unknown_calendar": (
        _("There is no calendar {name}."),
        _("{suggestion}Publish the calendar or define it inline as [calendar.{name}]."),
    ),
    "no_default": (
        _("No default is given: it stays undecided until a person chooses."),
        _('Write default = "…", or must_choose = true if that is meant.'),
    ),
    "bad_default": (
        _("The default {value} is not one of the options."),
        _("{suggestion}Use one of: {options}."),
    ),
    "bad_option": (
        _("{value} is none of the words that fit here."),
        _("Use only: {options}."),
    ),
    "duplicate_name": (
        _("The name {name} is used twice, by {first} and {second}."),
        _("Give one of them another name."),
    ),
    "cycle": (
        _("These depend on each other in a circle: {path}."),
        _("Break the circle: let one of them start from an event, a date or a term."),
    ),
    # -- expressions ---------------------------------------------------------------------------------------------
    "unfinished_expression": (
        _("The expression ends too early."),
        _("Complete it; look for a missing bracket or operand."),
    ),
    "unexpected_text": (
        _("{found} does not fit here."),
        _("{suggestion}Correct the expression at the marked place."),
    ),
    "too_complex": (_("The expression is too long or too deeply nested."), _("Split it into several.")),
    "unknown_unit": (
        _("{name} is not a unit."),
        _("{suggestion}Use minutes, hours, days, calendar_days, workdays, weeks, months or years."),
    ),
    "broken_unit": (_("{amount} {unit} is not a whole number of {unit}."), _("Use a whole number.")),
    "calendar_without_workdays": (
        _("Only workdays take a calendar, {unit} do not."),
        _("Remove the calendar or write workdays."),
    ),
    "unknown_period": (
        _("{name} is not a period."),
        _("{suggestion}Use day, week, month, quarter, half or year."),
    ),
    "unknown_name": (
        _("There is no {kind} named {name}."),
        _("{suggestion}Define it or correct the name."),
    ),
    "unknown_function": (_("There is no function {name}."), _("{suggestion}Correct the name.")),
    "wrong_arguments": (_("{name} does not take these arguments."), _("Write it as {usage}.")),
    "not_a_function": (_("{found} cannot be called."), _("Remove the brackets after it.")),
    "empty_filter": (_("The square brackets are empty."), _("Write a condition or the key of an instance.")),
    "reserved_name": (
        _("{name} cannot be the name of a variable."),
        _("Choose another name after as."),
    ),
    "duplicate_variable": (_("The variable {name} is bound twice."), _("Choose another name after as.")),
    "ill_typed": (
        _("{found} stands where {expected} is needed."),
        _("Check the units and what the names stand for."),
    ),
    "set_for_number": (
        _("{found} stands where {expected} is needed."),
        _("Say what of the set is meant: count(…), sum(….field), or only(…) for the one there is."),
    ),
    "clock_and_calendar": (
        _("Elapsed time and calendar time do not compare: {left} and {right}."),
        _("Use hours with hours, or days with days."),
    ),
    "mixed_units": (
        _("{left} and {right} do not add up to one duration."),
        _("Count one after the other: date + {left} + {right}."),
    ),
    "two_currencies": (
        _("Amounts of {left} and {right} do not mix."),
        _("Convert one of them with a stated rate, as in CNY 71 / (CNY 7.10 / USD 1)."),
    ),
    "needs_instant": (
        _("{unit} cannot be counted from a date."),
        _("Count minutes and hours from an instant, before any days are added."),
    ),
    "needs_key": (
        _("{name} has several instances."),
        _("Say which one: {usage}."),
    ),
    "needs_no_key": (_("{name} has one instance only."), _("Remove the square brackets.")),
    "not_in_deadline": (
        _("{name} belongs to amounts and cannot stand in a deadline."),
        _("Use it in a rule, pool or measure."),
    ),
    "unknown_option": (
        _("{value} is not an option of {name}."),
        _("{suggestion}Use one of: {options}."),
    ),
    "missing_reason": (
        _("A duty without a date needs a reason."),
        _('Add reason = "…" saying why no date can be given.'),
    ),
    # -- rules and pools -----------------------------------------------------------------------------------------
    "two_units": (
        _("It adds up {left} and {right}."),
        _("Keep each unit in a pool of its own, or convert with a stated rate."),
    ),
    "no_amount_in_pool": (
        _("{name} yields a {yields}: there is no amount to combine."),
        _("Take it out of over, or let it yield money or points."),
    ),
    "twice_in_pool": (_("{name} is counted twice."), _("Name it once in over.")),
    "bad_window": (_("{name} is not a window."), _("{suggestion}Use month, rolling 12 months or term.x.")),
    "unknown_combine": (
        _("The option {value} of {name} does not say how to combine."),
        _("Its options must be sum, max or choose."),
    ),
    "unknown_sink": (
        _("{name} is neither an instalment nor a security of this contract."),
        _("{suggestion}Name instalment.x or security.x, or a word of your own without a dot."),
    ),
    "uncapped_rule": (
        _("Nothing limits what it can come to."),
        _("If the contract states a limit, add caps to its pool; if not, nothing is to be done."),
    ),
    "cap_never_reached": (
        _("The cap {limit} is never reached: what it limits comes to at most {most}."),
        _("Check the limit against the contract."),
    ),
    "cap_always_reached": (
        _("The cap {limit} is always reached: what it limits comes to at least {least}."),
        _("Check the limit, or the amount it limits, against the contract."),
    ),
    "undefined_base": (
        _("The amount rests on {name}, which the contract does not state."),
        _("State it, or take another base."),
    ),
    "hole": (
        _("{title} has no row for {places}, next to {neighbours}."),
        _("Nothing is decided there: a person settles it, or a reading does."),
    ),
    "dominated": (
        _("It rests on the same measured condition as {other}, which is heavier: both together, only {other} counts."),
        _("It counts by itself only where {other} is not established; nothing is to be done."),
    ),
    "severity_gap": (
        _("{name} needs {severe}, its lighter counterpart {other} needs {light}: with {between} neither applies."),
        _("Settle by a reading what holds in between."),
    ),
    "no_lighter_row": (
        _("{name} needs {severe}, and no lighter row measures the same: without it there is no penalty of its own."),
        _("Nothing is to be done; a milder case is a breach without a penalty, unless another row applies."),
    ),
    "level_step": (
        _("{name} and {other} differ in their band alone and come to the same."),
        _("The text says so; if a step was meant, settle it with the other party."),
    ),
    "accompanied": (
        _("Where {name} just applies, {other} is reached as well: beside {heavier}, {lighter} never counts."),
        _("Only the findings of people decide whether both apply; nothing is to be done."),
    ),
    # -- facts ---------------------------------------------------------------------------------------------------
    "unknown_fact": (
        _("There is no {kind} named {name} in this contract."),
        _("{suggestion}Correct the name or add it to the definition."),
    ),
    "unknown_reference": (_("There is no fact with the id {name}."), _("{suggestion}Correct supersedes or of.")),
    "duplicate_fact": (_("The id {name} is used by two facts."), _("Give each fact an id of its own.")),
    "wrong_order": (_("It ends before it starts."), _("Correct start and end.")),
    "cyclic_supersession": (_("{name} supersedes itself."), _("Correct supersedes.")),
    "mixed_supersession": (
        _("{name} cannot supersede a fact of another kind or name."),
        _("Supersede a fact of the same kind and name."),
    ),
    "replaced_item": (
        _("An item is withdrawn by an entry that supersedes it and says nothing else; it is not replaced ({name})."),
        _("Leave at and attributes out, or correct the item by an [[attribute]] about it."),
    ),
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong: where (file, table, clause), what (`text`) and what to do (`remedy`).

    `text` and `remedy` are the English sentences; `translated` gives both in another language.
    """

    code: str
    file: str
    table: str
    clause: str
    text: str
    remedy: str
    level: Level = "error"
    params: Mapping[str, str] = field(default_factory=dict)

    def translated(self, translate: Callable[[str], str]) -> tuple[str, str]:
        """Text and remedy, each source sentence passed through `translate` before its parameters are filled in."""
        text, remedy = PROBLEMS[self.code]
        values = dict(self.params)
        if values.get("suggestion"):
            values["suggestion"] = translate(SUGGESTION).format(name=values["suggestion"]) + " "
        return (
            _located(translate(text).format_map(_Lenient(values)), values, translate),
            translate(remedy).format_map(_Lenient(values)),
        )

    def to_json(self) -> dict[str, str]:
        """The problem as `evaluate` and the health page list it."""
        return {
            "level": self.level,
            "code": self.code,
            "where": ":".join(part for part in (self.file, self.table) if part),
            "clause": self.clause,
            "text": self.text,
            "remedy": self.remedy,
        }


SUGGESTION = _("Did you mean {name}?")
LOCATION = _("In “{expression}”, at character {column}: {text}")


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _located(text: str, values: Mapping[str, str], translate: Callable[[str], str]) -> str:
    if not values.get("expression"):
        return text
    return translate(LOCATION).format(expression=values["expression"], column=values["column"], text=text)


def make_problem(
    code: str,
    *,
    file: str = "",
    table: str = "",
    clause: str = "",
    level: Level = "error",
    params: Params | None = None,
) -> Problem:
    """A problem of a known code with its sentences filled in. Raises KeyError for an unknown code."""
    values = {key: str(value) for key, value in (params or {}).items()}
    bare = Problem(code, file, table, clause, "", "", level, values)
    text, remedy = bare.translated(lambda source: source)
    return Problem(code, file, table, clause, text, remedy, level, values)


def from_expression(error: ExpressionError, *, file: str = "", table: str = "", clause: str = "") -> Problem:
    """The problem an expression's error means at its place in the definition."""
    where: Params = {"expression": error.text, "column": error.column} if error.text else {}
    return make_problem(error.code, file=file, table=table, clause=clause, params={**where, **error.params})
