"""Facts: checked against the definition, confirmed by somebody else, corrected but never edited."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible
from accounts.scoping import SYSTEM
from contracts import facts
from contracts.errors import Refused
from contracts.models import Contract, Fact
from contracts.selectors import fact_store, facts_waiting, recordable_events, recordable_kinds, today_for
from contracts.services.facts import fact_decide, fact_names, fact_record
from engine.facts import FactRecord
from tests.contracts.conftest import Person


def accepted(contract: Contract, **fields: object) -> dict[str, object]:
    return {"contract": contract, "kind": "event", "name": "accepted", "happened_on": date(2026, 6, 20)} | fields


def events(contract: Contract, known_on: date | None = None) -> dict[str, date]:
    view = fact_store(contract).view(today_for(contract), known_on, contract.zone)
    return {name: record.at for name, record in view.events.items()}  # type: ignore[misc]


def test_it_proposes_the_manager_confirms_and_only_then_the_engine_knows(contract: Contract, person: Person) -> None:
    it, manager = person("IT"), person("MGR")
    fact = fact_record(actor=it, **accepted(contract))
    assert (fact.state, fact.known_at) == ("proposed", None)
    assert events(contract) == {}
    assert list(facts_waiting(viewer=manager, contract=contract)) == [fact]
    assert list(facts_waiting(viewer=it, contract=contract)) == []
    fact_decide(actor=manager, fact=fact, accept=True)
    assert events(contract) == {"accepted": date(2026, 6, 20)}
    assert events(contract, known_on=today_for(contract) - timedelta(days=1)) == {}
    assert list(JournalEntry.objects.filter(object_type="contracts.fact").values_list("action", flat=True)) == [
        "fact.confirm",
        "fact.propose",
    ]


def test_a_fact_nobody_must_confirm_is_known_at_once(contract: Contract, person: Person) -> None:
    fact = fact_record(
        actor=person("FIN"), contract=contract, kind="event", name="invoice", happened_on=date(2026, 6, 20)
    )
    assert fact.state == "confirmed"
    assert fact_names(fact) == {"event.invoice", "duty.invoice"}


def test_who_may_not(contract: Contract, person: Person) -> None:
    it, manager = person("IT"), person("MGR")
    for role, error in (("MGR", NotAllowed), ("VND", NotVisible), ("AUD", NotAllowed)):
        with pytest.raises(error):
            fact_record(actor=person(role), **accepted(contract))
    with pytest.raises(NotAllowed):  # the guarantee is finance's to record
        fact_record(actor=it, contract=contract, kind="item", name="guarantee", value={"expires": "2026-01-31"})
    fact = fact_record(actor=it, **accepted(contract))
    for role in ("IT", "FIN"):  # the definition asks the manager
        with pytest.raises(NotAllowed):
            fact_decide(actor=person(role), fact=fact, accept=True)
    Fact.objects.filter(pk=fact.pk).update(recorded_by_id=manager.user_id)
    with pytest.raises(Refused):
        fact_decide(actor=manager, fact=fact, accept=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Fact.objects.filter(pk=fact.pk).update(decided_by_id=manager.user_id)
    fact.refresh_from_db()
    assert fact.state == "proposed"


def test_the_day_itself_is_allowed_the_next_is_the_future(contract: Contract, person: Person) -> None:
    today = today_for(contract)
    with pytest.raises(Refused) as refusal:
        fact_record(actor=person("IT"), **accepted(contract, happened_on=today + timedelta(days=1)))
    assert refusal.value.field == "happened_on"
    assert Fact.objects.count() == 0
    assert fact_record(actor=person("IT"), **accepted(contract, happened_on=today)).happened_on == today


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "acepted"},
        {"kind": "rumour"},
        {"happened_on": None},
        {"happened_on": date(1026, 6, 20)},
        {"happened_at": datetime(2026, 6, 20, 1, tzinfo=UTC)},
        {"happened_on": None, "happened_at": timezone.now() + timedelta(hours=1)},
        {"ended_on": date(2026, 6, 21)},
        {"note": "x" * 1001},
    ],
    ids=["name", "kind", "no day", "year 1026", "day and moment", "later today", "an event ends", "long note"],
)
def test_a_fact_that_cannot_be_is_refused(wrong: dict[str, object], contract: Contract, person: Person) -> None:
    before = JournalEntry.objects.count()
    with pytest.raises(Refused) as refusal:
        fact_record(actor=person("IT"), **accepted(contract, **wrong))
    assert refusal.value.message
    assert Fact.objects.count() == 0
    assert JournalEntry.objects.count() == before


def test_a_misspelt_name_is_answered_with_the_right_one(contract: Contract, person: Person) -> None:
    with pytest.raises(Refused, match="accepted"):
        fact_record(actor=person("IT"), **accepted(contract, name="acepted"))


@pytest.mark.parametrize(
    ("kind", "name", "fields"),
    [
        ("item", "incident", {"value": {"major": "yes"}}),
        ("item", "incident", {"value": {"people": -1.5}}),
        ("item", "incident", {"value": {"systems": ["s9"]}}),
        ("item", "incident", {"value": {"colour": "red"}}),
        ("item", "guarantee", {"value": {"expires": "2026-02-30"}}),
        ("item", "guarantee", {"value": {"amount": "fifty"}}),
        ("interval", "outage", {"happened_at": datetime(2026, 1, 2, tzinfo=UTC),
                                "ended_at": datetime(2026, 1, 1, tzinfo=UTC)}),
        ("interval", "outage", {"happened_at": datetime(2026, 1, 2, tzinfo=UTC), "key": {"sytem": "s1"}}),
        ("series", "availability", {"period": "2025-10", "value": "many"}),
        ("attribute", "done", {"subject": "duty:payment_9", "value": "2026-01-02"}),
        ("attribute", "major", {"subject": "incident:i9", "value": True}),
    ],
)  # fmt: skip
def test_values_must_fit_the_definition(kind: str, name: str, fields: dict[str, object], contract: Contract) -> None:
    with pytest.raises(Refused):
        fact_record(actor=SYSTEM, contract=contract, kind=kind, name=name, **fields)
    assert Fact.objects.count() == 0


def test_a_correction_supersedes_and_the_old_entry_stays(contract: Contract, person: Person) -> None:
    it, manager = person("IT"), person("MGR")
    first = fact_decide(actor=manager, fact=fact_record(actor=it, **accepted(contract)), accept=True)
    with pytest.raises(Refused):
        fact_record(actor=it, **accepted(contract, happened_on=date(2026, 6, 22)))
    second = fact_record(actor=it, **accepted(contract, happened_on=date(2026, 6, 22), supersedes=first))
    assert events(contract) == {"accepted": date(2026, 6, 20)}
    with pytest.raises(Refused):
        fact_record(actor=it, **accepted(contract, happened_on=date(2026, 6, 23), supersedes=first))
    fact_decide(actor=manager, fact=second, accept=True)
    assert events(contract) == {"accepted": date(2026, 6, 22)}
    assert Fact.objects.filter(pk=first.pk, state="confirmed", happened_on=date(2026, 6, 20)).exists()


def test_a_rejected_correction_leaves_the_entry_standing(contract: Contract, person: Person) -> None:
    it, manager = person("IT"), person("MGR")
    first = fact_decide(actor=manager, fact=fact_record(actor=it, **accepted(contract)), accept=True)
    second = fact_record(actor=it, **accepted(contract, happened_on=date(2026, 6, 22), supersedes=first))
    with pytest.raises(Refused):
        fact_decide(actor=manager, fact=second, accept=False)
    fact_decide(actor=manager, fact=second, accept=False, note="the report says the 20th")
    with pytest.raises(Refused):
        fact_decide(actor=manager, fact=second, accept=True)
    assert events(contract) == {"accepted": date(2026, 6, 20)}
    fact_record(actor=it, **accepted(contract, happened_on=date(2026, 6, 23), supersedes=first))


def test_an_item_is_corrected_by_findings_about_it(contract: Contract) -> None:
    first = fact_record(actor=SYSTEM, contract=contract, kind="item", name="guarantee", value={"expires": "2026-01-31"})
    assert first.subject == "guarantee-1"
    fact_record(
        actor=SYSTEM, contract=contract, kind="item", name="guarantee", subject="guarantee-1",
        value={"expires": "2026-03-31"}, supersedes=first,
    )  # fmt: skip
    view = fact_store(contract).view(today_for(contract), None, contract.zone)
    assert len(view.items["guarantee"]) == 1
    assert str(view.attributes["guarantee:guarantee-1"]["expires"]) == "2026-03-31"


def test_a_planned_window_may_lie_ahead(contract: Contract) -> None:
    ahead = timezone.now() + timedelta(days=3)
    fact_record(
        actor=SYSTEM, contract=contract, kind="interval", name="outage", happened_at=ahead,
        ended_at=ahead + timedelta(hours=2), key={"system": "s1"},
    )  # fmt: skip


def test_other_apps_add_their_facts(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_providers", {})
    told = [FactRecord("event", "invoice", id="invoice:7", at=date(2026, 6, 20))]
    facts.register("test", lambda _contract, _definition: told)
    assert events(contract) == {"invoice": date(2026, 6, 20)}


def test_one_strange_fact_does_not_stop_the_contract(contract: Contract) -> None:
    now = timezone.now()
    Fact.objects.create(
        contract=contract, kind="event", name="forgotten", happened_on=date(2026, 1, 1), state="confirmed",
        recorded_at=now, known_at=now,
    )  # fmt: skip
    fact_record(actor=SYSTEM, **accepted(contract))
    assert events(contract) == {"accepted": date(2026, 6, 20)}


def test_what_can_be_recorded_is_listed_with_what_is_there(contract: Contract, person: Person) -> None:
    it = person("IT")
    waiting = fact_record(actor=it, **accepted(contract))
    rows = {row.name: row for row in recordable_events(viewer=it, contract=contract)}
    assert set(rows) == {"effective", "accepted", "invoice"}
    assert (rows["accepted"].waiting, rows["accepted"].current) == (waiting, None)
    assert (rows["accepted"].confirmer, rows["invoice"].confirmer) == ("MGR", "")
    kinds = {(row.kind, row.name) for row in recordable_kinds(viewer=it, contract=contract)}
    assert ("item", "guarantee") in kinds and ("series", "availability") in kinds
    with pytest.raises(NotAllowed):
        recordable_events(viewer=person("VND"), contract=contract)


@pytest.mark.parametrize("amount", ["9999999999999.98", "9999999999999.99"])
def test_an_amount_told_up_to_the_largest_is_recorded(contract: Contract, amount: str) -> None:
    fact = fact_record(
        actor=SYSTEM, contract=contract, kind="item", name="guarantee", happened_on=date(2026, 6, 20),
        value={"amount": f"CNY {amount}"},
    )  # fmt: skip
    assert Fact.objects.get(pk=fact.pk).value == {"amount": f"CNY {amount}"}


def test_an_amount_told_above_the_largest_is_refused(contract: Contract) -> None:
    with pytest.raises(Refused, match=r"up to CNY 9,999,999,999,999\.99"):
        fact_record(
            actor=SYSTEM, contract=contract, kind="item", name="guarantee", happened_on=date(2026, 6, 20),
            value={"amount": "CNY 10000000000000.00"},
        )  # fmt: skip
    assert not Fact.objects.exists()
