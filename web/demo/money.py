"""The price: instalments paid, one of them in two parts with a delay of public funds between and a transfer that came
back; an invoice replaced by a credit note; the deposit and a claim on it; what each system uses and bears."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from billing.selectors.guarantee import security_codes
from billing.services.allocation import allocation_decide, allocation_propose
from billing.services.applications import payment_apply, payment_decide, payment_post
from billing.services.claims import separate_claim_add
from billing.services.guarantee import instrument_decide, instrument_submit
from billing.services.guarantee_claims import security_claim_decide, security_claim_deliver, security_claim_propose
from billing.services.holds import hold_end, hold_notify, hold_open
from billing.services.invoices import invoice_add, invoice_check
from billing.services.liabilities import liability_open
from billing.services.payees import payee_propose
from billing.services.quantities import use_record
from billing.services.reversals import reversal_propose
from documents.services import document_issue, payment_approval_issue
from web.demo.stage import Stage, upload

# What came of the second instalment before the delay, and what waited for the funds.
IN_TIME, DELAYED = Decimal(200_000), Decimal(88_000)


def deposit(stage: Stage) -> None:
    """The vendor's deposits arrive and are recognised."""
    day = stage.contract.starts_on + timedelta(days=8)
    for code, terms in security_codes(stage.contract).items():
        instrument = instrument_submit(
            actor=stage.cast.fin, contract=stage.contract, security=code, form="cash", number=f"DEMO-RZ-{code}",
            amount=terms.amount or Decimal(1), received_on=day,
            upload=upload("银行入账回单", terms.title, str(terms.amount), str(day)),
        )  # fmt: skip
        instrument_decide(actor=stage.cast.mgr, instrument=instrument, accept=True, note="已核对入账回单")
        _claim_on(stage, instrument)


def _claim_on(stage: Stage, instrument: Any) -> None:
    """A small damage the contract lets the buyer take from the deposit: claimed in writing, not yet answered."""
    cast, amount = stage.cast, Decimal(860)
    owed = liability_open(
        actor=cast.mgr, contract=stage.contract, source_key="demo:access-cards", title="遗失机房门禁卡 4 张的补办费",
        clause="9.1", amount=amount, note="门禁系统登记与补办报价单（演示）", deductible=False,
    )  # fmt: skip
    claim = security_claim_propose(
        actor=cast.fin, instrument=instrument, ground="liability", amount=amount, liability=owed,
        reason="驻场人员遗失门禁卡 4 张，补办费 860.00 元，乙方已签认。",
    )  # fmt: skip
    claim = security_claim_decide(actor=cast.mgr, claim=claim, approve=True, note="同意从押金中扣取")
    document_issue(actor=cast.fin, kind="guarantee_claim", key=str(claim.pk))
    security_claim_deliver(
        actor=cast.fin, claim=claim, delivered_on=stage.today - timedelta(days=3), reference="当面签收单（演示）"
    )


def instalments(stage: Stage) -> None:
    first, second, third, *_rest = stage.milestones()
    due = first.obligation.due_on
    _invoice(stage, first, 1, first.amount, due - timedelta(days=12))
    _paid(stage, first, first.amount, due - timedelta(days=3), reference=1)
    _in_two_parts(stage, second)
    _replaced(stage, third)


def _invoice(
    stage: Stage, milestone: Any, number: int, amount: Decimal, issued_on: date, *, check: bool = True, of: Any = None
) -> Any:
    printed = f"2426200000{number:010d}"
    title = "红字发票" if of is not None else "电子发票"
    invoice = invoice_add(
        actor=stage.cast.vendor2, milestone=milestone, number=printed, amount=amount, issued_on=issued_on, original=of,
        upload=upload(f"{title}{printed[-4:]}", f"{title}（演示）", printed, f"CNY {amount}"),
    )  # fmt: skip
    if check:
        invoice = invoice_check(actor=stage.cast.fin, invoice=invoice, accept=True, note="抬头、税号、金额一致")
    return invoice


def _paid(stage: Stage, milestone: Any, amount: Decimal, paid_on: date, *, reference: int) -> Any:
    application = payment_apply(actor=stage.cast.fin, milestone=milestone, amount=amount)
    payment_decide(actor=stage.cast.mgr, application=application, approve=True, note="同意支付")
    payment_approval_issue(actor=stage.cast.fin, application=application)
    return payment_post(
        actor=stage.cast.fin, application=application, paid_on=paid_on,
        bank_reference=f"DEMO-{stage.today.year}-{reference:04d}",
    )  # fmt: skip


def _in_two_parts(stage: Stage, milestone: Any) -> None:
    """Part of it in time; the rest waits for public funds, the vendor is told; paid at once when they come; the bank
    sends the money back because the account is closed, and the vendor asks for another one in writing."""
    cast, due, today = stage.cast, milestone.obligation.due_on, stage.today
    _invoice(stage, milestone, 2, IN_TIME, due - timedelta(days=12))
    _invoice(stage, milestone, 3, milestone.amount - IN_TIME, due - timedelta(days=12))
    _paid(stage, milestone, IN_TIME, due - timedelta(days=3), reference=2)
    hold = hold_open(
        actor=cast.fin, milestone=milestone, known_on=due - timedelta(days=8),
        reason="财政授权支付额度下达不足，第二期余款 88000.00 元待追加额度后支付。",
    )  # fmt: skip
    document_issue(actor=cast.fin, kind="delay_notice", key=str(hold.pk))
    hold_notify(
        actor=cast.fin, hold=hold, notified_on=due - timedelta(days=6), reference="EMS 1099000000001（演示）",
        upload=upload("延付告知书签收回执", "延付告知书签收回执（演示）", str(due - timedelta(days=6))),
    )  # fmt: skip
    hold_end(actor=cast.fin, hold=hold, ended_on=today - timedelta(days=9), note="追加额度通知单（演示）")
    payment = _paid(stage, milestone, DELAYED, today - timedelta(days=7), reference=3)
    reversal_propose(
        actor=cast.fin, payment=payment, happened_on=today - timedelta(days=4),
        bank_reference=f"DEMO-{today.year}-TH-0003", reason="银行退汇：收款账户已销户，款项已退回零余额账户。",
    )  # fmt: skip
    payee_propose(
        actor=cast.fin, contract=stage.contract, name=stage.contract.vendor.name, bank="江畔演示银行滨河支行",
        account="00000000000000003137", reason="乙方来函更换收款账户，已按合同所留联系人回拨核实。",
        letter=upload("更换收款账户函", "更换收款账户函（演示）", stage.contract.vendor.name),
    )  # fmt: skip


def _replaced(stage: Stage, milestone: Any) -> None:
    """The wrong tax rate: a credit note takes the invoice back, the new one waits to be checked."""
    today = stage.today
    wrong = _invoice(stage, milestone, 4, milestone.amount, today - timedelta(days=12))
    _invoice(stage, milestone, 5, milestone.amount, today - timedelta(days=6), of=wrong)
    _invoice(stage, milestone, 6, milestone.amount, today - timedelta(days=2), check=False)


def damage(stage: Stage) -> None:
    """What the vendor owes on its own: no instalment may be cut for it."""
    owed = liability_open(
        actor=stage.cast.mgr, contract=stage.contract, source_key="demo:spare-board", title="误操作损坏备用板卡的赔偿",
        clause="3.3", amount=Decimal("3200.00"), note="双方现场确认单（演示）", deductible=False,
    )  # fmt: skip
    separate_claim_add(
        actor=stage.cast.fin, liability=owed, amount=owed.amount, due_on=stage.today + timedelta(days=15),
        note="付款函要求收函后 15 日内汇入。",
    )  # fmt: skip


def shares(stage: Stage) -> None:
    """What each system uses, and the price shared by it."""
    contract, start, later = stage.contract, stage.contract.starts_on, stage.month(3)
    for line, system, quantity, day, note in (
        (1, "s1", 5, start, "进场排班"),
        (1, "s2", 3, start, "进场排班"),
        (1, "s3", 3, start, "进场排班"),
        (1, "s2", -1, later, "无线网络改造完成，调出 1 人"),
        (1, "s3", 1, later, "调入互联网出口"),
        (3, "s1", 2, start, "每年四次评估的安排"),
        (3, "s3", 2, start, "每年四次评估的安排"),
    ):
        use_record(
            actor=stage.cast.it, contract=contract, line=line, system=system, quantity=Decimal(quantity),
            effective_on=day, note=note, evidence_title="驻场排班表（演示）", reference="排班表",
        )  # fmt: skip
    version = allocation_propose(
        actor=stage.cast.fin, contract=contract, method="line", line=1, effective_on=later,
        reason="总价中驻场人力占八成以上，按各系统占用的人数分摊。", evidence_title="费用分摊说明（演示）",
        reference="分摊说明第 1 版",
    )  # fmt: skip
    allocation_decide(actor=stage.cast.mgr, allocation=version, approve=True, note="同意")


def papers(stage: Stage) -> None:
    """What finance files at the end of the story."""
    document_issue(actor=stage.cast.fin, kind="payment_ledger", key=str(stage.contract.pk))
