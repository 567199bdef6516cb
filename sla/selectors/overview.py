"""All months of a contract beside each other, system by system; and the contracts that have service levels at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.models import Contract, InformationSystem
from contracts.selectors import contracts_list, definition_for
from contracts.selectors.definitions import with_version_key
from sla.rules import Level, level
from sla.selectors.availability import Outlook, grid, outlook, summed
from sla.terms import Promise, incident_kind, promises


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """A system (None: the platform) against one commitment: a level per month (None: not begun), and the term."""

    system: InformationSystem | None
    promise: Promise
    months: tuple[Level | None, ...]
    term: Level


@dataclass(frozen=True)
class Overview:
    contract: Contract
    seen: Outlook
    months: tuple[date, ...]
    rows: tuple[OverviewRow, ...]
    promises: tuple[Promise, ...]


def overview(contract: Contract, *, viewer: Viewer, as_of: date, known_on: date | None = None) -> Overview:
    """The term's months × systems. Four statements, two more while something goes on. Raises NotVisible."""
    require(viewer, "incident.read", contract)
    seen = outlook(contract, as_of=as_of, known_on=known_on)
    months = seen.months()
    table = grid(seen, months)
    rows = []
    for promise in seen.availability():
        assert promise.ratio is not None
        for system in (None,) if promise.of_platform else seen.systems:
            place = system.pk if system is not None else None
            levels = []
            for month in months:
                window = seen.window(month)
                down = table.of(place, month)
                finished = seen.now >= window.span.end
                begun = seen.now > window.span.start
                levels.append(level(down, promise.ratio, finished=finished) if begun else None)
            whole = summed(seen, place, table, months)
            finished = seen.now >= seen.window(months[-1]).span.end
            rows.append(OverviewRow(system, promise, tuple(levels), level(whole, promise.ratio, finished=finished)))
    return Overview(contract, seen, months, tuple(rows), promises(seen.definition))


def service_contracts(*, viewer: Viewer) -> tuple[Contract, ...]:
    """The contracts with incidents of their own kind, by number. One statement, if the definitions are in memory."""
    require(viewer, "incident.read")
    rows = with_version_key(contracts_list(viewer=viewer))
    return tuple(
        row for row in rows if vars(row)["version_id"] is not None and incident_kind(definition_for(row)) is not None
    )
