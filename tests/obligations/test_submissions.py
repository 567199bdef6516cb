"""Handing in and reviewing: two people, round by round, and every way back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible, ReauthenticationRequired
from contracts.errors import Refused
from contracts.selectors import today_for
from obligations.models import Submission
from obligations.services.submissions import (
    obligation_reopen,
    obligation_waive,
    submission_accept,
    submission_add,
    submission_more_info,
    submission_reject,
    submissions_accept,
)
from tests.obligations.story import Story

DONE = date(2025, 7, 10)


def hand_in(story: Story, who: str = "VND", duty: str = "plan", key: str = "", on: date = DONE) -> Submission:
    return submission_add(
        actor=story.viewer(who), obligation=story.obligation(duty, key), done_on=on, reference="WJ-2025-07"
    )


def test_vendor_hands_in_it_rejects_vendor_tries_again_it_accepts(story: Story) -> None:
    first = hand_in(story)
    assert story.obligation("plan").state == "submitted"
    submission_reject(actor=story.viewer("IT"), submission=first, note="缺第三章")
    owed = story.obligation("plan")
    assert (owed.state, owed.due_number) == ("open", 1)  # still owed, by the same date
    second = hand_in(story, on=date(2025, 7, 14))
    assert second.round == 2
    changes = submission_accept(actor=story.viewer("IT"), submission=second)
    assert [(c.duty, c.state_after) for c in changes] == [("plan", "done")]
    done = story.obligation("plan")
    assert (done.state, done.done_on) == ("done", date(2025, 7, 14))
    first.refresh_from_db()
    assert (first.state, first.review_note) == ("rejected", "缺第三章")
    actions = list(
        JournalEntry.objects.filter(object_type="obligations.obligation", object_id=str(done.pk)).values_list(
            "action", flat=True
        )
    )
    assert sorted(actions) == sorted(
        ["obligation.submit", "obligation.reject", "obligation.submit", "obligation.accept"]
    )


def test_the_reviewer_may_find_another_day(story: Story) -> None:
    submission_accept(actor=story.viewer("IT"), submission=hand_in(story), done_on=date(2025, 8, 1))
    assert story.obligation("plan").done_on == date(2025, 8, 1)


def test_nobody_accepts_their_own_report(story: Story) -> None:
    own = hand_in(story, "IT", "closing")
    for decide in (
        lambda: submission_accept(actor=story.viewer("IT"), submission=own),
        lambda: submission_reject(actor=story.viewer("IT"), submission=own, note="x"),
    ):
        with pytest.raises(Refused):
            decide()
    own.refresh_from_db()
    assert (own.state, story.contract.facts.count()) == ("submitted", 0)
    submission_accept(actor=story.viewer("IT2"), submission=own)
    assert story.obligation("closing").state == "done"


def test_each_side_reports_its_own_duties(story: Story) -> None:
    with pytest.raises(NotAllowed):
        hand_in(story, "IT")
    with pytest.raises(NotAllowed):
        hand_in(story, "VND", "payment_1")
    with pytest.raises(NotVisible):
        hand_in(story, "VND", "closing")  # the buyer's internal target
    with pytest.raises(NotVisible):
        hand_in(story, "STRANGER")
    with pytest.raises(NotAllowed):
        hand_in(story, "AUD")
    with pytest.raises(NotAllowed):
        submission_accept(actor=story.viewer("VND2"), submission=hand_in(story))
    assert Submission.objects.exclude(state="submitted").count() == 0


def test_third_parties_duties_are_kept_by_the_buyer(story: Story) -> None:
    assert hand_in(story, "IT", "bank_pays").round == 1


@pytest.mark.parametrize("days", [1, 30])
def test_a_future_day_is_refused(story: Story, days: int) -> None:
    with pytest.raises(Refused) as refused:
        hand_in(story, on=today_for(story.contract) + timedelta(days=days))
    assert refused.value.field == "done_on"
    assert (Submission.objects.count(), story.obligation("plan").state) == (0, "open")


def test_today_is_not_the_future(story: Story) -> None:
    assert hand_in(story, on=today_for(story.contract)).pk


def test_one_report_at_a_time_and_nothing_without_proof(story: Story) -> None:
    with pytest.raises(Refused):
        submission_add(actor=story.viewer("VND"), obligation=story.obligation("plan"), done_on=DONE)
    hand_in(story)
    with pytest.raises(Refused):
        hand_in(story, "VND2")
    with pytest.raises(Refused):
        hand_in(story, duty="secrecy")
    assert Submission.objects.count() == 1


def test_a_refused_file_leaves_nothing_half_saved(story: Story) -> None:
    empty = SimpleUploadedFile("报告.pdf", b"")
    with pytest.raises(Refused):
        submission_add(
            actor=story.viewer("VND"), obligation=story.obligation("plan"), done_on=DONE, note="x", uploads=[empty]
        )
    assert (Submission.objects.count(), story.contract.evidence.count()) == (0, 0)
    assert story.obligation("plan").state == "open"


def test_more_information_keeps_it_owed(story: Story) -> None:
    first = hand_in(story)
    with pytest.raises(Refused):
        submission_more_info(actor=story.viewer("IT"), submission=first, note=" ")
    submission_more_info(actor=story.viewer("IT"), submission=first, note="请补附件")
    assert story.obligation("plan").state == "open"
    with pytest.raises(Refused):
        submission_accept(actor=story.viewer("IT"), submission=first)


def test_only_the_manager_waives_with_a_reason_and_a_fresh_login(story: Story) -> None:
    plan = story.obligation("plan")
    with pytest.raises(NotAllowed):
        obligation_waive(actor=story.viewer("IT"), obligation=plan, reason="x")
    with pytest.raises(ReauthenticationRequired):
        obligation_waive(actor=story.viewer("MGR", fresh=False), obligation=plan, reason="x")
    with pytest.raises(Refused):
        obligation_waive(actor=story.viewer("MGR"), obligation=plan, reason=" ")
    with pytest.raises(Refused):  # owed to the vendor: not ours to waive
        obligation_waive(actor=story.viewer("MGR"), obligation=story.obligation("payment_1"), reason="x")
    assert story.obligation("plan").state == "open"
    obligation_waive(actor=story.viewer("MGR"), obligation=plan, reason="已并入总体方案")
    waived = story.obligation("plan")
    assert (waived.state, waived.waiver_reason, waived.waived_at is not None) == ("waived", "已并入总体方案", True)
    obligation_reopen(actor=story.viewer("MGR"), obligation=waived, reason="误操作")
    assert story.obligation("plan").state == "open"


def test_a_wrong_acceptance_is_taken_back_by_a_counter_fact(story: Story) -> None:
    report = hand_in(story)
    submission_accept(actor=story.viewer("IT"), submission=report)
    with pytest.raises(ReauthenticationRequired):
        obligation_reopen(actor=story.viewer("MGR", fresh=False), obligation=story.obligation("plan"), reason="x")
    obligation_reopen(actor=story.viewer("MGR"), obligation=story.obligation("plan"), reason="材料系伪造")
    reopened = story.obligation("plan")
    assert (reopened.state, reopened.done_on) == ("open", None)
    facts = list(story.contract.facts.order_by("pk"))
    assert [fact.value for fact in facts] == ["2025-07-10", None]
    assert facts[1].supersedes == facts[0]
    report.refresh_from_db()
    assert report.state == "rejected"
    again = hand_in(story, on=date(2025, 8, 8))
    submission_accept(actor=story.viewer("IT"), submission=again)
    assert story.obligation("plan").done_on == date(2025, 8, 8)


def test_several_reports_are_accepted_together_or_not_at_all(story: Story) -> None:
    weeks = [hand_in(story, duty="weekly", key=f"2025-W{week}") for week in (27, 28)]
    own = hand_in(story, "IT", "closing")
    with pytest.raises(Refused):
        submissions_accept(actor=story.viewer("IT"), submissions=[*weeks, own])
    assert Submission.objects.filter(state="submitted").count() == 3
    changes = submissions_accept(actor=story.viewer("IT"), submissions=weeks)
    assert sorted(change.key_text for change in changes) == ["2025-W27", "2025-W28"]
