"""Holes: places where a reminder would reach nobody, or not by mail. They are reported, never papered over."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zlib import crc32

from accounts.models import Membership, User
from accounts.services.roles import ROLES
from contracts.models import Contract
from obligations.models import Notification, Obligation
from obligations.services.reminders.audience import BUYER_WATCH, groups_for, policies_for
from obligations.services.reminders.schedule import Policy, policy_of

logger = logging.getLogger(__name__)

HoleKind = Literal["empty_role", "no_address", "person_left"]


@dataclass(frozen=True, slots=True)
class Hole:
    """`empty_role`: nobody holds `role` at `party`; `no_address`: `person` cannot get mail; `person_left`: the keeper
    of `obligation_id` is no longer active (the role's group is reminded instead). `duties`: open obligations behind
    it."""

    kind: HoleKind
    contract_id: int
    contract: str
    party: str = ""
    role: str = ""
    person: str = ""
    person_id: int | None = None
    title: str = ""
    obligation_id: int | None = None
    duties: int = 0

    @property
    def message(self) -> str:
        return f"reminder.{self.kind}"

    @property
    def params(self) -> dict[str, Any]:
        return {
            "party": self.party,
            "role": self.role,
            "person": self.person,
            "title": self.title,
            "contract": self.contract,
        }


class People:
    """Who holds which role at which party, read once for a set of contracts. One query."""

    def __init__(self, contracts: Iterable[Contract]) -> None:
        contracts = list(contracts)
        parties = {one.buyer_id for one in contracts} | {one.vendor_id for one in contracts}
        self._departments = {one.pk: one.department for one in contracts}
        self._holders: dict[tuple[int, str], list[User]] = defaultdict(list)
        held = Membership.objects.filter(revoked_at=None, user__is_active=True, user__party__in=parties)
        for membership in held.select_related("user").order_by("user__display_name", "user_id"):
            self._holders[membership.user.party_id, membership.role_id].append(membership.user)

    def of(self, contract_id: int, party_id: int, role: str) -> list[User]:
        """The people the sweep joins: active holders; IT staff only of the contract's department if both name one."""
        department = self._departments[contract_id]
        return [
            user
            for user in self._holders[party_id, role]
            if role != "IT" or not department or not user.department or user.department == department
        ]


def open_obligations(contracts: Collection[Contract]) -> list[Obligation]:
    """Open obligations with a date, with keeper and the keeper's party. One query."""
    rows = Obligation.objects.filter(contract__in=contracts, state=Obligation.State.OPEN, due_at__isnull=False)
    return list(rows.select_related("keeper__party").order_by("pk"))


def holes_of(
    contracts: Collection[Contract],
    open_ones: Collection[Obligation],
    *,
    people: People,
    policies: Mapping[int, Mapping[str, Policy]],
) -> list[Hole]:
    """Every hole behind these dated open obligations (with keeper and keeper's party) of these contracts (with buyer
    and vendor). No query."""
    titles = {one.pk: one.title for one in contracts}
    parties = {party.pk: party.name for one in contracts for party in (one.buyer, one.vendor)}
    roles = {code: name for code, name, *_rest in ROLES}
    known = {one.pk: one for one in contracts}
    duties = Counter((one.contract_id, one.policy, one.obligor) for one in open_ones)
    empty: dict[tuple[int, int, str], int] = defaultdict(int)
    without: dict[tuple[int, int], tuple[User, int]] = {}
    addressed = [
        (contract, level, party, role, number)
        for (contract, code, obligor), number in duties.items()
        for level, party, role in groups_for(known[contract], policy_of(code, policies[contract]), obligor)
    ]
    for contract, _level, party, role, number in sorted(addressed):
        holders = people.of(contract, party, role)
        if not holders:
            empty[contract, party, role] += number
        for user in holders:
            if not user.email:
                key = (contract, user.pk)
                without[key] = (user, without.get(key, (user, 0))[1] + number)
    found = [
        Hole("empty_role", pk, titles[pk], parties.get(party, ""), roles.get(role, role), duties=number)
        for (pk, party, role), number in empty.items()
    ]
    found += [
        Hole("no_address", pk, titles[pk], parties.get(user.party_id, ""), person=str(user), person_id=user.pk,
             duties=number)
        for (pk, _user), (user, number) in without.items()
    ]  # fmt: skip
    for one in open_ones:
        keeper = one.keeper
        if keeper is None or keeper.is_active:
            continue
        found.append(
            Hole(
                "person_left",
                one.contract_id,
                titles[one.contract_id],
                keeper.party.name,
                person=str(keeper),
                person_id=keeper.pk,
                title=one.title,
                obligation_id=one.pk,
                duties=1,
            )
        )
    return found


def holes_report(now: datetime, *, contracts: Collection[Contract] | None = None) -> list[Hole]:
    """Tell the buyer's IT staff of each hole, once per hole and week; returns the holes found."""
    wanted = Contract.objects.select_related("buyer", "vendor")
    chosen = list(wanted if contracts is None else wanted.filter(pk__in=[one.pk for one in contracts]))
    people = People(chosen)
    buyers = {one.pk: one.buyer_id for one in chosen}
    found = holes_of(chosen, open_obligations(chosen), people=people, policies=policies_for(chosen))
    year, week, _day = now.isocalendar()
    news = []
    for hole in found:
        about = f"{hole.party}/{hole.role}/{hole.person_id or ''}/{hole.obligation_id or ''}"
        # Names may be long: a digest of them keeps the source short and the same all week.
        source = f"hole:{hole.kind}:{hole.contract_id}:{year}W{week:02}:{crc32(about.encode()):08x}"
        news += [
            Notification(
                user=user,
                obligation_id=hole.obligation_id,
                source=source,
                message=hole.message,
                params=hole.params,
                created_at=now,
            )
            for user in people.of(hole.contract_id, buyers[hole.contract_id], BUYER_WATCH)
        ]
    Notification.objects.bulk_create(news, batch_size=500, ignore_conflicts=True)
    for hole in found:
        if not people.of(hole.contract_id, buyers[hole.contract_id], BUYER_WATCH):
            logger.warning("Contract %s: %s, and nobody at the buyer's IT to tell.", hole.contract_id, hole.kind)
    return found
