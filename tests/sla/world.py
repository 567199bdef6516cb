"""The demonstration contract (three systems, 99.9 % a month, ground "cutover" with one paper) in the middle of June."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from contracts.facts import fact_store
from contracts.selectors import calendars_for, definition_for
from engine.evaluation import assess
from sla import services
from sla.models import Incident, Spell
from tests.world import World, build_world

NOW = datetime.fromisoformat("2026-06-20T10:00:00+08:00")
TODAY = date(2026, 6, 20)


def at(text: str) -> datetime:
    """ "06-18 10:00" in Beijing."""
    return datetime.fromisoformat(f"2026-{text.replace(' ', 'T')}:00+08:00")


class SlaWorld:
    def __init__(self) -> None:
        self.base: World = build_world()
        self.contract = self.base.contract
        self.it, self.it2 = self.base.viewer("IT"), self.base.viewer("IT2")
        self.mgr, self.mgr2 = self.base.viewer("MGR"), self.base.viewer("MGR2")

    def register(self, **changes: Any) -> Incident:
        """An incident reported at ten on 18 June on the first system, nothing down unless said so."""
        given: dict[str, Any] = {"title": "断网", "reported_at": at("06-18 10:00"), "systems": ["s1"]} | changes
        return services.incident_register(actor=self.it, contract=self.contract, **given)

    def outage(self, start: str, end: str | None, *, system: str = "s1", incident: Incident | None = None) -> Spell:
        """A recorded outage."""
        return services.spell_record(
            actor=self.it, incident=incident or self.register(), kind="outage", system=system, starts_at=at(start),
            ends_at=at(end) if end else None,
        )  # fmt: skip

    def excluded(self, incident: Incident, start: str, end: str, *, system: str = "s1") -> Any:
        """An exclusion with its paper, accepted by the manager."""
        claim = services.exclusion_claim(
            actor=self.it, contract=self.contract, incident=incident, ground="cutover", system=system,
            starts_at=at(start), ends_at=at(end),
        )  # fmt: skip
        services.paper_add(actor=self.it, exclusion=claim, name="notice", reference="公告 1 号")
        return services.exclusion_decide(actor=self.mgr, exclusion=claim, accept=True)

    def measures(self, *, as_of: date = TODAY, known_on: date | None = None) -> dict[tuple[str, ...], Any]:
        """What the engine says: (measure, key…) → result."""
        definition = definition_for(self.contract)
        found = assess(
            definition,
            fact_store(self.contract, definition),
            calendars=calendars_for(self.contract),
            as_of=as_of,
            known_on=known_on,
        )
        return {(row.id, *row.key.values()): row for row in found.measures}
