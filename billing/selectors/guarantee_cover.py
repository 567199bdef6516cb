"""The coverage line of a security: what was paid, what will be, what the risk still waits for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.models import Milestone, Payment, SecurityInstrument
from billing.rules_guarantee import Clock, CoverStep, Held, Paid, Risk, coverage
from billing.selectors.guarantee_held import day_of
from billing.terms_guarantee import SecurityTerms
from contracts.models import Contract, Fact
from engine.definition import Definition
from obligations.models import DueVersion

MARGIN = timedelta(days=14)  # air after the last day of the coverage line


def happened_of(contract: Contract, terms: SecurityTerms, as_of: date) -> dict[str, date]:
    """The events the security's risk ends with, as far as they happened by the day. One statement."""
    names = {risk.partition(".")[2] for risk in terms.risks if risk.startswith("event.")} | {terms.accepted} - {""}
    rows = Fact.objects.filter(
        contract=contract, kind=Fact.Kind.EVENT, name__in=names, state=Fact.State.CONFIRMED, superseded_by=None
    )
    zone = ZoneInfo(contract.zone)
    found: dict[str, date] = {}
    for row in rows.order_by("pk"):
        day = row.happened_on or day_of(row.happened_at, zone)
        if day is not None and day <= as_of:
            found.setdefault(row.name, day)
    return found


def risks_of(
    terms: SecurityTerms, definition: Definition, clocks: Iterable[Clock], happened: Mapping[str, date], as_of: date
) -> tuple[Risk, ...]:
    """What the security should outlast, in the order of the definition."""
    found = []
    by_duty = {clock.duty: clock for clock in clocks if not clock.key}
    for name in terms.risks:
        kind, _dot, rest = name.partition(".")
        if kind == "event" and rest in definition.events:
            event = definition.events[rest]
            found.append(Risk(event.title, event.clause, happened.get(rest), settled=rest in happened))
        elif rest in by_duty:
            clock = by_duty[rest]
            dated = clock.on if clock.state in ("known", "provisional") else None
            over = clock.done_on is not None and clock.done_on <= as_of
            found.append(Risk(clock.title, clock.clause, dated, low=clock.low, settled=over))
    return tuple(found)


def cover_of(
    contract: Contract,
    terms: SecurityTerms,
    held: Sequence[Held],
    versions: Sequence[DueVersion],
    instruments: Sequence[SecurityInstrument],
    accepted_on: date | None,
    risks: Sequence[Risk],
    clocks: Sequence[Clock],
    as_of: date,
) -> tuple[CoverStep, ...]:
    """Security and exposure over the life of the contract."""
    payments = _payments(contract, versions, as_of)
    marks = [one.starts for one in held] + [paid.on for paid in payments]
    marks += [day for day in (contract.signed_on, contract.starts_on, contract.ends_on, terms.valid_until) if day]
    marks += [day for risk in risks for day in (risk.on, risk.low) if day]
    marks += [clock.on for clock in clocks if clock.on is not None]
    if not marks:
        return ()
    return coverage(
        instruments=held,
        valid_until=terms.valid_until,
        payments=payments,
        total=contract.total,
        accepted_on=accepted_on,
        first=min(marks),
        last=max(*marks, as_of) + MARGIN,
        names={row.pk: row.number for row in instruments},
    )


def _payments(contract: Contract, versions: Sequence[DueVersion], as_of: date) -> list[Paid]:
    """What was paid by the day, counter-entries included, and what will be: the rest of each dated instalment, on its
    due day or, once that has passed, from the next day on."""
    paid: dict[int, Decimal] = {}
    found: list[Paid] = []
    rows = Payment.objects.filter(contract=contract, paid_on__lte=as_of).select_related(
        "application__milestone", "reverses__application__milestone"
    )
    for row in rows.order_by("paid_on", "pk"):
        application = row.application or (row.reverses.application if row.reverses else None)
        if application is None:  # the database holds that a payment is one or counters one
            continue
        milestone = application.milestone
        paid[milestone.pk] = paid.get(milestone.pk, Decimal(0)) + row.amount
        found.append(Paid(row.paid_on, row.amount, milestone.title))
    for version in versions:
        planned: Milestone | None = getattr(version.obligation, "milestone", None)
        due = version.obligation.due_on
        if planned is None or due is None or version.obligation.due_state not in ("known", "provisional"):
            continue
        rest = planned.amount - planned.deducted - paid.get(planned.pk, Decimal(0))
        if rest > 0:
            found.append(Paid(max(due, as_of + timedelta(days=1)), rest, planned.title, planned=True))
    return found
