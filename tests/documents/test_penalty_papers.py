"""The papers of a penalty: the notice, the confirmation, the settlement; from its approval to the last fen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.policy import NotAllowed, NotVisible
from billing import services as billing
from billing.models import SeparateClaim
from contracts.errors import Refused
from documents.models import IssuedDocument
from documents.selectors import document_get, documents_list
from documents.services import document_issue
from penalties import services
from penalties.models import PenaltyCase
from tests.documents.test_papers import holds_together
from tests.penalties.conftest import clock, world
from tests.penalties.steps import agreed, approved, proposed, settled
from tests.penalties.world import TODAY, only_case
from tests.world import World

__all__ = ["clock", "world"]
KINDS = ("penalty_notice", "penalty_confirmation", "penalty_settlement")


def issued(world: World, kind: str, case: PenaltyCase) -> IssuedDocument:
    return document_issue(actor=world.viewer("FIN"), kind=kind, key=str(case.pk))


def refused(world: World, case: PenaltyCase, *kinds: str) -> None:
    for kind in kinds:
        with pytest.raises(Refused):
            issued(world, kind, case)


def test_a_proposal_has_no_papers(world: World) -> None:
    refused(world, proposed(world), *KINDS)
    assert not IssuedDocument.objects.exists()


def test_a_notice_is_the_vendors_from_the_day_it_is_told(world: World) -> None:
    case = approved(world)
    notice = issued(world, "penalty_notice", case)
    text = holds_together(notice)
    for words in (
        "供应公司：",
        case.number,
        "宕机两小时以上",
        "附3",
        "¥121,132.09",
        "壹拾贰万壹仟壹佰叁拾贰元零玖分",
        "故障",
        "2025-10-13",
        "自本通知送达之日起10个工作日内",
        "第五百八十五条",
    ):
        assert words in text, words
    with pytest.raises(NotVisible):
        document_get(notice.pk, viewer=world.viewer("VND"))
    assert documents_list(viewer=world.viewer("VND")).rows == ()
    services.penalty_notify(
        actor=world.viewer("FIN"), case=case, method="mail", sent_on=date(2025, 10, 17), received_on=TODAY,
        reference="EMS 1",
    )  # fmt: skip
    assert document_get(notice.pk, viewer=world.viewer("VND")).pk == notice.pk
    with pytest.raises(NotVisible):
        document_get(notice.pk, viewer=world.viewer("STRANGER"))
    with pytest.raises(NotAllowed):
        document_get(notice.pk, viewer=world.viewer("SUP"))
    refused(world, only_case(world), "penalty_confirmation", "penalty_settlement")


def test_an_agreed_penalty_is_confirmed_and_a_settled_one_settled(world: World) -> None:
    case = agreed(world)
    confirmation = holds_together(issued(world, "penalty_confirmation", case))
    for words in ("通知发出2025-10-17", "未提出", "双方经协商", "¥121,132.09"):
        assert words in confirmation, words
    refused(world, case, "penalty_settlement")


def test_a_settlement_takes_the_penalty_off_the_instalment(world: World) -> None:
    case = settled(world)
    settlement = issued(world, "penalty_settlement", case)
    text = holds_together(settlement)
    for words in ("应承担的违约金¥121,132.09", "自“第3笔款”", "尚未清偿¥0.00", "已结算"):
        assert words in text, words
    sheet: Any = document_issue(actor=world.viewer("FIN"), kind="deduction_sheet", key=str(case.liability_id))
    assert "尚未安排¥0.00" in holds_together(sheet)
    found = [row.kind for row in documents_list(viewer=world.viewer("VND")).rows]
    assert found == ["deduction_sheet", "penalty_settlement"]


def test_papers_after_an_adjustment_name_the_counter_entry_and_the_refund(world: World) -> None:
    """A judgment lowers it: what was deducted too much comes back by a counter-entry, what the vendor had transferred
    goes back; both sides sign figures that add up."""
    case = settled(world, wishes={"instalment:3": Decimal("100000.00")}, claim_due_on=date(2025, 11, 20))
    claim = SeparateClaim.objects.get()
    billing.separate_claim_settle(actor=world.viewer("FIN"), claim=claim, settled_on=TODAY, bank_reference="BOC-2025-1")
    wish = services.adjustment_propose(
        actor=world.viewer("FIN"), case=only_case(world), amount=Decimal("15000.00"), reason="法院改判"
    )
    services.adjustment_decide(actor=world.viewer("MGR2"), adjustment=wish, approve=True)
    text = holds_together(issued(world, "penalty_settlement", case))
    for words in ("中抵扣冲回：", "＋¥100,000.00", "＋退还服务商（待退还）", "¥6,132.09", "尚未清偿¥0.00"):
        assert words in text, words
    assert "−¥" not in text, "a counter-entry is added again, never taken off by less than nothing"
    sheet: Any = document_issue(actor=world.viewer("FIN"), kind="deduction_sheet", key=str(case.liability_id))
    text = holds_together(sheet)
    for words in ("由服务商另行支付（已扣除退还）¥15,000.00", "退还服务商", "法院改判", "待退还", "¥6,132.09"):
        assert words in text, words
