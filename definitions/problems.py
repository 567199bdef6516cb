"""What the loader and the checks have to say, beside what the engine says. One table of sentences for both: English
source texts with parameters, so that a stored health report can be read in either language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext

from contracts.wording import Wording
from engine import problems as engine_problems
from engine.definition import DefinitionRefused, Problem
from engine.problems import Level


def gettext_noop(text: str) -> str:
    """Marks a source text for extraction; `translated` looks it up."""
    return text


_ = gettext_noop

PROBLEMS: dict[str, tuple[str, str]] = {
    # -- files -------------------------------------------------------------------------------------------------
    "no_files": (_("There is no .toml file at {path}."), _("Name the folder or the file that holds the definition.")),
    "wrong_kind": (
        _("{path} is not a .toml file."),
        _("A definition is made of .toml files, or of one .zip archive of them. Leave this file out."),
    ),
    "bad_archive": (_("The archive cannot be read: {reason}"), _("Pack the .toml files again.")),
    "too_large": (
        _("The definition is too large: at most 200 files, 2 MB each and 8 MB together are read."),
        _("Split the file, or leave out what is not part of the definition."),
    ),
    "not_utf8": (_("Line {line} is not UTF-8 text."), _("Save the file with the encoding UTF-8.")),
    "bad_syntax": (
        _("This is not TOML (line {line}, column {column}): {found}"),
        _("Check quotes, brackets and equals signs in that line and the one before."),
    ),
    "no_such_date": (
        _("This date or time does not exist (line {line}, column {column}): {found}"),
        _("Write a day of the calendar, for example 2025-06-30."),
    ),
    "written_twice": (
        _("A table or key is written twice (line {line}, column {column}): {found}"),
        _("Keep one of the two."),
    ),
    "duplicate_table": (_("{name} is written in {other} as well."), _("Keep one of the two.")),
    "too_deep": (_("Tables or lists are nested too deeply."), _("Four levels are enough; check the brackets.")),
    "float": (_("{value} is a decimal fraction; such numbers cannot be exact."), _('Put it in quotes: "{value}".')),
    "naive_time": (_("The time {value} does not say in which zone."), _("Add the offset, for example {value}+08:00.")),
    "time_without_day": (_("{value} is a time without a day."), _("Write the day and the offset as well.")),
    # -- sums --------------------------------------------------------------------------------------------------
    "no_total": (_("The contract states no total."), _('Write total = "…" in [contract].')),
    "line_product": (
        _("{unit_price} × {quantity} is {product}, not {amount}."),
        _("Correct the unit price, the quantity or the amount."),
    ),
    "line_half_blank": (
        _("The row has some of unit price, quantity and amount, but not all three."),
        _("Give all three, a lump amount alone, or none and the bundle it is priced with."),
    ),
    "line_blank": (
        _("The row is blank and no bundle prices it."),
        _("Name its bundle, and price one row of that bundle; blank is not zero."),
    ),
    "lines_sum": (_("The rows add up to {sum}, the contract says {total}."), _("Correct the row or the total.")),
    "instalments_sum": (
        _("The instalments add up to {sum}, the contract says {total}."),
        _("Correct the amounts or the total."),
    ),
    "shares_sum": (_("The shares add up to {sum}, not to 100%."), _("Correct the shares.")),
    "share_amount": (
        _("{share} of {total} is {expected}, the instalment says {amount}."),
        _("Check both against the contract; the amount in figures counts."),
    ),
    "cumulative_falls": (
        _("After {name} the price is paid up to {before}, after this one only up to {share}."),
        _("Let cumulative rise from one instalment to the next, or write share for what each one adds."),
    ),
    "releases_exceed": (
        _("The releases come to {sum}, more than the security itself."),
        _("Correct the shares or amounts of releases; what is left is returned at the end anyway."),
    ),
    "band_overlap": (
        _("The rows {first} and {second} both hold {place}."),
        _("Let each number lie in one row: close one edge with ] or [ and open the other with ( or )."),
    ),
    "band_inverted": (
        _("The row {row} ends before it begins: it holds nothing."),
        _("Write the lower edge first."),
    ),
    "no_amount": (_("It states neither amount nor share."), _('Write amount = "…" or share = "…%".')),
    "rate_amount": (
        _("{rate} of {total} is {expected}, the security says {amount}."),
        _("Check both against the contract; the amount in figures counts."),
    ),
    "capitals_differ": (
        _("In capitals it reads {capitals}, which is {value}; the figures say {amount}."),
        _("The figures in capitals would be {expected}."),
    ),
    "capitals_unreadable": (
        _("{capitals} is not an amount in capitals."),
        _("The figures in capitals would be {expected}."),
    ),
    "negative": (_("{field} is negative: {value}."), _("Correct the sign.")),
    "minor_units": (
        _("{amount} has more decimals than {currency} has."),
        _("Write at most {digits} decimals."),
    ),
    "too_large_figure": (
        _("{value} ({field}) is above {limit}, the most that is kept to the last digit."),
        _("Correct the figure; check which unit it is in."),
    ),
    "unknown_currency": (_("{currency} is not a currency code."), _("Write three capital letters, such as CNY.")),
    "foreign_currency": (
        _("{found} is not in the contract's currency, {currency}."),
        _("State the amount in {currency}, or the rate of conversion."),
    ),
    # -- references and people -----------------------------------------------------------------------------------
    "unknown_clause": (
        _("Clause {clause} is not in the table of clauses."),
        _('Correct the reference, or add [clause."{clause}"].'),
    ),
    "unknown_role": (_("There is no role {name}."), _("Use one of: {options}.")),
    "no_buyer_vendor": (
        _('The contract needs exactly one party with role = "{role}", it has {count}.'),
        _("Correct the roles of the parties."),
    ),
    "nobody_records": (
        _("Nobody is named who records it: what depends on it stays pending."),
        _('Write recorder = "IT" (or another role).'),
    ),
    "empty_chain": (_("Nobody stands above the role that is reminded."), _('Write chain = ["MGR"].')),
    # -- time ----------------------------------------------------------------------------------------------------
    "term_order": (_("The term ends on {end}, before it starts on {start}."), _("Correct start and end.")),
    "no_term": (_("The contract states no term."), _("Write [term.service] with start and end.")),
    "coverage": (
        _("The calendar {calendar} is published up to {last}; these deadlines count beyond it: {duties}."),
        _("They are provisional. Enter the calendar of the year once the notice is published."),
    ),
    "calendar_days_roll": (
        _("The text says calendar days, the deadline {expression} would be moved to a working day."),
        _("Write calendar_days if it must not move."),
    ),
    "security_short": (
        _("The security is valid until {until}, before the term ends on {end}."),
        _("Check the date against the contract."),
    ),
    # -- the contract's own statements -----------------------------------------------------------------------------
    "check_failed": (_("{text} This does not hold: {that}."), _("Correct the figures, or the statement.")),
    "check_noted": (
        _("{text} ({that})"),
        _("The contract itself says so: settle it with the other party where it matters."),
    ),
    "check_unknown": (
        _("The statement cannot be decided yet: {that}."),
        _("It is looked at again when amounts are evaluated."),
    ),
    # -- facts -----------------------------------------------------------------------------------------------------
    "bad_fact": (_("{reason}"), _("Correct the fact; docs/rules/facts.md shows each kind.")),
    "missing_key": (_("{name} is missing."), _("Add {name}.")),
    "unknown_key": (_("There is no field {name} here."), _("{suggestion}Correct or remove it.")),
    "wrong_type": (_("{name} must be {expected}."), _("Correct {name}.")),
    "no_facts": (_("The facts {path} cannot be read."), _("Name a .toml file of facts that exists.")),
    "bad_as_of": (_("{value} is not a date."), _("Write a day as 2025-06-30.")),
    "no_contract": (_("The definition names no contract number, title, buyer and vendor."), _("Fill in [contract].")),
}
# The engine renders a problem from its own table; the loader's sentences join it, so that one call renders both.
engine_problems.PROBLEMS.update(PROBLEMS)

__all__ = ["DefinitionRefused", "Problem", "from_json", "make_problem", "refused", "to_json", "translated"]


def make_problem(
    code: str, *, file: str = "", table: str = "", clause: str = "", level: str = "error", **values: object
) -> Problem:
    """A problem of a known code; `values` fill its sentences. Raises KeyError for an unknown code."""
    known: Level = "error" if level == "error" else "warning"
    return engine_problems.make_problem(code, file=file, table=table, clause=clause, level=known, params=values)


def refused(*problems: Problem) -> DefinitionRefused:
    """The exception that carries problems."""
    return DefinitionRefused(tuple(problems))


def translated(problem: Problem) -> tuple[str, str]:
    """Text and remedy in the reader's language; as stored if the code is no longer known."""
    if problem.code not in engine_problems.PROBLEMS:
        return problem.text, problem.remedy
    return problem.translated(gettext)


def to_json(problem: Problem) -> dict[str, Any]:
    """A problem as a version's health keeps it: the engine's shape, with what is needed to say it again."""
    return {
        **problem.to_json(),
        "file": problem.file,
        "table": problem.table,
        "params": {key: str(value) for key, value in problem.params.items()},
    }


def from_json(data: Mapping[str, Any]) -> Problem:
    """The problem of a stored health row."""
    return Problem(
        code=str(data["code"]),
        file=str(data.get("file", "")),
        table=str(data.get("table", "")),
        clause=str(data.get("clause", "")),
        text=str(data.get("text", "")),
        remedy=str(data.get("remedy", "")),
        level="error" if data.get("level") == "error" else "warning",
        params=dict(data.get("params", {})),
    )


# What a problem's parameters hold, so that a reader gets it in words: expressions, or ranges of a table.
EXPRESSIONS = {"severe": " / ", "light": " / ", "between": " / ", "that": None}
RANGES = {"places": "; ", "neighbours": "; "}


def _in_words(problem: Problem, wording: Wording) -> Problem:
    """The problem with its expressions and ranges in the words of the definition."""
    params = dict(problem.params)
    for names, say in ((EXPRESSIONS, wording.words), (RANGES, wording.stretch)):
        for name, between in names.items():
            if name in params:
                parts = str(params[name]).split(between) if between else [str(params[name])]
                params[name] = gettext("; ").join(dict.fromkeys(say(part) for part in parts))
    return replace(problem, params=params)


def health_rows(stored: Iterable[Mapping[str, Any]], wording: Wording | None = None) -> list[dict[str, str]]:
    """Stored health in the reader's language: level, code, file, table, clause, text, remedy; errors first. With
    `wording` its expressions and ranges are put in words."""
    rows = []
    for entry in stored:
        found = from_json(entry)
        if wording is not None:
            found = _in_words(found, wording)
        text, remedy = translated(found)
        rows.append(
            {
                "level": found.level,
                "code": found.code,
                "file": found.file,
                "table": found.table,
                "clause": found.clause,
                "text": text,
                "remedy": remedy,
            }
        )
    return sorted(rows, key=lambda row: (row["level"] != "error", row["file"], row["table"]))
