"""Rehearsal: who will get what on which day if nothing is done meanwhile, and the holes. Writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import User
from accounts.scoping import Viewer
from contracts.models import Contract
from obligations.models import Obligation
from obligations.services.reminders.audience import groups_for, policies_for
from obligations.services.reminders.clocks import Clocks, due_of
from obligations.services.reminders.holes import Hole, People, holes_of, open_obligations
from obligations.services.reminders.planning import known_about
from obligations.services.reminders.schedule import MANUAL, Policy, Step, policy_of, steps_for

DAYS = 90


@dataclass(frozen=True, slots=True)
class Recipient:
    user_id: int
    name: str
    by_mail: bool


@dataclass(frozen=True, slots=True)
class RehearsedReminder:
    """One step of one obligation on `on`; no recipients: it would reach nobody."""

    on: date
    at: datetime
    step: str
    obligation_id: int
    contract_id: int
    ref: str
    title: str
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Reminders in order of time, holes, and the span rehearsed (inclusive)."""

    first: date
    last: date
    reminders: tuple[RehearsedReminder, ...]
    holes: tuple[Hole, ...]

    def by_day(self) -> dict[date, list[RehearsedReminder]]:
        days: dict[date, list[RehearsedReminder]] = defaultdict(list)
        for reminder in self.reminders:
            days[reminder.on].append(reminder)
        return dict(days)


def rehearse(*, viewer: Viewer, now: datetime, contract: Contract | None = None, days: int = DAYS) -> Rehearsal:
    """What the viewer's open contracts (or one of them) will send in the next `days` days, as things stand.

    Daily steps go on to the end of the span: the rehearsal supposes that nobody acts. Eight queries whatever the
    number of obligations.
    """
    visible = Contract.objects.visible_to(viewer).select_related("buyer", "vendor")
    if contract is not None:
        visible = visible.filter(pk=contract.pk)
    contracts = {one.pk: one for one in visible}
    chosen = list(contracts.values())
    people = People(chosen)
    policies = policies_for(chosen)
    clocks = Clocks()
    until = now + timedelta(days=days)
    found: list[RehearsedReminder] = []
    open_ones = open_obligations(chosen)
    for obligation, steps in _steps(open_ones, contracts, policies, clocks, now, until):
        own = policy_of(obligation.policy, policies[obligation.contract_id])
        clock = clocks.of(obligation.contract)
        groups = groups_for(obligation.contract, own, obligation.obligor)
        for step in steps:
            if not now < step.send_at <= until:
                continue
            found.append(
                RehearsedReminder(
                    on=clock.day_of(step.send_at),
                    at=step.send_at,
                    step=step.step,
                    obligation_id=obligation.pk,
                    contract_id=obligation.contract_id,
                    ref=obligation.ref,
                    title=obligation.title,
                    recipients=_recipients(obligation, step.level, groups, people),
                )
            )
    found.sort(key=lambda row: (row.at, row.contract_id, row.obligation_id, row.step))
    holes: list[Hole] = []
    if viewer.is_system or viewer.kind == "buyer":
        holes = holes_of(chosen, open_ones, people=people, policies=policies)
    local = clocks.of(chosen[0]) if chosen else None
    first = local.day_of(now) if local else now.date()
    return Rehearsal(first, first + timedelta(days=days), tuple(found), tuple(holes))


def _steps(
    open_ones: list[Obligation],
    contracts: dict[int, Contract],
    policies: Mapping[int, Mapping[str, Policy]],
    clocks: Clocks,
    now: datetime,
    until: datetime,
) -> Iterator[tuple[Obligation, tuple[Step, ...]]]:
    known = known_about([one.pk for one in open_ones])
    for obligation in open_ones:
        obligation.contract = contracts[obligation.contract_id]
        due = due_of(obligation)
        if due is None:
            continue
        history = known.history(obligation, now)
        policy = policy_of(obligation.policy, policies[obligation.contract_id])
        steps = steps_for(due, policy, clocks.of(obligation.contract), history=history, until=until)
        by_hand = tuple(
            Step(step.step, step.level, step.send_at)
            for step in known.steps.get(obligation.pk, ())
            if step.step.startswith(MANUAL)
        )
        yield obligation, steps + by_hand


def _recipients(
    obligation: Obligation, level: int, groups: list[tuple[int, int, str]], people: People
) -> tuple[Recipient, ...]:
    keeper = obligation.keeper if obligation.keeper and obligation.keeper.is_active else None
    users: dict[int, User] = {}
    if level == 0 and keeper:
        users[keeper.pk] = keeper
    for at_level, party, role in groups:
        if at_level == level and not (level == 0 and keeper and keeper.party_id == party):
            users |= {user.pk: user for user in people.of(obligation.contract_id, party, role)}
    return tuple(Recipient(user.pk, str(user), bool(user.email)) for user in users.values())
