"""What must hold for any facts: more facts never lower a sum, a maximum never exceeds a sum, nothing unknown decides,
and the same inputs give the same derivation, byte for byte."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.results import Evaluation
from tests.engine.assessment.support import LOSS, incident, run

TEXT = (
    LOSS
    + """
[rule.severe]
clause = "3"
for = "incidents as i, i.systems as s"
when = "i.severe and i.late >= 2"
yields = "money"
amount = "i.late * CNY 33.335"
[pool.sum]
over = ["loss", "severe"]
[pool.max]
over = ["loss", "severe"]
by = "linked(incident, cause)"
combine = "max"
[pool.maxima]
over = ["max"]
[pool.capped]
over = ["loss", "severe"]
caps = [{ limit = "CNY 50", window = "month" }, { limit = "CNY 90", window = "rolling 12 months" }]
"""
)


@dataclass(frozen=True)
class Case:
    day: int
    cause: str
    cents: int
    severe: str
    late: int

    def written(self, name: str, severe: str | None = None) -> str:
        truth = self.severe if severe is None else severe
        extra = {"severe": truth} if truth != "unknown" else {}
        return incident(
            name, f"2025-{1 + self.day // 28:02d}-{1 + self.day % 28:02d}", cause=f'"{self.cause}"',
            systems='["s1", "s2"]', loss=f'"CNY {self.cents / 100:.2f}"', late=str(self.late), **extra,
        )  # fmt: skip


case = st.builds(
    Case,
    day=st.integers(0, 300),
    cause=st.sampled_from(["a", "b", "c"]),
    cents=st.integers(0, 9000),
    severe=st.sampled_from(["true", "false", "unknown"]),
    late=st.integers(0, 4),
)
cases = st.lists(case, max_size=4)


def low(found: Evaluation, pool: str) -> Decimal:
    return sum((group.result.low or Decimal(0) for group in found.pools if group.id == pool), Decimal(0))


def facts(group: list[Case]) -> str:
    return "".join(each.written(f"i{number}") for number, each in enumerate(group))


@settings(max_examples=40, deadline=None)
@given(cases, case)
def test_one_more_incident_never_lowers_a_sum(group: list[Case], extra: Case) -> None:
    assert low(run(TEXT, facts([*group, extra])), "sum") >= low(run(TEXT, facts(group)), "sum")


@settings(max_examples=40, deadline=None)
@given(cases)
def test_a_maximum_never_exceeds_the_sum_nor_a_capped_pool_its_caps(group: list[Case]) -> None:
    found = run(TEXT, facts(group))
    assert low(found, "maxima") == low(found, "max") <= low(found, "sum")
    assert low(found, "capped") <= min(low(found, "sum"), Decimal(90))
    assert all(room.used <= room.limit for each in found.pools for room in each.headroom)


@settings(max_examples=40, deadline=None)
@given(cases)
def test_an_unknown_fact_never_decides(group: list[Case]) -> None:
    """Whatever the unknown ones turn out to be, the truth lies where the pool left room for it."""
    open_, found = facts(group), run(TEXT, facts(group))
    for truth in ("true", "false"):
        settled = run(
            TEXT,
            "".join(each.written(f"i{n}", truth if each.severe == "unknown" else None) for n, each in enumerate(group)),
        )
        assert low(settled, "sum") >= low(found, "sum")
        if found.pool("sum").state == "known":
            assert low(settled, "sum") == low(found, "sum")
    clues = {each.label for each in found.assessments if each.stage == "clue"}
    assert clues.isdisjoint(found.pool("sum").winners)
    assert run(TEXT, open_) == found


@settings(max_examples=15, deadline=None)
@given(cases)
def test_the_same_inputs_give_the_same_bytes_in_any_order_of_entry(group: list[Case]) -> None:
    rows = [each.written(f"i{number}") for number, each in enumerate(group)]
    first = json.dumps(run(TEXT, "".join(rows)).to_json(), ensure_ascii=False)
    assert first == json.dumps(run(TEXT, "".join(reversed(rows))).to_json(), ensure_ascii=False)
