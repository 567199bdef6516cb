"""The pre-trial sheet by the real engine: rows, what is missing, the winner, the range, and that it writes nothing."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.apps import apps
from django.urls import reverse

from contracts.errors import Refused
from penalties import services
from penalties.models import PenaltyCase
from penalties.selectors.sheet import imagined_facts, sheet_for
from tests.penalties.world import DATA, NOW, TODAY, incident, penalty_world

pytestmark = pytest.mark.django_db
HAPPENED = datetime(2025, 10, 13, 3, tzinfo=UTC)


@pytest.fixture
def world(db):
    with time_machine.travel(NOW, tick=True):
        yield penalty_world()


def sheet(world, **attributes):
    from engine.definition import parse_definition

    facts = imagined_facts(
        parse_definition(DATA), kind="incident", at=HAPPENED, attributes=attributes, spells={}, figures={}
    )
    return sheet_for(viewer=world.viewer("IT"), contract=world.contract, as_of=TODAY, imagined=facts)


def test_the_heaviest_wins_and_says_whom_it_bars(world):
    found = sheet(world, cause="c1", hours=3, vendor_fault=True, major=False)
    (only,) = found.outcomes
    stages = {row.rule: row.stage for row in only.outcome.rows}
    assert stages["any"] == "displaced"
    assert stages["long"] in ("heaviest", "undecided")
    # 1000001.00 / 12 * 30%, and a tenth of it, until the base is chosen
    assert (str(only.outcome.low), str(only.outcome.high)) == ("2500.00", "25000.03")
    assert [(str(case.amount)) for case in only.outcome.by_reading]
    assert any(reading.id == "fee_base" and not chosen for reading, chosen in only.readings)


def test_an_unknown_fact_makes_a_clue_that_names_it(world):
    found = sheet(world, cause="c1", hours=3)
    rows = [row for each in found.outcomes for row in each.outcome.rows]
    assert rows
    assert {row.stage for row in rows} == {"clue"}
    assert any("vendor_fault" in name for row in rows for name in row.missing)


def test_below_at_and_above_the_boundary(world):
    def winners(hours):
        return {
            row.rule
            for each in sheet(world, cause="c1", hours=hours, vendor_fault=True, major=False).outcomes
            for row in each.outcome.rows
        }

    assert winners(0) == set()
    assert winners(1) == {"any"}
    assert winners(2) == {"any", "long"}


def counts():
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def test_imagining_writes_nothing_at_all(world):
    client = world.client("IT")
    address = reverse("web:penalty_imagine", args=[world.contract.pk, "incident"])
    client.get(address)
    before = counts()
    asked = {"happened": "2025-10-13T11:00", "a_cause": "c1", "a_hours": "3", "a_vendor_fault": "true", "a_major": ""}
    shown = client.get(address, asked)
    assert shown.status_code == 200
    assert "宕机两小时以上" in shown.content.decode()
    assert client.get(reverse("web:penalty_sheet", args=[world.contract.pk])).status_code == 200
    assert client.get(address, {"happened": "never"}).status_code == 422
    assert counts() == before


def test_imagined_facts_cannot_be_adopted_recorded_ones_can(world):
    it = world.viewer("IT")
    with pytest.raises(Refused) as refusal:
        services.penalty_adopt(actor=it, contract=world.contract, target="pool:per_incident", key_text="imagined")
    assert "ecord" in refusal.value.message or "登记" in refusal.value.message
    assert not PenaltyCase.objects.exists()
    incident(world)
    found = sheet_for(viewer=it, contract=world.contract, as_of=TODAY, about="incident:i1")
    (only,) = found.outcomes
    client = world.client("IT")
    shown = client.get(reverse("web:penalty_sheet", args=[world.contract.pk]), {"about": "incident:i1"})
    assert "宕机两小时以上" in shown.content.decode()
    answered = client.post(
        reverse("web:penalty_adopt", args=[world.contract.pk]),
        {
            "target": only.outcome.target,
            "key": only.outcome.key_text,
            "idempotency_key": shown.context["shown"][0]["repeat_key"],
        },
    )
    assert answered.status_code == 302
    case = PenaltyCase.objects.get()
    assert case.state == "proposed"
    assert case.missing == ["reading:fee_base", "minutes"]
    assert case.proposed_by_id == world.person["IT"].pk


def test_same_cause_joins_two_incidents_into_one_case(world):
    incident(world)
    incident(world, "i2", hours=1)
    incident(world, "i3", cause="c9", hours=1)
    services.clues_raise(world.contract)
    assert PenaltyCase.objects.count() == 2
    assert services.clues_raise(world.contract) == []
