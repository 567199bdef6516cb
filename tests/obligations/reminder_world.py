"""One contract with people, and duties with any due date, without the engine: what the reminder tests stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Membership, Party, User
from accounts.scoping import Viewer, viewer_for
from contracts.models import Contract, DefinitionVersion
from obligations.models import DueVersion, Obligation, Reminder

ZONE = ZoneInfo("Asia/Shanghai")


def at(day: str, clock: str = "09:00") -> datetime:
    """A moment in Shanghai."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), tzinfo=ZONE).astimezone(UTC)


@dataclass
class ReminderWorld:
    buyer: Party
    vendor: Party
    contract: Contract
    version: DefinitionVersion
    people: dict[str, User] = field(default_factory=dict)

    @classmethod
    def build(cls, **policy: Any) -> ReminderWorld:
        """Buyer's IT, finance and manager and the vendor's person; `policy` tables go into the definition."""
        buyer = Party.objects.create(name="演示采购人", kind="buyer")
        vendor = Party.objects.create(name="演示供应商", kind="vendor")
        contract = Contract.objects.create(number="T-1", title="演示合同", buyer=buyer, vendor=vendor, total=1)
        version = DefinitionVersion.objects.create(
            contract=contract, number=1, state="active", sha256="0", data={"policy": policy}
        )
        world = cls(buyer, vendor, contract, version)
        for name, role, party in (
            ("it", "IT", buyer), ("fin", "FIN", buyer), ("mgr", "MGR", buyer), ("vnd", "VND", vendor)
        ):  # fmt: skip
            world.join(name, role, party)
        return world

    def join(self, name: str, role: str, party: Party, **fields: Any) -> User:
        fields = {"email": f"{name}@example.invalid"} | fields
        user = User.objects.create(username=name, display_name=name, party=party, **fields)
        Membership.objects.create(user=user, role_id=role)
        self.people[name] = user
        return user

    def viewer(self, name: str) -> Viewer:
        return viewer_for(self.people[name])

    def duty(self, due: str | datetime, *, recorded: datetime, cause: str = "fact:x", **fields: Any) -> Obligation:
        """An open duty of the buyer's finance due on a day or at an instant, its due version recorded then."""
        number = Obligation.objects.count() + 1
        defaults = {"policy": "payment", "obligor": "buyer", "kind": "contractual", "tracking": "once"}
        obligation = Obligation.objects.create(
            contract=self.contract, duty=f"duty_{number}", title=f"义务 {number}", clause="7.2", **(defaults | fields)
        )
        self.move(obligation, due, recorded=recorded, cause=cause)
        return obligation

    def move(self, obligation: Obligation, due: str | datetime, *, recorded: datetime, cause: str = "fact:x") -> None:
        """Give the duty its next due version, as an evaluation would."""
        if isinstance(due, datetime):
            on, moment = due.astimezone(ZONE).date(), due
        else:
            on = date.fromisoformat(due)
            moment = at((on + timedelta(days=1)).isoformat(), "00:00")
        obligation.due_number += 1
        obligation.due_state, obligation.due_on, obligation.due_at = "known", on, moment
        obligation.save()
        DueVersion.objects.create(
            obligation=obligation, number=obligation.due_number, state="known", due_on=on, due_at=moment,
            definition=self.version, as_of=recorded.date(), cause=cause, recorded_at=recorded,
        )  # fmt: skip


def recorded(**filters: Any) -> list[tuple[str, str]]:
    """(step, person) of every reminder row, in order."""
    rows = Reminder.objects.filter(**filters).order_by("send_at", "pk")
    return list(rows.values_list("step", "recipient__username"))
