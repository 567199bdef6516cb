"""Securities for a reader on a day: their state, ledger, claims and clocks, and how far they stand behind the money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, allows, proven, require
from accounts.scoping import Viewer
from billing.models import (
    Liability,
    SecurityClaim,
    SecurityInstrument,
    SecurityMovement,
    SecurityOrder,
)
from billing.rules_guarantee import (
    Check,
    Clock,
    CoverStep,
    Risk,
    Stage,
    advice_days,
    checks,
    claim_until,
    covered_on,
    gaps,
    outlasting,
    stage_of,
)
from billing.selectors.guarantee_cover import cover_of, happened_of, risks_of
from billing.selectors.guarantee_held import Rows, clock_of, day_of, ends_of, held_of, known_of, left_of
from billing.terms_guarantee import SecurityTerms, security_terms
from contracts.gathering import gather
from contracts.models import Contract
from contracts.selectors import definition_for
from obligations.models import DueVersion


@dataclass(frozen=True, slots=True)
class SecurityPage:
    """A security on a day. `balance` is what the ledger says, `covered` what could be claimed that day; `ends` the last
    day of the instruments in force. `claims` and `orders` are the buyer's; outside only claims that were delivered."""

    contract: Contract
    terms: SecurityTerms
    as_of: date
    stage: Stage
    checks: tuple[Check, ...]
    instruments: tuple[SecurityInstrument, ...]
    movements: tuple[SecurityMovement, ...]
    claims: tuple[SecurityClaim, ...]
    orders: tuple[SecurityOrder, ...]
    clocks: tuple[Clock, ...]
    balance: Decimal
    covered: Decimal
    ends: date | None
    gaps: tuple[tuple[date, date | None], ...]
    cover: tuple[CoverStep, ...]
    risks: tuple[Risk, ...]
    outlasting: tuple[Risk, ...]
    advice: tuple[date, ...]
    obligation_ids: Mapping[str, int] = field(default_factory=dict)
    renewable: tuple[SecurityInstrument, ...] = ()

    @property
    def days_left(self) -> int | None:
        """Days from the day shown to the last day covered; negative once it is over."""
        return None if self.ends is None else (self.ends - self.as_of).days

    @property
    def open_claims(self) -> int:
        return sum(claim.closed_on is None and claim.delivered_on is not None for claim in self.claims)

    def clock(self, duty: str) -> Clock | None:
        return next((clock for clock in self.clocks if clock.duty == duty), None) if duty else None


def _missing() -> NotVisible:
    return NotVisible(_("This does not exist, or is not yours to see."))


def _inside(viewer: Viewer) -> bool:
    return viewer.kind == "buyer" or viewer.is_system


# --- rows ----------------------------------------------------------------------------------------------------------


def instrument_get(pk: int, *, viewer: Viewer) -> SecurityInstrument:
    """An instrument with its contract, files and people. Raises NotVisible."""
    require(viewer, "security.read")
    rows = SecurityInstrument.objects.visible_to(viewer).select_related(
        "contract", "file", "authorisation", "submitted_by", "decided_by", "replaces"
    )
    found: SecurityInstrument | None = rows.filter(pk=pk).first()
    if found is None:
        raise _missing()
    # Rows of a contract are the viewer's to see where the contract is.
    proven(viewer, found)
    proven(viewer, found.contract)
    return found


def security_claim_get(pk: int, *, viewer: Viewer) -> SecurityClaim:
    """A claim with its instrument, contract, liability and people. Raises NotVisible."""
    require(viewer, "security.staff.read")
    rows = SecurityClaim.objects.visible_to(viewer).select_related(
        "contract",
        "instrument",
        "liability",
        "proposed_by",
        "decided_by",
        "delivered_by",
        "closed_by",
        "delivery__file",
    )
    found: SecurityClaim | None = rows.filter(pk=pk).first()
    if found is None:
        raise _missing()
    return found


def security_order_get(pk: int, *, viewer: Viewer) -> SecurityOrder:
    """A proposed change with its instrument and contract. Raises NotVisible."""
    require(viewer, "security.staff.read")
    rows = SecurityOrder.objects.visible_to(viewer).select_related(
        "contract", "instrument", "proposed_by", "decided_by"
    )
    found: SecurityOrder | None = rows.filter(pk=pk).first()
    if found is None:
        raise _missing()
    proven(viewer, found)
    return found


def liabilities_open(contract: Contract, *, viewer: Viewer) -> list[Liability]:
    """What the vendor owes and is not settled in full: what a claim may rest on."""
    require(viewer, "security.staff.read")
    rows = Liability.objects.visible_to(viewer).filter(contract=contract)
    return list(rows.filter(amount__gt=F("deducted") + F("claimed") + F("drawn")).order_by("pk"))


def counterable(instrument: SecurityInstrument, *, viewer: Viewer) -> list[SecurityMovement]:
    """Entries of an instrument's ledger that may still be countered, newest first."""
    require(viewer, "security.staff.read")
    rows = SecurityMovement.objects.visible_to(viewer).filter(instrument=instrument, countered_by=None)
    return list(rows.exclude(kind__in=("counter", "cashed")).order_by("-pk"))


# --- one security --------------------------------------------------------------------------------------------------


def _rows(contract: Contract, code: str, viewer: Viewer, as_of: date, zone: ZoneInfo) -> Rows:
    """What was there on the day. Claims stop the clocks for everybody, once they were delivered."""
    own = {"contract": contract, "instrument__security": code}
    instruments = (
        SecurityInstrument.objects.visible_to(viewer)
        .filter(contract=contract, security=code)
        .select_related("file", "authorisation", "submitted_by", "decided_by")
        .order_by("received_on", "pk")
    )
    movements = (
        SecurityMovement.objects.filter(**own, on__lte=as_of)
        .select_related("instrument", "recorded_by", "approved_by")
        .order_by("on", "pk")
    )
    claims = SecurityClaim.objects.filter(**own).select_related("instrument", "liability", "proposed_by").order_by("pk")
    orders = SecurityOrder.objects.filter(**own).select_related("instrument", "proposed_by", "decided_by")

    def before(moment: datetime) -> bool:
        day = day_of(moment, zone)
        return day is not None and day <= as_of

    return Rows(
        [row for row in instruments if before(row.submitted_at) or row.received_on <= as_of],
        list(movements),
        [
            row
            for row in claims
            if (before(row.proposed_at) or (row.delivered_on or as_of) < as_of)
            # What is only considered is the buyer's affair: outside a claim exists from its delivery on.
            and (_inside(viewer) or (row.delivered_on is not None and row.delivered_on <= as_of))
        ],
        [row for row in orders if before(row.proposed_at)] if _inside(viewer) else [],
    )


def _deadlines(contract: Contract, duties: Iterable[str]) -> list[DueVersion]:
    """The current due version of each instance of the duties, with its milestone if it pays one. One statement."""
    return list(
        DueVersion.objects.filter(
            obligation__contract=contract, obligation__duty__in=set(duties), number=F("obligation__due_number")
        )
        .select_related("obligation", "obligation__milestone")
        .order_by("obligation__due_at", "obligation_id")
    )


def security_codes(contract: Contract) -> dict[str, SecurityTerms]:
    """The securities of the contract's active definition; empty without one."""
    return security_terms(definition_for(contract))


def security_page(contract: Contract, code: str, *, viewer: Viewer, as_of: date) -> SecurityPage:
    """Everything the page of a security shows, on a day. Raises NotVisible for a security the contract does not have.

    Seven statements, whatever the number of rows: instruments, ledger, claims, orders, deadlines, payments, events."""
    require(viewer, "security.read", contract)
    definition = definition_for(contract)
    terms = security_terms(definition).get(code)
    if terms is None:
        raise _missing()
    zone = ZoneInfo(contract.zone)
    rows = _rows(contract, code, viewer, as_of, zone)
    risky = [risk.partition(".")[2] for risk in terms.risks if risk.startswith("duty.")]
    pays = [instalment.duty for instalment in definition.instalments.values() if instalment.duty]
    versions = _deadlines(contract, [*terms.duties, *risky, *pays])
    clocks = {}
    for version in versions:
        if version.obligation.state not in ("standing", "closed"):
            clocks[version.obligation_id] = clock_of(version, as_of)
    mine = tuple(clock for name in terms.duties for clock in clocks.values() if clock.duty == name)
    held = held_of(rows.instruments, rows.movements, rows.claims, as_of=as_of)
    known = known_of(terms, rows, held, mine, as_of)
    happened = happened_of(contract, terms, as_of)
    risks = risks_of(terms, definition, clocks.values(), happened, as_of)
    ends = ends_of(held, terms, as_of)
    accepted_on = happened.get(terms.accepted) if terms.accepted else None
    return SecurityPage(
        contract=contract,
        terms=terms,
        as_of=as_of,
        stage=stage_of(known),
        checks=checks(known),
        instruments=tuple(reversed(rows.instruments)),
        movements=tuple(reversed(rows.movements)),
        claims=tuple(reversed(rows.claims)),
        orders=tuple(rows.orders),
        clocks=mine,
        balance=left_of(held, as_of),
        covered=covered_on(as_of, held, valid_until=terms.valid_until),
        ends=ends,
        gaps=gaps(held, valid_until=terms.valid_until),
        cover=cover_of(contract, terms, held, versions, rows.instruments, accepted_on, risks, mine, as_of),
        risks=risks,
        outlasting=outlasting(risks, ends=terms.valid_until),
        advice=advice_days(terms.valid_until, terms.lead_days),
        obligation_ids={
            f"{version.obligation.duty}/{version.obligation.key_text}".rstrip("/"): version.obligation_id
            for version in versions
        },
        renewable=_renewable(rows.instruments),
    )


@dataclass(frozen=True, slots=True)
class SecurityBrief:
    """What the forms of a security show of it: `covered` could be claimed on the day, `renewable` may be replaced."""

    contract: Contract
    terms: SecurityTerms
    covered: Decimal
    renewable: tuple[SecurityInstrument, ...]


def security_brief(contract: Contract, code: str, *, viewer: Viewer, as_of: date) -> SecurityBrief:
    """A security for the forms that change it. Raises NotVisible for a security the contract does not have.

    One statement, and one for the definition where the contract does not tell its version."""
    require(viewer, "security.read", contract)
    terms = security_terms(definition_for(contract)).get(code)
    if terms is None:
        raise _missing()
    own = {"contract": contract, "instrument__security": code}
    instruments, movements, claims = gather(
        SecurityInstrument.objects.visible_to(viewer).filter(contract=contract, security=code),
        SecurityMovement.objects.filter(**own, on__lte=as_of),
        SecurityClaim.objects.filter(**own),
    )
    instruments.sort(key=lambda row: (row.received_on, row.pk))
    held = held_of(instruments, movements, claims, as_of=as_of)
    covered = covered_on(as_of, held, valid_until=terms.valid_until)
    return SecurityBrief(contract, terms, covered, _renewable(instruments))


def instrument_numbers(contract: Contract, code: str, *, viewer: Viewer) -> dict[int, str]:
    """The printed number of every instrument of a security, by its id. One statement."""
    require(viewer, "security.read", contract)
    rows = SecurityInstrument.objects.visible_to(viewer).filter(contract=contract, security=code)
    return dict(rows.values_list("pk", "number"))


def _renewable(instruments: Sequence[SecurityInstrument]) -> tuple[SecurityInstrument, ...]:
    """Accepted instruments that no other one renews yet and that still secure something."""
    taken = {row.replaces_id for row in instruments if row.state != SecurityInstrument.State.REFUSED}
    return tuple(row for row in instruments if row.state == "accepted" and row.pk not in taken and row.balance > 0)


# --- what a person may do ------------------------------------------------------------------------------------------


def instrument_actions(page: SecurityPage, instrument: SecurityInstrument, *, viewer: Viewer) -> frozenset[str]:
    """What the viewer may do with an instrument today: decide, claim, release, cash, counter."""
    accepted = instrument.state == SecurityInstrument.State.ACCEPTED
    last = claim_until(
        form=instrument.form,
        expires_on=instrument.expires_on,
        cashed_on=instrument.cashed_on,
        valid_until=page.terms.valid_until,
    )
    paper = instrument.form in ("draft", "cheque", "promissory_note") and instrument.cashed_on is None
    replaced = any(row.replaces_id == instrument.pk and row.state == "accepted" for row in page.instruments)
    left = instrument.balance - instrument.reserved
    over = page.terms.valid_until is None or page.as_of > page.terms.valid_until or replaced
    able = {
        "decide": instrument.state == SecurityInstrument.State.SUBMITTED
        and instrument.submitted_by_id != viewer.user_id,
        "claim": accepted and not paper and not replaced and left > 0 and (last is None or page.as_of <= last),
        "release": accepted and left > 0 and over and not page.open_claims,
        "cash": accepted and paper and left > 0,
        "counter": accepted,
    }
    action = {"decide": "security.decide"}
    return frozenset(
        name for name, possible in able.items() if possible and allows(viewer, action.get(name, "security.propose"))
    )
