"""The docket as a list of work: the nearest deadline first, whatever it comes from; page by page nothing is missed and
nothing comes twice."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from accounts.policy import NotVisible
from billing import services as billing
from billing.models import SecurityClaim, SeparateClaim
from billing.services import guarantee_claims
from obligations.selectors.keyset import Cursor
from obligations.services.deadlines import Deadline, deadline_keep
from penalties import services
from penalties.models import PenaltyCase
from penalties.selectors import docket_queue
from penalties.services.deadlines import deadlines_sweep
from tests.billing.penalty_steps import case
from tests.penalties import steps
from tests.penalties.secured import HELD, VALID_UNTIL, governed_by, guaranteed, secured
from tests.penalties.world import TODAY, only_case
from tests.world import World

pytestmark = pytest.mark.django_db
UNTIL = date(2025, 11, 3)


def next_of(world: World) -> Any:
    (row,) = docket_queue(viewer=world.viewer("FIN")).rows
    return row


def test_the_deadline_follows_the_case_from_the_notice_to_the_end(world: World, clock: Any) -> None:
    found = steps.notified(world, received_on=None)
    assert next_of(world).next_on == date(2025, 10, 24), "the delivery is to be recorded"
    services.delivery_record(actor=world.viewer("FIN"), case=found, received_on=TODAY)
    assert next_of(world).next_on == UNTIL, "the vendor may object"
    services.penalty_object(actor=world.viewer("VND"), case=found, text="外部停电")
    assert next_of(world).next_on is None, "nobody set a day for the decision"
    services.objection_retract(actor=world.viewer("VND"), case=found)
    clock.shift(UNTIL - TODAY + timedelta(days=1))
    assert next_of(world).next_on == UNTIL
    deadlines_sweep()
    assert next_of(world).next_on == date(2025, 11, 10), "that nobody objected is to be recorded"
    found = services.penalty_agree(actor=world.viewer("FIN"), case=found, note="乙方未异议")
    assert next_of(world).next_on is None
    due = UNTIL + timedelta(days=60)
    plan = services.settlement_propose(
        actor=world.viewer("FIN"), case=found, wishes={"instalment:3": Decimal(0)}, claim_due_on=due
    )
    services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=True)
    assert (next_of(world).next_on, next_of(world).claim_on) == (due, due), "the vendor pays"
    billing.separate_claim_settle(
        actor=world.viewer("FIN"), claim=SeparateClaim.objects.get(), settled_on=UNTIL, bank_reference="BOC-2025-1"
    )
    assert next_of(world).next_on is None
    services.case_close(actor=world.viewer("FIN"), case=only_case(world))
    assert next_of(world).next_on is None


def test_a_claim_on_the_guarantee_is_delivered_before_its_validity_ends(world: World) -> None:
    governed_by(world, secured())
    held = guaranteed(world)
    steps.settled(world, wishes={f"guarantee:{held.pk}": HELD, "vendor": Decimal(100)}, claim_due_on=date(2026, 1, 9))
    row = next_of(world)
    assert (row.next_on, row.security_on, row.claim_on) == (VALID_UNTIL, VALID_UNTIL, date(2026, 1, 9))
    guarantee_claims.security_claim_deliver(
        actor=world.viewer("FIN"), claim=SecurityClaim.objects.get(), delivered_on=TODAY, reference="EMS 7"
    )
    assert next_of(world).next_on == date(2026, 1, 9), "the next one in time"


def dated(world: World, day: date | None, state: str = "notified", **given: Any) -> PenaltyCase:
    """A case with a deadline of that day."""
    found = case(world, state, **given)
    if day is not None:
        deadline = Deadline("penalty.objection", found.number, "异议", "10.2", "vendor", day)
        deadline_keep(world.contract, deadline, actor=world.viewer("FIN"), cause="test")
    return found


@pytest.fixture
def nine(world: World) -> list[PenaltyCase]:
    """In the order they are to be worked on; made in another."""
    late, soon, gone = TODAY + timedelta(days=30), TODAY + timedelta(days=2), TODAY - timedelta(days=1)
    waived = {"waived_by": world.person["MGR"]}
    made = {
        "late": dated(world, late),
        "over": case(world, "waived", **waived),
        "soon": dated(world, soon),
        "undated": case(world, "clue", approved_by=None, proposed_by=None),
        "soon too": dated(world, soon),
        "missed": dated(world, gone),
        "objected": case(world, "objected", because=["incident:i7"]),
        "soon as well": dated(world, soon, because=["incident:i7", "incident:i8"]),
        "over now": dated(world, gone, "waived", **waived),
    }
    order = (
        "missed", "soon as well", "soon too", "soon", "late", "objected", "undated", "over now", "over",
    )  # fmt: skip
    return [made[name] for name in order]


def walk(world: World, *, limit: int, **given: Any) -> list[list[PenaltyCase]]:
    """Page after page, as the links lead."""
    pages, cursor = [], ""
    while True:
        found = docket_queue(viewer=world.viewer("FIN"), cursor=cursor, limit=limit, **given)
        assert found.is_first == (not pages)
        pages.append([row.case for row in found.rows])
        if not (cursor := found.next_cursor):
            return pages
        assert len(pages) < 20


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 8, 9, 50])
def test_page_by_page_nothing_is_missed_and_nothing_comes_twice(
    nine: list[PenaltyCase], world: World, limit: int
) -> None:
    pages = walk(world, limit=limit)
    assert [row for page in pages for row in page] == nine
    assert all(len(page) == limit for page in pages[:-1]) and pages[-1]


def test_groups_and_what_a_case_rests_on_are_paged_alike(nine: list[PenaltyCase], world: World) -> None:
    disputed = [row for row in nine if row.state in ("notified", "objected")]
    assert walk(world, limit=3, group="dispute") == [disputed[:3], disputed[3:]]
    about = [row for row in nine if "incident:i7" in row.because]
    assert walk(world, limit=1, about="incident:i7") == [[row] for row in about]
    assert walk(world, limit=9, about="incident:i") == [[]], "the whole label"
    counts = docket_queue(viewer=world.viewer("FIN"), group="final", limit=1).counts
    assert counts == {"open": 1, "dispute": 6, "final": 2}, "of the whole, not of the page"


@pytest.mark.parametrize("cursor", ["x", "W10", str(Cursor(None, 3)), str(Cursor(7, 3))])
def test_a_damaged_cursor_leads_to_the_first_page(nine: list[PenaltyCase], world: World, cursor: str) -> None:
    found = docket_queue(viewer=world.viewer("FIN"), cursor=cursor, limit=2)
    assert found.is_first and [row.case for row in found.rows] == nine[:2]


def test_it_is_the_buyers_own(nine: list[PenaltyCase], world: World) -> None:
    assert len(docket_queue(viewer=world.viewer("AUD")).rows) == 9
    for who in ("VND", "STRANGER"):
        with pytest.raises(NotVisible):
            docket_queue(viewer=world.viewer(who))


def test_the_pages_show_the_deadlines_in_order_and_lead_on(nine: list[PenaltyCase], world: World) -> None:
    PenaltyCase.objects.bulk_create(
        PenaltyCase(
            contract=world.contract, number=f"MORE-{number}", target="rule:more", key_text=str(number), title="线索",
            raised_at=nine[0].raised_at,
        )
        for number in range(50)
    )  # fmt: skip
    client = world.client("FIN")
    for address in (reverse("web:penalties"), reverse("web:contract_docket", args=[world.contract.pk])):
        first = client.get(address)
        assert first.context["page"].newer_url == ""
        at = [first.text.index(f'"{reverse("web:penalty", args=[row.pk])}"') for row in nine[:5]]
        assert at == sorted(at)
        assert (TODAY + timedelta(days=2)).isoformat() in first.text[at[1] : at[2]]
        rest = client.get(first.context["page"].older_url)
        assert [row.number in rest.text for row in (nine[0], nine[-1])] == [False, True]
        assert (rest.context["page"].older_url, rest.context["page"].newer_url) == ("", address)
