"""Sending: rows are claimed by a conditional UPDATE, looked at again, handed to the channels outside any transaction,
and marked afterwards. A worker that dies in between leaves claimed rows; `requeue` takes them back."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import F
from django.urls import NoReverseMatch, reverse

from obligations.channels import Channel, Message, Outcome
from obligations.channels.email import Email
from obligations.channels.in_app import InApp
from obligations.models import Acknowledgement, Obligation, Reminder
from obligations.services.reminders.chunks import chunks
from obligations.services.reminders.clocks import Clocks, due_of
from obligations.services.reminders.messages import sentence_for
from obligations.services.reminders.queue import enqueue
from obligations.services.reminders.schedule import is_at_once, stops_when_acknowledged

logger = logging.getLogger(__name__)

CHANNELS: tuple[Channel, ...] = (InApp(), Email())
# A row that cannot be sent in so many attempts (or kills its worker so often) is given up, visibly.
ATTEMPTS = 5
# Sending 100 rows takes seconds, with a slow mail server a minute or two.
STALE_AFTER = timedelta(minutes=10)
DIGEST_LINES = 50


@dataclass(frozen=True, slots=True)
class DispatchResult:
    sent: int = 0
    superseded: int = 0
    postponed: int = 0
    failed: int = 0


def dispatch(ids: Sequence[int], *, now: datetime, channels: Sequence[Channel] = CHANNELS) -> DispatchResult:
    """Send the waiting rows among `ids`. Rows that somebody else has claimed, or that are sent, are left alone.

    Looked at again before sending: duty done or handed in, date moved, acknowledged, person gone → superseded;
    outside working hours → postponed to the next opening. At most five attempts a row.
    """
    rows = _claim(ids, now)
    ready, superseded, postponed = _recheck(rows, now)
    outcomes = _deliver(ready, channels, now) if ready else {}
    sent = _mark(outcomes, now)
    return DispatchResult(sent, len(superseded), len(postponed), len(outcomes) - sent)


# --- claiming ----------------------------------------------------------------------------------------------


def _claim(ids: Sequence[int], now: datetime) -> list[Reminder]:
    """The rows this worker has made its own. A digest is claimed whole, whoever holds one of its rows: it becomes one
    message, so that only one worker may have it."""
    mine: list[int] = []
    digests: dict[tuple[int, int, str], None] = {}
    single: list[int] = []
    asked = Reminder.objects.filter(pk__in=ids, state=Reminder.State.WAITING, send_at__lte=now).order_by("pk")
    for pk, step, recipient, contract in asked.values_list("pk", "step", "recipient_id", "obligation__contract_id"):
        if step.startswith("digest-"):
            digests[recipient, contract, step] = None
        else:
            single.append(pk)
    if single:
        mine += _claim_where(f"id IN ({', '.join(['%s'] * len(single))})", single, now)
    for recipient, contract, step in digests:
        mine += _claim_where(
            "recipient_id = %s AND step = %s AND obligation_id IN "
            "(SELECT id FROM obligations_obligation WHERE contract_id = %s)",
            [recipient, step, contract],
            now,
        )
    found = Reminder.objects.filter(pk__in=mine).select_related("obligation__contract", "recipient__party")
    return list(found.order_by("pk"))


def _claim_where(condition: str, values: Sequence[Any], now: datetime) -> list[int]:
    moment = connection.ops.adapt_datetimefield_value(now)
    # Locked in one order: two workers with the same message wait for each other, never in a circle.
    lock = "FOR UPDATE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            # `condition` is one of two literals with placeholders.
            "UPDATE obligations_reminder SET state = 'claimed', claimed_at = %s, attempts = attempts + 1 "  # nosec B608
            "WHERE state = 'waiting' AND id IN (SELECT id FROM obligations_reminder "
            f"WHERE state = 'waiting' AND send_at <= %s AND {condition} ORDER BY id {lock}) RETURNING id",
            [moment, moment, *values],
        )
        return [row[0] for row in cursor.fetchall()]


# --- looking again -----------------------------------------------------------------------------------------


def _recheck(rows: Sequence[Reminder], now: datetime) -> tuple[list[Reminder], list[int], list[int]]:
    """(to send, superseded, postponed); the latter two are written back."""
    stoppable = [row.obligation_id for row in rows if stops_when_acknowledged(row.step)]
    seen = set(
        Acknowledgement.objects.filter(obligation__in=stoppable).values_list("obligation_id", "due_number")
        if stoppable
        else ()
    )
    clocks = Clocks()
    ready: list[Reminder] = []
    superseded: list[int] = []
    postponed: dict[datetime, list[int]] = defaultdict(list)
    for row in rows:
        acknowledged = (row.obligation_id, row.due_number) in seen and stops_when_acknowledged(row.step)
        if _is_moot(row) or acknowledged:
            superseded.append(row.pk)
            continue
        opening = now if is_at_once(row.step) else clocks.of(row.obligation.contract).next_opening(now)
        if opening > now:
            postponed[opening].append(row.pk)
        else:
            ready.append(row)
    claimed = Reminder.objects.filter(state=Reminder.State.CLAIMED)
    if superseded:
        claimed.filter(pk__in=superseded).update(state=Reminder.State.SUPERSEDED)
    for opening, ids in postponed.items():
        # Waiting for the morning is not a failed attempt.
        claimed.filter(pk__in=ids).update(
            state=Reminder.State.WAITING, send_at=opening, claimed_at=None, attempts=F("attempts") - 1
        )
    return ready, superseded, [pk for ids in postponed.values() for pk in ids]


def _is_moot(row: Reminder) -> bool:
    obligation = row.obligation
    if obligation.state != Obligation.State.OPEN or obligation.due_number != row.due_number:
        return True
    due = due_of(obligation)
    waits = due is not None and not due.may_be_late and row.step.startswith(("overdue-", "escalate-", "passed"))
    return waits or not row.recipient.is_active


# --- handing over to the channels --------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _has_route(name: str) -> bool:
    try:
        reverse(name, args=[1])
    except NoReverseMatch:
        return False
    return True


def page_of(kind: str, obligation: Obligation, *, digest: bool) -> str:
    """Path of the page a message leads to, through the reader's own door."""
    door = "portal" if kind in ("vendor", "supervisor") else "web"
    name, pk = (f"{door}:contract", obligation.contract_id) if digest else (f"{door}:obligation", obligation.pk)
    return reverse(name, args=[pk]) if _has_route(name) else "/"


def _messages(rows: Sequence[Reminder], now: datetime) -> list[tuple[Message, list[int]]]:
    """Messages with the rows each of them stands for: a digest for many, every other for one."""
    clocks = Clocks()
    found: list[tuple[Message, list[int]]] = []
    digests: dict[tuple[int, int, str], list[Reminder]] = defaultdict(list)
    for row in rows:
        if row.step.startswith("digest-"):
            digests[row.recipient_id, row.obligation.contract_id, row.step].append(row)
            continue
        message, params = _sentence(row, clocks, now)
        path = page_of(row.recipient.party.kind, row.obligation, digest=False)
        found.append((Message(row.recipient, f"reminder:{row.pk}", message, params, row.obligation_id, path), [row.pk]))
    for group in digests.values():
        group.sort(key=lambda row: (row.obligation.due_at or now, row.pk))
        first = min(group, key=lambda row: row.pk)
        late = sum(1 for row in group if row.obligation.due_at and row.obligation.due_at <= now)
        contract = first.obligation.contract
        params = {
            "contract": contract.title,
            "number": contract.number,
            "late": late,
            "soon": len(group) - late,
        }
        lines = tuple(_sentence(row, clocks, now) for row in group[:DIGEST_LINES])
        path = page_of(first.recipient.party.kind, first.obligation, digest=True)
        digest = Message(first.recipient, f"digest:{first.pk}", "reminder.digest", params, None, path, lines)
        found.append((digest, [row.pk for row in group]))
    return found


def _sentence(row: Reminder, clocks: Clocks, now: datetime) -> tuple[str, dict[str, Any]]:
    clock = clocks.of(row.obligation.contract)
    return sentence_for(row.step, row.obligation, due_of(row.obligation), clock, clock.day_of(now))


def _deliver(rows: Sequence[Reminder], channels: Sequence[Channel], now: datetime) -> dict[int, Outcome]:
    """Outcome by row. A row is sent when every channel has delivered or cannot reach the person at all."""
    prepared = _messages(rows, now)
    batch = [message for message, _ids in prepared]
    worst = [Outcome(True)] * len(batch)
    for channel in channels:
        for index, outcome in enumerate(channel.deliver(batch, now=now)):
            before = worst[index]
            if outcome.hole:
                worst[index] = replace(before, hole=outcome.hole)
            elif not outcome.delivered:
                worst[index] = replace(outcome, hole=before.hole)
    return {pk: outcome for (_message, ids), outcome in zip(prepared, worst, strict=True) for pk in ids}


def _mark(outcomes: dict[int, Outcome], now: datetime) -> int:
    """Write the outcomes back; returns the number of rows sent."""
    claimed = Reminder.objects.filter(state=Reminder.State.CLAIMED)
    groups: dict[tuple[bool, bool, str], list[int]] = defaultdict(list)
    for pk, outcome in outcomes.items():
        groups[outcome.delivered, outcome.retry, outcome.error or outcome.hole].append(pk)
    sent = 0
    for (delivered, retry, error), ids in groups.items():
        rows = claimed.filter(pk__in=ids)
        if delivered:
            sent += rows.update(state=Reminder.State.SENT, sent_at=now, error=error)
        elif retry:
            rows.filter(attempts__gte=ATTEMPTS).update(state=Reminder.State.FAILED, error=error)
            rows.update(state=Reminder.State.WAITING, claimed_at=None, error=error)
        else:
            rows.update(state=Reminder.State.FAILED, error=error)
    return sent


# --- repair ------------------------------------------------------------------------------------------------


def requeue(now: datetime) -> int:
    """Take back rows whose worker died, give up those that failed five times, and queue everything that waits.

    Returns the number of messages queued. Harmless at any time: a row queued twice is claimed once.
    """
    stale = Reminder.objects.filter(state=Reminder.State.CLAIMED, claimed_at__lt=now - STALE_AFTER)
    stale.filter(attempts__gte=ATTEMPTS).update(state=Reminder.State.FAILED, error="gave up after 5 attempts")
    stale.update(state=Reminder.State.WAITING, claimed_at=None)
    waiting: Iterable[int] = (
        Reminder.objects.filter(state=Reminder.State.WAITING, send_at__lte=now)
        .order_by("send_at", "pk")
        .values_list("pk", flat=True)
    )
    return sum(enqueue(chunk) for chunk in chunks(list(waiting), 10_000))
