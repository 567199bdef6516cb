"""The deadlines of a government cloud contract, each boundary below, at and above.

Dates were worked out by hand from the State Council's holiday notices; the sum stands beside the case.
"""

from __future__ import annotations

import pytest

from tests.engine.support import definition, due, event, run

PAYMENT_3 = "latest(end(term.service), event.acceptance_signed) + 90 workdays"


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ({}, "2025-11-04"),  # 90th working day after Wednesday 2025-06-25
        ({"start_day": "included"}, "2025-11-03"),  # 06-25 is the first
        ({"calendar": "weekdays"}, "2025-10-29"),  # no holidays: 18 weeks
        ({"calendar": "no_makeup"}, "2025-11-06"),  # 09-28 and 10-11 do not work
    ],
)
def test_ninety_working_days_by_each_reading(readings: dict[str, str], expected: str) -> None:
    assert due("event.effective + 90 workdays", readings=readings) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, "2025-06-26"), (2, "2025-06-27"), (3, "2025-06-30"), (5, "2025-07-02"), (10, "2025-07-09")],
)
def test_the_first_working_days_after_signing(count: int, expected: str) -> None:
    assert due(f"event.effective + {count} workdays") == expected


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("2026-06-20", "2026-11-09"),  # the end of the term decides
        ("2026-06-30", "2026-11-09"),
        ("2026-07-03", "2026-11-12"),  # three working days later
        ("2026-08-23", "2026-12-31"),  # the last day the calendar covers
        ("2026-08-24", "provisional 2027-01-01"),  # 89 days until the year ends
        ("2026-09-30", "provisional 2027-02-09"),
    ],
)
def test_the_last_payment_starts_with_the_later_of_term_and_acceptance(accepted: str, expected: str) -> None:
    assert due(PAYMENT_3, event("acceptance_signed", accepted)) == expected


def test_without_acceptance_the_last_payment_is_pending_and_never_late() -> None:
    result = run(definition(payment_3=PAYMENT_3), "2026-11-22").deadline("payment_3")
    assert (result.state, result.status, result.missing) == ("pending", "waiting", ("event.acceptance_signed",))
    assert result.value is None and result.estimate is None and result.delay_days == 0


def test_a_date_beyond_the_calendar_starts_at_the_first_uncovered_day() -> None:
    facts = event("acceptance_signed", "2026-09-30")
    result = run(definition(d=PAYMENT_3), "2026-11-22", facts).deadline("d").to_json()
    assert (result["low"], result["high"]) == ("2027-01-01", None)


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ({}, "2025-06-30"),
        ({"start_day": "included"}, "2025-06-30"),
        ({"start_day": "included", "roll": "none"}, "2025-06-29"),
    ],
)
def test_five_days_after_signing(readings: dict[str, str], expected: str) -> None:
    # counted from the day itself the fifth day is Sunday 06-29, which rolls to Monday
    assert due("event.signed + 5 days", readings=readings) == expected


REFUND = "if(happened(event.claim_made), latest(on 2026-07-30, event.claims_closed), on 2026-07-30) + 10 workdays"


def test_the_guarantee_goes_back_ten_working_days_after_it_expires() -> None:
    assert due(REFUND) == "2026-08-13"
    assert due(REFUND, readings={"start_day": "included"}) == "2026-08-12"


def test_an_open_claim_holds_the_guarantee_and_its_closing_releases_it() -> None:
    claim = event("claim_made", "2026-07-20")
    assert due(REFUND, claim) == "pending"
    assert due(REFUND, claim + event("claims_closed", "2026-09-01")) == "2026-09-15"
    assert due(REFUND, claim + event("claims_closed", "2026-07-25")) == "2026-08-13"


@pytest.mark.parametrize(
    ("expires", "expected", "safe"),
    [
        ("2025-12-31", "2025-12-10", "2025-12-09"),
        ("2026-02-27", "2026-01-30", "2026-01-29"),  # across the Spring Festival and its make-up days
        ("2026-03-31", "2026-03-10", "2026-03-09"),
        ("2026-05-08", "2026-04-14", "2026-04-13"),
        ("2026-06-30", "2026-06-08", "2026-06-05"),
    ],
)
def test_a_guarantee_is_renewed_fifteen_working_days_before_it_expires(expires: str, expected: str, safe: str) -> None:
    contract = definition(
        '[duty.renewal]\nclause = "8.2"\nfor = "guarantees as g"\ndue = "g.expires - 15 workdays"\n'
        'safe = "g.expires - 16 workdays"\ndone = "g.renewed"\n'
    )
    facts = f'[[item]]\nkind = "guarantee"\nid = "g1"\nattributes = {{ expires = {expires} }}\n'
    result = run(contract, "2025-11-22", facts).deadline("renewal", g="g1").to_json()
    assert (result["value"], result["safe"]) == (expected, safe)


def test_six_months_before_the_end_is_counted_forward_from_the_notice() -> None:
    # 2025-12-31 + 6 months ends on 2026-06-30, the last day of June; counting back gives one day less
    assert due("lead(end(term.service), 6 months)") == "2025-12-31"
    assert due("end(term.service) - 6 months") == "2025-12-30"


@pytest.mark.parametrize(
    ("terminated", "expected"),
    [
        ("", "2026-08-31"),  # 08-30 is a Sunday
        ("2025-12-31", "2026-02-28"),  # no 31 February; a Saturday, but a make-up working day
        ("2026-01-31", "2026-03-31"),
    ],
)
def test_two_months_of_switching_over(terminated: str, expected: str) -> None:
    expression = "if(happened(event.termination), event.termination, end(term.service)) + 2 months"
    assert due(expression, event("termination", terminated) if terminated else "") == expected


def test_natural_days_do_not_roll_but_days_do() -> None:
    facts = event("invoice", "2025-09-24")
    assert due("event.invoice + 7 calendar_days", facts) == "2025-10-01"  # National Day itself
    assert due("event.invoice + 7 days", facts) == "2025-10-09"


@pytest.mark.parametrize(("ended", "expected"), [("2026-01-05", "2026-01-08"), ("2026-01-07", "2026-01-12")])
def test_three_days_after_termination_roll_off_a_saturday(ended: str, expected: str) -> None:
    contract = definition(d="event.termination + 3 days")
    result = run(contract, "2026-11-22", event("termination", ended)).deadline("d").to_json()
    assert result["value"] == expected
    assert result["raw"] == ("2026-01-08" if ended == "2026-01-05" else "2026-01-10")


def test_weekly_and_monthly_reports_over_the_term() -> None:
    contract = definition(
        '[duty.weekly]\nclause = "6.3"\nkind = "internal"\nfor = "each(week of term.service) as w"\n'
        'due = "end(w) + 1 workdays"\n'
        '[duty.full_weeks]\nclause = "6.3"\nfor = "each(week of term.service whole) as w"\ndue = "end(w)"\n'
        '[duty.monthly]\nclause = "6.3"\nkind = "internal"\nfor = "each(month of term.service) as m"\n'
        'due = "m.end + 5 workdays"\n'
    )
    evaluation = run(contract, "2026-11-22")
    keys = [result.key["w"] for result in evaluation.deadlines if result.id == "weekly"]
    assert (len(keys), keys[0], keys[-1]) == (53, "2025-W27", "2026-W27")
    assert sum(result.id == "full_weeks" for result in evaluation.deadlines) == 51
    assert sum(result.id == "monthly" for result in evaluation.deadlines) == 12
    assert evaluation.deadline("monthly", m="2025-09").to_json()["value"] == "2025-10-14"
    assert evaluation.deadline("monthly", m="2026-01").to_json()["value"] == "2026-02-06"
    # an internal target is never a breach, however long ago it passed
    assert {result.status for result in evaluation.deadlines if result.id == "monthly"} == {"open"}


def test_each_may_stand_in_the_deadline_itself() -> None:
    result = run(definition(d="each(month of term.service) + 5 workdays"), "2026-11-22")
    assert len(result.deadlines) == 12
    assert result.deadline("d", period="2025-09").to_json()["value"] == "2025-10-14"


CLOCKS = {
    "respond": ("event.reported + 15 minutes", "2025-09-11T00:10:00+08:00"),
    "arrive": ("event.reported + 2 hours", "2025-09-11T01:55:00+08:00"),
    "arrive_from_response": ("event.responded + 2 hours", "2025-09-11T02:05:00+08:00"),
    "repair": ("event.responded + 30 minutes", "2025-09-11T00:35:00+08:00"),
    "repair_important": ("event.responded + 10 minutes", "2025-09-11T00:15:00+08:00"),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_fault_clocks_run_through_midnight(name: str) -> None:
    expression, expected = CLOCKS[name]
    facts = event("reported", "2025-09-10T23:55:00+08:00") + event("responded", "2025-09-11T00:05:00+08:00")
    assert due(expression, facts) == expected


def test_four_and_twenty_four_hours_after_a_bulletin() -> None:
    facts = event("reported", "2025-09-03T22:00:00+08:00")
    assert due("event.reported + 4 hours", facts) == "2025-09-04T02:00:00+08:00"
    assert due("event.reported + 24 hours", facts) == "2025-09-04T22:00:00+08:00"


def test_elapsed_hours_survive_a_change_of_clocks() -> None:
    base = '[contract]\nnumber = "N"\nzone = "America/New_York"\ncalendar = "CN"\nprofile = "none"\n[event.start]\n'
    contract = definition("", base, h="event.start + 24 hours", d="event.start + 1 days")
    result = run(contract, "2026-11-22", event("start", "2026-03-07T12:00:00-05:00"))
    # clocks go forward on 2026-03-08: 24 hours later it is 13:00, a day later simply the next date
    assert result.deadline("h").to_json()["value"] == "2026-03-08T13:00:00-04:00"
    assert result.deadline("d").to_json()["value"] == "2026-03-08"


def test_an_instant_becomes_a_date_in_the_zone_that_counts() -> None:
    # 2025-09-10 18:00 UTC is already 09-11 in Shanghai, and still 09-10 in New York
    facts = event("reported", "2025-09-10T18:00:00Z")
    nyc = '[calendar.NYC]\nzone = "America/New_York"\nfirst = 2025-01-01\nlast = 2025-12-31\nrest = [2025-09-11]\n'
    assert due("event.reported + 1 calendar_days", facts) == "2025-09-12"
    assert due("event.reported + 1 workdays(NYC)", facts, text=nyc) == "2025-09-12"
    assert (
        due("event.reported + 1 workdays(NYC)", facts, text=nyc.replace("2025-09-11]", "2025-12-25]")) == "2025-09-11"
    )
