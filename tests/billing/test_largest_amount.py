"""The largest amount, where money enters: typed, in an electronic invoice, in the ledger of quantities."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import translation

from billing import services
from billing.models import Invoice
from billing.services.common import clean_amount
from billing.services.quantities import clean_quantity
from contracts.errors import Refused
from contracts.models import Contract
from engine.money import LARGEST_AMOUNT, LARGEST_QUANTITY
from tests.billing.test_acts import xml
from tests.billing.world import milestone

SAID = "10,000,000,000,000.00 is above 9,999,999,999,999.99"
ABOVE = Decimal("10000000000000.00")


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize("amount", [LARGEST_AMOUNT - Decimal("0.01"), LARGEST_AMOUNT])
def test_an_amount_up_to_the_largest_is_taken(amount):
    assert clean_amount(amount, contract=Contract(currency="CNY")) == amount


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (ABOVE, f"{SAID}, the most that is kept to the last digit. Check the figure and its unit."),
        (Decimal("1e999999"), "1E+999999 is above 9,999,999,999,999.99"),
        (Decimal("9" * 300), "999," * 10 + "… is above 9,999,999,999,999.99"),
        (Decimal(0), "Enter an amount above zero"),
        (Decimal(-1), "Enter an amount above zero"),
        (Decimal("Infinity"), "Enter an amount above zero"),
    ],
)
def test_an_amount_above_it_has_a_sentence_of_its_own(amount, said):
    with pytest.raises(Refused) as refusal:
        clean_amount(amount, contract=Contract(currency="CNY"))
    assert refusal.value.field == "amount"
    assert refusal.value.message.startswith(said)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_quantity_has_its_own_limit(sign):
    for kept in (LARGEST_QUANTITY - Decimal("0.0001"), LARGEST_QUANTITY):
        assert clean_quantity(sign * kept) == sign * kept
    with pytest.raises(Refused, match=r"is above 99,999,999,999\.9999"):
        clean_quantity(sign * Decimal("100000000000"))


@pytest.mark.django_db
@pytest.mark.parametrize("given", [{}, {"amount": Decimal("500000.25")}])
def test_an_electronic_invoice_above_it_is_refused_not_read_as_blank(world, given):
    """Typed beside it, another amount does not stand in for the one in the file."""
    large = xml(amount=str(ABOVE), net=str(ABOVE), tax="0.00", rate="0")
    with pytest.raises(Refused) as refusal:
        services.invoice_add(actor=world.viewer("VND"), milestone=milestone(world), upload=large, **given)
    assert refusal.value.field == "amount"
    assert given or refusal.value.message.startswith(SAID)
    assert not Invoice.objects.exists()


@pytest.mark.django_db
def test_an_electronic_invoice_at_the_limit_is_read_and_only_then_too_much_for_the_instalment(world):
    at = xml(amount=str(LARGEST_AMOUNT), net=str(LARGEST_AMOUNT), tax="0.00", rate="0")
    with pytest.raises(Refused, match=r"9999999999999\.99 is more than what is still to be invoiced"):
        services.invoice_add(actor=world.viewer("VND"), milestone=milestone(world), upload=at)
    line = xml(net=str(ABOVE), tax=f"-{ABOVE}")
    with pytest.raises(Refused, match=SAID) as refusal:
        services.invoice_add(actor=world.viewer("VND"), milestone=milestone(world), upload=line)
    assert refusal.value.field == "taxes"
    assert not Invoice.objects.exists()
