"""The docket's pages: each person's story in the browser's words, and a fixed number of queries."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from penalties import services
from penalties.models import PenaltyCase
from tests.billing.test_budget import BUDGET, SHELL
from tests.penalties import steps
from tests.penalties.world import HEAVY, answer, incident, only_case, paper, plain_answer, pool, row, says

pytestmark = pytest.mark.django_db


def press(client, address, **data):
    """Fill in the form of an address and send it with its key."""
    shown = client.get(address)
    assert shown.status_code == 200, address
    key = re.search(r'name="idempotency_key" value="([^"]+)"', shown.content.decode())
    return client.post(address, {**data, "idempotency_key": key[1] if key else ""})


def test_the_whole_way_through_the_pages(world):
    incident(world)
    it, fin, boss, boss2 = (world.client(who) for who in ("IT", "FIN", "MGR", "MGR2"))
    assert it.post(reverse("web:penalty_look", args=[world.contract.pk])).status_code == 302
    case = only_case(world)

    def go(client, name, **data):
        answered = press(client, reverse(f"web:{name}", args=[case.pk]), **data)
        assert answered.status_code == 302, answered.content.decode()[:3000]
        case.refresh_from_db()
        return case.state

    assert go(it, "penalty_establish", note="已核对") == "established"
    assert go(it, "penalty_propose", note="请批") == "proposed"
    assert go(boss, "penalty_approve", decision="yes", note="") == "approved"
    notice = {"method": "mail", "sent_on": "2025-10-17", "received_on": "2025-10-20", "objection_days": "10"}
    assert go(fin, "penalty_notify", reference="EMS 1", **notice) == "notified"
    services.penalty_object(actor=world.viewer("VND"), case=case, text="不同意，外部停电", uploads=[paper()])
    assert go(it, "penalty_statement", text="有双路供电") == "objected"
    assert go(boss2, "penalty_decide", decision="upheld", text="维持原决定") == "decided"
    page = it.get(reverse("web:penalty_dispute", args=[case.pk])).content.decode()
    assert page.index("有双路供电") < page.index("不同意，外部停电") < page.index("维持原决定")
    assert go(fin, "penalty_freeze", milestone="3", note="待协商") == "frozen"
    assert go(it, "penalty_agree", note="双方签署确认书", uploads=paper("agreed.pdf")) == "agreed"
    settle = fin.get(reverse("web:penalty_settle", args=[case.pk])).content.decode()
    assert f'value="{HEAVY}"' in settle
    assert go(fin, "penalty_settle", source_0=str(HEAVY), source_1="0") == "agreed"
    plan = case.settlements.get()
    assert press(boss, reverse("web:settlement_decide", args=[plan.pk]), decision="yes", note="").status_code == 302
    case.refresh_from_db()
    assert case.state == "settled"
    assert go(fin, "penalty_close", note="") == "closed"
    shown = world.client("AUD").get(reverse("web:penalty", args=[case.pk])).content.decode()
    assert "121,132.09" in shown


def test_the_proposer_finds_no_way_to_approve(world):
    services.clues_raise(world.contract)
    case = services.facts_establish(actor=world.viewer("BOTH"), case=only_case(world))
    services.penalty_propose(actor=world.viewer("BOTH"), case=case)
    both = world.client("BOTH")
    address = reverse("web:penalty_approve", args=[case.pk])
    assert address not in both.get(reverse("web:penalty", args=[case.pk])).content.decode()
    answered = press(both, address, decision="yes", note="")
    assert answered.status_code == 422
    assert only_case(world).state == "proposed"


def test_the_case_page_says_what_is_missing(world, monkeypatch):
    low, high = HEAVY / 10, HEAVY
    wide = row("long", "heaviest", (low, high), missing=("reading.fee_base",), needs=("fee_base",))
    lighter = row("any", "displaced", low, barred_by=("long/i1",))
    says(monkeypatch, answer([wide, lighter], [pool("i1", [wide, lighter], by_reading={"tenth": low, "whole": high})]))
    case = steps.proposed(world)
    page = world.client("IT").get(reverse("web:penalty", args=[case.pk])).content.decode()
    for text in ("费用基数", "十分之一", "全合同额", "让位于 附3 5 · i1", "附3 5", "附3 4"):
        assert text in page


@pytest.fixture
def many(world, monkeypatch):
    """A docket of several cases in different states."""
    rows = [row("long", "heaviest", HEAVY, of=f"i{number}") for number in range(1, 7)]
    says(monkeypatch, answer(rows, [pool(each.key["i"], [each]) for each in rows]))
    services.clues_raise(world.contract)
    return world


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return [each["sql"] for each in seen.captured_queries]


def test_pages_take_a_fixed_number_of_queries(world, monkeypatch):
    case = steps.settled(world)
    client = world.client("AUD")
    addresses = {
        "docket": reverse("web:penalties"),
        "contract": reverse("web:contract_docket", args=[world.contract.pk]),
        "case": reverse("web:penalty", args=[case.pk]),
        "dispute": reverse("web:penalty_dispute", args=[case.pk]),
    }
    few = {name: queries(client, address) for name, address in addresses.items()}
    rows = [row("long", "heaviest", HEAVY, of=f"i{number}") for number in range(1, 7)]
    says(monkeypatch, answer(rows, [pool(each.key["i"], [each]) for each in rows]))
    services.clues_raise(world.contract)
    assert PenaltyCase.objects.count() == 6
    for text in ("一", "二", "三"):
        services.statement_add(actor=world.viewer("IT"), case=case, text=f"内部说明{text}", internal=True)
    for name, address in addresses.items():
        again = queries(client, address)
        assert len(again) == len(few[name]), (name, "\n".join(again))
        assert len(again) <= SHELL + BUDGET, (name, "\n".join(again))


def test_the_vendor_is_sent_away_from_every_page(world):
    case = steps.notified(world)
    vendor = world.client("VND")
    for name in ("penalty", "penalty_dispute", "penalty_decide", "penalty_settle"):
        assert vendor.get(reverse(f"web:{name}", args=[case.pk])).status_code == 404
    assert vendor.get(reverse("web:penalties")).status_code == 404
    assert vendor.get(reverse("web:penalty_sheet", args=[world.contract.pk])).status_code == 404


def test_an_empty_docket_and_the_filters(many):
    client = many.client("IT")
    assert "i" in client.get(reverse("web:penalties"), {"group": "open"}).content.decode()
    page = client.get(reverse("web:penalties"), {"group": "final"}).content.decode()
    assert "No case here" in page or "PAY-2025-01-P" not in page
    assert plain_answer().pools


def test_the_first_approver_finds_no_way_to_decide(world):
    case = steps.objected(world)
    approver, other = world.client("MGR"), world.client("MGR2")
    address = reverse("web:penalty_decide", args=[case.pk])
    page = reverse("web:penalty", args=[case.pk])
    assert address not in approver.get(page).content.decode()
    assert address in other.get(page).content.decode()
    answered = press(approver, address, decision="upheld", text="维持原决定")
    assert answered.status_code == 422
    assert only_case(world).state == "objected"
    assert press(other, address, decision="upheld", text="维持原决定").status_code == 302
    assert only_case(world).decided_by_id == world.person["MGR2"].pk


def test_no_api_route_changes_a_penalty():
    from tests.doors.routes import all_routes

    doors = [route for route in all_routes() if route.name.startswith("api:") and "penal" in route.name]
    assert all(set(route.access.actions) <= {"GET"} for route in doors if route.access is not None)
