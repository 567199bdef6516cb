"""Accepted instruments, clocks and checks of a security on a day, from its rows; for its page, the list, the gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.models import SecurityClaim, SecurityInstrument, SecurityMovement, SecurityOrder
from billing.rules_guarantee import Clock, Entry, Held, Known
from billing.terms_guarantee import SecurityTerms
from obligations.models import DueVersion, Obligation

UNDER_WAY = ("proposed", "approved", "delivered")


def day_of(moment: datetime | None, zone: ZoneInfo) -> date | None:
    """The calendar day of an instant in the zone."""
    return moment.astimezone(zone).date() if moment is not None else None


@dataclass
class Rows:
    """The records of one security, oldest first."""

    instruments: list[SecurityInstrument]
    movements: list[SecurityMovement]
    claims: list[SecurityClaim]
    orders: list[SecurityOrder]


def held_of(
    instruments: Sequence[SecurityInstrument],
    movements: Iterable[SecurityMovement],
    claims: Iterable[SecurityClaim],
    *,
    as_of: date,
) -> list[Held]:
    """The accepted instruments as the rules see them on a day, in the order they were handed in."""
    accepted = [row for row in instruments if row.state == SecurityInstrument.State.ACCEPTED]
    entries: dict[int, list[Entry]] = {}
    for entry in movements:
        entries.setdefault(entry.instrument_id, []).append(Entry(entry.on, entry.change))
    pending: dict[int, Decimal] = {}
    for claim in claims:
        unanswered = claim.answered_on is None or claim.answered_on > as_of
        if claim.delivered_on is not None and claim.delivered_on <= as_of and unanswered:
            pending[claim.instrument_id] = pending.get(claim.instrument_id, Decimal(0)) + claim.amount
    after = {row.replaces_id: row.starts_on for row in accepted if row.replaces_id is not None}
    return [
        Held(
            key=row.pk,
            form=row.form,
            amount=row.amount,
            received_on=row.received_on,
            issued_on=row.issued_on,
            expires_on=row.expires_on,
            cashed_on=row.cashed_on if row.cashed_on is None or row.cashed_on <= as_of else None,
            replaced_from=after.get(row.pk),
            entries=tuple(entries.get(row.pk, ())),
            pending=pending.get(row.pk, Decimal(0)),
        )
        for row in accepted
    ]


def clock_of(version: DueVersion, as_of: date) -> Clock:
    """A stored deadline as the rules see it on a day."""
    row: Obligation = version.obligation
    done = row.done_on if row.done_on is not None and row.done_on <= as_of else None
    low = version.low[:10]
    return Clock(
        duty=row.duty,
        state=row.due_state,
        on=row.due_on,
        safe_on=row.safe_on,
        done_on=done,
        title=row.title,
        clause=row.clause,
        kind=row.kind,
        missing=tuple(entry["title"] or entry["name"] for entry in row.missing),
        key=row.key_text,
        low=date.fromisoformat(low) if low else None,
        open_=row.state in ("open", "submitted", "done"),
    )


def left_of(held: Sequence[Held], as_of: date) -> Decimal:
    """What the ledger says is left of the instruments that are not replaced."""
    current = [one for one in held if one.replaced_from is None or one.replaced_from > as_of]
    return sum((one.balance(as_of) for one in current), Decimal(0))


def ends_of(held: Sequence[Held], terms: SecurityTerms, as_of: date) -> date | None:
    """The last day covered without a break from the day shown on, else the last day that was covered."""
    lasts = sorted((one.starts, one.last(terms.valid_until)) for one in held if one.balance(as_of) > 0)
    end: date | None = None
    for start, last in lasts:
        if last is None:
            return None
        if end is None or start <= max(end, as_of) + timedelta(days=1):
            end = last if end is None else max(end, last)
    return end


def _first(clocks: dict[str, list[Clock]], duty: str) -> Clock | None:
    found = clocks.get(duty, ()) if duty else ()
    return found[0] if found else None


def known_of(terms: SecurityTerms, rows: Rows, held: Sequence[Held], clocks: Sequence[Clock], as_of: date) -> Known:
    """All that the checks on the security look at."""
    open_claims = [
        row
        for row in rows.claims
        if row.state in UNDER_WAY or (row.delivered_on is not None and (row.closed_on or date.max) > as_of)
    ]
    by_duty: dict[str, list[Clock]] = {}
    for clock in clocks:
        by_duty.setdefault(clock.duty, []).append(clock)
    gone = bool(held) and all(one.balance(as_of) == 0 for one in held) and not open_claims
    return Known(
        as_of=as_of,
        required=terms.amount,
        exact=terms.exact,
        valid_until=terms.valid_until,
        forms=terms.forms,
        instruments=held,
        waiting=sum(row.state == SecurityInstrument.State.SUBMITTED for row in rows.instruments),
        unproved=sum(
            row.by_branch and row.authorisation_id is None and row.state != SecurityInstrument.State.REFUSED
            for row in rows.instruments
        ),
        open_claims=len(open_claims),
        submit=_first(by_duty, terms.submit),
        renewals=by_duty.get(terms.renew, []) if terms.renew else [],
        papers=by_duty.get(terms.cash, []) if terms.cash else [],
        refund=_first(by_duty, terms.refund),
        returned=gone,
        clause=terms.submit_clause,
        validity_clause=terms.renew_clause,
    )
