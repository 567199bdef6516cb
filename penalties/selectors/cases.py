"""Cases: the docket's list and one case with everything about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, proven, require
from accounts.scoping import Viewer
from billing.models import Milestone, Refund, SecurityClaim, SeparateClaim
from contracts.gathering import gather
from contracts.models import Contract, Evidence
from contracts.selectors import definition_for
from engine.definition import Definition
from penalties import rules
from penalties.models import Assessment, CaseAdjustment, CaseEntry, PenaltyCase, Settlement
from penalties.outcomes import Outcome

PAGE = 50


@dataclass(frozen=True, slots=True)
class DocketPage:
    """A page of cases, newest first; `older` continues after the row of that id. `counts` by group."""

    rows: tuple[PenaltyCase, ...]
    counts: dict[str, int]
    older: int | None


@dataclass(frozen=True)
class CasePage:
    """One case: its latest figures, every version of them, the thread, and what was settled.

    For the other party: only what was issued; `versions`, `settlements` and `adjustments` stay empty."""

    case: PenaltyCase
    contract: Contract
    definition: Definition | None
    outcome: Outcome | None
    versions: Sequence[Assessment]
    entries: Sequence[CaseEntry]
    settlements: Sequence[Settlement]
    adjustments: Sequence[CaseAdjustment]
    claims: Sequence[SeparateClaim]
    security_claims: Sequence[SecurityClaim]
    refunds: Sequence[Refund]

    def of_side(self, *sides: str) -> list[CaseEntry]:
        """The statements of one side, in order."""
        return [entry for entry in self.entries if entry.side in sides and not entry.internal]

    def days_to_object(self, today: date) -> int | None:
        """Days left for objections, the last day being 0; None without a running period."""
        case = self.case
        if case.state != "notified" or case.object_by is None:
            return None
        return (case.object_by - today).days


def _action(viewer: Viewer) -> str:
    return "penalty.read" if viewer.kind == "buyer" or viewer.is_system else "portal.read"


def _rows(viewer: Viewer, contract: Contract | None = None) -> QuerySet[PenaltyCase]:
    require(viewer, _action(viewer), contract)
    rows: QuerySet[PenaltyCase] = PenaltyCase.objects.visible_to(viewer)
    return rows.filter(contract=contract) if contract is not None else rows


def docket_list(
    *,
    viewer: Viewer,
    contract: Contract | None = None,
    group: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> DocketPage:
    """The cases a viewer may know of, by group (rules.GROUPS), the newest first. Two statements."""
    rows = _rows(viewer, contract)
    counted = rows.aggregate(**{name: Count("pk", filter=Q(state__in=states)) for name, states in rules.GROUPS.items()})
    if group in rules.GROUPS:
        rows = rows.filter(state__in=rules.GROUPS[group])
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("contract").order_by("-pk")[: limit + 1])
    return DocketPage(tuple(found[:limit]), counted, found[limit - 1].pk if len(found) > limit else None)


def cases_of(
    subjects: Iterable[tuple[str, str]], *, viewer: Viewer, contract: Contract
) -> dict[tuple[str, str], PenaltyCase]:
    """The case each (target, key text) has in the docket already; one statement."""
    wanted = set(subjects)
    rows = _rows(viewer, contract).filter(target__in={target for target, _key in wanted})
    return {(row.target, row.key_text): row for row in rows if (row.target, row.key_text) in wanted}


def at_stake(cases: Sequence[PenaltyCase]) -> Decimal:
    """What the cases come to at most, fixed amounts first."""
    figures = [case.amount if case.amount is not None else case.high for case in cases]
    return sum((figure for figure in figures if figure is not None), Decimal(0))


def case_get(pk: int, *, viewer: Viewer) -> PenaltyCase:
    """One case. Raises NotVisible."""
    found: PenaltyCase | None = (
        _rows(viewer)
        .select_related(
            "contract__buyer", "contract__vendor", "liability", "proposed_by", "approved_by", "decided_by", "waived_by"
        )
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    proven(viewer, found)
    proven(viewer, found.contract)
    return found


def settlement_get(pk: int, *, viewer: Viewer) -> Settlement:
    """One settlement plan. Raises NotVisible."""
    require(viewer, "penalty.read")
    found: Settlement | None = (
        Settlement.objects.visible_to(viewer).select_related("case__contract").filter(pk=pk).first()
    )
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found


def adjustment_get(pk: int, *, viewer: Viewer) -> CaseAdjustment:
    """One adjustment. Raises NotVisible."""
    require(viewer, "penalty.read")
    found: CaseAdjustment | None = (
        CaseAdjustment.objects.visible_to(viewer).select_related("case__contract").filter(pk=pk).first()
    )
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found


def instalments_of(contract: Contract, *, viewer: Viewer) -> list[Milestone]:
    """The contract's instalments, the last first: where a disputed amount may be held back."""
    require(viewer, "penalty.read", contract)
    return list(Milestone.objects.visible_to(viewer).filter(contract=contract).order_by("-position"))


def notice_methods() -> list[tuple[str, str]]:
    """How a notice may be sent: code and word."""
    return [(value, str(label)) for value, label in PenaltyCase.Method.choices]


def case_page(pk: int, *, viewer: Viewer) -> CasePage:
    """One case with its thread and figures: at most eight statements, whatever their number. Raises NotVisible."""
    case = case_get(pk, viewer=viewer)
    inside = viewer.kind == "buyer" or viewer.is_system
    proofs = Prefetch("evidence", Evidence.objects.visible_to(viewer).select_related("file__uploaded_by"))
    entries = CaseEntry.objects.visible_to(viewer).filter(case=case).select_related("recorded_by")
    versions = list(
        Assessment.objects.visible_to(viewer)
        .filter(case=case)
        .select_related("definition", "recorded_by")
        .defer("definition__data", "definition__origin", "definition__health")
        .order_by("-number")
    )
    latest = versions[0] if versions else None
    moneyed = case.state in ("agreed", "settled", "closed")
    claims, drawn, refunds = _billed(case)
    return CasePage(
        case=case,
        contract=case.contract,
        definition=definition_for(latest.definition) if latest is not None else None,
        outcome=Outcome.from_json(latest.outcome) if latest is not None else None,
        versions=versions if inside else (),
        entries=list(entries.prefetch_related(proofs).order_by("pk")),
        settlements=list(case.settlements.select_related("planned_by", "decided_by")) if inside and moneyed else (),
        adjustments=list(case.adjustments.select_related("proposed_by", "decided_by")) if inside and moneyed else (),
        claims=claims,
        # claims on the security are the buyer's own until they are made
        security_claims=drawn if inside else (),
        refunds=refunds,
    )


def _billed(case: PenaltyCase) -> tuple[list[SeparateClaim], list[SecurityClaim], list[Refund]]:
    """What billing keeps for the case beside its deductions, in the order made. One statement, none without any."""
    if case.liability_id is None:
        return [], [], []
    claims, drawn, refunds = gather(
        SeparateClaim.objects.filter(liability=case.liability_id),
        SecurityClaim.objects.filter(liability=case.liability_id),
        Refund.objects.filter(liability=case.liability_id),
    )
    return claims, drawn, refunds
