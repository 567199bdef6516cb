"""What a security covers, day by day; and the ledger under any order of steps."""

from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from billing.rules_guarantee import (
    Entry,
    Held,
    Paid,
    Risk,
    advice_days,
    claim_until,
    coverage,
    covered_on,
    gaps,
    outlasting,
)
from billing.sentences_guarantee import form_text
from billing.terms_guarantee import security_terms
from engine.definition import parse_definition
from tests.billing.guarantee_world import SECURED

END = date(2026, 7, 30)
START = date(2025, 6, 30)
FULL = Decimal("100.00")
MARCH = date(2026, 3, 31)


def held(key=1, *, received=START, issued=None, expires=END, form="bank_guarantee", **more):
    entries = more.pop("entries", (Entry(received, FULL),))
    return Held(key, form, FULL, received, issued, expires, entries=entries, **more)


@pytest.mark.parametrize(
    ("instruments", "expected"),
    [
        ([], ()),
        ([held()], ()),
        ([held(expires=END - timedelta(days=1))], ((END, END),)),
        ([held(expires=END + timedelta(days=1))], ()),
        # D-44: issued after it was handed in: it covers from the later day
        ([held(issued=START + timedelta(days=5))], ((START, START + timedelta(days=4)),)),
        ([held(expires=MARCH), held(2, received=date(2026, 4, 1))], ()),
        ([held(expires=MARCH), held(2, received=date(2026, 4, 2))], ((date(2026, 4, 1), date(2026, 4, 1)),)),
        (
            [held(expires=MARCH), held(2, received=date(2026, 3, 10), issued=date(2026, 4, 5))],
            ((date(2026, 4, 1), date(2026, 4, 4)),),
        ),
        ([held(form="cash", expires=None)], ()),
        ([held(form="draft", expires=date(2026, 3, 31), cashed_on=date(2026, 3, 30))], ()),
    ],
)  # fmt: skip
def test_gaps(instruments, expected):
    assert gaps(instruments, valid_until=END) == expected


@pytest.mark.parametrize(
    ("day", "amount"), [(END - timedelta(days=1), FULL), (END, FULL), (END + timedelta(days=1), 0)]
)
def test_the_last_day_is_covered_the_next_is_not(day, amount):
    assert covered_on(day, [held()], valid_until=END) == amount
    assert covered_on(day, [held(form="cash", expires=None)], valid_until=END) == amount
    assert covered_on(day, [held(expires=END + timedelta(days=90))], valid_until=END) == amount


def test_a_claim_delivered_in_time_outlives_the_validity():
    late = END + timedelta(days=30)
    assert covered_on(late, [held(pending=Decimal("40.00"))], valid_until=END) == Decimal("40.00")


def test_a_replaced_one_is_not_counted_twice():
    first = held(expires=date(2026, 3, 31), replaced_from=date(2026, 3, 10))
    second = held(2, received=date(2026, 3, 10))
    days = [START + timedelta(days=n) for n in range((END - START).days + 1)]
    assert {covered_on(day, [first, second], valid_until=END) for day in days} == {FULL}


def test_a_claim_is_bound_by_the_nearer_end():
    assert claim_until(form="bank_guarantee", expires_on=date(2026, 3, 31), cashed_on=None, valid_until=END) == date(
        2026, 3, 31
    )
    assert claim_until(form="bank_guarantee", expires_on=date(2026, 8, 31), cashed_on=None, valid_until=END) == END
    assert claim_until(form="cash", expires_on=None, cashed_on=None, valid_until=None) is None


def test_the_coverage_line():
    steps = coverage(
        instruments=[held()],
        valid_until=END,
        payments=[
            Paid(date(2025, 11, 4), Decimal(300), "一"),
            Paid(date(2026, 11, 9), Decimal(300), "二", planned=True),
        ],
        total=Decimal(600),
        accepted_on=date(2026, 10, 1),
        first=date(2025, 6, 25),
        last=date(2026, 12, 31),
        names={1: "BG"},
    )
    assert [(step.first, step.security, step.exposure, step.withheld) for step in steps] == [
        (date(2025, 6, 25), 0, 0, 600),
        (START, 100, 0, 600),
        (date(2025, 11, 4), 100, 300, 300),
        (date(2026, 7, 31), 0, 300, 300),  # the security is over, the risk is not
        (date(2026, 10, 1), 0, 0, 300),
        (date(2026, 11, 9), 0, 0, 0),
    ]
    assert [step.uncovered for step in steps] == [0, 0, 200, 300, 0, 0]
    assert all(after.first - before.last == timedelta(days=1) for before, after in pairwise(steps))


def test_what_outlasts_the_security():
    risks = [
        Risk("same day", "1", END),
        Risk("later", "1", END + timedelta(days=1)),
        Risk("open", "1", None),
        Risk("over", "1", None, settled=True),
    ]
    assert [risk.title for risk in outlasting(risks, ends=END)] == ["later", "open"]
    assert outlasting(risks, ends=None) == ()
    assert advice_days(END, (6, 29, 15, 0)) == (date(2026, 7, 1), date(2026, 7, 15), date(2026, 7, 24))


@pytest.mark.property
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 400), st.decimals("-60", "60", places=2).filter(lambda value: value != 0)), max_size=12
    ),
    spans=st.lists(st.tuples(st.integers(0, 380), st.integers(0, 200)), min_size=1, max_size=5),
)
def test_cover_is_the_ledger_inside_the_spans_and_nothing_outside(changes, spans):
    """Whatever the order of entries: on each day the cover is the sum of entries so far of the spans that hold the day;
    and a day is in a gap exactly when no span holds it."""
    kept = [(START, Decimal(1000)), *sorted((START + timedelta(days=day), change) for day, change in changes)]
    instruments = [
        held(
            number,
            received=START + timedelta(days=first),
            expires=START + timedelta(days=first + length),
            entries=tuple(Entry(on, change) for on, change in kept),
        )
        for number, (first, length) in enumerate(spans)
    ]
    found = gaps(instruments, valid_until=END)
    begin = min(one.received_on for one in instruments)
    for offset in range(0, 620, 13):
        day = START + timedelta(days=offset)
        inside = [one for one in instruments if one.starts <= day <= min(one.expires_on, END)]
        ledger = sum((change for on, change in kept if on <= day), Decimal(0))
        assert covered_on(day, instruments, valid_until=END) == ledger * len(inside)
        in_gap = any(first <= day <= last for first, last in found)
        assert in_gap == (begin <= day <= END and not any(one.starts <= day <= one.expires_on for one in instruments))


def test_one_form_or_risk_alone_is_a_list_of_one():
    """A security that allows a bank's guarantee only is written without brackets, as lists of one may be."""
    data = deepcopy(SECURED)
    data["security"]["performance"] |= {"forms": "bank_guarantee", "risks": "event.acceptance_signed"}
    terms = security_terms(parse_definition(data))["performance"]
    assert (terms.forms, terms.risks) == (("bank_guarantee",), ("event.acceptance_signed",))


def test_a_draft_that_secures_is_no_unfinished_text():
    with translation.override("zh-hans"):
        assert [form_text(form) for form in ("draft", "cheque", "promissory_note")] == ["汇票", "支票", "本票"]
