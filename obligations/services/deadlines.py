"""Deadlines that follow from an act (a notice, a claim), not from a duty of the definition.

They are obligations like all others, with due versions, reminders, the inbox and the calendar; only their dates are
told, not computed, and what ends them is done elsewhere.

Their names have a dot ("penalty.objection"), which no duty's has: a recomputation leaves them alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import timezone

from accounts import journal
from accounts.scoping import Viewer
from contracts.models import Contract, DefinitionVersion
from contracts.selectors import today_for
from contracts.selectors.calendars import end_of_day
from obligations.models import DueVersion, Obligation
from obligations.rules import is_told
from obligations.services.reminders import plan_reminders

State = Obligation.State


@dataclass(frozen=True, slots=True)
class Deadline:
    """What one act leads to: `name` with a dot, `key` the number of the case or claim it is for.

    `kind` contractual where the contract sets the period, else internal: then it is never a breach. `role` of the
    buyer's people who act on it. `done_on`: it was done; `over`: nobody has to do it any more."""

    name: str
    key: str
    title: str
    clause: str
    obligor: str
    due_on: date
    kind: str = Obligation.Kind.INTERNAL
    policy: str = "penalty"
    role: str = ""
    amount: Decimal | None = None
    done_on: date | None = None
    over: bool = False


def deadline_keep(contract: Contract, deadline: Deadline, *, actor: Viewer, cause: str) -> Obligation | None:
    """Bring the obligation of a deadline in line with it, making it if it is due and not there yet, in the caller's
    transaction under the contract's lock. Repeating it changes nothing; None where there is nothing to keep."""
    assert is_told(deadline.name)
    row = Obligation.objects.filter(contract=contract, duty=deadline.name, key_text=deadline.key).first()
    ended = deadline.over or deadline.done_on is not None
    if row is None and ended:
        return None
    row = row or _new(contract, deadline)
    before = (row.pk, row.state, row.due_on)
    row.state = State.DONE if deadline.done_on else State.CLOSED if deadline.over else State.OPEN
    row.done_on = deadline.done_on
    moved = row.pk is None or row.due_on != deadline.due_on
    if not moved and before[1:] == (row.state, row.due_on):
        return row
    if moved:
        row.due_on, row.due_at = deadline.due_on, end_of_day(deadline.due_on, contract.zone)
        row.due_number += 1
    row.amount = deadline.amount
    row.save()
    if moved:
        _version(contract, row, cause)
    journal.record(
        actor,
        "obligation.compute",
        contract,
        chain=journal.contract_chain(contract.pk),
        before=None if before[0] is None else {"state": before[1], "on": before[2]},
        after={"cause": cause, "duty": f"{row.duty}/{row.key_text}", "state": row.state, "on": row.due_on},
    )
    plan_reminders([row.pk], now=timezone.now())
    return row


def _new(contract: Contract, deadline: Deadline) -> Obligation:
    return Obligation(
        contract=contract,
        duty=deadline.name,
        key={"number": deadline.key},
        key_text=deadline.key,
        title=deadline.title[:240],
        clause=deadline.clause[:80],
        kind=deadline.kind,
        tracking=Obligation.Tracking.EVENT,
        lane="other",
        obligor=deadline.obligor,
        obligee="vendor" if deadline.obligor == "buyer" else "buyer",
        policy=deadline.policy,
        role=deadline.role,
        due_state="known",
        # after everything the contract itself lists
        position=1_000_000,
    )


def _version(contract: Contract, row: Obligation, cause: str) -> None:
    DueVersion.objects.create(
        obligation=row,
        number=row.due_number,
        state=row.due_state,
        due_on=row.due_on,
        due_at=row.due_at,
        definition=DefinitionVersion.objects.get(contract=contract, state=DefinitionVersion.State.ACTIVE),
        as_of=today_for(contract),
        cause=cause[:120],
        recorded_at=timezone.now(),
    )
