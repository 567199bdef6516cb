"""What a security covers on a day, whether it covers without a gap, and how far it stands behind the money at
risk. Pure: no database, no clock; every text is a code that billing.sentences_guarantee turns into words.

Days are whole days of the contract's calendar; a guarantee covers its last day, the next one no more (Civil
Code 1259)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

ZERO = Decimal(0)
DAY = timedelta(days=1)
Nature = Literal["guarantee", "paper", "money"]
CheckState = Literal["met", "waiting", "failed"]
Stage = Literal["due", "handed_in", "in_force", "renewal", "ended", "claim", "refund", "returned"]

PAPERS = frozenset({"draft", "cheque", "promissory_note"})
SUMS = frozenset({"cash", "deposit", "retention"})


def nature_of(form: str) -> Nature:
    """A paper has a maturity, money has no end; everything else is somebody's promise with a last day."""
    if form in PAPERS:
        return "paper"
    return "money" if form in SUMS else "guarantee"


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement of the ledger: `change` to the balance on a day."""

    on: date
    change: Decimal


@dataclass(frozen=True, slots=True)
class Held:
    """An accepted instrument. `expires_on`: last day of a guarantee, maturity of a paper. `replaced_from`: the day its
    successor begins to cover. `pending` is what delivered, unanswered claims have taken up: it outlives the
    validity."""

    key: int
    form: str
    amount: Decimal
    received_on: date
    issued_on: date | None = None
    expires_on: date | None = None
    cashed_on: date | None = None
    replaced_from: date | None = None
    entries: Sequence[Entry] = ()
    pending: Decimal = ZERO

    @property
    def starts(self) -> date:
        """The later of handing in and issue: before either there is nothing to claim on."""
        return max(self.received_on, self.issued_on or self.received_on)

    def last(self, valid_until: date | None) -> date | None:
        """The last day it covers by itself; None without an end. Money, and a paper cashed in time, run as long as the
        security is owed."""
        money = nature_of(self.form) == "money" or self.cashed_on is not None
        ends = valid_until if money else _earlier(self.expires_on, valid_until)
        return ends if self.replaced_from is None else _earlier(ends, self.replaced_from - DAY)

    def balance(self, day: date) -> Decimal:
        """What the ledger says at the end of the day."""
        return sum((entry.change for entry in self.entries if entry.on <= day), ZERO)


def _earlier(first: date | None, second: date | None) -> date | None:
    given = [day for day in (first, second) if day is not None]
    return min(given, default=None)


def covered_on(day: date, instruments: Iterable[Held], *, valid_until: date | None) -> Decimal:
    """What could be claimed on the security on a day, claims under way included."""
    total = ZERO
    for held in instruments:
        if held.starts > day:
            continue
        last = held.last(valid_until)
        balance = held.balance(day)
        total += balance if last is None or day <= last else min(held.pending, balance)
    return total


def gaps(instruments: Sequence[Held], *, valid_until: date | None) -> tuple[tuple[date, date | None], ...]:
    """The days without any instrument between the first handing in and the end of the required validity, each stretch
    with its first and last day. Empty when the cover is unbroken, or nothing is owed until a day."""
    if not instruments:
        return ()
    spans = sorted((held.starts, held.last(None)) for held in instruments)
    found: list[tuple[date, date | None]] = []
    at = min(held.received_on for held in instruments)
    for start, last in spans:
        if start > at and (valid_until is None or at <= valid_until):
            found.append((at, start - DAY if valid_until is None else min(start - DAY, valid_until)))
        if last is None:
            return tuple(found)
        at = max(at, start, last + DAY)
    if valid_until is not None and at <= valid_until:
        found.append((at, valid_until))
    return tuple(found)


# --- checks on the security ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """A condition in the manner of a task list: what is the case (`code`, `params`), who does what next."""

    subject: str
    code: str
    state: CheckState
    clause: str = ""
    who: str = ""
    step: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline the engine gave: `state` known, provisional, pending or never; `safe_on` is right under every
    reading."""

    duty: str
    state: str
    on: date | None = None
    safe_on: date | None = None
    done_on: date | None = None
    title: str = ""
    clause: str = ""
    kind: str = "contractual"
    missing: tuple[str, ...] = ()
    key: str = ""
    low: date | None = None
    open_: bool = True

    def late(self, as_of: date) -> bool:
        """Past its day and not done; what waits for a fact or rests on an estimate is never late."""
        return self.open_ and self.done_on is None and self.state == "known" and self.on is not None and as_of > self.on


@dataclass(frozen=True, slots=True)
class Known:
    """All that the checks look at. `required` is the printed amount, `exact` the rate times the price; `waiting`
    counts instruments nobody has decided, `unproved` those of a branch without authorisation, `open_claims`
    those not closed."""

    as_of: date
    required: Decimal | None
    exact: Decimal | None
    valid_until: date | None
    forms: Collection[str]
    instruments: Sequence[Held]
    waiting: int = 0
    unproved: int = 0
    open_claims: int = 0
    submit: Clock | None = None
    renewals: Sequence[Clock] = ()
    papers: Sequence[Clock] = ()
    refund: Clock | None = None
    returned: bool = False
    clause: str = ""
    validity_clause: str = ""


def checks(known: Known) -> tuple[Check, ...]:
    """The state of a security, condition by condition."""
    lines = [_handed_in(known), *_forms(known), _amount(known), *_branch(known), _validity(known)]
    lines += [_renewal(known, clock) for clock in known.renewals]
    lines += [_paper(known, clock) for clock in known.papers]
    if known.open_claims:
        params = {"count": known.open_claims}
        lines.append(Check("claims", "claims_open", "waiting", known.validity_clause, "FIN", "close_claims", params))
    lines.append(_refund(known))
    return tuple(line for line in lines if line is not None)


def _handed_in(known: Known) -> Check:
    clock = known.submit
    clause = clock.clause if clock else known.clause
    if known.waiting:
        return Check("submit", "waiting", "waiting", clause, "MGR", "decide", {"count": known.waiting})
    if clock is None or clock.done_on is not None:
        if clock is not None and clock.on is not None and clock.done_on is not None and clock.done_on > clock.on:
            days = (clock.done_on - clock.on).days
            return Check("submit", "handed_in_late", "failed", clause, params={"on": clock.on, "days": days})
        if not known.instruments:
            return Check("submit", "not_handed_in", "waiting", clause, "VND", "hand_in")
        return Check("submit", "handed_in", "met", clause, params={"on": known.instruments[0].received_on})
    if clock.late(known.as_of) and clock.on is not None:
        params = {"on": clock.on, "days": (known.as_of - clock.on).days}
        return Check("submit", "overdue", "failed", clause, "VND", "hand_in", params)
    return Check("submit", "not_handed_in", "waiting", clause, "VND", "hand_in", {"on": clock.on} if clock.on else {})


def _forms(known: Known) -> list[Check]:
    lines = []
    for form in dict.fromkeys(held.form for held in known.instruments):
        if known.forms and form not in known.forms:
            lines.append(Check("form", "form_unknown", "failed", known.clause, "MGR", "decide_form", {"form": form}))
        elif nature_of(form) == "money":
            lines.append(Check("form", "form_cash", "waiting", known.clause, params={"form": form}))
        else:
            lines.append(Check("form", "form_fits", "met", known.clause, params={"form": form}))
    return lines


def _amount(known: Known) -> Check | None:
    if known.required is None or not known.instruments:
        return None
    given = sum((held.amount for held in known.instruments if held.replaced_from is None), ZERO)
    params: dict[str, object] = {"given": given, "required": known.required}
    if given < known.required:
        return Check("amount", "amount_short", "failed", known.clause, "VND", "hand_in", params)
    if known.exact is not None and known.exact != known.required:
        params |= {"exact": known.exact, "difference": known.required - known.exact}
        return Check("amount", "amount_printed", "met", known.clause, params=params)
    return Check("amount", "amount_fits", "met", known.clause, params=params)


def _branch(known: Known) -> list[Check]:
    if not known.unproved:
        return []
    return [
        Check(
            "branch", "branch_unproved", "failed", known.validity_clause, "VND", "authorise", {"count": known.unproved}
        )
    ]


def _validity(known: Known) -> Check | None:
    if not known.instruments or known.valid_until is None:
        return None
    missing = gaps(known.instruments, valid_until=known.valid_until)
    if not missing:
        return Check("validity", "validity_whole", "met", known.validity_clause, params={"until": known.valid_until})
    first, last = missing[0]
    params = {"first": first, "last": last or known.valid_until, "until": known.valid_until}
    inside = first <= known.as_of <= (last or known.as_of) and not known.returned
    state: CheckState = "failed" if inside or len(missing) > 1 or (last or first) < known.valid_until else "waiting"
    return Check("validity", "validity_gap", state, known.validity_clause, "VND", "renew", params)


def _renewal(known: Known, clock: Clock) -> Check:
    params: dict[str, object] = {"on": clock.on, "safe": clock.safe_on or clock.on}
    if clock.done_on is not None:
        if clock.on is not None and clock.done_on > clock.on:
            late = params | {"days": (clock.done_on - clock.on).days}
            return Check("renewal", "renewed_late", "failed", clock.clause, "FIN", "late_fee", late)
        return Check("renewal", "renewed", "met", clock.clause, params=params | {"done": clock.done_on})
    if clock.late(known.as_of) and clock.on is not None:
        late = params | {"days": (known.as_of - clock.on).days}
        return Check("renewal", "renewal_overdue", "failed", clock.clause, "FIN", "draw_all", late)
    return Check("renewal", "renewal_runs", "waiting", clock.clause, "VND", "renew", params)


def _paper(known: Known, clock: Clock) -> Check:
    params: dict[str, object] = {"on": clock.on}
    if clock.done_on is not None:
        return Check("paper", "paper_cashed", "met", clock.clause, params={"on": clock.done_on})
    if clock.late(known.as_of):
        return Check("paper", "paper_missed", "waiting", clock.clause, "FIN", "cash", params)
    return Check("paper", "paper_runs", "waiting", clock.clause, "FIN", "cash", params)


def _refund(known: Known) -> Check | None:
    clock = known.refund
    if clock is None:
        return None
    if known.returned:
        return Check("refund", "returned", "met", clock.clause, params={"on": clock.done_on} if clock.done_on else {})
    if not known.instruments:
        return None  # what was never handed in is not given back
    if clock.on is None:
        return Check("refund", "refund_waits", "waiting", clock.clause, "FIN", "close_claims")
    params: dict[str, object] = {"on": clock.on}
    if clock.late(known.as_of):
        late = params | {"days": (known.as_of - clock.on).days}
        return Check("refund", "refund_overdue", "failed", clock.clause, "FIN", "give_back", late)
    if known.valid_until is not None and known.as_of <= known.valid_until:
        return Check("refund", "refund_later", "waiting", clock.clause, params=params)
    return Check("refund", "refund_runs", "waiting", clock.clause, "FIN", "give_back", params)


def stage_of(known: Known) -> Stage:
    """Where the security stands in its life."""
    if known.returned:
        return "returned"
    if not known.instruments:
        return "handed_in" if known.waiting else "due"
    if known.valid_until is not None and known.as_of > known.valid_until:
        return "claim" if known.open_claims else "refund"
    if known.open_claims:
        return "claim"
    if covered_on(known.as_of, known.instruments, valid_until=known.valid_until) == ZERO and all(
        held.starts <= known.as_of for held in known.instruments
    ):
        return "ended"
    if any(clock.done_on is None and clock.open_ for clock in known.renewals):
        return "renewal"
    return "in_force"


# --- security against exposure -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paid:
    """An instalment as it was paid, or as it will be: on its due day, unless it is paid later."""

    on: date
    amount: Decimal
    title: str
    planned: bool = False


@dataclass(frozen=True, slots=True)
class CoverStep:
    """From `first` to `last` nothing changes: the security that can be claimed on, the price paid for work that is not
    accepted, what of that the security does not reach, and the price still held back. `why` are codes with
    names."""

    first: date
    last: date
    security: Decimal
    exposure: Decimal
    withheld: Decimal
    why: tuple[tuple[str, str], ...] = ()
    planned: bool = False

    @property
    def uncovered(self) -> Decimal:
        return max(self.exposure - self.security, ZERO)


def coverage(
    *,
    instruments: Sequence[Held],
    valid_until: date | None,
    payments: Sequence[Paid],
    total: Decimal,
    accepted_on: date | None,
    first: date,
    last: date,
    names: Mapping[int, str],
) -> tuple[CoverStep, ...]:
    """The security and the exposure from `first` to `last`, cut wherever one of them changes.

    Exposure is the price paid for what has not been accepted: until acceptance the buyer may have to ask for it back.
    """
    causes: dict[date, list[tuple[str, str]]] = {}

    def cut(day: date, why: str, name: str = "") -> None:
        if first <= day <= last:
            causes.setdefault(day, []).append((why, name))

    for held in instruments:
        cut(held.starts, "received", names.get(held.key, ""))
        own = held.last(valid_until)
        if own is not None:
            ends = "replaced" if held.replaced_from == own + DAY else "ended"
            cut(own + DAY, ends, names.get(held.key, ""))
        for entry in held.entries:
            if entry.change < ZERO:
                cut(entry.on, "drawn", names.get(held.key, ""))
    for paid in payments:
        cut(paid.on, "planned" if paid.planned else "paid", paid.title)
    if accepted_on is not None:
        cut(accepted_on, "accepted")
    days = sorted({first, *causes})
    steps = []
    for position, day in enumerate(days):
        out = sum((paid.amount for paid in payments if paid.on <= day), ZERO)
        steps.append(
            CoverStep(
                first=day,
                last=days[position + 1] - DAY if position + 1 < len(days) else last,
                security=covered_on(day, instruments, valid_until=valid_until),
                exposure=ZERO if accepted_on is not None and day >= accepted_on else out,
                withheld=max(total - out, ZERO),
                why=tuple(dict.fromkeys(causes.get(day, ()))),
                planned=any(paid.planned and paid.on <= day for paid in payments),
            )
        )
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class Risk:
    """Something the security should outlast. `on`: its day; without one, `low` is the earliest it can be."""

    title: str
    clause: str
    on: date | None
    low: date | None = None
    settled: bool = False


def outlasting(risks: Iterable[Risk], *, ends: date | None) -> tuple[Risk, ...]:
    """The risks that are not over when the security ends; empty for a security without an end."""
    if ends is None:
        return ()
    return tuple(risk for risk in risks if not risk.settled and (risk.on is None or risk.on > ends))


def advice_days(ends: date | None, lead_days: Iterable[int]) -> tuple[date, ...]:
    """The days before the end on which to decide, earliest first; day zero is the end itself and left out."""
    if ends is None:
        return ()
    return tuple(ends - timedelta(days=lead) for lead in sorted({lead for lead in lead_days if lead > 0}, reverse=True))


# --- claims --------------------------------------------------------------------------------------------------------


def claim_until(*, form: str, expires_on: date | None, cashed_on: date | None, valid_until: date | None) -> date | None:
    """The last day a claim may be delivered: the instrument's own end or the security's, whichever comes first."""
    return Held(0, form, ZERO, date.min, expires_on=expires_on, cashed_on=cashed_on).last(valid_until)
