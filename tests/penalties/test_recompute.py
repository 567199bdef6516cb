"""Stored assessments prove themselves years later: from their own snapshot, to the fen."""

import io
from datetime import date, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from engine.facts import FactRecord
from penalties import services
from penalties.models import Assessment, FactSnapshot
from penalties.outcomes import Outcome
from penalties.recompute import recompute
from penalties.snapshots import record_dump, record_load
from tests.penalties import steps
from tests.penalties.world import HEAVY, LIGHT, incident, plain_answer, says

# What is stored is the offset; a time the clock shows twice equals no time of another zone, not even itself stored.
MOMENTS = st.datetimes(timezones=st.timezones()).map(
    lambda moment: moment.replace(tzinfo=timezone(moment.utcoffset()), fold=0)
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.decimals(allow_nan=False, allow_infinity=False),
    st.fractions(), st.dates(), MOMENTS, st.lists(st.text(max_size=4), max_size=3),
)  # fmt: skip


@given(st.dictionaries(st.text(min_size=1, max_size=6).filter(lambda t: "$" not in t), VALUES, max_size=5), VALUES)
def test_a_record_survives_storing(attributes, value):
    record = FactRecord("item", "incident", id="i1", at=date(2025, 10, 13), attributes=attributes, value=value)
    again = record_load(record_dump(record))
    assert again.id == "i1"
    assert again.at == date(2025, 10, 13)
    empty = ("", None, {})
    assert {k: v for k, v in again.attributes.items() if v not in empty} == {
        k: v for k, v in attributes.items() if v not in empty
    }
    assert again.value == value or value in empty


def test_no_float_is_stored():
    with pytest.raises(TypeError):
        record_dump(FactRecord("series", "x", period="2025-10", value=0.1))
    kept = record_dump(FactRecord("series", "x", period="2025-10", value=Fraction(1, 3), recorded=date(2025, 1, 1)))
    assert kept["value"] == {"$fraction": "1/3"}
    assert record_dump(FactRecord("series", "x", value=Decimal("1.10")))["value"] == {"$decimal": "1.10"}


@pytest.mark.django_db
def test_every_version_proves_itself_and_a_changed_engine_shows(world, monkeypatch):
    incident(world)
    steps.decided(world)
    proof = recompute(world.contract)
    assert (proof.checked, proof.differences, proof.reworded) == (3, [], 0)
    call_command("penalty_recompute", stdout=io.StringIO())
    says(monkeypatch, plain_answer(HEAVY - Decimal("0.01")))
    proof = recompute()
    assert [each.reason for each in proof.differences] == ["another amount"] * 3
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("penalty_recompute", contract=world.contract.number, stdout=out)
    assert stopped.value.code == 1
    assert "121132.08" in out.getvalue()
    says(monkeypatch, plain_answer(of="i2"))
    assert {each.reason for each in recompute().differences} == {"nothing owed any more"}
    with pytest.raises(CommandError):
        call_command("penalty_recompute", contract="NOBODY")


@pytest.mark.django_db
def test_equal_facts_are_stored_once_and_new_ones_again(world, monkeypatch):
    incident(world)
    steps.raised(world)
    says(monkeypatch, plain_answer(LIGHT))
    services.clues_raise(world.contract)
    assert (Assessment.objects.count(), FactSnapshot.objects.count()) == (2, 1)
    incident(world, "i9")
    says(monkeypatch, plain_answer(HEAVY))
    services.clues_raise(world.contract)
    assert (Assessment.objects.count(), FactSnapshot.objects.count()) == (3, 2)
    assert "i9" in str(FactSnapshot.objects.order_by("pk").last().records)


@pytest.mark.django_db
def test_an_outcome_comes_back_from_storage_unchanged(world):
    case = steps.raised(world)
    stored = case.assessments.get().outcome
    assert Outcome.from_json(stored).to_json() == stored
    assert Outcome.from_json(stored).amount == HEAVY
