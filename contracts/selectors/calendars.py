"""The engine's calendars from the stored years."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from accounts import policy
from accounts.scoping import Viewer
from contracts.models import CalendarYear, Contract
from engine.calendars import Calendar, build_calendar

ZONES = {"CN": "Asia/Shanghai"}


def end_of_day(day: date, zone: str) -> datetime:
    """The instant at which `day` ends in `zone`, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=64)
def _build(code: str, stored: tuple[tuple[int, datetime], ...]) -> Calendar:
    """Stored years never change once active, so their calendar can be kept. `stored` is the key and the moment of
    recording: a row that was rolled back may leave its key to another."""
    rows = sorted(CalendarYear.objects.filter(pk__in=[pk for pk, _at in stored]), key=lambda row: row.year)
    rest: set[date] = set()
    work: set[date] = set()
    names: dict[date, str] = {}
    for row in rows:
        for days, into in ((row.rest, rest), (row.work, work)):
            for text, name in days:
                day = date.fromisoformat(text)
                into.add(day)
                names[day] = name
    return build_calendar(
        code=code,
        zone=ZONES.get(code, "Asia/Shanghai"),
        rest=rest,
        work=work,
        names=names,
        first=date(rows[0].year, 1, 1),
        last=date(rows[-1].year, 12, 31),
        source="; ".join(dict.fromkeys(row.source for row in rows)),
    )


def calendars_for(contract: Contract, *, known_on: date | None = None) -> Mapping[str, Calendar]:
    """The calendars a contract may count by, under their codes: what is believed now, or at the end of `known_on`.

    The coverage is the unbroken run of years up to the last one; a year beyond a gap does not count yet.
    """
    if known_on is None:
        believed = Q(state=CalendarYear.State.ACTIVE)
    else:
        moment = end_of_day(known_on, contract.zone)
        believed = (
            Q(state__in=(CalendarYear.State.ACTIVE, CalendarYear.State.SUPERSEDED))
            & (Q(active_from=None) | Q(active_from__lt=moment))
            & (Q(superseded_at=None) | Q(superseded_at__gte=moment))
        )
    return _calendars(believed)


def _calendars(believed: Q) -> Mapping[str, Calendar]:
    rows = CalendarYear.objects.filter(believed).order_by("code", "year")
    return _built(rows.values_list("code", "year", "pk", "recorded_at"))


def _built(rows: Iterable[tuple[str, int, int, datetime]]) -> Mapping[str, Calendar]:
    """The calendars of rows in the order of code and year."""
    runs: dict[str, list[tuple[int, tuple[int, datetime]]]] = {}
    for code, year, pk, recorded_at in rows:
        run = runs.setdefault(code, [])
        if not run or run[-1][0] + 1 == year:
            run.append((year, (pk, recorded_at)))
    return {code: _build(code, tuple(stored for _year, stored in run)) for code, run in runs.items()}


def years_and_calendars_now() -> tuple[list[int], Mapping[str, Calendar]]:
    """The ids of the years believed now, to be kept with what is computed by them, and their calendars. One
    statement."""
    rows = CalendarYear.objects.filter(state=CalendarYear.State.ACTIVE).order_by("code", "year")
    found = list(rows.values_list("code", "year", "pk", "recorded_at"))
    return sorted(pk for _code, _year, pk, _at in found), _built(found)


def calendars_of(years: Collection[int]) -> Mapping[str, Calendar]:
    """The calendars made of these years (`years_and_calendars_now`), whatever is believed today."""
    return _calendars(Q(pk__in=years))


def calendars_now() -> Mapping[str, Calendar]:
    """The calendars believed now, for a definition that belongs to no contract yet."""
    return _calendars(Q(state=CalendarYear.State.ACTIVE))


def coverage_end(contract: Contract) -> date | None:
    """The last day for which the contract's calendar holds published data; None without a calendar."""
    calendar = calendars_for(contract).get(contract.calendar_code)
    return calendar.last if calendar else None


def calendar_years(*, viewer: Viewer, code: str = "CN") -> QuerySet[CalendarYear]:
    """Every version of every year, newest first: proposals, what is in force, and what was."""
    policy.require(viewer, "calendar.read")
    return CalendarYear.objects.filter(code=code).select_related("proposed_by", "approved_by")


def calendar_get(pk: int, *, viewer: Viewer) -> CalendarYear:
    """One version of one year. Raises NotVisible."""
    found = calendar_years(viewer=viewer, code="CN").filter(pk=pk).first()
    if found is None:
        raise policy.NotVisible("")
    return found
