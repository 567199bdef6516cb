"""Rows of several tables in one statement come back as the rows that were stored: each type, on each database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from accounts.models import Party
from accounts.scoping import SYSTEM
from contracts.gathering import gather
from contracts.models import Clause, Contract, DefinitionVersion, Fact
from contracts.services.facts import fact_record

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("error")]


def plain(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    """The rows as the ORM itself reads them, by key."""
    fields = [field.attname for field in rows.model._meta.concrete_fields]
    return [{name: getattr(row, name) for name in fields} for row in rows.order_by("pk")]


def gathered(*questions: QuerySet[Any]) -> list[list[dict[str, Any]]]:
    return [
        [{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields} for row in rows]
        for rows in gather(*questions)
    ]


def test_what_an_evaluation_rests_on_comes_back_unchanged_in_one_question(contract: Contract) -> None:
    """A contract's own row holds amounts, days, moments, flags and nothing; its version holds nested data."""
    Contract.objects.filter(pk=contract.pk).update(total=Decimal("4845283.52"), signed_on=None, is_demo=True)
    fact_record(
        actor=SYSTEM, contract=contract, kind="event", name="effective", happened_on=date(2026, 2, 28),
        note="“引号”\n换行，\u2028 NUL 之外的都行 '; --",
    )  # fmt: skip
    questions: tuple[QuerySet[Any], ...] = (
        Contract.objects.filter(pk=contract.pk),
        DefinitionVersion.objects.filter(contract=contract),
        Fact.objects.filter(contract=contract),
        Clause.objects.filter(contract=contract),
        Party.objects.all(),
    )
    expected = [plain(question) for question in questions]
    assert all(expected[:3])
    with CaptureQueriesContext(connection) as seen:
        found = gathered(*questions)
    assert found == expected
    assert len(seen) == 1


@pytest.mark.parametrize("amount", ["0", "0.01", "4845283.52", "9999999999999.98", "9999999999999.99"])
def test_an_amount_keeps_every_fen(contract: Contract, amount: str) -> None:
    """SQLite keeps decimals as binary fractions, PostgreSQL as digits: to finance both say the same, up to the largest
    amount there is."""
    Contract.objects.filter(pk=contract.pk).update(total=Decimal(amount))
    ((row,),) = gather(Contract.objects.filter(pk=contract.pk))
    assert row.total == Contract.objects.get(pk=contract.pk).total == Decimal(amount)
    assert isinstance(row.total, Decimal)
    assert row.total.as_tuple().exponent == -2


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 9, 30, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=8))),
    ],
)
def test_a_moment_stays_the_same_moment(contract: Contract, moment: datetime) -> None:
    DefinitionVersion.objects.filter(contract=contract).update(activated_at=moment)
    ((row,),) = gather(DefinitionVersion.objects.filter(contract=contract))
    assert row.activated_at == moment
    assert row.activated_at.tzinfo is not None


def test_each_question_gets_its_own_rows_in_the_order_of_their_keys(contract: Contract) -> None:
    for number in (3, 1, 2):
        Party.objects.create(name=f"第 {number} 家", kind="vendor")
    parties = Party.objects.filter(name__startswith="第").order_by("-pk")
    none, found, again = gather(Party.objects.filter(pk=0), parties, Party.objects.filter(name="第 1 家"))
    assert none == []
    assert [row.name for row in found] == ["第 3 家", "第 1 家", "第 2 家"]
    assert [row.name for row in again] == ["第 1 家"]
    # they are real rows: saving one changes it, and makes no second one
    found[0].short_name = "三"
    found[0].save()
    assert Party.objects.get(pk=found[0].pk).short_name == "三"
    assert not found[0]._state.adding
    assert gather() == []


def test_a_field_nobody_should_change_is_kept_under_its_own_name(contract: Contract) -> None:
    """References travel as keys and lead to the row when somebody asks."""
    ((row,),) = gather(Contract.objects.filter(pk=contract.pk))
    assert row.buyer_id == contract.buyer_id
    assert row.buyer.name == contract.buyer.name
