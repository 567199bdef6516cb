"""From blocked to paid, by the people whose work it is; and every way in which it must not go."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible, ReauthenticationRequired
from billing import services
from billing.models import Invoice, Milestone, Payment, PaymentApplication
from billing.selectors import milestone_gate, milestone_page, milestones_list
from billing.services import milestones_sync
from contracts.errors import Refused
from contracts.models import DefinitionVersion, Fact
from obligations.services.evaluation import obligations_materialise
from tests.billing.steps import applied, approved, checked, everything, hand_in, paid
from tests.billing.world import DATA, FIRST, LAST, TODAY, happened, milestone, pdf

CENT = Decimal("0.01")


def gate(world, code="1", as_of=TODAY, who="FIN"):
    return milestone_gate(milestone(world, code), viewer=world.viewer(who), as_of=as_of)


def refused(step, *, error=Refused, field=None):
    """The step is refused, says why, and leaves everything as it was."""
    before = everything()
    with pytest.raises(error) as caught:
        step()
    assert everything() == before
    if field is not None:
        assert caught.value.field == field
    return caught.value.message


def test_from_blocked_to_paid(world):
    row = milestone(world).obligation
    assert (row.due_on, row.gate_open, row.state) == (date(2025, 11, 4), False, "open")
    assert gate(world).state == "waiting_invoice"

    invoice = hand_in(world)
    with translation.override("en"):
        assert (gate(world).state, gate(world).state_text) == ("waiting_invoice", "Invoice to be checked")
    services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=True, note="与纸面核对")
    fact = Fact.objects.get(name="invoice_1")
    assert (fact.happened_on, fact.state) == (TODAY, "confirmed")
    assert milestone(world).obligation.gate_open
    assert gate(world).state == "payable"

    application = services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world), amount=FIRST)
    assert application.number == "PAY-2025-01-A-2025-0001"
    assert (application.payee_name, application.payee_account) == ("收款公司", "62220000111122223333")
    assert gate(world).state == "applied"

    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True)
    assert gate(world).state == "approved"

    payment = services.payment_post(
        actor=world.viewer("FIN"), application=application, paid_on=date(2025, 10, 17), bank_reference="boc 2025-7 "
    )
    assert (payment.amount, payment.bank_reference) == (FIRST, "BOC2025-7")
    view = gate(world)
    assert (view.state, view.gate.outstanding, view.gate.overdue) == ("paid", 0, False)
    done = milestone(world).obligation
    assert (done.state, done.done_on) == ("done", date(2025, 10, 17))
    actions = list(JournalEntry.objects.order_by("pk").values_list("action", flat=True))
    for action in ("invoice.add", "invoice.check", "payment.apply", "payment.approve", "payment.post"):
        assert actions.count(action) == 1


def test_an_instalment_with_a_window_is_not_paid_before_it_opens(world, clock):
    """A quarter paid in arrears: the date is known from the first day, the money is not due before the quarter ends."""
    data = DATA | {"duty": DATA["duty"] | {"payment_1": DATA["duty"]["payment_1"] | {
        "due": "window(on 2025-11-01, on 2025-11-01 + 10 workdays)",
    }}}  # fmt: skip
    DefinitionVersion.objects.filter(contract=world.contract).update(data=data, sha256="f" * 64)
    obligations_materialise(world.contract, as_of=TODAY)
    invoice = hand_in(world)
    services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=True, note="与纸面核对")
    early = gate(world)
    assert (early.state, early.lines[0].state) == ("not_met", "waiting")
    assert "2025-11-01" in early.lines[0].text
    refused(lambda: services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world), amount=FIRST))
    assert gate(world, as_of=date(2025, 10, 31)).state == "not_met"
    assert gate(world, as_of=date(2025, 11, 1)).state == "payable"

    clock.shift(12 * 86_400)  # Beijing writes 1 November
    services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world), amount=FIRST)
    assert gate(world, as_of=date(2025, 11, 1)).state == "applied"


def test_the_event_is_the_day_the_last_invoice_came_in_not_the_day_it_was_checked(world, clock):
    half = FIRST - Decimal(1)
    first = hand_in(world, amount=half)
    clock.shift(86_400)
    second = hand_in(world, amount=Decimal(1))
    clock.shift(5 * 86_400)
    services.invoice_check(actor=world.viewer("FIN"), invoice=first, accept=True, note="与纸面核对")
    assert not Fact.objects.filter(name="invoice_1").exists()
    services.invoice_check(actor=world.viewer("FIN"), invoice=second, accept=True, note="与纸面核对")
    assert Fact.objects.get(name="invoice_1").happened_on == date(2025, 10, 21)


def test_a_part_payment_leaves_the_rest_payable_and_the_duty_open(world):
    checked(world)
    application = services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world), amount=Decimal(100))
    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True)
    services.payment_post(actor=world.viewer("FIN"), application=application, paid_on=TODAY, bank_reference="PART-1")
    assert milestone(world).obligation.state == "open"
    view = gate(world)
    assert (view.state, view.gate.available) == ("payable", FIRST - 100)
    rest = services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world), amount=FIRST - 100)
    services.payment_decide(actor=world.viewer("MGR"), application=rest, approve=True)
    services.payment_post(actor=world.viewer("FIN"), application=rest, paid_on=TODAY, bank_reference="PART-2")
    assert milestone(world).obligation.state == "done"


def test_a_rejected_application_frees_the_amount(world):
    application = applied(world)
    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=False, note="金额待核")
    assert milestone(world).committed == 0
    assert gate(world).state == "payable"
    again = services.payment_apply(actor=world.viewer("FIN2"), milestone=milestone(world), amount=FIRST)
    assert again.number == "PAY-2025-01-A-2025-0002"


# --- the gate ------------------------------------------------------------------------------------------------------


def test_while_the_invoice_is_missing_the_buyer_is_late_but_not_in_breach(world):
    view = gate(world, as_of=date(2025, 11, 20))
    assert (view.state, view.gate.overdue) == ("waiting_invoice", False)
    checked(world)
    on_time, late = gate(world, as_of=date(2025, 11, 4)), gate(world, as_of=date(2025, 11, 5))
    assert (on_time.gate.overdue, late.gate.overdue, late.gate.overdue_days) == (False, True, 1)


def test_the_last_instalment_waits_for_acceptance_and_for_the_end_of_the_term(world, clock):
    assert gate(world, "3").state == "not_met"
    happened(world, "acceptance_signed", date(2025, 10, 15))
    assert milestone(world, "3").obligation.due_on is not None
    assert gate(world, "3").state == "not_met", "accepted, but the term is still running"
    assert gate(world, "3", as_of=date(2026, 6, 30)).state == "not_met"
    assert gate(world, "3", as_of=date(2026, 7, 1)).state == "waiting_invoice"


def test_the_page_can_be_shown_as_of_an_earlier_day(world, clock):
    checked(world)
    clock.shift(86_400)
    application = services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world), amount=FIRST)
    clock.shift(86_400)
    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True)
    states = [gate(world, as_of=date(2025, 10, day)).state for day in (19, 20, 21, 22)]
    assert states == ["waiting_invoice", "payable", "applied", "approved"]


def test_blocked_milestones_stand_first_paid_ones_last(world):
    paid(world, "1")
    rows = milestones_list(viewer=world.viewer("FIN")).rows
    assert [row.milestone.code for row in rows] == ["2", "3", "1"]
    first = milestones_list(viewer=world.viewer("FIN"), limit=2)
    rest = milestones_list(viewer=world.viewer("FIN"), limit=2, cursor=first.older)
    assert [row.milestone.code for row in (*first.rows, *rest.rows)] == ["2", "3", "1"]
    assert rest.older == ""


def test_the_list_costs_the_same_whatever_its_length(world, django_assert_num_queries):
    viewer = world.viewer("FIN")
    with django_assert_num_queries(3):
        milestones_list(viewer=viewer, as_of=TODAY)


# --- invoices ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("number", {"number": "12"}),
        ("number", {"number": "2511<script>"}),
        ("issued_on", {"issued_on": date(2025, 10, 21)}),
        ("issued_on", {"issued_on": date(2025, 6, 19)}),
        ("amount", {"amount": FIRST + CENT}),
        ("amount", {"amount": Decimal(0)}),
        ("amount", {"amount": Decimal(-1)}),
        ("amount", {"amount": Decimal("0.001")}),
        ("amount", {"amount": Decimal("NaN")}),
        ("amount", {"amount": Decimal("1e999")}),
        ("upload", {"upload": pdf(body=b"")}),
        ("upload", {"upload": pdf("invoice.exe")}),
        ("upload", {"upload": pdf(body=b"<html><script>1</script></html>")}),
    ],
)
def test_an_invoice_that_cannot_be_right_is_refused(world, field, given):
    refused(lambda: hand_in(world, **given), field=field)


def test_an_invoice_dated_today_or_on_the_day_of_signature_is_taken(world):
    hand_in(world, amount=CENT, issued_on=TODAY)
    hand_in(world, amount=CENT, issued_on=date(2025, 6, 20))


def test_a_number_counts_once_in_the_whole_database_however_it_is_typed(world):
    hand_in(world, amount=CENT, number="2511 2000 ABC")
    for number in ("25112000ABC", "２５１１２０００abc", " 2511 2000 abc "):
        message = refused(lambda number=number: hand_in(world, "2", CENT, number=number), field="number")
        assert "PAY-2025-01" not in message, "the refusal must not tell a vendor about other contracts"


def test_a_rejected_invoice_may_come_again_with_its_number(world):
    invoice = hand_in(world, number="25112000ABC")
    refused(lambda: services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=False), field="note")
    services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=False, note="抬头有误")
    assert milestone(world).invoiced == 0
    hand_in(world, number="25112000ABC")


def test_nobody_checks_the_invoice_they_handed_in(world):
    invoice = hand_in(world, who="FIN")
    refused(lambda: services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=True, note="与纸面核对"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(state="checked", checked_by=world.person["FIN"])
    services.invoice_check(actor=world.viewer("FIN2"), invoice=invoice, accept=True, note="与纸面核对")
    refused(lambda: services.invoice_check(actor=world.viewer("FIN2"), invoice=invoice, accept=False, note="再查"))


# --- applications --------------------------------------------------------------------------------------------------


def test_no_application_without_a_checked_invoice(world):
    apply = lambda: services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world), amount=CENT)  # noqa: E731
    refused(apply)
    invoice = hand_in(world)
    refused(apply)
    services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=False, note="税号有误")
    refused(apply)


def test_no_application_before_the_trigger(world):
    message = refused(
        lambda: services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world, "3"), amount=LAST)
    )
    assert message


def test_no_more_than_was_invoiced_or_is_owed(world):
    checked(world, amount=Decimal(100))
    apply = lambda amount: services.payment_apply(  # noqa: E731
        actor=world.viewer("FIN"), milestone=milestone(world), amount=amount
    )
    refused(lambda: apply(Decimal(100) + CENT), field="amount")
    apply(Decimal(100))
    refused(lambda: apply(CENT))


def test_nothing_is_left_to_apply_for_after_the_last_cent(world):
    paid(world)
    refused(lambda: services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world), amount=CENT))


def test_money_goes_to_the_contract_s_account_or_nowhere(world):
    checked(world)
    apply = lambda account: services.payment_apply(  # noqa: E731
        actor=world.viewer("FIN"), milestone=milestone(world), amount=FIRST, payee_account=account
    )
    refused(lambda: apply("62220000111122223334"))
    application = apply("6222 0000 1111 2222 3333")
    moved = {**DATA["party"]["vendor"], "account_number": "99990000111122223333"}
    data = {**DATA, "party": {**DATA["party"], "vendor": moved}}
    DefinitionVersion.objects.filter(contract=world.contract).update(data=data)
    refused(lambda: services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True))


def test_without_an_account_in_the_contract_nothing_can_be_applied_for(world):
    checked(world)
    vendor = {"name": "收款公司", "role": "vendor"}
    data = {**DATA, "party": {**DATA["party"], "vendor": vendor}}
    DefinitionVersion.objects.filter(contract=world.contract).update(data=data)
    refused(lambda: services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world), amount=FIRST))


def test_the_applicant_never_decides(world):
    checked(world)
    application = services.payment_apply(actor=world.viewer("BOTH"), milestone=milestone(world), amount=FIRST)
    for approve in (True, False):
        refused(
            lambda approve=approve: services.payment_decide(
                actor=world.viewer("BOTH"), application=application, approve=approve, note="自批"
            )
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentApplication.objects.filter(pk=application.pk).update(state="approved", decided_by=world.person["BOTH"])
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentApplication.objects.filter(pk=application.pk).update(state="approved")


def test_a_manager_proves_their_identity_before_deciding(world):
    application = applied(world)
    decide = lambda: services.payment_decide(  # noqa: E731
        actor=world.viewer("MGR", fresh=False), application=application, approve=True
    )
    refused(decide, error=ReauthenticationRequired)


def test_a_decision_is_final(world):
    application = approved(world)
    for approve in (True, False):
        refused(
            lambda approve=approve: services.payment_decide(
                actor=world.viewer("MGR2"), application=application, approve=approve, note="改主意"
            )
        )


# --- payments ------------------------------------------------------------------------------------------------------


def test_only_what_was_approved_is_paid_and_once(world):
    application = applied(world)
    post = lambda **given: services.payment_post(  # noqa: E731
        actor=world.viewer("FIN"),
        application=application,
        **{"paid_on": TODAY, "bank_reference": "BOC-1", **given},
    )
    refused(post)
    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True)
    refused(lambda: post(paid_on=date(2025, 10, 21)), field="paid_on")
    refused(lambda: post(paid_on=date(2025, 6, 19)), field="paid_on")
    refused(lambda: post(bank_reference="x"), field="bank_reference")
    post()
    refused(lambda: post(bank_reference="BOC-2"))


def test_a_bank_reference_counts_once(world):
    paid(world, "1")
    reference = Payment.objects.get().bank_reference
    application = approved(world, "2")
    for typed in (reference, f" {reference.lower()} "):
        refused(
            lambda typed=typed: services.payment_post(
                actor=world.viewer("FIN"), application=application, paid_on=TODAY, bank_reference=typed
            ),
            field="bank_reference",
        )


def test_a_posted_payment_is_never_changed(world):
    payment = paid(world)
    for change in (lambda: Payment.objects.update(amount=1), lambda: Payment.objects.all().delete()):
        with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
            change()
    payment.refresh_from_db()
    assert payment.amount == FIRST


def test_the_database_itself_holds_paid_below_applied_below_invoiced_below_owed(world):
    paid(world)
    for wrong in (
        {"paid": FIRST + CENT},
        {"paid": -CENT},
        {"committed": FIRST - CENT},
        {"invoiced": FIRST - CENT},
        {"amount": FIRST - CENT},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Milestone.objects.filter(code="1").update(**wrong)


# --- who -----------------------------------------------------------------------------------------------------------


def test_only_the_role_may_act_and_strangers_do_not_even_know(world):
    invoice = hand_in(world)
    for who, error in (("MGR", NotAllowed), ("IT", NotAllowed), ("AUD", NotAllowed), ("VND", NotVisible)):
        refused(
            lambda who=who: services.invoice_check(
                actor=world.viewer(who), invoice=invoice, accept=True, note="与纸面核对"
            ),
            error=error,
        )
    services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=True, note="与纸面核对")
    for who, error in (
        ("MGR", NotAllowed),
        ("IT", NotAllowed),
        ("VND", NotVisible),
        ("STRANGER", NotVisible),
        ("OTHER_FIN", NotVisible),
    ):
        refused(
            lambda who=who: services.payment_apply(actor=world.viewer(who), milestone=milestone(world), amount=FIRST),
            error=error,
        )
    application = services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world), amount=FIRST)
    for who, error in (("FIN2", NotAllowed), ("AUD", NotAllowed), ("VND", NotVisible), ("OTHER_FIN", NotVisible)):
        refused(
            lambda who=who: services.payment_decide(actor=world.viewer(who), application=application, approve=True),
            error=error,
        )
    refused(lambda: hand_in(world, "2", who="STRANGER"), error=NotVisible)
    refused(lambda: hand_in(world, "2", who="IT"), error=NotAllowed)


def test_the_vendor_sees_the_state_but_not_the_buyer_s_papers(world):
    applied(world)
    page = milestone_page(milestone(world).pk, viewer=world.viewer("VND"), as_of=TODAY)
    assert page.gate.state == "applied"
    assert page.applications == ()
    assert len(page.invoices) == 1
    with pytest.raises(NotVisible):
        milestone_page(milestone(world).pk, viewer=world.viewer("STRANGER"), as_of=TODAY)


# --- milestones ----------------------------------------------------------------------------------------------------


def test_loading_the_same_definition_again_changes_no_milestone(world):
    before = everything()
    milestones_sync(world.contract)
    assert everything() == before
    assert sum(Milestone.objects.values_list("amount", flat=True)) == world.contract.total


def test_a_new_version_cannot_owe_less_than_was_invoiced(world):
    checked(world)
    smaller = {**DATA["instalment"]["1"], "amount": str(FIRST - CENT)}
    data = {**DATA, "instalment": {**DATA["instalment"], "1": smaller}}
    DefinitionVersion.objects.filter(contract=world.contract).update(data=data)
    refused(lambda: milestones_sync(world.contract))
