"""Races on PostgreSQL: eight people claim on one security, draw, give back at once. Never more than is left of it; the
twin without the guards shows that the race is real."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError

from billing.models import SecurityClaim, SecurityInstrument, SecurityMovement
from billing.services import guarantee, guarantee_claims
from contracts.errors import Refused
from tests.billing.guarantee_world import REQUIRED, accepted, at, claimed, delivered, owed, secured_world
from tests.billing.test_parallel import PEOPLE, at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

EACH = "20000.00"  # two fit into the security, a third does not


@pytest.fixture
def world():
    with at(2026, 7, 20):
        yield secured_world()


def test_eight_claims_at_once_take_what_is_there_and_no_more(world):
    instrument, liability = accepted(world), owed(world, "500000.00")

    def claim(_item):
        claimed(world, instrument, EACH, liability=liability)

    assert at_once(claim) == {"done": 2, "refused": PEOPLE - 2}
    instrument.refresh_from_db()
    liability.refresh_from_db()
    assert (instrument.reserved, liability.drawn) == (Decimal("40000.00"), Decimal("40000.00"))
    assert SecurityClaim.objects.count() == 2


def test_eight_claims_at_once_never_exceed_the_liability(world):
    instrument, liability = accepted(world), owed(world, "25000.00")

    def claim(_item):
        claimed(world, instrument, EACH, liability=liability)

    assert at_once(claim) == {"done": 1, "refused": PEOPLE - 1}
    liability.refresh_from_db()
    assert liability.drawn == Decimal(EACH)


def test_without_the_lock_the_same_balance_is_given_out_eight_times(world):
    """The twin: read, look, write, as one would naively. Only the database's own limit stops the sum."""
    instrument = accepted(world)
    together = threading.Barrier(PEOPLE)
    seen = []

    def naive(_item):
        together.wait(timeout=60)
        found = SecurityInstrument.objects.get(pk=instrument.pk)
        free = found.balance - found.reserved >= Decimal(EACH)
        together.wait(timeout=60)
        if not free:
            raise Refused("taken")
        seen.append(found.reserved)
        SecurityInstrument.objects.filter(pk=instrument.pk).update(reserved=found.reserved + Decimal(EACH))

    assert at_once(naive) == {"done": PEOPLE}
    instrument.refresh_from_db()
    assert len(seen) == PEOPLE and instrument.reserved == Decimal(EACH)  # eight promises, one of them kept
    with pytest.raises(IntegrityError):
        SecurityInstrument.objects.filter(pk=instrument.pk).update(reserved=REQUIRED + 1)


def test_one_payment_is_booked_once_and_giving_back_happens_once(world):
    instrument, liability = accepted(world), owed(world)
    claim = delivered(world, instrument, EACH, date(2026, 7, 20), liability=liability)
    finance = world.viewer("FIN")

    def book(_item):
        guarantee_claims.security_claim_answer(
            actor=finance, claim=claim, outcome="paid", on=date(2026, 7, 20), reference=f"BOC-{threading.get_ident()}"
        )

    assert at_once(book) == {"done": 1, "refused": PEOPLE - 1}
    claim.refresh_from_db()
    guarantee_claims.security_claim_close(actor=finance, claim=claim, closed_on=date(2026, 7, 20), note="付讫")
    with at(2026, 8, 3):
        order = guarantee.order_propose(
            actor=world.viewer("FIN"), instrument=instrument, kind="release", amount=REQUIRED - Decimal(EACH),
            on=date(2026, 8, 3), reference="收据 1",
        )  # fmt: skip
        manager = world.viewer("MGR")

        def approve(_item):
            guarantee.order_decide(actor=manager, order=order, approve=True)

        assert at_once(approve) == {"done": 1, "refused": PEOPLE - 1}
    instrument.refresh_from_db()
    assert instrument.balance == 0 == sum(SecurityMovement.objects.values_list("change", flat=True))
