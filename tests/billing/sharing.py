"""The steps of sharing the real contract's price among its ten systems, with the worked case's figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from accounts.models import JournalEntry
from billing.models import Allocation, AllocationShare, SystemUse
from billing.services.allocation import allocation_decide, allocation_propose
from billing.services.quantities import use_record
from contracts.models import Evidence
from tests.world import World

START = date(2025, 7, 1)
PROOF = {"evidence_title": "双方会议纪要", "reference": "纪 2025-7"}
TOTAL = Decimal("4845283.52")
# Worked case T-68: example weights by the use of the first row, and the parts.
WEIGHTS = (235, 300, 900, 200, 400, 300, 500, 150, 200, 250)
BY_USE = (
    "331482.28", "423168.87", "1269506.60", "282112.58", "564225.15", "423168.87", "705281.44", "211584.43",
    "282112.58", "352640.72",
)  # fmt: skip


def use(world: World, system: str, quantity: int | str, *, line: int = 1, on: date = START) -> SystemUse:
    return use_record(
        actor=world.viewer("IT"), contract=world.contract, line=line, system=system, quantity=Decimal(quantity),
        effective_on=on, **PROOF,
    )  # fmt: skip


def all_use(world: World) -> None:
    for number, weight in enumerate(WEIGHTS, start=1):
        use(world, f"s{number}", weight)


def propose(world: World, method: str = "equal", *, who: str = "FIN", **given_: object) -> Allocation:
    values = {"effective_on": START, "reason": "罚则须有基数", **PROOF, **given_}
    return allocation_propose(actor=world.viewer(who), contract=world.contract, method=method, **values)


def approved(world: World, method: str = "equal", **given_: object) -> Allocation:
    return allocation_decide(actor=world.viewer("MGR"), allocation=propose(world, method, **given_), approve=True)


def everything() -> tuple[list[object], ...]:
    return tuple(
        list(model.objects.order_by("pk").values())
        for model in (SystemUse, Allocation, AllocationShare, Evidence, JournalEntry)
    )
