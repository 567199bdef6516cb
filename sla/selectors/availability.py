"""Outages of system-months as seen at an instant: from the kept cells where nothing is open, else from the records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils import timezone

from contracts.models import Contract, InformationSystem
from contracts.selectors import definition_for, readings_chosen
from contracts.selectors.calendars import end_of_day
from engine.definition import Definition
from engine.intervals import Interval
from sla.models import Exclusion, MonthCell, Spell
from sla.rules import Downtime, Stretch, Window, downtime, month_window, months
from sla.services.cells import OUTAGES, basis_text
from sla.terms import Ground, Promise, grounds_of, promises, readings_in_force

Place = int | None
"""A system's key; None is the platform."""


@dataclass(frozen=True)
class Outlook:
    """From where the service of one contract is looked at: its definition, readings and systems, and the instant."""

    contract: Contract
    definition: Definition
    readings: Mapping[str, str]
    systems: tuple[InformationSystem, ...]
    as_of: date
    known_on: date | None
    now: datetime
    grounds: Mapping[str, Ground] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        return self.contract.zone

    @property
    def live(self) -> bool:
        """Whether the kept cells do not apply: another day than today, or an earlier state of knowledge."""
        today = timezone.now().astimezone(ZoneInfo(self.zone)).date()
        return self.known_on is not None or self.as_of != today

    @property
    def known_limit(self) -> datetime | None:
        """The first instant whose entries are not yet known; None: everything is."""
        return None if self.known_on is None else end_of_day(self.known_on, self.zone)

    @property
    def reduce(self) -> bool:
        """Whether excluded time leaves the denominator: where a commitment says so under the readings chosen."""
        return any(
            promise.reduced and all(self.readings.get(name) in options for name, options in promise.reduced.items())
            for promise in promises(self.definition)
        )

    @property
    def term(self) -> tuple[date, date]:
        """The term of service; where the contract names none, the month of as-of."""
        start = self.contract.starts_on or self.as_of.replace(day=1)
        return start, self.contract.ends_on or self.as_of

    @property
    def holding(self) -> tuple[str, ...]:
        """The grounds of exclusion that hold under the readings, sorted."""
        return tuple(sorted(name for name, ground in self.grounds.items() if ground.holds(self.readings)))

    def window(self, month: date) -> Window:
        """The month within the term."""
        return month_window(month, self.zone, term=self.term)

    def months(self) -> tuple[date, ...]:
        """The months of the term."""
        return months(*self.term)

    def availability(self) -> tuple[Promise, ...]:
        """The commitments measured by outages."""
        return tuple(promise for promise in promises(self.definition) if promise.sort == "availability")


def outlook(contract: Contract, *, as_of: date, known_on: date | None = None, with_systems: bool = True) -> Outlook:
    """The contract's service as seen at the end of `as_of`, or now if that is today. Two statements; one without the
    systems, for who looks at a single incident."""
    definition = definition_for(contract)
    chosen = readings_chosen(contract, known_on=known_on, definition=definition)
    return Outlook(
        contract=contract,
        definition=definition,
        readings=readings_in_force(definition, chosen),
        systems=tuple(contract.systems.order_by("position")) if with_systems else (),
        as_of=as_of,
        known_on=known_on,
        now=min(end_of_day(as_of, contract.zone), timezone.now()),
        grounds=grounds_of(definition),
    )


def spells_known(seen: Outlook, *domains: str) -> QuerySet[Spell]:
    """The stretches in force as known on the outlook's day."""
    rows: QuerySet[Spell] = Spell.objects.filter(contract=seen.contract, domain__in=domains or OUTAGES)
    limit = seen.known_limit
    if limit is None:
        return rows.filter(superseded_at=None)
    return rows.filter(Q(superseded_at=None) | Q(superseded_at__gte=limit), recorded_at__lt=limit)


def exclusions_known(seen: Outlook) -> QuerySet[Exclusion]:
    """The exclusions accepted as known on the outlook's day, on grounds that hold."""
    rows: QuerySet[Exclusion] = Exclusion.objects.filter(contract=seen.contract, ground__in=seen.holding)
    limit = seen.known_limit
    if limit is None:
        return rows.filter(state=Exclusion.State.ACCEPTED)
    return rows.filter(Q(withdrawn_at=None) | Q(withdrawn_at__gte=limit), accepted_at__lt=limit)


def overlapping(rows: QuerySet[Spell], span: Interval) -> QuerySet[Spell]:
    """Those that have time inside the span; one that goes on reaches to its end."""
    return rows.filter(Q(ends_at=None) | Q(ends_at__gt=span.start), starts_at__lt=span.end)


def _reach(exclusions: Iterable[tuple[Place, datetime, datetime]], place: Place) -> list[Interval]:
    """The exclusions that bear on a system: its own and those of all; on the platform only those of all."""
    return [Interval(start, end) for system, start, end in exclusions if system in (None, place)]


@dataclass
class Grid:
    """Downtime by system and month."""

    seen: Outlook
    cells: dict[tuple[Place, date], Downtime]

    def of(self, place: Place, month: date) -> Downtime:
        """The month's downtime of a system; none if nothing is recorded."""
        found = self.cells.get((place, month))
        if found is not None:
            return found
        length = self.seen.window(month).total
        return Downtime(total=length, whole=0, counted=0, most=0, running=False)


@dataclass(frozen=True, slots=True)
class Known:
    """Records the caller has read already: every stretch of the term of the systems that something still goes on in,
    and the exclusions in force of the whole term."""

    spells: Collection[Spell]
    exclusions: Collection[tuple[Place, datetime, datetime]]


def grid(seen: Outlook, wanted: Sequence[date], *, known: Known | None = None) -> Grid:
    """The downtime of every system and of the platform in the months wanted.

    Today and with today's knowledge the kept cells answer, in one statement; months that something still goes on in, or
    that the term cuts, are computed from the records.
    """
    if not wanted:
        return Grid(seen, {})
    if seen.live:
        return Grid(seen, _computed(seen, wanted, *_records(seen, wanted)))
    rows = MonthCell.objects.filter(contract=seen.contract, month__in=wanted)
    cells = list(rows.values_list("system_id", "month", "whole_us", "counted_us", "basis"))
    mark = basis_text(seen.holding)
    cut = any(seen.window(month).span != month_window(month, seen.zone).span for month in wanted)
    if cut or seen.reduce or any(basis != mark for *_rest, basis in cells):
        return Grid(seen, _computed(seen, wanted, *_records(seen, wanted)))
    found: dict[tuple[Place, date], Downtime] = {}
    for place, month, whole, counted, _basis in cells:
        found[place, month] = Downtime(seen.window(month).total, whole, counted, counted, running=False)
    if known is not None:
        going = {spell.system_id for spell in known.spells if spell.ends_at is None}
        spells = [(row.system_id, row.starts_at, row.ends_at) for row in known.spells if row.system_id in going]
        return Grid(seen, found | _computed(seen, wanted, spells, known.exclusions))
    going = set(spells_known(seen).filter(ends_at=None).values_list("system_id", flat=True))
    if going:
        records, exclusions = _records(seen, wanted)
        found |= _computed(seen, wanted, [row for row in records if row[0] in going], exclusions)
    return Grid(seen, found)


Rows = Collection[tuple[Place, datetime, datetime | None]]
Holes = Collection[tuple[Place, datetime, datetime]]


def _records(seen: Outlook, wanted: Sequence[date]) -> tuple[Rows, Holes]:
    """The stretches and the exclusions that bear on the months: two statements whatever their number."""
    spans = [seen.window(month).span for month in wanted]
    whole = Interval(min(span.start for span in spans), max(span.end for span in spans))
    rows = overlapping(spells_known(seen), whole).values_list("system_id", "starts_at", "ends_at")
    accepted = exclusions_known(seen).filter(starts_at__lt=whole.end, ends_at__gt=whole.start)
    return list(rows), list(accepted.values_list("system_id", "starts_at", "ends_at"))


def _computed(seen: Outlook, wanted: Sequence[date], rows: Rows, accepted: Holes) -> dict[tuple[Place, date], Downtime]:
    by_place: dict[Place, list[Stretch]] = {}
    for place, start, end in rows:
        by_place.setdefault(place, []).append(Stretch(start, end))
    return {
        (place, month): downtime(
            stretches, _reach(accepted, place), seen.window(month).span, now=seen.now, reduce=seen.reduce
        )
        for place, stretches in by_place.items()
        for month in wanted
    }


def summed(seen: Outlook, place: Place, table: Grid, wanted: Sequence[date]) -> Downtime:
    """The downtime of adjoining months together."""
    parts = [table.of(place, month) for month in wanted]
    return Downtime(
        total=sum(part.total for part in parts),
        whole=sum(part.whole for part in parts),
        counted=sum(part.counted for part in parts),
        most=sum(part.most for part in parts),
        running=any(part.running for part in parts),
        excluded_total=sum(part.excluded_total for part in parts),
    )


def mean_of(parts: Sequence[Downtime]) -> Downtime:
    """The systems' average with equal weights, as one downtime: seconds and totals of all of them."""
    return Downtime(
        total=sum(part.total for part in parts),
        whole=sum(part.whole for part in parts),
        counted=sum(part.counted for part in parts),
        most=sum(part.most for part in parts),
        running=any(part.running for part in parts),
    )
