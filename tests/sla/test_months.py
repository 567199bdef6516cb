"""Months: the pages' figures equal the engine's, are as known on a day, and cost the same for any number of rows."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sla import selectors, services
from sla.models import MonthCell
from sla.services.cells import rebuild
from tests.sla.world import NOW, TODAY, at

JUNE = date(2026, 6, 1)
# session, user, membership of the shell, and the viewer's party
SHELL, BUDGET = 4, 8


def fill(world):
    """Outages that overlap, cross the month's border, are partly excluded, and one that goes on."""
    first = world.outage("05-31 23:50", "06-01 00:10")
    world.outage("06-01 00:05", "06-01 00:20", incident=first.incident)
    world.outage("06-10 08:00", "06-10 09:00", system="s2")
    world.excluded(first.incident, "06-01 00:00", "06-01 00:05")
    return world.outage("06-20 09:00", None, system="s3")


def test_the_pages_say_what_the_engine_says(world):
    fill(world)
    tomorrow = NOW + timedelta(days=1)
    with time_machine.travel(tomorrow):
        closing = world.contract.spells.get(system__code="s3")
        services.spell_correct(
            actor=world.it, spell=closing, starts_at=closing.starts_at, ends_at=at("06-20 09:30"), note="恢复"
        )
        as_of = tomorrow.date()
        page = selectors.month_page(world.contract, JUNE, viewer=world.it, as_of=as_of)
        grid = selectors.overview(world.contract, viewer=world.it, as_of=as_of)
        engine = world.measures(as_of=as_of)
    mine = {("availability", "2026-06", row.system.code): row.month.value for row in page.rows}
    assert {key: Fraction(engine[key].value) for key in mine} == mine
    assert mine["availability", "2026-06", "s1"] == 1 - Fraction(15 * 60, 30 * 86_400)
    for row in grid.rows:
        for month, level in zip(grid.months, row.months, strict=True):
            if level is not None:
                assert Fraction(engine["availability", f"{month:%Y-%m}", row.system.code].value) == level.value
    assert {row.system.code: row.month.verdict for row in page.rows} == {
        "s1": "unknown",
        "s2": "failed",
        "s3": "unknown",
    }


def test_a_running_outage_is_neither_met_nor_forgotten(world):
    fill(world)
    page = selectors.month_page(world.contract, JUNE, viewer=world.it, as_of=TODAY)
    third = next(row for row in page.rows if row.system.code == "s3")
    assert third.month.running
    assert third.month.verdict == "failed"  # an hour is more than the month allows already
    state = [event.state for event in page.events]
    assert state.count("running") == 1


def test_as_known_on_an_earlier_day(world):
    with time_machine.travel(at("06-19 10:00")):
        spell = world.outage("06-18 10:00", "06-18 12:00")
    services.spell_correct(
        actor=world.it, spell=spell, starts_at=spell.starts_at, ends_at=at("06-18 11:00"), note="监控核对"
    )

    def minutes(known_on):
        page = selectors.month_page(world.contract, JUNE, viewer=world.it, as_of=TODAY, known_on=known_on)
        mine = next(row.month for row in page.rows if row.system.code == "s1")
        assert Fraction(world.measures(known_on=known_on)["availability", "2026-06", "s1"].value) == mine.value
        return mine.seconds / 60

    assert [minutes(day) for day in (None, date(2026, 6, 19), date(2026, 6, 18))] == [60, 120, 0]


def cells():
    return {(row.system_id, row.month): (row.whole_us, row.counted_us) for row in MonthCell.objects.all()}


def test_one_outage_touches_its_own_months_only_and_a_rebuild_changes_nothing(world):
    fill(world)
    before = {row.pk for row in MonthCell.objects.all()}
    kept = cells()
    spell = world.contract.spells.get(system__code="s2", superseded_at=None)
    services.spell_correct(
        actor=world.it, spell=spell, starts_at=at("06-10 08:00"), ends_at=at("06-10 08:30"), note="核对"
    )
    assert len({row.pk for row in MonthCell.objects.all()} - before) == 1
    changed = {key for key, value in cells().items() if kept[key] != value}
    assert changed == {(spell.system_id, JUNE)}
    kept = cells()
    assert rebuild(world.contract) == len(kept)
    assert cells() == kept


def test_a_stale_cell_is_not_believed(world):
    fill(world)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        right = selectors.overview(world.contract, viewer=world.it, as_of=TODAY)
        MonthCell.objects.update(basis="other grounds", counted_us=0)
        again = selectors.overview(world.contract, viewer=world.it, as_of=TODAY)
    assert [row.months for row in again.rows] == [row.months for row in right.rows]


@pytest.fixture
def addresses(world):
    incident = fill(world).incident
    world.excluded(incident, "06-20 09:00", "06-20 09:10", system="s3")
    world.register(title="同因故障")
    cause = services.cause_link(actor=world.it, incident=incident, title="电源")
    services.cause_link(actor=world.it, incident=world.contract.incidents.order_by("pk").last(), cause=cause)
    pk = world.contract.pk
    return {
        "contracts": reverse("web:sla"),
        "grid": reverse("web:contract_sla", args=[pk]),
        "month": reverse("web:sla_month", args=[pk, "2026-06"]),
        "incidents": reverse("web:incidents"),
        "own": reverse("web:contract_incidents", args=[pk]),
        "incident": reverse("web:incident", args=[incident.pk]),
    }


def test_no_page_asks_more_for_more_rows(world, addresses):
    client = world.base.client("AUD")

    def counts():
        found = {}
        for name, address in addresses.items():
            client.get(address)
            with CaptureQueriesContext(connection) as seen:
                assert client.get(address).status_code == 200
            found[name] = len(seen)
        return found

    few = counts()
    incident = world.contract.incidents.get(pk=addresses["incident"].strip("/").split("/")[-1])
    for hour in range(6):
        world.outage(f"06-12 0{hour}:00", f"06-12 0{hour}:30", incident=incident)
        world.excluded(incident, f"06-12 0{hour}:10", f"06-12 0{hour}:20")
        services.cause_link(actor=world.it, incident=world.register(title=f"故障 {hour}"),
                            cause=world.contract.root_causes.get())  # fmt: skip
    many = counts()
    assert many == few
    assert max(many.values()) <= SHELL + BUDGET, many


def test_a_month_outside_the_term_does_not_exist(world):
    client = world.base.client("IT")
    for month, status in (("2026-06", 200), ("2026-03", 404), ("2027-04", 404), ("2026-13", 404), ("june", 404)):
        assert client.get(f"/contracts/{world.contract.pk}/sla/{month}/").status_code == status


def test_the_vendor_sees_its_own_incidents_without_the_buyers_notes(world):
    incident = world.register(title="机房断电", down_since=at("06-18 10:00"))
    services.finding_record(
        actor=world.it, incident=incident, name="provider_fault", value=True, established_by="甲方内部意见",
        paper="内部纪要", note="内部说明",
    )  # fmt: skip
    client = world.base.client("VND")
    text = client.get(reverse("portal:incident", args=[incident.pk])).content.decode()
    assert "机房断电" in client.get(reverse("portal:incidents")).content.decode()
    assert "机房断电" in text
    assert not any(word in text for word in ("甲方内部意见", "内部纪要", "内部说明"))
    assert world.base.client("STRANGER").get(reverse("portal:incident", args=[incident.pk])).status_code == 404
    assert client.get(reverse("web:incident", args=[incident.pk])).status_code == 404


def test_registering_in_the_browser_and_what_is_wrong_comes_back(world):
    client, address = world.base.client("IT"), reverse("web:incident_register", args=[world.contract.pk])
    form = {
        "title": "断网", "reported_at": "2026-06-18T10:00", "systems": ["s1"], "down_since": "2026-06-18T09:59",
        "idempotency_key": "k1",
    }  # fmt: skip
    wrong = client.post(address, form | {"reported_at": "2026-07-01T10:00"})
    assert wrong.status_code == 422
    assert not world.contract.incidents.exists()
    done = client.post(address, form)
    incident = world.contract.incidents.get()
    assert done["Location"] == reverse("web:incident", args=[incident.pk])
    assert incident.reported_at == at("06-18 10:00")
    assert incident.spells.get().starts_at == at("06-18 09:59")
