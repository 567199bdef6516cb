"""The table of system-months: kept up to date by what changed and nothing else, or rebuilt whole.

A cell holds what the closed outages of one system (or of the platform) come to in one month; one that goes on is added
by whoever looks, since it depends on the moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg import Cursor

from contracts.models import Contract
from contracts.selectors import definition_for, readings_chosen
from engine.intervals import Interval, clip, subtract, total, union
from sla import packing
from sla.models import Exclusion, MonthCell, Spell
from sla.rules import microseconds, month_window, months_touched
from sla.terms import grounds_of, readings_in_force

OUTAGES = ("outage", "platform_outage")


def refresh_spell(*spells: Spell) -> int:
    """Recompute the months the closed spells lie in (before and after a change); how many cells were written."""
    zone = spells[0].contract.zone
    touched: dict[int | None, set[date]] = {}
    for spell in spells:
        if spell.domain in OUTAGES and spell.ends_at is not None:
            touched.setdefault(spell.system_id, set()).update(months_touched(spell.starts_at, spell.ends_at, zone))
    return sum(_recompute(spells[0].contract, system, found) for system, found in touched.items())


def refresh_exclusion(exclusion: Exclusion) -> int:
    """Recompute the months an exclusion lies in, of the systems that have outages there; how many were written."""
    contract = exclusion.contract
    touched = set(months_touched(exclusion.starts_at, exclusion.ends_at, contract.zone))
    cells = MonthCell.objects.filter(contract=contract, month__in=touched)
    if exclusion.system_id is not None:
        cells = cells.filter(system=exclusion.system_id)
    places: dict[int | None, set[date]] = {}
    for system, month in cells.values_list("system_id", "month"):
        places.setdefault(system, set()).add(month)
    return sum(_recompute(contract, system, found) for system, found in places.items())


def basis_of(contract: Contract) -> tuple[str, ...]:
    """The grounds of exclusion that hold under the readings chosen today, sorted."""
    definition = definition_for(contract)
    chosen = readings_in_force(definition, readings_chosen(contract, definition=definition))
    return tuple(sorted(name for name, ground in grounds_of(definition).items() if ground.holds(chosen)))


def _recompute(contract: Contract, system: int | None, touched: Collection[date]) -> int:
    """Write the cells of one system's months; the same few statements whatever their number."""
    windows = {month: month_window(month, contract.zone) for month in touched}
    first = min(window.span.start for window in windows.values())
    last = max(window.span.end for window in windows.values())
    rows = Spell.objects.filter(
        contract=contract, system=system, superseded_at=None, starts_at__lt=last, ends_at__gt=first,
        domain="outage" if system is not None else "platform_outage",
    )  # fmt: skip
    spells = [Interval(start, end) for start, end in rows.values_list("starts_at", "ends_at") if end is not None]
    basis = basis_of(contract)
    reach = Q(system=None) if system is None else Q(system=None) | Q(system=system)
    accepted = Exclusion.objects.filter(
        reach, contract=contract, state=Exclusion.State.ACCEPTED, starts_at__lt=last, ends_at__gt=first,
        ground__in=basis,
    )  # fmt: skip
    holes = union(Interval(start, end) for start, end in accepted.values_list("starts_at", "ends_at"))
    now, mark = timezone.now(), basis_text(basis)
    cells = []
    for month, window in windows.items():
        inside = clip(spells, window.span)
        cells.append(
            MonthCell(
                contract=contract, system_id=system, month=month, whole_us=microseconds(total(inside)),
                counted_us=microseconds(total(subtract(inside, holes))), basis=mark, computed_at=now,
            )
        )  # fmt: skip
    with transaction.atomic():
        MonthCell.objects.filter(contract=contract, system=system, month__in=touched).delete()
        MonthCell.objects.bulk_create(cell for cell in cells if cell.whole_us)
    return len(cells)


def basis_text(basis: Iterable[str]) -> str:
    """The grounds as a cell remembers them."""
    return ",".join(basis)[:300]


# --- everything -----------------------------------------------------------------------------------------------------


def rebuild(contract: Contract) -> int:
    """Compute every cell of the contract anew; how many there are. One grouped read of the outages, one of the
    exclusions, whatever their number; the arithmetic runs over packed arrays."""
    with transaction.atomic():
        locked = Contract.objects.select_for_update().get(pk=contract.pk)
        basis = basis_of(locked)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:  # a million outages are gathered in memory, not through temporary files
                cursor.execute("SET LOCAL work_mem = '64MB'")
        outages = _grouped("sla_spell", _IN_FORCE, [locked.pk])
        holes = _grouped("sla_exclusion", _ACCEPTED, [locked.pk, *basis], len(basis)) if basis else {}
        rows = list(packing.cells(outages, holes, packing.month_bounds(outages, locked.zone)))
        MonthCell.objects.filter(contract=locked).delete()
        _insert(locked, rows, basis_text(basis))
    return len(rows)


_IN_FORCE = (
    "contract_id = %s AND superseded_at IS NULL AND ends_at IS NOT NULL AND domain IN ('outage', 'platform_outage')"
)
_ACCEPTED = "contract_id = %s AND state = 'accepted' AND ground IN ({})"


def _grouped(table: str, where: str, params: list[Any], grounds: int = 0) -> dict[int | None, packing.Times]:
    """Start and end of every stretch, by system (None: platform or all). PostgreSQL sends one row a system, the
    instants as packed big-endian microseconds since 2000: a million of them arrive in tenths of a second."""
    where = where.format(", ".join(["%s"] * grounds))
    if connection.vendor != "postgresql":
        sql = f"SELECT system_id, starts_at, ends_at FROM {table} WHERE {where}"  # nosec B608
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return packing.from_rows(cursor.fetchall())
    sql = (
        "SELECT system_id, string_agg(timestamptz_send(starts_at) || timestamptz_send(ends_at), ''::bytea)"
        f" FROM {table} WHERE {where} GROUP BY system_id"  # nosec B608
    )
    connection.ensure_connection()
    # Django's own cursors put values into the text of a statement and get text back; this one speaks binary.
    with Cursor(connection.connection) as cursor:
        cursor.execute(sql, params, binary=True)
        return {system: packing.from_bytes(packed) for system, packed in cursor.fetchall()}


def _insert(contract: Contract, rows: list[packing.Cell], basis: str) -> None:
    """Write the cells; on PostgreSQL by COPY, which twelve thousand rows leave in a few hundredths of a second."""
    now = timezone.now()
    if connection.vendor != "postgresql":
        MonthCell.objects.bulk_create(
            [
                MonthCell(
                    contract=contract, system_id=system, month=month, whole_us=whole, counted_us=counted, basis=basis,
                    computed_at=now,
                )
                for system, month, whole, counted in rows
            ],
            batch_size=1000,
        )  # fmt: skip
        return
    connection.ensure_connection()
    columns = "contract_id, system_id, month, whole_us, counted_us, basis, computed_at"
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY sla_monthcell ({columns}) FROM STDIN") as copy:
        for system, month, whole, counted in rows:
            copy.write_row((contract.pk, system, month, whole, counted, basis, now))
