"""A supplementary agreement as data: its impact is shown first, it holds from a stated day, another person puts it in
force."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from accounts.scoping import SYSTEM
from contracts.errors import Refused
from contracts.models import Contract
from contracts.selectors import today_for
from definitions.impact import version_impact
from definitions.services import contract_load, version_activate
from obligations.models import DueVersion, Obligation
from obligations.services.events import event_propose
from tests.definitions.small import SMALL, changed
from tests.definitions.test_damage import table_counts
from tests.definitions.test_loading import Write, person

pytestmark = pytest.mark.django_db
LONGER = changed("+ 30 days", "+ 60 days")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        (tmp_path / "small.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return to_file


@pytest.fixture
def small(write: Write) -> Contract:
    return contract_load(write(SMALL), actor=SYSTEM).contract


def test_the_impact_names_entries_and_dates_and_writes_nothing(small: Contract, write: Write) -> None:
    draft = contract_load(write(changed("at = 2025-06-25", "at = 2025-06-26")), actor=SYSTEM).version
    before = table_counts()
    impact = version_impact(viewer=person("经理", "MGR", small.buyer), contract=small, version=draft)
    assert [(entry.table, entry.change) for entry in impact.entries] == [("event", "changed")]
    assert impact.entries[0].fields == ("at",)
    assert impact.dates and all(str(row.before) != str(row.after) for row in impact.dates)
    after = table_counts()
    assert {name for name in before if before[name] != after[name]} <= {"accounts_user", "accounts_membership"}


def test_a_version_that_changes_nothing_has_no_impact(small: Contract) -> None:
    active = small.versions.get(state="active")
    assert version_impact(viewer=SYSTEM, contract=small, version=active).is_empty


def test_it_holds_from_the_day_stated(small: Contract, write: Write) -> None:
    draft = contract_load(write(LONGER), actor=SYSTEM).version
    manager = person("经理", "MGR", small.buyer)
    day = today_for(small) - timedelta(days=3)
    done = version_activate(actor=manager, version=draft, effective_from=day, agreement="补充协议一")
    assert (done.effective_from, done.agreement) == (day, "补充协议一")
    assert small.versions.get(number=1).state == "superseded"


@pytest.mark.parametrize("offset", [-1, 0])
def test_no_version_holds_before_the_contract_was_signed(small: Contract, write: Write, offset: int) -> None:
    Contract.objects.filter(pk=small.pk).update(signed_on=date(2025, 6, 25))
    draft = contract_load(write(LONGER), actor=SYSTEM).version
    manager = person("经理", "MGR", small.buyer)
    day = date(2025, 6, 25) + timedelta(days=offset)
    if offset == 0:
        assert version_activate(actor=manager, version=draft, effective_from=day).effective_from == day
        return
    counted = DueVersion.objects.count(), Obligation.objects.count()
    with pytest.raises(Refused):
        version_activate(actor=manager, version=draft, effective_from=day)
    draft.refresh_from_db()
    assert (draft.state, draft.effective_from) == ("draft", None)
    assert (DueVersion.objects.count(), Obligation.objects.count()) == counted


@pytest.mark.parametrize(("days", "allowed"), [(366, True), (367, False)])
def test_a_version_is_put_in_force_at_most_a_year_ahead(
    small: Contract, write: Write, days: int, allowed: bool
) -> None:
    draft = contract_load(write(LONGER), actor=SYSTEM).version
    manager = person("经理", "MGR", small.buyer)
    day = today_for(small) + timedelta(days=days)
    if allowed:
        assert version_activate(actor=manager, version=draft, effective_from=day).effective_from == day
    else:
        with pytest.raises(Refused):
            version_activate(actor=manager, version=draft, effective_from=day)


def test_what_was_triggered_before_keeps_the_version_of_its_day(small: Contract, write: Write) -> None:
    """What the first text triggered stays; a correction that holds from before moves it."""
    event_propose(actor=SYSTEM, contract=small, name="accepted", on=date(2025, 7, 10))
    first = {row.duty: row.due_on for row in Obligation.objects.filter(contract=small)}
    later = contract_load(write(changed("at = 2025-06-25", "at = 2025-06-26")), actor=SYSTEM).version
    manager = person("经理", "MGR", small.buyer)
    version_activate(actor=manager, version=later, effective_from=date(2025, 8, 1), agreement="补充协议一")
    assert {row.duty: row.due_on for row in Obligation.objects.filter(contract=small)} == first
    again = contract_load(write(changed("at = 2025-06-25", "at = 2025-06-27")), actor=SYSTEM).version
    version_activate(actor=manager, version=again, effective_from=date(2025, 6, 1), agreement="更正")
    assert {row.duty: row.due_on for row in Obligation.objects.filter(contract=small)} != first
