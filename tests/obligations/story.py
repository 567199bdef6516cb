"""A small contract for stories: three payments, a weekly report, a guarantee, a standing duty, a third party's duty.

Term 2025-07-01 to 2026-06-30; payment 3 falls due 90 working days after the later of the term's end and acceptance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from accounts.models import Membership, Party, User
from accounts.scoping import SYSTEM, Viewer, viewer_for
from accounts.services import people
from contracts.models import Contract, DefinitionVersion
from engine.definition import parse_definition
from engine.dependencies import dependency_map
from obligations.models import Obligation
from obligations.services.evaluation import obligations_materialise


def duty(ref: str, title: str, due: str, **fields: Any) -> dict[str, Any]:
    """One duty's table with what most of them share."""
    shared = {
        "ref": ref, "title": title, "clause": "7", "kind": "contractual", "tracking": "once", "group": "g",
        "category": "c", "obligor": ["buyer"], "obligee": ["vendor"], "due": due, "policy": "default", "lane": "other",
    }  # fmt: skip
    return shared | fields


REPORT = {"obligor": ["vendor"], "obligee": ["buyer"], "policy": "report", "lane": "report"}
PAYMENT = {"policy": "payment", "lane": "payment"}

DATA: dict[str, Any] = {
    "format": 1,
    "contract": {
        "number": "STORY-1", "title": "云服务合同", "total": "400.00", "currency": "CNY", "zone": "Asia/Shanghai",
        "profile": "cn", "calendar": "CN",
    },
    "party": {
        "buyer": {"name": "总工会", "role": "buyer"},
        "vendor": {"name": "云公司", "role": "vendor"},
        "bank": {"name": "出函银行", "role": "third"},
    },
    "term": {"service": {"title": "服务期", "start": "2025-07-01", "end": "2026-06-30", "clause": "5"}},
    "event": {
        "effective": {"title": "合同生效", "clause": "20", "at": "2025-06-25", "recorder": "IT", "confirmer": "MGR"},
        "acceptance_signed": {"title": "验收合格", "clause": "6", "recorder": "IT", "confirmer": "MGR"},
        "invoice_3": {"title": "尾款发票", "clause": "7", "recorder": "FIN"},
        "meeting": {"title": "启动会", "clause": "4", "recorder": "IT"},
    },
    "item": {
        "guarantee": {
            "plural": "guarantees", "title": "保函",
            "attributes": {"expires": "date", "amount": "money", "renewed": "date"},
        }
    },
    "instalment": {
        "1": {"title": "一", "clause": "7", "amount": "200.00", "share": "50%", "duty": "payment_1"},
        "3": {"title": "三", "clause": "7", "amount": "200.00", "share": "50%", "duty": "payment_3"},
    },
    "policy": {
        name: {"title": name, "steps": [7, 1, 0], "role": role, "chain": ["MGR"], "every_workday_after": True}
        for name, role in (("default", "IT"), ("payment", "FIN"), ("report", "IT"), ("guarantee", "FIN"))
    },
    "clause": {"7": {"title": "付款", "state": "modelled"}, "9": {"title": "其他", "state": "information"}},
    "duty": {
        "payment_1": duty("OB-1", "第一笔", "event.effective + 90 workdays", **PAYMENT),
        "payment_3": duty(
            "OB-3", "尾款", "latest(end(term.service), event.acceptance_signed) + 90 workdays", tracking="event",
            gate="happened(event.invoice_3)", **PAYMENT,
        ),
        "weekly": duty(
            "OB-10", "运维周报", "end(w) + 1 workdays", tracking="recurring", kind="internal",
            **REPORT | {"for": "each(week of term.service) as w"},
        ),
        "plan": duty("OB-11", "服务方案", "start(term.service) + 10 workdays", **REPORT),
        "minutes": duty("OB-12", "会议纪要", "event.meeting + 3 workdays", **REPORT),
        "renewal": duty(
            "OB-13", "续函", "g.expires - 15 workdays", tracking="event", safe="g.expires - 16 workdays",
            done="g.renewed", **REPORT | {"policy": "guarantee", "lane": "guarantee", "for": "guarantees as g"},
        ),
        "secrecy": duty("OB-20", "保密", "none", tracking="standing", reason="持续", **REPORT),
        "bank_pays": duty(
            "OB-30", "银行付款", "event.effective + 1 years", kind="external", obligor=["bank"], obligee=["buyer"]
        ),
        "closing": duty("OB-40", "内部归档", "end(term.service) + 30 calendar_days", kind="internal"),
    },
}  # fmt: skip


@dataclass
class Story:
    contract: Contract
    version: DefinitionVersion
    person: dict[str, User] = field(default_factory=dict)

    def viewer(self, who: str, *, fresh: bool = True) -> Viewer:
        """The person as an actor; fresh: proved who they are a moment ago."""
        moment = datetime.now(tz=UTC) if fresh else None
        return viewer_for(self.person[who], ip="127.0.0.1", authenticated_at=moment)

    def obligation(self, duty_name: str, key_text: str = "") -> Obligation:
        return Obligation.objects.select_related("contract").get(
            contract=self.contract, duty=duty_name, key_text=key_text
        )

    def join(self, name: str, role: str, party: Party) -> None:
        user = people.person_create(
            actor=SYSTEM, username=name.lower(), display_name=name, party=party, password="a-long-pass-phrase-7"
        )
        Membership.objects.create(user=user, role_id=role)
        self.person[name] = user


def version_add(contract: Contract, data: dict[str, Any], *, number: int) -> DefinitionVersion:
    """An active version of the contract's definition; the one before it is superseded."""
    definition = parse_definition(data)
    contract.versions.filter(state="active").update(state="superseded")
    return DefinitionVersion.objects.create(
        contract=contract, number=number, state="active", sha256=f"{contract.number}-{number}", data=data,
        dependencies={name: sorted(needs) for name, needs in dependency_map(definition).items()},
        activated_at=datetime(2025, 6, 25, 2, tzinfo=UTC),
    )  # fmt: skip


def contract_add(number: str, buyer: Party, vendor: Party) -> Contract:
    return Contract.objects.create(
        number=number, title=f"云服务合同 {number}", buyer=buyer, vendor=vendor, total=Decimal("400.00"),
        starts_on=date(2025, 7, 1), ends_on=date(2026, 6, 30),
    )  # fmt: skip


def build_story(*, materialise: bool = True) -> Story:
    """The contract, its obligations as of now, and a person per role; strangers of another vendor."""
    buyer = Party.objects.create(name="总工会", kind="buyer")
    vendor = Party.objects.create(name="云公司", kind="vendor")
    other = Party.objects.create(name="别家公司", kind="vendor")
    contract = contract_add("STORY-1", buyer, vendor)
    story = Story(contract, version_add(contract, DATA, number=1))
    for name, role, party in (
        ("IT", "IT", buyer), ("IT2", "IT", buyer), ("FIN", "FIN", buyer), ("MGR", "MGR", buyer), ("AUD", "AUD", buyer),
        ("VND", "VND", vendor), ("VND2", "VND", vendor), ("STRANGER", "VND", other),
    ):  # fmt: skip
        story.join(name, role, party)
    if materialise:
        obligations_materialise(contract)
    return story
