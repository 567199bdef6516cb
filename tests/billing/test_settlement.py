"""The worked cases of payment and settlement of the register, through the services and read off the pages."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse

from billing import selectors, services
from billing.models import Milestone
from contracts.models import DefinitionVersion
from contracts.services.facts import fact_names, fact_record
from engine.money import to_capitals
from obligations.services.evaluation import facts_changed
from tests.billing.world import pdf
from tests.world import build_world

CLOUD = Path(__file__).resolve().parents[2] / "definitions" / "data" / "SXYSR202506176"
_numbers = count(26_110_000_000_000_000_001)


@pytest.fixture
def clock():
    with time_machine.travel("2025-06-26T10:00:00+08:00", tick=True) as traveller:
        yield traveller


@pytest.fixture
def cloud(db, clock):
    return build_world(CLOUD)


@contextmanager
def supposing():
    """What is done inside is undone afterwards, so that one loaded contract serves several suppositions."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def at(clock, day: str) -> None:
    clock.move_to(f"{day}T10:00:00+08:00")


def milestone(world, code: str) -> Milestone:
    return Milestone.objects.select_related("contract", "obligation").get(contract=world.contract, code=code)


def page(world, code: str, on: str):
    return selectors.milestone_page(milestone(world, code).pk, viewer=world.viewer("FIN"), as_of=date.fromisoformat(on))


def line(found, subject: str):
    return next((one for one in found.gate.gate.lines if one.subject == subject), None)


def shown(world, code: str, on: str = "") -> str:
    """The page of a milestone as finance reads it."""
    client = world.client("FIN")
    client.cookies["django_language"] = "en"
    answer = client.get(reverse("web:milestone", args=[milestone(world, code).pk]), {"as_of": on} if on else {})
    assert answer.status_code == 200
    return answer.content.decode()


def invoiced(world, code: str, amount: Decimal | None = None) -> None:
    row = milestone(world, code)
    invoice = services.invoice_add(
        actor=world.viewer("VND"),
        milestone=row,
        number=str(next(_numbers)),
        amount=amount or row.amount,
        issued_on=date(2025, 6, 26),
        upload=pdf(),
    )
    services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=True, note="与纸面核对")


def paid(world, code: str, amount: Decimal, on: str):
    finance = world.viewer("FIN")
    application = services.payment_apply(actor=finance, milestone=milestone(world, code), amount=amount)
    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True)
    return services.payment_post(
        actor=finance,
        application=application,
        paid_on=date.fromisoformat(on),
        bank_reference=f"CCB-{next(_numbers)}",
    )


def accepted(world, on: str) -> None:
    from accounts.scoping import SYSTEM

    fact = fact_record(
        actor=SYSTEM,
        contract=world.contract,
        kind="event",
        name="acceptance_signed",
        happened_on=date.fromisoformat(on),
    )
    facts_changed(world.contract, fact_names(fact), cause="test")


def owed(world, amount: str, key: str = "p"):
    return services.liability_open(
        actor=world.viewer("MGR"),
        contract=world.contract,
        source_key=key,
        title="附件违约金",
        clause="13.3",
        amount=Decimal(amount),
    )


def test_the_instalments_make_the_price_in_figures_and_in_capitals(cloud):
    """T-71, T-72."""
    rows = list(Milestone.objects.order_by("position"))
    total = cloud.contract.total
    data = DefinitionVersion.objects.get(contract=cloud.contract, state="active").data
    assert sum(row.amount for row in rows) == total == Decimal("4845283.52")
    assert [row.amount / total for row in rows] == [Decimal("0.25"), Decimal("0.25"), Decimal("0.5")]
    for row in rows:
        assert to_capitals(row.amount) == data["instalment"][row.code]["capitals"]
    security = data["security"]["performance"]
    assert to_capitals(Decimal(security["amount"])) == security["capitals"]


def test_payment_1_waits_for_its_invoice_without_breach_then_is_payable(cloud, clock):
    """T-75, T-78, and the deadline as it was known on a past day."""
    with supposing():
        at(clock, "2025-11-20")
        invoiced(cloud, "1")
        waiting = page(cloud, "1", "2025-11-05")
        assert waiting.gate.state == "waiting_invoice"
        assert (line(waiting, "deadline").code, waiting.gate.gate.overdue) == ("deadline_excused", False)
        assert "Waiting for invoice" in shown(cloud, "1", "2025-11-05")
        open_now = page(cloud, "1", "2025-11-20")
        assert (open_now.gate.state, open_now.gate.gate.overdue) == ("payable", False)
        assert line(open_now, "deadline").code == "deadline_gate_late"
        assert line(open_now, "target").params == {"on": date(2025, 12, 4)}
        text = shown(cloud, "1")
        assert "Payable" in text
        assert "2025-12-04" in text
    with supposing():
        at(clock, "2025-06-26")
        invoiced(cloud, "1")
        at(clock, "2025-11-05")
        for day, code, overdue in (
            ("2025-06-30", "deadline_ahead", 0),
            ("2025-11-04", "deadline_today", 0),
            ("2025-11-05", "deadline_passed", 1),
        ):
            found = page(cloud, "1", day)
            assert (line(found, "deadline").code, found.gate.gate.overdue_days) == (code, overdue)
        assert "Overdue" in shown(cloud, "1")


def test_payment_2_is_in_time_in_dispute_or_late(cloud, clock):
    """T-03."""
    at(clock, "2025-12-01")
    invoiced(cloud, "2")
    with supposing():  # unpaid on the day itself, finance is told in plain words what the day means
        at(clock, "2025-12-31")
        text = shown(cloud, "2")
        assert "Day in dispute" in text
        assert "Finance: pay today; by the reading in force it is in time, by the stricter one late" in text
        assert "Overdue" not in text
    for day, code, sides in (
        ("2025-12-30", "paid_in_time", ()),
        ("2025-12-31", "paid_disputed_day", ("disputed_day",)),
        ("2026-01-01", "paid_late", ()),
    ):
        with supposing():
            at(clock, "2026-01-05")
            paid(cloud, "2", milestone(cloud, "2").amount, day)
            found = page(cloud, "2", "2026-01-05")
            assert (found.gate.state, line(found, "deadline").code) == ("paid", code)
            assert found.gate.gate.sides == sides
            assert ("Day in dispute" in shown(cloud, "2")) == bool(sides)


def test_payment_3_waits_for_the_term_and_the_acceptance(cloud, clock):
    """T-04, T-05, T-08, T-09."""
    for accepted_on, due, state in (
        ("2026-06-20", "2026-11-09", "known"),
        ("2026-06-30", "2026-11-09", "known"),
        ("2026-08-23", "2026-12-31", "known"),
        ("2026-08-24", None, "provisional"),
    ):
        with supposing():
            at(clock, "2026-09-30")
            accepted(cloud, accepted_on)
            found = page(cloud, "3", "2026-09-30")
            assert (found.due.state, line(found, "trigger").code) == (state, "acceptance_met")
            if due:
                assert found.due.on == date.fromisoformat(due)
                assert due in shown(cloud, "3")
            else:
                assert line(found, "deadline").code == "deadline_estimate"
    at(clock, "2026-11-22")
    found = page(cloud, "3", "2026-11-22")
    assert (found.gate.state, found.due.on, found.gate.gate.overdue) == ("not_met", None, False)
    assert line(found, "term").state == "met"
    assert "Condition not met" in shown(cloud, "3")
    # Looked back at, the day before the acceptance was recorded for an earlier day knows it all the same; the day
    # before it happened does not.
    accepted(cloud, "2026-11-10")
    assert page(cloud, "3", "2026-11-09").gate.state == "not_met"
    assert page(cloud, "3", "2026-11-22").gate.state == "waiting_invoice"


def test_what_is_deducted_what_is_paid_and_what_is_claimed(cloud, clock):
    """T-64, T-65, and an amount above the final instalment."""
    at(clock, "2026-07-02")
    accepted(cloud, "2026-06-30")
    for code in "123":
        invoiced(cloud, code)
    last = milestone(cloud, "3")
    finance = cloud.viewer("FIN")
    with supposing():
        for code in "12":
            paid(cloud, code, milestone(cloud, code).amount, "2026-07-01")
        source = owed(cloud, "201886.81")
        assert page(cloud, "3", "2026-07-02").gate.gate.available == last.amount - Decimal("201886.81")
        services.deduction_add(actor=finance, liability=source, milestone=last, amount=source.amount)
        paid(cloud, "3", Decimal("2220754.95"), "2026-07-02")
        found = page(cloud, "3", "2026-07-02")
        flow = found.waterfall
        assert (flow.due, flow.deducted, flow.to_pay, flow.outstanding, flow.claimed) == (
            last.amount, Decimal("201886.81"), Decimal("2220754.95"), 0, 0,
        )  # fmt: skip
        assert found.gate.state == "paid"
        money = selectors.contract_money(cloud.contract, as_of=date(2026, 7, 2))
        assert money.paid == Decimal("4643396.71")
        text = shown(cloud, "3")
        assert "¥2,220,754.95" in text
        assert "¥201,886.81" in text
    with supposing():
        source = owed(cloud, str(last.amount))
        services.deduction_add(actor=finance, liability=source, milestone=last, amount=last.amount)
        found = page(cloud, "3", "2026-07-02")
        assert (found.gate.state, found.waterfall.to_pay, found.waterfall.claimed) == ("settled", 0, 0)
        assert milestone(cloud, "3").obligation.state == "done"
        assert "Settled by deduction" in shown(cloud, "3")
    with supposing():
        source = owed(cloud, str(last.amount + Decimal("1000.00")))
        services.deduction_add(actor=finance, liability=source, milestone=last, amount=last.amount)
        services.separate_claim_add(
            actor=finance, liability=source, amount=Decimal("1000.00"), due_on=date(2026, 8, 31), note="催告函"
        )
        found = page(cloud, "3", "2026-07-02")
        assert (found.gate.state, found.waterfall.claimed) == ("settled", Decimal("1000.00"))
