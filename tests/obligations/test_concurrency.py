"""Two at once: the lock makes one wait, the constraint keeps rows single."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from accounts.scoping import SYSTEM
from obligations.models import DueVersion, Obligation
from obligations.services.evaluation import obligations_materialise
from obligations.services.events import event_propose
from tests.obligations.story import DATA, build_story
from tests.racing import race


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_make_every_obligation_once() -> None:
    story = build_story(materialise=False)
    _results, errors = race(*[lambda: obligations_materialise(story.contract)] * 4)
    assert errors == []
    rows = Obligation.objects.filter(contract=story.contract)
    assert rows.count() == len(DATA["duty"]) - 1 + 53
    assert DueVersion.objects.count() == rows.count()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_facts_at_once_follow_one_another() -> None:
    """Each recomputation sees the fact of the one before it: no date is computed from half the facts and left so."""
    story = build_story()
    actor = story.viewer("IT")

    def enter(name: str) -> Callable[[], Any]:
        return lambda: event_propose(actor=actor, contract=story.contract, name=name, on=date(2026, 3, 2))

    _results, errors = race(
        enter("meeting"),
        lambda: event_propose(actor=SYSTEM, contract=story.contract, name="acceptance_signed", on=date(2026, 6, 30)),
        lambda: event_propose(actor=SYSTEM, contract=story.contract, name="invoice_3", on=date(2026, 7, 1)),
    )
    assert errors == []
    last = story.obligation("payment_3")
    assert (last.due_on, last.gate_open) == (date(2026, 11, 9), True)
    assert story.obligation("minutes").due_on == date(2026, 3, 5)
    assert last.due_number == last.due_versions.count()
