"""What waits for a person, at the head of the inbox: of every step that takes a second pair of eyes, exactly those who
may take it are asked. The one who put it forward is not, wears they every hat of the house; once it is done, nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import policy
from accounts.models import Party
from accounts.scoping import Viewer
from billing import services as billing
from billing.services import guarantee, guarantee_claims
from billing.services.allocation import allocation_decide, allocation_propose
from contracts.errors import Refused
from contracts.selectors.facts import facts_to_confirm
from contracts.services.calendars import calendar_decide, calendar_propose
from contracts.services.facts import fact_decide, fact_record
from definitions.services import version_activate
from obligations.services.readings import reading_decide
from penalties import services as penalties
from penalties.models import PenaltyCase
from sla import services as sla
from sla.models import Finding
from tests.billing import money_steps as money
from tests.billing import penalty_steps as docket
from tests.billing import security_steps as securities
from tests.billing.world import pdf
from tests.doors import values
from tests.world import World, build_world
from web.waiting import TASKS, tasks_for

pytestmark = pytest.mark.django_db

STAFF = ("IT", "IT2", "FIN", "MGR", "ALL")
OUTSIDE = ("AUD", "VND", "SUP", "OTHER_ALL")
MANAGERS, FINANCE = {"MGR"}, {"FIN"}
LATER = date(2026, 12, 1)


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """One house for all stories, each rolled back. ALL wears every hat of the buyer's staff, OTHER_ALL that of another
    buyer."""
    with django_db_blocker.unblock(), time_machine.travel(values.NOW, tick=True):
        atomic = transaction.atomic()
        atomic.__enter__()
        made = build_world()
        for name, party in (("ALL", made.parties["buyer"]), ("OTHER_ALL", Party.objects.get(name="别的单位"))):
            person = made.join(name, "IT", party)
            for role in ("FIN", "MGR"):
                person.memberships.create(role_id=role)
        yield made
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


def played(house: World, *roles: str) -> World:
    """The house in which ALL does the work of these."""
    return replace(house, person=house.person | dict.fromkeys(roles, house.person["ALL"]))


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass(frozen=True)
class Story:
    """`put` brings the thing to where it waits, ALL doing what the second person may not have done; `act` is the step
    that is asked for, `of` these alone. `shared`: also of other buyers, whose managers may take it too."""

    task: str
    put: Callable[[World], Any]
    act: Callable[[Viewer, Any], object]
    of: frozenset[str]


STORIES: list[Story] = []


def waits(task: str, of: set[str], act: Callable[[Viewer, Any], object]) -> Callable[..., Any]:
    def keep(put: Callable[[World], Any]) -> Callable[[World], Any]:
        STORIES.append(Story(task, put, act, frozenset(of)))
        return put

    return keep


# --- what a contract is read by -------------------------------------------------------------------------------------


@waits("reading", MANAGERS, lambda who, row: reading_decide(actor=who, choice=row, accept=True))
def a_reading(house: World) -> Any:
    return values.reading_waiting(played(house, "IT"), note="双方会商")


@waits("version_activate", MANAGERS, lambda who, row: version_activate(actor=who, version=row))
def a_draft(house: World) -> Any:
    row = values.draft(house.contract)
    row.loaded_by = house.person["ALL"]
    row.save(update_fields=["loaded_by"])
    return row


@waits(
    "calendar_decide", MANAGERS | {"OTHER_ALL"}, lambda who, row: calendar_decide(actor=who, calendar=row, approve=True)
)
def a_year(house: World) -> Any:
    rest = {date(2028, 1, 1): "元旦"}
    return calendar_propose(actor=house.viewer("ALL"), year=2028, rest=rest, work={}, source="通知 1 号")


# --- money ----------------------------------------------------------------------------------------------------------


@waits(
    "invoice_check", FINANCE, lambda who, row: billing.invoice_check(actor=who, invoice=row, accept=True, note="已核")
)
def an_invoice(house: World) -> Any:
    return money.handed_in(played(house, "VND"))


@waits("payment_decide", MANAGERS, lambda who, row: billing.payment_decide(actor=who, application=row, approve=True))
def an_application(house: World) -> Any:
    return money.applied(played(house, "FIN"))


def _post(who: Viewer, row: Any) -> object:
    return billing.payment_post(actor=who, application=row, paid_on=money.EARLIER, bank_reference="BOC-90001")


@waits("payment_post", FINANCE | {"ALL"}, _post)
def an_approved_application(house: World) -> Any:
    return billing.payment_decide(actor=house.viewer("ALL"), application=money.applied(played(house)), approve=True)


@waits("reversal_decide", MANAGERS, lambda who, row: billing.reversal_decide(actor=who, reversal=row, approve=True))
def a_reversal(house: World) -> Any:
    return billing.reversal_propose(
        actor=house.viewer("ALL"), payment=money.paid(house), happened_on=money.TODAY, bank_reference="BOC-90004",
        reason="退汇",
    )  # fmt: skip


@waits("payee_decide", MANAGERS, lambda who, row: billing.payee_decide(actor=who, change=row, confirm=True))
def another_account(house: World) -> Any:
    return billing.payee_propose(
        actor=house.viewer("ALL"), contract=house.contract, name="收款公司", bank="另一银行",
        account="6222000099998888", letter=pdf("letter.pdf"), reason="乙方来函，已回访",
    )  # fmt: skip


def _refunded(who: Viewer, row: Any) -> object:
    return billing.refund_pay(actor=who, refund=row, paid_on=money.TODAY, bank_reference="BOC-90002")


@waits("refund_pay", FINANCE, _refunded)
def a_refund(house: World) -> Any:
    claim = billing.separate_claim_settle(
        actor=house.viewer("FIN"), claim=money.claimed(house), settled_on=money.TODAY, bank_reference="BOC-90003"
    )
    return billing.refund_add(
        actor=house.viewer("ALL"), claim=claim, amount=Decimal(5), note="多收", ordered_by=house.person["FIN"].pk
    )


# --- securities and the allocation ----------------------------------------------------------------------------------


@waits(
    "instrument_decide", MANAGERS,
    lambda who, row: guarantee.instrument_decide(actor=who, instrument=row, accept=True, note="回单"),
)  # fmt: skip
def a_security(house: World) -> Any:
    return securities.submitted(played(house, "VND"))


@waits(
    "claim_decide", MANAGERS,
    lambda who, row: guarantee_claims.security_claim_decide(actor=who, claim=row, approve=True),
)  # fmt: skip
def a_claim(house: World) -> Any:
    return securities.proposed_claim(played(house, "FIN"))


def _delivered(who: Viewer, row: Any) -> object:
    return guarantee_claims.security_claim_deliver(actor=who, claim=row, delivered_on=money.TODAY, reference="EMS 1")


@waits("claim_deliver", FINANCE | {"ALL"}, _delivered)
def an_approved_claim(house: World) -> Any:
    return guarantee_claims.security_claim_decide(
        actor=house.viewer("ALL"), claim=securities.proposed_claim(house), approve=True
    )


def _answered(who: Viewer, row: Any) -> object:
    return guarantee_claims.security_claim_answer(
        actor=who, claim=row, outcome="paid", on=money.TODAY, reference="回单 1"
    )


@waits("claim_answer", FINANCE, _answered)
def a_delivered_claim(house: World) -> Any:
    return _delivered(house.viewer("FIN"), an_approved_claim(house))


@waits("order_decide", MANAGERS, lambda who, row: guarantee.order_decide(actor=who, order=row, approve=True))
def a_correction_of_a_security(house: World) -> Any:
    row = securities.accepted(house)
    return guarantee.order_propose(
        actor=house.viewer("ALL"), instrument=row, kind="counter", amount=Decimal(900), on=money.TODAY,
        reference="更正", note="金额有误", counters=row.movements.get(),
    )  # fmt: skip


@waits("allocation_decide", MANAGERS, lambda who, row: allocation_decide(actor=who, allocation=row, approve=True))
def an_allocation(house: World) -> Any:
    return allocation_propose(
        actor=house.viewer("ALL"), contract=house.contract, method="equal", reason="均分",
        effective_on=date(2026, 4, 1), **securities.PROOF,
    )  # fmt: skip


# --- service levels and penalties -----------------------------------------------------------------------------------


def _findings(who: Viewer, row: Any) -> object:
    found = list(Finding.objects.filter(incident=row, state="proposed"))
    return sla.findings_decide(actor=who, incident=row, findings=found, accept=True)


@waits("findings_confirm", MANAGERS, _findings)
def a_finding(house: World) -> Any:
    return values.incident_of(played(house, "IT"), note="停机", inside="记录")[0]


@waits(
    "exclusion_judge", MANAGERS,
    lambda who, row: sla.exclusion_decide(actor=who, exclusion=row, accept=False, note="无公告"),
)  # fmt: skip
def an_exclusion(house: World) -> Any:
    return values.incident_of(played(house, "IT"), note="停机", inside="记录")[1]


@waits("penalty_approve", MANAGERS, lambda who, row: penalties.penalty_approve(actor=who, case=row))
def a_penalty(house: World) -> Any:
    return docket.proposed_case(played(house, "IT"))


def _notified(who: Viewer, row: Any) -> object:
    return penalties.penalty_notify(actor=who, case=row, method="mail", sent_on=money.EARLIER, reference="EMS 2")


@waits("penalty_notify", {"IT", "IT2", "ALL"} | FINANCE, _notified)
def an_approved_penalty(house: World) -> Any:
    return docket.case(played(house, "MGR"), "approved", issued_at=None, notice_method="", sent_on=None)


@waits(
    "penalty_decide", MANAGERS,
    lambda who, row: penalties.penalty_decide(actor=who, case=row, decision="upheld", text="理由不成立"),
)  # fmt: skip
def an_objection(house: World) -> Any:
    found = penalties.penalty_approve(actor=house.viewer("ALL"), case=docket.proposed_case(house))
    PenaltyCase.objects.filter(pk=found.pk).update(
        state="objected", issued_at=timezone.now(), notice_method="mail", objected_by=house.person["VND"],
        objected_at=timezone.now(),
    )  # fmt: skip
    return PenaltyCase.objects.get(pk=found.pk)


def _planned(who: Viewer, row: Any) -> object:
    return penalties.settlement_propose(actor=who, case=row, claim_due_on=LATER)


@waits("penalty_settle", FINANCE | {"ALL"}, _planned)
def an_agreed_penalty(house: World) -> Any:
    return docket.case(house, "agreed", approved_at=timezone.now())


@waits(
    "settlement_decide", MANAGERS,
    lambda who, row: penalties.settlement_decide(actor=who, settlement=row, approve=True),
)  # fmt: skip
def a_settlement(house: World) -> Any:
    return docket.planned(played(house, "FIN"))


@waits(
    "adjustment_decide", MANAGERS,
    lambda who, row: penalties.adjustment_decide(actor=who, adjustment=row, approve=True),
)  # fmt: skip
def an_adjustment(house: World) -> Any:
    return penalties.adjustment_propose(
        actor=house.viewer("ALL"), case=docket.settled(house), amount=Decimal(10), reason="多算"
    )


# --- the stories ----------------------------------------------------------------------------------------------------


def asked(house: World, task: str, row: Any, people: Iterable[str] = STAFF + OUTSIDE) -> set[str]:
    """Who of these is asked for this step of this very thing."""
    words, route, with_contract = TASKS[task]
    address = reverse(route, args=[house.contract.pk, row.pk] if with_contract else [row.pk])
    return {
        who
        for who in people
        if any((each.text, each.url) == (str(words), address) for each in tasks_for(house.viewer(who)))
    }


def test_every_task_has_its_story_here() -> None:
    assert sorted(story.task for story in STORIES) == sorted(TASKS)


@pytest.mark.parametrize("story", STORIES, ids=[story.task for story in STORIES])
def test_exactly_those_are_asked_who_may_do_it_until_it_is_done(story: Story, house: World) -> None:
    row = story.put(house)
    assert asked(house, story.task, row) == story.of
    may = set()
    for who in (*STAFF, "OTHER_ALL"):
        with undone():
            try:
                story.act(house.viewer(who), type(row).objects.get(pk=row.pk))
            except (Refused, policy.PolicyError):
                continue
            may.add(who)
            assert asked(house, story.task, row, {who} | story.of) == set(), "still asked for what is done"
    assert may == story.of


def test_a_plan_turned_down_is_planned_anew(house: World) -> None:
    plan = docket.planned(house)
    assert asked(house, "penalty_settle", plan.case) == set()
    penalties.settlement_decide(actor=house.viewer("MGR"), settlement=plan, approve=False, note="先抵扣")
    assert asked(house, "penalty_settle", plan.case) == FINANCE | {"ALL"}


def test_only_the_newest_draft_waits_and_never_for_its_loader(house: World) -> None:
    first = a_draft(house)
    second = type(first).objects.create(
        contract=house.contract, number=first.number + 1, state="draft", sha256="f" * 64, data=first.data,
        dependencies=first.dependencies, loaded_by=house.person["MGR"],
    )  # fmt: skip
    assert asked(house, "version_activate", first) == set()
    assert asked(house, "version_activate", second) == {"ALL"}


def test_an_exclusion_without_a_paper_waits_for_the_paper(house: World) -> None:
    claim = sla.exclusion_claim(
        actor=house.viewer("IT"), contract=house.contract, ground="cutover", system="s1", starts_at=values.NOW,
        ends_at=values.NOW + timedelta(minutes=5), note="割接",
    )  # fmt: skip
    assert asked(house, "exclusion_judge", claim) == set()
    sla.paper_add(actor=house.viewer("IT"), exclusion=claim, name="notice", reference="公告 3 号")
    assert asked(house, "exclusion_judge", claim) == MANAGERS | {"ALL"}


def test_nobody_is_asked_to_take_back_a_deduction_of_their_own(house: World) -> None:
    """MGR2 carried the settlement out, by a deduction: an adjustment below it waits for another manager."""
    wish = an_adjustment(house)
    assert wish.case.liability.deducted == wish.before
    assert asked(house, "adjustment_decide", wish, ("MGR", "MGR2")) == {"MGR"}
    with pytest.raises(Refused), undone():
        penalties.adjustment_decide(actor=house.viewer("MGR2"), adjustment=wish, approve=True)


def test_whoever_deducted_may_give_up_what_is_still_to_be_paid(house: World) -> None:
    """Nothing but an open claim is lowered: what MGR2 deducted stays."""
    case = docket.settled(house)
    assert case.liability is not None
    type(case.liability).objects.filter(pk=case.liability_id).update(amount=80)
    PenaltyCase.objects.filter(pk=case.pk).update(amount=80)
    case.liability.refresh_from_db()
    billing.separate_claim_add(
        actor=house.viewer("FIN"), liability=case.liability, amount=Decimal(20), due_on=LATER, note="催告",
        out_of_order=True,
    )  # fmt: skip
    for after, of in ((60, {"MGR", "MGR2"}), ("59.99", {"MGR"})):
        with undone():
            wish = penalties.adjustment_propose(
                actor=house.viewer("FIN"), case=case, amount=Decimal(after), reason="协商"
            )
            assert asked(house, "adjustment_decide", wish, ("MGR", "MGR2")) == of
            for who in ("MGR", "MGR2"):
                with undone():
                    try:
                        penalties.adjustment_decide(actor=house.viewer(who), adjustment=wish, approve=True)
                    except Refused:
                        assert who not in of
                    else:
                        assert who in of


def fact_asked(house: World, row: Any) -> set[str]:
    return {who for who in STAFF + OUTSIDE if row in facts_to_confirm(viewer=house.viewer(who), limit=5)}


@pytest.mark.parametrize(
    ("fact", "of"),
    [
        ({"kind": "event", "name": "acceptance_signed", "happened_on": date(2026, 9, 1)}, {"MGR", "ALL"}),
        ({"kind": "item", "name": "person", "value": {"joined": "2026-09-01"}}, {"IT2", "MGR", "ALL"}),
    ],
    ids=["the manager confirms", "the other IT confirms"],
)
def test_a_fact_is_confirmed_by_the_role_the_definition_names_or_the_manager(
    fact: dict[str, Any], of: set[str], house: World
) -> None:
    row = fact_record(actor=house.viewer("IT"), contract=house.contract, **fact)
    assert fact_asked(house, row) == of
    may = set()
    for who in (*STAFF, "OTHER_ALL"):
        with undone():
            try:
                fact_decide(actor=house.viewer(who), fact=row, accept=True)
            except (Refused, policy.PolicyError):
                continue
            may.add(who)
            assert fact_asked(house, row) == set()
    assert may == of


def test_the_longest_waiting_comes_first_in_one_statement(house: World, django_assert_num_queries: Any) -> None:
    """Every kind at once, most of them two times over, for the person who may see nearly all."""
    with time_machine.travel(values.NOW + timedelta(hours=1), tick=True):
        late = an_application(house)
    for put in (an_approved_application, a_refund, an_approved_claim, an_approved_penalty, an_agreed_penalty):
        put(house)
    early = a_year(played(house, "ALL"))
    type(early).objects.filter(pk=early.pk).update(recorded_at=values.NOW - timedelta(days=9))
    manager, everybody = house.viewer("MGR"), house.viewer("ALL")
    with django_assert_num_queries(1):
        found = tasks_for(manager)
    assert [each.since for each in found] == sorted(each.since for each in found)
    assert found[0].url == reverse("web:workdays_year", args=[early.pk])
    assert (found[0].about, found[0].contract, found[0].amount) == ("2028", "", None)
    assert found[-1].url == reverse("web:application", args=[late.pk])
    assert (found[-1].contract, found[-1].amount) == (house.contract.title, late.amount)
    with django_assert_num_queries(1):
        assert len(tasks_for(everybody)) > 3


def test_the_inbox_shows_what_to_do_and_where(house: World) -> None:
    refund, year = a_refund(house), a_year(house)
    finance, manager = (house.client(who).get(reverse("web:inbox")).text for who in ("FIN", "MGR2"))
    assert reverse("web:refund_pay", args=[refund.pk]) in finance
    assert reverse("web:refund_pay", args=[refund.pk]) not in manager
    line = manager[manager.index("2028") :]
    assert reverse("web:workdays_year", args=[year.pk]) in line
    assert "·  ·" not in line
