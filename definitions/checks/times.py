"""Time: terms that run forward, calendars that exist and reach far enough, calendar days that would be moved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from definitions.problems import Problem, make_problem
from definitions.reader import Source
from engine.calendars import Calendar
from engine.definition import Definition
from engine.evaluation import evaluate
from engine.facts import FactStore
from engine.language.errors import suggestion
from engine.language.syntax import Quantity
from engine.world import FactWorld

CALENDAR_DAYS = re.compile(r"自然日|calendar days?|natural days?", re.IGNORECASE)
# Units whose forward offsets the profile moves to a working day; calendar_days are never moved.
ROLLED = ("days", "weeks", "months", "years")


def check(source: Source, definition: Definition, calendars: Mapping[str, Calendar]) -> Iterator[Problem]:
    """Every doubt about time. `calendars` are the published ones, by code."""
    known = {**calendars, **definition.calendars}
    missing = list(_calendars(source, definition, known))
    yield from missing
    if missing:
        return
    yield from _calendar_days(source, definition)
    edges = _terms(definition, calendars)
    if not edges:
        yield make_problem("no_term", file=source.file_of("contract"), table="term", level="warning")
        return
    for name, (start, end) in edges.items():
        if start is not None and end is not None and end < start:
            yield make_problem(
                "term_order", file=source.file_of("term", name), table=f"term.{name}",
                clause=definition.terms[name].clause, start=start, end=end,
            )  # fmt: skip
    last = max((end for _start, end in edges.values() if end is not None), default=None)
    if last is None:
        return
    for name, security in definition.securities.items():
        if security.valid_until is not None and security.valid_until < last:
            yield make_problem(
                "security_short", file=source.file_of("security", name), table=f"security.{name}",
                clause=security.clause, level="warning", until=security.valid_until, end=last,
            )  # fmt: skip
    yield from _coverage(source, definition, calendars, last)


def _calendars(source: Source, definition: Definition, known: Mapping[str, Calendar]) -> Iterator[Problem]:
    own = definition.contract.calendar
    if own not in known:
        yield make_problem(
            "unknown_calendar", file=source.file_of("contract"), table="contract", name=own,
            suggestion=suggestion(own, known),
        )  # fmt: skip
    for name, duty in definition.duties.items():
        trees = duty.expressions.values()
        codes = {node.calendar for tree in trees for node in tree.walk() if isinstance(node, Quantity)}
        for code in sorted(codes - {"", *known}):
            yield make_problem(
                "unknown_calendar", file=source.file_of("duty", name), table=f"duty.{name}", clause=duty.clause,
                name=code, suggestion=suggestion(code, known),
            )  # fmt: skip


def _calendar_days(source: Source, definition: Definition) -> Iterator[Problem]:
    """自然日 in the words, `days` in the expression: the profile would move a Sunday to Monday, the words do not."""
    if definition.profile.roll == "none":
        return
    for name, duty in definition.duties.items():
        if duty.due is None or not CALENDAR_DAYS.search(duty.deadline_text):
            continue
        counts = [node for node in duty.due.walk() if isinstance(node, Quantity) and node.unit in ROLLED]
        if counts:
            yield make_problem(
                "calendar_days_roll", file=source.file_of("duty", name), table=f"duty.{name}", clause=duty.clause,
                level="warning", expression=str(duty.data.get("due", "")), column=counts[0].column,
            )  # fmt: skip


def _terms(definition: Definition, calendars: Mapping[str, Calendar]) -> dict[str, tuple[date | None, date | None]]:
    """First and last day of every term, as far as they are known without facts."""
    world = FactWorld(definition, FactStore(), calendars, date.max.replace(year=9000), None, {})
    edges = {}
    for name in definition.terms:
        start, end = world.term(name, "start").value, world.term(name, "end").value
        edges[name] = (
            world.zone.day_of(start) if start is not None else None,
            world.zone.day_of(end) if end is not None else None,
        )
    return edges


def _coverage(
    source: Source, definition: Definition, calendars: Mapping[str, Calendar], last: date
) -> Iterator[Problem]:
    """Deadlines that, without any fact, already count into years whose calendar is not published."""
    calendar = {**calendars, **definition.calendars}[definition.contract.calendar]
    duties = definition.duties
    results = evaluate(definition, FactStore(), calendars=calendars, as_of=last, only=duties).deadlines
    beyond = [
        result.id
        for result in results
        if result.state == "provisional" and result.low is not None and _day(result.low) > calendar.last
    ]
    if beyond:
        yield make_problem(
            "coverage", file=source.file_of("duty", beyond[0]), table=f"duty.{beyond[0]}", level="warning",
            calendar=calendar.code, last=calendar.last, duties=", ".join(dict.fromkeys(beyond)),
        )  # fmt: skip


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
