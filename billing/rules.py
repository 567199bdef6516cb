"""The payment gate (能不能付): from what is known about a milestone to its state and a checklist. Pure: no database, no
clock, no translation; every text is a code that billing.sentences turns into words.

States: not met → waiting for invoice (the buyer is not in breach) → payable → applied → approved → paid, or settled by
deduction alone. Beside them: a fiscal hold (the vendor notified or not), a day in dispute, overdue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

MilestoneState = Literal["not_met", "waiting_invoice", "payable", "applied", "approved", "paid", "settled"]
LineState = Literal["met", "waiting", "failed"]
Side = Literal["hold_notified", "hold_not_notified", "pay_at_once", "disputed_day", "overdue"]
ZERO = Decimal(0)
SETTLED: frozenset[str] = frozenset({"paid", "settled"})
# Conditions without which nothing may be applied for; the other lines warn.
BLOCKING: frozenset[str] = frozenset({"trigger", "term", "invoice", "payee", "penalties"})


@dataclass(frozen=True, slots=True)
class InvoiceKnown:
    """An invoice (or credit note, negative) as it stood on the day asked about: received, checked or rejected."""

    amount: Decimal
    state: str


@dataclass(frozen=True, slots=True)
class ApplicationKnown:
    """A payment application as it stood: applied, approved, rejected, paid or reversed."""

    amount: Decimal
    state: str


@dataclass(frozen=True, slots=True)
class HoldKnown:
    """The last fiscal hold as it stood. `pay_by` is the internal target for paying after `ended`."""

    clause: str = ""
    notified: date | None = None
    ended: date | None = None
    pay_by: date | None = None


@dataclass(frozen=True, slots=True)
class PenaltiesKnown:
    """What the vendor may owe against this milestone: `frozen` until a decision, `undeducted` decided and still to be
    taken off it, `deducted` taken off."""

    frozen: Decimal = ZERO
    undeducted: Decimal = ZERO
    deducted: Decimal = ZERO
    clause: str = ""


@dataclass(frozen=True, slots=True)
class GuaranteeKnown:
    """The security behind the contract: `code` valid, gap, expiring, none or ended; `on` the day it matters."""

    code: str
    on: date | None = None
    clause: str = ""


@dataclass(frozen=True, slots=True)
class GateInput:
    """All that the gate looks at. `due_state` is the deadline's: known, provisional, pending or never; `missing` names
    the facts a pending deadline waits for; `safe_on` is right under every reading, `target_on` an internal target;
    `gate_late`: the invoice came after the due day, so no contractual date is left to be late against. `term_ends` is
    set for the instalment that needs the term to have ended and the work accepted; `opens_on` for one that may be paid
    only from a day on (a window of the definition). `payee` is "contract", "changed"
    (two people confirmed another account), "proposed" (a change waits), "" (unknown) or None (not asked about, as in
    lists). Clauses are citations from the contract's definition."""

    amount: Decimal
    as_of: date
    due_state: str
    due_on: date | None = None
    safe_on: date | None = None
    target_on: date | None = None
    gate_late: bool = False
    opens_on: date | None = None
    missing: Sequence[str] = ()
    term_ends: date | None = None
    invoices: Sequence[InvoiceKnown] = ()
    applications: Sequence[ApplicationKnown] = ()
    last_settled_on: date | None = None
    payee: str | None = "contract"
    penalties: PenaltiesKnown | None = None
    guarantee: GuaranteeKnown | None = None
    hold: HoldKnown | None = None
    clause: str = ""
    invoice_clause: str = ""
    payee_clause: str = ""


@dataclass(frozen=True, slots=True)
class GateLine:
    """One condition. `code` and `params` say what is the case, `next_step` what to do and `who` (a role) does it;
    a met condition has neither."""

    subject: str
    code: str
    state: LineState
    clause: str = ""
    who: str = ""
    next_step: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """The milestone's state and its lines. `available` is what may be applied for now, `outstanding` what is still owed
    after payments and deductions. `overdue`: the deadline has passed, the invoice is there, no fiscal hold excuses it
    and money is still owed; while the invoice is missing the buyer is not in breach."""

    state: MilestoneState
    lines: tuple[GateLine, ...]
    outstanding: Decimal
    available: Decimal
    paid: Decimal
    overdue: bool
    overdue_days: int = 0
    deducted: Decimal = ZERO
    sides: tuple[Side, ...] = ()

    @property
    def first_open(self) -> GateLine | None:
        """The condition that blocks now: the first one not met that somebody can act on."""
        return next((line for line in self.lines if line.state != "met" and line.who), None)

    @property
    def met(self) -> int:
        return sum(line.state == "met" for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Amounts derived once from the rows known on the day."""

    checked: Decimal
    paid: Decimal
    committed: Decimal
    deducted: Decimal
    frozen: Decimal


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _sums(known: GateInput) -> _Sums:
    penalties = known.penalties or PenaltiesKnown()
    paid = _sum([row.amount for row in known.applications if row.state == "paid"])
    under_way = [row.amount for row in known.applications if row.state in {"applied", "approved"}]
    return _Sums(
        checked=_sum([row.amount for row in known.invoices if row.state == "checked"]),
        paid=paid,
        committed=paid + _sum(under_way),
        deducted=penalties.deducted,
        frozen=penalties.frozen,
    )


def _trigger(known: GateInput) -> GateLine:
    accepting = known.term_ends is not None
    if known.due_state in {"known", "provisional"}:
        if known.opens_on is not None and known.as_of < known.opens_on:
            params = {"on": known.opens_on}
            return GateLine("trigger", "trigger_early", "waiting", known.clause, "", "wait_for_day", params)
        return GateLine("trigger", "acceptance_met" if accepting else "trigger_met", "met", known.clause)
    if known.due_state == "never":
        return GateLine("trigger", "trigger_never", "failed", known.clause, "MGR", "trigger_never")
    code = "trigger_missing" if known.missing else "trigger_pending"
    step = "record_acceptance" if accepting else "record_event"
    missing = {"missing": tuple(known.missing)}
    return GateLine("trigger", code, "waiting", known.clause, "IT", step, missing)


def _term(known: GateInput, ends: date) -> GateLine:
    if known.as_of > ends:
        return GateLine("term", "term_ended", "met", known.clause, params={"on": ends})
    return GateLine("term", "term_running", "waiting", known.clause, "", "wait_for_day", {"on": ends})


def _invoice(known: GateInput, sums: _Sums) -> GateLine:
    clause, owed = known.invoice_clause, known.amount - sums.deducted
    if sums.checked >= known.amount:
        return GateLine("invoice", "invoice_checked", "met", clause, params={"amount": sums.checked})
    if owed <= ZERO:
        return GateLine("invoice", "invoice_not_needed", "met", clause)
    if sums.checked >= owed:
        # Whether the whole price or only the rest is invoiced after a deduction is finance's to settle (register D-32).
        return GateLine("invoice", "invoice_net", "met", clause, params={"amount": sums.checked})
    received = _sum([row.amount for row in known.invoices if row.state == "received" and row.amount > ZERO])
    if received:
        return GateLine("invoice", "invoice_received", "waiting", clause, "FIN", "check_invoice", {"amount": received})
    code = "invoice_partial" if sums.checked else "invoice_missing"
    return GateLine(
        "invoice", code, "waiting", clause, "VND", "hand_in_invoice", {"amount": known.amount - sums.checked}
    )


def _payee(known: GateInput) -> GateLine:
    match known.payee:
        case "contract":
            return GateLine("payee", "payee_known", "met", known.payee_clause)
        case "changed":
            return GateLine("payee", "payee_changed", "met", known.payee_clause)
        case "proposed":
            return GateLine("payee", "payee_proposed", "waiting", known.payee_clause, "MGR", "decide_payee")
        case _:
            return GateLine("payee", "payee_unknown", "waiting", known.payee_clause, "IT", "complete_payee")


def _guarantee(found: GuaranteeKnown) -> GateLine:
    params: dict[str, object] = {"on": found.on} if found.on else {}
    match found.code:
        case "valid":
            if found.on is None:
                return GateLine("guarantee", "guarantee_money", "met", found.clause)
            return GateLine("guarantee", "guarantee_valid", "met", found.clause, params=params)
        case "ended" if found.on:
            return GateLine("guarantee", "guarantee_ended", "met", found.clause, params=params)
        case "expiring" if found.on:
            return GateLine(
                "guarantee", "guarantee_expiring", "waiting", found.clause, "VND", "renew_guarantee", params
            )
        case "gap" if found.on:
            return GateLine("guarantee", "guarantee_gap", "failed", found.clause, "VND", "renew_guarantee", params)
        case _:
            return GateLine("guarantee", "guarantee_none", "failed", found.clause, "VND", "hand_in_guarantee")


def _penalties(known: PenaltiesKnown, *, settled: bool) -> GateLine:
    if known.frozen > ZERO:
        amount = {"amount": known.frozen}
        return GateLine("penalties", "penalties_undecided", "waiting", known.clause, "MGR", "decide_penalties", amount)
    if known.undeducted > ZERO and not settled:
        amount = {"amount": known.undeducted}
        return GateLine("penalties", "penalties_undeducted", "waiting", known.clause, "FIN", "deduct", amount)
    if known.deducted > ZERO:
        return GateLine("penalties", "penalties_deducted", "met", known.clause, params={"amount": known.deducted})
    return GateLine("penalties", "penalties_none", "met", known.clause)


def _hold(known: GateInput, hold: HoldKnown, *, settled: bool) -> GateLine:
    if hold.ended is None:
        if hold.notified is None:
            return GateLine("hold", "hold_not_notified", "failed", hold.clause, "FIN", "notify_vendor")
        return GateLine("hold", "hold_notified", "waiting", hold.clause, "FIN", "end_hold", {"on": hold.notified})
    ended = {"on": hold.ended}
    if settled or hold.pay_by is None:
        return GateLine("hold", "hold_ended", "met", hold.clause, params=ended)
    target: dict[str, object] = {"on": hold.pay_by}
    if known.as_of > hold.pay_by:  # an internal target: red, but never a breach of its own
        return GateLine("hold", "hold_target_passed", "failed", hold.clause, "FIN", "pay_at_once", target)
    return GateLine("hold", "hold_pay_at_once", "waiting", hold.clause, "FIN", "pay_at_once", target)


def _disputed(known: GateInput, *, settled: bool) -> bool:
    """On time by the reading in force, late by the stricter one (register D-06)."""
    day = known.last_settled_on if settled else known.as_of
    if known.safe_on is None or known.due_on is None or day is None:
        return False
    return known.safe_on < day <= known.due_on


def _deadline(known: GateInput, *, complete: bool, excused: bool, settled: bool) -> GateLine:
    due = known.due_on
    if due is None:
        return GateLine("deadline", "deadline_open", "waiting", known.clause)
    params: dict[str, object] = {"on": due}
    disputed = _disputed(known, settled=settled)
    if settled:
        if known.gate_late:
            return GateLine("deadline", "paid_gate_late", "met", known.clause, params=params)
        if known.last_settled_on is not None and known.last_settled_on > due:
            days = (known.last_settled_on - due).days
            return GateLine("deadline", "paid_late", "failed", known.clause, params={"on": due, "days": days})
        if disputed:
            params = {"on": due, "safe": known.safe_on}
            return GateLine("deadline", "paid_disputed_day", "met", known.clause, params=params)
        return GateLine("deadline", "paid_in_time", "met", known.clause, params=params)
    if known.as_of <= due:
        left = {"on": due, "days": (due - known.as_of).days}
        if known.due_state == "provisional":
            return GateLine("deadline", "deadline_estimate", "met", known.clause, params=left)
        if disputed:
            params = {"on": due, "safe": known.safe_on}
            return GateLine("deadline", "deadline_disputed_day", "waiting", known.clause, "FIN", "pay_disputed", params)
        code = "deadline_today" if known.as_of == due else "deadline_ahead"
        return GateLine("deadline", code, "met", known.clause, params=left)
    late = {"on": due, "days": (known.as_of - due).days}
    if known.due_state == "provisional":  # an estimate never calls a breach
        return GateLine("deadline", "deadline_estimate_passed", "waiting", known.clause, params=late)
    if not complete:
        return GateLine("deadline", "deadline_excused", "waiting", known.clause, params=late)
    if known.gate_late:
        return GateLine("deadline", "deadline_gate_late", "met", known.clause, params=params)
    if excused:
        return GateLine("deadline", "deadline_held", "waiting", known.clause, params=late)
    return GateLine("deadline", "deadline_passed", "failed", known.clause, params=late)


def _target(known: GateInput, target: date) -> GateLine:
    """The house's own date for paying once the invoice is there; missed, it is red but no breach."""
    if known.as_of > target:
        days = (known.as_of - target).days
        return GateLine("target", "target_passed", "failed", "", "FIN", "pay_at_once", {"on": target, "days": days})
    return GateLine("target", "target_ahead", "met", params={"on": target})


def _application(known: GateInput, state: MilestoneState) -> GateLine:
    match state:
        case "paid":
            return GateLine("application", "application_paid", "met")
        case "settled":
            return GateLine("application", "application_settled", "met")
        case "approved":
            return GateLine("application", "application_approved", "waiting", "", "FIN", "post_payment")
        case "applied":
            return GateLine("application", "application_applied", "waiting", "", "MGR", "decide_application")
        case "payable":
            last = known.applications[-1].state if known.applications else ""
            code = {"rejected": "application_rejected", "reversed": "application_reversed"}.get(
                last, "application_none"
            )
            return GateLine("application", code, "waiting", "", "FIN", "apply")
        case _:
            return GateLine("application", "application_early", "waiting")


def _state(known: GateInput, sums: _Sums, *, triggered: bool, available: Decimal) -> MilestoneState:
    under_way = [row.state for row in known.applications if row.state in {"applied", "approved"}]
    if sums.paid + sums.deducted >= known.amount:
        return "paid" if sums.paid > ZERO else "settled"
    if under_way:
        return "approved" if under_way[-1] == "approved" else "applied"
    if not triggered:
        return "not_met"
    if sums.checked <= sums.committed and available <= ZERO:
        return "waiting_invoice"
    return "payable"


def gate(known: GateInput) -> Gate:
    """The gate of one milestone on the day `known.as_of`."""
    sums = _sums(known)
    owed = known.amount - sums.deducted
    undeducted = known.penalties.undeducted if known.penalties else ZERO
    # What is decided and not deducted yet must not be paid out first.
    available = min(owed - sums.frozen - undeducted, sums.checked) - sums.committed
    conditions = [_trigger(known)] + ([_term(known, known.term_ends)] if known.term_ends else [])
    triggered = all(line.state == "met" for line in conditions)
    state = _state(known, sums, triggered=triggered, available=available)
    settled = state in SETTLED
    hold = known.hold
    # Told of the hold, the vendor cannot call the delay a breach; not told, the excuse is in doubt and does not count.
    excused = hold is not None and hold.notified is not None
    deadline = _deadline(known, complete=sums.checked >= owed, excused=excused, settled=settled)
    lines = [*conditions, _invoice(known, sums)]
    if known.payee is not None:
        lines.append(_payee(known))
    if known.guarantee is not None:
        lines.append(_guarantee(known.guarantee))
    if known.penalties is not None:
        lines.append(_penalties(known.penalties, settled=settled))
    if hold is not None:
        lines.append(_hold(known, hold, settled=settled))
    lines.append(deadline)
    if known.target_on is not None and not settled and triggered and sums.checked >= owed:
        lines.append(_target(known, known.target_on))
    lines.append(_application(known, state))
    if settled:  # it waits for nothing any more, whatever else is open; what went wrong stays told
        lines = [line for line in lines if line.state != "waiting"]
    overdue = deadline.code == "deadline_passed"
    return Gate(
        state=state,
        lines=tuple(lines),
        outstanding=owed - sums.paid,
        available=max(available, ZERO) if state == "payable" and known.payee in {None, "contract", "changed"} else ZERO,
        paid=sums.paid,
        overdue=overdue,
        overdue_days=(known.as_of - known.due_on).days if overdue and known.due_on else 0,
        deducted=sums.deducted,
        sides=_sides(hold, overdue=overdue, disputed=_disputed(known, settled=settled), settled=settled),
    )


def _sides(hold: HoldKnown | None, *, overdue: bool, disputed: bool, settled: bool) -> tuple[Side, ...]:
    found: list[Side] = []
    if hold is not None and not settled:
        if hold.ended is not None:
            found.append("pay_at_once")
        else:
            found.append("hold_notified" if hold.notified is not None else "hold_not_notified")
    if disputed:
        found.append("disputed_day")
    if overdue:
        found.append("overdue")
    return tuple(found)
