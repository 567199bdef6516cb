"""The real contract: 231 duties and two internal reminders, each an obligation on a page; loading it again changes
nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.scoping import SYSTEM
from contracts.selectors import today_for
from definitions.services import contract_load
from obligations import selectors
from obligations.models import DueVersion, Obligation
from obligations.selectors.replay import replay
from obligations.services.evaluation import obligations_materialise
from obligations.services.events import event_propose

FOLDER = Path(__file__).resolve().parents[2] / "definitions" / "data" / "SXYSR202506176"
REGISTER = 231 + 2


@pytest.fixture
def loaded(db: None) -> Any:
    return SimpleNamespace(contract=contract_load(FOLDER, actor=SYSTEM).contract)


def test_every_duty_is_an_obligation_with_a_clause(loaded: Any) -> None:
    rows = Obligation.objects.filter(contract=loaded.contract)
    assert rows.values("duty").distinct().count() == REGISTER
    assert not rows.filter(clause="").exists()
    assert rows.filter(duty="dl_2").count() == 53
    assert {row.obligor for row in rows} == {"buyer", "vendor", "both", "third"}
    first = rows.get(duty="payment_1")
    assert (first.due_on, str(first.amount)) == (date(2025, 11, 4), "1211320.88")
    pages, cursor = set(), ""
    while True:
        page = selectors.contract_obligations(
            viewer=SYSTEM, contract=loaded.contract, as_of=today_for(loaded.contract), cursor=cursor
        )
        pages |= {row.duty for row in page.rows}
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(pages) == REGISTER


def test_loading_again_changes_nothing(loaded: Any) -> None:
    versions = DueVersion.objects.count()
    again = contract_load(FOLDER, actor=SYSTEM)
    assert not again.created
    assert obligations_materialise(loaded.contract) == []
    assert DueVersion.objects.count() == versions


def test_payment_3_needs_the_acceptance(loaded: Any) -> None:
    def payment_3() -> Obligation:
        return Obligation.objects.get(contract=loaded.contract, duty="payment_3")

    assert (payment_3().due_state, payment_3().amount is not None) == ("pending", True)
    event_propose(actor=SYSTEM, contract=loaded.contract, name="acceptance_signed", on=date(2026, 6, 30))
    assert payment_3().due_on == date(2026, 11, 9)


def test_the_columns_of_every_row_equal_a_replay(loaded: Any) -> None:
    today = today_for(loaded.contract)
    page = selectors.contract_obligations(viewer=SYSTEM, contract=loaded.contract, as_of=today, size=2000)
    replayed = {one.row.pk: one.row for one in replay(loaded.contract, viewer=SYSTEM, as_of=today)}
    assert {row.pk: row for row in page.rows} == replayed


def test_most_clauses_lead_to_their_obligations(loaded: Any) -> None:
    rows = selectors.clause_coverage(viewer=SYSTEM, contract=loaded.contract)
    named = {clause for row in rows for clause in [row.code] if row.obligations}
    assert "7.2(1)" in named
    assert len(named) > 50
