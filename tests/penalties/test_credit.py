"""The real contract's two tiers meet (register D-85): what was settled under annexes 2 and 3 for the first B event is
credited once a second one of another cause makes annex 1 due. From the docket, not from a file of facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from accounts.scoping import SYSTEM
from contracts.facts import fact_store
from contracts.models import ReadingChoice
from contracts.selectors import calendars_for, definition_for, readings_chosen
from contracts.services.facts import fact_record
from engine.evaluation import assess
from penalties import services
from penalties.models import PenaltyCase
from penalties.recompute import recompute
from penalties.selectors import sheet_for
from tests.penalties.world import paper
from tests.world import World, build_world

REAL = Path(__file__).resolve().parents[2] / "definitions" / "data" / "SXYSR202506176"
NOW = datetime(2025, 12, 1, 2, tzinfo=UTC)
TOTAL = Decimal("4845283.52")
# a twelfth of it, half: the month's availability, annex 3 row 1
FIRST = Decimal("201886.81")
FINDINGS = {
    "systems": ["s1"], "provider_main": True, "provider_fault": True, "important": False, "level_3": False,
    "force_majeure": False, "interrupted": False, "people_affected": 12000, "economic_loss": "CNY 0",
    "category": "interruption", "major_impact": False, "security_service_fault": False, "core_data": False,
    "unrecoverable": False, "handled_late": False, "backup_missing": True, "other_cloud_down": True,
    "protected_period": False,
}  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


def choose(world: World, **options: str) -> None:
    """What must be chosen is: as given, else by the definition's default."""
    for reading in definition_for(world.contract).readings.values():
        if reading.must_choose:
            ReadingChoice.objects.create(
                contract=world.contract, name=reading.id, reason="会议纪要", state="in_force", moves_money=True,
                option=options.get(reading.id) or reading.default or reading.keys[0], known_at=NOW,
                proposed_by=world.person["IT"], proposed_at=NOW, decided_by=world.person["MGR"], decided_at=NOW,
            )  # fmt: skip


def record(world: World, **fact: Any) -> None:
    fact_record(actor=SYSTEM, contract=world.contract, **fact)


def b_event(world: World, name: str, cause: str, start: datetime) -> None:
    """The whole platform down for two hours by the vendor's doing, twelve thousand people affected."""
    end = start.replace(hour=start.hour + 2)
    values = {**FINDINGS, "cause": cause, "occurred": start.isoformat()}
    record(world, kind="item", name="incident", subject=name, happened_at=start, value=values)
    for kind, key in (("platform_outage", {}), ("outage", {"system": "s1"})):
        record(
            world, kind="interval", name=kind, key={"incident": name, **key}, happened_at=start, ended_at=end,
            value={"provider_fault": True} if key else {},
        )  # fmt: skip
    for rule in ("a2_1", "a3_1"):
        for finding, value in (("problem_occurred", True), ("major_loss", False)):
            record(world, kind="attribute", name=finding, subject=f"rule:{rule}/{start:%Y-%m}/s1", value=value)


def agreed(world: World, case: PenaltyCase) -> PenaltyCase:
    it, vendor = world.viewer("IT"), world.viewer("VND")
    case = services.facts_establish(actor=it, case=case)
    case = services.penalty_propose(actor=it, case=case)
    assert [each for each in case.missing if each != "minutes"] == [], case.missing
    case = services.penalty_approve(actor=world.viewer("MGR"), case=case)
    case = services.penalty_notify(
        actor=world.viewer("FIN"), case=case, method="mail", sent_on=date(2025, 11, 28),
        received_on=date(2025, 12, 1), reference="EMS 1",
    )  # fmt: skip
    if case.needs_minutes:
        services.minutes_add(actor=it, case=case, text="会谈纪要", uploads=[paper("minutes.pdf")])
    return services.penalty_accept(actor=vendor, case=case)


def annex_1(world: World, **given: Any) -> Decimal | None:
    definition = definition_for(world.contract)
    found = assess(
        definition, fact_store(world.contract, definition), calendars=calendars_for(world.contract),
        readings=readings_chosen(world.contract), **{"as_of": date(2025, 12, 31), **given},
    )  # fmt: skip
    return next(pool.result.value for pool in found.pools if pool.id == "annex_1")


def test_what_was_settled_for_the_first_b_event_is_credited_on_the_second(clock: Any) -> None:
    world = build_world(REAL)
    choose(world, fee_base="whole")
    b_event(world, "i1", "c1", datetime(2025, 9, 10, 2, tzinfo=UTC))
    services.clues_raise(world.contract)
    first = PenaltyCase.objects.get(target="pool:same_cause")
    assert first.high == FIRST
    assert annex_1(world) == 0
    first = agreed(world, first)
    plan = services.settlement_propose(actor=world.viewer("FIN"), case=first)
    clock.move_to(datetime(2025, 12, 3, 2, tzinfo=UTC))
    b_event(world, "i2", "c2", datetime(2025, 11, 20, 2, tzinfo=UTC))
    assert annex_1(world) == TOTAL, "agreed is not settled yet"
    clock.move_to(datetime(2025, 12, 10, 2, tzinfo=UTC))
    services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=True)

    credited = TOTAL - FIRST
    assert annex_1(world) == credited
    assert annex_1(world, known_on=date(2025, 12, 9)) == TOTAL, "what was known before the settlement"
    assert annex_1(world, as_of=date(2025, 12, 9)) == TOTAL
    sheet = sheet_for(viewer=world.viewer("IT"), contract=world.contract, as_of=date(2025, 12, 10))
    (shown,) = [each.outcome for each in sheet.outcomes if each.outcome.target == "pool:annex_1"]
    assert shown.amount == credited
    services.clues_raise(world.contract)
    case = PenaltyCase.objects.get(target="pool:annex_1")
    assert (case.low, case.high) == (credited, credited)
    case = services.facts_establish(actor=world.viewer("IT"), case=case)
    case = services.penalty_propose(actor=world.viewer("IT"), case=case)
    assert case.amount == credited
    assert PenaltyCase.objects.get(pk=first.pk).amount == FIRST
    proof = recompute(world.contract)
    assert (proof.differences, proof.reworded) == ([], 0)
    assert proof.checked >= 5

    # the second event's own penalty, settled as well, credits too; what another incident paid does not
    second = PenaltyCase.objects.get(target="pool:same_cause", key_text="i2")
    assert second.high is not None
    definition = definition_for(world.contract)
    told = [r for r in fact_store(world.contract, definition).records if r.id.startswith("penalty:")]
    assert [(r.name, r.attributes.get("key"), str(r.attributes["amount"])) for r in told] == [
        ("assessment", "i1", f"CNY {FIRST}"),
        ("settlement", "i1", f"CNY {FIRST}"),
    ]
