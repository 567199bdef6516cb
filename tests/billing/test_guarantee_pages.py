"""The security's pages: the story from handing in to a claim by the people whose work it is, at a fixed price of
queries."""

from datetime import date
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import SecurityClaim, SecurityInstrument
from tests.billing.guarantee_world import REQUIRED, accepted, at, claimed, delivered, handed_in, owed, secured_world
from tests.billing.world import pdf

SHELL, BUDGET = 4, 8


@pytest.fixture
def world(db):
    with at(2026, 7, 20):
        yield secured_world()


def english(world, who):
    client = world.client(who)
    client.cookies["django_language"] = "en"
    return client


def send(client, address, **body):
    """Post a form as a browser does, with a key of its own."""
    return client.post(address, {"idempotency_key": str(uuid4()), **body})


def text_of(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status
    return unescape(response.content.decode())


def test_the_vendor_hands_in_and_the_manager_accepts(world):
    vendor, manager = english(world, "VND"), english(world, "MGR")
    page = reverse("portal:security", args=[world.contract.pk, "performance"])
    assert "Hand in a security" in text_of(vendor, page)
    response = send(
        vendor, reverse("portal:instrument_add", args=[world.contract.pk, "performance"]), form="bank_guarantee",
        number="BG-7", issuer="演示银行", amount=str(REQUIRED), issued_on="2026-07-18", expires_on="2026-07-30",
        upload=pdf("scan.pdf"),
    )  # fmt: skip
    assert response.status_code == 302
    instrument = SecurityInstrument.objects.get()
    assert "Waiting to be accepted" in text_of(manager, reverse("web:securities"))
    address = reverse("web:instrument_decide", args=[instrument.pk])
    assert "BG-7" in text_of(manager, address)
    assert send(manager, address, decision="yes", note="").status_code == 422
    assert send(manager, address, decision="yes", note="经财务处认可").status_code == 302
    text = text_of(vendor, page)
    assert "Accepted" in text and "经财务处认可" not in text  # why the buyer trusts the bank is its affair


def test_finance_claims_and_the_vendor_sees_it_only_once_it_is_delivered(world):
    instrument, liability = accepted(world), owed(world)
    finance, manager, vendor = (english(world, who) for who in ("FIN", "MGR", "VND"))
    portal = reverse("portal:security", args=[world.contract.pk, "performance"])
    response = send(
        finance, reverse("web:security_claim_add", args=[instrument.pk]), ground="liability",
        liability=str(liability.pk), amount="20000.00", reason="违约金到期未付",
    )  # fmt: skip
    assert response.status_code == 302
    claim = SecurityClaim.objects.get()
    assert claim.number not in text_of(vendor, portal)
    assert "Claim under way" not in text_of(vendor, reverse("portal:securities"))
    for step, client, body in (
        ("decide", manager, {"decision": "yes", "note": ""}),
        ("deliver", finance, {"delivered_on": "2026-07-20", "reference": "EMS 1"}),
        ("answer", finance, {"outcome": "paid", "on": "2026-07-20", "amount": "20000.00", "reference": "BOC 1"}),
        ("close", finance, {"closed_on": "2026-07-20", "note": "付讫"}),
    ):
        address = reverse(f"web:security_claim_{step}", args=[claim.pk])
        assert client.get(address).status_code == 200, step
        assert send(client, address, **body).status_code == 302, step
        if step == "deliver":
            text = text_of(vendor, portal)
            assert claim.number in text and "违约金到期未付" not in text
    claim.refresh_from_db()
    assert (claim.state, claim.closed_on) == ("paid", date(2026, 7, 20))
    text = text_of(finance, reverse("web:security", args=[world.contract.pk, "performance"]))
    assert "¥30,000.05" in text and claim.number in text


def test_amounts_in_sentences_are_in_the_contract_s_currency(world):
    """Half a percent of a price in another currency is nowhere said to be yuan; every digit it has is shown."""
    world.contract.currency = "CHF"
    world.contract.save(update_fields=("currency",))
    accepted(world)
    for who, address in (("FIN", "web:security"), ("VND", "portal:security")):
        text = text_of(english(world, who), reverse(address, args=[world.contract.pk, "performance"]))
        assert "CHF\u00a050,000.05" in text
        assert "\u00a5" not in text


def test_a_refused_form_says_what_to_do(world):
    instrument = accepted(world)
    response = send(
        english(world, "FIN"), reverse("web:security_claim_add", args=[instrument.pk]), ground="liability",
        liability="", amount="1.00", reason="违约金",
    )  # fmt: skip
    assert response.status_code == 422
    assert "Choose the liability" in unescape(response.content.decode())
    assert not SecurityClaim.objects.exists()


def test_strangers_and_the_wrong_roles_get_nothing(world):
    instrument = accepted(world)
    page = reverse("web:security", args=[world.contract.pk, "performance"])
    assert world.client("OTHER_FIN").get(page).status_code == 404
    assert world.client("STRANGER").get(page).status_code == 403  # the staff's door is not the vendors'
    portal = reverse("portal:security", args=[world.contract.pk, "performance"])
    assert world.client("STRANGER").get(portal).status_code == 404
    assert world.client("FIN").get(portal).status_code == 404
    assert world.client("AUD").post(reverse("web:security_claim_add", args=[instrument.pk]), {}).status_code == 403
    assert world.client("FIN").post(reverse("web:instrument_decide", args=[instrument.pk]), {}).status_code == 403
    assert not SecurityClaim.objects.exists()


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return [row["sql"] for row in seen.captured_queries]


@pytest.mark.parametrize("name", ["securities", "security", "portal"])
def test_more_rows_ask_no_more(world, name):
    args = [world.contract.pk, "performance"]
    address = {
        "securities": reverse("web:securities"),
        "security": reverse("web:security", args=args),
        "portal": reverse("portal:security", args=args),
    }[name]
    client = world.client("VND" if name == "portal" else "AUD")
    instrument, liability = accepted(world), owed(world)
    delivered(world, instrument, "1.00", date(2026, 7, 20), liability=liability)
    few = queries(client, address)
    for number in range(3):
        handed_in(world, number=f"BG-1{number}")
        claimed(world, instrument, "1.00", liability=liability)
        delivered(world, instrument, "1.00", date(2026, 7, 20), liability=liability)
    many = queries(client, address)
    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= SHELL + BUDGET, "\n".join(many)
