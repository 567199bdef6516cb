"""Penalties: rule evaluations per minute, linear in rules × facts, and stored assessments computed again from their own
snapshots. The anchor does the least that deciding a rule can cost: it compares the attributes in plain Python."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bench.harness import QUICK, Row, Variant, aa_row, judge, measure
from engine.calendars_cn import china_official
from engine.definition import Definition, parse_definition
from engine.evaluation import assess
from engine.facts import FactRecord, FactStore
from penalties.outcomes import Outcome
from penalties.snapshots import facts_dump, facts_load, fingerprint
from penalties.units import outcomes_of

JOB = "penalties"
RULES, INCIDENTS = 20, 50 if QUICK else 250
STORED = 200 if QUICK else 10_000
BATCH = 50  # stored assessments that rest on the same facts
ROUNDS = 3 if QUICK else 7
TODAY = date(2025, 12, 31)
CALENDARS = {"CN": china_official()}
AT = datetime(2025, 7, 1, 9, tzinfo=UTC)


def definition(rules: int) -> Definition:
    """A contract with this many rows, each with its own conditions, and a pool that takes the heaviest per incident."""
    names = [f"r{number}" for number in range(rules)]
    return parse_definition(
        {
            "format": 1,
            "contract": {
                "number": "BENCH", "title": "Bench", "currency": "CNY", "total": "4845283.52", "zone": "Asia/Shanghai",
                "profile": "cn", "calendar": "CN", "demo": False,
            },
            "party": {"buyer": {"name": "A", "role": "buyer"}, "vendor": {"name": "B", "role": "vendor"}},
            "item": {
                "incident": {
                    "title": "Incident", "plural": "incidents", "clause": "1", "recorder": "IT", "confirmer": "IT",
                    "attributes": {"cause": "text", "minutes": "count", "fault": "bool", "major": "bool"},
                }
            },
            "rule": {
                name: {
                    "title": name, "clause": f"2.{number}", "for": "incidents as i",
                    "when": f"i.fault and i.minutes >= {15 + number} and not i.major",
                    "yields": "money", "amount": f"contract.total / 12 * {number + 1}%", "because": "i",
                    "debtor": "vendor", "creditor": "buyer",
                }
                for number, name in enumerate(names)
            },
            "pool": {
                "one": {
                    "title": "Heaviest", "clause": "3", "over": names, "by": "linked(incident, cause)", "combine": "max"
                },
                "all": {"title": "Sum", "clause": "3", "over": ["one"], "combine": "sum"},
            },
        },
        {},
    )  # fmt: skip


def incidents(count: int, *, first: int = 0) -> FactStore:
    """This many incidents, each with a cause and a duration of its own."""
    return FactStore(
        FactRecord(
            "item", "incident", id=f"i{number}", at=AT + timedelta(hours=number % 4000),
            attributes={"cause": f"c{number}", "minutes": 15 + number % 50, "fault": True, "major": False},
        )
        for number in range(first, first + count)
    )  # fmt: skip


def bare(rules: int, facts: FactStore) -> list[Decimal | None]:
    """Every rule on every incident, and the heaviest, with nothing else around it."""
    month = Decimal("4845283.52") / 12
    found = []
    for record in facts.records:
        values = record.attributes
        hits = [
            month * (number + 1) / 100
            for number in range(rules)
            if values["fault"] and values["minutes"] >= 15 + number and not values["major"]
        ]
        found.append(round(max(hits), 2) if hits else None)
    return found


def ask(table: Definition, facts: FactStore) -> tuple[Outcome, ...]:
    """What the product answers."""
    return outcomes_of(table, assess(table, facts, calendars=CALENDARS, as_of=TODAY))


def stored(table: Definition) -> list[tuple[str, list[str]]]:
    """STORED assessments as JSON, in groups that share their facts: the facts, and each outcome's fingerprint."""
    groups = []
    for first in range(0, STORED, BATCH):
        facts = incidents(BATCH, first=first)
        text = json.dumps(facts_dump(facts), ensure_ascii=False)
        groups.append((text, [fingerprint(each.to_json()) for each in ask(table, facts)]))
    return groups


def again(table: Definition, groups: Sequence[tuple[str, list[str]]]) -> tuple[int, int]:
    """Compute all of them from their own snapshots: how many came to the same, how many differ."""
    same = differ = 0
    for text, prints in groups:
        now = [fingerprint(each.to_json()) for each in ask(table, facts_load(json.loads(text)))]
        same += sum(a == b for a, b in zip(now, prints, strict=True))
        differ += sum(a != b for a, b in zip(now, prints, strict=True))
    return same, differ


def run() -> list[Row]:
    small, large = definition(RULES), definition(RULES * 2)
    facts, twice = incidents(INCIDENTS), incidents(INCIDENTS * 2)
    answers: dict[str, Any] = {each.because[0]: each.amount for each in ask(small, facts)}
    plain = {f"incident:{r.id}": figure for r, figure in zip(facts.records, bare(RULES, facts), strict=True) if figure}
    assert {name: answers.get(name) for name in plain} == plain, "the plain comparison differs"
    times = measure(
        {
            "anchor": Variant(lambda: bare(RULES, facts)),
            "again": Variant(lambda: bare(RULES, facts)),
            "product": Variant(lambda: ask(small, facts)),
            "rules": Variant(lambda: ask(large, facts)),
            "facts": Variant(lambda: ask(small, twice)),
        },
        rounds=ROUNDS,
    )
    evaluations = RULES * INCIDENTS
    product = times["product"].median
    per_minute = evaluations / product * 60
    aa = times["again"].ratio(times["anchor"])
    size = f"{RULES} rules × {INCIDENTS} incidents"
    groups = stored(small)
    same, differ = again(small, groups)
    more_rules, more_facts = times["rules"].median / product, times["facts"].median / product
    return [
        Row(JOB, "anchor: bare comparisons", size, times["anchor"].text, 1.0),
        aa_row(JOB, size, aa),
        Row(JOB, "product: rules, pools, derivations", size, times["product"].text,
            times["product"].ratio(times["anchor"]), "≥ 100,000 rule evaluations a minute", per_minute >= 100_000,
            {"rule evaluations a minute": round(per_minute)}),
        Row(JOB, "twice the rules", f"{RULES * 2} × {INCIDENTS}", times["rules"].text, more_rules,
            "≤ 2.5× the product", judge(more_rules, 2.5, aa)),
        Row(JOB, "twice the facts", f"{RULES} × {INCIDENTS * 2}", times["facts"].text, more_facts,
            "≤ 2.5× the product", judge(more_facts, 2.5, aa)),
        Row(JOB, "computed again from stored snapshots", f"{same + differ:,} assessments", "", None,
            "all identical", differ == 0, {"identical": same, "different": differ}),
    ]  # fmt: skip
