"""Two incidents of one root cause: a short one with an announced cutover in it, and one that broke the month. One
finding waits for the manager, one claim lacks its paper."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from accounts.scoping import SYSTEM
from sla import services as sla
from sla.selectors import incident_spells
from web.demo.stage import Stage


def tell(stage: Stage) -> None:
    it, mgr, contract = stage.cast.it, stage.cast.mgr, stage.contract
    first = datetime.combine(stage.today - timedelta(days=9), time(9, 5), tzinfo=stage.zone)
    second = datetime.combine(stage.today - timedelta(days=4), time(14, 0), tzinfo=stage.zone)
    cause = None
    for moment, minutes, title, systems in (
        (first, 55, "办公楼 3 层断网", ["s1"]),
        (second, 310, "核心交换机再次掉电，办公网络中断", ["s1", "s2"]),
    ):
        incident = sla.incident_register(
            actor=it, contract=contract, title=title, reported_at=moment, systems=systems,
            down_since=moment - timedelta(minutes=3),
        )  # fmt: skip
        restored = moment + timedelta(minutes=minutes)
        sla.moments_record(
            actor=it, incident=incident, note="工单记录",
            moments={"responded": moment + timedelta(minutes=12 if cause is None else 41), "restored": restored},
        )  # fmt: skip
        for spell in incident_spells(incident, viewer=SYSTEM):
            sla.spell_correct(
                actor=it, spell=spell, starts_at=spell.starts_at, ends_at=restored, note="监控平台记录恢复"
            )
        cause = sla.cause_link(
            actor=it, incident=incident, cause=cause, title="" if cause else "核心交换机电源模块故障"
        )
        finding = sla.finding_record(
            actor=it, incident=incident, name="provider_fault", value=True, established_by="双方共同认定",
            established_on=moment.date(), paper="故障分析会纪要（演示）",
        )  # fmt: skip
        if moment == first:
            sla.findings_decide(actor=mgr, incident=incident, findings=[finding], accept=True)
        claim = sla.exclusion_claim(
            actor=it, contract=contract, incident=incident, ground="cutover", system="s1",
            starts_at=restored - timedelta(minutes=20), ends_at=restored, note="乙方称为提前公告的割接",
        )  # fmt: skip
        if moment == first:
            sla.paper_add(actor=it, exclusion=claim, name="notice", reference="割接公告 2 号（演示）")
            sla.exclusion_decide(actor=mgr, exclusion=claim, accept=True, note="公告提前三日送达")
