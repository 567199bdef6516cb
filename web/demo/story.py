"""A story for the fictional contract, told through the same services a person uses.

Everything is entered on the day the story is told, as when a running contract is taken over late: what happened lies
in the past, what was recorded is new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import transaction

from web.demo import docket, duties, faults, money
from web.demo.stage import Cast, Stage

Say = Callable[[str], Any]


def tell(loaded: dict[str, Any], *, today: date, say: Say) -> None:
    """Tell the story on every fictional contract on which nothing has been done yet: the whole of it, or nothing."""
    for contract in loaded.values():
        if not contract.is_demo:
            continue
        stage = Stage(contract, today, Cast.present())
        if stage.milestones()[0].invoices.exists():
            continue
        say(f"Telling the story of {contract.number} …")
        with transaction.atomic():
            money.deposit(stage)
            duties.tell(stage)
            money.instalments(stage)
            money.damage(stage)
            money.shares(stage)
            faults.tell(stage)
            docket.tell(stage)
            money.papers(stage)
