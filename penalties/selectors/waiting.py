"""Penalties that wait for somebody: for a decision of a person who may make it, or for the next step of the buyer's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan

from accounts.policy import allows
from accounts.scoping import Viewer
from billing.models import Deduction, SecurityClaim, SeparateClaim
from billing.models.milestones import HALF_FEN
from contracts.selectors.waiting import MONEY, waiting_rows
from penalties.models import CaseAdjustment, PenaltyCase, Settlement

State = PenaltyCase.State


def penalties_waiting(viewer: Viewer) -> list[QuerySet[Any]]:
    """One set of rows per kind the viewer may act on; nothing one proposed or approved oneself comes back to one."""
    found = []
    cases, me = PenaltyCase.objects.visible_to(viewer), viewer.user_id
    under_way = Settlement.objects.filter(case=OuterRef("pk"), state=Settlement.State.PLANNED)
    for task, action, rows, act in (
        ("penalty_approve", "penalty.approve", cases.filter(state=State.PROPOSED).exclude(proposed_by=me), "proposed"),
        ("penalty_notify", "penalty.notify", cases.filter(state=State.APPROVED), "approved"),
        ("penalty_decide", "penalty.decide", cases.filter(state=State.OBJECTED).exclude(approved_by=me), "objected"),
        ("penalty_settle", "penalty.settle", cases.filter(~Exists(under_way), state=State.AGREED), "approved"),
    ):
        if allows(viewer, action):
            found.append(
                waiting_rows(rows, task=task, about="title", by=f"{act}_by", since=f"{act}_at", amount="amount")
            )
    if allows(viewer, "penalty.settle.approve"):
        plans = Settlement.objects.visible_to(viewer).filter(state=Settlement.State.PLANNED).exclude(planned_by=me)
        found.append(
            waiting_rows(
                plans, task="settlement_decide", about="case__title", by="planned_by", since="planned_at",
                amount="amount", contract="case__contract",
            )
        )  # fmt: skip
    if allows(viewer, "penalty.adjust.approve"):
        wishes = CaseAdjustment.objects.visible_to(viewer).filter(state=CaseAdjustment.State.PROPOSED)
        found.append(
            waiting_rows(
                wishes.exclude(proposed_by=me).exclude(_takes_back_deductions_of(me)), task="adjustment_decide",
                about="case__title", by="proposed_by", since="proposed_at", amount="after", contract="case__contract",
            )
        )  # fmt: skip
    return found


def _takes_back_deductions_of(person: int | None) -> Q:
    """Whether an adjustment goes beyond what is still on its way, and the person deducted something of it: nobody takes
    back a deduction of their own."""
    owed = OuterRef("case__liability")
    own = Deduction.objects.filter(liability=owed, reverses=None, reversed_by=None, added_by=person)
    claims = SeparateClaim.objects.filter(liability=owed, state=SeparateClaim.State.OPEN)
    drawn = SecurityClaim.objects.filter(
        liability=owed, state__in=(SecurityClaim.State.PROPOSED, SecurityClaim.State.APPROVED)
    )
    met = F("case__liability__deducted") + F("case__liability__claimed") + F("case__liability__drawn")
    return Q(Exists(own)) & Q(GreaterThan(met - _sum(claims) - _sum(drawn) - HALF_FEN, F("after")))


def _sum(rows: QuerySet[Any]) -> Coalesce:
    """What rows of one liability come to, as part of a statement; zero for none."""
    total = rows.order_by().values("liability").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(total), Decimal(0), output_field=MONEY)
