"""The steps of the finance story, each by the person whose work it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from accounts.models import JournalEntry
from billing import services
from billing.models import Invoice, Milestone, NumberSequence, Payment, PaymentApplication
from contracts.models import Fact, StoredFile
from documents.models import IssuedDocument
from obligations.models import DueVersion
from tests.billing.world import FIRST, milestone, pdf
from tests.world import World

_numbers = count(25_112_000_000_012_345_678)


def hand_in(world: World, code: str = "1", amount: Decimal = FIRST, *, who: str = "VND", **given: Any) -> Invoice:
    values = {"number": str(next(_numbers)), "issued_on": date(2025, 10, 9), "upload": pdf(), **given}
    return services.invoice_add(actor=world.viewer(who), milestone=milestone(world, code), amount=amount, **values)


def checked(world: World, code: str = "1", amount: Decimal = FIRST) -> Invoice:
    return services.invoice_check(
        actor=world.viewer("FIN"), invoice=hand_in(world, code, amount), accept=True, note="与纸面核对"
    )


def applied(world: World, code: str = "1", amount: Decimal = FIRST) -> PaymentApplication:
    checked(world, code, amount)
    return services.payment_apply(actor=world.viewer("FIN"), milestone=milestone(world, code), amount=amount)


def approved(world: World, code: str = "1", amount: Decimal = FIRST) -> PaymentApplication:
    application = applied(world, code, amount)
    return services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True)


def paid(world: World, code: str = "1", amount: Decimal = FIRST, *, on: date = date(2025, 10, 17)) -> Payment:
    application = approved(world, code, amount)
    return services.payment_post(
        actor=world.viewer("FIN"), application=application, paid_on=on, bank_reference=f"BOC-{next(_numbers)}"
    )


def everything() -> dict[str, Any]:
    """What a refused step must leave as it was: every row of money, facts, files, dates and the journal."""
    tables = (
        Invoice,
        Milestone,
        PaymentApplication,
        Payment,
        NumberSequence,
        Fact,
        StoredFile,
        IssuedDocument,
        DueVersion,
    )
    state: dict[str, Any] = {model.__name__: list(model.objects.order_by("pk").values()) for model in tables}
    state["journal"] = JournalEntry.objects.filter(result="done", chain__name__startswith="contract:").count()
    return state
