"""Clues: what the system notices by itself. A clue is never a penalty; people establish facts, propose and approve."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import SYSTEM, Viewer
from billing.services.common import next_number
from contracts.errors import Refused
from contracts.models import Contract
from contracts.selectors import today_for
from obligations.services.evaluation import contract_locked
from penalties.models import Assessment, CaseEntry, PenaltyCase
from penalties.outcomes import Outcome
from penalties.reckoning import Basis, basis_for, outcomes
from penalties.services.common import enter
from penalties.services.late import late_outcomes
from penalties.services.records import assessment_add, describe, missing_of, unchanged
from penalties.services.sweeping import sweep

# Figures follow the facts only until somebody has put a name to them.
FOLLOWING = (PenaltyCase.State.CLUE, PenaltyCase.State.ESTABLISHED)


def clues_raise(contract: Contract, *, actor: Viewer = SYSTEM, as_of: date | None = None) -> list[PenaltyCase]:
    """Raise a clue for everything that speaks for a penalty and has no case yet, and let the open ones follow the
    facts: the cases that are new or changed.

    Looks at what the rules answer (incidents, missed clocks, monthly figures, streaks) and at the vendor's late
    duties that no rule covers. Idempotent: one case per (contract, target, key), whatever runs how often.
    Raises Refused without an active definition.
    """
    require(actor, "penalty.raise", contract)
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        basis = basis_for(locked, as_of=as_of or today_for(locked))
        found = (*outcomes(basis), *late_outcomes(basis))
        known = {(row.target, row.key_text): row for row in PenaltyCase.objects.filter(contract=locked)}
        changed = []
        for outcome in found:
            case = known.get((outcome.target, outcome.key_text))
            if case is None:
                changed.append(_raised(locked, outcome, basis, actor))
            elif case.state in FOLLOWING and not unchanged(case, outcome):
                changed.append(case_follow(case, outcome, basis, actor))
        return changed


def clues_sweep(*, actor: Viewer = SYSTEM) -> int:
    """The nightly run over every contract in force; how many cases are new or changed. A contract that cannot be
    computed does not stop the others."""
    rows = Contract.objects.filter(versions__state="active").order_by("pk")
    return sweep(rows, lambda contract: len(clues_raise(contract, actor=actor)), what="computing the penalties")


def case_for(contract: Contract, outcome: Outcome, basis: Basis, *, actor: Viewer) -> PenaltyCase:
    """The case of the outcome, raised if there is none. The contract must be locked."""
    found: PenaltyCase | None = PenaltyCase.objects.filter(
        contract=contract, target=outcome.target, key_text=outcome.key_text
    ).first()
    if found is None:
        return _raised(contract, outcome, basis, actor)
    found.contract = contract
    return found


def _raised(contract: Contract, outcome: Outcome, basis: Basis, actor: Viewer) -> PenaltyCase:
    case = PenaltyCase(
        contract=contract,
        number=next_number(contract, "penalty", "P", basis.as_of.year),
        target=outcome.target,
        key=dict(outcome.key),
        key_text=outcome.key_text,
        raised_at=timezone.now(),
        missing=missing_of(outcome),
    )
    describe(case, outcome)
    case.save()
    assessment_add(case, outcome, basis, kind=Assessment.Kind.CLUE, actor=actor)
    enter(case, CaseEntry.Kind.RAISED, actor=actor)
    return case


def case_follow(case: PenaltyCase, outcome: Outcome, basis: Basis, actor: Viewer) -> PenaltyCase:
    """Bring an open case's figures up to date. Raises Refused once somebody has proposed it."""
    if case.state not in FOLLOWING:
        raise Refused(_("This case has been proposed already; its figures no longer follow the facts by themselves."))
    describe(case, outcome)
    case.missing = missing_of(outcome)
    case.save()
    assessment_add(case, outcome, basis, kind=Assessment.Kind.CLUE, actor=actor)
    return case
