"""No figure is kept that a database would round: one largest amount for all, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django import forms
from django.apps import apps
from django.db import models, transaction
from django.utils import translation

from contracts.errors import Refused
from contracts.models import Contract, LineItem
from contracts.money_fields import AmountInput, MoneyField
from engine.money import LARGEST_AMOUNT, LARGEST_QUANTITY

FEN, SMALLEST = Decimal("0.01"), Decimal("0.0001")


def saved(contract: Contract, total: Decimal) -> None:
    contract.total = total
    contract.save()


def saved_alone(contract: Contract, total: Decimal) -> None:
    contract.total = total
    contract.save(update_fields=("total",))


def updated(contract: Contract, total: Decimal) -> None:
    Contract.objects.filter(pk=contract.pk).update(total=total)


def changed_in_bulk(contract: Contract, total: Decimal) -> None:
    contract.total = total
    Contract.objects.bulk_update([contract], ["total"])


WAYS = [saved, saved_alone, updated, changed_in_bulk]


def test_the_limits_have_fifteen_digits() -> None:
    assert (f"{LARGEST_AMOUNT:,}", f"{LARGEST_QUANTITY:,}") == ("9,999,999,999,999.99", "99,999,999,999.9999")


@pytest.mark.django_db
@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize("total", [LARGEST_AMOUNT - FEN, LARGEST_AMOUNT])
def test_up_to_the_largest_every_fen_is_kept(
    contract: Contract, write: Callable[[Contract, Decimal], None], total: Decimal
) -> None:
    write(contract, total)
    assert Contract.objects.get(pk=contract.pk).total == total


@pytest.mark.django_db
@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize("total", [LARGEST_AMOUNT + FEN, -LARGEST_AMOUNT - FEN, Decimal("9999999999999999.99")])
def test_above_it_no_way_of_writing_a_row_leads_into_the_database(
    contract: Contract, write: Callable[[Contract, Decimal], None], total: Decimal
) -> None:
    before = Contract.objects.get(pk=contract.pk).total
    said = r"is above 9,999,999,999,999\.99"
    with translation.override("en"), pytest.raises(Refused, match=said) as refusal, transaction.atomic():
        write(contract, total)
    assert refusal.value.field == "total"
    assert Contract.objects.get(pk=contract.pk).total == before


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["unit_price", "quantity"])
def test_quantities_and_prices_keep_their_four_decimals_up_to_their_own_limit(contract: Contract, field: str) -> None:
    def row(number: int, figure: Decimal) -> LineItem:
        version = contract.versions.get()
        return LineItem(contract=contract, version=version, number=number, title="x", **{field: figure})

    kept = [LARGEST_QUANTITY - SMALLEST, LARGEST_QUANTITY]
    LineItem.objects.bulk_create([row(101, kept[0]), row(102, kept[1])])
    above = row(103, LARGEST_QUANTITY + SMALLEST)
    said = r"is above 99,999,999,999\.9999"
    with translation.override("en"), pytest.raises(Refused, match=said), transaction.atomic():
        LineItem.objects.bulk_create([above])
    found = LineItem.objects.filter(number__gt=100).order_by("number").values_list(field, flat=True)
    assert list(found) == kept


def test_every_column_of_amounts_holds_the_limit_and_migrations_know_a_plain_decimal() -> None:
    columns = [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.DecimalField) and field.max_digits is not None and field.max_digits > 15
    ]
    assert len(columns) > 40
    assert [str(field) for field in columns if not isinstance(field, MoneyField)] == []
    assert {field.deconstruct()[1] for field in columns} == {"django.db.models.DecimalField"}


class Form(forms.Form):
    amount = AmountInput()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("9999999999999.98", []),
        ("9999999999999.99", []),
        (
            "10000000000000.00",
            [
                "10000000000000.00 is above 9999999999999.99, the most that is kept to the last digit. "
                "Check the figure and its unit."
            ],
        ),
    ],
)
def test_a_form_says_so_before_anything_is_done(typed: str, said: list[str]) -> None:
    with translation.override("en"):
        form = Form({"amount": typed})
        assert list(form.errors.get("amount", [])) == said
