"""Every row of the three annexes that the oracle cases leave out: met, just below, and with its severity denied."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from definitions.loading import load_path
from engine.calendars_cn import china_official
from engine.definition import Definition
from engine.evaluation import assess
from engine.facts_file import parse_facts
from engine.results import AssessmentResult

DATA = Path(__file__).parents[2] / "definitions" / "data" / "SXYSR202506176"
TOTAL = "4845283.52"


@cache
def contract() -> Definition:
    return load_path(DATA).definition


def outcome(rule: str, facts: str, base: str = "whole") -> AssessmentResult | None:
    parsed = parse_facts(tomllib.loads(f'[readings]\nfee_base = "{base}"\n{facts}'), contract())
    found = assess(
        contract(), parsed.store, calendars={"CN": china_official()}, as_of=date(2026, 6, 30),
        readings=parsed.readings, rules=[rule],
    )  # fmt: skip
    rows = [each for each in found.assessments if each.id == rule]
    assert len(rows) <= 1, rows
    return rows[0] if rows else None


def amount(rule: str, facts: str, base: str = "whole") -> str | None:
    """What an instance that certainly applies comes to; None for no instance, for a clue and for a hole."""
    found = outcome(rule, facts, base)
    if found is None or found.stage == "clue" or found.amount is None or found.amount.value is None:
        return None
    return str(found.amount.value)


def item(kind: str, at: str, **attributes: str) -> str:
    inner = ", ".join(f"{key} = {value}" for key, value in attributes.items())
    return f'[[item]]\nkind = "{kind}"\nid = "x1"\nat = {at}\nattributes = {{ {inner} }}\n'


def spell(name: str, start: str, end: str, **key: str) -> str:
    inner = ", ".join(f'{k} = "{v}"' for k, v in key.items())
    fault = "attributes = { provider_fault = true }\n" if name == "outage" else ""
    return f'[[interval]]\nname = "{name}"\nstart = {start}\nend = {end}\nkey = {{ {inner} }}\n{fault}'


DAY = "2025-11-20"


def at(clock: str) -> str:
    return f"{DAY}T{clock}+08:00"


def incident(**attributes: str) -> str:
    plain = {"cause": '"c1"', "systems": '["s4"]', "occurred": at("08:00:00"), **attributes}
    return item("incident", at("08:00:00"), **plain)


def down(name: str, end: str) -> str:
    key = {"incident": "x1"} if name == "platform_outage" else {"incident": "x1", "system": "s4"}
    return spell(name, at("08:00:00"), at(end), **key)


MAIN = {"provider_main": "true", "force_majeure": "false"}
NOT_HIT = {"important": "false", "people_affected": "49999", "economic_loss": '"CNY 499999.99"'}


class TestAnnex1:
    @pytest.mark.parametrize(("end", "expected"), [("09:59:59", None), ("10:00:00", TOTAL), ("10:00:01", TOTAL)])
    def test_a1_two_hours(self, end: str, expected: str | None) -> None:
        facts = incident(**MAIN, **{**NOT_HIT, "important": "true"}) + down("platform_outage", end)
        assert amount("a1_A1", facts) == expected

    @pytest.mark.parametrize(
        ("name", "below", "met"),
        [("people_affected", "49999", "50000"), ("economic_loss", '"CNY 499999.99"', '"CNY 500000"')],
    )
    def test_a1_people_and_loss(self, name: str, below: str, met: str) -> None:
        rest = down("platform_outage", "10:00:00")
        assert amount("a1_A1", incident(**MAIN, **{**NOT_HIT, name: below}) + rest) is None
        assert amount("a1_A1", incident(**MAIN, **{**NOT_HIT, name: met}) + rest) == TOTAL

    @pytest.mark.parametrize("name", ["provider_main", "force_majeure", "important"])
    def test_a1_an_unknown_finding_is_a_clue(self, name: str) -> None:
        attributes = {**MAIN, **NOT_HIT, "important": "true"}
        del attributes[name]
        found = outcome("a1_A1", incident(**attributes) + down("platform_outage", "10:00:00"))
        assert found is not None and (found.stage, found.missing) == ("clue", (f"incident:x1.{name}",))

    def test_a1_outside_the_term_or_by_force_majeure_nothing(self) -> None:
        rest = down("platform_outage", "10:00:00")
        hit = {**MAIN, **NOT_HIT, "important": "true"}
        day = "2025-06-30T"
        early = spell("platform_outage", f"{day}08:00:00+08:00", f"{day}10:00:00+08:00", incident="x1")
        assert amount("a1_A1", incident(**{**hit, "occurred": f"{day}08:00:00+08:00"}) + early) is None
        assert amount("a1_A1", incident(**{**hit, "force_majeure": "true"}) + rest) is None

    def test_a1_an_outage_within_the_term_tells_that_it_happened_in_operation(self) -> None:
        """Nobody recorded the moment it happened; an outage outside the term leaves that open."""
        told = item(
            "incident", at("08:00:00"), cause='"c1"', systems='["s4"]', **{**MAIN, **NOT_HIT, "important": "true"}
        )
        assert amount("a1_A1", told + down("platform_outage", "10:00:00")) == TOTAL
        day = "2025-06-30T"
        early = spell("platform_outage", f"{day}08:00:00+08:00", f"{day}10:00:00+08:00", incident="x1")
        found = outcome("a1_A1", told + early)
        assert found is not None and (found.stage, found.missing) == ("clue", ("incident:x1.occurred",))

    @pytest.mark.parametrize(("end", "expected"), [("08:29:59", None), ("08:30:00", TOTAL)])
    def test_a2_tampering_half_an_hour_in_a_protected_period(self, end: str, expected: str | None) -> None:
        hit = {**MAIN, "category": '"tamper"', "handled_late": "true", "protected_period": "true"}
        assert amount("a1_A2", incident(**hit) + down("tampering", end)) == expected
        assert amount("a1_A2", incident(**{**hit, "protected_period": "false"}) + down("tampering", end)) is None

    def test_a3_lost_core_data(self) -> None:
        hit = {**MAIN, "category": '"data_loss"', "core_data": "true", "level_3": "true", "unrecoverable": "true"}
        assert amount("a1_A3", incident(**hit)) == TOTAL
        assert amount("a1_A3", incident(**{**hit, "unrecoverable": "false"})) is None
        assert amount("a1_A3", incident(**{**hit, "level_3": "false", "important": "false"})) is None

    @pytest.mark.parametrize(("contained", "expected"), [("12:00:00", None), ("12:00:01", TOTAL)])
    def test_a4_four_hours_after_a_bulletin(self, contained: str, expected: str | None) -> None:
        hit = {"received": at("08:00:00"), "contained": at(contained), "provider_main": "true", "protected": "true",
               "important": "true", "harmed": "true"}  # fmt: skip
        assert amount("a1_A4", item("bulletin", at("08:00:00"), **hit)) == expected

    def test_a_first_b_event_yields_nothing_in_any_row(self) -> None:
        hit = {**MAIN, "category": '"tamper"', "handled_late": "true"}
        assert outcome("a1_B2", incident(**hit) + down("tampering", "08:30:00")) is None
        lost = {**MAIN, "category": '"data_loss"', "core_data": "true", "unrecoverable": "true"}
        assert outcome("a1_B3", incident(**lost)) is None


class TestAnnex2:
    def test_row_1_needs_a_problem_and_a_major_loss(self) -> None:
        low = '[[series]]\nname = "availability"\nperiod = "2025-11"\nkey = { system = "s4" }\nvalue = "99.9899%"\n'
        found = '[[attribute]]\nof = "rule:a2_1/2025-11/s4"\nname = "{0}"\nvalue = {1}\n'
        both = found.format("problem_occurred", "true") + found.format("major_loss", "true")
        assert amount("a2_1", low + both) == "807547.25"
        assert amount("a2_1", low.replace("99.9899%", "99.99%") + both) is None
        no = found.format("problem_occurred", "true") + found.format("major_loss", "false")
        assert amount("a2_1", low + no) is None
        assert amount(
            "a2_1", low.replace("availability", "data_availability").replace("99.9899", "99.9998") + both
        ) == ("807547.25")

    def test_row_2_is_below_b(self) -> None:
        hit = {"backup_missing": "true", "other_cloud_down": "true", "provider_main": "false"}
        assert amount("a2_2", incident(**hit), "equal") == "80754.73"
        assert amount("a2_2", incident(**{**hit, "other_cloud_down": "false"})) is None

    @pytest.mark.parametrize(("rule", "category"), [("a2_3", "tamper"), ("a2_4", "data_loss"), ("a2_5", "intrusion")])
    def test_rows_3_to_5_six_hundred_percent(self, rule: str, category: str) -> None:
        hit = {"security_service_fault": "true", "category": f'"{category}"', "major_impact": "true"}
        assert amount(rule, incident(**hit)) == "2422641.76"
        assert amount(rule, incident(**{**hit, "security_service_fault": "false"})) is None
        assert amount(rule, incident(**{**hit, "category": '"other"'})) is None

    def test_row_6_needs_a_major_accident(self) -> None:
        hit = {"systems": '["s4"]', "handled_properly": "false", "problem_occurred": "true", "major_accident": "true",
               "major_impact": "true"}  # fmt: skip
        assert amount("a2_6", item("supervision_notice", DAY, **hit)) == "807547.25"
        assert amount("a2_6", item("supervision_notice", DAY, **{**hit, "major_accident": "false"})) is None
        assert amount("a3_7", item("supervision_notice", DAY, **hit)) is None


class TestAnnex3:
    def complaints(self, count: int) -> str:
        return "".join(
            f'[[item]]\nkind = "complaint"\nid = "k{n}"\nat = 2025-11-2{n}\n'
            f'attributes = {{ system = "s4", incident = "y{n}", received = 2025-11-2{n} }}\n'
            for n in range(count)
        )

    @pytest.mark.parametrize(("count", "expected"), [(2, None), (3, "80754.73"), (4, "80754.73")])
    def test_row_2_three_complaints(self, count: int, expected: str | None) -> None:
        low = '[[series]]\nname = "availability"\nperiod = "2025-11"\nkey = { system = "s4" }\nvalue = "99.9%"\n'
        assert amount("a3_2", low + self.complaints(count)) == expected

    def test_row_4_expansion_late_and_still_not_after_the_notice(self) -> None:
        hit = {
            "systems": '["s4"]',
            "received": "2025-11-03",
            "completed": "2025-11-25",
            "regulator_notice": "2025-11-12",
            "notice_deadline": "2025-11-20",
        }
        assert amount("a3_4", item("expansion_request", "2025-11-03", **hit)) == "80754.73"
        in_time = {**hit, "completed": "2025-11-20"}
        assert amount("a3_4", item("expansion_request", "2025-11-03", **in_time)) is None
        seven = {**hit, "completed": "2025-11-10", "notice_deadline": "2025-11-05"}
        assert amount("a3_4", item("expansion_request", "2025-11-03", **seven)) is None

    @pytest.mark.parametrize(("end", "expected"), [("15:59:59", None), ("16:00:00", "242264.18")])
    def test_row_6_eight_hours_in_a_month(self, end: str, expected: str | None) -> None:
        assert amount("a3_6", incident(provider_fault="true") + down("outage", end)) == expected

    @pytest.mark.parametrize(("times", "expected"), [(2, None), (3, "24226.42")])
    def test_row_6_three_times_in_a_month(self, times: int, expected: str | None) -> None:
        facts = incident(provider_fault="true")
        facts += "".join(
            spell("outage", f"2025-11-2{n}T08:00:00+08:00", f"2025-11-2{n}T08:10:00+08:00", incident="x1", system="s4")
            for n in range(times)
        )
        assert amount("a3_6", facts, "equal") == expected

    def test_row_7_without_a_major_impact(self) -> None:
        hit = {"systems": '["s4"]', "handled_properly": "false", "problem_occurred": "true", "major_impact": "false"}
        assert amount("a3_7", item("supervision_notice", DAY, **hit)) == "201886.81"
        assert amount("a3_7", item("supervision_notice", DAY, **{**hit, "handled_properly": "true"})) is None
        assert amount("a3_7", item("supervision_notice", DAY, **{**hit, "problem_occurred": "false"})) is None

    @pytest.mark.parametrize(("fails", "expected"), [((9, 10), None), ((9, 10, 11), "80754.73"), ((8, 9, 11), None)])
    def test_row_3_three_months_in_a_row(self, fails: tuple[int, ...], expected: str | None) -> None:
        rounds = "".join(
            f'[[item]]\nkind = "assessment_round"\nid = "r{m}"\nat = 2025-{m:02d}-28\nattributes = {{ '
            f'systems = ["s4"], month = "2025-{m:02d}", passed = {str(m not in fails).lower()}, '
            f"rectified = {str(m != 11).lower()} }}\n"
            for m in range(7, 12)
        )
        assert amount("a3_3", rounds) == expected


def test_gaps_holes_and_dominated_rows_appear_on_the_health_page() -> None:
    """C.4: five severity gaps, the open edges of three tables, and the row that only counts alone."""
    found = [(p.code, p.table) for p in load_path(DATA).health]
    assert {table for code, table in found if code == "severity_gap"} == {
        "rule.a3_7", "rule.a3_8", "rule.a3_9", "rule.a3_12", "rule.a3_13",
    }  # fmt: skip
    holes = {table for code, table in found if code == "hole"}
    assert {"table.mean_response", "table.mean_recovery", "table.unattended"} <= holes
    assert {table for code, table in found if code == "dominated"} == {"rule.a3_2"}


def test_rows_without_a_lighter_one_level_steps_and_rows_that_come_together_appear_too() -> None:
    """C.4: nothing below 2-3, 2-4, 2-5; 2-7 weighs what 2-8 weighs; two hours down reach 3-1, eight hours as well."""
    health = load_path(DATA).health
    assert {p.table for p in health if p.code == "no_lighter_row"} == {"rule.a2_3", "rule.a2_4", "rule.a2_5"}
    assert {p.table for p in health if p.code == "level_step"} == {"rule.a2_8"}
    titles = {rule.title: name for name, rule in contract().rules.items()}
    beside = {
        (p.table.removeprefix("rule."), titles[p.params["other"]], titles[p.params["lighter"]])
        for p in health
        if p.code == "accompanied"
    }
    assert beside == {
        ("a3_5", "a2_1", "a3_5"), ("a3_5", "a3_1", "a3_5"), ("a3_6", "a2_1", "a3_6"), ("a3_6", "a3_1", "a3_1"),
    }  # fmt: skip


# The fee agreed for one system: a base whose multiples equal none of the contract's own figures.
FEE = '[[attribute]]\nof = "system:s4"\nname = "fee"\nvalue = "CNY 282112.58"\n'
# 282112.58 / 12 = 23509.38166…, times the coefficient
COEFFICIENTS = {
    "20%": "4701.88", "30%": "7052.81", "50%": "11754.69", "60%": "14105.63", "100%": "23509.38", "200%": "47018.76",
    "600%": "141056.29",
}  # fmt: skip
ANSWERS = {"problem_occurred": "true", "major_loss": "false", "major_impact": "false", "major_accident": "false"}
LOW = '[[series]]\nname = "availability"\nperiod = "2025-11"\nkey = { system = "s4" }\nvalue = "99.9899%"\n'
EXACT = LOW.replace("99.9899%", "99.99%")
GRAVE = {"major_loss": "true", "major_impact": "true", "major_accident": "true"}


def answered(rule: str, **answers: str) -> str:
    lines = '[[attribute]]\nof = "rule:{0}/2025-11/s4"\nname = "{1}"\nvalue = {2}\n'
    return "".join(lines.format(rule, name, value) for name, value in {**ANSWERS, **answers}.items())


def waiting(minutes: int, until: str) -> str:
    """A report whose answer or repair took so long, with everything else as quick as it must be."""
    moments = {"reported": at("08:00:00"), "responded": at("08:00:00"), "restored": at("08:00:00")}
    moments[until] = at(f"{8 + minutes // 60:02d}:{minutes % 60:02d}:00")
    if until == "responded":
        moments["restored"] = moments["responded"]
    return incident(**moments)


def empty(end: str) -> str:
    return spell("unattended", at("08:00:00"), at(end), incident="x1")


MEANS = [
    # row, coefficient, what is late, and for how many minutes: at the lower end, inside, at the upper end
    ("a2_7", "200%", "responded", 15, 16, 30), ("a2_8", "200%", "responded", 30, 31, 60),
    ("a2_9", "100%", "restored", 30, 31, 60), ("a2_10", "200%", "restored", 60, 61, 120),
    ("a3_8", "30%", "responded", 15, 29, 30), ("a3_9", "50%", "responded", 30, 59, 60),
    ("a3_10", "30%", "restored", 30, 59, 60), ("a3_11", "50%", "restored", 60, 119, 120),
]  # fmt: skip
SPELLS = [
    ("a2_11", "100%", "09:00:00", "09:00:01", "10:00:00"), ("a2_12", "200%", "10:00:00", "11:59:59", "12:00:00"),
    ("a3_12", "30%", "09:00:00", "09:59:59", "10:00:00"), ("a3_13", "50%", "10:00:00", "10:00:01", "12:00:00"),
]  # fmt: skip


class TestAnotherBase:
    """C.2 and C.3 once more with the fee agreed for one system: every band below, inside and at its upper end."""

    @pytest.mark.parametrize(("rule", "coefficient", "late", "below", "inside", "above"), MEANS)
    def test_means(self, rule: str, coefficient: str, late: str, below: int, inside: int, above: int) -> None:
        told = answered(rule, **(GRAVE if rule.startswith("a2") else {}))

        def money(minutes: int) -> str | None:
            return amount(rule, FEE + waiting(minutes, late) + told, "allocated")

        assert money(inside) == COEFFICIENTS[coefficient]
        assert (money(below), money(above)) == (None, None)
        denied = answered(rule, **({} if rule.startswith("a2") else GRAVE))
        assert amount(rule, FEE + waiting(inside, late) + denied, "allocated") is None

    @pytest.mark.parametrize(("rule", "coefficient", "below", "inside", "above"), SPELLS)
    def test_empty_posts(self, rule: str, coefficient: str, below: str, inside: str, above: str) -> None:
        told = {**ANSWERS, **(GRAVE if rule.startswith("a2") else {})}

        def money(end: str) -> str | None:
            return amount(rule, FEE + incident(**told) + empty(end), "allocated")

        assert money(inside) == COEFFICIENTS[coefficient]
        assert (money(below), money(above)) == (None, None)
        other = {**ANSWERS, **({} if rule.startswith("a2") else GRAVE)}
        assert amount(rule, FEE + incident(**other) + empty(inside), "allocated") is None

    @pytest.mark.parametrize(
        ("rule", "coefficient", "met", "missed"),
        [
            ("a2_1", "200%", LOW + answered("a2_1", **GRAVE), EXACT + answered("a2_1", **GRAVE)),
            ("a3_1", "50%", LOW + answered("a3_1"), EXACT + answered("a3_1")),
            ("a3_1", "50%", LOW + answered("a3_1"), LOW + answered("a3_1", **GRAVE)),
            ("a3_1", "50%", LOW + answered("a3_1"), LOW + answered("a3_1", problem_occurred="false")),
            ("a2_2", "200%", incident(backup_missing="true", other_cloud_down="true", provider_main="false"),
             incident(backup_missing="false", other_cloud_down="true", provider_main="false")),
            ("a2_3", "600%", incident(security_service_fault="true", category='"tamper"', major_impact="true"),
             incident(security_service_fault="true", category='"tamper"', major_impact="false")),
            ("a2_4", "600%", incident(security_service_fault="true", category='"data_loss"', major_impact="true"),
             incident(security_service_fault="true", category='"data_loss"', major_impact="false")),
            ("a2_5", "600%", incident(security_service_fault="true", category='"intrusion"', major_impact="true"),
             incident(security_service_fault="true", category='"intrusion"', major_impact="false")),
            ("a3_5", "30%", incident(provider_fault="true") + down("outage", "10:00:00"),
             incident(provider_fault="true") + down("outage", "09:59:59")),
            ("a3_5", "30%", incident(provider_fault="true") + down("outage", "10:00:00"),
             incident(provider_fault="false") + down("outage", "10:00:00")),
            ("a3_6", "60%", incident(provider_fault="true") + down("outage", "16:00:00"),
             incident(provider_fault="true") + down("outage", "15:59:59")),
        ],
    )  # fmt: skip
    def test_the_other_rows(self, rule: str, coefficient: str, met: str, missed: str) -> None:
        assert amount(rule, FEE + met, "allocated") == COEFFICIENTS[coefficient]
        assert amount(rule, FEE + missed, "allocated") is None
