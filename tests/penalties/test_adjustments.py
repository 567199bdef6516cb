"""After the settlement: what came in goes back, what has not come in is given up, a further claim is settled anew; by
counter-records only, and by two persons."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.policy import NotAllowed
from billing import services as billing
from billing.models import Deduction, Liability, Refund, SecurityClaim, SeparateClaim
from billing.services import guarantee_claims
from contracts.errors import Refused
from contracts.facts import fact_store
from contracts.selectors import definition_for
from penalties import services
from penalties.models import Assessment, CaseAdjustment
from penalties.recompute import recompute
from penalties.services.settlements import received
from tests.billing.world import LAST
from tests.penalties import steps
from tests.penalties.secured import governed_by, guaranteed, secured
from tests.penalties.test_pages import press
from tests.penalties.world import HEAVY, only_case, paper, plain_answer, says

pytestmark = pytest.mark.django_db
BY = date(2025, 11, 20)
OWN = Decimal("20000.00")  # what the vendor pays itself
MORE = HEAVY + Decimal("30000.00")


@pytest.fixture
def split(world):
    """A settlement in two parts: deducted, and claimed from the vendor."""
    return steps.settled(world, wishes={"instalment:3": HEAVY - OWN, "vendor": OWN}, claim_due_on=BY)


def paid(world, claim=None):
    return billing.separate_claim_settle(
        actor=world.viewer("FIN"), claim=claim or SeparateClaim.objects.get(), settled_on=date(2025, 10, 20),
        bank_reference="BOC-2025-1",
    )  # fmt: skip


def adjusted(world, amount, **given):
    wish = services.adjustment_propose(
        actor=world.viewer("FIN"), case=only_case(world), amount=Decimal(amount), reason="法院改判", **given
    )
    services.adjustment_decide(actor=world.viewer("MGR2"), adjustment=wish, approve=True)
    return Liability.objects.get()


def settled_facts(world):
    definition = definition_for(world.contract)
    return [
        (record.attributes["sink"], record.attributes["amount"])
        for record in fact_store(world.contract, definition).records
        if record.name == "settlement"
    ]


def sums(liability):
    return liability.deducted, liability.claimed, liability.drawn, liability.amount


def test_giving_up_what_has_not_come_in_leaves_what_has(world, split):
    assert received(Liability.objects.get()) == HEAVY - OWN
    liability = adjusted(world, HEAVY - OWN)
    assert sums(liability) == (HEAVY - OWN, 0, 0, HEAVY - OWN)
    assert SeparateClaim.objects.get().state == "withdrawn"
    assert Deduction.objects.count() == 1, "what was deducted is not touched"
    assert services.case_close(actor=world.viewer("FIN"), case=split).state == "closed"
    assert settled_facts(world) == [("instalment.3", f"CNY {HEAVY - OWN}")]


def test_part_of_an_open_claim_is_given_up(world, split):
    liability = adjusted(world, HEAVY - Decimal(5000))
    assert sums(liability) == (HEAVY - OWN, OWN - 5000, 0, HEAVY - 5000)
    assert [(each.state, each.amount, each.due_on) for each in SeparateClaim.objects.order_by("pk")] == [
        ("withdrawn", OWN, BY), ("open", OWN - 5000, BY),
    ]  # fmt: skip


def test_what_the_vendor_paid_itself_goes_back_after_the_deductions(world, split):
    paid(world)
    assert settled_facts(world) == [("instalment.3", f"CNY {HEAVY - OWN}"), ("vendor", f"CNY {OWN}")]
    liability = adjusted(world, 15000)
    assert sums(liability) == (0, 15000, 0, 15000)
    refund = Refund.objects.get()
    assert (refund.amount, refund.state, refund.claim.state) == (OWN - 15000, "open", "settled")
    assert (refund.ordered_by_id, refund.approved_by_id) == (world.person["FIN"].pk, world.person["MGR2"].pk)
    told = settled_facts(world)
    assert ("vendor", f"-CNY {OWN - 15000}") in told
    assert ("instalment.3", f"-CNY {HEAVY - OWN}") in told
    with pytest.raises(Refused):  # the money has not gone back yet
        services.case_close(actor=world.viewer("FIN"), case=split)
    with pytest.raises(Refused, match="2025-10-20") as error:  # what has not come in cannot go back
        billing.refund_pay(
            actor=world.viewer("FIN"), refund=refund, paid_on=date(2025, 10, 19), bank_reference="BOC-9001"
        )
    assert error.value.field == "paid_on"
    billing.refund_pay(actor=world.viewer("FIN"), refund=refund, paid_on=date(2025, 10, 20), bank_reference="BOC-9001")
    with pytest.raises(Refused):
        billing.refund_pay(
            actor=world.viewer("FIN"), refund=refund, paid_on=date(2025, 10, 20), bank_reference="BOC-9002"
        )
    assert services.case_close(actor=world.viewer("FIN"), case=split).state == "closed"


def test_all_of_it_was_wrong_after_the_case_was_closed(world, split):
    paid(world)
    services.case_close(actor=world.viewer("FIN"), case=split)
    liability = adjusted(world, 0)
    assert sums(liability) == (0, 0, 0, 0)
    assert Refund.objects.get().amount == OWN
    case = only_case(world)
    assert (case.state, case.closed_at) == ("settled", None), "open again while money has to go back"
    with pytest.raises(Refused):
        adjusted(world, 0)


def test_no_more_goes_back_than_came_in(world, split):
    claim = paid(world)
    boss, fin = world.viewer("MGR"), world.person["FIN"].pk
    for amount in (OWN + Decimal("0.01"), Decimal(0), Decimal(-1)):
        with pytest.raises(Refused):
            billing.refund_add(actor=boss, claim=claim, amount=amount, note="退", ordered_by=fin)
    billing.refund_add(actor=boss, claim=claim, amount=OWN, note="全部退还", ordered_by=fin)
    with pytest.raises(Refused):
        billing.refund_add(actor=boss, claim=claim, amount=Decimal("0.01"), note="再退", ordered_by=fin)
    assert Refund.objects.count() == 1


def test_a_claim_nobody_has_paid_gives_nothing_back(world, split):
    with pytest.raises(Refused):
        billing.refund_add(
            actor=world.viewer("MGR"), claim=SeparateClaim.objects.get(), amount=Decimal(1), note="退",
            ordered_by=world.person["FIN"].pk,
        )  # fmt: skip
    assert not Refund.objects.exists()


def test_a_refund_is_ordered_approved_and_paid_by_different_people(world, split):
    claim = paid(world)
    boss = world.viewer("MGR")
    with pytest.raises(Refused):
        billing.refund_add(actor=boss, claim=claim, amount=OWN, note="退", ordered_by=world.person["MGR"].pk)
    with pytest.raises(NotAllowed):
        billing.refund_add(
            actor=world.viewer("FIN"), claim=claim, amount=OWN, note="退", ordered_by=world.person["MGR"].pk
        )
    refund = billing.refund_add(actor=boss, claim=claim, amount=OWN, note="退还", ordered_by=world.person["FIN"].pk)
    with pytest.raises(NotAllowed):
        billing.refund_pay(actor=boss, refund=refund, paid_on=date(2025, 10, 20), bank_reference="BOC-9001")
    rows = Refund.objects.filter(pk=refund.pk)
    for change in (
        {"ordered_by_id": refund.approved_by_id},
        {"state": "paid"},
        {"state": "paid", "paid_on": BY, "bank_reference": "X-100", "paid_by_id": refund.approved_by_id},
        {"claim": None},
        {"amount": 0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    assert rows.get().state == "open"


def test_what_the_guarantee_paid_goes_back_as_money(world):
    governed_by(world, secured())
    instrument = guaranteed(world)
    steps.settled(world, wishes={f"guarantee:{instrument.pk}": OWN})
    fin = world.viewer("FIN")
    claim = guarantee_claims.security_claim_deliver(
        actor=fin, claim=SecurityClaim.objects.get(), delivered_on=date(2025, 10, 20), reference="EMS 7"
    )
    with pytest.raises(Refused):  # the bank has not answered: nobody knows what there is to give back
        adjusted(world, 0)
    assert only_case(world).amount == HEAVY
    assert not Refund.objects.exists()
    CaseAdjustment.objects.filter(state="proposed").get()
    services.adjustment_decide(
        actor=world.viewer("MGR2"), adjustment=CaseAdjustment.objects.get(), approve=False, note="等银行答复"
    )
    guarantee_claims.security_claim_answer(
        actor=fin, claim=claim, outcome="paid", on=date(2025, 10, 20), reference="BOC 77"
    )
    liability = adjusted(world, 0)
    assert sums(liability) == (0, 0, 0, 0)
    refund = Refund.objects.get()
    assert (refund.security_claim_id, refund.amount) == (claim.pk, OWN)
    assert ("security.performance", f"-CNY {OWN}") in settled_facts(world)
    instrument.refresh_from_db()
    assert instrument.drawn == OWN, "the guarantee itself is not restored by money paid to the vendor"


def test_a_claim_on_the_guarantee_that_was_not_delivered_is_taken_back_in_part(world):
    governed_by(world, secured())
    instrument = guaranteed(world)
    steps.settled(world, wishes={f"guarantee:{instrument.pk}": OWN})
    liability = adjusted(world, HEAVY - 5000)
    assert sums(liability) == (HEAVY - OWN, 0, OWN - 5000, HEAVY - 5000)
    assert [(each.state, each.amount) for each in SecurityClaim.objects.order_by("pk")] == [
        ("withdrawn", OWN), ("approved", OWN - 5000),
    ]  # fmt: skip
    instrument.refresh_from_db()
    assert instrument.reserved == OWN - 5000


def test_a_further_claim_needs_facts_and_a_paper_and_is_settled_anew(world, monkeypatch):
    steps.settled(world)
    fin = world.viewer("FIN")

    def proposed(amount=MORE, **given):
        return services.adjustment_propose(
            actor=fin, case=only_case(world), amount=amount, reason="又查明一起同因故障", **given
        )

    with pytest.raises(Refused):  # nothing new bears it out
        proposed(uploads=[paper("agreement.pdf")])
    says(monkeypatch, plain_answer(MORE))
    with pytest.raises(Refused):
        proposed()
    with pytest.raises(Refused) as refusal:
        proposed(MORE + Decimal("0.01"), uploads=[paper("agreement.pdf")])
    assert str(MORE) in refusal.value.message
    assert not CaseAdjustment.objects.exists()
    liability = adjusted(world, MORE, uploads=[paper("agreement.pdf")])
    assert sums(liability) == (MORE, 0, 0, MORE)
    assert [each.amount for each in Deduction.objects.order_by("pk")] == [HEAVY, MORE - HEAVY]
    kept = Assessment.objects.get(kind="adjustment")
    assert (kept.amount, kept.high) == (MORE, MORE)
    assert "penalty:" not in str(kept.facts.records), "a case does not count its own settlement"
    assert [each.assessment for each in recompute().differences if each.assessment == kept.pk] == []


def test_a_further_claim_beyond_the_instalment_sets_a_day(world, monkeypatch):
    steps.settled(world)
    large = LAST + Decimal("0.01")
    says(monkeypatch, plain_answer(large))
    given = {"amount": large, "reason": "追加", "uploads": [paper("agreement.pdf")]}
    with pytest.raises(Refused) as refusal:
        services.adjustment_propose(actor=world.viewer("FIN"), case=only_case(world), **given)
    assert refusal.value.field == "claim_due_on"
    services.case_close(actor=world.viewer("FIN"), case=only_case(world))
    liability = adjusted(world, large, claim_due_on=BY, uploads=[paper("agreement.pdf")])
    assert sums(liability) == (LAST, Decimal("0.01"), 0, large)
    assert only_case(world).state == "settled"


def test_the_same_amount_or_less_than_nothing_is_no_adjustment(world, split):
    for amount in (HEAVY, Decimal("-0.01")):
        with pytest.raises(Refused):
            services.adjustment_propose(
                actor=world.viewer("FIN"), case=only_case(world), amount=amount, reason="没有变化"
            )
    assert not CaseAdjustment.objects.exists()


def test_refunds_on_the_pages(world, split):
    paid(world)
    fin, boss = world.client("FIN"), world.client("MGR2")
    page = reverse("web:penalty_adjust", args=[split.pk])
    assert "121,132.09" in fin.get(page).content.decode(), "what has come in is shown beside the form"
    assert press(fin, page, amount="0", reason="全部撤销").status_code == 302
    wish = CaseAdjustment.objects.get()
    assert press(boss, reverse("web:adjustment_decide", args=[wish.pk]), decision="yes", note="").status_code == 302
    refund = Refund.objects.get()
    transfer = reverse("web:refund_pay", args=[refund.pk])
    assert transfer in fin.get(reverse("web:penalty", args=[split.pk])).content.decode()
    assert transfer in fin.get(reverse("web:contract_settlement", args=[world.contract.pk])).content.decode()
    assert boss.get(transfer).status_code in (403, 404)
    assert press(fin, transfer, paid_on="2025-10-20", bank_reference="BOC-9001").status_code == 302
    refund.refresh_from_db()
    assert (refund.state, refund.paid_by_id) == ("paid", world.person["FIN"].pk)
