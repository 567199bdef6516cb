"""Pools: linking, the heaviest, sums, claims, persons' picks, recomputed totals, rules that read pools."""

from __future__ import annotations

import pytest

from tests.engine.assessment.support import LOSS, amount, incident, run

MAX = LOSS + '[pool.heaviest]\nover = ["loss"]\nby = "linked(incident, cause)"\ncombine = "max"\n'
SUM = LOSS + '[pool.all]\nover = ["loss"]\ncombine = "sum"\n'


def loss(name: str, value: str, cause: str = "", at: str = "2025-03-01") -> str:
    extra = {"cause": f'"{cause}"'} if cause else {}
    return incident(name, at, loss=f'"CNY {value}"', **extra)


class TestLinking:
    def test_one_cause_counts_once_by_its_heaviest(self) -> None:
        found = run(MAX, loss("i1", "500.00", "c1") + loss("i2", "700.00", "c1") + loss("i3", "40.00", "c2"))
        assert [(p.key["linked"], p.result.value, p.winners) for p in found.pools] == [
            ("i1", found.pool("heaviest", "i1").result.value, ("loss/i2",)),
            ("i3", found.pool("heaviest", "i3").result.value, ("loss/i3",)),
        ]
        assert amount(found, "heaviest", "i1") == "700.00"
        assert found.assessment("loss", "i1").stage == "displaced"
        assert found.assessment("loss", "i1").barred_by == ("loss/i2",)
        assert found.assessment("loss", "i2").stage == "heaviest"

    def test_links_are_transitive_over_incidents_and_causes(self) -> None:
        text = (
            MAX
            + """
[item.notice]
attributes = { incident = "incident", cause = "text", fee = "money" }
[rule.notice]
clause = "3"
for = "notices as n"
yields = "money"
amount = "n.fee"
"""
        )
        text = text.replace('over = ["loss"]', 'over = ["loss", "notice"]')
        notice = (
            '[[item]]\nkind = "notice"\nid = "n1"\nat = 2025-04-01\n'
            'attributes = { incident = "i1", cause = "c2", fee = "CNY 1.00" }\n'
        )
        found = run(text, loss("i1", "5.00", "c1") + loss("i2", "9.00", "c2") + notice)
        assert [p.key["linked"] for p in found.pools] == ["i1"]
        assert found.pool("heaviest", "i1").members == ("loss/i1", "loss/i2", "notice/n1")

    def test_an_unknown_cause_links_nothing_and_is_provisional(self) -> None:
        found = run(MAX, loss("i1", "5.00", "c1") + loss("i2", "9.00"))
        assert found.pool("heaviest", "i1").state == "known"
        other = found.pool("heaviest", "i2")
        assert (other.state, other.missing) == ("provisional", ("incident:i2.cause",))

    def test_a_tie_goes_to_the_earlier_rule(self) -> None:
        text = (
            MAX.replace('over = ["loss"]', 'over = ["twin", "loss"]')
            + """
[rule.twin]
clause = "4"
for = "incidents as i"
yields = "money"
amount = "i.loss"
"""
        )
        found = run(text, loss("i1", "5.00", "c1"))
        assert found.pool("heaviest", "i1").winners == ("loss/i1",)

    def test_the_heaviest_compares_rounded_amounts(self) -> None:
        text = (
            MAX.replace('over = ["loss"]', 'over = ["loss", "more"]')
            + """
[rule.more]
clause = "4"
for = "incidents as i"
yields = "money"
amount = "i.loss + CNY 0.004"
"""
        )
        assert run(text, loss("i1", "5.00", "c1")).pool("heaviest", "i1").winners == ("loss/i1",)


class TestUnknownFacts:
    WHEN = """
[rule.severe]
clause = "5"
for = "incidents as i"
when = "i.severe"
yields = "money"
amount = "i.loss"
[pool.all]
over = ["severe"]
"""

    def test_unknown_is_a_clue_that_names_the_fact_and_never_zero_or_counted(self) -> None:
        found = run(self.WHEN, loss("i1", "5.00"))
        clue = found.assessment("severe", "i1")
        assert (clue.stage, clue.state, clue.missing) == ("clue", "pending", ("incident:i1.severe",))
        pool = found.pool("all")
        assert (pool.state, pool.clues, pool.winners) == ("provisional", ("severe/i1",), ())

    def test_false_leaves_no_result_and_true_counts(self) -> None:
        facts = incident("i1", loss='"CNY 5.00"', severe="false") + incident("i2", loss='"CNY 6.00"', severe="true")
        found = run(self.WHEN, facts)
        assert [a.label for a in found.assessments] == ["severe/i2"]
        assert amount(found, "all") == "6.00"

    def test_a_known_duty_to_pay_with_an_unknown_amount_is_undecided(self) -> None:
        found = run(self.WHEN, incident("i1", severe="true") + incident("i2", loss='"CNY 6.00"', severe="true"))
        assert found.assessment("severe", "i1").stage == "undecided"
        assert found.assessment("severe", "i1").missing == ("incident:i1.loss",)
        assert found.pool("all").state == "pending"

    def test_what_happens_after_as_of_is_not_assessed(self) -> None:
        assert run(SUM, loss("i1", "5.00", at="2025-03-02"), as_of="2025-03-01").assessments == ()
        assert len(run(SUM, loss("i1", "5.00", at="2025-03-02"), as_of="2025-03-02").assessments) == 1


class TestCombining:
    def test_a_person_may_pick_another_member(self) -> None:
        text = MAX.replace('combine = "max"', 'combine = "choose"')
        facts = loss("i1", "5.00", "c1") + loss("i2", "9.00", "c1")
        assert run(text, facts).pool("heaviest", "i1").winners == ("loss/i2",)
        pick = '[[attribute]]\nof = "pool:heaviest/i1"\nname = "chosen"\nvalue = "loss/i1"\n'
        found = run(text, facts + pick)
        assert found.pool("heaviest", "i1").winners == ("loss/i1",)
        assert amount(found, "heaviest", "i1") == "5.00"

    def test_an_expression_over_the_total_rounds_once(self) -> None:
        text = SUM + 'amount = "total / 3"\nround = "down CNY 1"\n'
        assert amount(run(text, loss("i1", "10.00") + loss("i2", "1.99")), "all") == "3.00"
        assert amount(run(SUM + 'amount = "total / 3"\n', loss("i1", "10.00")), "all") == "3.33"

    def test_pools_of_pools_keep_their_leaves(self) -> None:
        text = MAX + '[pool.all]\nover = ["heaviest"]\n'
        found = run(text, loss("i1", "5.00", "c1") + loss("i2", "9.00", "c1") + loss("i3", "1.50", "c2"))
        assert amount(found, "all") == "10.50"
        assert found.pool("all").winners == ("loss/i2", "loss/i3")

    def test_a_rule_reads_a_pool(self) -> None:
        text = (
            SUM
            + """
[rule.cliff]
clause = "6"
for = "assessments(pool.all) as a"
when = "a.amount > CNY 10"
yields = "money"
amount = "a.amount * 50%"
"""
        )
        assert run(text, loss("i1", "10.00")).assessments[0].id == "loss"
        assert len(run(text, loss("i1", "10.00")).assessments) == 1
        found = run(text, loss("i1", "10.00") + loss("i2", "0.01"))
        cliff = next(each for each in found.assessments if each.id == "cliff")
        # 5.005 rounds half-up
        assert str(cliff.amount.value if cliff.amount else None) == "5.01"

    def test_a_recomputed_total_yields_its_difference(self) -> None:
        prior = (
            '[[item]]\nkind = "assessment"\nid = "a1"\nat = 2025-05-01\n'
            'attributes = { pool = "all", amount = "CNY 3.00" }\n'
        )
        found = run(SUM, loss("i1", "5.00") + prior).pool("all")
        assert (str(found.prior), str(found.difference)) == ("3.00", "2.00")

    def test_points_add_up_among_themselves(self) -> None:
        text = """
[rule.points]
clause = "7"
for = "incidents as i"
yields = "points"
amount = "i.points * if(ordinal(incidents, cause) >= 2, 2, 1)"
[pool.points]
over = ["points"]
by = "month"
caps = [{ limit = "10 points" }]
"""
        facts = incident("i1", "2025-03-01", points='"3 points"', cause='"a"')
        facts += incident("i2", "2025-03-09", points='"4 points"', cause='"b"')
        found = run(text, facts)
        assert found.pool("points", "2025-03").result.unit == "points"
        # the second one doubles: 3 + 8, capped at 10
        assert amount(found, "points", "2025-03") == "10"


class TestClaims:
    TEXT = SUM + 'claim = "i.at + 30 calendar_days"\n'
    CLAIM = '[[attribute]]\nof = "rule:loss/i1"\nname = "claimed"\nvalue = {day}\n'

    @pytest.mark.parametrize(
        ("day", "expected"), [("2025-03-30", "5.00"), ("2025-03-31", "5.00"), ("2025-04-01", "0.00")]
    )
    def test_the_last_day_to_claim_is_included(self, day: str, expected: str) -> None:
        facts = loss("i1", "5.00") + self.CLAIM.format(day=day)
        found = run(self.TEXT, facts)
        assert amount(found, "all") == expected
        if expected == "0.00":
            assert found.assessment("loss", "i1").barred_by == ("claim:all",)
            assert found.pool("all").rest is not None
            assert str(found.pool("all").rest.lapse) == "5.00"  # type: ignore[union-attr]

    def test_unclaimed_it_counts_until_the_window_closes(self) -> None:
        still = run(self.TEXT, loss("i1", "5.00"), as_of="2025-03-31").pool("all")
        assert (str(still.result.value), still.state) == ("5.00", "provisional")
        assert amount(run(self.TEXT, loss("i1", "5.00"), as_of="2025-04-01"), "all") == "0.00"
