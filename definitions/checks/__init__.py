"""The checks on load (rules.md §6) that go beyond what `parse_definition` itself refuses."""

from __future__ import annotations

from collections.abc import Mapping

from definitions.checks import amounts, comparisons, penalties, people, references, statements, times
from definitions.problems import Problem
from definitions.reader import Source
from engine.calendars import Calendar
from engine.definition import Definition


def check_definition(
    source: Source, definition: Definition, *, calendars: Mapping[str, Calendar]
) -> tuple[Problem, ...]:
    """Everything wrong (level "error") or worth a look (level "warning"), in the order of the checks.

    Errors refuse the load; warnings become the version's health.
    """
    return (
        *amounts.check(source, definition),
        *people.check(source, definition),
        *references.check(source, definition),
        *times.check(source, definition, calendars),
        *penalties.check(source, definition, calendars),
        *comparisons.check(source, definition, calendars),
        *statements.check(source, definition, calendars),
    )
