"""What the vendor must never see: another vendor, the buyer's people, notes and internal targets. What it must not do:
anything on the buyer's pages."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import User
from billing.models import Invoice, Milestone
from contracts.models import Clause, Contract, DefinitionVersion, Fact
from contracts.services.files import file_store
from obligations.models import Obligation, Submission
from obligations.services.submissions import submission_add
from tests.billing.world import PDF
from tests.doors.routes import all_routes
from tests.world import CANARY, World


def addresses(world: World, row: Obligation, milestone: Milestone) -> list[str]:
    """Every page and file of the portal for one contract."""
    pk = world.contract.pk
    return [
        "/portal/",
        "/portal/?tab=waiting",
        "/portal/?tab=copied",
        "/portal/?tab=done",
        "/portal/contracts/",
        f"/portal/contracts/?q={CANARY}",
        f"/portal/contracts/{pk}/",
        f"/portal/contracts/{pk}/obligations/",
        f"/portal/contracts/{pk}/obligations/?order=register&q=a",
        f"/portal/contracts/{pk}/clauses/",
        f"/portal/obligations/{row.pk}/",
        f"/portal/obligations/{row.pk}/submit/",
        f"/portal/obligations/{row.pk}/hand-over/",
        "/portal/invoices/",
        f"/portal/milestones/{milestone.pk}/invoices/new/",
        "/portal/?format=xlsx",
        "/portal/contracts/?format=xlsx",
        f"/portal/contracts/{pk}/obligations/?format=xlsx",
        f"/portal/contracts/{pk}/clauses/?format=xlsx",
        "/portal/invoices/?format=xlsx",
        "/portal/invoices/?format=invoices.xlsx",
        # pages that both front doors share
        "/notifications/",
        "/me/",
        "/me/tokens/",
        "/parties/",
        "/people/",
        "/journal/",
    ]


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code in {200, 404}, (address, answer.status_code)
    if "spreadsheet" in answer["Content-Type"]:
        sheet = load_workbook(io.BytesIO(answer.content)).active
        return str([[cell.value for cell in row] for row in sheet.iter_rows()])  # type: ignore[union-attr]
    body = answer.content.decode()
    return body.replace(f"q={CANARY}", "").replace(f'value="{CANARY}"', "")


@pytest.fixture
def own(world: World) -> Obligation:
    found: Obligation = Obligation.objects.filter(
        contract=world.contract, obligor="vendor", state="open", due_state="known"
    ).order_by("due_on")[0]
    return found


@pytest.fixture
def foreign(world: World) -> dict[str, Any]:
    """Another vendor's contract under the same buyer, a canary in every text."""
    stranger = world.person["STRANGER"]
    User.objects.filter(pk=stranger.pk).update(display_name=f"{CANARY} person", email=f"{CANARY}@example.invalid")
    contract = Contract.objects.create(
        number=f"{CANARY}-1", title=f"{CANARY} title", summary=CANARY, buyer=world.contract.buyer,
        vendor=stranger.party, total=1,
    )  # fmt: skip
    version = DefinitionVersion.objects.create(contract=contract, number=1, state="active", sha256="c" * 64, data={})
    Clause.objects.create(
        contract=contract, version=version, code=CANARY, title=CANARY, note=CANARY, coverage="modelled", position=1
    )
    row = Obligation.objects.create(
        contract=contract, duty=CANARY.lower(), ref=CANARY, title=f"{CANARY} duty", clause=CANARY, kind="contractual",
        tracking="once", category=CANARY, group=CANARY, obligor="vendor", obligor_name=CANARY, key_text=CANARY,
        due_state="known", due_on="2026-11-20", due_at="2026-11-20T16:00:00Z",
    )  # fmt: skip
    milestone = Milestone.objects.create(
        contract=contract, code="1", title=CANARY, clause=CANARY, amount=1, position=1, obligation=row
    )
    file = file_store(actor=world.viewer("IT"), contract=contract, upload=SimpleUploadedFile(f"{CANARY}.pdf", PDF))
    invoice = Invoice.objects.create(
        contract=contract, milestone=milestone, number=f"{CANARY}0001", amount=1, issued_on="2026-11-01", file=file,
        submitted_by=stranger, submitted_at="2026-11-01T00:00:00Z", check_note=CANARY,
    )  # fmt: skip
    return {"contract": contract, "row": row, "milestone": milestone, "file": file, "invoice": invoice}


@pytest.mark.parametrize("who", ["VND", "SUP"])
def test_another_vendors_words_appear_nowhere(world: World, own: Obligation, foreign: dict[str, Any], who: str) -> None:
    client = world.client(who)
    milestone = Milestone.objects.filter(contract=world.contract)[0]
    for address in addresses(world, own, milestone):
        if who == "SUP" and ("submit" in address or "hand-over" in address):
            continue
        assert CANARY not in text_of(client, address), address


def test_another_vendors_objects_do_not_exist(world: World, foreign: dict[str, Any]) -> None:
    client = world.client("VND")
    keys = {name: thing.pk for name, thing in foreign.items()}
    reads = [
        reverse("portal:contract", args=[keys["contract"]]),
        reverse("portal:contract_obligations", args=[keys["contract"]]),
        reverse("portal:clauses", args=[keys["contract"]]),
        reverse("portal:obligation", args=[keys["row"]]),
        reverse("portal:submit", args=[keys["row"]]),
        reverse("portal:hand_over", args=[keys["row"]]),
        reverse("portal:invoice_add", args=[keys["milestone"]]),
        reverse("portal:invoice_file", args=[keys["invoice"]]),
        reverse("portal:evidence_file", args=[keys["file"]]),
    ]
    for address in reads:
        assert client.get(address).status_code == 404, address
    form = {"done_on": "2026-11-01", "note": "mine", "to": "", "idempotency_key": "k1"}
    for name, key in (("submit", "row"), ("acknowledge", "row"), ("hand_over", "row"), ("invoice_add", "milestone")):
        assert client.post(reverse(f"portal:{name}", args=[keys[key]]), form).status_code == 404, name
    assert not Submission.objects.exists()
    assert Invoice.objects.count() == 1


def test_the_buyers_own_affairs_stay_inside(world: World, own: Obligation) -> None:
    """Names of the buyer's people, their notes, internal targets, causes and files are on no page of the portal."""
    for who in ("IT", "FIN", "MGR", "IT2"):
        User.objects.filter(pk=world.person[who].pk).update(display_name=f"KEPT-{who}")
    both = Obligation.objects.filter(contract=world.contract, obligor="both", state="open").first()
    rows = [own] + ([both] if both else [])
    Obligation.objects.filter(pk__in=[row.pk for row in rows]).update(
        keeper=world.person["IT"], waiver_reason="KEPT waiver"
    )
    target = Obligation.objects.filter(contract=world.contract, obligor="buyer").exclude(milestone__isnull=False)[0]
    Obligation.objects.filter(pk=target.pk).update(kind="internal", title="KEPT target")
    Fact.objects.filter(contract=world.contract).update(note="KEPT note")
    Clause.objects.filter(contract=world.contract).update(note="KEPT modelling note")
    if both:
        submission_add(
            actor=world.viewer("IT"), obligation=both, done_on=world.contract.starts_on, note="KEPT report",
            uploads=[SimpleUploadedFile("KEPT.pdf", PDF)],
        )  # fmt: skip
    file = file_store(actor=world.viewer("IT"), contract=world.contract, upload=SimpleUploadedFile("KEPT-2.pdf", PDF))
    hidden = file_store(
        actor=world.viewer("IT"), contract=world.contract, upload=SimpleUploadedFile("KEPT-3.pdf", PDF), buyer_only=True
    )
    milestone = Milestone.objects.filter(contract=world.contract)[0]
    for who in ("VND", "SUP"):
        client = world.client(who)
        for row in rows:
            for address in addresses(world, row, milestone):
                if who == "SUP" and ("submit" in address or "hand-over" in address):
                    continue
                assert "KEPT" not in text_of(client, address), (who, address)
        assert client.get(reverse("portal:obligation", args=[target.pk])).status_code == 404
        for one in (file, hidden):
            assert client.get(reverse("portal:evidence_file", args=[one.pk])).status_code == 404


@pytest.mark.parametrize("who", ["IT", "FIN", "MGR", "AUD", "SEC", "SYS", "STRANGER", "OTHER_BUYER"])
def test_the_portal_is_the_other_partys(world: World, own: Obligation, who: str) -> None:
    client = world.client(who)
    for address in (f"/portal/contracts/{world.contract.pk}/", f"/portal/obligations/{own.pk}/"):
        assert client.get(address).status_code == 404
    assert (
        client.post(f"/portal/obligations/{own.pk}/submit/", {"done_on": "2026-11-01", "note": "x"}).status_code == 404
    )
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/portal/",
        "/portal/contracts/",
        "/portal/contracts/{contract}/",
        "/portal/contracts/{contract}/obligations/",
        "/portal/contracts/{contract}/clauses/",
        "/portal/obligations/{row}/",
        "/portal/invoices/",
    ],
)
def test_pages_cost_a_fixed_number_of_statements(world: World, own: Obligation, address: str) -> None:
    """At most eight beyond session, person, roles and badges."""
    client = world.client("VND")
    url = address.format(contract=world.contract.pk, row=own.pk)
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    frame = ("django_session", "accounts_user", "accounts_membership", "obligations_notification")
    own_queries = [query["sql"] for query in seen if not any(f'FROM "{table}"' in query["sql"] for table in frame)]
    assert len(own_queries) <= 8, own_queries


@pytest.mark.parametrize("who", ["VND", "SUP"])
def test_the_buyers_pages_are_closed_to_the_other_parties(world: World, own: Obligation, who: str) -> None:
    """Every staff address of a contract or an obligation: nothing can be read, nothing done."""
    client = world.client(who)
    given = {"contract_id": world.contract.pk, "obligation_id": own.pk, "milestone_id": 1, "name": "effective"}
    routes = [
        route
        for route in all_routes()
        if route.name.startswith("web:") and set(route.parameters) & {"contract_id", "obligation_id", "milestone_id"}
    ]
    assert len(routes) > 20
    for route in routes:
        url = route.url({**dict.fromkeys(route.parameters, 1), **given})
        answer = client.get(url)
        assert answer.status_code in {403, 404, 405}, (route.name, answer.status_code)
        form = {"done_on": "2026-11-01", "note": "x", "reason": "x", "decision": "accept", "to": ""}
        assert client.post(url, form).status_code in {403, 404, 405}, route.name
    own.refresh_from_db()
    assert own.state == "open" and own.keeper_id is None
    assert not Submission.objects.exists()
