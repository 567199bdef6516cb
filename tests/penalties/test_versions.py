"""A supplementary agreement that changes a price changes what happens from its day on, and nothing before."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path

import pytest
import time_machine

from contracts.services.facts import fact_record
from definitions.services import contract_load, version_activate
from obligations.services.readings import reading_preview
from penalties.reckoning import basis_for
from penalties.reckoning import outcomes as outcomes_of
from tests.world import DEMO, build_world

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-10-15T10:00:00+08:00")


@pytest.fixture
def world():
    with time_machine.travel(NOW, tick=False):
        made = build_world()
        for period in ("2026-05", "2026-08"):
            fact_record(
                actor=made.viewer("IT"), contract=made.contract, kind="series", name="staff_on_site", period=period,
                value=9,
            )  # fmt: skip
        yield made


def shortfalls(world) -> dict[str, object]:
    """What being two people short costs, by month."""
    found = outcomes_of(basis_for(world.contract, as_of=date(2026, 10, 15)))
    rows = [row for outcome in found for row in outcome.rows if row.rule == "staff_short" and row.counts]
    return {row.key["m"]: row.amount for row in rows}


def test_each_month_is_priced_by_the_version_of_its_first_day(world, tmp_path: Path) -> None:
    before = shortfalls(world)
    assert {month: str(amount) for month, amount in before.items()} == {"2026-05": "1000.00", "2026-08": "1000.00"}
    folder = tmp_path / "agreement"
    shutil.copytree(DEMO, folder)
    rules = folder / "rules.toml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("CNY 500", "CNY 700"), encoding="utf-8")
    draft = contract_load(folder, actor=world.viewer("IT")).version
    version_activate(actor=world.viewer("MGR"), version=draft, effective_from=date(2026, 7, 1), agreement="补充协议一")
    after = shortfalls(world)
    assert {month: str(amount) for month, amount in after.items()} == {"2026-05": "1000.00", "2026-08": "1400.00"}
    preview = reading_preview(viewer=world.viewer("IT"), contract=world.contract, name="started_week", option="started")
    assert all(effect.name != "staff_short" for effect in preview.amounts), "its readings do not touch the shortfall"
