"""Due dates as rows: make every obligation of a definition once, and recompute only what a changed fact touches.

Both run in one transaction under a lock on the contract's row, so that two changes at once follow one another; the
unique constraint on (contract, duty, key) is what keeps rows single even without the lock.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts import journal
from accounts.scoping import SYSTEM, Viewer
from contracts.models import Contract
from contracts.selectors import today_for
from engine.evaluation import DeadlineResult
from obligations.models import DueVersion, Obligation, Submission
from obligations.reckoning import Grounds, day_in, done_of, figures_of, grounds_for, reckon, title_of
from obligations.rules import Figures, dependants, has_begun, is_told, key_text
from obligations.services.reminders import plan_reminders
from obligations.services.texts import DutyTexts, duty_texts

logger = logging.getLogger(__name__)
State = Obligation.State
# Columns that a recomputation may change.
MIRRORED = (
    "state", "done_on", "done_at", "due_state", "due_on", "due_at", "safe_on", "gate_open", "gate_late", "missing",
    "opens_on",
    "due_number", "updated_at",
)  # fmt: skip
JOURNALLED = 200  # changes named one by one in an entry; beyond, only their number


@dataclass(frozen=True, slots=True)
class DueChange:
    """What a recomputation changed of one obligation. `before` is None for a new one."""

    obligation_id: int
    duty: str
    key_text: str
    title: str
    before: Figures | None
    after: Figures
    state_before: str
    state_after: str
    done_on: date | None


def contract_locked(contract_id: int) -> Contract:
    """The contract's row, locked until the transaction ends: whoever changes facts or obligations takes it first."""
    return Contract.objects.select_for_update().get(pk=contract_id)


def obligations_materialise(
    contract: Contract, *, as_of: date | None = None, actor: Viewer = SYSTEM, cause: str = "load"
) -> list[DueChange]:
    """Make the obligations of the active definition that do not exist yet and bring the others up to date.

    Recurring duties are made ahead to `settings.OBLIGATION_HORIZON_DAYS` after as-of, and for every period already
    begun. A duty that a new version no longer has is closed and kept. Repeating it changes nothing. Raises
    NoDefinition without an active version.
    """
    return _recompute(contract, None, actor=actor, cause=cause, as_of=as_of)


def facts_changed(
    contract: Contract,
    names: Collection[str],
    *,
    actor: Viewer = SYSTEM,
    cause: str,
    as_of: date | None = None,
) -> list[DueChange]:
    """Recompute what depends on the named facts (`event.x`, `item.guarantee`, `duty.x`, `calendar.CN` …), nothing else.

    `cause` is kept with each new due version, e.g. "fact:event.acceptance_signed". Call it in the transaction of the
    change itself. Raises NoDefinition without an active version.
    """
    return _recompute(contract, names, actor=actor, cause=cause, as_of=as_of)


def calendar_changed(code: str, *, actor: Viewer = SYSTEM, cause: str = "") -> list[DueChange]:
    """Recompute every contract that counts by the calendar `code`. Call it in the transaction that approves a year."""
    changes: list[DueChange] = []
    for contract in Contract.objects.filter(versions__state="active").order_by("pk"):
        changes += facts_changed(contract, {f"calendar.{code}"}, actor=actor, cause=cause or f"calendar:{code}")
    return changes


def obligations_refresh(*, actor: Viewer = SYSTEM) -> int:
    """The nightly run: extend recurring duties to the horizon and see events the contract itself dates; how many
    obligations changed. A contract that cannot be computed is logged and does not stop the others; the last such
    error is raised at the end, so that the run counts as failed."""
    changed, failure = 0, None
    for contract in Contract.objects.filter(versions__state="active").order_by("pk"):
        try:
            changed += len(obligations_materialise(contract, actor=actor, cause="daily"))
        except (LookupError, ValueError, ArithmeticError, DatabaseError) as error:
            logger.exception("contract %s: obligations could not be computed", contract.number)
            failure = error
    if failure is not None:
        raise failure
    return changed


# --- gather, decide, apply ------------------------------------------------------------------------------------------


@dataclass
class _Work:
    """What one recomputation found; applied in one go at the end."""

    grounds: Grounds
    as_of: date
    cause: str
    now: datetime
    rows: dict[tuple[str, str], Obligation]
    in_review: frozenset[int]
    texts: dict[str, DutyTexts]
    new: list[Obligation] = field(default_factory=list)
    touched: dict[tuple[str, str], Obligation] = field(default_factory=dict)
    retitled: dict[tuple[str, str], Obligation] = field(default_factory=dict)
    versions: list[tuple[tuple[str, str], DueVersion]] = field(default_factory=list)
    changes: list[tuple[tuple[str, str], Figures | None, Figures, str]] = field(default_factory=list)


def _recompute(
    contract: Contract, names: Collection[str] | None, *, actor: Viewer, cause: str, as_of: date | None
) -> list[DueChange]:
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        grounds = grounds_for(locked)
        only = None if names is None else dependants(grounds.version.dependencies, names)
        if only is not None and not only:
            return []
        day = as_of or today_for(locked)
        results = reckon(grounds, as_of=day, only=only).deadlines
        stored = Obligation.objects.filter(contract=locked)
        if only is not None:
            stored = stored.filter(duty__in=only)
        rows = {(row.duty, row.key_text): row for row in stored}
        in_review = frozenset(
            Submission.objects.filter(
                obligation__in=[row.pk for row in rows.values() if row.state == State.DONE], state="submitted"
            ).values_list("obligation_id", flat=True)
        )
        duties = grounds.definition.duties if only is None else [d for d in grounds.definition.duties if d in only]
        work = _Work(grounds, day, cause, timezone.now(), rows, in_review, duty_texts(grounds.definition, duties))
        _decide(work, results, everything=only is None)
        return _apply(work, actor)


def _decide(work: _Work, results: Collection[DeadlineResult], *, everything: bool) -> None:
    zone = work.grounds.definition.contract.zone
    horizon = work.as_of + timedelta(days=settings.OBLIGATION_HORIZON_DAYS)
    seen = set()
    for result in results:
        texts = work.texts.get(result.id)
        if texts is None:
            continue
        address = (result.id, key_text(result.key))
        seen.add(address)
        row, figures = work.rows.get(address), figures_of(result, zone)
        if row is None:
            ahead = figures.due_on is not None and figures.due_on > horizon and not has_begun(result.key, work.as_of)
            if texts.tracking == "recurring" and ahead:
                continue
            row = texts.row(work.grounds.contract, result.key)
            work.new.append(row)
        state = _state(work, row, texts, figures, done_of(result, zone))
        _note(work, address, row, figures, state, result)
    for duty, texts in work.texts.items():
        if texts.is_register and (duty, "") not in seen:
            _register(work, duty, texts)
            seen.add((duty, ""))
    for address, row in work.rows.items():
        if is_told(row.duty):
            continue
        if address not in seen and row.state in (State.OPEN, State.SUBMITTED, State.STANDING):
            _note(work, address, row, _figures(row), (State.CLOSED, None, None), None)
        if everything and address in seen and work.texts[row.duty].retitle(row):
            work.retitled[address] = row


def _register(work: _Work, duty: str, texts: DutyTexts) -> None:
    """The standing entry of a duty that arises per incident, guarantee …: each happening makes a row of its own."""
    row = work.rows.get((duty, ""))
    if row is None:
        row = texts.row(work.grounds.contract, {})
        work.new.append(row)
    figures = Figures("pending", missing=texts.arises_from)
    _note(work, (duty, ""), row, figures, (State.STANDING, None, None), None)


def _figures(row: Obligation) -> Figures:
    missing = tuple(entry["name"] for entry in row.missing)
    return Figures(
        row.due_state, row.due_on, row.due_at, row.safe_on, row.gate_open, row.gate_late, missing, row.opens_on
    )


def _state(
    work: _Work,
    row: Obligation,
    texts: DutyTexts,
    figures: Figures,
    done: tuple[date | None, datetime | None],
) -> tuple[str, date | None, datetime | None]:
    """The row's state from the facts: a done fact makes it done, its withdrawal opens it again."""
    if row.state == State.WAIVED:
        return row.state, row.done_on, row.done_at
    if done[0] is not None:
        return State.DONE, *done
    if texts.tracking == "standing" and figures.due_state == "never":
        return State.STANDING, None, None
    if row.state == State.SUBMITTED or row.pk in work.in_review:
        return State.SUBMITTED, None, None
    return State.OPEN, None, None


def _note(
    work: _Work,
    address: tuple[str, str],
    row: Obligation,
    figures: Figures,
    state: tuple[str, date | None, datetime | None],
    result: DeadlineResult | None,
) -> None:
    """Remember what is new about the row, and nothing if nothing is."""
    is_new = row.pk is None
    before, state_before = (None, "") if is_new else (_figures(row), str(row.state))
    moved = is_new or before != figures
    if not moved and (row.state, row.done_on, row.done_at) == state:
        return
    row.state, row.done_on, row.done_at = state
    row.updated_at = work.now
    if moved:
        row.due_state, row.due_on, row.due_at = figures.due_state, figures.due_on, figures.due_at
        row.safe_on, row.gate_open, row.gate_late = figures.safe_on, figures.gate_open, figures.gate_late
        row.opens_on = figures.opens_on
        row.missing = [{"name": n, "title": title_of(work.grounds.definition, n)} for n in figures.missing]
        row.due_number += 1
        work.versions.append((address, _version(work, row, figures, result)))
    if not is_new:
        work.touched[address] = row
    work.changes.append((address, before, figures, state_before))


def _version(work: _Work, row: Obligation, figures: Figures, result: DeadlineResult | None) -> DueVersion:
    zone = work.grounds.definition.contract.zone
    computed: dict[str, Any] = {}
    if result is not None:
        computed = {
            "raw_on": day_in(zone, result.raw),
            "estimate_on": day_in(zone, result.estimate) if result.state == "provisional" else None,
            "low": _text(result.low),
            "high": _text(result.high),
            "reasons": [reason.to_json() for reason in result.reasons],
            "derivation": [step.to_json() for step in result.derivation],
        }
    return DueVersion(
        number=row.due_number,
        state=figures.due_state,
        due_on=figures.due_on,
        due_at=figures.due_at,
        safe_on=figures.safe_on,
        gate_open=figures.gate_open,
        gate_late=figures.gate_late,
        missing=row.missing,
        definition=work.grounds.version,
        as_of=work.as_of,
        cause=work.cause[:120],
        recorded_at=work.now,
        **computed,
    )


def _text(bound: Any) -> str:
    return "" if bound is None else bound.isoformat() if isinstance(bound, date) else str(bound)


def _apply(work: _Work, actor: Viewer) -> list[DueChange]:
    """Write what was found: at most one statement per kind of write (and batch of 500)."""
    contract = work.grounds.contract
    if work.new:
        Obligation.objects.bulk_create(work.new, ignore_conflicts=True, batch_size=500)
        made = Obligation.objects.filter(contract=contract, duty__in={row.duty for row in work.new})
        work.rows |= {(row.duty, row.key_text): row for row in made.only("pk", "duty", "key_text", "title")}
    if work.touched:
        Obligation.objects.bulk_update(list(work.touched.values()), MIRRORED, batch_size=200)
    if work.retitled:
        Obligation.objects.bulk_update(list(work.retitled.values()), DutyTexts.COLUMNS, batch_size=200)
    for address, version in work.versions:
        version.obligation_id = work.rows[address].pk
    if work.versions:
        DueVersion.objects.bulk_create([version for _, version in work.versions], ignore_conflicts=True, batch_size=500)
    states = {(row.duty, row.key_text): row for row in (*work.new, *work.touched.values())}
    changes = [
        DueChange(
            work.rows[address].pk, *address, states[address].title, before, after, state_before,
            str(states[address].state), states[address].done_on,
        )
        for address, before, after, state_before in work.changes
    ]  # fmt: skip
    if changes or work.retitled:
        _journal(work, actor, changes)
    if changes:
        plan_reminders([change.obligation_id for change in changes], now=work.now)
    return changes


def _journal(work: _Work, actor: Viewer, changes: list[DueChange]) -> None:
    """One entry for the whole recomputation, naming what moved."""
    moved = [change for change in changes if change.before is not None]
    label = {change.obligation_id: f"{change.duty}/{change.key_text}".rstrip("/") for change in moved}
    named = moved[:JOURNALLED]
    journal.record(
        actor,
        "obligation.compute",
        work.grounds.contract,
        chain=journal.contract_chain(work.grounds.contract.pk),
        before={label[c.obligation_id]: _brief(c.before, c.state_before) for c in named},
        after={
            "cause": work.cause,
            "created": len(changes) - len(moved),
            "changed": len(moved),
            "retitled": len(work.retitled),
            "changes": {label[c.obligation_id]: _brief(c.after, c.state_after) for c in named},
        },
    )


def _brief(figures: Figures | None, state: str) -> dict[str, Any]:
    assert figures is not None
    return {"state": state, "due": figures.due_state, "on": figures.due_on, "gate": figures.gate_open}
