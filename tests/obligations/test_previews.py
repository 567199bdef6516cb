"""What an entry would move is shown first; what then moves is the same, and the old date stays on record."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.policy import NotAllowed, NotVisible
from contracts.errors import Refused
from contracts.models import Fact
from contracts.services.calendars import calendar_propose
from obligations.models import DueVersion
from obligations.services.calendar_years import calendar_year_decide, calendar_year_effects
from obligations.services.events import event_confirm, event_propose
from obligations.services.previews import Outlook, ProposedFact, effect_preview, event_preview, fact_preview
from tests.obligations.story import Story

LATE = date(2026, 8, 24)
# Spring Festival and New Year of 2027 as a notice might set them.
REST = {date(2027, 1, 1): "元旦", **{date(2027, 2, day): "春节" for day in range(5, 12)}}
WORK = {date(2027, 1, 30): "春节"}


def test_the_preview_writes_nothing_and_the_confirmation_keeps_its_word(story: Story) -> None:
    versions = DueVersion.objects.count()
    (effect,) = event_preview(
        viewer=story.viewer("IT"), contract=story.contract, name="acceptance_signed", on=date(2026, 6, 30)
    )
    assert (effect.duty, effect.obligation_id) == ("payment_3", story.obligation("payment_3").pk)
    assert isinstance(effect.before, Outlook) and isinstance(effect.after, Outlook)
    assert (effect.before.figures.due_on, effect.after.figures.due_on) == (None, date(2026, 11, 9))
    assert (Fact.objects.count(), DueVersion.objects.count()) == (0, versions)

    fact = event_propose(
        actor=story.viewer("IT"), contract=story.contract, name="acceptance_signed", on=date(2026, 6, 30)
    )
    assert fact_preview(viewer=story.viewer("MGR"), fact=fact) == [effect]
    event_confirm(actor=story.viewer("MGR"), fact=fact)
    assert story.obligation("payment_3").due_on == effect.after.figures.due_on
    # The correction is previewed against what is in force now.
    fact.refresh_from_db()
    (moved,) = event_preview(
        viewer=story.viewer("IT"), contract=story.contract, name="acceptance_signed", on=date(2026, 7, 1),
        supersedes=fact,
    )  # fmt: skip
    assert str(moved.before).startswith("2026-11-09")
    assert str(moved.after).startswith("2026-11-10")


def test_several_facts_are_previewed_together(story: Story) -> None:
    effects = effect_preview(
        story.contract,
        [
            ProposedFact("event", "meeting", happened_on=date(2026, 3, 2)),
            ProposedFact("item", "guarantee", subject="g1", value={"expires": "2026-02-27"}),
        ],
    )
    assert [(row.duty, row.key_text) for row in effects] == [("renewal", "g1"), ("minutes", "")]
    assert isinstance(effects[0].before, str)  # it would come into being


def test_only_those_who_enter_facts_ask_what_they_would_move(story: Story) -> None:
    for who, refusal in (("VND", NotVisible), ("AUD", NotAllowed), ("STRANGER", NotVisible)):
        with pytest.raises(refusal):
            event_preview(viewer=story.viewer(who), contract=story.contract, name="meeting", on=date(2026, 3, 2))
    with pytest.raises(Refused):
        event_preview(viewer=story.viewer("IT"), contract=story.contract, name="mystery", on=date(2026, 3, 2))


def test_the_2027_calendar_turns_an_estimate_into_a_date(story: Story) -> None:
    fact = event_propose(actor=story.viewer("IT"), contract=story.contract, name="acceptance_signed", on=LATE)
    event_confirm(actor=story.viewer("MGR"), fact=fact)
    estimate = story.obligation("payment_3")
    assert estimate.due_state == "provisional"

    proposal = calendar_propose(
        actor=story.viewer("IT"), year=2027, rest=REST, work=WORK, source="国办发明电〔2026〕00 号"
    )
    assert story.obligation("payment_3").due_number == estimate.due_number
    (effect,) = [
        row for row in calendar_year_effects(viewer=story.viewer("MGR"), calendar=proposal) if row.duty == "payment_3"
    ]
    changes = calendar_year_decide(actor=story.viewer("MGR"), calendar=proposal, approve=True)
    assert [change.duty for change in changes] == ["payment_3"]
    known = story.obligation("payment_3")
    assert known.due_state == "known"
    assert isinstance(effect.after, Outlook)
    assert effect.after.figures.due_on == known.due_on
    # 90 working days after 2026-08-24: the estimate counted New Year's Day as a working day.
    assert estimate.due_on is not None and known.due_on is not None and known.due_on > estimate.due_on
    old, new = known.due_versions.order_by("-number")[:2][::-1]
    assert (old.state, old.estimate_on, new.state) == ("provisional", estimate.due_on, "known")
    assert new.cause == "calendar:CN 2027"
