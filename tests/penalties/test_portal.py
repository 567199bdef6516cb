"""The vendor's door: issued penalties only, the time left, objections with evidence, what is to be paid; no drafts."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from penalties import services
from tests.billing.test_budget import BUDGET, SHELL
from tests.billing.world import LAST
from tests.penalties import steps
from tests.penalties.test_pages import press, queries
from tests.penalties.world import (
    HEAVY,
    LIGHT,
    TODAY,
    answer,
    only_case,
    paper,
    plain_answer,
    pool,
    row,
    says,
)  # fmt: skip
from tests.world import CANARY

pytestmark = pytest.mark.django_db


def page(client, name, *args):
    return client.get(reverse(f"portal:{name}", args=args)).content.decode()


def test_the_vendor_never_sees_drafts_rows_that_did_not_count_or_internal_words(world, monkeypatch):
    heavy = row("long", "heaviest", HEAVY)
    lighter = row("any", "displaced", LIGHT, barred_by=("long/i1",))

    says(monkeypatch, answer([heavy, lighter], [pool("i1", [heavy, lighter])]))
    vendor = world.client("VND")
    case = services.facts_establish(
        actor=world.viewer("IT"), case=steps.raised(world), note=CANARY, uploads=[paper(f"{CANARY}.pdf")]
    )
    assert case.title not in page(vendor, "penalties")
    assert vendor.get(reverse("portal:penalty", args=[case.pk])).status_code == 404
    assert vendor.get(reverse("portal:penalty_object", args=[case.pk])).status_code == 404
    case = services.penalty_propose(actor=world.viewer("IT"), case=case, note=CANARY)
    case = services.penalty_approve(actor=world.viewer("MGR"), case=case, note=CANARY)
    assert vendor.get(reverse("portal:penalty", args=[case.pk])).status_code == 404
    case = services.penalty_notify(
        actor=world.viewer("FIN"), case=case, method="mail", sent_on=TODAY, received_on=TODAY,
        reference="EMS 1", uploads=[paper("post.pdf")],
    )  # fmt: skip
    services.statement_add(
        actor=world.viewer("IT"), case=case, text=CANARY, internal=True, uploads=[paper(f"{CANARY}.pdf")]
    )
    for name in ("penalties", "penalty", "penalty_object", "penalty_accept", "penalty_statement"):
        shown = page(vendor, name, *([] if name == "penalties" else [case.pk]))
        assert case.title in shown or name != "penalties"
        assert CANARY not in shown
        assert "80,754.73" not in shown
        for insider in ("IT", "MGR"):
            assert f"> {insider} " not in shown
    assert CANARY not in page(world.client("SUP"), "penalty", case.pk)
    assert world.client("STRANGER").get(reverse("portal:penalty", args=[case.pk])).status_code == 404


def test_objection_with_countdown_and_evidence(world, clock):
    case = steps.notified(world)
    vendor = world.client("VND")
    assert "121,132.09" in page(vendor, "penalties")
    assert re.search(r"\b14\b", page(vendor, "penalties"))  # until 3 November
    answered = press(
        vendor,
        reverse("portal:penalty_object", args=[case.pk]),
        text="外部停电，附供电公司证明",
        uploads=paper("power.pdf"),
    )
    assert answered.status_code == 302
    case.refresh_from_db()
    assert case.state == "objected"
    shown = page(vendor, "penalty", case.pk)
    assert "power.pdf" in shown
    assert reverse("portal:evidence_file", args=[case.entries.last().evidence.get().file_id]) in shown
    assert press(vendor, reverse("portal:penalty_retract", args=[case.pk]), note="").status_code == 302
    assert only_case(world).state == "notified"
    clock.shift(timedelta(days=15))
    assert world.client("VND").get(reverse("portal:penalties")).status_code == 200


def test_the_contracts_own_period_ends_the_internal_one_does_not(world, clock):
    case = steps.notified(world)
    clock.shift(timedelta(days=30))
    late = world.client("VND")
    assert press(late, reverse("portal:penalty_object", args=[case.pk]), text="迟到的异议").status_code == 302
    services.objection_retract(actor=world.viewer("VND"), case=only_case(world))
    type(case).objects.filter(pk=case.pk).update(object_by_contract=True)
    assert press(late, reverse("portal:penalty_object", args=[case.pk]), text="迟到的异议").status_code == 422
    assert only_case(world).state == "notified"


def test_what_the_vendor_pays_itself_is_shown(world, monkeypatch):
    says(monkeypatch, plain_answer(LAST + Decimal(5)))
    case = steps.agreed(world)
    plan = services.settlement_propose(actor=world.viewer("FIN"), case=case, claim_due_on=date(2025, 11, 20))
    services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=True)
    shown = page(world.client("VND"), "penalty", case.pk)
    assert "¥5.00" in shown
    assert "2025-11-20" in shown
    assert "500,000.50" in shown


def test_the_supervisor_reads_and_gives_an_opinion_but_does_not_object(world):
    case = steps.objected(world)
    supervisor = world.client("SUP")
    assert supervisor.get(reverse("portal:penalty_object", args=[case.pk])).status_code == 403
    answered = press(supervisor, reverse("portal:penalty_opinion", args=[case.pk]), text="监理意见：责任在乙方")
    assert answered.status_code == 302
    assert case.entries.last().kind == "opinion"
    assert "监理意见" in page(world.client("VND"), "penalty", case.pk)


def test_portal_pages_take_a_fixed_number_of_queries(world):
    case = steps.objected(world)
    client = world.client("VND")
    addresses = [reverse("portal:penalties"), reverse("portal:penalty", args=[case.pk])]
    few = [len(queries(client, address)) for address in addresses]
    for text in ("一", "二", "三"):
        services.statement_add(actor=world.viewer("VND"), case=case, text=f"补充{text}", uploads=[paper()])
    for address, before in zip(addresses, few, strict=True):
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        assert len(seen) == before
        assert len(seen) <= SHELL + BUDGET


def test_machines_read_what_their_people_may_and_change_nothing(world, monkeypatch):
    rows = [row("long", "heaviest", HEAVY), row("any", "displaced", LIGHT, barred_by=("long/i1",))]
    says(monkeypatch, answer(rows, [pool("i1", rows)]))
    case = steps.approved(world)
    inside, outside = world.client("IT"), world.client("VND")
    assert inside.get("/api/penalties/").json()["results"][0]["low"] == str(HEAVY)
    assert outside.get("/api/penalties/").json()["results"] == []
    assert outside.get(f"/api/penalties/{case.pk}/").status_code == 404
    services.penalty_notify(
        actor=world.viewer("FIN"), case=case, method="hand", sent_on=TODAY, received_on=TODAY, reference="签收单"
    )
    seen = outside.get(f"/api/penalties/{case.pk}/").json()
    assert (seen["amount"], seen["low"], seen["missing"]) == (str(HEAVY), None, [])
    assert [each["rule"] for each in seen["rows"]] == ["long"]
    assert [each["rule"] for each in inside.get(f"/api/penalties/{case.pk}/").json()["rows"]] == ["long", "any"]
    for method in ("post", "put", "patch", "delete"):
        for client in (inside, world.client("MGR"), world.client("MGR2")):
            assert getattr(client, method)(f"/api/penalties/{case.pk}/", {"state": "decided"}).status_code == 405
    assert only_case(world).state == "notified"
