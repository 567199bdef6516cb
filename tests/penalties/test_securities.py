"""A settlement that draws on the guarantee: wished for, within its validity, never more in all than is owed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from billing.models import Deduction, Liability, SecurityClaim, SecurityInstrument
from billing.services import guarantee_claims
from contracts.errors import Refused
from contracts.models import ReadingChoice
from penalties import services
from penalties.plans import options_of
from penalties.services.settlements import plan_for, received
from tests.billing.test_budget import BUDGET, SHELL
from tests.penalties import steps
from tests.penalties.secured import HELD, VALID_UNTIL, governed_by, guaranteed, secured
from tests.penalties.test_pages import press, queries
from tests.penalties.world import HEAVY, only_case

pytestmark = pytest.mark.django_db
PART = Decimal("20000.00")


@pytest.fixture
def held(world):
    governed_by(world, secured())
    return guaranteed(world)


def wished(instrument, amount=PART):
    return {f"guarantee:{instrument.pk}": amount}


def test_a_guarantee_gives_nothing_unless_it_is_asked(world, held):
    case = steps.agreed(world)
    assert [source.key for source in options_of(case).sources] == [
        "instalment:3", f"guarantee:{held.pk}", "vendor",
    ]  # fmt: skip
    assert [part.source for part in plan_for(case)] == ["instalment:3"]
    parts = plan_for(case, wished(held))
    assert [(part.source, part.amount) for part in parts] == [
        ("instalment:3", HEAVY - PART), (f"guarantee:{held.pk}", PART),
    ]  # fmt: skip


def test_the_plan_makes_a_claim_two_persons_answer_for(world, held):
    case = steps.settled(world, wishes=wished(held))
    claim = SecurityClaim.objects.get()
    assert (claim.state, claim.amount, claim.ground) == ("approved", PART, "liability")
    assert (claim.proposed_by_id, claim.decided_by_id) == (world.person["FIN"].pk, world.person["MGR"].pk)
    liability = Liability.objects.get()
    assert (liability.deducted, liability.drawn) == (HEAVY - PART, PART)
    assert received(liability) == HEAVY - PART
    held.refresh_from_db()
    assert held.reserved == PART
    with pytest.raises(Refused):  # it is still under way
        services.case_close(actor=world.viewer("FIN"), case=case)
    claim = guarantee_claims.security_claim_deliver(
        actor=world.viewer("FIN"), claim=claim, delivered_on=date(2025, 10, 20), reference="EMS 7"
    )
    guarantee_claims.security_claim_answer(
        actor=world.viewer("FIN"), claim=claim, outcome="paid", on=date(2025, 10, 20), reference="BOC 77"
    )
    assert received(Liability.objects.get()) == HEAVY
    assert services.case_close(actor=world.viewer("FIN"), case=case).state == "closed"


def test_what_the_bank_does_not_pay_is_owed_again(world, held):
    case = steps.settled(world, wishes=wished(held))
    claim = guarantee_claims.security_claim_deliver(
        actor=world.viewer("FIN"), claim=SecurityClaim.objects.get(), delivered_on=date(2025, 10, 20), reference="E7"
    )
    guarantee_claims.security_claim_answer(
        actor=world.viewer("FIN"), claim=claim, outcome="refused", on=date(2025, 10, 20), note="银行拒付"
    )
    assert Liability.objects.get().drawn == 0
    with pytest.raises(Refused) as refusal:
        services.case_close(actor=world.viewer("FIN"), case=case)
    assert str(PART) in refusal.value.message


def test_on_the_last_day_yes_on_the_day_after_no(world, held, clock):
    case = steps.agreed(world)
    clock.move_to(datetime(2025, 10, 31, 2, tzinfo=UTC))
    plan = services.settlement_propose(actor=world.viewer("FIN"), case=case, wishes=wished(held))
    clock.shift(timedelta(days=1))
    with pytest.raises(Refused) as refusal:
        services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=True)
    assert VALID_UNTIL.isoformat() in refusal.value.message
    assert not Liability.objects.exists()
    assert not SecurityClaim.objects.exists()
    services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=False, note="保函已到期")
    with pytest.raises(Refused) as refusal:
        services.settlement_propose(actor=world.viewer("FIN"), case=only_case(world), wishes=wished(held))
    assert VALID_UNTIL.isoformat() in refusal.value.message
    assert [source.key for source in options_of(case).sources] == ["instalment:3", "vendor"]
    page = world.client("FIN").get(reverse("web:penalty_settle", args=[case.pk])).content.decode()
    assert "BG-0001" in page
    assert VALID_UNTIL.isoformat() in page


@pytest.mark.parametrize("amount", [HELD + Decimal("0.01"), HEAVY + 1, Decimal(-1)])
def test_no_more_than_is_left_of_it_nor_than_is_owed(world, held, amount):
    case = steps.agreed(world)
    with pytest.raises(Refused):
        services.settlement_propose(actor=world.viewer("FIN"), case=case, wishes=wished(held, amount))
    assert not case.settlements.exists()


def test_all_of_it_may_be_drawn(world, held):
    case = steps.agreed(world)
    parts = plan_for(case, wished(held, HELD))
    assert sum(part.amount for part in parts) == HEAVY


def test_another_contracts_guarantee_is_no_source(world, held):
    case = steps.agreed(world)
    with pytest.raises(Refused):
        plan_for(case, {"guarantee:999999": PART})
    SecurityInstrument.objects.update(balance=0)
    with pytest.raises(Refused):
        plan_for(case, wished(held))


def test_all_sources_together_never_exceed_the_liability(world, held):
    steps.settled(world, wishes=wished(held))
    for column in ("deducted", "claimed", "drawn"):
        with pytest.raises(IntegrityError), transaction.atomic():
            liability = Liability.objects.get()
            setattr(liability, column, getattr(liability, column) + Decimal("0.01"))
            liability.save()


def test_a_reading_may_put_the_guarantee_first(world):
    when = "reading.offset_order == 'guarantee_first'"
    governed_by(world, secured(limit="security.performance.amount", when=when))
    instrument = guaranteed(world)
    case = steps.agreed(world)
    assert [part.source for part in plan_for(case)] == ["instalment:3"]
    ReadingChoice.objects.create(
        contract=world.contract, name="offset_order", option="guarantee_first", reason="会议纪要", state="in_force",
        moves_money=True, proposed_by=world.person["IT"], proposed_at=case.agreed_at, decided_by=world.person["MGR"],
        decided_at=case.agreed_at, known_at=case.agreed_at,
    )  # fmt: skip
    assert [(part.source, part.amount) for part in plan_for(case)] == [
        (f"guarantee:{instrument.pk}", HELD), ("instalment:3", HEAVY - HELD),
    ]  # fmt: skip


def test_planned_and_decided_on_the_pages(world, held):
    case = steps.agreed(world)
    fin, boss = world.client("FIN"), world.client("MGR")
    address = reverse("web:penalty_settle", args=[case.pk])
    shown = fin.get(address).content.decode()
    assert "BG-0001" in shown
    assert VALID_UNTIL.isoformat() in shown
    answered = press(fin, address, source_0=str(HEAVY - PART), source_1=str(PART), source_2="0")
    assert answered.status_code == 302, answered.content.decode()[:2000]
    decide = reverse("web:settlement_decide", args=[case.settlements.get().pk])
    assert "BG-0001" in boss.get(decide).content.decode()
    assert press(boss, decide, decision="yes", note="").status_code == 302
    claim = SecurityClaim.objects.get()
    page = fin.get(reverse("web:penalty", args=[case.pk])).content.decode()
    assert claim.number in page
    assert Deduction.objects.get().amount == HEAVY - PART


def test_the_pages_of_a_settlement_keep_to_the_budget(world, held):
    case = steps.agreed(world)
    client = world.client("FIN")
    seen = queries(client, reverse("web:penalty_settle", args=[case.pk]))
    assert len(seen) <= SHELL + BUDGET, "\n".join(seen)
    plan = services.settlement_propose(actor=world.viewer("FIN"), case=case, wishes=wished(held))
    seen = queries(world.client("MGR"), reverse("web:settlement_decide", args=[plan.pk]))
    assert len(seen) <= SHELL + BUDGET, "\n".join(seen)
    services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=True)
    for name in ("penalty", "penalty_adjust"):
        seen = queries(client, reverse(f"web:{name}", args=[case.pk]))
        assert len(seen) <= SHELL + BUDGET, (name, "\n".join(seen))
