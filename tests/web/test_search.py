"""Search over all contracts: what carries the words, to whom it belongs, in a fixed number of statements."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.models import Clause, Contract
from contracts.selectors import active_version
from obligations.models import Obligation
from tests.doors.values import NOW
from tests.world import World, build_world

pytestmark = pytest.mark.django_db
FRAME = 4  # session, user, membership, party
BUDGET = 8


@pytest.fixture
def world():
    with time_machine.travel(NOW, tick=True):
        yield build_world()


def another(world: World, number: str, **fields: object) -> Contract:
    """A further contract of the same parties with one obligation."""
    contract = Contract.objects.create(
        number=number, title=f"合同 {number}", buyer=world.contract.buyer, vendor=world.contract.vendor, total=1
    )
    Obligation.objects.create(
        contract=contract, duty="d", title="提交翡翠报告", clause="7.1", kind="contractual", tracking="once",
        obligor="vendor", due_state="known", due_on=date(2026, 9, 1), **fields,
    )  # fmt: skip
    return contract


def test_search_leads_to_obligations_clauses_and_contracts(world: World) -> None:
    another(world, "QX-1")
    version = active_version(world.contract)
    Clause.objects.create(
        contract=world.contract, version=version, code="99", title="翡翠条款", coverage="modelled", position=99
    )
    client = world.client("MGR")
    page = client.get("/search/", {"q": "翡翠"}).content.decode()
    assert page.index("QX-1") and "提交翡翠报告" in page and "翡翠条款" in page
    assert "提交翡翠报告" not in client.get("/search/", {"q": "翡翠 玛瑙"}).content.decode()
    assert "合同 QX-1" in client.get("/search/", {"q": "QX-1"}).content.decode()


def test_search_shows_nothing_of_other_peoples_contracts(world: World) -> None:
    contract = another(world, "QX-1")
    Contract.objects.filter(pk=contract.pk).update(buyer=world.contract.supervisor or world.contract.vendor,
                                                   vendor=world.contract.buyer)  # fmt: skip
    page = world.client("MGR").get("/search/", {"q": "翡翠"}).content.decode()
    assert "QX-1" not in page and "提交翡翠报告" not in page


def test_search_asks_no_more_for_more_contracts(world: World) -> None:
    client = world.client("MGR")
    counts = []
    for number in range(12):
        another(world, f"QX-{number}")
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/search/", {"q": "翡翠"}).status_code == 200
        counts.append(len(seen))
    assert counts[1] == counts[-1]
    assert counts[-1] <= FRAME + BUDGET
