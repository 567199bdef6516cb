"""The table of moves, the plan, the notice and the blockers, as values."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendars import build_calendar
from penalties import rules

CENTS = st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100)
CALENDAR = build_calendar(
    code="T", zone="Asia/Shanghai", rest=[date(2025, 10, day) for day in range(1, 9)],
    work=[date(2025, 9, 28), date(2025, 10, 11)], names={}, first=date(2025, 1, 1), last=date(2025, 12, 31), source="",
)  # fmt: skip


@given(st.lists(st.sampled_from(sorted(rules.MOVES)), max_size=40))
def test_any_acts_in_any_order_only_walk_the_table(acts):
    """Whatever is tried, a case has one state, a final state is left by nothing, and approval precedes the notice."""
    state, walked = "clue", []
    for act in acts:
        try:
            following = rules.after(act, state)
        except rules.IllegalMove:
            continue
        assert state not in rules.FINAL
        assert state in rules.MOVES[act].before
        walked.append(act)
        state = following
    if "notify" in walked:
        assert "approve" in walked[: walked.index("notify")]
    if "settle" in walked:
        assert "agree" in walked[: walked.index("settle")]
    if state == "clue":
        assert "propose" not in walked


def test_every_state_is_reached_and_every_open_one_can_be_left():
    reached, waiting = {"clue"}, ["clue"]
    while waiting:
        state = waiting.pop()
        for act in rules.acts_in(state):
            following = rules.after(act, state)
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    assert reached == {state for states in rules.GROUPS.values() for state in states}
    assert all(rules.acts_in(state) for state in reached - rules.FINAL)


@given(CENTS, CENTS, CENTS)
def test_a_plan_adds_up_and_takes_no_more_than_there_is(amount, first, second):
    sources = (rules.Source("instalment:3", first), rules.Source("guarantee:1", second, optional=True),
               rules.Source("vendor"))  # fmt: skip
    parts = rules.settlement_plan(amount, sources)
    assert sum((part.amount for part in parts), Decimal(0)) == amount
    taken = {part.source: part.amount for part in parts}
    assert taken.get("instalment:3", 0) == min(amount, first)
    assert "guarantee:1" not in taken
    wish = min(second, amount)
    wished = {part.source: part.amount for part in rules.settlement_plan(amount, sources, {"guarantee:1": wish})}
    assert wished.get("guarantee:1", 0) == wish
    assert sum(wished.values(), Decimal(0)) == amount


@pytest.mark.parametrize(
    ("amount", "wishes", "code"),
    [
        ("10", {"instalment:3": "6"}, "too_much"),
        ("10", {"vendor": "11"}, "too_much"),
        ("10", {"vendor": "-1"}, "negative"),
        ("10", {"nobody": "1"}, "unknown"),
        ("10", {"instalment:3": "5", "vendor": "4"}, "uncovered"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(amount, wishes, code):
    sources = (rules.Source("instalment:3", Decimal(5)), rules.Source("vendor"))
    with pytest.raises(rules.PlanRefused) as refusal:
        rules.settlement_plan(Decimal(amount), sources, {key: Decimal(value) for key, value in wishes.items()})
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("received", "delivered"),
    [
        (date(2025, 9, 27), date(2025, 9, 28)),  # Saturday; the Sunday after is worked (D-100)
        (date(2025, 9, 28), date(2025, 9, 28)),
        (date(2025, 10, 1), date(2025, 10, 9)),  # the holiday week
        (date(2025, 10, 9), date(2025, 10, 9)),
    ],
)
def test_deemed_delivery(received, delivered):
    assert rules.deemed_delivered(received, rules.NoticeRule(rolls=True), CALENDAR) == delivered
    assert rules.deemed_delivered(received, rules.NoticeRule(), CALENDAR) == received


def test_the_notice_rule_follows_its_reading():
    data = {"notice": {"clause": "附4 9", "roll": "next_workday", "reading": "scope", "applies": "yes"}}
    assert rules.notice_rule(data, {"scope": "yes"}).rolls
    assert not rules.notice_rule(data, {"scope": "no"}).rolls
    assert not rules.notice_rule({}, {}).rolls
    period = {"notice": {"objection": {"days": 5, "unit": "days", "clause": "9"}}}
    rule = rules.notice_rule(period, {})
    assert (rule.days, rule.unit, rule.objection_clause) == (5, "days", "9")
    assert rules.objections_until(date(2025, 9, 28), 5, rule.unit, CALENDAR) == date(2025, 10, 3)
    assert rules.objections_until(date(2025, 9, 28), 5, "workdays", CALENDAR) == date(2025, 10, 11)


def test_what_stands_in_the_way_is_named():
    points = rules.blockers(
        amount_known=False, missing=("incident:i1.major", "reading.fee_base"), undecided=("band_policy", "fee_base"),
        displaced=True, minutes=False,
    )  # fmt: skip
    assert points == ("fact:incident:i1.major", "reading:band_policy", "reading:fee_base", "minutes")
    assert rules.blockers(amount_known=True, missing=(), undecided=(), displaced=True, minutes=True) == ()
    assert rules.blockers(amount_known=False, missing=(), undecided=(), displaced=False, minutes=False) == ("amount",)
