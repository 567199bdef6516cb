"""A story for the fictional contract, told through the same services a person uses: reports handed in and accepted, one
late, one rejected, one waiting; a deposit, two instalments paid, an invoice waiting; a fault; a proposal to decide.

Everything is entered on the day the story is told, as when a running contract is taken over late: what happened lies
in the past, what was recorded is new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.scoping import SYSTEM, Viewer, viewer_for
from accounts.selectors import people_list
from billing.selectors import milestones_list
from billing.selectors.guarantee import security_codes
from billing.services.applications import payment_apply, payment_decide, payment_post
from billing.services.guarantee import instrument_decide, instrument_submit
from billing.services.invoices import invoice_add, invoice_check
from documents.services import payment_approval_issue
from obligations.selectors import due_between, obligation_object
from obligations.services import events, submissions
from obligations.services.reminders.actions import acknowledge
from sla import services as sla
from sla.selectors import incident_spells
from web.demo.paper import paper

Say = Callable[[str], Any]

# Reports of the last weeks are told one by one, everything older is on time.
RECENT = timedelta(days=35)


def _actor(username: str) -> Viewer:
    person = people_list(viewer=SYSTEM).get(username=username)
    return replace(viewer_for(person), authenticated_at=timezone.now())


def _milestones(contract: Any, today: date) -> list[Any]:
    rows = milestones_list(viewer=SYSTEM, contract=contract, as_of=today).rows
    return sorted((row.milestone for row in rows), key=lambda milestone: milestone.position)


def _upload(name: str, *lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{name}.pdf", paper(lines), content_type="application/pdf")


def tell(loaded: dict[str, Any], *, today: date, say: Say) -> None:
    """Tell the story on every fictional contract on which nothing has been done yet."""
    for contract in loaded.values():
        if contract.is_demo and not _milestones(contract, today)[0].invoices.exists():
            say(f"Telling the story of {contract.number} …")
            _Story(contract, today).tell()


class _Story:
    def __init__(self, contract: Any, today: date) -> None:
        self.contract, self.today = contract, today
        self.zone = ZoneInfo(contract.zone)
        self.it, self.fin, self.mgr = _actor("it"), _actor("fin"), _actor("mgr")
        self.mgr2, self.vendor, self.vendor2 = _actor("mgr2"), _actor("vendor"), _actor("vendor2")

    def tell(self) -> None:
        self._deposit()
        self._past_duties()
        self._recent_duties()
        self._money()
        self._fault()
        self._proposal()

    def _deposit(self) -> None:
        day = self.contract.starts_on + timedelta(days=8)
        for code, terms in security_codes(self.contract).items():
            instrument = instrument_submit(
                actor=self.fin,
                contract=self.contract,
                security=code,
                form="cash",
                number=f"DEMO-RZ-{code}",
                amount=terms.amount or Decimal(1),
                received_on=day,
                upload=_upload("银行入账回单", terms.title, str(terms.amount), str(day)),
            )
            instrument_decide(actor=self.mgr, instrument=instrument, accept=True, note="已核对入账回单")

    def _hand_in(self, obligation: Any, done_on: date, *, accept: bool = True, note: str = "") -> Any:
        vendor_side = obligation.obligor == "vendor"
        submission = submissions.submission_add(
            actor=self.vendor if vendor_side else self.it,
            obligation=obligation,
            done_on=min(done_on, self.today),
            note=note or "按期提交",
            uploads=[_upload(obligation.ref or obligation.duty, obligation.title, str(done_on))]
            if obligation.duty.endswith("report")
            else [],
            reference=f"演示-{obligation.ref or obligation.duty}-{obligation.key_text or '1'}",
        )
        if accept:
            reviewer = self.it if vendor_side else self.mgr
            submissions.submission_accept(actor=reviewer, submission=submission)
        return submission

    def _owed(self, first: date, last: date) -> list[Any]:
        """What fell due between two days and is still owed, payments and the deposit apart."""
        rows = due_between(
            viewer=SYSTEM, contract=self.contract, first=first, last=last, as_of=self.today, owed_only=True
        )
        return [
            obligation_object(row.pk, viewer=SYSTEM)
            for row in rows
            if not row.duty.startswith(("payment", "deposit")) and row.obligor != "third"
        ]

    def _past_duties(self) -> None:
        first, last = self.contract.starts_on, self.today - RECENT
        for index, obligation in enumerate(self._owed(first, last)):
            late = 3 if index % 17 == 5 else 0
            self._hand_in(obligation, obligation.due_on - timedelta(days=index % 3) + timedelta(days=late))

    def _recent_duties(self) -> None:
        """The last five weeks: most on time, one rejected, two waiting for review, some still owed."""
        recent = self._owed(self.today - RECENT + timedelta(days=1), self.today)
        own = [one for one in recent if one.obligor != "vendor"]
        theirs = [one for one in recent if one.obligor == "vendor"]
        for number, obligation in enumerate(reversed(theirs)):
            if number == 1:
                rejected = self._hand_in(obligation, obligation.due_on, accept=False)
                submissions.submission_reject(
                    actor=self.it, submission=rejected, note="缺少故障统计一节，请补充后重新提交。"
                )
            elif number in (2, 3):
                self._hand_in(obligation, obligation.due_on, accept=False, note="请审阅")
            elif number == 4:
                acknowledge(actor=self.vendor, obligation=obligation)
            elif number > 4:
                self._hand_in(obligation, obligation.due_on)
        for obligation in own[1:]:  # the buyer is behind with one of its own
            self._hand_in(obligation, obligation.due_on)

    def _money(self) -> None:
        first, second, third, *_rest = _milestones(self.contract, self.today)
        for number, milestone in enumerate((first, second), start=1):
            due = milestone.obligation.due_on
            self._invoice(milestone, f"2426200000{number:010d}", due - timedelta(days=12))
            application = payment_apply(actor=self.fin, milestone=milestone, amount=milestone.amount)
            payment_decide(actor=self.mgr, application=application, approve=True, note="同意支付")
            payment_approval_issue(actor=self.fin, application=application)
            payment_post(
                actor=self.fin,
                application=application,
                paid_on=due - timedelta(days=3),
                bank_reference=f"DEMO-{self.today.year}-{number:04d}",
            )
        self._invoice(third, "24262000000000000003", self.today - timedelta(days=2), check=False)

    def _invoice(self, milestone: Any, number: str, issued_on: date, *, check: bool = True) -> None:
        invoice = invoice_add(
            actor=self.vendor2,
            milestone=milestone,
            number=number,
            amount=Decimal(milestone.amount),
            issued_on=issued_on,
            upload=_upload(f"发票{number[-4:]}", "电子发票（演示）", number, f"CNY {milestone.amount}"),
        )
        if check:
            invoice_check(actor=self.fin, invoice=invoice, accept=True, note="抬头、税号、金额一致")

    def _fault(self) -> None:
        """Two incidents of one root cause: a short one with an announced cutover in it, and one that broke the month.
        One finding waits for the manager, one claim lacks its paper."""
        first = datetime.combine(self.today - timedelta(days=9), time(9, 5), tzinfo=self.zone)
        second = datetime.combine(self.today - timedelta(days=4), time(14, 0), tzinfo=self.zone)
        cause = None
        for moment, minutes, title, systems in (
            (first, 55, "办公楼 3 层断网", ["s1"]),
            (second, 310, "核心交换机再次掉电，办公网络中断", ["s1", "s2"]),
        ):
            incident = sla.incident_register(
                actor=self.it, contract=self.contract, title=title, reported_at=moment, systems=systems,
                down_since=moment - timedelta(minutes=3),
            )  # fmt: skip
            restored = moment + timedelta(minutes=minutes)
            sla.moments_record(
                actor=self.it, incident=incident, note="工单记录",
                moments={"responded": moment + timedelta(minutes=12 if cause is None else 41), "restored": restored},
            )  # fmt: skip
            for spell in incident_spells(incident, viewer=SYSTEM):
                sla.spell_correct(
                    actor=self.it, spell=spell, starts_at=spell.starts_at, ends_at=restored, note="监控平台记录恢复"
                )
            cause = sla.cause_link(
                actor=self.it, incident=incident, cause=cause, title="" if cause else "核心交换机电源模块故障"
            )
            finding = sla.finding_record(
                actor=self.it, incident=incident, name="provider_fault", value=True, established_by="双方共同认定",
                established_on=moment.date(), paper="故障分析会纪要（演示）",
            )  # fmt: skip
            if moment == first:
                sla.findings_decide(actor=self.mgr, incident=incident, findings=[finding], accept=True)
            claim = sla.exclusion_claim(
                actor=self.it, contract=self.contract, incident=incident, ground="cutover", system="s1",
                starts_at=restored - timedelta(minutes=20), ends_at=restored, note="乙方称为提前公告的割接",
            )  # fmt: skip
            if moment == first:
                sla.paper_add(actor=self.it, exclusion=claim, name="notice", reference="割接公告 2 号（演示）")
                sla.exclusion_decide(actor=self.mgr, exclusion=claim, accept=True, note="公告提前三日送达")

    def _proposal(self) -> None:
        """Something for the manager to decide: IT reports that a person of the on-site team left."""
        events.item_record(
            actor=self.it,
            contract=self.contract,
            kind="departure",
            item_id="d1",
            on=self.today - timedelta(days=1),
            attributes={"left": (self.today - timedelta(days=1)).isoformat()},
            note="驻场人员 1 名离岗，待确认",
        )
