"""Writes the planned steps of due versions, and points each obligation at its next one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce

from obligations.models import Acknowledgement, DueVersion, Obligation, Reminder, ReminderStep
from obligations.services.reminders.audience import audience_sync
from obligations.services.reminders.chunks import chunks
from obligations.services.reminders.clocks import Clocks, due_of
from obligations.services.reminders.schedule import (
    MANUAL,
    Due,
    History,
    Policy,
    Step,
    chunk_end,
    policy_of,
    steps_for,
)

BATCH = 500
# Daily steps have no end: so many working days are planned ahead, and replenished each morning.
WORKDAYS_AHEAD = 10
# More than so many duties of one contract found past their steps at one stroke go into one digest per person.
DIGEST_ABOVE = 3
# Causes of due versions (obligations.services.evaluation) that mean a contract or a version of it was taken over.
LOADING = ("load", "version:")
OPEN_STATES = (Obligation.State.OPEN, Obligation.State.SUBMITTED)


# --- what is known already ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds about the current due versions of some obligations."""

    versions: Mapping[int, tuple[str, datetime]]  # obligation → (cause, recorded at)
    steps: Mapping[int, Sequence[ReminderStep]]
    acknowledged: frozenset[int]

    def history(self, obligation: Obligation, now: datetime) -> History:
        steps = self.steps.get(obligation.pk, ())
        recorded_at = self.versions[obligation.pk][1] if obligation.pk in self.versions else now
        return History(
            planned_at=min(recorded_at, now),
            first_overdue=_first_overdue(steps),
            digest=any(step.step.startswith("digest-") for step in steps),
            acknowledged=obligation.pk in self.acknowledged,
        )

    def was_loaded(self, obligation: Obligation) -> bool:
        return self.versions.get(obligation.pk, ("",))[0].startswith(LOADING)


def known_about(ids: Collection[int]) -> Known:
    """Three queries."""
    versions = DueVersion.objects.filter(obligation__in=ids, number=F("obligation__due_number"))
    steps: dict[int, list[ReminderStep]] = defaultdict(list)
    for step in ReminderStep.objects.filter(obligation__in=ids, due_number=F("obligation__due_number")):
        steps[step.obligation_id].append(step)
    seen = Acknowledgement.objects.filter(obligation__in=ids, due_number=F("obligation__due_number"))
    return Known(
        {pk: (cause, at) for pk, cause, at in versions.values_list("obligation_id", "cause", "recorded_at")},
        steps,
        frozenset(seen.values_list("obligation_id", flat=True)),
    )


def _first_overdue(steps: Collection[ReminderStep]) -> date | None:
    days = [step.step.removeprefix("overdue-") for step in steps if step.step.startswith("overdue-")]
    return date.fromisoformat(min(days)) if days else None


# --- planning ----------------------------------------------------------------------------------------------


@transaction.atomic
def plan_reminders(obligation_ids: Iterable[int], *, now: datetime) -> None:
    """Plan the reminders of the obligations' current due versions, in the caller's transaction.

    Idempotent. Steps of earlier due versions go, their unsent reminders are superseded; the pointer goes to the
    latest step that is due (the sweep records it if it is not recorded yet), else to the next one. Duties found late
    by a load, or many at one stroke, get one digest per person and contract instead of their past steps.
    """
    clocks = Clocks()
    found = list(
        Obligation.objects.filter(pk__in=set(obligation_ids))
        .select_related("contract")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    policies = audience_sync({one.contract for one in found}, codes={one.policy for one in found})
    known = known_about([one.pk for one in found])
    work = [_Work.of(one, policies[one.contract_id], clocks, known, now) for one in found]
    fresh: dict[int, int] = defaultdict(int)
    for one in work:
        fresh[one.obligation.contract_id] += one.starts_late
    wanted: dict[int, tuple[Step, ...]] = {}
    for one in work:
        many = fresh[one.obligation.contract_id] > DIGEST_ABOVE
        digest = one.starts_late and (many or known.was_loaded(one.obligation))
        wanted[one.obligation.pk] = one.steps(digest=digest)
    for batch in chunks(found, BATCH):
        _write(batch, known.steps, wanted, now)
        ids = [one.pk for one in batch]
        _supersede(ids)
        _point(ids, now)


@dataclass(frozen=True, slots=True)
class _Work:
    """One obligation on the planner's desk; `due` is None if there is nothing to remind of."""

    obligation: Obligation
    due: Due | None
    policy: Policy
    clocks: Clocks
    history: History
    until: datetime
    first_time: bool

    @classmethod
    def of(
        cls, obligation: Obligation, policies: Mapping[str, Policy], clocks: Clocks, known: Known, now: datetime
    ) -> _Work:
        due = due_of(obligation) if obligation.state in OPEN_STATES else None
        clock = clocks.of(obligation.contract)
        return cls(
            obligation,
            due,
            policy_of(obligation.policy, policies),
            clocks,
            known.history(obligation, now),
            chunk_end(due, now, clock, WORKDAYS_AHEAD) if due else now,
            first_time=not known.steps.get(obligation.pk),
        )

    def steps(self, *, digest: bool = False) -> tuple[Step, ...]:
        if self.due is None:
            return ()
        history = replace(self.history, digest=self.history.digest or digest)
        clock = self.clocks.of(self.obligation.contract)
        return steps_for(self.due, self.policy, clock, history=history, until=self.until)

    @property
    def starts_late(self) -> bool:
        """Planned for the first time when its date, or some of its steps, had passed already."""
        if self.due is None or self.due.instant or not self.first_time:
            return False
        at = self.history.planned_at
        return (self.due.at <= at and self.due.may_be_late) or any(step.send_at <= at for step in self.steps())


def _write(
    obligations: Sequence[Obligation],
    existing: Mapping[int, Sequence[ReminderStep]],
    planned: Mapping[int, Sequence[Step]],
    now: datetime,
) -> None:
    """Replace what is planned for the future; what has fallen due stays as it was planned."""
    gone: list[int] = []
    new: list[ReminderStep] = []
    for obligation in obligations:
        kept = set()
        wanted = {step.step: step for step in planned[obligation.pk]}
        for row in existing.get(obligation.pk, ()):
            same = row.step in wanted and wanted[row.step].send_at == row.send_at
            if same or row.send_at <= now or row.step.startswith(MANUAL):
                kept.add(row.step)
            else:
                gone.append(row.pk)
        new += [
            ReminderStep(
                obligation_id=obligation.pk,
                due_number=obligation.due_number,
                step=step.step,
                level=step.level,
                send_at=step.send_at,
            )
            for step in wanted.values()
            if step.step not in kept
        ]
    ids = [one.pk for one in obligations]
    ReminderStep.objects.filter(obligation__in=ids).exclude(due_number=F("obligation__due_number")).delete()
    for chunk in chunks(gone, BATCH):
        ReminderStep.objects.filter(pk__in=chunk).delete()
    ReminderStep.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)


def _supersede(ids: Sequence[int]) -> None:
    """Unsent reminders of an earlier due version, or of a duty that is no longer open, are never sent."""
    Reminder.objects.filter(obligation__in=ids, state=Reminder.State.WAITING).exclude(
        due_number=F("obligation__due_number"), obligation__state__in=OPEN_STATES
    ).update(state=Reminder.State.SUPERSEDED)


def _point(ids: Sequence[int], now: datetime) -> None:
    steps = ReminderStep.objects.filter(obligation=OuterRef("pk"), due_number=OuterRef("due_number")).order_by()
    past = steps.filter(send_at__lte=now).values("obligation").annotate(at=Max("send_at")).values("at")
    future = steps.filter(send_at__gt=now).values("obligation").annotate(at=Min("send_at")).values("at")
    obligations = Obligation.objects.filter(pk__in=ids)
    obligations.filter(state__in=OPEN_STATES).update(next_reminder_at=Coalesce(Subquery(past), Subquery(future)))
    obligations.exclude(state__in=OPEN_STATES).update(next_reminder_at=None)


def replenish(now: datetime) -> int:
    """Plan the next chunk of daily steps for duties that are late or soon due, and rewind their pointers, so that what
    was missed (a role that was empty, a pointer that was lost) is recorded. Returns the number of duties planned."""
    ahead = ReminderStep.objects.filter(
        obligation=OuterRef("pk"), due_number=OuterRef("due_number"), send_at__gt=now + timedelta(days=5)
    )
    soon = Obligation.objects.filter(
        ~Exists(ahead), state__in=OPEN_STATES, due_state="known", due_at__lt=now + timedelta(days=3)
    )
    ids = list(soon.order_by("pk").values_list("pk", flat=True))
    for chunk in chunks(ids, BATCH):
        plan_reminders(chunk, now=now)
    return len(ids)
