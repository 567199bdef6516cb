"""Races on PostgreSQL (security.md F1, F2): eight people press at once; one effect each. The twin without the guards
shows that the race is real."""

import threading
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from accounts.models import JournalEntry
from billing import services
from billing.models import Invoice, Milestone, NumberSequence, Payment, PaymentApplication
from contracts.errors import Refused
from documents.models import IssuedDocument
from documents.services import payment_approval_issue
from obligations.models import Obligation
from tests import racing
from tests.billing.steps import checked, hand_in
from tests.billing.world import FIRST, NOW, milestone, pay_world

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

PEOPLE = 8
ITEMS = 12
ALL = 60  # F1 of the security plan
EACH = Decimal("100.00")


@pytest.fixture
def world():
    with time_machine.travel(NOW, tick=True):
        yield pay_world()


def invoiced_milestones(world, number_of):
    """Milestones to race on, each fully invoiced and checked."""
    pattern = milestone(world).obligation
    found = []
    for number in range(number_of):
        duty = Obligation.objects.get(pk=pattern.pk)
        duty.pk, duty.key_text = None, f"copy-{number}"
        duty.save(force_insert=True)
        row = Milestone.objects.create(
            contract=world.contract,
            code=f"x{number}",
            title=f"并发 {number}",
            clause="7.2",
            amount=EACH,
            position=100 + number,
            obligation=duty,
        )
        invoice = hand_in(world, row.code, EACH)
        services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=True, note="与纸面核对")
        found.append(row)
    return found


@pytest.fixture
def many(world):
    return invoiced_milestones(world, ITEMS)


@pytest.fixture
def sixty(world):
    return invoiced_milestones(world, ALL)


def at_once(act, items=(None,), people=PEOPLE):
    """Every item by `people` who start together; what came out, counted. An error nobody foresaw is raised."""

    def person():
        outcomes = Counter()
        for item in items:
            try:
                outcomes[act(item) or "done"] += 1
            except Refused:
                outcomes["refused"] += 1
        return outcomes

    return sum(racing.at_once(*[person] * people), Counter())


def test_applications_approvals_and_payments_happen_once_each(world, sixty):
    finance, manager = world.viewer("FIN"), world.viewer("MGR")

    def apply(row):
        services.payment_apply(actor=finance, milestone=row, amount=EACH)

    assert at_once(apply, sixty) == {"done": ALL, "refused": ALL * (PEOPLE - 1)}
    applications = list(PaymentApplication.objects.order_by("pk"))
    numbers = sorted(row.number for row in applications)
    assert [number[-4:] for number in numbers] == [f"{position:04d}" for position in range(1, ALL + 1)]

    def decide(application):
        services.payment_decide(actor=manager, application=application, approve=True)

    assert at_once(decide, applications) == {"done": ALL, "refused": ALL * (PEOPLE - 1)}
    assert JournalEntry.objects.filter(action="payment.approve").count() == ALL

    def pay(application):
        reference = f"BOC-{application.pk}-{threading.get_ident()}"
        services.payment_post(
            actor=finance, application=application, paid_on=date(2025, 10, 17), bank_reference=reference
        )

    assert at_once(pay, applications) == {"done": ALL, "refused": ALL * (PEOPLE - 1)}
    assert Payment.objects.count() == ALL
    assert JournalEntry.objects.filter(action="payment.post").count() == ALL
    assert set(Milestone.objects.filter(code__startswith="x").values_list("paid", flat=True)) == {EACH}


def test_without_lock_and_conditional_update_approvals_are_doubled(world, sixty):
    """The twin: read, look, write, as one would naively. It must go wrong, or the test above proves nothing."""
    manager = world.viewer("MGR")
    for row in sixty:
        services.payment_apply(actor=world.viewer("FIN"), milestone=row, amount=EACH)
    together = threading.Barrier(PEOPLE)

    def naive(application):
        together.wait(timeout=60)
        free = PaymentApplication.objects.get(pk=application.pk).state == "applied"
        together.wait(timeout=60)
        if not free:
            raise Refused("decided")
        PaymentApplication.objects.filter(pk=application.pk).update(
            state="approved", decided_by_id=manager.user_id, decided_at=NOW
        )

    outcomes = at_once(naive, list(PaymentApplication.objects.order_by("pk")))
    assert outcomes["done"] == ALL * PEOPLE


def test_approve_and_reject_at_once_leave_one_legal_state(world, many):
    for row in many:
        services.payment_apply(actor=world.viewer("FIN"), milestone=row, amount=EACH)
    managers = [world.viewer("MGR"), world.viewer("MGR2")]

    def decide(application):
        approve = threading.get_ident() % 2 == 0
        services.payment_decide(actor=managers[approve], application=application, approve=approve, note="并发")

    outcomes = at_once(decide, list(PaymentApplication.objects.order_by("pk")))
    assert outcomes["done"] == ITEMS
    for row in Milestone.objects.filter(code__startswith="x"):
        state = row.applications.get().state
        assert row.committed == (EACH if state == "approved" else 0)


def test_one_invoice_number_in_two_milestones_at_once_is_taken_once(world):
    def add(_item):
        hand_in(world, "1" if threading.get_ident() % 2 else "2", Decimal(1), number="25112000ABC")

    assert at_once(add) == {"done": 1, "refused": PEOPLE - 1}
    assert Invoice.objects.count() == 1


def test_one_form_is_issued_once_and_several_forms_get_numbers_without_a_gap(world, many):
    finance = world.viewer("FIN")
    applications = [services.payment_apply(actor=finance, milestone=row, amount=EACH) for row in many[:3]]

    def issue(application):
        payment_approval_issue(actor=finance, application=application)

    at_once(issue, applications, people=4)
    for application in applications:  # whoever was told to try again does
        issue(application)
    numbers = sorted(IssuedDocument.objects.values_list("number", flat=True))
    assert [number[-4:] for number in numbers] == ["0001", "0002", "0003"]
    assert NumberSequence.objects.get(series="payment_approval").last == 3


def test_one_key_fifty_times_at_once_has_one_effect(world):
    checked(world)
    finance = world.viewer("FIN")
    application = services.payment_apply(actor=finance, milestone=milestone(world), amount=FIRST)
    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True)
    address = reverse("web:payment_post", args=[application.pk])
    clients = [world.client("FIN") for _ in range(PEOPLE)]
    lock = threading.Lock()
    given = {"paid_on": "2025-10-17", "bank_reference": "BOC-77", "idempotency_key": "one-key"}

    def send(_item):
        with lock:
            client = clients.pop() if clients else world.client("FIN")
        answer = client.post(address, given)
        with lock:
            clients.append(client)
        return (answer.status_code, answer.headers.get("Location", ""))

    outcomes = at_once(send, range(50 // PEOPLE + 1))
    done = (302, reverse("web:application", args=[application.pk]))
    assert outcomes[done] >= 1
    assert {status for status, _ in outcomes} <= {302, 409}
    assert {answer for answer in outcomes if answer[0] == 302} == {done}
    assert Payment.objects.count() == 1
    assert JournalEntry.objects.filter(action="payment.post").count() == 1
    assert connection.vendor == "postgresql"


def test_a_payment_is_reversed_once_and_a_deduction_taken_back_once(world, many):
    finance, manager = world.viewer("FIN"), world.viewer("MGR")
    proposed = []
    for row in many[:4]:
        application = services.payment_apply(actor=finance, milestone=row, amount=EACH)
        services.payment_decide(actor=manager, application=application, approve=True)
        payment = services.payment_post(
            actor=finance, application=application, paid_on=date(2025, 10, 17), bank_reference=f"BOC-{row.pk}"
        )
        proposed.append(
            services.reversal_propose(
                actor=finance,
                payment=payment,
                happened_on=date(2025, 10, 18),
                bank_reference=f"RET-{row.pk}",
                reason="退汇",
            )
        )

    def reverse_it(reversal):
        services.reversal_decide(actor=manager, reversal=reversal, approve=True)

    assert at_once(reverse_it, proposed) == {"done": 4, "refused": 4 * (PEOPLE - 1)}
    assert Payment.objects.filter(reverses__isnull=False).count() == 4
    assert set(Milestone.objects.filter(pk__in=[row.pk for row in many[:4]]).values_list("paid", flat=True)) == {0}


def test_deductions_at_once_never_exceed_liability_or_milestone(world, many):
    finance, manager = world.viewer("FIN"), world.viewer("MGR")
    liability = services.liability_open(
        actor=manager, contract=world.contract, source_key="race", title="责任", clause="13.3", amount=EACH * 3
    )

    def deduct(row):
        services.deduction_add(actor=finance, liability=liability, milestone=row, amount=EACH)

    outcomes = at_once(deduct, many[:5])
    assert outcomes["done"] == 3
    liability.refresh_from_db()
    assert liability.deducted == EACH * 3
    assert max(Milestone.objects.values_list("deducted", flat=True)) <= EACH
