"""What pages read: the right rows to the right people, on any day, in few statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.policy import NotVisible
from contracts.models import Fact
from contracts.selectors import today_for
from engine.money import LARGEST_AMOUNT
from obligations import selectors
from obligations.models import Obligation
from obligations.selectors.filters import Filters, status_query
from obligations.selectors.inbox import TABS, inbox, inbox_badge
from obligations.selectors.replay import replay
from obligations.selectors.rows import build_row, list_rows
from obligations.services.events import event_confirm, event_propose
from obligations.services.submissions import submission_accept, submission_add, submission_reject
from tests.obligations.story import Story

BUDGET = 8


def statements(read: Callable[[], Any]) -> int:
    """How many statements a read takes once definitions and calendars are in memory."""
    read()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        read()
    return len(seen)


def accept(story: Story, on: date = date(2026, 6, 30), *, recorded: datetime | None = None) -> Fact:
    """IT enters the acceptance, the manager confirms it; as if recorded at that moment."""
    fact = event_propose(actor=story.viewer("IT"), contract=story.contract, name="acceptance_signed", on=on)
    event_confirm(actor=story.viewer("MGR"), fact=fact)
    if recorded is not None:
        Fact.objects.filter(pk=fact.pk).update(recorded_at=recorded, known_at=recorded)
    return fact


def whole(story: Story, who: str, tab: str, **options: Any) -> list[Any]:
    """Every row of a tab, page by page."""
    rows, cursor = [], ""
    for _ in range(100):
        found = inbox(viewer=story.viewer(who), as_of=today_for(story.contract), today=today_for(story.contract),
                      tab=tab, cursor=cursor, size=7, **options)  # fmt: skip
        rows += found.page.rows
        cursor = found.page.next_cursor
        if not cursor:
            return rows
    raise AssertionError("pages do not end")


def test_each_role_finds_its_own_work(story: Story) -> None:
    todo = {who: {row.duty for row in whole(story, who, "todo")} for who in ("IT", "FIN", "VND", "AUD", "STRANGER")}
    assert todo["FIN"] == {"payment_1", "payment_3"}
    assert todo["IT"] == {"closing", "bank_pays"}
    assert todo["VND"] == {"weekly", "plan", "minutes"}
    assert todo["AUD"] == todo["STRANGER"] == set()
    assert {row.duty for row in whole(story, "FIN", "waiting")} == {"weekly", "plan", "minutes"}
    assert {row.duty for row in whole(story, "FIN", "copied")} == {"closing", "bank_pays"}
    assert {row.duty for row in whole(story, "VND", "waiting")} == {"payment_1", "payment_3", "bank_pays"}
    assert "plan" in {row.duty for row in whole(story, "AUD", "copied")}
    assert not any(whole(story, "STRANGER", tab) for tab in TABS)


def test_pages_follow_one_another_without_gap_or_repeat(story: Story) -> None:
    rows = whole(story, "VND", "todo")
    assert len(rows) == len({row.pk for row in rows}) == 55
    dated = [row.due_at for row in rows if row.due_at is not None]
    assert dated == sorted(dated)
    assert rows[-1].duty == "minutes"  # undated last
    broken = inbox(viewer=story.viewer("VND"), as_of=today_for(story.contract), today=today_for(story.contract),
                   cursor="not-a-cursor", size=7)  # fmt: skip
    assert broken.page.is_first


def test_a_report_waits_for_the_reviewer_not_for_its_author(story: Story) -> None:
    own = submission_add(
        actor=story.viewer("IT"), obligation=story.obligation("closing"), done_on=date(2026, 7, 1), note="done"
    )
    verbs = {row.duty: row.verb for row in whole(story, "IT2", "todo")}
    assert verbs["closing"] == "review"
    assert "closing" not in {row.duty for row in whole(story, "IT", "todo")}
    assert "closing" in {row.duty for row in whole(story, "IT", "waiting")}
    assert "closing" in {row.duty for row in whole(story, "MGR", "todo")}
    submission_accept(actor=story.viewer("MGR"), submission=own)
    assert [row.duty for row in whole(story, "IT", "done")] == ["closing"]
    assert whole(story, "IT", "done")[0].done_on == date(2026, 7, 1)


def test_the_vendor_never_sees_the_buyers_own_targets(story: Story) -> None:
    closing = story.obligation("closing")
    with pytest.raises(NotVisible):
        selectors.obligation_get(closing.pk, viewer=story.viewer("VND"), as_of=today_for(story.contract))
    with pytest.raises(NotVisible):
        selectors.obligation_get(story.obligation("plan").pk, viewer=story.viewer("STRANGER"),
                                 as_of=today_for(story.contract))  # fmt: skip
    with pytest.raises(NotVisible):
        selectors.contract_obligations(viewer=story.viewer("STRANGER"), contract=story.contract,
                                       as_of=today_for(story.contract))  # fmt: skip
    page = selectors.contract_obligations(
        viewer=story.viewer("VND"), contract=story.contract, as_of=today_for(story.contract), size=500
    )
    assert "closing" not in {row.duty for row in page.rows}


@pytest.mark.parametrize("day", [date(2025, 6, 30), date(2025, 7, 15), date(2025, 11, 4), date(2025, 11, 5),
                                 date(2026, 7, 30), date(2026, 7, 31), date(2027, 3, 1)])  # fmt: skip
def test_the_statement_and_the_rule_agree_on_every_status(story: Story, day: date) -> None:
    accept(story, date(2026, 8, 24))
    done = submission_add(
        actor=story.viewer("VND"), obligation=story.obligation("plan"), done_on=date(2025, 9, 1), note="late"
    )
    submission_accept(actor=story.viewer("IT"), submission=done)
    submission_add(
        actor=story.viewer("VND"), obligation=story.obligation("weekly", "2025-W27"), done_on=date(2025, 7, 7), note="x"
    )
    rows = list_rows(Obligation.objects.filter(contract=story.contract))
    by_rule: dict[str, set[int]] = {}
    for row in rows:
        built = build_row(row, viewer=story.viewer("IT"), as_of=day)
        by_rule.setdefault(built.status, set()).add(built.pk)
        assert Filters(status=built.status).matches(built)
    for status, pks in by_rule.items():
        assert set(rows.filter(status_query(status, day, "Asia/Shanghai")).values_list("pk", flat=True)) == pks, status


def test_statuses_on_the_days_around_the_deadline(story: Story) -> None:
    def status(day: date) -> tuple[str, int]:
        (one,) = replay(story.contract, viewer=story.viewer("IT"), as_of=day, only=["payment_1"])
        return one.row.status, one.row.delay_days

    assert status(date(2025, 11, 3)) == ("open", 0)
    assert status(date(2025, 11, 4)) == ("due_today", 0)
    assert status(date(2025, 11, 5)) == ("late", 1)


def test_an_internal_target_is_missed_but_never_a_breach(story: Story) -> None:
    row = build_row(
        list_rows(Obligation.objects.all()).get(duty="closing"), viewer=story.viewer("IT"), as_of=date(2026, 8, 1)
    )
    assert (row.status, row.is_breach, row.urgency, row.delay_days) == ("target_missed", False, "overdue", 0)


def test_a_replay_of_today_gives_what_the_columns_say(story: Story) -> None:
    accept(story)
    today, viewer = today_for(story.contract), story.viewer("IT")
    live = {
        row.pk: build_row(row, viewer=viewer, as_of=today)
        for row in list_rows(Obligation.objects.filter(contract=story.contract))
    }
    replayed = {one.row.pk: one.row for one in replay(story.contract, viewer=viewer, as_of=today)}
    assert replayed == live


def test_as_of_an_earlier_day_the_acceptance_had_not_happened(story: Story) -> None:
    accept(story)
    viewer, pk = story.viewer("IT"), story.obligation("payment_3").pk
    before = selectors.obligation_get(pk, viewer=viewer, as_of=date(2026, 6, 29))
    assert (before.row.due_state, before.row.status, before.is_live) == ("pending", "pending", False)
    after = selectors.obligation_get(pk, viewer=viewer, as_of=date(2026, 6, 30))
    assert after.row.due_on == date(2026, 11, 9)


def test_as_known_on_an_earlier_day_the_acceptance_was_not_recorded(story: Story) -> None:
    """Signed on 06-30, recorded on 07-20: until then everybody believed payment 3 to be pending."""
    accept(story, recorded=datetime(2026, 7, 20, 2, tzinfo=UTC))
    viewer, pk, day = story.viewer("IT"), story.obligation("payment_3").pk, date(2026, 8, 1)
    believed = [
        selectors.obligation_get(pk, viewer=viewer, as_of=day, known_on=known).row.due_on
        for known in (date(2026, 7, 19), date(2026, 7, 20))
    ]
    assert believed == [None, date(2026, 11, 9)]


def test_a_report_is_in_review_only_between_its_two_days(story: Story) -> None:
    first = submission_add(
        actor=story.viewer("VND"), obligation=story.obligation("plan"), done_on=date(2025, 7, 9), note="x"
    )
    submission_reject(actor=story.viewer("IT"), submission=first, note="no")
    first.refresh_from_db()
    handed, decided = datetime(2025, 7, 10, 2, tzinfo=UTC), datetime(2025, 7, 13, 2, tzinfo=UTC)
    type(first).objects.filter(pk=first.pk).update(submitted_at=handed, reviewed_at=decided)
    states = [
        replay(story.contract, viewer=story.viewer("IT"), as_of=date(2025, 7, day), only=["plan"])[0].row.state
        for day in (9, 10, 12, 13)
    ]
    assert states == ["open", "submitted", "submitted", "open"]


def test_the_detail_explains_the_day(story: Story) -> None:
    detail = selectors.obligation_get(
        story.obligation("payment_1").pk, viewer=story.viewer("FIN"), as_of=today_for(story.contract)
    )
    (count,) = detail.counts
    assert (count.anchor, count.result) == (date(2025, 6, 25), date(2025, 11, 4))
    ordinals = [day.ordinal for day in count.days if day.ordinal]
    assert ordinals == list(range(1, 91))
    kinds = {day.on: day.kind for day in count.days}
    assert (kinds[date(2025, 10, 1)], kinds[date(2025, 9, 28)]) == ("holiday", "makeup")
    strip = detail.strip
    assert strip is not None
    assert (strip.days[0].is_anchor, strip.days[-1].is_due, strip.days[-1].ordinal) == (True, True, 90)
    assert detail.sentences and all(detail.sentences)
    assert [version.number for version in detail.versions] == [1]
    assert "submit" in detail.may


def test_filters_find_by_text_clause_and_side(story: Story) -> None:
    def duties(**filters: Any) -> set[str]:
        page = selectors.contract_obligations(
            viewer=story.viewer("IT"), contract=story.contract, as_of=today_for(story.contract),
            filters=Filters(**filters), size=500,
        )  # fmt: skip
        return {row.duty for row in page.rows}

    assert duties(text="方案") == duties(text="OB-11") == {"plan"}
    assert duties(side="third") == {"bank_pays"}
    assert duties(lane="payment", text="尾款") == {"payment_3"}
    assert duties(clause="99") == set()
    assert duties(status="standing") == {"secrecy", "renewal"}
    past = selectors.contract_obligations(
        viewer=story.viewer("IT"), contract=story.contract, as_of=date(2025, 8, 1), filters=Filters(text="方案")
    )
    assert [row.duty for row in past.rows] == ["plan"]


def test_the_register_order_pages_too(story: Story) -> None:
    seen, cursor = [], ""
    for _ in range(40):
        page = selectors.contract_obligations(
            viewer=story.viewer("IT"), contract=story.contract, as_of=today_for(story.contract), order="register",
            cursor=cursor, size=9,
        )  # fmt: skip
        seen += [(row.position, row.pk) for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == sorted(set(seen))
    assert len(seen) == Obligation.objects.filter(contract=story.contract).count()


def test_the_overview_counts_live_and_replayed_alike(story: Story) -> None:
    today, viewer = today_for(story.contract), story.viewer("IT")
    live = selectors.overview(viewer=viewer, contract=story.contract, as_of=today)
    again = selectors.overview(viewer=viewer, contract=story.contract, as_of=today, known_on=today)
    assert live.figures == again.figures
    assert [group.urgency for group in live.urgent] == [group.urgency for group in again.urgent]
    assert live.figures.overdue >= 1
    ledger = selectors.contract_figures(viewer=viewer, contracts=[story.contract], as_of=today)
    assert ledger[story.contract.pk].overdue == live.figures.overdue


def test_the_money_of_the_month_adds_up_to_the_cent_however_large(story: Story) -> None:
    """Three of the largest amounts there are: their sum has one digit more than a database keeps."""
    today, viewer = today_for(story.contract), story.viewer("IT")
    rows = list(Obligation.objects.filter(contract=story.contract, state="open")[:3])
    Obligation.objects.filter(contract=story.contract).update(amount=None)
    Obligation.objects.filter(pk__in=[row.pk for row in rows]).update(
        amount=LARGEST_AMOUNT, due_on=today, due_state="known", gate_open=True
    )
    figures = selectors.overview(viewer=viewer, contract=story.contract, as_of=today).figures
    assert str(figures.money_month) == "29999999999999.97"


def test_the_year_shows_lanes_and_marks(story: Story) -> None:
    lanes = selectors.year_lanes(
        viewer=story.viewer("IT"), contract=story.contract, first=date(2025, 7, 1), last=date(2026, 6, 30),
        as_of=today_for(story.contract),
    )  # fmt: skip
    by_code = {lane.code: lane for lane in lanes.lanes}
    assert [mark.on for mark in by_code["payment"].marks] == [date(2025, 11, 4)]
    assert by_code["payment"].marks[0].kind == "late"
    assert len(by_code["report"].marks) >= 50


def test_every_page_keeps_to_its_statements_whatever_the_rows(story: Story) -> None:
    accept(story)
    submission_add(actor=story.viewer("VND"), obligation=story.obligation("plan"), done_on=date(2025, 7, 9), note="x")
    today, viewer, contract = today_for(story.contract), story.viewer("IT"), story.contract
    pk, long_ago = story.obligation("payment_3").pk, today - timedelta(days=200)
    reads: dict[str, Callable[[], Any]] = {
        "inbox": lambda: inbox(viewer=viewer, as_of=today, today=today),
        "inbox, long ago": lambda: inbox(viewer=viewer, as_of=long_ago, today=today),
        "list": lambda: selectors.contract_obligations(viewer=viewer, contract=contract, as_of=today),
        "list, long ago": lambda: selectors.contract_obligations(viewer=viewer, contract=contract, as_of=long_ago),
        "detail": lambda: selectors.obligation_get(pk, viewer=viewer, as_of=today),
        "overview": lambda: selectors.overview(viewer=viewer, contract=contract, as_of=today),
        "overview, long ago": lambda: selectors.overview(viewer=viewer, contract=contract, as_of=long_ago),
        "lanes": lambda: selectors.year_lanes(
            viewer=viewer, contract=contract, first=long_ago, last=today, as_of=today
        ),
        "clauses": lambda: selectors.clause_coverage(viewer=viewer, contract=contract),
        "badge": lambda: inbox_badge(viewer=viewer, as_of=today),
    }
    taken = {name: statements(read) for name, read in reads.items()}
    assert {name: n for name, n in taken.items() if n > BUDGET} == {}
