"""The securities of all contracts, and what other pages need to know of one contract's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import SecurityClaim, SecurityInstrument, SecurityMovement
from billing.rules_guarantee import Clock, Stage, covered_on, stage_of
from billing.selectors.guarantee_held import Rows, clock_of, ends_of, held_of, known_of, left_of
from billing.terms_guarantee import SecurityTerms, security_terms
from contracts.models import Contract
from contracts.selectors import definition_for
from contracts.selectors.definitions import with_version_key
from obligations.models import DueVersion, Obligation

# --- over all contracts --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SecurityRow:
    """A security in the list: `next_on` is its nearest open deadline, `ends` the last day of what is in force."""

    contract: Contract
    code: str
    title: str
    clause: str
    required: Decimal | None
    balance: Decimal
    covered: Decimal
    ends: date | None
    stage: Stage
    next_on: date | None
    next_title: str
    late: bool
    waiting: int


def securities_list(*, viewer: Viewer, as_of: date) -> tuple[SecurityRow, ...]:
    """The securities of all contracts the viewer may know of: late ones first, then by their nearest deadline. Six
    statements, whatever the number of contracts."""
    require(viewer, "security.read")
    contracts = {row.pk: row for row in Contract.objects.visible_to(viewer).order_by("number")}
    terms = _terms_of_all(contracts)
    instruments: dict[tuple[int, str], list[SecurityInstrument]] = {}
    for row in SecurityInstrument.objects.visible_to(viewer).order_by("received_on", "pk"):
        instruments.setdefault((row.contract_id, row.security), []).append(row)
    movements: dict[int, list[SecurityMovement]] = {}
    for entry in SecurityMovement.objects.filter(contract__in=contracts, on__lte=as_of):
        movements.setdefault(entry.instrument_id, []).append(entry)
    claims: dict[int, list[SecurityClaim]] = {}
    inside = viewer.kind == "buyer" or viewer.is_system
    for claim in SecurityClaim.objects.filter(contract__in=contracts):
        if not inside and (claim.delivered_on is None or claim.delivered_on > as_of):
            continue  # what is only considered is the buyer's affair
        claims.setdefault(claim.instrument_id, []).append(claim)
    clocks: dict[tuple[int, str], list[Clock]] = {}
    duties = {name for known in terms.values() for one in known.values() for name in one.duties}
    for obligation in (
        Obligation.objects.visible_to(viewer)
        .filter(contract__in=contracts, duty__in=duties)
        .exclude(state__in=("standing", "closed"))
    ):
        version = DueVersion(obligation=obligation, low="")
        clocks.setdefault((obligation.contract_id, obligation.duty), []).append(clock_of(version, as_of))
    rows = []
    for pk, known in terms.items():
        for code, one in known.items():
            own = instruments.get((pk, code), [])
            kept = Rows(
                own,
                [entry for row in own for entry in movements.get(row.pk, ())],
                [claim for row in own for claim in claims.get(row.pk, ())],
                [],
            )
            mine = [clock for name in one.duties for clock in clocks.get((pk, name), ())]
            rows.append(_row(contracts[pk], one, kept, mine, as_of))
    return tuple(sorted(rows, key=lambda row: (not row.late, row.next_on or date.max, row.contract.number)))


def _terms_of_all(contracts: Mapping[int, Contract]) -> dict[int, dict[str, SecurityTerms]]:
    """The securities of each contract, from parsed definitions kept in memory; a contract without one is left out."""
    found = {}
    for contract in with_version_key(Contract.objects.filter(pk__in=contracts)).order_by("number"):
        if contract.version_id is not None:  # type: ignore[attr-defined]
            known = security_terms(definition_for(contract))
            if known:
                found[contract.pk] = known
    return found


def _row(contract: Contract, terms: SecurityTerms, rows: Rows, clocks: Sequence[Clock], as_of: date) -> SecurityRow:
    held = held_of(rows.instruments, rows.movements, rows.claims, as_of=as_of)
    known = known_of(terms, rows, held, clocks, as_of)
    ahead = sorted(
        (clock for clock in clocks if clock.open_ and clock.done_on is None and clock.on is not None),
        key=lambda clock: clock.on or date.max,
    )
    return SecurityRow(
        contract=contract,
        code=terms.code,
        title=terms.title,
        clause=terms.clause,
        required=terms.amount,
        balance=left_of(held, as_of),
        covered=covered_on(as_of, held, valid_until=terms.valid_until),
        ends=ends_of(held, terms, as_of),
        stage=stage_of(known),
        next_on=ahead[0].on if ahead else None,
        next_title=ahead[0].title if ahead else "",
        late=any(clock.kind == "contractual" and clock.late(as_of) for clock in ahead),
        waiting=known.waiting,
    )


@dataclass(frozen=True, slots=True)
class SecurityState:
    """A security as other pages need it: what could be claimed on the day, and until when."""

    title: str
    clause: str
    required: Decimal | None
    covered: Decimal
    ends: date | None
    valid_until: date | None

    @property
    def is_whole(self) -> bool:
        """In force for the full amount; once its term is over there is nothing left to ask for."""
        return self.required is None or self.covered >= self.required


def security_states(contract: Contract, *, as_of: date) -> tuple[SecurityState, ...]:
    """The contract's securities on a day. Two statements (none without a security in the definition)."""
    terms = security_terms(definition_for(contract))
    if not terms:
        return ()
    instruments = list(SecurityInstrument.objects.filter(contract=contract).order_by("received_on", "pk"))
    movements = list(SecurityMovement.objects.filter(contract=contract, on__lte=as_of)) if instruments else []
    states = []
    for code, one in terms.items():
        own = [row for row in instruments if row.security == code]
        keys = {row.pk for row in own}
        held = held_of(own, [entry for entry in movements if entry.instrument_id in keys], (), as_of=as_of)
        states.append(
            SecurityState(
                title=one.title,
                clause=one.clause,
                required=one.amount,
                covered=covered_on(as_of, held, valid_until=one.valid_until),
                ends=ends_of(held, one, as_of),
                valid_until=one.valid_until,
            )
        )
    return tuple(states)
