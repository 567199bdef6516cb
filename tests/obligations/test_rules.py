"""How an obligation stands on a day: below, at and above every boundary. No database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from obligations.rules import (
    Figures,
    dependants,
    has_begun,
    is_breach,
    key_text,
    may_submit,
    obligor_side,
    status_of,
    urgency_of,
)

ZONE = "Asia/Shanghai"
DUE = date(2026, 11, 9)
END = datetime(2026, 11, 9, 16, tzinfo=UTC)  # 24:00 in Shanghai
KNOWN = Figures("known", DUE, END)
AT_TEN = Figures("known", DUE, datetime(2026, 11, 9, 2, tzinfo=UTC))


def code(day: date, figures: Figures = KNOWN, **fields: object) -> tuple[str, int]:
    given = {"state": "open", "kind": "contractual", "done_on": None, "as_of": day, "zone": ZONE} | fields
    status = status_of(figures=figures, **given)  # type: ignore[arg-type]
    return status.code, status.delay_days


@pytest.mark.parametrize(
    ("offset", "expected"), [(-1, ("open", 0)), (0, ("due_today", 0)), (1, ("late", 1)), (30, ("late", 30))]
)
def test_the_due_day_is_in_time_and_the_next_day_is_one_late(offset: int, expected: tuple[str, int]) -> None:
    assert code(DUE + timedelta(days=offset)) == expected


def test_an_instant_passes_within_its_day() -> None:
    assert code(DUE - timedelta(days=1), AT_TEN) == ("open", 0)
    assert code(DUE, AT_TEN) == ("late", 0)
    assert code(DUE + timedelta(days=1), AT_TEN) == ("late", 1)


def test_done_on_the_day_is_met_and_the_day_after_is_late() -> None:
    far = date(2027, 1, 1)
    assert code(far, state="done", done_on=DUE) == ("met", 0)
    assert code(far, state="done", done_on=DUE + timedelta(days=1)) == ("met_late", 1)
    before, after = datetime(2026, 11, 9, 2, tzinfo=UTC), datetime(2026, 11, 9, 2, 1, tzinfo=UTC)
    assert code(far, AT_TEN, state="done", done_on=DUE, done_at=before) == ("met", 0)
    assert code(far, AT_TEN, state="done", done_on=DUE, done_at=after) == ("met_late", 0)


def test_a_provisional_date_makes_nobody_late() -> None:
    estimate = replace(KNOWN, due_state="provisional")
    assert code(DUE + timedelta(days=400), estimate) == ("provisional", 0)
    assert code(DUE, estimate, state="done", done_on=DUE + timedelta(days=9)) == ("met", 0)


def test_an_unmet_gate_waits_and_a_late_one_leaves_no_date_to_break() -> None:
    past = DUE + timedelta(days=10)
    assert code(past, replace(KNOWN, gate_open=False)) == ("waiting", 0)
    late = replace(KNOWN, gate_late=True)
    assert code(past, late) == ("open", 0)
    assert code(past, late, state="done", done_on=past) == ("met", 0)


def test_internal_targets_and_third_parties_are_never_in_breach() -> None:
    past = DUE + timedelta(days=1)
    for kind in ("internal", "external"):
        status = status_of(state="open", kind=kind, figures=KNOWN, done_on=None, as_of=past, zone=ZONE)
        assert (status.code, is_breach(status, kind)) == ("target_missed", False)
        assert code(past, kind=kind, state="done", done_on=past) == ("met", 0)
    late = status_of(state="open", kind="contractual", figures=KNOWN, done_on=None, as_of=past, zone=ZONE)
    assert is_breach(late, "contractual")


@pytest.mark.parametrize("state", ["waived", "closed", "standing"])
def test_what_is_settled_has_no_deadline(state: str) -> None:
    assert code(DUE + timedelta(days=99), state=state) == (state, 0)


def test_pending_never_and_in_review() -> None:
    assert code(DUE, Figures("pending")) == ("pending", 0)
    assert code(DUE, Figures("never")) == ("not_applicable", 0)
    assert code(DUE + timedelta(days=3), state="submitted") == ("in_review", 0)


@pytest.mark.parametrize(
    ("left", "group"),
    [(-1, "overdue"), (0, "today"), (1, "week"), (7, "week"), (8, "month"), (30, "month"), (31, "later")],
)
def test_the_groups_include_their_last_day(left: int, group: str) -> None:
    status = status_of(
        state="open", kind="contractual", figures=KNOWN, done_on=None, as_of=DUE - timedelta(days=left), zone=ZONE
    )
    assert urgency_of(status) == group


def test_pending_and_settled_stand_apart() -> None:
    def group(state: str, figures: Figures) -> str:
        return urgency_of(
            status_of(state=state, kind="contractual", figures=figures, done_on=DUE, as_of=DUE, zone=ZONE)
        )

    assert group("open", Figures("pending")) == "waiting"
    assert group("done", KNOWN) == group("waived", KNOWN) == group("open", Figures("never")) == "none"


def test_dependants_are_those_that_need_a_name_and_those_named() -> None:
    needs = {"a": ["event.x"], "b": ["event.y", "duty.a"], "c": []}
    assert dependants(needs, {"event.x"}) == {"a"}
    assert dependants(needs, {"duty.a"}) == {"a", "b"}
    assert dependants(needs, {"event.z"}) == frozenset()


def test_keys_periods_and_sides() -> None:
    assert key_text({"w": "2025-W27", "s": "s1"}) == "2025-W27/s1"
    assert has_begun({"m": "2026-11"}, date(2026, 11, 1))
    assert not has_begun({"m": "2026-11"}, date(2026, 10, 31))
    assert has_begun({"i": "incident-1"}, date(2026, 10, 31))
    assert [obligor_side(roles) for roles in (["buyer"], ["vendor", "third"], ["buyer", "vendor"], ["third"], [])] == [
        "buyer", "vendor", "both", "third", "third",
    ]  # fmt: skip
    assert [may_submit(side, "vendor") for side in ("buyer", "vendor", "both", "third")] == [False, True, True, False]
    assert [may_submit(side, "buyer") for side in ("buyer", "vendor", "both", "third")] == [True, False, True, True]
    assert not may_submit("both", "supervisor")
