"""What goes back to the vendor is told to the vendor: where its penalty is, where its instalment is, and among its
payments; from the approval on, with day and bank reference once it is transferred. How it came about stays inside."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from billing import services as billing
from billing.models import Milestone, Refund, SeparateClaim
from penalties import services
from penalties.models import PenaltyCase
from tests.billing.test_budget import BUDGET, SHELL, queries
from tests.penalties import steps
from tests.penalties.world import HEAVY, TODAY, only_case
from tests.world import World

pytestmark = pytest.mark.django_db
OWN, BACK = Decimal("20000.00"), Decimal("5000.00")
REFERENCE, REASON = "BOC-2025-77", "双方重新核算"


@pytest.fixture
def met(world: World) -> PenaltyCase:
    """A settled penalty of which the vendor paid a part by a transfer of its own."""
    case = steps.settled(
        world, wishes={"instalment:3": HEAVY - OWN, "vendor": OWN}, claim_due_on=TODAY + timedelta(days=30)
    )
    billing.separate_claim_settle(
        actor=world.viewer("FIN"), claim=SeparateClaim.objects.get(), settled_on=TODAY, bank_reference="BOC-2025-1"
    )
    return case


def proposed(world: World) -> Any:
    return services.adjustment_propose(
        actor=world.viewer("FIN"), case=only_case(world), amount=OWN - BACK, reason=REASON
    )


def approved(world: World) -> Refund:
    services.adjustment_decide(actor=world.viewer("MGR2"), adjustment=proposed(world), approve=True, note="内部批注")
    return Refund.objects.get()


def pages(world: World, case: PenaltyCase) -> dict[str, str]:
    last = Milestone.objects.filter(contract=world.contract).order_by("-position")[0]
    return {
        "penalty": reverse("portal:penalty", args=[case.pk]),
        "advice": reverse("portal:payment_advice", args=[last.pk]),
        "payments": reverse("portal:invoices"),
    }


def told(world: World, case: PenaltyCase, *, who: str = "VND", query: str = "") -> dict[str, str]:
    """What the section of refunds says on each page; "" where there is none."""
    client = world.client(who)
    found = {}
    for name, address in pages(world, case).items():
        text = client.get(address + query).text
        _before, _id, after = text.partition('aria-labelledby="h-back"')
        found[name] = after.partition("</section>")[0]
    return found


def test_the_vendor_is_told_once_it_is_approved_and_again_once_it_is_paid(world: World, met: PenaltyCase) -> None:
    wish = proposed(world)
    assert set(told(world, met).values()) == {""}, "a proposal is the buyer's own affair"
    services.adjustment_decide(actor=world.viewer("MGR2"), adjustment=wish, approve=True, note="内部批注")
    refund = Refund.objects.get()
    for name, text in told(world, met).items():
        assert "5,000.00" in text and refund.number in text, name
        assert "待退回" in text and "已退回" not in text, name
    billing.refund_pay(actor=world.viewer("FIN"), refund=refund, paid_on=TODAY, bank_reference=REFERENCE)
    for name, text in told(world, met).items():
        assert "已退回" in text and "待退回" not in text, name
        assert TODAY.isoformat() in text and REFERENCE in text, name


def test_the_vendor_reads_neither_names_nor_notes_of_it(world: World, met: PenaltyCase) -> None:
    refund = approved(world)
    Refund.objects.filter(pk=refund.pk).update(note="内部理由")
    billing.refund_pay(actor=world.viewer("FIN"), refund=refund, paid_on=TODAY, bank_reference=REFERENCE)
    client = world.client("VND")
    for name, address in pages(world, met).items():
        text = client.get(address).text
        assert "内部理由" not in text and "内部批注" not in text, name
        section = told(world, met)[name]
        assert not any(world.person[who].display_name in section for who in ("FIN", "MGR2")), name


def test_others_are_not_told(world: World, met: PenaltyCase) -> None:
    billing.refund_pay(actor=world.viewer("FIN"), refund=approved(world), paid_on=TODAY, bank_reference=REFERENCE)
    stranger = world.client("STRANGER")
    for name, address in pages(world, met).items():
        assert REFERENCE not in stranger.get(address).text, name
    supervisor = world.client("SUP").get(pages(world, met)["penalty"])
    assert supervisor.status_code == 200
    assert REFERENCE not in supervisor.text and 'aria-labelledby="h-back"' not in supervisor.text


def test_on_an_earlier_day_it_stood_as_it_was_then(world: World, met: PenaltyCase, clock: Any) -> None:
    refund = approved(world)
    clock.shift(timedelta(days=3))
    later = TODAY + timedelta(days=2)
    billing.refund_pay(actor=world.viewer("FIN"), refund=refund, paid_on=later, bank_reference=REFERENCE)

    def on(day: date) -> set[str]:
        both = told(world, met, query=f"?as_of={day.isoformat()}")
        return {
            "paid" if REFERENCE in both[name] else "open" if "待退回" in both[name] else "none"
            for name in ("advice", "payments")
        }

    assert on(TODAY - timedelta(days=1)) == {"none"}
    assert on(TODAY) == on(later - timedelta(days=1)) == {"open"}
    assert on(later) == {"paid"}


def test_many_refunds_cost_what_one_costs(world: World, met: PenaltyCase) -> None:
    refund = approved(world)
    few = {name: len(queries(world.client("VND"), address)) for name, address in pages(world, met).items()}
    assert max(few.values()) <= SHELL + BUDGET, few
    values = {
        field.attname: getattr(refund, field.attname) for field in Refund._meta.concrete_fields if not field.primary_key
    }
    Refund.objects.bulk_create(
        Refund(**values | {"number": f"R-{number}", "amount": Decimal(1)}) for number in range(40)
    )
    assert few == {name: len(queries(world.client("VND"), address)) for name, address in pages(world, met).items()}
