"""Every POST that moves money, each as the person whose work it is sends it: what must have happened before, who sends
it, and the fields that a form does not fill in by itself. Here invoices, payments, holds, deductions and the account to
pay to; the other steps stand beside, one file a subject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from billing import services
from billing.models import (
    Deduction,
    FiscalHold,
    Invoice,
    Liability,
    Milestone,
    PayeeChange,
    Payment,
    PaymentApplication,
    PaymentReversal,
    SeparateClaim,
)
from obligations.models import Obligation
from tests.billing.world import pdf
from tests.world import World

NOW = datetime.fromisoformat("2026-09-15T10:00:00+08:00")
TODAY, EARLIER = date(2026, 9, 15), date(2026, 9, 1)
EACH = Decimal("100.00")
_numbers = count(1)


@dataclass(frozen=True)
class Post:
    """One POST: `args` fill the address, `fields` what its form cannot fill in by itself."""

    who: str
    args: list[Any]
    fields: dict[str, Any] = field(default_factory=dict)


Step = Callable[[World], Post]
STEPS: list[tuple[str, Step]] = []


def step(route: str) -> Callable[[Step], Step]:
    def keep(act: Step) -> Step:
        STEPS.append((route, act))
        return act

    return keep


def next_number() -> int:
    """A number no other step has."""
    return next(_numbers)


def reference() -> str:
    return f"BOC-{next_number():05d}"


def instalment(world: World) -> Milestone:
    """An instalment of its own, due like the first one, between the contract's first and last."""
    pattern = Milestone.objects.select_related("obligation").filter(contract=world.contract).order_by("position")[0]
    duty, number = Obligation.objects.get(pk=pattern.obligation_id), next_number()
    duty.pk, duty.key_text = None, f"copy-{number}"
    duty.save(force_insert=True)
    made: Milestone = Milestone.objects.create(
        contract=world.contract, code=f"x{number}", title=f"另列第 {number} 笔", clause="7.1", amount=EACH,
        position=100 + number, obligation=duty,
    )  # fmt: skip
    return made


def handed_in(world: World) -> Invoice:
    return services.invoice_add(
        actor=world.viewer("VND"), milestone=instalment(world), number=f"{26_112_000_000_099_000_000 + next_number()}",
        amount=EACH, issued_on=date(2026, 4, 20), upload=pdf(),
    )  # fmt: skip


def checked(world: World) -> Invoice:
    return services.invoice_check(actor=world.viewer("FIN"), invoice=handed_in(world), accept=True, note="核对无误")


def applied(world: World) -> PaymentApplication:
    row = checked(world).milestone
    return services.payment_apply(actor=world.viewer("FIN"), milestone=row, amount=EACH)


def approved(world: World) -> PaymentApplication:
    return services.payment_decide(actor=world.viewer("MGR"), application=applied(world), approve=True)


def paid(world: World) -> Payment:
    return services.payment_post(
        actor=world.viewer("FIN"), application=approved(world), paid_on=EARLIER, bank_reference=reference()
    )


def owed(world: World) -> Liability:
    return services.liability_open(
        actor=world.viewer("MGR"), contract=world.contract, source_key=f"steps-{next_number()}", title="迟延履约金",
        clause="8.1", amount=Decimal(60),
    )  # fmt: skip


def claimed(world: World) -> SeparateClaim:
    return services.separate_claim_add(
        actor=world.viewer("FIN"), liability=owed(world), amount=Decimal(20), due_on=date(2026, 12, 1), note="催告函",
        out_of_order=True,
    )  # fmt: skip


def held(world: World) -> FiscalHold:
    return services.hold_open(
        actor=world.viewer("FIN"), milestone=instalment(world), known_on=EARLIER, reason="财政未拨款"
    )


# --- invoices, applications, payments --------------------------------------------------------------------------------


def invoice_fields() -> dict[str, Any]:
    return {
        "number": f"{26_112_000_000_088_000_000 + next_number()}",
        "amount": "100.00",
        "issued_on": "2026-04-20",
        "upload": pdf(),
    }


@step("portal:invoice_add")
def the_vendor_hands_in_an_invoice(world: World) -> Post:
    return Post("VND", [instalment(world).pk], invoice_fields())


@step("web:invoice_add")
def finance_enters_a_paper_invoice(world: World) -> Post:
    return Post("FIN", [instalment(world).pk], invoice_fields())


@step("web:invoice_check")
def finance_checks_an_invoice(world: World) -> Post:
    return Post("FIN", [handed_in(world).pk], {"note": "与纸面逐项核对"})


@step("web:credit_note_add")
def finance_enters_a_credit_note(world: World) -> Post:
    return Post("FIN", [checked(world).pk], invoice_fields() | {"amount": "10.00"})


@step("web:payment_apply")
def finance_applies_for_a_payment(world: World) -> Post:
    return Post("FIN", [checked(world).milestone_id])


@step("web:payment_decide")
def the_manager_approves_it(world: World) -> Post:
    return Post("MGR", [applied(world).pk])


@step("web:payment_post")
def finance_enters_the_transfer(world: World) -> Post:
    return Post("FIN", [approved(world).pk])


@step("web:payment_reverse")
def finance_proposes_to_reverse_a_payment(world: World) -> Post:
    return Post("FIN", [paid(world).pk])


@step("web:reversal_decide")
def the_manager_approves_the_reversal(world: World) -> Post:
    proposed: PaymentReversal = services.reversal_propose(
        actor=world.viewer("FIN"), payment=paid(world), happened_on=TODAY, bank_reference=reference(), reason="退汇"
    )
    return Post("MGR", [proposed.pk])


# --- holds and deductions --------------------------------------------------------------------------------------------


@step("web:hold_open")
def finance_records_a_hold(world: World) -> Post:
    return Post("FIN", [instalment(world).pk])


@step("web:hold_notify")
def finance_records_the_notice(world: World) -> Post:
    return Post("FIN", [held(world).pk], {"reference": "函 7 号"})


@step("web:hold_end")
def finance_records_the_release(world: World) -> Post:
    return Post("FIN", [held(world).pk])


@step("web:deduction_add")
def finance_deducts(world: World) -> Post:
    return Post("FIN", [owed(world).pk], {"milestone": str(instalment(world).pk), "amount": "60.00"})


@step("web:deduction_reverse")
def the_manager_takes_a_deduction_back(world: World) -> Post:
    made: Deduction = services.deduction_add(
        actor=world.viewer("FIN"), liability=owed(world), milestone=instalment(world), amount=Decimal(60)
    )
    return Post("MGR", [made.pk])


@step("web:claim_add")
def finance_claims_separately(world: World) -> Post:
    return Post("FIN", [owed(world).pk], {"out_of_order": "on", "due_on": "2026-12-01"})


@step("web:claim_settle")
def finance_records_the_vendors_transfer(world: World) -> Post:
    return Post("FIN", [claimed(world).pk])


@step("web:claim_withdraw")
def finance_withdraws_a_claim(world: World) -> Post:
    return Post("FIN", [claimed(world).pk])


@step("web:refund_pay")
def finance_pays_a_refund(world: World) -> Post:
    claim = services.separate_claim_settle(
        actor=world.viewer("FIN"), claim=claimed(world), settled_on=TODAY, bank_reference=reference()
    )
    refund = services.refund_add(
        actor=world.viewer("MGR2"), claim=claim, amount=Decimal(5), note="多收", ordered_by=world.person["FIN"].pk
    )
    return Post("FIN", [refund.pk])


# --- the account to pay to; last, because nothing is applied for while a change waits --------------------------------


@step("web:payee_propose")
def finance_proposes_another_account(world: World) -> Post:
    return Post("FIN", [world.contract.pk], {"account": "6222000099998888", "letter": pdf("letter.pdf")})


@step("web:payee_decide")
def the_manager_confirms_the_account(world: World) -> Post:
    waiting = PayeeChange.objects.filter(contract=world.contract, state="proposed").first()
    change = waiting or services.payee_propose(
        actor=world.viewer("FIN"), contract=world.contract, name="收款公司", bank="另一银行",
        account="6222000099998888", letter=pdf("letter.pdf"), reason="乙方来函，已回访",
    )  # fmt: skip
    return Post("MGR", [change.pk])
