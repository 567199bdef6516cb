"""What stands beside a milestone's invoices and applications on a day: deductions, freezes, a fiscal hold, the security
behind the contract, and the deadline as it was on a past day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import JSONObject

from billing.models import Deduction, FiscalHold, Liability, Milestone, SecurityInstrument
from billing.rules import GuaranteeKnown, HoldKnown
from billing.rules_guarantee import Held, gaps
from billing.terms import MoneyTerms, SecurityPeriod
from contracts.gathering import gather
from contracts.models import Contract
from contracts.selectors import today_for
from engine.derivation import Step
from engine.language.spans import Zone
from obligations.reckoning import NoDefinition, figures_of, grounds_for, reckon, title_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Due:
    """A milestone's deadline: `state` known, provisional, pending or never; `missing` as titles; `opens_on` the first
    day on which it may be paid, if the contract says so."""

    state: str
    on: date | None
    safe_on: date | None
    target_on: date | None
    gate_late: bool
    missing: tuple[str, ...] = ()
    derivation: tuple[Step, ...] = ()
    opens_on: date | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """`frozen` and `undeducted` are those of the day only for today; the past knows deductions and holds exactly."""

    deducted: Decimal = ZERO
    last_deducted_on: date | None = None
    frozen: Decimal = ZERO
    undeducted: Decimal = ZERO
    penalties_shown: bool = False
    hold: HoldKnown | None = None
    guarantee: GuaranteeKnown | None = None
    due: Due | None = None


def due_of(milestone: Milestone) -> Due:
    """The deadline as the columns have it: today's."""
    row = milestone.obligation
    return Due(row.due_state, row.due_on, row.safe_on, milestone.target_on, row.gate_late, opens_on=row.opens_on)


def dues_on(contract: Contract, milestones: Collection[Milestone], *, as_of: date) -> Mapping[int, Due]:
    """The deadlines of a contract's milestones as they stood on a day, by the engine; empty for today, when the columns
    answer. Five queries, whatever the number of milestones."""
    if as_of == today_for(contract):
        return {}
    try:
        grounds = grounds_for(contract)
    except NoDefinition:
        return {}
    duties = {row.obligation.duty: row.pk for row in milestones}
    named = [name for name in duties if name in grounds.definition.duties]
    zone = Zone(contract.zone)
    found: dict[int, Due] = {}
    for result in reckon(grounds, as_of=as_of, only=named).deadlines:
        if result.id not in duties or result.key:
            continue
        figures = figures_of(result, contract.zone)
        found[duties[result.id]] = Due(
            figures.due_state,
            figures.due_on,
            figures.safe_on,
            zone.day_of(result.target) if result.target is not None else None,
            figures.gate_late,
            tuple(title_of(grounds.definition, name) for name in figures.missing),
            result.derivation,
            figures.opens_on,
        )
    return found


@dataclass(frozen=True, slots=True)
class HoldView:
    """A fiscal hold of a milestone, for its page."""

    pk: int
    reason: str
    known_on: date
    notified_on: date | None
    ended_on: date | None
    pay_by: date | None


HOLD_FIELDS = ("pk", "reason", "known_on", "notified_on", "ended_on", "pay_by")


def last_hold() -> Subquery:
    """The last hold of a milestone in the milestone's own query (`hold_view` reads it)."""
    rows = FiscalHold.objects.filter(milestone=OuterRef("pk")).order_by("-pk")
    return Subquery(rows.values(found=JSONObject(**{name: name for name in HOLD_FIELDS}))[:1])


def hold_view(found: Mapping[str, Any] | None) -> HoldView | None:
    """The hold that `last_hold` read."""
    if found is None:
        return None
    days = [date.fromisoformat(found[name]) if found[name] else None for name in HOLD_FIELDS[2:]]
    known, *others = days
    return HoldView(found["pk"], found["reason"], known or date.min, *others)


def holds_of(rows: Iterable[FiscalHold]) -> dict[int, HoldView]:
    """The last fiscal hold of each milestone, from holds in the order of their keys."""
    return {row.milestone_id: HoldView(*(getattr(row, name) for name in HOLD_FIELDS)) for row in rows}


def hold_known(hold: HoldView | None, *, as_of: date, clause: str = "") -> HoldKnown | None:
    """A hold as it stood on a day."""
    if hold is None or hold.known_on > as_of:
        return None
    notified = hold.notified_on if hold.notified_on is not None and hold.notified_on <= as_of else None
    ended = hold.ended_on if hold.ended_on is not None and hold.ended_on <= as_of else None
    return HoldKnown(clause, notified, ended, hold.pay_by if ended is not None else None)


def deducted_on(rows: Iterable[Deduction], *, as_of: date) -> dict[int, list[tuple[date, Decimal]]]:
    """Deductions and their counter-entries up to a day, by milestone, from rows in the order of their keys."""
    found: dict[int, list[tuple[date, Decimal]]] = {}
    for row in rows:
        if row.deducted_on <= as_of:
            found.setdefault(row.milestone_id, []).append((row.deducted_on, row.amount))
    return found


def undeducted_of(contract: Contract) -> Decimal:
    """What of the contract's deductible liabilities is decided and settled in no way yet. One query."""
    rows = Liability.objects.filter(
        contract=contract, deductible=True, amount__gt=F("deducted") + F("claimed") + F("drawn")
    ).values_list("amount", "deducted", "claimed", "drawn")
    return sum((amount - deducted - claimed - drawn for amount, deducted, claimed, drawn in rows), ZERO)


def guarantee_known(contract: Contract, security: SecurityPeriod | None, *, as_of: date) -> GuaranteeKnown | None:
    """The state of the contract's first security on a day; None where the contract asks for none. One query."""
    if security is None:
        return None
    rows = SecurityInstrument.objects.filter(
        contract=contract, security=security.code, state=SecurityInstrument.State.ACCEPTED, received_on__lte=as_of
    )
    held = [
        Held(
            row.pk,
            row.form,
            row.amount,
            row.received_on,
            row.issued_on,
            row.expires_on,
            row.cashed_on if row.cashed_on is not None and row.cashed_on <= as_of else None,
        )
        for row in rows
    ]
    if not held:
        return GuaranteeKnown("none", None, security.clause)
    if security.valid_until is not None and as_of > security.valid_until:
        return GuaranteeKnown("ended", security.valid_until, security.clause)
    found = gaps(held, valid_until=security.valid_until)
    now = next((first for first, last in found if first <= as_of and (last is None or as_of <= last)), None)
    if now is not None:
        return GuaranteeKnown("gap", now, security.clause)
    ahead = next((first for first, _last in found if first > as_of), None)
    if ahead is not None:
        return GuaranteeKnown("expiring", ahead, security.clause)
    return GuaranteeKnown("valid", security.valid_until, security.clause)


def beside_of(
    milestone: Milestone,
    *,
    as_of: date,
    deductions: Iterable[tuple[date, Decimal]],
    hold: HoldView | None = None,
    terms: MoneyTerms | None = None,
    undeducted: Decimal = ZERO,
    guarantee: GuaranteeKnown | None = None,
    due: Due | None = None,
) -> Beside:
    """Rows already read, as the gate takes them. Decided amounts come off the last instalment of the contract."""
    rows = list(deductions)
    last = terms is not None and bool(terms.instalments) and terms.instalments[-1].code == milestone.code
    deducted = sum((amount for _on, amount in rows), ZERO)
    return Beside(
        deducted=deducted,
        last_deducted_on=max((on for on, amount in rows if amount > ZERO), default=None),
        frozen=milestone.frozen,
        undeducted=undeducted if last else ZERO,
        penalties_shown=last or bool(milestone.frozen) or bool(deducted),
        hold=hold_known(hold, as_of=as_of, clause=terms.hold_clause if terms else ""),
        guarantee=guarantee,
        due=due,
    )


def beside_now(milestone: Milestone, *, terms: MoneyTerms, as_of: date) -> Beside:
    """Everything beside one milestone, for services inside their lock."""
    holds, deductions = gather(
        FiscalHold.objects.filter(milestone=milestone), Deduction.objects.filter(milestone=milestone)
    )
    return beside_of(
        milestone,
        as_of=as_of,
        deductions=deducted_on(deductions, as_of=as_of).get(milestone.pk, ()),
        hold=holds_of(holds).get(milestone.pk),
        terms=terms,
        undeducted=undeducted_of(milestone.contract),
        guarantee=guarantee_known(milestone.contract, terms.security, as_of=as_of),
    )
