"""Undecided readings: every combination, its winner, and what happens when there are too many."""

from __future__ import annotations

from tests.engine.assessment.support import amount, incident, run

RULES = """
[rule.rated]
clause = "2"
for = "incidents as i"
yields = "money"
amount = "reading.base * 10%"
[rule.fixed]
clause = "3"
for = "incidents as i"
yields = "money"
amount = "CNY 300"
[pool.heaviest]
over = ["rated", "fixed"]
by = "linked(incident, cause)"
combine = "max"
"""
FACT = incident("i1", cause='"c1"')


def test_each_combination_is_evaluated_and_shown() -> None:
    found = run(RULES, FACT)
    rated = found.assessment("rated", "i1")
    assert [(dict(each.readings), str(each.amount)) for each in rated.by_reading] == [
        ({"base": "big"}, "900.00"),
        ({"base": "small"}, "70.00"),
    ]
    assert (rated.state, rated.missing, rated.needs) == ("pending", ("reading.base",), ("base",))


def test_different_winners_need_a_decision_and_name_no_one() -> None:
    pool = run(RULES, FACT).pool("heaviest", "i1")
    assert (pool.decision, pool.winners, pool.state) == (True, (), "pending")
    assert [(each.winners, str(each.amount)) for each in pool.by_reading] == [
        (("rated/i1",), "900.00"),
        (("fixed/i1",), "300.00"),
    ]
    assert (str(pool.result.low), str(pool.result.high)) == ("300.00", "900.00")
    assert pool.settled == ()


def test_what_no_reading_touches_is_known_and_has_no_list() -> None:
    fixed = run(RULES, FACT).assessment("fixed", "i1")
    assert (fixed.by_reading, fixed.state) == ((), "known")


def test_choosing_decides() -> None:
    found = run(RULES, FACT, readings={"base": "small"})
    assert amount(found, "heaviest", "i1") == "300.00"
    assert found.assessment("rated", "i1").barred_by == ("fixed/i1",)
    assert found.assessment("fixed", "i1").needs == ()


def test_the_way_of_combining_may_itself_be_open() -> None:
    text = RULES.replace('combine = "max"', 'combine = "reading.way"')
    found = run(text, FACT, readings={"base": "big"}).pool("heaviest", "i1")
    assert [str(each.amount) for each in found.by_reading] == ["1200.00", "900.00"]


def test_combinations_are_exact_where_intervals_would_not_be() -> None:
    """The base divided by itself is one under every option; bounds around both would say otherwise."""
    text = RULES.replace('"reading.base * 10%"', '"reading.base / reading.base * CNY 250"')
    rated = run(text, FACT).assessment("rated", "i1")
    assert (str(rated.amount.value if rated.amount else ""), rated.state) == ("250.00", "known")


def test_too_many_combinations_are_said_plainly() -> None:
    names = [f"r{number}" for number in range(7)]
    text = "".join(
        f'[reading.{name}]\nclause = "1"\nmust_choose = true\noptions = [{{ key = "a", value = "1" }}, '
        f'{{ key = "b", value = "2" }}]\n'
        for name in names
    )
    terms = " + ".join(f"reading.{name}" for name in names)
    text += f'[rule.many]\nclause = "2"\nfor = "incidents as i"\nyields = "money"\namount = "({terms}) * CNY 1"\n'
    many = run(text, FACT).assessment("many", "i1")
    assert (str(many.amount.low), str(many.amount.high)) == ("7.00", "14.00")  # type: ignore[union-attr]
    assert many.by_reading == ()
    assert many.derivation[-1].message == "too_many_combinations"
    six = text.replace(terms, " + ".join(f"reading.{name}" for name in names[:6]))
    assert len(run(six, FACT).assessment("many", "i1").by_reading) == 64
