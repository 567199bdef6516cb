"""Facts that move under a fixed amount. From the approval on, figures no longer follow the facts by themselves: people
decide what becomes of the amount. But they must hear of it, however late the correction comes."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.policy import require
from accounts.scoping import SYSTEM, Viewer
from contracts.errors import Refused
from contracts.models import Contract
from penalties.models import CaseEntry, PenaltyCase
from penalties.reckoning import basis_for, outcome_for, rests_on
from penalties.services.common import case_locked, enter
from penalties.services.records import CLAIMED
from penalties.services.sweeping import sweep
from penalties.units import kept


def moved_note(case: PenaltyCase, *, actor: Viewer = SYSTEM) -> bool:
    """Compute a case whose amount is fixed once more, by what is known now and as of the day of its last computation.
    If it comes to another figure, the case keeps that beside its amount and an entry inside the house says so: one per
    figure, however often this runs. The amount itself stays. Whether there was news."""
    require(actor, "penalty.raise", case)
    if _news(case) is None:  # most often; computed without keeping anybody waiting
        return False
    with transaction.atomic():
        locked = case_locked(case)
        bounds = _news(locked)
        if bounds is None:
            return False
        low, high, moved = bounds
        locked.moved_low, locked.moved_high = (low, high) if moved else (None, None)
        locked.moved_at = timezone.now() if moved else None
        locked.save(update_fields=("moved_low", "moved_high", "moved_at"))
        amount = low if low == high else None
        text = "" if low == high else " – ".join("?" if bound is None else f"{bound:,.2f}" for bound in (low, high))
        enter(locked, CaseEntry.Kind.MOVED, actor=actor, text=text, amount=amount)
        return True


def moved_look(contract: Contract, *, actor: Viewer = SYSTEM) -> int:
    """Look at every case of a contract whose amount is fixed; how many have news."""
    rows = PenaltyCase.objects.filter(contract=contract, state__in=CLAIMED).select_related("contract").order_by("pk")
    return sum(moved_note(row, actor=actor) for row in rows if not row.target.startswith("duty:"))


def moved_sweep(*, actor: Viewer = SYSTEM) -> int:
    """The nightly run over every contract in force; how many cases have news. A contract that cannot be computed does
    not stop the others."""
    rows = Contract.objects.filter(versions__state="active").order_by("pk")
    return sweep(rows, lambda contract: moved_look(contract, actor=actor), what="computing fixed amounts again")


def _news(case: PenaltyCase) -> tuple[Decimal | None, Decimal | None, bool] | None:
    """The bounds of what the case comes to now, and whether they differ from its last computation; None where nothing
    is new since this was last looked at."""
    last = case.assessments.select_related("facts").order_by("-number").first()
    if last is None or case.state not in CLAIMED:
        return None
    try:
        basis = basis_for(case.contract, as_of=last.as_of, without=case)
    except Refused:  # the contract has no definition in force any more
        return None
    if case.moved_at is None and rests_on(last, basis):
        return None
    outcome = outcome_for(basis, case.target, case.key_text)
    low, high = (kept(outcome.low), kept(outcome.high)) if outcome is not None else (Decimal(0), Decimal(0))
    # borne out by the last computation, or by what people have made of the amount since
    if (low, high) in ((last.low, last.high), (case.amount, case.amount)):
        return (low, high, False) if case.moved_at is not None else None
    told = case.moved_at is not None and (low, high) == (case.moved_low, case.moved_high)
    return None if told else (low, high, True)
