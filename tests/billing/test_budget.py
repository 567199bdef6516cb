"""Pages of payments take a fixed number of queries, whatever the number of rows."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing import services
from billing.models import Liability
from documents.services import payment_approval_issue
from tests.billing.steps import applied, checked, hand_in, paid
from tests.billing.world import milestone

# session, user, membership and party of the shell
SHELL = 4
BUDGET = 8


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return [row["sql"] for row in seen.captured_queries]


def fill(world):
    """More of everything on the milestones looked at."""
    for _ in range(4):
        checked(world, "2", Decimal(10))
        hand_in(world, "2", Decimal(10))
        application = services.payment_apply(
            actor=world.viewer("FIN"), milestone=milestone(world, "2"), amount=Decimal(5)
        )
        services.payment_decide(actor=world.viewer("MGR"), application=application, approve=False, note="再议")
        owed(world)


def owed(world):
    """What the vendor owes, in part deducted and in part claimed."""
    number = Liability.objects.count()
    finance, manager = world.viewer("FIN"), world.viewer("MGR")
    liability = services.liability_open(
        actor=manager, contract=world.contract, source_key=f"k{number}", title="责任", clause="13.3", amount=Decimal(9)
    )
    services.deduction_add(actor=finance, liability=liability, milestone=milestone(world, "2"), amount=Decimal(3))
    services.separate_claim_add(
        actor=finance, liability=liability, amount=Decimal(3), due_on=date(2025, 12, 1), note="催告", out_of_order=True
    )


@pytest.mark.parametrize(
    "name", ["payments", "contract", "milestone", "application", "invoices", "documents", "settlement"]
)
def test_no_page_asks_more_for_more_rows(world, name):
    payment_approval_issue(actor=world.viewer("FIN"), application=applied(world, "2", Decimal(20)))
    services.payment_decide(
        actor=world.viewer("MGR"), application=milestone(world, "2").applications.get(), approve=False, note="再议"
    )
    owed(world)
    application = milestone(world, "2").applications.get()
    addresses = {
        "payments": reverse("web:payments"),
        "contract": reverse("web:contract_payments", args=[world.contract.pk]),
        "milestone": reverse("web:milestone", args=[milestone(world, "2").pk]),
        "application": reverse("web:application", args=[application.pk]),
        "invoices": reverse("web:invoices"),
        "documents": reverse("web:documents"),
        "settlement": reverse("web:contract_settlement", args=[world.contract.pk]),
    }
    client = world.client("AUD")
    few = queries(client, addresses[name])
    fill(world)
    paid(world, "1")
    many = queries(client, addresses[name])
    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= SHELL + BUDGET, "\n".join(many)
