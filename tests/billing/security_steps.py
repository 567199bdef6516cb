"""Steps of money, continued: securities with their claims, quantities, and how the price is shared."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from billing.models import Allocation, SecurityClaim, SecurityInstrument, SecurityOrder, SystemUse
from billing.services import guarantee, guarantee_claims
from billing.services.allocation import allocation_propose
from billing.services.quantities import use_record
from tests.billing.money_steps import TODAY, Post, next_number, owed, reference, step
from tests.world import World

# --- securities ------------------------------------------------------------------------------------------------------


def submitted(world: World) -> SecurityInstrument:
    return guarantee.instrument_submit(
        actor=world.viewer("VND"), contract=world.contract, security="deposit", form="cash",
        number=f"CASH-{next_number()}", amount=Decimal(900),
    )  # fmt: skip


def accepted(world: World) -> SecurityInstrument:
    return guarantee.instrument_decide(
        actor=world.viewer("MGR"), instrument=submitted(world), accept=True, note="银行回单"
    )


def proposed_claim(world: World) -> SecurityClaim:
    return guarantee_claims.security_claim_propose(
        actor=world.viewer("FIN"), instrument=accepted(world), ground="liability", amount=Decimal(60), reason="违约金",
        liability=owed(world),
    )  # fmt: skip


def approved_claim(world: World) -> SecurityClaim:
    claim = proposed_claim(world)
    return guarantee_claims.security_claim_decide(actor=world.viewer("MGR"), claim=claim, approve=True)


def delivered_claim(world: World) -> SecurityClaim:
    return guarantee_claims.security_claim_deliver(
        actor=world.viewer("FIN"), claim=approved_claim(world), delivered_on=TODAY, reference="EMS 1"
    )


@step("portal:instrument_add")
def the_vendor_hands_in_a_security(world: World) -> Post:
    return Post("VND", [world.contract.pk, "deposit"], {"number": f"CASH-{next_number()}"})


@step("web:instrument_add")
def finance_enters_a_security(world: World) -> Post:
    return Post("FIN", [world.contract.pk, "deposit"], {"number": f"CASH-{next_number()}"})


@step("web:instrument_decide")
def the_manager_accepts_it(world: World) -> Post:
    return Post("MGR", [submitted(world).pk], {"note": "银行回单"})


@step("web:security_change")
def finance_proposes_a_counter_entry(world: World) -> Post:
    return Post("FIN", [accepted(world).pk, "counter"], {"amount": "900.00", "note": "金额有误"})


@step("web:security_order_decide")
def the_manager_decides_it(world: World) -> Post:
    row = accepted(world)
    order: SecurityOrder = guarantee.order_propose(
        actor=world.viewer("FIN"), instrument=row, kind="counter", amount=Decimal(900), on=TODAY, reference="更正",
        note="金额有误", counters=row.movements.get(),
    )  # fmt: skip
    return Post("MGR", [order.pk])


@step("web:security_claim_add")
def finance_proposes_a_claim(world: World) -> Post:
    return Post("FIN", [accepted(world).pk], {"liability": str(owed(world).pk), "amount": "60.00"})


@step("web:security_claim_decide")
def the_manager_approves_the_claim(world: World) -> Post:
    return Post("MGR", [proposed_claim(world).pk])


@step("web:security_claim_deliver")
def finance_records_its_delivery(world: World) -> Post:
    return Post("FIN", [approved_claim(world).pk], {"reference": "EMS 1"})


@step("web:security_claim_answer")
def finance_records_what_came_of_it(world: World) -> Post:
    return Post("FIN", [delivered_claim(world).pk], {"outcome": "paid", "reference": reference()})


@step("web:security_claim_close")
def finance_records_its_completion(world: World) -> Post:
    answered = guarantee_claims.security_claim_answer(
        actor=world.viewer("FIN"), claim=delivered_claim(world), outcome="paid", on=TODAY, amount=Decimal(60),
        reference=reference(),
    )  # fmt: skip
    return Post("FIN", [answered.pk])


# --- quantities and the allocation -----------------------------------------------------------------------------------

PROOF = {"evidence_title": "会签表", "reference": "签 3 号"}


def used(world: World) -> SystemUse:
    return use_record(
        actor=world.viewer("IT"), contract=world.contract, line=1, system="s1", quantity=Decimal(1), note="启用",
        effective_on=date(2026, 4, 1), **PROOF,
    )  # fmt: skip


def signed_table(world: World, who: str, kind: str, filled: Callable[[Any], None]) -> str:
    """The first step of loading a table: downloaded, filled in, shown; what the page then carries."""
    client = world.client(who)
    book = load_workbook(io.BytesIO(client.get(f"/contracts/{world.contract.pk}/{kind}/?format=xlsx").content))
    filled(book.worksheets[0])
    out = io.BytesIO()
    book.save(out)
    shown = client.post(
        f"/contracts/{world.contract.pk}/{kind}/import/",
        {
            "upload": SimpleUploadedFile("t.xlsx", out.getvalue()),
            "effective_on": "2026-04-01",
            "reason": "核对",
            **PROOF,
        },
    )
    assert shown.status_code == 200, shown.context["form"].errors
    payload: str = shown.context["apply_form"].initial["payload"]
    return payload


@step("web:quantity_new")
def it_records_a_quantity(world: World) -> Post:
    return Post("IT", [world.contract.pk], {"line": "1", "system": "s1", "quantity": "2", **PROOF})


@step("web:quantity_reverse")
def it_takes_an_entry_back(world: World) -> Post:
    return Post("IT", [world.contract.pk, used(world).pk])


@step("web:quantities_apply")
def it_enters_a_loaded_table(world: World) -> Post:
    def fill(sheet: Any) -> None:
        heads = [cell.value for cell in sheet[1]]
        column = next(number for number, head in enumerate(heads, 1) if str(head).startswith("s1"))
        sheet.cell(row=2, column=column, value=7)

    return Post("IT", [world.contract.pk], {"payload": signed_table(world, "IT", "quantities", fill)})


@step("web:allocation_new")
def finance_proposes_an_allocation(world: World) -> Post:
    return Post("FIN", [world.contract.pk], {"method": "equal", **PROOF})


@step("web:allocation_decide")
def the_manager_approves_the_allocation(world: World) -> Post:
    waiting = Allocation.objects.filter(contract=world.contract, state="proposed").first()
    version = waiting or allocation_propose(
        actor=world.viewer("FIN"), contract=world.contract, method="equal", reason="均分",
        effective_on=date(2026, 4, 1), **PROOF,
    )  # fmt: skip
    return Post("MGR", [world.contract.pk, version.pk])


@step("web:allocation_apply")
def finance_proposes_a_loaded_table(world: World) -> Post:
    def fill(sheet: Any) -> None:
        for row, amount in ((2, 320000), (3, 320000), (4, 320000)):
            sheet.cell(row=row, column=3, value=amount)

    return Post("FIN", [world.contract.pk], {"payload": signed_table(world, "FIN", "allocation", fill)})
