"""Facts move dates: what is computed, when, and what is left alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible, ReauthenticationRequired
from contracts.errors import Refused
from obligations import reckoning
from obligations.models import DueVersion, Obligation
from obligations.services import evaluation
from obligations.services.evaluation import obligations_materialise
from obligations.services.events import event_confirm, event_propose, event_reject, item_record
from tests.obligations.story import DATA, Story, version_add

ACCEPTED = date(2026, 6, 30)


def test_the_register_is_complete_and_loading_again_changes_nothing(story: Story) -> None:
    rows = Obligation.objects.filter(contract=story.contract)
    assert set(rows.values_list("duty", flat=True)) == set(DATA["duty"])
    assert rows.filter(duty="weekly").count() == 53
    versions = DueVersion.objects.count()
    assert versions == rows.count()
    entries = JournalEntry.objects.count()
    assert obligations_materialise(story.contract) == []
    assert DueVersion.objects.count() == versions
    assert JournalEntry.objects.count() == entries


def test_columns_come_from_the_definition(story: Story) -> None:
    first = story.obligation("payment_1")
    assert (first.due_on, first.due_state, str(first.amount), first.role) == (
        date(2025, 11, 4),
        "known",
        "200.00",
        "FIN",
    )
    assert (first.obligor, first.obligor_name, first.obligee) == ("buyer", "总工会", "vendor")
    assert story.obligation("bank_pays").obligor == "third"
    assert story.obligation("secrecy").state == "standing"
    register = story.obligation("renewal")
    assert (register.state, register.due_state, register.missing[0]["name"]) == (
        "standing",
        "pending",
        "item.guarantee",
    )


def test_it_proposes_the_acceptance_and_the_manager_confirms_it(story: Story) -> None:
    waiting = story.obligation("payment_3")
    assert (waiting.due_state, waiting.due_on) == ("pending", None)
    assert waiting.missing == [{"name": "event.acceptance_signed", "title": "验收合格"}]

    fact = event_propose(actor=story.viewer("IT"), contract=story.contract, name="acceptance_signed", on=ACCEPTED)
    assert fact.state == "proposed"
    assert story.obligation("payment_3").due_state == "pending"

    changes = event_confirm(actor=story.viewer("MGR"), fact=fact)
    assert [change.duty for change in changes] == ["payment_3"]
    moved = story.obligation("payment_3")
    assert (moved.due_state, moved.due_on, moved.gate_open) == ("known", date(2026, 11, 9), False)
    versions = list(moved.due_versions.order_by("number"))
    assert [(v.number, v.state) for v in versions] == [(1, "pending"), (2, "known")]
    assert versions[1].cause == "fact:event.acceptance_signed"
    assert versions[1].derivation


def test_nobody_confirms_their_own_entry(story: Story) -> None:
    story.person["BOTH"] = story.person["IT"]
    fact = event_propose(actor=story.viewer("IT"), contract=story.contract, name="acceptance_signed", on=ACCEPTED)
    with pytest.raises(NotAllowed):
        event_confirm(actor=story.viewer("IT"), fact=fact)
    with pytest.raises(ReauthenticationRequired):
        event_confirm(actor=story.viewer("MGR", fresh=False), fact=fact)
    with pytest.raises(NotVisible):
        event_confirm(actor=story.viewer("VND"), fact=fact)
    fact.refresh_from_db()
    assert fact.state == "proposed"
    assert story.obligation("payment_3").due_number == 1


def test_a_rejected_entry_moves_nothing_and_may_be_entered_again(story: Story) -> None:
    fact = event_propose(actor=story.viewer("IT"), contract=story.contract, name="acceptance_signed", on=ACCEPTED)
    event_reject(actor=story.viewer("MGR"), fact=fact, note="not signed yet")
    assert story.obligation("payment_3").due_state == "pending"
    again = event_propose(actor=story.viewer("IT"), contract=story.contract, name="acceptance_signed", on=ACCEPTED)
    event_confirm(actor=story.viewer("MGR"), fact=again)
    assert story.obligation("payment_3").due_on == date(2026, 11, 9)


def test_a_corrected_day_moves_the_date_and_keeps_the_old_one(story: Story) -> None:
    it, manager = story.viewer("IT"), story.viewer("MGR")
    first = event_propose(actor=it, contract=story.contract, name="acceptance_signed", on=ACCEPTED)
    event_confirm(actor=manager, fact=first)
    second = event_propose(
        actor=it, contract=story.contract, name="acceptance_signed", on=date(2026, 8, 24), supersedes=first
    )
    assert story.obligation("payment_3").due_on == date(2026, 11, 9)
    event_confirm(actor=manager, fact=second)
    row = story.obligation("payment_3")
    assert row.due_state == "provisional"  # it falls into 2027, whose holidays are not published
    assert [v.due_on for v in row.due_versions.order_by("number")][:2] == [None, date(2026, 11, 9)]


def test_only_dependants_are_evaluated(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[str] | None] = []
    real = reckoning.reckon

    def counting(grounds: Any, **options: Any) -> Any:
        only = options.get("only")
        asked.append(None if only is None else set(only))
        return real(grounds, **options)

    monkeypatch.setattr(evaluation, "reckon", counting)
    event_propose(actor=story.viewer("IT"), contract=story.contract, name="meeting", on=date(2026, 3, 2))
    assert asked == [{"minutes"}]
    assert story.obligation("minutes").due_on == date(2026, 3, 5)


def test_a_future_event_is_refused_and_leaves_nothing(story: Story) -> None:
    with pytest.raises(Refused):
        event_propose(actor=story.viewer("IT"), contract=story.contract, name="meeting", on=date(2999, 1, 1))
    assert story.contract.facts.count() == 0


def test_a_guarantee_gets_its_own_renewal(story: Story) -> None:
    item_record(
        actor=story.viewer("IT"), contract=story.contract, kind="guarantee", item_id="g1",
        attributes={"expires": "2026-02-27", "amount": "CNY 20.00"}, on=date(2025, 7, 1),
    )  # fmt: skip
    row = story.obligation("renewal", "g1")
    assert (row.due_on, row.safe_on, row.state) == (date(2026, 1, 30), date(2026, 1, 29), "open")
    assert story.obligation("renewal").state == "standing"


def test_recurring_duties_stop_at_the_horizon(db: None, settings: Any) -> None:
    from tests.obligations.story import build_story

    settings.OBLIGATION_HORIZON_DAYS = 30
    story = build_story(materialise=False)
    obligations_materialise(story.contract, as_of=date(2025, 7, 15))
    made = Obligation.objects.filter(contract=story.contract, duty="weekly")
    # Weeks whose report falls due until 2025-08-14: the 27th (due 07-07) to the 32nd (due 08-11) of the year.
    assert [row.key_text for row in made.order_by("due_at")] == [f"2025-W{week}" for week in range(27, 33)]
    obligations_materialise(story.contract, as_of=date(2025, 7, 22))
    assert made.count() == 7


def test_a_new_version_closes_what_it_no_longer_has_and_keeps_it(story: Story) -> None:
    data = {**DATA, "duty": {k: v for k, v in DATA["duty"].items() if k != "closing"}}
    data["duty"]["plan"] = {**DATA["duty"]["plan"], "title": "新方案"}
    data["duty"]["extra"] = {**DATA["duty"]["closing"], "ref": "OB-41"}
    version_add(story.contract, data, number=2)
    obligations_materialise(story.contract, cause="activate")
    assert story.obligation("closing").state == "closed"
    assert story.obligation("extra").state == "open"
    assert story.obligation("plan").title == "新方案"
