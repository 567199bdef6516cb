"""Rows and sentences of the service pages: what a level, a stretch, a claim or a finding looks like in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from contracts.attribute_words import attribute_words
from sla.rules import Level, exact_seconds, percent, shown_seconds, truncated
from sla.selectors import Event, MonthPage, Overview, SystemMonth
from sla.terms import Promise
from sla.words import length_words, local, moment_words, span_words
from web.components import Cell, Column, Row, Table, Tone
from web.words import duration_words

VERDICT_TONES: dict[str, Tone] = {"met": "ok", "failed": "bad", "unknown": ""}
DAY_CLASSES = {"ok": "", "counted": "x", "excluded": "m", "ahead": "n", "outside": "n"}


def digits_of(promise: Promise) -> int:
    """Two more decimals than the target has: 99.99 % is shown against 99.9899 %, never rounded to look met."""
    return len(promise.target_text.rstrip("%").partition(".")[2]) + 2


def level_text(level: Level, promise: Promise) -> str:
    """The availability, cut off after its last shown decimal."""
    return f"{percent(level.value, digits_of(promise))}%"


def verdict_words(level: Level) -> str:
    if level.verdict == "failed":
        return _("Below the target")
    if level.verdict == "met":
        return _("Meets the target")
    if level.running:
        return _("Not yet known: an outage goes on")
    return _("Meets the target so far; the period is not over")


# --- the month ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BarDay:
    css: str
    title: str


@dataclass(frozen=True, slots=True)
class BarRow:
    """One system's bars with its figure."""

    name: str
    title: str
    summary: str
    days: tuple[BarDay, ...]
    value: str
    tone: Tone
    url: str


def bar_rows(page: MonthPage) -> list[BarRow]:
    """A row of bars per system and commitment."""
    rows = []
    for row in page.rows:
        name = row.system.title if row.system is not None else _("Whole platform")
        bad = [day for day in row.days if day.state in ("counted", "excluded")]
        summary = _("%(name)s: %(days)s days with an outage, availability %(value)s") % {
            "name": name, "days": len(bad), "value": level_text(row.month, row.promise),
        }  # fmt: skip
        rows.append(
            BarRow(
                name=name,
                title=row.promise.title,
                summary=summary,
                days=tuple(
                    BarDay(DAY_CLASSES[day.state], _day_title(day.on, day.state, day.seconds)) for day in row.days
                ),
                value=level_text(row.month, row.promise),
                tone=VERDICT_TONES[row.month.verdict] if row.month.verdict == "failed" else "",
                url="",
            )
        )
    return rows


def _day_title(on: date, state: str, seconds: Fraction) -> str:
    words = {
        "ok": _("no outage"),
        "counted": _("outage of %(length)s") % {"length": span_words(seconds)},
        "excluded": _("excluded: %(length)s") % {"length": span_words(seconds)},
        "ahead": _("not yet over"),
        "outside": _("outside the term"),
    }
    return f"{on:%m-%d} {words[state]}"


def events_table(page: MonthPage) -> Table:
    """What counted, what was excluded and why, what is claimed without proof."""
    zone = page.contract.zone
    return Table(
        _("Counted and excluded"),
        (
            Column(_("Result")),
            Column(_("Event"), "main"),
            Column(_("System")),
            Column(_("From – until"), "date"),
            Column(_("Counted"), "num"),
        ),
        tuple(
            Row(
                (
                    Cell(_result(event), chip=True, tone=EVENT_TONES.get(event.state, "")),
                    Cell(_event_title(event), url=_event_url(event), sub=_why(event)),
                    Cell(event.system.title if event.system is not None else _("All")),
                    Cell(_between(event, zone)),
                    Cell(span_words(event.counted) if event.spell is not None else "—"),
                ),
                faded=event.state in ("refused", "withdrawn"),
            )
            for event in page.events
        ),
        _("No outage in this month"),
    )


EVENT_TONES: dict[str, Tone] = {
    "counted": "bad", "partly": "bad", "running": "warn", "excluded": "", "accepted": "", "claimed": "warn",
}  # fmt: skip


def _result(event: Event) -> str:
    if event.state == "claimed" and event.missing:
        return _("Claimed, evidence missing")
    return {
        "counted": _("Counted"),
        "partly": _("Partly counted"),
        "running": _("Goes on"),
        "excluded": _("Excluded"),
        "accepted": _("Exclusion"),
        "claimed": _("Claimed, to be decided"),
        "refused": _("Claim refused"),
        "withdrawn": _("Exclusion withdrawn"),
        "reading": _("Does not exclude under the reading chosen"),
    }[event.state]


def _event_title(event: Event) -> str:
    if event.exclusion is not None:
        return event.ground.title if event.ground is not None else event.exclusion.ground
    return event.incident.title if event.incident is not None else _("Outage")


def _event_url(event: Event) -> str:
    return reverse("web:incident", args=[event.incident.pk]) if event.incident is not None else ""


def _why(event: Event) -> str:
    code = event.incident.code if event.incident is not None else ""
    if event.exclusion is None:
        return code
    if event.state == "claimed" and event.missing:
        reason = _("counts in full until there is: %(papers)s") % {"papers": "、".join(event.missing)}
    elif event.state == "claimed":
        reason = _("counts in full until a manager accepts it")
    elif event.state == "refused":
        reason = event.exclusion.decision_note
    else:
        reason = _("%(length)s not counted") % {"length": span_words(event.whole)} if event.state == "accepted" else ""
    return " · ".join(part for part in (code, reason) if part)


def _between(event: Event, zone: str) -> str:
    start = local(event.start, zone)
    if event.end is None:
        return f"{start:%m-%d %H:%M} –"
    end = local(event.end, zone)
    same = start.date() == end.date()
    return f"{start:%m-%d %H:%M}–{end:%H:%M}" if same else f"{start:%m-%d %H:%M} – {end:%m-%d %H:%M}"


def clocks_table(page: MonthPage) -> Table:
    """The limits over the month's incidents."""
    return Table(
        _("Response and recovery"),
        (
            Column(_("Limit"), "main"),
            Column(_("Target")),
            Column(_("In time"), "num"),
            Column(_("Late"), "num"),
            Column(_("Unknown"), "num"),
            Column(_("Average"), "num"),
            Column(_("Longest"), "num"),
        ),
        tuple(
            Row(
                (
                    Cell(row.promise.title, sub=_("from: %(start)s") % {"start": attribute_words(row.start)}),
                    Cell(duration_words(row.promise.target_text)),
                    Cell(str(row.met)),
                    Cell(str(row.failed), tone="bad" if row.failed else ""),
                    Cell(str(row.unknown)),
                    Cell(minutes_text(row.mean)),
                    Cell(length_words(row.worst)),
                )
            )
            for row in page.clocks
        ),
        _("The contract sets no limits per incident"),
    )


def minutes_text(seconds: Fraction | None) -> str:
    """An average in minutes, unrounded: what does not end is cut off with an ellipsis."""
    return "—" if seconds is None else _("%(n)s min") % {"n": exact_seconds(seconds / 60, 4)}


def scopes(page: MonthPage) -> list[tuple[str, str, str, Level]]:
    """The same outages under other windows and scopes: label, figure, seconds used and allowed, level."""
    worst = page.worst
    if worst is None:
        return []
    rows: list[tuple[str, Level, Promise]] = [
        (_("This month"), worst.month, worst.promise),
        (_("Quarter"), worst.quarter, worst.promise),
        (_("Whole term"), worst.term, worst.promise),
    ]
    labels = {"month": _("Average of all systems, month"), "term": _("Average of all systems, term")}
    rows += [(labels[name], level, worst.promise) for name, level in page.average]
    for other in page.rows:
        if other.system is None and other is not worst:
            rows.append((_("Whole platform, month"), other.month, other.promise))
    return [(label, level_text(level, promise), used_text(level), level) for label, level, promise in rows]


def used_text(level: Level) -> str:
    """Seconds used of those allowed, both exact."""
    return _("%(used)s / %(allowed)s s") % {
        "used": shown_seconds(level.seconds), "allowed": shown_seconds(level.allowed),
    }  # fmt: skip


def gap_text(row: SystemMonth) -> str:
    """How far the level is from its target, in percentage points, cut off."""
    value = row.month.value
    if value is None:
        return ""
    gap = abs(row.month.target - value) * 100
    return f"{truncated(gap, digits_of(row.promise)):f}"


# --- the overview ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GridCell:
    text: str
    title: str
    css: str
    url: str


@dataclass(frozen=True, slots=True)
class GridRow:
    name: str
    sub: str
    cells: tuple[GridCell, ...]
    term: str
    term_css: str


CELL_CSS = {"met": "ok", "failed": "bad", "unknown": "open"}


def grid_rows(found: Overview, query: str) -> list[GridRow]:
    """Months × systems; a month that has not begun is empty."""
    rows = []
    for row in found.rows:
        name = row.system.title if row.system is not None else _("Whole platform")
        cells = []
        for month, level in zip(found.months, row.months, strict=True):
            url = reverse("web:sla_month", args=[found.contract.pk, f"{month:%Y-%m}"]) + query
            if level is None:
                cells.append(GridCell("", f"{month:%Y-%m}", "none", ""))
                continue
            text = level_text(level, row.promise).rstrip("%") if level.counted else "100"
            title = (
                f"{name} {month:%Y-%m}: {level_text(level, row.promise)}, {verdict_words(level)}, {used_text(level)}"
            )
            cells.append(GridCell(text, title, CELL_CSS[level.verdict], url))
        rows.append(
            GridRow(
                name, row.promise.title, tuple(cells), level_text(row.term, row.promise), CELL_CSS[row.term.verdict]
            )
        )
    return rows


# --- incidents ------------------------------------------------------------------------------------------------------


def incidents_table(rows: Sequence[Any], *, with_contract: bool, route: str = "web:incident") -> Table:
    columns = [
        Column(_("Number")),
        Column(_("What happened"), "main"),
        Column(_("Systems")),
        Column(_("Reported"), "date"),
        Column(_("Restored"), "date"),
        Column(_("State")),
    ]
    return Table(
        _("Incidents"),
        tuple(columns),
        tuple(
            Row(
                (
                    Cell(row.code, chip=True),
                    Cell(
                        row.title,
                        url=reverse(route, args=[row.pk]),
                        sub=" · ".join(
                            part
                            for part in (
                                row.contract.number if with_contract else "",
                                row.root_cause.title if row.root_cause is not None else "",
                            )
                            if part
                        ),
                    ),
                    Cell("、".join(system.title for system in row.systems.all()) or _("Whole platform")),
                    Cell(moment_words(row.reported_at, row.contract.zone)),
                    Cell(moment_words(row.restored_at, row.contract.zone)),
                    _state_cell(row),
                ),
                faded=row.withdrawn_at is not None,
                strong=row.down,
            )
            for row in rows
        ),
        _("No incident found"),
    )


def _state_cell(row: Any) -> Cell:
    if row.withdrawn_at is not None:
        return Cell(_("Withdrawn"), chip=True)
    if row.down:
        return Cell(_("Outage goes on"), chip=True, tone="bad")
    if row.waiting:
        return Cell(_("Findings to confirm"), chip=True, tone="warn")
    return (
        Cell(_("Service restored"), chip=True, tone="ok")
        if row.restored_at
        else Cell(_("Open"), chip=True, tone="info")
    )


def names(systems: Iterable[Any]) -> str:
    return "、".join(system.title for system in systems)
