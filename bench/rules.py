"""Rule evaluations a minute on one core, and whether twice and four times the facts cost twice and four times as much.

A rule evaluation is one instance of one rule: its condition, its amount, and its place in a pool."""

from __future__ import annotations

import time
import tomllib
from datetime import date, timedelta
from typing import Any

from bench.harness import QUICK, Row, Variant, aa_row, judge, measure
from engine.calendars_cn import china_official
from engine.definition import parse_definition
from engine.evaluation import assess
from engine.facts import FactRecord, FactStore
from engine.results import Evaluation

JOB = "rules"
RULES = 20
ROUNDS = 3 if QUICK else 5
SIZES = (100, 200, 400) if QUICK else (250, 500, 1000)
GOAL = 100_000


def contract() -> dict[str, Any]:
    """Twenty rules over incidents and their outages, the heaviest per cause, added up under a yearly cap."""
    text = """
[contract]
number = "BENCH"
total = "1200000.00"
[system.s1]
[term.service]
start = 2025-01-01
end = 2026-12-31
[item.incident]
attributes = { cause = "text", systems = "systems", severe = "bool", loss = "money" }
[interval.outage]
key = { incident = "incident", system = "system" }
[pool.cause]
over = [OVER]
by = "linked(incident, cause)"
combine = "max"
[pool.all]
over = ["cause"]
caps = [{ limit = "contract.total * 10%", window = "year" }]
"""
    for number in range(RULES):
        text += f"""
[rule.r{number}]
clause = "{number}"
for = "incidents as i"
when = "i.severe and |outages[incident == i]| >= {number} minutes"
yields = "money"
amount = "i.loss * {number + 1}%"
"""
    return tomllib.loads(text.replace("OVER", ", ".join(f'"r{number}"' for number in range(RULES))))


def facts(count: int) -> FactStore:
    """Incidents two hours apart, four to a cause, each with one outage of an hour."""
    records = []
    for number in range(count):
        day = date(2025, 1, 1) + timedelta(days=number % 700)
        name = f"i{number:05d}"
        attributes = {
            "cause": f"c{number // 4}",
            "systems": ("s1",),
            "severe": number % 3 != 0,
            "loss": f"CNY {number}.50",
        }
        records.append(FactRecord("item", "incident", id=name, at=day, attributes=attributes))
        records.append(FactRecord("interval", "outage", start=day, end=day, key={"incident": name, "system": "s1"}))
    return FactStore(records)


def run() -> list[Row]:
    definition, calendars = parse_definition(contract()), {"CN": china_official()}
    stores = {size: facts(size) for size in SIZES}

    def evaluated(size: int) -> Evaluation:
        return assess(definition, stores[size], calendars=calendars, as_of=date(2026, 12, 31))

    found = evaluated(SIZES[0])
    assert sum(each.stage in ("heaviest", "displaced") for each in found.assessments) > 0
    times = measure(
        {
            "anchor": Variant(lambda: evaluated(SIZES[0])),
            "again": Variant(lambda: evaluated(SIZES[0])),
            "twice": Variant(lambda: evaluated(SIZES[1])),
            "four times": Variant(lambda: evaluated(SIZES[2])),
        },
        rounds=ROUNDS,
        clock=time.process_time,
    )
    anchor = times["anchor"]
    aa = times["again"].ratio(anchor)
    rows = [Row(JOB, "anchor", _size(SIZES[0]), anchor.text, 1.0), aa_row(JOB, _size(SIZES[0]), aa)]
    for factor, name, size in ((2, "twice", SIZES[1]), (4, "four times", SIZES[2])):
        timing = times[name]
        rate = RULES * size / timing.median * 60
        ratio = timing.ratio(anchor)
        rows.append(Row(JOB, f"{name} the facts", _size(size), timing.text, ratio, f"≤ {factor * 1.3:.1f}× anchor",
                        judge(ratio, factor * 1.3, aa)))  # fmt: skip
        rows.append(
            Row(JOB, "rule evaluations a minute", _size(size), f"{rate:,.0f}", None, f"≥ {GOAL:,}", rate >= GOAL)
        )
    return rows


def _size(incidents: int) -> str:
    return f"{RULES} rules, {incidents:,} incidents, {incidents:,} outages"
