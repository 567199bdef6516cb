"""The contract on another day, or as it was known on one: not from columns but from the facts, through the engine.

Exact by construction: the same evaluation that filled the columns runs again with the facts seen as of that day, the
calendars and the definition believed then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from accounts.scoping import Viewer
from contracts.models import Contract
from contracts.selectors import today_for
from contracts.selectors.calendars import end_of_day
from engine.evaluation import DeadlineResult
from obligations.models import DueVersion, Obligation, Submission
from obligations.reckoning import NoDefinition, done_of, figures_of, grounds_for, reckon, title_of
from obligations.rules import Figures, is_told, key_text
from obligations.selectors.rows import MissingFact, ObligationRow, Overlay, build_row, list_rows


@dataclass(frozen=True)
class Replayed:
    """One obligation of the replay with the engine's answer (None for register rows)."""

    row: ObligationRow
    obligation: Obligation
    result: DeadlineResult | None


def is_live(contract: Contract, as_of: date, known_on: date | None) -> bool:
    """True if the stored columns answer: today, with all that is known."""
    return known_on is None and as_of == today_for(contract)


def replay(
    contract: Contract,
    *,
    viewer: Viewer,
    as_of: date,
    known_on: date | None = None,
    only: Iterable[str] | None = None,
) -> list[Replayed]:
    """Every obligation that existed then, in due order. Five statements, whatever the number of rows, and one where
    days were set in cases and claims."""
    try:
        grounds = grounds_for(contract, known_on=known_on)
    except NoDefinition:
        return []
    wanted = None if only is None else list(only)
    duties = None if wanted is None else [name for name in wanted if name in grounds.definition.duties]
    results = {
        (result.id, key_text(result.key)): result
        for result in reckon(grounds, as_of=as_of, known_on=known_on, only=duties).deadlines
    }
    stored = Obligation.objects.visible_to(viewer).filter(contract=contract)
    if wanted is not None:
        stored = stored.filter(duty__in=wanted)
    moment = end_of_day(as_of if known_on is None else min(as_of, known_on), contract.zone)
    in_review = frozenset(
        Submission.objects.filter(obligation__contract=contract, submitted_at__lt=moment)
        .filter(Q(reviewed_at=None) | Q(reviewed_at__gte=moment))
        .values_list("obligation_id", flat=True)
    )
    found = []
    rows = list(list_rows(stored))
    told = _told_then([row for row in rows if is_told(row.duty)], moment)
    for obligation in rows:
        if is_told(obligation.duty):
            version = told.get(obligation.pk)
            if version is not None:
                overlay = _told_overlay(obligation, version, as_of)
                found.append(
                    Replayed(build_row(obligation, viewer=viewer, as_of=as_of, overlay=overlay), obligation, None)
                )
            continue
        result = results.get((obligation.duty, obligation.key_text))
        if result is None and (obligation.key_text or obligation.duty not in grounds.definition.duties):
            continue  # its incident, guarantee … had not happened, or was not known
        if result is None:
            arises = tuple(MissingFact(entry["name"], entry["title"]) for entry in obligation.missing)
            overlay = Overlay(Figures("pending", missing=tuple(f.name for f in arises)), "standing", None, None, arises)
        else:
            figures = figures_of(result, contract.zone)
            done_on, done_at = done_of(result, contract.zone)
            missing = tuple(MissingFact(name, title_of(grounds.definition, name)) for name in figures.missing)
            state = "open"
            if obligation.waived_at is not None and obligation.waived_at < moment:
                state = "waived"
            elif done_on is not None:
                state = "done"
            elif obligation.tracking == "standing" and figures.due_state == "never":
                state = "standing"
            elif obligation.pk in in_review:
                state = "submitted"
            overlay = Overlay(figures, state, done_on, done_at, missing)
        found.append(Replayed(build_row(obligation, viewer=viewer, as_of=as_of, overlay=overlay), obligation, result))
    found.sort(key=lambda one: due_order(one.row))
    return found


def _told_then(rows: Collection[Obligation], moment: datetime) -> Mapping[int, DueVersion]:
    """The day that was set by then, by obligation."""
    if not rows:
        return {}
    versions = DueVersion.objects.filter(obligation__in=[row.pk for row in rows], recorded_at__lt=moment)
    return {version.obligation_id: version for version in versions.order_by("number")}


def _told_overlay(obligation: Obligation, version: DueVersion, as_of: date) -> Overlay:
    """A day that was set in a case or claim, as it stood: done once it was, over once it had passed unneeded."""
    figures = Figures(version.state, version.due_on, version.due_at)
    done_on = obligation.done_on if obligation.done_on is not None and obligation.done_on <= as_of else None
    passed = version.due_on is not None and version.due_on < as_of
    over = obligation.state == Obligation.State.CLOSED and passed
    return Overlay(figures, "done" if done_on else "closed" if over else "open", done_on, None, ())


def due_order(row: ObligationRow) -> tuple[bool, float, int]:
    """The order of lists: dated first, by moment, then id."""
    return (row.due_at is None, row.due_at.timestamp() if row.due_at is not None else 0.0, row.pk)
