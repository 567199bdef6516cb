"""Money in any order: people apply, approve, pay, deduct, reverse, hold, claim and take back as they like; after every
step the books balance, nothing is negative, every effect is journalled and every refusal leaves no trace."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from itertools import count

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from accounts.models import JournalEntry
from billing import services
from billing.models import (
    Deduction,
    FiscalHold,
    Freeze,
    Invoice,
    Liability,
    Milestone,
    Payment,
    PaymentApplication,
    PaymentReversal,
    SeparateClaim,
)
from contracts.errors import Refused
from tests.billing.world import TODAY, pdf

# The long run is SQLite's; a server answers each of the hundred thousand statements more slowly.
FULL = os.environ.get("HYPOTHESIS_PROFILE", "full") == "full" and connection.vendor == "sqlite"
EXAMPLES, STEPS = (300, 50) if FULL else (20, 30)
ZERO = Decimal(0)
# Small amounts and the instalments' own, so that sums meet their limits from both sides.
AMOUNTS = st.sampled_from(
    [Decimal(text) for text in ("0.01", "100.00", "125000.00", "250000.24", "250000.25", "500000.50", "500000.51")]
)
WHICH = st.integers(0, 2)


class MoneyMachine(RuleBasedStateMachine):
    """One contract of three instalments; the last is payable at once here, so that every act is possible."""

    world = None
    steps_taken = 0

    @initialize()
    def begin(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.numbers = count(10_000_000_000_000_000_000)
        self.milestones = list(Milestone.objects.select_related("contract", "obligation").order_by("position"))
        self.contract = self.milestones[0].contract
        self.people = {name: self.world.viewer(name) for name in ("FIN", "FIN2", "MGR", "VND")}

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def _try(self, act) -> None:
        """Run one step: an effect is journalled and leaves the books balanced, a refusal leaves nothing."""
        type(self).steps_taken += self.calls
        before = JournalEntry.objects.count()
        try:
            with transaction.atomic():
                act()
        except Refused:
            assert JournalEntry.objects.count() == before
            return
        assert JournalEntry.objects.count() > before or self.idle
        self._books_balance()

    calls = 1  # service calls of one step: handing in and checking are two
    idle = False  # set by a step that may rightly change nothing

    def _step(self, act, *, idle: bool = False, calls: int = 1) -> None:
        self.idle, self.calls = idle, calls
        self._try(act)

    def _last(self, model, **state):
        return model.objects.filter(**state).order_by("-pk").first()

    @rule(which=WHICH, amount=AMOUNTS, accept=st.booleans())
    def invoice(self, which, amount, accept) -> None:
        number = str(next(self.numbers))

        def act():
            invoice = services.invoice_add(
                actor=self.people["VND"],
                milestone=self.milestones[which],
                number=number,
                amount=amount,
                issued_on=date(2025, 10, 9),
                upload=pdf(),
            )
            services.invoice_check(actor=self.people["FIN"], invoice=invoice, accept=accept, note="核对")

        self._step(act, calls=2)

    @rule(amount=AMOUNTS)
    def credit_note(self, amount) -> None:
        original = self._last(Invoice, state="checked", original=None)
        if original is None:
            self.invoice(0, amount, accept=True)
            return
        number = str(next(self.numbers))

        def act():
            note = services.invoice_add(
                actor=self.people["VND"],
                milestone=original.milestone,
                number=number,
                amount=amount,
                issued_on=date(2025, 10, 9),
                upload=pdf(),
                original=original,
            )
            services.invoice_check(actor=self.people["FIN"], invoice=note, accept=True, note="与纸面核对")

        self._step(act, calls=2)

    @rule(which=WHICH, amount=AMOUNTS)
    def apply(self, which, amount) -> None:
        self._step(
            lambda: services.payment_apply(actor=self.people["FIN"], milestone=self.milestones[which], amount=amount)
        )

    @rule(approve=st.booleans())
    def decide(self, approve) -> None:
        found = self._last(PaymentApplication)
        if found is not None:
            self._step(
                lambda: services.payment_decide(actor=self.people["MGR"], application=found, approve=approve, note="并")
            )

    @rule()
    def pay(self) -> None:
        found = self._last(PaymentApplication, state__in=("approved", "paid"))
        if found is not None:
            reference = f"BOC-{next(self.numbers)}"
            self._step(
                lambda: services.payment_post(
                    actor=self.people["FIN"], application=found, paid_on=TODAY, bank_reference=reference
                )
            )

    @rule(approve=st.booleans())
    def reverse(self, approve) -> None:
        found = self._last(Payment)
        if found is None:
            self.pay()
            return
        reference = f"RET-{next(self.numbers)}"

        def act():
            proposed = services.reversal_propose(
                actor=self.people["FIN"], payment=found, happened_on=TODAY, bank_reference=reference, reason="退汇"
            )
            services.reversal_decide(actor=self.people["MGR"], reversal=proposed, approve=approve, note="并")

        self._step(act, calls=2)

    @rule(key=st.sampled_from("ab"), amount=AMOUNTS)
    def owe(self, key, amount) -> None:
        self._step(
            lambda: services.liability_open(
                actor=self.people["MGR"],
                contract=self.contract,
                source_key=key,
                title="责任",
                clause="13.3",
                amount=amount,
            ),
            idle=True,
        )

    @rule(amount=st.one_of(AMOUNTS, st.just(ZERO)))
    def adjust(self, amount) -> None:
        found = self._last(Liability)
        if found is not None:
            self._step(
                lambda: services.liability_adjust(
                    actor=self.people["MGR"], liability=found, amount=amount, note="调整"
                ),
                idle=True,
            )

    @rule(which=WHICH, amount=AMOUNTS)
    def deduct(self, which, amount) -> None:
        found = self._last(Liability)
        if found is not None:
            self._step(
                lambda: services.deduction_add(
                    actor=self.people["FIN"], liability=found, milestone=self.milestones[which], amount=amount
                )
            )

    @rule()
    def take_back(self) -> None:
        found = self._last(Deduction)
        if found is not None:
            self._step(lambda: services.deduction_reverse(actor=self.people["MGR"], deduction=found, note="更正"))

    @rule(amount=AMOUNTS, anyway=st.booleans(), end=st.sampled_from(("", "settle", "withdraw")))
    def claim(self, amount, anyway, end) -> None:
        found = self._last(Liability)
        if found is None:
            self.owe("a", amount)
            return
        finance, reference = self.people["FIN"], f"VND-{next(self.numbers)}"

        def act():
            claim = services.separate_claim_add(
                actor=finance, liability=found, amount=amount, due_on=TODAY, note="催告", out_of_order=anyway
            )
            if end == "settle":
                services.separate_claim_settle(actor=finance, claim=claim, settled_on=TODAY, bank_reference=reference)
            elif end == "withdraw":
                services.separate_claim_withdraw(actor=finance, claim=claim, note="撤回")

        self._step(act, calls=2 if end else 1)

    @rule(which=WHICH, amount=AMOUNTS, key=st.sampled_from("xy"))
    def freeze(self, which, amount, key) -> None:
        self._step(
            lambda: services.freeze_set(
                actor=self.people["FIN"],
                contract=self.contract,
                source_key=key,
                milestone=self.milestones[which],
                amount=amount,
            ),
            idle=True,
        )

    @rule(key=st.sampled_from("xy"))
    def lift(self, key) -> None:
        self._step(
            lambda: services.freeze_lift(actor=self.people["FIN"], contract=self.contract, source_key=key), idle=True
        )

    @rule(which=WHICH, end=st.booleans())
    def hold(self, which, end) -> None:
        found = FiscalHold.objects.filter(milestone=self.milestones[which], ended_on=None).first()
        finance = self.people["FIN"]

        def act():
            if found is None:
                services.hold_open(actor=finance, milestone=self.milestones[which], known_on=TODAY, reason="财政未拨款")
            elif end:
                services.hold_end(actor=finance, hold=found, ended_on=TODAY, note="拨款通知")
            else:
                services.hold_notify(actor=finance, hold=found, notified_on=TODAY, reference="函 1 号")

        self._step(act)

    def _books_balance(self) -> None:
        rows = {row.pk: row for row in Milestone.objects.all()}
        assert sum(row.amount for row in rows.values()) == self.contract.total
        invoiced, committed, paid, deducted, frozen = (dict.fromkeys(rows, ZERO) for _ in range(5))
        for pk, amount in Invoice.objects.filter(state="checked").values_list("milestone_id", "amount"):
            invoiced[pk] += amount
        applications, settled = {}, 0
        rows_of = PaymentApplication.objects.values_list("pk", "milestone_id", "amount", "state")
        for application, pk, amount, state in rows_of:
            applications[application] = pk
            committed[pk] += amount if state in ("applied", "approved", "paid") else ZERO
            settled += state in ("paid", "reversed")
        payments = list(Payment.objects.values_list("pk", "application_id", "reverses_id", "amount"))
        posted = {pk: application for pk, application, _reverses, _amount in payments}
        for _pk, application, reverses, amount in payments:
            paid[applications[application or posted[reverses]]] += amount
        taken: dict[int, Decimal] = {}
        for pk, liability, amount in Deduction.objects.values_list("milestone_id", "liability_id", "amount"):
            deducted[pk] += amount
            taken[liability] = taken.get(liability, ZERO) + amount
        for pk, amount in Freeze.objects.filter(lifted_at=None).values_list("milestone_id", "amount"):
            frozen[pk] += amount
        for pk, row in rows.items():
            kept = (row.invoiced, row.committed, row.paid, row.deducted, row.frozen)
            assert kept == (invoiced[pk], committed[pk], paid[pk], deducted[pk], frozen[pk])
            assert min(kept) >= 0
            outstanding = row.amount - row.paid - row.deducted
            assert outstanding >= 0  # paid + deducted + outstanding = due, and no more
            assert row.committed + row.deducted + row.frozen <= row.amount
        # one posting per approval, one counter-entry per approved reversal
        assert settled == sum(application is not None for _pk, application, _reverses, _amount in payments)
        reversals = PaymentReversal.objects.filter(state="approved").count()
        assert reversals == sum(reverses is not None for _pk, _application, reverses, _amount in payments)
        self._liabilities(taken)

    def _liabilities(self, deducted: dict[int, Decimal]) -> None:
        claimed: dict[int, Decimal] = {}
        claims = SeparateClaim.objects.exclude(state="withdrawn")
        for pk, amount in claims.values_list("liability_id", "amount"):
            claimed[pk] = claimed.get(pk, ZERO) + amount
        for row in Liability.objects.all():
            assert (row.deducted, row.claimed) == (deducted.get(row.pk, ZERO), claimed.get(row.pk, ZERO))
            assert row.deducted + row.claimed + row.drawn <= row.amount


@pytest.mark.django_db
def test_no_order_of_steps_breaks_the_books(world):
    """At least ten thousand steps in the full profile on SQLite."""
    Milestone.objects.filter(after_acceptance=True).update(after_acceptance=False)
    row = Milestone.objects.get(code="3").obligation
    row.due_state, row.due_on = "known", date(2026, 11, 9)
    row.save(update_fields=("due_state", "due_on"))
    MoneyMachine.world, MoneyMachine.steps_taken = world, 0
    run_state_machine_as_test(
        MoneyMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    if FULL:
        assert MoneyMachine.steps_taken >= 10_000
