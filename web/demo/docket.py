"""Penalties at every stage: clues, one proposed, one the vendor may object to, one it objected to, one decided and
held back, one decided and deducted with its papers, one waived; and two readings, one chosen, one to decide."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from documents.services import document_issue
from obligations.services.readings import reading_decide, reading_propose
from penalties import services as penalties
from sla import services as sla
from web.demo.stage import Stage, upload

# How many of the eleven were on site, by month of service from 0; a month not named was complete.
ON_SITE = {1: 10, 2: 8, 4: 9, 5: 10, 6: 10}
MONTHS = 7


def tell(stage: Stage) -> None:
    _reading(stage)
    for index in range(MONTHS):
        sla.figure_record(
            actor=stage.cast.it, contract=stage.contract, series="staff_on_site", period=f"{stage.month(index):%Y-%m}",
            value=str(ON_SITE.get(index, 11)), method="门禁记录与考勤表核对，取当月最少一日",
        )  # fmt: skip
    penalties.clues_raise(stage.contract, actor=stage.cast.it)
    found = _Docket(stage)
    found.waived(1)
    found.deducted(2)
    found.held_back(4)
    found.proposed("staff_short", 5, note="缺员 1 人，门禁与考勤一致。")
    found.objected(2)
    found.notified(3)
    _reading_to_decide(stage)


def _reading(stage: Stage) -> None:
    choice = reading_propose(
        actor=stage.cast.fin, contract=stage.contract, name="started_week", option="full",
        reason="条文写明“每满一周”，不满一周的不扣。",
    )  # fmt: skip
    reading_decide(actor=stage.cast.mgr, choice=choice, accept=True, note="同意按条文文义")


def _reading_to_decide(stage: Stage) -> None:
    reading_propose(
        actor=stage.cast.it, contract=stage.contract, name="natural_day_roll", option="none",
        reason="押金条款写“10 日内”，与乙方商定按自然日计、末日不顺延，待领导决定。",
    )  # fmt: skip


class _Docket:
    """The cases raised for the months of service, led to where each of them stands today."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.cast, self.today = stage, stage.cast, stage.today

    def proposed(self, rule: str, index: int, *, note: str) -> Any:
        """Its facts looked into and proposed; waiting for the manager."""
        month = self.stage.month(index)
        return penalties.penalty_adopt(
            actor=self.cast.it, contract=self.stage.contract, target=f"rule:{rule}",
            key_text=f"{month:%Y-%m}", note=f"{month.month} 月{note}",
        )  # fmt: skip

    def waived(self, index: int) -> None:
        case = self.proposed("staff_short", index, note="缺员 1 人。")
        penalties.penalty_waive(
            actor=self.cast.mgr, case=case, reason="缺员 1 人系参加甲方安排的培训，当日已派人顶岗，不予扣款。"
        )

    def _sent(self, case: Any, sent_on: date, *, number: int) -> Any:
        """Approved by the manager, the notice printed, sent and received."""
        case = penalties.penalty_approve(actor=self.cast.mgr, case=case, note="同意")
        document_issue(actor=self.cast.fin, kind="penalty_notice", key=str(case.pk))
        return penalties.penalty_notify(
            actor=self.cast.fin, case=case, method="mail", sent_on=sent_on,
            received_on=sent_on + timedelta(days=2), objection_days=10, reference=f"EMS 109900000010{number}（演示）",
        )  # fmt: skip

    def notified(self, index: int) -> Any:
        """The vendor has got the notice and may still object."""
        case = self.proposed("late_report", index, note="运维月报迟交 16 日，满两周。")
        return self._sent(case, self.today - timedelta(days=5), number=4)

    def objected(self, index: int) -> None:
        """The vendor objects with evidence; both sides and the supervisor have spoken, nobody has decided."""
        case = self.proposed("late_report", index, note="运维月报迟交 9 日，满一周。")
        case = self._sent(case, self.today - timedelta(days=12), number=3)
        case = penalties.penalty_object(
            actor=self.cast.vendor, case=case,
            text="月报初稿已按期发送至项目组公共邮箱，因甲方要求调整格式重新提交，不应按重新提交之日计算迟交。附发送记录。",
            uploads=[upload("月报发送记录", "月报初稿发送记录（演示）", "收件人：项目组公共邮箱")],
        )  # fmt: skip
        penalties.statement_add(
            actor=self.cast.it, case=case, text="公共邮箱收到的是上月月报的修订稿，不是本月月报。请乙方提供附件内容。"
        )
        penalties.statement_add(
            actor=self.cast.it, case=case, text="邮箱日志已请系统管理员导出，决定前请先看。", internal=True
        )
        penalties.statement_add(
            actor=self.cast.sup,
            case=case,
            text="监理收到的抄送件标题为本月月报，附件无法打开，建议双方核对发送日志后决定。",
        )

    def _decided(self, case: Any, *, objection: str, answer: str, decision: Any, amount: Decimal | None = None) -> Any:
        case = penalties.penalty_object(actor=self.cast.vendor, case=case, text=objection)
        case = penalties.minutes_add(
            actor=self.cast.it, case=case, text="双方与监理就缺员扣款会谈，核对了门禁与请假记录。",
            uploads=[upload("缺员扣款会谈纪要", "缺员扣款会谈纪要（演示）", case.number)],
        )  # fmt: skip
        return penalties.penalty_decide(actor=self.cast.mgr2, case=case, decision=decision, text=answer, amount=amount)

    def deducted(self, index: int) -> None:
        """Partly upheld, accepted by the vendor, taken off the last instalment; with its papers."""
        case = self.proposed("staff_short", index, note="最少一日仅 8 人在岗，缺 3 人。")
        case = self._sent(case, self.today - timedelta(days=40), number=1)
        case = self._decided(
            case, objection="当日 1 人为经甲方签批的年休假，并已安排远程值守，应予扣除。",
            answer="年休假审批单属实，按缺 2 人计；其余 2 人无审批，维持。", decision="partly", amount=Decimal(1000),
        )  # fmt: skip
        case = penalties.penalty_accept(actor=self.cast.vendor2, case=case, note="同意按 1000.00 元处理。")
        document_issue(actor=self.cast.fin, kind="penalty_confirmation", key=str(case.pk))
        plan = penalties.settlement_propose(actor=self.cast.fin, case=case, note="从尾款扣减")
        case = penalties.settlement_decide(actor=self.cast.mgr, settlement=plan, approve=True, note="同意").case
        document_issue(actor=self.cast.fin, kind="penalty_settlement", key=str(case.pk))
        document_issue(actor=self.cast.fin, kind="deduction_sheet", key=str(case.liability_id))

    def held_back(self, index: int) -> None:
        """Upheld, not accepted: the amount is kept back in the last instalment until it is settled."""
        case = self.proposed("staff_short", index, note="最少一日仅 9 人在岗，缺 2 人。")
        case = self._sent(case, self.today - timedelta(days=26), number=2)
        case = self._decided(
            case, objection="缺员系甲方临时封闭机房所致，乙方人员在园区外待命，不应视为缺员。",
            answer="封闭机房的通知提前一日发出并注明到岗地点，门禁记录显示 2 人全天未到，维持原额。", decision="upheld",
        )  # fmt: skip
        penalties.penalty_freeze(
            actor=self.cast.fin, case=case, milestone=self.stage.milestones()[-1], note="乙方未接受，争议未决前暂扣"
        )
