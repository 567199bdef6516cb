"""One month of a contract's service, as its page and its papers show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import Exists, F, Q, QuerySet

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.models import Contract, Fact, InformationSystem
from engine.intervals import Interval, clip, subtract, total, union
from engine.language.spans import Zone
from sla.models import Exclusion, Finding, Incident, Spell
from sla.rules import (
    Clock,
    Downtime,
    Level,
    Stretch,
    Window,
    clock,
    downtime,
    level,
    mean,
    microseconds,
    month_of,
    next_month,
    window,
)
from sla.selectors.availability import (
    Grid,
    Known,
    Outlook,
    Place,
    grid,
    mean_of,
    outlook,
    spells_known,
    summed,
)
from sla.terms import Ground, Promise, promises


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one system. `state`: ok, counted, excluded, running, ahead (not yet seen) or outside (the term)."""

    on: date
    state: str
    seconds: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class SystemMonth:
    """A system's month (None: the platform): its level now, and beside it the quarter's and the term's so far."""

    system: InformationSystem | None
    promise: Promise
    month: Level
    quarter: Level
    term: Level
    days: tuple[Day, ...]
    spells: tuple[Interval, ...] = ()
    whole: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Event:
    """A stretch of the month: how much of it counts and, if it does not, why."""

    spell: Spell | None
    exclusion: Exclusion | None
    incident: Incident | None
    system: InformationSystem | None
    start: datetime
    end: datetime | None
    whole: Fraction
    counted: Fraction
    state: str
    ground: Ground | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockMonth:
    """A limit over the month's incidents: how many were met, failed or are not known; the average, unrounded."""

    promise: Promise
    start: str
    met: int
    failed: int
    unknown: int
    mean: Fraction | None
    worst: timedelta | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure people enter: the commitment, and the month's entry by system code ("" where it has no system)."""

    promise: Promise
    entries: Mapping[str, Fact]


@dataclass(frozen=True)
class MonthPage:
    """Everything of a month. `first` is its first day; earlier and later months of the term, if there are any."""

    contract: Contract
    seen: Outlook
    first: date
    window: Window
    earlier: date | None
    later: date | None
    rows: tuple[SystemMonth, ...]
    average: tuple[tuple[str, Level], ...]
    events: tuple[Event, ...]
    clocks: tuple[ClockMonth, ...]
    figures: tuple[Figure, ...]
    incidents: int

    @property
    def finished(self) -> bool:
        return self.seen.now >= self.window.span.end

    @property
    def worst(self) -> SystemMonth | None:
        """The row that decides the month: failed before unknown before met, then the one that used most."""
        rank = {"failed": 0, "unknown": 1, "met": 2}
        return min(self.rows, key=lambda row: (rank[row.month.verdict], -(row.month.used or Fraction(0))), default=None)


def quarter_of(month: date) -> tuple[date, ...]:
    """The first days of the calendar quarter's months."""
    first = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    second = next_month(first)
    return first, second, next_month(second)


def month_page(
    contract: Contract, month: date, *, viewer: Viewer, as_of: date, known_on: date | None = None
) -> MonthPage:
    """The month that begins on `month`, as seen at the end of `as_of`, by what was known on `known_on`.

    Seven statements whatever the number of rows. Raises NotVisible, or LookupError for a month outside the term.
    """
    require(viewer, "incident.read", contract)
    seen = outlook(contract, as_of=as_of, known_on=known_on)
    term = seen.months()
    if month not in term:
        raise LookupError(month)
    place = term.index(month)
    around = seen.window(month)
    known = _spells(seen, around.span)
    spells = [spell for spell in known if spell.starts_at < around.span.end and not _over(spell, around.span.start)]
    claimed = _claims(seen, Interval(seen.window(term[0]).span.start, seen.window(term[-1]).span.end))
    in_force = [(claim.row.system_id, claim.row.starts_at, claim.row.ends_at) for claim in claimed if claim.accepted]
    claims = [
        claim for claim in claimed if claim.row.starts_at < around.span.end and claim.row.ends_at > around.span.start
    ]
    table = grid(seen, term, known=Known(known, in_force))
    quarter = [each for each in quarter_of(month) if each in term]
    rows = tuple(_rows(seen, month, around, spells, claims, table, quarter))
    moments = _moments(seen, around.span)
    return MonthPage(
        contract=contract,
        seen=seen,
        first=month,
        window=around,
        earlier=term[place - 1] if place else None,
        later=term[place + 1] if place + 1 < len(term) else None,
        rows=rows,
        average=_average(seen, month, table, term),
        events=tuple(_events(seen, around.span, spells, claims)),
        clocks=tuple(_clocks(seen, moments)),
        figures=_figures(seen, month),
        incidents=len(moments),
    )


# --- what is read ---------------------------------------------------------------------------------------------------


def _over(spell: Spell, moment: datetime) -> bool:
    """Whether the stretch had ended by the moment."""
    return spell.ends_at is not None and spell.ends_at <= moment


def _spells(seen: Outlook, span: Interval) -> list[Spell]:
    """The month's outages with their incidents, and all of the systems (or the platform) that something goes on in: one
    statement."""
    rows = spells_known(seen)
    month = Q(starts_at__lt=span.end) & (Q(ends_at=None) | Q(ends_at__gt=span.start))
    if not seen.live:
        going = spells_known(seen).filter(ends_at=None)
        month |= Q(system__in=going.exclude(system=None).values("system"))
        month = month | (Q(system=None) & Q(Exists(going.filter(system=None))))
    return list(rows.filter(month).select_related("incident").order_by("starts_at", "pk"))


@dataclass(frozen=True, slots=True)
class _Claim:
    row: Exclusion
    papers: frozenset[str]
    accepted: bool


def _claims(seen: Outlook, span: Interval) -> list[_Claim]:
    """The exclusions claimed for the month, each with the papers that are there; one statement."""
    rows: QuerySet[Any] = Exclusion.objects.filter(
        contract=seen.contract, starts_at__lt=span.end, ends_at__gt=span.start
    )
    found: dict[int, tuple[Exclusion, set[str]]] = {}
    # one row per paper; a claim without any comes once
    for row in rows.select_related("incident").annotate(paper_name=F("papers__name")):
        entry = found.setdefault(row.pk, (row, set()))
        if row.paper_name:
            entry[1].add(row.paper_name)
    holding = set(seen.holding)
    limit = seen.known_limit
    claims = []
    for row, papers in found.values():
        if limit is not None and row.recorded_at >= limit:
            continue
        accepted = row.in_force(limit) and row.ground in holding
        claims.append(_Claim(row, frozenset(papers), accepted))
    return sorted(claims, key=lambda claim: (claim.row.starts_at, claim.row.pk))


def _moments(seen: Outlook, span: Interval) -> dict[Incident, dict[str, Any]]:
    """The latest findings of the incidents reported in the month, by name; one statement."""
    standing = Q(incident__withdrawn_at=None)
    if seen.known_limit is not None:
        standing |= Q(incident__withdrawn_at__gte=seen.known_limit)
    rows = Finding.objects.filter(
        standing, contract=seen.contract, state=Finding.State.CONFIRMED,
        incident__reported_at__gte=span.start, incident__reported_at__lt=span.end,
    )  # fmt: skip
    if seen.known_limit is not None:
        rows = rows.filter(known_at__lt=seen.known_limit)
    found: dict[Incident, dict[str, Any]] = {}
    for row in rows.select_related("incident").order_by("known_at", "pk"):
        found.setdefault(row.incident, {})[row.name] = row.value
    return found


def _figures(seen: Outlook, month: date) -> tuple[Figure, ...]:
    """The confirmed figures of the month, of the commitments that rest on such; no statement without any."""
    wanted = [promise for promise in promises(seen.definition) if promise.sort == "figure"]
    if not wanted:
        return ()
    rows = Fact.objects.filter(
        contract=seen.contract, kind=Fact.Kind.SERIES, name__in=[promise.series for promise in wanted],
        period=f"{month:%Y-%m}", state=Fact.State.CONFIRMED,
    )  # fmt: skip
    if seen.known_limit is not None:
        rows = rows.filter(known_at__lt=seen.known_limit)
    latest: dict[str, dict[str, Fact]] = {}
    for row in rows.order_by("known_at", "pk"):
        latest.setdefault(row.name, {})[(row.key or {}).get("system", "")] = row
    return tuple(Figure(promise, latest.get(promise.series, {})) for promise in wanted)


# --- what follows ---------------------------------------------------------------------------------------------------


def _rows(
    seen: Outlook,
    month: date,
    around: Window,
    spells: Sequence[Spell],
    claims: Sequence[_Claim],
    table: Grid,
    quarter: Sequence[date],
) -> Iterable[SystemMonth]:
    days = [around.first + timedelta(days=count) for count in range((around.last - around.first).days + 1)]
    windows = [window(day, day, seen.zone) for day in days]
    for promise in seen.availability():
        places: Sequence[InformationSystem | None] = (None,) if promise.of_platform else seen.systems
        for system in places:
            place: Place = system.pk if system is not None else None
            own = [
                Stretch(spell.starts_at, spell.ends_at)
                for spell in spells
                if spell.system_id == place and spell.kind == promise.spells
            ]
            holes = [
                Interval(claim.row.starts_at, claim.row.ends_at)
                for claim in claims
                if claim.accepted and claim.row.system_id in (None, place)
            ]
            down = downtime(own, holes, around.span, now=seen.now, reduce=seen.reduce)
            yield SystemMonth(
                system=system,
                promise=promise,
                month=_level(seen, down, promise, around),
                quarter=_level(seen, summed(seen, place, table, quarter), promise, seen.window(quarter[-1])),
                term=_level(seen, summed(seen, place, table, seen.months()), promise, seen.window(seen.months()[-1])),
                days=tuple(_day(seen, day, own, holes) for day in windows),
                spells=down.spells,
                whole=Fraction(down.whole, 1_000_000),
            )


def _level(seen: Outlook, down: Downtime, promise: Promise, last: Window) -> Level:
    assert promise.ratio is not None
    return level(down, promise.ratio, finished=seen.now >= last.span.end)


def _day(seen: Outlook, day: Window, spells: Sequence[Stretch], holes: Sequence[Interval]) -> Day:
    if day.span.start >= seen.now:
        return Day(day.first, "ahead")
    down = downtime(spells, holes, day.span, now=seen.now)
    if not down.whole:
        return Day(day.first, "ok")
    state = "counted" if down.counted else "excluded"
    return Day(day.first, state, Fraction(down.counted or down.whole, 1_000_000))


def _average(seen: Outlook, month: date, table: Grid, term: Sequence[date]) -> tuple[tuple[str, Level], ...]:
    """All systems with equal weights, for the month and for the term: the scope may decide the verdict (D-52)."""
    promise = next((each for each in seen.availability() if not each.of_platform), None)
    if promise is None or len(seen.systems) < 2:
        return ()
    keys = [system.pk for system in seen.systems]
    return (
        ("month", _level(seen, mean_of([table.of(key, month) for key in keys]), promise, seen.window(month))),
        (
            "term",
            _level(seen, mean_of([summed(seen, key, table, term) for key in keys]), promise, seen.window(term[-1])),
        ),
    )


def _events(seen: Outlook, span: Interval, spells: Sequence[Spell], claims: Sequence[_Claim]) -> Iterable[Event]:
    """Every stretch of the month with what counts of it; then what is claimed not to count."""
    systems = {system.pk: system for system in seen.systems}
    for spell in spells:
        if spell.starts_at >= seen.now or spell.starts_at >= span.end:
            continue
        end = min(spell.ends_at or seen.now, seen.now)
        inside = clip([Interval(spell.starts_at, end)], span)
        if not inside:
            continue
        holes = [
            Interval(claim.row.starts_at, claim.row.ends_at)
            for claim in claims
            if claim.accepted and claim.row.system_id in (None, spell.system_id)
        ]
        whole, counted = _seconds(inside), _seconds(subtract(inside, union(holes)))
        going = spell.ends_at is None or spell.ends_at > seen.now
        state = "running" if going else "counted" if counted == whole else "partly" if counted else "excluded"
        yield Event(spell, None, spell.incident, systems.get(spell.system_id or 0), spell.starts_at,
                    None if going else spell.ends_at, whole, counted, state)  # fmt: skip
    for claim in claims:
        row, ground = claim.row, seen.grounds.get(claim.row.ground)
        missing = tuple(title for name, title in ground.papers.items() if name not in claim.papers) if ground else ()
        state = "accepted" if claim.accepted else row.state if row.state != "accepted" else "reading"
        length = _seconds(clip([Interval(row.starts_at, row.ends_at)], span))
        yield Event(None, row, row.incident, systems.get(row.system_id or 0), row.starts_at, row.ends_at, length,
                    Fraction(0), state, ground, missing)  # fmt: skip


def _seconds(spells: Iterable[Interval]) -> Fraction:
    return Fraction(microseconds(total(spells)), 1_000_000)


def clocks_of(seen: Outlook, values: Mapping[str, Any]) -> dict[str, Clock]:
    """The limits of one incident by commitment, from its latest values; one that does not apply is left out."""
    found = {}
    for promise in promises(seen.definition):
        if promise.sort != "clock" or promise.limit is None:
            continue
        if promise.only_if and values.get(promise.only_if) is not True:
            continue
        start, end = (_moment(values.get(name)) for name in (promise.starts_from(seen.readings), promise.end))
        end = end if end is not None and end < seen.now else None
        found[promise.id] = clock(start, end, promise.limit, now=seen.now)
    return found


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and len(value) > 10 else None


def _clocks(seen: Outlook, moments: Mapping[Incident, Mapping[str, Any]]) -> Iterable[ClockMonth]:
    per_incident = [clocks_of(seen, values) for values in moments.values()]
    for promise in promises(seen.definition):
        if promise.sort != "clock":
            continue
        own = [clocks[promise.id] for clocks in per_incident if promise.id in clocks]
        taken = [one.taken for one in own if one.taken is not None]
        counts = {verdict: sum(one.verdict == verdict for one in own) for verdict in ("met", "failed", "unknown")}
        yield ClockMonth(promise, promise.starts_from(seen.readings), counts["met"], counts["failed"],
                         counts["unknown"], mean(taken), max(taken, default=None))  # fmt: skip


def month_for(seen: Outlook) -> date:
    """The month a page opens at: the one of as-of, within the term."""
    months_ = seen.months()
    wanted = month_of(Zone(seen.zone).day_of(seen.now))
    return min(max(wanted, months_[0]), months_[-1])
