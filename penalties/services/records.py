"""Storing what was computed: one append-only assessment per answer that differs from the last one."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from accounts.scoping import Viewer
from penalties import rules
from penalties.models import Assessment, PenaltyCase
from penalties.outcomes import Outcome
from penalties.reckoning import Basis, snapshot_for
from penalties.snapshots import fingerprint
from penalties.units import capped, kept

# Cases whose amount counts against the caps of the pools above them.
CLAIMED = ("approved", "notified", "objected", "decided", "agreed", "frozen", "settled", "closed")


def taken_above(case: PenaltyCase, outcome: Outcome) -> dict[str, Decimal]:
    """What other cases already claim under each pool above the outcome, by the pool's label."""
    wanted = {pool.label for pool in outcome.pools}
    taken: dict[str, Decimal] = dict.fromkeys(wanted, Decimal(0))
    if not wanted:
        return taken
    others = PenaltyCase.objects.filter(contract_id=case.contract_id, state__in=CLAIMED).exclude(pk=case.pk)
    for pools, amount in others.values_list("pools", "amount"):
        for label in wanted.intersection(pools):
            taken[label] += amount or Decimal(0)
    return taken


def payable(case: PenaltyCase, outcome: Outcome, *, pick: str = "") -> Decimal | None:
    """The figure that may be claimed for the case now: the outcome's, or that of the row picked, within the caps. None
    where it is not one figure, or one above the largest that is kept."""
    return kept(_claimable(case, outcome, pick=pick))


def _claimable(case: PenaltyCase, outcome: Outcome, *, pick: str) -> Decimal | None:
    if pick:
        row = next((each for each in outcome.rows if each.label == pick and each.counts), None)
        return row.amount if row is not None else None
    return capped(outcome, taken_above(case, outcome))


def missing_of(outcome: Outcome) -> list[str]:
    """What an open case waits for: what the outcome misses, and a lower figure where a bound is too large to keep."""
    beyond = any(end is not None and kept(end) is None for end in (outcome.low, outcome.high))
    return [*outcome.missing, *(["limit"] if beyond else [])]


def open_points(case: PenaltyCase, outcome: Outcome, basis: Basis, *, pick: str = "") -> tuple[str, ...]:
    """What stands between the case and its final amount (rules.blockers), by the readings chosen."""
    must = basis.definition.readings
    undecided = [
        name.removeprefix("reading.")
        for name in outcome.needs
        if must[name.removeprefix("reading.")].must_choose and name.removeprefix("reading.") not in basis.readings
    ]
    figure = _claimable(case, outcome, pick=pick)
    return rules.blockers(
        amount_known=figure is not None,
        too_large=figure is not None and kept(figure) is None,
        missing=outcome.missing,
        undecided=undecided,
        displaced=outcome.displaced,
        minutes=case.has_minutes,
    )


def describe(case: PenaltyCase, outcome: Outcome) -> None:
    """Put the outcome's texts and bounds on the (unsaved) case."""
    case.title, case.clause = outcome.title[:200], outcome.clause[:120]
    case.because, case.happened_on = list(outcome.because), outcome.happened_on
    case.pools = [pool.label for pool in outcome.pools]
    case.low, case.high = kept(outcome.low), kept(outcome.high)
    case.needs_minutes = outcome.displaced


def assessment_add(
    case: PenaltyCase,
    outcome: Outcome,
    basis: Basis,
    *,
    kind: Assessment.Kind,
    actor: Viewer,
    amount: Decimal | None = None,
    picked: str = "",
) -> Assessment:
    """The next version of the case's figures, with everything it rested on. It answers facts that had moved."""
    moved_answer(case)
    last = case.assessments.order_by("-number").values_list("number", flat=True).first() or 0
    created: Assessment = Assessment.objects.create(
        case=case,
        number=last + 1,
        kind=kind,
        definition=basis.version,
        facts=snapshot_for(basis),
        readings=dict(basis.readings),
        calendar_years=list(basis.years),
        as_of=basis.as_of,
        known_on=basis.known_on,
        unit=outcome.unit,
        low=kept(outcome.low),
        high=kept(outcome.high),
        amount=amount,
        picked=picked,
        outcome=outcome.to_json(),
        recorded_by_id=actor.user_id,
        recorded_at=timezone.now(),
    )
    return created


def moved_answer(case: PenaltyCase) -> None:
    """People have decided about the amount: what the facts had come to beside it is answered."""
    case.moved_at = case.moved_low = case.moved_high = None
    PenaltyCase.objects.filter(pk=case.pk).update(moved_at=None, moved_low=None, moved_high=None)


def unchanged(case: PenaltyCase, outcome: Outcome) -> bool:
    """Whether the last stored version says the same."""
    last = case.assessments.order_by("-number").values_list("outcome", flat=True).first()
    return last is not None and fingerprint(last) == fingerprint(outcome.to_json())
