"""A small contract with two penalty rows, a pool that takes the heaviest per incident and a total settled out of the
last instalment; people of every role. The engine's answers are built by hand through its own result classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Party
from accounts.scoping import SYSTEM
from billing.services import milestones_sync
from contracts.models import Contract, DefinitionVersion
from contracts.services.facts import fact_names, fact_record
from engine.derivation import step
from engine.results import AmountRange, AssessmentResult, Evaluation, PoolResult, ReadingAmount
from obligations.services.evaluation import facts_changed, obligations_materialise
from penalties.models import PenaltyCase
from tests.billing.world import DATA as MONEY
from tests.billing.world import DEPENDENCIES, PDF
from tests.world import World

NOW = datetime(2025, 10, 20, 2, tzinfo=UTC)  # Monday, 10:00 in Beijing
TODAY = date(2025, 10, 20)
HEAVY, LIGHT, TENTH = Decimal("121132.09"), Decimal("80754.73"), Decimal("12113.21")

DATA: dict[str, Any] = deepcopy(MONEY)
DATA["contract"]["notice"] = {
    "clause": "附4 9",
    "roll": "next_workday",
    "reading": "notice_scope",
    "applies": "yes",
}
DATA["system"] = {"s1": {"title": "甲系统"}, "s2": {"title": "乙系统"}}
DATA["item"] = {
    "incident": {
        "title": "故障",
        "plural": "incidents",
        "clause": "3.7",
        "recorder": "IT",
        "confirmer": "IT",
        "attributes": {
            "cause": "text",
            "hours": "count",
            "vendor_fault": "bool",
            "major": "bool",
        },
    }
}
DATA["reading"] = {
    "fee_base": {
        "title": "费用基数",
        "clause": "附2",
        "problem": "没有拆分",
        "default": "",
        "must_choose": True,
        "why": "须由人选定",
        "options": [
            {"key": "whole", "text": "全合同额", "value": "contract.total"},
            {"key": "tenth", "text": "十分之一", "value": "contract.total / 10"},
        ],
    },
    "notice_scope": {
        "title": "送达规则的范围",
        "clause": "附4 9",
        "problem": "只写在附件",
        "default": "yes",
        "must_choose": False,
        "why": "默认类推",
        "options": [{"key": "yes", "text": "及于全部"}, {"key": "no", "text": "只及保密"}],
    },
}


def _rule(title: str, clause: str, when: str, share: str) -> dict[str, Any]:
    return {
        "title": title,
        "clause": clause,
        "for": "incidents as i",
        "when": when,
        "yields": "money",
        "amount": f"reading.fee_base / 12 * {share}",
        "because": "i",
        "debtor": "vendor",
        "creditor": "buyer",
    }


DATA["rule"] = {
    "long": _rule("宕机两小时以上", "附3 5", "i.vendor_fault and i.hours >= 2", "30%"),
    "any": _rule("宕机", "附3 4", "i.vendor_fault and i.hours >= 1", "20%"),
    "major": _rule("重大事故", "附2 1", "i.vendor_fault and i.hours >= 1 and i.major", "60%"),
}
DATA["pool"] = {
    "per_incident": {
        "title": "同一事件取最重",
        "clause": "13.3",
        "over": ["long", "any", "major"],
        "by": "linked(incident, cause)",
        "combine": "max",
    },
    "all": {
        "title": "违约金合计",
        "clause": "13.3",
        "over": ["per_incident"],
        "combine": "sum",
        "settle": [{"sink": "instalment.3", "limit": "instalment.3.amount"}, {"sink": "vendor"}],
        "rest": "pay",
    },
}


def paper(name: str = "evidence.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PDF, content_type="application/pdf")


def penalty_world() -> World:
    buyer = Party.objects.create(name="采购单位", kind="buyer")
    vendor = Party.objects.create(name="供应公司", kind="vendor")
    supervisor = Party.objects.create(name="监理公司", kind="supervisor")
    contract = Contract.objects.create(
        number="PAY-2025-01",
        title="演示违约合同",
        buyer=buyer,
        vendor=vendor,
        supervisor=supervisor,
        total=Decimal("1000001.00"),
        signed_on=date(2025, 6, 20),
        starts_on=date(2025, 7, 1),
        ends_on=date(2026, 6, 30),
    )
    DefinitionVersion.objects.create(
        contract=contract,
        number=1,
        state="active",
        sha256=f"p{contract.pk:063d}",
        data=DATA,
        dependencies=DEPENDENCIES,
        activated_at=NOW,
    )
    obligations_materialise(contract, as_of=TODAY)
    milestones_sync(contract)
    world = World(contract, {"buyer": buyer, "vendor": vendor})
    for name, role, party in (
        ("IT", "IT", buyer),
        ("FIN", "FIN", buyer),
        ("MGR", "MGR", buyer),
        ("MGR2", "MGR", buyer),
        ("AUD", "AUD", buyer),
        ("VND", "VND", vendor),
        ("SUP", "SUP", supervisor),
        ("STRANGER", "VND", Party.objects.create(name="别家公司", kind="vendor")),
    ):
        world.join(name, role, party)
    both = world.join("BOTH", "IT", buyer)
    both.memberships.create(role_id="MGR")
    return world


def incident(world: World, name: str = "i1", **attributes: Any) -> None:
    values = {"cause": "c1", "hours": 3, "vendor_fault": True, "major": False, **attributes}
    fact = fact_record(
        actor=SYSTEM, contract=world.contract, kind="item", name="incident", subject=name,
        happened_at=datetime(2025, 10, 13, 3, tzinfo=UTC), value=values,
    )  # fmt: skip
    facts_changed(world.contract, fact_names(fact), cause="test")


# --- the engine's answers, by hand ------------------------------------------------------------------------------


def row(
    rule: str,
    stage: str,
    amount: Decimal | tuple[Decimal, Decimal] | None,
    *,
    of: str = "i1",
    missing: Sequence[str] = (),
    barred_by: Sequence[str] = (),
    needs: Sequence[str] = (),
) -> AssessmentResult:
    low, high = amount if isinstance(amount, tuple) else (amount, amount)
    return AssessmentResult(
        id=rule,
        key={"i": of},
        stage=stage,  # type: ignore[arg-type]
        yields="money",
        state="known" if low is not None and low == high else "pending",
        amount=AmountRange("CNY", low, high),
        by_reading=(),
        missing=tuple(missing),
        because=(f"incident:{of}", "cause:c1"),
        at=datetime(2025, 10, 13, 3, tzinfo=UTC),
        clause=DATA["rule"][rule]["clause"],
        derivation=(step("no_date", reason="演示"),),
        version="1",
        barred_by=tuple(barred_by),
        title=DATA["rule"][rule]["title"],
        needs=tuple(needs),
    )


def pool(
    of: str,
    members: Sequence[AssessmentResult],
    *,
    clues: Sequence[AssessmentResult] = (),
    by_reading: Mapping[str, Decimal] | None = None,
    decision: bool = False,
) -> PoolResult:
    best = [each for each in members if each.stage in ("heaviest", "candidate")]
    figure = best[0].amount if best else AmountRange("CNY", None, None)
    assert figure is not None
    missing = tuple(sorted({name for each in (*members, *clues) for name in each.missing}))
    return PoolResult(
        id="per_incident",
        key={"incident": of},
        state="known" if figure.value is not None and not missing else "pending",
        total=figure,
        result=figure,
        winners=tuple(each.label for each in best),
        headroom=(),
        settled=(),
        rest=None,
        by_reading=tuple(ReadingAmount({"fee_base": key}, value) for key, value in (by_reading or {}).items()),
        missing=missing,
        derivation=(),
        members=tuple(each.label for each in members),
        clues=tuple(each.label for each in clues),
        because=(f"incident:{of}",),
        clause="13.3",
        title="同一事件取最重",
        needs=tuple(sorted({name for each in members for name in each.needs})),
        decision=decision,
    )


def total(pools: Sequence[PoolResult], *, cap: Decimal | None = None) -> PoolResult:
    figures = [each.result.value for each in pools]
    value = sum(figures, Decimal(0)) if all(each is not None for each in figures) else None  # type: ignore[arg-type]
    result = value if cap is None or value is None else min(value, cap)
    return PoolResult(
        id="all",
        key={},
        state="known" if value is not None else "pending",
        total=AmountRange("CNY", value, value),
        result=AmountRange("CNY", result, result),
        winners=tuple(each.label for each in pools),
        headroom=(),
        settled=(),
        rest=None,
        by_reading=(),
        missing=(),
        derivation=(),
        members=tuple(each.label for each in pools),
        clause="13.3",
        title="违约金合计",
    )


def answer(rows: Sequence[AssessmentResult], pools: Sequence[PoolResult], *, cap: Decimal | None = None) -> Evaluation:
    everything = (total(pools, cap=cap), *pools) if pools else ()
    return Evaluation("PAY-2025-01", TODAY, None, (), assessments=tuple(rows), pools=everything)


def plain_answer(amount: Decimal = HEAVY, *, displaced: bool = False, of: str = "i1") -> Evaluation:
    """One incident; with `displaced` a lighter row gave way."""
    rows = [row("long", "heaviest", amount, of=of)]
    if displaced:
        rows.append(row("any", "displaced", LIGHT, of=of, barred_by=(f"long/{of}",)))
    return answer(rows, [pool(of, rows)])


def says(monkeypatch: pytest.MonkeyPatch, evaluation: Evaluation) -> None:
    """From now on the engine answers this."""
    monkeypatch.setattr("penalties.reckoning.assess", lambda *_args, **_given: evaluation)


def only_case(world: World) -> PenaltyCase:
    found: PenaltyCase = PenaltyCase.objects.get(contract=world.contract)
    return found
