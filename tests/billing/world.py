"""A small contract to pay under: three instalments, the last one after acceptance, and the people who handle money."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Party
from accounts.scoping import SYSTEM
from billing.models import Milestone
from billing.services import milestones_sync
from contracts.models import Contract, DefinitionVersion
from contracts.services.facts import fact_names, fact_record
from obligations.services.evaluation import facts_changed, obligations_materialise
from tests.world import World

NOW = datetime(2025, 10, 20, 2, tzinfo=UTC)  # 10:00 in Beijing
TODAY = date(2025, 10, 20)
FIRST, LAST = Decimal("250000.25"), Decimal("500000.50")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\nxref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n0000000101 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n160\n%%EOF\n"  # noqa: E501


def _payment(number: int, due: str) -> dict[str, Any]:
    return {
        "ref": f"OB-{number}",
        "title": f"支付第 {number} 笔",
        "clause": f"7.2({number})",
        "kind": "contractual",
        "tracking": "once",
        "group": "付款",
        "category": "付款",
        "obligor": ["buyer"],
        "obligee": ["vendor"],
        "trigger": "见条款",
        "deadline_text": "见条款",
        "due": due,
        "gate": f"happened(event.invoice_{number})",
        "evidence": "支付凭证",
        "consequence": "无",
    }


def _instalment(number: int, amount: Decimal, *, acceptance: bool = False) -> dict[str, Any]:
    return {
        "title": f"第 {number} 笔款",
        "clause": f"7.2({number})",
        "amount": str(amount),
        "duty": f"payment_{number}",
        "invoice": f"invoice_{number}",
        "acceptance": acceptance,
    }


DATA: dict[str, Any] = {
    "format": 1,
    "contract": {
        "number": "PAY-2025-01",
        "title": "演示付款合同",
        "currency": "CNY",
        "total": "1000001.00",
        "zone": "Asia/Shanghai",
        "profile": "cn",
        "calendar": "CN",
        "demo": False,
    },
    "party": {
        "buyer": {"name": "付款单位", "role": "buyer"},
        "vendor": {
            "name": "收款公司",
            "role": "vendor",
            "account_holder": "收款公司",
            "account_bank": "演示银行北京某支行",
            "account_number": "62220000111122223333",
            "account_clause": "7.4",
        },
    },
    "term": {"service": {"title": "服务期", "start": "2025-07-01", "end": "2026-06-30", "clause": "5"}},
    "event": {
        "effective": {"title": "合同生效", "clause": "1", "at": "2025-06-25"},
        "acceptance_signed": {"title": "验收通过", "clause": "6.2", "recorder": "IT"},
        **{
            f"invoice_{number}": {"title": f"第 {number} 张发票", "clause": "7.2(4)", "recorder": "FIN"}
            for number in (1, 2, 3)
        },
    },
    "instalment": {
        "1": _instalment(1, FIRST),
        "2": _instalment(2, FIRST),
        "3": _instalment(3, LAST, acceptance=True),
    },
    "duty": {
        "payment_1": _payment(1, "event.effective + 90 workdays"),
        "payment_2": _payment(2, "on 2025-12-31"),
        "payment_3": _payment(3, "latest(end(term.service), event.acceptance_signed) + 90 workdays"),
    },
}
# Which facts each duty's date depends on, as the loader would work it out.
DEPENDENCIES = {
    "payment_1": ["calendar.CN", "event.effective", "event.invoice_1"],
    "payment_2": ["event.invoice_2"],
    "payment_3": ["calendar.CN", "event.acceptance_signed", "event.invoice_3", "term.service"],
}


def pdf(name: str = "invoice.pdf", body: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body, content_type="application/pdf")


def pay_world() -> World:
    """The contract with its obligations and milestones, two finance people, a manager, IT, an auditor, two vendors."""
    buyer = Party.objects.create(name="付款单位", kind="buyer")
    vendor = Party.objects.create(name="收款公司", kind="vendor")
    contract = Contract.objects.create(
        number="PAY-2025-01",
        title="演示付款合同",
        buyer=buyer,
        vendor=vendor,
        total=Decimal("1000001.00"),
        signed_on=date(2025, 6, 20),
        starts_on=date(2025, 7, 1),
        ends_on=date(2026, 6, 30),
    )
    DefinitionVersion.objects.create(
        contract=contract,
        number=1,
        state="active",
        sha256=f"{contract.pk:064d}",
        data=DATA,
        dependencies=DEPENDENCIES,
        activated_at=NOW,
    )
    obligations_materialise(contract, as_of=TODAY)
    milestones_sync(contract)
    world = World(contract, {"buyer": buyer, "vendor": vendor})
    for name, role, party in (
        ("FIN", "FIN", buyer),
        ("FIN2", "FIN", buyer),
        ("MGR", "MGR", buyer),
        ("MGR2", "MGR", buyer),
        ("IT", "IT", buyer),
        ("AUD", "AUD", buyer),
        ("VND", "VND", vendor),
        ("STRANGER", "VND", Party.objects.create(name="别家公司", kind="vendor")),
        ("OTHER_FIN", "FIN", Party.objects.create(name="别的单位", kind="buyer")),
    ):
        world.join(name, role, party)
    # One person may hold both hats of the money in a small body; the rule is about acts, not about roles.
    both = world.join("BOTH", "FIN", buyer)
    both.memberships.create(role_id="MGR")
    return world


def milestone(world: World, code: str = "1") -> Milestone:
    found: Milestone = Milestone.objects.select_related("contract", "obligation").get(
        contract=world.contract, code=code
    )
    return found


def happened(world: World, name: str, on: date) -> None:
    """An event is known from now on, and what depends on it is evaluated."""
    fact = fact_record(actor=SYSTEM, contract=world.contract, kind="event", name=name, happened_on=on)
    facts_changed(world.contract, fact_names(fact), cause=f"fact:event.{name}")
