"""Working calendars: the published years are seeded; corrections and new years are proposed by one person, approved
by another, and kept as versions, so that "as known on" finds what was believed then (register D-02, D-03)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal, policy
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import CalendarYear
from engine import calendars_cn


def calendars_seed(**_kwargs: Any) -> None:
    """Write every published year of mainland China that is not there yet. Runs after every migrate; two statements.

    A seeded year has no `active_from`: the data set does not say when each notice came out, so it counts as known
    from the beginning.
    """
    present = set(CalendarYear.objects.filter(code=calendars_cn.CODE).values_list("year", flat=True))
    missing = [year for year in calendars_cn.published_years() if year not in present]
    if not missing:
        return
    calendar = calendars_cn.china_official()
    now = timezone.now()

    def days(of: Iterable[date], year: int) -> list[list[str]]:
        return [[day.isoformat(), calendar.names.get(day, "")] for day in sorted(of) if day.year == year]

    CalendarYear.objects.bulk_create(
        [
            CalendarYear(
                code=calendars_cn.CODE,
                year=year,
                state=CalendarYear.State.ACTIVE,
                rest=days(calendar.rest, year),
                work=days(calendar.work, year),
                source=calendar.source,
                recorded_at=now,
            )
            for year in missing
        ],
        ignore_conflicts=True,
    )


def _checked(year: int, rest: Mapping[date, str], work: Mapping[date, str]) -> None:
    outside = [day for day in (*rest, *work) if day.year != year]
    if outside:
        raise Refused(
            _("%(day)s does not lie in %(year)s. Enter each year's days in that year.")
            % {"day": min(outside), "year": year},
            "rest",
        )
    both = set(rest) & set(work)
    if both:
        raise Refused(_("%(day)s is listed as a rest day and as a working day. Keep one.") % {"day": min(both)}, "work")
    weekdays = [day for day in work if day.isoweekday() <= 5]
    if weekdays:
        raise Refused(
            _("%(day)s is a weekday already; list only weekend days that are worked.") % {"day": min(weekdays)},
            "work",
        )
    if not rest:
        raise Refused(_("List the public holidays; a year without any cannot be right."), "rest")


def calendar_propose(
    *,
    actor: Viewer,
    year: int,
    rest: Mapping[date, str],
    work: Mapping[date, str],
    source: str,
    code: str = calendars_cn.CODE,
) -> CalendarYear:
    """Propose a year's rest days and make-up working days (each with the holiday's name), naming the notice.

    Nothing changes until another person approves. Raises Refused for days outside the year, days in both lists,
    working days that are weekdays anyway, or a missing source.
    """
    policy.require(actor, "calendar.propose")
    source = " ".join(source.split())
    if not source:
        raise Refused(_("Name the notice the days come from (number and date)."), "source")
    if not 1990 <= year <= 2200:
        raise Refused(_("Enter a year between 1990 and 2200."), "year")
    _checked(year, rest, work)
    with transaction.atomic():
        last = CalendarYear.objects.filter(code=code, year=year).aggregate(last=Max("version"))["last"] or 0
        try:
            with transaction.atomic():
                row = CalendarYear.objects.create(
                    code=code,
                    year=year,
                    version=last + 1,
                    state=CalendarYear.State.PROPOSED,
                    rest=[[day.isoformat(), rest[day]] for day in sorted(rest)],
                    work=[[day.isoformat(), work[day]] for day in sorted(work)],
                    source=source[:300],
                    recorded_at=timezone.now(),
                    proposed_by_id=actor.user_id,
                )
        except IntegrityError as error:
            raise Refused(_("Somebody else has just proposed this year. Look at that proposal first.")) from error
        journal.record(
            actor,
            "calendar.propose",
            row,
            chain=journal.ACCOUNTS_CHAIN,
            after={"code": code, "year": year, "version": row.version, "rest": row.rest, "work": row.work},
            reason=source,
        )
    return row


def calendar_decide(*, actor: Viewer, calendar: CalendarYear, approve: bool, note: str = "") -> CalendarYear:
    """Approve or reject a proposed year. The approver is never the proposer; the version it replaces is kept.

    The caller re-evaluates the contracts that use the calendar (fact name `calendar.<code>`), in this transaction.
    Raises Refused if it was decided already or by its proposer, or if a rejection gives no reason.
    """
    policy.require(actor, "calendar.approve")
    if not approve and not note.strip():
        raise Refused(_("Say why the proposal is rejected."), "note")
    with transaction.atomic():
        row = CalendarYear.objects.select_for_update().get(pk=calendar.pk)
        if row.state != CalendarYear.State.PROPOSED:
            raise Refused(_("This proposal has been decided already. Reload the page."))
        if row.proposed_by_id is not None and row.proposed_by_id == actor.user_id:
            raise Refused(_("You proposed this calendar; another person must approve it."))
        now = timezone.now()
        if approve:
            CalendarYear.objects.filter(code=row.code, year=row.year, state=CalendarYear.State.ACTIVE).update(
                state=CalendarYear.State.SUPERSEDED, superseded_at=now
            )
            row.state, row.active_from = CalendarYear.State.ACTIVE, now
        else:
            row.state = CalendarYear.State.REJECTED
        row.approved_by_id = actor.user_id
        row.save(update_fields=["state", "active_from", "approved_by"])
        journal.record(
            actor,
            "calendar.approve" if approve else "calendar.reject",
            row,
            chain=journal.ACCOUNTS_CHAIN,
            before={"state": "proposed"},
            after={"state": row.state},
            reason=note,
        )
    return row
